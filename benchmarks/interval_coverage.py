"""How often nominal 95 % intervals hold the truth; writes coverage.md.

usage: python benchmarks/interval_coverage.py
"""

from pathlib import Path

import numpy as np

from coaching_stats.chains import chain_effects, left_out_effects, pack, resampled_effects
from coaching_stats.cluster_robust import cr1s, cr2, from_products, satterthwaite_df
from coaching_stats.resampling import bca_interval, percentile_interval
from coaching_stats.results import t_quantile
from coaching_stats.wild import replicate, wild_weights

N_STUDIES = 2_000
CLUSTERS = (8, 24, 40)
PER_CLUSTER = 8
UNEQUAL = (2, 3, 4, 6, 8, 10, 13, 18)  # repeated: eight rows on average
N_BOOT = 1_999
TEXT = f"""# Coverage

How often nominal 95 % intervals hold the truth, in per cent of {N_STUDIES:,} simulated studies
(Monte-Carlo standard error 0.5). Written by `python benchmarks/interval_coverage.py`.

Slopes: y follows x, which varies within and between clusters, and z, which is constant within
them; a fifth of the error variance lies between clusters. Eight rows per cluster, or unequal
clusters of 2 to 18. CR2 with Satterthwaite degrees of freedom; CR1S with G - 1; the
wild bootstrap (999 replicates; with 8 clusters all 128 sign vectors) as the share of studies in
which the true slope is not rejected at 5 %.

"""
CHAIN_TEXT = f"""
The serial effect of a chain of three links, eight rows per cluster, {N_BOOT:,} resamples with
Rao-Wu weights. At 8 clusters no bootstrap interval reaches 95 %: below 20 clusters `mediate` says
so in its notes.

"""


def clusters_of(sizes: np.ndarray, rng: np.random.Generator, spread: float) -> np.ndarray:
    """Draw one value per cluster and repeat it over the rows."""
    return np.repeat(rng.normal(scale=spread, size=len(sizes)), sizes)


def products(columns: list[np.ndarray], sizes: np.ndarray) -> np.ndarray:
    """Cross-products per cluster, (G, p, p); values are of order one, so they stay uncentred."""
    rows = np.column_stack([np.ones(len(columns[0])), *columns])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.add.reduceat(rows[:, :, None] * rows[:, None, :], starts, axis=0)


def slope_coverage(sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Share of studies that hold the slopes of x and z: rows CR2, CR1S, wild; columns x, z."""
    truth = np.array([0.3, 0.2])
    studies = []
    for _ in range(N_STUDIES):
        z = clusters_of(sizes, rng, 1.0)
        x = clusters_of(sizes, rng, 0.6) + rng.normal(size=sizes.sum())
        y = truth[0] * x + truth[1] * z + clusters_of(sizes, rng, 0.5)
        studies.append(products([x, z, y + rng.normal(size=sizes.sum())], sizes))
    stacked = np.stack(studies)
    coef, fit = from_products(stacked[..., :3, :3], stacked[..., :3, 3])
    error = np.abs(coef[:, 1:] - truth)
    held = []
    for vcov, df in (
        (cr2(fit), satterthwaite_df(fit, np.eye(3))[:, 1:]),
        (cr1s(fit, int(sizes.sum())), len(sizes) - 1.0),
    ):
        spread = np.sqrt(np.diagonal(vcov, axis1=-2, axis2=-1))[:, 1:]
        held.append((error < t_quantile(0.975, df) * spread).mean(axis=0))
    kept = np.zeros(2)
    for study in studies:
        one_coef, one = from_products(study[:, :3, :3], study[:, :3, 3])
        signs = wild_weights(len(sizes), 999, "rademacher", rng)
        for j in (1, 2):
            replicates = replicate(one, np.eye(3)[j], signs)
            kept[j - 1] += replicates.p_value(truth[j - 1] - one_coef[j]) > 0.05
    return np.stack([*held, kept / N_STUDIES])


def chain_coverage(n_clusters: int, rng: np.random.Generator) -> np.ndarray:
    """Share of studies whose percentile and BCa intervals hold the serial effect."""
    sizes = np.full(n_clusters, PER_CLUSTER)
    truth = 0.4 * 0.35 * 0.3
    held = np.zeros(2)
    for _ in range(N_STUDIES):
        noise = rng.normal(size=(4, sizes.sum()))
        level = [clusters_of(sizes, rng, 0.4) for _ in range(4)]
        x = level[0] + noise[0]
        m1 = 0.4 * x + level[1] + noise[1]
        m2 = 0.15 * x + 0.35 * m1 + level[2] + noise[2]
        y = 0.1 * x + 0.2 * m1 + 0.3 * m2 + level[3] + noise[3]
        packed, units = pack(products([x, m1, m2, y], sizes)), np.ones(4)
        estimate, _ = chain_effects(packed.sum(axis=1, keepdims=True), units)
        draws, _ = resampled_effects(packed, units, N_BOOT, rng)
        serial = slice(-1, None)
        left_out = left_out_effects(packed, units)[:, serial]
        ends = (
            percentile_interval(draws[:, serial], 0.95),
            bca_interval(draws[:, serial], estimate[0, serial], left_out, 0.95),
        )
        held += [low[0] < truth < high[0] for low, high in ends]
    return held / N_STUDIES


def main() -> None:
    """Simulate and write coverage.md."""
    rng = np.random.default_rng(2_024)
    slopes = [
        "| clusters | sizes | CR2, x | CR2, z | CR1S, x | CR1S, z | wild, x | wild, z |",
        "|---|---|---|---|---|---|---|---|",
    ]
    chains = ["| clusters | percentile | BCa |", "|---|---|---|"]
    for n_clusters in CLUSTERS:
        for name, sizes in (
            ("equal", np.full(n_clusters, PER_CLUSTER)),
            ("unequal", np.resize(UNEQUAL, n_clusters)),
        ):
            shares = 100 * slope_coverage(sizes, rng).ravel()
            slopes.append(
                f"| {n_clusters} | {name} | " + " | ".join(f"{s:.1f}" for s in shares) + " |"
            )
        shares = 100 * chain_coverage(n_clusters, rng)
        chains.append(f"| {n_clusters} | {shares[0]:.1f} | {shares[1]:.1f} |")
    text = TEXT + "\n".join(slopes) + "\n" + CHAIN_TEXT + "\n".join(chains) + "\n"
    Path(__file__).with_name("coverage.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
