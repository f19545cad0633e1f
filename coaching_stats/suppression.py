"""Suppression over all tables together: the fewest figures go that keep the small ones hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from coaching_stats.attack import WHOLE_WIDTH, WIDTH
from coaching_stats.disclosure_bounds import ContradictionError
from coaching_stats.disclosure_rules import Leak, Rules
from coaching_stats.disclosure_scene import Circle, Scene, scene_leaks, scene_of
from coaching_stats.privacy import PUBLISHED
from coaching_stats.published_table import HEADS, Published, Range, parse_item
from coaching_stats.vague_numbers import Cell, vaguer, worded

DECIMALS = 2
MARGIN = 2.0  # protected intervals are so many times as wide as those that an attack calls told
ROUNDS = 6
BLURS = 40
CUTS = 60  # rounds of new cuts for one question
EXACT_CUTS = 25  # of these so many with the cheapest cover; then greedily


def protect(
    figures: pd.DataFrame,
    minimum: int,
    previous: pd.DataFrame | None = None,
    *,
    scales: Mapping[str, Range | None] | None = None,
) -> pd.DataFrame:
    """Suppress small groups, and the fewest other figures from which theirs could be told.

    Parameters
    ----------
    figures : DataFrame
        Everything that will be published: ``table, group, parent_group, item, n, mean`` and, where
        there are figures other than means, ``value``; `n` true numbers of people. Not changed.
    minimum : int
        Fewest people whose figures are shown.
    previous : DataFrame, optional
        The published table of an earlier report.
    scales : mapping from question to (low, high) or None, optional
        Answer scales, where not 1 to 7; None for figures without bounds.

    Returns
    -------
    DataFrame
        Columns ``table, group, parent_group, item, n, mean, value, suppressed``, in the order of
        `figures`; means with two decimals. `n` is text; where an exact number would tell how many
        people a small group has, it is ``5-9`` or ``>=10`` (for a minimum of 5).

    Notes
    -----
    A figure goes first where it is of fewer people than the minimum, or tells the answer of each
    of its people because they all answered alike. Then the attack of `attack.attack` runs, with
    intervals twice as wide. Whatever it tells, at least one of the printed figures from which it
    follows has to go: a cut. The cheapest figures that satisfy all cuts are a set cover, solved by
    HiGHS; the attack runs again, until it tells nothing. Cuts hold whatever else is suppressed, so
    that no smaller set would do, up to rounding and to cuts named wider than need be. This is the
    method of Fischetti & Salazar with covers in place of their weighted capacity cuts. A figure
    costs the logarithm of its people, so that small groups go before large ones.

    Numbers of people are told apart from figures: where subtraction gives the exact number of a
    small group, the number of a sibling, if possible a suppressed one, is shown as a range.

    What was published earlier cannot be taken back, and nothing here protects against it beyond
    hiding what it would combine with. What insiders know is discussed at `attack.attack`.

    References
    ----------
    Fischetti & Salazar (2000), Journal of the American Statistical Association 95, 916-928;
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapter 4.

    Examples
    --------
    >>> figures = pd.DataFrame({
    ...     "table": "teams", "group": ["firm", "a", "b", "c"],
    ...     "parent_group": ["", "firm", "firm", "firm"], "item": "Q", "n": [24, 12, 9, 3],
    ...     "mean": [4.0, 4.5, 3.5, 3.5]})
    >>> protect(figures, 5)[["group", "n", "mean", "suppressed"]].values.tolist()
    [['firm', '24', 4.0, False], ['a', '12', 4.5, False],
     ['b', '5-9', nan, True], ['c', '<5', nan, True]]
    """
    rows = _rounded(figures)
    questions = rows["item"].map(lambda text: parse_item(text).question)
    people = dict(zip(zip(rows["group"], questions, strict=True), rows["n"], strict=True))
    rules = Rules(minimum, MARGIN * WIDTH, MARGIN * WHOLE_WIDTH, scales or {}, people)
    is_small = rows["n"] < minimum
    hidden: set[Cell] = set(zip(rows["group"][is_small], questions[is_small], strict=True))
    vague: dict[str, int] = {}
    for _ in range(ROUNDS):
        before = hidden, vague
        hidden = _hidden_cells(scene_of(worded(rows, minimum, vague), previous, rules), hidden)
        for _ in range(BLURS):
            shown = worded(rows, minimum, vague)
            blurred = vaguer(scene_of(shown, previous, rules), hidden, vague)
            if blurred == vague:
                break
            vague = blurred
        if before == (hidden, vague):
            break
    gone = pd.Series(
        [cell in hidden for cell in zip(rows["group"], questions, strict=True)],
        index=rows.index,
        dtype=bool,
    )
    return shown.assign(
        mean=shown["mean"].mask(gone), value=shown["value"].mask(gone), suppressed=gone
    )[list(PUBLISHED)]


def _rounded(figures: pd.DataFrame) -> pd.DataFrame:
    value = figures.get("value", np.nan)
    rows = figures.assign(value=value, parent_group=figures["parent_group"].fillna(""))
    return rows.assign(
        n=rows["n"].astype(int),
        mean=rows["mean"].astype(float).round(DECIMALS) + 0.0,  # no negative zero
        value=rows["value"].astype(float).round(DECIMALS) + 0.0,
    )


@dataclass
class Cuts:
    """What has to go for one question: cells for certain, and one at least of each set.

    Attributes
    ----------
    certain : set of str
        Groups.
    covers : list of (set of str, str or None)
        One of the groups has to go: if the second is a group, only if that one went.
    """

    certain: set[str] = field(default_factory=set)
    covers: list[tuple[frozenset[str], str | None]] = field(default_factory=list)

    def cheapest(self, cost: Mapping[str, float]) -> set[str]:
        """Solve the set cover."""
        groups = [group for group in cost if group not in self.certain]
        place = {group: i for i, group in enumerate(groups)}
        rows, least = [], []
        for cover, only_if in self.covers:
            if cover & self.certain:
                continue
            row = np.zeros(len(groups))
            row[[place[group] for group in cover if group in place]] = 1.0
            is_bound = only_if is None or only_if in self.certain
            if not is_bound and only_if in place:
                row[place[only_if]] -= 1.0
            if row.max(initial=0.0) > 0:
                rows.append(row)
                least.append(1.0 if is_bound else 0.0)
        if not rows:
            return set(self.certain)
        found = milp(
            np.array([cost[group] for group in groups]),
            constraints=LinearConstraint(np.array(rows), np.array(least), np.inf),
            bounds=Bounds(0, 1),
            integrality=np.ones(len(groups)),
        )
        return self.certain | {group for group, x in zip(groups, found.x, strict=True) if x > 0.5}


def _hidden_cells(scene: Scene, hidden: set[Cell]) -> set[Cell]:
    """All cells that have to go, question by question; questions of one circle share cuts."""
    found = set(hidden)
    for circle in scene.circles:
        pool: list[tuple[frozenset[str], str | None]] = []
        for question in circle.questions:
            if question != HEADS:
                certain = {group for group, asked in hidden if asked == question}
                gone = _gone(scene, circle, question, Cuts(certain, list(pool)), pool)
                found |= {(group, question) for group in gone}
    return found


def _gone(
    scene: Scene,
    circle: Circle,
    question: str,
    cuts: Cuts,
    pool: list[tuple[frozenset[str], str | None]],
) -> set[str]:
    """Groups whose figures on a question have to go."""
    cost = {
        group: 1.0 + float(np.log2(1 + scene.rules.people[group, question]))
        for group in scene.published.groups(question)
        if group in scene.ours
    }
    for attempt in range(CUTS):
        gone = cuts.cheapest(cost)
        try:
            leaks = scene_leaks(_without(scene, question, gone), circle, question)
        except ContradictionError:
            return gone
        if not _cut(scene, question, leaks, gone, cuts, pool):
            return gone
        if attempt >= EXACT_CUTS:  # one step towards every cover left, however dear
            cuts.certain |= gone | {
                min(cover, key=lambda group: cost[group])
                for cover, only_if in cuts.covers
                if not cover & gone and (only_if is None or only_if in gone)
            }
    return set(cost)


def _cut(
    scene: Scene,
    question: str,
    leaks: Iterable[Leak],
    gone: set[str],
    cuts: Cuts,
    pool: list[tuple[frozenset[str], str | None]],
) -> bool:
    """Add what the leaks ask for; whether anything was added."""
    before = len(cuts.certain) + len(cuts.covers)
    minimum = scene.rules.minimum
    for leak in leaks:
        if leak.how == "shown":
            if leak.group not in gone:
                cuts.certain.add(leak.group)
            continue
        cover = frozenset(g for g in leak.sources if g in scene.ours and g not in gone)
        n = scene.rules.people.get((leak.group, question), 0)
        is_primary = n < minimum or leak.group in cuts.certain
        entry = (cover, None if is_primary else leak.group)
        if cover and entry not in cuts.covers:
            cuts.covers.append(entry)
            if n < minimum or not is_primary:
                pool.append(entry)
    return len(cuts.certain) + len(cuts.covers) > before


def _without(scene: Scene, question: str, gone: set[str]) -> Scene:
    """The scene of one question once the figures of some groups are suppressed."""
    views = [_view(published, question, gone) for published in (scene.published, scene.coarse)]
    return replace(scene, published=views[0], coarse=views[1])


def _view(published: Published, question: str, gone: set[str]) -> Published:
    view = Published(partitions=published.partitions)
    for group in published.groups(question):
        key = (group, question)
        view.heads[key] = published.heads[key]
        if group in gone:
            view.hidden[key] = list(published.items[key])
        elif published.statements.get(key):
            view.statements[key] = published.statements[key]
    return view
