"""The specification curve: what it draws is the table, in both languages."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.hypothesis_multiverse import multiverse_of
from coaching_stats.multiverse import multiverse
from coaching_stats.multiverse_figure import plot_multiverse


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def headline(theory_run):
    """The multiverse of H3 in the simulated sample."""
    return multiverse_of(theory_run, "H3", n_boot=99)


def small(slope=1.0, **options):
    """Twelve specifications of simulated teams."""
    rng = np.random.default_rng(1)
    teams = pd.DataFrame(rng.normal(size=(60, 4)), columns=["SPR", "SKL", "BEL", "WTC"])
    teams["firm"] = np.arange(60) // 4
    teams["WTC"] -= slope * teams["SPR"]
    choices = {"outcome": "WTC", "predictor": "SPR", "covariates": ["SKL", "BEL"]}
    return multiverse(teams, **(choices | options), cluster="firm", n_boot=99, seed=1)


def labels(axes):
    return [text.get_text() for text in axes.get_yticklabels()]


def headings(axes):
    return [text.get_text() for text in axes.texts]


def test_the_curve_holds_every_slope_in_order(headline):
    curve = plot_multiverse(headline)
    drawn = max((line.get_ydata() for line in curve.lines), key=len)
    assert_allclose(drawn, np.sort(headline.tidy()["estimate"]))


def test_the_band_is_where_the_median_stays_under_the_null():
    found = small()
    limit = found.joint.tidy().set_index("test")["null_limit"]["median_estimate"]
    patch = plot_multiverse(found).patches[0]
    assert_allclose([patch.get_y(), patch.get_y() + patch.get_height()], [-limit, limit])


def test_with_few_specifications_each_has_its_marks():
    found = small()
    curve = plot_multiverse(found)
    panel = curve.figure.axes[1]
    shade = np.asarray(panel.images[0].get_array())
    order = np.argsort(found.tidy()["estimate"].to_numpy(), kind="stable")
    has = found.tidy()["covariates"].str.contains("BEL").to_numpy()[order]
    row = [round(tick) for tick in panel.get_yticks()][
        next(i for i, label in enumerate(labels(panel)) if label.startswith("BEL"))
    ]
    assert_allclose(shade[row], has.astype(float))


def test_choices_without_alternatives_are_not_shown():
    axes = plot_multiverse(small(vcov=["CR2"])).figure.axes[1]
    assert headings(axes) == ["Held constant"]
    assert len(labels(axes)) == 2


def test_one_specification_has_a_curve_and_an_empty_panel():
    found = small(vcov=["CR2"], covariates=[])
    axes = plot_multiverse(found)
    assert labels(axes.figure.axes[1]) == []
    axes.figure.canvas.draw()


@pytest.mark.parametrize(("slope", "said"), [(1.0, "differ clearly"), (0.0, "do not differ")])
def test_the_title_says_what_the_joint_test_says(slope, said):
    title = plot_multiverse(small(slope)).figure.get_suptitle()
    assert said in " ".join(title.split())
    assert "12 defensible ways" in title


def test_simulated_data_are_called_simulated(headline):
    assert "Simulated data" in plot_multiverse(headline).figure.get_supxlabel()
    assert "Simulated" not in plot_multiverse(small()).figure.get_supxlabel()


def test_in_finnish_names_and_numbers_are_finnish(headline):
    axes = plot_multiverse(headline, language="fi")
    panel = axes.figure.axes[1]
    assert "koko mittari" in labels(panel)
    assert any("Esihenkilön liikkumavara" in text for text in headings(panel))
    assert "0," in axes.figure.get_suptitle()
    assert "without" not in " ".join(labels(panel))


def test_labels_do_not_leave_the_page(headline):
    for language in ("en", "fi"):
        axes = plot_multiverse(headline, language=language)
        axes.figure.canvas.draw()
        page = axes.figure.bbox
        panel = axes.figure.axes[1]
        boxes = [text.get_window_extent() for text in (*panel.get_yticklabels(), *panel.texts)]
        assert [b for b in boxes if b.x0 < page.x0 or b.x1 > page.x1] == []
