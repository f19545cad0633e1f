"""Several waves of one survey, and which teams changed their process between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coaching_stats.hypotheses import Study
from coaching_stats.panel import Panel, measure

BY_WAVE = ("seller_survey", "manager_survey", "roster")
VERSION_COLUMNS = ("process_version_sales", "process_version_lead")
OUTSIDE_MANAGER = ("random", "head_office")  # who else decided that a team changes


@dataclass(frozen=True, eq=False)
class Waves:
    """Two or more waves of one survey, n teams in the same order in each.

    Attributes
    ----------
    panels : tuple of Panel
        By wave; in the later ones a process that changed counts as a version of its own.
    step : ndarray, shape (n,)
        s where the team's process changed between wave s and the next one (the first is 1), 0
        where it had changed before the first, nan where it never did.
    assigned_by : str
        ``random``, ``head_office`` or ``manager``: who decided which teams change; the weakest
        where they differ, empty where it is not recorded.
    attrition : float
        Share of the people of the first wave who are not in the second.
    joiners : int
        People of the second wave who were not in the first.
    """

    panels: tuple[Panel, ...]
    step: np.ndarray
    assigned_by: str
    attrition: float
    joiners: int

    @property
    def has_comparison(self) -> bool:
        """Whether some teams changed between two waves and others had not yet."""
        return any(
            (self.step == s).any() and (np.isnan(self.step) | (self.step > s)).any()
            for s in range(1, len(self.panels))
        )


def measure_waves(tables: Mapping[str, pd.DataFrame], study: Study, first: Panel) -> Waves | None:
    """Measure every wave as the first one was measured.

    Parameters
    ----------
    tables : mapping from table name to DataFrame
    study : Study
    first : Panel
        Of the first wave.

    Returns
    -------
    Waves or None
        None where there is a single wave.
    """
    numbers = sorted(
        {
            wave
            for name in BY_WAVE[:2]
            if name in tables and "wave" in tables[name]
            for wave in tables[name]["wave"].dropna().unique().tolist()
        }
    )
    if len(numbers) < 2 or "teams" not in tables:
        return None
    later = [measure(_of_wave(tables, number), study) for number in numbers[1:]]
    before, after = (_people(tables, number) for number in numbers[:2])
    teams = tables["teams"].sort_values("team_id", ignore_index=True)
    step = _steps(teams, tables, numbers)
    return Waves(
        panels=(first, *(_with_changes(p, step, place) for place, p in enumerate(later, start=1))),
        step=step,
        assigned_by=_assigned_by(teams),
        attrition=len(before - after) / len(before) if before else float("nan"),
        joiners=len(after - before),
    )


def _of_wave(tables: Mapping[str, pd.DataFrame], number: object) -> dict[str, pd.DataFrame]:
    return {
        name: table[table["wave"] == number] if name in BY_WAVE and "wave" in table else table
        for name, table in tables.items()
    }


def _with_changes(panel: Panel, step: np.ndarray, place: int) -> Panel:
    """Name the version of a process that changed in earlier waves anew."""
    has_changed = (step >= 1) & (step <= place)
    known = panel.teams[[c for c in VERSION_COLUMNS if c in panel.teams]].dropna(axis=1, how="all")
    if known.empty:  # a firm counts as one version
        known = pd.DataFrame(dict.fromkeys(VERSION_COLUMNS, panel.teams["firm_id"]))
    marked = {
        column: before.astype("str").where(~has_changed, before.astype("str") + " changed")
        for column, before in known.items()
    }
    return replace(panel, teams=panel.teams.assign(**marked))


def _people(tables: Mapping[str, pd.DataFrame], number: object) -> set[tuple[str, str]]:
    """Sellers and managers who answered in a wave."""
    keys = {"seller_survey": "seller_id", "manager_survey": "team_id"}
    return {
        (name, str(who))
        for name, key in keys.items()
        if name in tables and "wave" in tables[name]
        for who in tables[name].loc[tables[name]["wave"] == number, key]
    }


def _steps(
    teams: pd.DataFrame, tables: Mapping[str, pd.DataFrame], numbers: list[object]
) -> np.ndarray:
    """Between which waves each team changed: by dates where they are known, else by the step."""
    dates = _wave_dates(tables, numbers)
    if "process_changed_on" in teams and teams["process_changed_on"].notna().any() and dates:
        changed = pd.to_datetime(teams["process_changed_on"])
        before = [(changed > date).to_numpy() for date in dates]
        return np.where(changed.notna(), np.sum(before, axis=0).astype(float), np.nan)
    if "rollout_step" in teams:
        return teams["rollout_step"].to_numpy(dtype=float, na_value=np.nan)
    return np.full(len(teams), np.nan)


def _wave_dates(tables: Mapping[str, pd.DataFrame], numbers: list[object]) -> list[pd.Timestamp]:
    """Middle date of each wave; none where a wave has no dates."""
    found = []
    for number in numbers:
        dates = [
            tables[name].loc[tables[name]["wave"] == number, "completed_at"]
            for name in BY_WAVE[:2]
            if name in tables and "completed_at" in tables[name]
        ]
        known = pd.to_datetime(pd.concat(dates).dropna(), format="ISO8601") if dates else []
        if not len(known):
            return []
        found.append(known.median())
    return found


def _assigned_by(teams: pd.DataFrame) -> str:
    """The weakest way in which a change was assigned; unknown for a team that changed is none."""
    if "change_assigned_by" not in teams:
        return ""
    has_changed = np.zeros(len(teams), dtype=bool)
    for column in ("process_changed_on", "rollout_step"):
        if column in teams:
            has_changed |= teams[column].notna().to_numpy()
    said = teams.loc[has_changed, "change_assigned_by"].fillna("").tolist()
    order = ("random", "head_office", "manager", "")
    return max(said, key=lambda who: order.index(who) if who in order else 3, default="")
