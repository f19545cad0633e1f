"""Numbers as people write them: decimal comma or point, spaces between thousands, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from coaching_stats.errors import DataError, explain, first_ten

# Space, no-break space, thin space, narrow no-break space: thousands marks that mislead nobody.
SPACES = " \u00a0\u2009\u202f"
GROUPED = re.compile(rf"([+-]?[0-9]{{1,3}})((?:[{SPACES}][0-9]{{3}})+)((?:[.,][0-9]+)?)")
POINTS_COMMA = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+")  # 1.234,5: no doubt
COMMAS_POINT = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+")
MARKED = re.compile(r"[+-]?[0-9]+([.,])[0-9]+")
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
LIKE_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")

Columns = Mapping[str, Sequence[str]]


def closed_up(cell: str) -> str:
    r"""Take out thousands marks that are beyond doubt; a minus sign becomes a hyphen.

    Examples
    --------
    >>> closed_up("1\u00a0234,5"), closed_up("1.234,5"), closed_up("−3"), closed_up("1 2 3")
    ('1234,5', '1234,5', '-3', '1 2 3')
    """
    cell = cell.strip().replace("−", "-")
    if POINTS_COMMA.fullmatch(cell):
        return cell.replace(".", "")
    if COMMAS_POINT.fullmatch(cell):
        return cell.replace(",", "")
    grouped = GROUPED.fullmatch(cell)
    if not grouped:
        return cell
    return grouped[1] + re.sub(f"[{SPACES}]", "", grouped[2]) + grouped[3]


def with_points(
    columns: Columns, numbers: Sequence[int], where: str, decimal: str | None
) -> tuple[Columns, str]:
    """Write the decimals of every column of numbers with a point.

    Parameters
    ----------
    columns : mapping from header to cells, n each
    numbers : sequence of int, length n
        Rows as the user counts them, for messages.
    where : str
        Name of the file.
    decimal : {",", "."} or None
        What the mapping says; None lets the cells decide, where they can.

    Returns
    -------
    columns : mapping from header to cells
        Columns that hold anything but numbers are returned as they are.
    decimal : {",", "."}
        The decimal mark that the numbers had.

    Raises
    ------
    DataError
        A column whose marks can be read in two ways; the message names rows and the line to write.

    Notes
    -----
    Reading a decimal comma as a thousands mark multiplies by a thousand without a trace. So a
    column with both marks is asked about, and so is one with nothing but groups like 1,234, or
    like 1.234 where commas are in use elsewhere in the file.

    Examples
    --------
    >>> with_points({"x": ["3,5", "4"]}, [2, 3], "a.csv", None)
    ({'x': ['3.5', '4']}, ',')
    """
    closed = {name: [closed_up(cell) for cell in cells] for name, cells in columns.items()}
    marks = {name: _marks(cells) for name, cells in closed.items()}
    in_use = {mark for found in marks.values() if found is not NO_NUMBERS for mark in found}
    pointed = {
        name: cells
        if marks[name] is NO_NUMBERS
        else _pointed(closed[name], marks[name], in_use, name, numbers, where, decimal)
        for name, cells in columns.items()
    }
    return pointed, decimal or ("," if "," in in_use else ".")


NO_NUMBERS: frozenset[str] = frozenset("?")


def _marks(cells: Sequence[str]) -> frozenset[str]:
    """Decimal marks of a column of numbers; `NO_NUMBERS` where a cell is something else."""
    found = set()
    for cell in cells:
        marked = MARKED.fullmatch(cell)
        if marked:
            found.add(marked[1])
        elif cell and not WHOLE.fullmatch(cell):
            return NO_NUMBERS
    return frozenset(found)


def _pointed(
    cells: Sequence[str],
    marks: frozenset[str],
    in_use: set[str],
    name: str,
    numbers: Sequence[int],
    where: str,
    decimal: str | None,
) -> list[str]:
    if decimal is None:
        marked = [cell for cell in cells if MARKED.fullmatch(cell)]
        all_groups = bool(marked) and all(LIKE_THOUSANDS.fullmatch(cell) for cell in marked)
        if len(marks) > 1 or (all_groups and ("," in marks or len(in_use) > 1)):
            _refuse_ambiguous(cells, name, numbers, where)
        return [cell.replace(",", ".") for cell in cells]
    other = "." if decimal == "," else ","
    wrong = [
        f"row {number}: {cell}"
        for number, cell in zip(numbers, cells, strict=True)
        if other in cell and not LIKE_THOUSANDS.fullmatch(cell)
    ]
    if wrong:
        raise DataError(
            explain(
                what=f"the column {name!r} holds numbers that do not fit decimal: {decimal!r}",
                where=f"{where}, {first_ten(wrong)}",
                remedy="correct them, or the line in the mapping",
            )
        )
    return [cell.replace(other, "").replace(",", ".") for cell in cells]


def _refuse_ambiguous(cells: Sequence[str], name: str, numbers: Sequence[int], where: str) -> None:
    shown = [
        f"row {number}: {cell}"
        for number, cell in zip(numbers, cells, strict=True)
        if MARKED.fullmatch(cell)
    ]
    raise DataError(
        explain(
            what=f"the column {name!r} can be read in two ways: does its mark part decimals or "
            "thousands?",
            where=f"{where}, {first_ten(shown)}",
            remedy='write one line in a mapping file, decimal: "," or decimal: ".", and give it '
            "with --mapping",
        )
    )
