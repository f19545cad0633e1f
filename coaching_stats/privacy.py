"""Small cells: no output shows a group of fewer people than respondents were promised."""

from __future__ import annotations

import numpy as np

from coaching_stats.errors import StudyError, explain

PUBLISHED = ("table", "group", "parent_group", "item", "n", "mean", "value", "suppressed")


def refuse_below_promise(minimum: int, promised: int, where: str = "") -> None:
    """Refuse a minimum group below what respondents were promised.

    Raises
    ------
    StudyError
        `minimum` is below `promised`.

    Examples
    --------
    >>> refuse_below_promise(4, 5)
    Traceback (most recent call last):
        ...
    coaching_stats.errors.StudyError: a minimum group of 4 is below the 5 people that respondents...
    """
    if minimum < promised:
        raise StudyError(
            explain(
                what=f"a minimum group of {minimum} is below the {promised} people that "
                "respondents were promised",
                where=where,
                remedy=f"take {promised} or more",
            )
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
