"""Bounds over all that the silent could have said: every corner by hand, and real tables."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.judged_rows import judged_slope, rows_of
from coaching_stats.models import Equation, equations
from coaching_stats.nonresponse import nonresponse_bounds
from coaching_stats.panel import team_scores
from coaching_stats.samples import draw_sample
from coaching_stats.silence import Silence, silence_of
from coaching_stats.sourcing import sourcing
from coaching_stats.study import run_study
from coaching_stats.worlds import simulate

LOW, HIGH = 1.0, 7.0


def small(seed):
    """Nine teams of three answers in scale points, and up to two silent people in each."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(9), rng.normal(size=9), rng.normal(size=9)])
    answers = rng.uniform(LOW, HIGH, size=(9, 3))
    n_silent = np.array([2, 1, 0, 2, 1, 0, 1, 2, 1])
    model = Equation(
        ("Intercept", "SPR", "VAL"), answers.mean(axis=1), x, None, np.array([0.0, 1.0, 0.0])
    )
    silence = Silence(
        model=model,
        among_answered=model.estimate(),
        share=n_silent / (3 + n_silent),
        is_high=x[:, 1] > 0,
        ends=(LOW, HIGH),
        unit=1.0,
        n_silent=int(n_silent.sum()),
        n_invited=int(27 + n_silent.sum()),
        notes=(),
    )
    return silence, answers, n_silent


