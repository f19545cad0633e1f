"""What a table prints outright: small groups, and groups whose people all answered alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coaching_stats.disclosure import SLACK, System, answer_blocks
from coaching_stats.disclosure_rules import Leak, Rules, is_unanimous
from coaching_stats.published_table import HEADS, Published, Range

MOST_SHARED = 0.5  # of the options: a share of all people in more options tells little


def printed_leaks(
    published: Published,
    question: str,
    system: System,
    rules: Rules,
    scale: Range | None,
    ours: frozenset[str],
) -> list[Leak]:
    """What is printed outright: small groups, and groups whose members all answered alike."""
    leaks = []
    blocks = answer_blocks(published, question, scale)
    for group in published.groups(question):
        if group not in ours:
            continue
        key = (group, question)
        heads = published.heads[key]
        statements = published.statements.get(key, [])
        if statements and 0 < heads[1] < rules.minimum:
            value = statements[0].value
            figure = "mean" if statements[0].kinds == ("sum",) else "count"
            leaks.append(Leak(group, question, figure, "shown", value, value, heads, (group,)))
        elif 0 < heads[0] == heads[1] < rules.minimum and not _is_least(heads, rules):
            leaks.append(Leak(group, question, "head count", "shown", *heads, heads, (group,)))
        if statements and question != HEADS:
            answers = _common_answer(published, key, system, rules, scale, blocks)
            if answers is not None:
                sources = (group,)
                leaks.append(
                    Leak(group, question, "everybody's answer", "shown", *answers, heads, sources)
                )
    return leaks


def _is_least(heads: Range, rules: Rules) -> bool:
    """``<2`` is one person, and hides nothing."""
    return rules.minimum - 1 == 1 == heads[1]


def _common_answer(
    published: Published,
    key: tuple[str, str],
    system: System,
    rules: Rules,
    scale: Range | None,
    blocks: Sequence[tuple[int, int]],
) -> Range | None:
    """The answers between which all people of a group lie, where that tells each of them."""
    group = key[0]
    n = system.high[system.column[group, "n"]]
    many = MOST_SHARED * (blocks[-1][1] - blocks[0][0] + 1) if blocks else 0
    for statement in published.statements[key]:
        if scale is not None and statement.kinds == ("sum",) and statement.is_ratio:
            for end in scale:
                if abs(statement.value - end) < SLACK:
                    return end, end
        elif statement.kinds[0] != "sum" and len(statement.kinds) <= many:
            everybody = 1.0 if statement.is_ratio else n
            if statement.value >= everybody - SLACK > 0:
                return float(min(statement.kinds)), float(max(statement.kinds))
    for first, last in blocks:
        is_all = system.low[system.column[group, first]] >= n - SLACK and 0 < n < np.inf
        if is_all and last - first + 1 <= many:
            return float(first), float(last)
    column = system.column[group, "sum"]
    if not (0 < n < np.inf and system.printed[column]):
        return None
    low, high = system.low[column] / n, system.high[column] / n
    return (low, high) if is_unanimous(low, high, n, scale, rules) else None
