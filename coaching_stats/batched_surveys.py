"""Many simulated surveys at once, as arrays: what `simulate`, `measure` and `with_halves` give.

A leading axis of R surveys stands before every array. Each survey is drawn from a stream of its
own in the order in which `simulate` draws, so that it is the same survey to the last answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from coaching_stats.batched_streams import Streams
from coaching_stats.instrument import ATTENTION_KEYS, load_instrument
from coaching_stats.latent import draw_residuals, load_world, solve
from coaching_stats.measured import MIN_FOR_HALVES, MIN_RESPONDENTS, MIN_RESPONSE_RATE
from coaching_stats.measurement import (
    Conditions,
    manager_answers,
    monthly_sales,
    process_ratings,
    seller_answers,
    training_hours,
)
from coaching_stats.records import draw_context
from coaching_stats.scales import COUNTS, SINGLE, SUFFIX, ScaleItem, mean_score, turned
from coaching_stats.sourcing import HALVES
from coaching_stats.team_records import SALES_MONTHS
from coaching_stats.worlds import with_gaps


@dataclass(frozen=True)
class Size:
    """Firms, teams per firm and sellers per team of every survey."""

    firms: int
    teams: int
    sellers: int

    @property
    def n_teams(self) -> int:
        """Teams in all."""
        return self.firms * self.teams

    @property
    def firm_of_team(self) -> np.ndarray:
        """Position of each team's firm, shape (n_teams,)."""
        return np.arange(self.firms).repeat(self.teams)


@dataclass(frozen=True, eq=False)
class Surveys:
    """R surveys of T teams with S invited sellers each; nan where nobody answered.

    Attributes
    ----------
    size : Size
    sellers : mapping from score column to ndarray, shape (R, T, S)
    teams : mapping from score column to ndarray, shape (R, T)
    items : mapping from score column to ndarray, shape (R, T, S, k) or (R, T, k)
        Turned answers.
    counted : ndarray of bool, shape (R, T, S)
        Sellers who answered and passed the attention checks.
    responded : ndarray, shape (R, T)
        Sellers who answered, whether or not they passed.
    manager_counted : ndarray of bool, shape (R, T)
    n_failed, n_answered : ndarray of int, shape (R,)
    halves : ndarray of bool, shape (R, splits, T, S)
        True in half a.
    """

    size: Size
    sellers: Mapping[str, np.ndarray]
    teams: Mapping[str, np.ndarray]
    items: Mapping[str, np.ndarray]
    counted: np.ndarray
    responded: np.ndarray
    manager_counted: np.ndarray
    n_failed: np.ndarray
    n_answered: np.ndarray
    halves: np.ndarray
    _known: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def n(self) -> int:
        """Surveys."""
        return len(self.counted)

    @property
    def n_sellers(self) -> np.ndarray:
        """Sellers that count, shape (R, T)."""
        return self.counted.sum(axis=-1)

    @property
    def response_rate(self) -> np.ndarray:
        """Share of the invited who answered, shape (R, T)."""
        return self.responded / self.size.sellers

    @property
    def usable_team(self) -> np.ndarray:
        """Teams with enough respondents for a mean, bool, shape (R, T)."""
        return (self.n_sellers >= MIN_RESPONDENTS) & ~(self.response_rate < MIN_RESPONSE_RATE)

    def team_values(self, column: str, source: str = "", split: int = 0) -> np.ndarray:
        """A score by team, or the mean of its sellers, or of a half of them; shape (R, T)."""
        if column in self.teams:
            return self.teams[column]
        key = (column, source, split) if source in HALVES else (column, "", 0)
        if key not in self._known:
            use = ~np.isnan(self.sellers[column])
            if source in HALVES:
                half = self.halves[:, split]
                use &= half if source == "seller_a" else ~half
            count = use.sum(axis=-1)
            total = np.where(use, self.sellers[column], 0.0).sum(axis=-1)
            self._known[key] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return self._known[key]

    def spread_within(self, column: str) -> np.ndarray:
        """Standard deviation within each team, nan below four sellers; shape (R, T)."""
        values = self.sellers[column]
        use = ~np.isnan(values)
        count = use.sum(axis=-1)
        mean = np.where(use, values, 0.0).sum(axis=-1) / np.maximum(count, 1)
        square = np.where(use, (values - mean[..., None]) ** 2, 0.0).sum(axis=-1)
        return np.where(count >= MIN_FOR_HALVES, np.sqrt(square / np.maximum(count - 1, 1)), np.nan)


