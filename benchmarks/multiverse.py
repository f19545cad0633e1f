"""Two thousand specifications with CR2 and a joint test of 999 resamples, beside statsmodels.

The refit loop fits each specification by statsmodels, once for the estimates and once in every
resample; a part of it is timed and scaled. Slopes, standard errors and resampled t statistics are
compared first. All data are simulated.

usage: OPENBLAS_NUM_THREADS=2 python benchmarks/multiverse.py
"""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm

from coaching_stats.multiverse import Multiverse, multiverse
from coaching_stats.wild import wild_weights

N_TEAMS, PER_TEAM, N_COVARIATES, N_BOOT = 100, 10, 10, 999
BUDGET = 10.0  # seconds
REFITS = 150  # of the loop that are timed
COLUMNS = {"full": "x", "core": "x_core"}


def survey(seed: int = 1) -> pd.DataFrame:
    """Simulate people in teams, in z-scores: two measures of the predictor, ten covariates."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(N_TEAMS), PER_TEAM)
    columns = ["x", *(f"c{j}" for j in range(N_COVARIATES))]
    shared = 0.5 * rng.normal(size=(N_TEAMS, len(columns)))[team]
    frame = pd.DataFrame(rng.normal(size=shared.shape) + shared, columns=columns)
    frame["x_core"] = frame["x"] + 0.5 * rng.normal(size=len(team))
    frame["y"] = 0.1 * frame["x"] + 0.2 * frame["c0"] + rng.normal(size=len(team))
    frame["y"] += 0.4 * rng.normal(size=N_TEAMS)[team]
    return ((frame - frame.mean()) / frame.std()).assign(team=team)


def ours(frame: pd.DataFrame, vcov: str = "CR2") -> Multiverse:
    """All specifications and the joint test, the frame read included."""
    return multiverse(
        frame,
        outcome="y",
        predictor=COLUMNS,
        covariates=[f"c{j}" for j in range(N_COVARIATES)],
        cluster="team",
        vcov=[vcov],
        n_boot=N_BOOT,
        seed=1,
    )


def refit(frame: pd.DataFrame, y: np.ndarray, columns: list[str]) -> tuple[float, float]:
    """Slope and CR1S t of the first column, by statsmodels."""
    x = sm.add_constant(frame[columns].to_numpy())
    fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": frame["team"].to_numpy()})
    return fit.params[1], fit.tvalues[1]


def columns_of(row: pd.Series) -> list[str]:
    """Regressors of a specification, the predictor first."""
    chosen = [] if row["covariates"] == "none" else row["covariates"].split(" + ")
    return [COLUMNS[row["predictor"]], *chosen]


def agreement(frame: pd.DataFrame) -> None:
    """Refuse to go on where a refit gives other numbers, estimates and joint test alike."""
    table = ours(frame, "CR1S").tidy()
    few = table.iloc[:: len(table) // 40]
    theirs = np.array(
        [refit(frame, frame["y"].to_numpy(), columns_of(r)) for _, r in few.iterrows()]
    )
    np.testing.assert_allclose(few[["estimate", "statistic"]], theirs, rtol=1e-8)
    options = {"outcome": "y", "predictor": COLUMNS, "covariates": ["c0"], "cluster": "team"}
    small = multiverse(frame, **options, vcov=["CR1S"], n_boot=25, seed=3)
    signs = wild_weights(N_TEAMS, 25, "rademacher", np.random.default_rng(3))
    null = []
    for _, row in small.tidy().iterrows():
        rest = sm.add_constant(frame[columns_of(row)[1:]].to_numpy(), has_constant="add")
        fitted = rest @ np.linalg.lstsq(rest, frame["y"], rcond=None)[0]
        residual = frame["y"].to_numpy() - fitted
        again = [fitted + sign[frame["team"]] * residual for sign in signs]
        null.append([refit(frame, y, columns_of(row))[1] for y in again])
    limit = np.quantile(np.abs(np.median(null, axis=0)), 0.95, method="higher")
    found = small.joint.tidy().set_index("test").loc["median_statistic", "null_limit"]
    np.testing.assert_allclose(found, limit, rtol=1e-8)


def timed(call: Callable[[], object], rounds: int) -> float:
    """Median seconds of some calls."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def main() -> None:
    """Compare, then print both times."""
    frame = survey()
    agreement(frame)
    table = ours(frame).tidy()
    part = [columns_of(row) for _, row in table.iloc[:: len(table) // REFITS].iterrows()]
    y = frame["y"].to_numpy()
    start = time.process_time()
    seconds = timed(lambda: ours(frame), 5)
    cpu = (time.process_time() - start) / 5
    loop = timed(lambda: [refit(frame, y, columns) for columns in part], 3) / len(part)
    once, all_of_it = loop * len(table), loop * len(table) * (1 + N_BOOT)
    print(
        f"{len(table):,} specifications, CR2, {N_BOOT} resamples of {N_TEAMS} teams, n = {len(y):,}"
    )
    print(
        f"ours: {seconds:.2f} s of {BUDGET:.0f} allowed ({cpu:.2f} s of processor time), the frame "
        "read and the table included"
    )
    print(
        f"statsmodels refits with CR1S, scaled from {len(part)}: {once:.1f} s for the estimates "
        f"alone ({once / seconds:.1f} times ours), {all_of_it / 3600:.1f} hours with the resamples "
        f"({all_of_it / seconds:,.0f} times ours)"
    )
    print("slopes, t statistics and resampled t statistics agree with the refits to 1e-8")


if __name__ == "__main__":
    main()
