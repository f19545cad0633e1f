"""Weights that resample clusters, and intervals from resamples."""

from __future__ import annotations

import numpy as np
from scipy import special

from coaching_stats.errors import DesignError, explain

MAX_FAILED_SHARE = 0.05


def cluster_weights(n_clusters: int, n_boot: int, rng: np.random.Generator) -> np.ndarray:
    """Draw Rao-Wu weights: G - 1 clusters with replacement, each weighing G / (G - 1).

    Plain resampling of G clusters understates variances by (G - 1) / G; this does not.

    Parameters
    ----------
    n_clusters : int
    n_boot : int
    rng : Generator

    Returns
    -------
    ndarray, shape (n_boot, n_clusters)

    References
    ----------
    Rao & Wu (1988), Journal of the American Statistical Association 83, 231-241.

    Examples
    --------
    >>> cluster_weights(4, 1, np.random.default_rng(0)).sum().round(6).tolist()
    4.0
    """
    drawn = n_clusters - 1
    equal = np.full(n_clusters, 1.0 / n_clusters)
    return rng.multinomial(drawn, equal, size=n_boot) * (n_clusters / drawn)


def percentile_interval(draws: np.ndarray, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval of each column of `draws`, shape (B, k).

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; quantile type 7.
    """
    tail = (1 - conf_level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return low, high


def bca_interval(
    draws: np.ndarray, estimate: np.ndarray, left_out: np.ndarray, conf_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Bias-corrected and accelerated interval of each column.

    Parameters
    ----------
    draws : ndarray, shape (B, k)
    estimate : ndarray, shape (k,)
    left_out : ndarray, shape (G, k)
        Estimates without each cluster, for the acceleration.
    conf_level : float

    References
    ----------
    Efron (1987), Journal of the American Statistical Association 82, 171-185; DiCiccio & Efron
    (1996), Statistical Science 11, 189-228, equations 6.5 to 6.7.
    """
    n_boot = len(draws)
    below = (draws < estimate).mean(axis=0) + (draws == estimate).mean(axis=0) / 2
    bias = special.ndtri(np.clip(below, 1 / (n_boot + 1), n_boot / (n_boot + 1)))
    gap = left_out.mean(axis=0) - left_out
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = (gap**3).sum(axis=0) / (6 * (gap**2).sum(axis=0) ** 1.5)
    acceleration = np.where(np.isfinite(skew), skew, 0.0)
    ends = []
    for tail in ((1 - conf_level) / 2, (1 + conf_level) / 2):
        z = bias + special.ndtri(tail)
        at = special.ndtr(bias + z / (1 - acceleration * z))
        ends.append([np.quantile(column, q) for column, q in zip(draws.T, at, strict=True)])
    return np.array(ends[0]), np.array(ends[1])


def keep_usable(draws: np.ndarray, usable: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Drop resamples in which a path could not be estimated, and say how many.

    Raises
    ------
    DesignError
        More than 5 % of the resamples are lost.
    """
    failed = int((~usable).sum())
    if failed > MAX_FAILED_SHARE * len(usable):
        raise DesignError(
            explain(
                what=f"{failed} of {len(usable)} resamples cannot carry the model",
                where="some resamples hold too few different clusters",
                remedy="use fewer covariates, or bring more clusters",
            )
        )
    if not failed:
        return draws, ()
    return draws[usable], (f"{failed} of {len(usable)} resamples left out: singular",)
