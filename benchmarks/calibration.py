"""Two thousand complete studies of one world, and the same work by a statsmodels loop.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/calibration.py [N_SIM]
"""

import sys
import tempfile
from time import perf_counter

import numpy as np
import pandas as pd
import statsmodels.api as sm

import coaching_stats as cs
from coaching_stats.calibration import N_BOOT, N_SPLITS
from coaching_stats.measured import with_halves
from coaching_stats.models import chain_frame, equations
from coaching_stats.panel import measure
from coaching_stats.samples import draw_sample
from coaching_stats.sourcing import sourcing

DESIGN = {"firms": 24, "teams": 1, "sellers": 8}
BUDGET = 20.0  # seconds for 2,000 studies on two cores
N_LOOPED, SHARE = 3, 50  # studies by the loop, and one in so many of their resamples


def ours(n_sim: int) -> float:
    """Seconds for a calibration of one world, nothing kept from before."""
    with tempfile.TemporaryDirectory() as cache:
        start = perf_counter()
        cs.calibrate(
            design=DESIGN, worlds=["theory"], n_sim=n_sim, seed=1, progress=False, cache=cache
        )
        return perf_counter() - start


def looped(seed: int) -> float:
    """Seconds that statsmodels takes for the regressions and resamples of one study."""
    study = cs.load_study()
    tables = cs.simulate("theory", **DESIGN, seed=seed)
    start = perf_counter()
    measured = with_halves(measure(tables, study), study, N_SPLITS, np.random.default_rng(1))
    resampled = 0.0
    for hypothesis in study.hypotheses:
        for leg in hypothesis.legs:
            sources = sourcing(hypothesis, leg, study, is_split=hypothesis.split is not None)
            if sources is None:
                continue
            for split in range(N_SPLITS if sources.has_halves else 1):
                sample = draw_sample(measured, leg, sources, split)
                for model in equations(leg, sample):
                    groups = np.arange(len(model.y)) if model.codes is None else model.codes
                    sm.OLS(model.y, model.x).fit(cov_type="cluster", cov_kwds={"groups": groups})
            if leg.kind == "indirect":
                began = perf_counter()
                resample(pd.DataFrame(chain_frame(leg, sample)), len(leg.mediators) + 1)
                resampled += perf_counter() - began
    return perf_counter() - start + resampled * (SHARE - 1)


def resample(frame: pd.DataFrame, links: int) -> None:
    """Refit a chain on one resample in fifty; the time is scaled."""
    rng = np.random.default_rng(1)
    values = frame.to_numpy()
    for _ in range(N_BOOT // SHARE):
        drawn = values[rng.integers(0, len(values), len(values))]
        for link in range(links):
            outcome = drawn.shape[1] - links + link
            sm.OLS(drawn[:, outcome], sm.add_constant(drawn[:, :outcome])).fit()


def main() -> None:
    """Print both times and their ratio."""
    n_sim = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    spent = ours(n_sim)
    peer = float(np.median([looped(seed) for seed in range(N_LOOPED)]))
    print(
        f"{n_sim} studies: {spent:.1f} s ({BUDGET * n_sim / 2_000:.0f} s allowed), "
        f"{1000 * spent / n_sim:.1f} ms each"
    )
    print(
        f"statsmodels loop: {peer:.2f} s each on one core, {peer * n_sim / spent:.0f} times ours "
        "(its clusters without CR2 or degrees of freedom, no gates)"
    )


if __name__ == "__main__":
    main()
