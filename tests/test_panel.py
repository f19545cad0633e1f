"""From tables, one file or a frame to what is judged; gates with their numbers."""

import numpy as np
import pandas as pd
import pytest
import yaml
from studies import only

from coaching_stats.errors import DataError, DesignError, StudyError
from coaching_stats.gates import check_gates, failed_gates
from coaching_stats.measured import with_halves
from coaching_stats.note_texts import in_finnish
from coaching_stats.panel import measure
from coaching_stats.single_verdict import _sources
from coaching_stats.study import judge, run_study
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate

STUDY = load_study()
FEW = only("H1", "H2", "H3", "H9")


@pytest.fixture(scope="module")
def tables():
    return simulate("theory", firms=20, teams=2, sellers=8, seed=21)


def checks_of(tables, name="H1"):
    """Conditions of one hypothesis by (gate, what, about)."""
    measured = with_halves(measure(tables, STUDY), STUDY, 2, np.random.default_rng(1))
    hypothesis = STUDY.hypothesis(name)
    pairs, _ = _sources(measured, hypothesis)
    checks = check_gates(measured, hypothesis, pairs)
    return {(c.gate, c.what, c.about): c for c in checks}, failed_gates(checks)


def test_scores_of_the_panel_are_those_of_the_answers(tables):
    panel = measure(tables, STUDY)
    answers = tables["seller_survey"].set_index("seller_id")
    passed = (answers["S_ATT1"] == 2) & (answers["S_ATT2"] == 6)
    turned = answers["S_WKL1"] / 2 + answers["S_WKL2"] / 2
    found = panel.sellers.set_index("seller_id")["WKL_s"]
    pd.testing.assert_series_equal(found, turned[passed].loc[found.index], check_names=False)
    talks = np.log1p(answers.loc[found.index, "S_CFRQ1"])
    assert panel.sellers["CFRQ_s"].tolist() == pytest.approx(talks.tolist())
    assert panel.n_failed_attention >= int((~passed).sum())


def test_sales_are_those_after_the_survey(tables):
    before = tables["sales"].assign(period="2025-01", sales_index=1.0)
    mixed = {**tables, "sales": pd.concat([before, tables["sales"]], ignore_index=True)}
    one, other = measure(tables, STUDY), measure(mixed, STUDY)
    pd.testing.assert_series_equal(one.sellers["SALES_r"], other.sellers["SALES_r"])
    only_before = measure({**tables, "sales": before}, STUDY)
    assert "SALES_r" not in only_before.sellers
    assert any("no sales after the survey (2025-08)" in note for note in only_before.notes)


def test_training_hours_on_record_override_the_managers_answer(tables):
    records = tables["managers"].assign(trn_hours=99)
    panel = measure({**tables, "managers": records}, STUDY)
    assert set(panel.teams["TRN_m"]) == {99}


def test_the_inventory_weighs_elements_by_their_importance():
    base = simulate("theory", firms=2, teams=1, sellers=3, seed=1)
    rows = pd.DataFrame({"team_id": ["T001"] * 2, "rater_id": "M", "rater_role": "manager", "c": 4})
    rows = rows.assign(element=["P1", "P2"], a=[1.0, 7.0], b=[1.0, 7.0], d=[2.0, 6.0], h=[3.0, 1.0])
    panel = measure({**base, "process_inventory": rows}, STUDY)
    first = panel.teams.set_index("team_id").loc["T001"]
    assert first["SPR_p"] == pytest.approx((3 * (1 + 1 + 4) / 3 + 1 * (7 + 7 + 4) / 3) / 4)
    assert first["OBS_p"] == pytest.approx((3 * 2 + 1 * 6) / 4)


def test_later_waves_are_left_out_with_a_note():
    panel = measure(simulate("theory", firms=3, teams=2, sellers=4, waves=2, seed=2), STUDY)
    assert any("answers of later waves" in note for note in panel.notes)
    assert panel.sellers["seller_id"].is_unique


def test_an_unknown_team_is_refused(tables):
    teams = tables["teams"].iloc[1:]
    with pytest.raises(DataError, match=tables["teams"]["team_id"].iloc[0]):
        measure({**tables, "teams": teams}, STUDY)


def test_one_process_is_not_testable_and_two_are():
    tables = simulate("theory", firms=24, teams=1, sellers=8, seed=4)
    teams = tables["teams"]
    one = {**tables, "teams": teams.assign(process_version_sales="a", process_version_lead="b")}
    checks, failed = checks_of(one)
    assert checks["G1", "versions", "RIG"].value == 1
    assert "G1" in failed
    half = np.where(np.arange(len(teams)) % 2, "a", "b")
    checks, _ = checks_of({**tables, "teams": teams.assign(process_version_sales=half)})
    assert checks["G1", "versions", "RIG"].status != "fail"
    bare = teams.drop(columns=["process_version_sales", "process_version_lead"])
    checks, _ = checks_of({**tables, "teams": bare})
    assert checks["G1", "firms_as_versions", "RIG"].value == 24


