"""Moments of any kind of table, in memory or in an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten, nearest
from coaching_stats.frames import (
    label_codes,
    left_out,
    numeric_columns,
    refuse_no_rows,
    row_weights,
)
from coaching_stats.lazy import moments_of_query
from coaching_stats.moments import Moments, moments_of

PARQUET_ENGINES = ("polars", "duckdb", "pyarrow")


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
    >>> moments.select(["SPR"]).clusters.tolist(), moments.select(["SPR"]).n_rows.tolist()
    (['a'], [2])
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
    if frame.implementation.is_pyarrow() or frame.implementation.is_pandas_like():
        table = frame.lazy().select(used).collect("pandas").to_native()
        return _in_memory(table, columns, cluster, weights)
    return moments_of_query(frame.lazy(), columns, cluster, weights)


def _scan(path: Path) -> Any:
    if not path.exists():
        raise DataError(explain(what=f"no such file: {path}", remedy="correct the path"))
    if path.is_file():
        with path.open("rb") as file:
            if file.read(4) != b"PAR1":
                remedy = "read it into a frame first"
                raise DataError(explain(what=f"{path} is not a parquet file", remedy=remedy))
    for engine in PARQUET_ENGINES:
        if find_spec(engine):
            return nw.scan_parquet(str(path), backend=engine)
    raise DataError(
        explain(
            what="reading parquet needs an engine, and none is installed",
            where=first_ten(PARQUET_ENGINES),
            remedy="pip install polars, or read the file into a pandas frame first",
        )
    )


def _refuse_unusable(schema: nw.Schema, used: Sequence[str], cluster: str) -> None:
    """Refuse columns that are not there, or not numeric, or no labels; all at once."""
    problems = []
    for name in used:
        if name not in schema:
            problems.append(f"no column {name!r}{nearest(name, schema)}")
        elif name == cluster:
            if schema[name].is_nested() or schema[name].is_temporal():
                problems.append(f"the clusters in {name!r} are {schema[name]}, no labels")
        elif not (schema[name].is_numeric() or schema[name].is_boolean()):
            problems.append(f"the column {name!r} holds {schema[name]}, not numbers")
    if problems:
        raise DataError(
            explain(
                what=first_ten(problems),
                where=f"the columns are {first_ten(schema)}",
                remedy="correct the names, or make the columns numeric",
            )
        )


def _in_memory(
    frame: pd.DataFrame, columns: Sequence[str], cluster: str, weights: str | None
) -> Moments:
    """Moments of a frame in memory: array sums, without an engine."""
    values = numeric_columns(frame, columns)
    codes, clusters = label_codes(frame, cluster)
    known = codes >= 0
    notes = [left_out(int((~known).sum()), f"no value in {cluster!r}")]
    row_weight = None
    if weights is not None:
        row_weight = row_weights(frame, weights)
        has_weight = ~np.isnan(row_weight)
        notes.append(left_out(int((known & ~has_weight).sum()), f"no value in {weights!r}"))
        known &= has_weight
        row_weight = row_weight[known]
    refuse_no_rows(int(known.sum()), f"rows with a value in {cluster!r}")
    if not known.all():
        values, codes = values[known], codes[known]
    moments = moments_of(values, codes, columns, clusters=clusters, weights=row_weight)
    return replace(moments, cluster=cluster, notes=tuple(filter(None, notes)))
