"""Which rows and z-scores a prediction is about, and which of them belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain
from coaching_stats.hypotheses import TEAM_NAMES, Leg, Study
from coaching_stats.measured import MIN_FOR_HALVES, Measured
from coaching_stats.sourcing import Sourcing, variables

MIN_FIRMS = 10  # from here on teams are clustered by firm
SPREAD = "spread within teams"
Raw = Mapping[tuple[str, str], np.ndarray]  # by variable and part; one value per row, nan missing


@dataclass(frozen=True, eq=False)
class Sample:
    """Complete rows of one leg, in z-scores.

    Attributes
    ----------
    z : mapping from variable to ndarray, shape (n,)
    codes : ndarray of int, shape (n,), or None
        Cluster of each row; None where rows count as independent.
    cluster : str
        Column that names the clusters, or nothing.
    n_teams : int
    by_team : frozenset of str
        In a seller-level sample, the variables that are the same for a whole team.
    notes : tuple of str
    firm : ndarray of int, shape (n,), or None
        Firm of each team, in a sample of teams that are not clustered.
    """

    z: Mapping[str, np.ndarray]
    codes: np.ndarray | None
    cluster: str
    n_teams: int
    by_team: frozenset[str]
    notes: tuple[str, ...]
    firm: np.ndarray | None = None

    @property
    def n(self) -> int:
        """Rows."""
        return len(next(iter(self.z.values()), ()))

    @property
    def n_clusters(self) -> int:
        """Clusters, or rows where there are none."""
        return self.n if self.codes is None else len(np.unique(self.codes))


def complete_teams(measured: Measured, leg: Leg, sources: Sourcing, split: int = 0) -> int:
    """Teams that a leg has complete rows of; known before anything is standardised."""
    if leg.level == "seller":
        keep = _seller_rows(measured, leg, sources)[1]
        return len(np.unique(measured.team_of_seller[keep]))
    return int(_team_rows(measured, leg, sources, split)[1].sum())


def draw_sample(measured: Measured, leg: Leg, sources: Sourcing, split: int = 0) -> Sample:
    """Take the complete rows of a leg and standardise them at its level.

    Raises
    ------
    DesignError
        A variable that does not vary, or a single cluster.
    """
    if leg.level == "seller":
        return _seller_sample(measured, leg, sources)
    return _team_sample(measured, leg, sources, split)


def _team_rows(
    measured: Measured, leg: Leg, sources: Sourcing, split: int
) -> tuple[Raw, np.ndarray, tuple[str, ...]]:
    """Values by team, which teams are complete, and notes on those that are not."""
    raw: dict[tuple[str, str], np.ndarray] = {}
    for key in variables(leg):
        for part in measured.study.parts(key):
            source = sources.source[key, part]
            raw[key, part] = measured.team_values(sources.column(key, part), source, split)
    if leg.kind == "variance":
        column = sources.column(leg.outcome, leg.outcome)
        raw[leg.outcome, SPREAD] = measured.spread_within(column)
    keep = _complete(raw)
    from_sellers = any(sources.has_sellers(key) for key in variables(leg))
    few = np.zeros(len(keep), dtype=bool)
    if from_sellers and len(measured.panel.sellers):
        few = ~measured.usable_team
        if sources.has_halves or leg.kind == "variance":
            few = few | (measured.n_sellers < MIN_FOR_HALVES)
    notes = _left_out(few, ~keep & ~few, "teams")
    return raw, keep & ~few, notes


def _team_sample(measured: Measured, leg: Leg, sources: Sourcing, split: int) -> Sample:
    raw, keep, notes = _team_rows(measured, leg, sources, split)
    if keep.sum() < 2:
        return Sample({}, None, "", int(keep.sum()), frozenset(), notes)
    z = {key: _z_of(measured.study, raw, key, keep) for key in variables(leg)}
    if leg.kind == "variance":
        spread, replaced = _log_spread(raw[leg.outcome, SPREAD][keep])
        z["location"] = z[leg.outcome]
        z[leg.outcome] = _z(spread, leg.outcome)
        if replaced:
            note = f"{replaced} teams without any spread count as half the smallest spread"
            notes = (*notes, note)
    codes, cluster = _team_clusters(measured, np.flatnonzero(keep))
    firm = measured.firm[keep] if codes is None else None
    return Sample(z, codes, cluster, int(keep.sum()), frozenset(), notes, firm)


def _log_spread(spread: np.ndarray) -> tuple[np.ndarray, int]:
    """Log SD; a spread of 0 counts as half the smallest positive one."""
    positive = spread[spread > 0]
    floor = positive.min() / 2 if len(positive) else 1.0
    return np.log(np.where(spread == 0, floor, spread)), int((spread == 0).sum())


def _seller_rows(
    measured: Measured, leg: Leg, sources: Sourcing
) -> tuple[Raw, np.ndarray, tuple[str, ...]]:
    """Values by seller, which sellers are complete, and notes on those that are not."""
    team = measured.team_of_seller
    raw: dict[tuple[str, str], np.ndarray] = {}
    by_team = team_moderators(measured.study, leg)
    for key in variables(leg):
        for part in measured.study.parts(key):
            column = sources.column(key, part)
            if key in by_team or column in measured.panel.teams:
                raw[key, part] = measured.team_values(column)[team]
            else:
                raw[key, part] = measured.seller_values(column)
    keep = _complete(raw)
    size = np.bincount(team[keep], minlength=measured.n_teams)
    alone = keep & (size[team] < 2)
    return raw, keep & ~alone, _left_out(alone, ~keep, "sellers")


def _seller_sample(measured: Measured, leg: Leg, sources: Sourcing) -> Sample:
    team, by_team = measured.team_of_seller, team_moderators(measured.study, leg)
    raw, keep, notes = _seller_rows(measured, leg, sources)
    if keep.sum() < 2:
        return Sample({}, None, "", 0, by_team, notes)
    code = np.unique(team[keep], return_inverse=True)[1]
    z = {}
    for key in variables(leg):
        if key in by_team:
            z[key] = _z_across_teams(_z_of(measured.study, raw, key, keep), code)
        else:
            z[key] = _z(_centred(_z_of(measured.study, raw, key, keep), code), key)
    codes, cluster = _seller_clusters(measured, team[keep])
    return Sample(z, codes, cluster, len(np.unique(code)), by_team, notes)


def team_moderators(study: Study, leg: Leg) -> frozenset[str]:
    """In a seller-level model, a moderator that belongs to the manager, team or process."""
    if leg.moderator is None:
        return frozenset()
    levels = {study.constructs[part].level for part in study.parts(leg.moderator)}
    return frozenset() if "seller" in levels else frozenset({leg.moderator})


def _complete(raw: Raw) -> np.ndarray:
    return ~np.isnan(np.column_stack(list(raw.values()))).any(axis=1)


def _left_out(few: np.ndarray, gaps: np.ndarray, what: str) -> tuple[str, ...]:
    notes = []
    if few.any():
        why = "too few respondents" if what == "teams" else "alone in their team"
        notes.append(f"{int(few.sum())} {what} left out: {why}")
    if gaps.any():
        notes.append(f"{int(gaps.sum())} {what} left out: a value is missing")
    return tuple(notes)


def _z_of(study: Study, raw: Raw, key: str, keep: np.ndarray) -> np.ndarray:
    """z-score of a variable over the kept rows; a derived one is z of the mean of the z's."""
    parts = [_z(raw[key, part][keep], part) for part in study.parts(key)]
    return parts[0] if len(parts) == 1 else _z(np.mean(parts, axis=0), key)


