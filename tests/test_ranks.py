"""Regression on normal scores: ranks by counting, and what does not change them."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose
from scipy import stats

from coaching_stats.models import equations
from coaching_stats.ranks import normal_scores, rank_equation
from coaching_stats.samples import Sample
from coaching_stats.theory import load_study

H2 = load_study().hypothesis("H2").legs[0]  # LAT on SPR, LPR and their product


def sample(seed=1, n_teams=40, slope=-0.5):
    """Simulated teams, three to a firm."""
    rng = np.random.default_rng(seed)
    z = {key: rng.normal(size=3 * n_teams) for key in ("SPR", "LPR", "WKL")}
    z["LAT"] = slope * z["SPR"] * z["LPR"] + rng.normal(size=3 * n_teams)
    firm = np.repeat(np.arange(n_teams), 3)
    return Sample(z, firm, "firm_id", 3 * n_teams, frozenset(), ())


def test_scores_are_normal_quantiles_of_ranks_by_counting():
    values = np.array([3.0, 1.0, 3.0, 7.0, -2.0, 3.0])
    rank = [np.sum(values < v) + (np.sum(values == v) + 1) / 2 for v in values]
    quantiles = stats.norm.ppf(np.array(rank) / 7)
    assert_allclose(normal_scores(values), stats.zscore(quantiles, ddof=1))


def test_normal_values_keep_their_places():
    values = np.random.default_rng(2).normal(size=5000)
    assert_allclose(normal_scores(values), values, atol=0.25)


def test_rank_equation_is_least_squares_on_scores_and_their_product():
    rows = sample()
    found = rank_equation(H2, rows)
    scores = {
        key: stats.zscore(stats.norm.ppf(stats.rankdata(v) / 121), ddof=1)
        for key, v in rows.z.items()
    }
    design = np.column_stack(
        [np.ones(120), scores["SPR"], scores["LPR"], scores["WKL"], scores["SPR"] * scores["LPR"]]
    )
    assert found.terms == ("Intercept", "SPR", "LPR", "WKL", "SPR:LPR")
    by_hand = np.linalg.lstsq(design, scores["LAT"])[0]
    assert_allclose(found.estimate().value, by_hand[4])


def test_stretching_a_scale_changes_nothing():
    rows = sample(seed=3)
    stretched = replace(rows, z=rows.z | {"LAT": np.exp(rows.z["LAT"]), "SPR": rows.z["SPR"] ** 3})
    assert rank_equation(H2, stretched).estimate() == rank_equation(H2, rows).estimate()


def test_one_wild_value_moves_the_linear_slope_and_not_this_one():
    rows = sample(seed=4)
    wild = rows.z["LAT"].copy()
    wild[np.argmax(rows.z["SPR"] * rows.z["LPR"])] = 60.0
    shaken = replace(rows, z=rows.z | {"LAT": wild})
    plain = [equations(H2, one)[0].estimate().value for one in (rows, shaken)]
    ranked = [rank_equation(H2, one).estimate().value for one in (rows, shaken)]
    assert plain[0] < 0 < plain[1]
    assert ranked[1] < 0.5 * ranked[0]
