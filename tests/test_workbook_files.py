"""Workbooks: rows as Excel numbers them, no formula lost in silence, no trap sprung."""

import datetime
import io
import struct
import zipfile

import openpyxl
import pytest
import xlsxwriter

from coaching_stats.errors import DataError
from coaching_stats.exports import read_records


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vastaukset.xlsx"


def with_rows(path, *rows):
    """A workbook of openpyxl, which stores no values of formulas."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return book


def repacked(path, change):
    """Write the parts of a workbook again, as `change` returns each (name, content)."""
    with zipfile.ZipFile(path) as archive:
        parts = [change(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)


def test_rows_are_numbered_as_in_excel_where_the_table_starts_further_down(path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(3, 1, ["team", "S_SPR1"])
        sheet.write_row(6, 1, ["007", 4])
    assert read_records(path).records == [(4, ["team", "S_SPR1"]), (7, ["007", "4"])]


def test_values_are_written_as_a_csv_file_would_hold_them(path):
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "d.m.yyyy"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["007", 3, 3.5, True])
        sheet.write_datetime(0, 4, datetime.datetime(2015, 6, 8), day)
    assert read_records(path).records == [(1, ["007", "3", "3.5", "1", "2015-06-08"])]


def test_data_on_the_second_sheet_are_taken_where_the_first_is_a_title(path):
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Ohje").write(0, 0, "Kysely 2026")
        sheet = book.add_worksheet("Vastaukset")
        sheet.write_row(0, 0, ["team", "S_SPR1"])
        sheet.write_row(1, 0, ["a", 4])
    raw = read_records(path)
    assert raw.records[1] == (2, ["a", "4"])
    assert raw.evidence == ("sheet 'Vastaukset' of 2",)


def swapped(name, content):
    """The first sheet in the second part: as Excel saves sheets that were moved."""
    one, two = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"
    if name.endswith("workbook.xml.rels"):
        content = content.replace(b"sheet1.xml", b"sheet_.xml")
        content = content.replace(b"sheet2.xml", b"sheet1.xml").replace(
            b"sheet_.xml", b"sheet2.xml"
        )
    return {one: two, two: one}.get(name, name), content


def test_formulas_are_looked_for_in_the_sheet_that_is_read(path):
    book = with_rows(path, ["team", "S_SPR1"], ["a", "=3+4"], ["b", 5])
    book.create_sheet("Notes").append(["a note"])
    book.save(path)
    before = read_records(path)
    repacked(path, swapped)
    after = read_records(path)
    assert after.records == before.records
    assert after.problems == before.problems
    assert [(p["row"], p["column"]) for p in after.problems] == [(2, "B")]


def test_an_error_is_reported_and_an_empty_text_is_not(path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.write_formula(1, 0, "=NA()", value="#N/A")
        sheet.write_formula(1, 1, '=IF(1,"")', value="text")
        sheet.write(1, 2, "x")

    def emptied(name, content):
        return name, content.replace(b"<v>text</v>", b"<v></v>")

    repacked(path, emptied)
    raw = read_records(path)
    assert raw.records[1] == (2, ["", "", "x"])
    assert [(p["row"], p["column"], p["value"]) for p in raw.problems] == [(2, "A", "#N/A")]


def test_many_formulas_that_share_one_text_are_each_looked_at(path):
    with_rows(path, ["a", "b"], ["x", 1], ["y", 2], ["z", 3])

    def sharing(name, content):
        content = content.replace(
            b"<v>1</v>", b'<f t="shared" ref="B2:B4" si="0">1+1</f><v>2</v>'
        ).replace(b'<v>2</v></c></row><row r="4"', b'<f t="shared" si="0"/></c></row><row r="4"')
        return name, content

    repacked(path, sharing)
    raw = read_records(path)
    assert [cells[1] for _, cells in raw.records] == ["b", "2", "", "3"]
    assert [(p["row"], p["column"]) for p in raw.problems] == [(3, "B")]


def test_a_stray_cell_far_away_is_refused_before_it_takes_all_memory(path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["team", "S_SPR1"])
        sheet.write(1_048_575, 16_383, 1)
    with pytest.raises(DataError, match="row 1048576 and column 16384"):
        read_records(path)


def test_a_long_and_a_wide_sheet_are_no_traps(path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "team")
        sheet.write(0, 999, "wide")
        sheet.write(6_999, 0, "long")
    assert [number for number, _ in read_records(path).records] == [1, 7_000]


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_declared_entities_are_refused_even_behind_a_long_comment(path, part):
    with_rows(path, ["team"], ["a"])

    def declaring(name, content):
        start = b"<!--" + b"x" * 3_000_000 + b"-->" + ENTITIES
        return name, start + content if name == part else content

    repacked(path, declaring)
    with pytest.raises(DataError, match=f"{part} declares XML entities"):
        read_records(path)


@pytest.fixture(scope="module")
def gigabytes():
    """A small archive with a part of 600 MB."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(600):
            part.write(b"0" * 1_000_000)
    return buffer.getvalue()


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(path, gigabytes):
    path.write_bytes(gigabytes)
    with pytest.raises(DataError, match=r"unpacks to 0\.6 GB"):
        read_records(path)


def test_a_workbook_that_declares_less_than_it_unpacks_to_is_refused(path, gigabytes):
    declared = struct.pack("<L", 600_000_000)
    assert declared in gigabytes
    path.write_bytes(gigabytes.replace(declared, struct.pack("<L", 1_000)))
    with pytest.raises(DataError, match=r"unpacks to 0\.5 GB or more"):
        read_records(path)


def test_a_damaged_workbook_says_so(path):
    with_rows(path, ["team"], ["a"])
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:60] + b"\xff" * 40 + whole[100:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="damaged"):
            read_records(path)
