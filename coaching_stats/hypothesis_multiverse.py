"""The multiverse of a hypothesis: the choices that its study, its graph and its data leave open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coaching_stats.alternative_scores import FULL, panels_by_care, with_scores
from coaching_stats.errors import DesignError, explain
from coaching_stats.estimates import Evidence
from coaching_stats.hypotheses import Study
from coaching_stats.hypothesis_specifications import (
    COARSER,
    Question,
    cluster_choices,
    measure_notes,
    question_of,
)
from coaching_stats.judgement import Verdict
from coaching_stats.measured import Measured, with_halves
from coaching_stats.multiverse import Multiverse, estimate_grid
from coaching_stats.panel import Panel
from coaching_stats.results import t_quantile
from coaching_stats.rules import SIGN, decide
from coaching_stats.sourcing import Sourcing, variables
from coaching_stats.specification_rows import Block
from coaching_stats.specifications import VCOV, Grid, make_grid
from coaching_stats.study import Run
from coaching_stats.texts import LANGUAGES

OVER_WAVES = ("A", "B")  # grades of a comparison over waves


def multiverse_of(
    run: Run, hypothesis: str, *, n_boot: int = 999, seed: int | None = None
) -> Multiverse:
    """Estimate a slope between teams under every choice that the study leaves open.

    Measures: full scale, core items, one item left out at a time. Covariates: every subset of the
    hypothesis's own, and of what the graph asks for, that closes all back-door paths and holds no
    mediator and no collider. Rows: as judged, everybody, without speeders, without straightliners.
    Clusters: the judged ones, and coarser ones of which there are ten or more. Variances: CR2,
    CR1S, CRV3. Sources stay as judged.

    Parameters
    ----------
    run : Run
    hypothesis : str
        Id of a slope between teams, such as H1.
    n_boot : int
    seed : int, optional
        The run's own when not given.

    Returns
    -------
    Multiverse
        As `coaching_stats.multiverse.multiverse` does; ``.tidy()`` has ``verdict`` as its last
        column: what the rule of the study would say of each specification alone. That is a
        description. Notes name every choice that was left out, and why.

    Raises
    ------
    StudyError
        No such hypothesis.
    DesignError
        Another kind of hypothesis, one that is not testable here, or one whose sources are random
        halves of the sellers.

    Notes
    -----
    The teams are the same in all specifications of one choice of rows: those with all variables
    of the judged model, so that covariates differ and not who is in. The judged model is among
    the specifications, with its estimate (grade C and D; a comparison over waves is not). Where a
    judgement counts teams as independent its interval is HC3's, and the one here CR2's with a
    cluster for each team. The rule is applied without the estimate from the same respondents,
    whose opposite sign would withhold support, and without adjustment for multiplicity.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> multiverse_of(run_study("data/one_client"), "H1")
    Traceback (most recent call last):
        ...
    coaching_stats.errors.DesignError: H1 is not testable with these data (G1, ...
    """
    verdict = _testable_slope(run, hypothesis)
    rng = np.random.default_rng(run.seed if seed is None else seed)
    question, allowed, notes = question_of(run, verdict)
    panels, unmade = panels_by_care(run.panel, run.source.tables, run.study)
    notes += [*unmade, *measure_notes(question)]
    clusters = cluster_choices(run, notes)
    grid = _grid(question, allowed, list(panels), clusters, rng)
    frames = [_team_frame(panel, run.study, question) for panel in panels.values()]
    found = estimate_grid(
        grid,
        _blocks(frames, grid.columns, clusters),
        n_boot,
        rng,
        notes=notes,
        is_simulated=run.source.is_simulated,
    )
    keys = variables(question.leg)
    return replace(
        found,
        frame=found.frame.assign(verdict=_verdicts(found.frame, verdict)),
        names={lang: {key: run.study.name(key, lang) for key in keys} for lang in LANGUAGES},
        notes=(*found.notes, *_description(found.frame, verdict)),
    )


def _grid(
    question: Question,
    allowed: np.ndarray,
    rows: Sequence[str],
    clusters: Sequence[str],
    rng: np.random.Generator,
) -> Grid:
    columns = {
        key: {choice: _column(key, choice) for choice in choices}
        for key, choices in question.measures.items()
    }
    return make_grid(
        outcomes=columns[question.leg.outcome],
        predictors=columns[question.leg.predictor[0]],
        covariates=question.leg.covariates,
        sets=allowed,
        rows=rows,
        clusters=clusters,
        vcov=VCOV,
        rng=rng,
    )


def _testable_slope(run: Run, name: str) -> Verdict:
    hypothesis = run.study.hypothesis(name)
    verdict = run.verdicts[name]
    is_slope = hypothesis.kind == "slope" and hypothesis.level == "team"
    if not is_slope or len(hypothesis.legs) != 1 or len(hypothesis.legs[0].predictor) != 1:
        raise DesignError(
            explain(
                what=f"{name} is no slope between teams",
                where=f"kind {hypothesis.kind}, level {hypothesis.level}",
                remedy="name one that is, or call multiverse with a frame of your own",
            )
        )
    if not verdict.legs:
        raise DesignError(
            explain(
                what=f"{name} is not testable with these data",
                where=", ".join(verdict.gates),
                remedy="see the remedies of its gates: no choice of model replaces the data",
            )
        )
    return verdict


def _column(key: str, choice: str) -> str:
    return key if choice == FULL else f"{key} {choice}"


def _team_frame(panel: Panel, study: Study, question: Question) -> pd.DataFrame:
    """One row per team that the judged model can use: every measure, covariates and clusters."""
    wanted = {
        f"{question.sources.column(key, part)} {choice}": (
            question.sources.column(key, part),
            items,
        )
        for key, choices in question.measures.items()
        for choice, parts in choices.items()
        for part, items in parts.items()
        if items is not None
    }
    scored = with_scores(panel, wanted)
    measured = with_halves(scored, study, 0, np.random.default_rng(0))
    keep = _usable(measured, question)
    columns = {}
    for key in variables(question.leg):
        for choice, parts in question.measures.get(key, {FULL: {}}).items():
            values = [
                _team_values(measured, question.sources, key, part, choice, parts.get(part))
                for part in study.parts(key)
            ]
            columns[_column(key, choice)] = _joined([v[keep] for v in values])
    ids = scored.teams.loc[keep, list(COARSER)].reset_index(drop=True)
    return pd.concat([pd.DataFrame(columns), ids], axis=1)


def _team_values(
    measured: Measured,
    sources: Sourcing,
    key: str,
    part: str,
    choice: str,
    items: tuple[int, ...] | None,
) -> np.ndarray:
    column = sources.column(key, part)
    source = sources.source[key, part]
    return measured.team_values(column if items is None else f"{column} {choice}", source)


def _usable(measured: Measured, question: Question) -> np.ndarray:
    """Teams with all variables of the judged model, and enough sellers where sellers answer."""
    sources, study = question.sources, measured.study
    values = [
        measured.team_values(sources.column(key, part), sources.source[key, part])
        for key in question.rows_of
        for part in study.parts(key)
    ]
    keep = ~np.isnan(np.column_stack(values)).any(axis=1)
    if any(sources.has_sellers(key) for key in question.rows_of) and len(measured.panel.sellers):
        keep &= measured.usable_team
    return keep


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """A variable as it is, or the mean of the z-scores of its parts."""
    if len(parts) == 1:
        return parts[0]
    return np.mean([(v - np.nanmean(v)) / np.nanstd(v, ddof=1) for v in parts], axis=0)


def _blocks(
    frames: Sequence[pd.DataFrame], columns: Sequence[str], clusters: Sequence[str]
) -> list[Block]:
    """Values and codes of each choice of rows; the same codes in all of them."""
    together = pd.concat(frames, ignore_index=True)
    ends = np.cumsum([len(frame) for frame in frames])[:-1]
    codes = {name: np.split(pd.factorize(together[name], sort=True)[0], ends) for name in clusters}
    values = np.split(together[list(columns)].to_numpy(dtype=float), ends)
    return [Block(v, {name: codes[name][j] for name in clusters}) for j, v in enumerate(values)]


def _verdicts(frame: pd.DataFrame, verdict: Verdict) -> list[str]:
    """What the rule says of each specification alone."""
    judged = verdict.legs[0]
    columns = frame[["estimate", "std_error", "df", "p_value", "n", "clusters"]].to_numpy()
    return [decide(judged.leg, _evidence(judged.evidence, *row), None).verdict for row in columns]


def _description(frame: pd.DataFrame, verdict: Verdict) -> tuple[str, ...]:
    """Say what signs and verdicts of single specifications are, and what they are not."""
    leg, name = verdict.legs[0].leg, verdict.hypothesis.id
    said: tuple[str, ...] = ()
    if leg.expected_sign in SIGN:
        share = (frame["estimate"] * SIGN[leg.expected_sign] > 0).mean()
        said += (f"{share:.0%} of the estimates have the expected sign, which is a description",)
    said += (
        "verdict: what the rule would say of each specification alone, which describes the grid; "
        f"the verdict on {name} is {verdict.verdict!r}, whatever their number",
    )
    if verdict.grade in OVER_WAVES:
        said += (
            f"the verdict on {name} rests on what changed over the waves; these specifications "
            "are across teams in the first wave",
        )
    return said


def _evidence(
    like: Evidence,
    estimate: float,
    error: float,
    df: float,
    p_value: float,
    n: float,
    n_clusters: float,
) -> Evidence:
    margins = {level: float(t_quantile((1 + level) / 2, df)) * error for level in (0.90, 0.95)}
    return replace(
        like,
        estimate=estimate,
        std_error=error,
        df=df,
        intervals={level: (estimate - m, estimate + m) for level, m in margins.items()},
        p_value=p_value,
        n=int(n),
        n_clusters=int(n_clusters),
        n_teams=int(n),
    )
