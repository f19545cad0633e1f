"""Rows of an array into cells: where the origin lies, which cell a row is in, and sums by cell."""

from __future__ import annotations

import numpy as np

CONSTANT = 1e-12  # a spread below this share of the mean is rounding


def origin(
    values: np.ndarray, seen: np.ndarray, is_complete: bool, is_centred: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd of the observed values; a constant column keeps the scale 1."""
    count = np.maximum(seen.sum(axis=0), 1)
    filled = values if is_complete else np.where(seen, values, 0.0)
    centre = filled.sum(axis=0) / count if is_centred else np.zeros(values.shape[1])
    gap = values - centre if is_complete else np.where(seen, values - centre, 0.0)
    spread = np.sqrt(np.einsum("ij,ij->j", gap, gap) / count)
    tiny = spread <= CONSTANT * np.maximum(np.abs(centre), 1e-300)
    if is_centred and tiny.any() and len(values):  # z of a constant is zero, not rounding
        centre[tiny] = np.nan_to_num(np.fmin.reduce(values[:, tiny], axis=0))
    return centre, np.where(tiny, 1.0, spread)


def cells_of(
    seen: np.ndarray, codes: np.ndarray, n_clusters: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Assign rows to cells: cell of each row, pattern (C, q) and cluster (C,) of each cell."""
    gappy = np.flatnonzero(~seen.all(axis=0))
    if not len(gappy) and np.bincount(codes, minlength=n_clusters).all():
        return codes, np.ones((n_clusters, seen.shape[1]), dtype=bool), np.arange(n_clusters)
    pattern = np.zeros(len(codes), dtype=np.int64)
    for i, j in enumerate(gappy):
        if i % 30 == 29:  # before the bits run out, number the patterns so far
            pattern = np.unique(pattern, return_inverse=True)[1]
        pattern = 2 * pattern + seen[:, j]
    pattern = np.unique(pattern, return_inverse=True)[1]
    _, first, cell = np.unique(pattern * n_clusters + codes, return_index=True, return_inverse=True)
    return cell, seen[first], codes[first]


def sum_products(
    columns: np.ndarray, cell: np.ndarray, n_cells: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Sum w c'c by cell over the rows c of `columns` (n, p); shape (C, p, p)."""
    left = columns if weights is None else columns * weights[:, None]
    if 2 * n_cells > len(cell):  # mostly single rows: one outer product each
        return sum_cells((left[:, :, None] * columns[:, None, :])[None], cell, n_cells)[0]
    order = np.argsort(cell, kind="stable")
    left, right = left[order], columns[order]
    ends = np.cumsum(np.bincount(cell, minlength=n_cells)).tolist()
    starts = [0, *ends[:-1]]
    return np.stack([left[a:b].T @ right[a:b] for a, b in zip(starts, ends, strict=True)])


def sum_cells(products: np.ndarray, position: np.ndarray, n: int) -> np.ndarray:
    """Add up products (W, C, p, p) that share a position: shape (W, n, p, p)."""
    summed = np.zeros((products.shape[0], n, *products.shape[2:]))
    if n == len(position):  # one cell each: nothing to add up
        summed[:, position] = products
    else:
        np.add.at(summed, (slice(None), position), products)
    return summed
