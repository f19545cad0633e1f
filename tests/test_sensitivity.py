"""Sensitivity to what is left out: confounders built on rows, reference numbers, the picture."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from coaching_stats.engines import cluster_moments
from coaching_stats.errors import DesignError
from coaching_stats.regression import regress
from coaching_stats.sensitivity import adjusted_slope, partial_r2, robustness_value
from coaching_stats.sensitivity_figure import plot_sensitivity

ROOT = Path(__file__).parents[1]
REFERENCE = json.loads(
    (ROOT / "tests" / "reference" / "robustness" / "results.json").read_text(encoding="utf-8")
)
MODELS = {
    "lq2002": "HOSTILE ~ LEAD + TSIG",
    "attitude": "rating ~ complaints + privileges + learning",
}
CASES = [case for case in REFERENCE if case != "meta"]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def sellers(seed=0):
    """Simulated sellers in teams, with two covariates that go along with the predictor."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=["SPR", "VAL", "LPR"])
    frame["SPR"] += 0.5 * frame["VAL"] - 0.3 * frame["LPR"]
    frame["SWC"] = 0.6 * frame["SPR"] + 0.4 * frame["VAL"] + rng.normal(size=60)
    return frame.assign(team=np.arange(60) % 12)


def published(case):
    """The term of a reference case, and its regression on published data."""
    name, term = case.split("_")
    return term, regress(MODELS[name], pd.read_csv(ROOT / "data" / "published" / f"{name}.csv"))


def unit_residual(target, given):
    """What `given` leaves over of `target`, of length 1."""
    left = target - given @ np.linalg.lstsq(given, target, rcond=None)[0]
    return left / np.linalg.norm(left)


def confounder(frame, r2_term, r2_outcome, sign):
    """Rows of a variable that explains exactly these shares of SPR, and of SWC beyond SPR."""
    rest = np.column_stack([np.ones(len(frame)), frame[["VAL", "LPR"]]])
    all_x = np.column_stack([rest, frame["SPR"]])
    with_y = np.column_stack([all_x, frame["SWC"]])
    noise = np.random.default_rng(9).normal(size=len(frame))
    beyond = np.sqrt(r2_outcome) * unit_residual(frame["SWC"].to_numpy(), all_x)
    beyond = sign * beyond + np.sqrt(1 - r2_outcome) * unit_residual(noise, with_y)
    own = np.sqrt(r2_term) * unit_residual(frame["SPR"].to_numpy(), rest)
    return own + np.sqrt(1 - r2_term) * beyond


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_r(case):
    """Reference numbers by R: tests/reference/robustness/ref.R."""
    expected = REFERENCE[case]
    term, fit = published(case)
    row = fit.sensitivity(term).tidy().iloc[0]
    assert_allclose(row["partial_r2"], expected["partial_r2_yd_x"], rtol=1e-8)
    assert_allclose(row["robustness_value"], expected["RV_q1"], rtol=1e-8)
    assert_allclose(row["robustness_value_interval"], expected["RV_q1_alpha05"], rtol=1e-8)
    t, df = expected["t"], expected["df"]
    assert_allclose(robustness_value(t, df, q=0.5), expected["RV_q0.5"], rtol=1e-8)
    assert_allclose(robustness_value(t, df, conf_level=0.99), expected["RV_q1_alpha01"], rtol=1e-8)


@pytest.mark.parametrize("case", [case for case in CASES if "benchmark" in REFERENCE[case]])
def test_bounds_are_those_of_r(case):
    term, fit = published(case)
    benchmark = REFERENCE[case]["benchmark"]
    found = fit.sensitivity(term, [benchmark["covariate"]]).bounds
    for expected, (_, row) in zip(benchmark["bounds"], found.iterrows(), strict=False):
        assert row["multiple"] == expected["k"]
        assert row["is_possible"] == expected["exists"]
        assert_allclose(row["partial_r2_term"], expected["r2dz_x"], rtol=1e-8)
        if expected["exists"]:
            names = ["partial_r2_outcome", "bias", "adjusted_estimate", "adjusted_std_error"]
            keys = ["r2yz_dx", "bias", "adjusted_estimate", "adjusted_se"]
            assert_allclose(row[names].astype(float), [expected[key] for key in keys], rtol=1e-8)


