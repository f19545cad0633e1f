"""From latent scores to what a simulated respondent ticks, and to what stands in the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from math import sqrt

import numpy as np
import yaml

from coaching_stats.batched_streams import Random, how_many
from coaching_stats.instrument import ATTENTION_KEYS, Item, load_instrument
from coaching_stats.latent import BETWEEN, Scores, World, nested, seller_score

Answers = dict[str, np.ndarray]  # item -> whole numbers, (..., teams) or (..., teams, sellers)

ITEM_SD, LOADING = 1.2, 0.75  # of an answer in scale points; of an item on its score
KNOWN_TO_MANAGER = ("LAT", "WTC", "BEL", "DEPM", "FORCE", "WKL")
GUESSED_BY_MANAGER = ("SPR", "LPR", "INF", "CFRQ")  # a fallible informant
OWN_TO_MANAGER = ("JS", "MARK")  # unrelated to the team's score
MOOD_SHARED_BY_TEAM = 0.10
INATTENTIVE = 0.04
COUNTS = ("S_CFRQ1", "M_CFRQ1")
RATED_PROCESSES = ("SPR", "LPR", "OBS", "RSM", "RSS")
RATED_FREELY = ("SUP", "IMP")  # unrelated to any other score


@dataclass(frozen=True)
class Conditions:
    """Under what conditions a survey is answered; the defaults are those of worlds.yml.

    Attributes
    ----------
    seller_response, manager_response : float
        Share of the invited who answer.
    loading : mapping from score column to float
        Loading of a construct's items where it is not `LOADING`, by column such as SPR_s.
    missing : float
        Share of single answers left out at random, by those who answer.
    """

    seller_response: float = 0.75
    manager_response: float = 0.90
    loading: Mapping[str, float] = field(default_factory=dict)
    missing: float = 0.0


USUAL = Conditions()


@cache
def valences() -> Mapping[str, int]:
    """Evaluative tone of each construct's items: 1 pleasant, -1 unpleasant, 0 neutral.

    Examples
    --------
    >>> valences()["SPR"], valences()["INF"], valences()["MARK"]
    (-1, 1, 0)
    """
    text = (resources.files("coaching_stats") / "theory.yml").read_text(encoding="utf-8")
    study = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {entry["key"]: entry["valence"] for entry in study["constructs"]}


def seller_answers(
    rng: Random, world: World, scores: Scores, conditions: Conditions = USUAL
) -> tuple[Answers, np.ndarray]:
    """Let every seller answer every item.

    Drawn in this order: mood of teams, of sellers; the items in the order of the form; who is
    inattentive, and what they tick.

    Returns
    -------
    answers : dict from item to ndarray of int, shape (..., teams, sellers)
    inattentive : ndarray of bool, shape (..., teams, sellers)
        Who failed the attention checks.
    """
    etas = {key: seller_score(world, scores, key) for key in world.icc1}
    shape = etas["SPR"].shape
    team_mood = rng.standard_normal(shape[:-1])[..., np.newaxis]
    mood = nested(team_mood, rng.standard_normal(shape), MOOD_SHARED_BY_TEAM)
    etas = {key: _coloured(eta, mood, world.mood * valences()[key]) for key, eta in etas.items()}
    answers = {
        i.name: _answer(rng, i, etas.get(i.construct), shape, conditions) for i in _items("seller")
    }
    return _with_inattentive(rng, answers, shape)


def manager_answers(
    rng: Random,
    world: World,
    scores: Scores,
    past_failures: np.ndarray,
    conditions: Conditions = USUAL,
) -> tuple[Answers, np.ndarray]:
    """Let every manager answer every item.

    Drawn in this order: mood; errors of what managers guess about their team; their own job
    satisfaction and marker; the items; who is inattentive, and what they tick.

    Parameters
    ----------
    past_failures : ndarray of int, shape (..., teams)
        Coaching initiatives that faded.

    Returns
    -------
    answers : dict from item to ndarray of int, shape (..., teams)
    inattentive : ndarray of bool, shape (..., teams)
    """
    shape = scores[BETWEEN, "SPR"].shape
    mood = rng.standard_normal(shape)
    etas = {key: scores[BETWEEN, key] for key in KNOWN_TO_MANAGER}
    for key in GUESSED_BY_MANAGER:
        etas[key] = 0.80 * scores[BETWEEN, key] + 0.60 * rng.standard_normal(shape)
    etas |= {key: rng.standard_normal(shape) for key in OWN_TO_MANAGER}
    etas = {key: _coloured(eta, mood, world.mood * valences()[key]) for key, eta in etas.items()}
    known = {"M_TRN1": training_hours(scores), "M_PASTF1": past_failures}
    answers = {
        item.name: known[item.name]
        if item.name in known
        else _answer(rng, item, etas.get(item.construct), shape, conditions)
        for item in _items("manager")
    }
    return _with_inattentive(rng, answers, shape)


def process_ratings(rng: Random, scores: Scores) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Let one rater per team rate every process element.

    Drawn in this order: the rater's view of each construct; then rating by rating, a to h, all
    elements at once.

    Returns
    -------
    elements : tuple of str, P1 to P16
    ratings : dict from "a" ... "h" to ndarray of int, shape (..., teams, 16)
    """
    shape = scores[BETWEEN, "SPR"].shape
    views = {
        k: LOADING * scores[BETWEEN, k] + 0.66 * rng.standard_normal(shape) for k in RATED_PROCESSES
    }
    views |= {key: rng.standard_normal(shape) for key in RATED_FREELY}
    rows = _items("process_inventory")
    elements = [item for item in rows if not item.name.startswith("P_")]
    ratings = {}
    for rating in (item for item in rows if item.name.startswith("P_")):
        constructs = (
            e.construct if rating.construct == "RIG" else rating.construct for e in elements
        )
        eta = np.stack([views[key] for key in constructs], axis=-1)
        ratings[rating.name[2:]] = _likert(rng, rating, eta, error=0.66)
    return tuple(item.name for item in elements), ratings


