"""What every world shows in a very large survey, beside the reference values of worlds.yml.

Everybody answers and attends, one wave, the process inventory without rounding: 48,000 teams of ten
sellers a world, in blocks. The estimators are those that judge a study.

usage: python benchmarks/reference_estimates.py > benchmarks/reference_estimates.md
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pandas as pd

from coaching_stats import measurement
from coaching_stats.hypotheses import Hypothesis, Leg, Study
from coaching_stats.latent import BETWEEN, Scores, World, draw_residuals, load_world, solve
from coaching_stats.measured import Measured, with_halves
from coaching_stats.models import equations
from coaching_stats.panel import Panel
from coaching_stats.samples import draw_sample
from coaching_stats.scales import score
from coaching_stats.sourcing import sourcing
from coaching_stats.theory import load_study

WORLDS = ("theory", "null", "people", "common_rater", "reverse_cause", "workload")
N_BLOCKS, FIRMS, TEAMS, SELLERS, MONTHS = 80, 200, 3, 10, 6  # 48,000 teams a world
REFERENCE_BLOCKS = 40  # the references have 24,000 teams
INVENTORY = ("SPR", "LPR", "OBS", "RSM", "RSS")
ROUNDING = 0.005  # the references have two decimals


def survey(world: World, rng: np.random.Generator) -> Panel:
    """Simulate one block of a world in which everybody answers and attends."""
    residuals = draw_residuals(world, rng, firms=FIRMS, teams=TEAMS, sellers=SELLERS)
    scores = solve(world, residuals)
    n = FIRMS * TEAMS
    team, ids = np.arange(n), np.arange(n * SELLERS)
    with patch.object(measurement, "INATTENTIVE", 0.0):
        sellers, _ = measurement.seller_answers(rng, world, scores)
        managers, _ = measurement.manager_answers(rng, world, scores, rng.poisson(0.8, n))
    of_sellers = score(pd.DataFrame({name: answer.ravel() for name, answer in sellers.items()}))
    sales = np.log(measurement.monthly_sales(rng, world, scores, MONTHS) / 100).mean(axis=-1)
    of_teams = score(pd.DataFrame(managers)).assign(**_inventory(rng, scores))
    return Panel(
        sellers=of_sellers.assign(
            seller_id=ids, team_id=team.repeat(SELLERS), SALES_r=sales.ravel()
        ),
        teams=of_teams.assign(
            team_id=team, firm_id=team // TEAMS, manager_id=team, n_sellers=SELLERS
        ),
        items={},
        n_failed_attention=0,
        n_answered=len(ids) + n,
    )


def _inventory(rng: np.random.Generator, scores: Scores) -> dict[str, np.ndarray]:
    """The rater's view of each process construct, as it is before it is rounded to ratings."""
    error = 0.66 * rng.standard_normal((len(INVENTORY), FIRMS * TEAMS))
    return {f"{k}_p": 0.75 * scores[BETWEEN, k] + e for k, e in zip(INVENTORY, error, strict=True)}


def named_legs(study: Study) -> Iterator[tuple[str, Hypothesis, Leg]]:
    """Legs under the names of worlds.yml: H6a and H6b for two legs; H1raw has no covariates."""
    for hypothesis in study.hypotheses:
        for letter, leg in zip("ab", hypothesis.legs, strict=False):
            several = len(hypothesis.legs) > 1
            yield f"{hypothesis.id}{letter if several else ''}", hypothesis, leg
    headline = study.hypothesis("H1")
    yield "H1raw", headline, replace(headline.legs[0], covariates=())


def estimate(measured: Measured, hypothesis: Hypothesis, leg: Leg, *, is_split: bool) -> float:
    """Estimate one leg; waves that are not there, or no second source, leave the other kind."""
    sources = sourcing(hypothesis, leg, measured.study, is_split=is_split) or sourcing(
        hypothesis, leg, measured.study, is_split=not is_split
    )
    values = []
    for equation in equations(leg, draw_sample(measured, leg, sources)):
        slopes = np.linalg.lstsq(equation.x, equation.y, rcond=None)[0]
        values.append(equation.contrast @ slopes)
    return float(np.prod(values))


def estimates(name: str, n_blocks: int = N_BLOCKS, seed: int = 20150608) -> pd.DataFrame:
    """Mean estimate over the blocks with its Monte Carlo error, beside the reference.

    Returns
    -------
    DataFrame
        ``world, estimate, source, reference, ours, mc_error, reference_error``; the last is the
        Monte Carlo error that a reference from 24,000 teams has.
    """
    study, world = load_study(), load_world(name)
    references = {True: world.truth["reference_split"], False: world.truth["reference_same"]}
    found: dict[tuple[str, bool], list[float]] = {}
    for stream in np.random.SeedSequence([seed, WORLDS.index(name)]).spawn(n_blocks):
        rng = np.random.default_rng(stream)
        measured = with_halves(survey(world, rng), study, 1, rng)
        for key, hypothesis, leg in named_legs(study):
            for is_split in references:
                value = estimate(measured, hypothesis, leg, is_split=is_split)
                found.setdefault((key, is_split), []).append(value)
    rows = [
        {
            "world": name,
            "estimate": key,
            "source": "split" if is_split else "same",
            "reference": references[is_split][key],
            "ours": np.mean(values),
            "mc_error": np.std(values, ddof=1) / np.sqrt(n_blocks),
            "reference_error": np.std(values, ddof=1) / np.sqrt(REFERENCE_BLOCKS),
        }
        for (key, is_split), values in found.items()
    ]
    return pd.DataFrame(rows)


def deviation(table: pd.DataFrame) -> pd.Series:
    """How far ours is from the reference, beyond rounding, in Monte Carlo errors of both."""
    gap = (table["ours"] - table["reference"]).abs() - ROUNDING
    return gap.clip(lower=0) / np.hypot(table["mc_error"], table["reference_error"])


def written(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Lines of a Markdown table: reference / ours, Monte Carlo error; far ones are marked."""
    yield "| estimate | source | " + " | ".join(tables) + " |"
    yield "|---|---|" + "---|" * len(tables)
    first = next(iter(tables.values()))
    for row in range(len(first)):
        cells = [first["estimate"][row], first["source"][row]]
        for table in tables.values():
            one = table.loc[row]
            mark = " !" if deviation(table)[row] > 4 else ""
            ours = f"{one['ours']:.3f}".replace("-0.000", "0.000")
            cells.append(f"{one['reference']:.2f} / {ours} ({one['mc_error']:.3f}){mark}")
        yield "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print("Reference of worlds.yml / ours (Monte Carlo error of ours); ! beyond 4 errors of both.")
    print()
    print(*written({name: estimates(name) for name in WORLDS}), sep="\n")
