"""Managers and sellers on one map: how willing each side is, and how much they need each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain
from coaching_stats.panel import team_scores
from coaching_stats.regression import regress
from coaching_stats.results import COLUMNS, Shown
from coaching_stats.study import Run
from coaching_stats.waves import measure_waves

SIDES = ("WTC_m", "SWC_s")  # willingness to coach, and to be coached
DEPENDENCE = ("DEPM_m", "DEPS_s")  # of the manager on the sellers, of the sellers on the manager
MIDPOINT = 4.0
MOST_GROUPS = 12
DIGITS = 2


@dataclass(frozen=True, eq=False, repr=False)
class BothSides(Shown):
    """Groups of teams that are alike in both willingnesses, and what moved between two waves.

    Attributes
    ----------
    groups : DataFrame
        One row per group, no smaller than what respondents were promised: ``group, n_teams,
        n_managers, WTC_m, SWC_s, DEPM_m, DEPS_s`` (means of team values, scale points 1 to 7, those
        that were measured), ``who`` avoids: ``nobody, managers, sellers, both``, by which mean lies
        below the middle of the scale; with a second wave the same means there, ``WTC_m_2`` etc.
    moved : DataFrame
        One row per score, empty with one wave: `COLUMNS` of the mean change of a team, in points.
    n_teams : int
    is_simulated : bool
    notes : tuple of str
    n_left_out : int
        Groups that are not among `groups`: they would tell of too few people.
    """

    groups: pd.DataFrame
    moved: pd.DataFrame
    n_teams: int
    is_simulated: bool
    notes: tuple[str, ...]
    n_left_out: int = 0

    def tidy(self) -> pd.DataFrame:
        """One row per group of teams."""
        return self.groups.copy()


def both_sides(run: Run) -> BothSides:
    """Put teams on one map of both sides' willingness, in groups that show no single team.

    Parameters
    ----------
    run : Run

    Returns
    -------
    BothSides

    Raises
    ------
    DesignError
        Not both sides were measured, or too few teams or managers for a group.

    Notes
    -----
    A manager is one person, so that the willingness of one team's manager may never be shown.
    Teams that are alike are taken together, at least as many teams and as many managers as
    respondents were promised (microaggregation by the farthest team and its nearest neighbours).

    The groups describe. They are formed by the scores that they show, so the outer ones lie
    farther out than their true scores do. With two waves they are formed by the mean of both;
    formed by the first, every outer group would seem to move towards the middle. The table of
    what moved is about all teams and free of this.

    References
    ----------
    Domingo-Ferrer & Mateo-Sanz (2002), IEEE Transactions on Knowledge and Data Engineering 14,
    189-201, for the groups (MDAV); Oldham (1962), Journal of Chronic Diseases 15, 969-977, for
    change against the mean of both occasions.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> found = both_sides(run_study("data/one_client"))
    >>> int(found.groups["n_teams"].min()) >= 5
    True
    """
    waves, joiners = _waves(run)
    measured = [c for c in (*SIDES, *DEPENDENCE) if all(c in wave for wave in waves)]
    missing = [c for c in SIDES if c not in measured]
    if missing:
        raise DesignError(
            explain(
                what=f"the data lack {' and '.join(missing)}",
                remedy="both sides need answers on willingness; ask managers and sellers",
            )
        )
    known = np.logical_and.reduce([wave[list(SIDES)].notna().all(axis=1) for wave in waves])
    waves = [wave[known].reset_index(drop=True) for wave in waves]
    group = _groups(
        np.mean([wave[list(SIDES)].to_numpy(dtype=float) for wave in waves], axis=0),
        waves[0]["manager_id"].to_numpy(),
        run.study.minimum_group,
    )
    lost = int((~known).sum())
    notes = [f"{lost} teams left out: one of the sides did not answer"] if lost else []
    if joiners:
        notes.append(f"{joiners} people of the second wave were not in the first")
    return BothSides(
        groups=_means(waves, measured, group),
        moved=_moved(waves, measured, run.cluster),
        n_teams=len(group),
        is_simulated=run.source.is_simulated,
        notes=tuple(notes),
    )


def _waves(run: Run) -> tuple[list[pd.DataFrame], int]:
    """Team scores of each wave, teams in the same order, and how many people joined later."""
    waves = measure_waves(run.source.tables, run.study, run.panel)
    panels = (run.panel,) if waves is None else waves.panels[:2]
    scores = [team_scores(panel).set_index("team_id") for panel in panels]
    frames = [frame.reindex(scores[0].index).reset_index() for frame in scores]
    return frames, 0 if waves is None else waves.joiners


def _groups(places: np.ndarray, manager: np.ndarray, minimum: int) -> np.ndarray:
    """Groups of teams near each other, none with fewer teams or managers than the minimum."""
    if len(np.unique(manager)) < minimum:
        raise DesignError(
            explain(
                what=f"{len(np.unique(manager))} managers with both sides' answers are too few",
                where=f"{len(places)} teams, groups of at least {minimum}",
                remedy="show this picture for more teams at once",
            )
        )
    size = max(minimum, -(-len(places) // MOST_GROUPS))
    z = (places - places.mean(axis=0)) / np.maximum(places.std(axis=0), 1e-12)
    group = _alike(z, size)
    while True:
        managers = pd.Series(manager).groupby(group).nunique()
        if (managers >= minimum).all():
            return np.unique(group, return_inverse=True)[1]
        smallest = managers.idxmin()
        centre = pd.DataFrame(z).groupby(group).mean()
        gap = ((centre - centre.loc[smallest]) ** 2).sum(axis=1).drop(smallest)
        group = np.where(group == smallest, gap.idxmin(), group)


def _alike(z: np.ndarray, size: int) -> np.ndarray:
    """MDAV: the team farthest from the middle and its nearest, again and again."""
    group, left, number = np.zeros(len(z), dtype=int), np.arange(len(z)), 0
    while len(left) >= 2 * size:
        far = left[_far(z[left], z[left].mean(axis=0))[-1]]
        members = left[_far(z[left], z[far])[:size]]
        group[members], number = number, number + 1
        left = np.setdiff1d(left, members)
    group[left] = number
    return group


def _far(z: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Order of rows by distance from a point, the nearest first."""
    return np.argsort(((z - point) ** 2).sum(axis=1), kind="stable")