def test_nine_teams_are_too_few_and_three_do_not_crash():
    for teams, expected in ((9, ["G2"]), (3, ["G2"])):
        tables = simulate("theory", firms=teams, teams=1, sellers=9, seed=6)
        checks, failed = checks_of(tables, "H3")
        assert set(expected) <= set(failed)
        assert checks["G2", "teams", "INF"].value <= teams


def test_noise_for_answers_fails_reliability_and_aggregation(tables):
    survey = tables["seller_survey"].copy()
    rng = np.random.default_rng(0)
    for column in [c for c in survey if c.startswith("S_INF")]:
        survey[column] = rng.integers(1, 8, len(survey))
    checks, failed = checks_of({**tables, "seller_survey": survey}, "H3")
    assert {"G3", "G4"} <= set(failed)
    assert checks["G3", "alpha", "INF_s"].value < 0.6
    assert checks["G4", "icc2", "INF_s"].value < 0.4


def test_low_response_in_most_teams_fails_g5(tables):
    roster = tables["roster"].copy()
    extra = pd.concat([roster[roster["role"] == "seller"]] * 3, ignore_index=True)
    extra["person_id"] = [f"X{i}" for i in range(len(extra))]
    extra["responded"] = 0
    _, failed = checks_of({**tables, "roster": pd.concat([roster, extra], ignore_index=True)})
    assert "G5" in failed


def test_unknown_response_rates_cost_a_grade(tables):
    bare = {name: frame for name, frame in tables.items() if name != "roster"}
    bare["teams"] = bare["teams"].drop(columns="n_sellers_roster")
    verdicts = judge(bare, FEW, seed=1)
    assert verdicts["H1"].grade == "D"
    assert any("no grade is better than D" in note for note in verdicts.notes)
    assert judge(tables, FEW, seed=1)["H1"].grade == "C"


def with_roster_sizes(tables, sizes):
    """Tables that tell of the invited by their number in each team only, nan where unknown."""
    bare = {name: frame for name, frame in tables.items() if name != "roster"}
    return {**bare, "teams": bare["teams"].assign(n_sellers_roster=sizes)}


def test_one_team_with_a_known_roster_makes_no_response_rates(tables):
    sizes = np.full(len(tables["teams"]), np.nan)
    sizes[0] = 14
    verdicts = judge(with_roster_sizes(tables, sizes), FEW, seed=1)
    assert verdicts["H1"].grade == "D"
    missing = f"response counts are missing for {len(sizes) - 1} teams"
    assert missing in verdicts.notes
    assert in_finnish(missing) == f"Kutsuttujen määrä puuttuu {len(sizes) - 1} tiimiltä"


def test_a_team_in_which_more_answered_than_were_invited_has_no_known_rate(tables):
    sizes = np.full(len(tables["teams"]), 30.0)
    sizes[:2] = 1
    panel = measure(with_roster_sizes(tables, sizes), STUDY)
    note = "more answered than were invited in 2 teams: their response rate is taken as unknown"
    assert panel.notes.count(note) == 1
    assert in_finnish(note).startswith("2 tiimissä vastaajia on enemmän")
    assert panel.has_response_rates
    assert panel.response_rate().isna().sum() == 2
    assert panel.response_rate().max() < 1


@pytest.fixture(scope="module")
def ready(tables):
    """Ready scores in one frame: a row per seller, team values repeated."""
    run = run_study(tables, study=FEW)
    sellers = run.tables["seller_scores"].drop(columns="ATT_s")
    teams = run.panel.teams[["team_id", "firm_id", "n_sellers_roster"]]
    managers = run.panel.teams.filter(regex="^team_id$|_[mp]$").drop(columns="ATT_m")
    return sellers.merge(teams, on="team_id").merge(managers, on="team_id")


def test_ready_scores_give_the_estimates_of_their_items(tables, ready):
    from_items, from_scores = judge(tables, FEW, seed=1), judge(ready, FEW, seed=1)
    for name in ("H2", "H3", "H9"):
        one, other = from_items[name], from_scores[name]
        if one.legs and other.legs:
            evidence = one.legs[0].evidence, other.legs[0].evidence
            assert evidence[0].estimate == pytest.approx(evidence[1].estimate, rel=1e-9)
    unknown = [c for c in from_scores["H9"].checks if c.gate == "G3"]
    assert {check.status for check in unknown} == {"unknown"}


def test_what_is_not_measured_is_named_and_nothing_crashes(ready):
    without = ready.drop(columns=[c for c in ready if c.endswith("_m")])
    verdict = judge(without, FEW, seed=1)["H1"]
    assert verdict.verdict == "not testable"
    assert verdict.row()["reason"].startswith("not_measured: the data lack WTC_m")


def test_a_frame_is_left_as_it_was_and_may_use_the_short_names(ready):
    before = ready.copy(deep=True)
    short = {"team_id": "team", "seller_id": "respondent", "firm_id": "firm"}
    renamed = ready.rename(columns=short)
    one, other = run_study(ready, study=FEW), run_study(renamed, study=FEW)
    pd.testing.assert_frame_equal(ready, before)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())