def _z(values: np.ndarray, key: str) -> np.ndarray:
    spread = values.std(ddof=1)
    if not spread > 1e-12 * max(1.0, float(np.abs(values).max())):
        raise DesignError(
            explain(
                what=f"{key} does not vary",
                where=f"{len(values)} complete rows",
                remedy="leave it out of the study file, or bring data in which it varies",
            )
        )
    return (values - values.mean()) / spread


def _centred(values: np.ndarray, code: np.ndarray) -> np.ndarray:
    return values - (np.bincount(code, values) / np.bincount(code))[code]


def _z_across_teams(values: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Standardise a team-level variable with each team counted once."""
    by_team = np.bincount(code, values) / np.bincount(code)
    return (values - by_team.mean()) / by_team.std(ddof=1)


def team_cluster(teams: pd.DataFrame, study: Study) -> str | None:
    """Column that teams are clustered on: firms from ten on, else managers of several teams.

    A study that names its cluster, or none, decides for itself.
    """
    return _cluster_column(
        teams["firm_id"].nunique(), teams["manager_id"].nunique(), len(teams), study
    )


def _cluster_column(n_firms: int, n_managers: int, n_teams: int, study: Study) -> str | None:
    if study.has_cluster_key:
        of_teams = (None, *TEAM_NAMES, study.columns.get("team"))
        return None if study.cluster in of_teams else "firm_id"
    if n_firms >= MIN_FIRMS:
        return "firm_id"
    return "manager_id" if 1 < n_managers < n_teams else None


def _team_clusters(measured: Measured, rows: np.ndarray) -> tuple[np.ndarray | None, str]:
    codes = {"firm_id": measured.firm[rows], "manager_id": measured.manager[rows]}
    n_firms, n_managers = (len(set(codes[c].tolist())) for c in ("firm_id", "manager_id"))
    column = _cluster_column(n_firms, n_managers, len(rows), measured.study)
    return (None, "") if column is None else (codes[column], column)


def _seller_clusters(measured: Measured, team: np.ndarray) -> tuple[np.ndarray, str]:
    """Teams, or managers where one has several teams."""
    if measured.manager.max(initial=-1) + 1 < measured.n_teams:
        return measured.manager[team], "manager_id"
    return team, "team_id"
