"""What a rater's other scales tell about an error that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from coaching_stats.hypotheses import SUFFIX, Leg, Study
from coaching_stats.measured import Measured
from coaching_stats.measurement import valences
from coaching_stats.models import Equation, Estimated, equations
from coaching_stats.rater_scores import rater_of, tones_of, tones_of_columns, widened
from coaching_stats.samples import Sample, draw_sample
from coaching_stats.scales import COUNTS, SINGLE
from coaching_stats.shared_error import largest_share, slope_without
from coaching_stats.sourcing import Sourcing, focal, share_respondent, variables

MOST = 0.8  # of the raters, from whom a scale counts as measured (gate G5)
LEAST_SCALES = 4  # beside those of the model, from which on they tell of a shared error


@dataclass(frozen=True)
class Adjusted:
    """A slope less a shared error whose size the rater's other scales tell.

    Attributes
    ----------
    share : float
        Of variance.
    estimate : Estimated
        Standard error by a delete-one-cluster jackknife, the share found anew each time.
    """

    share: float
    estimate: Estimated


@dataclass(frozen=True, eq=False)
class _Rated:
    """The regression of a leg beside all evaluative scales of its rater, unpleasant ones turned."""

    equation: Equation
    tones: np.ndarray  # of the outcome and the predictors
    scales: np.ndarray  # (n, m)
    names: tuple[str, ...]  # length m
    n_teams: int


def further_scales(
    study: Study, leg: Leg, rater: str, is_measured: Callable[[str], bool]
) -> dict[str, str]:
    """Evaluative scales of a rater that are no part of the model, with the rater as their source.

    Parameters
    ----------
    study : Study
    leg : Leg
    rater : str
        A source; others than sellers and managers have no such scales.
    is_measured : callable
        Whether the data have a score column.
    """
    asked = {part for key in variables(leg) for part in study.parts(key)}
    return {
        key: rater
        for key, construct in study.constructs.items()
        if rater in ("seller", "manager")
        and rater in construct.forms
        and valences().get(key)
        and key not in (*asked, *COUNTS, *SINGLE)  # facts are no matter of mood
        and is_measured(f"{key}_{SUFFIX[rater]}")
    }


def _sample(measured: Measured, leg: Leg, sources: Sourcing) -> Sample | None:
    """Rows with all scales of the rater; none where fewer than four are not in the model."""
    further = further_scales(
        measured.study, leg, rater_of(leg, sources), lambda column: _is_filled(measured, column)
    )
    if len(further) < LEAST_SCALES or leg.kind == "indirect":
        return None
    sample = draw_sample(measured, *widened(leg, sources, further))
    return sample if sample.n else None


def _is_filled(measured: Measured, column: str) -> bool:
    """Whether a scale varies, and was answered by most of those who answered any."""
    if not measured.panel.varies(column):
        return False
    frame = measured.panel.sellers if column in measured.panel.sellers else measured.panel.teams
    answered = frame.filter(regex=f"{column[-2:]}$").notna().sum()
    return bool(answered[column] >= MOST * answered.max())


def _rated(study: Study, leg: Leg, sources: Sourcing, sample: Sample) -> _Rated:
    in_model = {part: source for (_, part), source in sources.source.items()}
    further = [key for key in sample.z if key in study.constructs and key not in in_model]
    rater = rater_of(leg, sources)
    asked = [key for key in in_model if share_respondent(in_model[key], rater)]
    names = [key for key in (*asked, *further) if valences()[key]]
    (equation,) = equations(leg, sample)
    tones = tones_of(study, leg, sources, sample.z)
    return _Rated(
        equation=equation,
        tones=tones_of_columns(equation, leg.outcome, tones),
        scales=np.column_stack([valences()[key] * sample.z[key] for key in names]),
        names=tuple(names),
        n_teams=sample.n_teams,
    )


def suggested(measured: Measured, leg: Leg, sources: Sourcing) -> Adjusted | None:
    """Take out the shared error that the rater's scales suggest.

    Parameters
    ----------
    measured : Measured
    leg : Leg
    sources : Sourcing
        The same respondents.

    Returns
    -------
    Adjusted or None
        None for chains, and where fewer than four further evaluative scales were measured.
    """
    sample = _sample(measured, leg, sources)
    return None if sample is None else suggested_by(measured.study, leg, sources, sample)


def suggested_by(study: Study, leg: Leg, sources: Sourcing, sample: Sample) -> Adjusted | None:
    """Take out what the scales of a sample suggest.

    Every evaluative scale is a marker that a mood reaches, which a neutral one need not be. The
    share is the median correlation of two of them, unpleasant ones turned, pairs within the
    prediction left out, or 0: the median, since some pairs go together for other reasons.

    Parameters
    ----------
    study, leg, sources
    sample : Sample
        Of the leg as `widened` by `further_scales`.
    """
    rated = _rated(study, leg, sources, sample)
    within = {part for key in focal(leg) for part in study.parts(key)}
    places = combinations(range(len(rated.names)), 2)
    one, other = np.array(
        [(i, j) for i, j in places if not {rated.names[i], rated.names[j]} <= within]
    ).T

    def share_of(covariance: np.ndarray, _: np.ndarray) -> np.ndarray:
        spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        correlation = covariance[:, one, other] / (spread[:, one] * spread[:, other])
        return np.maximum(np.median(correlation, axis=-1), 0.0)

    return _jackknifed(rated, share_of)


def bounded(measured: Measured, leg: Leg, sources: Sourcing) -> Adjusted | None:
    """Take out the largest shared error that all scales of the same sellers allow.

    The error of a mood reaches every evaluative scale of a seller, so what it can be is bounded by
    how all of them go together (`shared_error.largest_share`). The slope with that bound taken
    out is a lower limit of what is left.

    Parameters
    ----------
    measured : Measured
    leg : Leg
        A slope between sellers of a team.
    sources : Sourcing
        All scores from sellers.

    Returns
    -------
    Adjusted or None
        None where fewer than four further evaluative scales were measured, rows are few, or one
        scale repeats others.
    """
    sample = _sample(measured, leg, sources)
    if sample is None:
        return None
    rated = _rated(measured.study, leg, sources, sample)
    n, m = rated.scales.shape
    if n - rated.n_teams < 2 * (m + len(rated.tones)):
        return None
    if np.linalg.matrix_rank(rated.scales) < m:  # scales that repeat each other bound nothing
        return None

    def share_of(covariance: np.ndarray, left: np.ndarray) -> np.ndarray:
        return largest_share(covariance, np.ones(m), left - rated.n_teams)

    return _jackknifed(rated, share_of)


def _jackknifed(
    rated: _Rated, share_of: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Adjusted | None:
    """Adjust the slope with all clusters, and without each; rows where there are no clusters."""
    is_clustered = rated.equation.codes is not None
    cells = rated.equation.cells if is_clustered else np.arange(len(rated.scales))
    sizes = np.bincount(cells)
    if len(sizes) < 3:
        return None
    columns = np.column_stack([rated.equation.y, rated.equation.x[:, 1:], rated.scales])
    by_cell = np.split(columns[np.argsort(cells, kind="stable")], np.cumsum(sizes)[:-1])
    products = np.stack([rows.T @ rows for rows in by_cell])
    left = len(columns) - np.r_[0, sizes]  # the whole first, then without each cluster
    covariance = products.sum(axis=0) - np.concatenate([np.zeros_like(products[:1]), products])
    covariance /= (left - 1)[:, None, None]
    k = len(rated.tones)
    if left.min() <= 2 * k:
        return None
    share = share_of(covariance[:, k:, k:], left)
    contrast = rated.equation.contrast[1:]
    slope = slope_without(covariance[:, :k, :k], rated.tones, contrast, share)
    gaps = slope[1:] - slope[1:].mean()
    std_error = float(np.sqrt((1 - 1 / len(sizes)) * (gaps**2).sum()))
    return Adjusted(float(share[0]), Estimated(float(slope[0]), std_error, len(sizes) - 1.0))
