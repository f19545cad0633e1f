"""Attack what stays published of random nested tables; write attack.md.

usage: python benchmarks/attack.py [SETS]

Also times the attack on 200 teams and 70 questions. All tables are simulated.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from coaching_stats.attack import attack
from coaching_stats.suppression import protect
from coaching_stats.vague_numbers import number_text

MINIMUM = 5
SETS = 500
BY_ANSWER = 25  # one set in so many has shares by answer too
COLUMNS = ("table", "group", "parent_group", "item", "n", "mean", "value")
OUT = Path(__file__).with_suffix(".md")


def people_of(rng: np.random.Generator) -> pd.DataFrame:
    """One firm: regions, teams of 1 to 25 people, tenure and role; three questions at most."""
    sizes, regions = [], []
    for region in range(rng.integers(1, 5)):
        for _ in range(rng.integers(1, 7)):
            low, high = ((1, 5), (5, 10), (10, 26))[rng.choice(3, p=(0.3, 0.4, 0.3))]
            sizes.append(int(rng.integers(low, high)))
            regions.append(f"R{region}")
    team = np.repeat(np.arange(len(sizes)), sizes)
    people = pd.DataFrame({"firm": "firm", "region": np.array(regions)[team], "number": team})
    people["team"] = "T" + people["number"].astype(str)
    people["tenure"] = rng.choice(["short", "middle", "long"], len(team), p=(0.2, 0.5, 0.3))
    role = rng.choice(["hunter", "farmer", "lead"], len(team), p=(0.45, 0.45, 0.1))
    people["role"] = people["region"] + " " + role
    for question in range(rng.integers(1, 4)):
        people[f"Q{question}"] = answers_of(team, rng)
    return people


def answers_of(team: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Answers from 1 to 7; some teams all answer alike, and some people skip some questions."""
    typical = rng.uniform(1, 7, team.max() + 1)
    answers = np.clip(np.round(typical[team] + rng.normal(0, 1.2, len(team))), 1, 7)
    for alike in np.flatnonzero(rng.random(len(typical)) < 0.07):
        answers[team == alike] = rng.integers(1, 8)
    if rng.random() < 0.3:
        answers[rng.random(len(team)) < 0.1] = np.nan
    return answers


def nested_tables(seed: int, *, by_answer: bool = False) -> pd.DataFrame:
    """One to four tables of one firm, unprotected.

    Firm, region, team; firm and tenure; firm, region, role; firm and region.
    """
    rng = np.random.default_rng(seed)
    people = people_of(rng)
    chains = (("region", "team"), ("tenure",), ("region", "role"), ("region",))
    rows: list[tuple[object, ...]] = []
    with_heads = rng.random() < 0.5
    for number in range(rng.integers(1, 5)):
        levels = ("firm", *chains[number])
        for level, above in zip(levels, ("", *levels[:-1]), strict=True):
            for group, inside in people.groupby(level, sort=False):
                parent = inside[above].iloc[0] if above else ""
                place = (f"table {number + 1}", group, parent)
                rows += [(*place, *figure) for figure in figures_of(inside, by_answer)]
                if with_heads:
                    rows.append((*place, "*", len(inside), np.nan, np.nan))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def figures_of(people: pd.DataFrame, by_answer: bool) -> list[tuple[str, int, float, float]]:
    """Item, number of people, mean and per cent."""
    found = []
    for question in people.filter(like="Q"):
        given = people[question].dropna().to_numpy()
        n = len(given)
        found.append((question, n, given.mean() if n else np.nan, np.nan))
        for low, high in ((1, 2), (3, 5), (6, 7)) if by_answer else ():
            share = 100 * ((low <= given) & (given <= high)).mean() if n else np.nan
            found.append((f"{question}[{low}-{high}]", n, np.nan, share))
    return found


