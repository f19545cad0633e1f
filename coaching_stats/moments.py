"""One pass over the rows: cross-products per cluster, from which all that is linear comes.

For cluster g, S_g is the sum over its rows of w_i [1, z_i]' [1, z_i], where z = (x - c) / s with
one centre c and one scale s for every cluster. Rows with missing values are kept apart by their
pattern of missing columns, so that each model uses exactly its own complete rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from coaching_stats.cells import cells_of, origin, sum_cells, sum_products
from coaching_stats.errors import DataError, explain, first_ten, nearest
from coaching_stats.frames import refuse_infinite, refuse_no_rows
from coaching_stats.results import freeze


@dataclass(frozen=True, eq=False)
class Moments:
    """Cross-products of q columns by cell, a cell being one missing pattern within one cluster.

    Attributes
    ----------
    columns : tuple of str, length q
    clusters : ndarray, shape (G,)
        Cluster labels, sorted.
    centre, scale : ndarray, shape (q,)
        In the units of the columns; the same for every cell.
    patterns : ndarray of bool, shape (C, q)
        True where the column is observed in the cell.
    cell_cluster : ndarray of int, shape (C,)
        Position in `clusters`.
    n_rows : ndarray of int, shape (C,)
    products : ndarray, shape (W, C, p, p), p = q + 1
        Sums of [1, z]'[1, z], zero where not observed. W = 1 without weights; with weights the
        three slices carry the weights to the powers 0, 1 and 2.
    cluster : str or None
        Name of the column that the clusters came from.
    notes : tuple of str
    """

    columns: tuple[str, ...]
    clusters: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    patterns: np.ndarray
    cell_cluster: np.ndarray
    n_rows: np.ndarray
    products: np.ndarray
    cluster: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for name in ("centre", "scale", "patterns", "cell_cluster", "n_rows", "products"):
            freeze(getattr(self, name))

    @property
    def is_weighted(self) -> bool:
        """Whether rows carry weights."""
        return self.products.shape[0] == 3

    def select(self, columns: Sequence[str]) -> Selection:
        """Sum the cells in which all of `columns` are observed: listwise deletion, exactly.

        Parameters
        ----------
        columns : sequence of str, length m

        Returns
        -------
        Selection
            Its products have shape (W, H, m + 1, m + 1), over the H clusters that keep a row;
            weights are rescaled to mean 1, on which no result depends.

        Raises
        ------
        DataError
            A column that these moments do not hold, or no row that has them all.
        """
        index = np.array([self._position(column) for column in columns], dtype=int)
        used = self.patterns[:, index].all(axis=1)
        if not used.any():
            refuse_no_rows(0, f"rows with a value in all of {first_ten(columns)}")
        picked = np.concatenate([[0], index + 1])
        cells = self.products[:, used][:, :, picked[:, None], picked]
        kept, position = np.unique(self.cell_cluster[used], return_inverse=True)
        products = sum_cells(cells, position, len(kept))
        n_rows = np.bincount(position, self.n_rows[used], minlength=len(kept)).astype(int)
        if self.is_weighted:
            mean = products[1, :, 0, 0].sum() / n_rows.sum()
            products /= mean ** np.arange(3.0)[:, None, None, None]
        return Selection(
            columns=tuple(columns),
            clusters=self.clusters[kept],
            centre=self.centre[index],
            scale=self.scale[index],
            n_rows=n_rows,
            products=products,
            n_dropped=int(self.n_rows.sum() - n_rows.sum()),
        )

    def _position(self, column: str) -> int:
        if column not in self.columns:
            raise DataError(
                explain(
                    what=f"the moments hold no column {column!r}{nearest(column, self.columns)}",
                    where=f"columns: {first_ten(self.columns)}",
                    remedy="name it in cluster_moments(columns=...)",
                )
            )
        return self.columns.index(column)

    def __add__(self, other: Moments) -> Moments:
        """Merge the moments of two sets of rows; shared clusters are added together."""
        ours, theirs = self._kind(), other._kind()
        if ours != theirs:
            raise DataError(
                explain(
                    what=f"these moments cannot be merged: {ours} and {theirs}",
                    remedy="take both with the same columns in the same order, the same cluster, "
                    "and weights in both or in neither",
                )
            )
        other = other.moved_to(self.centre, self.scale)
        labels, position = np.unique(
            np.concatenate([self.clusters, other.clusters]), return_inverse=True
        )
        ours, theirs = position[: len(self.clusters)], position[len(self.clusters) :]
        return _gather(
            replace(self, clusters=labels, notes=(*self.notes, *other.notes)),
            np.concatenate([ours[self.cell_cluster], theirs[other.cell_cluster]]),
            np.concatenate([self.patterns, other.patterns]),
            np.concatenate([self.n_rows, other.n_rows]),
            np.concatenate([self.products, other.products], axis=1),
        )

    def _kind(self) -> str:
        weighing = "with" if self.is_weighted else "without"
        labels = "text" if self.clusters.dtype == object else "numbers"
        return (
            f"{weighing} weights, clusters {self.cluster!r} named by {labels}, "
            f"columns {', '.join(self.columns)}"
        )

    def moved_to(self, centre: np.ndarray, scale: np.ndarray) -> Moments:
        """Return the same moments about another centre and scale: exact algebra, S' = H S H'.

        Parameters
        ----------
        centre, scale : ndarray, shape (p,)
            In the units of the columns; no scale is 0.

        Returns
        -------
        Moments
        """
        shift = (centre - self.centre) / scale
        ratio = self.scale / scale
        seen = self.patterns.astype(float)
        change = np.zeros((len(self.patterns), len(centre) + 1, len(centre) + 1))
        change[:, 0, 0] = 1.0
        change[:, 1:, 0] = -shift * seen
        change[:, np.arange(len(centre)) + 1, np.arange(len(centre)) + 1] = ratio * seen
        products = change @ self.products @ change.swapaxes(-1, -2)
        return replace(self, centre=centre, scale=scale, products=products)


@dataclass(frozen=True, eq=False)
class Selection:
    """Cross-products per cluster of the complete rows of some columns; m columns, G clusters."""

    columns: tuple[str, ...]
    clusters: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    n_rows: np.ndarray
    products: np.ndarray
    n_dropped: int

    @property
    def weighted(self) -> np.ndarray:
        """Products with the weights to the power 1, or plain ones: (G, m + 1, m + 1)."""
        return self.products[1] if len(self.products) == 3 else self.products[0]


def moments_of(
    values: np.ndarray,
    codes: np.ndarray,
    columns: Sequence[str],
    *,
    clusters: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    is_centred: bool = True,
) -> Moments:
    """Take the moments of an array in memory.

    Parameters
    ----------
    values : ndarray, shape (n, q)
        Numbers; nan where missing.
    codes : ndarray of int, shape (n,)
        Cluster of each row, 0 to G - 1.
    columns : sequence of str, length q
    clusters : ndarray, shape (G,), optional
        Labels of the clusters; their codes when not given.
    weights : ndarray, shape (n,), optional
    is_centred : bool
        False keeps the origin at zero: for models without a constant.

    Raises
    ------
    DataError
        Infinite values, or no rows.

    Examples
    --------
    >>> m = moments_of(np.array([[1.0], [2.0], [3.0]]), np.array([0, 0, 1]), ["x"])
    >>> m.n_rows.tolist(), m.centre.tolist()
    ([2, 1], [2.0])
    """
    refuse_no_rows(len(codes), first_ten(columns))
    seen = np.isfinite(values)
    is_complete = bool(seen.all())
    if not is_complete:
        refuse_infinite(values, columns)
    centre, scale = origin(values, seen, is_complete, is_centred)
    z = (values - centre) / scale
    if not is_complete:
        z[~seen] = 0.0
    if clusters is None:
        clusters = np.arange(int(codes.max()) + 1)
    cell, patterns, cell_cluster = cells_of(seen, codes, len(clusters))
    ones_z = np.column_stack([np.ones(len(z)), z])
    factors = [None] if weights is None else [None, weights, weights**2]
    products = np.stack([sum_products(ones_z, cell, len(cell_cluster), w) for w in factors])
    return Moments(
        columns=tuple(columns),
        clusters=np.asarray(clusters),
        centre=centre,
        scale=scale,
        patterns=patterns,
        cell_cluster=cell_cluster,
        n_rows=np.bincount(cell, minlength=len(cell_cluster)),
        products=products,
    )


def _gather(
    like: Moments,
    cell_cluster: np.ndarray,
    patterns: np.ndarray,
    n_rows: np.ndarray,
    products: np.ndarray,
) -> Moments:
    """Add up cells that share cluster and pattern."""
    key = np.column_stack([cell_cluster, patterns])
    cells, position = np.unique(key, axis=0, return_inverse=True)
    position = position.reshape(-1)
    return replace(
        like,
        cell_cluster=cells[:, 0],
        patterns=cells[:, 1:].astype(bool),
        n_rows=np.bincount(position, n_rows, minlength=len(cells)).astype(int),
        products=sum_cells(products, position, len(cells)),
    )
