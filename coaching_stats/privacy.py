"""Small cells: no output shows a group of fewer people than respondents were promised."""

from __future__ import annotations

import numpy as np
import pandas as pd

PUBLISHED = ("table", "group", "parent_group", "item", "n", "mean", "value", "suppressed")


def suppress_small(figures: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Blank the figures of groups below the promised minimum, keeping that they exist.

    Parameters
    ----------
    figures : DataFrame
        With the columns ``n`` and ``mean`` among others; one row per group and item.
    minimum : int
        People.

    Returns
    -------
    DataFrame
        `n` as text (``<5`` where suppressed), `mean` missing and `suppressed` true there.

    Examples
    --------
    >>> small = pd.DataFrame({"group": ["a", "b"], "n": [3, 12], "mean": [4.0, 5.0]})
    >>> suppress_small(small, 5)[["n", "mean", "suppressed"]].values.tolist()
    [['<5', nan, True], ['12', 5.0, False]]
    """
    is_small = figures["n"] < minimum
    shown = figures["n"].astype(int).astype(str)
    return figures.assign(
        n=shown.mask(is_small, f"<{minimum}"),
        mean=figures["mean"].mask(is_small, np.nan),
        suppressed=is_small,
    )


def equal_groups(values: np.ndarray, minimum: int, most: int) -> np.ndarray:
    """Sort units into groups of nearly equal size, none below the promised minimum.

    Parameters
    ----------
    values : ndarray, shape (n,)
    minimum : int
        Units per group at the least.
    most : int
        Groups at the most.

    Returns
    -------
    ndarray of int, shape (n,)
        0 for the lowest values.

    Examples
    --------
    >>> equal_groups(np.arange(12.0), minimum=5, most=10).tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    """
    n_groups = max(1, min(most, len(values) // minimum))
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return rank * n_groups // max(len(values), 1)
