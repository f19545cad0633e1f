"""Means over all respondents and by groups of teams: the figures that a page shows of groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.hypotheses import SUFFIX, Hypothesis
from coaching_stats.judgement import Verdict
from coaching_stats.privacy import equal_groups
from coaching_stats.study import Run

MOST_GROUPS = 10
MEAN_DIGITS = 2
ROW = ("table", "group", "parent_group", "item", "n", "mean")


@dataclass(frozen=True, eq=False)
class TeamPicture:
    """Predictor and outcome by team, and the groups in which they may be shown.

    Attributes
    ----------
    verdict : Verdict
    predictor, outcome : str
        Keys.
    column : str
        Score column of the outcome.
    columns : tuple of str
        Score columns of predictor and outcome, one for each part.
    x : ndarray, shape (T,)
        Predictor, z-score over the teams.
    y : ndarray, shape (T,)
        Outcome, scale points.
    team : ndarray of int, shape (T,)
        Position of each team in the table of teams.
    group : ndarray of int, shape (T,)
        0 for the teams with the lowest predictor; no group is below the promised minimum.
    """

    verdict: Verdict
    predictor: str
    outcome: str
    column: str
    columns: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    team: np.ndarray
    group: np.ndarray

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return int(self.group.max()) + 1 if len(self.group) else 0


def shown_hypothesis(run: Run) -> Hypothesis:
    """The first prediction of a slope between teams, or simply the first prediction."""
    slopes = [h for h in run.study.hypotheses if h.kind == "slope" and h.level == "team"]
    return slopes[0] if slopes else run.study.hypotheses[0]


def shown_chain(run: Run) -> str | None:
    """Id of the first prediction of a chain, if there is one."""
    return next((h.id for h in run.study.hypotheses if h.kind == "indirect"), None)


def team_picture(run: Run, hypothesis: str | None = None) -> TeamPicture:
    """Lay out a prediction's predictor and outcome by team, grouped for showing.

    Parameters
    ----------
    run : Run
    hypothesis : str, optional
        Id; the first slope between teams when not given.

    Returns
    -------
    TeamPicture
        No teams where the prediction was not measured.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> picture = team_picture(run_study("data/one_client"))
    >>> picture.n_groups, int(np.bincount(picture.group).min())
    (2, 5)
    """
    chosen = run.study.hypothesis(hypothesis) if hypothesis else shown_hypothesis(run)
    verdict = run.verdicts[chosen.id]
    leg = chosen.legs[0]
    named = (chosen.split if chosen.split and not verdict.missing else chosen.same) or {}
    x = _team_values(run, leg.predictor[0], named, standardise=True)
    y = _team_values(run, leg.outcome, named, standardise=False)
    known = ~np.isnan(x) & ~np.isnan(y)
    return TeamPicture(
        verdict=verdict,
        predictor=leg.predictor[0],
        outcome=leg.outcome,
        column=score_column(run, leg.outcome, run.study.parts(leg.outcome)[0], named),
        columns=tuple(
            score_column(run, key, part, named)
            for key in (leg.predictor[0], leg.outcome)
            for part in run.study.parts(key)
        ),
        x=x[known],
        y=y[known],
        team=np.flatnonzero(known),
        group=_groups(run, x[known], np.flatnonzero(known)),
    )


def _groups(run: Run, x: np.ndarray, team: np.ndarray) -> np.ndarray:
    """As many groups as leave each with the promised minimum of teams and of managers."""
    minimum = run.study.minimum_group
    manager = run.panel.teams["manager_id"].to_numpy()[team]
    for most in range(MOST_GROUPS, 1, -1):
        group = equal_groups(x, minimum, most)
        managers = pd.Series(manager).groupby(group).nunique()
        if (managers >= minimum).all():
            return group
    return np.zeros(len(x), dtype=int)


def score_column(run: Run, key: str, part: str, named: Mapping[str, str]) -> str:
    """Score column of a part of a variable, from the source that a hypothesis names."""
    source = named.get(key) or named.get(part) or run.study.constructs[part].forms[0]
    return f"{part}_{SUFFIX.get(source, SUFFIX['seller'])}"


def _team_values(run: Run, key: str, named: Mapping[str, str], *, standardise: bool) -> np.ndarray:
    """One value per team: the mean of its sellers, its manager's score, or the inventory's."""
    teams = run.tables["team_scores"]
    parts = []
    for part in run.study.parts(key):
        column = score_column(run, key, part, named)
        if column not in teams:
            return np.full(len(teams), np.nan)
        values = teams[column].to_numpy(dtype=float, na_value=np.nan)
        parts.append(_z(values) if standardise else values)
    mean = np.mean(parts, axis=0)
    return _z(mean) if standardise else mean


def _z(values: np.ndarray) -> np.ndarray:
    known = values[~np.isnan(values)]
    spread = known.std(ddof=1) if len(known) > 1 else 0.0
    return (values - known.mean()) / spread if spread > 0 else np.full(len(values), np.nan)


def group_rows(run: Run) -> pd.DataFrame:
    """Means over all sellers, managers and teams, and those of the picture, before any is hidden.

    Parameters
    ----------
    run : Run

    Returns
    -------
    DataFrame
        Columns ``table, group, parent_group, item, n, mean``; true numbers of people.

    Notes
    -----
    The picture can lack some of the people behind a mean over all. Where these are fewer than the
    promised minimum, the mean over all would give them away by subtraction; it is then taken over
    the people in the picture.
    """
    picture = team_picture(run)
    rows = _overall(run, picture)
    if picture.verdict.legs:  # the page shows no picture of what is not testable
        rows += _by_group(picture, _parent(run, picture), _item(run, picture))
    return pd.DataFrame(rows, columns=list(ROW))


Row = tuple[str, str, str, str, int, float]


def _overall(run: Run, picture: TeamPicture) -> list[Row]:
    rows: list[Row] = []
    for people, frame, suffixes in (
        ("all sellers", run.panel.sellers, ("_s", "_r")),
        ("all managers", run.panel.teams, ("_m",)),
        ("all teams", run.panel.teams, ("_p", "_r")),
    ):
        for column in frame:
            if not column.endswith(suffixes) or column.startswith("ATT_"):
                continue
            known, group = frame[frame[column].notna()], people
            if column == picture.column:
                known, group = _hidden(run, picture, known, people)
            if len(known):
                mean = float(known[column].to_numpy(dtype=float).mean())
                rows.append(("scales", group, "", column, _people(known, people), mean))
    return rows


def _hidden(
    run: Run, picture: TeamPicture, known: pd.DataFrame, people: str
) -> tuple[pd.DataFrame, str]:
    """All who gave the outcome; only those in the picture where the others are too few to hide."""
    teams = run.panel.teams["team_id"].iloc[picture.team]
    inside = known["team_id"].isin(teams)
    n_left = _people(known[~inside], people)
    if n_left == 0 or n_left >= run.study.minimum_group:
        return known, people
    return known[inside], f"{people.removeprefix('all ')} in the picture"


def _people(known: pd.DataFrame, people: str) -> int:
    """How many people rows stand for: a manager of several teams is one."""
    return known["manager_id"].nunique() if people == "all managers" else len(known)


def _parent(run: Run, picture: TeamPicture) -> str:
    """Name of all teams in the picture: that of the overall mean where it is of the same teams."""
    if picture.column in run.panel.teams:
        known = run.panel.teams[run.panel.teams[picture.column].notna()]
        people = "all managers" if picture.column.endswith("_m") else "all teams"
        shown, group = _hidden(run, picture, known, people)
        if len(shown) == len(picture.team):
            return group
    return "teams in the picture"


def _item(run: Run, picture: TeamPicture) -> str:
    """The outcome's score column; its key where the picture shows means of sellers by team."""
    return picture.column if picture.column in run.panel.teams else picture.outcome


def _by_group(picture: TeamPicture, parent: str, outcome: str) -> list[Row]:
    if picture.n_groups < 2:
        return []
    rows: list[Row] = []
    for group in range(picture.n_groups):
        inside = picture.group == group
        name = f"teams by {picture.predictor}, group {group + 1} of {picture.n_groups}"
        for item, values in ((picture.predictor, picture.x), (outcome, picture.y)):
            mean = float(values[inside].mean())
            rows.append(("picture", name, parent, item, int(inside.sum()), mean))
    return rows
