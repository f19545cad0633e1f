"""The wild cluster bootstrap is what refitting every replicate on the rows would give."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.regression import regress
from coaching_stats.wild import replicate, wild_weights

REFERENCE = Path(__file__).parent / "reference"
LQ2002 = Path(__file__).parents[1] / "data" / "published" / "lq2002.csv"
SIZES = (1, 2, 5, 8, 10, 12, 20, 28)


@pytest.fixture(scope="module")
def uneven():
    """Eight clusters of very different sizes, one of them a single row."""
    rng = np.random.default_rng(8)
    team = np.repeat(np.arange(len(SIZES)), SIZES)
    x = rng.normal(size=len(SIZES))[team] + rng.normal(size=team.size)
    z = rng.normal(size=len(SIZES))[team]
    y = 3 + 0.3 * x + 0.2 * z + rng.normal(size=len(SIZES))[team] + rng.normal(size=team.size)
    weight = rng.uniform(0.5, 3, size=team.size)
    return pd.DataFrame({"team": team, "x": x, "z": z, "y": y, "weight": weight})


@pytest.fixture(scope="module")
def lq2002():
    """Soldiers in 49 companies, with the company mean of LEAD."""
    data = pd.read_csv(LQ2002)
    data["LEAD_g"] = data.groupby("COMPID")["LEAD"].transform("mean")
    return data


@pytest.fixture(scope="module")
def numbers():
    return json.loads((REFERENCE / "lq2002" / "results.json").read_text(encoding="utf-8"))


def t_by_rows(data, j, null, draws, *, weight):
    """Statistics of the data and of every draw, refitting rows with the null imposed."""
    x = np.column_stack([np.ones(len(data)), data[["x", "z"]]])
    y, team = data["y"].to_numpy(), data["team"].to_numpy()
    w = data["weight"].to_numpy() if weight else np.ones(len(data))
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    other = np.delete(x, j, axis=1)
    free = y - null * x[:, j]
    fitted = other @ np.linalg.solve(other.T @ (w[:, None] * other), other.T @ (w * free))
    fitted = fitted + null * x[:, j]

    def statistic(outcome):
        coef = bread @ (x.T @ (w * outcome))
        score = x * (w * (outcome - x @ coef))[:, None]
        sums = np.stack([score[team == g].sum(axis=0) for g in range(len(SIZES))])
        return (coef[j] - null) / np.sqrt((bread @ sums.T @ sums @ bread)[j, j])

    stars = [statistic(fitted + draw[team] * (y - fitted)) for draw in draws]
    return statistic(y), np.array(stars)


def p_by_rows(data, j, null, draws):
    t, stars = t_by_rows(data, j, null, draws, weight=False)
    return np.mean(np.abs(stars) >= abs(t) * (1 - 1e-10))


@pytest.mark.parametrize("kind", ["rademacher", "webb"])
@pytest.mark.parametrize("null", [0.0, 0.1])
@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("j", [1, 2])
def test_every_replicate_equals_a_refit_on_the_rows(uneven, kind, null, weight, j):
    draws = wild_weights(len(SIZES), 40, kind, np.random.default_rng(1)).astype(float)
    fit = regress("y ~ x + z", uneven, cluster="team", weights=weight)
    replicates = replicate(fit.fit.projection, fit.fit.contrasts[:, j], draws)
    d = null - fit.estimate[j]
    q0, q1, q2 = replicates.square
    stars = (replicates.numerator[0] + d * replicates.numerator[1]) / np.sqrt(
        q0 + 2 * d * q1 + d * d * q2
    )
    t, expected = t_by_rows(uneven, j, null, draws, weight=weight)
    assert_allclose(stars, expected, rtol=1e-12, atol=1e-13)
    assert_allclose(-d / replicates.std_error, t, rtol=1e-12)
    assert replicates.p_value(d) == np.mean(np.abs(expected) >= abs(t) * (1 - 1e-10))


@pytest.mark.parametrize("term", ["x", "z"])
def test_both_ends_change_the_row_level_p_across_alpha(uneven, term):
    fit = regress("y ~ x + z", uneven, cluster="team", conf_level=0.9)
    row = fit.wild_bootstrap(term).tidy().iloc[0]
    draws = wild_weights(len(SIZES), 128, "rademacher", np.random.default_rng(1))
    j = fit.terms.index(term)
    for end, outward in ((row["conf_low"], -1), (row["conf_high"], 1)):
        step = outward * 1e-6 * row["std_error"]
        assert p_by_rows(uneven, j, end - step, draws) > 0.1
        assert p_by_rows(uneven, j, end + step, draws) <= 0.1


@pytest.mark.parametrize("term", ["LEAD", "TSIG"])
def test_all_sign_vectors_give_the_exact_reference(lq2002, numbers, term):
    expected = numbers["first_10_companies"][f"wild_exact_{term}"]
    first = lq2002[lq2002["COMPID"].isin(numbers["first_10_companies"]["companies"])]
    result = regress("HOSTILE ~ LEAD + TSIG", first, cluster="COMPID").wild_bootstrap(term)
    row = result.tidy().iloc[0]
    assert row["p_value"] == expected["p_symmetric"]
    g, n, k = 10, len(first), 3
    factor = g / (g - 1) * (n - 1) / (n - k)
    assert_allclose(row["statistic"] * np.sqrt(factor), expected["t_CR0"], rtol=1e-8)
    assert any("512 sign vectors" in note for note in result.notes)


def test_drawn_signs_agree_with_the_reference_within_monte_carlo_error(lq2002, numbers):
    expected = numbers["wild_cluster_bootstrap"]["mundlak_LEAD_g"]
    fit = regress("HOSTILE ~ LEAD + LEAD_g", lq2002, cluster="COMPID")
    row = fit.wild_bootstrap("LEAD_g", seed=4).tidy().iloc[0]
    error = 4 * expected["mc_se"] * np.sqrt(1 + expected["reps"] / 9999)
    assert abs(row["p_value"] - expected["p_symmetric"]) < error
    assert row["conf_low"] < 0 < row["conf_high"]


def test_units_and_order_of_rows_leave_the_p_value(uneven):
    fit = regress("y ~ x + z", uneven, cluster="team")
    turned = uneven.sample(frac=1, random_state=3).assign(x=lambda d: 1e6 + 40 * d["x"])
    other = regress("y ~ x + z", turned, cluster="team")
    here, there = (f.wild_bootstrap("x", weights="webb", seed=2).tidy() for f in (fit, other))
    assert here["p_value"][0] == there["p_value"][0]
    assert_allclose(here["conf_high"], 40 * there["conf_high"], rtol=1e-8)


def test_too_few_clusters_to_reject_anything_leave_the_interval_open(uneven):
    few = uneven[uneven["team"] >= 4]
    result = regress("y ~ x", few, cluster="team").wild_bootstrap("x")
    assert result.tidy()[["conf_low", "conf_high"]].to_numpy().tolist() == [[-np.inf, np.inf]]
    assert any("infinite" in note for note in result.notes)


def test_a_p_of_zero_is_named_as_a_bound(lq2002):
    fit = regress("HOSTILE ~ LEAD + TSIG", lq2002, cluster="COMPID")
    result = fit.wild_bootstrap("LEAD", n_boot=999, seed=1)
    assert result.tidy()["p_value"][0] == 0
    assert any("below 0.001" in note for note in result.notes)


@pytest.mark.parametrize("kind", ["rademacher", "webb"])
def test_weights_have_mean_0_and_variance_1(kind):
    drawn = wild_weights(30, 4_000, kind, np.random.default_rng(5)).astype(float)
    n = drawn.size
    assert abs(drawn.mean()) < 4 / np.sqrt(n)
    assert abs((drawn**2).mean() - 1) <= 4 * np.std(drawn**2) / np.sqrt(n)
    assert len(np.unique(drawn)) == {"rademacher": 2, "webb": 6}[kind]


def test_enumeration_holds_every_pair_of_opposite_sign_vectors_once():
    signs = wild_weights(5, 16, "rademacher", np.random.default_rng(0))
    both = np.concatenate([signs, -signs])
    assert len(np.unique(both, axis=0)) == 32


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"term": "xx"}, "did you mean 'x'"),
        ({"term": "x", "weights": "rademach"}, "did you mean 'rademacher'"),
        ({"term": "x", "n_boot": 0}, "n_boot 0"),
    ],
)
def test_what_does_not_exist_is_refused(uneven, arguments, named):
    fit = regress("y ~ x + z", uneven, cluster="team")
    with pytest.raises(DesignError, match=named):
        fit.wild_bootstrap(**arguments)


def test_a_regression_without_clusters_is_refused(uneven):
    with pytest.raises(DesignError, match="no clusters"):
        regress("y ~ x", uneven).wild_bootstrap("x")


def test_a_coefficient_that_one_cluster_alone_carries_is_refused(uneven):
    apart = uneven.assign(only=1.0 * (uneven["team"] == 7), others=1.0 * (uneven["team"] != 7))
    fit = regress("y ~ 0 + only + others", apart, cluster="team")
    with pytest.raises(DesignError, match="no cluster-robust standard error"):
        fit.wild_bootstrap("only")
