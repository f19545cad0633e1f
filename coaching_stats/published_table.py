"""A published table of group figures, read: statements, what is hidden, and who contains whom."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

NO_BOUND = float("inf")
ITEM = re.compile(r"(?P<question>.*?)(?:(?P<count>#)?\[(?P<low>\d+)(?:-(?P<high>\d+))?\]|:sum)?")
HEADS = "*"
FINEST = 2  # decimals of a mean, where its last zeros were not written

Range = tuple[float, float]
Kind = str | int  # "n", "sum", or an answer option whose givers are counted
ItemKind = Literal["mean", "sum", "share", "count", "heads"]


@dataclass(frozen=True)
class Item:
    """What one row is a figure of.

    Attributes
    ----------
    text : str
        As published: ``Q``, ``Q:sum``, ``Q[4]``, ``Q[4-5]``, ``Q#[4]`` or ``*``.
    question : str
        ``Q``; ``*`` for a head count.
    kind : {"mean", "sum", "share", "count", "heads"}
    low, high : int
        First and last answer option counted; 1 and 0 where none is.
    """

    text: str
    question: str
    kind: ItemKind
    low: int = 1
    high: int = 0

    @property
    def options(self) -> range:
        """The answer options counted."""
        return range(self.low, self.high + 1)


def parse_item(text: str) -> Item:
    """Read the name of a published figure.

    Examples
    --------
    >>> parse_item("S_SPR1[6-7]")
    Item(text='S_SPR1[6-7]', question='S_SPR1', kind='share', low=6, high=7)
    >>> parse_item("WTC_m:sum").kind, parse_item("WTC_m").kind, parse_item("*").kind
    ('sum', 'mean', 'heads')
    """
    found = ITEM.fullmatch(text)
    if text == HEADS or found is None:
        return Item(text, HEADS, "heads")
    question = found["question"]
    if found["low"]:
        kind: ItemKind = "count" if found["count"] else "share"
        return Item(text, question, kind, int(found["low"]), int(found["high"] or found["low"]))
    return Item(text, question, "sum" if text.endswith(":sum") else "mean")


def head_range(text: str) -> Range:
    """Fewest and most people that a published number of people allows.

    Examples
    --------
    >>> head_range("12"), head_range("<5"), head_range("5-9"), head_range(">=10"), head_range("")
    ((12.0, 12.0), (1.0, 4.0), (5.0, 9.0), (10.0, inf), (0.0, inf))
    """
    text = str(text).strip()
    if text.startswith("<"):
        return 1.0, float(text[1:]) - 1
    if text.startswith(">="):
        return float(text[2:]), NO_BOUND
    if "-" in text:
        low, high = text.split("-")
        return float(low), float(high)
    return (float(text), float(text)) if text else (0.0, NO_BOUND)


@dataclass(frozen=True)
class Statement:
    """A printed figure: the numerator lies within value ± half, times n where it is a ratio."""

    kinds: tuple[Kind, ...]
    value: float
    half: float
    is_ratio: bool


@dataclass(frozen=True)
class Partition:
    """Groups that together are the people of their parent."""

    table: str
    parent: str
    children: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Published:
    """A published table, read.

    Attributes
    ----------
    heads : mapping from (group, question) to (fewest, most) people
    statements : mapping from (group, question) to list of Statement
    hidden : mapping from (group, question) to list of Item
        Suppressed figures.
    items : mapping from (group, question) to list of Item
        Every figure, suppressed or not.
    tables : mapping from (group, question) to set of str
    partitions : tuple of Partition
    """

    heads: dict[tuple[str, str], Range] = field(default_factory=dict)
    statements: dict[tuple[str, str], list[Statement]] = field(
        default_factory=lambda: defaultdict(list)
    )
    hidden: dict[tuple[str, str], list[Item]] = field(default_factory=lambda: defaultdict(list))
    items: dict[tuple[str, str], list[Item]] = field(default_factory=lambda: defaultdict(list))
    tables: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    partitions: tuple[Partition, ...] = ()

    @property
    def questions(self) -> list[str]:
        """Every question of which a figure or its suppression is published, head counts first."""
        found = dict.fromkeys(question for _, question in self.heads)
        return sorted(found, key=lambda question: question != HEADS)

    def groups(self, question: str) -> list[str]:
        """Groups with a row on a question."""
        return [group for group, asked in self.heads if asked == question]


def read_figures(figures: pd.DataFrame, decimals: int = FINEST) -> Published:
    """Read a published table into statements on the unknown counts and sums.

    Parameters
    ----------
    figures : DataFrame
        Columns as in published.csv; `n` as text or number.
    decimals : int
        Of means and sums at the least. CSV drops last zeros, so that what is written with fewer
        may have been rounded to these.

    Returns
    -------
    Published

    Examples
    --------
    >>> figures = pd.DataFrame({
    ...     "table": "t", "group": ["a"], "parent_group": "", "item": "Q", "n": "8",
    ...     "mean": 4.25, "value": np.nan, "suppressed": False})
    >>> read_figures(figures).statements["a", "Q"]
    [Statement(kinds=('sum',), value=4.25, half=0.005, is_ratio=True)]
    """
    items = {text: parse_item(text) for text in figures["item"].unique()}
    figure = figures["mean"].where(figures["mean"].notna(), figures["value"])
    half = _halves(figures, figure, items, decimals)
    found = Published(partitions=partitions_of(figures))
    columns = [figures[name] for name in ("table", "group", "item", "n", "suppressed")]
    for table, group, text, n, suppressed, value in zip(*columns, figure, strict=True):
        item = items[text]
        key = (group, item.question)
        low, high = head_range(n)
        old_low, old_high = found.heads.get(key, (0.0, NO_BOUND))
        found.heads[key] = max(low, old_low), min(high, old_high)
        found.tables[key].add(table)
        found.items[key].append(item)
        if suppressed:
            found.hidden[key].append(item)
        elif not np.isnan(value):
            found.statements[key].append(_statement(item, float(value), half[item.kind]))
    return found


def _halves(
    figures: pd.DataFrame, figure: pd.Series, items: Mapping[str, Item], decimals: int
) -> dict[str, float]:
    """Half a printed unit of each kind of figure: the most decimals that any of them has."""
    kinds = figures["item"].map(lambda text: items[text].kind)
    halves = {"heads": 0.0}
    for kind in kinds.unique():
        least = decimals if kind in ("mean", "sum") else 0
        values = figure[(kinds == kind) & figure.notna()].astype(float).unique()
        most = max([least, *(_decimals(value) for value in values)])
        halves[kind] = 0.0 if kind == "count" else 0.5 * 10.0**-most
    return halves


def _decimals(value: float) -> int:
    text = f"{value:.10f}".rstrip("0")
    return len(text.split(".")[1])


def _statement(item: Item, value: float, half: float) -> Statement:
    if item.kind in ("mean", "sum"):
        return Statement(("sum",), value, half, item.kind == "mean")
    if item.kind == "share":
        return Statement(tuple(item.options), value / 100, half / 100, True)
    return Statement(tuple(item.options) or ("n",), value, half, False)


def partitions_of(figures: pd.DataFrame) -> tuple[Partition, ...]:
    """Groups of the same parent in the same table; what two tables share stands once."""
    below = figures[figures["parent_group"].fillna("") != ""]
    pairs = below[["table", "parent_group", "group"]].drop_duplicates()
    children: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table, parent, group in pairs.itertuples(index=False):
        children[table, parent].append(group)
    found: dict[tuple[str, frozenset[str]], Partition] = {}
    for (table, parent), groups in children.items():
        found.setdefault((parent, frozenset(groups)), Partition(table, parent, tuple(groups)))
    return tuple(found.values())


def answer_classes(published: Published) -> list[list[str]]:
    """Questions that the same people can have answered: their numbers of people agree everywhere.

    Examples
    --------
    >>> figures = pd.DataFrame({
    ...     "table": "t", "group": ["a", "a", "a"], "parent_group": "", "item": ["P", "Q", "R"],
    ...     "n": ["8", "8", "7"], "mean": 4.25, "value": np.nan, "suppressed": False})
    >>> answer_classes(read_figures(figures))
    [['P', 'Q'], ['R']]
    """
    ranges: dict[str, dict[str, Range]] = defaultdict(dict)
    for (group, question), heads in published.heads.items():
        ranges[question][group] = heads
    classes: list[tuple[list[str], dict[str, Range]]] = []
    for question in published.questions:
        for members, common in classes:
            both = {
                group: meet(common.get(group, (0.0, NO_BOUND)), heads)
                for group, heads in ranges[question].items()
            }
            if all(low <= high for low, high in both.values()):
                members.append(question)
                common.update(both)
                break
        else:
            classes.append(([question], dict(ranges[question])))
    return [members for members, _ in classes]


def meet(a: Range, b: Range) -> Range:
    """What two ranges have in common."""
    return max(a[0], b[0]), min(a[1], b[1])
