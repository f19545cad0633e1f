"""Two workbooks beside each other: every cell, and whatever shows the same cells otherwise."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from coaching_stats.differences import ABSOLUTE, same_number
from coaching_stats.workbook import P_VALUES

UNREADABLE = (CalamineError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError)
WRITTEN = re.compile(rb"(<dcterms:(?:created|modified) [^>]*>)[^<]*")  # times, in docProps/core.xml


def unlike_workbooks(path: Path, anew: Path) -> Iterator[tuple[str, str, str]]:
    """Where a workbook is not the one made anew; parts are compared where all cells agree.

    Parameters
    ----------
    path, anew : Path

    Yields
    ------
    tuple of str
        Place, found, expected.
    """
    try:
        one, other = (_cells(file) for file in (path, anew))
        yield from list(_unlike_cells(one, other)) or list(_unlike_parts(path, anew))
    except UNREADABLE as problem:
        yield "", f"no workbook: {problem}", "one"


def shown_value(value: object) -> str:
    """A value for a message.

    Examples
    --------
    >>> shown_value(None), shown_value(0.5)
    ('nothing', '0.5')
    """
    return "nothing" if value is None else str(value)


def _unlike_cells(
    one: dict[str, object], other: dict[str, object]
) -> Iterator[tuple[str, str, str]]:
    for place in dict.fromkeys(chain(other, one)):
        was, expected = one.get(place), other.get(place)
        heading = other.get(re.sub(r", row \d+,", ", row 1,", place))
        near_zero = 0.0 if heading in P_VALUES else ABSOLUTE
        are_numbers = isinstance(was, float) and isinstance(expected, float)
        if not (same_number(was, expected, near_zero) if are_numbers else was == expected):
            yield place, shown_value(was), shown_value(expected)


def _unlike_parts(path: Path, anew: Path) -> Iterator[tuple[str, str, str]]:
    """Formats, hidden rows, comments, charts: what shows the same values otherwise."""
    one, other = (_parts(file) for file in (path, anew))
    for part in dict.fromkeys(chain(other, one)):
        if one.get(part) != other.get(part):
            found = "no such part" if part not in one else "other formats or contents"
            expected = "what the study command writes" if part in other else "no such part"
            yield f"part {part}", found, expected


def _parts(path: Path) -> dict[str, list[bytes]]:
    """Parts by name, each as often as it stands there, without values of cells and times."""
    parts: dict[str, list[bytes]] = {}
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            content = re.sub(rb"<v>[^<]*</v>", b"<v/>", archive.read(part))
            parts.setdefault(part.filename, []).append(WRITTEN.sub(rb"\1", content))
    return parts


def _cells(path: Path) -> dict[str, object]:
    book = CalamineWorkbook.from_path(str(path))
    return {
        f"{name}, row {row}, column {column}": value
        for name in book.sheet_names
        for row, values in enumerate(book.get_sheet_by_name(name).to_python(), start=1)
        for column, value in enumerate(values, start=1)
    }
