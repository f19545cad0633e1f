"""The rows above the answers become one header: titles passed over, gaps named, faults refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from coaching_stats.csv_files import NUMBER, under_a_header
from coaching_stats.errors import DataError, explain, first_ten

Records = list[tuple[int, list[str]]]
LOOKED_AT = 50  # rows by which the width of a table is told
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"


def tidied(cell: str) -> str:
    r"""Take invisible characters and needless white space out of the cell of a header.

    Examples
    --------
    >>> tidied("\u200bTiimi\u00a0 nimi ")
    'Tiimi nimi'
    """
    return " ".join(cell.translate(dict.fromkeys(map(ord, UNSEEN))).split())


def letters(place: int) -> str:
    """Name of a column as spreadsheets have it; the first one is 0.

    Examples
    --------
    >>> letters(0), letters(25), letters(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def below_titles(records: Records) -> tuple[Records, tuple[str, ...]]:
    """Pass over titles above the header: rows that fill less than half of the table's width.

    Parameters
    ----------
    records : list of (number, cells)

    Returns
    -------
    records : list of (number, cells)
        From the header on.
    evidence : tuple of str
        Which rows were passed over.
    """
    filled = [sum(map(bool, cells)) for _, cells in records[:LOOKED_AT]]
    if not filled:
        return records, ()
    width = Counter(filled).most_common(1)[0][0] if len(filled) > 3 else max(filled)
    full = (
        place
        for place, n in enumerate(filled[:20])
        if (n >= max(2, 0.5 * width) or n == width) and not looks_like_answers(records[place][1])
    )
    place = next(full, 0)
    if not place:
        return records, ()
    rows = first_ten(number for number, _ in records[:place])
    return records[place:], (f"title above the header passed over: row {rows}",)


def one_header(
    rows: Sequence[Sequence[str]], body: Records
) -> tuple[list[str], list[list[str]], tuple[str, ...]]:
    """Name columns without a header by their letters, and drop those that hold nothing at all.

    Parameters
    ----------
    rows : sequence of rows
        The header, and rows that belong to it; as long as it.
    body : list of (number, cells)

    Returns
    -------
    header : list of str
    kept : list of list of str
        The rows of the header and then the body, without the columns dropped.
    evidence : tuple of str
    """
    header = [tidied(cell) for cell in rows[0]]
    evidence: list[str] = []
    nameless = [place for place, name in enumerate(header) if not name]
    empty = [place for place in nameless if not any(cells[place] for _, cells in body)]
    for place in nameless:
        if place in empty:
            evidence.append(f"column {letters(place)} is empty and has no name: left out")
        else:
            header[place] = f"column {letters(place)}"
            evidence.append(f"column {letters(place)} has no name in the file")
    keep = [place for place in range(len(header)) if place not in empty]
    cut = [*rows[1:], *(cells for _, cells in body)]
    if empty:
        cut = [[row[place] for place in keep] for row in cut]
    return [header[place] for place in keep], cut, tuple(evidence)


def of_equal_length(records: Records, name: str) -> Records:
    """Cut empty cells beyond the header; refuse other rows of another length than it.

    Raises
    ------
    DataError
        Nothing under the header, or a row with a field too many or too few.
    """
    if not records:
        return under_a_header(records, name, "")
    width = len(records[0][1])
    if any(len(cells) > width for _, cells in records):
        records = [(n, cells[:width] if not any(cells[width:]) else cells) for n, cells in records]
    remedy = "quote cells that hold the delimiter, or export the file again"
    return under_a_header(records, name, remedy)


def refuse_doubled(header: Sequence[str], name: str, row: int) -> None:
    """Refuse columns that share a name.

    Raises
    ------
    DataError
    """
    doubled = [column for column, n in Counter(header).items() if n > 1]
    if doubled:
        shown = [
            f"{column!r} in {', '.join(letters(i) for i, h in enumerate(header) if h == column)}"
            for column in doubled
        ]
        raise DataError(
            explain(
                what=f"{name} has more than one column {first_ten(shown)}",
                where=f"row {row}",
                remedy="give every column a name of its own",
            )
        )


def refuse_second_header(header: Sequence[str], body: Records, name: str) -> None:
    """Refuse a file in which the header comes again: two exports joined end to end.

    Raises
    ------
    DataError
    """
    first = list(header)
    again = [
        number
        for number, cells in body
        if cells[0].strip() == first[0]
        and [tidied(cell) for cell in cells] == [tidied(cell) for cell in first]
    ]
    if again:
        raise DataError(
            explain(
                what=f"{name} holds its header again: two exports joined end to end",
                where=f"row {first_ten(again)}",
                remedy="keep one header, and the answers of both below it; or read them one by one",
            )
        )


def looks_like_answers(cells: Sequence[str]) -> bool:
    """Whether most filled cells of a row are numbers or dates, as answers are and names are not."""
    given = [cell for cell in cells if cell]
    numbers = [c for c in given if NUMBER.fullmatch(c) or re.match(r"\d{1,4}[-./]\d{1,2}[-./]", c)]
    return bool(given) and len(numbers) > len(given) / 2
