"""The data model: which tables a study has, and which columns each of them has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coaching_stats.instrument import load_instrument

# Numbers that are not counts, codes or scale points: floats even where all happen to be whole.
DECIMALS = frozenset({"vpay", "tenure_years", "sales_index", "sales_amount", "target"})
COUNTS = frozenset({"n_employees", "n_processes", "n_sellers_roster", "trn_hours", "rollout_step"})
CODES = frozenset({"wave", "cplx", "present", "invited", "responded", *"abcdefgh"})
ITEMS = frozenset(i.name for i in load_instrument().items if i.form != "process_inventory")
NUMBERS = DECIMALS | COUNTS | CODES | ITEMS


@dataclass(frozen=True)
class Table:
    """What one table holds.

    Attributes
    ----------
    key : tuple of str
        Columns that together name a row.
    required, optional : tuple of str
        The other columns of the data model; those of `required` must be there.
    """

    name: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the data model, the key first."""
        return (*self.key, *self.required, *self.optional)

    @property
    def text(self) -> tuple[str, ...]:
        """Ids, names, dates and words: columns kept letter by letter."""
        return tuple(column for column in self.columns if column not in NUMBERS)


def _table(name: str, key: str, required: str, optional: str, form: str = "") -> Table:
    items = (i.name for i in load_instrument().items if form and i.form == form)
    return Table(name, tuple(key.split()), tuple(required.split()), (*optional.split(), *items))


# The data model: key, other required columns, optional columns, and the form of the item columns.
TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        _table("firms", "firm_id", "", "country industry n_employees n_processes"),
        _table(
            "teams",
            "team_id",
            "firm_id manager_id process_version_sales process_version_lead n_sellers_roster",
            "cplx vpay process_changed_on rollout_step change_assigned_by",
        ),
        _table("managers", "manager_id", "", "team_start_date trn_hours left_on"),
        _table("sellers", "seller_id", "team_id", "tenure_years left_on"),
        _table("seller_survey", "seller_id wave", "team_id", "completed_at language", "seller"),
        _table("manager_survey", "team_id wave", "manager_id", "completed_at language", "manager"),
        _table(
            "process_inventory",
            "team_id rater_id element",
            "rater_role",
            "a b c d e f g h present note",
        ),
        _table("sales", "seller_id period", "sales_index", "sales_amount target"),
        _table("roster", "person_id wave", "role team_id invited responded", "reason_out"),
    )
}
