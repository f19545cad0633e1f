"""Dates as people and programs write them become ISO dates; 4/5/2015 is never guessed."""

from __future__ import annotations

import re
from datetime import datetime

from coaching_stats.columns import TextColumn
from coaching_stats.errors import DataError, explain, first_ten

TIME = (
    r"(?:[ T,]+(?:klo )?(\d{1,2})[.:](\d{2})(?:[.:](\d{2})(?:[.,]\d+)?)?"
    r"\s*([AaPp][Mm])?Z?(?:[+-]\d{2}:?\d{2})?)?"
)
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})" + TIME)
DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})" + TIME)  # the day comes first
SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})" + TIME)


def _pattern(cell: str) -> re.Pattern[str]:
    return next((p for p in (ISO, DOTTED) if p.fullmatch(cell)), SLASHED)


def dates_of(column: TextColumn, name: str, where: str, day_first: bool | None) -> TextColumn:
    """Write dates as ISO does: 2015-06-08, or 2015-06-08T09:30:00 with a time.

    Parameters
    ----------
    column : TextColumn
    name, where : str
        Column and file, for messages.
    day_first : bool or None
        Order of day and month between slashes; None lets the cells decide, where they can. Dates
        with dots have the day first.

    Raises
    ------
    DataError
        A cell that is no date; dates that can be read in two ways, or only in different ways.

    Examples
    --------
    >>> from coaching_stats.columns import text_columns
    >>> column = text_columns(["d"], [["8.6.2015"], ["8.6.2015 klo 9.30"]], [2, 3])["d"]
    >>> dates_of(column, "d", "a.csv", None).cells
    ['2015-06-08', '2015-06-08T09:30:00']
    """
    day_leads, _ = _orders(column)
    if day_first is None and is_ambiguous(column):
        _refuse_order(column, name, where, is_mixed=day_leads)
    is_day_first = day_leads if day_first is None else day_first
    read = {cell: _iso(cell, is_day_first) for cell in column.cells}
    if None in read.values():
        bad = column.rows_of(lambda cell: read[cell] is None)
        raise DataError(
            explain(
                what=f"the column {name!r} holds what is no date",
                where=f"{where}, " + first_ten(f"row {row}: {cell!r}" for row, cell in bad),
                remedy="write 2015-06-08 or 8.6.2015; where the order of day and month is another "
                "one, say day_first: true or false in a mapping",
            )
        )
    return column.with_cells([read[cell] or "" for cell in column.cells])


def is_ambiguous(column: TextColumn) -> bool:
    """Whether dates with slashes leave open, or disagree, if the day or the month comes first.

    Examples
    --------
    >>> from coaching_stats.columns import text_columns
    >>> is_ambiguous(text_columns(["d"], [["4/5/2015"]], [2])["d"])
    True
    >>> is_ambiguous(text_columns(["d"], [["4/5/2015"], ["13/5/2015"]], [2, 3])["d"])
    False
    """
    day_leads, month_leads = _orders(column)
    return day_leads == month_leads and any(map(SLASHED.fullmatch, column.cells))


def _orders(column: TextColumn) -> tuple[bool, bool]:
    """Whether some date must have the day first, and whether some must have the month first."""
    slashed = [m for m in map(SLASHED.fullmatch, column.cells) if m]
    return any(int(m[1]) > 12 for m in slashed), any(int(m[2]) > 12 for m in slashed)


def _refuse_order(column: TextColumn, name: str, where: str, *, is_mixed: bool) -> None:
    shown = column.rows_of(lambda cell: SLASHED.fullmatch(cell) is not None)
    how = "in two orders" if is_mixed else "that can be read in two ways"
    raise DataError(
        explain(
            what=f"the column {name!r} holds dates {how}: day or month first?",
            where=f"{where}, " + first_ten(f"row {row}: {cell}" for row, cell in shown),
            remedy="write one line in a mapping file, day_first: true or day_first: false"
            + (", and correct the dates that have the other order" if is_mixed else ""),
        )
    )


def _iso(cell: str, is_day_first: bool) -> str | None:
    """ISO text; empty stays empty, None where the cell is no date."""
    if not cell:
        return ""
    match = _pattern(cell).fullmatch(cell)
    if match is None:
        return None
    first, second, third, hour, minute, second_of, half = match.groups()
    if match.re is ISO:
        year, month, day = first, second, third
    elif match.re is DOTTED or is_day_first:
        day, month, year = first, second, third
    else:
        month, day, year = first, second, third
    try:
        clock = _hour(int(hour), half) if hour else 0
        when = datetime(
            int(year) + (2000 if len(year) == 2 else 0),
            int(month),
            int(day),
            clock,
            int(minute or 0),
            int(second_of or 0),
        )
    except ValueError:
        return None
    return when.isoformat() if hour else when.date().isoformat()


def _hour(hour: int, half: str | None) -> int:
    """Hour of the day, where am or pm may stand behind it."""
    return hour if half is None else hour % 12 + 12 * (half.lower() == "pm")
