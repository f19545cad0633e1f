"""What of one question can be told from everything published: every leak, with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from coaching_stats.disclosure import SLACK, System, propagate, question_system
from coaching_stats.disclosure_bounds import (
    Component,
    ContradictionError,
    components,
    count_extreme,
    ratio_extreme,
)
from coaching_stats.disclosure_rules import STEPS, Leak, Rules, Target, is_told
from coaching_stats.implied_groups import implied_groups
from coaching_stats.printed_leaks import printed_leaks
from coaching_stats.published_table import (
    HEADS,
    Item,
    Partition,
    Published,
    Range,
    parse_item,
)


def question_leaks(
    published: Published,
    question: str,
    partitions: Iterable[Partition],
    heads: Mapping[str, Range],
    rules: Rules,
    *,
    scale: Range | None,
    ours: frozenset[str],
) -> list[Leak]:
    """Find everything that is told of a question.

    Parameters
    ----------
    published : Published
    question : str
    partitions : iterable of Partition
        With the links to an earlier report.
    heads : mapping from group to (fewest, most) people
        Bounds from all questions that the same people answered.
    rules : Rules
    scale : (low, high) or None
    ours : frozenset of str
        Groups of this report; of an earlier one nothing can be taken back.

    Returns
    -------
    list of Leak

    Raises
    ------
    ContradictionError
        The figures contradict each other, or what was assumed.
    """
    parts = [p for p in partitions if _concerns(p, published, question)]
    shown = frozenset(
        g for g in published.groups(question) if published.statements.get((g, question))
    )
    rests, members = implied_groups(parts, shown)
    system = propagate(question_system(published, question, [*parts, *rests], heads, scale))
    if system is None:
        raise ContradictionError
    leaks = printed_leaks(published, question, system, rules, scale, ours)
    if question == HEADS:
        return leaks
    targets = _targets(published, question, system, rules, scale, ours, parts, members)
    told = {leak.group for leak in leaks if leak.figure == "everybody's answer"}
    return leaks + _bounded(system, [t for t in targets if t.group not in told], rules)


def _concerns(part: Partition, published: Published, question: str) -> bool:
    """Whether some group of a partition has a row on the question."""
    return any((child, question) in published.heads for child in part.children)


def _targets(
    published: Published,
    question: str,
    system: System,
    rules: Rules,
    scale: Range | None,
    ours: frozenset[str],
    parts: Iterable[Partition],
    members: Mapping[str, tuple[str, ...]],
) -> list[Target]:
    """Suppressed figures, and those of implied groups that are too small to be told."""
    unit = _unit(published, question, scale)
    hidden = {
        group: {item.text: item for item in published.hidden.get((group, question), ())}
        for group in published.groups(question)
        if group in ours
    }
    asked = {text: item for items in hidden.values() for text, item in items.items()}
    asked.setdefault(question, parse_item(question))
    implied = {g for part in parts for g in part.children if (g, question) not in published.heads}
    parents: dict[str, list[str]] = {}
    for part in parts:
        for child in part.children:
            parents.setdefault(child, []).append(part.parent)
    found = []
    for group in [*(g for g in hidden if hidden[g]), *members, *sorted(implied)]:
        is_hidden = group in hidden
        heads = system.column[group, "n"]
        people = rules.people.get((group, question))
        if people is None and group in members:
            known = [rules.people.get((g, question)) for g in members[group]]
            people = None if None in known else sum(known)
        fewest = system.low[heads] if is_hidden else system.high[heads]
        is_small = (fewest if people is None else people) < rules.minimum
        if is_hidden or is_small:
            for item in (hidden[group] if is_hidden else asked).values():
                columns = _columns(system, group, item)
                if columns and not _is_known_zero(system, parents.get(group, ()), item):
                    found.append(Target(group, item, columns, heads, is_small, unit, scale))
    return found


def _columns(system: System, group: str, item: Item) -> tuple[int, ...]:
    """Columns that make up a figure; none where the options are not known."""
    kinds = ("sum",) if item.kind in ("mean", "sum") else tuple(item.options)
    return tuple(system.column[group, kind] for kind in kinds if (group, kind) in system.column)


def _is_known_zero(system: System, parents: Iterable[str], item: Item) -> bool:
    """Whether nobody of a larger group gave an answer, so that nobody of its parts did."""
    if item.kind not in ("share", "count"):
        return False
    return any(
        columns and system.high[list(columns)].sum() <= SLACK
        for columns in (_columns(system, parent, item) for parent in parents)
    )


def _unit(published: Published, question: str, scale: Range | None) -> float:
    """What one step of a seven-point scale is to this question's figures, sums by person."""
    if scale is not None:
        return (scale[1] - scale[0]) / STEPS
    values = [
        s.value if s.is_ratio else s.value / max(published.heads[group, question][0], 1.0)
        for group in published.groups(question)
        for s in published.statements.get((group, question), ())
        if s.kinds == ("sum",)
    ]
    spread = max(values) - min(values) if values else 0.0
    return (spread or abs(values[0]) if values else 0.0) / STEPS


