"""The common-rater stress test: against other roads, and in worlds whose truth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.double_checks import double_checks
from coaching_stats.errors import DesignError, StudyError
from coaching_stats.evidence_page import evidence_content
from coaching_stats.measured import with_halves
from coaching_stats.measurement import valences
from coaching_stats.panel import measure
from coaching_stats.rater_apart import Apart
from coaching_stats.rater_scales import bounded, suggested
from coaching_stats.rater_scores import marker_share, share_that_explains, toned
from coaching_stats.rater_stress import rater_stress, same_respondents
from coaching_stats.regression import regress_arrays
from coaching_stats.results import COLUMNS
from coaching_stats.rules import NOT_TESTABLE
from coaching_stats.study import run_study
from coaching_stats.texts import texts
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate

STUDY = load_study()


@pytest.fixture(scope="module")
def found(theory_run):
    """The sample, in which the theory is true, under the test."""
    return rater_stress(theory_run, n_splits=8)


@pytest.fixture(scope="module")
def moody_run():
    """A survey in which nothing but the moods of respondents links their answers."""
    return run_study(simulate("common_rater", firms=50, teams=3, sellers=10, seed=4))


def of_leg(run, name):
    """The halves, the first leg, and its sources from the same respondents."""
    measured = with_halves(run.panel, run.study, 2, np.random.default_rng(1))
    leg, sources = same_respondents(measured, run.study.hypothesis(name))[0]
    return measured, leg, sources


def by_id(result):
    return result.tidy().set_index("term")


def test_one_row_for_each_hypothesis_that_one_respondent_answers_on_both_sides(found):
    table = found.tidy()
    assert tuple(table.columns[: len(COLUMNS)]) == COLUMNS
    assert {"H1", "H3", "H4", "H6", "H9"} <= set(table["term"])
    assert not {"H13", "H16", "H19", "H20"} & set(table["term"])
    assert "H13, H16, H19, H20" in found.notes[-1]


def test_the_same_respondents_and_the_other_source_are_those_of_the_verdicts(found, theory_run):
    table = by_id(found)
    for name in ("H1", "H3", "H4", "H7"):
        judged = theory_run.verdicts[name].legs[0]
        assert_allclose(table.loc[name, "estimate"], judged.same.estimate, rtol=1e-10)
        assert_allclose(table.loc[name, "across_estimate"], judged.evidence.estimate, rtol=1e-10)
        assert table.loc[name, "across"] == "sources"


def test_halves_say_how_much_the_estimate_moves_with_the_split(found, theory_run):
    table = by_id(found)
    assert table.loc["H6", "across"] == "halves"
    assert 0.01 < table.loc["H6", "across_spread"] < 0.3
    again = by_id(rater_stress(theory_run, "H6", n_splits=8, seed=99)).loc["H6"]
    gap = abs(again["across_estimate"] - table.loc["H6", "across_estimate"])
    assert 0 < gap < 4 * table.loc["H6", "across_spread"] / np.sqrt(8) * np.sqrt(np.pi)


def test_an_error_of_the_vanishing_share_taken_out_leaves_no_slope(theory_run):
    """By ordinary regressions on scores from which the error's covariance is taken."""
    for name in ("H1", "H3", "H4", "H6", "H9"):
        measured, leg, sources = of_leg(theory_run, name)
        (model,) = toned(measured, leg, sources)
        for level in (0.0, leg.sesoi):
            share = share_that_explains([model], level)
            left = model.covariance - share * np.outer(model.tones, model.tones)
            assert np.linalg.eigvalsh(left)[0] > 0
            slope = np.linalg.solve(left[1:, 1:], left[1:, 0]) @ model.contrast
            assert_allclose(abs(slope), level, atol=1e-9)


def test_the_covariances_are_those_of_the_estimate(theory_run, found):
    for name in ("H1", "H6", "H9"):
        (model,) = toned(*of_leg(theory_run, name))
        slope = np.linalg.solve(model.covariance[1:, 1:], model.covariance[1:, 0]) @ model.contrast
        assert_allclose(slope, by_id(found).loc[name, "estimate"], rtol=1e-9)


