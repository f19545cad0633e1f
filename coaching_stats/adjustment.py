"""What the causal graph says on covariates: which must be held constant, and which must not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coaching_stats.causal_paths import EffectInGraph
from coaching_stats.errors import StudyError, explain
from coaching_stats.hypotheses import Hypothesis, Leg, Study
from coaching_stats.texts import texts

if TYPE_CHECKING:
    import networkx as nx

MODERATOR = "moderator"  # or another predictor: the hypothesis itself needs it in the model
MEDIATOR, DESCENDANT, COLLIDER = "mediator", "descendant", "collider"
CONFOUNDER, PRECISION, INSTRUMENT = "confounder", "precision", "instrument"
UNCONNECTED = "unconnected"
REFUSED = (MEDIATOR, DESCENDANT, COLLIDER)


@dataclass(frozen=True)
class Effect:
    """One slope that is judged, or one link of a chain, and what the graph says on its covariates.

    Attributes
    ----------
    leg, predictor, outcome : str
    roles : mapping from covariate to role
        moderator: the hypothesis itself needs it. mediator: on a path from predictor to outcome.
        descendant: caused by the outcome or by a mediator. collider: common effect of causes of
        both sides, so that holding it constant opens a path. confounder: common cause of both, or
        between such a cause and one of them. precision: cause of the outcome only. instrument:
        cause of the predictor only. unconnected: none of these.
    sufficient_set : tuple of str, or None
        A smallest set of constructs that closes every back-door path, besides what the hypothesis
        itself holds constant; None where there is none, or where that follows from the outcome.
    missing : tuple of str
        What the covariates lack of such a set; empty also where nothing can close the paths.
    open_paths : tuple of str
        Back-door paths that stay open under the covariates: the shortest by each arrow at the
        predictor, such as ``WTC ← INF ← LAT → CFRQ``.
    causal_path : str
        Shortest path of arrows from predictor to outcome; empty where the graph has none.
    """

    leg: str
    predictor: str
    outcome: str
    roles: Mapping[str, str]
    sufficient_set: tuple[str, ...] | None
    missing: tuple[str, ...]
    open_paths: tuple[str, ...]
    causal_path: str

    @property
    def sufficient(self) -> bool:
        """Whether the covariates close every back-door path."""
        return self.sufficient_set is not None and not self.open_paths


@dataclass(frozen=True)
class Adjustment:
    """What the causal graph of a study says on the covariates of a hypothesis.

    Attributes
    ----------
    hypothesis : str
    effects : tuple of Effect
        One for each predictor of each leg, and for each link of a chain.
    """

    hypothesis: str
    effects: tuple[Effect, ...]

    @property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """Roles of each covariate over all effects, each once."""
        found: dict[str, list[str]] = {}
        for effect in self.effects:
            for key, role in effect.roles.items():
                found.setdefault(key, []).append(role)
        return {key: tuple(dict.fromkeys(roles)) for key, roles in found.items()}

    @property
    def sufficient(self) -> bool:
        """Whether the covariates close every back-door path of every effect."""
        return all(effect.sufficient for effect in self.effects)

    @property
    def missing(self) -> tuple[str, ...]:
        """What would close the open paths."""
        return tuple(dict.fromkeys(key for effect in self.effects for key in effect.missing))

    @property
    def open_paths(self) -> tuple[str, ...]:
        """Back-door paths that stay open, each once."""
        return tuple(dict.fromkeys(path for effect in self.effects for path in effect.open_paths))


def adjustment_of(study: Study, hypothesis: Hypothesis) -> Adjustment | None:
    """Say what the causal graph of a study means for the covariates of a hypothesis.

    A derived variable stands for its parts. Slopes within teams are read in the graph of what
    differs within teams: the team means are taken out, and with them all that managers, teams and
    processes bring.

    Parameters
    ----------
    study : Study
    hypothesis : Hypothesis

    Returns
    -------
    Adjustment, or None where the study has no graph

    Raises
    ------
    StudyError
        A covariate that must not be held constant, with the path that says why: a mediator, an
        effect of the outcome or of a mediator, or a collider. What the hypothesis itself needs is
        no such covariate: the mediators of a chain; its moderator; other predictors; mediators
        that it names under ``mediators`` because the direct effect is meant; and mediators in an
        equivalence, which says that no direct effect is left.

    References
    ----------
    Pearl (2009), Causality, 2nd edition, chapter 3: back-door paths. Shpitser, VanderWeele &
    Robins (2010), UAI 26, 527-536: the complete criterion, used here. Cinelli, Forney & Pearl
    (2022), Sociological Methods & Research 53, 1071-1104: good and bad covariates.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> study = load_study()
    >>> adjustment_of(study, study.hypothesis("H4")).roles
    {'SKL': ('confounder',), 'BEL': ('precision',), 'WKL': ('precision',)}
    """
    if not study.edges:
        return None
    effects = [_effect(study, leg, *judged) for leg in hypothesis.legs for judged in _judged(leg)]
    return Adjustment(hypothesis.id, tuple(effects))


def refuse_wrong_covariates(study: Study, where: str) -> None:
    """Refuse covariates that the study's own graph says must not be held constant."""
    for hypothesis in study.hypotheses:
        try:
            adjustment_of(study, hypothesis)
        except StudyError as problem:
            raise StudyError(f"{where}, {hypothesis.id}: {problem}") from None


