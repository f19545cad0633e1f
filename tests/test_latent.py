"""Latent scores follow the equations of worlds.yml and have the variance that it promises."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.latent import (
    BETWEEN,
    WITHIN,
    World,
    carried_over,
    draw_residuals,
    load_world,
    seller_score,
    solve,
    worlds_file,
)
from coaching_stats.polynomials import mean, variance

WORLDS = tuple(worlds_file()["worlds"])
VARIED = tuple(name for name in WORLDS if name != "no_variation")
DESIGN = {"firms": 30_000, "teams": 1, "sellers": 2}
SCALED = {(WITHIN, "AUT"), (WITHIN, "SALES")}


def scores_of(world: World, seed=20150608, **design):
    residuals = draw_residuals(world, np.random.default_rng(seed), **(DESIGN | design))
    return solve(world, residuals)


def variance_and_its_error(values):
    """Sample variance, and its Monte Carlo standard error whatever the distribution."""
    deviation = (values - values.mean()) ** 2
    return deviation.mean(), deviation.std() / np.sqrt(values.size)


def test_the_variance_of_a_product_of_correlated_normals_is_the_textbook_one():
    """Var(xy) = 1 + r^2 for standard normals with correlation r."""
    r = 0.6
    product = {("x", "x"): r, ("x", "z"): np.sqrt(1 - r**2)}
    assert_allclose(mean(product), r)
    assert_allclose(variance(product), 1 + r**2)


@pytest.mark.parametrize(("name", "strength"), [(name, 1) for name in VARIED] + [("theory", 0.5)])
def test_every_part_has_variance_one(name, strength):
    """The file's residual variances have three decimals and come from a simulation."""
    rounding = 0.003 if strength == 1 else 0
    for node, values in scores_of(load_world(name, strength)).items():
        if node not in SCALED:
            size, error = variance_and_its_error(values.ravel())
            # The two sellers of a team share its moderators: at most twice the squared error.
            assert abs(size - 1) < 4.5 * np.sqrt(2) * error + rounding, node


def test_residual_variances_of_the_file_are_those_that_give_variance_one():
    almost = load_world("theory", 1 + 1e-9)
    for node, equation in load_world("theory").equations.items():
        assert abs(equation.resid_var - almost.equations[node].resid_var) < 0.003, node


def test_no_term_uses_a_part_that_is_scaled_afterwards():
    for name in WORLDS:
        world = load_world(name)
        used = {f for e in world.equations.values() for _, factors in e.terms for f in factors}
        assert not used & {(WITHIN, key) for key in world.scale}


def test_strength_halves_coefficients_and_scale():
    whole, half = load_world("theory"), load_world("theory", 0.5)
    assert half.equations[BETWEEN, "INF"].terms[0] == (0.375, ((BETWEEN, "LAT"),))
    assert half.scale == {key: value / 2 for key, value in whole.scale.items()}


def test_at_strength_zero_nothing_is_related():
    scores = scores_of(load_world("theory", 0.0), firms=5000)
    r = np.corrcoef([scores[BETWEEN, key] for key in ("SPR", "LPR", "LAT", "INF", "WTC", "CFRQ")])
    assert abs(r[np.triu_indices(6, 1)]).max() < 4.5 / np.sqrt(5000)


def test_a_strength_that_leaves_no_residual_is_refused():
    with pytest.raises(DesignError, match="causes of LAT"):
        load_world("theory", 1.5)


def test_one_process_for_all_hardly_varies_and_is_rigid():
    scores = scores_of(load_world("no_variation"), firms=2000)
    for key in ("SPR", "LPR"):
        assert abs(scores[BETWEEN, key].mean() - 0.8) < 4 * 0.1 / np.sqrt(2000)
        assert abs(scores[BETWEEN, key].std() - 0.1) < 4 * 0.1 / np.sqrt(4000)


def test_the_equations_of_the_manager_route_are_found_again():
    """Least squares on the latent scores returns the coefficients of worlds.yml."""
    scores = scores_of(load_world("theory"))
    b = {key: scores[BETWEEN, key] for key in ("SPR", "LPR", "ENA", "LAT")}
    X = np.column_stack([b["SPR"], b["LPR"], b["SPR"] * b["LPR"], b["ENA"], np.ones(30_000)])
    found = np.linalg.lstsq(X, b["LAT"], rcond=None)[0][:4]
    error = np.sqrt(0.407 / 30_000 / 0.91)
    assert_allclose(found, [-0.38, -0.38, -0.42, 0.15], atol=4 * error)


