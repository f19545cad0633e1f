"""The shipped error rates: whole, honest, and found by the nearest design."""

import pytest

from coaching_stats.calibration import WHOLE, Design
from coaching_stats.error_rates import SIZES, _table, nearest_error_rates
from coaching_stats.latent import worlds_file

TABLE = _table()


def test_every_design_has_every_world_and_verdict():
    for _, rates in TABLE.groupby(SIZES):
        assert set(rates["world"]) == set(worlds_file()["worlds"])
        assert (rates.groupby("world")["verdict"].agg(tuple) == WHOLE).all()
        assert rates.groupby("world")["share"].sum().to_numpy() == pytest.approx(1, abs=1e-3)


def test_false_support_is_rare_in_every_world_that_is_not_the_theory():
    false = TABLE[(TABLE["world"] != "theory") & (TABLE["verdict"] == "supported")]
    assert false["share"].max() <= 0.05


def test_one_process_is_never_testable():
    one = TABLE[((TABLE["firms"] == 1) | (TABLE["world"] == "no_variation"))]
    assert (one.loc[one["verdict"] == "not testable", "share"] >= 0.99).all()


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        (Design(1, 30, 6), Design(1, 12, 8)),
        (Design(20, 1, 7), Design(24, 1, 8)),
        (Design(60, 3, 9), Design(50, 3, 10)),
        (Design(7, 4, 8), Design(8, 3, 8)),
    ],
)
def test_the_nearest_design_is_the_one_of_like_size(given, nearest):
    assert nearest_error_rates(given).design == nearest
