"""The cumulative logit against R's ordinal, statsmodels, the logistic model and a known truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.miscmodels.ordinal_model import OrderedModel

from coaching_stats.binary import binary_logit
from coaching_stats.errors import DesignError
from coaching_stats.logits import latent_sd
from coaching_stats.ordinal import cumulative_logit, ordered_categories, ordinal_sizes

HERE = Path(__file__).parent
REFERENCE = json.loads(
    (HERE / "reference" / "ordinal" / "results.json").read_text(encoding="utf-8")
)


def soldiers(outcome, predictors):
    data = pd.read_csv(HERE.parent / "data" / "published" / "lq2002.csv")
    return data[outcome] - data[outcome].min(), data[predictors].to_numpy()


def personality():
    data = pd.read_csv(HERE / "reference" / "bfi" / "bfi.csv")
    data = data.dropna(subset=["N1", "age", "gender", "education"])
    x = np.column_stack([data["age"] / 10, data["gender"] == 2])
    return data["N1"] - 1, x.astype(float)


PUBLISHED = {
    "lq2002_HOSTIL01": lambda: soldiers("HOSTIL01", ["LEAD", "TSIG"]),
    "lq2002_TSIG01": lambda: soldiers("TSIG01", ["LEAD"]),
    "bfi_N1": personality,
}


def survey(seed=1, n_teams=50, per_team=6, slopes=(0.9, -0.4)):
    """Simulated tendencies of people in teams, logistic within teams."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), per_team)
    x = rng.normal(size=(team.size, 2)) + rng.normal(size=(n_teams, 1))[team]
    return x @ slopes + rng.logistic(size=team.size), x, team


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_data_give_the_numbers_of_clm(name):
    category, x = PUBLISHED[name]()
    reference = REFERENCE[name]["clm_logit"]
    found = cumulative_logit(category.to_numpy(dtype=int), x, [f"x{j}" for j in range(x.shape[1])])
    assert_allclose(found.estimate, list(reference["coef"].values()), rtol=1e-6)
    assert_allclose(found.std_error, list(reference["se"].values()), rtol=1e-6)
    assert_allclose(found.log_likelihood, reference["logLik"], rtol=1e-10)


def test_simulated_data_give_the_numbers_of_statsmodels():
    tendency, x, _ = survey(n_teams=20)
    category = np.digitize(tendency, [-1, 0, 1.5])
    model = OrderedModel(category, x, distr="logit")
    near = model.fit(method="bfgs", disp=0)
    theirs = model.fit(near.params, method="newton", disp=0, tol=1e-9)
    thresholds = model.transform_threshold_params(theirs.params)[1:-1]
    found = cumulative_logit(category, x, ["a", "b"])
    assert_allclose(found.estimate, [*thresholds, *theirs.params[:2]], rtol=1e-6)
    assert_allclose(found.log_likelihood, theirs.llf, rtol=1e-10)


def test_two_categories_are_the_logistic_model():
    tendency, x, _ = survey(seed=2)
    high = tendency > 0.5
    binary = binary_logit(
        high, np.column_stack([np.ones(len(x)), x]), ["Intercept", "a", "b"], None
    )
    found = cumulative_logit(high.astype(int), x, ["a", "b"])
    assert_allclose(found.estimate[1:], binary.estimate[1:], rtol=1e-7)
    assert_allclose(found.estimate[0], -binary.estimate[0], rtol=1e-7)


def test_reading_the_scale_backwards_turns_the_signs():
    tendency, x, _ = survey(seed=3)
    category = ordered_categories(tendency)
    one = cumulative_logit(category, x, ["a", "b"]).estimate
    other = cumulative_logit(6 - category, x, ["a", "b"]).estimate
    assert_allclose(other[-2:], -one[-2:], rtol=1e-7)
    assert_allclose(other[:6], -one[:6][::-1], rtol=1e-7)


def test_only_the_order_of_the_outcome_matters():
    tendency, x, team = survey(seed=4)
    one, other = (
        ordinal_sizes(
            ordered_categories(values), x, ["a", "b"], team, n_boot=5, rng=np.random.default_rng(1)
        )
        for values in (tendency, np.exp(tendency))
    )
    assert one.estimate.tolist() == other.estimate.tolist()


