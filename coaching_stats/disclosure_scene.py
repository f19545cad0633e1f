"""All that an attacker holds: this report, an earlier one, and who can be the same people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import pandas as pd

from coaching_stats.disclosure import SLACK, propagate, question_system
from coaching_stats.disclosure_bounds import ContradictionError, head_bounds
from coaching_stats.disclosure_leaks import question_leaks
from coaching_stats.disclosure_rules import Leak, Rules, scale_of
from coaching_stats.published_table import (
    HEADS,
    NO_BOUND,
    Partition,
    Published,
    Range,
    answer_classes,
    meet,
    read_figures,
)

EARLIER = " (earlier report)"


@dataclass(frozen=True, eq=False)
class Circle:
    """Questions that the same people can have answered, with what is known of their numbers.

    Attributes
    ----------
    questions : tuple of str
    partitions : tuple of Partition
        Those that the numbers allow, with what incomplete ones leave over.
    heads : mapping from group to (fewest, most) people
    """

    questions: tuple[str, ...]
    partitions: tuple[Partition, ...]
    heads: Mapping[str, Range]


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything published, ready for questions.

    Attributes
    ----------
    published, coarse : Published
        Means as rounded to two decimals at the least, and to as many as are written.
    rules : Rules
    ours : frozenset of str
        Groups of this report.
    circles : tuple of Circle
    """

    published: Published
    coarse: Published
    rules: Rules
    ours: frozenset[str]
    circles: tuple[Circle, ...]


def scene_of(figures: pd.DataFrame, previous: pd.DataFrame | None, rules: Rules) -> Scene:
    """Read all that is published.

    Parameters
    ----------
    figures, previous : DataFrame
        Columns as in published.csv; `previous` may be None.
    rules : Rules

    Returns
    -------
    Scene
        An earlier report's groups have a mark after their names.
    """
    frames = [figures.assign(parent_group=figures["parent_group"].fillna(""))]
    if previous is not None:
        asked = previous[previous["item"].isin(figures["item"])]
        names = {name: asked[name].fillna("") for name in ("group", "parent_group")}
        marked = {name: text.where(text == "", text + EARLIER) for name, text in names.items()}
        frames.append(asked.assign(**marked))
    everything = pd.concat(
        [frame for frame in frames if len(frame)] or frames[:1], ignore_index=True
    )
    published = read_figures(everything)
    tenths = 10.0 * everything["mean"].astype(float).dropna()
    is_fine = bool((np.abs(tenths - tenths.round()) > SLACK).any())
    coarse = published if is_fine else read_figures(everything, decimals=0)
    return Scene(
        published=published,
        coarse=coarse,
        rules=rules,
        ours=frozenset(figures["group"]),
        circles=tuple(_circle(published, members, rules) for members in answer_classes(published)),
    )


def _circle(published: Published, members: list[str], rules: Rules) -> Circle:
    """What the numbers of people of some questions say together."""
    common: dict[str, Range] = {}
    for (group, question), heads in published.heads.items():
        if question in members:
            common[group] = meet(common.get(group, (0.0, NO_BOUND)), heads)
    parts = [
        *_possible(published.partitions, common),
        *_nested_wholes(published, members, common, rules.minimum),
    ]
    for known in (common, {g: (0.0 if r[0] == 1.0 else r[0], r[1]) for g, r in common.items()}):
        system = propagate(question_system(Published(), HEADS, parts, known, None))
        if system is not None:
            try:
                return Circle(
                    tuple(members), tuple(parts), {**known, **head_bounds(system, rules.minimum)}
                )
            except ContradictionError:
                continue
    return Circle(tuple(members), tuple(parts), common)


def _possible(partitions: Iterable[Partition], heads: Mapping[str, Range]) -> Iterator[Partition]:
    """Partitions that the numbers allow; what the parts of one leave over becomes a part."""
    for part in partitions:
        known = [heads.get(child, (0.0, NO_BOUND)) for child in part.children]
        fewest, most = sum(low for low, _ in known), sum(high for _, high in known)
        whole = heads.get(part.parent, (0.0, NO_BOUND))
        if not any(child in heads for child in part.children) or fewest > whole[1]:
            continue
        if most < whole[0]:
            rest = f"{part.parent} outside table {part.table}"
            yield Partition(part.table, part.parent, (*part.children, rest))
        else:
            yield part


