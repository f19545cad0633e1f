"""Small cells are blanked, and groups are cut so that none is small."""

import numpy as np
import pandas as pd
import pytest

from coaching_stats.privacy import equal_groups, suppress_small


def test_the_smallest_cell_is_the_promise():
    frame = pd.DataFrame({"group": list("abc"), "n": [0, 4, 5], "mean": [np.nan, 3.0, 3.0]})
    shown = suppress_small(frame, 5)
    assert shown["n"].tolist() == ["<5", "<5", "5"]
    assert shown["suppressed"].tolist() == [True, True, False]


@pytest.mark.parametrize("n", [5, 9, 10, 11, 49, 50, 137])
def test_equal_groups_keep_the_order_and_the_minimum(n):
    values = np.random.default_rng(n).normal(size=n)
    group = equal_groups(values, minimum=5, most=10)
    sizes = np.bincount(group)
    assert sizes.min() >= 5
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(group[np.argsort(values)]) >= 0).all()


def test_a_suppressed_figure_is_gone_and_the_others_stay_as_they_were():
    frame = pd.DataFrame({"n": [4, 12], "mean": [3.21, 4.56], "item": ["a", "b"]})
    before = frame.copy()
    shown = suppress_small(frame, 5)
    assert "3.21" not in shown.to_csv()
    assert shown.loc[1, "mean"] == 4.56
    pd.testing.assert_frame_equal(frame, before)
