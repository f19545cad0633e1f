"""Paths in a causal graph: which carry an association, and what opens or closes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from coaching_stats.errors import StudyError, explain

if TYPE_CHECKING:
    import networkx as nx

Step = tuple[str, bool]  # a node, and whether the arrow that led to it points at it


def refuse_cycle(graph: nx.DiGraph, where: str) -> None:
    """Refuse a causal graph that runs in a circle, naming the circle."""
    from networkx import find_cycle, is_directed_acyclic_graph

    if not is_directed_acyclic_graph(graph):
        cycle = [start for start, _ in find_cycle(graph)]
        raise StudyError(
            explain(
                what=f"the causal graph runs in a circle: {' -> '.join([*cycle, cycle[0]])}",
                where=where,
                remedy="take out one of these arrows",
            )
        )


def open_path(
    graph: nx.DiGraph, x: Set[str], y: Set[str], given: Set[str], first: str | None = None
) -> tuple[str, ...]:
    """Find a shortest path between two sets that carries an association, given a third.

    A path carries one if each node on it where two arrows meet (a collider), or something that
    follows from it, is given, and no other node of it is.

    Parameters
    ----------
    graph : DiGraph, acyclic
    x, y, given : sets of nodes, disjoint
    first : node, optional
        Only paths whose second node is this one.

    Returns
    -------
    tuple of nodes, empty where x and y are d-separated

    References
    ----------
    Pearl (2009), Causality, 2nd edition, section 1.2.3; Shachter (1998), UAI 14, 480-487.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.DiGraph([("x", "c"), ("y", "c"), ("c", "d")])
    >>> open_path(graph, {"x"}, {"y"}, set()), open_path(graph, {"x"}, {"y"}, {"d"})
    ((), ('x', 'c', 'y'))
    """
    opens = _with_ancestors(graph, given)
    came_from: dict[Step, Step | str] = {}
    waiting: deque[Step] = deque()
    for start in sorted(x):
        for step in _neighbours(graph, start, down=True, up=True):
            if step[0] not in x and first in (None, step[0]) and step not in came_from:
                came_from[step] = start
                waiting.append(step)
    while waiting:
        node, points_here = step = waiting.popleft()
        if node in y:
            return _walked(came_from, step)
        passes, collides = node not in given, points_here and node in opens
        up = collides or (passes and not points_here)
        for onward in _neighbours(graph, node, down=passes, up=up):
            if onward[0] not in x and onward not in came_from:
                came_from[onward] = step
                waiting.append(onward)
    return ()


def _with_ancestors(graph: nx.DiGraph, nodes: Set[str]) -> set[str]:
    from networkx import ancestors

    return set(nodes).union(*(ancestors(graph, node) for node in nodes))


def _neighbours(graph: nx.DiGraph, node: str, *, down: bool, up: bool) -> Iterator[Step]:
    if down:
        yield from ((after, True) for after in graph.successors(node))
    if up:
        yield from ((before, False) for before in graph.predecessors(node))


def _walked(came_from: dict[Step, Step | str], step: Step) -> tuple[str, ...]:
    path = [step[0]]
    before = came_from[step]
    while not isinstance(before, str):
        path.append(before[0])
        before = came_from[before]
    return (before, *reversed(path))


@dataclass(frozen=True, eq=False)
class EffectInGraph:
    """The effect of some nodes on others in a causal graph, with some nodes held constant.

    Attributes
    ----------
    graph : DiGraph, acyclic
    x, y : sets of nodes
        Predictor and outcome.
    held : set of nodes
        What the question itself holds constant: paths through it are not part of the effect.
    """

    graph: nx.DiGraph
    x: Set[str]
    y: Set[str]
    held: Set[str]

    @cached_property
    def free(self) -> nx.DiGraph:
        """The graph without what is held constant."""
        return self.graph.subgraph(set(self.graph) - self.held)

    @cached_property
    def before_x(self) -> set[str]:
        """Causes of the predictor, other than through the outcome."""
        return _causes(self.free, self.x, without=self.y)

    @cached_property
    def before_y(self) -> set[str]:
        """Causes of the outcome other than through the predictor."""
        return _causes(self.free, self.y, without=self.x)

    @cached_property
    def mediators(self) -> set[str]:
        """Nodes between the predictor and the outcome."""
        from networkx import descendants

        after = set().union(*(descendants(self.free, node) for node in self.x))
        return (after & self.before_y) - self.x - self.y

    @cached_property
    def after_effect(self) -> set[str]:
        """What follows from the outcome or from a mediator, those two included."""
        from networkx import descendants

        on_path = self.mediators | self.y
        after = on_path.union(*(descendants(self.graph, node) for node in on_path))
        return after - self.x

    @cached_property
    def back_doors(self) -> nx.DiGraph:
        """The graph without the arrows by which the effect leaves the predictor."""
        graph = self.graph.copy()
        on_path = self.mediators | self.y
        graph.remove_edges_from([e for e in graph.out_edges(self.x) if e[1] in on_path])
        return graph

    def is_confounder(self, node: str) -> bool:
        """Whether a node causes both sides, or stands between such a cause and one of them."""
        common = self.before_x & self.before_y
        if node in common:
            return True
        if node in self.before_y:
            return bool(_causes(self.free, {node}, without=self.x) & common)
        return node in self.before_x and bool(_causes(self.free, {node}, self.y) & common)

    def separator(self, included: Set[str], without: Set[str] = frozenset()) -> set[str] | None:
        """Find a set, none of it superfluous, that closes every back door beside `included`.

        None where there is none, or where `included` holds what follows from the effect.

        References
        ----------
        van der Zander & Liskiewicz (2020), UAI 35, 992-1002, the algorithm in networkx.
        """
        from networkx.algorithms.d_separation import find_minimal_d_separator

        allowed = set(self.graph) - self.after_effect - self.x - self.y - without
        if not self.x or not self.y or not included <= allowed:
            return None
        return find_minimal_d_separator(
            self.back_doors, set(self.x), set(self.y), included=set(included), restricted=allowed
        )

    def opened_by(self, node: str, given: Set[str]) -> tuple[str, ...]:
        """Path that a node, held constant, opens although everything else is closed."""
        for included in (self.held | (given - {node}), self.held):
            closed = self.separator(included, without={node})
            if closed is not None:
                return open_path(self.back_doors, self.x, self.y, closed | {node})
        return ()

    def open_back_doors(self, given: Set[str]) -> Iterator[tuple[str, ...]]:
        """Back-door paths that stay open: the shortest by each arrow at the predictor."""
        starts = [n for x in sorted(self.x) for n in (*self.back_doors.predecessors(x),)]
        starts += [n for x in sorted(self.x) for n in self.back_doors.successors(x)]
        for first in dict.fromkeys(starts):
            path = open_path(self.back_doors, self.x, self.y, given, first)
            if path:
                yield path

    def causal_path(self, through: str | None = None) -> tuple[str, ...]:
        """Shortest path of arrows from predictor to outcome (through a node); empty if none."""
        stops = [self.x, *([{through}] if through else []), self.y]
        path: tuple[str, ...] = ()
        for start, end in pairwise(stops):
            part = directed_path(self.free, start, end)
            if not part:
                return ()
            path = (*path[:-1], *part)
        return path

    def path_after(self, node: str) -> tuple[str, ...]:
        """Shortest path of arrows to a node from the outcome or from a mediator."""
        return directed_path(self.graph, self.y, {node}) or directed_path(
            self.graph, self.mediators, {node}
        )

    def written(self, path: tuple[str, ...]) -> str:
        """Write a path with its arrows, such as ``WTC ← INF → JS``."""
        text = path[0] if path else ""
        for one, other in pairwise(path):
            text += f" {'→' if self.graph.has_edge(one, other) else '←'} {other}"
        return text


def directed_path(graph: nx.DiGraph, start: Set[str], end: Set[str]) -> tuple[str, ...]:
    """Shortest path of arrows from one set to another, empty where there is none."""
    from networkx import has_path, shortest_path

    found = [
        shortest_path(graph, one, other)
        for one in sorted(start)
        for other in sorted(end)
        if one in graph and other in graph and has_path(graph, one, other)
    ]
    return tuple(min(found, key=len, default=()))


def _causes(graph: nx.DiGraph, nodes: Set[str], without: Set[str]) -> set[str]:
    """Causes of some nodes other than through others."""
    from networkx import ancestors

    rest = graph.subgraph(set(graph) - (without - nodes))
    return set().union(*(ancestors(rest, n) for n in nodes if n in rest)) - nodes
