"""What follows from a fitted regression: joint test, influence, equivalence."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.regression import regress

REFERENCE = Path(__file__).parent / "reference"
PUBLISHED = Path(__file__).parents[1] / "data" / "published"


def reference(topic):
    return json.loads((REFERENCE / topic / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def companies():
    data = pd.read_csv(PUBLISHED / "lq2002.csv")
    return regress("HOSTILE ~ LEAD + TSIG", data, cluster="COMPID")


@pytest.fixture(scope="module")
def few():
    """Nine teams of unequal size; `only` is one in a single team."""
    rng = np.random.default_rng(2)
    team = np.repeat(list("ABCDEFGHI"), [3, 4, 5, 6, 7, 8, 9, 10, 11])
    data = pd.DataFrame(rng.normal(size=(team.size, 3)), columns=["x", "z", "y"])
    return data.assign(team=team, only=(team == "C").astype(float))


def test_joint_test_equals_the_reference(companies):
    expected = reference("lq2002")["ols_HOSTILE_LEAD_TSIG"]["wald_both_slopes_CR2"]["HTZ_AHT"]
    row = companies.wald(["LEAD", "TSIG"]).tidy().iloc[0]
    assert row["term"] == "LEAD, TSIG"
    for ours, theirs in {"statistic": "F", "df1": "df1", "df2": "df2", "p_value": "p"}.items():
        assert_allclose(row[ours], expected[theirs], rtol=1e-8)


def test_weighted_joint_test_equals_clubsandwich():
    """clubSandwich 0.5.8: lm(weights = 0.5 + SUB %% 7), Wald_test of both slopes, CR2, HTZ."""
    data = pd.read_csv(PUBLISHED / "lq2002.csv")
    data["w"] = 0.5 + data["SUB"] % 7
    fit = regress("HOSTILE ~ LEAD + TSIG", data, cluster="COMPID", weights="w")
    row = fit.wald(["LEAD", "TSIG"]).tidy().iloc[0]
    expected = [125.83844705124, 30.8052672770484, 1.50324013636408e-15]
    assert_allclose(row[["statistic", "df2", "p_value"]].astype(float), expected, rtol=1e-8)


@pytest.mark.parametrize("weights", [None, "w"])
def test_joint_test_of_one_term_is_its_t_test(few, weights):
    fit = regress("y ~ x + z", few.assign(w=1 + few["x"] ** 2), cluster="team", weights=weights)
    row, alone = fit.wald("x").tidy().iloc[0], fit.tidy().iloc[1]
    assert_allclose(row["statistic"], alone["statistic"] ** 2, rtol=1e-10)
    assert_allclose([row["df2"], row["p_value"]], alone[["df", "p_value"]].astype(float), rtol=1e-9)


@pytest.mark.parametrize("weights", [None, "w"])
def test_joint_test_asks_only_what_the_terms_span(few, weights):
    mixed = few.assign(x=few["x"] + 3 * few["z"], z=few["x"] - 5 * few["z"], w=1 + few["x"] ** 2)
    plain = few.assign(w=1 + few["x"] ** 2)
    one, other = (
        regress("y ~ x + z", data, cluster="team", weights=weights).wald(["x", "z"]).tidy()
        for data in (plain, mixed)
    )
    columns = ["statistic", "df2", "p_value"]
    assert_allclose(one[columns], other[columns], rtol=1e-9)


def test_joint_test_says_when_the_clusters_are_too_few(few):
    two = few[few["team"].isin(["H", "I"])]
    result = regress("y ~ x + z", two, cluster="team").wald(["x", "z"])
    assert result.tidy()["df2"][0] < 1
    assert any("too few clusters" in note for note in result.notes)


def test_joint_test_of_one_term_named_twice_is_refused(few):
    with pytest.raises(DesignError, match="jointly"):
        regress("y ~ x + z", few, cluster="team").wald(["x", "x"])


def test_influence_equals_refits_without_each_cluster(few):
    fit = regress("y ~ x + z", few, cluster="team")
    table = fit.influence().tidy()
    assert table["cluster"].tolist() == list("ABCDEFGHI")
    for _, row in table.iterrows():
        refit = regress("y ~ x + z", few[few["team"] != row["cluster"]], cluster="team")
        assert_allclose(row[list(fit.terms)].astype(float), refit.estimate, rtol=1e-10)


def test_influence_names_the_cluster_that_moves_the_slopes_most(few):
    moved = few.assign(y=few["y"] + 10 * few["x"] * (few["team"] == "H"))
    notes = regress("y ~ x + z", moved, cluster="team").influence().notes
    assert any("without H " in note for note in notes)


def test_influence_speaks_of_the_constant_only_where_there_is_nothing_else(few):
    moved = few.assign(y=few["y"] + 10 * (few["team"] == "H"))
    (slopes,) = regress("y ~ x + z", moved, cluster="team").influence().notes
    assert "Intercept" not in slopes
    (alone,) = regress("y ~ 1", moved, cluster="team").influence().notes
    assert "without H Intercept is" in alone
    (zero,) = regress("y ~ 0 + x", moved, cluster="team").influence().notes
    assert " x is " in zero


def test_the_model_as_a_whole_is_one_row(few):
    fit = regress("y ~ x + z", few, cluster="team", conf_level=0.9)
    row = fit.glance().iloc[0].to_dict()
    y = few["y"].to_numpy()
    x = np.column_stack([np.ones(len(few)), few[["x", "z"]]])
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    assert row.pop("r_squared") == pytest.approx(1 - left.var() / y.var())
    assert row == {
        "method": "CR2",
        "formula": "y ~ x + z",
        "n_obs": 63,
        "n_clusters": 9,
        "conf_level": 0.9,
    }
    assert np.isnan(regress("y ~ x", few).glance()["n_clusters"][0])


def test_influence_leaves_out_what_a_cluster_alone_identifies(few):
    result = regress("y ~ x + only", few, cluster="team").influence()
    table = result.tidy().set_index("cluster")
    assert table["only"].isna().to_dict() == {team: team == "C" for team in "ABCDEFGHI"}
    assert table["x"].notna().all()
    assert any("does not exist: C" in note for note in result.notes)


@pytest.mark.parametrize(
    ("key", "vcov", "term", "sesoi"),
    [
        ("privileges_raw_pm_0.30", "iid", "privileges", 0.30),
        ("privileges_raw_pm_0.15", "iid", "privileges", 0.15),
        ("privileges_HC3_pm_0.30", "HC3", "privileges", 0.30),
    ],
)
def test_equivalence_equals_the_reference(key, vcov, term, sesoi):
    data = pd.read_csv(PUBLISHED / "attitude.csv")
    fit = regress("rating ~ complaints + privileges + learning", data, vcov=vcov)
    check_equivalence(fit.equivalence(term, sesoi), reference("equivalence")[key])


@pytest.mark.parametrize("sesoi", ["0.25", "0.30"])
def test_equivalence_with_clusters_equals_the_reference(companies, sesoi):
    expected = reference("equivalence")[f"lq2002_TSIG_CR2_pm_{sesoi}"]
    check_equivalence(companies.equivalence("TSIG", float(sesoi)), expected)


def check_equivalence(result, expected):
    row = result.tidy().iloc[0]
    weaker = "t_lower" if expected["p_lower"] > expected["p_upper"] else "t_upper"
    assert_allclose(row["p_value"], expected["p_tost"], rtol=1e-8)
    assert_allclose(row["statistic"], expected[weaker], rtol=1e-8)
    assert_allclose(row["conf_low"], expected["ci90_low"], rtol=1e-8)
    assert_allclose(row["conf_high"], expected["ci90_high"], rtol=1e-8)


@pytest.mark.parametrize("sesoi", [0.05, 0.2, 0.258, 0.259, 0.5])
def test_equivalence_is_the_interval_inside_the_bounds(companies, sesoi):
    row = companies.equivalence("TSIG", sesoi).tidy().iloc[0]
    inside = -sesoi < row["conf_low"] and row["conf_high"] < sesoi
    assert (row["p_value"] < 0.05) == inside


def test_equivalence_of_a_mirrored_outcome_is_mirrored(few):
    one, other = (
        regress("y ~ x + z", few.assign(y=sign * few["y"]), cluster="team").equivalence("x", 0.4)
        for sign in (1, -1)
    )
    columns = ["estimate", "statistic", "conf_low", "conf_high"]
    assert_allclose(
        one.tidy()[columns].to_numpy(),
        -other.tidy()[["estimate", "statistic", "conf_high", "conf_low"]].to_numpy(),
    )
    assert_allclose(one.tidy()["p_value"], other.tidy()["p_value"])
    assert "at 90%" in one.notes[0]


@pytest.mark.parametrize("sesoi", [0, -0.3, np.inf, np.nan])
def test_a_sesoi_that_is_no_size_is_refused(companies, sesoi):
    with pytest.raises(DesignError, match="sesoi"):
        companies.equivalence("TSIG", sesoi)


def test_an_unknown_term_is_refused_with_the_nearest(companies):
    with pytest.raises(DesignError, match="did you mean 'LEAD'"):
        companies.wald(["LAED", "TSIG"])
    with pytest.raises(DesignError, match="did you mean 'TSIG'"):
        companies.equivalence("TSIQ", 0.3)


def test_joint_test_and_influence_need_clusters(few):
    fit = regress("y ~ x + z", few)
    with pytest.raises(DesignError, match="no clusters"):
        fit.wald(["x"])
    with pytest.raises(DesignError, match="no clusters"):
        fit.influence()