def test_rows_without_a_team_are_left_out_with_a_warning(ready):
    gap = ready.copy()
    gap.loc[gap.index[:3], "team_id"] = None
    run = run_study(gap, study=FEW)
    assert any("3 rows left out: no team_id" in note for note in run.receipt.notes)
    assert run.receipt.rows_kept == len(ready) - 3


def test_a_mapping_renames_the_users_columns(ready, tmp_path):
    path = tmp_path / "mapping.yml"
    path.write_text("columns: {team_id: Tiimi}", encoding="utf-8")
    one = run_study(ready.rename(columns={"team_id": "Tiimi"}), study=FEW, mapping=path)
    pd.testing.assert_frame_equal(one.tidy(), run_study(ready, study=FEW).tidy())
    path.write_text("columns: {team_id: Tiim}", encoding="utf-8")
    with pytest.raises(StudyError, match="did you mean 'Tiimi'"):
        run_study(ready.rename(columns={"team_id": "Tiimi"}), study=FEW, mapping=path)


def test_one_manager_with_several_teams_is_the_cluster(tables):
    few = {**tables, "teams": tables["teams"].assign(firm_id="F1")}
    few["teams"] = few["teams"].assign(manager_id=[f"M{i // 2}" for i in range(len(few["teams"]))])
    verdict = judge(few, FEW, seed=1)["H9"]
    assert verdict.legs[0].evidence.n_clusters == few["teams"]["manager_id"].nunique()


def test_a_changed_sesoi_is_said(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(_theory_text().replace("sesoi: 0.20", "sesoi: 0.15", 1), encoding="utf-8")
    assert load_study(path).notes == ("H1: SESOI changed by user: .20 → .15",)


def _theory_text():
    from coaching_stats.study_file import PACKAGE

    return (PACKAGE / "theory.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "fragment"),
    [
        ("outcome: WTC\n", "outcome: WTX\n", "did you mean 'WTC'"),
        ("{from: LAT, to: INF", "{from: INF, to: LAT}\n  - {from: LAT, to: INF", "sign"),
        ("id: H2\n", "id: H1\n", "H1 stands twice"),
        ("kind: slope\n    outcome: WTC", "kind: slop\n    outcome: WTC", "kind"),
    ],
)
def test_a_study_that_contradicts_itself_is_refused(tmp_path, old, new, fragment):
    path = tmp_path / "study.yml"
    assert old in _theory_text()
    path.write_text(_theory_text().replace(old, new, 1), encoding="utf-8")
    with pytest.raises(StudyError, match=fragment):
        load_study(path)


def test_a_circle_of_causes_is_refused(tmp_path):
    path = tmp_path / "study.yml"
    extra = "graph:\n  - {from: INF, to: LAT, sign: positive}\n"
    path.write_text(_theory_text().replace("graph:\n", extra, 1), encoding="utf-8")
    with pytest.raises(StudyError, match=r"circle: .*(LAT -> INF|INF -> LAT)"):
        load_study(path)


def test_a_study_may_name_another_cluster(tables, tmp_path):
    """One cluster, or no such column, is refused."""
    region = [f"R{i % 12}" for i in range(len(tables["teams"]))]
    here = {**tables, "teams": tables["teams"].assign(region=region)}
    raw = yaml.safe_load(_theory_text())
    raw["hypotheses"] = [entry for entry in raw["hypotheses"] if entry["id"] == "H3"]

    def by(cluster):
        (tmp_path / "study.yml").write_text(yaml.safe_dump({**raw, "cluster": cluster}))
        return tmp_path / "study.yml"

    found = judge(here, by("region"))["H3"].legs[0].evidence
    assert found.n_clusters == 12
    one = {**here, "teams": here["teams"].assign(region="all")}
    with pytest.raises(DesignError, match="'region' holds 1 cluster"):
        judge(one, by("region"))
    with pytest.raises(DataError, match="no column 'region'"):
        judge(tables, by("region"))
    alone = judge(here, by("team_id"))["H3"].legs[0].evidence
    assert alone.n_clusters == alone.n


def test_records_become_context_scores():
    tables = simulate("theory", firms=3, teams=2, sellers=4, seed=1)
    panel = measure(tables, STUDY)
    teams = tables["teams"].set_index("team_id")
    firms = tables["firms"].set_index("firm_id")
    found = panel.teams.set_index("team_id")
    size = np.log(firms["n_employees"])[teams.loc[found.index, "firm_id"]]
    assert found["FSIZE_r"].tolist() == pytest.approx(size.tolist())
    assert found["SPAN_r"].tolist() == teams.loc[found.index, "n_sellers_roster"].tolist()
    assert found["CPLX_r"].tolist() == teams.loc[found.index, "cplx"].tolist()
    years = tables["sellers"].set_index("seller_id")["tenure_years"]
    assert panel.sellers["TEN_r"].tolist() == years[panel.sellers["seller_id"]].tolist()
