"""Simulated surveys of worlds whose truth is known, as the tables of a real study."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from math import inf
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from coaching_stats.batched_streams import Random
from coaching_stats.errors import DesignError, explain
from coaching_stats.instrument import ATTENTION_KEYS
from coaching_stats.latent import (
    BETWEEN,
    Scores,
    World,
    carried_over,
    draw_residuals,
    load_world,
    solve,
)
from coaching_stats.measurement import (
    USUAL,
    Answers,
    Conditions,
    manager_answers,
    monthly_sales,
    process_ratings,
    seller_answers,
)
from coaching_stats.records import People, draw_records, number_people, with_change

SURVEYED = {1: "2025-08", 2: "2026-08"}
SALES_MONTHS = {  # the six after each survey
    1: ("2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02"),
    2: ("2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02"),
}
CHANGE = -1.0  # of process rigidity between the waves, in SD between teams


class SimulatedTables(dict[str, pd.DataFrame]):
    """Tables of a simulated survey by name, and in `truth` what holds in its world."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], truth: Mapping[str, Any]) -> None:
        super().__init__(tables)
        self.truth = deepcopy(dict(truth))

    def __repr__(self) -> str:
        """Names and sizes of the tables; the frames themselves are long."""
        sizes = ", ".join(f"{name}: {len(frame)} rows" for name, frame in self.items())
        return f"<simulated tables, world {self.truth['world']!r}; {sizes}>"


def simulate(
    world: str,
    *,
    firms: int,
    teams: int,
    sellers: int,
    strength: float = 1.0,
    waves: int = 1,
    seed: int | np.random.Generator | None = None,
) -> SimulatedTables:
    """Simulate a survey of a world whose truth is known.

    All randomness comes from one generator, drawn in this order: residuals of the latent scores
    (`draw_residuals`); languages, past failures and the records; then for each wave sellers'
    answers, managers' answers, who responds, dates, sales; after the first wave the process
    inventory. A second wave first draws which half of the teams get a looser process, and new
    residuals. So a survey of one wave is the first wave of the survey of two with the same seed.
    Errors of measurement, moods and nonresponse are drawn anew in each wave.

    Parameters
    ----------
    world : str
        theory, null, people, common_rater, reverse_cause, workload or no_variation.
    firms, teams, sellers : int
        Firms, teams per firm and sellers per team; one manager per team.
    strength : float, default 1
        Multiplies every coefficient of the world; other than at 1, the residuals of all that has
        causes fill its variance up to 1 (`load_world`).
    waves : 1 or 2
    seed : int or Generator, optional
        The same seed gives the same tables.

    Returns
    -------
    SimulatedTables
        firms, teams, managers, sellers, seller_survey, manager_survey, process_inventory, sales,
        roster. `truth` has world, note, true_hypotheses, mimicked, reference_split,
        reference_same, strength and design.

    Raises
    ------
    DesignError
        An unknown world, a size that is not a whole number of at least 1, waves other than 1 or
        2, a negative strength, or one at which the causes of a score exceed its variance.

    Examples
    --------
    >>> tables = simulate("theory", firms=2, teams=3, sellers=4, seed=1)
    >>> len(tables["teams"]), len(tables["roster"])
    (6, 30)
    >>> tables.truth["true_hypotheses"][:3]
    ('H1', 'H2', 'H3')
    """
    return simulate_under(
        USUAL,
        world,
        firms=firms,
        teams=teams,
        sellers=sellers,
        strength=strength,
        waves=waves,
        seed=seed,
    )


