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


def rwg_j(items: np.ndarray, team: np.ndarray, n_options: int) -> np.ndarray:
    """Within-team agreement on a scale, one value per team with two people or more.

    Parameters
    ----------
    items : ndarray, shape (n, J)
        Turned answers; rows with a gap are left out.
    team : ndarray, shape (n,)
    n_options : int
        Answer options A of the scale; the uniform null has variance (A^2 - 1) / 12.

    Returns
    -------
    ndarray, shape (T,)
        Between 0 and 1; a team that differs more than random answers would counts as 0.

    References
    ----------
    James, Demaree & Wolf (1984), Journal of Applied Psychology 69, 85-98, equations 1 and 2.

    Examples
    --------
    >>> rwg_j(np.array([[4.0, 4], [4, 4], [1, 7], [7, 1]]), np.array(list("aabb")), 7).tolist()
    [1.0, 0.0]
    """
    complete = ~np.isnan(items).any(axis=1)
    items = items[complete]
    _, code, size = np.unique(team[complete], return_inverse=True, return_counts=True)
    totals = np.zeros((len(size), items.shape[1]))
    np.add.at(totals, code, items)
    squares = np.zeros_like(totals)
    np.add.at(squares, code, (items - (totals / size[:, None])[code]) ** 2)
    several = size > 1
    variance = squares[several] / (size[several, None] - 1)
    null = (n_options**2 - 1) / 12
    ratio = np.minimum(variance.mean(axis=1) / null, 1.0)
    j = items.shape[1]
    return j * (1 - ratio) / (j * (1 - ratio) + ratio)
