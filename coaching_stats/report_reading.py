"""A report as its readers get it: every piece with its place, every number with its address."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from html.parser import HTMLParser

MINUS = "−"
MARKS = {"en": ".", "fi": ","}  # decimal marks
NO_NUMBER = ("–", "∞", "−∞")  # what stands in place of a number that there is none of
FIGURE = "data:image/svg+xml;base64,"
IN_FIGURE = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
# Names that matplotlib makes from the numbers of a drawing; they say nothing of their own.
MADE_ID = re.compile(r'(?<=["#])\w*[0-9a-f]{10}(?=[")])')
BEFORE, LONGEST = 20, 100  # characters of a text that a message shows
VOID = ("meta", "img", "br", "hr", "link", "input")


@dataclass(frozen=True)
class Piece:
    """One piece of a page: a tag, a text or a comment.

    Attributes
    ----------
    place : str
        Id of the row, else of the section, that holds it.
    text : str
        A tag with its attributes, or the text; without the figure that an image holds.
    address : str
        Where the page says that a number comes from; empty for all else.
    figure : str
        The drawing that an image holds, as SVG; of a tag inside a drawing, its attributes.
    """

    place: str
    text: str
    address: str = ""
    figure: str = ""

    @cached_property
    def key(self) -> tuple[str, ...]:
        """What must be the same wherever the page was made; of a number, its address and shape."""
        if self.address:
            shape = re.sub(r"\d+", "9", self.text.removeprefix(MINUS))
            decimals = re.search(r"[.,](\d+)$", self.text)
            return self.place, self.address, shape, str(len(decimals[1]) if decimals else 0)
        return self.place, self.text


def pieces_of(page: str) -> list[Piece]:
    """Take a page apart into its tags, texts and numbers.

    Parameters
    ----------
    page : str
        HTML.

    Returns
    -------
    list of Piece
        In the order of the page, blank texts left out.

    Examples
    --------
    >>> row = '<tr id="H1"><td><b data-address="H1.estimate">−0,42</b></td></tr>'
    >>> [(piece.place, piece.address, piece.text) for piece in pieces_of(row)][3]
    ('H1', 'H1.estimate', '−0,42')
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.pieces


