"""Regression by formula: R's numbers, what must not matter, and what is refused."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose
from strategies import seeds, team_frames

from coaching_stats.engines import cluster_moments
from coaching_stats.errors import DataError, DesignError
from coaching_stats.regression import regress

REFERENCE = Path(__file__).parent / "reference"
PUBLISHED = Path(__file__).parents[1] / "data" / "published"
methods = pytest.mark.parametrize("vcov", ["CR2", "CR1S", "CRV3"])


def reference(topic):
    return json.loads((REFERENCE / topic / "results.json").read_text(encoding="utf-8"))


def values(named):
    return np.array([*named.values()], dtype=float)


@pytest.fixture(scope="module")
def lq2002():
    return pd.read_csv(PUBLISHED / "lq2002.csv")


@pytest.fixture(scope="module")
def unequal():
    """Simulated: 8 unequal clusters, two of them single rows; see its ref.R."""
    return pd.read_csv(REFERENCE / "weights" / "weights.csv")


def sellers(seed, n_teams=8):
    """Simulated sellers in unequal teams, one seller alone; a team-level rigidity."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), [1, *rng.integers(2, 8, n_teams - 1)])
    rigid, trust = rng.normal(size=n_teams)[team], rng.normal(size=team.size)
    unwilling = 4 + rigid - 0.3 * trust + rng.normal(size=n_teams)[team]
    return pd.DataFrame(
        {"team": team, "y": unwilling + rng.normal(size=team.size), "rigid": rigid, "trust": trust}
    )


# Reference numbers


def test_lq2002_agrees_with_r(lq2002):
    theirs = reference("lq2002")["ols_HOSTILE_LEAD_TSIG"]
    formula = "HOSTILE ~ LEAD + TSIG"
    cr2 = regress(formula, lq2002, cluster="COMPID")
    assert_allclose(cr2.estimate, values(theirs["cluster"]["coef"]), rtol=1e-8)
    assert_allclose(cr2.vcov, theirs["cluster"]["CR2"]["vcov"], rtol=1e-8)
    assert_allclose(cr2.df, values(theirs["cluster"]["CR2"]["df_satt"]), rtol=1e-8)
    assert_allclose(cr2.tidy()["p_value"], values(theirs["cluster"]["CR2"]["p_satt"]), rtol=1e-7)
    assert_allclose(cr2.tidy()["conf_low"], values(theirs["cluster"]["CR2"]["ci_low_satt"]))
    assert_allclose(cr2.r_squared, theirs["iid"]["r2"], rtol=1e-8)

    cr1s = regress(formula, lq2002, cluster="COMPID", vcov="CR1S")
    assert_allclose(cr1s.vcov, theirs["cluster"]["CR1S"]["vcov"], rtol=1e-8)
    assert_allclose(cr1s.tidy()["p_value"], values(theirs["cluster"]["CR1S"]["p_Gminus1"]))
    crv3 = regress(formula, lq2002, cluster="COMPID", vcov="CRV3")
    jackknife = theirs["cluster"]["CRV3_jackknife"]["se_centred_at_estimate"]
    assert_allclose(crv3.std_error, values(jackknife), rtol=1e-8)
    assert_allclose(
        regress(formula, lq2002).std_error, values(theirs["hc"]["HC3"]["se"]), rtol=1e-8
    )
    iid = regress(formula, lq2002, vcov="iid")
    assert_allclose(iid.tidy()["p_value"], values(theirs["iid"]["p"]), rtol=1e-7)


def test_attitude_agrees_with_r():
    attitude = pd.read_csv(PUBLISHED / "attitude.csv")
    theirs = reference("attitude")["model_rating"]
    ours = regress("rating ~ complaints + privileges + learning", attitude)
    assert_allclose(ours.estimate, values(theirs["coef"]), rtol=1e-8)
    assert_allclose(ours.std_error, values(theirs["hc"]["HC3"]["se"]), rtol=1e-8)
    assert_allclose(ours.tidy()["p_value"], values(theirs["hc"]["HC3"]["p_t_resid_df"]), rtol=1e-8)


