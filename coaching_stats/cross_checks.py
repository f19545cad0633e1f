"""Whether a verdict hangs on the linear model: the same slopes by other models, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coaching_stats.cross_models import MODELS, Case, Fitted, case_of
from coaching_stats.errors import DesignError, explain, first_ten
from coaching_stats.judged_rows import JudgedRun, measured_as_judged
from coaching_stats.judgement import LegVerdict, Verdict
from coaching_stats.measured import Measured
from coaching_stats.model_agreement import LINEAR, NONE, Checked, CrossChecks
from coaching_stats.models import Estimated
from coaching_stats.rules import Decision, decide
from coaching_stats.sourcing import sourcing

KINDS = ("slope", "interaction")
MIXED = "mixed"
QUICK = (LINEAR, MIXED, "ranks", "logistic")
UNADJUSTED = "verdicts of single models are before any adjustment for several hypotheses"
UNITS = (
    "sizes in standard deviations: linear and mixed of the outcome, ranks of its normal scores, "
    "logistic and ordinal of the tendency behind the answers, so that all can be compared"
)


def cross_check(
    run: JudgedRun,
    hypothesis: str | None = None,
    *,
    n_boot: int = 200,
    seed: int | np.random.Generator | None = None,
) -> CrossChecks:
    """Estimate the judged slopes again by other models, and say where these disagree.

    Parameters
    ----------
    run : Run
    hypothesis : str, optional
        Its id; every testable slope and interaction when not given.
    n_boot : int
        Cluster resamples for the standard errors of the ordinal model.
    seed : int or Generator, optional
        The seed of the run when not given.

    Returns
    -------
    CrossChecks
        One row per leg and model. The verdict is by the same rule as in the study, before
        multiplicity. `agrees`: the sign of the linear model, and not the opposite verdict.
        `marginal_effect`: change of the share of outcomes below the middle of the scale (the
        unwilling, where willingness is the outcome) per standard deviation of the predictor.

    Raises
    ------
    StudyError
        No such hypothesis.
    DesignError
        It is not testable here, or predicts no slope or interaction.

    Notes
    -----
    Models: least squares with CR2, as judged; a random intercept per cluster (`mixed`); normal
    scores of every variable (`ranks`); log-odds of an outcome below the middle of its scale, or
    below its median where few lie on one side (`logistic`); ordered categories (`ordinal`).
    Slopes on log-odds are divided by the standard deviation of the tendency behind the answers.

    With random halves of the sellers all models get the same halves, those whose linear estimate is
    the lower median.

    The models share rows, variables and covariates, and so whatever is wrong with these. That they
    agree says that the choice of model does not matter, not that the claim is true. Cutting the
    outcome in two costs precision: a logistic interval that includes 0 is weak ground against a
    linear one that does not. Products mean something else on each scale, so interactions may
    differ without either model being wrong (Ai & Norton 2003, Economics Letters 80, 123-129).

    In simulated surveys in which the linear model is right, the verdict was another one by the
    mixed model for 1 %, by ranks or ordered categories for 7 % and by the logistic model for 16 %
    of all slopes (benchmarks/cross_checks.py).

    References
    ----------
    Winship & Mare (1984), American Sociological Review 49, 512-525, for the common unit; each
    model's own references stand with it.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> found = cross_check(run_study("data/sample"), "H1", n_boot=20).tidy()
    >>> found["model"].tolist()
    ['linear', 'mixed', 'ranks', 'logistic', 'ordinal']
    >>> bool(found["agrees"].all())
    True
    """
    verdicts = run.verdicts.judged if hypothesis is None else (run.verdicts[hypothesis],)
    if hypothesis is not None and not _slopes(verdicts[0]):
        _refuse(verdicts[0])
    rng = np.random.default_rng(run.seed if seed is None else seed)
    return _check(run, verdicts, tuple(MODELS), n_boot, rng)


def quick_check(run: JudgedRun, hypotheses: Sequence[str] | None = None) -> CrossChecks:
    """Check several verdicts by the mixed, rank-based and logistic model; no resampling.

    Parameters
    ----------
    run : Run
    hypotheses : sequence of str, optional
        Ids; the core hypotheses of the study when not given. One that is not testable, or predicts
        no slope or interaction, has nothing to be said of.

    Returns
    -------
    CrossChecks
    """
    core = [v.hypothesis.id for v in run.verdicts.judged if v.hypothesis.is_core]
    chosen = [run.verdicts[name] for name in (core if hypotheses is None else hypotheses)]
    return _check(run, chosen, QUICK, 0, np.random.default_rng(run.seed))


def _check(
    run: JudgedRun,
    verdicts: Sequence[Verdict],
    models: Sequence[str],
    n_boot: int,
    rng: np.random.Generator,
) -> CrossChecks:
    measured = measured_as_judged(run)
    # a stream for each leg of the study, so that one hypothesis alone gets the same numbers
    ids = [(v.hypothesis.id, j.leg.name) for v in run.verdicts.judged for j in _slopes(v)]
    streams = dict(zip(ids, rng.spawn(len(ids)), strict=True))
    checked: list[Checked] = []
    notes: list[str] = []
    for verdict in verdicts:
        for judged in _slopes(verdict):
            stream = streams[verdict.hypothesis.id, judged.leg.name]
            found, said = _check_leg(measured, verdict, judged, models, n_boot, stream)
            checked += found
            notes += said
    other = [v.hypothesis.id for v in verdicts if v.legs and not _slopes(v)]
    if other:
        notes.append(f"no slope or interaction, so not checked: {first_ten(other)}")
    return CrossChecks(tuple(checked), n_boot, (UNITS, UNADJUSTED, *notes))


def _slopes(verdict: Verdict) -> list[LegVerdict]:
    return [judged for judged in verdict.legs if judged.leg.kind in KINDS]


def _refuse(verdict: Verdict) -> None:
    raise DesignError(
        explain(
            what=f"{verdict.hypothesis.id} has no slope or interaction that was judged",
            where=verdict.reason("en") if not verdict.legs else verdict.hypothesis.kind,
            remedy="name a testable hypothesis on a slope or an interaction",
        )
    )


def _check_leg(
    measured: Measured,
    verdict: Verdict,
    judged: LegVerdict,
    models: Sequence[str],
    n_boot: int,
    rng: np.random.Generator,
) -> tuple[list[Checked], list[str]]:
    """One leg by each model, and what is to be noted of it."""
    name, leg = verdict.hypothesis.id, judged.leg
    term = name if len(verdict.hypothesis.legs) == 1 else f"{name} {leg.name}"
    sources = sourcing(verdict.hypothesis, leg, measured.study, is_split=judged.evidence.is_split)
    case = case_of(measured, leg, sources)
    checked, notes = [], _of_case(case, judged)
    for model in models:
        if model == MIXED and case.groups is None:
            notes.append("no clusters of several rows, so no mixed model")
            continue
        try:
            fitted = MODELS[model](case, rng, n_boot)
        except DesignError as problem:
            fitted = Fitted(NONE, notes=(f"no estimate from the {model} model: {problem}",))
        decision = None if np.isnan(fitted.estimate.value) else _decide(judged, fitted.estimate)
        size = case.sample.n, case.sample.n_clusters
        checked.append(
            Checked(term, name, model, leg, fitted.estimate, decision, fitted.marginal, *size)
        )
        notes += fitted.notes
    return checked, [f"{term}: {note}" for note in notes]


def _of_case(case: Case, judged: LegVerdict) -> list[str]:
    if not np.isclose(case.all_splits, judged.evidence.estimate, rtol=1e-6):
        return ["judged from changes over waves; the models are compared on the first wave"]
    if case.n_splits == 1:
        return []
    return [f"of {case.n_splits} random halves, all models get those with the median estimate"]


def _decide(judged: LegVerdict, estimate: Estimated) -> Decision:
    evidence = replace(
        judged.evidence,
        estimate=estimate.value,
        std_error=estimate.std_error,
        df=estimate.df,
        intervals={level: estimate.interval(level) for level in (0.90, 0.95)},
        p_value=estimate.p_value,
    )
    return decide(judged.leg, evidence, judged.same)
