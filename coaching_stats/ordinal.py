"""Cumulative logit of an outcome in ordered categories, with clusters resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from coaching_stats.errors import DesignError, explain
from coaching_stats.logits import latent_sd, newton_step, refuse_separation
from coaching_stats.resampling import cluster_weights, keep_usable
from coaching_stats.results import Result

MOST_CATEGORIES = 7
MAX_STEPS = 60
CONVERGED = 1e-15  # Newton decrement, in units of the log-likelihood
ROUGH = 1e-6  # for resamples: after the last step far below their spread
ROUNDING = 1e-12  # of the log-likelihood; a step may seem to lose as much


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CumulativeLogit(Result):
    """Thresholds between neighbouring categories, then slopes, both in log-odds.

    Attributes
    ----------
    n_obs, n_categories : int
    log_likelihood : float
    """

    n_obs: int
    n_categories: int
    log_likelihood: float

    def glance(self) -> pd.DataFrame:
        """One row about the model as a whole."""
        row = {
            "method": "cumulative logit",
            "n_obs": self.n_obs,
            "n_categories": self.n_categories,
            "log_likelihood": self.log_likelihood,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the likelihood is largest: parameters, thresholds first, and the information there."""

    parameters: np.ndarray
    information: np.ndarray
    log_likelihood: float


def ordered_categories(values: np.ndarray) -> np.ndarray:
    """Ordered categories of an outcome: its own values where they are seven at most.

    Otherwise seven groups of about equal size; equal values stay together.

    Parameters
    ----------
    values : ndarray, shape (n,)

    Returns
    -------
    ndarray of int, shape (n,)
        From 0, without gaps.

    Examples
    --------
    >>> ordered_categories(np.array([2.5, 1.0, 4.0, 2.5])).tolist()
    [1, 0, 2, 1]
    >>> np.bincount(ordered_categories(np.arange(70.0))).tolist()
    [10, 10, 10, 10, 10, 10, 10]
    """
    distinct, place, count = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) <= MOST_CATEGORIES:
        return place
    middle = (np.cumsum(count) - count / 2) / len(values)
    return np.unique(np.floor(middle * MOST_CATEGORIES)[place], return_inverse=True)[1]


def cumulative_logit(category: np.ndarray, x: np.ndarray, terms: Sequence[str]) -> CumulativeLogit:
    """Fit logit P(category <= j) = threshold_j - x'b by maximum likelihood.

    Parameters
    ----------
    category : ndarray of int, shape (n,)
        From 0, without gaps.
    x : ndarray, shape (n, k)
        Without a constant: the thresholds take its place.
    terms : sequence of str, length k

    Returns
    -------
    CumulativeLogit
        Terms ``0|1``, ``1|2``, ... and the slopes: a positive one goes with higher categories. The
        covariance is the inverse of the observed information, which takes rows as independent.

    Raises
    ------
    DesignError
        One category, linearly dependent regressors, or regressors that separate the categories.

    Notes
    -----
    One slope stands for all thresholds (proportional odds). Where it differs between them, it is
    an average that may hide opposite signs at the two ends of the scale.

    References
    ----------
    McCullagh (1980), Journal of the Royal Statistical Society B 42, 109-142, section 2.

    Examples
    --------
    >>> category = np.array([0, 0, 1, 0, 1, 1, 1, 1])
    >>> x = np.array([[0.0], [0], [0], [1], [1], [1], [1], [1]])
    >>> round(float(np.exp(cumulative_logit(category, x, ["x"]).estimate[1])), 6)
    8.0
    """
    found = maximise(category, x, np.ones(len(category)))
    n_categories = int(category.max()) + 1
    thresholds = [f"{j}|{j + 1}" for j in range(n_categories - 1)]
    return CumulativeLogit(
        terms=(*thresholds, *terms),
        estimate=found.parameters,
        vcov=np.linalg.inv(found.information),
        df=np.full(len(found.parameters), np.inf),
        n_obs=len(category),
        n_categories=n_categories,
        log_likelihood=found.log_likelihood,
    )


def ordinal_sizes(
    category: np.ndarray,
    x: np.ndarray,
    terms: Sequence[str],
    codes: np.ndarray | None,
    *,
    n_boot: int,
    rng: np.random.Generator,
) -> Result:
    """Slopes in standard deviations of the tendency behind the categories; clusters resampled.

    Parameters
    ----------
    category, x, terms
        As for `cumulative_logit`.
    codes : ndarray of int, shape (n,), or None
        Cluster of each row; None resamples rows.
    n_boot : int
        Resamples for the standard errors; 200 are enough for these (Efron & Tibshirani 1993, An
        Introduction to the Bootstrap, section 6.4), not for percentiles.
    rng : Generator

    Returns
    -------
    Result
        Slopes over `coaching_stats.logits.latent_sd`; standard errors from Rao-Wu resamples, read
        against t with G - 1 degrees of freedom (n - k - 1 where rows are independent).

    Raises
    ------
    DesignError
        As `cumulative_logit`, or more than 5 % of the resamples have no maximum.

    Notes
    -----
    A resample that lacks a category is fitted with the others. With few clusters (below about 20)
    resampling understates the spread.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(2000, 1))
    >>> tendency = 0.6 * x[:, 0] + 0.8 * rng.normal(size=2000)
    >>> found = ordinal_sizes(ordered_categories(tendency), x, ["x"], None, n_boot=20, rng=rng)
    >>> bool(abs(found.estimate[0] - 0.6) < 4 * found.std_error[0])
    True
    """
    n_units = len(category) if codes is None else len(np.unique(codes))
    cells = np.arange(n_units) if codes is None else np.unique(codes, return_inverse=True)[1]
    every = maximise(category, x, np.ones(len(category)))
    sizes = _sizes(every, x, np.ones(len(category)))
    weights = cluster_weights(n_units, n_boot, rng)
    draws = np.array([_resampled(category, x, one[cells], every) for one in weights])
    draws, notes = keep_usable(draws, np.isfinite(draws).all(axis=1))
    df = n_units - 1.0 if codes is not None else float(len(x) - x.shape[1] - 1)
    return Result(
        terms=tuple(terms),
        estimate=sizes,
        vcov=np.atleast_2d(np.cov(draws, rowvar=False)),
        df=np.full(len(sizes), df),
        notes=notes,
    )


