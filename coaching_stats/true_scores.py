"""Correlations between teams, as measured and as they would be without errors of measurement.

What one seller says of two things shares that seller's mood. What two sellers of one team say does
not. The covariance over all pairs of different sellers of a team is what random halves of the
sellers estimate, without drawing any.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_RELIABILITY = 0.4  # gate G4 closes here; a larger correction would magnify noise
LEAST_EIGENVALUE = 0.05  # of correlations; below it no regression can be trusted


@dataclass(frozen=True, eq=False)
class TeamValues:
    """Complete teams: T teams, q variables of which the outcome is the last, C clusters.

    Attributes
    ----------
    values : ndarray, shape (T, q)
        Means of the team's sellers, or what the manager said.
    from_sellers : ndarray of bool, shape (q,)
    cluster : ndarray of int, shape (T,)
        0 to C - 1.
    size : ndarray, shape (T,)
        Sellers behind the means of each team.
    within : ndarray, shape (T, s, s)
        Cross-products of the s variables from sellers about the mean of their team.
    items : tuple of length q
        Turned items (T, k) of each variable from managers; None from sellers, and where items are
        not known, so that the variable counts as measured without error.
    """

    values: np.ndarray
    from_sellers: np.ndarray
    cluster: np.ndarray
    size: np.ndarray
    within: np.ndarray
    items: tuple[np.ndarray | None, ...]

    @property
    def n_clusters(self) -> int:
        """Clusters."""
        return int(self.cluster.max(initial=-1)) + 1


def within_teams(scores: np.ndarray, team: np.ndarray, n_teams: int) -> np.ndarray:
    """Cross-products of sellers' scores (n, s) about the mean of their team, (n_teams, s, s).

    Examples
    --------
    >>> within_teams(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1]), 2).ravel().tolist()
    [2.0, 0.0]
    """
    count = np.bincount(team, minlength=n_teams)
    total = np.stack([np.bincount(team, s, minlength=n_teams) for s in scores.T], axis=1)
    rest = scores - (total / np.maximum(count, 1)[:, None])[team]
    products = (rest[:, :, None] * rest[:, None, :]).reshape(len(rest), scores.shape[1] ** 2)
    sums = [np.bincount(team, column, minlength=n_teams) for column in products.T]
    return np.stack(sums, axis=1).reshape(n_teams, scores.shape[1], scores.shape[1])


def correlations(teams: TeamValues, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Correlations between teams under each of B weightings of the clusters.

    With :math:`C` the covariance of the team values, :math:`S_W` the pooled covariance of sellers
    within teams and :math:`n_g` the sellers of team g, the errors of the means have the covariance
    :math:`E = S_W \cdot \overline{1 / n_g}`, so that true scores of sellers' means have
    :math:`C - E`. Managers' variables have :math:`E = (1 - \alpha) C` on the diagonal.

    Parameters
    ----------
    teams : TeamValues
    weights : ndarray, shape (B, C)

    Returns
    -------
    measured : ndarray, shape (B, q, q)
        Team values as they are. Of an outcome from sellers, its covariances with other variables
        from sellers are those of different sellers, :math:`C - E`.
    true : ndarray, shape (B, q, q)
        Reliabilities below 0.4 count as 0.4. Both are moved to the nearest correlations that can
        be where, in small samples, they could not; nan where a variable does not vary.

    References
    ----------
    Searle, Casella & McCulloch (1992), Variance Components, chapter 3, for C - E; Spearman
    (1904), American Journal of Psychology 15, 72-101, for the correction; Novick & Lewis (1967),
    Psychometrika 32, 1-13, for alpha as the reliability of parallel items.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # nan where a variable does not vary
        measured, true = _correlations(teams, _Sums(teams, weights))
    return _definite(measured), _definite(true)


def _correlations(teams: TeamValues, sums: _Sums) -> tuple[np.ndarray, np.ndarray]:
    """As `correlations`, with those of small samples that cannot be."""
    n = sums.of(np.ones(len(teams.values)))
    total = sums.of(teams.values)
    products = sums.of(teams.values[:, :, None] * teams.values[:, None, :])
    outer = total[:, :, None] * total[:, None, :] / n[:, None, None]
    covariance = (products - outer) / (n - 1)[:, None, None]
    errors = _errors(teams, sums, n, covariance)
    measured, true = covariance.copy(), covariance - errors
    if teams.from_sellers[-1]:
        others = np.arange(len(teams.from_sellers) - 1)
        measured[:, -1, others] -= errors[:, -1, others]
        measured[:, others, -1] -= errors[:, others, -1]
    variance = np.einsum("bii->bi", covariance)
    least = np.maximum(np.einsum("bii->bi", true), LEAST_RELIABILITY * variance)
    return _scaled(measured, variance), _scaled(true, least)


class _Sums:
    """Sums over the teams under each weighting of their clusters."""

    def __init__(self, teams: TeamValues, weights: np.ndarray) -> None:
        self.cluster, self.n_clusters, self.weights = teams.cluster, teams.n_clusters, weights

    def of(self, cells: np.ndarray) -> np.ndarray:
        """Sum (T, ...) to (B, ...)."""
        flat = cells.reshape(len(cells), -1)
        by_cluster = np.stack(
            [np.bincount(self.cluster, column, minlength=self.n_clusters) for column in flat.T]
        )
        return (self.weights @ by_cluster.T).reshape(len(self.weights), *cells.shape[1:])


def _errors(teams: TeamValues, sums: _Sums, n: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Covariance of the errors of measurement, (B, q, q)."""
    errors = np.zeros_like(covariance)
    sellers = np.flatnonzero(teams.from_sellers)
    if len(sellers):
        df, share = sums.of(teams.size - 1), sums.of(1 / teams.size) / n
        scale = np.divide(share, df, out=np.zeros_like(df), where=df > 0)
        block = sums.of(teams.within) * scale[:, None, None]
        errors[:, sellers[:, None], sellers] = block
    for j, items in enumerate(teams.items):
        if items is not None:
            errors[:, j, j] = (1 - _alpha(items, sums)) * covariance[:, j, j]
    return errors