def simulate_under(
    conditions: Conditions,
    world: str,
    *,
    firms: int,
    teams: int,
    sellers: int,
    strength: float = 1.0,
    waves: int = 1,
    seed: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> SimulatedTables:
    """Simulate a survey as `simulate` does, answered under other conditions than the usual ones.

    Parameters
    ----------
    conditions : Conditions
        Response rates, loadings and gaps, for example those of the user's own data.

    Raises
    ------
    DesignError
        As `simulate` does.
    """
    _check_design(firms=firms, teams=teams, sellers=sellers)
    _check_options(strength, waves)
    model = load_world(world, float(strength))
    rng = np.random.default_rng(seed)
    sizes = {"firms": int(firms), "teams": int(teams), "sellers": int(sellers)}
    residuals = draw_residuals(model, rng, **sizes)
    people = number_people(rng, **sizes)
    past_failures = rng.poisson(0.8, len(people.teams))
    scores = solve(model, residuals)
    tables = draw_records(rng, people, scores)
    tables |= _wave(rng, model, scores, people, past_failures, conditions, wave=1)
    tables["process_inventory"] = _inventory(rng, scores, people, tables["manager_survey"])
    if waves == 2:
        is_changed = _change_half(rng, len(people.teams))
        shift = {(BETWEEN, key): CHANGE * is_changed for key in ("SPR", "LPR")}
        residuals = carried_over(residuals, draw_residuals(model, rng, **sizes))
        later_scores = solve(model, residuals, shift)
        later = _wave(rng, model, later_scores, people, past_failures, conditions, wave=2)
        for name, frame in later.items():
            tables[name] = pd.concat([tables[name], frame], ignore_index=True)
        tables["teams"] = with_change(tables["teams"], is_changed)
    design = {**sizes, "waves": int(waves)}
    return SimulatedTables(tables, {**model.truth, "design": design})


def _check_design(**sizes: object) -> None:
    bad = [
        f"{name}={value}"
        for name, value in sizes.items()
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 1
    ]
    if bad:
        raise DesignError(
            explain(
                what="firms, teams and sellers must be whole numbers of at least 1",
                where=", ".join(bad),
                remedy="give how many firms, teams per firm and sellers per team to simulate",
            )
        )


def _check_options(strength: object, waves: object) -> None:
    if not isinstance(strength, Real) or not 0 <= strength < inf:
        raise DesignError(
            explain(
                what=f"strength must be a number of at least 0, not {strength}",
                remedy="1 gives the world's own coefficients, 0.5 half of them",
            )
        )
    if isinstance(waves, bool) or waves not in (1, 2):
        raise DesignError(
            explain(what=f"waves must be 1 or 2, not {waves}", remedy="choose one of the two")
        )


def _wave(
    rng: np.random.Generator,
    model: World,
    scores: Scores,
    people: People,
    past_failures: np.ndarray,
    conditions: Conditions,
    wave: int,
) -> dict[str, pd.DataFrame]:
    """Run one wave: both surveys, who responded, and the sales of the months after."""
    sellers, _ = seller_answers(rng, model, scores, conditions)
    managers, _ = manager_answers(rng, model, scores, past_failures, conditions)
    ids = {
        "seller": {"seller_id": people.sellers, "team_id": people.team_of_seller},
        "manager": {"team_id": people.teams, "manager_id": people.managers},
    }
    rates = {"seller": conditions.seller_response, "manager": conditions.manager_response}
    responded = {role: rng.random(len(people.languages[role])) < rates[role] for role in ids}
    if conditions.missing:
        sellers, managers = (with_gaps(rng, a, conditions.missing) for a in (sellers, managers))
    return {
        f"{role}_survey": _survey(
            rng, ids[role], answers, people.languages[role], responded[role], wave
        )
        for role, answers in (("seller", sellers), ("manager", managers))
    } | {
        "sales": _sales(rng, model, scores, people, wave),
        "roster": _roster(people, responded, wave),
    }


def with_gaps(rng: Random, answers: Answers, share: float) -> Answers:
    """Leave single answers out at random, attention checks apart."""
    return {
        name: answer
        if name in ATTENTION_KEYS
        else np.where(rng.random(answer.shape) < share, np.nan, answer)
        for name, answer in answers.items()
    }


def _survey(
    rng: np.random.Generator,
    ids: Mapping[str, np.ndarray],
    answers: Answers,
    languages: np.ndarray,
    responded: np.ndarray,
    wave: int,
) -> pd.DataFrame:
    """One row per respondent: ids, wave, date, language, items."""
    (key, keys), (other, others) = ids.items()
    days = rng.integers(1, 32, len(keys))
    columns = {
        key: keys,
        "wave": np.full(len(keys), wave),
        other: others,
        "completed_at": np.array([f"{SURVEYED[wave]}-{d:02d}" for d in days.tolist()], object),
        "language": languages.astype(object),
    } | {name: answer.ravel() for name, answer in answers.items()}
    return pd.DataFrame({name: values[responded] for name, values in columns.items()})


def _sales(
    rng: np.random.Generator, model: World, scores: Scores, people: People, wave: int
) -> pd.DataFrame:
    months = SALES_MONTHS[wave]
    index = monthly_sales(rng, model, scores, len(months))
    return pd.DataFrame(
        {
            "seller_id": people.sellers.repeat(len(months)),
            "period": np.tile(np.array(months, dtype=object), len(people.sellers)),
            "sales_index": np.round(index.ravel(), 4),
        }
    )


def _roster(people: People, responded: Mapping[str, np.ndarray], wave: int) -> pd.DataFrame:
    """One row per invited person, sellers first."""
    n_sellers, n_managers = len(people.sellers), len(people.managers)
    return pd.DataFrame(
        {
            "person_id": np.concatenate([people.sellers, people.managers]),
            "wave": wave,
            "role": np.repeat(np.array(["seller", "manager"], object), [n_sellers, n_managers]),
            "team_id": np.concatenate([people.team_of_seller, people.teams]),
            "invited": 1,
            "responded": np.concatenate([responded["seller"], responded["manager"]]).astype(int),
        }
    )


def _inventory(
    rng: np.random.Generator, scores: Scores, people: People, manager_survey: pd.DataFrame
) -> pd.DataFrame:
    """Ratings of the process elements by the managers who responded."""
    elements, ratings = process_ratings(rng, scores)
    n = len(elements)
    inventory = pd.DataFrame(
        {
            "team_id": people.teams.repeat(n),
            "rater_id": people.managers.repeat(n),
            "element": np.tile(np.array(elements, dtype=object), len(people.teams)),
            "rater_role": "manager",
            **{name: rating.ravel() for name, rating in ratings.items()},
            "present": 1,
        }
    )
    has_rater = inventory["team_id"].isin(manager_survey["team_id"])
    return inventory[has_rater].reset_index(drop=True)


def _change_half(rng: np.random.Generator, n_teams: int) -> np.ndarray:
    """Which teams get a looser process: half of them (rounded down) at random."""
    is_changed = np.zeros(n_teams, dtype=bool)
    is_changed[rng.permutation(n_teams)[: n_teams // 2]] = True
    return is_changed
