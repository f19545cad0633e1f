"""Means by element, rater role and index, with t intervals over independent units."""

from __future__ import annotations

from collections.abc import Sequence

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
            else "single raters, as one team or rater links them all: they speak of these teams only"
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
    units = values.groupby([*KEY, "unit"])["value"].mean()
    of_cell = {cell: means.droplevel(KEY) for cell, means in units.groupby(level=KEY)}
    raters = values.groupby(KEY)["rater_id"].nunique()
    ends = values.groupby(KEY)["value"].agg(["min", "max"])
    unanimous = ends["min"] == ends["max"]
    none = pd.Series(dtype=float)
    rows = []
    for element in elements:
        for index in indices:
            for role in roles:
                cell = (element, role, index)
                figures = _mean(of_cell.get(cell, none))
                rows.append((*cell, *figures, raters.get(cell, 0), unanimous.get(cell, False)))
    table = pd.DataFrame(rows, columns=[*KEY, *FIGURES, "n", "is_unanimous"])
    if not set(COMPARED) <= set(roles):
        return table
    differences = [
        (element, DIFFERENCE, index, *_difference(*(of_cell.get((element, role, index), none)
        for role in COMPARED)))
        for element in elements
        for index in indices
    ]
    return pd.concat([table, _with_counts(differences, table)], ignore_index=True)
