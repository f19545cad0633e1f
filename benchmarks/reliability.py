"""Twenty scales of 10,000 respondents: alpha, omega and aggregation, beside pingouin's alpha.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/reliability.py
"""

import warnings
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pandas as pd
from measure import Contest, Entrant, Line, clocked, run

from coaching_stats.aggregation import aggregation
from coaching_stats.frames import numeric_columns
from coaching_stats.reliability import alpha_of, reliability

N, N_TEAMS, N_SCALES, N_ITEMS = 10_000, 1_000, 20, 4
BUDGET = 0.5  # seconds, all scales together


def answers(seed: int = 1) -> tuple[pd.DataFrame, list[list[str]]]:
    """Simulate whole answers from 1 to 7 with one factor per scale, and name the items."""
    rng = np.random.default_rng(seed)
    team = np.arange(N) % N_TEAMS
    scales = [[f"S{scale}_{item}" for item in range(N_ITEMS)] for scale in range(N_SCALES)]
    columns = {}
    for names in scales:
        score = 0.5 * rng.normal(size=N_TEAMS)[team] + 0.8 * rng.normal(size=N)
        for item in names:
            answer = np.rint(4 + score + 0.8 * rng.normal(size=N))
            columns[item] = np.clip(answer, 1, 7)
    frame = pd.DataFrame(columns)
    return frame.assign(team=[f"team {number}" for number in team]), scales


def for_each(scales: list[list[str]], call: Callable[[list[str]], object]) -> Callable[[], None]:
    """Return a function that does the same for every scale."""

    def every() -> None:
        for names in scales:
            call(names)

    return every


def pingouin_alpha(data: pd.DataFrame, scales: list[list[str]]) -> Callable[[], float] | None:
    """Time pingouin's alpha of every scale, where pingouin is installed."""
    if find_spec("pingouin") is None:
        return None
    import pingouin

    return clocked(for_each(scales, lambda names: pingouin.cronbach_alpha(data[names])))


def moment_blocks(data: pd.DataFrame, scales: list[list[str]]) -> list[np.ndarray]:
    """Take the covariances of the items of each scale, the frame read once."""
    values = numeric_columns(data, [name for names in scales for name in names])
    parts = (values[:, start : start + N_ITEMS] for start in range(0, values.shape[1], N_ITEMS))
    return [np.cov(part, rowvar=False) for part in parts]


def shown(line: Line) -> str:
    """Write our time, and the peer's as a multiple of it."""
    theirs = "not installed" if line.theirs is None else f"{line.theirs / line.ours:.2g} times ours"
    return f"{line.work}: {1000 * line.ours:.3g} ms; {line.peer}: {theirs}"


def main() -> None:
    """Measure, and print what was measured."""
    warnings.simplefilter("ignore")  # the peer's own
    data, scales = answers()
    peer = Entrant("pingouin cronbach_alpha", pingouin_alpha(data, scales))
    whole = {
        "alpha, interval, omega and items": lambda names: reliability(data, names),
        "aggregation": lambda names: aggregation(data, names, "team"),
    }
    works = {name: for_each(scales, call) for name, call in whole.items()}
    works["alpha alone, from the frame"] = lambda: list(map(alpha_of, moment_blocks(data, scales)))
    blocks = moment_blocks(data, scales)
    works["alpha alone, moments in hand"] = lambda: list(map(alpha_of, blocks))
    lines = [
        run(Contest(name, Entrant("ours", clocked(work)), [peer]))[0]
        for name, work in works.items()
    ]
    together = sum(line.ours for line in lines[:2])
    print(f"{N_SCALES} scales of {N_ITEMS} items, n = {N:,}, {N_TEAMS:,} teams")
    print("\n".join(map(shown, lines)))
    print(f"the first two together: {1000 * together:.0f} ms of {1000 * BUDGET:.0f} allowed")


if __name__ == "__main__":
    main()
