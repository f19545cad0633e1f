"""How often the bounds of people and process hold the share that is true in a simulated world.

The share of a group is the variance between teams of what the outcome would be on average if the
group's measures were set to their values; it comes from the world's equations. Surveys are drawn
in batches and answered as always; the bounds are those of `people_or_process`.

usage: OPENBLAS_NUM_THREADS=1 python benchmarks/people_or_process.py [surveys]
       > benchmarks/people_or_process.md
"""

import sys
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pandas as pd

from coaching_stats import group_bounds
from coaching_stats.batched_surveys import Size, Surveys, draw_surveys
from coaching_stats.group_measures import MEMBERS, PEOPLE, PROCESS, questions, team_values
from coaching_stats.latent import BETWEEN, World, load_world
from coaching_stats.measured import Measured
from coaching_stats.measurement import USUAL
from coaching_stats.panel import Panel
from coaching_stats.scored_answers import Items
from coaching_stats.theory import load_study
from coaching_stats.true_scores import TeamValues, correlations

WORLDS = ("people", "theory", "workload", "common_rater", "reverse_cause")
LARGE, SMALL = Size(50, 3, 10), Size(20, 3, 8)
LINES = (
    *((name, size) for size in (LARGE, SMALL) for name in WORLDS[:3]),
    *((name, LARGE) for name in WORLDS[3:]),
)
BLOCK, N_BOOT, DRAWS, SEED = 100, 500, 400_000, 20150608
SELLERS = ("SPR_s", "LPR_s", "SKL_s", "BADX_s", "SWC_s")
MANAGERS = ("WTC_m", "BEL_m", "WKL_m")


def solved(
    world: World, given: dict[str, np.ndarray], rng: np.random.Generator | None
) -> dict[str, np.ndarray]:
    """Between scores with some of them set; without `rng` all others at their mean."""
    found: dict[str, np.ndarray] = {}
    for (part, key), equation in world.equations.items():
        if part != BETWEEN:
            continue
        if key in given:
            found[key] = given[key]
            continue
        mean = equation.mean + sum(
            coefficient * np.prod([found[name] for _, name in factors], axis=0)
            for coefficient, factors in equation.terms
        )
        noise = 0.0 if rng is None else np.sqrt(equation.resid_var) * rng.normal(size=DRAWS)
        found[key] = np.broadcast_to(mean + noise, DRAWS)
    return found


def truth(name: str, outcome: str, group: str) -> float:
    """Share of a group by the world's equations: Var E[outcome | do(members)] / Var outcome."""
    world = load_world(name)
    scores = solved(world, {}, np.random.default_rng(SEED))
    members = {key: scores[key] for key in MEMBERS[group]}
    moved = solved(world, members, None)[outcome]
    return float(moved.var() / scores[outcome].var())


def panels(surveys: Surveys) -> Iterator[Panel]:
    """Each survey of a batch as the panel that `measure` would make of it."""
    for r in range(surveys.n):
        team, place = np.nonzero(surveys.counted[r])
        names = [*SELLERS, *MANAGERS]
        items = {
            c: Items(surveys.items[c][r][team, place] if c in SELLERS else surveys.items[c][r], 7)
            for c in names
            if c in surveys.items
        }
        n_teams = surveys.size.n_teams
        yield Panel(
            sellers=pd.DataFrame({c: surveys.sellers[c][r][team, place] for c in SELLERS}).assign(
                seller_id=np.arange(len(team)), team_id=team
            ),
            teams=pd.DataFrame({c: surveys.teams[c][r] for c in MANAGERS}).assign(
                team_id=np.arange(n_teams),
                firm_id=surveys.size.firm_of_team,
                manager_id=np.arange(n_teams),
                n_invited=surveys.size.sellers,
                n_responded=surveys.responded[r],
                n_sellers=surveys.n_sellers[r],
            ),
            items=items,
            n_failed_attention=0,
            n_answered=int(surveys.n_answered[r]),
        )


