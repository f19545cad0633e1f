"""A file, a frame, tables or a folder become the same tables, or are refused with the place."""

import numpy as np
import pandas as pd
import pytest

from coaching_stats.answers import load_sample, read_source
from coaching_stats.errors import DataError, StudyError
from coaching_stats.panel import measure
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate

STUDY = load_study()


@pytest.fixture(scope="module")
def tables():
    return simulate("theory", firms=4, teams=3, sellers=5, seed=7)


@pytest.fixture(scope="module")
def wide(tables):
    """The same survey in one frame: a row per seller, team values repeated."""
    sellers = tables["seller_survey"].drop(columns=["wave", "completed_at", "language"])
    teams = tables["teams"][["team_id", "firm_id", "manager_id", "n_sellers_roster"]]
    managers = tables["manager_survey"].filter(regex="^team_id$|^M_")
    frame = sellers.merge(teams, on="team_id").merge(managers, on="team_id", how="left")
    return frame.merge(tables["managers"], on="manager_id")


def panel_of(data, mapping=None):
    return measure(read_source(data, STUDY, mapping).tables, STUDY)


def same(one, other, columns=("SPR_s", "SWC_s")):
    """Whether two panels hold the same scores of the same sellers."""
    found = [p.sellers.set_index("seller_id")[list(columns)].sort_index() for p in (one, other)]
    pd.testing.assert_frame_equal(*found, check_index_type=False)


def test_tables_and_one_frame_give_the_same_scores(tables, wide):
    from_tables, from_frame = panel_of(dict(tables)), panel_of(wide)
    same(from_tables, from_frame)
    scores = ["WTC_m", "TRN_m"]
    one, other = (p.teams.set_index("team_id")[scores] for p in (from_tables, from_frame))
    pd.testing.assert_frame_equal(one.loc[other.index], other)


def test_what_the_caller_gives_is_never_changed(tables, wide):
    before = {name: frame.copy(deep=True) for name, frame in tables.items()}
    frame = wide.astype({"team_id": "category"})
    kept = frame.copy(deep=True)
    panel_of(dict(tables))
    panel_of(frame)
    pd.testing.assert_frame_equal(frame, kept)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_ids_may_be_categories_numbers_or_of_several_types(wide):
    plain = panel_of(wide)
    same(plain, panel_of(wide.astype({"team_id": "category", "firm_id": "category"})))
    same(plain, panel_of(wide.assign(team_id=wide["team_id"].str[1:].astype(int))))
    mixed = [int(t[1:]) if t < "T005" else t for t in wide["team_id"]]
    same(plain, panel_of(wide.assign(team_id=mixed)))


def test_training_hours_on_record_override_the_answer_in_one_file_too(wide):
    assert set(panel_of(wide.assign(trn_hours=7)).teams["TRN_m"]) == {7}


def test_respondents_without_a_name_are_kept(wide):
    gaps = wide.assign(seller_id=wide["seller_id"].where(wide.index > 1), sales_index=100.0)
    panel = panel_of(gaps)
    assert len(panel.sellers) + panel.n_failed_attention >= len(wide)
    assert panel.sellers["seller_id"].is_unique


def test_missing_managers_do_not_become_one_person_and_missing_firms_are_refused(tables):
    teams = tables["teams"]
    gap = np.arange(len(teams)) < 3
    panel = panel_of({**tables, "teams": teams.assign(manager_id=teams["manager_id"].mask(gap))})
    assert panel.teams["manager_id"].is_unique
    assert any("3 teams without manager_id" in note for note in panel.notes)
    with pytest.raises(DataError, match="3 teams have no firm_id"):
        panel_of({**tables, "teams": teams.assign(firm_id=teams["firm_id"].mask(gap))})


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (lambda t: {"seler_survey": t["seller_survey"]}, "'seler_survey'; did you mean"),
        (lambda t: {"teams": t["teams"].drop(columns="team_id")}, "no column 'team_id'"),
        (lambda t: {"roster": t["roster"].drop(columns="wave")}, "no column 'wave'"),
        (lambda t: {"seller_survey": pd.concat([t["seller_survey"]] * 2)}, "row 0: S0001 1"),
        (lambda t: {"manager_survey": pd.concat([t["manager_survey"]] * 2)}, "manager_survey"),
        (lambda t: {"teams": pd.concat([t["teams"]] * 2)}, "row 0: T001"),
        (lambda t: {"sellers": t["sellers"].to_dict()}, "not a pandas DataFrame"),
        (lambda t: {"teams": t["teams"].iloc[1:]}, "T001"),
        (
            lambda t: {"seller_survey": t["seller_survey"].assign(team_id=None)},
            r"not in the table of teams \(\(empty\)\)",
        ),
        (lambda t: {"process_inventory": t["process_inventory"].assign(a=8)}, "a, row 0: 8"),
        (
            lambda t: {
                "process_inventory": t["process_inventory"].replace({"element": {"P1": "Q"}})
            },
            "element, row 0: Q",
        ),
        (lambda t: {"sales": t["sales"].assign(sales_index=0)}, "above 0"),
        (lambda t: {"teams": t["teams"].iloc[:0]}, "no table of teams"),
    ],
)
def test_tables_that_cannot_be_right(tables, change, fragment):
    with pytest.raises(DataError, match=fragment):
        panel_of({**tables, **change(tables)})


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (lambda d: d.iloc[:0], "no rows"),
        (
            lambda d: d.drop(columns="team_id").assign(teamid="a"),
            "'team_id'; did you mean 'teamid'",
        ),
        (lambda d: d[["team_id"]].assign(age=1), "no column is an item"),
        (lambda d: d[["team_id"]].assign(SPR_s="high"), "'SPR_s' holds text.*row 0: 'high'"),
        (lambda d: d[["team_id"]].assign(SPR_s=np.inf), "infinite"),
        (lambda d: d[["team_id"]].assign(SPR_s=np.nan), "'SPR_s' is missing"),
        (lambda d: d.assign(WTC_m=range(len(d))), "WTC_m in team T001"),
        (lambda d: d.assign(firm_id=range(len(d))), "firm_id in team T001"),
        (lambda d: d.assign(sales_index=-1), "sales_index, row 0"),
        (lambda d: d.assign(sales_index="much"), "sales_index, row 0"),
        (lambda d: d.assign(trn_hours="many"), "'trn_hours' holds text"),
        (lambda d: d.set_axis([*d.columns[:-1], "team_id"], axis=1), "more than one column"),
        (lambda d: pd.concat([d, d.tail(1)], ignore_index=True), "2 rows share their respondent"),
    ],
)
def test_frames_that_cannot_be_right(wide, change, fragment):
    with pytest.raises(DataError, match=fragment):
        panel_of(change(wide))


