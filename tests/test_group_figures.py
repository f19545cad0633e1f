"""No published figure shows fewer than five people, alone or by subtraction."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from coaching_stats.group_figures import team_picture
from coaching_stats.published_figures import published_figures
from coaching_stats.study import run_study
from coaching_stats.worlds import simulate


@pytest.fixture(scope="module")
def tables():
    return simulate("theory", firms=9, teams=1, sellers=8, seed=12)


@pytest.mark.parametrize("name", ["theory_run", "one_client_run", "attitude_run", "lq2002_run"])
def test_groups_are_large_enough_or_suppressed(name, request):
    run = request.getfixturevalue(name)
    figures = published_figures(run)
    shown = figures[~figures["suppressed"]]
    assert (shown["n"].astype(int) >= run.study.minimum_group).all()
    assert figures.loc[figures["suppressed"], ["mean", "value"]].isna().all(axis=None)


def test_three_managers_are_not_shown(tables):
    few = {**tables, "manager_survey": tables["manager_survey"].head(3)}
    figures = published_figures(run_study(few))
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
    figures = published_figures(run)
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


def published_rows(run):
    """Rows of answers behind each published mean of the picture's outcome: overall and groups."""
    figures, picture = published_figures(run), team_picture(run)
    teams = run.panel.teams
    frame = teams if picture.column in teams else run.panel.sellers
    answered = frame.index[frame[picture.column].notna()]
    inside = frame["team_id"].isin(teams["team_id"].iloc[picture.team])
    overall = figures[(figures["table"] == "scales") & (figures["item"] == picture.column)]
    whole = frozenset(answered)
    if overall["group"].iloc[0].endswith("in the picture"):
        whole = frozenset(answered[inside.loc[answered]])
    groups = [
        frozenset(frame.index[frame["team_id"].isin(teams["team_id"].iloc[picture.team[g]])])
        for g in (picture.group == k for k in range(picture.n_groups))
    ]
    return whole, groups


@pytest.mark.parametrize("lacking", [1, 4])
def test_records_of_a_few_teams_cannot_be_subtracted_either(lacking, tmp_path):
    """The predictor is unknown for a few teams whose outcome is known."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"x": rng.normal(size=30), "y": rng.normal(size=30)})
    rows.loc[: lacking - 1, "x"] = np.nan
    study = tmp_path / "study.yml"
    study.write_text(TWO_RECORDS, encoding="utf-8")
    run = run_study(rows, study=study)
    whole, groups = published_rows(run)
    assert whole == frozenset().union(*groups)
    shown = published_figures(run).query("table == 'scales' and item == 'Y_r'")
    assert shown["mean"].tolist() == [round(rows["y"].iloc[lacking:].mean(), 2)]


TWO_RECORDS = """
columns: {X: x, Y: y}
cluster: null
constructs:
  - {key: X, name_en: x, level: team, forms: [records]}
  - {key: Y, name_en: y, level: team, forms: [records]}
hypotheses:
  - {id: A, statement_en: x goes with y., kind: slope, outcome: Y, predictor: [X], level: team,
     expected_sign: positive, sesoi: 0.2, sources: {same: {X: records, Y: records}}}
"""


def test_teams_of_one_manager_count_as_one_person():
    """Three teams a manager: five teams would be two people."""
    tables = simulate("theory", firms=10, teams=3, sellers=6, seed=3)
    shared = tables["teams"].assign(manager_id=tables["teams"]["firm_id"])
    run = run_study({**tables, "teams": shared})
    picture, managers = team_picture(run), run.panel.teams["manager_id"]
    for group in range(picture.n_groups):
        assert managers.iloc[picture.team[picture.group == group]].nunique() >= 5
    figures = published_figures(run)
    n = figures.loc[figures["group"] == "all managers", "n"].astype(int)
    assert (n <= 10).all()


def test_what_is_not_testable_has_no_published_picture(theory_run, one_client_run):
    assert "picture" in set(published_figures(theory_run)["table"])
    assert "picture" not in set(published_figures(one_client_run)["table"])


def test_the_groups_of_one_parent_add_up_to_it(theory_run):
    figures = published_figures(theory_run)
    outcome = figures[(figures["table"] == "picture") & (figures["item"] == "WTC_m")]
    parent = figures[(figures["table"] == "scales") & (figures["item"] == "WTC_m")].iloc[0]
    assert set(outcome["parent_group"]) == {parent["group"]}
    n = outcome["n"].astype(int)
    assert n.sum() == int(parent["n"])
    assert (n * outcome["mean"]).sum() / n.sum() == pytest.approx(parent["mean"], abs=0.011)
