"""Labels along a line, moved as little as possible so that none overlaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float
) -> np.ndarray:
    """Move labels along a line so that none overlaps, as little as possible.

    Parameters
    ----------
    wanted : sequence of float, length n
        Where the middle of each label would best be.
    heights : sequence of float, length n
        Same units.
    low, high : float
        Ends of the line; too many labels go beyond the upper end.

    Returns
    -------
    ndarray, shape (n,)
        Middles in the order of `wanted`. Labels that would overlap become a block around the mean
        of the places they would best have: least squares under an order and ends.

    References
    ----------
    Ayer et al. (1955), Annals of Mathematical Statistics 26, 641-647: pooling of neighbours.

    Examples
    --------
    >>> spread([5.0, 5.0, 9.9], [1.0, 1.0, 1.0], low=0.0, high=10.0).tolist()
    [4.5, 5.5, 9.5]
    """
    order = np.argsort(wanted, kind="stable")
    height = np.asarray(heights, dtype=float)[order]
    # Middle of each label where all touch from 0 on: what is wanted beyond that must not decrease.
    touching = np.cumsum(height) - height / 2
    blocks: list[tuple[float, int]] = []
    for beyond in np.asarray(wanted, dtype=float)[order] - touching:
        mean, size = float(beyond), 1
        while blocks and blocks[-1][0] > mean:
            before, n = blocks.pop()
            mean, size = (before * n + mean * size) / (n + size), n + size
        blocks.append((mean, size))
    shift = np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])
    places = np.empty(len(order))
    places[order] = np.maximum(np.minimum(shift, high - height.sum()), low) + touching
    return places
