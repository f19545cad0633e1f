"""What makes a variance cluster-robust, as theorems on arrays."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from strategies import seeds

from coaching_stats.cluster_robust import (
    cr0,
    cr1s,
    cr2,
    crv3,
    from_products,
    identified_alone,
    leave_one_out,
    nearly_alone,
    satterthwaite_df,
)


def rows(seed, n_clusters=7, k=3):
    """Regressors (n, k), the outcome and unequal clusters, one of them a single row."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_clusters), [1, *rng.integers(2, 9, n_clusters - 1)])
    x = np.column_stack([np.ones(codes.size), rng.normal(size=(codes.size, k - 1))])
    x[:, -1] = rng.normal(size=n_clusters)[codes]  # a property of the cluster
    return x, x.sum(axis=1) + rng.normal(size=codes.size), codes


def fit(x, y, codes):
    xx = np.stack([x[codes == g].T @ x[codes == g] for g in np.unique(codes)])
    xy = np.stack([x[codes == g].T @ y[codes == g] for g in np.unique(codes)])
    return from_products(xx, xy)


def residuals(x, y):
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]


def by_definition(x, y, codes):
    """CR2 and its Satterthwaite df as printed: n x n matrices, eigenvalues and all."""
    inverse = np.linalg.inv(x.T @ x)
    hat = np.eye(len(y)) - x @ inverse @ x.T
    e, meat, g_rows = residuals(x, y), 0, []
    for g in np.unique(codes):
        at = codes == g
        values, vectors = np.linalg.eigh(hat[np.ix_(at, at)])
        root = (vectors * values**-0.5) @ vectors.T
        adjusted = x[at].T @ root @ e[at]
        meat = meat + np.outer(adjusted, adjusted)
        g_rows.append(hat[:, at] @ root @ x[at] @ inverse)
    df = []
    for j in range(x.shape[1]):
        g = np.column_stack([rows_[:, j] for rows_ in g_rows])
        p = g.T @ g
        df.append(np.trace(p) ** 2 / (p**2).sum())
    return inverse @ meat @ inverse, np.array(df)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_cr2_and_its_df_are_their_definition(seed):
    x, y, codes = rows(seed)
    _, projection = fit(x, y, codes)
    vcov, df = by_definition(x, y, codes)

    assert_allclose(cr2(projection), vcov, rtol=1e-8, atol=1e-10)
    assert_allclose(satterthwaite_df(projection, np.eye(3)), df, rtol=1e-8)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_cr2_with_each_row_its_own_cluster_is_hc2(seed):
    x, y, _ = rows(seed)
    _, projection = fit(x, y, np.arange(len(y)))

    inverse = np.linalg.inv(x.T @ x)
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    scores = x * (residuals(x, y) / np.sqrt(1 - leverage))[:, None]
    assert_allclose(cr2(projection), inverse @ scores.T @ scores @ inverse, rtol=1e-9, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, loosened=st.integers(2, 7))
def test_cr2_for_loosened_teams_is_welch_on_team_means(seed, loosened):
    """With equally many sellers per team, only the team means carry information."""
    n_teams, per_team = 9, 5
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), per_team)
    unwilling = rng.normal(size=n_teams)[team] + rng.normal(size=team.size)
    x = np.column_stack([np.ones(team.size), team < loosened])
    _, projection = fit(x, unwilling, team)

    means = unwilling.reshape(n_teams, per_team).mean(axis=1)
    a, b = means[:loosened], means[loosened:]
    share = np.array([a.var(ddof=1) / a.size, b.var(ddof=1) / b.size])
    assert_allclose(cr2(projection)[1, 1], share.sum(), rtol=1e-9)