@pytest.mark.parametrize(
    ("block", "formula", "weights"),
    [
        ("weighted", "y ~ x + z + d", "w"),
        ("weighted_without_d", "y ~ x + z", "w"),
        ("plain", "y ~ x + z + d", None),
    ],
)
def test_unequal_clusters_and_weights_agree_with_clubsandwich(unequal, block, formula, weights):
    theirs = reference("weights")[block]
    cr2 = regress(formula, unequal, cluster="g", weights=weights)
    assert_allclose(cr2.estimate, values(theirs["coef"]), rtol=1e-8)
    assert_allclose(cr2.vcov, theirs["CR2"]["vcov"], rtol=1e-8)
    assert_allclose(cr2.df, values(theirs["CR2"]["df_satt"]), rtol=1e-8)
    assert_allclose(cr2.r_squared, theirs["r2"], rtol=1e-8)

    cr1s = regress(formula, unequal, cluster="g", vcov="CR1S", weights=weights)
    assert_allclose(cr1s.vcov, theirs["CR1S"]["vcov"], rtol=1e-8)
    hc3 = regress(formula, unequal, weights=weights)
    assert_allclose(hc3.std_error, values(theirs["HC3_se"]), rtol=1e-8)
    iid = regress(formula, unequal, vcov="iid", weights=weights)
    assert_allclose(iid.std_error, values(theirs["iid_se"]), rtol=1e-8)


@pytest.mark.parametrize(("block", "weights"), [("weighted", "w"), ("plain", None)])
def test_the_jackknife_refuses_one_coefficient_and_keeps_the_rest(unequal, block, weights):
    """Cluster 4 is the dummy d: without it, only d does not exist."""
    crv3 = regress("y ~ x + z + d", unequal, cluster="g", vcov="CRV3", weights=weights)
    assert_allclose(crv3.std_error[:3], values(reference("weights")[block]["CRV3_se"]), rtol=1e-8)
    assert np.isnan([crv3.std_error[3], crv3.df[3]]).all()
    assert "no standard error for d: it needs each" in crv3.notes[0]


# What must not matter


