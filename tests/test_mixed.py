"""The random intercept against lme4, statsmodels, a one-way table and a known truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.mixed import _profile, _sums, random_intercept
from coaching_stats.results import two_sided_p

HERE = Path(__file__).parent
LME4 = json.loads((HERE / "reference" / "lq2002" / "results.json").read_text(encoding="utf-8"))[
    "mixed"
]
MODELS = {
    "reml": ("HOSTILE", ["LEAD", "TSIG"]),
    "null_HOSTILE_reml": ("HOSTILE", []),
    "null_LEAD_reml": ("LEAD", []),
}


def soldiers(outcome, predictors):
    data = pd.read_csv(HERE.parent / "data" / "published" / "lq2002.csv")
    x = np.column_stack([np.ones(len(data)), data[predictors]])
    return data[outcome].to_numpy(), x, ("Intercept", *predictors), data["COMPID"].to_numpy()


def survey(seed=1, sizes=(3, 9), n_teams=40, between=0.5):
    """Simulated people in teams of different sizes; variance 1 within and `between` between."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), rng.integers(*sizes, size=n_teams, endpoint=True))
    x = np.column_stack(
        [np.ones(team.size), rng.normal(size=team.size), rng.normal(size=n_teams)[team]]
    )
    shared = np.sqrt(between) * rng.normal(size=n_teams)
    return x @ [1.0, 0.5, -0.3] + shared[team] + rng.normal(size=team.size), x, team


TERMS = ("Intercept", "own", "shared")


@pytest.mark.parametrize("name", MODELS)
def test_published_data_give_the_numbers_of_lme4(name):
    """lme4's optimum is good to 1e-7 in the variances; its degrees of freedom are numerical."""
    reference = LME4[name]
    found = random_intercept(*soldiers(*MODELS[name]))
    between, within = (row["vcov"] for row in reference["variance_components"])
    assert_allclose(found.estimate, list(reference["coef"].values()), rtol=1e-6)
    assert_allclose(found.std_error, list(reference["se"].values()), rtol=1e-6)
    assert_allclose([found.variance_between, found.variance_within], [between, within], rtol=1e-5)
    assert_allclose(found.log_likelihood, reference["logLik"], rtol=1e-10)
    assert_allclose(found.df, list(reference["df_satterthwaite"].values()), rtol=1e-3)
    p_value = two_sided_p(found.estimate / found.std_error, found.df)
    assert_allclose(np.log(p_value), np.log(list(reference["p"].values())), rtol=1e-3)


def test_simulated_data_give_the_numbers_of_statsmodels():
    y, x, team = survey()
    theirs = sm.MixedLM(y, x, groups=team).fit(reml=True, gtol=1e-10)
    found = random_intercept(y, x, TERMS, team)
    assert_allclose(found.estimate, theirs.fe_params, rtol=1e-5)
    assert_allclose(found.std_error, theirs.bse_fe, rtol=1e-3)  # theirs: from the joint Hessian
    assert_allclose(found.variance_between, theirs.cov_re[0, 0], rtol=1e-4)
    assert_allclose(found.log_likelihood, theirs.llf, rtol=1e-9)


def test_the_likelihood_is_that_of_the_whole_covariance_matrix():
    """Restricted log-likelihood with an n x n matrix, as in any textbook."""
    y, x, team = survey(seed=2, n_teams=12)
    found = random_intercept(y, x, TERMS, team)
    v = found.variance_between * (team[:, None] == team) + found.variance_within * np.eye(len(y))
    solved = np.linalg.solve(v, np.column_stack([x, y]))
    information = x.T @ solved[:, :-1]
    coef = np.linalg.solve(information, x.T @ solved[:, -1])
    residual = y - x @ coef
    logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    fit = residual @ np.linalg.solve(v, residual)
    n, k = x.shape
    by_hand = -((n - k) * np.log(2 * np.pi) + logs + fit) / 2
    assert_allclose(found.estimate, coef, rtol=1e-9)
    assert_allclose(found.vcov, np.linalg.inv(information), rtol=1e-9)
    assert_allclose(found.log_likelihood, by_hand, rtol=1e-11)


