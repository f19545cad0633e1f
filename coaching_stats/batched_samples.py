"""Complete rows of one prediction in many surveys at once, in z-scores, and its regressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coaching_stats.batched_regressions import Estimates, clustered, independent, slopes
from coaching_stats.batched_surveys import Surveys
from coaching_stats.errors import DesignError, explain
from coaching_stats.hypotheses import TEAM_NAMES, Leg, Study
from coaching_stats.measured import MIN_FOR_HALVES
from coaching_stats.models import Equation, equations
from coaching_stats.samples import MIN_FIRMS, Sample, team_moderators
from coaching_stats.sourcing import Sourcing, variables

OF_FIRMS = (
    "firm",
    "firm_id",
    "process_version_sales",
    "process_version_lead",
)  # alike if simulated
NO_SPREAD = 1e-12  # of the largest value: what rounding alone gives a constant, as in `samples`


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows of one leg in R surveys; n rows each, of which those kept are complete.

    Attributes
    ----------
    z : mapping from variable to ndarray, shape (R, n)
        Anything where a row is not kept; nan in a survey where the variable does not vary.
    keep : ndarray of bool, shape (R, n)
    teams : ndarray of int, shape (n,)
        Position of each row's team.
    n_teams : ndarray of int, shape (R,)
        Teams with a complete row.
    by_team : frozenset of str
    is_of_teams : bool
    least_firms : float
        Firms from which on teams are clustered by firm.
    """

    z: Mapping[str, np.ndarray]
    keep: np.ndarray
    teams: np.ndarray
    n_teams: np.ndarray
    by_team: frozenset[str]
    is_of_teams: bool
    least_firms: float

    @property
    def varies(self) -> np.ndarray:
        """Surveys in which every variable does: bool, shape (R,)."""
        return ~np.isnan([values.sum(axis=1) for values in self.z.values()]).any(axis=0)

    def is_clustered(self, surveys: Surveys) -> np.ndarray:
        """Whether the rows of each survey are clustered: bool, shape (R,)."""
        if not self.is_of_teams:
            return np.ones(len(self.keep), dtype=bool)
        size = surveys.size
        by_firm = self.keep.reshape(-1, size.firms, size.teams).any(axis=-1).sum(axis=1)
        return by_firm >= self.least_firms

    def one(self, place: int, surveys: Surveys) -> Sample:
        """The sample of one survey, as `samples.draw_sample` gives it."""
        keep = self.keep[place]
        z = {key: values[place][keep] for key, values in self.z.items()}
        codes, cluster = self.teams[keep], "team_id"
        if self.is_of_teams:
            firms = surveys.size.firm_of_team[codes]
            is_by_firm = len(np.unique(firms)) >= self.least_firms
            codes, cluster = (firms, "firm_id") if is_by_firm else (None, "")
        return Sample(z, codes, cluster, int(self.n_teams[place]), self.by_team, ())


def draw_samples(
    surveys: Surveys, study: Study, leg: Leg, sources: Sourcing, split: int = 0
) -> Samples:
    """Take the complete rows of a leg in every survey and standardise them at its level.

    Parameters
    ----------
    surveys : Surveys
    study : Study
    leg : Leg
    sources : Sourcing
    split : int
        Which random halves.
    """
    if leg.level == "seller":
        return _of_sellers(surveys, study, leg, sources)
    return _of_teams(surveys, study, leg, sources, split)


def least_firms(study: Study) -> float:
    """Firms from which on teams are clustered by firm, as the study or the usual rule has it.

    Raises
    ------
    DesignError
        Clusters other than firms or teams.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> least_firms(load_study())
    10
    """
    if not study.has_cluster_key:
        return MIN_FIRMS
    if study.cluster in (None, *TEAM_NAMES):
        return np.inf
    if study.cluster in OF_FIRMS:
        return 0
    raise DesignError(
        explain(
            what=f"many surveys at once have no clusters {study.cluster!r}",
            remedy="judge them one by one",
        )
    )


def _of_teams(surveys: Surveys, study: Study, leg: Leg, sources: Sourcing, split: int) -> Samples:
    raw = {
        (key, part): surveys.team_values(
            sources.column(key, part), sources.source[key, part], split
        )
        for key in variables(leg)
        for part in study.parts(key)
    }
    keep = ~np.any([np.isnan(values) for values in raw.values()], axis=0)
    spread = None
    if leg.kind == "variance":
        spread = surveys.spread_within(sources.column(leg.outcome, leg.outcome))
        keep &= ~np.isnan(spread)
    if any(sources.has_sellers(key) for key in variables(leg)):
        keep &= surveys.usable_team
        if sources.has_halves or leg.kind == "variance":
            keep &= surveys.n_sellers >= MIN_FOR_HALVES
    z = {key: _z_of(study, raw, key, keep) for key in variables(leg)}
    if spread is not None:
        z["location"] = z[leg.outcome]
        z[leg.outcome] = _z(_log_spread(spread, keep), keep)
    teams = np.arange(surveys.size.n_teams)
    return Samples(z, keep, teams, keep.sum(axis=1), frozenset(), True, least_firms(study))