@methods
@settings(max_examples=10, deadline=None)
@given(data=team_frames(), seed=seeds)
def test_order_labels_and_units_do_not_matter(vcov, data, seed):
    ours = regress("y ~ rigid + trust", data, cluster="team", vcov=vcov).tidy()
    changed = data.sample(frac=1, random_state=seed)
    changed["team"] = [
        f"team {t}" for t in np.random.default_rng(seed).permutation(8)[changed.team]
    ]
    changed["trust"] = 1000 * changed["trust"] - 7
    changed["y"] = changed["y"] / 50 + 1e4
    theirs = regress("y ~ rigid + trust", changed, cluster="team", vcov=vcov).tidy()

    slopes = [1, 2]
    for column in ("statistic", "df", "p_value"):
        assert_allclose(theirs[column][slopes], ours[column][slopes], rtol=1e-6)
    assert_allclose(theirs["conf_high"][2] * 50 * 1000, ours["conf_high"][2], rtol=1e-7, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(data=team_frames(), seed=seeds)
def test_only_ratios_of_weights_matter(data, seed):
    data["w"] = np.random.default_rng(seed).uniform(0.5, 3, len(data))
    ours = regress("y ~ rigid + trust", data, cluster="team", weights="w")
    theirs = regress(
        "y ~ rigid + trust", data.assign(w=data["w"] * 1e6), cluster="team", weights="w"
    )
    assert_allclose(theirs.vcov, ours.vcov, rtol=1e-9, atol=1e-12)
    assert_allclose(theirs.df, ours.df, rtol=1e-9)


@methods
@settings(max_examples=10, deadline=None)
@given(data=team_frames())
def test_equal_weights_are_no_weights(vcov, data):
    """Two roads, one by 2k x 2k matrices and one by k x k."""
    data = data.assign(w=2.5)
    ours = regress("y ~ rigid + trust", data, cluster="team", vcov=vcov)
    theirs = regress("y ~ rigid + trust", data, cluster="team", vcov=vcov, weights="w")
    assert_allclose(theirs.vcov, ours.vcov, rtol=1e-7, atol=1e-10)
    assert_allclose(theirs.df, ours.df, rtol=1e-8)


@settings(max_examples=10, deadline=None)
@given(data=team_frames(), seed=seeds)
def test_whole_weights_repeat_rows(data, seed):
    """For the coefficients and CR0: a weight of three is the row three times."""
    data["w"] = np.random.default_rng(seed).integers(1, 4, len(data))
    repeated = data.loc[data.index.repeat(data["w"])]
    ours = regress("y ~ rigid + trust", data, cluster="team", vcov="CRV3", weights="w")
    theirs = regress("y ~ rigid + trust", repeated, cluster="team", vcov="CRV3")
    assert_allclose(ours.estimate, theirs.estimate, rtol=1e-8)
    assert_allclose(ours.std_error, theirs.std_error, rtol=1e-7)


@methods
@settings(max_examples=10, deadline=None)
@given(data=team_frames(), a=seeds)
def test_adding_a_combination_of_the_predictors_to_the_outcome_moves_the_slopes_by_it(
    vcov, data, a
):
    """Least squares is linear in y: the residuals, and so every standard error, stay."""
    by = np.random.default_rng(a).normal(size=3)
    moved = data.assign(y=data["y"] + by[0] + by[1] * data["rigid"] + by[2] * data["trust"])
    ours = regress("y ~ rigid + trust", data, cluster="team", vcov=vcov)
    theirs = regress("y ~ rigid + trust", moved, cluster="team", vcov=vcov)
    assert_allclose(theirs.estimate, ours.estimate + by, rtol=1e-7, atol=1e-9)
    assert_allclose(theirs.vcov, ours.vcov, rtol=1e-6, atol=1e-10)
    assert_allclose(theirs.df, ours.df, rtol=1e-7)


@methods
@settings(max_examples=10, deadline=None)
@given(data=team_frames(missing=0.15))
def test_a_mirrored_outcome_mirrors_the_result(vcov, data):
    ours = regress("y ~ rigid + trust", data, cluster="team", vcov=vcov).tidy()
    theirs = regress("y ~ rigid + trust", data.assign(y=-data["y"]), cluster="team", vcov=vcov)
    theirs = theirs.tidy()
    assert_allclose(theirs["statistic"], -ours["statistic"], rtol=1e-8)
    assert_allclose(theirs["conf_low"], -ours["conf_high"], rtol=1e-8)
    assert_allclose(theirs["p_value"], ours["p_value"], rtol=1e-7)


@methods
@settings(max_examples=10, deadline=None)
@given(data=team_frames(missing=0.1))
def test_listwise_deletion_is_dropping_the_rows_first(vcov, data):
    moments = cluster_moments(data, ["y", "rigid", "trust"], "team")
    ours = regress("y ~ rigid + trust", moments, vcov=vcov)
    theirs = regress("y ~ rigid + trust", data.dropna(), cluster="team", vcov=vcov)
    assert_allclose(ours.estimate, theirs.estimate, rtol=1e-8)
    assert_allclose(ours.vcov, theirs.vcov, rtol=1e-7, atol=1e-10)
    assert ours.n_obs == theirs.n_obs


@methods
def test_moments_without_a_constant_are_rows_without_one(unequal, vcov):
    moments = cluster_moments(unequal, ["y", "x", "z"], "g", weights="w")
    ours = regress("y ~ 0 + x + z", moments, vcov=vcov)
    theirs = regress("y ~ 0 + x + z", unequal, cluster="g", vcov=vcov, weights="w")
    assert_allclose(ours.estimate, theirs.estimate, rtol=1e-10)
    assert_allclose(ours.vcov, theirs.vcov, rtol=1e-10)
    assert_allclose(ours.r_squared, theirs.r_squared, rtol=1e-10)


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e6])
def test_a_column_far_from_zero_keeps_its_digits(offset):
    data = sellers(5)
    near = regress("y ~ trust", data.assign(trust=data["trust"] / 10), cluster="team")
    far = regress("y ~ trust", data.assign(trust=data["trust"] / 10 + offset), cluster="team")
    assert_allclose(far.estimate[1], near.estimate[1], rtol=1e-8)
    assert_allclose(far.std_error[1], near.std_error[1], rtol=1e-8)
    moved = cluster_moments(data.assign(trust=data["trust"] / 10 + offset), ["y", "trust"], "team")
    assert_allclose(regress("y ~ trust", moved).std_error[1], near.std_error[1], rtol=1e-8)


