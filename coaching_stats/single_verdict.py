"""One hypothesis and data to verdict: gates, estimate, rule and grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from coaching_stats.condition import RankDeficient
from coaching_stats.errors import DesignError
from coaching_stats.estimates import estimate_leg
from coaching_stats.gates import Check, check_gates, failed_gates, refused
from coaching_stats.hypotheses import Hypothesis, Leg
from coaching_stats.judgement import NOT_MEASURED, LegVerdict, Verdict
from coaching_stats.measured import Measured
from coaching_stats.rollout import estimate_changes, is_of_process
from coaching_stats.rules import NOT_TESTABLE, Decision, decide, grade_of, join
from coaching_stats.sourcing import Sourcing, columns_used, sourcing, unmeasured
from coaching_stats.waves import OUTSIDE_MANAGER, Waves

HANGS_ON_HALVES = (
    "half of the random splits give another verdict than all of them: "
    "it may be another one with another seed"
)


@dataclass(frozen=True, eq=False)
class Road:
    """What every hypothesis is judged on.

    Attributes
    ----------
    by_wave : tuple of Measured
        The first wave first.
    waves : Waves or None
        None where there is one wave.
    n_boot : int
    """

    by_wave: tuple[Measured, ...]
    waves: Waves | None
    n_boot: int

    @property
    def measured(self) -> Measured:
        """The first wave."""
        return self.by_wave[0]


def judge_one(road: Road, hypothesis: Hypothesis, stream: np.random.SeedSequence) -> Verdict:
    """Judge one hypothesis by gates, estimate, rule and grade; multiplicity comes after all.

    A model that the complete rows cannot carry, or a chain that too few resamples can, fails G2:
    the hypothesis is not testable with these data, and all others are judged.

    Parameters
    ----------
    road : Road
    hypothesis : Hypothesis
    stream : SeedSequence
        For the bootstrap of chains.

    Returns
    -------
    Verdict
        Without an adjusted p.

    Raises
    ------
    RankDeficient
        Regressors that repeat each other.
    """
    measured = road.measured
    pairs, missing = _sources(measured, hypothesis)
    if missing:
        return _untested(hypothesis, "", (), missing)
    checks = tuple(check_gates(measured, hypothesis, pairs))
    grade = max(_grade(measured, leg, sources) for leg, sources in pairs)
    one_wave = tuple(check for check in checks if check.what != "attrition")
    legs: tuple[LegVerdict, ...] = ()
    if not failed_gates(one_wave):
        legs, refusals = _judge_legs(road, hypothesis, pairs, stream)
        checks, one_wave = (_by_gate(*found, *refusals) for found in (checks, one_wave))
    better, why = _grade_over_waves(road, pairs)
    if better:
        checks = _checks_over_waves(road, hypothesis, pairs, checks)
        if failed_gates(checks):
            return _untested(hypothesis, grade, checks, ())
        try:
            return _verdict(hypothesis, better, (_over_waves(road, pairs, one_wave, legs),), checks)
        except DesignError as problem:
            why = f"judged from the first wave: {problem}"
    if not legs:
        return _untested(hypothesis, grade, one_wave, ())
    if why:
        legs = (_with_note(legs[0], why),)
    return _verdict(hypothesis, grade, legs, one_wave)


def _by_gate(*checks: Check) -> tuple[Check, ...]:
    return tuple(sorted(checks, key=lambda check: check.gate))


def _verdict(
    hypothesis: Hypothesis, grade: str, legs: tuple[LegVerdict, ...], checks: tuple[Check, ...]
) -> Verdict:
    p_values = [leg.evidence.p_value for leg in legs]
    decision, deciding = join([leg.decision for leg in legs], p_values)
    return Verdict(hypothesis, decision, grade, legs, deciding, max(p_values), float("nan"), checks)


def _checks_over_waves(
    road: Road,
    hypothesis: Hypothesis,
    pairs: Sequence[tuple[Leg, Sourcing]],
    checks: tuple[Check, ...],
) -> tuple[Check, ...]:
    """Gates of a comparison over waves: that the process differs is asked of the last wave.

    In one with a single process neither rigidity (G1) nor its team means (G4) can differ.
    """
    ((leg, sources),) = pairs
    if not is_of_process(road.measured, leg):
        return checks
    process = columns_used(leg.predictor, sources, road.measured.study)
    last = check_gates(road.by_wave[-1], hypothesis, pairs)

    def of_last(check: Check) -> bool:
        return check.gate == "G1" or (check.gate == "G4" and check.about in process)

    return _by_gate(*filter(of_last, last), *(check for check in checks if not of_last(check)))


def _over_waves(
    road: Road,
    pairs: Sequence[tuple[Leg, Sourcing]],
    one_wave: tuple[Check, ...],
    legs: tuple[LegVerdict, ...],
) -> LegVerdict:
    """Judge a slope from what changed within teams; the one across teams is told in the notes."""
    ((leg, sources),) = pairs
    has_one_process = is_of_process(road.measured, leg) and {"G1", "G4"} & {*failed_gates(one_wave)}
    unit_wave = -1 if has_one_process else 0
    evidence = estimate_changes(road.by_wave, road.waves, leg, sources, 0, unit_wave)
    notes = evidence.notes
    if legs:
        across = legs[0].evidence.estimate
        notes = (*notes, f"across teams in the first wave the estimate is {across:.2f}")
    if unit_wave:
        notes = (*notes, "the process did not differ in the first wave: its unit is the last one's")
    evidence = replace(evidence, notes=notes)
    return LegVerdict(leg, decide(leg, evidence, None), evidence, None)


def _grade_over_waves(road: Road, pairs: Sequence[tuple[Leg, Sourcing]]) -> tuple[str, str]:
    """Grade that the waves allow, or nothing and why not; no reason where waves do not matter."""
    waves = road.waves
    ((leg, sources), *further) = pairs
    is_slope = leg.kind == "slope" and leg.level == "team" and not further
    if waves is None or not is_slope or not sources.is_split:
        return "", ""
    if not waves.has_comparison:
        return "", "judged from the first wave: no process changed in some teams and not in others"
    if waves.assigned_by not in OUTSIDE_MANAGER:
        who = waves.assigned_by or "not recorded"
        return "", f"judged from the first wave: who changed was decided by: {who}"
    is_random = waves.assigned_by == "random" and is_of_process(road.measured, leg)
    grades = "AB" if road.measured.panel.has_response_rates else "BC"  # unknown costs a step
    return grades[0 if is_random else 1], ""


def _with_note(judged: LegVerdict, note: str) -> LegVerdict:
    evidence = judged.evidence
    return replace(judged, evidence=replace(evidence, notes=(*evidence.notes, note)))


def _untested(
    hypothesis: Hypothesis, grade: str, checks: tuple[Check, ...], missing: Sequence[str]
) -> Verdict:
    nan = float("nan")
    decision = Decision(NOT_TESTABLE, NOT_MEASURED if missing else "gates")
    return Verdict(hypothesis, decision, grade, (), 0, nan, nan, checks, tuple(missing))


def _sources(
    measured: Measured, hypothesis: Hypothesis
) -> tuple[list[tuple[Leg, Sourcing]], list[str]]:
    """Split sources where every leg has them, else the same respondents; or what is missing."""
    missing: list[str] = []
    for is_split in (True, False):
        pairs, lacking = [], []
        for leg in hypothesis.legs:
            sources = sourcing(hypothesis, leg, measured.study, is_split=is_split)
            if sources is not None:
                pairs.append((leg, sources))
                lacking += unmeasured(leg, sources, measured.panel, measured.study)
        if len(pairs) == len(hypothesis.legs):
            if not lacking:
                return pairs, []
            missing = missing or list(dict.fromkeys(lacking))
    return [], missing or ["second_wave"]


def _grade(measured: Measured, leg: Leg, sources: Sourcing) -> str:
    """Grade of a leg; unknown response rates cost a step, not below D."""
    grade = grade_of(leg, sources)
    return grade if measured.panel.has_response_rates else "D"


def _judge_legs(
    road: Road,
    hypothesis: Hypothesis,
    pairs: Sequence[tuple[Leg, Sourcing]],
    stream: np.random.SeedSequence,
) -> tuple[tuple[LegVerdict, ...], tuple[Check, ...]]:
    """Every leg as judged; or none, and the condition that the data of one of them do not meet."""
    judged = []
    for (leg, sources), seed in zip(pairs, stream.spawn(len(pairs)), strict=True):
        try:
            judged.append(_judge_leg(road.measured, hypothesis, leg, sources, seed, road.n_boot))
        except RankDeficient:
            raise
        except DesignError as problem:
            return (), (refused(leg, problem),)
    return tuple(judged), ()


def _judge_leg(
    measured: Measured,
    hypothesis: Hypothesis,
    leg: Leg,
    sources: Sourcing,
    stream: np.random.SeedSequence,
    n_boot: int,
) -> LegVerdict:
    first, second = stream.spawn(2)
    evidence = estimate_leg(measured, leg, sources, first, n_boot)
    beside = None
    if sources.is_split:
        same = sourcing(hypothesis, leg, measured.study, is_split=False)
        if same is not None and not unmeasured(leg, same, measured.panel, measured.study):
            try:
                beside = estimate_leg(measured, leg, same, second, n_boot)
            except DesignError as problem:
                note = f"no estimate from the same respondents beside it: {problem}"
                evidence = replace(evidence, notes=(*evidence.notes, note))
    decision = decide(leg, evidence, beside)
    if any(decide(leg, part, beside).verdict != decision.verdict for part in evidence.parts):
        evidence = replace(evidence, notes=(*evidence.notes, HANGS_ON_HALVES))
    return LegVerdict(leg, decision, evidence, beside)