def _bounded(system: System, targets: list[Target], rules: Rules) -> list[Leak]:
    """Solve for the targets; two solutions that differ enough clear every target they differ in."""
    parts, of_column = components(system)
    seen: dict[tuple[int, bool], list[np.ndarray]] = {}
    leaks = []
    for target in targets:
        is_mean = target.item.kind in ("mean", "sum")
        most = float(system.high[target.heads])
        open_columns = [c for c in target.columns if of_column[c] >= 0]
        is_split = len({of_column[c] for c in target.columns}) > 1
        if not open_columns or is_split or _is_exact(system, parts, of_column, target):
            low, high = _plain(system, target, is_mean=is_mean)
        else:
            number = int(of_column[open_columns[0]])
            part, solutions = parts[number], seen.setdefault((number, is_mean), [])
            values = [_value(system, part, target, x, is_mean=is_mean) for x in solutions]
            values = [value for value in values if np.isfinite(value)]
            if values and not is_told(target, min(values), max(values), most, rules):
                continue
            low, high = _solve(system, part, target, solutions, is_mean=is_mean)
        if is_told(target, low, high, most, rules):
            leaks.append(_leak(system, target, low, high, is_mean=is_mean))
    return leaks


def _is_exact(
    system: System, parts: list[Component], of_column: np.ndarray, target: Target
) -> bool:
    """Whether propagation has found the sharpest bounds already."""
    is_fixed = system.low[target.heads] == system.high[target.heads]
    return bool(
        is_fixed and len(target.columns) == 1 and parts[of_column[target.columns[0]]].is_tree
    )


def _plain(system: System, target: Target, *, is_mean: bool) -> tuple[float, float]:
    """Interval of a figure from the bounds of its columns alone."""
    columns = list(target.columns)
    low, high = system.low[columns].sum(), system.high[columns].sum()
    if not is_mean:
        return low, high
    fewest, most = max(system.low[target.heads], 1.0), max(system.high[target.heads], 1.0)
    return min(low / fewest, low / most), max(high / fewest, high / most)


def _value(
    system: System, part: Component, target: Target, x: np.ndarray, *, is_mean: bool
) -> float:
    """The figure in one solution; nan where nobody is in the group."""
    total = float(sum(x[part.place[c]] for c in target.columns))
    if not is_mean:
        return total
    position = part.place.get(target.heads)
    people = float(system.low[target.heads] if position is None else x[position])
    return total / people if people > 0 else np.nan


def _solve(
    system: System,
    part: Component,
    target: Target,
    solutions: list[np.ndarray],
    *,
    is_mean: bool,
) -> tuple[float, float]:
    """Least and greatest value; the solutions are kept for the other targets."""
    ends = []
    positions = [part.place[c] for c in target.columns]
    for sign in (1, -1):
        if is_mean:
            place = part.place.get(target.heads)
            people = float(system.low[target.heads]) if place is None else place
            if people == 0.0 and place is None:
                return -np.inf, np.inf
            value, x = ratio_extreme(part, positions[0], people, sign)
        else:
            value, x = count_extreme(part, positions, sign)
        ends.append(value)
        if x is not None:
            solutions.append(x)
    return ends[0], ends[1]


def _leak(system: System, target: Target, low: float, high: float, *, is_mean: bool) -> Leak:
    heads = float(system.low[target.heads]), float(system.high[target.heads])
    return Leak(
        group=target.group,
        item=target.item.text,
        figure="mean" if is_mean else "count",
        how="bounds",
        low=float(low),
        high=float(high),
        heads=heads,
        sources=sources_of(system, target.columns),
    )


def sources_of(system: System, columns: Iterable[int]) -> tuple[str, ...]:
    """Groups whose printed figures hang together with some unknowns, nearest first."""
    name = {column: key for key, column in system.column.items()}
    waiting, reached, rows = list(columns), set(columns), set()
    found: dict[str, None] = {}
    while waiting:
        for row in system.row[system.entry == waiting.pop(0)]:
            if row in rows:
                continue
            rows.add(row)
            for other in system.entry[system.row == row].tolist():
                if other in reached:
                    continue
                reached.add(other)
                group, kind = name[other]
                if system.printed[other]:
                    found[group] = None
                elif kind != "n" or system.low[other] < system.high[other]:
                    waiting.append(other)
    return tuple(found)
