"""Weights keep the total and the right variance; intervals are those of the literature."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from strategies import seeds

from coaching_stats.errors import DesignError
from coaching_stats.resampling import (
    TooFewResamples,
    bca_interval,
    bca_p_value,
    cluster_weights,
    keep_usable,
    percentile_interval,
    percentile_p_value,
)


@given(n_clusters=st.integers(2, 60), n_boot=st.integers(1, 40), seed=seeds)
@settings(max_examples=30, deadline=None)
def test_every_resample_weighs_as_much_as_the_data(n_clusters, n_boot, seed):
    weights = cluster_weights(n_clusters, n_boot, np.random.default_rng(seed))
    assert weights.shape == (n_boot, n_clusters)
    assert_allclose(weights.sum(axis=1), n_clusters)
    drawn = weights * (n_clusters - 1) / n_clusters
    assert_allclose(drawn, np.round(drawn), atol=1e-9)


@pytest.mark.parametrize("n_clusters", [4, 8, 24])
def test_variance_of_a_resampled_mean_is_the_unbiased_one(n_clusters):
    """Resampling all G clusters would give (G - 1) / G of it."""
    rng = np.random.default_rng(n_clusters)
    values = rng.normal(size=n_clusters)
    means = cluster_weights(n_clusters, 40_000, rng) @ values / n_clusters
    squares = (means - values.mean()) ** 2
    unbiased = values.var(ddof=1) / n_clusters
    assert abs(squares.mean() - unbiased) < 4 * squares.std() / np.sqrt(len(squares))


@pytest.fixture(scope="module")
def sample():
    """A skewed sample, the means of its resamples, and its means without each value."""
    rng = np.random.default_rng(11)
    values = rng.exponential(size=25)
    draws = rng.choice(values, size=(3_000, 25)).mean(axis=1)
    left_out = (values.sum() - values) / 24
    return values, draws[:, None], left_out[:, None]


def test_percentile_interval_is_the_type_7_quantile(sample):
    _, draws, _ = sample
    both = np.hstack([draws, -draws])
    assert_allclose(percentile_interval(both, 0.9), np.quantile(both, [0.05, 0.95], axis=0))


@pytest.mark.parametrize("conf_level", [0.5, 0.9, 0.99])
def test_bca_interval_equals_scipy(sample, conf_level):
    values, draws, left_out = sample
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=0,
        bootstrap_result=_Resamples(draws[:, 0]),
        confidence_level=conf_level,
        method="BCa",
    ).confidence_interval
    low, high = bca_interval(draws, values.mean(keepdims=True), left_out, conf_level)
    assert_allclose([low[0], high[0]], [theirs.low, theirs.high], rtol=1e-10)


class _Resamples:
    """What scipy takes over from an earlier run."""

    def __init__(self, bootstrap_distribution):
        self.bootstrap_distribution = bootstrap_distribution


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
def test_bca_p_value_inverts_the_interval(sample, share):
    """At the level 1 - p one end of the interval has as many draws below it as zero has."""
    values, draws, left_out = sample
    zero = np.quantile(draws, share)
    moved, estimate, apart = draws - zero, values.mean(keepdims=True) - zero, left_out - zero
    p = bca_p_value(moved, estimate, apart)[0]
    ends = bca_interval(moved, estimate, apart, 1 - p)
    nearest = min(abs((moved < end).mean() - share) for end in ends)
    assert nearest <= 2 / len(draws)


def test_percentile_p_value_inverts_the_interval(sample):
    _, draws, _ = sample
    draws = draws - np.quantile(draws, 0.04)
    p = percentile_p_value(draws)[0]
    assert_allclose(p, 0.08, atol=2 / len(draws))
    assert abs(percentile_interval(draws, 1 - p)[0][0]) < np.ptp(draws) / len(draws)


def test_p_values_never_fall_below_what_the_draws_can_show():
    draws, estimate, left_out = np.full((99, 1), 5.0), np.array([5.0]), np.array([[4.0], [6.0]])
    assert percentile_p_value(draws)[0] == 0.02
    spread = draws + np.arange(99)[:, None]
    assert_allclose(bca_p_value(spread, estimate, left_out), 0.02)


def test_draws_of_exactly_zero_speak_for_either_side():
    ones = np.concatenate([np.zeros(10), np.ones(90)])[:, None]
    assert_allclose(percentile_p_value(np.hstack([ones, -ones])), 2 * 11 / 101)
    assert percentile_p_value(np.zeros((100, 1))) == 1


def test_the_interval_of_all_draws_reaches_from_the_least_to_the_greatest(sample):
    _, draws, _ = sample
    assert_allclose(percentile_interval(draws, 1.0), [draws.min(axis=0), draws.max(axis=0)])


@pytest.mark.parametrize(("estimate", "share"), [(-1.0, 1 / 101), (1000.0, 100 / 101)])
def test_an_estimate_outside_its_draws_is_as_biased_as_they_can_show(estimate, share):
    """Clusters that all say the same have no acceleration: what is left is the bias twice."""
    draws, alike = np.arange(100.0)[:, None] ** 1.5, np.full((6, 1), estimate)
    low, high = bca_interval(draws, np.array([estimate]), alike, 0.8)
    bias = stats.norm.ppf(share)
    ends = stats.norm.cdf(2 * bias + stats.norm.ppf([0.1, 0.9]))
    assert_allclose([low[0], high[0]], np.quantile(draws, ends), rtol=1e-9)


def test_draws_equal_to_the_estimate_are_half_below_it():
    """Symmetric draws with ties have no bias: the interval is that of percentiles."""
    draws = np.repeat(np.arange(5.0), 20)[:, None]
    found = bca_interval(draws, np.array([2.0]), np.array([[1.0], [3.0]]), 0.7)
    assert_allclose(found, percentile_interval(draws, 0.7))


@given(n_boot=st.integers(20, 200), conf_level=st.floats(0.5, 0.99), seed=seeds)
@settings(max_examples=30, deadline=None)
def test_intervals_move_with_the_unit_and_turn_with_the_sign(n_boot, conf_level, seed):
    rng = np.random.default_rng(seed)
    draws, left_out = rng.gamma(2, size=(n_boot, 2)), rng.gamma(2, size=(9, 2))
    estimate = left_out.mean(axis=0)

    def intervals(a, b):
        ours = draws * a + b
        return np.array(
            [
                percentile_interval(ours, conf_level),
                bca_interval(ours, estimate * a + b, left_out * a + b, conf_level),
            ]
        )

    plain = intervals(1, 0)
    assert_allclose(intervals(3, -1), plain * 3 - 1, rtol=1e-7, atol=1e-9)
    assert_allclose(intervals(-1, 0), -plain[:, ::-1], rtol=1e-7, atol=1e-9)


def test_lost_resamples_are_counted_and_refused_above_five_per_cent():
    draws, usable = np.arange(100.0)[:, None], np.ones(100, dtype=bool)
    usable[:5] = False
    kept, notes = keep_usable(draws, usable)
    assert kept[:, 0].tolist() == list(range(5, 100))
    assert "5 of 100" in notes[0]
    usable[5] = False
    with pytest.raises(DesignError, match="6 of 100") as refusal:
        keep_usable(draws, usable)
    assert refusal.value.share == pytest.approx(0.94)


def test_a_refusal_keeps_its_share_on_the_way_from_another_process():
    sent = pickle.loads(pickle.dumps(TooFewResamples("6 of 100 are lost", share=0.94)))
    assert (str(sent), sent.share) == ("6 of 100 are lost", 0.94)