def _nested_wholes(
    published: Published, members: list[str], heads: Mapping[str, Range], minimum: int
) -> Iterator[Partition]:
    """Tables each of one whole, whose numbers differ by a few: one lacks some of the other."""
    below = {(part.table, child) for part in published.partitions for child in part.children}
    wholes: dict[str, set[str]] = {}
    for (group, question), tables in published.tables.items():
        if question in members:
            for table in tables:
                if (table, group) not in below:
                    wholes.setdefault(table, set()).add(group)
    roots = dict.fromkeys(groups.copy().pop() for groups in wholes.values() if len(groups) == 1)
    exact = sorted((heads[g][0], g) for g in roots if heads[g][0] == heads[g][1])
    related = {frozenset((p.parent, child)) for p in published.partitions for child in p.children}
    for (few, small), (many, large) in pairwise(exact):
        if 0 < many - few < minimum and frozenset((small, large)) not in related:
            yield Partition("", large, (small, f"{large} outside {small}"))


def scene_leaks(scene: Scene, circle: Circle, question: str) -> list[Leak]:
    """Find every leak of a question, on the strongest assumptions that the figures allow.

    Assumed, and dropped in turn where the figures contradict it: that answers did not change since
    the earlier report, that of two tables' wholes the smaller one is part of the larger one where a
    few people are between them, that means have two decimals, and that answers lie on the scale.

    Raises
    ------
    ContradictionError
        The figures contradict each other on every assumption.
    """
    full = scale_of(scene.published, question, scene.rules)
    in_tables = tuple(part for part in circle.partitions if part.table)
    assumptions = product(
        dict.fromkeys((full, None)),
        (scene.published, scene.coarse),
        dict.fromkeys((circle.partitions, in_tables)),
    )
    for scale, published, parts in assumptions:
        for links in (_links(published, circle, question, scene, scale), []):
            try:
                leaks = question_leaks(
                    published,
                    question,
                    [*parts, *links],
                    circle.heads,
                    scene.rules,
                    scale=scale,
                    ours=scene.ours,
                )
            except ContradictionError:
                continue
            return [leak for leak in leaks if not _is_old_news(scene, question, leak)]
    raise ContradictionError


def _is_old_news(scene: Scene, question: str, leak: Leak) -> bool:
    """Whether a group large enough is only told what the earlier report printed of it."""
    key = (leak.group + EARLIER, question)
    return leak.heads[0] >= scene.rules.minimum and bool(scene.published.statements.get(key))


def _links(
    published: Published, circle: Circle, question: str, scene: Scene, scale: Range | None
) -> list[Partition]:
    """Who the people of an earlier report are among those of this one."""
    links = []
    for group in published.groups(question):
        then = group + EARLIER
        if group in scene.ours and (then, question) in published.heads:
            link = _link(group, then, circle.heads)
            if _is_possible_link(published, question, link, circle.heads, scale):
                links.append(link)
    return links


def _link(now: str, then: str, heads: Mapping[str, Range]) -> Partition:
    """The same people, or more by those who joined, or fewer by those who left."""
    if heads[now][0] > heads[then][1]:
        return Partition("", now, (then, f"{now}: joined since"))
    if heads[now][1] < heads[then][0]:
        return Partition("", then, (now, f"{now}: left since"))
    return Partition("", now, (then,))


def _is_possible_link(
    published: Published,
    question: str,
    link: Partition,
    heads: Mapping[str, Range],
    scale: Range | None,
) -> bool:
    """Whether printed means allow that those who stayed answered as before."""
    sums = []
    for group in (link.parent, link.children[0]):
        means = [
            s
            for s in published.statements.get((group, question), ())
            if s.kinds == ("sum",) and s.is_ratio
        ]
        low, high = heads[group]
        if not means or low != high:
            return True  # the linear system decides
        sums.append((low, means[0].value, means[0].half))
    (n, mean, half), (n_part, mean_part, half_part) = sums
    between = n * mean - n_part * mean_part
    slack = n * half + n_part * half_part
    bounds = (0.0, 0.0) if n == n_part else scale or (-NO_BOUND, NO_BOUND)
    rest = n - n_part
    return rest * bounds[0] - slack <= between <= rest * bounds[1] + slack


def head_leaks(scene: Scene, circle: Circle) -> list[Leak]:
    """Find the small groups whose hidden number of people is told exactly."""
    leaks = []
    for (group, question), told in scene.published.heads.items():
        if group not in scene.ours or question not in circle.questions or told[0] == told[1]:
            continue
        low, high = circle.heads[group]
        if low == high < scene.rules.minimum and scene.published.hidden.get((group, question)):
            sources = tuple(
                g for p in circle.partitions if group in p.children for g in (p.parent, *p.children)
            )
            others = tuple(dict.fromkeys(g for g in sources if g != group))
            leaks.append(Leak(group, HEADS, "head count", "bounds", low, high, (low, high), others))
    return leaks
