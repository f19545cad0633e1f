"""Answers and records become one row per seller and one row per team: all that is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.frames import cluster_codes
from coaching_stats.hypotheses import ID_NAMES, TEAM_NAMES, Study
from coaching_stats.scales import mean_score
from coaching_stats.scored_answers import Items, aligned, own_items, own_values, passed, scored
from coaching_stats.team_records import (
    Tables,
    with_context,
    with_counts,
    with_inventory,
    with_sales,
)

KNOWN_RATES = 0.80  # of the teams with answers: a few unknown ones cannot hide a low response
TEAM_COLUMNS = ("firm_id", "manager_id", "process_version_sales", "process_version_lead")


@dataclass(frozen=True, eq=False)
class Panel:
    """What was measured, of whom; attention checks passed, first wave.

    Attributes
    ----------
    sellers : DataFrame, one row per seller who answered
        ``seller_id, team_id`` and scores such as ``SPR_s``, ``SALES_r``.
    teams : DataFrame, one row per team
        ``team_id, firm_id, manager_id``, process versions, ``n_invited`` and ``n_responded``
        where known, and scores such as ``WTC_m``, ``SPR_p``.
    items : mapping from score column to Items
        Rows as in `sellers` (``_s``) or `teams` (``_m``); ready scores have none.
    n_failed_attention, n_answered : int
    attrition : float
        Share of the people of the first wave who are not in the second; nan with one wave.
    notes : tuple of str
    """

    sellers: pd.DataFrame
    teams: pd.DataFrame
    items: Mapping[str, Items]
    n_failed_attention: int
    n_answered: int
    attrition: float = float("nan")
    notes: tuple[str, ...] = ()

    @property
    def has_response_rates(self) -> bool:
        """Whether it is known of enough teams with answers how many were invited."""
        if "n_invited" not in self.teams:
            return False
        answered = self.teams["n_sellers"] > 0
        known = self.teams["n_invited"].notna()
        return bool((known[answered] if answered.any() else known).mean() >= KNOWN_RATES)

    def response_rate(self) -> pd.Series:
        """Share of the invited sellers of each team who answered, index as `teams`."""
        return self.teams["n_responded"] / self.teams["n_invited"]

    def varies(self, column: str) -> bool:
        """Whether a score column was measured and is not the same for everyone."""
        return any(
            frame[column].nunique() > 1 for frame in (self.sellers, self.teams) if column in frame
        )


def team_scores(panel: Panel) -> pd.DataFrame:
    """One row per team: its facts and scores, and the means of its sellers' scores.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    DataFrame
        Columns of ``panel.teams``, then ``SPR_s`` and the other seller scores, means of all
        sellers of the team who answered.
    """
    scores = [c for c in panel.sellers if c[-2:] in ("_s", "_r")]
    means = panel.sellers.groupby("team_id")[scores].mean() if scores else pd.DataFrame()
    named = [c for c in means if c not in panel.teams]
    return panel.teams.merge(means[named], left_on="team_id", right_index=True, how="left")


def measure(tables: Tables, study: Study) -> Panel:
    """Score the answers and join them with the records.

    Parameters
    ----------
    tables : mapping from table name to DataFrame
        As `tables.py` names them; ready scores in ``seller_scores`` and ``team_scores``.
    study : Study
        Its constructs with `items` of their own are scored from those columns.

    Returns
    -------
    Panel

    Raises
    ------
    DataError
        No teams, an incomplete scale, answers outside their scale.
    """
    notes: list[str] = []
    sellers, seller_items = scored(tables, "seller", notes)
    managers, manager_items = scored(tables, "manager", notes)
    seller_passed, manager_passed = passed(sellers, "ATT_s"), passed(managers, "ATT_m")
    failed = int((~seller_passed).sum() + (~manager_passed).sum())
    answered = len(sellers) + len(managers)
    if failed:
        notes.append(
            f"{failed} of {answered} filled-in forms left out of the verdicts: "
            "an attention check was failed"
        )
    teams = _teams(tables, study, notes)
    sellers, kept = _join_ready(tables, sellers[seller_passed], study, notes)
    items = {
        **{c: Items(i.values[seller_passed], i.n_options) for c, i in seller_items.items()},
        **aligned(manager_items, managers, manager_passed, teams),
        **own_items(tables, study),
    }
    _refuse_unknown_teams(sellers, teams)
    sellers = with_sales(tables, sellers, notes)
    teams = with_counts(tables, teams, sellers, notes)
    teams = _with_managers(tables, teams, managers[manager_passed], sellers)
    teams = with_inventory(tables, teams, notes)
    teams, sellers = with_context(tables, teams, sellers)
    return Panel(
        sellers=sellers.reset_index(drop=True),
        teams=teams,
        items=items,
        n_failed_attention=failed,
        n_answered=answered + kept,
        notes=tuple(notes),
    )


def _teams(tables: Tables, study: Study, notes: list[str]) -> pd.DataFrame:
    """One row per team with its firm, manager and process versions."""
    if "teams" not in tables or tables["teams"].empty:
        raise DataError(
            explain(
                what="there is no table of teams",
                remedy="give a column team_id, or a file teams.csv in the folder",
            )
        )
    teams = tables["teams"].sort_values("team_id", ignore_index=True)
    known = [c for c in ("team_id", *TEAM_COLUMNS, "n_sellers_roster") if c in teams]
    cluster = _named_cluster(teams, study)
    teams = teams[known].copy()
    if cluster is not None:
        teams["firm_id"] = cluster
    if "firm_id" not in teams:
        notes.append("no firm is named: all teams are taken to belong to one firm")
        teams["firm_id"] = "one firm"
    without = teams.loc[teams["firm_id"].isna(), "team_id"]
    if len(without):
        raise DataError(
            explain(
                what=f"{len(without)} teams have no firm_id",
                where=first_ten(without),
                remedy="fill it in, or leave the column out where all teams belong to one firm",
            )
        )
    if "manager_id" not in teams:
        return teams.assign(manager_id=teams["team_id"])
    unknown = teams["manager_id"].isna()
    if unknown.any():
        notes.append(
            f"{int(unknown.sum())} teams without manager_id: each has a manager of its own"
        )
        own = "manager of " + teams["team_id"].astype(str)
        teams["manager_id"] = teams["manager_id"].astype(object).where(~unknown, own)
    return teams


def _named_cluster(teams: pd.DataFrame, study: Study) -> pd.Series | None:
    """Column of the teams that the study names as their cluster; flat studies have theirs already.

    Raises
    ------
    DataError, DesignError
        No such column, or a single cluster in it.
    """
    if study.is_flat or study.cluster in (None, *TEAM_NAMES):
        return None
    column = ID_NAMES.get(study.cluster, study.cluster)
    cluster_codes(teams, column)
    return teams[column]


def _join_ready(
    tables: Tables, sellers: pd.DataFrame, study: Study, notes: list[str]
) -> tuple[pd.DataFrame, int]:
    """Add ready seller scores, and scores from a study's own items; say how many rows came so."""
    if "seller_scores" not in tables:
        return sellers, 0
    ready = tables["seller_scores"].sort_values("seller_id")
    for construct in study.constructs.values():
        if construct.items and "seller" in construct.forms:
            ready[f"{construct.key}_s"] = mean_score(own_values(ready, construct))
    if sellers.empty:
        return ready, len(ready)
    repeated = [c for c in ready if c in sellers and c not in ("seller_id", "team_id")]
    if repeated:
        notes.append(f"ready scores not used where items are given: {first_ten(repeated)}")
    extra = ready.drop(columns=[*repeated, "team_id"])
    return sellers.merge(extra, on="seller_id", how="left", validate="one_to_one"), 0


