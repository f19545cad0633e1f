"""The columns of a user's frame: present, numeric, and which rows belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, DesignError, explain, first_ten, nearest

NUMBERS_AS_OBJECTS = ("boolean", "integer", "floating", "mixed-integer-float", "decimal")


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
    codes, clusters = label_codes(data, cluster)
    if len(clusters) < 2:
        raise DesignError(
            explain(
                what=f"the cluster column {cluster!r} holds {len(clusters)} cluster"
                f"{'' if len(clusters) == 1 else 's'}; at least two are needed",
                remedy="name the column of the teams or firms, or leave the cluster out",
            )
        )
    return codes, clusters, codes >= 0


def label_codes(data: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Code the labels of a column: codes (n,), -1 where missing, and the sorted labels.

    Whole numbers that gaps have turned into floats are whole numbers again.

    Examples
    --------
    >>> codes, labels = label_codes(pd.DataFrame({"team": [7, None, 3]}), "team")
    >>> codes.tolist(), labels.tolist()
    ([1, -1, 0], [3, 7])
    """
    require_columns(data, [column])
    codes, labels = pd.factorize(data[column], sort=True)
    return codes, whole_labels(np.asarray(labels))


def whole_labels(labels: np.ndarray) -> np.ndarray:
    """Turn labels such as 3.0 into 3, where all of them are whole."""
    if labels.dtype.kind == "f" and (labels == np.floor(labels)).all():
        return labels.astype(np.int64)
    return labels


def left_out(n_rows: int, why: str) -> str:
    """Return the note on rows left out, empty where there are none."""
    return f"{n_rows} row{'' if n_rows == 1 else 's'} left out: {why}" if n_rows else ""


def require_columns(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse what is no pandas frame, or one that lacks a column or has it twice."""
    if not isinstance(data, pd.DataFrame):
        raise DataError(
            explain(
                what=f"this is a {type(data).__module__}.{type(data).__name__}, "
                "not a pandas DataFrame",
                remedy="convert it with .to_pandas(), or take cluster_moments of it",
            )
        )
    missing = [column for column in columns if column not in data.columns]
    if missing:
        raise DataError(
            explain(
                what="no column " + ", ".join(f"{c!r}{nearest(c, data.columns)}" for c in missing),
                where=f"the columns are {first_ten(data.columns)}",
                remedy="correct the name, or add the column",
            )
        )
    if not data.columns.is_unique:
        twice = [column for column in columns if (data.columns == column).sum() > 1]
        if twice:
            raise DataError(
                explain(
                    what=f"two columns share a name: {first_ten(twice)}",
                    remedy="rename one of them",
                )
            )


def numeric_columns(data: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return columns as floats, shape (n, q), nan where missing.

    Raises
    ------
    DataError
        No such column, or one that holds text or infinite values, with the first of them.

    Examples
    --------
    >>> numeric_columns(pd.DataFrame({"x": [1, None], "y": [True, False]}), ["x", "y"]).tolist()
    [[1.0, 1.0], [nan, 0.0]]
    """
    require_columns(data, columns)
    for column in columns:
        if not is_numeric(data[column]):
            refuse_text(data[column])
    values = np.empty((len(data), len(columns)), order="F")
    for j, column in enumerate(columns):
        values[:, j] = data[column].to_numpy(dtype=float, na_value=np.nan)
    refuse_infinite(values, columns, data.index)
    return values


def row_weights(data: pd.DataFrame, column: str) -> np.ndarray:
    """Return the weights of the rows, shape (n,), nan where missing; all must be positive."""
    weights = numeric_columns(data, [column])[:, 0]
    refuse_weights(column, int((weights <= 0).sum()))
    return weights


def refuse_weights(column: str, n_bad: int) -> None:
    """Refuse weights of which `n_bad` are zero or negative."""
    if n_bad:
        raise DataError(
            explain(
                what=f"{n_bad} weights are zero or negative",
                where=f"column {column!r}",
                remedy="leave these rows out, or correct their weights",
            )
        )


def is_numeric(column: pd.Series) -> bool:
    """Say whether a column holds numbers or truth values, also as objects with gaps."""
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) in NUMBERS_AS_OBJECTS
    return pd.api.types.is_numeric_dtype(column)


