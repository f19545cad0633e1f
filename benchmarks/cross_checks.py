"""The other models beside the linear one: their time, their intervals, how often they disagree.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/cross_checks.py > benchmarks/cross_checks.md
"""

import sys
import time
from collections import Counter

import numpy as np
from tqdm import tqdm

from coaching_stats.cross_checks import cross_check, cross_check_notes
from coaching_stats.cross_models import MODELS, Case, with_contrast_as_coefficient
from coaching_stats.errors import DesignError
from coaching_stats.models import equations
from coaching_stats.samples import Sample
from coaching_stats.study import run_study
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate

CORE = [f"H{i}" for i in range(1, 10)]
LEG = load_study().hypothesis("H3").legs[0]  # one predictor, one covariate
N_SURVEYS, N_STUDIES = 400, 12
N_BOOT = 60  # resamples; a standard error needs no more
SURVEYS = {"ordinal": 200}  # fewer, as each is resampled
DESIGNS = {  # firms, teams in each, true slope, what the covariate explains
    "20 firms of 3": (20, 3, 0.3, 0.3),
    "50 firms of 3": (50, 3, 0.3, 0.3),
    "50 firms of 3, no slope": (50, 3, 0.0, 0.3),
    "30 teams alone": (30, 1, 0.3, 0.3),
}


def case(n_firms: int, per_firm: int, slope: float, explained: float, seed: int) -> Case:
    """Simulate teams in firms: normal variables of variance 1, a fifth of the error shared."""
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(n_firms), per_firm)
    z = {key: rng.normal(size=firm.size) for key in ("LAT", "SKL")}
    error = np.sqrt(0.2) * rng.normal(size=n_firms)[firm] + np.sqrt(0.8) * rng.normal(
        size=firm.size
    )
    z["INF"] = slope * z["LAT"] + np.sqrt(explained) * z["SKL"]
    z["INF"] = z["INF"] + np.sqrt(1 - slope**2 - explained) * error
    codes = firm if per_firm > 1 else None
    sample = Sample(z, codes, "firm_id", firm.size, frozenset(), ())
    equation = equations(LEG, sample)[0]
    x, place = with_contrast_as_coefficient(equation)
    return Case(LEG, sample, equation, x, place, 4 + z["INF"], 4.0, slope, 1)


def intervals() -> None:
    """Print mean estimate and spread, mean error, and how often 95 % intervals hold the truth."""
    fewer = ", ".join(f"{n} for the {model} model" for model, n in SURVEYS.items())
    print(f"\n## Intervals, {N_SURVEYS} simulated samples each, {fewer}\n")
    print(
        "| design | model | true | mean | spread | error | holds % | excludes 0 % | no estimate |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, design in DESIGNS.items():
        for model, fit in MODELS.items():
            if model == "mixed" and design[1] == 1:
                continue
            found, failed = [], 0
            for seed in range(SURVEYS.get(model, N_SURVEYS)):
                try:
                    found.append(fit(case(*design, seed), np.random.default_rng(seed), N_BOOT))
                except DesignError:
                    failed += 1
            print(row(name, model, design[2], [one.estimate for one in found], failed))
    print("\nMonte-Carlo error of a share: 1 point, 1.5 with 200 samples.")


def row(name: str, model: str, truth: float, found: list, failed: int) -> str:
    """One line of the table."""
    values = np.array([one.value for one in found])
    ends = np.array([one.interval(0.95) for one in found])
    holds = 100 * np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1]))
    excludes = 100 * np.mean((ends[:, 0] > 0) | (ends[:, 1] < 0))
    error = np.mean([one.std_error for one in found])
    return (
        f"| {name} | {model} | {truth:.2f} | {values.mean():.3f} | {values.std(ddof=1):.3f} | "
        f"{error:.3f} | {holds:.1f} | {excludes:.1f} | {failed} |"
    )


def disagreements() -> None:
    """Print how often each model disagrees in studies in which the linear model is right."""
    differs, opposed, total = Counter(), Counter(), Counter()
    for seed in tqdm(range(N_STUDIES), file=sys.stderr):
        run = run_study(simulate("theory", firms=50, teams=3, sellers=8, seed=seed))
        found = cross_check(run, n_boot=N_BOOT)
        for one in found.checked:
            if one.model != "linear":
                linear = found.linear(one.term)
                total[one.model] += 1
                opposed[one.model] += one.agrees_with(linear) is False
                has_other = one.decision and one.decision.verdict != linear.decision.verdict
                differs[one.model] += bool(has_other)
    print(f"\n## Disagreement in {N_STUDIES} simulated studies of the world `theory`\n")
    print("50 firms of 3 teams of 8 sellers; every slope and interaction that is testable.\n")
    print("| model | estimates | does not agree % | another verdict % |")
    print("| --- | --- | --- | --- |")
    for model, n in total.items():
        share = 100 * opposed[model] / n, 100 * differs[model] / n
        print(f"| {model} | {n} | {share[0]:.1f} | {share[1]:.1f} |")
    print("\nDoes not agree: the other sign, or contradicted against supported.")


def speed() -> None:
    """Print the time of the full check and of the quick notes on the sample."""
    run = run_study()
    print("# Cross-checks by other models\n\n## Time on the simulated sample\n")
    for what, call in {
        "all models, 15 slopes and interactions, 200 resamples": lambda: cross_check(run),
        "notes on H1 to H9, no resampling (allowed: 2 s)": lambda: cross_check_notes(run, CORE),
    }.items():
        times = []
        for _ in range(3):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        print(f"- {what}: {np.median(times):.2f} s")


if __name__ == "__main__":
    speed()
    intervals()
    disagreements()
