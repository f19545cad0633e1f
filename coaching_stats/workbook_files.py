"""One sheet of an Excel workbook as numbered rows of text cells."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from coaching_stats.errors import DataError, explain, first_ten

LARGEST = 500_000_000  # bytes unpacked; a workbook that grows beyond is no survey
HEAD = 4_096  # bytes in which a document type would be declared
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
# A formula, and behind it a stored value or none: no <v>, or an empty one.
FORMULA = re.compile(rb"<c\b([^>]*)>\s*<f\b(?:[^>]*/>|.*?</f>)\s*(<v>[^<]|)", re.DOTALL)
PLACE = re.compile(rb'\br="([A-Z]+)([0-9]+)"')


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
        Formulas without a stored value.

    Raises
    ------
    DataError
        No workbook, one under a password or of the old kind, one that unpacks to more than half a
        gigabyte or declares XML entities, no such sheet, or several sheets with tables.
    """
    from python_calamine import CalamineError, CalamineWorkbook  # only workbooks need it

    _refuse_traps(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        tables = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except (CalamineError, OSError, zipfile.BadZipFile):
        raise _unreadable(path, "it is no workbook, or is damaged") from None
    chosen = _chosen(path, tables, sheet)
    evidence = (f"sheet {chosen!r} of {len(tables)}",) if len(tables) > 1 else ()
    problems = [
        {
            "severity": "warning",
            "row": row,
            "column": column,
            "value": None,
            "message": f"the formula in {column}{row} has no stored value and counts as missing: "
            "open and save the file in Excel",
        }
        for column, row in _without_value(path, list(tables).index(chosen) + 1)
    ]
    return _records(tables[chosen]), evidence, problems


def _unreadable(path: Path, where: str, remedy: str = "save it again as .xlsx") -> DataError:
    return DataError(
        explain(what=f"{path.name} cannot be read as a workbook", where=where, remedy=remedy)
    )


def _refuse_traps(path: Path) -> None:
    """Refuse what is no workbook, what unpacks to gigabytes, and what declares XML entities."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(OLD_OR_LOCKED):
            where = "it is protected by a password, or of the old kind (.xls)"
            raise _unreadable(path, where, "save it as .xlsx without a password")
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > LARGEST:
                raise _unreadable(path, f"it unpacks to {size / 1e9:.1f} GB")
            for entry in archive.infolist():
                if entry.filename.endswith((".xml", ".rels")):
                    with archive.open(entry) as part:
                        head = part.read(HEAD)
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise _unreadable(path, f"{entry.filename} declares XML entities")
    except (zipfile.BadZipFile, OSError, EOFError):
        raise _unreadable(
            path, "it is no workbook, or is damaged", "if it is a CSV file, call it .csv"
        ) from None


def _chosen(path: Path, tables: dict[str, list[list[Any]]], sheet: str | None) -> str:
    """Name of the sheet to read."""
    if sheet is not None and sheet not in tables:
        raise DataError(
            explain(
                what=f"{path.name} has no sheet {sheet!r}",
                where=f"sheets: {first_ten(tables)}",
                remedy="correct sheet in the mapping",
            )
        )
    filled = [name for name, rows in tables.items() if len(rows) > 1]
    if sheet is None and len(filled) > 1:
        raise DataError(
            explain(
                what=f"{path.name} has several sheets with tables",
                where=first_ten(filled),
                remedy="name one in the mapping, for example sheet: Answers",
            )
        )
    if not tables:
        raise _unreadable(path, "it holds no sheet")
    return sheet or next(iter(filled), next(iter(tables)))


def _records(rows: list[list[Any]]) -> list[tuple[int, list[str]]]:
    """Rows as text; calamine gives str, float, bool and dates, and "" where a cell is empty."""
    text = _Texts()
    found = []
    for number, row in enumerate(rows, start=1):
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


def _without_value(path: Path, place: int) -> Iterator[tuple[str, int]]:
    """Cells of a sheet whose formula has no stored value: as (letters, row)."""
    with zipfile.ZipFile(path) as archive:
        name = f"xl/worksheets/sheet{place}.xml"
        if name not in archive.namelist():
            return
        with archive.open(name) as part:
            xml = part.read(LARGEST)
    if b"<f" not in xml:
        return
    for attributes, after in FORMULA.findall(xml):
        at = PLACE.search(attributes)
        if not after and at:
            yield at[1].decode(), int(at[2])
