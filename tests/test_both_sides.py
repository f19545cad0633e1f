"""Both sides on one map: groups that hide single teams, and changes that are no artefact."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.both_sides import SIDES, _groups, both_sides
from coaching_stats.errors import DesignError
from coaching_stats.figure_numbers import side_counts, side_title
from coaching_stats.study import run_study
from coaching_stats.worlds import simulate


@pytest.fixture(scope="module")
def two_waves():
    return run_study(simulate("null", firms=12, teams=3, sellers=6, waves=2, seed=3))


def test_no_group_is_smaller_than_promised_in_teams_or_managers(theory_run):
    found = both_sides(theory_run)
    assert found.groups["n_teams"].min() >= 5
    assert found.groups["n_teams"].sum() == found.n_teams
    assert len(found.groups) <= 12
    assert found.moved.empty


def test_managers_of_several_teams_count_once():
    """Twelve teams of six managers cannot be two groups of five managers each."""
    places = np.random.default_rng(1).normal(size=(12, 2))
    assert _groups(places, np.repeat(np.arange(6), 2), 5).max() == 0
    assert _groups(places, np.arange(12), 5).max() == 1
    with pytest.raises(DesignError, match="4 managers"):
        _groups(places, np.repeat(np.arange(4), 3), 5)


def test_alike_teams_come_together():
    """Two clouds far apart are never mixed."""
    rng = np.random.default_rng(2)
    places = np.concatenate([rng.normal(0, 0.1, (10, 2)), rng.normal(5, 0.1, (10, 2))])
    group = _groups(places, np.arange(20), 5)
    assert not set(group[:10]) & set(group[10:])


def test_group_means_are_those_of_all_teams(theory_run):
    found, teams = both_sides(theory_run), theory_run.tables["team_scores"]
    known = teams[list(SIDES)].dropna()
    mean = np.average(found.groups[list(SIDES)], weights=found.groups["n_teams"], axis=0)
    assert_allclose(mean, known.mean(), atol=0.006)


def test_nothing_moves_where_nothing_moved(two_waves):
    """No true change: the interval of each holds zero, and outer groups do not drift inwards."""
    found = both_sides(two_waves)
    assert found.moved["term"].tolist() == ["WTC_m", "SWC_s", "DEPM_m", "DEPS_s"]
    inside = (found.moved["conf_low"] < 0) & (found.moved["conf_high"] > 0)
    assert inside.sum() >= 3
    first, second = found.groups["WTC_m"], found.groups["WTC_m_2"]
    mean = (first + second) / 2
    assert abs(np.corrcoef(mean, second - first)[0, 1]) < 0.75


def test_a_change_of_all_teams_is_found(two_waves):
    tables = {name: frame.copy() for name, frame in two_waves.source.tables.items()}
    survey = tables["manager_survey"]
    items = ["M_WTC1"]  # not reversed
    later = survey["wave"] == survey["wave"].max()
    survey.loc[later, items] = np.clip(survey.loc[later, items] + 1.0, 1, 7)
    moved = both_sides(run_study(tables)).moved.set_index("term")
    before = both_sides(two_waves).moved.set_index("term")
    assert moved.loc["SWC_s", "estimate"] == pytest.approx(before.loc["SWC_s", "estimate"])
    assert abs(moved.loc["WTC_m", "estimate"] - before.loc["WTC_m", "estimate"]) > 0.1


def test_one_side_alone_is_refused():
    data = pd.DataFrame({"SPR_s": [1.0, 2, 3, 4], "SWC_s": [2.0, 3, 3, 4], "team_id": list("aabb")})
    with pytest.raises(DesignError, match="WTC_m"):
        both_sides(run_study(data.assign(seller_id=range(4)).astype({"seller_id": str})))


@pytest.mark.parametrize("language", ["en", "fi"])
def test_a_title_counts_all_groups_or_none(theory_run, language):
    found = both_sides(theory_run)
    counts = side_counts(found)
    assert counts.pop("total") == sum(counts.values()) == found.n_teams
    assert re.search(r"\d", side_title(found, language).format(**side_counts(found)))
    partly = replace(found, groups=found.groups.iloc[1:], n_left_out=1)
    assert not re.search(r"[\d{]", side_title(partly, language).format(**side_counts(partly)))
