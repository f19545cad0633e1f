"""The linear model of what is published: counts and sums of every group, bounds and equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from coaching_stats.published_table import (
    HEADS,
    NO_BOUND,
    Kind,
    Partition,
    Published,
    Range,
    Statement,
)

SWEEPS = 60
SLACK = 1e-6  # people or points: bounds that cross by more contradict each other


@dataclass(frozen=True, eq=False)
class System:
    """Bounds and linear rows on the unknowns of one question.

    Attributes
    ----------
    column : mapping from (group, kind) to int
    low, high : ndarray, shape (k,)
    whole : ndarray of bool, shape (k,)
        Unknowns that are counts.
    printed : ndarray of bool, shape (k,)
        Unknowns whose own bounds are printed.
    row, entry : ndarray of int, shape (z,)
        Row and column of each coefficient that is not zero.
    weight : ndarray, shape (z,)
        The coefficients.
    row_low, row_high : ndarray, shape (m,)
    """

    column: dict[tuple[str, Kind], int]
    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray
    printed: np.ndarray
    row: np.ndarray
    entry: np.ndarray
    weight: np.ndarray
    row_low: np.ndarray
    row_high: np.ndarray


class Builder:
    """Collects unknowns and rows; `system` turns them into arrays."""

    def __init__(self) -> None:
        """Begin without unknowns."""
        self.column: dict[tuple[str, Kind], int] = {}
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[bool] = []
        self.printed: set[int] = set()
        self.rows: list[tuple[Sequence[int], Sequence[float], float, float]] = []

    def unknown(self, key: tuple[str, Kind], low: float, high: float, *, whole: bool) -> int:
        """Add an unknown; return its column."""
        self.column[key] = len(self.low)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(whole)
        return self.column[key]

    def narrow(self, column: int, low: float, high: float) -> None:
        """Tighten the bounds of an unknown by what is printed of it."""
        self.low[column] = max(self.low[column], low)
        self.high[column] = min(self.high[column], high)
        self.printed.add(column)

    def add(
        self, columns: Sequence[int], weights: Sequence[float], low: float, high: float
    ) -> None:
        """Add the row low <= weights · unknowns <= high."""
        pairs = [(c, w) for c, w in zip(columns, weights, strict=True) if w != 0]
        self.rows.append(([c for c, _ in pairs], [w for _, w in pairs], low, high))

    def system(self) -> System:
        """Return the arrays."""
        sizes = [len(columns) for columns, *_ in self.rows]
        return System(
            column=self.column,
            low=np.array(self.low, dtype=float),
            high=np.array(self.high, dtype=float),
            whole=np.array(self.whole, dtype=bool),
            printed=np.isin(np.arange(len(self.low)), list(self.printed)),
            row=np.repeat(np.arange(len(sizes)), sizes),
            entry=np.array([c for columns, *_ in self.rows for c in columns], dtype=int),
            weight=np.array([w for _, weights, *_ in self.rows for w in weights], dtype=float),
            row_low=np.array([row[2] for row in self.rows], dtype=float),
            row_high=np.array([row[3] for row in self.rows], dtype=float),
        )


def question_system(
    published: Published,
    question: str,
    partitions: Iterable[Partition],
    heads: Mapping[str, Range],
    scale: Range | None,
) -> System:
    """Lay out all that is published on one question.

    Parameters
    ----------
    published : Published
    question : str
        ``*`` for head counts alone.
    partitions : iterable of Partition
    heads : mapping from group to (fewest, most) people
    scale : (low, high) or None
        Ends of the answer scale; None where answers are not bounded.

    Returns
    -------
    System
        Of each group the unknowns n and sum; also the numbers of givers of answers, by the first
        option of each block, where figures by answer are published.
    """
    parts = list(partitions)
    groups = dict.fromkeys(
        [*published.groups(question), *(g for p in parts for g in (p.parent, *p.children))]
    )
    blocks = answer_blocks(published, question, scale)
    builder = Builder()
    for group in groups:
        _add_group(builder, group, heads.get(group, (0.0, NO_BOUND)), question, scale, blocks)
        for statement in published.statements.get((group, question), ()):
            _add_statement(builder, group, statement)
    kinds: list[Kind] = ["n"] if question == HEADS else ["n", "sum", *(low for low, _ in blocks)]
    for part in parts:
        for kind in kinds:
            columns = [builder.column[group, kind] for group in (part.parent, *part.children)]
            builder.add(columns, [1.0] + [-1.0] * len(part.children), 0.0, 0.0)
    return builder.system()


def answer_blocks(
    published: Published, question: str, scale: Range | None
) -> tuple[tuple[int, int], ...]:
    """First and last of the options that no published figure tells apart; none without figures.

    Answers within a block may add up to any whole number between its ends, so that nothing is lost
    by counting them together.

    Examples
    --------
    >>> figures = Published()
    >>> figures.heads["a", "Q"] = (8.0, 8.0)
    >>> figures.statements["a", "Q"] = [Statement((6, 7), 0.5, 0.005, True)]
    >>> answer_blocks(figures, "Q", (1, 7))
    ((1, 5), (6, 7))
    """
    named = {
        tuple(options)
        for group in published.groups(question)
        for options in (
            *(s.kinds for s in published.statements.get((group, question), ())),
            *(item.options for item in published.hidden.get((group, question), ())),
        )
        if options and isinstance(options[0], int)
    }
    if not named or scale is None:
        return ()
    first = min(int(scale[0]), *(options[0] for options in named))
    last = max(int(scale[1]), *(options[-1] for options in named))
    edges = {first, last + 1, *(o[0] for o in named), *(o[-1] + 1 for o in named)}
    return tuple((low, high - 1) for low, high in pairwise(sorted(edges)))


def _add_group(
    builder: Builder,
    group: str,
    heads: Range,
    question: str,
    scale: Range | None,
    blocks: Sequence[tuple[int, int]],
) -> None:
    """Counts and sum of one group: each answer lies on the scale."""
    n = builder.unknown((group, "n"), *heads, whole=True)
    if question == HEADS:
        return
    low, high = scale if scale is not None else (-NO_BOUND, NO_BOUND)
    total = builder.unknown(
        (group, "sum"), _times(low, heads, min), _times(high, heads, max), whole=bool(blocks)
    )
    if scale is not None and heads[0] < heads[1]:
        builder.add((total, n), (1.0, -low), 0.0, NO_BOUND)
        builder.add((total, n), (1.0, -high), -NO_BOUND, 0.0)
    if blocks:
        counts = [builder.unknown((group, k), 0.0, heads[1], whole=True) for k, _ in blocks]
        builder.add((*counts, n), (*[1.0] * len(counts), -1.0), 0.0, 0.0)
        lows, highs = ([float(block[end]) for block in blocks] for end in (0, 1))
        if lows == highs:
            builder.add((*counts, total), (*lows, -1.0), 0.0, 0.0)
        else:
            builder.add((*counts, total), (*lows, -1.0), -NO_BOUND, 0.0)
            builder.add((*counts, total), (*highs, -1.0), 0.0, NO_BOUND)


def _times(value: float, heads: Range, best: type[min] | type[max]) -> float:
    """Least or greatest product of a value and a number of people; nobody's sum is 0."""
    return best(0.0 if n == 0 else value * n for n in heads)


