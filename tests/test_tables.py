"""Folders of tables come back as they were written, and anything doubtful is refused."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from coaching_stats.data_model import NUMBERS, TABLES
from coaching_stats.errors import DataError
from coaching_stats.study import judge
from coaching_stats.tables import read_tables, write_tables
from coaching_stats.worlds import simulate

TEAMS = (
    "team_id,firm_id,manager_id,process_version_sales,process_version_lead,n_sellers_roster\n"
    "007,no,1E5,NA,null,8\n"
    "008,no,1E6,v1,v1,9\n"
)
SURVEY = "seller_id,wave,team_id,S_SPR1\n0001,1,007,4\n0002,1,007,\n0003,1,008,7\n"


@pytest.fixture
def folder(tmp_path):
    """The smallest study: teams and a seller survey."""
    (tmp_path / "teams.csv").write_text(TEAMS, encoding="utf-8")
    (tmp_path / "seller_survey.csv").write_text(SURVEY, encoding="utf-8")
    return tmp_path


def refusal(folder):
    """What reading the folder is refused with."""
    with pytest.raises(DataError) as refused:
        read_tables(folder)
    return str(refused.value)


def test_every_key_and_every_required_column_is_text_or_a_number_on_purpose():
    plain = {c for table in TABLES.values() for c in table.columns} & NUMBERS
    assert {"wave", "n_sellers_roster", "sales_index", "S_SPR1", "M_TRN1", "a", "h"} <= plain
    assert TABLES["seller_survey"].text == ("seller_id", "team_id", "completed_at", "language")


def test_items_of_a_form_are_columns_of_its_survey():
    assert sum(c.startswith("S_") for c in TABLES["seller_survey"].columns) == 68
    assert sum(c.startswith("M_") for c in TABLES["manager_survey"].columns) == 37


def test_ids_stay_text_and_only_empty_cells_are_missing(folder):
    tables = read_tables(folder)
    first = tables["teams"].iloc[0]
    assert first["team_id"] == "007"
    assert [first["firm_id"], first["manager_id"]] == ["no", "1E5"]
    assert [first["process_version_sales"], first["process_version_lead"]] == ["NA", "null"]
    assert tables["teams"]["n_sellers_roster"].tolist() == [8, 9]
    assert tables["seller_survey"]["S_SPR1"].isna().tolist() == [False, True, False]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(folder):
    before = read_tables(folder)["teams"]
    windows = TEAMS.replace("\n", "\r\n")
    (folder / "teams.csv").write_text(windows, encoding="utf-8-sig", newline="")
    assert_frame_equal(read_tables(folder)["teams"], before)


def test_columns_outside_the_data_model_are_kept_and_look_decides(folder):
    text = "seller_id,wave,team_id,pin,mood\n1,1,007,007,2.5\n2,1,008,8,3\n"
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    survey = read_tables(folder)["seller_survey"]
    assert survey["pin"].tolist() == ["007", "8"]
    assert survey["mood"].tolist() == [2.5, 3.0]


def test_files_that_are_not_tables_are_left_alone(folder):
    (folder / "notes.txt").write_text("not a table", encoding="utf-8")
    (folder / "._teams.csv").write_bytes(b"\0\0")
    assert list(read_tables(folder)) == ["teams", "seller_survey"]


def test_text_among_numbers_is_named_with_file_column_row_and_value(folder):
    text = SURVEY.replace(",4\n", ",four\n").replace("008,7", "008,nan")
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    message = refusal(folder)
    assert "'S_SPR1' of seller_survey.csv" in message
    assert "row 2: 'four', row 4: 'nan'" in message


def test_rows_are_counted_as_a_spreadsheet_counts_them(folder):
    text = SURVEY.replace("0002,1,007,\n", '\n"0002",1,"00\n7",x\n')
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    assert "row 4: 'x'" in refusal(folder)


@pytest.mark.parametrize("number", ["inf", "1e999", "1,5", "1 5", "0x1F", "  "])
def test_what_is_not_plainly_a_number_is_not_taken_for_one(folder, number):
    text = SURVEY.replace(",4\n", f',"{number}"\n')
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    assert repr(number) in refusal(folder)


def test_no_more_than_ten_cells_are_listed(folder):
    rows = "".join(f"{i},1,007,x\n" for i in range(14))
    text = "seller_id,wave,team_id,S_SPR1\n" + rows
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    message = refusal(folder)
    assert "row 11: 'x' and 4 more" in message
    assert "row 12" not in message


def test_a_missing_column_is_named_with_the_nearest_that_is_there(folder):
    text = TEAMS.replace("manager_id", "manger_id")
    (folder / "teams.csv").write_text(text, encoding="utf-8")
    assert "'manager_id'; did you mean 'manger_id'" in refusal(folder)


def test_a_file_with_another_separator_is_refused(folder):
    (folder / "teams.csv").write_text(TEAMS.replace(",", ";"), encoding="utf-8")
    assert "teams.csv has no column 'team_id'" in refusal(folder)


def test_a_doubled_column_is_refused(folder):
    text = SURVEY.replace("S_SPR1", "wave")
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    assert "more than one column 'wave'" in refusal(folder)


def test_repeated_keys_are_refused_with_their_rows(folder):
    text = SURVEY.replace("0003", "0001")
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    assert "row 2: 0001 1, row 4: 0001 1" in refusal(folder)


def test_an_empty_key_is_refused(folder):
    text = SURVEY.replace("0003,", ",")
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    assert "empty keys" in refusal(folder)


def test_rows_of_another_length_are_refused(folder):
    text = SURVEY.replace("0003,1,008,7", "0003,1,008,7,5")
    (folder / "seller_survey.csv").write_text(text, encoding="utf-8")
    assert "row 4: 5 cells" in refusal(folder)


def test_an_unknown_table_is_refused_with_the_nearest_name(folder):
    (folder / "manager_surveys.csv").write_text("team_id\n1\n", encoding="utf-8")
    assert "did you mean 'manager_survey'" in refusal(folder)


def test_the_minimum_is_teams_and_a_seller_survey(folder):
    (folder / "teams.csv").unlink()
    assert "lacks teams.csv" in refusal(folder)


def test_a_folder_without_tables_or_that_is_none_is_refused(tmp_path):
    assert "no tables" in refusal(tmp_path)
    assert "is not a folder" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"", "teams.csv is empty"),
        (TEAMS.splitlines()[0].encode(), "has a header but no rows"),
        ("team_id,nimi\n1,Töölö\n".encode("latin-1"), "line 2 is not UTF-8"),
        (b"PK\x03\x04\x00\x00" + bytes(range(32)), "binary"),
        (b'team_id,firm_id\n"1,2\n', "cannot be read as a table"),
    ],
)
def test_what_is_not_a_table_is_refused(folder, content, fragment):
    (folder / "teams.csv").write_bytes(content)
    assert fragment in refusal(folder)


def test_numbers_are_written_whole_or_with_four_decimals(tmp_path):
    sellers = pd.DataFrame(
        {"seller_id": ["1", "2"], "team_id": ["007", None], "tenure_years": [2.0, 1 / 3]}
    )
    write_tables({"sellers": sellers}, tmp_path / "new" / "folder")
    written = (tmp_path / "new" / "folder" / "sellers.csv").read_bytes()
    assert written == b"seller_id,team_id,tenure_years\n1,007,2.0000\n2,,0.3333\n"


def test_years_and_shares_are_decimals_even_where_all_are_whole(folder):
    sellers = pd.DataFrame({"seller_id": ["1"], "team_id": ["007"], "tenure_years": [2.0]})
    write_tables(read_tables(folder) | {"sellers": sellers}, folder)
    assert (folder / "sellers.csv").read_bytes().endswith(b"1,007,2.0000\n")
    assert_frame_equal(read_tables(folder)["sellers"], sellers)


def test_whole_numbers_beside_missing_ones_stay_whole(tmp_path):
    survey = pd.DataFrame({"seller_id": ["1", "2"], "S_SPR1": [4.0, np.nan]})
    write_tables({"seller_survey": survey}, tmp_path)
    assert (tmp_path / "seller_survey.csv").read_bytes() == b"seller_id,S_SPR1\n1,4\n2,\n"


def test_what_was_read_is_written_the_same(folder, tmp_path):
    write_tables(read_tables(folder), tmp_path / "copy")
    assert (tmp_path / "copy" / "teams.csv").read_text(encoding="utf-8") == TEAMS
    assert (tmp_path / "copy" / "seller_survey.csv").read_text(encoding="utf-8") == SURVEY


def test_nothing_is_written_when_one_table_cannot_be(tmp_path):
    good = pd.DataFrame({"firm_id": ["F1"]})
    bad = pd.DataFrame({"team_id": ["\ud800"]}, dtype=object)  # half a character: no UTF-8 for it
    with pytest.raises(UnicodeEncodeError):
        write_tables({"firms": good, "teams": bad}, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_unknown_tables_and_further_tables_in_the_folder_are_refused(folder):
    with pytest.raises(DataError, match="did you mean 'firms'"):
        write_tables({"firm": pd.DataFrame()}, folder)
    with pytest.raises(DataError, match=r"seller_survey\.csv"):
        write_tables({"teams": pd.DataFrame({"team_id": ["1"]})}, folder)
    assert (folder / "teams.csv").read_text(encoding="utf-8") == TEAMS


def test_a_file_in_the_place_of_the_folder_is_refused(folder):
    with pytest.raises(DataError):
        write_tables({}, folder / "teams.csv")
    with pytest.raises(DataError, match="cannot be written"):
        write_tables({}, folder / "teams.csv" / "deeper")


def test_two_exports_of_answers_make_a_folder_of_tables(tmp_path):
    """Sellers' and managers' answers as `check --answers` writes them, and a list of teams."""
    tables = simulate("theory", firms=12, teams=1, sellers=6, seed=2)
    short = {"seller_id": "respondent", "team_id": "team", "manager_id": "respondent"}
    gone = ["wave", "completed_at", "language"]
    for name in ("seller_survey", "manager_survey"):
        answers = tables[name].drop(columns=gone).rename(columns=short)
        answers.to_csv(tmp_path / f"{name}.csv", index=False)
    tables["teams"].to_csv(tmp_path / "teams.csv", index=False)
    read = read_tables(tmp_path)
    for name, key in (("seller_survey", "seller_id"), ("manager_survey", "manager_id")):
        assert read[name][key].tolist() == tables[name][key].tolist()
    assert set(read["manager_survey"]["wave"]) == {1}
    kept = {name: tables[name] for name in ("teams", "seller_survey", "manager_survey")}
    assert_frame_equal(judge(tmp_path).tidy(), judge(kept).tidy())
