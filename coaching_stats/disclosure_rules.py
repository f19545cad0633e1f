"""When an unknown figure counts as told: protection levels, and what they are applied to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from coaching_stats.disclosure import SLACK
from coaching_stats.published_table import HEADS, Item, Published, Range

ANSWERS = (1.0, 7.0)  # the scale of a question of which nothing else is known
STEPS = 6.0  # from one end of that scale to the other


@dataclass(frozen=True)
class Rules:
    """When an unknown counts as told.

    Attributes
    ----------
    minimum : int
        Fewest people whose figure may be shown.
    width : float
        Scale points; the mean of fewer people, or one person's answer, is told where its interval
        is narrower.
    whole_width : float
        The same for the suppressed mean of enough people.
    scales : mapping from question to (low, high) or None
        Answer scales where they are not 1 to 7; None where answers have no bounds.
    people : mapping from (group, question) to int
        True numbers of people, where they are known: what the one who protects knows.
    """

    minimum: int
    width: float
    whole_width: float
    scales: Mapping[str, Range | None] = field(default_factory=dict)
    people: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Leak:
    """Something told of the people of a group.

    Attributes
    ----------
    group, item : str
    figure : {"mean", "count", "head count", "everybody's answer"}
    how : {"shown", "bounds"}
    low, high : float
    heads : (fewest, most) people
    sources : tuple of str
        Groups whose printed figures tell it.
    """

    group: str
    item: str
    figure: str
    how: str
    low: float
    high: float
    heads: Range
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """An unknown to be told: columns of a system, added up, by a column of people for a mean."""

    group: str
    item: Item
    columns: tuple[int, ...]
    heads: int
    is_small: bool
    unit: float
    scale: Range | None


def scale_of(published: Published, question: str, rules: Rules) -> Range | None:
    """The answer scale of a question; None where printed means lie outside of what is known."""
    scale = rules.scales.get(question, ANSWERS)
    if scale is None or question == HEADS:
        return None
    for group in published.groups(question):
        for statement in published.statements.get((group, question), ()):
            if statement.kinds == ("sum",) and statement.is_ratio:
                nearest = min(max(statement.value, scale[0]), scale[1])
                if abs(nearest - statement.value) > statement.half:
                    return None
    return scale


def is_told(target: Target, low: float, high: float, most: float, rules: Rules) -> bool:
    """Whether the interval of a figure, of `most` people at the most, is too narrow."""
    if target.item.kind not in ("mean", "sum"):
        return bool(np.floor(high + SLACK) - np.ceil(low - SLACK) < 1)
    width = rules.width if target.is_small else rules.whole_width
    if high - low < width * target.unit:
        return True
    return is_unanimous(low, high, most, target.scale, rules)


def is_unanimous(low: float, high: float, most: float, scale: Range | None, rules: Rules) -> bool:
    """Whether a mean so near the scale's end tells the answer of each who is behind it.

    If all others gave the end, one person is at most n times the distance away from it.
    """
    if scale is None or not np.isfinite(most):
        return False
    unit = (scale[1] - scale[0]) / STEPS
    return most * min(scale[1] - low, high - scale[0]) < rules.width * unit
