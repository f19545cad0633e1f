"""Numbers like given ones: the same margins and moments, drawn anew for everybody.

Each column's values are turned into normal scores. Their moments between and within teams are all
that is kept of the data: new scores are drawn from the normal distribution under the condition
that these moments come out, and each column's values are dealt out anew in the order of its new
scores. So every column keeps its values as a whole, and nobody keeps a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

ROUNDS = 6  # of correction: dealing out the values of a short scale weakens correlations a little
MOST = 0.95  # of the correlations lie within the difference that is told
TRIES = 50  # swaps of one cell, after which a row that repeats a given one is left


@dataclass(frozen=True, eq=False)
class Synthetic:
    """New values, and how near their moments are.

    Attributes
    ----------
    values : ndarray, shape (n, q)
        nan where missing.
    difference : float
        Absolute difference of a correlation between two columns from the given one, which 95 % of
        them do not exceed.
    n_repeats : int
        Rows that are the same as a given one.
    """

    values: np.ndarray
    difference: float
    n_repeats: int


def synthetic(
    values: np.ndarray, team: np.ndarray, by_team: np.ndarray, rng: np.random.Generator
) -> Synthetic:
    """Draw values with the margins, missing cells and moments of given ones.

    Parameters
    ----------
    values : ndarray, shape (n, q)
        One row per respondent; nan where missing.
    team : ndarray of int, shape (n,)
        0 to G - 1; all zero where there are no teams.
    by_team : ndarray of bool, shape (q,)
        Columns that are the same for everybody in a team.
    rng : Generator

    Returns
    -------
    Synthetic

    Notes
    -----
    The condition that the moments come out is met by a random rotation: with A the centred scores
    and F a random frame of orthonormal columns, F (A'A)^(1/2) has the cross-products of A and is
    otherwise as random as the normal distribution allows. Teams and deviations within teams are
    rotated apart. The pattern of missing cells is dealt out whole, row by row.

    Relations beyond the moments (interactions, curves, spread that differs between teams) are not
    kept: a twin is for trying out an analysis, not for answering with it. With two or three
    columns rows repeat by chance, whatever is done.

    References
    ----------
    Ting, Fienberg & Trottini (2008), International Journal of Information and Computer Security
    2, 86-105, for random orthogonal matrices that keep means and covariances.

    Examples
    --------
    >>> given = np.array([[1.0, 5], [2, 4], [3, 3], [4, 2], [5, 1]])
    >>> one_team, own = np.zeros(5, dtype=int), np.zeros(2, dtype=bool)
    >>> made = synthetic(given, one_team, own, np.random.default_rng(1))
    >>> np.sort(made.values, axis=0).tolist() == np.sort(given, axis=0).tolist()
    True
    """
    scores = normal_scores(values)
    wanted = _moments(scores, team, by_team)
    seen = _dealt_pattern(~np.isnan(values), team, by_team, rng)
    frames = _frames(team, by_team, rng)
    target = wanted
    for _ in range(ROUNDS):
        drawn = _assigned(values, seen, _draw(target, frames, team, by_team), team, by_team)
        got = _moments(normal_scores(drawn), team, by_team)
        target = tuple(t + w - g for t, w, g in zip(target, wanted, got, strict=True))
    drawn, n_repeats = _without_repeats(values, drawn, by_team, rng)
    return Synthetic(
        drawn,
        _difference(_correlation(values), _correlation(drawn)),
        n_repeats,
    )


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Normal quantiles of the ranks of each column; shape (n, q), nan where missing.

    Examples
    --------
    >>> normal_scores(np.array([[1.0], [5.0], [3.0]])).round(2).T.tolist()
    [[-0.67, 0.67, 0.0]]
    """
    rank = stats.rankdata(values, axis=0, nan_policy="omit")
    return special.ndtri(rank / ((~np.isnan(values)).sum(axis=0) + 1))


def _team_means(values: np.ndarray, team: np.ndarray) -> np.ndarray:
    """Means of the known values, shape (G, q); nan where a team has none."""
    known = ~np.isnan(values)
    size = np.zeros((team.max() + 1, values.shape[1]))
    total = size.copy()
    np.add.at(size, team, known)
    np.add.at(total, team, np.where(known, values, 0.0))
    with np.errstate(invalid="ignore"):
        return total / np.where(size, size, np.nan)


def _moments(
    scores: np.ndarray, team: np.ndarray, by_team: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-products of team means (q, q), and of deviations within teams; missing ones are 0."""
    means = np.nan_to_num(_team_means(scores, team))
    means -= means.mean(axis=0)
    within = np.nan_to_num(scores - _team_means(scores, team)[team])[:, ~by_team]
    return means.T @ means, within.T @ within


def _frames(
    team: np.ndarray, by_team: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Random orthonormal columns: of teams, orthogonal to a constant; of rows, to every team."""
    n_teams = team.max() + 1
    between = rng.standard_normal((n_teams, min(n_teams - 1, len(by_team))))
    between -= between.mean(axis=0)
    n_within = min(len(team) - n_teams, int((~by_team).sum()))
    within = rng.standard_normal((len(team), max(n_within, 0)))
    within -= _team_means(within, team)[team]
    return np.linalg.qr(between)[0], np.linalg.qr(within)[0]


def _draw(
    target: tuple[np.ndarray, np.ndarray],
    frames: tuple[np.ndarray, np.ndarray],
    team: np.ndarray,
    by_team: np.ndarray,
) -> np.ndarray:
    """Scores with the target's cross-products, shape (n, q)."""
    between, within = (
        frame @ _root(products, frame.shape[1])
        for frame, products in zip(frames, target, strict=True)
    )
    scores = between[team]
    scores[:, ~by_team] += within
    return scores


def _root(products: np.ndarray, rank: int) -> np.ndarray:
    """A root R of a symmetric matrix, R'R = it, by its `rank` largest eigenvalues; (rank, q)."""
    values, vectors = np.linalg.eigh(products)
    kept = slice(len(values) - rank, None)
    return np.sqrt(values[kept].clip(0))[:, None] * vectors[:, kept].T


def _dealt_pattern(
    seen: np.ndarray, team: np.ndarray, by_team: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Deal out the patterns of missing cells: by row, and by team for a team's columns."""
    dealt = seen[rng.permutation(len(seen))]
    first = np.unique(team, return_index=True)[1]
    of_team = seen[first][rng.permutation(len(first))]
    return np.where(by_team, of_team[team], dealt)


def _assigned(
    values: np.ndarray, seen: np.ndarray, scores: np.ndarray, team: np.ndarray, by_team: np.ndarray
) -> np.ndarray:
    """Each column's values in the order of its new scores, at the cells that are to be seen."""
    drawn = np.full(values.shape, np.nan)
    first = np.unique(team, return_index=True)[1]
    for j in range(values.shape[1]):
        rows = first if by_team[j] else np.arange(len(values))
        known = values[rows, j][~np.isnan(values[rows, j])]
        places = rows[seen[rows, j]]
        drawn[places[np.argsort(scores[places, j], kind="stable")], j] = np.sort(known)
        if by_team[j]:
            drawn[:, j] = drawn[first, j][team]
    return drawn


def _without_repeats(
    given: np.ndarray, drawn: np.ndarray, by_team: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Swap single cells with the nearest other answer until no row is one of the given ones."""
    drawn, own = drawn.copy(), np.flatnonzero(~by_team)
    rows = {row.tobytes() for row in given[:, own]}
    repeated: list[int] = []
    for _ in range(TRIES):
        repeated = [i for i, row in enumerate(drawn[:, own]) if row.tobytes() in rows]
        for i in repeated:
            _swap_with_nearest(drawn, i, own[rng.integers(len(own))], rng)
        if not repeated:
            break
    return drawn, len(repeated)


def _swap_with_nearest(drawn: np.ndarray, row: int, column: int, rng: np.random.Generator) -> None:
    """Give a cell the nearest other answer of its column, and that answer's row the cell's own."""
    gap = np.abs(drawn[:, column] - drawn[row, column])
    gap[gap == 0] = np.nan
    if np.isfinite(gap).any():
        other = rng.choice(np.flatnonzero(gap == np.nanmin(gap)))
        drawn[[row, other], column] = drawn[[other, row], column]


def _correlation(values: np.ndarray) -> np.ndarray:
    """Correlations over the pairs of known values; nan where a column does not vary."""
    known = ~np.isnan(values)
    z = np.nan_to_num(values - np.nanmean(values, axis=0) if known.any() else values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (z.T @ z) / np.sqrt(((z**2).T @ known) * (known.T @ z**2))


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    gap = np.abs(one - other)[np.triu_indices(len(one), 1)]
    return float(np.nanquantile(gap, MOST)) if np.isfinite(gap).any() else 0.0
