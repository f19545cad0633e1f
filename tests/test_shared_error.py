"""A shared rating error: the closed form against matrices, bisection and planted errors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from coaching_stats.shared_error import largest_share, slope_without, vanishing_share

W = np.array([1.0, 0.0, 0.0])


def scores(seed, size=4):
    """Correlations of an outcome and its predictors, and tones 1 or -1."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(3 * size, size))
    return np.corrcoef(mixed, rowvar=False), rng.choice([-1.0, 1.0], size)


def corrected(covariance, tones, share):
    """The judged slope by taking the error out of the matrix."""
    left = covariance - share * np.outer(tones, tones)
    return np.linalg.solve(left[1:, 1:], left[1:, 0]) @ W


@pytest.mark.parametrize("seed", range(8))
def test_the_slope_without_the_error_is_that_of_the_matrix_without_it(seed):
    covariance, tones = scores(seed)
    shares = np.linspace(0, 0.99, 5) * largest_share(covariance, tones)
    found = [slope_without(covariance, tones, W, share) for share in shares]
    assert_allclose(found, [corrected(covariance, tones, share) for share in shares], rtol=1e-9)


@pytest.mark.parametrize("level", [0.0, 0.1])
def test_the_share_is_where_bisection_finds_it_and_nowhere_where_it_finds_none(level):
    n_found = 0
    for seed in range(60):
        covariance, tones = scores(seed)
        top = float(largest_share(covariance, tones)) * (1 - 1e-9)
        start = corrected(covariance, tones, 0.0)
        if abs(start) <= level:
            assert vanishing_share(covariance, tones, W, level) == 0
            continue

        goal = np.sign(start) * level

        def gap(share, covariance=covariance, tones=tones, goal=goal):
            return corrected(covariance, tones, share) - goal

        share = vanishing_share(covariance, tones, W, level)
        if gap(0.0) * gap(top) < 0:
            n_found += 1
            assert_allclose(share, brentq(gap, 0.0, top, xtol=1e-14), rtol=1e-6)
        else:
            assert np.isnan(share)
    assert 10 < n_found < 50


def test_the_determinant_that_the_slope_is_made_of_is_linear_in_the_share():
    covariance, tones = scores(3)
    bordered = np.block([[0.0, W], [covariance[1:, :1], covariance[1:, 1:]]])
    error = np.outer(np.r_[0.0, tones[1:]], tones)
    dets = [np.linalg.det(bordered - share * error) for share in (0.0, 0.1, 0.2, 0.3)]
    assert_allclose(np.diff(dets, 2), 0, atol=1e-12)
    root = 1 / (tones @ np.linalg.solve(bordered, np.r_[0.0, tones[1:]]))
    slope, lost = (np.linalg.det(bordered - share * error) for share in (0.0, root))
    assert abs(lost) < 1e-12 < abs(slope)


def test_two_scores_of_one_tone_give_the_markers_formula():
    """Lindell & Whitney (2001): (r - c) / (1 - c), which vanishes at c = r."""
    for r, c in ((0.5, 0.2), (0.3, 0.1), (-0.3, 0.15)):
        pair = np.array([[1.0, r], [r, 1.0]])
        assert_allclose(slope_without(pair, np.ones(2), np.ones(1), c), (r - c) / (1 - c))
    pair = np.array([[1.0, 0.4], [0.4, 1.0]])
    assert_allclose(vanishing_share(pair, np.ones(2), np.ones(1)), 0.4)


def test_a_planted_error_is_found_where_nothing_else_links_the_scores():
    """Scores that share a mood of 20 % and nothing else: that share takes the slope away."""
    n, share, tones = 40_000, 0.2, np.array([1.0, -1.0, 1.0, -1.0])
    rng = np.random.default_rng(5)
    mood = rng.normal(size=(30, n, 1))
    rated = np.sqrt(share) * mood * tones + np.sqrt(1 - share) * rng.normal(size=(30, n, 4))
    covariance = np.stack([np.corrcoef(one, rowvar=False) for one in rated])
    found = vanishing_share(covariance, tones, W)
    assert abs(found.mean() - share) < 4 * found.std(ddof=1) / np.sqrt(len(found))
    true = 0.4
    planted = rated.copy()
    planted[..., 0] = np.sqrt(share) * mood[..., 0]
    planted[..., 0] += np.sqrt(1 - share) * (
        true * (rated[..., 1] + np.sqrt(share) * mood[..., 0]) / np.sqrt(1 - share)
        + np.sqrt(1 - true**2) * rng.normal(size=(30, n))
    )
    covariance = np.stack([np.corrcoef(one, rowvar=False) for one in planted])
    found = slope_without(covariance, tones, W, share)
    assert abs(found.mean() - true) < 4 * found.std(ddof=1) / np.sqrt(len(found))


def test_an_error_that_does_not_reach_the_outcome_or_pushes_the_other_way_explains_nothing():
    pair = np.array([[1.0, 0.4], [0.4, 1.0]])
    for tones in ([0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [-1.0, 1.0]):
        assert np.isnan(vanishing_share(pair, np.array(tones), np.ones(1)))


def test_no_slope_is_given_for_an_error_larger_than_the_scores_can_hold():
    covariance, tones = scores(2)
    top = float(largest_share(covariance, tones))
    values = np.linalg.eigvalsh(covariance - top * np.outer(tones, tones))
    assert_allclose(values[0], 0, atol=1e-12)
    assert np.isnan(slope_without(covariance, tones, W, 1.01 * top))


def test_the_samples_bound_is_right_on_average():
    rng = np.random.default_rng(9)
    k, n, tones = 6, 25, np.ones(6)
    true = 0.7 * np.eye(k) + 0.3
    rows = rng.multivariate_normal(np.zeros(k), true, size=(4_000, n))
    covariance = np.stack([np.cov(one, rowvar=False) for one in rows])
    found = largest_share(covariance, tones, df=n - 1)
    gap = found.mean() - largest_share(true, tones)
    assert abs(gap) < 4 * found.std(ddof=1) / np.sqrt(len(found))