def large_table(teams: int, questions: int, seed: int = 1) -> pd.DataFrame:
    """Ten regions of equally many teams, unprotected."""
    rng = np.random.default_rng(seed)
    n = rng.integers(3, 15, teams)
    region = np.arange(teams) * 10 // teams
    rows = []
    for question in range(questions):
        total = np.array([rng.integers(1, 8, size).sum() for size in n], dtype=float)
        parts = [("firm", "", np.ones(teams, dtype=bool))]
        parts += [(f"R{r}", "firm", region == r) for r in range(10)]
        parts += [(f"T{t}", f"R{region[t]}", np.arange(teams) == t) for t in range(teams)]
        for group, parent, inside in parts:
            people = int(n[inside].sum())
            mean = total[inside].sum() / people
            rows.append(("teams", group, parent, f"Q{question}", people, mean, np.nan))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def without_siblings(figures: pd.DataFrame) -> pd.DataFrame:
    """Only the small groups suppressed, as if subtraction did not exist."""
    is_small = figures["n"] < MINIMUM
    return figures.assign(
        n=[number_text(n, MINIMUM) for n in figures["n"]],
        mean=figures["mean"].round(2).mask(is_small),
        value=figures["value"].round(2).mask(is_small),
        suppressed=is_small,
    )


def share_kept(figures: pd.DataFrame, shown: pd.DataFrame) -> float:
    """Of the figures of enough people, the share that stays."""
    may_stay = (figures["item"] != "*") & (figures["n"] >= MINIMUM)
    return float((~shown["suppressed"][may_stay]).mean())


def one_set(seed: int) -> dict[str, float]:
    """Protect and attack one set."""
    figures = nested_tables(seed, by_answer=seed % BY_ANSWER == 0)
    start = time.process_time()
    shown = protect(figures, MINIMUM)
    taken = time.process_time() - start
    before, after = attack(without_siblings(figures)), attack(shown)
    has_small = bool((figures["n"] < MINIMUM).any())
    exact = sum(
        number_text(n, MINIMUM) != text for n, text in zip(figures["n"], shown["n"], strict=True)
    )
    return {
        "leaking before": float(before.is_recovered),
        "leaking after": float(after.is_recovered),
        "kept": share_kept(figures, shown),
        "kept by hiding all": 0.0 if has_small else 1.0,
        "exact": 1 - exact / len(figures),
        "seconds": taken,
    }


def timed_attack() -> tuple[float, int, int]:
    """Processor seconds of the attack on 200 teams and 70 questions, rows, suppressed rows."""
    shown = protect(large_table(200, 70), MINIMUM)
    start = time.process_time()
    found = attack(shown)
    taken = time.process_time() - start
    if found.is_recovered:
        raise SystemExit(str(found))
    return taken, len(shown), int(shown["suppressed"].sum())


def table_of(results: pd.DataFrame) -> list[str]:
    """Lines of the table."""
    kept = 100 * results[["kept", "kept by hiding all", "exact"]].mean()
    before, after = (int(results[name].sum()) for name in ("leaking before", "leaking after"))
    return [
        "# Attack",
        "",
        f"{len(results)} simulated sets of one to four nested tables (firm, region, team, role,",
        "tenure; teams of 1 to 25 people, some of whom all answer alike), with a minimum of 5",
        f"people. One set in {BY_ANSWER} has shares by answer too. Written by",
        "`python benchmarks/attack.py`.",
        "",
        "| | |",
        "|---|---|",
        "| sets in which the attack recovers something if only small groups are suppressed | "
        f"{before} |",
        f"| sets in which it recovers something after `protect` | {after} |",
        f"| figures of enough people that stay, mean over the sets | {kept['kept']:.1f} % |",
        "| the same, if every set with a small group were hidden | "
        f"{kept['kept by hiding all']:.1f} % |",
        f"| numbers of people shown exactly, or as less than 5 | {kept['exact']:.1f} % |",
        f"| processor seconds to protect a set, median | {results['seconds'].median():.2f} |",
    ]


def main() -> None:
    """Run all sets and write the table, as far as it has come, every 25 sets."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else SETS
    taken, rows, suppressed = timed_attack()
    large = (
        f"| processor seconds to attack 200 teams × 70 questions ({rows:,} rows, "
        f"{suppressed:,} suppressed) | {taken:.1f} |"
    )
    found = []
    for seed in range(sets):
        found.append(one_set(seed))
        if (seed + 1) % 25 == 0 or seed + 1 == sets:
            lines = [*table_of(pd.DataFrame(found)), large]
            OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
