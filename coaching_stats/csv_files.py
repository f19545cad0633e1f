"""One CSV file as text cells, and cells as columns; what is not unmistakable is refused."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# No leading zeros and no exponents: "007" and "1E5" name something.
PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,15}")  # exact as a float, too


def read_cells(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Read a CSV file as text, or refuse it.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark, comma separated.

    Returns
    -------
    header : list of str
    rows : list of list of str
        As long as the header.
    numbers : list of int
        Number of each row as the user sees it in the file; the header is row 1.

    Raises
    ------
    DataError
        Empty, without rows, not UTF-8, binary, or rows of another length than the header.
    """
    lines = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        records = [(number, cells) for number, cells in enumerate(lines, start=1) if cells]
    except csv.Error as problem:
        raise _not_a_table(path, f"{problem}, near line {lines.line_num}") from None
    (_, header), *body = under_a_header(
        records, path.name, "quote cells that hold a comma, and write decimals with a point"
    )
    return header, [cells for _, cells in body], [number for number, _ in body]


def under_a_header(
    records: list[tuple[int, list[str]]], name: str, remedy: str
) -> list[tuple[int, list[str]]]:
    """Refuse records without a row under the header, or with rows of another length than it.

    Parameters
    ----------
    records : list of (number, cells)
        Number of the row in the file, and its cells.
    name, remedy : str
        File, and what to do about rows of another length.

    Raises
    ------
    DataError
    """
    if len(records) < 2:
        what = "has a header but no rows" if records else "is empty"
        raise DataError(
            explain(
                what=f"the table {name} {what}",
                remedy="export it again, or remove the file if there is nothing to tell",
            )
        )
    (_, header), *body = records
    ragged = [f"row {n}: {len(cells)} cells" for n, cells in body if len(cells) != len(header)]
    if ragged:
        raise DataError(
            explain(
                what=f"{name} has rows of another length than its header ({len(header)})",
                where=first_ten(ragged),
                remedy=remedy,
            )
        )
    return records


def _text(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise _not_a_table(path, f"line {line} is not UTF-8 text") from None
    except OSError as problem:
        raise _not_a_table(path, problem.strerror) from None
    if "\0" in text:
        raise _not_a_table(path, f"line {text[: text.index(chr(0))].count(chr(10)) + 1} is binary")
    return text


def _not_a_table(path: Path, where: str) -> DataError:
    return DataError(
        explain(
            what=f"{path.name} cannot be read as a table",
            where=where,
            remedy="save it as CSV, UTF-8, comma separated",
        )
    )


def to_column(
    cells: tuple[str, ...], column: str, numbers: list[int], file: str, *, is_text: bool | None
) -> pd.Series:
    """Turn cells into a column, missing where a cell is empty and nowhere else.

    Parameters
    ----------
    cells : tuple of str, length n
    column, file : str
        For messages.
    numbers : list of int, length n
        Row numbers, for messages.
    is_text : bool or None
        True keeps every letter ("007"), False refuses text, None decides by the cells: numbers
        where all of them are plain numbers.

    Raises
    ------
    DataError
        Text where there must be numbers, with rows and values.

    Examples
    --------
    >>> to_column(("1", "", "3"), "x", [2, 3, 4], "a.csv", is_text=None).tolist()
    [1.0, nan, 3.0]
    >>> to_column(("007", "8"), "x", [2, 3], "a.csv", is_text=None).tolist()
    ['007', '8']
    """
    given = [cell for cell in cells if cell]
    plain = all(PLAIN_NUMBER.fullmatch(cell) for cell in given)
    if is_text or (is_text is None and not plain):
        return pd.Series([cell or None for cell in cells], dtype="str")
    _refuse_text(cells, column, numbers, file)
    whole = all(WHOLE_NUMBER.fullmatch(cell.strip()) for cell in cells)
    if whole:
        return pd.Series([int(cell) for cell in cells])
    return pd.Series([float(cell) if cell else np.nan for cell in cells])


def _refuse_text(cells: tuple[str, ...], column: str, numbers: list[int], file: str) -> None:
    bad = [
        f"row {number}: {cell!r}"
        for number, cell in zip(numbers, cells, strict=True)
        if cell and not (NUMBER.fullmatch(cell.strip()) and np.isfinite(float(cell)))
    ]
    if bad:
        raise DataError(
            explain(
                what=f"the column {column!r} of {file} holds text, not numbers",
                where=first_ten(bad),
                remedy="correct these cells; leave a missing value empty, write 1.5 with a point",
            )
        )
