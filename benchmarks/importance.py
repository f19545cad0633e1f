"""Shapley shares of ten predictors with 2,000 cluster resamples, beside least squares per subset.

Also how often the 95 % intervals hold the true shares, in simulated surveys.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/importance.py
"""

import time

import numpy as np
import pandas as pd

from coaching_stats.importance import shapley

N_TEAMS, PER_TEAM, N_PREDICTORS, N_BOOT = 150, 20, 10, 2000
BUDGET = 2.0  # seconds
SUBSETS_TIMED = 200  # least-squares fits that are timed; all of them would take ten minutes
N_SURVEYS, DRAWS = 500, 600
TRUTH = {"a": 0.4, "b": 0.15, "c": 0.0}  # slopes; c has a share because it goes along with a and b


def survey(n_teams: int, per_team: int, slopes: list[float], seed: int) -> pd.DataFrame:
    """Simulate people in teams; predictors overlap within and between teams."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), per_team)
    shared = rng.normal(size=(n_teams, 1))[team]
    own = rng.normal(size=(n_teams, len(slopes)))[team]
    x = 0.6 * shared + 0.5 * own + 0.6 * rng.normal(size=(team.size, len(slopes)))
    noise = 0.4 * rng.normal(size=n_teams)[team] + rng.normal(size=team.size)
    frame = pd.DataFrame(x, columns=[chr(ord("a") + j) for j in range(len(slopes))])
    return frame.assign(outcome=x @ slopes + noise, team=team)


def seconds_per_fit(frame: pd.DataFrame, predictors: list[str]) -> float:
    """Time least squares on the rows of one subset of half the predictors, the average size."""
    y = frame["outcome"].to_numpy()
    design = np.column_stack([np.ones(len(y)), frame[predictors[: len(predictors) // 2]]])
    start = time.perf_counter()
    for _ in range(SUBSETS_TIMED):
        np.linalg.lstsq(design, y, rcond=None)
    return (time.perf_counter() - start) / SUBSETS_TIMED


def speed() -> None:
    """Print our time, and that of a fit to the rows per subset and resample."""
    frame = survey(N_TEAMS, PER_TEAM, [0.1] * N_PREDICTORS, seed=1)
    predictors = list(frame.columns[:N_PREDICTORS])
    times = []
    for _ in range(5):
        start = time.perf_counter()
        shapley(frame, "outcome", predictors, cluster="team", n_boot=N_BOOT, seed=1)
        times.append(time.perf_counter() - start)
    fits = 2**N_PREDICTORS * N_BOOT
    print(f"{N_PREDICTORS} predictors, {N_BOOT:,} resamples of {N_TEAMS} teams, n = {len(frame):,}")
    print(f"ours: {np.median(times):.2f} s of {BUDGET:.0f} allowed, the frame read included")
    rows = fits * seconds_per_fit(frame, predictors)
    print(f"numpy lstsq per subset and resample: {rows:,.0f} s, from {SUBSETS_TIMED} fits timed")


def coverage() -> None:
    """Print the share of simulated surveys whose intervals hold the true share."""
    names, slopes = list(TRUTH), list(TRUTH.values())
    large = survey(100_000, 5, slopes, seed=0)
    truth = shapley(large, "outcome", names, n_boot=2, seed=0).estimate
    print(f"true shares of {', '.join(names)}: {', '.join(f'{share:.3f}' for share in truth)}")
    for n_teams, per_team in ((20, 8), (50, 8), (150, 6)):
        held = np.zeros(len(names))
        for seed in range(1, N_SURVEYS + 1):
            frame = survey(n_teams, per_team, slopes, seed)
            found = shapley(frame, "outcome", names, cluster="team", n_boot=DRAWS, seed=seed)
            table = found.tidy()
            held += (table["conf_low"] <= truth) & (truth <= table["conf_high"])
        shown = ", ".join(f"{100 * share:.1f} %" for share in held / N_SURVEYS)
        print(f"{n_teams} teams of {per_team}: intervals hold them in {shown}")
    print(f"{N_SURVEYS} simulated surveys each: Monte-Carlo error 1 point")


if __name__ == "__main__":
    speed()
    coverage()
