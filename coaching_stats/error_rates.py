"""How often designs like this one say what: rates simulated beforehand, shipped as data."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import pandas as pd

from coaching_stats.calibration import THEORY, Calibration, Design

SIZES = ["firms", "teams", "sellers"]


def nearest_error_rates(design: Design) -> Calibration:
    """Take from the shipped error rates those of the design that is nearest to a given one.

    Parameters
    ----------
    design : Design

    Returns
    -------
    Calibration
        Verdicts on the theory as a whole. Its design is the nearest in the logarithms of firms, of
        teams in all, and of sellers per team. One firm is near to one firm only, since nothing
        can be tested there.

    Notes
    -----
    The table is made by ``python benchmarks/error_rates.py``. It speaks of the usual conditions:
    75 % of the sellers and 90 % of the managers answer, no gaps, alphas near .77.

    Examples
    --------
    >>> nearest_error_rates(Design(1, 20, 9)).design.firms
    1
    """
    table = _table()
    sizes = table[SIZES].drop_duplicates()
    sizes = sizes[(sizes["firms"] == 1) == (design.firms == 1)]
    wanted = np.log([design.firms, design.firms * design.teams, design.sellers])
    given = np.log([sizes["firms"], sizes["firms"] * sizes["teams"], sizes["sellers"]])
    best = sizes.iloc[int(((given.T - wanted) ** 2).sum(axis=1).argmin())]
    is_it = (table[SIZES] == best).all(axis=1)
    rates = table.loc[is_it].drop(columns=SIZES).reset_index(drop=True)
    rates.insert(1, "hypothesis", THEORY)
    return Calibration(
        design=Design(*map(int, best)),
        n_sim=int(rates["n_sim"].iloc[0]),
        table=rates,
        notes=("simulated beforehand and shipped, with the usual response rates and loadings",),
    )


@cache
def _table() -> pd.DataFrame:
    with (resources.files("coaching_stats") / "error_rates.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)
