"""Whether the mean of a team's answers means anything."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.aggregation import aggregation, licence_of
from coaching_stats.errors import DataError, DesignError

ROOT = Path(__file__).parents[1]
REFERENCE = json.loads(
    (Path(__file__).parent / "reference" / "lq2002" / "results.json").read_text(encoding="utf-8")
)["aggregation"]
SCALES = {
    "LEAD": ([f"LEAD{i:02}" for i in range(1, 12)], (1, 5)),
    "TSIG": ([f"TSIG{i:02}" for i in range(1, 4)], (1, 5)),
    "HOSTILE": ([f"HOSTIL{i:02}" for i in range(1, 6)], (0, 4)),
}


@pytest.fixture(scope="module")
def companies():
    return pd.read_csv(ROOT / "data" / "published" / "lq2002.csv")


@pytest.fixture
def teams():
    """Sixty answers of twelve teams of five, from 1 to 7."""
    rng = np.random.default_rng(3)
    team = np.repeat(list("abcdefghijkl"), 5)
    score = np.repeat(rng.normal(size=12), 5)[:, None] + 0.6 * rng.normal(size=(60, 1))
    answers = np.clip(np.rint(4 + score + 0.5 * rng.normal(size=(60, 3))), 1, 7)
    return pd.DataFrame(answers, columns=["x", "y", "z"]).assign(team=team)


def estimates(result):
    return result.tidy().set_index("term")["estimate"]


@pytest.mark.parametrize("name", SCALES)
def test_likeness_and_agreement_equal_the_reference(companies, name):
    items, scale = SCALES[name]
    found = estimates(aggregation(companies, items, "COMPID", scale=scale))
    icc, agreement = REFERENCE["icc"][name], REFERENCE["rwg_j"][name]
    assert_allclose(found["ICC1"], icc["ICC1_k_mean"], rtol=1e-8)
    assert_allclose(found["ICC2"], icc["ICC2"], rtol=1e-8)
    assert_allclose(found["rwgj_uniform"], agreement["uniform_5pt"]["median"], rtol=1e-8)
    assert_allclose(found["rwgj_skewed"], agreement["slight_skew_5pt"]["median"], rtol=1e-8)


def test_icc2_is_icc1_stepped_up_to_the_mean_team_size(teams):
    uneven = teams.drop(index=[0, 1, 2, 17])
    found = estimates(aggregation(uneven, ["x", "y", "z"], "team"))
    size = len(uneven) / 12
    stepped = size * found["ICC1"] / (1 + (size - 1) * found["ICC1"])
    assert_allclose(found["ICC2"], stepped, rtol=1e-12)


def test_icc1_of_a_large_simulated_survey_is_its_truth():
    rng = np.random.default_rng(8)
    truth, n_teams, size = 0.2, 3_000, 5
    team = np.repeat(np.arange(n_teams), size)
    score = np.sqrt(truth) * rng.normal(size=n_teams)[team]
    data = pd.DataFrame({"x": score + np.sqrt(1 - truth) * rng.normal(size=team.size)})
    found = aggregation(data.assign(team=team), ["x"], "team", scale=(-50, 50))
    spread = 2 * (1 - truth) ** 2 * (1 + (size - 1) * truth) ** 2
    error = np.sqrt(spread / (size * (size - 1) * (n_teams - 1)))
    assert abs(estimates(found)["ICC1"] - truth) < 4 * error


def test_teams_that_agree_wholly_have_full_likeness_and_agreement():
    data = pd.DataFrame({"team": list("aabbcc"), "x": [1, 1, 4, 4, 7, 7], "y": [2, 2, 4, 4, 6, 6]})
    assert_allclose(estimates(aggregation(data, ["x", "y"], "team")), [1, 1, 1, 1])


def test_a_team_that_differs_more_than_chance_counts_as_no_agreement():
    data = pd.DataFrame({"team": list("aabb"), "x": [1, 7, 2, 6], "y": [7, 1, 6, 3]})
    found = estimates(aggregation(data, ["x", "y"], "team"))
    assert_allclose(found[["rwgj_uniform", "rwgj_skewed"]], [0, 0])


def test_one_item_that_differs_much_is_weighed_by_those_that_do_not():
    """The mean of the item variances is set against the null, no item is cut off before."""
    data = pd.DataFrame({"team": list("aabb"), "x": [1, 5, 2, 6], "y": [4, 4, 3, 3]})
    mean_variance, null = (8 + 0) / 2, 48 / 12
    assert mean_variance == null
    assert_allclose(estimates(aggregation(data, ["x", "y"], "team"))["rwgj_uniform"], 0)


@pytest.mark.parametrize(("high", "skewed_null"), [(5, 1.34), (6, 1.85), (7, 2.90)])
def test_the_skewed_null_goes_by_the_number_of_options(high, skewed_null):
    data = pd.DataFrame({"team": list("aabb"), "x": [2, 3, 3, 4]})
    found = estimates(aggregation(data, ["x"], "team", scale=(1, high)))
    assert_allclose(found["rwgj_uniform"], 1 - 0.5 / ((high**2 - 1) / 12))
    assert_allclose(found["rwgj_skewed"], 1 - 0.5 / skewed_null)


def test_other_scales_have_no_skewed_null_and_say_so(teams):
    result = aggregation(teams, ["x", "y", "z"], "team", scale=(0, 7))
    assert np.isnan(estimates(result)["rwgj_skewed"])
    assert "no skewed null is known for 8 options" in result.notes


def test_order_of_rows_and_names_of_teams_do_not_matter(teams):
    other = teams.sample(frac=1, random_state=2).assign(team=lambda rows: rows["team"].map(ord))
    plain, changed = (estimates(aggregation(d, ["x", "y", "z"], "team")) for d in (teams, other))
    assert_allclose(plain, changed, rtol=1e-12)


def test_lonely_respondents_count_in_the_icc_and_are_named(teams):
    lonely = pd.DataFrame({"x": [2, 6], "y": [2, 6], "z": [3, 6], "team": ["m", "n"]})
    both = pd.concat([teams, lonely], ignore_index=True)
    plain = aggregation(teams, ["x", "y", "z"], "team")
    result = aggregation(both, ["x", "y", "z"], "team")
    assert_allclose(estimates(result)["rwgj_uniform"], estimates(plain)["rwgj_uniform"])
    assert (result.n, result.n_teams) == (62, 14)
    assert result.notes == ("2 teams without two complete answers: no rWG(J)",)
    assert plain.notes == ()


def test_rows_without_team_or_answers_are_left_out_and_counted(teams):
    gaps = teams.astype({"team": object})
    gaps.loc[0, "team"] = None
    gaps.loc[7, ["x", "y"]] = np.nan
    gaps.loc[12, "x"] = np.nan
    result = aggregation(gaps, ["x", "y", "z"], "team")
    assert result.n == 58
    assert result.notes == (
        "1 row left out: no team",
        "1 row left out: fewer than half of the items answered",
        "1 row with a gap: in the ICC, not in rWG(J)",
    )
    complete = estimates(aggregation(teams.drop(index=[0, 7, 12]), ["x", "y", "z"], "team"))
    assert_allclose(estimates(result)["rwgj_uniform"], complete["rwgj_uniform"])


def test_items_that_were_not_turned_are_named(teams):
    four = teams.assign(w=teams[["x", "y"]].mean(axis=1), z=8 - teams["z"])
    result = aggregation(four, ["w", "x", "y", "z"], "team")
    assert "runs against the other items: z;" in result.notes[-1]


@pytest.mark.parametrize(
    ("icc2", "agreement", "status"),
    [
        (0.60, 0.70, "pass"),
        (0.59, 0.90, "warn"),
        (0.90, 0.69, "warn"),
        (0.40, 0.50, "warn"),
        (0.39, 0.90, "fail"),
        (0.90, 0.49, "fail"),
        (-np.inf, 0.90, "fail"),
        (0.90, np.nan, "fail"),
        (0.39, None, "fail"),
        (0.60, None, "pass"),
    ],
)
def test_the_licence_follows_the_limits_of_gate_g4(icc2, agreement, status):
    licence = licence_of(icc2, agreement)
    assert licence.status == status
    assert bool(licence) is licence.is_granted is (status != "fail")


def test_the_licence_gives_the_number_that_decides(companies):
    items, scale = SCALES["TSIG"]
    licence = aggregation(companies, items, "COMPID", scale=scale).licence
    assert str(licence).startswith("used at team level: yes, with care (ICC2 0.78")
    assert "median rWG(J) 0.61, below 0.70" in licence.reason


def test_answers_without_likeness_get_no_licence():
    data = pd.DataFrame({"team": list("aaabbbccc"), "x": [3, 4, 5] * 3})
    licence = aggregation(data, ["x"], "team").licence
    assert not licence
    assert licence.reason.startswith("ICC2 −∞, below 0.40")


def test_counts_are_licensed_by_icc2_alone():
    data = pd.DataFrame({"team": list("aabbcc"), "talks": [0, 1, 8, 9, 18, 20]})
    result = aggregation(data, ["talks"], "team", scale=(0, 20))
    assert result.licence.status == "pass"
    assert "ICC2 decides alone" in result.licence.reason


@pytest.mark.parametrize(
    ("change", "arguments", "error", "named"),
    [
        ({"x": 9}, {}, DataError, "from 1 to 7"),
        ({"x": "7"}, {}, DataError, "'x'"),
        ({}, {"cluster": "tema"}, DataError, "did you mean 'team'"),
        ({}, {"items": ["x", "w"]}, DataError, "'w'"),
        ({}, {"scale": (1, 6.5)}, DataError, "6.5"),
        ({}, {"scale": (7, 1)}, DataError, r"\(7, 1\)"),
        ({"team": "a"}, {}, DesignError, "1 teams"),
        ({"team": range(60)}, {}, DesignError, "60 teams"),
    ],
)
def test_what_cannot_be_aggregated_is_refused(teams, change, arguments, error, named):
    with pytest.raises(error, match=named):
        aggregation(teams.assign(**change), **{"items": ["x", "y"], "cluster": "team", **arguments})
