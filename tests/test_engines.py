"""One table, several engines, one answer."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

from coaching_stats import lazy
from coaching_stats.engines import cluster_moments
from coaching_stats.errors import DataError, DesignError
from coaching_stats.regression import regress

COLUMNS = ["SPR", "WTC", "count", "told", "flat", "y"]
N = 400


@pytest.fixture(scope="module")
def table():
    """Simulated: nulls, nan, huge integers, truth values, a constant, far from zero."""
    rng = np.random.default_rng(11)
    spr = 1e6 + 0.1 * rng.normal(size=N)
    count = rng.integers(2**60, 2**62, N)  # squares overflow int64
    return pl.DataFrame(
        {
            "team": [None if i % 40 == 3 else f"team {i % 7}" for i in range(N)],
            "SPR": [float("nan") if i % 11 == 0 else v for i, v in enumerate(spr.tolist())],
            "WTC": [None if i % 13 == 0 else v for i, v in enumerate(rng.normal(size=N).tolist())],
            "count": [None if i % 17 == 0 else v for i, v in enumerate(count.tolist())],
            "told": rng.integers(0, 2, N).astype(bool),
            "flat": np.full(N, 3.3),
            "y": rng.normal(size=N),
            "weight": [None if i % 29 == 0 else 1.0 + i % 3 for i in range(N)],
            "number": rng.integers(0, 9, N),
        }
    )


@pytest.fixture(scope="module")
def path(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("engines") / "table.parquet"
    table.write_parquet(path)
    return path


def to_pandas(table):
    return pd.DataFrame({name: table[name].to_list() for name in table.columns})


def by_polars(table, _):
    return table.lazy()


CONNECTION = duckdb.connect()  # a relation does not keep the connection that made it


def by_duckdb(_, path):
    return CONNECTION.read_parquet(str(path))


def by_path(_, path):
    return path


def by_pyarrow(table, _):
    pytest.importorskip("pyarrow")
    return table.to_arrow()


engines = pytest.mark.parametrize("engine", [by_polars, by_duckdb, by_path])


def assert_same(ours, theirs, rtol=1e-10):
    assert ours.clusters.tolist() == theirs.clusters.tolist()
    assert ours.notes == theirs.notes
    assert_allclose(ours.scale, theirs.scale, rtol=0.2)  # engines count rows without a team too
    moved = ours.moved_to(theirs.centre, theirs.scale)
    for wanted in (["y"], ["SPR", "y"], ["SPR", "WTC", "count", "told", "y"]):
        a, b = moved.select(wanted), theirs.select(wanted)
        assert a.n_rows.tolist() == b.n_rows.tolist()
        assert_allclose(a.products, b.products, rtol=rtol, atol=1e-10 * N)


@engines
@pytest.mark.parametrize("weights", [None, "weight"])
def test_engines_agree_with_pandas(table, path, engine, weights):
    ours = cluster_moments(engine(table, path), COLUMNS, "team", weights=weights)
    assert_same(ours, cluster_moments(to_pandas(table), COLUMNS, "team", weights=weights))


def test_a_pyarrow_table_is_a_table_too(table, path):
    small = table.with_columns(pl.col("count") / 2**30)
    ours = cluster_moments(by_pyarrow(small, path), COLUMNS, "team")
    assert_same(ours, cluster_moments(to_pandas(small), COLUMNS, "team"))


@engines
@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("vcov", ["CR2", "CR1S", "CRV3"])
def test_a_regression_on_moments_is_the_one_on_rows(table, path, engine, weights, vcov):
    moments = cluster_moments(engine(table, path), COLUMNS, "team", weights=weights)
    ours = regress("y ~ SPR + WTC + told", moments, vcov=vcov)
    theirs = regress(
        "y ~ SPR + WTC + told", to_pandas(table), cluster="team", weights=weights, vcov=vcov
    )
    assert_allclose(ours.estimate, theirs.estimate, rtol=1e-9)
    assert_allclose(ours.std_error, theirs.std_error, rtol=1e-10)
    assert_allclose(ours.df, theirs.df, rtol=1e-10)
    assert (ours.n_obs, ours.n_clusters) == (theirs.n_obs, theirs.n_clusters)
    assert [n for n in ours.notes if "team" in n] == ["10 rows left out: no value in 'team'"]


@engines
@pytest.mark.parametrize("value", [0.0, 3.3, 1e6 + 0.1])
def test_a_constant_column_is_found_out(table, tmp_path, engine, value):
    flat = table.with_columns(flat=pl.lit(value))
    flat.write_parquet(tmp_path / "flat.parquet")
    moments = cluster_moments(engine(flat, tmp_path / "flat.parquet"), COLUMNS, "team")
    with pytest.raises(DesignError, match=r"apart: .*flat"):
        regress("y ~ WTC + flat", moments)
    assert "the outcome does not vary" in regress("flat ~ WTC", moments).notes


def test_many_columns_take_several_queries(monkeypatch, table):
    whole = cluster_moments(table, COLUMNS, "team")
    monkeypatch.setattr(lazy, "SUMS_PER_QUERY", 4)
    monkeypatch.setattr(lazy, "BITS", 2)
    assert_same(cluster_moments(table, COLUMNS, "team"), whole)


@pytest.mark.parametrize("cut", [50, 200])
def test_parts_of_a_table_add_up(table, cut):
    parts = (
        cluster_moments(table[:cut], COLUMNS, "team"),
        cluster_moments(table[cut:], COLUMNS, "team"),
    )
    whole, merged = cluster_moments(table, COLUMNS, "team"), parts[0] + parts[1]
    wanted = ["SPR", "y"]
    assert_allclose(
        merged.moved_to(whole.centre, whole.scale).select(wanted).products,
        whole.select(wanted).products,
        rtol=1e-7,  # the parts stand 1e6 scales from zero, and each has an origin of its own
        atol=1e-7,
    )


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["b", "c", "a"])])
def test_categories_are_text(dtype):
    table = pl.DataFrame({"team": ["b", "a", "b"], "x": [1.0, 2.0, 4.0]})
    moments = cluster_moments(table.cast({"team": dtype}), ["x"], "team")
    assert moments.clusters.tolist() == ["a", "b"]
    assert moments.n_rows.tolist() == [1, 2]


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_whole_numbers_with_gaps_are_whole_clusters(make):
    table = make({"team": [2.0, float("nan"), 1.0], "x": [1.0, 2.0, 4.0]})
    moments = cluster_moments(table, ["x"], "team")
    assert moments.clusters.tolist() == [1, 2]
    assert moments.clusters.dtype.kind == "i"
    assert moments.notes == ("1 row left out: no value in 'team'",)


@engines
def test_infinite_values_are_refused(table, tmp_path, engine):
    bad = table.with_columns(WTC=pl.when(pl.col("y") > 1).then(float("inf")).otherwise("y"))
    bad.write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(DataError, match=r"infinite values \(WTC: "):
        cluster_moments(engine(bad, tmp_path / "bad.parquet"), COLUMNS, "team")


@pytest.mark.parametrize("to_frame", [by_polars, lambda table, _: to_pandas(table)])
@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"columns": ["y", "SPF"]}, "no column 'SPF'; did you mean 'SPR'"),
        ({"columns": ["team"], "cluster": "number"}, "column 'team' holds"),
        ({"cluster": "firm"}, "no column 'firm'"),
        ({"weights": "y"}, "zero or negative"),
        ({"weights": "told"}, "zero or negative"),
        ({"cluster": "nobody"}, "no rows to go by .*'nobody'"),
    ],
)
def test_refusals_name_the_culprit(table, to_frame, change, culprit):
    with_empty = table.with_columns(nobody=pl.lit(None, dtype=pl.String))
    given = {"columns": COLUMNS, "cluster": "team", **change}
    with pytest.raises(DataError, match=culprit):
        cluster_moments(to_frame(with_empty, None), **given)


def test_only_tables_have_moments(tmp_path):
    (tmp_path / "answers.csv").write_text("x\n1\n")
    for source, culprit in [
        ([1, 2], "a list"),
        (tmp_path / "none.parquet", "no such file"),
        (str(tmp_path / "answers.csv"), "not a parquet file"),
    ]:
        with pytest.raises(DataError, match=culprit):
            cluster_moments(source, ["x"], "team")


def test_without_an_engine_parquet_is_refused(monkeypatch, path):
    monkeypatch.setattr("coaching_stats.engines.find_spec", lambda _: None)
    with pytest.raises(DataError, match="polars, duckdb, pyarrow"):
        cluster_moments(path, COLUMNS, "team")