def refuse_text(column: pd.Series) -> None:
    """Refuse a column that is not numeric; single values are shown where the rest are numbers."""
    bad = column.index[_is_no_number(column)]
    is_mistyped = 0 < len(bad) < column.count() / 2
    is_date = pd.api.types.is_datetime64_any_dtype(column)
    raise DataError(
        explain(
            what=f"the column {column.name!r} holds {'dates' if is_date else 'text'}, not numbers",
            where=first_ten(f"row {row}: {str(column[row])!r}" for row in bad)
            if is_mistyped and column.index.is_unique
            else "",
            remedy="make it numeric, or correct these values",
        )
    )


def reads_as_numbers(column: pd.Series) -> bool:
    """Say whether a text column is mostly numbers: mistyped, rather than a category."""
    return bool(_is_no_number(column).sum() < column.count() / 2)


def _is_no_number(column: pd.Series) -> np.ndarray:
    numbers = pd.to_numeric(column.astype(object), errors="coerce")
    return (numbers.isna() & column.notna()).to_numpy()


def refuse_infinite(
    values: np.ndarray, columns: Sequence[str], labels: Sequence[object] | None = None
) -> None:
    """Refuse infinite values (n, q), naming the columns and the first rows by their labels."""
    if not np.isinf(values).any():
        return
    row, column = np.nonzero(np.isinf(values))
    named = row.tolist() if labels is None else [labels[i] for i in row.tolist()]
    raise DataError(
        explain(
            what=f"{len(row)} infinite value{'' if len(row) == 1 else 's'}",
            where=first_ten(
                f"{columns[j]}, row {i}" for i, j in zip(named, column.tolist(), strict=True)
            ),
            remedy="set them to missing or correct them",
        )
    )


def refuse_no_rows(n_rows: int, where: str) -> None:
    """Refuse to go on without rows."""
    if n_rows == 0:
        raise DataError(
            explain(what="there are no rows to go by", where=where, remedy="check these columns")
        )


def within_between(data: pd.DataFrame, columns: Sequence[str], cluster: str) -> pd.DataFrame:
    """Split columns into what differs within clusters and what differs between them.

    Parameters
    ----------
    data : DataFrame, one row per observation
        Not changed.
    columns : sequence of str
        Numeric columns.
    cluster : str
        Column that names the cluster of each row.

    Returns
    -------
    DataFrame
        The frame with, for each column, ``<column>_b``: the mean of its cluster over the rows
        where it is observed, and ``<column>_w``: the deviation from that mean. Both are nan where
        the cluster is missing; ``_w`` is nan where the value is.

    Raises
    ------
    DataError
        No such column, text, infinite values, or a name that the frame has already.

    Notes
    -----
    Slopes on the ``_w`` columns are those of a regression with one dummy per cluster, as long as
    all columns of the model are observed in the same rows.

    References
    ----------
    Bell & Jones (2015), Political Science Research and Methods 3, 133-153.

    Examples
    --------
    >>> sellers = pd.DataFrame({"team": ["a", "a", "b"], "SPR": [1.0, 3.0, 5.0]})
    >>> within_between(sellers, ["SPR"], "team")[["SPR_w", "SPR_b"]].values.tolist()
    [[-1.0, 2.0], [1.0, 2.0], [0.0, 5.0]]
    """
    values = numeric_columns(data, columns)
    made = [f"{column}{end}" for column in columns for end in ("_w", "_b")]
    taken = [name for name in made if name in data.columns]
    if taken:
        raise DataError(
            explain(
                what=f"the frame has columns named {first_ten(taken)} already",
                remedy="drop or rename them",
            )
        )
    codes, _ = label_codes(data, cluster)
    split = pd.DataFrame(values, columns=list(columns), index=data.index)
    means = split.groupby(np.where(codes < 0, np.nan, codes)).transform("mean")
    parts = pd.concat([split - means, means], axis=1)
    parts.columns = [f"{column}_w" for column in columns] + [f"{column}_b" for column in columns]
    return pd.concat([data, parts[made]], axis=1)
