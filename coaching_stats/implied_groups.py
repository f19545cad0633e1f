"""Groups that nobody shows, but that subtraction tells: a whole less those of its parts shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from coaching_stats.published_table import Partition

MOST_CUTS = 64  # ways to subtract, for each parent


def implied_groups(
    partitions: list[Partition], shown: Collection[str]
) -> tuple[list[Partition], dict[str, tuple[str, ...]]]:
    """Groups that nobody shows but subtraction tells: a parent less those of its parts shown.

    A hidden part that is itself cut into parts is replaced by these, so that what is left of a
    firm less its shown regions, and less the shown teams of a hidden region, is found too.

    Parameters
    ----------
    partitions : list of Partition
    shown : frozenset of str
        Groups with a printed figure.

    Returns
    -------
    rests : list of Partition
        A parent, its shown parts and the implied group.
    members : mapping from implied group to tuple of str
        The hidden groups that make it up.

    Examples
    --------
    >>> rests, members = implied_groups([Partition("t", "firm", ("a", "b", "c"))], {"firm", "a"})
    >>> members
    {'firm less a': ('b', 'c')}
    """
    of_parent: dict[str, list[Partition]] = {}
    for part in partitions:
        of_parent.setdefault(part.parent, []).append(part)
    rests: list[Partition] = []
    members: dict[str, tuple[str, ...]] = {}
    for root in partitions:
        if root.parent in shown:
            for taken, left in _cuts(root, of_parent, shown):
                name = f"{root.parent} less {', '.join(taken)}"
                if taken and len(left) > 1 and name not in members:
                    rests.append(Partition(root.table, root.parent, (*taken, name)))
                    members[name] = left
    return rests, members


def _cuts(
    root: Partition, of_parent: Mapping[str, list[Partition]], shown: Collection[str]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Shown and hidden groups that together are the root's parent, from coarse to fine."""
    waiting: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), (root.parent,))]
    below = {**of_parent, root.parent: [root]}
    for _ in range(MOST_CUTS):
        if not waiting:
            return
        taken, left = waiting.pop(0)
        yield taken, left
        for group in left:
            others = tuple(other for other in left if other != group)
            for part in below.get(group, ()):
                more = tuple(child for child in part.children if child in shown)
                rest = tuple(child for child in part.children if child not in shown)
                waiting.append(((*taken, *more), (*others, *rest)))
