"""Lagged effects beside team effects: two stages by hand, truth found again, what goes wrong."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.dynamic_panel import (
    WEAK,
    Course,
    _differenced,
    instrument_strength,
    lagged_effects,
    two_stage,
)

STAYS, CROSS = 0.4, 0.3  # y(t) = 0.4 y(t-1) + 0.3 x(t-1); x(t) = 0.4 x(t-1), nothing from y


def course(seed, n_teams=300, n_waves=3, noise=0.0, stays=STAYS, n_firms=None):
    """Simulated teams with effects of their own in both scores, long after the start."""
    rng = np.random.default_rng(seed)
    effect = 0.5 * rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=n_teams)
    x = y = np.zeros(n_teams)
    waves = []
    for _ in range(15 + n_waves):
        errors = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], size=n_teams)
        x, y = (
            effect[:, 0] + stays * x + errors[:, 0],
            effect[:, 1] + stays * y + CROSS * x + errors[:, 1],
        )
        waves.append((x, y))
    xs, ys = (np.array(one) for one in zip(*waves[-n_waves:], strict=True))
    xs, ys = (one + noise * rng.normal(size=one.shape) for one in (xs, ys))
    firm = np.arange(n_teams) if n_firms is None else np.arange(n_teams) % n_firms
    return Course(xs, ys, firm, ("SPR", "LAT"))


def values(found):
    return {term: one.value for term, one in found}


def within(course):
    """Team dummies beside lagged scores, which is what one must not do with few waves."""
    y, before_y, before_x = course.y[1:], course.y[:-1], course.x[:-1]
    stacked = [one - one.mean(axis=0) for one in (y, before_y, before_x)]
    y, before_y, before_x = ((one - one.mean(axis=1, keepdims=True)).ravel() for one in stacked)
    return np.linalg.lstsq(np.column_stack([before_y, before_x]), y, rcond=None)[0]


@pytest.mark.parametrize("n_waves", [3, 5])
def test_two_stages_of_least_squares_give_the_same(n_waves):
    one = course(1, n_teams=60, n_waves=n_waves)
    regressors, instruments, (_, change), _ = _differenced(one)
    predicted = instruments @ np.linalg.lstsq(instruments, regressors, rcond=None)[0]
    expected = np.linalg.lstsq(predicted, change, rcond=None)[0]
    found = values(lagged_effects(one))
    assert_allclose([found["LAT~SPR"], found["LAT~LAT"]], expected[:2], rtol=1e-8)
    assert len(regressors) == 60 * (n_waves - 2)


def test_a_regressor_that_is_its_own_instrument_is_least_squares():
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(40), rng.normal(size=40)])
    y, cluster = x @ [1.0, 2.0] + rng.normal(size=40), np.arange(40) % 8
    slopes, covariance = two_stage(y, x, x, cluster)
    assert_allclose(slopes, np.linalg.lstsq(x, y, rcond=None)[0])
    left, bread = y - x @ slopes, np.linalg.inv(x.T @ x)
    meat = sum(np.outer(*[x[cluster == g].T @ left[cluster == g]] * 2) for g in range(8))
    assert_allclose(covariance, 8 / 7 * 39 / 38 * bread @ meat @ bread)


def test_true_effects_are_found_again_where_team_dummies_miss_them():
    """Nickell's bias: with three waves dummies take away most of what stays."""
    found = [values(lagged_effects(course(seed))) for seed in range(120)]
    for term, truth in (("LAT~SPR", CROSS), ("LAT~LAT", STAYS), ("SPR~LAT", 0.0)):
        estimates = np.array([one[term] for one in found])
        mcse = estimates.std(ddof=1) / np.sqrt(len(estimates))
        assert abs(estimates.mean() - truth) < 4 * mcse
    dummies = np.mean([within(course(seed)) for seed in range(40)], axis=0)
    assert dummies[0] < STAYS - 0.3


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    hits = []
    for seed in range(300):
        (_, cross), *_ = lagged_effects(course(seed, n_teams=120, n_waves=4, n_firms=40))
        low, high = cross.interval(0.95)
        hits.append(low <= CROSS <= high)
    assert 0.95 - 4 * np.sqrt(0.95 * 0.05 / 300) < np.mean(hits)


def test_error_of_measurement_misleads_as_the_notes_say():
    found = np.mean(
        [values(lagged_effects(course(seed, noise=1.0)))["LAT~LAT"] for seed in range(40)]
    )
    assert found < STAYS - 0.1


def test_levels_of_scores_that_wander_are_weak_instruments():
    assert instrument_strength(course(3)) > WEAK
    rng = np.random.default_rng(4)
    walks = rng.normal(size=(2, 3, 300)).cumsum(axis=1)
    start = 5 * rng.normal(size=(2, 1, 300))
    assert instrument_strength(Course(*(walks + start), np.arange(300), ("x", "y"))) < WEAK


def test_a_gap_takes_the_waves_around_it_and_no_others():
    whole = course(5, n_teams=20, n_waves=4)
    y = whole.y.copy()
    y[0, 3] = np.nan
    last, team = Course(whole.x, y, whole.cluster, whole.names).windows(3)
    assert len(last) == 2 * 20 - 1
    assert last[team == 3].tolist() == [3]
