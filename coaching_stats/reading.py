"""The text cells of one file become values: numbers, dates, yes and no; never by a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coaching_stats.columns import TextColumn
from coaching_stats.csv_files import to_column
from coaching_stats.dates import dates_of, is_ambiguous
from coaching_stats.decimals import with_points
from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.instrument import Item, load_instrument
from coaching_stats.labels import booleans_of, fits_both_lengths, numbers_of, plain
from coaching_stats.mapping import FileMapping
from coaching_stats.receipt import IN_WORDS, problem

BOOLEANS = ("consent", "finished")
DATES = ("started_at", "completed_at")
AS_THEY_ARE = ("status", "progress", "ip_address", "last_page")
CONSENT_WORDS = ("suostun", "hyväksyn", "annan suostumuksen", "i agree", "agree", "i consent")
LANGUAGES = {
    "fi": ("fi", "fin", "fi-fi", "suomi", "finnish"),
    "en": ("en", "eng", "en-gb", "en-us", "englanti", "english"),
}


@dataclass(frozen=True, eq=False)
class Reading:
    """How the cells of one file become values.

    Attributes
    ----------
    file : str
        Its name, for messages.
    mapping : FileMapping
    tool : str
        What wrote the file.
    text : frozenset of str
        Columns that stay as they are, letter by letter.
    own_times : frozenset of str
        Times that the tool itself wrote and nobody asked for: where their order of day and month
        is in doubt, they are left out and not asked about.
    """

    file: str
    mapping: FileMapping
    tool: str
    text: frozenset[str]
    own_times: frozenset[str] = frozenset()

    def values(
        self, columns: Mapping[str, TextColumn], *, is_comma_likely: bool
    ) -> tuple[dict[str, pd.Series], str, list[dict[str, Any]]]:
        """Values by column, the decimal mark, and what was read as something else."""
        kinds = {name: self._kind(name) for name in columns}
        gone = set(self.mapping.missing)  # never in ids: a team may be called 99
        free = {
            name: column.mapped(lambda cell: "" if cell in gone else cell)
            for name, column in columns.items()
            if kinds[name] in ("item", "number", "open")
        }
        pointed, decimal = with_points(
            free, self.file, self.mapping.decimal, is_comma_likely=is_comma_likely
        )
        self._refuse_unsure_lengths(pointed)
        read = {
            name: self._read(name, kinds[name], pointed.get(name, column))
            for name, column in columns.items()
        }
        self._refuse_out_of_range(read)
        said = [
            line
            for name, column in columns.items()
            for line in _in_words(name, pointed.get(name, column), read[name])
        ]
        values = {name: self._typed(name, kinds[name], column) for name, column in read.items()}
        return values, decimal, said

    def _kind(self, name: str) -> str:
        """What a column holds: item, number, text, date, boolean, language, or open."""
        if name in self.mapping.types:
            return self.mapping.types[name]
        if name in self.text or name in AS_THEY_ARE:
            return "language" if name == "language" else "text"
        if name in BOOLEANS:
            return "boolean"
        if name in DATES:
            return "date"
        if name == "seconds":
            return "number"
        return "item" if self._scale(name) is not None else "open"

    def _scale(self, name: str) -> tuple[float, float] | None:
        if name in self.mapping.scales:
            return self.mapping.scales[name]
        item = _items().get(name)
        return None if item is None else (item.scale_min, item.scale_max)

    def _read(self, name: str, kind: str, column: TextColumn) -> TextColumn:
        if kind == "item":
            low, high = self._scale(name)
            has_codes = self.tool == "LimeSurvey"
            return numbers_of(
                column,
                name,
                int(high - low) + 1,
                self.file,
                self.mapping.labels,
                has_codes=has_codes,
            )
        if kind == "boolean":
            words = CONSENT_WORDS if name == "consent" else ()
            return booleans_of(column, name, self.file, words)
        if kind == "date":
            is_own = name in self.own_times and self.mapping.day_first is None
            if is_own and is_ambiguous(column):
                return column.mapped(lambda _: "")
            return dates_of(column, name, self.file, self.mapping.day_first)
        if kind == "language":
            return column.mapped(_language)
        return column

    def _refuse_unsure_lengths(self, columns: Mapping[str, TextColumn]) -> None:
        """Ask where labels fit a scale of five and one of seven options, and no line says which."""
        unsaid = {
            name: column
            for name, column in columns.items()
            if name not in self.mapping.scales and self._scale(name) == (1, 7)
        }
        both = fits_both_lengths(unsaid.values())
        if both:
            name = next(n for n, c in unsaid.items() if set(map(plain, c.cells)) & set(both))
            raise DataError(
                explain(
                    what="the answers in words fit a scale of five options and one of seven",
                    where=f"{self.file}, column {name!r}, {first_ten(map(repr, both))}",
                    remedy=f"say which in a mapping, for example scales: {{{name}: [1, 7]}}",
                )
            )

    def _refuse_out_of_range(self, read: Mapping[str, TextColumn]) -> None:
        bad: list[str] = []
        for name, column in read.items():
            scale = self._scale(name)
            if scale is not None:
                rows = column.rows_of(lambda cell, ends=scale: _is_outside(cell, *ends))
                ends = f"from {scale[0]:g} to {scale[1]:g}"
                bad += [f"{name}, row {row}: {float(cell):g} ({ends})" for row, cell in rows]
        if bad:
            raise DataError(
                explain(
                    what=f"{len(bad)} answers are outside their scale",
                    where=f"{self.file}, {first_ten(bad)}",
                    remedy="correct them; if such a number stands for a missing answer, write "
                    "missing: [99] in a mapping; if the scale is another one, write scales: "
                    "{S_SPR1: [1, 5]}",
                )
            )

    def _typed(self, name: str, kind: str, column: TextColumn) -> pd.Series:
        distinct = to_column(
            tuple(column.cells),
            name,
            column.first_rows(),
            self.file,
            is_text={"item": False, "number": False, "open": None}.get(kind, True),
        )
        return distinct.take(column.codes).set_axis(column.numbers)


def _items() -> Mapping[str, Item]:
    return {item.name: item for item in load_instrument().items}


def _is_outside(cell: str, low: float, high: float) -> bool:
    return bool(cell) and not low <= float(cell) <= high


def _language(cell: str) -> str:
    """The code of a language; other languages stay as they are."""
    known = {word: code for code, words in LANGUAGES.items() for word in words}
    return known.get(plain(cell), cell)


def _in_words(name: str, given: TextColumn, read: TextColumn) -> Iterator[dict[str, Any]]:
    """Say how many cells were read as something else than they are, and how many as missing."""
    if name in DATES and any(given.cells) and not any(read.cells):
        text = f"{name}: day or month first is in doubt, so these times are not used; to use them, "
        yield problem("warning", text + "say day_first: true or false in a mapping", column=name)
        return
    changed = np.array([a != b for a, b in zip(given.cells, read.cells, strict=True)], dtype=bool)
    gone = changed & np.array([not cell for cell in read.cells], dtype=bool)
    n_changed, n_gone = (int(given.counts()[which].sum()) for which in (changed, gone))
    if n_changed:
        yield problem(
            "info",
            f"{name}: {n_changed} {IN_WORDS}, {n_gone} of them as missing",
            column=name,
        )