def _refuse_unknown_teams(sellers: pd.DataFrame, teams: pd.DataFrame) -> None:
    unknown = sellers.loc[~sellers["team_id"].isin(teams["team_id"]), "team_id"]
    if len(unknown):
        raise DataError(
            explain(
                what=f"{len(unknown)} sellers belong to teams that are not in the table of teams",
                where=first_ten(unknown.fillna("(empty)").unique()),
                remedy="add these teams, or correct team_id",
            )
        )


def _with_managers(
    tables: Tables, teams: pd.DataFrame, managers: pd.DataFrame, sellers: pd.DataFrame
) -> pd.DataFrame:
    """Add managers' scores and training hours from records, which override answers."""
    if len(managers):
        teams = teams.merge(managers, on="team_id", how="left", validate="one_to_one")
    if "team_scores" in tables:
        ready = tables["team_scores"]
        known = {*teams, *sellers}  # what sellers have by themselves is no score of the team
        extra = [c for c in ready if c == "team_id" or (c not in known and c[-2:] != "_s")]
        teams = teams.merge(ready[extra], on="team_id", how="left", validate="one_to_one")
    records = tables.get("managers", pd.DataFrame())
    if "trn_hours" in records:
        hours = teams["manager_id"].map(records.set_index("manager_id")["trn_hours"])
        answer = teams.get("TRN_m", np.nan)
        teams = teams.assign(TRN_m=hours.fillna(answer))
    return teams
