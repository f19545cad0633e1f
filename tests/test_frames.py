"""Columns of a frame: numbers or a refusal that names the culprit; within and between."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coaching_stats.errors import DataError, DesignError
from coaching_stats.frames import cluster_codes, numeric_columns, row_weights, within_between
from coaching_stats.regression import regress


def sellers(seed, n_teams=6, n=60):
    rng = np.random.default_rng(seed)
    team = rng.permutation(np.concatenate([np.arange(n_teams), rng.integers(0, n_teams, n)]))
    x = rng.normal(size=n_teams)[team] + rng.normal(size=team.size)
    y = 0.5 * x + 2 * rng.normal(size=n_teams)[team] + rng.normal(size=team.size)
    return pd.DataFrame({"team": [f"team {t}" for t in team], "x": x, "y": y})


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_slopes_on_deviations_are_those_of_team_dummies(seed):
    data = sellers(seed)
    within = regress("y ~ x_w", within_between(data, ["x"], "team"), vcov="iid")
    dummies = regress("y ~ x + C(team)", data, vcov="iid")

    at = dummies.terms.index("x")
    assert_allclose(within.estimate[1], dummies.estimate[at], rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_deviation_and_mean_add_up_to_the_column(seed):
    data = sellers(seed)
    split = within_between(data, ["x", "y"], "team")

    assert_allclose(split["x_w"] + split["x_b"], data["x"], rtol=1e-12)
    assert_allclose(split.groupby("team")["y_w"].mean(), 0, atol=1e-12)


def test_within_between_leaves_its_input_alone_and_gaps_as_gaps():
    data = pd.DataFrame(
        {"team": ["a", "a", None, "a"], "x": [1.0, 3.0, 9.0, np.nan]}, index=[7, 5, 3, 1]
    )
    before = data.copy(deep=True)
    split = within_between(data, ["x"], "team")

    pd.testing.assert_frame_equal(data, before)
    assert split.columns.tolist() == ["team", "x", "x_w", "x_b"]
    assert_allclose(split["x_w"], [-1, 1, np.nan, np.nan])
    assert_allclose(split["x_b"], [2, 2, np.nan, 2])


def test_within_between_overwrites_nothing():
    data = sellers(1).assign(x_w=0.0)
    with pytest.raises(DataError, match="x_w"):
        within_between(data, ["x"], "team")


@pytest.mark.parametrize(
    "column",
    [
        pd.array([1, None, 3], dtype="Int64"),
        pd.array([1.0, None, 3.0], dtype="Float64"),
        pd.Series([1, None, 3], dtype=object),
        [Decimal(1), None, Decimal(3)],
        [1.0, np.nan, 3.0],
    ],
)
def test_numbers_are_numbers_in_every_dtype(column):
    data = pd.DataFrame({"x": column})
    assert_allclose(numeric_columns(data, ["x"])[:, 0], [1, np.nan, 3])


@pytest.mark.parametrize("dtype", ["bool", "boolean", object])
def test_truth_values_are_zero_and_one(dtype):
    data = pd.DataFrame({"x": pd.Series([True, False], dtype=dtype)})
    assert numeric_columns(data, ["x"])[:, 0].tolist() == [1, 0]


def test_a_mistyped_number_is_shown_with_its_row():
    data = pd.DataFrame({"x": ["1", "2", "3,5", "4"]}, index=[10, 11, 12, 13])
    with pytest.raises(DataError, match="row 12: '3,5'"):
        numeric_columns(data, ["x"])


def test_free_text_is_refused_but_not_repeated():
    data = pd.DataFrame({"comment": ["my boss shouts", "fine"]})
    with pytest.raises(DataError, match="comment") as refusal:
        numeric_columns(data, ["comment"])
    assert "boss" not in str(refusal.value)


def test_infinite_values_are_shown_by_the_labels_of_their_rows():
    data = pd.DataFrame({"x": [1.0, np.inf], "z": [-np.inf, 2.0]}, index=["ann", "bo"])
    with pytest.raises(DataError, match="z, row ann, x, row bo"):
        numeric_columns(data, ["x", "z"])


@pytest.mark.parametrize(
    ("frame", "culprit"),
    [
        (pd.DataFrame({"SPR": [1.0]}), "did you mean 'SPR'"),
        (pd.DataFrame([[1, 2]], columns=["SPF", "SPF"]), "share a name"),
        ({"SPF": [1.0]}, "dict"),
    ],
)
def test_a_frame_without_the_column_says_so(frame, culprit):
    with pytest.raises(DataError, match=culprit):
        numeric_columns(frame, ["SPF"])


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_weights_are_positive(bad):
    with pytest.raises(DataError, match=r"1 weights .*'w'"):
        row_weights(pd.DataFrame({"w": [1.0, bad, np.nan]}), "w")


def test_whole_numbers_with_gaps_stay_whole():
    codes, clusters, known = cluster_codes(pd.DataFrame({"team": [30, None, 7]}), "team")
    assert codes.tolist() == [1, -1, 0]
    assert clusters.tolist() == [7, 30]
    assert clusters.dtype.kind == "i"
    assert known.tolist() == [True, False, True]


def test_levels_that_no_row_has_are_no_clusters():
    team = pd.Categorical(["b", "a", "b"], categories=["z", "b", "a"])
    codes, clusters, _ = cluster_codes(pd.DataFrame({"team": team}), "team")
    assert clusters[codes].tolist() == ["b", "a", "b"]


def test_one_cluster_is_no_clusters():
    with pytest.raises(DesignError, match="'team' holds 1 cluster;"):
        cluster_codes(pd.DataFrame({"team": ["a", "a"]}), "team")
