"""The whole judgement of many simulated surveys at once; the same verdicts as one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coaching_stats.batched_chains import ChainRows, bootstrap_chains
from coaching_stats.batched_gates import Gates
from coaching_stats.batched_regressions import Estimates
from coaching_stats.batched_samples import Samples, draw_samples, estimates, point_estimates
from coaching_stats.batched_surveys import Size, Surveys, draw_surveys
from coaching_stats.estimates import NO_ERROR, Evidence
from coaching_stats.gates import Check
from coaching_stats.hypotheses import Hypothesis, Leg, Study
from coaching_stats.judgement import LegVerdict, Verdict
from coaching_stats.measurement import Conditions
from coaching_stats.models import chain_frame, chain_of
from coaching_stats.rules import NOT_TESTABLE, Decision, decide, grade_of, join
from coaching_stats.sourcing import Sourcing, columns_used, sourcing, variables
from coaching_stats.verdicts import adjusted
from coaching_stats.whole import judge_theory

LEVELS = (0.90, 0.95)
ENDS = (0.05, 0.95, 0.025, 0.975)  # of both intervals, in the order of LEVELS


@dataclass(frozen=True, eq=False)
class _Leg:
    """One leg in every survey: what was found, by split and link, and beside it."""

    leg: Leg
    sources: Sourcing
    samples: Sequence[Samples]
    found: Sequence[Sequence[Estimates]]
    same: np.ndarray | None  # estimates from the same respondents, shape (R,)

    @property
    def is_carried(self) -> np.ndarray:
        """Where the complete rows carry every regression: bool, shape (R,)."""
        links = [one for links in self.found for one in links]
        return np.all([one.std_error >= NO_ERROR for one in links], axis=0)  # nan: too few rows


@dataclass(frozen=True, eq=False)
class _Found:
    """What a rule needs of one leg in every survey: estimate, interval ends by level, p."""

    estimate: np.ndarray
    ends: Mapping[float, tuple[np.ndarray, np.ndarray]]
    p_value: np.ndarray

    def one(self, place: int, sources: Sourcing) -> Evidence:
        """The evidence of one survey."""
        intervals = {
            level: (float(low[place]), float(high[place]))
            for level, (low, high) in self.ends.items()
        }
        return _plain(self.estimate[place], sources, intervals, float(self.p_value[place]))


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
    surveys = draw_surveys(
        world,
        size,
        strength=strength,
        conditions=conditions,
        streams=[
            (np.random.default_rng(simulating), np.random.default_rng(_child(judging, 0)))
            for simulating, judging in streams
        ],
        n_splits=n_splits,
    )
    gates = Gates(surveys, study)
    by_hypothesis = [
        _judge(surveys, study, gates, hypothesis, [(one, place) for _, one in streams], n_boot)
        for place, hypothesis in enumerate(study.hypotheses, start=1)
    ]
    return [_whole(list(judged)) for judged in zip(*by_hypothesis, strict=True)]


def _child(stream: np.random.SeedSequence, *path: int) -> np.random.SeedSequence:
    """The stream that spawning along a path gives, without the others beside it."""
    return np.random.SeedSequence(stream.entropy, spawn_key=(*stream.spawn_key, *path))


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
    streams: Sequence[tuple[np.random.SeedSequence, int]],
    n_boot: int,
) -> list[Verdict]:
    """One hypothesis in every survey; a stream is that of a survey, and the hypothesis' place."""
    pairs = _sources(surveys, study, hypothesis)
    if pairs is None:
        return [_untested(hypothesis, "", (), ("not simulated",))] * surveys.n
    legs = [_estimated(surveys, study, hypothesis, leg, sources) for leg, sources in pairs]
    failed: dict[str, np.ndarray] = {}
    for one in legs:
        checks = gates.failures(one.leg, one.sources, one.samples, one.found)
        for gate in hypothesis.gates:
            failed[gate] = failed.get(gate, False) | checks[gate]
    is_refused = ~np.all([one.is_carried for one in legs], axis=0)
    passed = ~np.any([is_refused, *failed.values()], axis=0)
    found = []
    for place, one in enumerate(legs):
        seeds = [_child(stream, number, place, 0) for stream, number in streams]
        is_chain = one.leg.kind == "indirect"
        found.append(_chain(one, surveys, passed, seeds, n_boot) if is_chain else _single(one))
    # what can be told of a chain from its resamples only
    is_refused |= passed & np.any([np.isnan(one.estimate) for one in found], axis=0)
    failed["G2"] = failed.get("G2", False) | is_refused
    passed &= ~is_refused
    grade = max(grade_of(leg, sources) for leg, sources in pairs)
    return [
        _verdict(hypothesis, grade, legs, found, r)
        if passed[r]
        else _untested(hypothesis, grade, _failed(failed, r), ())
        for r in range(surveys.n)
    ]


def _failed(failed: Mapping[str, np.ndarray], place: int) -> tuple[Check, ...]:
    nan = float("nan")
    return tuple(
        Check(gate, "", "", nan, nan, nan, "fail") for gate, is_so in failed.items() if is_so[place]
    )


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
    hypothesis: Hypothesis, grade: str, legs: Sequence[_Leg], found: Sequence[_Found], place: int
) -> Verdict:
    """One hypothesis in one survey, by the same rules as always."""
    judged = []
    for one, numbers in zip(legs, found, strict=True):
        evidence = numbers.one(place, one.sources)
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


def _single(one: _Leg) -> _Found:
    """Medians over the splits, and what follows from them."""
    middle = Estimates(
        *(
            np.median([getattr(links[0], name) for links in one.found], axis=0)
            for name in ("value", "std_error", "df")
        )
    )
    is_equivalence = one.leg.kind == "equivalence"
    p_value = middle.p_equivalence(one.leg.sesoi) if is_equivalence else middle.p_value()
    return _Found(middle.value, {level: middle.interval(level) for level in LEVELS}, p_value)


def _chain(
    one: _Leg,
    surveys: Surveys,
    passed: np.ndarray,
    seeds: Sequence[np.random.SeedSequence],
    n_boot: int,
) -> _Found:
    """The split whose product is the lower median, bootstrapped where the gates have passed."""
    product = np.array([np.prod([link.value for link in links], axis=0) for links in one.found])
    chosen = np.argsort(product, axis=0, kind="stable")[(len(product) - 1) // 2]
    links = np.array([np.max([link.p_value() for link in links], axis=0) for links in one.found])
    estimate, ends = np.full(surveys.n, np.nan), np.full((len(ENDS), surveys.n), np.nan)
    places = np.flatnonzero(passed)
    if len(places):
        estimate[places], ends[:, places] = bootstrap_chains(
            [_rows(one, surveys, chosen[r], r) for r in places],
            len(chain_of(one.leg)),
            [seeds[r] for r in places],
            n_boot=n_boot,
            probabilities=ENDS,
        )
    estimate[np.isnan(ends).any(axis=0)] = np.nan
    by_level = dict(zip(LEVELS, zip(ends[::2], ends[1::2], strict=True), strict=True))
    return _Found(estimate, by_level, links[chosen, np.arange(surveys.n)])


def _rows(one: _Leg, surveys: Surveys, split: int, place: int) -> ChainRows:
    sample = one.samples[split].one(place, surveys)
    return ChainRows(np.column_stack(list(chain_frame(one.leg, sample).values())), sample.codes)


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
