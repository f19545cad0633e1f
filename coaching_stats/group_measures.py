"""Which measures of process, people and workload a study has, by whom, and in which teams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError
from coaching_stats.group_bounds import Group
from coaching_stats.hypotheses import SUFFIX
from coaching_stats.measured import Measured
from coaching_stats.samples import team_cluster
from coaching_stats.teams import likeness
from coaching_stats.true_scores import LEAST_RELIABILITY, TeamValues, reliabilities, within_teams

OUTCOMES = ("WTC", "SWC")
PROCESS, PEOPLE, WORKLOAD = "process", "people", "workload"
MEMBERS = {PROCESS: ("SPR", "LPR"), PEOPLE: ("SKL", "BEL", "BADX"), WORKLOAD: ("WKL",)}
# Experience of bad managers is about a seller's career, so it belongs to sellers' willingness, and
# there only where it can be averaged by team (gate G4): it is meant for models of sellers.
ONLY_IF_ALIKE = {"BADX": "SWC"}
INVENTORY = "process_inventory"
BY_MANAGERS = ("m", "p")  # the manager rates the process inventory as well


@dataclass(frozen=True)
class Question:
    """One outcome, and who measured what may go with it.

    Attributes
    ----------
    outcome : str
    source : str
        Of the process measures.
    columns : tuple of str
        Score columns, the outcome last.
    groups : mapping from name to Group
    """

    outcome: str
    source: str
    columns: tuple[str, ...]
    groups: Mapping[str, Group]


def questions(measured: Measured) -> Iterator[Question]:
    """Each outcome with each source of process measures, where people are measured too."""
    for outcome in OUTCOMES:
        column = _column(measured, outcome)
        if column is None:
            continue
        for sources in (("seller", "manager"), (INVENTORY,)):
            found = {
                name: _members(measured, keys, outcome, sources if name == PROCESS else ())
                for name, keys in MEMBERS.items()
            }
            if found[PROCESS] and found[PEOPLE]:
                yield _question(measured, outcome, column, found)


def _members(
    measured: Measured, keys: Sequence[str], outcome: str, sources: Sequence[str]
) -> list[str]:
    columns = [_column(measured, key, sources) for key in keys if _belongs(measured, key, outcome)]
    return [column for column in columns if column is not None]


def _belongs(measured: Measured, key: str, outcome: str) -> bool:
    if key not in ONLY_IF_ALIKE:
        return True
    column = f"{key}_s"
    if outcome != ONLY_IF_ALIKE[key] or column not in measured.panel.sellers:
        return False
    try:
        alike = likeness(measured.seller_values(column), measured.team_of_seller)
    except DesignError:  # nobody shares a team
        return False
    return alike.icc2 >= LEAST_RELIABILITY


def _column(measured: Measured, key: str, sources: Sequence[str] = ()) -> str | None:
    """First score column of a construct that was measured and varies."""
    study = measured.study
    if key not in study.constructs:
        return None
    usual = (study.covariate_sources.get(key), *study.constructs[key].forms)
    for source in sources or [s for s in usual if s in SUFFIX]:
        column = f"{key}_{SUFFIX[source]}"
        if measured.panel.varies(column):
            return column
    return None


def _question(
    measured: Measured, outcome: str, column: str, found: Mapping[str, list[str]]
) -> Question:
    columns: list[str] = []
    groups = {}
    for name, members in found.items():
        if not members:
            continue
        own = [c for c in members if _same_respondent(measured, c, column)]
        start = len(columns)
        columns += [*own, *(c for c in members if c not in own)]
        groups[name] = Group(tuple(range(start, len(columns))), len(own))
    source = {suffix: name for name, suffix in SUFFIX.items()}[found[PROCESS][0][-1]]
    return Question(outcome, source, (*columns, column), groups)


def _same_respondent(measured: Measured, column: str, outcome: str) -> bool:
    """Whether one person's mood can be in both; pairs of different sellers keep it apart."""
    if outcome.endswith("_m"):
        return column[-1] in BY_MANAGERS
    return column[-1] == outcome[-1] and outcome not in measured.panel.sellers


def team_values(
    measured: Measured, columns: Sequence[str]
) -> tuple[TeamValues, np.ndarray, tuple[str, ...]]:
    """Values of complete teams, their places in the table of teams, and notes on the others.

    Parameters
    ----------
    measured : Measured
    columns : sequence of str
        Score columns, the outcome last.
    """
    values = np.column_stack([measured.team_values(column) for column in columns])
    from_sellers = np.array([column in measured.panel.sellers for column in columns])
    complete = ~np.isnan(values).any(axis=1)
    size, within = np.ones(len(values)), np.empty((len(values), 0, 0))
    few = np.zeros(len(values), dtype=bool)
    if from_sellers.any():
        size, within = _sellers(measured, np.array(columns)[from_sellers].tolist())
        few = ~measured.usable_team | (size < 2)
    kept = np.flatnonzero(complete & ~few)
    items = measured.panel.items
    teams = TeamValues(
        values=values[kept],
        from_sellers=from_sellers,
        cluster=_clusters(measured, kept),
        size=size[kept],
        within=within[kept],
        items=tuple(
            items[column].values[kept] if column in items and not is_sellers else None
            for column, is_sellers in zip(columns, from_sellers, strict=True)
        ),
    )
    return teams, kept, _left_out(few, ~complete & ~few)


def _left_out(few: np.ndarray, gaps: np.ndarray) -> tuple[str, ...]:
    why = {"too few respondents": int(few.sum()), "a value is missing": int(gaps.sum())}
    return tuple(f"{n} teams left out: {reason}" for reason, n in why.items() if n)


def _sellers(measured: Measured, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Sellers with all scores, by team, and their cross-products about the mean of the team."""
    scores = np.column_stack([measured.seller_values(column) for column in columns])
    known = ~np.isnan(scores).any(axis=1)
    team = measured.team_of_seller[known]
    size = np.bincount(team, minlength=measured.n_teams).astype(float)
    return size, within_teams(scores[known], team, measured.n_teams)


def _clusters(measured: Measured, kept: np.ndarray) -> np.ndarray:
    """Cluster of each team that is kept: as teams are clustered in every verdict, or its own."""
    column = team_cluster(measured.panel.teams, measured.study)
    if column is None:
        return np.arange(len(kept))
    return pd.factorize(measured.panel.teams[column].iloc[kept])[0]


def reliability_notes(columns: Sequence[str], teams: TeamValues) -> tuple[str, ...]:
    """How reliable each measure is between teams, and which are taken as free of error."""
    found = dict(zip(columns, reliabilities(teams), strict=True))
    known = [f"{column} {value:.2f}" for column, value in found.items() if value == value]
    unknown = [column for column, value in found.items() if value != value]
    low = [column for column, value in found.items() if value < LEAST_RELIABILITY]
    notes = [f"reliability between teams: {', '.join(known)}"] if known else []
    if unknown:
        notes.append(
            f"of unknown reliability, taken as measured without error, so that their best case may "
            f"be too low: {', '.join(unknown)}"
        )
    if low:
        notes.append(f"corrected as if reliable by {LEAST_RELIABILITY}: {', '.join(low)}")
    return tuple(notes)
