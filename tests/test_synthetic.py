"""Synthetic values keep margins, missing cells and moments, and no row."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.synthetic import normal_scores, synthetic

N_TEAMS, SIZE = 60, 8
TEAM = np.repeat(np.arange(N_TEAMS), SIZE)


def answers(seed=1, with_gaps=True):
    """Five items of 1 to 7 with a team part and gaps, and a column of the team."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=N_TEAMS)[TEAM] * 0.6 + rng.normal(size=len(TEAM))
    items = common[:, None] + rng.normal(size=(len(TEAM), 5))
    of_team = rng.normal(size=N_TEAMS)[TEAM] + 0.5 * common.reshape(N_TEAMS, SIZE).mean(1)[TEAM]
    values = np.clip(np.round(4 + items), 1, 7)
    if with_gaps:
        values[rng.random(values.shape) < 0.05] = np.nan
    return np.column_stack([values, np.round(of_team, 1)])


BY_TEAM = np.array([False] * 5 + [True])


@pytest.fixture(scope="module")
def made():
    return synthetic(answers(), TEAM, BY_TEAM, np.random.default_rng(7))


def team_share(values):
    """Variance of team means against all variance, by column: what an ICC is made of."""
    means = np.array([np.nanmean(values[team == TEAM], axis=0) for team in range(N_TEAMS)])
    return means.var(axis=0) / np.nanvar(values, axis=0)


def test_every_column_keeps_its_values_and_its_gaps(made):
    assert_allclose(
        np.sort(made.values[:, :5], axis=0), np.sort(answers()[:, :5], axis=0), equal_nan=True
    )
    first = np.arange(N_TEAMS) * SIZE
    assert_allclose(np.sort(made.values[first, 5]), np.sort(answers()[first, 5]))


def test_correlations_and_the_share_between_teams_are_kept(made):
    complete = answers(with_gaps=False)
    whole = synthetic(complete, TEAM, BY_TEAM, np.random.default_rng(7))
    gap = np.corrcoef(complete, rowvar=False) - np.corrcoef(whole.values, rowvar=False)
    assert np.abs(gap).max() < 0.08
    assert_allclose(team_share(complete), team_share(whole.values), atol=0.05)
    assert made.difference < 0.05


def test_no_row_is_a_given_one_and_the_team_columns_are_the_same_for_a_team(made):
    given = {row.tobytes() for row in answers()[:, :5]}
    assert not any(row.tobytes() in given for row in made.values[:, :5])
    assert np.ptp(made.values[:, 5].reshape(N_TEAMS, SIZE), axis=1).max() == 0


def test_rows_that_must_repeat_are_counted():
    """One item with two answers: every row there is has been given."""
    values = np.tile([1.0, 2.0], len(TEAM) // 2)[:, None]
    found = synthetic(values, TEAM, np.array([False]), np.random.default_rng(1))
    assert found.n_repeats == len(TEAM)


def test_fewer_rows_than_columns_keep_their_cross_products():
    """The frame has fewer columns than the data then; normal scores in, normal scores out."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=(25, 40)).round(6)
    found = synthetic(values, np.zeros(25, int), np.zeros(40, bool), rng)
    one, other = (np.corrcoef(normal_scores(v), rowvar=False) for v in (values, found.values))
    assert np.quantile(np.abs(one - other), 0.95) < 0.15


def test_another_seed_gives_other_rows_and_the_same_seed_the_same(made):
    again = synthetic(answers(), TEAM, BY_TEAM, np.random.default_rng(7))
    other = synthetic(answers(), TEAM, BY_TEAM, np.random.default_rng(8))
    assert_allclose(again.values, made.values, equal_nan=True)
    assert (other.values[:, 0] != made.values[:, 0]).sum() > 100