def adjustment_sentences(study: Study, hypothesis: Hypothesis, language: str) -> tuple[str, ...]:
    """Say in words, for each effect that a hypothesis is about, what the graph asks for.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> study = load_study()
    >>> print(*adjustment_sentences(study, study.hypothesis("H3"), "en"))
    Manager latitude → Manager influence over sellers: the graph asks for no covariate. Held
    constant: Manager's coaching skill (cause of the outcome only).
    """
    adjustment = adjustment_of(study, hypothesis)
    if adjustment is None:
        return (texts(language)["adjustment"]["no_graph"],)
    said = (_sentence(study, effect, language) for effect in adjustment.effects)
    return tuple(dict.fromkeys(said))


def _sentence(study: Study, effect: Effect, language: str) -> str:
    said = texts(language)["adjustment"]

    def names(keys: Iterable[str]) -> str:
        return ", ".join(study.name(key, language) for key in keys)

    about = _named(study, f"{effect.predictor} → {effect.outcome}", language)
    if effect.sufficient_set is None:
        parts = [said["impossible"].format(about=about)]
    elif effect.sufficient_set:
        parts = [said["asks_for"].format(about=about, needed=names(effect.sufficient_set))]
    else:
        parts = [said["asks_for_none"].format(about=about)]
    if effect.roles:
        held = (f"{names([key])} ({said['roles'][role]})" for key, role in effect.roles.items())
        parts.append(said["held"].format(held=", ".join(held)))
    if effect.open_paths:
        paths = (_named(study, path, language) for path in effect.open_paths)
        parts.append(said["open"].format(paths="; ".join(paths)))
    if effect.missing:
        parts.append(said["missing"].format(missing=names(effect.missing)))
    return " ".join(parts)


def _named(study: Study, path: str, language: str) -> str:
    """Names in place of the keys of a path."""
    return re.sub(r"\w+", lambda key: study.name(key[0], language), path)


