"""The questionnaire: every item, its wording, its scale and its direction."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

from coaching_stats.errors import DataError, explain, nearest

# The answer that shows that the line was read.
ATTENTION_KEYS = {"S_ATT1": 2, "S_ATT2": 6, "M_ATT1": 3}


@dataclass(frozen=True)
class Item:
    """One line of a questionnaire, or one element or rating of the process inventory."""

    name: str
    construct: str
    form: str
    is_reversed: bool
    text_en: str
    text_fi: str
    scale_min: int
    scale_max: int
    anchors_en: str
    anchors_fi: str
    is_core: bool


@dataclass(frozen=True)
class Instrument:
    """All items of all forms, in the order in which they are asked."""

    items: tuple[Item, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """Names of the forms, in the order of the items."""
        return tuple(dict.fromkeys(item.form for item in self.items))

    def of(self, construct: str, form: str) -> tuple[Item, ...]:
        """Return the items of one construct in one form; empty where it is not asked there."""
        return tuple(i for i in self.items if i.construct == construct and i.form == form)

    def item(self, name: str) -> Item:
        """Return the item of that name.

        Raises
        ------
        DataError
            No such item; the message names the nearest one.
        """
        if name not in self._by_name:
            raise DataError(
                explain(
                    what=f"the questionnaire has no item {name!r}{nearest(name, self._by_name)}",
                    remedy="name the item as instrument.csv does, for example S_SPR1",
                )
            )
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Item]:
        return {item.name: item for item in self.items}


@cache
def load_instrument() -> Instrument:
    """Load the packaged questionnaire: forms seller, manager and process_inventory.

    Examples
    --------
    >>> instrument = load_instrument()
    >>> instrument.forms
    ('seller', 'manager', 'process_inventory')
    >>> [(item.name, item.is_reversed) for item in instrument.of("BEL", "manager")]
    [('M_BEL1', False), ('M_BEL2', False), ('M_BEL3', True)]
    """
    path = resources.files("coaching_stats") / "instrument.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return Instrument(tuple(_item(row) for row in csv.DictReader(lines)))


def _item(row: Mapping[str, str]) -> Item:
    return Item(
        name=row["item"],
        construct=row["construct"],
        form=row["form"],
        is_reversed=row["reverse"] == "1",
        text_en=row["text_en"],
        text_fi=row["text_fi"],
        scale_min=int(row["scale_min"]),
        scale_max=int(row["scale_max"]),
        anchors_en=row["anchors_en"],
        anchors_fi=row["anchors_fi"],
        is_core=row["core"] == "1",
    )
