"""Hypothesis and data to verdict: gates, estimate, rule, multiplicity, grade, wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError
from coaching_stats.estimates import N_BOOT
from coaching_stats.hypotheses import Hypothesis, Study
from coaching_stats.judgement import Verdict
from coaching_stats.measured import Measured, with_halves
from coaching_stats.panel import Panel, measure
from coaching_stats.results import Shown, Table, holm
from coaching_stats.rules import (
    CONTRADICTED,
    INCONCLUSIVE,
    SUPPORTED,
    Decision,
)
from coaching_stats.single_verdict import Road, judge_one
from coaching_stats.texts import texts
from coaching_stats.waves import Waves, measure_waves
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
        """What would make the predictions testable that are not: one row per gate.

        Parameters
        ----------
        language : {"en", "fi"}

        Returns
        -------
        Table
            Columns ``gate, hypotheses, remedy``.
        """
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
    RankDeficient
        Regressors that repeat each other. A model that the rows cannot carry otherwise is no
        refusal: its hypothesis is not testable, and a note says why.
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
    road = Road(by_wave, waves, n_boot)
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


def _named(road: Road, hypothesis: Hypothesis, stream: np.random.SeedSequence) -> Verdict:
    """Judge one hypothesis; a refusal says which one it is about."""
    try:
        return judge_one(road, hypothesis, stream)
    except DesignError as problem:
        raise DesignError(f"{hypothesis.id}: {problem}") from None


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
        notes += [f"{verdict.hypothesis.id}: {c.note}" for c in verdict.checks if c.note]
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
