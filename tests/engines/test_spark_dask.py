"""A local Spark and a local Dask give the moments that pandas gives (make test-engines)."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.engines import cluster_moments
from coaching_stats.errors import DataError
from coaching_stats.regression import regress

# narwhals announces that its Dask support will move; the engines warn about their own innards
pytestmark = [
    pytest.mark.engines,
    pytest.mark.filterwarnings("default"),
    pytest.mark.filterwarnings("ignore:Dask support is moving"),
]
COLUMNS = ["SPR", "WTC", "count", "y"]
N = 300


@pytest.fixture(scope="module")
def table():
    """Simulated: gaps as nan, huge integers, far from zero, rows without a team."""
    rng = np.random.default_rng(11)
    data = pd.DataFrame({"team": [f"team {i % 7}" for i in range(N)]}, dtype=object)
    data["SPR"] = 1e6 + 0.1 * rng.normal(size=N)
    data["WTC"] = rng.normal(size=N)
    data["count"] = rng.integers(2**60, 2**62, N)
    data["y"] = rng.normal(size=N)
    data["weight"] = 1.0 + np.arange(N) % 3
    data.loc[data.index % 11 == 0, "SPR"] = np.nan
    data.loc[data.index % 29 == 0, "weight"] = np.nan
    data.loc[data.index % 40 == 3, "team"] = None
    return data


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    builder = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    yield session
    session.stop()


@pytest.fixture(params=["spark", "dask"])
def to_engine(request):
    if request.param == "spark":
        session = request.getfixturevalue("spark")
        return lambda data: session.createDataFrame(data)
    dask = pytest.importorskip("dask.dataframe")
    return lambda data: dask.from_pandas(data, npartitions=3)


@pytest.mark.parametrize("weights", [None, "weight"])
def test_engines_agree_with_pandas(table, to_engine, weights):
    theirs = cluster_moments(table, COLUMNS, "team", weights=weights)
    ours = cluster_moments(to_engine(table), COLUMNS, "team", weights=weights)
    ours = ours.moved_to(theirs.centre, theirs.scale)

    assert ours.clusters.tolist() == theirs.clusters.tolist()
    assert ours.notes == theirs.notes
    for wanted in (["y"], COLUMNS):
        a, b = ours.select(wanted), theirs.select(wanted)
        assert a.n_rows.tolist() == b.n_rows.tolist()
        assert_allclose(a.products, b.products, rtol=1e-10, atol=1e-10 * N)


def test_a_regression_on_moments_is_the_one_on_rows(table, to_engine):
    moments = cluster_moments(to_engine(table), COLUMNS, "team", weights="weight")
    ours = regress("y ~ SPR + WTC", moments)
    theirs = regress("y ~ SPR + WTC", table, cluster="team", weights="weight")
    assert_allclose(ours.estimate, theirs.estimate, rtol=1e-9)
    assert_allclose(ours.std_error, theirs.std_error, rtol=1e-10)
    assert_allclose(ours.df, theirs.df, rtol=1e-10)


def test_infinite_values_are_refused(table, to_engine):
    bad = table.assign(WTC=table["WTC"].where(table.index != 5, np.inf))
    with pytest.raises(DataError, match="WTC: 1"):
        cluster_moments(to_engine(bad), COLUMNS, "team")


def test_text_is_refused(table, to_engine):
    with pytest.raises(DataError, match="'team' holds"):
        cluster_moments(to_engine(table), ["y", "team"], "weight")