@pytest.mark.parametrize(("r2_term", "r2_outcome"), [(0.1, 0.3), (0.4, 0.05), (0.6, 0.7)])
@pytest.mark.parametrize("flip", [1, -1])
def test_a_confounder_of_these_strengths_moves_the_slope_so_far(r2_term, r2_outcome, flip):
    """Omitted-variable bias, on rows: the regression with the confounder is as foretold."""
    frame = sellers().assign(SWC=lambda d: flip * d["SWC"])
    short = regress("SWC ~ SPR + VAL + LPR", frame, vcov="iid")
    told = short.sensitivity("SPR", ["VAL"])
    frame["Z"] = confounder(frame, r2_term, r2_outcome, flip)
    full = regress("SWC ~ SPR + VAL + LPR + Z", frame, vcov="iid").tidy().set_index("term")
    left = adjusted_slope(
        short.estimate[1], told.iid_error, told.residual_df, r2_term, np.array(r2_outcome)
    )
    assert_allclose(full.loc["SPR", "estimate"], left, rtol=1e-9)
    df = told.residual_df
    error = told.iid_error * np.sqrt((1 - r2_outcome) / (1 - r2_term) * df / (df - 1))
    assert_allclose(full.loc["SPR", "std_error"], error, rtol=1e-9)


def test_bounds_are_what_a_confounder_of_that_strength_does():
    frame = sellers()
    bounds = regress("SWC ~ SPR + VAL + LPR", frame).sensitivity("SPR", ["VAL", "LPR"]).bounds
    for _, bound in bounds[bounds["is_possible"]].iterrows():
        strengths = bound["partial_r2_term"], bound["partial_r2_outcome"]
        frame["Z"] = confounder(frame, *strengths, 1)
        full = regress("SWC ~ SPR + VAL + LPR + Z", frame, vcov="iid").tidy().set_index("term")
        assert_allclose(full.loc["SPR", "estimate"], bound["adjusted_estimate"], rtol=1e-9)
        assert_allclose(full.loc["SPR", "std_error"], bound["adjusted_std_error"], rtol=1e-9)


def test_a_confounder_once_as_strong_as_a_benchmark_compares_with_it_in_the_predictor():
    """What Z and the benchmark explain of the predictor, each where the other is left out."""
    frame = sellers()
    bound = regress("SWC ~ SPR + VAL + LPR", frame).sensitivity("SPR", ["VAL"]).bounds.iloc[0]
    frame["Z"] = confounder(frame, bound["partial_r2_term"], 0.2, 1)
    gain = {
        name: regress(f"SPR ~ LPR + {name}", frame).r_squared
        - regress("SPR ~ LPR", frame).r_squared
        for name in ("VAL", "Z")
    }
    assert_allclose(gain["Z"], gain["VAL"], rtol=1e-9)


@pytest.mark.parametrize(("t", "df"), [(2.5, 20), (-4.0, 200), (12.0, 10), (30.0, 8)])
def test_the_robustness_value_is_the_weakest_confounder_that_is_enough(t, df):
    """By search: of all confounders that explain at most r of either, one reaches the bound."""

    def statistic(r2_outcome, r2_term):
        odds = r2_outcome * r2_term / (1 - r2_term)
        error = np.sqrt((1 - r2_outcome) / (1 - r2_term) / (df - 1))
        return (abs(t) / np.sqrt(df) - np.sqrt(odds)) / error

    def excess(r, bound):
        return statistic(np.linspace(0, r, 20_001), r).min() - bound

    critical = stats.t.ppf(0.975, df - 1)
    enough = optimize.brentq(excess, 1e-6, 1 - 1e-6, args=(critical,))
    assert robustness_value(t, df, conf_level=0.95) == pytest.approx(enough, rel=1e-4)
    vanished = optimize.brentq(excess, 1e-6, 1 - 1e-6, args=(0.0,))
    assert robustness_value(t, df) == pytest.approx(vanished, rel=1e-4)


def test_a_slope_whose_interval_holds_zero_needs_no_confounder():
    assert robustness_value(1.5, 30, conf_level=0.95) == 0
    assert robustness_value(0.0, 30) == 0
    assert robustness_value(1e8, 30) == pytest.approx(1.0)


def test_partial_r2_is_the_share_of_what_was_left():
    frame = sellers()
    full, without = regress("SWC ~ SPR + VAL", frame), regress("SWC ~ VAL", frame)
    share = (full.r_squared - without.r_squared) / (1 - without.r_squared)
    assert_allclose(full.sensitivity("SPR").tidy()["partial_r2"], share, rtol=1e-10)
    assert partial_r2(-3.0, 27) == pytest.approx(0.25)


@pytest.mark.parametrize("vcov", ["CR2", "CR1S", "CRV3"])
def test_strengths_do_not_depend_on_the_variance_but_the_row_does(vcov):
    frame, extra = sellers(), ["partial_r2", "robustness_value", "robustness_value_interval"]
    iid = regress("SWC ~ SPR + VAL", frame, vcov="iid").sensitivity("SPR", ["VAL"])
    fit = regress("SWC ~ SPR + VAL", frame, cluster="team", vcov=vcov)
    clustered = fit.sensitivity("SPR", ["VAL"])
    assert_allclose(clustered.tidy()[extra], iid.tidy()[extra], rtol=1e-10)
    pd.testing.assert_frame_equal(clustered.bounds, iid.bounds)
    pd.testing.assert_frame_equal(
        clustered.tidy()[fit.tidy().columns], fit.tidy().iloc[[1]].reset_index(drop=True)
    )
    assert "share a cluster" in " ".join(clustered.notes)
    assert "share a cluster" not in " ".join(iid.notes)


