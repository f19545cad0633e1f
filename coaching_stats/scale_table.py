"""One row per measured score: size, mean, reliability, likeness within teams."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError
from coaching_stats.published_figures import published_figures
from coaching_stats.scales import alpha
from coaching_stats.study import Run
from coaching_stats.teams import likeness


def scale_table(run: Run) -> pd.DataFrame:
    """Describe every measured score.

    Parameters
    ----------
    run : Run

    Returns
    -------
    DataFrame
        ``item, n, mean, suppressed`` as published, with ``alpha``, ``icc1`` and ``icc2``, nan where
        they do not exist.
    """
    published = published_figures(run)
    overall = published[published["table"] == "scales"].reset_index(drop=True)
    likenesses = [_likeness(run, item) for item in overall["item"]]
    return overall[["item", "n", "mean", "suppressed"]].assign(
        alpha=[_alpha(run, item) for item in overall["item"]],
        icc1=[pair[0] for pair in likenesses],
        icc2=[pair[1] for pair in likenesses],
    )


def _alpha(run: Run, column: str) -> float:
    items = run.panel.items.get(column)
    return alpha(items.values) if items is not None else np.nan


def _likeness(run: Run, column: str) -> tuple[float, float]:
    sellers = run.panel.sellers
    if column not in sellers or not column.endswith("_s"):
        return np.nan, np.nan
    values = sellers[column].to_numpy(dtype=float, na_value=np.nan)
    try:
        alike = likeness(values, sellers["team_id"].to_numpy())
    except DesignError:  # one team, or nobody shares one
        return np.nan, np.nan
    return alike.icc1, alike.icc2
