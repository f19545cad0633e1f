"""The common unit of slopes on log-odds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.logits import latent_sd, newton_step, refuse_separation

SPREAD = np.array([[1.0, 0.4], [0.4, 2.0]])
SLOPES = np.array([0.7, -1.1])


def test_sizes_are_slopes_of_the_tendency_in_its_standard_deviations():
    """The tendency is simulated as it is defined, and regressed."""
    rng = np.random.default_rng(3)
    x = rng.multivariate_normal([0, 0], SPREAD, size=400_000)
    tendency = x @ SLOPES + rng.logistic(size=len(x))
    z = (tendency - tendency.mean()) / tendency.std()
    regressed = np.linalg.lstsq(x, z)[0]
    sizes = SLOPES / latent_sd(SLOPES, SPREAD)
    assert_allclose(sizes, regressed, atol=4 / np.sqrt(len(x)))


def test_the_unit_of_a_predictor_changes_nothing():
    unit = np.diag([10.0, 1.0])
    scaled = latent_sd(np.linalg.inv(unit) @ SLOPES, unit @ SPREAD @ unit)
    assert_allclose(scaled, latent_sd(SLOPES, SPREAD))


def test_endless_slopes_are_refused():
    with pytest.raises(DesignError, match="separate"):
        refuse_separation(np.array([0.0, -30.0]))


def test_dependent_predictors_are_refused():
    with pytest.raises(DesignError, match="dependent"):
        newton_step(np.ones((2, 2)), np.ones(2))
