"""The columns of a user's frame: present, numeric, and which rows belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, DesignError, explain, first_ten, nearest


def cluster_codes(data: pd.DataFrame, cluster: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Code the clusters of a frame.

    Parameters
    ----------
    data : DataFrame, n rows
    cluster : str
        Column that names the cluster of each row.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        0 to G - 1; -1 where the cluster is missing.
    clusters : ndarray, shape (G,)
    has_cluster : ndarray of bool, shape (n,)

    Raises
    ------
    DataError
        No such column.
    DesignError
        Fewer than two clusters.

    Examples
    --------
    >>> cluster_codes(pd.DataFrame({"team": ["b", "a", "b"]}), "team")[0].tolist()
    [1, 0, 1]
    """
    require_columns(data, [cluster])
    codes, clusters = pd.factorize(data[cluster], sort=True)
    if len(clusters) < 2:
        raise DesignError(
            explain(
                what=f"the cluster column {cluster!r} holds {len(clusters)} cluster"
                f"{'' if len(clusters) == 1 else 's'}; at least two are needed",
                remedy="name the column of the teams or firms, or leave the cluster out",
            )
        )
    return codes, np.asarray(clusters), codes >= 0


def require_columns(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a frame that lacks a column, naming the nearest one it has."""
    missing = [column for column in columns if column not in data.columns]
    if missing:
        raise DataError(
            explain(
                what="no column " + ", ".join(f"{c!r}{nearest(c, data.columns)}" for c in missing),
                where=f"the columns are {first_ten(data.columns)}",
                remedy="correct the name, or add the column",
            )
        )


def numeric_columns(data: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return columns as floats, shape (n, q), nan where missing; text is refused.

    Raises
    ------
    DataError
        No such column, or one that holds text, with its first values and rows.

    Examples
    --------
    >>> numeric_columns(pd.DataFrame({"x": [1, None], "y": [True, False]}), ["x", "y"]).tolist()
    [[1.0, 1.0], [nan, 0.0]]
    """
    require_columns(data, columns)
    for column in columns:
        if not pd.api.types.is_numeric_dtype(data[column]):
            _refuse_text(data[column])
    floats = [data[column].to_numpy(dtype=float, na_value=np.nan) for column in columns]
    return np.column_stack(floats) if floats else np.empty((len(data), 0))


def _refuse_text(column: pd.Series) -> None:
    numbers = pd.to_numeric(column, errors="coerce")
    bad = column[numbers.isna() & column.notna()]
    shown = bad if len(bad) else column.dropna()
    raise DataError(
        explain(
            what=f"the column {column.name!r} holds text, not numbers",
            where=first_ten(f"row {row}: {value!r}" for row, value in shown.items()),
            remedy="make it numeric, or correct these values",
        )
    )
