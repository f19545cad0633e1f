"""All specifications at once: estimates, standard errors, and resamples under the null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.cells import sum_cells
from coaching_stats.cluster_robust import (
    Projection,
    from_products,
    identified_alone,
    satterthwaite_df,
)
from coaching_stats.condition import RANK_TOLERANCE, REFINEMENT_IS_ENOUGH
from coaching_stats.moments import Moments, moments_of
from coaching_stats.null_slopes import NullSlopes
from coaching_stats.results import COLUMNS, t_quantile, two_sided_p
from coaching_stats.specification_rows import Block
from coaching_stats.specifications import Grid

TILE = 4_000_000  # numbers in one array of a batch of models: 32 MB
CONF_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Fits:
    """Every specification; M models, K clusters, V variances, B replicates under the null.

    Attributes
    ----------
    slope : ndarray, shape (M,)
        Standardised; nan where the model cannot be fitted.
    std_error, df : ndarray, shape (M, K, V)
    n : ndarray of int, shape (M,)
    n_clusters : ndarray of int, shape (M, K)
    slopes : ndarray, shape (M, B)
    statistics : ndarray, shape (M, K, V, B)
    """

    slope: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    n: np.ndarray
    n_clusters: np.ndarray
    slopes: np.ndarray
    statistics: np.ndarray


@dataclass(frozen=True, eq=False)
class _Batch:
    """Models of equal size on the same cells, from one choice of clusters.

    Attributes
    ----------
    models : ndarray of int, shape (m,)
    products : ndarray, shape (G, p, p)
        Cross-products of all columns by cluster; zero where a cluster has no row.
    index : ndarray of int, shape (m, k + 1)
        Places of the regressors, the constant first and then the predictor, and of the outcome.
    n_clusters : int
        Clusters that have a row.
    """

    models: np.ndarray
    products: np.ndarray
    index: np.ndarray
    n_clusters: int


def fit_all(
    grid: Grid, blocks: Sequence[Block], signs: np.ndarray, coarse: Mapping[str, np.ndarray]
) -> Fits:
    """Estimate every specification, and again in every resample under the null.

    Parameters
    ----------
    grid : Grid
    blocks : sequence of Block
        In the order of ``grid.rows``.
    signs : ndarray, shape (B, H)
        One sign per replicate and coarsest cluster.
    coarse : mapping from cluster choice to ndarray of int, shape (G,)
        Coarsest cluster of each cluster.
    """
    size = (len(grid.models), len(grid.clusters), len(grid.vcov))
    fits = Fits(
        slope=np.full(size[0], np.nan),
        std_error=np.full(size, np.nan),
        df=np.full(size, np.nan),
        n=np.zeros(size[0], dtype=int),
        n_clusters=np.zeros(size[:2], dtype=int),
        slopes=np.full((size[0], len(signs)), np.nan),
        statistics=np.full((*size, len(signs)), np.nan),
    )
    for j, cluster in enumerate(grid.clusters):
        for batch in _batches(grid, blocks, cluster, len(coarse[cluster]), fits):
            _fit_batch(fits, batch, j, grid.vcov, signs, coarse[cluster])
    return fits


def _batches(
    grid: Grid, blocks: Sequence[Block], cluster: str, n_clusters: int, fits: Fits
) -> Iterator[_Batch]:
    """Models by rows, by number of regressors and by what is missing, in tiles."""
    place = {column: 1 + j for j, column in enumerate(grid.columns)}
    picks = [np.array([0, *map(place.get, grid.columns_of(i))]) for i in range(len(fits.n))]
    for r, block in enumerate(blocks):
        if not len(block.values):
            continue
        moments = moments_of(
            block.values, block.codes[cluster], grid.columns, clusters=np.arange(n_clusters)
        )
        patterns, of_cell = np.unique(moments.patterns, axis=0, return_inverse=True)
        groups: dict[tuple[int, bytes], list[int]] = {}
        for i in np.flatnonzero(grid.models[:, 3] == r).tolist():
            complete = patterns[:, picks[i][1:] - 1].all(axis=1)
            groups.setdefault((len(picks[i]), complete.tobytes()), []).append(i)
        for (width, complete), models in groups.items():
            used = np.frombuffer(complete, dtype=bool)[of_cell.reshape(-1)]
            products, n_kept = _sum_cells(moments, used, n_clusters)
            fits.n[models] = moments.n_rows[used].sum()
            largest = width * max(n_clusters * width, fits.slopes.shape[1])
            step = max(1, TILE // largest)
            for start in range(0, len(models), step):
                part = np.array(models[start : start + step])
                yield _Batch(part, products, np.stack([picks[i] for i in part]), n_kept)


def _sum_cells(moments: Moments, used: np.ndarray, n_clusters: int) -> tuple[np.ndarray, int]:
    """Cross-products by cluster over some cells, and how many clusters have one."""
    position = moments.cell_cluster[used]
    products = sum_cells(moments.products[:, used], position, n_clusters)[0]
    return products, len(np.unique(position))


def _fit_batch(
    fits: Fits,
    batch: _Batch,
    j: int,
    vcov: Sequence[str],
    signs: np.ndarray,
    coarse: np.ndarray,
) -> None:
    """Fill in the models of a batch, from the j-th choice of clusters."""
    fits.n_clusters[batch.models, j] = batch.n_clusters
    total = batch.products.sum(axis=0)[batch.index[:, :, None], batch.index[:, None, :]]
    n = int(fits.n[batch.models[0]])
    fine = _is_estimable(total, n) & (batch.n_clusters > 1)
    if not fine.any():
        return
    models, index = batch.models[fine], batch.index[fine]
    products = batch.products[:, index[:, :, None], index[:, None, :]].swapaxes(0, 1)
    coef, fit = from_products(products[..., :-1, :-1], products[..., :-1, -1])
    spread = _spread(total[fine], n)
    unit = spread[:, 1] / spread[:, -1]  # to standard deviations
    fits.slope[models] = coef[:, 1] * unit
    null = NullSlopes.of(fit, coef[:, 1], coarse, signs)
    fits.slopes[models] = unit[:, None] * null.slopes
    k, g = fit.root.shape[-1], batch.n_clusters
    factor = {"CR1S": g / (g - 1) * (n - 1) / (n - k), "CR2": 1.0, "CRV3": (g - 1) / g}
    for v, method in enumerate(vcov):
        square, squares = null.squares(method)
        df = _degrees(fit, method, g)
        error = np.where(np.isnan(df), np.nan, np.sqrt(factor[method] * square) * unit)
        fits.std_error[models, j, v], fits.df[models, j, v] = error, df
        fits.statistics[models, j, v] = null.statistics(factor[method] * squares)


def _degrees(fit: Projection, method: str, n_clusters: int) -> np.ndarray:
    """Degrees of freedom of the predictor's t in each model, as `regress` has them; nan: none."""
    contrast = np.eye(fit.root.shape[-1])[:, 1:2]
    if method == "CRV3":
        is_lost = identified_alone(fit, contrast).any(axis=-2)[:, 0]
        return np.where(is_lost, np.nan, n_clusters - 1.0)
    satterthwaite = satterthwaite_df(fit, contrast)[:, 0]
    if method == "CR2":
        return satterthwaite
    return np.where(np.isnan(satterthwaite), np.nan, n_clusters - 1.0)


