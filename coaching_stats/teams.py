"""Many sellers of one team: how far they are alike, and whether a team mean means anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coaching_stats.errors import DesignError, explain


@dataclass(frozen=True)
class Likeness:
    """How a score varies between and within teams.

    Attributes
    ----------
    icc1 : float
        Share of variance between teams; negative when team mates differ more than strangers do.
    icc2 : float
        Reliability of a team mean.
    between_sd : float
        Noise-corrected standard deviation between teams, sqrt(ICC1 x total variance), scale
        points; 0 when ICC1 is not above 0.
    n, n_teams : int
    """

    icc1: float
    icc2: float
    between_sd: float
    n: int
    n_teams: int


def likeness(score: np.ndarray, team: np.ndarray) -> Likeness:
    """ICC(1), ICC(2) and the noise-corrected between-team spread of one score.

    Parameters
    ----------
    score : ndarray, shape (n,)
        Scale points; nan left out.
    team : ndarray, shape (n,)

    Returns
    -------
    Likeness

    Raises
    ------
    DesignError
        Fewer than two teams, or no team with two people.

    Notes
    -----
    One-way analysis of variance with the mean group size N / G; with very unequal teams other
    definitions of the group size give other values.

    References
    ----------
    Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428, case 1; Bliese (2000), in Klein &
    Kozlowski (eds.), Multilevel Theory, Research, and Methods in Organizations, 349-381.

    Examples
    --------
    >>> # three teams, two sellers each: mean squares 8 between and 1/2 within
    >>> alike = likeness(np.array([1.0, 2, 3, 4, 5, 6]), np.array(list("aabbcc")))
    >>> round(alike.icc1, 4), round(alike.icc2, 4)
    (0.8824, 0.9375)
    """
    known = ~np.isnan(score)
    score = score[known]
    _, code, size = np.unique(team[known], return_inverse=True, return_counts=True)
    n, n_teams = len(score), len(size)
    if n_teams < 2 or n == n_teams:
        raise DesignError(
            explain(
                what=f"{n} people in {n_teams} teams cannot show how alike team mates are",
                remedy="bring at least two teams, one of them with two people",
            )
        )
    means = np.bincount(code, score) / size
    between = (size * (means - score.mean()) ** 2).sum() / (n_teams - 1)
    within = ((score - means[code]) ** 2).sum() / (n - n_teams)
    usual = n / n_teams
    icc1 = (between - within) / (between + (usual - 1) * within) if between + within > 0 else 0.0
    icc2 = (between - within) / between if between > 0 else -np.inf
    spread = np.sqrt(max(icc1, 0.0) * score.var(ddof=1))
    return Likeness(float(icc1), float(icc2), float(spread), n, n_teams)


def item_variances(answers: np.ndarray, team: np.ndarray) -> np.ndarray:
    """Variance of each item within each team of two people or more, shape (T, J).

    Parameters
    ----------
    answers : ndarray, shape (n, J)
        Without gaps.
    team : ndarray of int, shape (n,)
        0 or higher.

    Examples
    --------
    >>> item_variances(np.array([[1.0, 4], [7, 4], [2, 2]]), np.array([0, 0, 1])).tolist()
    [[18.0, 0.0]]
    """
    size = np.bincount(team)
    several = size > 1
    variances = np.empty((several.sum(), answers.shape[1]))
    for j, item in enumerate(answers.T):
        means = np.bincount(team, item) / np.maximum(size, 1)
        squares = np.bincount(team, (item - means[team]) ** 2)
        variances[:, j] = squares[several] / (size[several] - 1)
    return variances


def rwgj(variances: np.ndarray, null: float) -> np.ndarray:
    """Agreement within teams on J items, shape (T,), between 0 and 1.

    The mean of the item variances is set against the variance of answers that agree no more than
    chance; a team that differs more than that counts as 0.

    Parameters
    ----------
    variances : ndarray, shape (T, J)
    null : float
        Variance without agreement: (A^2 - 1) / 12 for A equally likely options.

    References
    ----------
    James, Demaree & Wolf (1984), Journal of Applied Psychology 69, 85-98, equations 1 and 2.

    Examples
    --------
    >>> rwgj(np.array([[0.0, 0.0], [1.0, 3.0], [9.0, 1.0]]), null=4.0).round(3).tolist()
    [1.0, 0.667, 0.0]
    """
    n_items = variances.shape[1]
    ratio = np.minimum(variances.mean(axis=1) / null, 1.0)
    return n_items * (1 - ratio) / (n_items * (1 - ratio) + ratio)
