"""The process inventory as one checked table: who rated which element of the process, and how."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coaching_stats.columns import text_columns
from coaching_stats.errors import DataError, explain, first_ten, nearest
from coaching_stats.frames import numeric_columns, refuse_no_rows, require_columns
from coaching_stats.mapping import FileMapping
from coaching_stats.personal_data import find_personal_data
from coaching_stats.survey import read_file
from coaching_stats.team_records import INVENTORY_ROLES, RATINGS

WHO = ("team_id", "rater_id", "rater_role")
ASKED = (*RATINGS, "present", "note")  # of each element
LOW, HIGH = 1, 7  # ends of every rating
RIGIDITY = "rigidity"
INDICES = {
    "obstacle": "d",
    "avoidance_managers": "e",
    "avoidance_sellers": "f",
    RIGIDITY: "abc",
    "support": "g",
    "importance": "h",
}


def read_inventory(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read a process inventory from any file that `read_survey` reads, long or wide.

    Parameters
    ----------
    path : Path
        A rater may be called ``respondent`` and a team ``team``, as in exports; in a wide file
        without raters, each row is one.

    Returns
    -------
    inventory : DataFrame
        As `checked_inventory` takes it.
    notes : tuple of str
        How many rows were read, and which were dropped.

    Raises
    ------
    DataError
        A file that is no table, or numbers that can be read in two ways.
    """
    # A rater has many rows in the long form; those that repeat an element are refused later.
    mapping = FileMapping(keep={"duplicate": True})
    survey = read_file(path, mapping, ("rater_id", "rater_role", "element", "note"))
    names = {"team": "team_id", "respondent": "rater_id"}
    names = {old: new for old, new in names.items() if new not in survey.answers}
    table = survey.answers.rename(columns=names)
    if "rater_id" not in table and "element" not in table:
        table = table.assign(rater_id=[f"row {label}" for label in table.index])
    counts = set(survey.notes) - set(survey.receipt.messages)
    return table, tuple(note for note in survey.notes if note in counts)


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
    split = {c: str(c).rpartition("_")[::2] for c in inventory.columns}
    unknown = [c for c, (e, what) in split.items() if e and what in RATINGS and e not in elements]
    cells = {c: of for c, of in split.items() if of[0] in elements and of[1] in ASKED}
    if unknown or not cells:
        raise DataError(
            explain(
                what="the process inventory has no column 'element', and "
                + ("ratings of unknown elements" if unknown else "no ratings such as P1_a"),
                where=first_ten(f"{c}{nearest(split[c][0], elements)}" for c in unknown)
                or f"the columns are {first_ten(inventory.columns)}",
                remedy="use the elements P1 to P16, or name your own in elements=",
            )
        )
    stacked = []
    for element in dict.fromkeys(of for of, _ in cells.values()):
        of_one = {column: what for column, (e, what) in cells.items() if e == element}
        answered = inventory[list(of_one)].notna().any(axis=1)
        rows = inventory.loc[answered, [*WHO, *of_one]]
        stacked.append(rows.rename(columns=of_one).assign(element=element))
    return pd.concat(stacked)


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


def rater_units(team: pd.Series, rater: pd.Series) -> tuple[np.ndarray, bool]:
    """Units that may be taken as independent: raters linked by a shared team count as one.

    Raters of one team are one unit, and so are the teams of one rater. Where everybody hangs
    together (one team, or one rater of all), each rater is a unit.

    Parameters
    ----------
    team, rater : Series, shape (n,)
        Ids of each row; a rater has the same id in every team.

    Returns
    -------
    units : ndarray of int, shape (n,)
    is_linked : bool
        Whether the units are raters linked by teams, rather than single raters.

    Examples
    --------
    >>> team, rater = pd.Series(["T1", "T1", "T2", "T3"]), pd.Series(["R1", "R2", "R3", "R3"])
    >>> units, is_linked = rater_units(team, rater)
    >>> units.tolist(), is_linked
    ([0, 0, 1, 1], True)
    """
    teams, team_ids = pd.factorize(team)
    raters, rater_ids = pd.factorize(rater)
    n_nodes = len(team_ids) + len(rater_ids)
    links = coo_array(
        (np.ones(len(teams)), (teams, raters + len(team_ids))), shape=(n_nodes, n_nodes)
    )
    n_units, labels = connected_components(links, directed=False)
    return (labels[teams], True) if n_units > 1 else (raters, False)


def index_values(ratings: pd.DataFrame) -> pd.DataFrame:
    """Indices of each row, those whose ratings were asked.

    Rigidity, how fixed and enforced an element is, is the mean of `a`, `b` and 8 - `c`, where at
    least two of the three were answered.

    Parameters
    ----------
    ratings : DataFrame
        With some of the columns ``a`` to ``h``.

    Returns
    -------
    DataFrame
        Same rows, some of the columns ``obstacle, avoidance_managers, avoidance_sellers, rigidity,
        support, importance``.

    Examples
    --------
    >>> index_values(pd.DataFrame({"a": [6.0], "b": [5.0], "c": [1.0]})).round(2).values.tolist()
    [[6.0]]
    """
    values = {}
    for index, rating in INDICES.items():
        if index == RIGIDITY:
            turned = ratings.reindex(columns=list("abc")).assign(c=lambda r: LOW + HIGH - r["c"])
            values[index] = turned.mean(axis=1).where(turned.notna().sum(axis=1) >= 2)
        elif rating in ratings:
            values[index] = ratings[rating]
    return pd.DataFrame(values).dropna(axis=1, how="all")


def shown_remarks(inventory: pd.DataFrame, minimum: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Free text by element, where enough raters wrote some and no personal data was found in it.

    Parameters
    ----------
    inventory : DataFrame
        Long, with ``rater_id, element`` and, where it was asked, ``note``.
    minimum : int
        Raters.

    Returns
    -------
    remarks : DataFrame
        Columns ``element, remark``, in alphabetical order, so that no order gives a rater away.
    notes : tuple of str
        What was held back.

    Examples
    --------
    >>> wrote = pd.DataFrame({"rater_id": [1, 2, 3], "element": ["P1", "P1", "P2"],
    ...                       "note": ["too stiff", "all right", "in the way"]})
    >>> remarks, notes = shown_remarks(wrote, minimum=2)
    >>> remarks.values.tolist()
    [['P1', 'all right'], ['P1', 'too stiff']]
    >>> notes
    ('remarks on 1 element held back: fewer than 2 raters wrote',)
    """
    empty = pd.DataFrame({"element": [], "remark": []}, dtype=object)
    if "note" not in inventory:
        return empty, ()
    text = inventory["note"].fillna("").astype(str).str.strip()
    wrote = inventory.assign(remark=text)[text.to_numpy() != ""]
    cells = [[remark] for remark in wrote["remark"]]
    found = find_personal_data(text_columns(["remark"], cells, range(len(cells))))
    personal = sorted({row for entry in found for row in entry["rows"]})
    wrote = wrote[~np.isin(np.arange(len(wrote)), personal)]
    raters = wrote.groupby("element")["rater_id"].transform("nunique")
    few = wrote.loc[raters < minimum, "element"].nunique()
    shown = wrote.loc[raters >= minimum, ["element", "remark"]]
    notes = []
    if personal:
        notes.append(f"{_count(len(personal), 'remark')} held back: personal data found")
    if few:
        notes.append(
            f"remarks on {_count(few, 'element')} held back: fewer than {minimum} raters wrote"
        )
    ordered = shown.drop_duplicates().sort_values(["element", "remark"], ignore_index=True)
    return (ordered if len(ordered) else empty), tuple(notes)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
