"""Moments by any table engine: two lazy queries, whatever the number of rows.

The first query takes the mean, the spread and the gaps of every column; the second scales the
columns, multiplies them pairwise and adds up by cluster. Only the sums come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten, nearest
from coaching_stats.frames import (
    label_codes,
    numeric_columns,
    refuse_weights,
    row_weights,
    whole_labels,
)
from coaching_stats.moments import CONSTANT, Moments, moments_of

PARQUET_ENGINES = ("polars", "duckdb", "pyarrow")
SUMS_PER_QUERY = 100  # planners slow down on very wide aggregations
BITS = 32  # gaps of so many columns share one number


def cluster_moments(
    source: Any, columns: Sequence[str], cluster: str, *, weights: str | None = None
) -> Moments:
    """Take the moments of numeric columns by cluster, in one pass over any kind of table.

    Parameters
    ----------
    source : table or path
        A pandas, Polars, PySpark or Dask frame, a DuckDB relation or a pyarrow table; or the path
        of a parquet file, read by Polars, DuckDB or pyarrow, whichever is installed first.
    columns : sequence of str, length q
        Numeric columns.
    cluster : str
        Column that names the cluster of each row: text or whole numbers.
    weights : str, optional
        Column of positive weights.

    Returns
    -------
    Moments
        ``+`` merges the moments of two tables. What is kept is at most one p x p matrix, p = q +
        1, for each cluster and pattern of missing values.

    Raises
    ------
    DataError
        A column is missing or not numeric; infinite values; weights that are not positive; no
        rows; a path that cannot be read.

    Notes
    -----
    Null and nan are missing. Rows without a cluster or a weight are left out, and a note says how
    many. Sums over rows have no fixed order in an engine: two runs agree to about 1e-12, not to
    the bit.

    Examples
    --------
    >>> sellers = pd.DataFrame({"team": ["a", "a", "b"], "SPR": [1.0, 2.0, None]})
    >>> moments = cluster_moments(sellers, ["SPR"], "team")
    >>> moments.clusters.tolist(), moments.n_rows.tolist()
    (['a', 'b'], [2, 1])
    """
    if isinstance(source, str | Path):
        source = _scan(Path(source))
    if isinstance(source, pd.DataFrame):
        return _in_memory(source, columns, cluster, weights)
    try:
        frame = nw.from_native(source)
    except TypeError:
        raise DataError(
            explain(
                what=f"no moments can be taken of a {type(source).__name__}",
                remedy="give a pandas, Polars, PySpark or Dask frame, a DuckDB relation, a pyarrow "
                "table or the path of a parquet file",
            )
        ) from None
    used = list(dict.fromkeys([*columns, cluster, *([weights] if weights else [])]))
    _refuse_unusable(frame.collect_schema(), used, cluster)
    if isinstance(frame, nw.DataFrame) and not frame.implementation.is_polars():
        return _in_memory(frame.select(used).to_pandas(), columns, cluster, weights)
    return _in_engine(frame.lazy(), columns, cluster, weights)


def _scan(path: Path) -> Any:
    if not path.exists():
        raise DataError(explain(what=f"no such file: {path}", remedy="correct the path"))
    if path.is_file() and path.read_bytes()[:4] != b"PAR1":
        raise DataError(
            explain(what=f"{path} is not a parquet file", remedy="read it into a frame first")
        )
    for engine in PARQUET_ENGINES:
        if find_spec(engine):
            return nw.scan_parquet(path, backend=engine)
    raise DataError(
        explain(
            what="reading parquet needs an engine, and none is installed",
            where=first_ten(PARQUET_ENGINES),
            remedy="pip install polars, or read the file into a pandas frame first",
        )
    )