def test_a_derived_variable_has_the_tone_that_its_parts_give_it(theory_run):
    """A mood added to the parts moves z(mean(z, z)) by its tone."""
    measured, leg, sources = of_leg(theory_run, "H1")
    (model,) = toned(measured, leg, sources)
    scores = measured.panel.teams[["SPR_m", "LPR_m", "WTC_m", "BEL_m", "WKL_m"]]
    keep = scores.notna().all(axis=1) & (measured.usable_team)
    parts = scores.loc[keep, ["SPR_m", "LPR_m"]]
    z = (parts - parts.mean()) / parts.std()
    assert_allclose(model.tones[1], -1 / z.mean(axis=1).std(), rtol=1e-12)
    assert model.tones[[0, 2, 3, 4]].tolist() == [1, 0, 1, -1]  # skill is the sellers' word


def test_what_cannot_be_said_is_left_empty(found):
    table = by_id(found)
    assert table.loc[["H2", "H7", "H11", "H17"], "vanishing_share"].isna().all()
    assert table.loc["H12", "marker_share"] != table.loc["H12", "marker_share"]
    alone = table[table["across"] == ""]
    assert alone["across_estimate"].isna().all()
    assert not alone["withdrawn"].any()


def test_a_mood_between_managers_is_withdrawn(moody_run):
    """Same-source verdicts of one survey: whatever they support, other sources do not."""
    table = by_id(rater_stress(moody_run, n_splits=4))
    supported = table[table["verdict"] == "supported"]
    assert {"H9"} <= set(supported.index)
    team = supported.loc[[h for h in ("H1", "H3", "H4", "H6") if h in supported.index]]
    assert len(team) >= 1
    assert team["withdrawn"].all()


def test_other_scales_withdraw_h9_in_a_mood_and_keep_it_in_the_theory(moody_run, found):
    mood = by_id(rater_stress(moody_run, "H9", n_splits=2)).loc["H9"]
    assert (mood["verdict"], mood["across"]) == ("supported", "other_scales")
    assert mood["withdrawn"]
    assert mood["largest_share"] > mood["vanishing_share"]
    true = by_id(found).loc["H9"]
    assert (true["verdict"], true["across_verdict"]) == ("supported", "supported")
    assert true["largest_share"] < true["below_sesoi_share"]


def test_the_bound_and_its_jackknife_are_those_of_surveys_without_each_team(theory_run):
    measured, leg, sources = of_leg(theory_run, "H9")
    found = bounded(measured, leg, sources)
    keys = [k for k, c in STUDY.constructs.items() if "seller" in c.forms and valences()[k]]
    sellers = measured.panel.sellers[[*(f"{k}_s" for k in keys), "MARK_s", "team_id"]].dropna()
    sellers = sellers[sellers.groupby("team_id")["team_id"].transform("size") > 1]
    team = sellers.pop("team_id")
    z = sellers - sellers.groupby(team).transform("mean")
    z /= z.std()

    def slope(z, df):
        covariance = z.T @ z / (len(z) - 1)
        tone = pd.Series({f"{k}_s": valences()[k] for k in (*keys, "MARK")}, dtype=float)
        all_scales = [f"{k}_s" for k in keys]
        inside = np.linalg.inv(covariance.loc[all_scales, all_scales])
        share = 1 / (tone[all_scales] @ inside @ tone[all_scales]) / (1 - (len(keys) - 1) / df)
        left = covariance - share * np.outer(tone[z.columns], tone[z.columns])
        x = ["PREF_s", "VAL_s", "BADX_s", "MARK_s"]
        return np.linalg.solve(left.loc[x, x], left.loc[x, "SWC_s"])[0], share

    whole, share = slope(z, len(z) - team.nunique())
    left_out = [
        slope(z[team != one], (team != one).sum() - team.nunique())[0] for one in team.unique()
    ]
    n = len(left_out)
    assert_allclose([found.share, found.estimate.value], [share, whole], rtol=1e-9)
    std_error = np.sqrt((n - 1) / n * np.sum((left_out - np.mean(left_out)) ** 2))
    assert_allclose((found.estimate.std_error, found.estimate.df), (std_error, n - 1), rtol=1e-9)


