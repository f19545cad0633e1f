"""What may vary about a hypothesis: measures, covariate sets that its graph allows, clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coaching_stats.adjustment import adjustment_of
from coaching_stats.alternative_scores import FULL, item_choices
from coaching_stats.errors import DesignError, StudyError, explain, first_ten
from coaching_stats.hypotheses import Hypothesis, Leg, Study
from coaching_stats.judgement import Verdict
from coaching_stats.panel import Panel
from coaching_stats.samples import MIN_FIRMS, team_cluster
from coaching_stats.sourcing import Sourcing, sourcing, unmeasured, variables
from coaching_stats.specifications import MOST_COVARIATES
from coaching_stats.study import Run

COARSER = ("team_id", "manager_id", "firm_id")  # each cluster within the next


@dataclass(frozen=True, eq=False)
class Question:
    """What a hypothesis asks, and what may vary about it.

    Attributes
    ----------
    leg : Leg
        With every covariate that may be in the model.
    sources : Sourcing
    measures : mapping from variable to {name of the choice: {part: places of its items}}
        Of the outcome and the predictor.
    rows_of : tuple of str
        Variables that a team must have to be used: those of the judged model.
    """

    leg: Leg
    sources: Sourcing
    measures: Mapping[str, Mapping[str, Mapping[str, tuple[int, ...] | None]]]
    rows_of: tuple[str, ...]


def question_of(run: Run, verdict: Verdict) -> tuple[Question, np.ndarray, list[str]]:
    """What may vary, which covariate sets are allowed, and what was left out.

    Parameters
    ----------
    run : Run
    verdict : Verdict
        Of a slope between teams, with an estimate.

    Raises
    ------
    DesignError
        Its sources are random halves of the sellers.
    """
    study, hypothesis = run.study, verdict.hypothesis
    own, is_split = hypothesis.legs[0], verdict.legs[0].evidence.is_split
    leg, notes = _with_asked_covariates(run, hypothesis, own, is_split)
    sources = sourcing(hypothesis, leg, study, is_split=is_split)
    if sources.has_halves:
        raise DesignError(
            explain(
                what=f"the sources of {hypothesis.id} are random halves of the sellers",
                where="its estimate is a median over many halves",
                remedy="call multiverse with a frame of your own",
            )
        )
    measures = {
        key: _measures(run.panel, study, sources, key) for key in (leg.outcome, leg.predictor[0])
    }
    allowed, said = allowed_sets(study, hypothesis, leg.covariates)
    return Question(leg, sources, measures, variables(own)), allowed, [*notes, *said]


def _with_asked_covariates(
    run: Run, hypothesis: Hypothesis, leg: Leg, is_split: bool
) -> tuple[Leg, list[str]]:
    """Add what the graph asks for and the hypothesis lacks, where it was measured."""
    covariates = [key for key in leg.covariates if key not in (leg.outcome, *leg.predictor)]
    adjustment = adjustment_of(run.study, hypothesis)
    notes = []
    for key in () if adjustment is None else adjustment.missing:
        wider = replace(leg, covariates=(*covariates, key))
        sources = sourcing(hypothesis, wider, run.study, is_split=is_split)
        if unmeasured(wider, sources, run.panel, run.study):
            notes.append(f"covariates: {key}, which the graph asks for, was not measured")
        else:
            covariates.append(key)
    return replace(leg, covariates=tuple(covariates)), notes


def allowed_sets(
    study: Study, hypothesis: Hypothesis, covariates: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Find the covariate sets that the graph allows for a slope.

    Parameters
    ----------
    study : Study
    hypothesis : Hypothesis
        With one leg.
    covariates : sequence of str, length c

    Returns
    -------
    sets : ndarray of bool, shape (n_sets, c)
        Subsets that close every back-door path and hold no mediator, collider, or effect of the
        outcome; all subsets where the study has no graph; all covariates where no subset closes
        the paths.
    notes : list of str
        Which sets were left out, and why.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> study = load_study()
    >>> sets, notes = allowed_sets(study, study.hypothesis("H4"), ["SKL", "BEL"])
    >>> sets.tolist(), notes[0][:45]
    ([[True, False], [True, True]], 'covariates: 2 of 4 sets left out by the graph')
    """
    n = len(covariates)
    if n > MOST_COVARIATES:
        return np.ones((1, n), dtype=bool), [f"covariates: all {n} in; too many for their subsets"]
    sets = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)
    if not study.edges:
        return sets, ["covariates: the study has no graph, so every subset is taken"]
    names = [[c for c, is_in in zip(covariates, row, strict=True) if is_in] for row in sets]
    fine = np.array([_closes(study, hypothesis, chosen) for chosen in names])
    if not fine.any():
        return sets[-1:], ["covariates: all in, since no set of them closes every back-door path"]
    if fine.all():
        return sets, []
    lost = ["none" if not c else " + ".join(c) for c, ok in zip(names, fine, strict=True) if not ok]
    return sets[fine], [
        f"covariates: {len(lost)} of {len(sets)} sets left out by the graph, in which a back-door "
        f"path stays open or is opened: {first_ten(lost)}"
    ]


