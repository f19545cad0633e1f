"""Moments of a parquet file by one engine, in a process of its own.

usage: python engines.py ENGINE FILE.parquet; prints seconds and peak memory in MB.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from coaching_stats.engines import cluster_moments
from coaching_stats.regression import regress

COLUMNS = ["y", "x0", "x1", "x2", "x3", "x4"]


def source(engine: str, path: str) -> Callable[[], object]:
    """Return a function that opens the file, lazily where the engine allows it."""
    if engine == "polars":
        import polars

        return lambda: polars.scan_parquet(path)
    if engine == "duckdb":
        import duckdb

        return lambda: duckdb.read_parquet(path)
    import pandas

    return lambda: pandas.read_parquet(path)


def peak_memory() -> float:
    """Peak resident memory in MB; getrusage would count the parent's, so ask Linux first."""
    status = Path("/proc/self/status")
    if status.exists():
        text = status.read_text(encoding="utf-8")
        return int(text.split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    open_file = source(sys.argv[1], sys.argv[2])
    start = time.perf_counter()
    moments = cluster_moments(open_file(), COLUMNS, "team")
    seconds = time.perf_counter() - start
    regress("y ~ x0 + x1 + x2 + x3 + x4", moments)
    print(seconds, peak_memory())