def test_huge_integers_do_not_overflow():
    data = sellers(6)
    data["count"] = (data["trust"] * 2**58).astype("int64")
    by_float = regress("y ~ count", data.assign(count=data["count"] / 2**58), cluster="team")
    for source, cluster in [(data, "team"), (cluster_moments(data, ["y", "count"], "team"), None)]:
        by_integer = regress("y ~ count", source, cluster=cluster)
        assert_allclose(by_integer.tidy()["statistic"], by_float.tidy()["statistic"], rtol=1e-9)


@pytest.mark.parametrize("dtype", ["Float64", "Float32", object])
def test_nullable_columns_are_columns(dtype):
    data = sellers(7)
    plain = regress("y ~ rigid + C(team > 3)", data)
    data["rigid"] = data["rigid"].astype(dtype)
    if dtype == "Float32":
        plain = regress("y ~ rigid + C(team > 3)", data.astype({"rigid": "float32"}))
    assert_allclose(regress("y ~ rigid + C(team > 3)", data).std_error, plain.std_error, rtol=1e-9)


def test_a_boolean_outcome_is_a_share():
    data = sellers(8)
    data["agrees"] = data["y"] > 4
    ours = regress("agrees ~ rigid", data, cluster="team")
    theirs = regress("agrees ~ rigid", data.astype({"agrees": float}), cluster="team")
    assert_allclose(ours.vcov, theirs.vcov, rtol=1e-12)


# What is said, and what is refused


def test_rows_left_out_are_counted_by_reason():
    data = sellers(9).astype({"team": float})
    data["w"] = 1.0
    data.loc[[1, 2, 3], "team"] = np.nan
    data.loc[[3, 4, 5], "w"] = np.nan
    data.loc[[5, 6], "y"] = np.nan
    ours = regress("y ~ rigid", data, cluster="team", weights="w")
    assert ours.notes[:3] == (
        "3 rows left out: no value in 'team'",
        "2 rows left out: no value in 'w'",
        "1 row left out: a value is missing",
    )
    assert ours.n_obs == len(data) - 6


def test_a_dummy_that_is_one_cluster_is_named(unequal):
    notes = " ".join(regress("y ~ x + z + d", unequal, cluster="g").notes)
    assert "one cluster alone identifies d:" in notes


def test_a_near_dummy_is_named(unequal):
    nearly = unequal.assign(d=unequal["d"].where(unequal.index > 0, 1e-4))
    notes = " ".join(regress("y ~ x + d", nearly, cluster="g").notes)
    assert "one cluster all but identifies d:" in notes


@methods
@pytest.mark.filterwarnings("error")
def test_two_clusters_give_no_standard_error_between_them(unequal, vcov):
    """Both means are fitted exactly: zero would be a lie, so there is none."""
    two = unequal[unequal["g"] < 3]
    ours = regress("y ~ z", two, cluster="g", vcov=vcov)
    assert np.isnan(ours.tidy()[["std_error", "p_value", "conf_low"]]).all(axis=None)
    assert "no standard error for Intercept, z" in " ".join(ours.notes)


def test_two_clusters_within_which_x_varies_give_about_one_df(unequal):
    ours = regress("y ~ x", unequal[unequal["g"] < 3], cluster="g")
    assert ((ours.df >= 1) & (ours.df < 1.1)).all()
    assert "df below 4 for Intercept, x" in " ".join(ours.notes)


def test_an_outcome_that_does_not_vary_is_noted(unequal):
    ours = regress("y ~ x", unequal.assign(y=3.3), cluster="g")
    assert_allclose(ours.estimate, [3.3, 0], atol=1e-12)
    assert "the outcome does not vary" in ours.notes


