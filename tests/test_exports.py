"""Files as survey tools and spreadsheets write them: nothing is guessed, nothing is lost."""

import csv
import io
import os
import zipfile

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from studies import only

from coaching_stats.errors import DataError, StudyError
from coaching_stats.exports import read_records
from coaching_stats.labels import agreement_labels
from coaching_stats.study import run_study
from coaching_stats.survey import read_survey
from coaching_stats.worlds import simulate

FEW = only("H1", "H3", "H9", "H12")
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
    raw = read_records(written(tmp_path, text, encoding, name))
    assert raw.records == list(enumerate(ROWS, start=1))
    assert raw.delimiter == mark
    assert raw.encoding == ("utf-8" if encoding == "utf-8-sig" else encoding)
    assert len(raw.evidence) == 2


def test_the_same_table_gives_the_same_records_however_it_was_saved(tmp_path):
    rows = [["team", "S_SPR1", "free"], ["007", "7", "Älä, ei; no\nniin"], ["1E5", "3.5", "ok"]]
    pd.DataFrame(rows[1:], columns=rows[0]).to_excel(tmp_path / "a.xlsx", index=False)
    pyreadstat.write_sav(pd.DataFrame(rows[1:], columns=rows[0]), str(tmp_path / "a.sav"))
    sheet = read_records(tmp_path / "a.xlsx").records
    assert sheet == list(enumerate(rows, start=1))
    assert [cells for _, cells in read_records(tmp_path / "a.sav").records] == rows
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        for mark in ",;\t":
            text = io.StringIO()
            csv.writer(text, delimiter=mark, lineterminator="\r\n").writerows(rows)
            assert read_records(written(tmp_path, text.getvalue(), encoding)).records == sheet


@pytest.mark.parametrize("head", ["Tiimi;Myynti, euroa", "Tiimi;Kate, %;Myynti, euroa", "x;y"])
def test_decimal_commas_are_no_delimiters(tmp_path, head):
    n = head.count(";")
    text = head + "\n" + "".join(f"{i}" + ";3,5" * n + "\n" for i in range(5))
    raw = read_records(written(tmp_path, text, "utf-8"))
    assert raw.delimiter == ";"
    assert raw.records[1] == (2, ["0"] + ["3,5"] * n)