def training_hours(scores: Scores) -> np.ndarray:
    """Hours of coaching training of each manager, whole and not negative."""
    return np.maximum(0, np.rint(12 + 8 * scores[BETWEEN, "TRN"])).astype(int)


def monthly_sales(rng: Random, world: World, scores: Scores, n_months: int) -> np.ndarray:
    """Sales index of each seller (100 = target), shape (..., teams, sellers, n_months)."""
    eta = seller_score(world, scores, "SALES")[..., np.newaxis]
    noise = rng.standard_normal((*eta.shape[:-1], n_months))
    return 100 * np.exp(0.25 * eta + 0.10 * noise)


def _items(form: str) -> tuple[Item, ...]:
    return tuple(item for item in load_instrument().items if item.form == form)


def _coloured(eta: np.ndarray, mood: np.ndarray, weight: float) -> np.ndarray:
    """Mix a respondent's mood into a score, keeping its variance; weight in [-1, 1]."""
    return sqrt(1 - weight**2) * eta + weight * mood


def _answer(
    rng: Random,
    item: Item,
    eta: np.ndarray | None,
    shape: tuple[int, ...],
    conditions: Conditions,
) -> np.ndarray:
    if item.name in ATTENTION_KEYS:
        return np.full(shape, ATTENTION_KEYS[item.name])
    if item.name in COUNTS:
        return np.minimum(rng.poisson(np.exp(0.7 + 0.6 * eta)), item.scale_max)
    column = f"{item.construct}_{item.form[0]}"
    loading = conditions.loading.get(column, LOADING)
    return _likert(rng, item, eta, error=sqrt(1 - loading**2), loading=loading)


def _likert(
    rng: Random, item: Item, eta: np.ndarray, error: float, loading: float = LOADING
) -> np.ndarray:
    """Round a score with error to the options of an item, whose middle is the mean."""
    middle = (item.scale_min + item.scale_max) / 2
    exact = middle + ITEM_SD * (loading * eta + error * rng.standard_normal(eta.shape))
    ticked = np.clip(np.rint(exact), item.scale_min, item.scale_max).astype(int)
    return item.scale_min + item.scale_max - ticked if item.is_reversed else ticked


def _with_inattentive(
    rng: Random, answers: Answers, shape: tuple[int, ...]
) -> tuple[Answers, np.ndarray]:
    """Overwrite the answers of the inattentive: any option, and a wrong one in every check."""
    inattentive = rng.random(shape) < INATTENTIVE
    n = how_many(rng, inattentive)
    for name, answer in answers.items():
        item = load_instrument().item(name)
        n_options = item.scale_max - item.scale_min + 1
        if (item.scale_min, item.scale_max) != (1, 7):
            continue
        if name in ATTENTION_KEYS:
            off = rng.integers(1, n_options, n)  # by how many options, in a circle, it is missed
            answer[inattentive] = 1 + (ATTENTION_KEYS[name] - 1 + off) % n_options
        else:
            answer[inattentive] = rng.integers(1, n_options + 1, n)
    return answers, inattentive