@pytest.mark.parametrize(
    ("change", "error", "culprit"),
    [
        ({"cluster": "one"}, DesignError, "'one' holds 1 cluster;"),
        ({"cluster": "firm"}, DataError, "no column 'firm'"),
        ({"vcov": "CR3", "cluster": "team"}, DesignError, "unknown vcov 'CR3'"),
        ({"vcov": "HC3", "cluster": "team"}, DesignError, "'HC3' goes without"),
        ({"vcov": "CR2"}, DesignError, "'CR2' goes with a"),
        ({"conf_level": 95}, DesignError, "conf_level 95"),
        ({"weights": "minus"}, DataError, "zero or negative"),
        ({"weights": "words"}, DataError, "'words' holds text"),
        ({"formula": "y ~ endless"}, DataError, "endless, row 3"),
        ({"formula": "y ~ nothing"}, DataError, "nothing"),
        ({"formula": "words ~ trust"}, DataError, "'words' holds text"),
        ({"formula": "y ~ trust + one_number"}, DesignError, "one_number is constant"),
        ({"formula": "y ~ trust + twice"}, DesignError, "trust, twice"),
        ({"formula": "y ~ single"}, DesignError, "row 4"),
    ],
)
def test_refusals_name_the_culprit(change, error, culprit):
    data = sellers(10).assign(one="a", minus=-1.0, nothing=np.nan, one_number=1e6 + 0.1)
    data["words"] = np.where(data["trust"] > 0, "often", "seldom")
    data["endless"] = data["trust"].where(data.index != 3, np.inf)
    data["twice"] = 2 * data["trust"] + 1
    data["single"] = (data.index == 4) * 1.0
    with pytest.raises(error, match=culprit):
        regress(**{"formula": "y ~ trust", "data": data, **change})


def test_a_cluster_that_gaps_leave_alone_is_refused(unequal):
    data = unequal.assign(x=unequal["x"].where(unequal["g"] == 1))
    for source, cluster in [(data, "g"), (cluster_moments(data, ["x", "y"], "g"), None)]:
        with pytest.raises(DesignError, match="all complete rows belong to one cluster"):
            regress("y ~ x", source, cluster=cluster)


@pytest.mark.parametrize(
    ("change", "error", "culprit"),
    [
        ({"vcov": "HC3"}, DesignError, "'HC3' needs rows"),
        ({"cluster": "firm"}, DesignError, "own clusters .'g'"),
        ({"weights": "w"}, DesignError, "weights='w'"),
        ({"formula": "y ~ x:z"}, DesignError, "columns only.*x:z"),
        ({"formula": "log(y) ~ x"}, DesignError, r"columns only.*log\(y\)"),
        ({"formula": "y ~ xx"}, DataError, "no column 'xx'"),
    ],
)
def test_moments_refuse_what_they_cannot_know(unequal, change, error, culprit):
    moments = cluster_moments(unequal, ["y", "x", "z"], "g")
    with pytest.raises(error, match=culprit):
        regress(**{"formula": "y ~ x + z", "data": moments, **change})


def test_moments_may_name_their_own_cluster_and_give_iid(unequal):
    moments = cluster_moments(unequal, ["y", "x"], "g")
    named = regress("y ~ x", moments, cluster="g")
    assert_allclose(named.vcov, regress("y ~ x", moments).vcov)
    assert named.formula == "y ~ x"
    iid = regress("y ~ x", moments, vcov="iid")
    assert_allclose(iid.std_error, regress("y ~ x", unequal, vcov="iid").std_error, rtol=1e-10)


def test_a_frame_of_another_library_is_pointed_to_moments(unequal):
    polars = pytest.importorskip("polars")
    with pytest.raises(DataError, match="cluster_moments"):
        regress("y ~ x", polars.DataFrame(unequal.to_dict("list")))


def test_inputs_stay_and_results_pickle(unequal):
    before = unequal.copy(deep=True)
    fitted = regress("y ~ x + z", unequal, cluster="g", weights="w")
    pd.testing.assert_frame_equal(unequal, before)
    again = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(again.tidy(), fitted.tidy())
