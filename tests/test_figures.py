"""Figures: their numbers are those of the run, and nothing in them overlaps or gives away."""

from dataclasses import replace
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coaching_stats.figures import plot_association, plot_verdicts
from coaching_stats.graph_figure import plot_graph
from coaching_stats.group_figures import team_picture
from coaching_stats.model_figures import plot_chain
from coaching_stats.published_figures import published_figures


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_links_of_the_chain_multiply_to_the_judged_estimate(theory_run):
    axes = plot_chain(theory_run)
    links = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert len(links) == 3
    judged = theory_run.verdicts["H5"].row()["estimate"]
    assert np.prod(links) == pytest.approx(judged, rel=1e-9)


@pytest.mark.parametrize("language", ["en", "fi"])
@pytest.mark.parametrize("name", ["theory_run", "one_client_run", "lq2002_run"])
def test_words_beside_the_verdicts_do_not_overlap(name, language, request):
    axes = plot_verdicts(request.getfixturevalue(name), language=language)
    axes.figure.canvas.draw()
    edge = axes.figure.bbox.x1
    boxes = [text.get_window_extent() for text in axes.texts]
    assert [a for a, b in combinations(boxes, 2) if a.overlaps(b)] == []
    assert [box for box in boxes if box.x1 > edge] == []


def test_each_verdict_is_drawn_once_in_the_predicted_direction(theory_run):
    axes = plot_verdicts(theory_run)
    drawn = [line for line in axes.lines if line.get_marker() in ("o", "X", "s")]
    table = theory_run.verdicts.tidy()
    negative = [v.hypothesis.expected_sign == "negative" for v in theory_run.verdicts.judged]
    sign = np.where([*negative], -1.0, 1.0)
    sign[table["hypothesis"] == "H6"] = 1.0  # its deciding leg expects zero
    assert [line.get_xdata()[0] for line in drawn] == pytest.approx(list(sign * table["estimate"]))


def test_what_is_not_testable_has_its_gates_and_no_estimate(one_client_run):
    axes = plot_verdicts(one_client_run)
    drawn = [line for line in axes.lines if line.get_marker() in ("o", "X", "s")]
    tested = [v for v in one_client_run.verdicts.judged if v.legs]
    assert len(drawn) == len(tested) < len(one_client_run.verdicts.judged)
    assert "G1, G4" in [text.get_text() for text in axes.texts]


def test_points_are_the_published_means_and_no_team_shows(theory_run):
    axes = plot_association(theory_run)
    points = next(line for line in axes.lines if line.get_marker() == "o")
    figures = published_figures(theory_run).query("table == 'picture'")
    assert list(points.get_xdata()) == figures.loc[figures["item"] == "RIG", "mean"].tolist()
    assert list(points.get_ydata()) == figures.loc[figures["item"] == "WTC_m", "mean"].tolist()
    line = next(line for line in axes.lines if len(line.get_xdata()) == 100)
    extremes = team_picture(theory_run).x
    assert not np.isin([line.get_xdata().min(), line.get_xdata().max()], extremes).any()


def test_an_association_that_is_not_testable_gets_no_line_and_no_direction(one_client_run):
    axes = plot_association(one_client_run)
    assert "not testable" in axes.figure.get_suptitle().replace("\n", " ")
    assert [line for line in axes.lines if len(line.get_xdata()) == 100] == []


def test_an_association_is_drawn_only_where_no_mean_of_it_is_hidden(theory_run):
    """An earlier report with a manager more in one group, who would be told by subtraction."""
    earlier = published_figures(theory_run)
    of = (earlier["table"] == "picture") & (earlier["item"] == "WTC_m")
    first = earlier.index[of][0]
    earlier.loc[first, "n"] = str(int(earlier.loc[first, "n"]) + 1)
    axes = plot_association(replace(theory_run, earlier=earlier))
    assert not axes.axison
    assert axes.figure.get_suptitle().split()[-2:] == ["not", "shown"]
    assert [*axes.lines, *axes.collections] == []
    assert [*plot_association(theory_run).collections] != []


def test_finnish_axes_have_decimal_commas(theory_run):
    axes = plot_association(theory_run, language="fi")
    axes.figure.canvas.draw()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert any("," in label for label in labels)
    assert not [label for label in labels if "." in label or "-" in label]


def test_the_graph_shows_names_and_every_arrow(attitude_run):
    axes = plot_graph(attitude_run.study)
    assert len(axes.patches) == attitude_run.study.graph.number_of_edges()
    names = {text.get_text().replace("\n", " ") for text in axes.texts}
    assert names == {c.name_en for c in attitude_run.study.constructs.values()}
    dashed = [arrow for arrow in axes.patches if arrow.get_linestyle() in ("--", "dashed")]
    signs = [edge["sign"] for edge in attitude_run.study.edges]
    assert len(dashed) == signs.count("negative")