def test_a_teams_score_moderates_what_happens_among_its_sellers():
    """JS within = .35 CQL - .25 INF of the team times PREF + e."""
    scores = scores_of(load_world("theory"))
    pref, cql = scores[WITHIN, "PREF"], scores[WITHIN, "CQL"]
    X = np.column_stack([cql.ravel(), (scores[BETWEEN, "INF"][:, None] * pref).ravel()])
    found = np.linalg.lstsq(X, scores[WITHIN, "JS"].ravel(), rcond=None)[0]
    assert_allclose(found, [0.35, -0.25], atol=4 * np.sqrt(0.814 / 60_000))


def test_rigidity_narrows_the_spread_among_sellers():
    """The within part of AUT is a standard normal times exp(-.30 SPR)."""
    scores = scores_of(load_world("theory"))
    widened = scores[WITHIN, "AUT"] / np.exp(-0.30 * scores[BETWEEN, "SPR"])[:, None]
    assert abs(widened.var() - 1) < 4 * np.sqrt(2 / 60_000)


def test_firms_have_their_share_of_the_variance_between_teams():
    scores = scores_of(load_world("null"), firms=20_000, teams=2, sellers=1)
    for key, share in {"SPR": 0.50, "WKL": 0.30, "INF": 0.10}.items():
        r = np.corrcoef(scores[BETWEEN, key].reshape(-1, 2).T)[0, 1]
        assert abs(r - share) < 4 / np.sqrt(20_000), key


def test_teams_have_their_share_of_the_variance_among_sellers():
    world = load_world("null")
    scores = scores_of(world, firms=20_000)
    r = np.corrcoef(seller_score(world, scores, "SPR").T)[0, 1]
    assert abs(r - 0.35) < 4 / np.sqrt(20_000)


def test_worlds_share_their_residuals_at_the_same_seed():
    sizes = {"firms": 3, "teams": 2, "sellers": 2}
    drawn = [draw_residuals(load_world(name), np.random.default_rng(1), **sizes) for name in WORLDS]
    for other in drawn[1:]:
        for node, values in drawn[0].items():
            assert_allclose(other[node], values)


def test_a_second_wave_keeps_its_variance_and_most_of_its_residuals():
    world = load_world("null")
    rng = np.random.default_rng(3)
    first = draw_residuals(world, rng, **DESIGN)
    second = carried_over(first, draw_residuals(world, rng, **DESIGN))
    node = (BETWEEN, "WTC")
    assert abs(second[node].var() - 1) < 4 * np.sqrt(2 / 30_000)
    assert abs(np.corrcoef(first[node], second[node])[0, 1] - 0.85) < 4 * 0.28 / np.sqrt(30_000)


def test_what_is_shifted_carries_on_downstream():
    world = load_world("theory")
    residuals = draw_residuals(world, np.random.default_rng(1), firms=4, teams=1, sellers=2)
    before = solve(world, residuals)
    shift = {(BETWEEN, key): np.array([-1.0, 0, 0, 0]) for key in ("SPR", "LPR")}
    after = solve(world, residuals, shift)
    assert_allclose(after[BETWEEN, "SPR"] - before[BETWEEN, "SPR"], [-1, 0, 0, 0], atol=1e-12)
    assert_allclose(after[BETWEEN, "LPR"] - before[BETWEEN, "LPR"], [-1.3, 0, 0, 0], atol=1e-12)
    assert_allclose(after[BETWEEN, "AUT"] - before[BETWEEN, "AUT"], [0.6, 0, 0, 0], atol=1e-12)
    assert_allclose(after[BETWEEN, "SKL"], before[BETWEEN, "SKL"])


def test_many_surveys_at_once_are_solved_like_one():
    world = load_world("theory")
    sizes = {"firms": 3, "teams": 2, "sellers": 4}
    batch = draw_residuals(world, np.random.default_rng(1), **sizes, batch=(5,))
    together = solve(world, batch)
    alone = solve(world, {node: values[2] for node, values in batch.items()})
    assert together[WITHIN, "JS"].shape == (5, 6, 4)
    for node, values in alone.items():
        assert_allclose(together[node][2], values)
