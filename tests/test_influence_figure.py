"""The dots are the estimates without each cluster, and the title says whether one decides."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.influence_figure import plot_influence
from coaching_stats.regression import regress


def teams(outlier=0.0):
    """Six pairs on a line, and one of them moved."""
    rng = np.random.default_rng(3)
    x = np.repeat(np.arange(6.0), 2)
    y = 0.5 * x + rng.normal(scale=0.1, size=12)
    y[-2:] += outlier
    return pd.DataFrame({"x": x, "y": y, "team": np.repeat(list("abcdef"), 2)})


def test_the_dots_are_refits_without_one_team():
    data = teams()
    axes = plot_influence(regress("y ~ x", data, cluster="team"), "x")
    refits = [
        regress("y ~ x", data[data["team"] != team], cluster="team").estimate[1]
        for team in "abcdef"
    ]
    assert_allclose(axes.lines[-1].get_xdata(), np.sort(refits), rtol=1e-10)
    assert "stays between" in axes.figure.get_suptitle()


def test_one_team_that_turns_the_sign_is_said():
    axes = plot_influence(regress("y ~ x", teams(outlier=-6.0), cluster="team"), "x")
    assert "decides on the sign" in " ".join(axes.figure.get_suptitle().split())


def test_no_team_is_named():
    axes = plot_influence(regress("y ~ x", teams(), cluster="team"), "x")
    assert [text.get_text() for text in axes.get_yticklabels()] == []
    assert list(axes.texts) == []


def test_what_has_no_such_term_or_no_clusters_is_refused():
    with pytest.raises(DesignError, match="no term 'z'"):
        plot_influence(regress("y ~ x", teams(), cluster="team"), "z")
    with pytest.raises(DesignError, match="cluster"):
        plot_influence(regress("y ~ x", teams()), "x")