def test_simulated_slopes_are_found_again():
    tendency, x, _ = survey(seed=5, n_teams=2000)
    found = cumulative_logit(ordered_categories(tendency), x, ["a", "b"])
    assert np.all(np.abs(found.estimate[-2:] - [0.9, -0.4]) < 4 * found.std_error[-2:])


def test_sizes_are_slopes_of_the_standardised_tendency():
    tendency, x, team = survey(seed=6, n_teams=2000)
    found = ordinal_sizes(
        ordered_categories(tendency), x, ["a", "b"], team, n_boot=40, rng=np.random.default_rng(2)
    )
    truth = np.array([0.9, -0.4]) / tendency.std()
    assert np.all(np.abs(found.estimate - truth) < 4 * found.std_error)


def test_resampled_errors_of_two_categories_are_those_of_the_sandwich():
    rng = np.random.default_rng(7)
    tendency, x, team = survey(seed=7, n_teams=150)
    tendency = tendency + rng.normal(size=150)[team]
    high, n_boot = tendency > 0, 600
    found = ordinal_sizes(high.astype(int), x, ["a", "b"], team, n_boot=n_boot, rng=rng)
    design = np.column_stack([np.ones(len(x)), x])
    fit = binary_logit(high, design, ["Intercept", "a", "b"], team)
    slopes = rng.multivariate_normal(fit.estimate[1:], fit.vcov[1:, 1:], size=4000)
    sizes = [one / latent_sd(one, np.cov(x.T)) for one in slopes]
    # which takes the spread of the predictors as given
    rtol = 4 / np.sqrt(2 * n_boot) + 0.05
    assert_allclose(found.std_error, np.std(sizes, axis=0), rtol=rtol)
    assert found.df.tolist() == [149.0, 149.0]


def test_the_same_seed_gives_the_same_errors():
    tendency, x, team = survey(seed=8)
    category = ordered_categories(tendency)
    first, again, other = (
        ordinal_sizes(
            category, x, ["a", "b"], team, n_boot=10, rng=np.random.default_rng(s)
        ).std_error.tolist()
        for s in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_a_resample_may_lack_a_category():
    """One team alone has the highest one; a third of all resamples are without it."""
    tendency, x, team = survey(seed=9, n_teams=30)
    category = np.where(team == 0, 3, np.digitize(tendency, [-1, 1]))
    found = ordinal_sizes(category, x, ["a", "b"], team, n_boot=60, rng=np.random.default_rng(3))
    assert found.notes == ()
    assert np.all(found.std_error < 0.2)


def test_few_values_are_their_own_categories_and_many_are_grouped():
    few = np.array([5, 3, 3, 1, 1.5])
    assert ordered_categories(few).tolist() == [3, 2, 2, 0, 1]
    rng = np.random.default_rng(4)
    tied = rng.integers(0, 30, size=500)
    category = ordered_categories(tied)
    assert np.all(np.diff(category[np.argsort(tied, kind="stable")]) >= 0)
    assert all(len(set(category[tied == value])) == 1 for value in np.unique(tied))
    assert category.max() == 6


def test_glance_counts():
    tendency, x, _ = survey()
    row = cumulative_logit(ordered_categories(tendency), x, ["a", "b"]).glance().iloc[0]
    assert (row["n_obs"], row["n_categories"]) == (300, 7)


@pytest.mark.parametrize(
    ("category", "column", "culprit"),
    [
        ([0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6], "single category"),
        ([0, 0, 1, 1, 2, 2], [1, 2, 3, 4, 5, 6], "separate"),
        ([0, 1, 2, 1, 0, 2], [1, 1, 1, 1, 1, 1], "dependent"),
    ],
)
def test_what_has_no_answer_is_refused(category, column, culprit):
    with pytest.raises(DesignError, match=culprit):
        cumulative_logit(np.array(category), np.array(column, dtype=float)[:, None], ["a"])


def test_resamples_without_a_maximum_are_not_left_out_silently():
    """Two teams of three separate the categories as soon as the third one is not drawn."""
    category = np.array([0, 0, 1, 1, 0, 1])
    x = np.array([[0.0], [0.1], [1.0], [1.1], [1.0], [0.0]])
    team = np.array([0, 0, 1, 1, 2, 2])
    with pytest.raises(DesignError, match="resamples"):
        ordinal_sizes(category, x, ["a"], team, n_boot=50, rng=np.random.default_rng(5))
