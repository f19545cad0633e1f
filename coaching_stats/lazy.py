"""Moments by the engine that holds the table: two lazy queries, whatever the number of rows.

The first query takes the mean, the spread and the gaps of every column; the second scales the
columns, multiplies them pairwise and adds up by cluster. Only the sums come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, mul

import narwhals as nw
import numpy as np

from coaching_stats.cells import CONSTANT
from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.frames import left_out, refuse_no_rows, refuse_weights, whole_labels
from coaching_stats.moments import Moments

SUMS_PER_QUERY = 100  # planners slow down on very wide aggregations
BITS = 32  # gaps of so many columns share one number


def moments_of_query(
    frame: nw.LazyFrame, columns: Sequence[str], cluster: str, weights: str | None
) -> Moments:
    """Moments by the engine that holds the table; only sums leave it."""
    table = _as_floats(frame, columns, cluster, weights)
    survey = _survey(table, columns, cluster, weights)
    q, powers = len(columns), 1 if weights is None else 3
    wanted = [(t, a, b) for t in range(powers) for a in range(q + 1) for b in range(a, q + 1)]
    scaled, masks = _scaled(table.filter(_is_whole(weights)), survey, weights)
    sums: dict[str, np.ndarray] = {}
    for start in range(1, len(wanted), SUMS_PER_QUERY):
        sums |= _sum_by_cell(scaled, wanted[start : start + SUMS_PER_QUERY], masks)
    labels, cell_cluster = np.unique(sums["key"], return_inverse=True)
    products = np.zeros((powers, len(cell_cluster), q + 1, q + 1))
    products[0, :, 0, 0] = sums["n"]  # the first of those wanted
    for t, a, b in wanted[1:]:
        products[t, :, a, b] = products[t, :, b, a] = sums[_sum_name(t, a, b)]
    patterns = np.ones((len(cell_cluster), q), dtype=bool)
    for i, j in enumerate(survey.gappy):
        patterns[:, j] = sums[masks[i // BITS]].astype(np.int64) >> (i % BITS) & 1
    return Moments(
        columns=tuple(columns),
        clusters=whole_labels(labels),
        centre=survey.centre,
        scale=survey.scale,
        patterns=patterns,
        cell_cluster=cell_cluster,
        n_rows=sums["n"].astype(int),
        products=products,
        cluster=cluster,
        notes=survey.notes,
    )


def _as_floats(
    frame: nw.LazyFrame, columns: Sequence[str], cluster: str, weights: str | None
) -> nw.LazyFrame:
    """Select the key, null where it is none, the columns x0, x1, ... and the weight w as floats.

    Integers become floats before any product, which could overflow.
    """
    kind, key = frame.collect_schema()[cluster], nw.col(cluster)
    if isinstance(kind, nw.Categorical | nw.Enum):
        key = key.cast(nw.String)
    elif kind.is_float():
        key = nw.when(key.is_finite()).then(key)
    names = {f"x{j}": column for j, column in enumerate(columns)}
    names |= {} if weights is None else {"w": weights}
    floats = [nw.col(column).cast(nw.Float64).alias(name) for name, column in names.items()]
    return frame.select(key.alias("key"), *floats)


def _is_whole(weights: str | None) -> nw.Expr:
    """Say which rows have a cluster and, where asked for, a weight."""
    has_key = ~nw.col("key").is_null()
    return has_key if weights is None else has_key & nw.col("w").is_finite()


def _how_many(is_so: nw.Expr) -> nw.Expr:
    return is_so.cast(nw.Int64).sum()  # Spark adds up numbers only


def _finite(x: str) -> nw.Expr:
    return nw.when(nw.col(x).is_finite()).then(nw.col(x))


@dataclass(frozen=True)
class _Survey:
    """What the first query finds: centre and scale (q,), columns with gaps, and notes."""

    centre: np.ndarray
    scale: np.ndarray
    gappy: tuple[int, ...]
    notes: tuple[str, ...]


def _survey(
    table: nw.LazyFrame, columns: Sequence[str], cluster: str, weights: str | None
) -> _Survey:
    """Look at every column once, and refuse what cannot be used."""
    names = [f"x{j}" for j in range(len(columns))]
    asked = [nw.len().alias("n"), nw.col("key").count().alias("n_keyed")]
    asked.append(_how_many(_is_whole(weights)).alias("n_whole"))
    if weights is not None:
        names.append("w")
        asked.append(_how_many(nw.col("w") <= 0).alias("bad_weights"))
    finite = [_finite(x).alias(f"finite_{x}") for x in names]
    for x in names:
        asked.append(_how_many(nw.col(x).abs() == float("inf")).alias(f"infinite_{x}"))
        column = nw.col(f"finite_{x}")
        asked += [column.count().alias(f"count_{x}"), column.mean().alias(f"mean_{x}")]
        asked.append(column.std(ddof=0).alias(f"std_{x}"))
    counts = _collect(table.with_columns(*finite).select(*asked))
    found = {name: np.nan_to_num(float(values[0] or 0)) for name, values in counts.items()}

    def each(what: str) -> np.ndarray:
        return np.array([found[f"{what}_{x}"] for x in names])[: len(columns)]

    n, n_keyed, n_whole = (int(found[name]) for name in ("n", "n_keyed", "n_whole"))
    named = [*columns, weights]
    _refuse_infinite({named[j]: found[f"infinite_{x}"] for j, x in enumerate(names)})
    if weights is not None:
        refuse_weights(weights, int(found["bad_weights"]))
    refuse_no_rows(n_whole, f"rows with a value in {cluster!r}")
    centre, spread = each("mean"), each("std")
    notes = (
        left_out(n - n_keyed, f"no value in {cluster!r}"),
        left_out(n_keyed - n_whole, f"no value in {weights!r}"),
    )
    return _Survey(
        centre=centre,
        scale=np.where(spread > CONSTANT * np.abs(centre), spread, 1.0),
        gappy=tuple(np.flatnonzero(each("count") < n).tolist()),
        notes=tuple(filter(None, notes)),
    )


def _refuse_infinite(infinite: Mapping[str, float]) -> None:
    bad = [f"{name}: {int(count)}" for name, count in infinite.items() if count > 0]
    if bad:
        raise DataError(
            explain(
                what="infinite values",
                where=first_ten(bad),
                remedy="set them to missing or correct them",
            )
        )


def _scaled(
    table: nw.LazyFrame, survey: _Survey, weights: str | None
) -> tuple[nw.LazyFrame, list[str]]:
    """Select the key, masks of the gaps, columns z1, z2, ... (zero in gaps) and the weight."""
    scaled = []
    for j, (c, s) in enumerate(zip(survey.centre.tolist(), survey.scale.tolist(), strict=True)):
        z = (nw.col(f"x{j}") - c) / s
        if j in survey.gappy:
            z = nw.when(nw.col(f"x{j}").is_finite()).then(z).otherwise(0.0)
        scaled.append(z.alias(f"z{j + 1}"))
    masks = {}
    for start in range(0, len(survey.gappy), BITS):
        seen = [_finite(f"x{j}") for j in survey.gappy[start : start + BITS]]
        bits = [(~x.is_null()).cast(nw.Int64) * 2**i for i, x in enumerate(seen)]
        masks[f"mask{start // BITS}"] = reduce(add, bits)
    kept = ["key"] if weights is None else ["key", "w"]
    named = [mask.alias(name) for name, mask in masks.items()]
    return table.select(*kept, *named, *scaled), list(masks)


def _sum_name(t: int, a: int, b: int) -> str:
    return f"sum{t}_{a}_{b}"


def _sum_by_cell(
    scaled: nw.LazyFrame, wanted: Sequence[tuple[int, int, int]], masks: Sequence[str]
) -> dict[str, np.ndarray]:
    """Sum w^t z_a z_b (z_0 = 1) by cell, for every (t, a, b); cells sorted by key and mask."""
    products, sums = [], []
    for t, a, b in wanted:
        factors = [nw.col(f"z{j}") for j in (a, b) if j] + [nw.col("w")] * t
        products.append(reduce(mul, factors).alias(_sum_name(t, a, b)))
        sums.append(nw.col(_sum_name(t, a, b)).sum())
    # products get columns of their own: Dask and pyarrow refuse them inside agg
    cells = scaled.with_columns(*products).group_by("key", *masks)
    found = _collect(cells.agg(nw.len().alias("n"), *sums))
    _, code = np.unique(found["key"], return_inverse=True)
    order = np.lexsort((*(found[mask] for mask in masks), code))
    return {name: values[order] for name, values in found.items()}


def _collect(query: nw.LazyFrame) -> dict[str, np.ndarray]:
    """Run a query; Polars streams, so that the table is never in memory as a whole."""
    is_polars = query.implementation.is_polars()
    found = query.collect(engine="streaming") if is_polars else query.collect("pandas")
    return {name: found.get_column(name).to_numpy() for name in found.columns}
