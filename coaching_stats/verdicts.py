"""Hypothesis and data to verdict: gates, estimate, rule, multiplicity, grade, wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError
from coaching_stats.estimates import N_BOOT, estimate_leg
from coaching_stats.gates import Check, check_gates, failed_gates
from coaching_stats.hypotheses import Hypothesis, Leg, Study
from coaching_stats.judgement import NOT_MEASURED, LegVerdict, Verdict
from coaching_stats.panel import Panel, measure
from coaching_stats.results import Shown, Table
from coaching_stats.rollout import estimate_changes, is_of_process
from coaching_stats.rules import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTABLE,
    SUPPORTED,
    Decision,
    decide,
    grade_of,
    holm,
    join,
)
from coaching_stats.samples import Measured, with_halves
from coaching_stats.sourcing import Sourcing, columns_used, sourcing, unmeasured
from coaching_stats.texts import texts
from coaching_stats.waves import OUTSIDE_MANAGER, Waves, measure_waves
from coaching_stats.whole import TheoryVerdict, judge_theory

N_SPLITS = 50
SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class Verdicts(Shown):
    """All verdicts of a study on one data set.

    Attributes
    ----------
    study : Study
    judged : tuple of Verdict
    described : tuple of Verdict
        Associations with estimate and interval, and no verdict.
    theory : TheoryVerdict
    notes : tuple of str
    """

    study: Study
    judged: tuple[Verdict, ...]
    described: tuple[Verdict, ...]
    theory: TheoryVerdict
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per hypothesis, nothing rounded."""
        return pd.DataFrame([verdict.row() for verdict in self.judged])

    def remedies(self, language: str = "en") -> Table:
        """What would make the predictions testable that are not: one row per gate."""
        rows = []
        for gate in sorted({gate for verdict in self.judged for gate in verdict.gates}):
            closed = [v.hypothesis.id for v in self.judged if gate in v.gates]
            remedy = texts(language)["remedies"][gate]
            rows.append({"gate": gate, "hypotheses": ", ".join(closed), "remedy": remedy})
        return Table(pd.DataFrame(rows, columns=["gate", "hypotheses", "remedy"]))

    def __getitem__(self, name: str) -> Verdict:
        """Find a verdict by the id of its hypothesis."""
        self.study.hypothesis(name)
        return {v.hypothesis.id: v for v in (*self.judged, *self.described)}[name]


def judge_panel(
    panel: Panel,
    study: Study,
    seed: int | np.random.SeedSequence,
    *,
    n_splits: int = N_SPLITS,
    n_boot: int = N_BOOT,
    waves: Waves | None = None,
) -> Verdicts:
    """Judge every hypothesis of a study on what was measured.

    Parameters
    ----------
    panel : Panel
    study : Study
    seed : int or SeedSequence
        For the random halves and the bootstrap; the same seed gives the same numbers.
    n_splits, n_boot : int
        Random halves, and resamples of a chain; a calibration takes fewer of both.
    waves : Waves, optional
        Every wave; slopes are then estimated from what changed within teams, where that can be.

    Returns
    -------
    Verdicts

    Raises
    ------
    DesignError
        A model is rank-deficient.
    """
    stream = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    every = (*study.hypotheses, *study.described)
    for_halves, *for_hypotheses = stream.spawn(1 + len(every))
    measured = with_halves(panel, study, n_splits, np.random.default_rng(for_halves))
    by_wave = (measured,)
    if waves is not None:
        streams = stream.spawn(len(waves.panels) - 1)
        by_wave += tuple(
            with_halves(later, study, n_splits, np.random.default_rng(one))
            for later, one in zip(waves.panels[1:], streams, strict=True)
        )
    road = _Road(by_wave, waves, n_boot)
    found = [
        _named(road, hypothesis, one) for hypothesis, one in zip(every, for_hypotheses, strict=True)
    ]
    described = tuple(found[len(study.hypotheses) :])
    judged = tuple(adjusted(found[: len(study.hypotheses)]))
    return Verdicts(
        study=study,
        judged=judged,
        described=described,
        theory=judge_theory(judged),
        notes=(
            *study.notes,
            *panel.notes,
            *_of_waves(waves),
            *_of_splits(n_splits),
            *_notes(judged, measured),
        ),
    )


@dataclass(frozen=True, eq=False)
class _Road:
    """What every hypothesis is judged on."""

    by_wave: tuple[Measured, ...]
    waves: Waves | None
    n_boot: int

    @property
    def measured(self) -> Measured:
        """The first wave."""
        return self.by_wave[0]


def judge_tables(
    tables: Mapping[str, pd.DataFrame],
    study: Study,
    seed: int | np.random.SeedSequence,
    *,
    n_splits: int = N_SPLITS,
    n_boot: int = N_BOOT,
) -> tuple[Panel, Verdicts]:
    """Measure every wave and judge: the panel of the first wave, and the verdicts.

    Parameters
    ----------
    tables : mapping from table name to DataFrame
    study, seed, n_splits, n_boot
        As for `judge_panel`.

    Raises
    ------
    DataError, DesignError
        As `measure` and `judge_panel` do.
    """
    panel = measure(tables, study)
    waves = measure_waves(tables, study, panel)
    if waves is not None:
        panel = replace(panel, attrition=waves.attrition)
    return panel, judge_panel(panel, study, seed, n_splits=n_splits, n_boot=n_boot, waves=waves)


