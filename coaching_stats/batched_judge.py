"""The whole judgement of many simulated surveys at once; the same verdicts as one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coaching_stats.batched_gates import Gates
from coaching_stats.batched_regressions import Estimates
from coaching_stats.batched_samples import Samples, draw_samples, estimates, point_estimates
from coaching_stats.batched_surveys import Size, Surveys, draw_surveys
from coaching_stats.estimates import Evidence, bootstrap_chain
from coaching_stats.gates import Check
from coaching_stats.hypotheses import Hypothesis, Leg, Study
from coaching_stats.judgement import LegVerdict, Verdict
from coaching_stats.measurement import Conditions
from coaching_stats.models import Estimated, chain_of
from coaching_stats.rules import NOT_TESTABLE, Decision, decide, grade_of, join
from coaching_stats.sourcing import Sourcing, columns_used, sourcing, variables
from coaching_stats.verdicts import adjusted
from coaching_stats.whole import judge_theory

LEVELS = (0.90, 0.95)


@dataclass(frozen=True, eq=False)
class _Leg:
    """One leg in every survey: what was found, by split and link, and beside it."""

    leg: Leg
    sources: Sourcing
    samples: Sequence[Samples]
    found: Sequence[Sequence[Estimates]]
    same: np.ndarray | None  # estimates from the same respondents, shape (R,)


def judge_batch(
    study: Study,
    world: str,
    size: Size,
    *,
    strength: float,
    conditions: Conditions,
    streams: Sequence[tuple[np.random.SeedSequence, np.random.SeedSequence]],
    n_splits: int,
    n_boot: int,
) -> list[dict[str, str]]:
    """Simulate surveys of one wave and judge each, as `calibration.judged_block` does singly.

    Parameters
    ----------
    study : Study
        Of the packaged constructs; any hypotheses.
    world : str
    size : Size
    strength : float
    conditions : Conditions
    streams : sequence of (SeedSequence, SeedSequence)
        Of each survey: to simulate, and to judge.
    n_splits, n_boot : int

    Returns
    -------
    list of dict
        Verdict by hypothesis, and on the theory as a whole under ``THEORY``.
    """
    every = (*study.hypotheses, *study.described)
    spawned = [judging.spawn(1 + len(every)) for _, judging in streams]
    surveys = draw_surveys(
        world,
        size,
        strength=strength,
        conditions=conditions,
        streams=[
            (np.random.default_rng(simulating), np.random.default_rng(halves))
            for (simulating, _), (halves, *_) in zip(streams, spawned, strict=True)
        ],
        n_splits=n_splits,
    )
    gates = Gates(surveys, study)
    by_hypothesis = [
        _judge(surveys, study, gates, hypothesis, [own[1 + place] for own in spawned], n_boot)
        for place, hypothesis in enumerate(study.hypotheses)
    ]
    return [_whole(list(judged)) for judged in zip(*by_hypothesis, strict=True)]


def _whole(judged: list[Verdict]) -> dict[str, str]:
    found = adjusted(judged)
    return {
        **{verdict.hypothesis.id: verdict.verdict for verdict in found},
        "THEORY": judge_theory(found).verdict,
    }


def _judge(
    surveys: Surveys,
    study: Study,
    gates: Gates,
    hypothesis: Hypothesis,
    streams: Sequence[np.random.SeedSequence],
    n_boot: int,
) -> list[Verdict]:
    """One hypothesis in every survey."""
    pairs = _sources(surveys, study, hypothesis)
    if pairs is None:
        return [_untested(hypothesis, "", (), ("not simulated",))] * surveys.n
    legs = [_estimated(surveys, study, hypothesis, leg, sources) for leg, sources in pairs]
    failed: dict[str, np.ndarray] = {}
    for one in legs:
        checks = gates.failures(one.leg, one.sources, one.samples, one.found)
        for gate in hypothesis.gates:
            failed[gate] = failed.get(gate, False) | checks[gate]
    grade = max(grade_of(leg, sources) for leg, sources in pairs)
    return [
        _verdict(
            hypothesis,
            grade,
            legs,
            {g: bool(f[r]) for g, f in failed.items()},
            r,
            surveys,
            streams[r],
            n_boot,
        )
        for r in range(surveys.n)
    ]


def _sources(
    surveys: Surveys, study: Study, hypothesis: Hypothesis
) -> list[tuple[Leg, Sourcing]] | None:
    """Split sources where every leg has them, else the same respondents; None where neither."""
    for is_split in (True, False):
        pairs = [
            (leg, sourcing(hypothesis, leg, study, is_split=is_split)) for leg in hypothesis.legs
        ]
        if all(s is not None and _is_measured(surveys, study, leg, s) for leg, s in pairs):
            return pairs
    return None


def _is_measured(surveys: Surveys, study: Study, leg: Leg, sources: Sourcing) -> bool:
    columns = columns_used(variables(leg), sources, study)
    return all(column in surveys.sellers or column in surveys.teams for column in columns)


def _estimated(
    surveys: Surveys, study: Study, hypothesis: Hypothesis, leg: Leg, sources: Sourcing
) -> _Leg:
    n_splits = surveys.halves.shape[1] if sources.has_halves else 1
    samples = [draw_samples(surveys, study, leg, sources, split) for split in range(n_splits)]
    found = [estimates(surveys, leg, one) for one in samples]
    same = None
    if sources.is_split:
        beside = sourcing(hypothesis, leg, study, is_split=False)
        if beside is not None and _is_measured(surveys, study, leg, beside):
            splits = n_splits if beside.has_halves else 1
            values = [
                point_estimates(leg, draw_samples(surveys, study, leg, beside, split))
                for split in range(splits)
            ]
            same = np.median(values, axis=0)
    return _Leg(leg, sources, samples, found, same)


def _verdict(
    hypothesis: Hypothesis,
    grade: str,
    legs: Sequence[_Leg],
    failed: Mapping[str, bool],
    place: int,
    surveys: Surveys,
    stream: np.random.SeedSequence,
    n_boot: int,
) -> Verdict:
    """One hypothesis in one survey, by the same rules as always."""
    if any(failed.values()):
        nan = float("nan")
        checks = tuple(
            Check(gate, "", "", nan, nan, nan, "fail") for gate, is_so in failed.items() if is_so
        )
        return _untested(hypothesis, grade, checks, ())
    judged = []
    for one, seed in zip(legs, stream.spawn(len(legs)), strict=True):
        evidence = _evidence(one, place, surveys, seed.spawn(2)[0], n_boot)
        same = None
        if one.same is not None and not np.isnan(one.same[place]):
            same = _plain(one.same[place], one.sources)
        judged.append(LegVerdict(one.leg, decide(one.leg, evidence, same), evidence, same))
    p_values = [leg.evidence.p_value for leg in judged]
    decision, deciding = join([leg.decision for leg in judged], p_values)
    nan = float("nan")
    return Verdict(hypothesis, decision, grade, tuple(judged), deciding, max(p_values), nan, ())


def _untested(
    hypothesis: Hypothesis, grade: str, checks: tuple[Check, ...], missing: tuple[str, ...]
) -> Verdict:
    nan = float("nan")
    decision = Decision(NOT_TESTABLE, "gates")
    return Verdict(hypothesis, decision, grade, (), 0, nan, nan, checks, missing)


def _evidence(
    one: _Leg, place: int, surveys: Surveys, seed: np.random.SeedSequence, n_boot: int
) -> Evidence:
    if one.leg.kind == "indirect":
        return _chain(one, place, surveys, seed, n_boot)
    links = [links[0] for links in one.found]
    middle = Estimated(
        *(
            float(np.median([getattr(link, name)[place] for link in links]))
            for name in ("value", "std_error", "df")
        )
    )
    is_equivalence = one.leg.kind == "equivalence"
    p_value = middle.p_equivalence(one.leg.sesoi) if is_equivalence else middle.p_value
    intervals = {level: middle.interval(level) for level in LEVELS}
    return _plain(middle.value, one.sources, intervals, p_value)


def _chain(
    one: _Leg, place: int, surveys: Surveys, seed: np.random.SeedSequence, n_boot: int
) -> Evidence:
    """The split whose product is the lower median, bootstrapped."""
    product = [float(np.prod([link.value[place] for link in links])) for links in one.found]
    chosen = int(np.argsort(product, kind="stable")[(len(product) - 1) // 2])
    sample = one.samples[chosen].one(place, surveys)
    chain = bootstrap_chain(one.leg, sample, seed, n_boot)
    term = chain.terms.index("->".join(chain_of(one.leg)))
    intervals = {}
    for level in LEVELS:
        low, high = chain.interval(level)
        intervals[level] = float(low[term]), float(high[term])
    p_value = max(float(link.p_value()[place]) for link in one.found[chosen])
    return _plain(float(chain.estimate[term]), one.sources, intervals, p_value)


def _plain(
    estimate: float,
    sources: Sourcing,
    intervals: Mapping[float, tuple[float, float]] | None = None,
    p_value: float = float("nan"),
) -> Evidence:
    """Evidence of which a rule needs no more than estimate, intervals and p."""
    return Evidence(
        estimate=float(estimate),
        std_error=float("nan"),
        df=float("nan"),
        intervals=intervals or {},
        p_value=p_value,
        n=0,
        n_clusters=0,
        n_teams=0,
        is_split=sources.is_split,
        has_halves=sources.has_halves,
        source=sources.source,
        notes=(),
    )
