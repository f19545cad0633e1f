"""People or process: shares by hand, worlds with known truth, moods, and what may be said."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.group_bounds import Group, bounds
from coaching_stats.panel import Panel, measure
from coaching_stats.people_or_process import people_or_process
from coaching_stats.results import COLUMNS
from coaching_stats.true_scores import TeamValues
from coaching_stats.worlds import simulate


@pytest.fixture(scope="module")
def found(theory_run):
    return people_or_process(theory_run, n_boot=400, seed=1)


def shares(result, outcome="WTC", source="seller"):
    table = result.tidy()
    chosen = (table["outcome"] == outcome) & (table["source"] == source)
    return table[chosen].set_index("group")


def r_squared(frame, outcome, columns):
    y = frame[outcome] - frame[outcome].mean()
    x = np.column_stack([np.ones(len(frame)), frame[columns]])
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return 1 - left @ left / (y @ y)


def test_shares_as_measured_are_those_of_regressions_on_team_means(theory_run, found):
    groups = {"process": ["SPR_s", "LPR_s"], "people": ["SKL_s", "BEL_m"], "workload": ["WKL_m"]}
    every = [column for members in groups.values() for column in members]
    teams = theory_run.tables["team_scores"].dropna(subset=[*every, "WTC_m"])
    got = shares(found)
    whole = r_squared(teams, "WTC_m", every)
    for group, members in groups.items():
        others = [column for column in every if column not in members]
        assert got.loc[group, "alone"] == pytest.approx(r_squared(teams, "WTC_m", members))
        assert got.loc[group, "unique"] == pytest.approx(whole - r_squared(teams, "WTC_m", others))
    assert got.loc["unexplained", "estimate"] == pytest.approx(1 - whole)
    assert got.loc[[*groups], "estimate"].sum() == pytest.approx(whole)


def test_every_interval_holds_its_cases_and_the_columns_come_first(found):
    table = found.tidy()
    assert tuple(table.columns[: len(COLUMNS)]) == COLUMNS
    groups = table[~table["group"].isin(["common", "unexplained"])]
    assert (groups["conf_low"] <= groups["worst"]).all()
    assert (groups["worst"] <= groups["best"]).all()
    assert (groups["best"] <= groups["conf_high"]).all()
    assert groups[["conf_low", "conf_high"]].stack().between(0, 1).all()


def test_the_same_seed_gives_the_same_numbers(theory_run, found):
    again = people_or_process(theory_run, n_boot=400, seed=1)
    pd.testing.assert_frame_equal(again.tidy(), found.tidy(), check_exact=True)


def test_several_firms_license_a_sentence_with_the_ends_of_the_bounds(found):
    ends = shares(found).loc[["process", "people"], ["conf_low", "conf_high"]].to_numpy()
    said = re.findall(r"\d+", found.sentence("en", "WTC"))
    assert said == [f"{100 * end:.0f}" for end in ends.ravel()]
    assert re.findall(r"\d+", found.sentence("fi", "WTC")) == said


@pytest.mark.parametrize("language", ["en", "fi"])
def test_one_client_never_gets_a_share_in_words(one_client_run, language):
    one = people_or_process(one_client_run, n_boot=50, seed=1)
    assert not re.search(r"\d|%", one.sentence(language))
    assert one.notes[0] == one.sentence("en")
    assert {"process", "people"} <= set(shares(one).index)


def test_processes_that_do_not_differ_get_no_share_in_words(theory_run, one_client_run):
    """Gate G1 closed, although there are fifty firms."""
    closed = replace(theory_run, verdicts=one_client_run.verdicts)
    assert "G1" in people_or_process(closed, n_boot=50, seed=1).sentence()


def test_an_outcome_that_does_not_tell_teams_apart_gets_no_share_the_other_does(theory_run):
    sellers = theory_run.panel.sellers
    mixed = np.random.default_rng(1).permutation(sellers["SWC_s"].to_numpy())
    panel = replace(theory_run.panel, sellers=sellers.assign(SWC_s=mixed))
    got = people_or_process(replace(theory_run, panel=panel), n_boot=50, seed=1)
    assert "G4" in got.sentence(outcome="SWC")
    assert "%" in got.sentence(outcome="WTC")


@pytest.fixture(scope="module")
def people_run(theory_run):
    """A larger simulated survey of the world in which only managers matter."""
    tables = simulate("people", firms=150, teams=3, sellers=10, seed=5)
    return replace(theory_run, panel=measure(tables, theory_run.study))


def test_where_only_managers_matter_the_bounds_hold_both_shares(people_run):
    """Truth: process 0; managers .391, the R squared of WTC on SKL and BEL in the equations."""
    got = shares(people_or_process(people_run, n_boot=400, seed=1))
    truth = 0.50**2 + 0.20**2 + 2 * 0.50 * 0.20 * 0.50
    assert got.loc["process", "conf_low"] == 0
    assert got.loc["people", "conf_low"] < truth < got.loc["people", "conf_high"]
    assert got.loc["people", "alone"] < 0.75 * truth  # errors of measurement hide a part
    assert got.loc["process", "conf_high"] < 0.35


def mooded(rng, n_teams=150, per_team=4):
    """Simulated sellers whose mood is in every answer, in teams that do not differ otherwise."""
    team = np.repeat(np.arange(n_teams), per_team)
    mood = rng.normal(size=team.size)
    sellers = pd.DataFrame({"seller_id": np.arange(team.size), "team_id": team})
    for column in ("SPR_s", "LPR_s", "SKL_s", "SWC_s"):
        own = rng.normal(size=team.size) + 0.7 * rng.normal(size=n_teams)[team]
        sellers[column] = own + 2.5 * mood
    teams = pd.DataFrame({"team_id": np.arange(n_teams), "n_sellers": per_team})
    teams = teams.assign(firm_id=np.arange(n_teams) // 3, manager_id=np.arange(n_teams))
    return Panel(sellers, teams, {}, 0, team.size)


def test_a_sellers_mood_makes_no_share(theory_run):
    panel = mooded(np.random.default_rng(1))
    got = shares(people_or_process(replace(theory_run, panel=panel), n_boot=300, seed=1), "SWC")
    means = panel.sellers.groupby("team_id").mean()
    assert r_squared(means, "SWC_s", ["SPR_s", "LPR_s"]) > 0.4
    assert got.loc["process", "alone"] < 0.05
    assert got.loc[["process", "people"], "conf_low"].tolist() == [0, 0]


def exact(correlation, n=200):
    """Team values without error that have this correlation exactly, the outcome last."""
    values = np.random.default_rng(1).normal(size=(n, len(correlation)))
    values -= values.mean(axis=0)
    values = values @ np.linalg.inv(np.linalg.cholesky(np.cov(values, rowvar=False))).T
    return TeamValues(
        values=values @ np.linalg.cholesky(correlation).T,
        from_sellers=np.zeros(len(correlation), dtype=bool),
        cluster=np.arange(n),
        size=np.ones(n),
        within=np.empty((n, 0, 0)),
        items=(None,) * len(correlation),
    )


SUPPRESSED = np.array([[1, 0.6, 0.5], [0.6, 1, 0.0], [0.5, 0.0, 1]])


def test_suppression_makes_the_common_part_negative_and_the_interval_hold_both_cases():
    """b has nothing alone, and .14 after a: 1 - .36 of a is left, .25 / .64 with b in."""
    groups = {"a": Group((0,)), "b": Group((1,))}
    frame, _ = bounds(exact(SUPPRESSED), groups, 300, np.random.default_rng(1))
    got = frame.set_index("group")
    unique = 0.25 / 0.64 - 0.25
    assert_allclose(got.loc["b", ["alone", "unique"]].astype(float), [0, unique], atol=1e-9)
    assert got.loc["common", "estimate"] == pytest.approx(-unique)
    assert got.loc["b", "conf_low"] == 0
    assert got.loc["b", "conf_high"] > unique


def test_what_the_outcomes_own_respondent_says_does_not_count_in_the_worst_case():
    correlation = np.array([[1, 0.0, 0.0, 0.5], [0, 1, 0, 0.4], [0, 0, 1, 0.3], [0.5, 0.4, 0.3, 1]])
    groups = {"a": Group((0, 1), n_own=1), "b": Group((2,), n_own=1)}
    frame, _ = bounds(exact(correlation), groups, 50, np.random.default_rng(1))
    got = frame.set_index("group")
    assert_allclose(got["worst"][["a", "b"]].astype(float), [0.16, 0], atol=1e-9)
    assert_allclose(got["best"][["a", "b"]].astype(float), [0.41, 0.09], atol=1e-9)


def test_an_outcome_that_differs_in_one_firm_only_is_refused():
    """Resamples without that firm carry nothing, and say so without a warning."""
    teams = exact(SUPPRESSED, n=30)
    firm = np.arange(30) % 3
    values = teams.values * np.where(firm[:, None] > 0, [1, 1, 0], 1.0)
    one = replace(teams, values=values, cluster=firm)
    with pytest.raises(DesignError, match="resamples"):
        bounds(one, {"a": Group((0,)), "b": Group((1,))}, 200, np.random.default_rng(1))


def test_a_managers_own_belief_is_named_as_one_source_with_willingness(found):
    notes = [note for note in found.notes if note.startswith("WTC: ") and "worst case" in note]
    assert len(notes) == 1
    assert "BEL_m" in notes[0]
    assert "SKL_s" not in notes[0]


def test_without_people_measures_there_is_nothing_to_compare(theory_run):
    panel = theory_run.panel
    without = replace(
        panel, sellers=panel.sellers.drop(columns="SKL_s"), teams=panel.teams.drop(columns="BEL_m")
    )
    with pytest.raises(DesignError, match="SKL or BEL"):
        people_or_process(replace(theory_run, panel=without))


def test_few_complete_teams_are_refused(theory_run):
    teams = theory_run.panel.teams
    few = teams.assign(WTC_m=teams["WTC_m"].where(teams.index < 8))
    with pytest.raises(DesignError, match="complete teams"):
        people_or_process(replace(theory_run, panel=replace(theory_run.panel, teams=few)))


def test_one_resample_is_refused(theory_run):
    with pytest.raises(DesignError, match="n_boot 1"):
        people_or_process(theory_run, n_boot=1)
