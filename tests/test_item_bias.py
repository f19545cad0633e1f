"""Items that behave otherwise in one language are found, honest ones are left alone."""

import numpy as np
import pandas as pd
import pytest

from coaching_stats.errors import DataError, DesignError
from coaching_stats.item_bias import item_bias

ITEMS = ["a", "b", "c", "d"]


def answers(n, seed, shift=0.0, gap=0.4, loadings=(1, 1, 1, 1), spread=1.0):
    """Four items of one factor; the second group stands higher by `gap`, which is no bias."""
    rng = np.random.default_rng(seed)
    second = rng.random(n) < 0.5
    factor = rng.normal(size=n) * np.where(second, spread, 1) + gap * second
    items = factor[:, None] * np.array(loadings) + rng.normal(size=(n, 4))
    items[:, 1] += shift * second
    return pd.DataFrame(items, columns=ITEMS).assign(
        language=np.where(second, "fi", "en"), team=np.arange(n) % 40
    )


@pytest.mark.parametrize("cluster", [None, "team"])
def test_a_planted_shift_is_found_in_its_item_with_its_size(cluster):
    data = answers(2_000, 1, shift=0.8)
    table = item_bias(data, ITEMS, cluster=cluster).tidy().set_index("term")
    assert table["p_adjusted"].idxmin() == "b"
    row, spread = table.loc["b"], data["b"].std()
    assert row["estimate"] * spread == pytest.approx(0.8, abs=4 * row["std_error"] * spread)
    assert row["conf_low"] > 0


def test_a_true_difference_of_the_groups_is_no_bias():
    """Of 25 scales of 1,000 answers, each without bias, 5 % may have an item flagged."""
    flagged = [
        bool((item_bias(answers(1_000, seed, gap=0.8), ITEMS).tidy()["p_adjusted"] < 0.05).any())
        for seed in range(25)
    ]
    assert np.mean(flagged) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 25)


@pytest.mark.parametrize("spread", [1.0, 1.4])
def test_uneven_items_and_spreads_are_no_bias(spread):
    """Shift and slope difference vanish, whatever level and spread the groups have."""
    data = answers(40_000, 2, gap=0.8, loadings=(1.3, 1.0, 0.7, 0.5), spread=spread)
    table = item_bias(data, ITEMS).tidy()
    assert (abs(table["estimate"]) < 4 * table["std_error"]).all()
    assert (abs(table["slope_difference"]) < 0.05).all()


def test_an_item_that_tells_people_apart_better_in_one_language_is_found():
    data = answers(2_000, 6, gap=0.0)
    data.loc[data["language"] == "fi", "c"] *= 1.5
    table = item_bias(data, ITEMS).tidy().set_index("term")
    assert table["slope_p_value"].idxmin() == "c"
    assert table.loc["c", "slope_difference"] > 0.1


def test_groups_change_places_and_signs_change():
    data = answers(500, 3, shift=0.5)
    one = item_bias(data, ITEMS).tidy()
    other = item_bias(data.assign(language=data["language"].map({"fi": "a", "en": "b"})), ITEMS)
    assert one["estimate"].tolist() == pytest.approx((-other.tidy()["estimate"]).tolist())
    assert one["p_adjusted"].tolist() == pytest.approx(other.tidy()["p_adjusted"].tolist())


def test_few_respondents_and_gaps_are_said():
    data = answers(90, 4)
    data.loc[0, "a"] = np.nan
    assert len(item_bias(data, ITEMS).notes) == 4


def test_rows_without_a_team_or_a_language_are_left_out_and_counted():
    data = answers(300, 4).astype({"team": object, "language": object})
    data.loc[0, "team"] = None
    data.loc[1, "language"] = None
    found = item_bias(data, ITEMS, cluster="team")
    assert found.notes[1] == "2 rows left out: a value is missing"
    without = item_bias(data.drop(index=[0, 1]), ITEMS, cluster="team")
    pd.testing.assert_frame_equal(found.tidy(), without.tidy())


def test_a_weak_yardstick_is_named():
    data = answers(2_000, 8, loadings=(0.5, 0.5, 0.5, 1.5))
    assert item_bias(data, ITEMS).notes[-1].endswith("weak yardstick for d")


@pytest.mark.parametrize(
    ("items", "group", "error", "fragment"),
    [
        (["a", "b"], "language", DesignError, "no yardstick"),
        (ITEMS, "team", DataError, "40 groups"),
        (ITEMS, "kieli", DataError, "'kieli'"),
        (["a", "b", "a"], "language", DataError, "listed twice: a"),
        ([*ITEMS, "flat"], "language", DataError, "do not vary .flat"),
        ([*ITEMS, "both"], "language", DesignError, "a sum of others"),
        ([*ITEMS, "english"], "language", DesignError, "fi: 0"),
    ],
)
def test_what_cannot_be_compared(items, group, error, fragment):
    data = answers(100, 5).assign(flat=1.0, both=lambda rows: rows["a"] + rows["b"])
    data["english"] = data["a"].where(data["language"] == "en") * 2 + data["d"]
    with pytest.raises(error, match=fragment):
        item_bias(data, items, group)
