"""What survey tools and spreadsheets write: a file becomes numbered rows of text cells."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coaching_stats.errors import DataError, explain
from coaching_stats.spss_files import spss_records
from coaching_stats.workbook_files import sheet_records

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
SHEET_ENDINGS = (".xlsx",)
SPSS_ENDINGS = (".sav", ".zsav")
# In this order where two part the lines alike: the comma may then be that of "3,5".
DELIMITERS = {"\t": "tab", ";": "semicolon", ",": "comma"}
LOOKED_AT = 50  # lines by which the delimiter is found
UTF8_LETTER = re.compile(b"\xc3[\x80-\xbf]")  # ä, ö, å and their like
LONGEST_CELL = 1_000_000  # characters; no answer is as long


@dataclass(frozen=True, eq=False)
class Raw:
    """A file as numbered rows of text cells; nothing is interpreted yet.

    Attributes
    ----------
    records : list of (number, cells)
        Rows as the user sees them in the file, the first line being 1; blank ones are left out.
    encoding, delimiter : str
        As they were found; empty for workbooks and SPSS files.
    evidence : tuple of str
        What gave them away.
    problems : list of dict
        ``severity, row, column, value, message``, for the receipt.
    questions : mapping from column to str
        Variable labels of an SPSS file.
    value_labels : mapping from column to (mapping from code to label)
    """

    records: list[tuple[int, list[str]]]
    encoding: str = ""
    delimiter: str = ""
    evidence: tuple[str, ...] = ()
    problems: list[dict[str, Any]] = field(default_factory=list)
    questions: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_records(path: Path, sheet: str | None = None, encoding: str | None = None) -> Raw:
    """Read a CSV, TSV, XLSX or SAV file as text cells.

    Parameters
    ----------
    path : Path
        Text: UTF-8 or UTF-16 (with a byte order mark), else Windows-1252; comma, semicolon or tab.
        A workbook: one sheet, the stored values of its formulas. An SPSS file: its codes.
    sheet : str, optional
        Name of the sheet; the only one that holds a table when not given.
    encoding : str, optional
        Encoding of a text or SPSS file, where it is known.

    Returns
    -------
    Raw

    Raises
    ------
    DataError
        Not there, not readable, binary, in several encodings, a quote that is never closed, a
        workbook in disguise or under a password, or several sheets with tables.
    """
    _refuse_what_is_no_file(path)
    ending = path.suffix.lower()
    if ending in SHEET_ENDINGS:
        records, evidence, problems = sheet_records(path, sheet)
        return Raw(records, evidence=evidence, problems=problems)
    if ending in SPSS_ENDINGS:
        records, problems, questions, labels = spss_records(path, encoding)
        evidence = ("SPSS: codes are kept, user-missing values are empty",)
        if encoding:
            evidence += (_said(encoding),)
        return Raw(
            records,
            evidence=evidence,
            problems=problems,
            questions=questions,
            value_labels=labels,
        )
    text, name, why = _decoded(path, encoding)
    delimiter, n_cells = _delimiter(text)
    evidence = (why, f"delimiter {DELIMITERS[delimiter]}: parts most lines into {n_cells} cells")
    return Raw(_records(path, text, delimiter), name, delimiter, evidence)


def _refuse_what_is_no_file(path: Path) -> None:
    known = (*TEXT_ENDINGS, *SHEET_ENDINGS, *SPSS_ENDINGS)
    if path.name.startswith("~$"):
        what, remedy = f"{path.name} is a lock file of Excel", "give the workbook itself"
    elif not path.exists():
        what, remedy = f"there is no file or folder {path.name!r}", "check the path"
    elif path.is_dir():
        what, remedy = f"{path.name!r} is a folder, not a file", "name the file in it"
    elif path.suffix.lower() == ".xls":
        what, remedy = f"{path.name} is a workbook of the old kind", "save it as .xlsx"
    elif path.suffix.lower() not in known:
        what = f"{path.name} is not a file that can be read"
        remedy = f"save it as one of {', '.join(known)}"
    else:
        return _refuse_what_cannot_be_opened(path)
    raise DataError(explain(what=what, where=str(path), remedy=remedy))


def _refuse_what_cannot_be_opened(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as problem:
        remedy = "check its permissions, and close it where else it is open"
        raise unreadable(path, problem.strerror or str(problem), remedy) from None


def unreadable(path: Path, where: str, remedy: str = "export it again as CSV or XLSX") -> DataError:
    """The refusal of a file that is no table."""
    return DataError(
        explain(what=f"{path.name} cannot be read as a table", where=where, remedy=remedy)
    )


def _decoded(path: Path, encoding: str | None) -> tuple[str, str, str]:
    """Text, encoding, and what gave it away; Windows-1252 only where it cannot be Unicode."""
    raw = path.read_bytes()
    if raw.startswith(b"PK\x03\x04"):
        raise unreadable(path, "it is a workbook or an archive", "call it .xlsx")
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise unreadable(path, "it is a workbook of the old kind", "save it as .xlsx or CSV")
    try:
        name, why = _encoding(raw, encoding)
        text = raw.decode(name)
    except LookupError:
        remedy = "name one in the mapping, for example encoding: cp1252"
        raise unreadable(path, f"{encoding!r} is no encoding of text", remedy) from None
    except UnicodeError as problem:
        place = getattr(problem, "start", 0)
        line = raw[:place].count(b"\n") + 1
        remedy = "say its encoding in a mapping, for example encoding: cp1252"
        raise unreadable(path, f"line {line} is not {name} text", remedy) from None
    _refuse_binary(path, text)
    if encoding is None and name == "cp1252":
        _refuse_mixed(path, raw)
    return text.removeprefix("\ufeff"), name.removesuffix("-sig"), why


def _encoding(raw: bytes, given: str | None) -> tuple[str, str]:
    if given is not None:
        return codecs.lookup(given).name, _said(given)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "encoding utf-16: byte order mark"
    if raw.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", "encoding utf-8: byte order mark"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252", "encoding cp1252: the bytes are no UTF-8"
    return "utf-8", "encoding utf-8: all bytes fit"


def _said(encoding: str) -> str:
    return f"encoding {codecs.lookup(encoding).name}: said in the mapping"


def _refuse_binary(path: Path, text: str) -> None:
    found = re.search("[\x00-\x08\x0b\x0e-\x1f]", text)
    if found:
        line = text[: found.start()].count("\n") + 1
        raise unreadable(path, f"line {line} holds bytes that are no text")


def _refuse_mixed(path: Path, raw: bytes) -> None:
    """Refuse a file with some lines in UTF-8 and others in Windows-1252."""
    fits: dict[bool, list[int]] = {True: [], False: []}
    for number, line in enumerate(raw.splitlines(), start=1):
        if line.isascii():
            continue
        fits[_is_utf8(line)].append(number)
        if fits[False][-1:] == [number] and UTF8_LETTER.search(line):
            raise unreadable(path, f"line {number} is in two encodings", "export it again")
    if fits[True] and fits[False]:
        few = min(fits[False], fits[True], key=len)
        where = f"lines in two encodings; line {few[0]} is unlike the others"
        raise unreadable(path, where, "export it again, or correct that line")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str) -> tuple[str, int]:
    """The mark that parts most lines into the same number of cells, and that number."""
    head = text[: LOOKED_AT * 20_000].splitlines()[:LOOKED_AT]
    best = (0.0, 1, ",")
    for mark in DELIMITERS:
        try:
            sizes = [len(cells) for cells in csv.reader(head, delimiter=mark) if any(cells)]
        except csv.Error:
            continue
        if not sizes:
            continue
        width, n = max(Counter(sizes).items(), key=lambda pair: (pair[1] * (pair[0] > 1), pair[0]))
        best = max(best, (n / len(sizes) * (width > 1), width, mark), key=lambda b: (b[0], b[1]))
    return best[2], best[1]


def _records(path: Path, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    before = csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    started = 1
    found = []
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cells):
                found.append((number, cells))
            started = reader.line_num + 1
    except csv.Error as problem:
        raise _broken(path, str(problem), started) from None
    finally:
        csv.field_size_limit(before)
    return found


def _broken(path: Path, problem: str, line: int) -> DataError:
    if "field larger" in problem:
        return unreadable(path, f"line {line} holds a cell of more than a million characters")
    if "end of data" in problem:
        remedy = "close the quote, or remove it"
        return unreadable(path, f"a quote opened in or after line {line} is never closed", remedy)
    return unreadable(path, f"line {line}: {problem}")
