"""The picture of the shares: bars and lines are the table's, and its words are licensed."""

from itertools import pairwise

import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

from coaching_stats.people_or_process import people_or_process
from coaching_stats.people_or_process_figure import plot_people_or_process


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def found(theory_run):
    return people_or_process(theory_run, n_boot=100, seed=1)


def test_bars_are_shares_and_lines_their_bounds(found):
    axes = plot_people_or_process(found, "SWC")
    table = found.tidy().query("outcome == 'SWC'")
    rows = table[(table["source"] == "seller") | (table["group"] == "process")]
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == pytest.approx((100 * rows["estimate"]).tolist())
    thin = [line.get_xdata() for line in axes.lines if line.get_marker() == "|"]
    expected = (100 * rows[["conf_low", "conf_high"]]).to_numpy().tolist()
    assert [list(ends) for ends in thin] == [pytest.approx(ends) for ends in expected]


@pytest.mark.parametrize("language", ["en", "fi"])
def test_labels_do_not_overlap_nor_leave_the_page(found, language):
    axes = plot_people_or_process(found, language=language)
    axes.figure.canvas.draw()
    boxes = [Text.get_window_extent(label) for label in axes.get_yticklabels()]
    assert [a for a, b in pairwise(boxes) if a.overlaps(b)] == []
    assert min(box.x0 for box in boxes) >= 0


def test_the_title_of_one_client_names_no_share(one_client_run):
    axes = plot_people_or_process(people_or_process(one_client_run, n_boot=50, seed=1))
    assert "%" not in axes.figure.get_suptitle()


def test_simulated_data_are_called_simulated(found):
    axes = plot_people_or_process(found)
    assert axes.figure.get_supxlabel().startswith("Simulated data")
