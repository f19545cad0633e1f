"""How strong something left out of a regression would have to be to change its answer.

A confounder is described by two partial R squared: what it explains of the predictor, and what it
explains of the outcome beyond the predictor, both given the regressors that are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain, first_ten, nearest
from coaching_stats.least_squares import Fit
from coaching_stats.results import Result, Table, t_quantile

MULTIPLES = (1, 2, 3)  # times as strong as a benchmark
IID = (
    "robustness_value_interval and the adjusted standard errors take errors to be independent and "
    "equally large, unlike std_error: they are too hopeful where people share a cluster"
)
BEYOND = (
    "no confounder as strong as {named} can exist: it would explain more than all that is left; "
    "where it would so of the outcome only, the adjusted estimate is for all that is left"
)
BOUNDS = (
    "benchmark",
    "multiple",
    "partial_r2_term",
    "partial_r2_outcome",
    "is_possible",
    "bias",
    "adjusted_estimate",
    "adjusted_std_error",
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Sensitivity(Table):
    """One slope, and how strong a confounder would have to be to explain it away.

    Attributes
    ----------
    frame : DataFrame
        One row: the columns of every result as the regression gave them, then ``partial_r2``,
        ``robustness_value`` (to bring the slope to zero) and ``robustness_value_interval`` (to
        bring zero into its interval).
    bounds : DataFrame
        One row per benchmark covariate and multiple: the partial R squared of a confounder that
        many times as strong, the bias it can cause, and the slope that it leaves.
    iid_error : float
        Standard error for independent, equally large errors; outcome units per unit of the term.
    residual_df : int
        Rows less coefficients.
    """

    bounds: pd.DataFrame
    iid_error: float
    residual_df: int


def sensitivity_of(
    result: Result, fit: Fit, term: str, benchmarks: Sequence[str] = ()
) -> Sensitivity:
    """Say how strong a confounder would have to be to explain a slope away.

    Parameters
    ----------
    result : Result
        The slopes, with whatever variance they are read with.
    fit : Fit
        The least-squares fit that they come from.
    term : str
    benchmarks : sequence of str
        Regressors to measure a confounder by: as strong as this one, twice and three times.

    Raises
    ------
    DesignError
        A term or benchmark that is no slope of the model, the term as its own benchmark, a
        perfect fit, or fewer than two degrees of freedom.

    References
    ----------
    Cinelli & Hazlett (2020), Journal of the Royal Statistical Society B 82, 39-67.
    """
    position = _slope_position(term, fit.terms)
    others = _benchmarks(benchmarks, term, fit.terms)
    _refuse_nothing_left(fit)
    variance, df = _iid_variance(fit), fit.n_obs - len(fit.terms)
    estimate, error = float(result.estimate[position]), float(np.sqrt(variance[position, position]))
    row = result.tidy().iloc[[position]].reset_index(drop=True)
    row["partial_r2"] = partial_r2(estimate / error, df)
    row["robustness_value"] = robustness_value(estimate / error, df)
    row["robustness_value_interval"] = robustness_value(
        estimate / error, df, conf_level=result.conf_level
    )
    bounds = _bounds(result.estimate, variance, df, position, others)
    bounds.insert(0, "benchmark", np.repeat([fit.terms[j] for j in others], len(MULTIPLES)))
    is_iid = np.isclose(row["std_error"].iloc[0], error, rtol=1e-9)
    notes = (() if is_iid else (IID,)) + _impossible(bounds)
    return Sensitivity(frame=row, notes=notes, bounds=bounds, iid_error=error, residual_df=df)


def partial_r2(statistic: float, df: int) -> float:
    """Share of the outcome's remaining variance that one regressor explains.

    Parameters
    ----------
    statistic : float
        Its t with independent, equally large errors.
    df : int
        Rows less coefficients.

    Examples
    --------
    >>> partial_r2(2.0, 12)
    0.25
    """
    return statistic**2 / (statistic**2 + df)


def robustness_value(
    statistic: float, df: int, *, q: float = 1.0, conf_level: float | None = None
) -> float:
    """Partial R squared that a confounder needs, with predictor and outcome alike, to matter.

    Parameters
    ----------
    statistic : float
        Of the slope: t with independent, equally large errors.
    df : int
        Rows less coefficients.
    q : float
        Share of the slope to be explained away.
    conf_level : float, optional
        To bring the slope that is left within its interval around zero; without it, to zero.

    Returns
    -------
    float, between 0 and 1

    References
    ----------
    Cinelli & Hazlett (2020), Journal of the Royal Statistical Society B 82, 39-67, section 4.2.

    Examples
    --------
    >>> round(robustness_value(2.0, 8), 3)
    0.5
    """
    strength = q * abs(statistic) / np.sqrt(df)
    chance = 0.0
    if conf_level is not None:
        chance = t_quantile((1 + conf_level) / 2, df - 1) / np.sqrt(df - 1)
    left = strength - chance
    if left <= 0:
        return 0.0
    if strength * chance > 1:  # less of the outcome then does more: it keeps the error large
        return float((strength**2 - chance**2) / (1 + strength**2))
    return float(2 / (1 + np.sqrt(1 + 4 / left**2)))


def adjusted_slope(
    estimate: float,
    iid_error: float,
    df: int,
    partial_r2_term: np.ndarray,
    partial_r2_outcome: np.ndarray,
) -> np.ndarray:
    """Slope that is left at worst with a confounder of the given strengths, in its own units.

    Parameters
    ----------
    estimate, iid_error : float
    df : int
    partial_r2_term, partial_r2_outcome : ndarray
        What the confounder explains of the predictor, and of the outcome; broadcast.

    Examples
    --------
    >>> float(adjusted_slope(2.0, 0.5, 16, np.array(0.5), np.array(0.25)))
    1.0
    """
    odds = partial_r2_outcome * partial_r2_term / (1 - partial_r2_term)
    return estimate - np.sign(estimate) * iid_error * np.sqrt(df * odds)


def _iid_variance(fit: Fit) -> np.ndarray:
    """Covariance of the coefficients for independent, equally large errors, (k, k)."""
    root = fit.projection.root
    return fit.in_user_units(root @ root.T) * fit.rss / (fit.n_obs - len(fit.terms))


def _bounds(
    coef: np.ndarray, variance: np.ndarray, df: int, term: int, benchmarks: Sequence[int]
) -> pd.DataFrame:
    """Strength and consequence of confounders, multiples of each benchmark."""
    j = np.repeat(np.asarray(benchmarks, dtype=int), len(MULTIPLES))
    k = np.tile(np.asarray(MULTIPLES), len(benchmarks))
    error = np.sqrt(np.diag(variance))
    # slopes correlate as their regressors do, all others held constant, but for the sign
    with_term = variance[term, j] ** 2 / (variance[term, term] * variance[j, j])
    with_outcome = partial_r2(coef[j] / error[j], df)
    r2_term, r2_outcome = _strengths(k, with_term, with_outcome)
    is_possible = (r2_term < 1) & (r2_outcome <= 1)
    r2_outcome = np.minimum(r2_outcome, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        adjusted = adjusted_slope(coef[term], error[term], df, r2_term, r2_outcome)
        left = (1 - r2_outcome) / (1 - r2_term) * df / (df - 1)
    left[~is_possible] = np.nan
    values = (
        k,
        r2_term,
        r2_outcome,
        is_possible,
        np.abs(coef[term] - adjusted),
        adjusted,
        error[term] * np.sqrt(left),
    )
    return pd.DataFrame(dict(zip(BOUNDS[1:], values, strict=True)))


def _strengths(
    k: np.ndarray, with_term: np.ndarray, with_outcome: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Largest partial R squared of a confounder k times as strong, with term and outcome.

    nan for the outcome where a confounder as strong with the term cannot exist.
    """
    r2_term = k * with_term / (1 - with_term)
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = k * with_term**2 / ((1 - k * with_term) * (1 - with_term))
        ratio = (np.sqrt(k) + np.sqrt(shared)) / np.sqrt(1 - shared)
        r2_outcome = ratio**2 * with_outcome / (1 - with_outcome)
    r2_outcome[(r2_term >= 1) | ~(shared < 1)] = np.nan
    return r2_term, r2_outcome


