"""No published figure shows fewer than five people, alone or by subtraction."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from coaching_stats.group_figures import group_figures, team_picture
from coaching_stats.privacy import equal_groups, suppress_small
from coaching_stats.study import run_study
from coaching_stats.worlds import simulate


@pytest.fixture(scope="module")
def tables():
    return simulate("theory", firms=9, teams=1, sellers=8, seed=12)


@pytest.mark.parametrize("name", ["theory_run", "one_client_run", "attitude_run", "lq2002_run"])
def test_groups_are_large_enough_or_suppressed(name, request):
    run = request.getfixturevalue(name)
    figures = group_figures(run)
    shown = figures[~figures["suppressed"]]
    assert (shown["n"].astype(int) >= run.study.minimum_group).all()
    assert figures.loc[figures["suppressed"], ["mean", "value"]].isna().all(axis=None)


def test_three_managers_are_not_shown(tables):
    few = {**tables, "manager_survey": tables["manager_survey"].head(3)}
    figures = group_figures(run_study(few))
    managers = figures[figures["group"] == "all managers"]
    managers = managers[managers["item"] != "TRN_m"]  # hours come from records of all managers
    assert len(managers) > 10
    assert set(managers["n"]) == {"<5"}
    assert managers["suppressed"].all()


def people_of(run):
    """Managers behind each published outcome figure, by group."""
    picture = team_picture(run)
    column = f"{picture.outcome}_m"
    everyone = frozenset(np.flatnonzero(run.panel.teams[column].notna()))
    teams = run.tables["team_scores"]
    known = teams[column].notna() & teams[["SPR_s", "LPR_s"]].notna().all(axis=1)
    inside = np.flatnonzero(known)
    groups = [frozenset(inside[picture.group == g]) for g in range(picture.n_groups)]
    figures = group_figures(run)
    overall = figures[(figures["item"] == column) & (figures["table"] == "scales")]["group"].iloc[0]
    whole = everyone if overall == "all managers" else frozenset(inside)
    return [whole, *groups]


@pytest.mark.parametrize("silent", [0, 2, 6])
def test_subtraction_gives_away_no_group_under_five(silent):
    """Teams whose sellers are all silent drop out of the picture but not out of the managers."""
    tables = simulate("theory", firms=30, teams=1, sellers=6, seed=13)
    answered = tables["manager_survey"]["team_id"].head(silent)
    survey = tables["seller_survey"]
    run = run_study({**tables, "seller_survey": survey[~survey["team_id"].isin(answered)]})
    whole, *groups = people_of(run)
    for size in range(len(groups) + 1):
        for chosen in combinations(groups, size):
            left = whole.difference(*chosen) if chosen else whole
            assert len(left) == 0 or len(left) >= 5


def test_the_smallest_cell_is_the_promise():
    frame = pd.DataFrame({"group": list("abc"), "n": [0, 4, 5], "mean": [np.nan, 3.0, 3.0]})
    shown = suppress_small(frame, 5)
    assert shown["n"].tolist() == ["<5", "<5", "5"]
    assert shown["suppressed"].tolist() == [True, True, False]


@pytest.mark.parametrize("n", [5, 9, 10, 11, 49, 50, 137])
def test_equal_groups_keep_the_order_and_the_minimum(n):
    values = np.random.default_rng(n).normal(size=n)
    group = equal_groups(values, minimum=5, most=10)
    sizes = np.bincount(group)
    assert sizes.min() >= 5
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(group[np.argsort(values)]) >= 0).all()
