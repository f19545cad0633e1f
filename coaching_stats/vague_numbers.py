"""Numbers of people as they may be shown, so that those of small groups stay unknown."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coaching_stats.disclosure_scene import Circle, Scene, head_leaks

Cell = tuple[str, str]  # a group and a question: all figures of a cell are shown or none


def worded(rows: pd.DataFrame, minimum: int, vague: Mapping[str, int]) -> pd.DataFrame:
    """Numbers of people as they may be shown; small groups suppressed, and nothing else yet."""
    pairs = zip(rows["group"], rows["n"], strict=True)
    return rows.assign(
        n=[number_text(n, minimum, vague.get(group, 0)) for group, n in pairs],
        suppressed=rows["n"] < minimum,
    )


def number_text(n: int, minimum: int, vague: int = 0) -> str:
    """A number of people as it may be shown: exactly, as a range (1) or not at all (2).

    Examples
    --------
    >>> number_text(3, 5), number_text(8, 5), number_text(8, 5, 1), number_text(8, 5, 2)
    ('<5', '8', '5-9', '')
    """
    if n < minimum:
        return f"<{minimum}"
    if vague != 1:
        return "" if vague else str(int(n))
    return f"{minimum}-{2 * minimum - 1}" if n < 2 * minimum else f">={2 * minimum}"


def vaguer(scene: Scene, hidden: set[Cell], vague: Mapping[str, int]) -> dict[str, int]:
    """Blur more numbers of people, where the number of a small group is told exactly.

    Parameters
    ----------
    scene : Scene
        With numbers worded by `vague`.
    hidden : set of (group, question)
        Suppressed cells: their numbers are blurred first.
    vague : mapping from group to {1, 2}
        Numbers shown as a range, or not at all.

    Returns
    -------
    dict
        As `vague`, with more groups; equal to it where no number is told.
    """
    found = dict(vague)
    for circle in scene.circles:
        suppressed = {group for group, question in hidden if question in circle.questions}
        for leak in head_leaks(scene, circle):
            found.update(_blurred(scene, circle, leak.group, vague, suppressed))
    return found


def _blurred(
    scene: Scene, circle: Circle, group: str, vague: Mapping[str, int], suppressed: set[str]
) -> dict[str, int]:
    """Numbers to blur so that one small group's is not told: as near to it as possible."""
    passed, edge = {group}, {group}
    while edge:
        edge = _neighbours(circle, edge) - passed
        passed |= edge
        large = sorted(
            (g for g in edge & scene.ours if circle.heads[g][1] >= scene.rules.minimum),
            key=lambda g: (g not in suppressed, circle.heads[g][0], g),
        )
        exact = [g for g in large if g not in vague]
        ranges = [g for g in large if vague.get(g) == 1]
        if exact and not ranges:
            return {exact[0]: 1}
        if ranges:
            return dict.fromkeys(ranges, 2)
    return {}


def _neighbours(circle: Circle, groups: set[str]) -> set[str]:
    """Parents, parts and siblings."""
    return {
        other
        for part in circle.partitions
        if groups & {part.parent, *part.children}
        for other in (part.parent, *part.children)
    }