def test_other_scales_suggest_a_share_and_the_jackknife_goes_by_firm(theory_run):
    """H3 by hand: the median of turned correlations, and the slope without each firm."""
    measured, leg, sources = of_leg(theory_run, "H3")
    found = suggested(measured, leg, sources)
    keys = ["SPR", "LPR", "LAT", "INF", "WTC", "FORCE", "BEL", "WKL", "JS"]
    skill = measured.panel.sellers.groupby("team_id")["SKL_s"].mean()
    teams = measured.panel.teams.assign(SKL_s=measured.panel.teams["team_id"].map(skill))
    kept = teams[measured.usable_team].dropna(subset=[*(f"{k}_m" for k in keys), "SKL_s"])
    firm, z = kept["firm_id"], kept[[*(f"{k}_m" for k in keys), "SKL_s"]].astype(float)
    z = (z - z.mean()) / z.std()

    def slope(z):
        covariance = z.T @ z / (len(z) - 1)
        spread = np.sqrt(np.diag(covariance))
        turned = covariance / np.outer(spread, spread)
        pairs = [
            valences()[a] * valences()[b] * turned.loc[f"{a}_m", f"{b}_m"]
            for i, a in enumerate(keys)
            for b in keys[i + 1 :]
            if {a, b} != {"LAT", "INF"}
        ]
        share = np.median(pairs)
        rows = covariance.loc[["INF_m", "LAT_m", "SKL_s"], ["INF_m", "LAT_m", "SKL_s"]].to_numpy()
        left = rows - share * np.outer([1, 1, 0], [1, 1, 0])
        return np.linalg.solve(left[1:, 1:], left[1:, 0])[0], share

    whole, share = slope(z)
    without = [slope(z[firm != one])[0] for one in firm.unique()]
    n = len(without)
    std_error = np.sqrt((n - 1) / n * np.sum((without - np.mean(without)) ** 2))
    assert share > 0
    assert_allclose([found.share, found.estimate.value], [share, whole], rtol=1e-9)
    assert_allclose((found.estimate.std_error, found.estimate.df), (std_error, n - 1), rtol=1e-9)


def test_what_the_other_scales_explain_is_withdrawn_though_another_source_supports_it(theory_run):
    """One mood of each manager in every scale, and sellers who say of influence what he does."""
    rng = np.random.default_rng(3)
    teams = theory_run.panel.teams.copy()
    mood = rng.normal(size=len(teams))
    for column in [c for c in teams if c.endswith("_m") and valences().get(c[:-2])]:
        teams[column] = 0.5 * valences()[column[:-2]] * mood + rng.normal(size=len(teams))
    sellers = theory_run.panel.sellers.copy()
    places = sellers["team_id"].map(pd.Series(mood, index=teams["team_id"]))
    sellers["INF_s"] = places + rng.normal(size=len(sellers))
    panel = replace(theory_run.panel, teams=teams, sellers=sellers)
    row = by_id(rater_stress(replace(theory_run, panel=panel), "H3", n_splits=2)).loc["H3"]
    assert (row["verdict"], row["across_verdict"]) == ("supported", "supported")
    assert row["scales_estimate"] < row["sesoi"] < row["estimate"]
    assert row["withdrawn"]
    assert "is withdrawn" in row["sentence"]


def test_without_other_scales_the_row_gives_the_size_of_the_error(theory_run):
    few = ["SWC_s", "PREF_s", "VAL_s", "BADX_s", "MARK_s", "CQL_s", "JS_s"]
    sellers = theory_run.panel.sellers
    panel = replace(theory_run.panel, sellers=sellers[["seller_id", "team_id", *few]])
    one = by_id(rater_stress(replace(theory_run, panel=panel), "H9", n_splits=2)).loc["H9"]
    assert (one["across"], one["across_verdict"], one["withdrawn"]) == ("", "", False)
    assert 0.1 < one["vanishing_share"] < 0.5
    assert "nothing in these data takes the two sides apart" in one["sentence"]


