"""Labels along a line: none overlaps, none is moved without need."""

import numpy as np
import pytest

from coaching_stats.label_places import spread


def test_spread_keeps_order_room_and_ends():
    rng = np.random.default_rng(1)
    wanted, heights = rng.uniform(0, 1, 12), rng.uniform(0.02, 0.08, 12)
    places = spread(wanted, heights, 0.0, 1.0)
    order = np.argsort(wanted)
    tops, feet = (places + heights / 2)[order], (places - heights / 2)[order]
    assert (feet[1:] >= tops[:-1] - 1e-12).all()
    assert feet[0] >= -1e-12
    assert tops[-1] <= 1 + 1e-12


def test_spread_leaves_labels_that_do_not_touch():
    assert spread([0.8, 0.2], [0.1, 0.1], 0.0, 1.0) == pytest.approx([0.8, 0.2])
