"""Moments of a parquet file by one engine, in a process of its own.

usage: python engines.py ENGINE FILE.parquet; prints seconds and peak memory in MB.
"""

import resource
import sys
import time

from coaching_stats.engines import cluster_moments
from coaching_stats.regression import regress

COLUMNS = ["y", "x0", "x1", "x2", "x3", "x4"]


def source(engine: str, path: str) -> object:
    """Open the file, lazily where the engine allows it."""
    if engine == "polars":
        import polars

        return polars.scan_parquet(path)
    if engine == "duckdb":
        import duckdb

        return duckdb.read_parquet(path)
    import pandas

    return pandas.read_parquet(path)


if __name__ == "__main__":
    start = time.perf_counter()
    moments = cluster_moments(source(sys.argv[1], sys.argv[2]), COLUMNS, "team")
    seconds = time.perf_counter() - start
    regress("y ~ x0 + x1 + x2 + x3 + x4", moments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(seconds, peak)
