"""A team-level slope with everybody who was invited, also those who did not answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coaching_stats.errors import DesignError, explain
from coaching_stats.instrument import load_instrument
from coaching_stats.judged_rows import JudgedSlope, Rows, rows_of
from coaching_stats.models import Equation, Estimated
from coaching_stats.scales import COUNTS, SINGLE

FORMS = {"s": "seller", "m": "manager"}
OUTCOME_ONLY = (
    "bounds are for the outcome's silence only: predictors and covariates of a team are those of "
    "the people who answered, and teams without them, or with too few respondents, are not counted"
)
UNKNOWN = "{n} teams without a known number of invited people: taken to have answered in full"


@dataclass(frozen=True, eq=False)
class Silence:
    """A team-level regression in which part of the outcome is unknown; n teams, judged units.

    Attributes
    ----------
    model : Equation
        Outcome: the mean of those who answered; where nobody did, what the others' regression says.
    among_answered : Estimated
        The same slope from the teams in which somebody answered.
    share : ndarray, shape (n,)
        Of the team's people who gave no usable answer.
    is_high : ndarray of bool, shape (n,)
        Whether the team is above the mean of the predictor.
    ends : (low, high)
        Of the answer scale, in units of the outcome.
    unit : float
        Scale points in one unit of the outcome.
    n_silent, n_invited : int
    notes : tuple of str
    """

    model: Equation
    among_answered: Estimated
    share: np.ndarray
    is_high: np.ndarray
    ends: tuple[float, float]
    unit: float
    n_silent: int
    n_invited: int
    notes: tuple[str, ...]

    @property
    def weights(self) -> np.ndarray:
        """Weight of each team's outcome in the slope, shape (n,)."""
        return self.model.contrast @ np.linalg.pinv(self.model.x)

    def at_worst(self, *, is_upper: bool) -> Estimated:
        """Slope with every missing answer at the end of the scale that moves it farthest."""
        low, high = self.ends
        extreme = np.where((self.weights > 0) == is_upper, high, low)
        y = (1 - self.share) * self.model.y + self.share * extreme
        return replace(self.model, y=y).estimate()

    def difference_to(self, slope: float) -> float:
        """Scale points by which the silent of high and low teams differ where the slope is this."""
        per_point = self.weights @ (self.share * np.where(self.is_high, 0.5, -0.5)) / self.unit
        return float((slope - self.among_answered.value) / per_point) if per_point else np.nan


def silence_of(slope: JudgedSlope, scale: tuple[float, float] | None) -> Silence:
    """Set up the regression with everybody who was invited.

    Parameters
    ----------
    slope : JudgedSlope
        At team level.
    scale : (low, high), optional

    Raises
    ------
    DesignError
        An outcome without ends, from random halves or made of several; unknown numbers of invited
        people; a predictor from the people who are silent; scores outside the scale.
    """
    rows = rows_of(slope.measured, slope.leg, slope.sources, slope.split)
    _refuse_outcome(slope)
    raw_ends = scale or _ends_of(slope)
    outcome = rows.values[slope.leg.outcome, slope.leg.outcome]
    _refuse_beyond(outcome, raw_ends, slope.leg.outcome)
    judged = outcome[rows.used]
    unit, centre = float(judged.std(ddof=1)), float(judged.mean())
    ends = ((raw_ends[0] - centre) / unit, (raw_ends[1] - centre) / unit)
    y = (outcome - centre) / unit
    if slope.sources.has_sellers(slope.leg.outcome):
        return _silent_sellers(slope, rows, y, ends, unit)
    return _silent_managers(slope, rows, y, ends, unit)


def _silent_sellers(
    slope: JudgedSlope, rows: Rows, y: np.ndarray, ends: tuple[float, float], unit: float
) -> Silence:
    """Teams as judged, each with the share of its invited sellers who gave no usable answer."""
    measured = slope.measured
    if not measured.panel.has_response_rates:
        _refuse(
            "it is not known how many sellers were invited",
            "",
            "bring the roster, or n_sellers_roster in the table of teams",
        )
    used = np.flatnonzero(rows.used)
    scores = measured.seller_values(slope.sources.column(slope.leg.outcome, slope.leg.outcome))
    answered = np.bincount(measured.team_of_seller[~np.isnan(scores)], minlength=measured.n_teams)[
        used
    ]
    known = measured.panel.teams["n_invited"].to_numpy(dtype=float, na_value=np.nan)[used]
    invited = np.fmax(known, answered)
    unknown = int(np.isnan(known).sum())
    notes = [OUTCOME_ONLY] + ([UNKNOWN.format(n=unknown)] if unknown else [])
    model = replace(slope.equation, y=y[used])
    return Silence(
        model=model,
        among_answered=model.estimate(),
        share=1 - answered / invited,
        is_high=_high(model, slope),
        ends=ends,
        unit=unit,
        n_silent=int((invited - answered).sum()),
        n_invited=int(invited.sum()),
        notes=(*notes, *_other_notes(slope)),
    )