def draw_surveys(
    world: str,
    size: Size,
    *,
    strength: float,
    conditions: Conditions,
    streams: Sequence[tuple[np.random.Generator, np.random.Generator]],
    n_splits: int,
) -> Surveys:
    """Simulate surveys of one wave, score them, and draw their random halves.

    Parameters
    ----------
    streams : sequence of (Generator, Generator)
        Of each survey: for the simulation, and for the halves.
    n_splits : int
    """
    stacked = _drawn(world, size, strength, conditions, Streams([rng for rng, _ in streams]))
    seller, manager = stacked.pop("responded_s"), stacked.pop("responded_m")
    passed = {form: _passed(stacked, form) for form in ("seller", "manager")}
    counted, manager_counted = seller & passed["seller"], manager & passed["manager"]
    failed = (seller & ~passed["seller"]).sum(axis=(1, 2)) + (manager & ~passed["manager"]).sum(1)
    sellers, items = _scores(stacked, "seller", counted)
    teams, manager_items = _scores(stacked, "manager", manager_counted)
    sellers["SALES_r"] = np.where(counted, stacked["sales"], np.nan)
    sellers["TEN_r"] = np.where(counted, stacked["tenure_years"], np.nan)
    teams["TRN_m"] = stacked["trn_hours"].astype(float)
    teams |= _context(stacked, size)
    teams |= _inventory(stacked, manager)
    halves = np.stack(
        [_halves(one, rng, n_splits) for one, (_, rng) in zip(counted, streams, strict=True)]
    )
    return Surveys(
        size=size,
        sellers=sellers,
        teams=teams,
        items={**items, **manager_items},
        counted=counted,
        responded=seller.sum(axis=-1),
        manager_counted=manager_counted,
        n_failed=failed,
        n_answered=seller.sum(axis=(1, 2)) + manager.sum(axis=1),
        halves=halves,
    )


def _drawn(
    world: str, size: Size, strength: float, conditions: Conditions, rng: Streams
) -> dict[str, np.ndarray]:
    """Draw every survey in the order of `worlds.simulate_under`, one wave."""
    model = load_world(world, strength)
    shape = len(rng), size.n_teams, size.sellers
    n_sellers = size.n_teams * size.sellers
    residuals = draw_residuals(
        model, rng, firms=size.firms, teams=size.teams, sellers=size.sellers, batch=shape[:1]
    )
    rng.random((len(rng), n_sellers + size.n_teams))  # languages, which nothing depends on
    past_failures = rng.poisson(np.full(shape[:2], 0.8))
    scores = solve(model, residuals)
    context = rng.each(lambda one: draw_context(one, size.firm_of_team, n_sellers))
    context["tenure_years"] = context["tenure_years"].reshape(shape)
    answers, _ = seller_answers(rng, model, scores, conditions)
    of_managers, _ = manager_answers(rng, model, scores, past_failures, conditions)
    responded = rng.random(shape) < conditions.seller_response
    manager_responded = rng.random(shape[:2]) < conditions.manager_response
    if conditions.missing:
        answers, of_managers = (
            with_gaps(rng, a, conditions.missing) for a in (answers, of_managers)
        )
    for n in (n_sellers, size.n_teams):  # days of the month on which they answered
        rng.integers(1, 32, [n] * len(rng))
    sales = np.round(monthly_sales(rng, model, scores, SALES_MONTHS), 4)
    _, ratings = process_ratings(rng, scores)
    return {
        **answers,
        **of_managers,
        **{f"rating_{name}": rating for name, rating in ratings.items()},
        **context,
        "trn_hours": training_hours(scores),
        "sales": np.log(sales / 100).mean(axis=-1),
        "responded_s": responded,
        "responded_m": manager_responded,
    }


