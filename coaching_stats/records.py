"""Everybody in a simulated survey, and what the firms' own records say about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.latent import Scores, nested
from coaching_stats.measurement import training_hours

CHANGED_ON = "2026-03-01"
FIRM_SHARE_OF_CONTEXT = 0.60  # of complexity and variable pay
FINNISH = 0.60


@dataclass(frozen=True, eq=False)
class People:
    """Ids of everybody; n teams with m sellers each, sellers in the order of their teams."""

    firms: np.ndarray  # (firms,)
    firm_of_team: np.ndarray  # (n,) position
    teams: np.ndarray  # (n,)
    managers: np.ndarray  # (n,)
    sellers: np.ndarray  # (n * m,)
    team_of_seller: np.ndarray  # (n * m,) id
    languages: Mapping[str, np.ndarray]  # by role


def number_people(rng: np.random.Generator, firms: int, teams: int, sellers: int) -> People:
    """Give everybody an id and a language: teams per firm, sellers per team, one manager each."""
    n = firms * teams
    team_ids = _ids("T", n, 3)
    return People(
        firms=_ids("F", firms, 2),
        firm_of_team=np.arange(firms).repeat(teams),
        teams=team_ids,
        managers=_ids("M", n, 3),
        sellers=_ids("S", n * sellers, 4),
        team_of_seller=team_ids.repeat(sellers),
        languages={
            role: np.where(rng.random(size) < FINNISH, "fi", "en")
            for role, size in (("seller", n * sellers), ("manager", n))
        },
    )


def _ids(letter: str, n: int, width: int) -> np.ndarray:
    width = max(width, len(str(n)))
    return np.array([f"{letter}{i:0{width}d}" for i in range(1, n + 1)], dtype=object)


def draw_context(
    rng: np.random.Generator, firm_of_team: np.ndarray, n_sellers: int
) -> dict[str, np.ndarray]:
    """Draw what the firms' own records say, by column.

    Parameters
    ----------
    firm_of_team : ndarray of int, shape (n,)
    n_sellers : int
        In all.

    Returns
    -------
    dict
        ``n_employees`` by firm, ``cplx`` and ``vpay`` by team, ``tenure_years`` by seller.
    """
    n_firms = int(firm_of_team.max()) + 1
    firm_size = rng.standard_normal(n_firms)
    complexity, pay = (
        nested(
            rng.standard_normal(n_firms)[firm_of_team],
            rng.standard_normal(len(firm_of_team)),
            FIRM_SHARE_OF_CONTEXT,
        )
        for _ in range(2)
    )
    tenure = np.exp(rng.normal(1.5, 0.7, n_sellers))
    return {
        "n_employees": np.maximum(1, np.rint(np.exp(4.5 + 0.8 * firm_size))).astype(int),
        "cplx": np.clip(np.rint(4 + 1.2 * complexity), 1, 7).astype(int),
        "vpay": np.round(1 / (1 + np.exp(1 - pay)), 2),
        "tenure_years": np.round(tenure, 2),
    }


def draw_records(
    rng: np.random.Generator, people: People, scores: Scores
) -> dict[str, pd.DataFrame]:
    """Draw what the firms' own records say: size, complexity, variable pay, tenure."""
    n_firms, n_teams = len(people.firms), len(people.teams)
    drawn = draw_context(rng, people.firm_of_team, len(people.sellers))
    versions = [_ids(letters, n_firms, 2)[people.firm_of_team] for letters in ("SV", "LV")]
    return {
        "firms": pd.DataFrame(
            {
                "firm_id": people.firms,
                "n_employees": drawn["n_employees"],
            }
        ),
        "teams": pd.DataFrame(
            {
                "team_id": people.teams,
                "firm_id": people.firms[people.firm_of_team],
                "manager_id": people.managers,
                "process_version_sales": versions[0],
                "process_version_lead": versions[1],
                "n_sellers_roster": len(people.sellers) // n_teams,
                "cplx": drawn["cplx"],
                "vpay": drawn["vpay"],
            }
        ),
        "managers": pd.DataFrame(
            {"manager_id": people.managers, "trn_hours": training_hours(scores)}
        ),
        "sellers": pd.DataFrame(
            {
                "seller_id": people.sellers,
                "team_id": people.team_of_seller,
                "tenure_years": drawn["tenure_years"],
            }
        ),
    }


def with_change(teams: pd.DataFrame, is_changed: np.ndarray) -> pd.DataFrame:
    """Record the change; chance decided for every team, also for those that keep the process."""
    return teams.assign(
        process_changed_on=pd.Series([CHANGED_ON if c else None for c in is_changed], dtype="str"),
        rollout_step=np.where(is_changed, 1.0, np.nan),
        change_assigned_by=pd.Series(["random"] * len(teams), dtype="str"),
    )
