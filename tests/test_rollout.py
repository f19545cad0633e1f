"""Teams compared with themselves: difference in differences, fixed effects, and who decides."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from studies import only

from coaching_stats.errors import DesignError
from coaching_stats.measured import with_halves
from coaching_stats.panel import measure
from coaching_stats.rollout import (
    Changes,
    _changes,
    _on_treatment,
    _per_rigidity,
    _slope,
    estimate_changes,
)
from coaching_stats.sourcing import sourcing
from coaching_stats.study import judge, run_study
from coaching_stats.theory import load_study
from coaching_stats.waves import measure_waves
from coaching_stats.worlds import simulate

STUDY = load_study()


def leg_of(name):
    hypothesis = STUDY.hypothesis(name)
    return hypothesis.legs[0], sourcing(hypothesis, hypothesis.legs[0], STUDY, is_split=True)


def by_wave(tables, n_splits=1):
    waves = measure_waves(tables, STUDY, measure(tables, STUDY))
    rng = np.random.default_rng(1)
    return [with_halves(panel, STUDY, n_splits, rng) for panel in waves.panels], waves


@pytest.fixture(scope="module")
def tables():
    return simulate("theory", firms=12, teams=4, sellers=8, waves=2, seed=4)


@pytest.fixture(scope="module")
def measured(tables):
    return by_wave(tables)


def test_two_waves_differenced_are_two_waves_with_team_dummies(measured):
    """The within estimator: a dummy for every team and every wave, row by row."""
    panels, waves = measured
    leg, sources = leg_of("H3")
    changes = _changes(panels, waves, leg, sources, 0)
    ours = _slope(leg, changes).estimate().value
    keys = [leg.outcome, *leg.predictor, *leg.covariates]
    half = np.concatenate([np.zeros(len(changes.team)), np.ones(len(changes.team))])
    long = pd.DataFrame({"wave": half, "team": np.tile(changes.team, 2)})
    for key in keys:
        long[f"v_{key}"] = np.concatenate([np.zeros(len(changes.team)), changes.change[key]])
    right = " + ".join(f"v_{key}" for key in keys[1:])
    fit = smf.ols(f"v_{keys[0]} ~ {right} + C(team) + C(wave)", long).fit()
    assert ours == pytest.approx(fit.params[f"v_{leg.predictor[0]}"])


def test_the_effect_of_the_roll_out_is_a_difference_of_differences(measured):
    panels, waves = measured
    leg, sources = leg_of("H1")
    changes = _changes(panels, waves, leg, sources, 0)
    y, treated = changes.change["WTC"], changes.treated
    found = _on_treatment(changes, y).estimate()
    assert found.value == pytest.approx(y[treated].mean() - y[~treated].mean())
    x = changes.change["RIG"]
    ratio = found.value / (x[treated].mean() - x[~treated].mean())
    assert _per_rigidity(leg, changes).value == pytest.approx(ratio)


def test_the_ratio_has_the_standard_error_of_two_stage_least_squares():
    """Its CR2 with one row per team is HC2 of the residual on the instrument, over d."""
    rng = np.random.default_rng(5)
    treated = np.arange(60) < 30
    x = -1.0 * treated + rng.normal(size=60)
    y = 0.5 * x + rng.normal(size=60)
    changes = Changes({"WTC": y, "RIG": x}, treated, np.zeros(60, int), *[np.arange(60)] * 2)
    found = _per_rigidity(leg_of("H1")[0], changes)

    d = x[treated].mean() - x[~treated].mean()
    residual = smf.ols("u ~ t", pd.DataFrame({"u": y - found.value * x, "t": treated * 1.0}))
    hc2 = residual.fit().get_robustcov_results("HC2").bse[1]
    assert found.std_error == pytest.approx(hc2 / abs(d))


def test_teams_that_changed_earlier_are_never_controls():
    tables = simulate("theory", firms=12, teams=4, sellers=8, waves=2, seed=4)
    teams = tables["teams"]
    early = teams.index < 12
    teams.loc[early, "process_changed_on"] = "2020-01-01"
    panels, waves = by_wave(tables)
    leg, sources = leg_of("H1")
    changes = _changes(panels, waves, leg, sources, 0)
    assert (waves.step[:12] == 0).all()
    assert not set(changes.team) & set(range(12))


def test_firms_are_clusters_where_their_teams_changed_together(tables):
    leg, sources = leg_of("H1")
    teams = tables["teams"].copy()
    together = teams["firm_id"].isin(teams["firm_id"].unique()[:6])
    teams["rollout_step"] = np.where(together, 1.0, np.nan)
    teams["process_changed_on"] = pd.Series(np.where(together, "2026-03-01", None), dtype="str")
    panels, waves = by_wave({**tables, "teams": teams})
    changes = _changes(panels, waves, leg, sources, 0)
    assert (changes.clustered_by, len(set(changes.cluster))) == ("firm", 12)
    mixed = _changes(*by_wave(tables), leg, sources, 0)
    assert (mixed.clustered_by, len(set(mixed.cluster))) == ("team", len(mixed.team))


def test_a_change_assigned_to_few_firms_is_refused_for_want_of_degrees_of_freedom():
    tables = simulate("theory", firms=4, teams=12, sellers=8, waves=2, seed=4)
    teams = tables["teams"]
    together = teams["firm_id"].isin(teams["firm_id"].unique()[:2])
    teams["process_changed_on"] = pd.Series(np.where(together, "2026-03-01", None), dtype="str")
    panels, waves = by_wave(tables)
    leg, sources = leg_of("H1")
    with pytest.raises(DesignError, match="degrees of freedom"):
        estimate_changes(panels, waves, leg, sources, seed=0)


def test_what_was_measured_once_is_not_taken_for_what_did_not_change(tables):
    leg, sources = leg_of("H16")  # its ratings of the process elements belong to no wave
    panels, waves = by_wave(tables)
    with pytest.raises(DesignError, match="was measured once"):
        estimate_changes(panels, waves, leg, sources, seed=0)


def test_a_covariate_that_never_changes_is_held_constant_by_the_teams_themselves(measured):
    panels, waves = measured
    leg, sources = leg_of("H3")
    changes = _changes(panels, waves, leg, sources, 0)
    still = replace(changes, change={**changes.change, "SKL": np.zeros(len(changes.team))})
    without = _slope(replace(leg, covariates=()), still).estimate()
    assert _slope(leg, still).estimate() == without


def test_a_roll_out_in_one_client_with_one_process_opens_the_gate():
    """The way out that the remedy of G1 names: the process then differs in the last wave."""
    tables = simulate("theory", firms=1, teams=40, sellers=8, waves=2, seed=6)
    verdict = judge(tables, only("H1"))["H1"]
    versions = [check for check in verdict.checks if check.what == "versions"]
    assert (verdict.grade, [check.value for check in versions]) == ("A", [2.0])
    notes = " ".join(verdict.legs[0].evidence.notes)
    assert "did not differ in the first wave" in notes
    assert "across teams in the first wave" not in notes
    teams = tables["teams"].assign(change_assigned_by="manager")
    closed = judge({**tables, "teams": teams}, only("H1"))["H1"]
    assert (closed.verdict, closed.gates[0]) == ("not testable", "G1")


def test_steps_are_stacked_with_a_mean_for_each(tables):
    """Three waves: late changers are controls before their change, and treated after it."""
    later = {
        name: tables[name].query("wave == 2").assign(wave=3)
        for name in ("seller_survey", "manager_survey", "roster")
    }
    three = {
        **tables,
        **{n: pd.concat([tables[n], t], ignore_index=True) for n, t in later.items()},
    }
    teams = tables["teams"].copy()
    changed = teams.index[teams["rollout_step"].notna()]
    teams.loc[changed[::2], "rollout_step"] = 2.0
    three["teams"] = teams.drop(columns="process_changed_on")
    panels, waves = by_wave(three)
    leg, sources = leg_of("H1")
    changes = _changes(panels, waves, leg, sources, 0)
    assert set(changes.pair) == {0, 1}
    first = changes.team[changes.treated & (changes.pair == 0)]
    assert not set(first) & set(changes.team[changes.pair == 1])
    late = changes.team[changes.treated & (changes.pair == 1)]
    controls = changes.team[~changes.treated & (changes.pair == 0)]
    assert set(late) & set(controls)
    assert changes.waves.shape == (len(changes.team), 2)


def test_random_assignment_gives_grade_a_and_the_licensed_sentence(tables):
    verdicts = judge(tables, only("H1", "H2", "H4"))
    assert (verdicts["H1"].grade, verdicts["H4"].grade, verdicts["H2"].grade) == ("A", "B", "C")
    notes = " ".join(verdicts["H1"].legs[0].evidence.notes)
    assert "difference in differences" in notes
    assert "wild cluster bootstrap" in notes
    assert "across teams in the first wave" in notes


@pytest.mark.parametrize(
    ("change", "grade", "fragment"),
    [
        ({"change_assigned_by": "head_office"}, "B", "difference in differences"),
        ({"change_assigned_by": "manager"}, "C", "decided by: manager"),
        ({"change_assigned_by": None}, "C", "decided by: not recorded"),
        ({"process_changed_on": None, "rollout_step": None}, "C", "no process changed"),
        ({"process_changed_on": "2026-03-01", "rollout_step": 1.0}, "C", "no process changed"),
    ],
)
def test_the_design_decides_the_grade(tables, change, grade, fragment):
    teams = tables["teams"].assign(**change)
    if teams["process_changed_on"].isna().all():
        teams["process_changed_on"] = teams["process_changed_on"].astype("string")
    verdict = judge({**tables, "teams": teams}, only("H1"))["H1"]
    assert verdict.grade == grade
    assert fragment in " ".join(verdict.legs[0].evidence.notes)


def test_a_roll_out_that_moved_nothing_falls_back_with_a_note(tables):
    shuffled = tables["teams"].copy()
    columns = ["process_changed_on", "rollout_step"]
    shuffled[columns] = shuffled[columns].sample(frac=1, random_state=2).to_numpy()
    verdict = judge({**tables, "teams": shuffled}, only("H1"))["H1"]
    assert verdict.grade == "C"
    assert "did not move measured rigidity" in verdict.legs[0].evidence.notes[-1]


def test_attrition_closes_the_gate_with_its_number(tables):
    survey = tables["seller_survey"]
    second = survey["wave"] == 2
    few = {**tables, "seller_survey": survey[~second | (survey.index % 3 == 0)]}
    run = run_study(few, study=only("H1", "H2"))
    checks = [c for c in run.verdicts["H1"].checks if c.what == "attrition"]
    assert not any(c.what == "attrition" for c in run.verdicts["H2"].checks)  # of one wave
    assert [c.status for c in checks] == ["fail"]
    assert checks[0].value == pytest.approx(run.panel.attrition)
    assert run.verdicts["H1"].gates == ["G5"]


def test_one_wave_has_no_waves(tables):
    one = {n: t[t["wave"] == 1] if "wave" in t else t for n, t in tables.items()}
    assert measure_waves(one, STUDY, measure(one, STUDY)) is None
    assert np.isnan(run_study(one, study=only("H1")).panel.attrition)


def test_too_few_teams_in_both_waves_is_a_refusal(tables):
    panels, waves = by_wave(tables)
    leg, sources = leg_of("H1")
    few = replace(waves, step=np.where(np.arange(len(waves.step)) < 4, waves.step, 0.0))
    with pytest.raises(DesignError, match="can be compared over waves"):
        estimate_changes(panels, few, leg, sources, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "is_true"), [("theory", True), ("null", False), ("reverse_cause", False)]
)
def test_the_roll_out_finds_the_truth_and_only_the_truth(world, is_true):
    """The interval of a world without effect misses 0 no more often than it should."""
    found = [
        judge(simulate(world, firms=40, teams=3, sellers=8, waves=2, seed=seed))["H1"].row()
        for seed in range(40)
    ]
    misses = np.mean([row["conf_high"] < 0 for row in found])
    assert misses > 0.3 if is_true else misses < 0.025 + 3 * np.sqrt(0.025 / 40)
