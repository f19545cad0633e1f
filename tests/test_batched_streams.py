"""Many streams drawn from together give what each gives alone."""

import numpy as np
import pytest

from coaching_stats.batched_streams import Streams, how_many

SEEDS = (1, 2, 3)


@pytest.fixture
def streams():
    return Streams([np.random.default_rng(seed) for seed in SEEDS])


def alone(draw):
    return np.stack([draw(np.random.default_rng(seed)) for seed in SEEDS])


def test_every_kind_of_draw_is_that_of_the_single_stream(streams):
    mean = np.exp(np.random.default_rng(9).standard_normal((3, 2, 4)))
    together = [
        streams.standard_normal((3, 5)),
        streams.random((3, 2, 2)),
        streams.poisson(mean),
        streams.integers(0, 7, [4, 4, 4]).reshape(3, 4),
        streams.each(lambda rng: {"a": rng.random(2)})["a"],
    ]
    for place, seed in enumerate(SEEDS):
        rng = np.random.default_rng(seed)
        single = [
            rng.standard_normal(5),
            rng.random((2, 2)),
            rng.poisson(mean[place]),
            rng.integers(0, 7, 4),
            rng.random(2),
        ]
        for ours, theirs in zip(together, single, strict=True):
            np.testing.assert_array_equal(ours[place], theirs)


def test_whole_numbers_of_unequal_counts_stand_one_after_the_other(streams):
    found = streams.integers(1, 6, [2, 0, 3])
    assert found[:2].tolist() == np.random.default_rng(1).integers(1, 6, 2).tolist()
    assert found[2:].tolist() == np.random.default_rng(3).integers(1, 6, 3).tolist()


def test_marked_places_are_counted_by_stream_or_in_all(streams):
    marked = np.array([[True, False], [False, False], [True, True]])
    assert how_many(streams, marked) == [1, 0, 2]
    assert how_many(np.random.default_rng(1), marked) == 3
