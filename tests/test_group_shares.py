"""Shares of groups: every order by least squares, single predictors, a known interval."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from coaching_stats.group_shares import group_shares, share_interval
from coaching_stats.importance import shapley

GROUPS = {"a": [0, 1], "b": [2], "c": [3, 4]}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(80, 5)) + rng.normal(size=(80, 1))
    return np.column_stack([x, x @ [0.5, -0.3, 0.4, 0.2, 0.0] + rng.normal(size=80)])


def r_squared(rows, columns):
    y = rows[:, -1] - rows[:, -1].mean()
    x = np.column_stack([np.ones(len(rows)), rows[:, columns]])
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return 1 - left @ left / (y @ y)


def test_shares_are_those_of_least_squares_in_every_order(rows):
    added = {name: [] for name in GROUPS}
    for order in permutations(GROUPS):
        before = []
        for name in order:
            after = [*before, *GROUPS[name]]
            added[name].append(r_squared(rows, after) - r_squared(rows, before))
            before = after
    found = group_shares(np.corrcoef(rows, rowvar=False)[None], GROUPS)
    every = r_squared(rows, range(5))
    others = [[j for j in range(5) if j not in members] for members in GROUPS.values()]
    assert_allclose(found.shapley[0], [np.mean(v) for v in added.values()], rtol=1e-10)
    assert_allclose(found.alone()[0], [r_squared(rows, m) for m in GROUPS.values()], rtol=1e-10)
    assert_allclose(found.unique()[0], [every - r_squared(rows, m) for m in others], rtol=1e-9)
    assert_allclose(found.shapley.sum(), every, rtol=1e-10)
    assert_allclose(found.common()[0], every - found.unique().sum(), rtol=1e-9)


def test_groups_of_one_have_the_shares_of_single_predictors(rows):
    names = list("abcde")
    frame = pd.DataFrame(rows, columns=[*names, "y"])
    found = group_shares(
        np.corrcoef(rows, rowvar=False)[None], {name: [j] for j, name in enumerate(names)}
    )
    assert_allclose(
        found.shapley[0], shapley(frame, "y", names, n_boot=2, seed=1).estimate, rtol=1e-10
    )


def noncentrality(length2, probability, k):
    """Noncentrality at which a chi-squared this large has the probability to its left."""
    return optimize.brentq(lambda c: stats.ncx2.cdf(length2, k, c) - probability, 1e-9, 500)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_interval_of_normal_deviations_is_that_of_a_noncentral_chi_squared(k):
    scale = 0.1
    deviations = scale * np.random.default_rng(k).normal(size=(200_000, k))
    point = np.full(k, 0.45 / np.sqrt(k))
    size = float((point**2).sum() / scale**2)
    expected = [scale**2 * noncentrality(size, p, k) for p in (0.975, 0.025)]
    assert_allclose(share_interval(point, point + deviations), expected, rtol=0.02)


def test_intervals_hold_a_share_of_zero_as_often_as_they_say():
    """Simulated: two predictors without any share."""
    rng = np.random.default_rng(6)
    deviations = rng.normal(scale=0.1, size=(1000, 2))
    points = rng.normal(scale=0.1, size=(600, 2))
    held = np.mean([share_interval(p, p + deviations)[0] == 0 for p in points])
    assert abs(held - 0.975) < 4 * np.sqrt(0.975 * 0.025 / 600)
