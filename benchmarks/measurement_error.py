"""How often intervals of slopes corrected for unreliability hold the true slope.

Writes measurement_error.md beside this script.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/measurement_error.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError
from coaching_stats.errors_in_variables import resampled_rows
from coaching_stats.estimates import estimate_leg
from coaching_stats.judged_rows import JudgedSlope
from coaching_stats.latent import BETWEEN, draw_residuals, load_world, solve
from coaching_stats.measured import with_halves
from coaching_stats.measurement_error import corrected_slopes
from coaching_stats.models import equations
from coaching_stats.panel import measure
from coaching_stats.regression import regress
from coaching_stats.resampling import cluster_weights
from coaching_stats.samples import draw_sample
from coaching_stats.sourcing import sourcing
from coaching_stats.team_measurement_error import TeamMoments
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate

PAGE = Path(__file__).with_suffix(".md")
N_SURVEYS, N_WORLDS, DRAWS = 400, 150, 499
ITEMS = {"SPR": ["a1", "a2", "a3"], "VAL": ["b1", "b2", "b3"]}
TRUE = np.array([0.5, -0.3])
MODELS = {
    "H1": ("WTC", ["RIG", "SKL", "BEL", "WKL"]),
    "H3": ("INF", ["LAT", "SKL"]),
    "H4": ("WTC", ["INF", "SKL", "BEL", "WKL"]),
}


def survey(n_teams: int, per_team: int, error: float, seed: int) -> pd.DataFrame:
    """Simulate sellers in teams: two scales of three items, true slopes ``TRUE``."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), per_team)
    true = rng.normal(size=(n_teams, 2))[team] * 0.5 + rng.normal(size=(team.size, 2))
    true[:, 1] += 0.5 * true[:, 0]
    items = true[:, :, None] + error * rng.normal(size=(team.size, 2, 3))
    frame = pd.DataFrame(items.reshape(team.size, 6), columns=[*ITEMS["SPR"], *ITEMS["VAL"]])
    for name, own in ITEMS.items():
        frame[name] = frame[own].mean(axis=1)
    noise = 0.4 * rng.normal(size=n_teams)[team] + rng.normal(size=team.size)
    return frame.assign(SWC=true @ TRUE + noise, team=team)


def of_scales() -> list[str]:
    """One line per design: slopes on two scales of three items, alpha from each resample."""
    lines = []
    for n_teams, per_team, error in ((20, 8, 1.0), (50, 8, 1.0), (150, 8, 1.0), (50, 8, 1.7)):
        held, plain, values, shares = [], [], [], []
        for seed in range(1, N_SURVEYS + 1):
            frame = survey(n_teams, per_team, error, seed)
            options = {"cluster": "team", "n_boot": DRAWS, "seed": seed}
            found = corrected_slopes(frame, "SWC", list(ITEMS), ITEMS, **options).tidy()
            fit = regress("SWC ~ SPR + VAL", frame, cluster="team").tidy().iloc[1:]
            held.append(holds(found, TRUE))
            plain.append(holds(fit, TRUE))
            values.append(found[["estimate", "uncorrected"]].to_numpy())
            shares.append(found["reliability"].to_numpy())
        mean, (alpha, _) = np.mean(values, axis=0), np.mean(shares, axis=0)
        covered = [100 * np.mean(one, axis=0) for one in (held, plain)]
        for k, name in enumerate(ITEMS):
            lines.append(
                f"| {n_teams} | {alpha:.2f} | {name} | {TRUE[k]:.2f} | {mean[k, 0]:.3f} | "
                f"{covered[0][k]:.1f} | {mean[k, 1]:.3f} | {covered[1][k]:.1f} |"
            )
    return lines


def holds(table: pd.DataFrame, truth: np.ndarray | float) -> np.ndarray:
    """Whether each interval holds the truth."""
    return ((table["conf_low"] <= truth) & (truth <= table["conf_high"])).to_numpy()


def true_slopes(world: str) -> dict[str, float]:
    """Slopes between the latent scores of very many teams, in standard deviations."""
    model = load_world(world)
    rng = np.random.default_rng(0)
    scores = solve(model, draw_residuals(model, rng, firms=20_000, teams=5, sellers=1))
    z = {key: standard(scores[part, key]) for part, key in scores if part == BETWEEN}
    z["RIG"] = standard((z["SPR"] + z["LPR"]) / 2)
    return {
        name: float(
            np.linalg.lstsq(np.column_stack([z[key] for key in keys]), z[outcome], rcond=None)[0][0]
        )
        for name, (outcome, keys) in MODELS.items()
    }


