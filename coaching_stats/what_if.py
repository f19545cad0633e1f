"""What if a process were loosened: an expected change, only where the verdict licences one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from coaching_stats.addresses import addressed
from coaching_stats.errors import StudyError, explain, first_ten
from coaching_stats.group_figures import score_column, shown_hypothesis
from coaching_stats.hypotheses import SUFFIX
from coaching_stats.judged_rows import judged_slope
from coaching_stats.judgement import LegVerdict, Verdict
from coaching_stats.results import Shown, t_quantile
from coaching_stats.rules import SUPPORTED
from coaching_stats.study import Run
from coaching_stats.texts import texts

NUMBERS = ("level", "estimate", "conf_low", "conf_high", "pred_low", "pred_high")
NONE, FEW_TEAMS = "none", "few_teams"
QUARTER = 0.25
CONF_LEVEL = 0.95


@dataclass(frozen=True, eq=False, repr=False)
class WhatIf(Shown):
    """What loosening a process to the level of the loosest teams would go with.

    Attributes
    ----------
    process, outcome : str
        Keys.
    verdict : Verdict
        The prediction that it rests on.
    licence : {"change", "change_over_time", "difference", "few_teams", "none"}
        Supported at grade A, at B, at C; supported, but the loosest quarter would be fewer teams
        than may be shown; and anything else.
    level, level_now : float
        Mean of the loosest quarter of teams (nan without a licence), and of all; scale points.
    n_teams, n_moved : int
        Teams, and those above that level, whose process would change.
    estimate, conf_low, conf_high : float
        Change of the outcome, mean of all teams, scale points; nan without a licence.
    pred_low, pred_high : float
        95 % prediction interval of a single team.
    names : mapping from language to (process, outcome)
    notes : tuple of str
    """

    process: str
    outcome: str
    verdict: Verdict
    licence: str
    level: float
    level_now: float
    n_teams: int
    n_moved: int
    estimate: float
    conf_low: float
    conf_high: float
    pred_low: float
    pred_high: float
    names: dict[str, tuple[str, str]]
    notes: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row, nothing rounded."""
        columns = (
            "process, outcome, licence, level, level_now, n_teams, n_moved, estimate, conf_low, "
            "conf_high, pred_low, pred_high"
        )
        row = {name: getattr(self, name) for name in columns.split(", ")}
        return pd.DataFrame([{**row, "hypothesis": self.verdict.hypothesis.id}])

    def sentence(self, language: str) -> str:
        """Say it as strongly as the verdict allows, or say why it is not said.

        Parameters
        ----------
        language : {"en", "fi"}
        """
        return self.with_addresses(language).striptags()

    def with_addresses(self, language: str) -> Markup:
        """The same sentence for a page: each number with its address.

        Parameters
        ----------
        language : {"en", "fi"}
        """
        process, outcome = self.names[language]
        shown = {
            key: addressed(f"what_if.{self.process}.{key}", getattr(self, key), language)
            for key in NUMBERS
        }
        return escape(texts(language)["what_if"][self.licence]).format(
            process=process,
            outcome=outcome,
            hypothesis=self.verdict.hypothesis.id,
            verdict=self.verdict.word(language).lower(),
            grade=self.verdict.grade or "–",
            reason=self._reason(language),
            **shown,
        )

    def _reason(self, language: str) -> str:
        """Why the verdict is what it is, without codes and keys."""
        if self.verdict.legs:
            return self.verdict.reason(language).removeprefix(f"{self.verdict.decision.code}: ")
        names = texts(language)["gate_names"]
        return ", ".join(names[gate] for gate in self.verdict.gates)