def _is_estimable(total: np.ndarray, n: int) -> np.ndarray:
    """Whether rows, spread and condition carry each model; cross-products (m, k + 1, k + 1)."""
    k = total.shape[-1] - 1
    if n <= k:
        return np.zeros(len(total), dtype=bool)
    size = np.sqrt(np.diagonal(total, axis1=1, axis2=2))
    varies = (_spread(total, n)[:, 1:] > np.sqrt(RANK_TOLERANCE) * size[:, 1:] / np.sqrt(n)).all(1)
    x = np.where(size > 0, size, 1.0)[:, :-1]
    values = np.linalg.eigvalsh(total[:, :k, :k] / (x[:, :, None] * x[:, None, :]))
    return varies & (values[:, -1] < REFINEMENT_IS_ENOUGH * values[:, 0])


def _spread(total: np.ndarray, n: int) -> np.ndarray:
    """Standard deviation of each column over the rows of each model, shape (m, k + 1)."""
    about = np.diagonal(total, axis1=1, axis2=2) - total[:, 0] ** 2 / total[:, :1, 0]
    return np.sqrt(np.maximum(about, 0.0) / (n - 1))


def table_of(grid: Grid, fits: Fits) -> pd.DataFrame:
    """One row per specification, in the order of ``grid.choices()``: ``COLUMNS``, choices, sizes.

    Parameters
    ----------
    grid : Grid
    fits : Fits
    """
    estimate = np.repeat(fits.slope, fits.std_error[0].size)
    error, df = fits.std_error.ravel(), fits.df.ravel()
    choices = grid.choices()
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / error
    margin = t_quantile((1 + CONF_LEVEL) / 2, df) * error
    term = [grid.predictors[name] for name in choices["predictor"]]
    ends = estimate - margin, estimate + margin
    values = (term, estimate, error, statistic, df, two_sided_p(statistic, df), *ends)
    n, clusters = np.broadcast_arrays(fits.n[:, None, None], fits.n_clusters[:, :, None])
    sizes = {"n": n, "clusters": clusters}
    return pd.DataFrame(
        {
            **dict(zip(COLUMNS, values, strict=True)),
            **choices,
            **{name: np.repeat(size.ravel(), len(grid.vcov)) for name, size in sizes.items()},
        }
    )
