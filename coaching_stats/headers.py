"""The rows above the answers become one header: titles passed over, gaps named, faults refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from coaching_stats.csv_files import NUMBER, under_a_header
from coaching_stats.errors import DataError, explain, first_ten

Records = list[tuple[int, list[str]]]
LOOKED_AT = 50  # rows by which the width of a table is told
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
EDGES = UNSEEN + '\u00a0 \t\r\n"'  # around the cells of a header that comes again
OLD_CODE = re.compile(r"V\d+")  # an old Qualtrics export's own columns; their names stand below
OPEN_ANSWER = ("response", "open-ended response", "vastaus", "avoin vastaus", "")


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


def below_titles(
    records: Records, is_header: Callable[[Sequence[str]], bool]
) -> tuple[Records, tuple[str, ...]]:
    """Pass over titles above the header: rows that fill half of the table's width or less.

    Parameters
    ----------
    records : list of (number, cells)
    is_header : callable
        Tells a header that may be as narrow as a title, because a tool writes it so.

    Returns
    -------
    records : list of (number, cells)
        From the header on.
    evidence : tuple of str
        Which rows were passed over.
    """
    filled = [sum(map(bool, map(tidied, cells))) for _, cells in records[:LOOKED_AT]]
    if not filled:
        return records, ()
    # Rows of one cell tell no width: there may be as many titles as answers.
    wide = sorted(n for n in filled if n > 1) or filled
    width = wide[len(wide) // 2]
    full = (
        place
        for place, n in enumerate(filled[:20])
        if n > width / 2 or is_header(records[place][1])
    )
    place = next(full, 0)
    if place and looks_like_answers(records[place][1]):
        place -= 1  # a header narrower than its answers, which stands right above them
    if not place:
        return records, ()
    rows = first_ten(number for number, _ in records[:place])
    return records[place:], (f"title above the header passed over: row {rows}",)


def question_and_sub(rows: Sequence[Sequence[str]]) -> list[str]:
    """Join a row of questions and a row of sub-questions; a question holds until the next one.

    Examples
    --------
    >>> question_and_sub([["Respondent ID", "Do you", ""], ["", "plan?", "ask?"]])
    ['Respondent ID', 'Do you | plan?', 'Do you | ask?']
    """
    question, joined = "", []
    for above, below in zip(*rows, strict=True):
        question = tidied(above) or question
        sub = tidied(below)
        joined.append(question if sub.casefold() in OPEN_ANSWER else f"{question} | {sub}")
    return joined


def is_named_below(codes: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a second row names dates and ids of the first again, in whatever language.

    Examples
    --------
    >>> is_named_below(["StartDate", "ResponseId"], ["Aloituspäivä", "Vastauksen tunnus"])
    True
    >>> is_named_below(["StartDate", "ResponseId"], ["2026-03-02 10:00:00", "R_1"])
    False
    """
    dated = {"startdate", "enddate", "recordeddate", "responseid"}
    pairs = zip(codes, below, strict=True)
    under = [cell for code, cell in pairs if tidied(code).casefold() in dated and cell]
    return sum(re.search(r"\d|^R_", cell) is None for cell in under) > 1


def codes_of(rows: Sequence[Sequence[str]]) -> list[str]:
    """Codes for a header; with the question where two questions have one code.

    Examples
    --------
    >>> codes_of([["V1", "Q1", "Q2", "Q2"], ["ResponseID", "Plan?", "Ask?", "Help?"]])
    ['ResponseID', 'Q1', 'Q2 | Ask?', 'Q2 | Help?']
    """
    codes = [tidied(cell) for cell in rows[0]]
    if len(rows) == 1:
        return codes
    texts = [tidied(cell) for cell in rows[1]]
    pairs = list(zip(codes, texts, strict=True))
    codes = [text if OLD_CODE.fullmatch(code) and text else code for code, text in pairs]
    often = Counter(codes)
    return [
        code if often[code] == 1 or not text else f"{code} | {text}"
        for code, text in zip(codes, texts, strict=True)
    ]


def named(header: Sequence[str], body: Records) -> tuple[list[str], tuple[str, ...]]:
    """Name columns without a header by their letters; what holds nothing at all stays nameless.

    Parameters
    ----------
    header : sequence of str, length c
    body : list of (number, cells)

    Returns
    -------
    header : list of str, length c
    evidence : tuple of str

    Examples
    --------
    >>> named(["a", "", ""], [(2, ["1", "2", ""])])[0]
    ['a', 'column B', '']
    """
    names = [tidied(cell) for cell in header]
    evidence: list[str] = []
    for place in [place for place, name in enumerate(names) if not name]:
        if any(cells[place].strip() for _, cells in body):
            names[place] = f"column {letters(place)}"
            evidence.append(f"column {letters(place)} has no name in the file")
        else:
            evidence.append(f"column {letters(place)} is empty and has no name: left out")
    return names, tuple(evidence)


def only_named(header: Sequence[str], rows: list[list[str]]) -> list[list[str]]:
    """Leave out the cells of columns without a name.

    Examples
    --------
    >>> only_named(["a", "", "c"], [["1", "", "3"]])
    [['1', '3']]
    """
    keep = [place for place, name in enumerate(header) if name]
    if len(keep) == len(header):
        return rows
    if keep == list(range(len(keep))):
        return [row[: len(keep)] for row in rows]
    return [[row[place] for place in keep] for row in rows]


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
    """Refuse columns that share a name; those without one do not count.

    Raises
    ------
    DataError
    """
    doubled = [column for column, n in Counter(header).items() if column and n > 1]
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
    # The longest name is the rarest among answers, so that few rows are compared whole.
    place = max(range(len(header)), key=lambda i: len(header[i]))
    first = [cell.strip(EDGES) for cell in header]
    again = [
        number
        for number, cells in body
        if cells[place].strip(EDGES) == first[place]
        and all(cell.strip(EDGES) == name for cell, name in zip(cells, first, strict=True))
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