def test_semicolons_within_answers_do_not_hide_the_comma(tmp_path):
    raw = read_records(written(tmp_path, "team,obstacles\na,x;y;\nb,x;\n", "utf-8"))
    assert raw.records[1] == (2, ["a", "x;y;"])
    assert read_records(written(tmp_path, "team\na\n", "utf-8")).delimiter == ","


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    raw = read_records(written(tmp_path, 'team,x\na,"=HYPERLINK(""x"")"\n', "utf-8"))
    assert raw.records[1] == (2, ["a", '=HYPERLINK("x")'])


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n\r\n"])
def test_an_empty_file_is_refused(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert read_records(path).records == []
    with pytest.raises(DataError, match=r"a\.csv is empty"):
        read_survey(path)


def test_titles_and_decimal_commas_do_not_hide_the_semicolon(tmp_path):
    text = "Kysely, kevät 2026\n\nTiimi;S_SPR1;Myynti\n007;4;3,5\nno;5;4,5\n"
    raw = read_records(written(tmp_path, text, "utf-8"))
    assert raw.delimiter == ";"
    assert [number for number, _ in raw.records] == [1, 3, 4, 5]


def test_an_encoding_that_is_said_is_used(tmp_path):
    path = written(tmp_path, "tiimi\nMyyntiä\n", "iso8859-15")
    assert read_records(path, encoding="iso8859-15").records[1] == (2, ["Myyntiä"])
    with pytest.raises(DataError, match=r"line 2 is not utf-8 text"):
        read_records(path, encoding="utf-8")
    with pytest.raises(DataError, match="'base64' is no encoding of text"):
        read_records(path, encoding="base64")
    mixed = written(tmp_path, "tiimi\nä\n", "utf-8")
    mixed.write_bytes(mixed.read_bytes() + b"\xf6\n")
    assert read_records(mixed, encoding="cp1252").records[2] == (3, ["ö"])


def test_a_workbook_holds_the_same_cells(tmp_path):
    frame = pd.DataFrame({"team": ["007", "1E5"], "S_SPR1": [7, 4], "SALES": [1234.5, np.nan]})
    with pd.ExcelWriter(tmp_path / "a.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame().to_excel(book, sheet_name="Empty")
        frame.to_excel(book, sheet_name="Data", index=False)
    raw = read_records(tmp_path / "a.xlsx")
    assert [cells for _, cells in raw.records[1:]] == [["007", "7", "1234.5"], ["1E5", "4", ""]]
    assert raw.evidence == ("sheet 'Data' of 2",)
    with pd.ExcelWriter(tmp_path / "b.xlsx", engine="xlsxwriter") as book:
        frame.to_excel(book, sheet_name="One", index=False)
        frame.to_excel(book, sheet_name="Two", index=False)
    with pytest.raises(DataError, match=r"several sheets with tables .One, Two"):
        read_records(tmp_path / "b.xlsx")
    assert read_records(tmp_path / "b.xlsx", "Two").records == raw.records
    with pytest.raises(DataError, match="no sheet 'Three'"):
        read_records(tmp_path / "b.xlsx", "Three")


def test_formulas_are_their_stored_values_and_those_without_one_are_reported(tmp_path):
    import openpyxl
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "stored.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["team", "S_SPR1"])
        sheet.write_string(1, 0, '=HYPERLINK("x")')
        sheet.write_formula(1, 1, "=3+4", value=7)
    raw = read_records(tmp_path / "stored.xlsx")
    assert raw.records[1] == (2, ['=HYPERLINK("x")', "7"])
    assert raw.problems == []
    book = openpyxl.Workbook()
    for row in (["team", "S_SPR1"], ["a", "=3+4"], ["b", 5]):
        book.active.append(row)
    book.save(tmp_path / "bare.xlsx")
    raw = read_records(tmp_path / "bare.xlsx")
    assert [cells[1] for _, cells in raw.records] == ["S_SPR1", "", "5"]
    assert [(p["row"], p["column"], p["severity"]) for p in raw.problems] == [(2, "B", "warning")]


def archive(part, content):
    """A small archive with one part."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(part, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "fragment"),
    [
        ("a.csv", b"\x00\x93\xff", "no text"),
        ("a.csv", b"team;S_SPR1\n1;\x002\n", "line 2 holds bytes that are no text"),
        ("a.csv", b"PK\x03\x04rest", "call it .xlsx"),
        ("a.csv", b"\xd0\xcf\x11\xe0rest", "old kind"),
        ("a.xlsx", b"team;S_SPR1\n1;2\n", "call it .csv"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0rest", "password"),
        ("a.xls", b"\xd0\xcf\x11\xe0rest", "save it as .xlsx"),
        ("a.xlsx", archive("xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a "b">]>'), "XML entities"),
        ("~$a.xlsx", b"lock", "lock file of Excel"),
        ("a.docx", b"text", "not a file that can be read"),
        ("a.csv", b'a;b\n1;2\n"1;2\n3;4\n', "after line 3 is never closed"),
        ("a.csv", b"a,b\n1,2\n3," + b"x" * 5_000_000 + b"\n", "line 3 holds a cell"),
        ("a.csv", "tiimi,x\nä,1\n".encode() + "ö,2\n".encode("cp1252"), "line 3 is unlike"),
        ("a.csv", b"tiimi,x\n\xc3\xa4,\xe4\n", "line 2 is in two encodings"),
        ("a.sav", b"$FL2 and nothing more", "SPSS"),
    ],
    # an archive has the time in its bytes, and test processes must agree on the names
    ids=lambda value: value if isinstance(value, str) else "bytes",
)
def test_what_is_no_table_is_refused(tmp_path, name, content, fragment):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=fragment.replace(".", r"\.")) as refusal:
        read_records(path)
    assert name in str(refusal.value)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        read_records(tmp_path / "a.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n", "utf-8")
    path.chmod(0)
    with pytest.raises(DataError, match="permission"):
        read_records(path)


HOW_READ = "answers in words or codes read as numbers or ISO dates"


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
    one, other = run_study(plain, study=FEW), run_study(export, study=FEW, mapping=mapping)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())
    receipt = other.receipt
    assert (receipt.encoding, receipt.delimiter, receipt.decimal) == ("cp1252", ";", ",")
    gone, rest = survey["S_SPR1"].isna().sum(), survey["S_SPR2"].notna().sum()
    said = [problem["message"] for problem in receipt.problems]
    assert [line for line in said if HOW_READ in line] == [
        f"S_SPR1: {len(survey)} {HOW_READ}, {gone} of them as missing",
        f"S_SPR2: {rest} {HOW_READ}, 0 of them as missing",
    ]


def test_a_workbook_gives_the_verdicts_of_the_plain_file(survey, tmp_path):
    survey.to_csv(tmp_path / "plain.csv", index=False)
    survey.to_excel(tmp_path / "survey.xlsx", index=False, engine="xlsxwriter")
    one, other = (run_study(tmp_path / name, study=FEW) for name in ("plain.csv", "survey.xlsx"))
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())


def test_codes_for_missing_answers_are_empty(survey, tmp_path):
    coded = survey.fillna(99)
    coded.to_csv(tmp_path / "coded.csv", index=False)
    survey.to_csv(tmp_path / "plain.csv", index=False)
    mapping = tmp_path / "mapping.yml"
    mapping.write_text("missing: [99, 99.0]\n", encoding="utf-8")
    one = run_study(tmp_path / "plain.csv", study=FEW)
    other = run_study(tmp_path / "coded.csv", study=FEW, mapping=mapping)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("decmal: ','", "'decmal'; did you mean 'decimal'"),
        ("decimal: ';'", "decimal cannot be ';'"),
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