def standard(values: np.ndarray) -> np.ndarray:
    """z-scores of all teams."""
    return (values.ravel() - values.mean()) / values.std()


def of_worlds() -> list[str]:
    """One line per hypothesis and design: team-level slopes in simulated surveys of the theory."""
    study, truth, lines = load_study(), true_slopes("theory"), []
    for firms, teams, sellers in ((20, 3, 8), (50, 3, 10)):
        found: dict[str, list[tuple[float, float, bool, bool]]] = {name: [] for name in MODELS}
        for seed in range(1, N_WORLDS + 1):
            tables = simulate("theory", firms=firms, teams=teams, sellers=sellers, seed=seed)
            measured = with_halves(measure(tables, study), study, 1, np.random.default_rng(seed))
            for name in MODELS:
                found[name] += one_world(measured, name, truth[name], seed)
        for name, rows in found.items():
            values = np.array(rows, dtype=float)
            lines.append(
                f"| {firms} x {teams} x {sellers} | {name} | {truth[name]:.2f} | "
                f"{np.median(values[:, 0]):.2f} | {100 * values[:, 2].mean():.1f} | "
                f"{np.median(values[:, 1]):.2f} | {100 * values[:, 3].mean():.1f} | "
                f"{N_WORLDS - len(rows)} |"
            )
    return lines


def one_world(
    measured: object, name: str, truth: float, seed: int
) -> list[tuple[float, float, bool, bool]]:
    """Corrected and judged slope of one survey, and whether their intervals hold the truth."""
    hypothesis = measured.study.hypothesis(name)
    leg = hypothesis.legs[0]
    sources = sourcing(hypothesis, leg, measured.study, is_split=True)
    sample = draw_sample(measured, leg, sources)
    evidence = estimate_leg(measured, leg, sources, np.random.SeedSequence(seed))
    model = equations(leg, sample)[0]
    slope = JudgedSlope(leg, sources, 0, measured, sample, model, evidence, False)
    moments = TeamMoments(slope)
    estimate = moments.slopes(np.ones((1, moments.n_clusters)))[0]
    weights = cluster_weights(moments.n_clusters, DRAWS, np.random.default_rng(seed))
    draws = moments.slopes(weights)[0]
    draws = draws[np.isfinite(draws).all(axis=1)]
    if not np.isfinite(estimate).all() or len(draws) < 0.95 * DRAWS:
        return []
    row = resampled_rows(["observed", "true"], estimate[0], draws, 0.95)
    low, high = evidence.intervals[0.95]
    is_held = bool(holds(row, truth)[1])
    return [(float(estimate[0, 1]), evidence.estimate, is_held, low <= truth <= high)]


def error_of(n_surveys: int) -> str:
    """Monte-Carlo standard error of a share of 95 %, in points."""
    return f"{100 * np.sqrt(0.95 * 0.05 / n_surveys):.1f}"


def page() -> str:
    """Write both tables, with what they are of."""
    head = (
        "# Slopes corrected for unreliability\n\n"
        "How often nominal 95 % intervals hold the true slope, in per cent. Written by\n"
        "`python benchmarks/measurement_error.py`. All data are simulated.\n"
    )
    scales = (
        f"\nSellers in teams of eight, two overlapping scales of three items; {N_SURVEYS} surveys "
        f"(Monte-Carlo\nstandard error {error_of(N_SURVEYS)} points), {DRAWS} resamples of "
        "teams, alpha estimated anew in each. Beside them\nleast squares with CR2 on the scores "
        "as they are.\n\n"
        "| teams | alpha | scale | true | corrected, mean | holds | as they are, mean | holds |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    worlds = (
        f"\nTeam-level slopes of the world `theory`, firms x teams x invited sellers; {N_WORLDS} "
        f"surveys (Monte-Carlo\nstandard error {error_of(N_WORLDS)} points). True: between the "
        "latent scores of 100,000 teams. Corrected: team means and\nmanagers' scales, per standard "
        "deviation of true scores. Refused: the corrected covariance was not\npositive definite, "
        "there or in over 5 % of the resamples.\n\n"
        "| design | hypothesis | true | corrected, median | holds | judged, median | holds | "
        "refused |\n|---|---|---|---|---|---|---|---|\n"
    )
    return "\n".join([head + scales + "\n".join(of_scales()), worlds + "\n".join(of_worlds()), ""])


if __name__ == "__main__":
    try:
        PAGE.write_text(page(), encoding="utf-8")
    except DesignError as problem:
        raise SystemExit(f"a simulated survey cannot carry the estimate: {problem}") from None
    print(PAGE.read_text(encoding="utf-8"))
