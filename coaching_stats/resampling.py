"""Weights that resample clusters, and intervals from resamples."""

from __future__ import annotations

import numpy as np
from scipy import special

from coaching_stats.errors import DesignError, explain

MAX_FAILED_SHARE = 0.05


class TooFewResamples(DesignError):
    """Too many resamples hold too few different clusters.

    Attributes
    ----------
    share : float
        Of the resamples, those that can carry the model.
    """

    def __init__(self, message: str, share: float = float("nan")) -> None:
        super().__init__(message)
        self.share = share


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
    n_drawn = n_clusters - 1
    # counting draws takes a tenth of the time of Generator.multinomial
    drawn = rng.integers(0, n_clusters, size=(n_boot, n_drawn))
    drawn += np.arange(n_boot)[:, None] * n_clusters
    counts = np.bincount(drawn.ravel(), minlength=n_boot * n_clusters)
    return counts.reshape(n_boot, n_clusters) * (n_clusters / n_drawn)


def percentile_interval(draws: np.ndarray, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval of each column of `draws`, shape (B, k).

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; quantile type 7.
    """
    ordered = np.sort(draws, axis=0)
    tail = np.full(draws.shape[1], (1 - conf_level) / 2)
    return _quantile(ordered, tail), _quantile(ordered, 1 - tail)


def percentile_p_value(draws: np.ndarray) -> np.ndarray:
    """Two-sided p of zero by inverting `percentile_interval`, shape (k,); at least 2 / (B + 1).

    References
    ----------
    Davison & Hinkley (1997), Bootstrap Methods and their Application, section 4.2.

    Examples
    --------
    >>> percentile_p_value(np.arange(-4.0, 95.0)[:, None]).tolist()
    [0.12]
    """
    beyond = np.minimum((draws <= 0).sum(axis=0), (draws >= 0).sum(axis=0))
    return np.minimum(2 * (beyond + 1) / (len(draws) + 1), 1.0)


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

    Examples
    --------
    >>> draws = np.arange(101.0)[:, None]
    >>> low, high = bca_interval(draws, np.array([50.0]), np.array([[49.0], [51.0]]), 0.9)
    >>> round(float(low[0]), 6), round(float(high[0]), 6)
    (5.0, 95.0)
    """
    bias, acceleration = _bca_constants(draws, estimate, left_out)
    ordered = np.sort(draws, axis=0)
    ends = []
    for tail in ((1 - conf_level) / 2, (1 + conf_level) / 2):
        z = bias + special.ndtri(tail)
        ends.append(_quantile(ordered, special.ndtr(bias + z / (1 - acceleration * z))))
    return ends[0], ends[1]


def bca_p_value(draws: np.ndarray, estimate: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """Two-sided p of zero by inverting `bca_interval`, shape (k,); at least 2 / (B + 1).

    References
    ----------
    DiCiccio & Efron (1996), Statistical Science 11, 189-228, equation 6.5 solved for the level.

    Examples
    --------
    >>> draws = np.arange(-5.0, 96.0)[:, None]
    >>> p = bca_p_value(draws, np.array([45.0]), np.array([[44.0], [46.0]]))
    >>> round(float(p[0]), 2)
    0.11
    """
    bias, acceleration = _bca_constants(draws, estimate, left_out)
    gap = special.ndtri(_share_below(draws, np.zeros(draws.shape[1]))) - bias
    tail = special.ndtr(gap / (1 + acceleration * gap) - bias)
    return np.maximum(2 * np.minimum(tail, 1 - tail), 2 / (len(draws) + 1))


def _bca_constants(
    draws: np.ndarray, estimate: np.ndarray, left_out: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bias z0 and acceleration of each column."""
    gap = left_out.mean(axis=0) - left_out
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = (gap**3).sum(axis=0) / (6 * (gap**2).sum(axis=0) ** 1.5)
    return special.ndtri(_share_below(draws, estimate)), np.where(np.isfinite(skew), skew, 0.0)


def _share_below(draws: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Share of draws below `value`, ties counting half, kept away from 0 and 1."""
    n_boot = len(draws)
    share = ((draws < value).sum(axis=0) + (draws <= value).sum(axis=0)) / (2 * n_boot)
    return np.clip(share, 1 / (n_boot + 1), n_boot / (n_boot + 1))


def _quantile(ordered: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Quantile (type 7) of each sorted column, at a probability of its own."""
    at = probability * (len(ordered) - 1)
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, len(ordered) - 1)
    column = np.arange(ordered.shape[1])
    share = at - below
    return ordered[below, column] * (1 - share) + ordered[above, column] * share


def keep_usable(draws: np.ndarray, usable: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Drop resamples in which a path could not be estimated, and say how many.

    Raises
    ------
    TooFewResamples
        More than 5 % of the resamples are lost.
    """
    failed = int((~usable).sum())
    if failed > MAX_FAILED_SHARE * len(usable):
        raise TooFewResamples(
            explain(
                what=f"{failed} of {len(usable)} resamples cannot carry the model",
                where="some resamples hold too few different clusters",
                remedy="use fewer covariates, or bring more clusters",
            ),
            share=1 - failed / len(usable),
        )
    if not failed:
        return draws, ()
    return draws[usable], (f"{failed} of {len(usable)} resamples left out: singular",)