def _means(waves: list[pd.DataFrame], measured: list[str], group: np.ndarray) -> pd.DataFrame:
    found = waves[0][measured].groupby(group).mean().round(DIGITS)
    found.insert(0, "n_teams", np.bincount(group))
    found.insert(1, "n_managers", waves[0].groupby(group)["manager_id"].nunique())
    below = [(found[side] < MIDPOINT).to_numpy() for side in SIDES]
    found["who"] = np.select(
        [below[0] & below[1], below[0], below[1]], ["both", "managers", "sellers"], "nobody"
    )
    for later in waves[1:]:
        second = later[measured].groupby(group).mean().round(DIGITS)
        found = found.join(second.add_suffix("_2"))
    ordered = found.sort_values(list(SIDES), kind="stable", ignore_index=True)
    ordered.insert(0, "group", np.arange(1, len(ordered) + 1))
    return ordered


def _moved(waves: list[pd.DataFrame], measured: list[str], cluster: str | None) -> pd.DataFrame:
    """Mean change of a team from the first wave to the second, with clusters as in the verdicts."""
    rows = []
    for column in measured if len(waves) > 1 else ():
        change = waves[1][column].astype(float) - waves[0][column].astype(float)
        data = waves[0].assign(change=change)
        row = regress("change ~ 1", data, cluster=cluster).tidy().iloc[0]
        rows.append({**row.to_dict(), "term": column})
    return pd.DataFrame(rows, columns=list(COLUMNS))