@pytest.mark.parametrize("theta", [0.0, 0.03, 0.7, 20.0])
def test_derivatives_are_finite_differences(theta):
    y, x, team = survey(seed=3)
    sums, step = _sums(y, x, team), 1e-5 * max(theta, 1e-2)
    low, at, high = (_profile(sums, theta + d) for d in (-step, 0, step))
    assert_allclose(at.slope, (high.deviance - low.deviance) / (2 * step), rtol=1e-4)
    assert_allclose(at.curvature, (high.slope - low.slope) / (2 * step), rtol=1e-4)


def test_the_score_is_zero_at_the_maximum():
    y, x, team = survey(seed=4)
    found = random_intercept(y, x, TERMS, team)
    theta = found.variance_between / found.variance_within
    assert abs(_profile(_sums(y, x, team), theta).slope) < 1e-8 * len(y)


def test_equal_teams_give_the_one_way_table():
    """Variances from the mean squares, and the degrees of freedom of the mean: teams less one."""
    rng = np.random.default_rng(5)
    team = np.repeat(np.arange(15), 6)
    y = rng.normal(size=15)[team] + rng.normal(size=90)
    means = y.reshape(15, 6).mean(axis=1)
    between = 6 * means.var(ddof=1)
    within = ((y - means[team]) ** 2).sum() / 75
    found = random_intercept(y, np.ones((90, 1)), ("Intercept",), team)
    assert_allclose(found.variance_within, within, rtol=1e-7)
    assert_allclose(found.variance_between, (between - within) / 6, rtol=1e-7)
    assert_allclose(found.std_error[0], np.sqrt(between / 90), rtol=1e-7)
    assert_allclose(found.df, 14, rtol=1e-6)
    assert_allclose(
        found.glance()["icc"][0], (between - within) / (between + 5 * within), rtol=1e-7
    )


def test_teams_alike_give_least_squares_and_say_so():
    """Every team has the same mean residual, so that nothing is left between teams."""
    y, x, team = survey(seed=6, sizes=(4, 4))
    x = x[:, :2]
    x[:, 1] -= (np.bincount(team, x[:, 1]) / 4)[team]
    y = y - (np.bincount(team, y) / 4)[team]
    found = random_intercept(y, x, ("Intercept", "own"), team)
    plain = sm.OLS(y, x).fit()
    assert found.variance_between == 0
    assert_allclose(found.estimate[1], plain.params[1], rtol=1e-9)
    assert_allclose(found.std_error, plain.bse, rtol=1e-9)
    assert found.df.tolist() == [158.0, 158.0]
    assert "no variance between clusters" in found.notes[0]


def test_units_order_and_names_do_not_matter():
    y, x, team = survey(seed=7)
    order = np.random.default_rng(0).permutation(len(y))
    one = random_intercept(y, x, TERMS, team)
    other = random_intercept(1000 * y[order], x[order], TERMS, 99 - team[order])
    assert_allclose(other.estimate, 1000 * one.estimate, rtol=1e-7)
    assert_allclose(other.std_error, 1000 * one.std_error, rtol=1e-7)
    assert_allclose(other.df, one.df, rtol=1e-6)


def test_intervals_hold_simulated_slopes():
    """95 % over 200 simulated surveys, for a slope of people and one of teams."""
    n_surveys, held = 200, np.zeros(2)
    for seed in range(n_surveys):
        y, x, team = survey(seed=100 + seed, n_teams=12)
        table = random_intercept(y, x, TERMS, team).tidy().iloc[1:]
        truth = np.array([0.5, -0.3])
        held += (table["conf_low"] <= truth) & (truth <= table["conf_high"])
    error = np.sqrt(0.95 * 0.05 / n_surveys)
    assert np.all(np.abs(held / n_surveys - 0.95) < 4 * error)


@pytest.mark.parametrize(
    ("y", "column", "codes", "culprit"),
    [
        ([1, 2, 3, 5], [1, 0, 2, 1], [0, 0, 0, 0], "1 clusters of 4"),
        ([1, 2, 3, 5], [1, 0, 2, 1], [0, 1, 2, 3], "4 clusters of 4"),
        ([1, 2, 3, 5], [1, 1, 1, 1], [0, 0, 1, 1], "dependent"),
        ([1, 2, 3, 4], [1, 2, 3, 4], [0, 0, 1, 1], "perfectly"),
    ],
)
def test_what_has_no_answer_is_refused(y, column, codes, culprit):
    x = np.column_stack([np.ones(4), column])
    with pytest.raises(DesignError, match=culprit):
        random_intercept(np.array(y, dtype=float), x, ("Intercept", "a"), np.array(codes))