def _impossible(bounds: pd.DataFrame) -> tuple[str, ...]:
    beyond = bounds[~bounds["is_possible"]]
    if beyond.empty:
        return ()
    named = first_ten(
        f"{multiple} x {name}"
        for name, multiple in zip(beyond["benchmark"], beyond["multiple"], strict=True)
    )
    return (BEYOND.format(named=named),)


def _benchmarks(benchmarks: Sequence[str], term: str, terms: Sequence[str]) -> list[int]:
    if isinstance(benchmarks, str):
        _refuse("benchmarks are a list of regressors", "", "write [name] for a single one")
    if term in benchmarks:
        _refuse(f"{term!r} cannot be measured by itself", "", "name other regressors as benchmarks")
    return [_slope_position(name, terms) for name in benchmarks]


def _slope_position(term: str, terms: Sequence[str]) -> int:
    slopes = [name for name in terms if name != "Intercept"]
    if term not in slopes:
        _refuse(
            f"the model has no slope {term!r}{nearest(term, slopes)}",
            f"slopes: {first_ten(slopes)}",
            "name one of them",
        )
    return list(terms).index(term)


def _refuse_nothing_left(fit: Fit) -> None:
    df = fit.n_obs - len(fit.terms)
    if df < 2 or not fit.rss > 0:
        _refuse(
            "the regressors leave nothing over that a confounder could explain",
            f"{fit.n_obs} rows, {len(fit.terms)} coefficients",
            "leave out regressors, or bring more rows",
        )


def _refuse(what: str, where: str, remedy: str) -> None:
    raise DesignError(explain(what=what, where=where, remedy=remedy))
