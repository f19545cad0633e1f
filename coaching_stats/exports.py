"""What survey tools and spreadsheets write: a file becomes a header and rows of text cells."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from coaching_stats.csv_files import under_a_header
from coaching_stats.errors import DataError, explain, first_ten

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
SHEET_ENDINGS = (".xlsx",)
DELIMITERS = {",": ",", ";": ";", "\t": "tab"}
LARGEST_SHEET = 500_000_000  # bytes unpacked; a workbook that grows beyond is no survey


@dataclass(frozen=True, eq=False)
class Export:
    """A file as text: n rows under one header.

    Attributes
    ----------
    header : list of str
    rows : list of list of str, as long as the header
    numbers : list of int
        Rows as the user sees them in the file; the first line is 1.
    encoding, delimiter : str
        As they were found; empty for a workbook.
    header_row : int
    """

    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    encoding: str
    delimiter: str
    header_row: int


def read_export(path: Path, sheet: str | None = None) -> Export:
    """Read a CSV, TSV or XLSX file as text, whatever its encoding and delimiter.

    Parameters
    ----------
    path : Path
        Text: UTF-8 or UTF-16 (with a byte order mark), else Windows-1252; comma, semicolon or tab.
        A workbook: one sheet, the stored values of its formulas.
    sheet : str, optional
        Name of the sheet; the only one that holds a table when not given.

    Returns
    -------
    Export

    Raises
    ------
    DataError
        Not there, empty, binary, a workbook in disguise or under a password, several sheets with
        tables, no rows, columns that share a name, or rows of another length than the header.
    """
    _refuse_what_is_no_file(path)
    if path.suffix.lower() in SHEET_ENDINGS:
        return _export(path, _sheet_records(path, sheet), "", "")
    text, encoding = _decoded(path)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        records = [(number, cells) for number, cells in enumerate(reader, start=1) if any(cells)]
    except csv.Error as problem:
        raise _unreadable(path, f"{problem}, near line {reader.line_num}") from None
    return _export(path, records, encoding, delimiter)


def _refuse_what_is_no_file(path: Path) -> None:
    known = (*TEXT_ENDINGS, *SHEET_ENDINGS)
    if path.name.startswith("~$"):
        what, remedy = f"{path.name} is a lock file of Excel", "give the workbook itself"
    elif not path.exists():
        what, remedy = f"there is no file or folder {path.name!r}", "check the path"
    elif path.suffix.lower() not in known:
        what = f"{path.name} is not a file that can be read"
        remedy = f"save it as one of {', '.join(known)}"
    else:
        return
    raise DataError(explain(what=what, where=str(path), remedy=remedy))


def _unreadable(path: Path, where: str) -> DataError:
    return DataError(
        explain(
            what=f"{path.name} cannot be read as a table",
            where=where,
            remedy="export it again as CSV or XLSX",
        )
    )


def _decoded(path: Path) -> tuple[str, str]:
    """Text and encoding; Windows-1252 only where the bytes cannot be Unicode."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise _unreadable(path, problem.strerror or str(problem)) from None
    if raw.startswith(b"PK\x03\x04"):
        raise _unreadable(path, "it is a workbook or an archive; call it .xlsx")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8-sig", "cp1252"]
    for encoding in candidates:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(ord(mark) < 32 and mark not in "\t\r\n\f" for mark in text):
            return text, "utf-8" if encoding == "utf-8-sig" else encoding
    raise _unreadable(path, "its bytes are no text")


def _delimiter(text: str) -> str:
    """The mark that parts the header into the most cells, outside quotes; comma where none does."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {mark: len(next(csv.reader([first], delimiter=mark), [])) for mark in DELIMITERS}
    return max(counts, key=lambda mark: (counts[mark], mark == ","))


def _sheet_records(path: Path, sheet: str | None) -> list[tuple[int, list[str]]]:
    from python_calamine import CalamineError, CalamineWorkbook  # only workbooks need it

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_SHEET:
            raise _unreadable(path, f"it unpacks to {size / 1e9:.1f} GB")
        book = CalamineWorkbook.from_path(str(path))
        tables = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except (zipfile.BadZipFile, CalamineError, OSError):
        where = "it is no workbook, is damaged, or is protected by a password"
        raise _unreadable(path, where) from None
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
    rows = tables[sheet or next(iter(filled), next(iter(tables)))]
    cells = [(number, [_as_text(cell) for cell in row]) for number, row in enumerate(rows, start=1)]
    return [(number, row) for number, row in cells if any(row)]


def _as_text(cell: object) -> str:
    """A spreadsheet's value as a CSV file would hold it."""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _export(
    path: Path, records: list[tuple[int, list[str]]], encoding: str, delimiter: str
) -> Export:
    (header_row, header), *body = under_a_header(
        records, path.name, "quote cells that hold the delimiter, or export the file again"
    )
    header = [name.strip() for name in header]
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise DataError(
            explain(
                what=f"{path.name} has more than one column {first_ten(map(repr, doubled))}",
                where=f"row {header_row}",
                remedy="give every column a name of its own",
            )
        )
    return Export(
        header, [cells for _, cells in body], [n for n, _ in body], encoding, delimiter, header_row
    )