@given(n_loose=st.integers(2, 12), n_rigid=st.integers(2, 12))
def test_satterthwaite_df_is_welch_df_under_equal_variances(n_loose, n_rigid):
    """Welch's df with both variances put at their common expectation."""
    n_teams = n_loose + n_rigid
    x = np.column_stack([np.ones(n_teams), np.arange(n_teams) < n_loose])
    _, projection = fit(x, np.arange(n_teams, dtype=float), np.arange(n_teams))

    welch = (1 / n_loose + 1 / n_rigid) ** 2 / (
        1 / (n_loose**2 * (n_loose - 1)) + 1 / (n_rigid**2 * (n_rigid - 1))
    )
    assert_allclose(satterthwaite_df(projection, np.eye(2))[1], welch, rtol=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_crv3_is_deletion_by_brute_force(seed):
    x, y, codes = rows(seed)
    coef, projection = fit(x, y, codes)
    without = [
        np.linalg.lstsq(x[codes != g], y[codes != g], rcond=None)[0] for g in np.unique(codes)
    ]
    change = np.stack(without) - coef

    assert_allclose(leave_one_out(projection), change, rtol=1e-8, atol=1e-10)
    assert_allclose(crv3(projection), 6 / 7 * change.T @ change, rtol=1e-8, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_only_the_coefficient_of_one_cluster_is_lost_without_it(seed):
    """A dummy that is one whole cluster: the other coefficients still have a jackknife."""
    x, y, codes = rows(seed)
    x = np.column_stack([x, codes == 3])
    coef, projection = fit(x, y, codes)
    change = leave_one_out(projection, np.eye(4))

    assert np.argwhere(np.isnan(change)).tolist() == [[3, 3]]
    assert np.argwhere(identified_alone(projection, np.eye(4))).tolist() == [[3, 3]]
    without = np.linalg.lstsq(x[codes != 3, :3], y[codes != 3], rcond=None)[0]
    assert_allclose(change[3, :3], without - coef[:3], rtol=1e-7, atol=1e-9)
    assert np.isnan(np.diag(crv3(projection))).tolist() == [False, False, False, True]


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_variances_follow_the_regressors_through_a_change_of_basis(seed):
    """Other units, another reference category: the same model, so the same uncertainty."""
    x, y, codes = rows(seed)
    change = np.random.default_rng(seed).normal(size=(3, 3))
    assume(np.linalg.cond(change) < 1e3)
    _, ours = fit(x, y, codes)
    _, theirs = fit(x @ change, y, codes)

    for variance in (cr0, cr2, crv3, lambda fitted: cr1s(fitted, len(y))):
        assert_allclose(change @ variance(theirs) @ change.T, variance(ours), rtol=1e-6, atol=1e-8)
    theirs_df = satterthwaite_df(theirs, change.T)  # b_j is row j of the change, times b
    assert_allclose(theirs_df, satterthwaite_df(ours, np.eye(3)), rtol=1e-6)


def test_two_clusters_leave_a_cluster_level_contrast_without_df():
    codes = np.repeat([0, 1], 5)
    x = np.column_stack([np.ones(10), codes])
    _, projection = fit(x, np.random.default_rng(1).normal(size=10), codes)
    assert np.isnan(satterthwaite_df(projection, np.eye(2))).all()
    assert np.isnan(satterthwaite_df(projection, -np.eye(2))).all()


def test_a_cluster_that_nearly_stands_alone_is_told_from_one_that_does():
    x, y, codes = rows(2)
    x = np.column_stack([x, codes == 3])
    x[-1, -1] = 1e-4  # one row elsewhere
    _, projection = fit(x, y, codes)
    assert np.argwhere(nearly_alone(projection, np.eye(4))).tolist() == [[3, 3]]
    assert not identified_alone(projection, np.eye(4)).any()


def test_neither_the_size_nor_the_sign_of_a_contrast_says_who_identifies_it():
    x, y, codes = rows(2)
    _, projection = fit(np.column_stack([x, codes == 3]), y, codes)
    contrasts = np.diag([1.0, 1e6, 1.0, -1e-9])
    assert np.argwhere(identified_alone(projection, contrasts)).tolist() == [[3, 3]]
    assert np.argwhere(np.isnan(leave_one_out(projection, contrasts))).tolist() == [[3, 3]]


def test_where_no_cluster_stands_alone_each_contrast_of_each_model_is_told_so():
    x, y, codes = rows(1)
    xx = np.stack([x[codes == g].T @ x[codes == g] for g in range(7)])
    xy = np.stack([x[codes == g].T @ y[codes == g] for g in range(7)])
    _, stack = from_products(np.stack([xx, xx]), np.stack([xy, -xy]))
    for told in (identified_alone, nearly_alone):
        found = told(stack, np.eye(3)[:, :2])
        assert (found.shape, found.dtype, found.any()) == ((2, 7, 2), bool, False)


def test_a_stack_of_models_is_each_model():
    x, y, codes = rows(1)
    outcomes = (y, y**2)
    one_by_one = [fit(x, outcome, codes)[1] for outcome in outcomes]
    xx = np.stack([x[codes == g].T @ x[codes == g] for g in range(7)])
    xy = [np.stack([x[codes == g].T @ o[codes == g] for g in range(7)]) for o in outcomes]
    _, stack = from_products(np.stack([xx, xx]), np.stack(xy))

    assert_allclose(cr2(stack), [cr2(one) for one in one_by_one], rtol=1e-10)
    assert_allclose(
        satterthwaite_df(stack, np.eye(3)), [satterthwaite_df(one, np.eye(3)) for one in one_by_one]
    )
