"""Open paths, separators and effects in a causal graph, against enumeration and linear algebra."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.causal_paths import EffectInGraph, open_path, refuse_cycle
from coaching_stats.errors import StudyError

SEEDS = range(60)


def random_dag(seed, n=6, density=0.4):
    rng = np.random.default_rng(seed)
    order = rng.permutation([f"v{i}" for i in range(n)]).tolist()
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(order))
    graph.add_edges_from(e for e in combinations(order, 2) if rng.random() < density)
    return graph, rng


def drawn(rng, graph, how_many):
    """Predictor, outcome and some others, all different."""
    x, y, *others = rng.permutation(list(graph)).tolist()
    return x, y, set(others[:how_many])


def is_open(graph, path, given):
    """The definition, node by node."""
    opens = given.union(*(nx.ancestors(graph, node) for node in given))
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        collides = graph.has_edge(before, node) and graph.has_edge(after, node)
        if node not in opens if collides else node in given:
            return False
    return True


def simple_paths(graph, x, y):
    return list(nx.all_simple_paths(graph.to_undirected(), x, y))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_path_is_found_exactly_where_enumeration_finds_one_and_none_is_shorter(seed):
    graph, rng = random_dag(seed)
    for how_many in range(4):
        x, y, given = drawn(rng, graph, how_many)
        every = [p for p in simple_paths(graph, x, y) if is_open(graph, p, given)]
        found = list(open_path(graph, {x}, {y}, given))
        assert (found in every) == bool(every) == bool(found)
        assert len(found) == min(map(len, every), default=0)
        assert nx.is_d_separator(graph, x, y, given) == (not every)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_first_step_is_kept(seed):
    graph, rng = random_dag(seed)
    x, y, given = drawn(rng, graph, 1)
    for first in nx.all_neighbors(graph, x):
        every = [p for p in simple_paths(graph, x, y) if p[1] == first and is_open(graph, p, given)]
        found = list(open_path(graph, {x}, {y}, given, first))
        assert len(found) == min(map(len, every), default=0)


def slope_and_effect(graph, rng, x, y, held, given):
    """Population slope of y on x beside the rest, and the true effect with `held` held constant."""
    nodes = list(graph)
    weight = np.zeros((len(nodes), len(nodes)))
    for one, other in graph.edges:
        weight[nodes.index(other), nodes.index(one)] = rng.uniform(0.5, 1.5) * rng.choice([-1, 1])
    reach = np.linalg.inv(np.eye(len(nodes)) - weight)
    covariance = reach @ np.diag(rng.uniform(0.5, 2, len(nodes))) @ reach.T
    regressors = [nodes.index(n) for n in (x, *sorted(held | given))]
    within = covariance[np.ix_(regressors, regressors)]
    slope = np.linalg.solve(within, covariance[regressors, nodes.index(y)])[0]
    for node in held:
        weight[nodes.index(node), :] = 0
    effect = np.linalg.inv(np.eye(len(nodes)) - weight)[nodes.index(y), nodes.index(x)]
    return slope, effect


@pytest.mark.parametrize("seed", range(200))
def test_the_regression_slope_is_the_effect_exactly_where_the_criterion_says_so(seed):
    """In a linear model: valid covariates give the effect; any others, where there is one, not."""
    graph, rng = random_dag(seed)
    x, y, others = drawn(rng, graph, int(rng.integers(0, 4)))
    held = {node for node in others if rng.random() < 0.3}
    given = others - held
    effect = EffectInGraph(graph, {x}, {y}, held)
    doors = [*effect.open_back_doors(others)]
    is_valid = not others & effect.after_effect and not doors
    slope, truth = slope_and_effect(graph, rng, x, y, held, given)
    if is_valid:
        assert_allclose(slope, truth, atol=1e-9)
    elif effect.causal_path():
        assert abs(slope - truth) > 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_a_separator_closes_every_back_door_and_nothing_in_it_is_superfluous(seed):
    graph, rng = random_dag(seed)
    x, y, _ = drawn(rng, graph, 0)
    effect = EffectInGraph(graph, {x}, {y}, set())
    found = effect.separator(set())
    allowed = sorted(set(graph) - effect.after_effect - {x, y})
    subsets = [set(s) for size in range(len(allowed) + 1) for s in combinations(allowed, size)]
    closing = [s for s in subsets if not open_path(effect.back_doors, {x}, {y}, s)]
    if found is None:
        assert closing == []
    else:
        assert found in closing
        assert not any(s < found for s in closing)


@pytest.mark.parametrize("seed", SEEDS)
def test_confounders_stand_on_back_door_paths_that_are_open_by_themselves(seed):
    graph, rng = random_dag(seed)
    x, y, _ = drawn(rng, graph, 0)
    effect = EffectInGraph(graph, {x}, {y}, set())
    doors = effect.back_doors
    on_path = {n for p in simple_paths(doors, x, y) if is_open(doors, p, set()) for n in p[1:-1]}
    common = effect.before_x & effect.before_y
    candidates = set(graph) - effect.after_effect - {x, y} - nx.descendants(graph, x)
    if y not in nx.ancestors(graph, x):
        for node in candidates:
            assert effect.is_confounder(node) == (node in on_path or node in common), node


def test_a_collider_opens_a_path_and_a_butterfly_is_still_a_confounder():
    m_shape = nx.DiGraph([("u", "x"), ("u", "z"), ("w", "z"), ("w", "y"), ("x", "y")])
    effect = EffectInGraph(m_shape, {"x"}, {"y"}, set())
    assert effect.written(effect.opened_by("z", {"z"})) == "x ← u → z ← w → y"
    assert effect.opened_by("z", {"z", "u"}) == ()
    assert not effect.is_confounder("z")
    butterfly = nx.DiGraph([*m_shape.edges, ("z", "x"), ("z", "y")])
    effect = EffectInGraph(butterfly, {"x"}, {"y"}, set())
    assert effect.is_confounder("z")
    assert [*map(effect.written, effect.open_back_doors({"z"}))] == ["x ← u → z ← w → y"]
    assert effect.separator({"z"}) in ({"z", "u"}, {"z", "w"})


def test_a_circle_is_named():
    with pytest.raises(StudyError, match=r"circle: (a -> b -> a|b -> a -> b) \(mine.yml\)"):
        refuse_cycle(nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c")]), "mine.yml")