def _passed(stacked: Mapping[str, np.ndarray], form: str) -> np.ndarray:
    checks = [n for n in ATTENTION_KEYS if load_instrument().item(n).form == form]
    return np.all([stacked[name] == ATTENTION_KEYS[name] for name in checks], axis=0)


def _scores(
    stacked: Mapping[str, np.ndarray], form: str, counted: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Scores and turned items of one form, nan where nobody counts."""
    scores, items = {}, {}
    of_form = [item for item in load_instrument().items if item.form == form]
    for construct in dict.fromkeys(item.construct for item in of_form):
        if construct == "ATT":
            continue
        column = f"{construct}_{SUFFIX[form]}"
        scale = tuple(
            ScaleItem(i.name, i.is_reversed, i.scale_min, i.scale_max)
            for i in of_form
            if i.construct == construct
        )
        values = np.stack([stacked[item.name] for item in scale], axis=-1).astype(float)
        values[~counted] = np.nan
        if construct in COUNTS:
            scores[column] = np.log1p(values[..., 0])
        elif construct in SINGLE:
            scores[column] = values[..., 0]
        else:
            answers = turned(values, scale)
            flat = mean_score(answers.reshape(-1, len(scale)))
            scores[column] = flat.reshape(answers.shape[:-1])
            if len(scale) > 1:
                items[column] = answers
    return scores, items


def _context(stacked: Mapping[str, np.ndarray], size: Size) -> dict[str, np.ndarray]:
    # SPAN_r is the same for every team, so that no model can hold it
    employees = np.log(stacked["n_employees"].astype(float))[:, size.firm_of_team]
    return {
        "FSIZE_r": employees,
        "CPLX_r": stacked["cplx"].astype(float),
        "VPAY_r": stacked["vpay"].astype(float),
    }


def _inventory(stacked: Mapping[str, np.ndarray], rated: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of the process inventory, by importance; as `team_records` has them."""
    ratings = {name: stacked[f"rating_{name}"].astype(float) for name in "abcdefgh"}
    weight = ratings["h"]
    rigid = (ratings["a"] + ratings["b"] + 8 - ratings["c"]) / 3
    half = weight.shape[-1] // 2  # P1-P8 are of the sales process
    found = {
        "SPR_p": _weighted(rigid[..., :half], weight[..., :half]),
        "LPR_p": _weighted(rigid[..., half:], weight[..., half:]),
        "OBS_p": _weighted(ratings["d"], weight),
        "RSM_p": _weighted(ratings["e"], weight),
        "RSS_p": _weighted(ratings["f"], weight),
        "SUP_p": _weighted(ratings["g"], weight),
        "IMP_p": weight.mean(axis=-1),
    }
    return {name: np.where(rated, values, np.nan) for name, values in found.items()}


def _weighted(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return (values * weight).sum(axis=-1) / weight.sum(axis=-1)


def _halves(counted: np.ndarray, rng: np.random.Generator, n_splits: int) -> np.ndarray:
    """Random halves of each team's sellers, as `samples.with_halves` draws them."""
    team = np.nonzero(counted)[0]
    size = np.bincount(team, minlength=len(counted))
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    halves = np.zeros((n_splits, *counted.shape), dtype=bool)
    for half in halves:
        order = np.lexsort((rng.random(len(team)), team))
        rank = np.empty(len(team), dtype=int)
        rank[order] = np.arange(len(team)) - start[team[order]]
        half[counted] = rank < (size[team] + 1) // 2
    return halves
