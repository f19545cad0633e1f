"""Shares of groups of predictors in what differs: alone, after all others, and in between.

In the Cholesky root of a correlation matrix with the outcome last, the outcome's row holds one
number per predictor, whose square is what the predictor adds to R squared after those before it.
So the vector of a group, once entered first and once last, carries its best and worst case, and
being a smooth function of the correlations it can be resampled where a share itself, which is
never below zero, cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

LEAST_PIVOT = 1e-9  # share of a predictor that no earlier one shares; adds nothing below
STEPS = 26  # bisections: 1e-8 of the farthest length


@dataclass(frozen=True, eq=False)
class GroupShares:
    """Shares of k groups in B correlation matrices.

    Attributes
    ----------
    last, first : mapping from group to ndarray, shape (B, members)
        What each member adds to the root of R squared, its group entered after all others, or
        before them; the sum of squares is the group's share.
    whole : ndarray, shape (B, predictors)
        The same of all predictors, in one order of the groups.
    shapley : ndarray, shape (B, k)
        What a group adds, averaged over all orders of the groups.
    """

    last: Mapping[str, np.ndarray]
    first: Mapping[str, np.ndarray]
    whole: np.ndarray
    shapley: np.ndarray

    def unique(self) -> np.ndarray:
        """Share of each group after all others, shape (B, k)."""
        return np.stack([(v**2).sum(axis=1) for v in self.last.values()], axis=1)

    def common(self) -> np.ndarray:
        """R squared of all groups together without what is unique to one, shape (B,)."""
        return (self.whole**2).sum(axis=1) - self.unique().sum(axis=1)

    def alone(self) -> np.ndarray:
        """Share of each group before all others, shape (B, k)."""
        return np.stack([(v**2).sum(axis=1) for v in self.first.values()], axis=1)


def group_shares(correlation: np.ndarray, groups: Mapping[str, Sequence[int]]) -> GroupShares:
    """Shares of groups of predictors, entered in every order of the groups.

    Parameters
    ----------
    correlation : ndarray, shape (B, q, q)
        The outcome last.
    groups : mapping from name to positions of the members
        Every predictor in one group.

    References
    ----------
    Chevan & Sutherland (1991), The American Statistician 45, 90-96, hierarchical partitioning,
    here with groups as the players; Shapley (1953).

    Examples
    --------
    >>> matrix = np.array([[1, 0.6, 0.5], [0.6, 1, 0.3], [0.5, 0.3, 1]])
    >>> found = group_shares(matrix[None], {"a": [0], "b": [1]})
    >>> found.alone().round(3).tolist(), found.unique().round(3).tolist()
    ([[0.25, 0.09]], [[0.16, 0.0]])
    >>> found.shapley.round(3).tolist()
    [[0.205, 0.045]]
    """
    first: dict[str, np.ndarray] = {}
    last: dict[str, np.ndarray] = {}
    added = np.zeros((len(groups), len(correlation)))
    orders = list(permutations(groups))
    for order in orders:
        entered = [j for name in order for j in groups[name]]
        root = _root_row(correlation, entered)
        for place, name in enumerate(groups):
            added[place] += (root[groups[name]] ** 2).sum(axis=0) / len(orders)
        first[order[0]] = root[groups[order[0]]].T
        last[order[-1]] = root[groups[order[-1]]].T
    return GroupShares(
        last={name: last[name] for name in groups},
        first={name: first[name] for name in groups},
        whole=root.T,
        shapley=added.T,
    )


def _root_row(correlation: np.ndarray, entered: Sequence[int]) -> np.ndarray:
    """Outcome's row of the Cholesky root, (q - 1, B), by position; pivots kept off zero."""
    order = [*entered, correlation.shape[1] - 1]
    left = np.ascontiguousarray(correlation[:, order][:, :, order].transpose(1, 2, 0))
    row = np.empty((len(entered), left.shape[2]))
    for step, position in enumerate(entered):
        column = left[step:, step] / np.sqrt(np.maximum(left[step, step], LEAST_PIVOT))
        row[position] = column[-1]
        left[step:, step:] -= column[:, None] * column[None]
    return row


def share_interval(
    point: np.ndarray, draws: np.ndarray, conf_level: float = 0.95
) -> tuple[float, float]:
    r"""Interval of a share :math:`|v|^2`, by inverting a resampled test of every length of v.

    The vector of a group is estimated as :math:`\hat v` with the deviations :math:`d`. A length r
    is kept where :math:`|\hat v|` is not in the outer tails of :math:`|r u + d|`, u the direction
    of :math:`\hat v`. Unlike a percentile interval this one holds a share of exactly zero, and
    needs no correction for the upward bias of R squared.

    Parameters
    ----------
    point : ndarray, shape (k,)
    draws : ndarray, shape (B, k)
    conf_level : float

    Returns
    -------
    low, high : float, from 0 to 1

    References
    ----------
    Steiger & Fouladi (1997), in Harlow, Mulaik & Steiger (eds.), What If There Were No
    Significance Tests?, 221-257, for intervals of a noncentrality by inverting its distribution,
    which this is with independent normal deviations of one size.

    Examples
    --------
    >>> deviations = np.random.default_rng(1).normal(scale=0.1, size=(4000, 2))
    >>> low, high = share_interval(np.array([0.1, 0.1]), np.array([0.1, 0.1]) + deviations)
    >>> low, bool(0.08 < high < 0.14)
    (0.0, True)
    """
    if not point.size:  # nobody else supplies the group: at worst it has no share
        return 0.0, 0.0
    length = float(np.sqrt((point**2).sum()))
    direction = point / length if length > 0 else np.eye(len(point))[0]
    deviations = draws - point
    along, squared = deviations @ direction, (deviations**2).sum(axis=1)
    tail = (1 - conf_level) / 2
    reach = length + float(np.sqrt(squared.max()))

    def shortfall(r: float, rank: int) -> float:
        lengths = r**2 + 2 * r * along + squared
        return float(np.partition(lengths, rank)[rank]) - length**2

    # of the resamples the one just beyond the quantile, so that the interval is not too short
    outer, inner = int(np.ceil((1 - tail) * (len(draws) - 1))), int(tail * (len(draws) - 1))
    low = 0.0 if shortfall(0.0, outer) >= 0 else _crossing(shortfall, outer, length)
    high = _crossing(shortfall, inner, reach)
    return min(low**2, 1.0), min(high**2, 1.0)


def _crossing(shortfall: Callable[[float, int], float], rank: int, end: float) -> float:
    """Length at which the quantile reaches the estimate, between 0 and `end`."""
    low, high = 0.0, end
    for _ in range(STEPS):
        middle = (low + high) / 2
        if shortfall(middle, rank) < 0:
            low = middle
        else:
            high = middle
    return high
