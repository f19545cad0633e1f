"""Numbers as people write them: decimal comma or point, spaces between thousands, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from coaching_stats.columns import TextColumn
from coaching_stats.errors import DataError, explain, first_ten

# Space, no-break space, thin space, narrow no-break space: thousands marks that mislead nobody.
SPACES = " \u00a0\u2009\u202f"
GROUPED = re.compile(rf"([+-]?[0-9]{{1,3}})((?:[{SPACES}][0-9]{{3}})+)((?:[.,][0-9]+)?)")
POINTS_COMMA = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+")  # 1.234,5: no doubt
COMMAS_POINT = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+")
MARKED = re.compile(r"[+-]?[0-9]+([.,])[0-9]+")
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
LIKE_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")

Columns = Mapping[str, TextColumn]


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
    columns: Columns, where: str, decimal: str | None, *, is_comma_likely: bool = False
) -> tuple[Columns, str]:
    """Write the decimals of every column of numbers with a point.

    Parameters
    ----------
    columns : mapping from header to TextColumn
    where : str
        Name of the file.
    decimal : {",", "."} or None
        What the mapping says; None lets the cells decide, where they can.
    is_comma_likely : bool
        Cells are parted by semicolons, as where the comma marks decimals: then 1.234 alone is
        no longer beyond doubt.

    Returns
    -------
    columns : mapping from header to TextColumn
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
    like 1.234 where commas are in use elsewhere in the file, or to be expected.

    Examples
    --------
    >>> from coaching_stats.columns import text_columns
    >>> read, mark = with_points(text_columns(["x"], [["3,5"], ["4"]], [2, 3]), "a.csv", None)
    >>> read["x"].cells, mark
    (['3.5', '4'], ',')
    """
    closed = {name: column.mapped(closed_up) for name, column in columns.items()}
    marks = {name: _marks(column.cells) for name, column in closed.items()}
    in_use = {mark for found in marks.values() if found is not NO_NUMBERS for mark in found}
    expected = in_use | {","} if is_comma_likely else in_use
    pointed = {
        name: column
        if marks[name] is NO_NUMBERS
        else _pointed(closed[name], marks[name], expected, name, where, decimal)
        for name, column in columns.items()
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
    column: TextColumn,
    marks: frozenset[str],
    expected: set[str],
    name: str,
    where: str,
    decimal: str | None,
) -> TextColumn:
    if decimal is None:
        marked = [cell for cell in column.cells if MARKED.fullmatch(cell)]
        all_groups = bool(marked) and all(LIKE_THOUSANDS.fullmatch(cell) for cell in marked)
        if len(marks) > 1 or (all_groups and ("," in marks or len(expected) > 1)):
            _refuse_ambiguous(column, name, where)
        return column.mapped(lambda cell: cell.replace(",", "."))
    other = "." if decimal == "," else ","
    wrong = column.rows_of(lambda cell: other in cell and not LIKE_THOUSANDS.fullmatch(cell))
    shown = [f"row {number}: {cell}" for number, cell in wrong]
    if shown:
        raise DataError(
            explain(
                what=f"the column {name!r} holds numbers that do not fit decimal: {decimal!r}",
                where=f"{where}, {first_ten(shown)}",
                remedy="correct them, or the line in the mapping",
            )
        )
    return column.mapped(lambda cell: cell.replace(other, "").replace(",", "."))


def _refuse_ambiguous(column: TextColumn, name: str, where: str) -> None:
    marked = column.rows_of(lambda cell: MARKED.fullmatch(cell) is not None)
    shown = first_ten(f"row {number}: {cell}" for number, cell in marked)
    raise DataError(
        explain(
            what=f"the column {name!r} can be read in two ways: does its mark part decimals or "
            "thousands?",
            where=f"{where}, {shown}",
            remedy='write one line in a mapping file, decimal: "," or decimal: ".", and give it '
            "with --mapping",
        )
    )