def _closes(study: Study, hypothesis: Hypothesis, covariates: Iterable[str]) -> bool:
    legs = tuple(replace(leg, covariates=tuple(covariates)) for leg in hypothesis.legs)
    try:
        adjustment = adjustment_of(study, replace(hypothesis, legs=legs))
    except StudyError:  # a covariate that must not be held constant
        return False
    return adjustment is not None and adjustment.sufficient


def _measures(
    panel: Panel, study: Study, sources: Sourcing, key: str
) -> dict[str, dict[str, tuple[int, ...] | None]]:
    """Choices of items of a variable; of one with several parts, one part varies at a time."""
    by_part = {
        part: item_choices(panel, study, sources.column(key, part)) for part in study.parts(key)
    }
    full = {part: choices[FULL] for part, choices in by_part.items()}
    found = {FULL: full}
    for part, choices in by_part.items():
        for choice, items in choices.items():
            if choice != FULL:  # what two parts name alike, such as the core, varies together
                found[choice] = {**found.get(choice, full), part: items}
    once = {str(items): choice for choice, items in reversed(found.items())}
    return {choice: items for choice, items in found.items() if choice in once.values()}


def measure_notes(question: Question) -> list[str]:
    """Say what is measured in one way only, and by whom."""
    notes = [
        f"{key}: its items are not at hand, so no other measure of it"
        for key, choices in question.measures.items()
        if len(choices) == 1
    ]
    if question.leg.covariates:
        notes.append("covariates are measured by their full scales throughout")
    split = "split between" if question.sources.is_split else "the same"
    return [*notes, f"sources stay as judged: {split} respondents"]


def cluster_choices(run: Run, notes: list[str]) -> list[str]:
    """List the judged clusters, and coarser ones of which there are ten; each within the next.

    Parameters
    ----------
    run : Run
    notes : list of str
        Which clusters are left out, and why, is added to it.
    """
    teams = run.panel.teams
    judged = team_cluster(teams, run.study) or "team_id"
    kept = [judged]
    for name in COARSER:
        n = teams[name].nunique()
        if name == judged:
            continue
        if COARSER.index(name) < COARSER.index(judged):
            why = f"finer than {judged!r}, within which teams are not independent"
        elif n < MIN_FIRMS:
            why = f"only {n}"
        elif n == teams[kept[-1]].nunique():
            why = f"the same as {kept[-1]!r}"
        elif (teams.groupby(kept[-1])[name].nunique() > 1).any():
            why = f"{kept[-1]!r} clusters do not lie within them"
        else:
            kept.append(name)
            continue
        notes.append(f"clusters: {name!r} left out: {why}")
    return kept