def test_scales_that_hardly_anyone_answered_do_not_take_the_others_rows(theory_run, found):
    sellers = theory_run.panel.sellers.copy()
    known = sellers.index < 5
    for column in ("MARK_s", "CQL_s"):
        sellers[column] = sellers[column].where(known)
    panel = replace(theory_run.panel, sellers=sellers)
    one = by_id(rater_stress(replace(theory_run, panel=panel), "H6", n_splits=2)).loc["H6"]
    assert np.isnan(one["marker_share"])
    assert abs(one["scales_estimate"] - by_id(found).loc["H6", "scales_estimate"]) < 0.02


def test_a_later_wave_is_the_slope_of_the_later_outcome():
    tables = simulate("theory", firms=20, teams=2, sellers=8, waves=2, seed=3)
    run = run_study(tables)
    row = by_id(rater_stress(run, "H9", n_splits=2)).loc["H9"]
    second = {k: t[t["wave"] == 2] if "wave" in t else t for k, t in tables.items()}
    before = run.panel.sellers.set_index("seller_id")
    after = measure(second, STUDY).sellers.set_index("seller_id")["SWC_s"]
    rows = before.assign(SWC_s=after)[["team_id", "SWC_s", "PREF_s", "VAL_s", "BADX_s", "MARK_s"]]
    rows = rows.dropna()
    rows = rows[rows.groupby("team_id")["team_id"].transform("size") > 1]
    team = rows.pop("team_id")
    z = rows - rows.groupby(team).transform("mean")
    z = (z / z.std()).to_numpy()
    x = np.column_stack([np.ones(len(z)), z[:, 1:]])
    codes = pd.factorize(team)[0]
    fit = regress_arrays(z[:, 0], x, ("Intercept", "PREF", "VAL", "BADX", "MARK"), codes, "CR2")
    assert row["across"] == "second_wave"
    assert_allclose(row["across_estimate"], fit.estimate[1], rtol=1e-9)


def test_a_marker_that_shares_the_mood_gives_its_share_and_the_adjusted_slope(theory_run):
    """Scores of one manager made of a mood and nothing else; the marker carries it too."""
    rng = np.random.default_rng(8)
    teams = theory_run.panel.teams.copy()
    mood = rng.normal(size=len(teams))
    for column in ("SPR_m", "LPR_m", "WTC_m", "BEL_m", "WKL_m", "LAT_m", "INF_m", "MARK_m"):
        tone = valences()[column[:-2]] or 1
        teams[column] = np.sqrt(0.5) * tone * mood + np.sqrt(0.5) * rng.normal(size=len(teams))
    run = replace(theory_run, panel=replace(theory_run.panel, teams=teams))
    measured, leg, sources = of_leg(run, "H4")
    kept = teams[measured.usable_team].assign(WKL_m=-teams["WKL_m"])
    plain = kept[["INF_m", "WTC_m", "BEL_m", "WKL_m"]].corrwith(kept["MARK_m"]).min()
    row = by_id(rater_stress(run, "H4", n_splits=2)).loc["H4"]
    assert_allclose([marker_share(measured, leg, sources), row["marker_share"]], plain, rtol=1e-9)
    (model,) = toned(measured, leg, sources)
    left = model.covariance - plain * np.outer(model.tones, model.tones)
    slope = np.linalg.solve(left[1:, 1:], left[1:, 0]) @ model.contrast
    assert_allclose(row["marker_estimate"], slope, rtol=1e-9)
    assert abs(slope) < row["estimate"] / 2