def _named(road: _Road, hypothesis: Hypothesis, stream: np.random.SeedSequence) -> Verdict:
    """Judge one hypothesis; a refusal says which one it is about."""
    try:
        return _judge(road, hypothesis, stream)
    except DesignError as problem:
        raise DesignError(f"{hypothesis.id}: {problem}") from None


def _judge(road: _Road, hypothesis: Hypothesis, stream: np.random.SeedSequence) -> Verdict:
    """Gates, estimate, rule and grade of one hypothesis; multiplicity comes after all are known."""
    measured = road.measured
    pairs, missing = _sources(measured, hypothesis)
    if missing:
        return _untested(hypothesis, "", (), missing)
    checks = tuple(check_gates(measured, hypothesis, pairs))
    grade = max(_grade(measured, leg, sources) for leg, sources in pairs)
    one_wave = tuple(check for check in checks if check.what != "attrition")
    legs: tuple[LegVerdict, ...] = ()
    if not failed_gates(one_wave):
        legs = tuple(
            _judge_leg(measured, hypothesis, leg, sources, seed, road.n_boot)
            for (leg, sources), seed in zip(pairs, stream.spawn(len(pairs)), strict=True)
        )
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


def _verdict(
    hypothesis: Hypothesis, grade: str, legs: tuple[LegVerdict, ...], checks: tuple[Check, ...]
) -> Verdict:
    p_values = [leg.evidence.p_value for leg in legs]
    decision, deciding = join([leg.decision for leg in legs], p_values)
    return Verdict(hypothesis, decision, grade, legs, deciding, max(p_values), float("nan"), checks)


def _checks_over_waves(
    road: _Road,
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

    found = (*filter(of_last, last), *(check for check in checks if not of_last(check)))
    return tuple(sorted(found, key=lambda check: check.gate))


def _over_waves(
    road: _Road,
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


def _grade_over_waves(road: _Road, pairs: Sequence[tuple[Leg, Sourcing]]) -> tuple[str, str]:
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
    return ("A" if is_random else "B"), ""


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
    return LegVerdict(leg, decide(leg, evidence, beside), evidence, beside)


def adjusted(found: Sequence[Verdict]) -> list[Verdict]:
    """Holm within each family of testable hypotheses; support that does not survive is lost."""
    adjusted = {}
    families = dict.fromkeys(v.hypothesis.family for v in found if not v.is_exploratory)
    for family in families:
        tested = [v for v in found if v.hypothesis.family == family and v.legs]
        if tested:
            p = holm([v.p_value for v in tested])
            adjusted |= dict(zip((v.hypothesis.id for v in tested), p, strict=True))
    return [_with_p(v, adjusted.get(v.hypothesis.id, float("nan"))) for v in found]


def _with_p(verdict: Verdict, p_adjusted: float) -> Verdict:
    decision = verdict.decision
    is_lost = not verdict.is_exploratory and not p_adjusted < SIGNIFICANT
    if verdict.verdict == SUPPORTED and is_lost:
        decision = Decision(INCONCLUSIVE, "multiplicity", decision.values)
    return replace(verdict, decision=decision, p_adjusted=p_adjusted)


def _of_waves(waves: Waves | None) -> tuple[str, ...]:
    """Who stayed, who left and who came, where there is a second wave."""
    if waves is None:
        return ()
    return (
        f"{waves.attrition:.0%} of the people of the first wave are not in the second; "
        f"{waves.joiners} people of the second were not in the first",
    )


def _of_splits(n_splits: int) -> tuple[str, ...]:
    if n_splits == N_SPLITS:
        return ()
    return (f"{n_splits} random halves are drawn where a judgement usually takes {N_SPLITS}",)


def _notes(judged: Sequence[Verdict], measured: Measured) -> tuple[str, ...]:
    notes = []
    for verdict in judged:
        for leg in verdict.legs:
            notes += [f"{verdict.hypothesis.id}: {note}" for note in leg.evidence.notes]
        if verdict.legs and verdict.hypothesis.split and not verdict.legs[0].evidence.is_split:
            notes.append(
                f"{verdict.hypothesis.id}: judged from the same respondents; no second source "
                "or later wave is there"
            )
        warned = [c for c in verdict.checks if c.status in ("warn", "unknown")]
        notes += [
            f"{verdict.hypothesis.id}: {c.gate} {c.status}: {c.what} of {c.about}"
            + ("" if np.isnan(c.value) else f" is {c.value:.3g}")
            for c in warned
        ]
    if not measured.panel.has_response_rates:
        notes.append("response rates are unknown, so no grade is better than D")
    sizes: dict[str, int] = {}
    for verdict in judged:
        if verdict.legs and not verdict.is_exploratory:
            sizes[verdict.hypothesis.family] = sizes.get(verdict.hypothesis.family, 0) + 1
    notes += [f"Holm adjustment, family {name}: m = {size}" for name, size in sizes.items()]
    if any(v.verdict == CONTRADICTED for v in judged):
        notes.append("contradicted uses the 90 % interval without adjustment for multiplicity")
    return tuple(dict.fromkeys(notes))