def slope_with(silence, answers, n_silent, said):
    """Least squares on team means of all people, `said` holding the answers of the silent."""
    team = np.repeat(np.arange(9), n_silent)
    total = answers.sum(axis=1) + np.bincount(team, said, minlength=9)
    means = total / (3 + n_silent)
    return np.linalg.lstsq(silence.model.x, means, rcond=None)[0][1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bounds_are_the_extremes_over_all_corners(seed):
    silence, answers, n_silent = small(seed)
    corners = [
        slope_with(silence, answers, n_silent, np.array(said))
        for said in product([LOW, HIGH], repeat=int(n_silent.sum()))
    ]
    assert_allclose(silence.at_worst(is_upper=False).value, min(corners))
    assert_allclose(silence.at_worst(is_upper=True).value, max(corners))


def test_at_the_tipping_point_the_slope_is_the_target():
    silence, answers, n_silent = small(4)
    difference = silence.difference_to(0.15)
    shift = np.where(silence.is_high, difference / 2, -difference / 2)
    said = np.repeat(answers.mean(axis=1) + shift, n_silent)
    assert_allclose(slope_with(silence, answers, n_silent, said), 0.15)


def test_where_everybody_answered_there_is_nothing_to_bound():
    silence, *_ = small(5)
    full = Silence(**{**vars(silence), "share": np.zeros(9)})
    ends = [full.at_worst(is_upper=is_upper).value for is_upper in (False, True)]
    assert_allclose(ends, silence.among_answered.value)
    assert np.isnan(full.difference_to(0.0))


def test_silent_sellers_are_the_invited_without_a_score(theory_run):
    roster = theory_run.tables["roster"]
    teams = theory_run.panel.teams
    judged = teams.loc[rows_of_h3(theory_run).used, "team_id"]
    invited = roster.query("role == 'seller' and invited == 1 and wave == 1")
    answered = theory_run.panel.sellers
    found = nonresponse_bounds(theory_run, "H3")
    n_invited = invited["team_id"].isin(judged).sum()
    n_answered = answered[answered["team_id"].isin(judged)]["INF_s"].notna().sum()
    assert (found.n_invited, found.n_silent) == (n_invited, n_invited - n_answered)


def rows_of_h3(run):
    slope = judged_slope(run, "H3")
    return rows_of(slope.measured, slope.leg, slope.sources)


def test_upper_bound_by_putting_answers_into_the_survey(theory_run):
    """Each silent seller is given an answer; the team means are taken anew, then least squares."""
    slope = judged_slope(theory_run, "H3")
    used = rows_of_h3(theory_run).used
    teams = theory_run.panel.teams[used].reset_index(drop=True)
    sums = theory_run.panel.sellers.groupby("team_id")["INF_s"].agg(["sum", "count"])
    sums = sums.loc[teams["team_id"]].reset_index(drop=True)
    observed = sums["sum"] / sums["count"]
    x = slope.equation.x
    weights = np.linalg.pinv(x)[slope.equation.terms.index("LAT")]
    said = np.where(weights > 0, HIGH, LOW)
    silent = teams["n_invited"] - sums["count"]
    means = (sums["sum"] + silent * said) / teams["n_invited"]
    expected = np.linalg.lstsq(x, means, rcond=None)[0][1] / observed.std(ddof=1)
    value = nonresponse_bounds(theory_run, "H3").tidy().set_index("term")["estimate"]
    assert_allclose(value["upper_bound"], expected)
    assert_allclose(value["answered"], value["judged"])


def test_silent_managers_join_with_any_answer_at_all(theory_run):
    """Random answers of the silent managers never leave the bounds, and come near them."""
    slope = judged_slope(theory_run, "H1")
    silence = silence_of(slope, None)
    is_silent = silence.share == 1
    rng = np.random.default_rng(6)
    y = np.repeat(silence.model.y[:, None], 400, axis=1)
    y[is_silent] = rng.choice(silence.ends, size=(int(is_silent.sum()), 400))
    found = np.linalg.lstsq(silence.model.x, y, rcond=None)[0][1]
    low, high = (silence.at_worst(is_upper=up).value for up in (False, True))
    assert low <= found.min()
    assert found.max() <= high
    assert found.max() - found.min() > 0.4 * (high - low)


def test_without_the_managers_covariates_all_their_teams_count(theory_run):
    found = nonresponse_bounds(theory_run, "H1")
    teams = team_scores(theory_run.panel)
    assert found.n_invited == teams[["SPR_s", "LPR_s", "SKL_s"]].notna().all(axis=1).sum()
    assert found.n_silent == teams["WTC_m"].isna().sum()
    assert any("BEL, WKL" in note for note in found.notes)


def test_fitted_answers_leave_the_slope_where_it_is(theory_run):
    silence = silence_of(judged_slope(theory_run, "H1"), None)
    assert_allclose(silence.model.estimate().value, silence.among_answered.value)


@pytest.mark.parametrize("language", ["en", "fi"])
def test_the_sentence_holds_the_numbers_and_the_names(theory_run, language):
    found = nonresponse_bounds(theory_run, "H3")
    said = found.sentence(language)
    assert all(name in said for name in found.names[language])
    assert str(found.n_silent) in said


def test_what_has_no_bounds_is_refused(theory_run):
    with pytest.raises(DesignError, match="random halves"):
        nonresponse_bounds(theory_run, "H8")
    with pytest.raises(DesignError, match="scores of WTC run from"):
        nonresponse_bounds(theory_run, "H1", scale=(1, 5))


def test_a_predictor_from_the_silent_themselves_leaves_nothing_to_bound(theory_run):
    """Rigidity and willingness from the same manager: who is silent on one is so on both."""
    slope, hypothesis = judged_slope(theory_run, "H1"), theory_run.study.hypothesis("H1")
    same = sourcing(hypothesis, slope.leg, theory_run.study, is_split=False)
    sample = draw_sample(slope.measured, slope.leg, same)
    model = equations(slope.leg, sample)[0]
    with pytest.raises(DesignError, match="teams without WTC have no RIG either"):
        silence_of(replace(slope, sources=same, sample=sample, equation=model), None)


def test_without_a_roster_nobody_knows_who_is_silent():
    tables = simulate("theory", firms=30, teams=1, sellers=6, seed=4)
    del tables["roster"]
    tables["teams"] = tables["teams"].drop(columns="n_sellers_roster")
    run = run_study(tables)
    with pytest.raises(DesignError, match="how many sellers were invited"):
        nonresponse_bounds(run, "H3")