def _alpha(items: np.ndarray, sums: _Sums) -> np.ndarray:
    """Cronbach's alpha of complete rows, (B,), kept within 0 and 1."""
    complete = ~np.isnan(items).any(axis=1)
    values = np.where(complete[:, None], items, 0.0)
    n, total = sums.of(complete.astype(float)), sums.of(values)
    products = sums.of(values[:, :, None] * values[:, None, :])
    covariance = products - total[:, :, None] * total[:, None, :] / n[:, None, None]
    k = items.shape[1]
    own, whole = np.einsum("bii->b", covariance), covariance.sum(axis=(1, 2))
    return np.clip(k / (k - 1) * (1 - own / whole), 0.0, 1.0)


def _scaled(covariance: np.ndarray, variance: np.ndarray) -> np.ndarray:
    spread = np.sqrt(variance)
    correlation = covariance / (spread[:, :, None] * spread[:, None, :])
    correlation[:, np.arange(variance.shape[1]), np.arange(variance.shape[1])] = 1.0
    return correlation


def _definite(correlation: np.ndarray) -> np.ndarray:
    """Nearest correlations that can be: no eigenvalue near or below zero, ones on the diagonal."""
    is_known = np.isfinite(correlation).all(axis=(1, 2))
    cannot_be = is_known & ~_exceeds(correlation, LEAST_EIGENVALUE)
    if not cannot_be.any():
        return correlation
    values, vectors = np.linalg.eigh(correlation[cannot_be])
    raised = (vectors * np.maximum(values, LEAST_EIGENVALUE)[:, None]) @ vectors.swapaxes(1, 2)
    repaired = correlation.copy()
    repaired[cannot_be] = _scaled(raised, np.einsum("bii->bi", raised))
    return repaired


def _exceeds(matrices: np.ndarray, least: float) -> np.ndarray:
    """Whether all eigenvalues are above `least`, (B,): a tenth of the time of finding them.

    By Sylvester's law of inertia, elimination in M - least I then meets positive pivots only.
    """
    left = (matrices - least * np.eye(matrices.shape[1])).transpose(1, 2, 0)
    above = np.ones(len(matrices), dtype=bool)
    for _ in range(matrices.shape[1]):
        pivot, column = left[0, 0], left[1:, 0]
        above &= pivot > 0
        ratio = column / np.where(above, pivot, 1.0)
        left = left[1:, 1:] - ratio[:, None] * column[None]
    return above


def reliabilities(teams: TeamValues) -> np.ndarray:
    """Reliability of each variable between teams, (q,): of means ICC(2), else alpha; nan unknown.

    Parameters
    ----------
    teams : TeamValues
    """
    sums = _Sums(teams, np.ones((1, teams.n_clusters)))
    n = sums.of(np.ones(len(teams.values)))
    covariance = np.cov(teams.values, rowvar=False)[None]
    found = 1 - np.diag(_errors(teams, sums, n, covariance)[0]) / np.diag(covariance[0])
    known = [s or i is not None for s, i in zip(teams.from_sellers, teams.items, strict=True)]
    return np.where(known, found, np.nan)
