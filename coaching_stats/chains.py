"""What runs along a chain of variables, for many cross-product matrices at once.

Every variable is regressed on all variables before it. One elimination A = L D L' holds all these
regressions: L_ij is the slope of i on j after everything before j is taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from coaching_stats.resampling import cluster_weights

TILE = 8_000  # resamples eliminated together, so that they stay in the cache
DRAWN = 40_000  # weights drawn together, for the same reason
PIVOT_TOLERANCE = 1e-10
CONSTANT_WITHIN = 1e-10  # share of a column's variation below which it does not vary in clusters


def roads(length: int) -> list[tuple[int, ...]]:
    """Every road from the first to the last variable through at least one between them.

    Examples
    --------
    >>> roads(4)
    [(0, 1, 3), (0, 2, 3), (0, 1, 2, 3)]
    """
    between = range(1, length - 1)
    return [
        (0, *stops, length - 1)
        for size in range(1, length - 1)
        for stops in combinations(between, size)
    ]


def paths(length: int) -> list[tuple[int, int]]:
    """(to, from) of every path but the direct one.

    Examples
    --------
    >>> paths(3)
    [(1, 0), (2, 1)]
    """
    return [(i, j) for i in range(1, length) for j in range(i) if (i, j) != (length - 1, 0)]


def chain_terms(chain: Sequence[str]) -> tuple[str, ...]:
    """Name everything that `chain_effects` returns.

    Examples
    --------
    >>> chain_terms(["x", "m", "y"])
    ('m~x', 'y~m', 'direct', 'total', 'indirect', 'x->m->y')
    """
    slopes = [f"{chain[i]}~{chain[j]}" for i, j in paths(len(chain))]
    named = ["->".join(chain[i] for i in road) for road in roads(len(chain))]
    return (*slopes, "direct", "total", "indirect", *named)


def pack(products: np.ndarray) -> np.ndarray:
    """Lower triangles of symmetric matrices (G, p, p), packed by columns: (p (p + 1) / 2, G)."""
    column, row = np.triu_indices(products.shape[1])
    return np.ascontiguousarray(products[:, row, column].T)


def chain_effects(packed: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every term of `chain_terms`, for B cross-product matrices at once.

    Parameters
    ----------
    packed : ndarray, shape (p (p + 1) / 2, B)
        From `pack`, of [1, covariates, chain]; overwritten.
    units : ndarray, shape (length,)
        Scales of the variables of the chain, which are the last of the p columns.

    Returns
    -------
    effects : ndarray, shape (B, k)
    usable : ndarray of bool, shape (B,)
        False where a variable adds nothing to those before it.

    Examples
    --------
    >>> rows = np.array([[1, 0, 0, 0], [1, 1, 2, 3], [1, 2, 3, 7], [1, 3, 8, 5.0]])
    >>> effects, _ = chain_effects(pack((rows.T @ rows)[None]), np.ones(3))
    >>> dict(zip(chain_terms("xmy"), effects[0].round(3).tolist(), strict=True))["m~x"]
    2.5
    """
    p = int(np.sqrt(2 * len(packed)))
    offset = np.concatenate([[0], np.cumsum(np.arange(p, 0, -1))])
    usable = _eliminate(packed, offset)
    length = len(units)
    first = p - length

    def entry(i: int, j: int) -> np.ndarray:  # slope of i on j, variables before j held constant
        return packed[offset[first + j] + i - j] * (units[i] / units[j])

    slope: dict[tuple[int, int], np.ndarray] = {}
    products = []
    with np.errstate(invalid="ignore"):  # of matrices that are not usable
        for i in range(1, length):
            for j in range(i - 1, -1, -1):  # B = I - L^-1: take out what runs through later ones
                through = sum(slope[i, m] * entry(m, j) for m in range(j + 1, i))
                slope[i, j] = entry(i, j) - through
        for road in roads(length):
            steps = [slope[end, start] for start, end in pairwise(road)]
            products.append(np.prod(steps, axis=0))
    direct, total = slope[length - 1, 0], entry(length - 1, 0)
    slopes = [slope[path] for path in paths(length)]
    with np.errstate(invalid="ignore"):
        effects = np.stack([*slopes, direct, total, total - direct, *products])
    return effects.T, usable  # each term contiguous: what follows sorts and sums by term


def _eliminate(packed: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Factor A = L D L' in place, and say which matrices allow it.

    A Cholesky of the stack would stop at the first singular matrix; this goes on.
    """
    p = len(offset) - 1
    diagonal = packed[offset[:p]].copy()
    usable = np.ones(packed.shape[1], dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        for j in range(p - 1):
            start, end = offset[j], offset[j + 1]
            pivot = packed[start]
            usable &= pivot > PIVOT_TOLERANCE * diagonal[j]
            ratio = packed[start + 1 : end] / pivot
            for q in range(p - j - 1):
                target = slice(offset[j + 1 + q], offset[j + 2 + q])
                packed[target] -= ratio[q] * packed[start + 1 + q : end]
            packed[start + 1 : end] = ratio
    return usable


def resampled_effects(
    packed: np.ndarray, units: np.ndarray, n_boot: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Effects (B, k) in resamples of the G clusters, and which resamples are usable (B,).

    Parameters
    ----------
    packed : ndarray, shape (p (p + 1) / 2, G)
    units : ndarray, shape (length,)
    n_boot : int
    rng : Generator
    """
    parts = []
    for start in range(0, n_boot, TILE):
        drawn = _resampled_products(packed, min(TILE, n_boot - start), rng)
        parts.append(chain_effects(drawn, units))
    effects, usable = zip(*parts, strict=True)
    return np.concatenate(effects), np.concatenate(usable)


def _resampled_products(packed: np.ndarray, n_boot: int, rng: np.random.Generator) -> np.ndarray:
    """Packed cross-products of `n_boot` resamples: one product of the moments with weights."""
    n_clusters = packed.shape[1]
    step = max(1, DRAWN // n_clusters)
    drawn = np.empty((len(packed), n_boot))
    for start in range(0, n_boot, step):
        part = slice(start, min(start + step, n_boot))
        drawn[:, part] = packed @ cluster_weights(n_clusters, part.stop - start, rng).T
    return drawn


def left_out_effects(packed: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Effects without each of the G clusters, shape (G, k); `packed` as in `resampled_effects`."""
    effects, _ = chain_effects(packed.sum(axis=1, keepdims=True) - packed, units)
    return effects


def is_constant_within(products: np.ndarray, x: int) -> bool:
    """Whether column `x` of cross-products (G, p, p) varies between clusters, and never within."""
    within = products[:, x, x] - products[:, 0, x] ** 2 / products[:, 0, 0]
    total = products.sum(axis=0)
    spread = total[x, x] - total[0, x] ** 2 / total[0, 0]
    return bool(within.sum() <= CONSTANT_WITHIN * spread)


def products_of_means(products: np.ndarray) -> np.ndarray:
    """Cross-products of the cluster means, each cluster weighing as many as its rows: (G, p, p).

    Examples
    --------
    >>> rows = np.array([[1.0, 2.0], [1.0, 4.0]])  # two rows of one cluster: constant and x
    >>> products_of_means((rows.T @ rows)[None]).tolist()
    [[[2.0, 6.0], [6.0, 18.0]]]
    """
    total = products[:, 0]
    return total[:, :, None] * total[:, None, :] / products[:, :1, :1]