def _log_spread(spread: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Log SD; a spread of 0 counts as half the smallest positive one of the kept teams."""
    positive = np.where(keep & (spread > 0), spread, np.inf).min(axis=1, keepdims=True)
    floor = np.where(np.isfinite(positive), positive / 2, 1.0)
    return np.log(np.where(keep & (spread > 0), spread, floor))


def _of_sellers(surveys: Surveys, study: Study, leg: Leg, sources: Sourcing) -> Samples:
    by_team = team_moderators(study, leg)
    shape = surveys.counted.shape
    raw = {}
    for key in variables(leg):
        for part in study.parts(key):
            column = sources.column(key, part)
            if key in by_team or column in surveys.teams:
                values = np.broadcast_to(surveys.team_values(column)[..., None], shape)
                raw[key, part] = np.where(surveys.counted, values, np.nan)
            else:
                raw[key, part] = surveys.sellers[column]
    keep = ~np.any([np.isnan(values) for values in raw.values()], axis=0)
    keep &= keep.sum(axis=-1, keepdims=True) >= 2
    flat = {name: values.reshape(shape[0], -1) for name, values in raw.items()}
    kept = keep.reshape(shape[0], -1)
    z = {}
    for key in variables(leg):
        values = _z_of(study, flat, key, kept)
        if key in by_team:
            z[key] = _z_across_teams(values.reshape(shape), keep).reshape(shape[0], -1)
        else:
            z[key] = _z(_centred(values.reshape(shape), keep).reshape(shape[0], -1), kept)
    teams = np.arange(shape[1]).repeat(shape[2])
    return Samples(
        z, kept, teams, keep.any(axis=-1).sum(axis=1), by_team, False, least_firms(study)
    )


def _z_of(
    study: Study, raw: Mapping[tuple[str, str], np.ndarray], key: str, keep: np.ndarray
) -> np.ndarray:
    parts = [_z(raw[key, part], keep) for part in study.parts(key)]
    return parts[0] if len(parts) == 1 else _z(np.mean(parts, axis=0), keep)


def _z(values: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """z-scores over the kept rows of each survey, 0 elsewhere; nan where nothing varies."""
    count = keep.sum(axis=1, keepdims=True)
    known = np.where(keep, values, 0.0)
    mean = known.sum(axis=1, keepdims=True) / np.maximum(count, 1)
    gap = np.where(keep, known - mean, 0.0)
    spread = np.sqrt((gap**2).sum(axis=1, keepdims=True) / np.maximum(count - 1, 1))
    varies = spread > NO_SPREAD * np.maximum(1.0, np.abs(known).max(axis=1, keepdims=True))
    return gap / np.where(varies, spread, np.nan)


def _centred(values: np.ndarray, keep: np.ndarray) -> np.ndarray:
    count = keep.sum(axis=-1, keepdims=True)
    mean = np.where(keep, values, 0.0).sum(axis=-1, keepdims=True) / np.maximum(count, 1)
    return np.where(keep, values - mean, 0.0)


def _z_across_teams(values: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Standardise a team's value with each team counted once."""
    count = keep.sum(axis=-1)
    by_team = np.where(keep, values, 0.0).sum(axis=-1) / np.maximum(count, 1)
    z = _z(by_team, count > 0)
    return np.where(keep, z[..., None], 0.0)


def estimates(surveys: Surveys, leg: Leg, samples: Samples) -> list[Estimates]:
    """Estimate each regression of a leg in every survey: one, or one for each link of a chain.

    Parameters
    ----------
    surveys : Surveys
    leg : Leg
    samples : Samples

    Returns
    -------
    list of Estimates
        nan where a survey has too few rows to carry the regression, or a variable does not vary.
    """
    return [_estimate(surveys, samples, model) for model in _models(leg, samples)]


def point_estimates(leg: Leg, samples: Samples) -> np.ndarray:
    """Estimate of a leg in every survey, of a chain the product of its links; shape (R,).

    Parameters
    ----------
    leg : Leg
    samples : Samples
    """
    n, rows = samples.keep.shape
    keep = samples.keep & samples.varies[:, None]
    return np.prod(
        [
            slopes(model.y.reshape(n, rows), model.x.reshape(n, rows, -1), keep, model.contrast)
            for model in _models(leg, samples)
        ],
        axis=0,
    )


def _models(leg: Leg, samples: Samples) -> tuple[Equation, ...]:
    """The leg's equations on the rows of all surveys end to end."""
    end_to_end = {key: values.ravel() for key, values in samples.z.items()}
    together = Sample(end_to_end, None, "", 0, samples.by_team, ())
    return equations(leg, together)


def _estimate(surveys: Surveys, samples: Samples, model: Equation) -> Estimates:
    n, rows = samples.keep.shape
    y, x = model.y.reshape(n, rows), model.x.reshape(n, rows, -1)
    k = x.shape[-1]
    n_kept = samples.keep.sum(axis=1)
    usable = (n_kept > k) & samples.varies
    if not samples.is_of_teams:
        shape = surveys.counted.shape
        return clustered(
            y.reshape(shape),
            x.reshape(*shape, k),
            samples.keep.reshape(shape),
            model.contrast,
            usable & (samples.n_teams > 1),
        )
    size = surveys.size
    shape = (n, size.firms, size.teams)
    keep = samples.keep.reshape(shape)
    is_by_firm = samples.is_clustered(surveys)
    by_firm = clustered(
        y.reshape(shape), x.reshape(*shape, k), keep, model.contrast, usable & is_by_firm
    )
    alone = independent(y, x, samples.keep, model.contrast, usable & ~is_by_firm)
    return Estimates(
        *(
            np.where(is_by_firm, getattr(by_firm, name), getattr(alone, name))
            for name in ("value", "std_error", "df")
        )
    )