def _add_statement(builder: Builder, group: str, statement: Statement) -> None:
    """Bounds where the number of people is known and one unknown is printed, rows otherwise."""
    n = builder.column[group, "n"]
    keys = [(group, kind) for kind in statement.kinds if (group, kind) in builder.column]
    if not keys:  # by answer, of a question whose options are not known
        return
    columns = [builder.column[key] for key in keys]
    low, high = statement.value - statement.half, statement.value + statement.half
    people = builder.low[n] if builder.low[n] == builder.high[n] else None
    if len(columns) == 1 and (people is not None or not statement.is_ratio):
        factor = people if statement.is_ratio and people is not None else 1.0
        builder.narrow(columns[0], low * factor, high * factor)
    elif statement.is_ratio:
        ones = [1.0] * len(columns)
        builder.add((*columns, n), (*ones, -low), 0.0, NO_BOUND)
        builder.add((*columns, n), (*ones, -high), -NO_BOUND, 0.0)
    else:
        builder.add(columns, [1.0] * len(columns), low, high)


def propagate(system: System) -> System | None:
    """Tighten every bound by every row, again and again until nothing moves.

    Where no two rows share two unknowns through a cycle, as in nested groups, these are the
    sharpest bounds; otherwise they contain them.

    Parameters
    ----------
    system : System

    Returns
    -------
    System or None
        None where the rows contradict each other.

    References
    ----------
    Savelsbergh (1994), ORSA Journal on Computing 6, 445-454, section 1.1.
    """
    low, high = _whole(system, system.low.copy(), system.high.copy())
    if len(system.row) == 0:
        return replace(system, low=low, high=high) if (low <= high + SLACK).all() else None
    starts = np.flatnonzero(np.r_[True, np.diff(system.row) > 0])
    for _ in range(SWEEPS):
        new_low, new_high = _whole(system, *_sweep(system, starts, low, high))
        if (new_low > new_high + SLACK).any():
            return None
        new_high = np.maximum(new_low, new_high)
        moved = np.any(new_low > low + 1e-9) or np.any(new_high < high - 1e-9)
        low, high = new_low, new_high
        if not moved:
            break
    return replace(system, low=low, high=high)


def _whole(system: System, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts are whole numbers."""
    low = np.where(system.whole, np.ceil(low - SLACK), low)
    return low, np.where(system.whole, np.floor(high + SLACK), high)


def _sweep(
    system: System, starts: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Tighten by every row once, all rows from the same bounds."""
    weight, entry, row = system.weight, system.entry, system.row
    is_plus = weight > 0
    least = weight * np.where(is_plus, low[entry], high[entry])
    most = weight * np.where(is_plus, high[entry], low[entry])
    upper = (system.row_high[row] - _others(least, starts, row, -NO_BOUND)) / weight
    lower = (system.row_low[row] - _others(most, starts, row, NO_BOUND)) / weight
    new_low, new_high = low.copy(), high.copy()
    np.minimum.at(new_high, entry, np.where(is_plus, upper, lower))
    np.maximum.at(new_low, entry, np.where(is_plus, lower, upper))
    return new_low, new_high


def _others(part: np.ndarray, starts: np.ndarray, row: np.ndarray, endless: float) -> np.ndarray:
    """Sum over the other entries of each entry's row; endless where one of them has no bound."""
    is_endless = np.isinf(part)
    finite = np.where(is_endless, 0.0, part)
    sums = np.add.reduceat(finite, starts)[row] - finite
    others = np.add.reduceat(is_endless.astype(int), starts)[row] - is_endless
    return np.where(others > 0, endless, sums)