def test_units_and_moments_do_not_matter():
    frame = sellers()
    rows = regress("SWC ~ SPR + VAL", frame, cluster="team").sensitivity("SPR", ["VAL"])
    moments = cluster_moments(frame, ["SWC", "SPR", "VAL"], "team")
    same = regress("SWC ~ SPR + VAL", moments).sensitivity("SPR", ["VAL"])
    assert_allclose(same.bounds.iloc[:, 1:].astype(float), rows.bounds.iloc[:, 1:].astype(float))
    other = frame.assign(SPR=100 - 10 * frame["SPR"], SWC=5 * frame["SWC"])
    scaled = regress("SWC ~ SPR + VAL", other, cluster="team").sensitivity("SPR", ["VAL"])
    assert_allclose(scaled.tidy()["robustness_value"], rows.tidy()["robustness_value"])
    assert_allclose(scaled.bounds["adjusted_estimate"], -0.5 * rows.bounds["adjusted_estimate"])


def test_weights_are_those_of_the_regression():
    """Weighted least squares is least squares on rows times the root of their weights."""
    frame = sellers().assign(w=np.linspace(0.5, 3, 60))
    root = np.sqrt(frame["w"])
    rooted = frame[["SWC", "SPR", "VAL"]].mul(root, axis=0).assign(one=root)
    weighted = regress("SWC ~ SPR + VAL", frame, weights="w").sensitivity("SPR", ["VAL"])
    plain = regress("SWC ~ 0 + one + SPR + VAL", rooted).sensitivity("SPR", ["VAL"])
    assert_allclose(weighted.bounds["bias"], plain.bounds["bias"], rtol=1e-9)
    assert_allclose(weighted.tidy()["partial_r2"], plain.tidy()["partial_r2"], rtol=1e-9)


def test_a_confounder_that_cannot_exist_is_named():
    """Reference case: learning, by a confounder as strong as complaints, which explains more."""
    _, fit = published("attitude_learning")
    found = fit.sensitivity("learning", ["complaints"])
    assert "1 x complaints" in " ".join(found.notes)
    first = found.bounds.iloc[0]
    assert first["partial_r2_outcome"] == 1
    assert np.isnan(first["adjusted_std_error"])


@pytest.mark.parametrize(
    ("term", "benchmarks", "word"),
    [
        ("SRP", [], "SPR"),
        ("Intercept", [], "Intercept"),
        ("SPR", ["LRP"], "LRP"),
        ("SPR", ["Intercept"], "Intercept"),
        ("SPR", ["SPR"], "itself"),
        ("SPR", "VAL", "list"),
    ],
)
def test_what_is_no_slope_is_refused(term, benchmarks, word):
    fit = regress("SWC ~ SPR + VAL", sellers())
    with pytest.raises(DesignError, match=word):
        fit.sensitivity(term, benchmarks)


def test_a_fit_that_leaves_nothing_over_is_refused():
    exact = pd.DataFrame({"y": [0.0, 1, 2, 3], "x": [0.0, 1, 2, 3]})
    with pytest.raises(DesignError, match="nothing"):
        regress("y ~ x", exact, vcov="iid").sensitivity("x")
    with pytest.raises(DesignError, match="3 rows"):
        regress("y ~ x", exact[:3].assign(y=[1.0, 0, 2]), vcov="iid").sensitivity("x")


def test_the_picture_has_zero_at_the_robustness_value_and_a_marker_per_bound():
    _, fit = published("attitude_complaints")
    found = fit.sensitivity("complaints", ["learning", "privileges"])
    axes = plot_sensitivity(found)
    value = found.tidy()["robustness_value"].item()
    zero = next(c for c in axes.collections if list(c.levels) == [0.0])
    line = zero.get_paths()[0].vertices
    assert np.hypot(*(line - value).T).min() < 0.01
    drawn = np.vstack([line.get_xydata() for line in axes.lines[2:]])
    possible = found.bounds[found.bounds["is_possible"]]
    columns = ["partial_r2_term", "partial_r2_outcome"]
    assert_allclose(np.sort(drawn, axis=0), np.sort(possible[columns], axis=0))
    assert {text.get_text() for text in axes.texts} >= {"1 × learning", "3 × privileges"}


def test_the_picture_of_a_slope_of_zero_is_words():
    frame = pd.DataFrame({"y": [1.0, 2, 2, 1], "x": [0.0, 0, 1, 1]})
    axes = plot_sensitivity(regress("y ~ x", frame, vcov="iid").sensitivity("x"))
    assert "zero" in axes.texts[0].get_text()