def _silent_managers(
    slope: JudgedSlope, rows: Rows, y: np.ndarray, ends: tuple[float, float], unit: float
) -> Silence:
    """Teams whose predictor is known; those without the outcome are silent as a whole."""
    asked = ~rows.few & ~_lacks(rows, slope.predictor)
    silent = asked & np.isnan(y)
    if not silent.any() and np.isnan(y).any():
        _refuse(
            f"teams without {slope.leg.outcome} have no {slope.predictor} either",
            "both come from the same people",
            "bring the predictor from another source",
        )
    covariates = [key for key in slope.equation.terms[1:] if key != slope.predictor]
    kept = [key for key in covariates if not _is_as_silent(slope, rows, key, silent)]
    known = asked & ~np.any([_lacks(rows, key) for key in (slope.predictor, *kept)], axis=0)
    model = _model(slope, rows, y, known, kept)
    is_silent = np.isnan(model.y)
    answered = _only(model, ~is_silent)
    fitted = model.x @ np.linalg.lstsq(answered.x, answered.y, rcond=None)[0]
    model = replace(model, y=np.where(is_silent, fitted, model.y))
    return Silence(
        model=model,
        among_answered=answered.estimate(),
        share=is_silent.astype(float),
        is_high=_high(model, slope),
        ends=ends,
        unit=unit,
        n_silent=int(is_silent.sum()),
        n_invited=len(is_silent),
        notes=(OUTCOME_ONLY, *_dropped(covariates, kept), *_other_notes(slope)),
    )


def _is_as_silent(slope: JudgedSlope, rows: Rows, key: str, silent: np.ndarray) -> bool:
    """Whether a covariate comes, in part, from the people who are silent."""
    from_same = set(slope.sources.of(key)) & set(slope.sources.of(slope.leg.outcome))
    return bool(from_same) and bool(_lacks(rows, key)[silent].any())


def _lacks(rows: Rows, key: str) -> np.ndarray:
    """Teams in which a variable, or a part of it, is missing."""
    return np.any([np.isnan(v) for (name, _), v in rows.values.items() if name == key], axis=0)


def _model(
    slope: JudgedSlope, rows: Rows, y: np.ndarray, known: np.ndarray, covariates: Sequence[str]
) -> Equation:
    """Regression of all teams that are known but for the outcome, in units of those judged."""
    z = {key: _in_judged_units(rows, key) for key in (slope.predictor, *covariates)}
    terms = ("Intercept", *z)
    x = np.column_stack([np.ones(known.sum()), *(values[known] for values in z.values())])
    clusters: Mapping[str, np.ndarray] = {
        "firm_id": slope.measured.firm,
        "manager_id": slope.measured.manager,
    }
    codes = clusters[slope.sample.cluster][known] if slope.sample.cluster else None
    contrast = np.array([float(term == slope.predictor) for term in terms])
    return Equation(terms, y[known], x, codes, contrast)


def _in_judged_units(rows: Rows, key: str) -> np.ndarray:
    """z-scores of a variable for all teams, by mean and spread of the teams judged."""
    parts = [values for (name, _), values in rows.values.items() if name == key]
    scaled = [(v - v[rows.used].mean()) / v[rows.used].std(ddof=1) for v in parts]
    if len(scaled) == 1:
        return scaled[0]
    mean = np.mean(scaled, axis=0)
    return (mean - mean[rows.used].mean()) / mean[rows.used].std(ddof=1)


def _only(model: Equation, rows: np.ndarray) -> Equation:
    codes = None if model.codes is None else model.codes[rows]
    return replace(model, y=model.y[rows], x=model.x[rows], codes=codes)


def _high(model: Equation, slope: JudgedSlope) -> np.ndarray:
    return model.x[:, model.terms.index(slope.predictor)] > 0


def _dropped(covariates: Sequence[str], kept: Sequence[str]) -> tuple[str, ...]:
    gone = [key for key in covariates if key not in kept]
    if not gone:
        return ()
    return (f"not held constant, for the silent did not give it: {', '.join(gone)}",)


def _other_notes(slope: JudgedSlope) -> Iterator[str]:
    if slope.leg.outcome in COUNTS:
        yield "points of the scale are those of ln(1 + count)"
    if slope.is_over_waves:
        yield "bounds are across teams in the first wave; the verdict compares teams over waves"


def _ends_of(slope: JudgedSlope) -> tuple[float, float]:
    """Ends of the outcome's scores: of its items, those of a count on its log scale."""
    key = slope.leg.outcome
    construct = slope.measured.study.constructs[key]
    form = FORMS.get(slope.sources.column(key, key)[-1], "")
    items = load_instrument().of(key, form)
    if construct.scale is not None:
        return construct.scale
    if not items or key in SINGLE:
        _refuse(f"{key} has no answer scale that is known", "", "give scale=(low, high)")
    low, high = float(items[0].scale_min), float(items[0].scale_max)
    return (float(np.log1p(low)), float(np.log1p(high))) if key in COUNTS else (low, high)


def _refuse_outcome(slope: JudgedSlope) -> None:
    key = slope.leg.outcome
    if slope.sources.of(key)[0] in ("seller_a", "seller_b"):
        _refuse(
            "the outcome comes from random halves of those who answered",
            f"{key}; the silent belong to no half",
            "name a hypothesis whose outcome comes from all sellers, or from the manager",
        )
    if slope.measured.study.parts(key) != (key,):
        _refuse(f"the outcome {key} is made of several", "", "bound each of them by itself")
    if slope.sources.column(key, key)[-1] not in FORMS:
        _refuse(f"{key} is not an answer that somebody could have given", "", "name another one")


def _refuse_beyond(outcome: np.ndarray, ends: tuple[float, float], key: str) -> None:
    low, high = float(np.nanmin(outcome)), float(np.nanmax(outcome))
    if not ends[0] <= low <= high <= ends[1]:
        _refuse(
            f"scores of {key} run from {low:g} to {high:g}",
            f"the scale from {ends[0]:g} to {ends[1]:g}",
            "give the ends of its scores, scale=(low, high)",
        )


def _refuse(what: str, where: str, remedy: str) -> None:
    raise DesignError(explain(what=what, where=where, remedy=remedy))
