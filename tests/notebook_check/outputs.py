"""Stored outputs against those of a fresh run: text, tables and figures, nothing left out."""

import base64
import io
import math
import re
import struct
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import zip_longest

import matplotlib.image
import numpy as np
from nbformat import NotebookNode

RELATIVE_TOLERANCE = 1e-9  # of numbers, the only one: up to nine digits must be the same
FIGURE_TOLERANCE = 8  # of 255 levels, for every channel of every pixel; a digit is above 100
NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?(?![\w]|\.\d)")
REMEDY = (
    "If the code or the data changed on purpose, run make notebooks and read the difference; "
    "else somebody edited the output: restore it"
)


def differences(stored: list[NotebookNode], fresh: list[NotebookNode]) -> list[str]:
    """Say where the stored outputs of a cell are not those of a fresh run, one line each.

    Parameters
    ----------
    stored, fresh : list of outputs of one cell, streams of one name already joined
    """
    found = []
    for place, (old, new) in enumerate(zip_longest(stored, fresh), start=1):
        if old is None:
            found.append(f"output {place} ({kind(new)}) is missing: the code gives it")
        elif new is None:
            found.append(f"output {place} ({kind(old)}) comes from nowhere: no code gives it")
        elif kind(old) != kind(new):
            found.append(f"output {place} is stored as {kind(old)}, the code gives {kind(new)}")
        else:
            found += [f"output {place}: {line}" for line in _one(old, new)]
    return found


def kind(output: NotebookNode) -> str:
    """Type of an output, and the names of all that it shows."""
    return ", ".join([output.output_type, *filter(None, [output.get("name")])]) + (
        f" with {', '.join(sorted(output.data))}" if "data" in output else ""
    )


def _one(stored: NotebookNode, fresh: NotebookNode) -> Iterator[str]:
    if stored.get("metadata", {}) != fresh.get("metadata", {}):
        yield "its metadata, which say how it is shown, differ"
    if "text" in stored:
        yield from text_differences(stored.text, fresh.text)
    for key, value in stored.get("data", {}).items():
        yield from COMPARE.get(key, markup_differences)(value, fresh.data[key])


def text_differences(stored: str, fresh: str) -> list[str]:
    """Where words differ, or numbers by more than the tolerance; spaces only part words."""
    lines = zip_longest(stored.split("\n"), fresh.split("\n"), fillvalue="")
    return [
        f"the text says {old.strip()!r}, the code gives {new.strip()!r}"
        for old, new in lines
        if not alike(old, new)
    ]


def alike(stored: str, fresh: str) -> bool:
    """Whether two pieces of text have the same words and, within the tolerance, numbers."""
    (old_words, old), (new_words, new) = _parts(stored), _parts(fresh)
    return old_words == new_words and all(
        math.isclose(a, b, rel_tol=RELATIVE_TOLERANCE) for a, b in zip(old, new, strict=True)
    )


def _parts(text: str) -> tuple[str, list[float]]:
    """Words with a gap for each number, and the numbers; digits inside words are words."""
    numbers = [float(found.replace("−", "-")) for found in NUMBER.findall(text)]
    return " ".join(NUMBER.sub(" \0 ", text).split()), numbers


class _Markup(HTMLParser):
    """A page as a list: its tags with all they carry, its texts, and where the texts stand."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.places: list[str] = []
        self.row, self.column = 0, 0
        self.feed(markup)
        self.close()

    def _add(self, piece: str) -> None:
        self.pieces.append(piece)
        self.places.append(f"row {self.row}, cell {self.column}" if self.row else "before row 1")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.row, self.column = self.row + 1, 0
        self.column += tag in ("td", "th")
        self._add(self.get_starttag_text() or f"<{tag} {attrs}>")

    def handle_endtag(self, tag: str) -> None:
        self._add(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._add(data.strip())

    def handle_comment(self, data: str) -> None:
        self._add(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._add(f"<!{decl}>")


def markup_differences(stored: str, fresh: str) -> list[str]:
    """Where two tables (or vectors) differ in a tag, a word or, beyond the tolerance, a number."""
    old, new = _Markup(stored), _Markup(fresh)
    if len(old.pieces) != len(new.pieces):
        shape = (
            f"the table has {old.row} rows and {len(old.pieces)} pieces, "
            f"the code gives {new.row} rows and {len(new.pieces)} pieces"
        )
        return [shape]
    return [
        f"the table says {a!r} at {place}, the code gives {b!r}"
        for a, b, place in zip(old.pieces, new.pieces, old.places, strict=True)
        if not alike(a, b)
    ]


def figure_differences(stored: str, fresh: str) -> list[str]:
    """Where two PNG figures differ in size, or in any pixel by more than the tolerance."""
    files = [base64.b64decode(png) for png in (stored, fresh)]
    parts = [_chunks(file) for file in files]
    if parts[0] != parts[1]:
        # A second frame or a profile of colours would show other things than the pixels say.
        return [f"the figure is made of {parts[0]}, the code draws {parts[1]}"]
    old, new = map(_pixels, files)
    if old.shape != new.shape:
        return [f"the figure has {_size(old)} pixels, the code draws {_size(new)}"]
    far = (np.abs(old - new) > FIGURE_TOLERANCE).any(axis=-1)
    if not far.any():
        return []
    rows, columns = np.nonzero(far)
    return [
        f"the figure differs in {far.sum()} of {far.size} pixels by more than "
        f"{FIGURE_TOLERANCE} of 255 levels, from ({columns.min()}, {rows.min()}) "
        f"to ({columns.max()}, {rows.max()})"
    ]


def _chunks(png: bytes) -> list[str]:
    """Kinds of parts that a PNG file has."""
    kinds, at = set(), 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kinds.add(png[at + 4 : at + 8].decode("latin-1"))
        at += 12 + length
    return sorted(kinds)


def _pixels(png: bytes) -> np.ndarray:
    """Levels 0 to 255 of red, green, blue and opacity, shape (height, width, 4)."""
    levels = matplotlib.image.imread(io.BytesIO(png), format="png") * 255
    if levels.ndim == 2:
        levels = np.repeat(levels[..., None], 3, axis=-1)
    if levels.shape[-1] == 3:
        levels = np.concatenate([levels, np.full((*levels.shape[:2], 1), 255.0)], axis=-1)
    return np.round(levels)


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]} × {pixels.shape[0]}"


COMPARE = {
    "text/plain": text_differences,
    "text/markdown": text_differences,
    "image/png": figure_differences,
}
