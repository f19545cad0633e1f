"""A calibration on a local Dask cluster gives the numbers of one process (make test-engines)."""

import joblib
import pytest

from coaching_stats.calibration import Design, calibrate

pytestmark = [pytest.mark.engines, pytest.mark.filterwarnings("default")]


def test_a_dask_cluster_gives_the_same_numbers(tmp_path):
    distributed = pytest.importorskip("distributed")
    given = {"design": Design(12, 1, 6), "worlds": ["theory", "null"], "n_sim": 60, "seed": 3}
    alone = calibrate(**given, n_jobs=1, progress=False, cache=tmp_path / "alone")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster), joblib.parallel_config(backend="dask"):
        spread = calibrate(**given, progress=False, cache=tmp_path / "spread")
    assert spread.tidy().equals(alone.tidy())
