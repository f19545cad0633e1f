"""Groups are cut so that none is small, and the promised minimum is kept."""

import numpy as np
import pytest

from coaching_stats.errors import StudyError
from coaching_stats.privacy import equal_groups, refuse_below_promise


@pytest.mark.parametrize("n", [5, 9, 10, 11, 49, 50, 137])
def test_equal_groups_keep_the_order_and_the_minimum(n):
    values = np.random.default_rng(n).normal(size=n)
    group = equal_groups(values, minimum=5, most=10)
    sizes = np.bincount(group)
    assert sizes.min() >= 5
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(group[np.argsort(values)]) >= 0).all()


@pytest.mark.parametrize(
    ("n", "minimum", "most", "n_groups"),
    [(10, 5, 10, 2), (14, 5, 10, 2), (15, 5, 10, 3), (4, 5, 10, 1), (60, 5, 10, 10), (0, 5, 10, 0)],
)
def test_there_are_as_many_groups_as_the_minimum_allows_up_to_the_most(n, minimum, most, n_groups):
    assert len(set(equal_groups(np.arange(float(n)), minimum, most))) == n_groups


def test_a_minimum_may_be_raised_but_not_lowered_below_the_promise():
    for raised in (5, 8):
        refuse_below_promise(raised, 5)
    with pytest.raises(StudyError, match="minimum group of 4 is below the 5"):
        refuse_below_promise(4, 5, "study.yml")
