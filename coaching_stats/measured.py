"""The panel as arrays, with random halves of each team's sellers: what samples are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from coaching_stats.hypotheses import Study
from coaching_stats.panel import Panel
from coaching_stats.sourcing import HALVES

MIN_RESPONDENTS = 3  # per team, team-level use (gate G5)
MIN_FOR_HALVES = 4  # also for the spread within a team
MIN_RESPONSE_RATE = 0.30


@dataclass(frozen=True, eq=False)
class Measured:
    """The panel as arrays, with seeded random halves of each team's sellers.

    Attributes
    ----------
    panel, study : Panel, Study
    halves : ndarray of bool, shape (R, n_sellers)
        True in half a: within each team, the first ceil(n / 2) of a random order.
    """

    panel: Panel
    study: Study
    halves: np.ndarray
    _known: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict, repr=False)

    @cached_property
    def team_of_seller(self) -> np.ndarray:
        """Position of each seller's team in the table of teams, shape (n_sellers,)."""
        place = pd.Series(np.arange(len(self.panel.teams)), index=self.panel.teams["team_id"])
        if "team_id" not in self.panel.sellers:
            return np.empty(0, dtype=int)
        return place.reindex(self.panel.sellers["team_id"]).to_numpy().astype(int)

    @property
    def n_teams(self) -> int:
        """Teams in the table."""
        return len(self.panel.teams)

    @cached_property
    def firm(self) -> np.ndarray:
        """Code of each team's firm, shape (n_teams,)."""
        return pd.factorize(self.panel.teams["firm_id"])[0]

    @cached_property
    def manager(self) -> np.ndarray:
        """Code of each team's manager, shape (n_teams,)."""
        return pd.factorize(self.panel.teams["manager_id"])[0]

    def seller_values(self, column: str) -> np.ndarray:
        """Scores of the sellers, shape (n_sellers,)."""
        if (column,) not in self._known:
            values = self.panel.sellers[column].to_numpy(dtype=float, na_value=np.nan)
            self._known[(column,)] = values
        return self._known[(column,)]

    def team_values(self, column: str, source: str = "", split: int = 0) -> np.ndarray:
        """A score by team: as given, or the mean of the team's sellers, or of a half of them."""
        key = (column, source, split) if source in HALVES else (column, "")
        if key not in self._known:
            self._known[key] = self._team_values(column, self.half(source, split))
        return self._known[key]

    def half(self, source: str, split: int) -> np.ndarray | None:
        """Which sellers a half holds, bool, shape (n_sellers,); None for all of them."""
        if source not in HALVES:
            return None
        return self.halves[split] if source == "seller_a" else ~self.halves[split]

    def _team_values(self, column: str, half: np.ndarray | None) -> np.ndarray:
        if column in self.panel.teams:
            return self.panel.teams[column].to_numpy(dtype=float, na_value=np.nan)
        values = self.seller_values(column)
        use = ~np.isnan(values) if half is None else ~np.isnan(values) & half
        count = np.bincount(self.team_of_seller[use], minlength=self.n_teams)
        total = np.bincount(self.team_of_seller[use], values[use], minlength=self.n_teams)
        with np.errstate(invalid="ignore"):
            return np.where(count > 0, total / count, np.nan)

    def spread_within(self, column: str) -> np.ndarray:
        """Standard deviation of the sellers' scores within each team, nan below four of them."""
        values = self.seller_values(column)
        known = ~np.isnan(values)
        code, values = self.team_of_seller[known], values[known]
        count = np.bincount(code, minlength=self.n_teams)
        mean = np.bincount(code, values, minlength=self.n_teams) / np.maximum(count, 1)
        square = np.bincount(code, (values - mean[code]) ** 2, minlength=self.n_teams)
        enough = count >= MIN_FOR_HALVES
        return np.where(enough, np.sqrt(square / np.maximum(count - 1, 1)), np.nan)

    @cached_property
    def usable_team(self) -> np.ndarray:
        """Teams with enough respondents for a team mean, bool, shape (n_teams,)."""
        enough = self.n_sellers >= MIN_RESPONDENTS
        if not self.panel.has_response_rates:
            return enough
        return enough & ~(self.response_rate < MIN_RESPONSE_RATE)

    @cached_property
    def response_rate(self) -> np.ndarray:
        """Share of the invited sellers who answered, shape (n_teams,); nan where unknown."""
        return self.panel.response_rate().to_numpy(dtype=float, na_value=np.nan)

    @cached_property
    def n_sellers(self) -> np.ndarray:
        """Sellers who answered, shape (n_teams,)."""
        return self.panel.teams["n_sellers"].to_numpy(dtype=float, na_value=np.nan)

    @cached_property
    def manager_answered(self) -> np.ndarray:
        """Whether the manager of each team answered anything, bool, shape (n_teams,)."""
        answers = self.panel.teams.filter(regex="_m$").drop(columns="TRN_m", errors="ignore")
        return answers.notna().any(axis=1).to_numpy()


def with_halves(panel: Panel, study: Study, n_splits: int, rng: np.random.Generator) -> Measured:
    """Prepare a panel for judgement, drawing the random halves once for all hypotheses."""
    measured = Measured(panel, study, np.empty((0, 0), dtype=bool))
    team = measured.team_of_seller
    size = np.bincount(team, minlength=measured.n_teams)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    halves = np.empty((n_splits, len(team)), dtype=bool)
    for half in halves:
        order = np.lexsort((rng.random(len(team)), team))
        rank = np.empty(len(team), dtype=int)
        rank[order] = np.arange(len(team)) - start[team[order]]
        half[:] = rank < (size[team] + 1) // 2
    return Measured(panel, study, halves)
