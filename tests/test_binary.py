"""Logistic regression against statsmodels, finite differences and a known truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import special

from coaching_stats.binary import FEW_CLUSTERS, binary_logit, in_latent_sd, marginal_effects
from coaching_stats.errors import DesignError

TERMS = ("Intercept", "a", "b")


def survey(seed=1, n_teams=60, per_team=8, slopes=(-0.3, 0.8, -0.5)):
    """Simulated answers of people in teams; the tendency is logistic within teams."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), per_team)
    x = np.column_stack([np.ones(team.size), rng.normal(size=(team.size, 2))])
    x[:, 1] += 0.7 * rng.normal(size=n_teams)[team]
    yes = x @ slopes + rng.logistic(size=team.size) > 0
    return yes, x, team


def test_slopes_and_clustered_errors_are_those_of_statsmodels():
    yes, x, team = survey()
    found = binary_logit(yes, x, TERMS, team)
    logit = sm.Logit(yes.astype(float), x)
    plain = logit.fit(disp=0, tol=1e-12)
    robust = logit.fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": team})
    assert_allclose(found.estimate, plain.params, rtol=1e-8)
    assert_allclose(found.std_error, robust.bse, rtol=1e-8)
    assert_allclose(found.log_likelihood, plain.llf, rtol=1e-10)
    assert found.df.tolist() == [59.0] * 3


def test_errors_of_independent_rows_are_those_of_statsmodels():
    yes, x, _ = survey(seed=2)
    n, k = x.shape
    robust = sm.Logit(yes.astype(float), x).fit(disp=0, tol=1e-12, cov_type="HC0")
    found = binary_logit(yes, x, TERMS, None)
    assert_allclose(found.std_error, robust.bse * np.sqrt(n / (n - k)), rtol=1e-8)


def test_marginal_effects_are_those_of_statsmodels():
    yes, x, team = survey(seed=3)
    fit = binary_logit(yes, x, TERMS, team)
    found = marginal_effects(fit, x)
    theirs = sm.Logit(yes.astype(float), x).fit(
        disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": team}
    )
    margins = theirs.get_margeff(at="overall")
    assert found.terms == ("a", "b")
    assert_allclose(found.estimate, margins.margeff, rtol=1e-8)
    assert_allclose(found.std_error, margins.margeff_se, rtol=1e-6)


def test_marginal_effects_are_finite_differences_of_the_mean_chance():
    yes, x, team = survey(seed=4)
    fit = binary_logit(yes, x, TERMS, team)
    step = np.array([0, 1e-6, 0])
    up, down = (special.expit((x + sign * step) @ fit.estimate).mean() for sign in (1, -1))
    assert_allclose(marginal_effects(fit, x).estimate[0], (up - down) / 2e-6, rtol=1e-6)


def test_asking_for_no_instead_of_yes_turns_every_sign():
    yes, x, team = survey(seed=5)
    one, other = (binary_logit(answer, x, TERMS, team) for answer in (yes, ~yes))
    assert_allclose(other.estimate, -one.estimate, rtol=1e-8)
    assert_allclose(other.vcov, one.vcov, rtol=1e-6)
    assert_allclose(
        marginal_effects(other, x).estimate, -marginal_effects(one, x).estimate, rtol=1e-8
    )


def test_order_of_rows_and_names_of_teams_do_not_matter():
    yes, x, team = survey(seed=6)
    order = np.random.default_rng(0).permutation(len(yes))
    one = binary_logit(yes, x, TERMS, team)
    other = binary_logit(yes[order], x[order], TERMS, 1000 - team[order])
    assert_allclose(other.vcov, one.vcov, rtol=1e-8)


def test_simulated_slopes_are_found_again():
    truth = np.array([-0.3, 0.8, -0.5])
    found = binary_logit(*survey(seed=7, n_teams=2000)[:2], TERMS, None)
    assert np.all(np.abs(found.estimate - truth) < 4 * found.std_error)


def test_errors_are_the_spread_over_simulated_surveys():
    """The tendency shares a team effect, which errors of independent rows would miss."""
    rng, slopes, errors = np.random.default_rng(8), [], []
    team = np.repeat(np.arange(80), 10)
    for _ in range(300):
        shared = rng.normal(size=(2, 80))[:, team]
        x = np.column_stack([np.ones(team.size), shared[0]])
        yes = x @ [0.0, 0.5] + shared[1] + rng.logistic(size=team.size) > 0
        fit = binary_logit(yes, x, ("Intercept", "a"), team)
        slopes.append(fit.estimate[1])
        errors.append(fit.std_error[1])
    spread = np.std(slopes, ddof=1)
    assert abs(np.mean(errors) / spread - 1) < 4 / np.sqrt(2 * 300)


def test_sizes_are_as_far_from_zero_as_their_slopes():
    yes, x, team = survey(seed=9)
    fit = binary_logit(yes, x, TERMS, team)
    sizes = in_latent_sd(fit, x)
    assert_allclose(sizes.estimate / sizes.std_error, (fit.estimate / fit.std_error)[1:])


def test_sizes_are_slopes_of_the_standardised_tendency_wherever_it_is_cut():
    rng = np.random.default_rng(10)
    x = np.column_stack([np.ones(200_000), rng.normal(size=(200_000, 2))])
    tendency = x @ [0.0, 0.8, -0.5] + rng.logistic(size=len(x))
    truth = np.array([0.8, -0.5]) / np.sqrt(0.64 + 0.25 + np.pi**2 / 3)
    for cut in (0.0, 1.5):
        sizes = in_latent_sd(binary_logit(tendency > cut, x, TERMS, None), x)
        assert np.all(np.abs(sizes.estimate - truth) < 4 * sizes.std_error)


def test_few_clusters_are_noted():
    many = survey(n_teams=FEW_CLUSTERS)
    few = survey(n_teams=FEW_CLUSTERS - 1)
    assert binary_logit(*many[:2], TERMS, many[2]).notes == ()
    assert "39 clusters" in binary_logit(*few[:2], TERMS, few[2]).notes[0]


def test_glance_counts():
    yes, x, team = survey()
    row = binary_logit(yes, x, TERMS, team).glance().iloc[0]
    assert (row["n_obs"], row["n_yes"], row["n_clusters"]) == (480, yes.sum(), 60)


@pytest.mark.parametrize(
    ("yes", "column", "codes", "culprit"),
    [
        ([0, 0, 0, 0], [1, 2, 3, 4], None, "the same answer"),
        ([0, 0, 1, 1], [1, 2, 3, 4], None, "separate"),
        ([0, 1, 1, 0], [1, 1, 1, 1], None, "dependent"),
        ([0, 1, 1, 0], [1, 2, 1, 2], [5, 5, 5, 5], "single cluster"),
    ],
)
def test_what_has_no_answer_is_refused(yes, column, codes, culprit):
    x = np.column_stack([np.ones(4), column])
    codes = None if codes is None else np.array(codes)
    with pytest.raises(DesignError, match=culprit):
        binary_logit(np.array(yes, dtype=bool), x, ("Intercept", "a"), codes)
