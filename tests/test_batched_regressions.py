"""One regression on many data sets, by rows and by columns of each cluster."""

import numpy as np
import pytest

from coaching_stats.batched_regressions import Estimates, clustered, slopes
from coaching_stats.models import Equation, Estimated

TERMS = ("Intercept", "a", "b", "c")
CONTRAST = np.array([0.0, 1.0, 0.5, 0.0])


def data(m, seed=1):
    rng = np.random.default_rng(seed)
    x = np.concatenate([np.ones((2, 12, m, 1)), rng.normal(size=(2, 12, m, 3))], axis=-1)
    keep = rng.random((2, 12, m)) < 0.9
    return rng.normal(size=(2, 12, m)), x, keep


@pytest.mark.parametrize("m", [1, 2, 3, 6])
@pytest.mark.parametrize("has_lone_dummy", [False, True])
def test_small_and_large_clusters_give_what_single_regressions_give(m, has_lone_dummy):
    y, x, keep = data(m)
    if has_lone_dummy:  # one cluster alone identifies c, which the contrast does not hold
        x[..., 3] = 0.0
        x[:, 4, :, 3] = 1.0
        keep[:, 4] = True
    found = clustered(y, x, keep, CONTRAST, np.array([True, True]))
    codes = np.broadcast_to(np.arange(12)[:, None], (12, m))
    for r in range(2):
        k = keep[r]
        one = Equation(TERMS, y[r][k], x[r][k], codes[k], CONTRAST).estimate()
        assert found.value[r] == pytest.approx(one.value, rel=1e-9)
        assert found.std_error[r] == pytest.approx(one.std_error, rel=1e-9)
        assert found.df[r] == pytest.approx(one.df, rel=1e-9)


@pytest.mark.parametrize("m", [1, 3, 6])
def test_no_degrees_of_freedom_where_one_cluster_alone_carries_the_contrast(m):
    y, x, keep = data(m)
    x[..., 1] = 0.0
    x[:, 4, :, 1] = 1.0
    keep[:, 4] = True
    found = clustered(y, x, keep, CONTRAST, np.array([True, True]))
    assert np.isnan(found.df).all()


def test_estimates_alone_are_the_same():
    y, x, keep = data(3)
    full = clustered(y, x, keep, CONTRAST, np.array([True, True]))
    keep[1] &= np.arange(12)[:, None] < 1  # fewer rows than coefficients
    alone = slopes(y.reshape(2, -1), x.reshape(2, -1, 4), keep.reshape(2, -1), CONTRAST)
    assert alone[0] == pytest.approx(full.value[0], rel=1e-10)
    assert np.isnan(alone[1])


def test_equivalence_is_that_of_single_estimates():
    value, error, df = np.array([0.02, -0.38]), np.array([0.09, 0.09]), np.array([40.0, 12.0])
    found = Estimates(value, error, df).p_equivalence(0.2)
    single = [Estimated(*one).p_equivalence(0.2) for one in zip(value, error, df, strict=True)]
    assert found.tolist() == pytest.approx(single)
