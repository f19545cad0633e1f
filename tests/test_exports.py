"""Files as survey tools and spreadsheets write them: nothing is guessed, nothing is lost."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.decimals import closed_up, with_points
from coaching_stats.errors import DataError, StudyError
from coaching_stats.exports import read_export
from coaching_stats.instrument import load_instrument
from coaching_stats.labels import agreement_labels, numbers_of
from coaching_stats.study import run_study
from coaching_stats.worlds import simulate

ROWS = [
    ["Tiimi", "S_SPR1", "Myynti"],
    ["007", "7 Täysin samaa mieltä", "1 234,5"],
    ["no", "4", "3,25"],
]


def written(tmp_path, text, encoding, name="vastaukset.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("mark", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.tsv")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encoding_delimiter_and_line_ends_are_recognised(tmp_path, encoding, mark, name, end):
    text = end.join(mark.join(f'"{cell}"' for cell in row) for row in ROWS) + end
    export = read_export(written(tmp_path, text, encoding, name))
    assert [export.header, *export.rows] == ROWS
    assert export.numbers == [2, 3]
    assert export.delimiter == mark
    assert export.encoding == ("utf-8" if encoding == "utf-8-sig" else encoding)


def test_a_workbook_holds_the_same_cells(tmp_path):
    frame = pd.DataFrame({"team": ["007", "1E5"], "S_SPR1": [7, 4], "SALES": [1234.5, np.nan]})
    with pd.ExcelWriter(tmp_path / "a.xlsx", engine="xlsxwriter") as book:
        frame.to_excel(book, sheet_name="Data", index=False)
        pd.DataFrame().to_excel(book, sheet_name="Empty")
    export = read_export(tmp_path / "a.xlsx")
    assert export.rows == [["007", "7", "1234.5"], ["1E5", "4", ""]]
    with pd.ExcelWriter(tmp_path / "b.xlsx", engine="xlsxwriter") as book:
        frame.to_excel(book, sheet_name="One", index=False)
        frame.to_excel(book, sheet_name="Two", index=False)
    with pytest.raises(DataError, match=r"several sheets with tables .One, Two"):
        read_export(tmp_path / "b.xlsx")
    assert read_export(tmp_path / "b.xlsx", "Two").rows == export.rows
    with pytest.raises(DataError, match="no sheet 'Three'"):
        read_export(tmp_path / "b.xlsx", "Three")


def bomb():
    """A small archive that unpacks to 600 MB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 600_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "fragment"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf", "is empty"),
        ("a.csv", b"team;S_SPR1\n", "has a header but no rows"),
        ("a.csv", b"\x00\x93\xff", "no text"),
        ("a.csv", b"PK\x03\x04rest", "call it .xlsx"),
        ("a.xlsx", b"team;S_SPR1\n1;2\n", "no workbook"),
        ("~$a.xlsx", b"lock", "lock file of Excel"),
        ("a.docx", b"text", "not a file that can be read"),
        ("a.csv", b"a;a\n1;2\n", "more than one column 'a'"),
        ("a.csv", b"a;b\n1;2;3\n", "row 2: 3 cells"),
        ("a.csv", b'a;b\n"1;2\n', "near line"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, content, fragment):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=fragment.replace(".", r"\.")):
        read_export(path)


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(bomb())
    with pytest.raises(DataError, match=r"unpacks to 0\.6 GB"):
        read_export(path)


@given(st.floats(-1e6, 1e6).map(lambda x: round(x, 2)), st.sampled_from([" ", "\u00a0", "\u202f"]))
def test_a_finnish_number_comes_back_as_itself(value, space):
    cell = f"{value:,.2f}".replace(",", space).replace(".", ",")
    (column, decimal) = with_points({"x": [cell, "1,5"]}, [2, 3], "a.csv", None)
    assert float(column["x"][0]) == value
    assert decimal == ","


@pytest.mark.parametrize(
    ("cells", "decimal", "expected"),
    [
        (["3,5", "4"], None, ["3.5", "4"]),
        (["1.234,5", "2,5"], None, ["1234.5", "2.5"]),
        (["1,234.5", "2.5"], None, ["1234.5", "2.5"]),
        (["1,234", "5"], ",", ["1.234", "5"]),
        (["1,234", "5"], ".", ["1234", "5"]),
        (["1.234", "2,5"], ",", ["1234", "2.5"]),
        (["1.234", "2.345"], None, ["1.234", "2.345"]),
        (["007", "3,5"], None, ["007", "3,5"]),
        (["3,5 euroa", "4"], None, ["3,5 euroa", "4"]),
    ],
)
def test_decimal_marks(cells, decimal, expected):
    assert with_points({"x": cells}, [2, 3], "a.csv", decimal)[0]["x"] == expected


@pytest.mark.parametrize(
    "columns",
    [
        {"x": ["3,5", "1.234"]},
        {"x": ["1,234", "5,678"]},
        {"x": ["1.234", "2.345"], "y": ["3,5", "4,5"]},
    ],
)
def test_numbers_that_can_be_read_in_two_ways_are_asked_about(columns):
    with pytest.raises(DataError, match=r"column 'x' .* two ways.*a\.csv, row 2.*decimal: \","):
        with_points(columns, [2, 3], "a.csv", None)


