"""Simulated data for the benchmarks: clusters with random intercepts."""

from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
CHAIN = ["W", "X", "M1", "M2", "Y"]


def chain_frame(n: int, n_clusters: int, seed: int = 1) -> pd.DataFrame:
    """Simulate X -> M1 -> M2 -> Y with a covariate W; columns team and CHAIN."""
    rng = np.random.default_rng(seed)
    team = np.sort(rng.integers(0, n_clusters, size=n))
    level = rng.normal(scale=0.4, size=(n_clusters, 4))[team]
    noise = rng.normal(size=(n, 5))
    w, x = noise[:, 0], level[:, 0] + noise[:, 1]
    m1 = 0.4 * x + 0.2 * w + level[:, 1] + noise[:, 2]
    m2 = 0.15 * x + 0.35 * m1 + level[:, 2] + noise[:, 3]
    y = 0.1 * x + 0.2 * m1 + 0.3 * m2 + level[:, 3] + noise[:, 4]
    return pd.DataFrame(dict(zip(["team", *CHAIN], [team, w, x, m1, m2, y], strict=True)))


def wide_frame(n: int, n_clusters: int, n_columns: int, seed: int = 2) -> pd.DataFrame:
    """Simulate an outcome y and columns x0, x1, ...; clusters of about equal size."""
    rng = np.random.default_rng(seed)
    team = np.arange(n) % n_clusters
    x = rng.normal(size=(n, n_columns)) + rng.normal(scale=0.4, size=(n_clusters, n_columns))[team]
    data = pd.DataFrame(x, columns=[f"x{j}" for j in range(n_columns)])
    y = 0.2 * x[:, 0] + rng.normal(scale=0.4, size=n_clusters)[team] + rng.normal(size=n)
    return data.assign(y=y, team=team)


def companies() -> pd.DataFrame:
    """Read lq2002: 2,042 soldiers in 49 companies (Bliese, Halverson & Schriesheim 2002)."""
    return pd.read_csv(ROOT / "data" / "published" / "lq2002.csv")
