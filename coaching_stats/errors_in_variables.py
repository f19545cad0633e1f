"""Errors in variables on arrays: covariances in resamples of clusters, less those of the errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from coaching_stats.one_factor import one_factor
from coaching_stats.resampling import cluster_weights, percentile_interval, percentile_p_value
from coaching_stats.results import COLUMNS

Coefficient = Literal["alpha", "omega"]
LEAST_TRUE = 1e-6  # least eigenvalue of the true covariance, in units of the observed variances
WIDEST = (
    "resamples without a positive definite covariance are the widest ones, so the interval is "
    "somewhat too short: more clusters, or fewer predictors, make it good"
)
TILE = 4_000_000  # weights in memory at once


def resampled_rows(
    terms: Sequence[str], estimate: np.ndarray, draws: np.ndarray, conf_level: float
) -> pd.DataFrame:
    """Columns of a result from its resamples, shape (B, k): percentile interval and p.

    Examples
    --------
    >>> draws = np.arange(-4.0, 95.0)[:, None]
    >>> resampled_rows(["x"], np.array([45.0]), draws, 0.95)["p_value"].tolist()
    [0.12]
    """
    low, high = percentile_interval(draws, conf_level)
    none = np.full(len(terms), np.nan)
    error, p_value = draws.std(axis=0, ddof=1), percentile_p_value(draws)
    values = (list(terms), estimate, error, none, none, p_value, low, high)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def slopes_of(true: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Slopes of the last variable on the others, nan where the others have no true covariance.

    Parameters
    ----------
    true : ndarray, shape (B, k + 1, k + 1)
        Covariance less that of the errors.
    observed : ndarray, shape (B, k + 1, k + 1)
        Its diagonal is the unit in which positive definite is asked for.

    Returns
    -------
    ndarray, shape (B, k)

    Examples
    --------
    >>> true = np.array([[[0.8, 0.4], [0.4, 1.0]]])
    >>> slopes_of(true, np.array([np.eye(2)])).tolist()
    [[0.5]]
    """
    size = np.sqrt(np.diagonal(observed, axis1=1, axis2=2)[:, :-1])
    with np.errstate(divide="ignore", invalid="ignore"):  # constant in a resample
        scaled = true[:, :-1, :-1] / (size[:, :, None] * size[:, None, :])
    found = np.full(size.shape, np.nan)
    usable = np.isfinite(scaled).all(axis=(1, 2))
    usable[usable] = np.linalg.eigvalsh(scaled[usable])[:, 0] > LEAST_TRUE
    with_outcome = true[usable, :-1, -1] / size[usable]
    found[usable] = np.linalg.solve(scaled[usable], with_outcome[..., None])[..., 0] / size[usable]
    return found


def moments_by_cell(values: np.ndarray, cells: np.ndarray, n_cells: int) -> np.ndarray:
    """Sums of cross-products of [1, values] by cluster, shape (G, p + 1, p + 1).

    Examples
    --------
    >>> moments_by_cell(np.array([[1.0], [2.0]]), np.array([0, 0]), 1).tolist()
    [[[2.0, 3.0], [3.0, 5.0]]]
    """
    with_one = np.column_stack([np.ones(len(values)), values])
    products = np.zeros((n_cells, with_one.shape[1], with_one.shape[1]))
    np.add.at(products, cells, with_one[:, :, None] * with_one[:, None, :])
    return products


def covariances(weights: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Covariance in each resample, shape (B, p, p), from weights (B, G) and moments by cluster."""
    total = np.tensordot(weights, moments, axes=1)
    n, sums = total[:, 0, 0], total[:, 0, 1:]
    about_mean = total[:, 1:, 1:] - sums[:, :, None] * sums[:, None, :] / n[:, None, None]
    return about_mean / (n - 1)[:, None, None]


def alphas(covariance: np.ndarray) -> np.ndarray:
    """Cronbach's alpha of k items in each of B covariance matrices, shape (B,).

    Examples
    --------
    >>> alphas(np.array([[[1.0, 0.5], [0.5, 1.0]]])).round(4).tolist()
    [0.6667]
    """
    k = covariance.shape[1]
    trace = np.trace(covariance, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):  # constant in a resample
        return k / (k - 1) * (1 - trace / covariance.sum(axis=(1, 2)))


def omegas(covariance: np.ndarray) -> np.ndarray:
    """Omega of one factor by maximum likelihood in each of B covariance matrices, shape (B,)."""
    found = np.full(len(covariance), np.nan)
    for b, one in enumerate(covariance):
        size = np.sqrt(np.diag(one))
        if not (size > 0).all():
            continue
        correlation = one / np.outer(size, size)
        if np.linalg.eigvalsh(correlation)[0] > LEAST_TRUE:
            found[b] = (one_factor(correlation)[0] @ size) ** 2 / one.sum()
    return found


class RowMoments:
    """Complete rows as moments by cluster, with those of the items of each estimated scale."""

    def __init__(
        self,
        values: np.ndarray,
        scales: Mapping[int, np.ndarray],
        fixed: np.ndarray,
        cells: np.ndarray,
        coefficient: Coefficient,
    ) -> None:
        self.n_clusters = int(cells.max()) + 1
        self.fixed = fixed
        self.estimator = alphas if coefficient == "alpha" else omegas
        self.moments = moments_by_cell(values - values.mean(axis=0), cells, self.n_clusters)
        self.items = {}
        for place, items in scales.items():
            complete = ~np.isnan(items).any(axis=1)
            centred = items[complete] - items[complete].mean(axis=0)
            self.items[place] = moments_by_cell(centred, cells[complete], self.n_clusters)

    def slopes(self, weights: np.ndarray) -> tuple[np.ndarray, ...]:
        """Corrected and uncorrected slopes, reliabilities, and the variance that is left over."""
        observed = covariances(weights, self.moments)
        shares = np.repeat(self.fixed[None], len(weights), axis=0)
        for place, moments in self.items.items():
            shares[:, place] = self.estimator(covariances(weights, moments))
        true = observed.copy()
        place = np.arange(shares.shape[1])
        true[:, place, place] *= np.where(shares > 0, shares, np.nan)
        corrected = slopes_of(true, observed)
        left = observed[:, -1, -1] - (corrected * observed[:, :-1, -1]).sum(axis=1)
        return corrected, slopes_of(observed, observed), shares, left

    def resampled(self, n_boot: int, rng: np.random.Generator) -> np.ndarray:
        """Corrected slopes in resamples of the clusters, shape (B, k)."""
        step = max(1, TILE // self.n_clusters)
        sizes = [min(step, n_boot - start) for start in range(0, n_boot, step)]
        return np.concatenate(
            [self.slopes(cluster_weights(self.n_clusters, size, rng))[0] for size in sizes]
        )
