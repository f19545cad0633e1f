"""One sheet of an Excel workbook as numbered rows of text cells."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from coaching_stats.errors import DataError, explain, first_ten

LARGEST = 500_000_000  # bytes unpacked; a workbook that grows beyond is no survey
PIECE = 1_000_000  # bytes unpacked at a time
OVERLAP = 512  # bytes; what is looked for may lie across two pieces
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
FORMULA_OR_ERROR = (b"<f", b":f", b't="e"')
# Cells that are given take no memory, but all those between the first and the last one do.
MOST_CELLS = 110_000_000  # as many as the rows of Excel have in its first 104 columns
FIRST_WIDE = 104  # the column CZ
# No pattern runs across a "<", so that a file made to be slow is read in linear time, too.
ROW = re.compile(rb'<row [^<>]*?\br="([0-9]{1,7})"')
WIDE = re.compile(rb' r="([A-Z]{3}|[D-Z][A-Z])[0-9]')
# A formula, and behind it a stored value or none: no <v>, or an empty one.
FORMULA = re.compile(
    rb"<(?:\w{1,9}:)?c\b([^<>]*)>\s*<(?:\w{1,9}:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</[^<>]*>)"
    rb"\s*(<(?:\w{1,9}:)?v\b[^<>]*>[^<]|)"
)
ERROR = re.compile(
    rb'<(?:\w{1,9}:)?c\b([^<>]{0,99}\bt="e"[^<>]{0,99})>\s*'
    rb"(?:<(?:\w{1,9}:)?f\b[^<>]*>(?:[^<]*</[^<>]*>)?\s*)?<(?:\w{1,9}:)?v>([^<]*)<"
)
PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
IS_TEXT = b't="str"'


def sheet_records(
    path: Path, sheet: str | None
) -> tuple[list[tuple[int, list[str]]], tuple[str, ...], list[dict[str, Any]]]:
    """Read one sheet of a workbook; formulas give their stored values.

    Parameters
    ----------
    path : Path
    sheet : str or None
        Name of the sheet; the only one that holds a table when not given.

    Returns
    -------
    records : list of (number, cells)
        Rows as Excel numbers them; blank ones are left out, short ones filled up.
    evidence : tuple of str
    problems : list of dict
        Formulas without a stored value, and cells that hold an error.

    Raises
    ------
    DataError
        No workbook, one under a password or of the old kind, one that unpacks to more than half a
        gigabyte, reaches too far or declares XML entities, no such sheet, or several sheets with
        tables.
    """
    from python_calamine import CalamineError, CalamineWorkbook  # only workbooks need it

    telling = _telling_parts(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = [sheet] if sheet in book.sheet_names else book.sheet_names
        sheets = {name: book.get_sheet_by_name(name) for name in names}
        chosen = _chosen(path, {name: found.height for name, found in sheets.items()}, sheet)
        rows, start = sheets[chosen].to_python(), sheets[chosen].start
    except (CalamineError, OSError, zipfile.BadZipFile):
        raise _unreadable(path, "it is no workbook, or is damaged") from None
    n = len(book.sheet_names)
    evidence = (f"sheet {chosen!r} of {n}",) if n > 1 else ()
    part = _part_of(path, book.sheet_names.index(chosen))
    problems = list(_problems(path, part)) if part in telling else []
    return _records(rows, start[0] + 1 if start else 1), evidence, problems


def _unreadable(path: Path, where: str, remedy: str = "save it again as .xlsx") -> DataError:
    return DataError(
        explain(what=f"{path.name} cannot be read as a workbook", where=where, remedy=remedy)
    )


def _telling_parts(path: Path) -> set[str]:
    """Parts with formulas or errors; what is no workbook, or would not fit, is refused."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(OLD_OR_LOCKED):
            where = "it is protected by a password, or of the old kind (.xls)"
            raise _unreadable(path, where, "save it as .xlsx without a password")
        with zipfile.ZipFile(path) as archive:
            _refuse_large(path, sum(entry.file_size for entry in archive.infolist()))
            return _unpacked(path, archive)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError):
        remedy = "if it is a CSV file, call it .csv; if not, save it again as .xlsx"
        raise _unreadable(path, "it is no workbook, or is damaged", remedy) from None


