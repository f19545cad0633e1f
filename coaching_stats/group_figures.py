"""Every group figure that a page or workbook shows, in one table that can be attacked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.hypotheses import Hypothesis
from coaching_stats.judgement import Verdict
from coaching_stats.privacy import PUBLISHED, equal_groups, suppress_small
from coaching_stats.study import Run

MOST_GROUPS = 10
MEAN_DIGITS = 2


@dataclass(frozen=True, eq=False)
class TeamPicture:
    """Predictor and outcome by team, and the groups in which they may be shown.

    Attributes
    ----------
    verdict : Verdict
    predictor, outcome : str
        Keys.
    x : ndarray, shape (T,)
        Predictor, z-score over the teams.
    y : ndarray, shape (T,)
        Outcome, scale points.
    group : ndarray of int, shape (T,)
        0 for the teams with the lowest predictor; no group is below the promised minimum.
    """

    verdict: Verdict
    predictor: str
    outcome: str
    x: np.ndarray
    y: np.ndarray
    group: np.ndarray

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return int(self.group.max()) + 1 if len(self.group) else 0


def shown_hypothesis(run: Run) -> Hypothesis:
    """The first prediction of a slope between teams, or simply the first prediction."""
    slopes = [h for h in run.study.hypotheses if h.kind == "slope" and h.level == "team"]
    return slopes[0] if slopes else run.study.hypotheses[0]


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
    named = chosen.split if chosen.split and not verdict.missing else chosen.same
    x = _team_values(run, leg.predictor[0], named or {}, standardise=True)
    y = _team_values(run, leg.outcome, named or {}, standardise=False)
    known = ~np.isnan(x) & ~np.isnan(y)
    group = equal_groups(x[known], run.study.minimum_group, MOST_GROUPS)
    return TeamPicture(verdict, leg.predictor[0], leg.outcome, x[known], y[known], group)


def _team_values(run: Run, key: str, named: dict[str, str], *, standardise: bool) -> np.ndarray:
    """One value per team: the mean of its sellers, its manager's score, or the inventory's."""
    teams = run.tables["team_scores"]
    suffixes = {"manager": "m", "process_inventory": "p", "records": "r"}
    parts = []
    for part in run.study.parts(key):
        source = named.get(key) or named.get(part) or run.study.constructs[part].forms[0]
        column = f"{part}_{suffixes.get(source, 's')}"
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


def group_figures(run: Run) -> pd.DataFrame:
    """Every published group figure: means over all sellers and managers, and those of the picture.

    Parameters
    ----------
    run : Run

    Returns
    -------
    DataFrame
        Columns ``table, group, parent_group, item, n, mean, value, suppressed``; means have two
        decimals, groups below the promised minimum none.

    Notes
    -----
    The teams of the picture can be fewer than all teams. Where one to four are missing, the mean
    over all would give them away by subtraction; it is then taken over the teams in the picture.
    """
    picture = team_picture(run)
    rows = [*_overall(run, picture), *_by_group(picture)]
    table = pd.DataFrame(rows, columns=["table", "group", "parent_group", "item", "n", "mean"])
    shown = suppress_small(table, run.study.minimum_group)
    return shown.assign(mean=shown["mean"].round(MEAN_DIGITS), value=np.nan)[list(PUBLISHED)]


def _overall(run: Run, picture: TeamPicture) -> list[tuple[str, str, str, str, int, float]]:
    rows = []
    hidden = f"{picture.outcome}_m" if _leaks(run, picture) else ""
    for people, frame, suffixes in (
        ("all sellers", run.panel.sellers, ("_s", "_r")),
        ("all managers", run.panel.teams, ("_m",)),
        ("all teams", run.panel.teams, ("_p", "_r")),
    ):
        for column in frame:
            if not column.endswith(suffixes) or column.startswith("ATT_"):
                continue
            values = frame[column].dropna().to_numpy(dtype=float)
            group = people
            if column == hidden:
                values, group = picture.y, "teams in the picture"
            if len(values):
                rows.append(("scales", group, "", column, len(values), float(values.mean())))
    return rows


def _leaks(run: Run, picture: TeamPicture) -> bool:
    """Whether all managers minus those in the picture are too few to hide in."""
    column = f"{picture.outcome}_m"
    if column not in run.panel.teams:
        return False
    left = int(run.panel.teams[column].notna().sum()) - len(picture.y)
    return 0 < left < run.study.minimum_group


def _by_group(picture: TeamPicture) -> list[tuple[str, str, str, str, int, float]]:
    if picture.n_groups < 2:
        return []
    rows = []
    for group in range(picture.n_groups):
        inside = picture.group == group
        name = f"teams by {picture.predictor}, group {group + 1} of {picture.n_groups}"
        parent = "teams in the picture"
        for item, values in ((picture.predictor, picture.x), (picture.outcome, picture.y)):
            mean = float(values[inside].mean())
            rows.append(("picture", name, parent, item, int(inside.sum()), mean))
    return rows