def what_if(run: Run, process: str, hypothesis: str | None = None) -> WhatIf:
    r"""Expected change of an outcome if a process were as loose as in the loosest quarter of teams.

    Each team above the mean of the loosest quarter is moved down to it; the others stay. With
    :math:`b` the slope as judged, :math:`\bar s` the mean shift of the predictor in standard
    deviations and :math:`s_y` that of the outcome between teams, the mean change is
    :math:`b \bar s s_y`, its interval that of b. For one team the residuals before and after are
    added as if drawn anew, :math:`2 \hat\sigma^2`, which is wide rather than narrow.

    Parameters
    ----------
    run : Run
    process : str
        Key of a construct in the predictor, such as SPR or LPR.
    hypothesis : str, optional
        Id of a slope between teams; the first one when not given.

    Returns
    -------
    WhatIf
        Numbers only where the verdict is *supported* at grade C or better, and the loosest quarter
        is not fewer teams than may be shown.

    Raises
    ------
    StudyError
        The prediction is no slope between teams, or is not about this process.

    Notes
    -----
    It misleads where the relation bends, where loosening one process changes another, and below
    grade A wherever the teams with loose processes differ in other ways.

    References
    ----------
    Gelman, Hill & Vehtari (2020), Regression and Other Stories, sections 9.2 and 18.1, for
    predictions with their uncertainty and for what a slope between units says of a change.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> what_if(run_study("data/one_client"), "SPR", "H1").licence
    'none'
    """
    chosen = run.study.hypothesis(hypothesis) if hypothesis else shown_hypothesis(run)
    leg = chosen.legs[0]
    parts = [part for key in leg.predictor for part in run.study.parts(key)]
    if leg.kind != "slope" or leg.level != "team" or process not in parts:
        raise StudyError(
            explain(
                what=f"{chosen.id} is no slope between teams on {process!r}",
                where=f"its predictor: {first_ten(parts)}",
                remedy="name one of these, or another hypothesis",
            )
        )
    verdict = run.verdicts[chosen.id]
    values = _values(run, verdict, parts)
    now = values[process]
    licence = _licence(verdict)
    target = np.nan if licence == NONE else _loosest(now, run.study.minimum_group)
    if licence != NONE and np.isnan(target):
        licence = FEW_TEAMS
    numbers = dict.fromkeys(NUMBERS[1:], np.nan)
    if licence not in (NONE, FEW_TEAMS):
        shift = _shift(values[parts], process, np.minimum(now, target))
        numbers = _numbers(run, chosen.id, float(shift.mean()))
    return WhatIf(
        process=process,
        outcome=leg.outcome,
        verdict=verdict,
        licence=licence,
        level=target,
        level_now=float(now.mean()),
        n_teams=len(now),
        n_moved=int((now > target).sum()),
        names={
            language: (run.study.name(process, language), run.study.name(leg.outcome, language))
            for language in ("en", "fi")
        },
        **numbers,
    )


def _licence(verdict: Verdict) -> str:
    if verdict.verdict != SUPPORTED:
        return NONE
    return {"A": "change", "B": "change_over_time", "C": "difference"}.get(verdict.grade, NONE)


def _values(run: Run, verdict: Verdict, parts: list[str]) -> pd.DataFrame:
    """Scale points of the predictor's parts, one row per team that has them all."""
    named = verdict.hypothesis.split or verdict.hypothesis.same or {}
    key, teams = verdict.hypothesis.legs[0].predictor[0], run.tables["team_scores"]
    columns = {part: teams[score_column(run, key, part, named)].astype(float) for part in parts}
    return pd.DataFrame(columns).dropna()


def _loosest(now: pd.Series, minimum: int) -> float:
    """Mean of the loosest quarter of teams; nan where these are fewer than may be shown."""
    n_loosest = int(np.ceil(QUARTER * len(now)))
    return float(now.nsmallest(n_loosest).mean()) if n_loosest >= minimum else np.nan


def _shift(values: pd.DataFrame, process: str, lower: pd.Series) -> np.ndarray:
    """Change of the predictor by team, in standard deviations as they are now."""
    spread = values.std(ddof=1)
    change = (lower - values[process]) / spread[process] / values.shape[1]
    combined = ((values - values.mean()) / spread).mean(axis=1)
    return (change / combined.std(ddof=1)).to_numpy()


def _numbers(run: Run, hypothesis: str, shift: float) -> dict[str, float]:
    """Mean change with its interval, and the prediction interval of one team; scale points."""
    judged = run.verdicts[hypothesis].legs[0]
    evidence = judged.evidence
    points = _spread_of(run, judged)
    estimate = evidence.estimate * shift * points
    error = evidence.std_error * abs(shift) * points
    alone = np.hypot(error, np.sqrt(2) * _residual(run, hypothesis) * points)
    t = float(t_quantile((1 + CONF_LEVEL) / 2, evidence.df))
    return {
        "estimate": estimate,
        "conf_low": estimate - t * error,
        "conf_high": estimate + t * error,
        "pred_low": estimate - t * alone,
        "pred_high": estimate + t * alone,
    }


def _spread_of(run: Run, judged: LegVerdict) -> float:
    """Standard deviation of the outcome between teams, scale points."""
    outcome = judged.leg.outcome
    source = next(s for (key, _), s in judged.evidence.source.items() if key == outcome)
    column = f"{outcome}_{SUFFIX['seller' if source.startswith('seller') else source]}"
    return float(run.tables["team_scores"][column].astype(float).std(ddof=1))


def _residual(run: Run, hypothesis: str) -> float:
    """Standard deviation of what the model leaves over, in those of the outcome."""
    equation = judged_slope(run, hypothesis, team_level=True).equation
    left = equation.y - equation.x @ np.linalg.lstsq(equation.x, equation.y, rcond=None)[0]
    return float(np.sqrt(left @ left / (len(left) - equation.x.shape[1])))
