"""Latent scores of a world: its equations, their residual variances, and draws from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from graphlib import TopologicalSorter
from importlib import resources
from math import prod, sqrt
from types import MappingProxyType
from typing import Any

import numpy as np
import yaml

from coaching_stats.batched_streams import Random
from coaching_stats.errors import DesignError, explain, nearest
from coaching_stats.polynomials import Polynomial, add, multiply, variance

BETWEEN, WITHIN = "B", "W"
Node = tuple[str, str]  # (BETWEEN or WITHIN, key of a construct)
Scores = Mapping[Node, np.ndarray]  # between: (..., teams); within: (..., teams, sellers)

# Constructs that sellers neither report nor own: one value per team, no within part.
TEAM_ONLY = ("LAT", "WTC", "BEL", "DEPM", "FORCE", "TRN", "OBS", "RSM", "RSS")
STABILITY = 0.85  # weight of a residual of wave 1 in wave 2


@dataclass(frozen=True)
class Equation:
    """How one part of one construct comes about: mean + sum of terms + sqrt(resid_var) * e."""

    terms: tuple[tuple[float, tuple[Node, ...]], ...] = ()  # (coefficient, factors)
    mean: float = 0.0
    resid_var: float = 1.0


@dataclass(frozen=True, eq=False)
class World:
    """Every equation of a world, in an order in which they can be solved."""

    equations: Mapping[Node, Equation]
    scale: Mapping[str, float]  # within part times exp(scale * between part of SPR)
    mood: float
    firm_share: Mapping[str, float]  # share of the between residual that is the firm's
    icc1: Mapping[str, float]  # share of the between part in a seller's score
    truth: Mapping[str, Any]


@cache
def worlds_file() -> Mapping[str, Any]:
    """Contents of the packaged worlds.yml."""
    text = (resources.files("coaching_stats") / "worlds.yml").read_text(encoding="utf-8")
    return MappingProxyType(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


@lru_cache(maxsize=64)
def load_world(name: str, strength: float = 1.0) -> World:
    """Load one world of worlds.yml.

    Parameters
    ----------
    name : str
    strength : float, 0 or more
        Multiplies every coefficient and every scale. At 1 the residual variances are those of the
        file; otherwise they are set so that each part that has terms has variance 1.

    Raises
    ------
    DesignError
        No such world; a strength at which the terms alone have a variance above 1.

    Examples
    --------
    >>> world = load_world("people")
    >>> world.equations["B", "INF"]
    Equation(terms=((0.55, (('B', 'SKL'),)),), mean=0.0, resid_var=0.697)
    >>> round(load_world("people", strength=0.5).equations["B", "INF"].resid_var, 4)
    0.9244
    """
    file = worlds_file()
    if name not in file["worlds"]:
        raise DesignError(
            explain(
                what=f"there is no world {name!r}{nearest(name, file['worlds'])}",
                remedy=f"choose one of {', '.join(file['worlds'])}",
            )
        )
    entry = file["worlds"][name]
    scale = {key: strength * value for key, value in entry["scale"].items()}
    equations = _in_order(_equations(file, entry, strength), scale)
    if strength != 1:
        equations = _with_unit_variance(equations, strength)
    phi = file["firm_share_phi"]
    return World(
        equations=MappingProxyType(equations),
        scale=MappingProxyType(scale),
        mood=entry["mood"],
        firm_share={k: phi.get(k, phi["default"]) for part, k in equations if part == BETWEEN},
        icc1=file["icc1_latent"],
        truth=MappingProxyType(
            {
                "world": name,
                "note": entry["note"],
                "true_hypotheses": tuple(entry["true_hypotheses"]),
                "mimicked": tuple(entry["mimicked"]),
                "reference_split": dict(entry.get("reference_split", {})),
                "reference_same": dict(entry.get("reference_same", {})),
                "strength": float(strength),
            }
        ),
    )


def _equations(
    file: Mapping[str, Any], entry: Mapping[str, Any], strength: float
) -> dict[Node, Equation]:
    """Equations by node in the order of worlds.yml; nodes that it does not list have no terms."""
    keys = {BETWEEN: (*file["icc1_latent"], *TEAM_ONLY), WITHIN: tuple(file["icc1_latent"])}
    listed = {BETWEEN: entry["between"], WITHIN: entry["within"]}
    return {
        (part, key): _equation(listed[part].get(key, {}), part, strength)
        for part in (BETWEEN, WITHIN)
        for key in keys[part]
    }


def _equation(listed: Mapping[str, Any], part: str, strength: float) -> Equation:
    terms = tuple(
        (strength * coefficient, tuple(_factor(name, part) for name in term.split("*")))
        for term, coefficient in listed.get("terms", {}).items()
    )
    return Equation(terms, listed.get("mean", 0.0), listed.get("resid_var", 1.0))


def _factor(name: str, part: str) -> Node:
    """X_B is a between score wherever it stands; X belongs to the part of its equation."""
    return (BETWEEN, name[:-2]) if name.endswith("_B") else (part, name)


def _in_order(
    equations: Mapping[Node, Equation], scale: Mapping[str, float]
) -> dict[Node, Equation]:
    """Sort equations so that each comes after those that it needs."""
    needs = {
        node: [factor for _, factors in equation.terms for factor in factors]
        for node, equation in equations.items()
    }
    for key in scale:
        needs[WITHIN, key].append((BETWEEN, "SPR"))
    return {node: equations[node] for node in TopologicalSorter(needs).static_order()}


def _with_unit_variance(
    equations: Mapping[Node, Equation], strength: float
) -> dict[Node, Equation]:
    """Set the residual variances so that each part with terms has variance 1.

    Every part is a polynomial in the residuals e, which are independent standard normals. So its
    variance follows without simulation, products included (`polynomials.variance`). `scale` comes
    after this variance, and no term of any world uses a scaled part.
    """
    polynomials: dict[Node, Polynomial] = {}
    result = {}
    for node, equation in equations.items():
        explained = add(
            reduce(multiply, (polynomials[f] for f in factors), {(): coefficient})
            for coefficient, factors in equation.terms
        )
        resid_var = 1 - variance(explained) if equation.terms else equation.resid_var
        if resid_var < 0:
            raise DesignError(
                explain(
                    what=f"at strength {strength:g} the causes of {node[1]} have a variance of "
                    f"{1 - resid_var:.3g}, more than the whole of {node[1]} may have (1)",
                    remedy="choose a smaller strength",
                )
            )
        polynomials[node] = add([explained, {(): equation.mean, (node,): sqrt(resid_var)}])
        result[node] = Equation(equation.terms, equation.mean, resid_var)
    return result


def draw_residuals(
    world: World,
    rng: Random,
    *,
    firms: int,
    teams: int,
    sellers: int,
    batch: tuple[int, ...] = (),
) -> dict[Node, np.ndarray]:
    """Draw the residuals e of every part: variance 1, alike within firms to a known share.

    Drawn in this order, whatever the world: firms' normals, teams' normals, sellers' normals, each
    construct by construct as in worlds.yml. So worlds at the same seed share their residuals.

    Parameters
    ----------
    firms, teams, sellers : int
        Teams per firm, sellers per team.
    batch : tuple of int
        Leading axes: so many surveys at once.

    Returns
    -------
    dict from node to ndarray
        Between (*batch, firms * teams); within (*batch, firms * teams, sellers).
    """
    keys = (*world.icc1, *TEAM_ONLY)
    n_teams = firms * teams
    firm = rng.standard_normal((*batch, len(keys), firms)).repeat(teams, axis=-1)
    team = rng.standard_normal((*batch, len(keys), n_teams))
    seller = rng.standard_normal((*batch, len(world.icc1), n_teams, sellers))
    between = {
        (BETWEEN, key): nested(firm[..., i, :], team[..., i, :], world.firm_share[key])
        for i, key in enumerate(keys)
    }
    return between | {(WITHIN, key): seller[..., i, :, :] for i, key in enumerate(world.icc1)}


def nested(outer: np.ndarray, inner: np.ndarray, share: float) -> np.ndarray:
    """Join two standard normals into one, of whose variance the outer has `share`."""
    return sqrt(share) * outer + sqrt(1 - share) * inner


def carried_over(
    residuals: Scores, fresh: Scores, stability: float = STABILITY
) -> dict[Node, np.ndarray]:
    """Residuals of the next wave, correlated `stability` with those of this one.

    Examples
    --------
    >>> node = ("B", "SPR")
    >>> carried_over({node: np.array([1.0])}, {node: np.array([0.0])})[node].tolist()
    [0.85]
    """
    return {node: nested(residuals[node], fresh[node], stability**2) for node in residuals}


def solve(
    world: World, residuals: Scores, shift: Mapping[Node, np.ndarray] | None = None
) -> dict[Node, np.ndarray]:
    """Solve every equation of a world for given residuals.

    Parameters
    ----------
    residuals : mapping from node to ndarray
        As `draw_residuals` gives them.
    shift : mapping from node to ndarray, optional
        Added to a part after its own equation; all that depends on it follows.

    Returns
    -------
    dict from node to ndarray, shapes as the residuals
    """
    scores: dict[Node, np.ndarray] = {}
    for node, equation in world.equations.items():
        part, key = node
        score = equation.mean + sqrt(equation.resid_var) * residuals[node]
        for coefficient, factors in equation.terms:
            score = score + coefficient * prod(_aligned(scores, f, part) for f in factors)
        if part == WITHIN and key in world.scale:
            score = score * np.exp(world.scale[key] * scores[BETWEEN, "SPR"])[..., np.newaxis]
        scores[node] = score if shift is None or node not in shift else score + shift[node]
    return scores


def _aligned(scores: Scores, node: Node, part: str) -> np.ndarray:
    """One score in the shape of a part: a team's value stands for each of its sellers."""
    is_teams = part == WITHIN and node[0] == BETWEEN
    return scores[node][..., np.newaxis] if is_teams else scores[node]


def seller_score(world: World, scores: Scores, key: str) -> np.ndarray:
    """Latent score of each seller, both parts joined, shape (..., teams, sellers)."""
    return nested(scores[BETWEEN, key][..., np.newaxis], scores[WITHIN, key], world.icc1[key])