def maximise(
    category: np.ndarray,
    x: np.ndarray,
    weights: np.ndarray,
    start: np.ndarray | None = None,
    *,
    converged: float = CONVERGED,
) -> Maximum:
    """Climb to the maximum of the weighted likelihood, which is concave, by Newton steps.

    Parameters
    ----------
    category : ndarray of int, shape (n,)
        From 0, without gaps.
    x : ndarray, shape (n, k)
    weights : ndarray, shape (n,)
        Positive.
    start : ndarray, optional
        Thresholds and slopes to start from; those of no association when not given.
    converged : float
        Newton decrement before the last step.

    Raises
    ------
    DesignError
        No maximum is reached.
    """
    parameters = _of_no_association(category, x, weights) if start is None else start
    upper, lower = _designs(category, x, len(parameters) - x.shape[1])
    reached, gradient, information = _derivatives(parameters, upper, lower, category, weights)
    for _ in range(MAX_STEPS):
        refuse_separation(x @ parameters[len(parameters) - x.shape[1] :])
        step = newton_step(information, gradient)
        if gradient @ step < converged:
            return Maximum(parameters + step, information, reached)
        for _ in range(MAX_STEPS):  # halve until it climbs and thresholds keep their order
            found = _derivatives(parameters + step, upper, lower, category, weights)
            if found[0] >= reached - ROUNDING * abs(reached):
                break
            step = step / 2
        parameters = parameters + step
        reached, gradient, information = found
    raise DesignError(explain(what=f"the ordinal model did not converge in {MAX_STEPS} steps"))


def _of_no_association(category: np.ndarray, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    share = np.cumsum(np.bincount(category, weights)) / weights.sum()
    if len(share) < 2:
        raise DesignError(explain(what="the outcome has a single category"))
    return np.concatenate([special.logit(share[:-1]), np.zeros(x.shape[1])])


def _designs(
    category: np.ndarray, x: np.ndarray, n_thresholds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose products with the parameters are the upper and the lower end of each category."""
    borders = np.vstack([np.zeros(n_thresholds), np.eye(n_thresholds), np.zeros(n_thresholds)])
    upper = np.hstack([borders[category + 1], -x])
    lower = np.hstack([borders[category], -x])
    return upper, lower


def _derivatives(
    parameters: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    category: np.ndarray,
    weights: np.ndarray,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, its gradient and minus its second derivatives."""
    last = category.max()
    top = np.where(category == last, np.inf, upper @ parameters)
    bottom = np.where(category == 0, -np.inf, lower @ parameters)
    below, above = special.expit(bottom), special.expit(top)
    # the difference of the smaller tails is the more exact one
    share = np.where(bottom > 0, special.expit(-bottom) - special.expit(-top), above - below)
    if not np.all(share > 0):
        return -np.inf, np.empty(0), np.empty((0, 0))
    high, low = above * (1 - above) / share, below * (1 - below) / share
    gradient = (weights * high) @ upper - (weights * low) @ lower
    curve_high = high * (1 - 2 * above) - high**2
    curve_low = -low * (1 - 2 * below) - low**2
    cross = (upper * (weights * high * low)[:, None]).T @ lower
    second = (upper * (weights * curve_high)[:, None]).T @ upper
    second = second + (lower * (weights * curve_low)[:, None]).T @ lower + cross + cross.T
    return float(weights @ np.log(share)), gradient, -second


def _resampled(
    category: np.ndarray, x: np.ndarray, weights: np.ndarray, every: Maximum
) -> np.ndarray:
    """Sizes in one resample, nan where it has no maximum."""
    drawn = weights > 0
    present, place = np.unique(category[drawn], return_inverse=True)
    start = every.parameters if len(present) == category.max() + 1 else None
    try:
        found = maximise(place, x[drawn], weights[drawn], start, converged=ROUGH)
    except DesignError:
        return np.full(x.shape[1], np.nan)
    return _sizes(found, x[drawn], weights[drawn])


def _sizes(found: Maximum, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    slopes = found.parameters[len(found.parameters) - x.shape[1] :]
    spread = np.atleast_2d(np.cov(x.T, aweights=weights))
    return slopes / latent_sd(slopes, spread)