def found(name: str, size: Size, n_surveys: int) -> Iterator[pd.DataFrame]:
    """Bounds of every outcome in every survey, one frame each."""
    study, root = load_study(), np.random.SeedSequence([SEED, WORLDS.index(name), size.firms])
    for start in range(0, n_surveys, BLOCK):
        streams = [
            tuple(np.random.default_rng(s) for s in one.spawn(3))
            for one in root.spawn(min(BLOCK, n_surveys - start))
        ]
        surveys = draw_surveys(
            name,
            size,
            strength=1.0,
            conditions=USUAL,
            streams=[(answers, halves) for answers, halves, _ in streams],
            n_splits=1,
        )
        for panel, (_, _, rng) in zip(panels(surveys), streams, strict=True):
            measured = Measured(panel, study, np.empty((0, 0), dtype=bool))
            for question in questions(measured):
                teams, _, _ = team_values(measured, question.columns)
                frame, _ = group_bounds.bounds(teams, question.groups, N_BOOT, rng)
                yield frame.assign(outcome=question.outcome)


def lines(name: str, size: Size, n_surveys: int, label: str = "") -> Iterator[str]:
    """One line of the table per outcome and group."""
    every = pd.concat(found(name, size, n_surveys), ignore_index=True)
    for (outcome, group), rows in every.groupby(["outcome", "group"], sort=False):
        if group not in (PROCESS, PEOPLE):
            continue
        true = truth(name, outcome, group)
        low, high = rows["conf_low"], rows["conf_high"]
        cells = (
            f"{name}{label}",
            f"{size.firms}×{size.teams}×{size.sellers}",
            outcome,
            group,
            f"{true:.3f}",
            f"{100 * ((low <= true + 1e-9) & (true <= high)).mean():.1f} %",
            f"{100 * (low > true + 1e-9).mean():.1f} %",
            f"{100 * (high < true).mean():.1f} %",
            f"{rows['worst'].mean():.2f} to {rows['best'].mean():.2f}",
            f"{low.mean():.2f} to {high.mean():.2f}",
            f"{(high - low).mean():.2f}",
        )
        yield f"| {' | '.join(cells)} |"


def uncorrected(teams: TeamValues, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations as measured in both places."""
    measured, _ = correlations(teams, weights)
    return measured, measured


HEAD = """# People or process: how often the bounds hold the truth

`OPENBLAS_NUM_THREADS=1 python benchmarks/people_or_process.py` wrote this table.
All data are simulated: {n} surveys a line, firms × teams × sellers, {boot} resamples of firms.

- *True share*: variance between teams of what the outcome would be on average if the group's
  measures were set to their values, by the world's equations.
- *Held*: the interval of the bounds, 95 % by name, has the true share in it; *above*, *below*: it
  lies wholly on that side. The Monte-Carlo error of 95 % is {error:.1f} points.
- *Cases*: mean of worst and best case. *Interval*: mean of its ends; *width*: mean.
"""
COLUMNS = (
    *("world", "design", "outcome", "group", "true_share"),
    *("held", "above", "below", "cases", "interval", "width"),
)
FOOT = """
*uncorrected*: without the second pair of ends, from correlations of true scores. Skill that is
measured with error then leaves a part of its share to the process, and managers' is too low.

In *workload* the process has no share of its own; what goes with it is workload's, a third group.
In *theory* the true share of the process includes what only the product of both processes carries,
which linear shares leave out. In *common_rater* nothing goes with anything, and moods make it look
so; a mood that a whole team shares stays in. In *reverse_cause* willingness works back on the
process, which the bounds suppose it does not: there they exclude the truth, and nothing in one
survey can tell. With twenty firms the intervals hold the truth and say little."""


def main(n_surveys: int) -> None:
    """Print the table."""
    print(HEAD.format(n=n_surveys, boot=N_BOOT, error=100 * np.sqrt(0.95 * 0.05 / n_surveys)))
    print(f"| {' | '.join(c.replace('_', ' ') for c in COLUMNS)} |")
    print(f"|{'---|' * len(COLUMNS)}")
    for name, size in LINES:
        for line in lines(name, size, n_surveys):
            print(line, flush=True)
    with patch.object(group_bounds, "correlations", uncorrected):
        for line in lines("people", LARGE, n_surveys, ", uncorrected"):
            print(line)
    print(FOOT)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