def test_rows_are_counted_as_the_user_sees_them(wide, tmp_path):
    """The header is row 1, blank lines count, and rows without a team shift nothing."""
    path = tmp_path / "survey.csv"
    bad = wide.assign(S_SPR1=wide["S_SPR1"].where(wide.index != 4, 9))
    bad["team_id"] = bad["team_id"].mask(bad.index == 1)
    text = bad.to_csv(index=False).split("\n")
    path.write_text("\n".join([*text[:3], "", *text[3:]]), encoding="utf-8")
    with pytest.raises(DataError, match="S_SPR1, row 7: 9 "):
        panel_of(path)
    manager = wide.assign(M_WTC1=wide["M_WTC1"].mask(wide["team_id"] == "T002", 9))
    first = int(np.flatnonzero(wide["team_id"] == "T002")[0])
    manager.to_csv(path, index=False)
    with pytest.raises(DataError, match=f"M_WTC1, row {first + 2}: 9 "):
        panel_of(path)


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        ("team_id,S_SPR1,S_SPR1\n1,4,5\n", "more than one column 'S_SPR1'"),
        ('team_id,S_SPR1\n1,"4\n', "cannot be read as a table"),
    ],
)
def test_files_that_are_no_table(tmp_path, content, fragment):
    path = tmp_path / "survey.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=fragment):
        panel_of(path)


def test_paths_that_lead_to_no_table(tmp_path):
    (tmp_path / "survey.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match="no workbook"):
        panel_of(tmp_path / "survey.xlsx")
    with pytest.raises(DataError, match=r"'none\.csv'"):
        panel_of(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"lacks teams\.csv and seller_survey\.csv"):
        panel_of(tmp_path)
    with pytest.raises(DataError, match="choose one of sample"):
        load_sample("samples")


def test_sales_count_for_six_months_after_the_survey(tables):
    once = tables["sales"].drop_duplicates("seller_id")
    later = once.assign(period="2027-01", sales_index=1.0)
    longer = {**tables, "sales": pd.concat([tables["sales"], later], ignore_index=True)}
    one, other = panel_of(dict(tables)), panel_of(longer)
    pd.testing.assert_series_equal(one.sellers["SALES_r"], other.sellers["SALES_r"])
    assert any("sales later than 2026-02 are not used" in note for note in other.notes)


def test_tables_of_a_run_can_be_read_again(tables):
    panel = panel_of(dict(tables))
    from coaching_stats.panel import team_scores

    again = panel_of({**tables, "seller_scores": panel.sellers, "team_scores": team_scores(panel)})
    same(panel, again, ("SPR_s", "SALES_r"))
    assert "SALES_r" not in again.teams


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("columns: {team_id: [a]}", "no single header for 'team_id'"),
        ("columns: {team_id: firm_id}", "already have a column named 'team_id'"),
        ("columns: {a: team_id, b: team_id}", "several names for the header 'team_id'"),
        ("columns: {a: teamid}", "'teamid'; did you mean 'team_id'"),
        ("colums: {}", "'colums'; did you mean 'columns'"),
        ("columns: [", "cannot be read"),
        ("", "holds no keys"),
    ],
)
def test_mappings_that_cannot_be_meant(wide, tmp_path, text, fragment):
    path = tmp_path / "mapping.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=fragment):
        panel_of(wide, path)


def test_a_mapping_renames_and_goes_with_one_file_only(tables, wide, tmp_path):
    path = tmp_path / "mapping.yml"
    path.write_text("columns: {team_id: Tiimi, seller_id: Vastaaja}", encoding="utf-8")
    frame = wide.rename(columns={"team_id": "Tiimi", "seller_id": "Vastaaja"})
    same(panel_of(wide), panel_of(frame, path))
    for data in (dict(tables), tmp_path):
        with pytest.raises(StudyError, match="single file"):
            panel_of(data, path)
    with pytest.raises(StudyError, match=r"none\.yml"):
        panel_of(frame, tmp_path / "none.yml")
