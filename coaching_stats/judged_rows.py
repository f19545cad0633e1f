"""The rows that a prediction is judged on, those that it loses, and the slope behind a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coaching_stats.errors import DesignError, explain
from coaching_stats.estimates import Evidence
from coaching_stats.hypotheses import Leg, Study
from coaching_stats.judgement import Verdict
from coaching_stats.measured import MIN_FOR_HALVES, Measured, with_halves
from coaching_stats.models import Equation, equations
from coaching_stats.panel import Panel
from coaching_stats.samples import Sample, draw_sample, team_moderators
from coaching_stats.sourcing import Sourcing, sourcing, variables
from coaching_stats.verdicts import N_SPLITS, Verdicts


class JudgedRun(Protocol):
    """What a run has that its slopes can be estimated again from."""

    panel: Panel
    study: Study
    verdicts: Verdicts
    seed: int


@dataclass(frozen=True, eq=False)
class Rows:
    """Every team, or every seller who answered, as one leg sees them.

    Attributes
    ----------
    values : mapping from (variable, part) to ndarray, shape (n,)
        As measured, nan where missing; at seller level a team's value on each of its sellers.
    complete : ndarray of bool, shape (n,)
        No value is missing.
    few : ndarray of bool, shape (n,)
        Left out for company: a team with too few respondents, a seller alone in the team.
    team : ndarray of int, shape (n,)
    """

    values: Mapping[tuple[str, str], np.ndarray]
    complete: np.ndarray
    few: np.ndarray
    team: np.ndarray

    @property
    def used(self) -> np.ndarray:
        """Rows that the estimate is made from, bool, shape (n,)."""
        return self.complete & ~self.few


def rows_of(measured: Measured, leg: Leg, sources: Sourcing, split: int = 0) -> Rows:
    """Find the rows of a leg, with what is missing in each.

    Parameters
    ----------
    measured : Measured
    leg : Leg
    sources : Sourcing
    split : int
        Which random halves, where there are any.
    """
    if leg.level == "seller":
        return _seller_rows(measured, leg, sources)
    values = {
        (key, part): measured.team_values(sources.column(key, part), source, split)
        for (key, part), source in sources.source.items()
    }
    if leg.kind == "variance":
        spread = measured.spread_within(sources.column(leg.outcome, leg.outcome))
        values[leg.outcome, "spread within teams"] = spread
    few = np.zeros(measured.n_teams, dtype=bool)
    if any(map(sources.has_sellers, variables(leg))) and len(measured.panel.sellers):
        few = ~measured.usable_team
        if sources.has_halves or leg.kind == "variance":
            few = few | (measured.n_sellers < MIN_FOR_HALVES)
    return Rows(values, _complete(values), few, np.arange(measured.n_teams))


def _seller_rows(measured: Measured, leg: Leg, sources: Sourcing) -> Rows:
    team, by_team = measured.team_of_seller, team_moderators(measured.study, leg)
    values = {}
    for key, part in sources.source:
        column = sources.column(key, part)
        of_team = key in by_team or column in measured.panel.teams
        values[key, part] = (
            measured.team_values(column)[team] if of_team else measured.seller_values(column)
        )
    complete = _complete(values)
    size = np.bincount(team[complete], minlength=measured.n_teams)
    return Rows(values, complete, complete & (size[team] < 2), team)


def _complete(values: Mapping[tuple[str, str], np.ndarray]) -> np.ndarray:
    return ~np.isnan(np.column_stack(list(values.values()))).any(axis=1)


@dataclass(frozen=True, eq=False)
class JudgedSlope:
    """The regression behind a verdict on a slope, on the rows of the first wave.

    Attributes
    ----------
    leg : Leg
    sources : Sourcing
    split : int
        Of several random halves, those whose estimate is the lower median.
    measured : Measured
    sample : Sample
    equation : Equation
    evidence : Evidence
        What was judged; over several waves it is not from these rows alone.
    is_over_waves : bool
    """

    leg: Leg
    sources: Sourcing
    split: int
    measured: Measured
    sample: Sample
    equation: Equation
    evidence: Evidence
    is_over_waves: bool

    @property
    def predictor(self) -> str:
        """The variable whose slope is judged."""
        return self.leg.predictor[0]


def measured_as_judged(run: JudgedRun) -> Measured:
    """The panel of the first wave with the random halves on which it was judged."""
    for_halves = np.random.SeedSequence(run.seed).spawn(1)[0]
    return with_halves(run.panel, run.study, N_SPLITS, np.random.default_rng(for_halves))


def judged_slope(run: JudgedRun, hypothesis: str, *, team_level: bool = False) -> JudgedSlope:
    """Draw the sample of a judged slope again; of a joint hypothesis, of its first plain slope.

    Parameters
    ----------
    run : Run
    hypothesis : str
        Its id.
    team_level : bool
        Whether slopes among sellers are refused.

    Raises
    ------
    StudyError
        No such hypothesis.
    DesignError
        One that is not testable here, or that predicts no plain slope.
    """
    verdict = run.verdicts[hypothesis]
    _refuse_untested(verdict)
    levels = ("team",) if team_level else ("team", "seller")
    plain = [
        one
        for one in verdict.legs
        if one.leg.kind == "slope" and one.leg.moderator is None and one.leg.level in levels
    ]
    if not plain:
        raise DesignError(
            explain(
                what=f"{hypothesis} predicts no plain slope at {' or '.join(levels)} level",
                where=f"{verdict.hypothesis.kind}, {verdict.hypothesis.level} level",
                remedy="name a hypothesis such as H1, H3 or H4",
            )
        )
    return _drawn_again(run, verdict, plain[0].leg, plain[0].evidence)


def _drawn_again(run: JudgedRun, verdict: Verdict, leg: Leg, evidence: Evidence) -> JudgedSlope:
    measured = measured_as_judged(run)
    sources = sourcing(verdict.hypothesis, leg, run.study, is_split=evidence.is_split)
    n_splits = len(measured.halves) if sources.has_halves else 1
    samples = [draw_sample(measured, leg, sources, split) for split in range(n_splits)]
    models = [equations(leg, sample)[0] for sample in samples]
    values = [model.estimate().value for model in models]
    split = int(np.argsort(values, kind="stable")[(n_splits - 1) // 2])
    is_over_waves = not np.isclose(np.median(values), evidence.estimate, rtol=1e-9)
    return JudgedSlope(
        leg=leg,
        sources=sources,
        split=split,
        measured=measured,
        sample=samples[split],
        equation=models[split],
        evidence=evidence,
        is_over_waves=is_over_waves,
    )


def _refuse_untested(verdict: Verdict) -> None:
    if not verdict.legs:
        raise DesignError(
            explain(
                what=f"{verdict.hypothesis.id} is not testable here, so nothing of it is estimated",
                where=verdict.reason("en"),
                remedy="see what would make it testable in .verdicts.remedies()",
            )
        )
