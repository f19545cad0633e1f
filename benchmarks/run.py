"""Measure this package and its peers on the same work; write the tables into README.md.

usage: python benchmarks/run.py
"""

import datetime
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import contests
import numpy as np
from measure import Line, clocked, run
from simulated import CHAIN, chain_frame, wide_frame

from coaching_stats.engines import cluster_moments
from coaching_stats.regression import regress

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
HERE = Path(__file__).parent
README = HERE / "README.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "pingouin", "pyfixest", "wildboottest")
ENGINES = ("polars", "duckdb", "pandas")


def shown(seconds: float) -> str:
    """Write seconds with two or three digits and a fitting unit."""
    if seconds >= 100:
        return f"{seconds:,.0f} s"
    return f"{seconds:.2g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def ratio(line: Line) -> str:
    """Write how many times as long the peer takes."""
    times = line.theirs / line.ours
    return f"{times:,.0f}" if times >= 10 else f"{times:.2g}"


def contest_table(lines: list[Line]) -> str:
    """Write the lines, those without a peer's time as not installed."""
    rows = ["| work | ours | peer | peer's time | peer / ours |", "|---|---|---|---|---|"]
    for line in lines:
        remark = f" ({line.remark})" if line.remark else ""
        theirs = "not installed | " if line.theirs is None else f"{shown(line.theirs)} | "
        theirs += "" if line.theirs is None else ratio(line)
        rows.append(f"| {line.work} | {shown(line.ours)} | {line.peer}{remark} | {theirs} |")
    return "\n".join(rows)


def who_wins(lines: list[Line]) -> str:
    """Say where a peer is faster."""
    lost = [line for line in lines if line.theirs is not None and line.theirs < line.ours]
    if not lost:
        return "No peer was faster on any line of this run."
    named = "; ".join(f"{line.peer} on *{line.work}*" for line in lost)
    return f"A peer was faster here: {named}."


def rows_table() -> str:
    """Time the pass and what follows it against the number of rows, the clusters the same."""
    moments, passes, after = {}, {}, {}
    sizes = [10**power for power in range(3, 8)]
    for n in sizes:
        data = chain_frame(n, 40)
        take = clocked(lambda data=data: cluster_moments(data, CHAIN, "team"))
        passes[n] = statistics.median(take() for _ in range(3))
        moments[n], after[n] = cluster_moments(data, CHAIN, "team"), []
        del data

    def follow(n: int) -> None:
        regress("Y ~ X + M1 + M2 + W", moments[n]).wild_bootstrap("M2", seed=1)
        contests.both_intervals(moments[n], None)

    for _ in range(15):
        for n in sizes:
            after[n].append(clocked(lambda n=n: follow(n))())
    rows = ["| rows | pass | after the pass | after, relative to 1,000 rows |", "|---|---|---|---|"]
    first = statistics.median(after[sizes[0]])
    for n in sizes:
        later = statistics.median(after[n])
        rows.append(f"| {n:,} | {shown(passes[n])} | {shown(later)} | {later / first:.2f} |")
    return "\n".join(rows)


def write_parquet(path: Path, n: int) -> None:
    """Write simulated rows, a million at a time."""
    import pyarrow
    import pyarrow.parquet

    parts = (wide_frame(1_000_000, 200, 5, seed=seed) for seed in range(n // 1_000_000))
    first = pyarrow.Table.from_pandas(next(parts), preserve_index=False)
    with pyarrow.parquet.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(pyarrow.Table.from_pandas(part, preserve_index=False))


def engines_table(folder: Path, n: int = 10_000_000, rounds: int = 3) -> str:
    """Time the moments of a parquet file by engine, each run in a process of its own."""
    rows = ["| engine | seconds | peak memory |", "|---|---|---|"]
    if find_spec("pyarrow") is None:
        return "pyarrow is not installed: no parquet file to read."
    path = folder / "rows.parquet"
    write_parquet(path, n)
    found = {engine: [] for engine in ENGINES if find_spec(engine)}
    for _ in range(rounds):
        for engine in found:
            command = [sys.executable, str(HERE / "engines.py"), engine, str(path)]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found[engine].append([float(number) for number in printed.split()])
    for engine in ENGINES:
        if engine in found:
            seconds, peak = np.median(found[engine], axis=0)
            rows.append(f"| {engine} | {seconds:.2f} | {peak / 1000:.2f} GB |")
        else:
            rows.append(f"| {engine} | not installed | |")
    return "\n".join(rows)


def machine() -> str:
    """Name the processor, the versions and the day."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    named = re.search(r"model name\s*: (.*)", text)
    processor = named[1].strip() if named else platform.processor()
    versions = [
        f"Python {platform.python_version()}",
        *filter(None, map(package_version, PACKAGES)),
    ]
    if shutil.which("Rscript"):
        ask = ["Rscript", "-e", "cat(paste('R', getRversion()))"]
        versions.append(subprocess.run(ask, capture_output=True, text=True).stdout)
    today = datetime.date.today().isoformat()
    return f"{today}. {processor}, {os.cpu_count()} cores. {', '.join(versions)}."


def package_version(package: str) -> str:
    """Return name and version, or nothing."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Run everything and write README.md between its two marks."""
    warnings.simplefilter("ignore")  # the peers' own
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for contest in [
            *contests.chain_contests(folder),
            *contests.cr2_contests(folder),
            *contests.wild_contests(),
            *contests.multiverse_contests(),
            *contests.single_contests(),
        ]:
            lines += run(contest)
            print(contest_table(lines).splitlines()[-1], flush=True)
        engines = engines_table(folder)
    parts = [
        machine(),
        contest_table(lines),
        who_wins(lines),
        "Cost against rows, 40 clusters. The pass takes the frame to moments; after it: CR2, wild "
        "bootstrap (9,999) and chain (5,000, percentile and BCa) together.",
        rows_table(),
        "Ten million rows, six columns, 200 clusters, parquet to moments:",
        engines,
    ]
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    measured = "\n\n".join(parts)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}", encoding="utf-8")
    print(measured)


if __name__ == "__main__":
    if not set(THREADS) <= set(os.environ):  # numpy reads them once, when it is imported
        os.execve(
            sys.executable, [sys.executable, __file__], dict.fromkeys(THREADS, "1") | os.environ
        )
    main()