def test_sentences_stand_in_both_languages_and_carry_the_numbers(found):
    english, finnish = found.sentences("en"), found.sentences("fi")
    assert english.keys() == finnish.keys() == set(found.tidy()["term"])
    row = by_id(found).loc["H9"]
    assert f"{100 * row['vanishing_share']:.0f} %" in english["H9"]
    assert f"{100 * row['vanishing_share']:.0f} %" in finnish["H9"]
    assert "withdrawn" in english["H8"]
    assert "perutaan" in finnish["H8"]
    assert "perutaan" not in finnish["H9"]
    assert found.tidy()["sentence"].tolist() == list(english.values())


def test_a_failed_gate_leaves_no_estimate(one_client_run):
    table = by_id(rater_stress(one_client_run, n_splits=2))
    assert table.loc["H1", "verdict"] == "not testable"
    assert np.isnan(
        table.loc["H1", ["estimate", "across_estimate", "vanishing_share"]].tolist()
    ).all()
    assert not table.loc["H1", "withdrawn"]


def test_the_same_seed_gives_the_same_table(theory_run):
    one, other = (rater_stress(theory_run, "H8", n_splits=5).tidy() for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_where_nothing_can_be_asked_the_table_is_empty_with_its_columns(theory_run, found):
    study = replace(theory_run.study, hypotheses=(theory_run.study.hypothesis("H13"),))
    table = rater_stress(replace(theory_run, study=study), n_splits=2).tidy()
    assert len(table) == 0
    assert table.columns.tolist() == found.tidy().columns.tolist()


def test_constructs_without_a_known_tone_get_no_share(lq2002_run):
    table = rater_stress(lq2002_run, n_splits=2).tidy()
    assert table["vanishing_share"].isna().all()


def test_what_cannot_be_asked_is_refused(theory_run):
    with pytest.raises(StudyError, match="'H99'"):
        rater_stress(theory_run, "H99")
    for name in ("H13", "RIG_SWC"):
        with pytest.raises(DesignError, match=name):
            rater_stress(theory_run, name)
    with pytest.raises(DesignError, match="n_splits is 1"):
        rater_stress(theory_run, n_splits=1)


def test_why_a_finding_cannot_be_tested_is_a_note():
    """Eighteen teams of nine firms: the chain's resamples are not enough, and the note says so."""
    run = run_study(simulate("theory", firms=9, teams=2, sellers=5, seed=1))
    found = rater_stress(run, n_splits=2)
    rows = found.tidy().set_index("term")
    why = [note for note in found.notes if "resamples" in note]
    for note in why:
        assert rows.loc[note.partition(":")[0], "verdict"] == "not testable"
    assert why


@pytest.fixture(scope="module")
def with_untested(theory_run, found):
    """The run and its test; taking the two sides of H8 apart gave nothing that can be tested."""
    stressed = tuple(
        replace(one, across=Apart("sources"), across_verdict=NOT_TESTABLE, is_explained=False)
        if one.hypothesis.id == "H8"
        else one
        for one in found.stressed
    )
    return theory_run, replace(found, stressed=stressed)


def test_what_was_not_tested_stays_open_and_is_not_withdrawn(with_untested):
    found = with_untested[1]
    row = by_id(found).loc["H8"]
    assert row["verdict"] == "supported"
    assert not row["withdrawn"]
    assert "stays open" in row["sentence"]


def test_the_page_shows_a_dash_for_what_was_not_tested(with_untested, monkeypatch):
    run, found = with_untested
    checks = replace(double_checks(run), stress=found)
    monkeypatch.setattr("coaching_stats.evidence_page.double_checks", lambda _: checks)
    tables = {one["id"]: one["rows"] for one in evidence_content(run, "en")["tables"]}
    row = next(row for row in tables["stress"] if row[0].startswith("H8"))
    assert row[2] == "–"
    assert row[-1] == texts("en")["double_checks"]["stress"]["outcome"]["open"]


def test_page_and_notebook_draw_the_same_halves(theory_run):
    shown = by_id(double_checks(theory_run).stress).loc["H6"]
    alone = by_id(rater_stress(theory_run, "H6")).loc["H6"]
    assert alone["sentence"] == shown["sentence"]
    assert alone["across_estimate"] == shown["across_estimate"]
