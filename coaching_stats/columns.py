"""One column of a file as text: its distinct cells, and which row holds which of them.

A survey has few distinct answers and many rows, so whatever is done to cells is done to the
distinct ones only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class TextColumn:
    """Cells of one column, n rows with d distinct values.

    Attributes
    ----------
    cells : list of str, length d
        Distinct cells, in order of appearance.
    codes : ndarray of int, shape (n,)
        Place of each row's cell in `cells`.
    numbers : ndarray of int, shape (n,)
        Rows as the user counts them.
    """

    cells: list[str]
    codes: np.ndarray
    numbers: np.ndarray

    def with_cells(self, cells: Sequence[str]) -> TextColumn:
        """Replace the distinct cells, one for one; several may become the same."""
        return TextColumn(list(cells), self.codes, self.numbers)

    def mapped(self, change: Callable[[str], str]) -> TextColumn:
        """Change every cell."""
        return self.with_cells([change(cell) for cell in self.cells])

    @property
    def values(self) -> np.ndarray:
        """Cells row by row; shape (n,), of str."""
        return np.array(self.cells, dtype=object)[self.codes]

    def counts(self) -> np.ndarray:
        """How many rows hold each distinct cell; shape (d,)."""
        return np.bincount(self.codes, minlength=len(self.cells))

    def rows_of(self, wanted: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
        """Rows, as the user counts them, whose cell is wanted, with the cell."""
        is_wanted = np.array([wanted(cell) for cell in self.cells], dtype=bool)
        for place in np.flatnonzero(is_wanted[self.codes]).tolist():
            yield int(self.numbers[place]), self.cells[self.codes[place]]

    def first_rows(self) -> list[int]:
        """The row in which each distinct cell comes first; length d."""
        newest = np.maximum.accumulate(self.codes)
        return self.numbers[np.flatnonzero(np.diff(newest, prepend=-1))].tolist()


def text_columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]
) -> dict[str, TextColumn]:
    """Take rows of text cells apart into columns; white space around cells is nothing.

    Parameters
    ----------
    header : sequence of str, length c
    rows : sequence of n sequences of str, length c each
    numbers : sequence of int, length n

    Returns
    -------
    dict from header to TextColumn

    Examples
    --------
    >>> column = text_columns(["team"], [["A "], ["B"], ["A"]], [2, 3, 4])["team"]
    >>> column.cells, column.codes.tolist(), list(column.rows_of("A".__eq__))
    (['A', 'B'], [0, 1, 0], [(2, 'A'), (4, 'A')])
    """
    at = np.asarray(numbers, dtype=int)
    columns = zip(*rows, strict=True) if rows else ((),) * len(header)
    return {name: _column(cells, at) for name, cells in zip(header, columns, strict=True)}


def _column(cells: Sequence[str], numbers: np.ndarray) -> TextColumn:
    codes, distinct = pd.factorize(np.array(cells, dtype=object))
    stripped = [cell.strip() for cell in distinct.tolist()]
    if len(set(stripped)) < len(stripped) or not all(map(str.__eq__, stripped, distinct)):
        place: Mapping[str, int] = {cell: i for i, cell in enumerate(dict.fromkeys(stripped))}
        codes = np.array([place[cell] for cell in stripped])[codes]
        stripped = list(place)
    return TextColumn(stripped, codes, numbers)