class _Reader(HTMLParser):
    """Collects pieces; an element's id or label names the place of all that it holds."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[Piece] = []
        self.open: list[tuple[str, str, str]] = []  # tag, place, address

    @property
    def place(self) -> str:
        """Nearest place that has a name."""
        return next((place for _, place, _ in reversed(self.open) if place), "page")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag with all its attributes, a figure apart."""
        known = {name: value or "" for name, value in attrs}
        figure = known.get("src", "")
        if figure.startswith(FIGURE):
            attrs = [(name, FIGURE if name == "src" else value) for name, value in attrs]
        place = known.get("id") if tag == "tr" else known.get("aria-labelledby")
        if tag not in VOID:
            self.open.append((tag, place or "", known.get("data-address", "")))
        shown = "".join(f' {name}="{value or ""}"' for name, value in attrs)
        if any(tag == "svg" for tag, _, _ in self.open):
            shown, figure = "", MADE_ID.sub("id", shown)
        self.pieces.append(Piece(self.place, f"<{tag}{shown}>", figure=_decoded(figure)))

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element."""
        self.pieces.append(Piece(self.place, f"</{tag}>"))
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        """Note a text; directly inside an address it is a number."""
        address = self.open[-1][2] if self.open else ""
        if data.strip():
            self.pieces.append(Piece(self.place, " ".join(data.split()), address))

    def handle_comment(self, data: str) -> None:
        """Note a comment."""
        self.pieces.append(Piece(self.place, f"<!--{data}-->"))

    def handle_decl(self, decl: str) -> None:
        """Note the kind of document."""
        self.pieces.append(Piece(self.place, f"<!{decl}>"))


def _decoded(source: str) -> str:
    """The drawing of an image; what is none stands for itself."""
    if not source.startswith(FIGURE):
        return source
    try:
        drawing = base64.b64decode(source.removeprefix(FIGURE), validate=True).decode("utf-8")
        return MADE_ID.sub("id", drawing)
    except (binascii.Error, UnicodeDecodeError):
        return source


def printed_number(text: str, language: str) -> tuple[float, int] | None:
    """Read a number as the language prints it.

    Parameters
    ----------
    text : str
    language : {"en", "fi"}

    Returns
    -------
    tuple of float and int, or None
        The number and how many decimals it shows; None where it is not printed as readers of the
        language expect: minus sign U+2212, decimal comma in Finnish.

    Examples
    --------
    >>> printed_number("−0,34", "fi"), printed_number("−0,34", "en"), printed_number("134", "en")
    ((-0.34, 2), None, (134.0, 0))
    """
    mark = re.escape(MARKS[language])
    found = re.fullmatch(rf"({MINUS}?)(\d+)(?:{mark}(\d+))?", text)
    if found is None:
        return None
    sign, whole, decimals = found[1], found[2], found[3] or ""
    value = float(f"{whole}.{decimals or 0}")
    return (-value if sign else value), len(decimals)


def prints(text: str, value: float | None, language: str) -> bool:
    """Whether a page prints a value: rounded to the digits shown, a dash for none.

    Parameters
    ----------
    text : str
    value : float or None
    language : {"en", "fi"}

    Examples
    --------
    >>> prints("−0,42", -0.415307434892, "fi"), prints("−0,41", -0.415307434892, "fi")
    (True, False)
    """
    if value is None:
        return text in NO_NUMBER
    found = printed_number(text, language)
    # A tie may fall either way: results.json holds 12 digits of the number that was printed.
    return found is not None and abs(found[0] - value) <= 0.5 * 10.0 ** -found[1] * (1 + 1e-9)


def same_drawing(one: str, other: str, *, tolerance: float = 0.01) -> bool:
    """Whether two drawings are the same but for their numbers' last digits.

    Parameters
    ----------
    one, other : str
        SVG.
    tolerance : float
        Points, 1/72 inch.

    Examples
    --------
    >>> same_drawing("M 1.001 2 L 3 4", "M 1 2 L 3 4"), same_drawing("M 1 2 L 3 4", "M 1 2 L 3 5")
    (True, False)
    """
    if one == other:
        return True
    if IN_FIGURE.sub("9", one) != IN_FIGURE.sub("9", other):
        return False
    numbers = (map(float, IN_FIGURE.findall(drawing)) for drawing in (one, other))
    return all(abs(a - b) <= tolerance for a, b in zip(*numbers, strict=True))


def unlike(one: Sequence[Hashable], other: Sequence[Hashable]) -> Iterator[tuple[slice, slice]]:
    """Stretches in which two sequences are not the same.

    Parameters
    ----------
    one, other : sequence

    Yields
    ------
    tuple of slice
        Of the one and of the other; position by position where both are of one length.

    Examples
    --------
    >>> list(unlike("abc", "abd")), list(unlike("abc", "ac"))
    ([(slice(2, 3, None), slice(2, 3, None))], [(slice(1, 2, None), slice(1, 1, None))])
    """
    if len(one) == len(other):
        places = (i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
        yield from ((slice(i, i + 1), slice(i, i + 1)) for i in places)
        return
    for tag, *ends in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag != "equal":
            yield slice(*ends[:2]), slice(*ends[2:])


def apart(one: Sequence[str], other: Sequence[str]) -> tuple[str, str]:
    """What stands in two places, for a message: from shortly before they part.

    Parameters
    ----------
    one, other : sequence of str

    Returns
    -------
    tuple of str
        Quoted, or the word nothing.

    Examples
    --------
    >>> apart(["Supported"], []), apart(["seed 1"], ["seed 2"])
    (("'Supported'", 'nothing'), ("'seed 1'", "'seed 2'"))
    """
    texts = [" ".join(texts) for texts in (one, other)]
    same = next((i for i, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), 0)
    start = max(same - BEFORE, 0)
    dots = "…" if start else ""
    first, second = (text[start : start + LONGEST] for text in texts)
    return _quoted(first, dots), _quoted(second, dots)


def _quoted(text: str, dots: str) -> str:
    return repr(dots + text) if text else "nothing"