def test_a_mark_that_contradicts_the_mapping_is_refused():
    with pytest.raises(DataError, match=r"do not fit decimal: ','.*row 3: 4\.5"):
        with_points({"x": ["3,5", "4.5"]}, [2, 3], "a.csv", ",")


def test_groups_of_digits_are_closed_up_only_where_they_are_thousands():
    assert closed_up("1 234 567") == "1234567"
    assert closed_up("12 34") == "12 34"


@pytest.mark.parametrize("n_options", [5, 7])
def test_every_label_of_both_languages_has_its_place(n_options):
    places = [place for place in agreement_labels(n_options).values() if place is not None]
    assert set(places) == set(range(1, n_options + 1))


def test_answers_in_words_become_numbers_and_unknown_ones_are_named():
    item = load_instrument().item("S_SPR1")
    cells = ["Strongly agree", "täysin  ERI mieltä", "2 = eri mieltä", "En osaa sanoa", "", "5"]
    assert numbers_of(cells, range(2, 8), item, "a.csv") == ["7", "1", "2", "", "", "5"]
    with pytest.raises(DataError, match=r"'S_SPR1'.*row 2: 'täysin sama mieltä'; did you mean"):
        numbers_of(["täysin sama mieltä"], [2], item, "a.csv")


@pytest.fixture(scope="module")
def survey():
    tables = simulate("theory", firms=12, teams=2, sellers=6, seed=5)
    sellers = tables["seller_survey"].drop(columns=["wave", "completed_at", "language"])
    managers = tables["manager_survey"].filter(regex="^(team_id|M_)")
    teams = tables["teams"][["team_id", "firm_id", "n_sellers_roster"]]
    frame = sellers.merge(teams, on="team_id").merge(managers, on="team_id", how="left")
    return frame.assign(sales_index=np.linspace(80.25, 120.75, len(frame)).round(2))


def finnish(survey, path):
    """The same survey as a Finnish Excel saves it: semicolons, commas, words, another code page."""
    labels = {place: label for label, place in agreement_labels(7).items() if place}
    shown = survey.astype(object).where(survey.notna(), "")
    shown["S_SPR1"] = [
        f"{v:g} {labels[v].capitalize()}" if v != "" else "EOS" for v in shown["S_SPR1"]
    ]
    shown["S_SPR2"] = [labels[v].capitalize() if v != "" else "" for v in shown["S_SPR2"]]
    shown["sales_index"] = [f"{v:.2f}".replace(".", ",") for v in survey["sales_index"]]
    shown = shown.rename(columns={"team_id": "Tiimi"})
    shown.to_csv(path, sep=";", index=False, encoding="cp1252", lineterminator="\r\n")


def test_a_finnish_export_gives_the_verdicts_of_the_plain_file(survey, tmp_path):
    plain, export = tmp_path / "plain.csv", tmp_path / "vienti.csv"
    survey.to_csv(plain, index=False)
    finnish(survey, export)
    mapping = tmp_path / "mapping.yml"
    mapping.write_text("columns: {team_id: Tiimi}\n", encoding="utf-8")
    one, other = run_study(plain), run_study(export, mapping=mapping)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())
    receipt = other.receipt
    assert (receipt.encoding, receipt.delimiter, receipt.decimal) == ("cp1252", ";", ",")
    gone, rest = survey["S_SPR1"].isna().sum(), survey["S_SPR2"].notna().sum()
    said = [problem["message"] for problem in receipt.problems]
    assert said == [
        f"S_SPR1: {len(survey)} answers in words read as numbers, {gone} of them as missing",
        f"S_SPR2: {rest} answers in words read as numbers, 0 of them as missing",
    ]


def test_a_workbook_gives_the_verdicts_of_the_plain_file(survey, tmp_path):
    survey.to_csv(tmp_path / "plain.csv", index=False)
    survey.to_excel(tmp_path / "survey.xlsx", index=False, engine="xlsxwriter")
    one, other = run_study(tmp_path / "plain.csv"), run_study(tmp_path / "survey.xlsx")
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())


def test_codes_for_missing_answers_are_empty(survey, tmp_path):
    coded = survey.fillna(99)
    coded.to_csv(tmp_path / "coded.csv", index=False)
    survey.to_csv(tmp_path / "plain.csv", index=False)
    mapping = tmp_path / "mapping.yml"
    mapping.write_text("missing: [99, 99.0]\n", encoding="utf-8")
    one = run_study(tmp_path / "plain.csv")
    other = run_study(tmp_path / "coded.csv", mapping=mapping)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("decmal: ','", "'decmal'; did you mean 'decimal'"),
        ("decimal: ';'", "no decimal mark"),
        ("[columns]", "holds no keys"),
        ("columns: [a]", "names no headers"),
    ],
)
def test_a_mapping_that_cannot_be_right_is_refused(survey, tmp_path, text, fragment):
    path, mapping = tmp_path / "plain.csv", tmp_path / "mapping.yml"
    survey.to_csv(path, index=False)
    mapping.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=fragment):
        run_study(path, mapping=mapping)
