"""Items that behave otherwise in one language are found, honest ones are left alone."""

import numpy as np
import pandas as pd
import pytest

from coaching_stats.errors import DataError, DesignError
from coaching_stats.item_bias import item_bias

ITEMS = ["a", "b", "c", "d"]


def answers(n, seed, shift=0.0):
    """Four items of one factor; the second group stands higher, which is no bias."""
    rng = np.random.default_rng(seed)
    second = rng.random(n) < 0.5
    factor = rng.normal(size=n) + 0.4 * second
    items = factor[:, None] + rng.normal(size=(n, 4))
    items[:, 1] += shift * second
    return pd.DataFrame(items, columns=ITEMS).assign(
        language=np.where(second, "fi", "en"), team=np.arange(n) % 40
    )


def test_a_planted_shift_is_found_in_its_item_with_its_size():
    data = answers(2_000, 1, shift=0.8)
    table = item_bias(data, ITEMS, cluster="team").tidy().set_index("term")
    assert table["p_adjusted"].idxmin() == "b"
    spread = data["b"].std()
    assert table.loc["b", "estimate"] * spread == pytest.approx(0.8, abs=0.2)
    assert table.loc["b", "conf_low"] > 0


def test_without_bias_items_are_flagged_no_more_often_than_said():
    flagged = [
        bool((item_bias(answers(300, seed), ITEMS).tidy()["p_adjusted"] < 0.05).any())
        for seed in range(30)
    ]
    assert np.mean(flagged) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 30) + 0.05


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


@pytest.mark.parametrize(
    ("items", "group", "error", "fragment"),
    [
        (["a", "b"], "language", DesignError, "no yardstick"),
        (ITEMS, "team", DataError, "40 groups"),
        (ITEMS, "kieli", DataError, "'kieli'"),
    ],
)
def test_what_cannot_be_compared(items, group, error, fragment):
    with pytest.raises(error, match=fragment):
        item_bias(answers(100, 5), items, group)
