"""The one-factor check and the marker variable, against what was planted."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coaching_stats.common_method import marker_adjusted, one_factor_check
from coaching_stats.errors import DataError, DesignError
from coaching_stats.worlds import simulate


def rated(n, mood, seed=1, link=0.3):
    """Two scores that correlate by `link` without mood, and a marker; all with variance 1."""
    rng = np.random.default_rng(seed)
    shared = np.sqrt(mood) * rng.normal(size=n)
    true = rng.multivariate_normal([0, 0], [[1, link], [link, 1]], n)
    x, y = (np.sqrt(1 - mood) * true).T + shared
    marker = shared + np.sqrt(1 - mood) * rng.normal(size=n)
    return pd.DataFrame({"x": x, "y": y, "marker": marker})


def test_shares_add_up_and_equal_the_eigenvalues():
    data = rated(400, 0.3)
    table = one_factor_check(data, ["x", "y", "marker"]).tidy()
    values = np.linalg.eigvalsh(data.corr().to_numpy())[::-1]
    assert table["share"].tolist() == pytest.approx(values[: len(table)] / 3)


def test_one_factor_takes_what_one_factor_made():
    """k items with equal loadings l: the first eigenvalue is 1 + (k - 1) l^2."""
    rng = np.random.default_rng(2)
    factor, k, loading = rng.normal(size=20_000), 6, 0.6
    noise = rng.normal(size=(20_000, k))
    items = loading * factor[:, None] + np.sqrt(1 - loading**2) * noise
    table = one_factor_check(pd.DataFrame(items, columns=list("abcdef")), list("abcdef")).tidy()
    assert len(table) == 1
    assert table["eigenvalue"][0] == pytest.approx(1 + 5 * loading**2, abs=0.03)


@pytest.mark.parametrize("mood", [0.0, 0.25, 0.5])
def test_the_marker_gives_back_the_correlation_without_mood(mood):
    found = marker_adjusted(rated(40_000, mood), ["x", "y"], "marker").tidy().iloc[0]
    assert found["unadjusted"] == pytest.approx(0.3 * (1 - mood) + mood, abs=0.02)
    assert found["estimate"] == pytest.approx(0.3, abs=0.03)


def with_correlations(matrix, names, n=80):
    """Rows whose correlations are exactly the ones given."""
    rows = np.random.default_rng(7).normal(size=(n, len(matrix)))
    rows -= rows.mean(axis=0)
    white = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    return pd.DataFrame(white @ np.linalg.cholesky(np.array(matrix)).T, columns=list(names))


@pytest.mark.parametrize(("plain", "common"), [(0.5, 0.2), (0.1, 0.3), (-0.3, 0.15)])
def test_adjusting_is_partialling_out_a_mood_that_makes_the_markers_correlation(plain, common):
    """By regression residuals: a mood that loads sqrt(r_M) on all scores makes r_M of each two."""
    load = np.sqrt(common)
    data = with_correlations(
        [
            [1, plain, common, load],
            [plain, 1, common, load],
            [common, common, 1, load],
            [load, load, load, 1],
        ],
        ["x", "y", "marker", "mood"],
    )
    design = np.column_stack([np.ones(len(data)), data["mood"]])
    x, y = (data[c] - design @ np.linalg.lstsq(design, data[c])[0] for c in ("x", "y"))
    found = marker_adjusted(data, ["x", "y"], "marker").tidy().iloc[0]
    r = np.corrcoef(x, y)[0, 1]
    assert found["estimate"] == pytest.approx(r)

    full = np.column_stack([design, data["x"]])
    coef, squares = np.linalg.lstsq(full, data["y"])[:2]
    error = np.sqrt(squares[0] / (len(data) - 3) * np.linalg.inv(full.T @ full)[2, 2])
    assert found["statistic"] == pytest.approx(coef[2] / error)
    assert found["df"] == len(data) - 3


def test_the_plain_correlation_has_its_textbook_p():
    data = rated(60, 0.2, seed=4)
    found = marker_adjusted(data, ["x", "y"], "marker").tidy().iloc[0]
    r, p_value = stats.pearsonr(data["x"], data["y"])
    assert (found["unadjusted"], found["unadjusted_p_value"]) == pytest.approx((r, p_value))


def test_the_smallest_of_the_markers_correlations_is_taken():
    data = with_correlations(
        [[1, 0.4, 0.3, 0.2], [0.4, 1, 0.3, 0.1], [0.3, 0.3, 1, 0.25], [0.2, 0.1, 0.25, 1]],
        ["x", "y", "z", "marker"],
    )
    found = marker_adjusted(data, ["x", "y", "z"], "marker")
    assert found.marker_correlation == pytest.approx(0.1)
    assert found.tidy()["estimate"].tolist() == pytest.approx([0.3 / 0.9, 0.2 / 0.9, 0.2 / 0.9])
    assert "too narrow" in found.notes[-1]


@pytest.mark.parametrize(
    "matrix",
    [
        [[1, -0.7, 0.3], [-0.7, 1, 0.3], [0.3, 0.3, 1]],
        [[1, 1, 0.3], [1, 1 + 1e-14, 0.3], [0.3, 0.3, 1]],
    ],
    ids=["below -1", "twice the same"],
)
def test_an_adjusted_correlation_out_of_bounds_is_left_empty_and_named(matrix):
    found = marker_adjusted(with_correlations(matrix, ["x", "y", "marker"]), ["x", "y"], "marker")
    row = found.tidy().iloc[0]
    assert row[["estimate", "p_value", "conf_low", "conf_high"]].isna().all()
    assert row["unadjusted"] == pytest.approx(matrix[0][1])
    assert found.notes[-1].endswith(": x~y")


def test_the_adjusted_correlation_covers_the_truth_as_often_as_it_says():
    covered = [
        (row["conf_low"] < 0.3 < row["conf_high"])
        for seed in range(120)
        for _, row in marker_adjusted(rated(200, 0.0, seed), ["x", "y"], "marker").tidy().iterrows()
    ]
    assert np.mean(covered) > 0.90


def test_a_marker_against_the_scores_adjusts_nothing_and_says_so():
    data = rated(500, 0.3)
    found = marker_adjusted(data.assign(marker=-data["marker"]), ["x", "y"], "marker")
    row = found.tidy().iloc[0]
    assert row["estimate"] == row["unadjusted"] == pytest.approx(data.corr().loc["x", "y"])
    assert "nothing is adjusted" in found.notes[-1]


def test_a_simulated_mood_is_seen_by_the_share():
    items = [f"S_{key}{i}" for key in ("SPR", "LPR", "ENA", "SWC") for i in (1, 2, 3)]
    shares = {
        world: one_factor_check(
            simulate(world, firms=20, teams=4, sellers=8, seed=3)["seller_survey"], items
        ).tidy()["share"][0]
        for world in ("null", "common_rater")
    }
    assert shares["common_rater"] > shares["null"] + 0.05


@pytest.mark.parametrize(
    ("columns", "marker", "error", "fragment"),
    [
        (["x", "y"], "x", DataError, "among the scores"),
        (["x", "z"], "marker", DataError, "'z'"),
        (["x", "flat"], "marker", DataError, "do not vary .flat"),
        (["x", "gaps"], "marker", DesignError, "2 complete rows"),
        (["x", "x"], "marker", DataError, "listed twice: x"),
        (["x"], "marker", DesignError, "1 scores"),
    ],
)
def test_what_cannot_be_adjusted(columns, marker, error, fragment):
    data = rated(50, 0.2).assign(flat=1.0)
    data["gaps"] = data["y"].where(data.index < 2)
    with pytest.raises(error, match=fragment):
        marker_adjusted(data, columns, marker)


def test_five_rows_are_the_least_that_have_an_interval():
    data = rated(5, 0.2)
    assert marker_adjusted(data, ["x", "y"], "marker").tidy()["conf_high"].notna().all()
    with pytest.raises(DesignError, match="4 complete rows"):
        marker_adjusted(data.head(4), ["x", "y"], "marker")


def test_one_item_alone_has_nothing_to_share():
    with pytest.raises(DesignError, match="1 items"):
        one_factor_check(rated(50, 0.2), ["x"])


def test_a_level_of_confidence_is_a_share():
    with pytest.raises(DesignError, match="conf_level 95"):
        marker_adjusted(rated(50, 0.2), ["x", "y"], "marker", conf_level=95)
