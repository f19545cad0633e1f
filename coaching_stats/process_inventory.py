"""The process inventory as one checked table: who rated which element of the process, and how."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten, nearest
from coaching_stats.frames import numeric_columns, refuse_no_rows, require_columns
from coaching_stats.team_records import INVENTORY_ROLES, RATINGS

WHO = ("team_id", "rater_id", "rater_role")
LOW, HIGH = 1, 7  # ends of every rating


def checked_inventory(inventory: pd.DataFrame, elements: Collection[str]) -> pd.DataFrame:
    """Bring an inventory into its long form, and refuse what cannot be used.

    Parameters
    ----------
    inventory : DataFrame
        Not changed. Long: one row per team, rater and element, with the columns ``team_id,
        rater_id, element, rater_role``, ratings ``a`` to ``h``, and ``present`` and ``note`` where
        they were asked. Or wide: one row per team and rater, with the columns ``team_id, rater_id,
        rater_role`` and ``<element>_a`` to ``<element>_h``, ``<element>_present``,
        ``<element>_note``.
    elements : collection of str
        Keys of the elements that may be named.

    Returns
    -------
    DataFrame
        Long, ratings as floats. Ratings that were not asked are missing columns.

    Raises
    ------
    DataError
        A column or an id is missing, no rating is there, an element or a role is unknown, a rating
        is outside 1 to 7, `present` is not 0 or 1, or a rater rates an element of a team twice.

    Examples
    --------
    >>> wide = pd.DataFrame({"team_id": ["T1"], "rater_id": ["R1"], "rater_role": ["seller"],
    ...                      "P1_d": [6], "P2_d": [2]})
    >>> checked_inventory(wide, ["P1", "P2"])[["rater_id", "element", "d"]].values.tolist()
    [['R1', 'P1', 6.0], ['R1', 'P2', 2.0]]
    """
    require_columns(inventory, WHO)
    table = inventory if "element" in inventory else _long(inventory, elements)
    require_columns(table, ("element",))
    rated = [column for column in RATINGS if column in table]
    if not rated:
        raise DataError(
            explain(
                what="the process inventory holds no ratings",
                where=f"the columns are {first_ten(inventory.columns)}",
                remedy="name the ratings a to h, or <element>_a to <element>_h in a wide table",
            )
        )
    refuse_no_rows(len(table), "the process inventory")
    flags = [column for column in ("present",) if column in table]
    numbers = pd.DataFrame(
        numeric_columns(table, [*rated, *flags]), columns=[*rated, *flags], index=table.index
    )
    _refuse(_faults(table, elements, numbers))
    kept = [*WHO, "element", *(["note"] if "note" in table else [])]
    return pd.concat([table[kept], numbers], axis=1)


def _long(inventory: pd.DataFrame, elements: Collection[str]) -> pd.DataFrame:
    """Stack the columns ``<element>_<rating>``; what a rater left blank throughout has no row."""
    split = {c: tuple(str(c).rpartition("_")[::2]) for c in inventory.columns}
    wanted = (*RATINGS, "present", "note")
    cells = {
        column: (element, what)
        for column, (element, what) in split.items()
        if element and (what in RATINGS or (what in wanted and element in elements))
    }
    stacked = []
    for element in dict.fromkeys(element for element, _ in cells.values()):
        of_one = {column: what for column, (e, what) in cells.items() if e == element}
        answered = inventory[list(of_one)].notna().any(axis=1)
        rows = inventory.loc[answered, [*WHO, *of_one]]
        stacked.append(rows.rename(columns=of_one).assign(element=element))
    return pd.concat(stacked) if stacked else inventory


def _faults(table: pd.DataFrame, elements: Collection[str], numbers: pd.DataFrame) -> list[str]:
    """All that is wrong with the rows, each with its row and column."""
    found = []
    keys = [*WHO, "element"]
    for column in keys:
        found += [f"{column}, row {row}: missing" for row in table.index[table[column].isna()]]
    for column, known in (("element", elements), ("rater_role", INVENTORY_ROLES)):
        bad = table.loc[table[column].notna() & ~table[column].isin(list(known)), column]
        found += [f"{column}, row {r}: {v!r}{nearest(v, known)}" for r, v in bad.items()]
    ratings = numbers.drop(columns="present", errors="ignore")
    outside = ((ratings < LOW) | (ratings > HIGH)).to_numpy()
    if "present" in numbers:
        known = numbers["present"].isna() | numbers["present"].isin([0, 1])
        bad = numbers.loc[~known, "present"]
        found += [f"present, row {row}: {value:g}, not 0 or 1" for row, value in bad.items()]
    found += [
        f"{ratings.columns[j]}, row {table.index[i]}, {table['element'].iloc[i]}: "
        f"{ratings.iat[i, j]:g} is not from {LOW} to {HIGH}"
        for i, j in np.argwhere(outside).tolist()
    ]
    twice = table[table.duplicated(["team_id", "rater_id", "element"])]
    found += [
        f"row {row}: {element} of this team was rated by this rater before"
        for row, element in twice["element"].items()
    ]
    return found


def _refuse(faults: list[str]) -> None:
    if not faults:
        return
    raise DataError(
        explain(
            what=f"{len(faults)} cell{'s' * (len(faults) > 1)} of the process inventory "
            "cannot be used",
            where=first_ten(faults),
            remedy="use the elements P1 to P16 or name your own in elements=, the roles "
            f"{', '.join(INVENTORY_ROLES)}, ratings from {LOW} to {HIGH}, and one row per team, "
            "rater and element",
        )
    )
