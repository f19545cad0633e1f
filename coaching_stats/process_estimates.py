"""Means by element, rater role and index, with t intervals over independent units."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from coaching_stats.process_inventory import INDICES, index_values, rater_units
from coaching_stats.results import t_quantile

ROLES = ("manager", "seller", "process_owner", "outsider")
COMPARED = ("manager", "seller")
DIFFERENCE = "difference"
CONF_LEVEL = 0.95
KEY = ["element", "role", "index"]
FIGURES = ["estimate", "std_error", "df", "conf_low", "conf_high"]
NONE = pd.Series(dtype=float)
COLUMNS = [*KEY, *FIGURES, "n", "is_shown"]


def unit_values(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Take the rows of an inventory apart into single values, each with its independent unit.

    Parameters
    ----------
    rows : DataFrame
        A checked inventory, long, with unique row labels; of elements in use only.

    Returns
    -------
    values : DataFrame
        Columns ``element, role, rater_id, unit, index, value``, without gaps. Managers and sellers
        of one team share their unit.
    notes : list of str
        What the units are.
    """
    notes, parts = [], []
    groups = [COMPARED, *((role,) for role in ROLES if role not in COMPARED)]
    for roles in groups:
        of_group = rows[rows["rater_role"].isin(roles)]
        if of_group.empty:
            continue
        unit, is_linked = rater_units(of_group["team_id"], of_group["rater_id"])
        who = " and ".join(role for role in roles if (of_group["rater_role"] == role).any())
        how = (
            "raters linked by a team count as one"
            if is_linked
            else "single raters, linked by one team or rater: they speak of these teams only"
        )
        notes.append(f"{who}: t intervals over {len(np.unique(unit))} units ({how})")
        who_rated = of_group[["element", "rater_role", "rater_id"]].assign(unit=unit)
        parts.append(who_rated.join(index_values(of_group)))
    wide = pd.concat(parts)
    asked = [index for index in INDICES if index in wide]
    long = wide.rename(columns={"rater_role": "role"}).melt(
        ["element", "role", "rater_id", "unit"], asked, "index", "value"
    )
    return long.dropna(subset="value"), notes


def element_estimates(values: pd.DataFrame, elements: Sequence[str]) -> pd.DataFrame:
    """Mean of the units' means and its t interval, for every element, role and index.

    Parameters
    ----------
    values : DataFrame
        As `unit_values` returns them.
    elements : sequence of str
        Those of the map, in their order.

    Returns
    -------
    DataFrame
        Columns ``element, role, index, estimate, std_error, df, conf_low, conf_high, n,
        is_unanimous``; without an interval where there are not two units that differ.
    """
    roles = [role for role in ROLES if (values["role"] == role).any()]
    indices = [index for index in INDICES if (values["index"] == index).any()]
    means = values.groupby([*KEY, "unit"])["value"].mean()
    of_cell = {cell: units.droplevel(KEY) for cell, units in means.groupby(level=KEY)}
    counts = values.groupby(KEY)["rater_id"].nunique()
    ends = values.groupby(KEY)["value"].agg(["min", "max"])
    unanimous = ends["min"] == ends["max"]
    rows = []
    for element, index in product(elements, indices):
        units = {role: of_cell.get((element, role, index), NONE) for role in roles}
        for role in roles:
            cell = (element, role, index)
            about = counts.get(cell, 0), unanimous.get(cell, False)
            rows.append((*cell, *_mean(units[role].to_numpy()), *about))
        if set(COMPARED) <= set(roles):
            n = sum(counts.get((element, role, index), 0) for role in COMPARED)
            figures = _difference(*(units[role] for role in COMPARED))
            rows.append((element, DIFFERENCE, index, *figures, n, False))
    return pd.DataFrame(rows, columns=[*KEY, *FIGURES, "n", "is_unanimous"])


def _mean(values: np.ndarray) -> tuple[float, ...]:
    """Mean of the units, standard error, df and interval."""
    if len(values) < 2:
        return (*values, *[np.nan] * (5 - len(values)))
    error = values.std(ddof=1) / np.sqrt(len(values))
    return _with_interval(values.mean(), error, len(values) - 1)


def _difference(managers: pd.Series, sellers: pd.Series) -> tuple[float, ...]:
    """Mean of the managers less that of the sellers; the units that both rated are pairs."""
    estimate = managers.mean() - sellers.mean()
    sizes = len(managers), len(sellers)
    if min(sizes) < 2:
        return (estimate, *[np.nan] * 4)
    # Parts of each unit: squared and summed they are s1^2 / n1 + s2^2 / n2 without shared units,
    # and the squared standard error of the mean of n paired differences with all of them shared.
    parts = [(u - u.mean()) / np.sqrt(len(u) * (len(u) - 1)) for u in (managers, sellers)]
    error = np.sqrt((parts[0].sub(parts[1], fill_value=0.0) ** 2).sum())
    df = min(sizes) - 1.0
    squares = [float((part**2).sum()) for part in parts]
    if managers.index.intersection(sellers.index).empty and sum(squares) > 0:
        df = sum(squares) ** 2 / sum(v**2 / (n - 1) for v, n in zip(squares, sizes, strict=True))
    return _with_interval(estimate, error, df)


def _with_interval(estimate: float, error: float, df: float) -> tuple[float, ...]:
    # Units that do not differ at all say nothing of how far off their mean may be.
    margin = t_quantile((1 + CONF_LEVEL) / 2, df) * error if error > 0 else np.nan
    return estimate, error, df, estimate - margin, estimate + margin


def hide_small(table: pd.DataFrame, minimum: int) -> tuple[pd.DataFrame, list[str]]:
    """Leave out the figures that would tell what single raters answered.

    Parameters
    ----------
    table : DataFrame
        As `element_estimates` returns it.
    minimum : int
        Raters.

    Returns
    -------
    table : DataFrame
        Columns ``element, role, index, estimate, std_error, df, conf_low, conf_high, n,
        is_shown``. A difference is shown only where both of its sides are, since the third figure
        follows from two.
    notes : list of str
        How many figures are left out, and why.
    """
    is_difference = table["role"] == DIFFERENCE
    is_small = (table["n"] < minimum) & ~is_difference
    is_hidden = is_small | table["is_unanimous"]
    sides = is_hidden & table["role"].isin(COMPARED)
    is_hidden |= is_difference & sides.groupby([table["element"], table["index"]]).transform("any")
    counted = table["n"].astype("Int64")
    shown = table.assign(
        n=counted.mask(is_small | (is_difference & is_hidden)), is_shown=~is_hidden
    )
    shown[FIGURES] = shown[FIGURES].mask(is_hidden)
    of_roles = int((~is_difference).sum())
    notes = []
    if is_small.any():
        notes.append(
            f"too few raters: {int(is_small.sum())} of {of_roles} figures are not shown, as fewer "
            f"than {minimum} raters gave them"
        )
    alike = int((table["is_unanimous"] & ~is_small).sum())
    if alike:
        notes.append(
            f"{alike} of {of_roles} figures are not shown: all raters gave the same rating, and "
            "the mean would tell it"
        )
    return shown[COLUMNS], notes