def _unpacked(path: Path, archive: zipfile.ZipFile) -> set[str]:
    """Unpack each part, keep nothing, and tell which ones have formulas or errors."""
    telling, size = set(), 0
    for entry in archive.infolist():
        if entry.filename.startswith("xl/media/"):
            continue  # pictures are not read
        entry.file_size = 2 * LARGEST  # the size that it declares need not be true
        row, column, tail = 0, FIRST_WIDE, b""
        with archive.open(entry) as part:
            while piece := part.read(PIECE):
                size += len(piece)
                _refuse_large(path, size)
                xml, tail = tail + piece, piece[-OVERLAP:]
                if any(mark in xml for mark in DECLARATIONS):
                    raise _unreadable(path, f"{entry.filename} declares XML entities")
                if any(mark in xml for mark in FORMULA_OR_ERROR):
                    telling.add(entry.filename)
                row = max(row, *map(int, ROW.findall(xml)), 0)
                column = max(column, *map(_number, WIDE.findall(xml)), 0)
        if row * column > MOST_CELLS:
            where = f"{entry.filename} reaches to row {row} and column {column}"
            raise _unreadable(path, where, "delete the rows and columns beyond the table")
    return telling


def _refuse_large(path: Path, size: int) -> None:
    if size > LARGEST:
        raise _unreadable(path, f"it unpacks to {size / 1e9:.1f} GB or more")


def _number(letters: bytes) -> int:
    """Number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _chosen(path: Path, heights: Mapping[str, int], sheet: str | None) -> str:
    """Name of the sheet to read, of sheets with so many rows."""
    if sheet is not None and sheet not in heights:
        raise DataError(
            explain(
                what=f"{path.name} has no sheet {sheet!r}",
                where=f"sheets: {first_ten(heights)}",
                remedy="correct sheet in the mapping",
            )
        )
    filled = [name for name, height in heights.items() if height > 1]
    if sheet is None and len(filled) > 1:
        raise DataError(
            explain(
                what=f"{path.name} has several sheets with tables",
                where=first_ten(filled),
                remedy="name one in the mapping, for example sheet: Answers",
            )
        )
    if not heights:
        raise _unreadable(path, "it holds no sheet")
    return sheet or next(iter(filled), next(iter(heights)))


def _records(rows: list[list[Any]], first: int) -> list[tuple[int, list[str]]]:
    """Rows as text; calamine gives str, float, bool and dates, and "" where a cell is empty."""
    text = _Texts()
    found = []
    for number, row in enumerate(rows, start=first):
        cells = [text[cell] for cell in row]
        if any(cells):
            found.append((number, cells))
    return found


class _Texts(dict[object, str]):
    """Text of each distinct value; a survey has few of them and millions of cells."""

    def __missing__(self, cell: object) -> str:
        self[cell] = found = cell if isinstance(cell, str) else _as_text(cell)
        return found


def _as_text(cell: object) -> str:
    """A spreadsheet's value as a CSV file would hold it."""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _part_of(path: Path, place: int) -> str | None:
    """Name of the part that holds a sheet; its number there need not be its place."""
    with zipfile.ZipFile(path) as archive:
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= {*archive.namelist()}:
            return None
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    sheet = [element for element in book.iter() if element.tag.endswith("}sheet")][place]
    key = next((value for name, value in sheet.items() if name.endswith("}id")), None)
    target = next((link.get("Target", "") for link in links if link.get("Id") == key), "")
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _problems(path: Path, part: str) -> Iterator[dict[str, Any]]:
    """Formulas without a stored value, and errors."""
    with zipfile.ZipFile(path) as archive, archive.open(part) as file:
        xml = file.read(LARGEST)
    for attributes, value in FORMULA.findall(xml):
        if not value and IS_TEXT not in attributes:  # a stored text may be empty
            what, remedy = "the formula in {} has no stored value", "open and save it in Excel"
            yield _problem(attributes, None, what, remedy)
    for attributes, value in ERROR.findall(xml):
        error = value.decode()
        yield _problem(attributes, error, f"{{}} holds the error {error}", "correct its formula")


def _problem(attributes: bytes, value: str | None, what: str, remedy: str) -> dict[str, Any]:
    at = PLACE.search(attributes)
    column, row = (at[1].decode(), int(at[2])) if at else (None, None)
    place = f"{column}{row}" if at else "a cell"
    return {
        "severity": "warning",
        "row": row,
        "column": column,
        "value": value,
        "message": f"{what.format(place)} and counts as missing: {remedy}",
    }
