"""The map's figures: names do not overlap, and points are the table's."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from coaching_stats.answers import load_sample
from coaching_stats.process_map import process_map
from coaching_stats.process_map_figure import plot_process_map, plot_process_ranks


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def ratings():
    """The simulated sample's managers, and some sellers who rate one element less."""
    managers = load_sample("sample")["process_inventory"]
    few = managers[managers["team_id"] <= "T020"]
    sellers = few.assign(rater_role="seller", rater_id="S" + few["rater_id"], d=8 - few["d"])
    rest = sellers[(sellers["element"] != "P4") | (sellers["team_id"] <= "T003")]
    return pd.concat([managers, rest], ignore_index=True)


@pytest.fixture(scope="module")
def found(ratings):
    """A map of simulated ratings."""
    return process_map(ratings, is_simulated=True)


@pytest.mark.parametrize("language", ["en", "fi"])
@pytest.mark.parametrize("role", ["manager", "seller"])
def test_names_beside_the_map_do_not_overlap_nor_leave_it(found, role, language):
    axes = plot_process_map(found, role=role, language=language)
    axes.figure.canvas.draw()
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    assert len(boxes) == (16 if role == "manager" else 15)
    assert [a for a, b in combinations(boxes, 2) if a.overlaps(b)] == []
    page = axes.figure.bbox
    assert [b for b in boxes if b.x1 > page.x1 or b.y0 < page.y0 or b.y1 > page.y1] == []


def test_many_long_names_of_a_clients_own_do_not_overlap(ratings):
    long = "Something of our own that takes many words to name, and then some more of them: {}"
    names = {f"P{i}": {"en": long.format(i), "fi": long.format(i)} for i in range(1, 31)}
    more = ratings.assign(element="P" + (ratings["element"].str[1:].astype(int) + 14).astype(str))
    both = pd.concat([ratings, more[~more["element"].isin(ratings["element"])]])
    own = process_map(both.reset_index(drop=True), elements=names)
    for axes in (plot_process_map(own), plot_process_ranks(own)):
        axes.figure.canvas.draw()
        words = axes.texts if len(axes.texts) > 20 else axes.get_yticklabels()
        boxes = [Text.get_window_extent(text) for text in words]
        assert len(boxes) == 30
        assert [a for a, b in combinations(boxes, 2) if a.overlaps(b)] == []


@pytest.mark.parametrize("language", ["en", "fi"])
def test_words_of_the_ranking_do_not_overlap(found, language):
    axes = plot_process_ranks(found, language=language)
    axes.figure.canvas.draw()
    words = [*axes.texts, *axes.get_yticklabels()]
    boxes = [text.get_window_extent() for text in words if text.get_text()]
    assert [a for a, b in combinations(boxes, 2) if a.overlaps(b)] == []
    assert [b for b in boxes if b.x1 > axes.figure.bbox.x1 or b.x0 < 0] == []


def test_points_are_obstacle_and_the_greater_use(found):
    axes = plot_process_map(found, role="manager")
    drawn = {
        tuple(xy) for line in axes.lines if line.get_marker() in "os" for xy in line.get_xydata()
    }
    table = (
        found.tidy()
        .query("role == 'manager'")
        .pivot(index="element", columns="index", values="estimate")
    )
    use = table[["avoidance_managers", "avoidance_sellers"]].max(axis=1)
    assert drawn == set(zip(table["obstacle"], use, strict=True))


def test_ranks_fall_from_top_to_bottom_and_too_few_are_called_so(found):
    axes = plot_process_ranks(found, index="support")
    managers = axes.lines[0].get_xdata()
    assert (np.diff(managers) <= 0).all()
    assert [text.get_text() for text in axes.texts] == ["too few raters:\nSellers"]


def test_simulated_ratings_are_called_simulated(found):
    for axes in (plot_process_map(found), plot_process_ranks(found, language="fi")):
        caption = axes.figure.get_supxlabel()
        assert caption.startswith(("Simulated data", "Simuloitu aineisto"))


def test_too_few_raters_of_everything_leave_words_only(ratings):
    few = process_map(ratings, minimum_group=500)
    for axes in (plot_process_map(few), plot_process_ranks(few)):
        assert axes.lines[:] == []
        assert "500" in axes.texts[0].get_text()


def test_an_index_that_was_not_rated_is_refused(ratings):
    with pytest.raises(ValueError, match="'support'"):
        plot_process_ranks(process_map(ratings.drop(columns="g")), index="support")
    with pytest.raises(ValueError, match="avoidance_managers"):
        plot_process_map(process_map(ratings.drop(columns=["e", "f"])))
