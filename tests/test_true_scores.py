"""Correlations between teams: pairs of sellers one by one, known formulas, simulated truth."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.scales import alpha
from coaching_stats.teams import likeness
from coaching_stats.true_scores import TeamValues, correlations, reliabilities, within_teams


def two_level(rng, n_teams, per_team, between, within):
    """Simulated sellers' scores: correlations `between` teams and `within` them, ICC(1) .2."""
    size = len(between)
    shared = rng.multivariate_normal(np.zeros(size), between, n_teams)
    own = rng.multivariate_normal(np.zeros(size), within, (n_teams, per_team))
    return np.sqrt(0.2) * shared[:, None] + np.sqrt(0.8) * own


def as_teams(scores, firms=None):
    """Team values of simulated sellers, all variables from sellers."""
    n_teams, per_team, size = scores.shape
    team = np.repeat(np.arange(n_teams), per_team)
    return TeamValues(
        values=scores.mean(axis=1),
        from_sellers=np.ones(size, dtype=bool),
        cluster=np.arange(n_teams) if firms is None else firms,
        size=np.full(n_teams, float(per_team)),
        within=within_teams(scores.reshape(-1, size), team, n_teams),
        items=(None,) * size,
    )


def plain(teams):
    return np.ones((1, teams.n_clusters))


def test_the_covariance_with_the_outcome_is_that_of_pairs_of_different_sellers():
    """Same team minus other teams, over all pairs of two people."""
    rng = np.random.default_rng(1)
    scores = two_level(rng, 12, 4, np.eye(2), np.array([[1, 0.8], [0.8, 1]]))
    same, other = [], []
    for g in range(12):
        for h in range(12):
            for i in range(4):
                for j in range(4):
                    product = scores[g, i, 0] * scores[h, j, 1]
                    if g != h:
                        other.append(product)
                    elif i != j:
                        same.append(product)
    teams = as_teams(scores)
    spread = np.prod(teams.values.std(axis=0, ddof=1))
    measured, _ = correlations(teams, plain(teams))
    assert_allclose(measured[0, 0, 1], (np.mean(same) - np.mean(other)) / spread, rtol=1e-10)


def test_reliability_is_icc2_of_sellers_and_alpha_of_managers():
    rng = np.random.default_rng(2)
    scores = two_level(rng, 40, 6, np.eye(2), np.eye(2))
    items = rng.normal(size=(40, 1)) + rng.normal(size=(40, 3))
    sellers = as_teams(scores)
    teams = replace(
        sellers,
        values=np.column_stack([sellers.values, items.mean(axis=1), rng.normal(size=40)]),
        from_sellers=np.array([True, True, False, False]),
        items=(None, None, items, None),
    )
    found = reliabilities(teams)
    team = np.repeat(np.arange(40), 6)
    icc2 = [likeness(scores[:, :, j].ravel(), team).icc2 for j in range(2)]
    assert_allclose(found, [*icc2, alpha(items), np.nan], rtol=1e-10)


def test_a_weight_of_two_is_a_firm_that_is_there_twice():
    rng = np.random.default_rng(3)
    scores = two_level(rng, 12, 5, np.array([[1, 0.4], [0.4, 1]]), np.eye(2))
    firm = np.arange(12) // 3
    weighted = correlations(as_teams(scores, firm), np.array([[2.0, 1, 1, 0]]))
    drawn = np.concatenate([scores[firm == f] for f in (0, 0, 1, 2)])
    repeated = as_teams(drawn)
    for one, other in zip(weighted, correlations(repeated, plain(repeated)), strict=True):
        assert_allclose(one, other, rtol=1e-10)


@pytest.mark.parametrize("within", [-0.6, 0.6])
def test_true_correlations_are_found_whatever_sellers_moods_do(within):
    """Simulated: between .5; a mood of each seller moves both answers."""
    between = np.array([[1, 0.5], [0.5, 1]])
    rng = np.random.default_rng(4)
    found = []
    for _ in range(60):
        scores = two_level(rng, 150, 6, between, np.array([[1, within], [within, 1]]))
        teams = as_teams(scores)
        found.append(correlations(teams, plain(teams))[1][0, 0, 1])
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found) - 0.5) < 4 * error
    assert error < 0.02


def test_small_samples_give_correlations_that_can_be():
    rng = np.random.default_rng(5)
    for _ in range(20):
        scores = two_level(rng, 10, 3, np.eye(5), np.eye(5))
        teams = as_teams(scores)
        for matrix in correlations(teams, plain(teams)):
            assert np.linalg.eigvalsh(matrix[0])[0] > 0
            assert_allclose(np.diag(matrix[0]), 1)
