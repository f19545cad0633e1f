"""The rows of each specification, and the clusters that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, DesignError, explain
from coaching_stats.frames import cluster_codes, left_out, numeric_columns, require_columns


@dataclass(frozen=True, eq=False)
class Block:
    """The rows of one choice of rows.

    Attributes
    ----------
    values : ndarray, shape (n, q)
        Columns of the grid; nan where missing.
    codes : mapping from cluster choice to ndarray of int, shape (n,)
        The same codes in all blocks.
    """

    values: np.ndarray
    codes: Mapping[str, np.ndarray]


def blocks_of(
    data: pd.DataFrame,
    columns: Sequence[str],
    rows: Mapping[str, str | None],
    clusters: Mapping[str, str | None],
) -> tuple[list[Block], tuple[str, ...]]:
    """Take the rows of each choice of rows from a frame, and note those without a cluster.

    Parameters
    ----------
    data : DataFrame
    columns : sequence of str
        Numeric columns.
    rows : mapping from name of the choice to a boolean column, or None for all rows
    clusters : mapping from name of the choice to a column, or None where rows are clusters

    Raises
    ------
    DataError, DesignError
        As `coaching_stats.multiverse.multiverse` says.
    """
    values = numeric_columns(data, columns)
    codes, known = {}, np.ones(len(data), dtype=bool)
    for name, column in clusters.items():
        codes[name] = np.arange(len(data)) if column is None else cluster_codes(data, column)[0]
        known &= codes[name] >= 0
    blocks = []
    for column in rows.values():
        kept = known & _chosen(data, column)
        blocks.append(Block(values[kept], {name: code[kept] for name, code in codes.items()}))
    lost = left_out(int((~known).sum()), "no value in a cluster column")
    return blocks, (lost,) if lost else ()


def _chosen(data: pd.DataFrame, column: str | None) -> np.ndarray:
    """Rows that a choice of rows uses."""
    if column is None:
        return np.ones(len(data), dtype=bool)
    require_columns(data, [column])
    if not pd.api.types.is_bool_dtype(data[column]) or data[column].isna().any():
        raise DataError(
            explain(
                what=f"the rows of {column!r} are not marked by true or false",
                where=f"the column holds {data[column].dtype}",
                remedy="give a boolean column without gaps, True for the rows to be used",
            )
        )
    return data[column].to_numpy(dtype=bool)


def nested_clusters(
    names: Sequence[str], blocks: Sequence[Block]
) -> tuple[str, dict[str, np.ndarray]]:
    """Find the coarsest clusters, and which of them holds each cluster of every choice.

    Parameters
    ----------
    names : sequence of str
        Choices of clusters.
    blocks : sequence of Block

    Returns
    -------
    str, dict of ndarray of int

    Raises
    ------
    DesignError
        Clusters that do not nest, or fewer than two of the coarsest.

    Examples
    --------
    >>> codes = {"firm": np.array([0, 0, 1]), "team": np.array([0, 1, 2])}
    >>> name, held = nested_clusters(["team", "firm"], [Block(np.zeros((3, 1)), codes)])
    >>> name, held["team"].tolist()
    ('firm', [0, 0, 1])
    """
    codes = {name: np.concatenate([block.codes[name] for block in blocks]) for name in names}
    order = sorted(names, key=lambda name: len(np.unique(codes[name])))
    for coarser, finer in pairwise(order):
        pairs = np.unique(np.column_stack([codes[coarser], codes[finer]]), axis=0)
        if len(pairs) > len(np.unique(codes[finer])):
            raise DesignError(
                explain(
                    what=f"the clusters {finer!r} and {coarser!r} do not nest: some {finer!r} "
                    f"cluster has rows in several {coarser!r} clusters",
                    remedy="leave one of them out; the joint test needs clusters within clusters",
                )
            )
    present, top = np.unique(codes[order[0]], return_inverse=True)
    if len(present) < 2:
        raise DesignError(
            explain(
                what=f"the rows belong to fewer than two {order[0]!r} clusters",
                remedy="bring more clusters, or name finer ones",
            )
        )
    held = {name: np.zeros(int(codes[name].max()) + 1, dtype=int) for name in names}
    for name in names:
        held[name][codes[name]] = top
    return order[0], held