def _judged(leg: Leg) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Predictor, outcome and what the hypothesis itself holds constant, for each judged slope."""
    moderator = () if leg.moderator is None else (leg.moderator,)
    if leg.kind == "indirect":
        chain = (leg.predictor[0], *leg.mediators, leg.outcome)
        for place in range(1, len(chain)):
            yield chain[place - 1], chain[place], chain[: place - 1]
        return
    judged = leg.predictor if leg.kind == "difference" else leg.predictor[:1]
    for predictor in judged:
        others = (key for key in leg.predictor if key != predictor)
        yield predictor, leg.outcome, (*moderator, *others, *leg.mediators)


def _effect(study: Study, leg: Leg, predictor: str, outcome: str, needed: Sequence[str]) -> Effect:
    graph = _graph(study, leg)
    x, y = _nodes(study, graph, [predictor]), _nodes(study, graph, [outcome])
    covariates = [key for key in leg.covariates if key not in (predictor, outcome)]
    given = _nodes(study, graph, covariates) - x - y
    held = _nodes(study, graph, needed) - x - y
    if leg.kind == "equivalence":  # it says that no effect is left beside these mediators
        held |= given & EffectInGraph(graph, x, y, held).mediators
    effect = EffectInGraph(graph, x, y, held)
    roles = {
        key: MODERATOR if key in needed else _role(effect, _nodes(study, graph, [key]), given)
        for key in covariates
    }
    for key, role in roles.items():
        if role in REFUSED:
            _refuse(effect, key, _nodes(study, graph, [key]), role, given)
    alone, beside = effect.separator(held), effect.separator(held | given)
    return Effect(
        leg=leg.name,
        predictor=predictor,
        outcome=outcome,
        roles=roles,
        sufficient_set=None if alone is None else _ordered(graph, alone - held),
        missing=() if beside is None else _ordered(graph, beside - held - given),
        open_paths=tuple(map(effect.written, effect.open_back_doors(held | given))),
        causal_path=effect.written(effect.causal_path()),
    )


def _role(effect: EffectInGraph, nodes: set[str], given: set[str]) -> str:
    """Role of a covariate; of the parts of a derived one the role that matters most."""
    found = {_role_of_node(effect, node, given) for node in nodes - effect.x - effect.y}
    order = (*REFUSED, MODERATOR, CONFOUNDER, PRECISION, INSTRUMENT)
    return next((role for role in order if role in found), UNCONNECTED)


def _role_of_node(effect: EffectInGraph, node: str, given: set[str]) -> str:
    if node in effect.held:
        return MODERATOR
    if node in effect.after_effect:
        return MEDIATOR if node in effect.mediators else DESCENDANT
    if effect.is_confounder(node):
        return CONFOUNDER
    if node in effect.before_y:
        return PRECISION
    if node in effect.before_x:
        return INSTRUMENT
    return COLLIDER if effect.opened_by(node, given) else UNCONNECTED


def causal_graph(study: Study) -> nx.DiGraph:
    """Graph of a study in which a derived variable, where it is drawn, follows from its parts."""
    graph = study.graph
    for derived in set(graph) & set(study.derived):
        graph.add_edges_from((part, derived) for part in study.parts(derived))
    return graph


def _graph(study: Study, leg: Leg) -> nx.DiGraph:
    """Graph that a leg is read in: the whole, or what differs within teams."""
    graph = causal_graph(study)
    named = (*leg.predictor, *leg.mediators, *leg.covariates, leg.outcome)
    used = {part for key in named for part in study.parts(key)}
    graph.add_nodes_from(sorted(used))
    if leg.level == "seller":
        used -= {leg.moderator}
        graph.remove_nodes_from([n for n in graph if n not in used and _is_of_team(study, n)])
    return graph


def _is_of_team(study: Study, key: str) -> bool:
    """Whether a variable is the same for all sellers of a team."""
    return all(study.constructs[part].level != "seller" for part in study.parts(key))


def _nodes(study: Study, graph: nx.DiGraph, keys: Iterable[str]) -> set[str]:
    """Nodes that some variables stand for: themselves and, of a derived one, its parts."""
    return {node for key in keys for node in (key, *study.parts(key)) if node in graph}


def _ordered(graph: nx.DiGraph, nodes: set[str]) -> tuple[str, ...]:
    return tuple(node for node in graph if node in nodes)


def _refuse(effect: EffectInGraph, key: str, nodes: set[str], role: str, given: set[str]) -> None:
    """Refuse a covariate, with the path that says why it must not be held constant."""
    node = next(n for n in sorted(nodes) if _role_of_node(effect, n, given) == role)
    paths = {
        MEDIATOR: lambda: effect.causal_path(through=node),
        DESCENDANT: lambda: effect.path_after(node),
        COLLIDER: lambda: effect.opened_by(node, given),
    }
    path = effect.written(paths[role]())
    what = {
        MEDIATOR: f"{key} is on the path {path}, part of what is to be shown",
        DESCENDANT: f"{key} is an effect of the outcome or of a mediator: {path}",
        COLLIDER: f"{key} is a collider, or follows from one: held constant it opens {path}",
    }
    remedy = {
        MEDIATOR: f"leave {key} out of the covariates, or name it under mediators as well, if the "
        "effect beside it is meant",
        DESCENDANT: f"leave {key} out of the covariates",
        COLLIDER: f"leave {key} out of the covariates, or add another variable of that path",
    }
    raise StudyError(explain(what=f"the covariate {what[role]}", remedy=remedy[role]))
