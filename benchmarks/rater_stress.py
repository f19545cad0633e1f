"""How often the common-rater stress test withdraws, rightly and wrongly; writes rater_stress.md.

usage: python benchmarks/rater_stress.py
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from coaching_stats.batched_gates import Gates
from coaching_stats.batched_regressions import Estimates
from coaching_stats.batched_samples import draw_samples, estimates
from coaching_stats.batched_surveys import Size, Surveys, draw_surveys
from coaching_stats.errors import DesignError
from coaching_stats.estimates import Evidence, estimate_leg
from coaching_stats.hypotheses import Leg
from coaching_stats.measured import Measured, with_halves
from coaching_stats.measurement import USUAL
from coaching_stats.panel import measure
from coaching_stats.rater_apart import taken_apart
from coaching_stats.rater_scales import bounded, further_scales, suggested_by
from coaching_stats.rater_scores import rater_of, share_that_explains, toned, widened
from coaching_stats.rater_stress import is_explained, same_respondents
from coaching_stats.rules import SIGN, SUPPORTED, decide
from coaching_stats.sourcing import Sourcing, sourcing
from coaching_stats.theory import load_study
from coaching_stats.waves import measure_waves
from coaching_stats.worlds import simulate

SEED = 20150608
STUDY = load_study()
WORLDS = ("common_rater", "theory")
HYPOTHESES = ("H1", "H3", "H4", "H6")
SLOPE_OF_H6 = "H6, slope"
DESIGNS = {Size(20, 3, 8): 2_000, Size(50, 3, 10): 600}  # surveys of each world
BLOCK, N_SPLITS = 50, 10
H9_DESIGNS = (Size(24, 1, 8), Size(50, 3, 10))
H9_SURVEYS, H9_SPLITS = 100, 5
TEXT = f"""# The common-rater stress test

Simulated surveys, in per cent, with 95 % intervals (Wilson). Written by
`python benchmarks/rater_stress.py`. Design = firms x teams per firm x invited sellers. In the world
`common_rater` nothing is related to anything, and each respondent's mood colours all evaluative
answers; in `theory` the predictions are true. Verdicts are by the rules, before the adjustment for
several hypotheses.

## Team-level predictions

*Supported*: by the same respondents. *Withdrawn*: of these, not
supported with the two sides taken apart (H1, H3, H4: manager against sellers; H6: random halves,
{N_SPLITS} of them; failed gates count as not supported), or explained by the error that the
rater's other scales suggest. *By sources alone*: without the second reason. *Without gates*: both
reasons, with gates left out of all verdicts. H6 needs an equivalence too, so its slope stands
beside it.

"""
H9_TEXT = f"""
## H9, both sides from one seller

{H9_SURVEYS} surveys of two waves a row. Share supported: by the same sellers; less the largest
shared error that their other scales allow; with the outcome a wave later (the mood is drawn anew,
which flatters this test: a lasting mood would pass it); between teams across random halves
({H9_SPLITS} of them), by the SESOI of H9. Shares of variance: the median that would explain the
estimate, and the median largest one that the other scales allow. Gates are left out.

"""


def blocks(world: str, size: Size) -> Iterator[Surveys]:
    """Simulated surveys with their random halves, block by block."""
    children = np.random.SeedSequence(SEED).spawn(DESIGNS[size])
    for start in range(0, len(children), BLOCK):
        pairs = [child.spawn(2) for child in children[start : start + BLOCK]]
        yield draw_surveys(
            world,
            size,
            strength=1.0,
            conditions=USUAL,
            streams=[tuple(np.random.default_rng(one) for one in pair) for pair in pairs],
            n_splits=N_SPLITS,
        )


def is_met(leg: Leg, found: Estimates) -> np.ndarray:
    """Whether the rule's conditions for support hold in each survey."""
    if leg.expected_sign == "zero":
        low, high = found.interval(0.90)
        return (low > -leg.sesoi) & (high < leg.sesoi)
    sign = SIGN[leg.expected_sign]
    low = np.min([sign * end for end in found.interval(0.95)], axis=0)
    return (low > 0) & (sign * found.value >= leg.sesoi)


def legs_met(surveys: Surveys, name: str, *, is_split: bool) -> tuple[np.ndarray, np.ndarray]:
    """Whether each leg is met, shape (legs, R), and whether every gate is passed, shape (R,)."""
    hypothesis, gates = STUDY.hypothesis(name), Gates(surveys, STUDY)
    met, passed = [], np.ones(surveys.n, dtype=bool)
    for leg in hypothesis.legs:
        sources = sourcing(hypothesis, leg, STUDY, is_split=is_split)
        splits = range(N_SPLITS if sources.has_halves else 1)
        samples = [draw_samples(surveys, STUDY, leg, sources, split) for split in splits]
        found = [estimates(surveys, leg, one) for one in samples]
        values = {
            key: np.median([getattr(one, key) for (one,) in found], axis=0)
            for key in ("value", "std_error", "df")
        }
        met.append(is_met(leg, Estimates(**values)))
        failed = gates.failures(leg, sources, samples, found)
        passed &= ~np.any([failed[gate] for gate in hypothesis.gates], axis=0)
    return np.array(met), passed


def explained(surveys: Surveys, name: str, asked: np.ndarray) -> np.ndarray:
    """Whether the rater's other scales explain the slope, bool, shape (R,); where asked."""
    hypothesis = STUDY.hypothesis(name)
    leg = hypothesis.legs[0]
    sources = sourcing(hypothesis, leg, STUDY, is_split=False)
    known = {*surveys.sellers, *surveys.teams}
    further = further_scales(STUDY, leg, rater_of(leg, sources), known.__contains__)
    samples = draw_samples(surveys, STUDY, *widened(leg, sources, further))
    found = np.zeros(surveys.n, dtype=bool)
    for place in np.flatnonzero(asked):
        left = suggested_by(STUDY, leg, sources, samples.one(place, surveys))
        found[place] = is_explained(leg, left)
    return found


def team_rows(world: str, size: Size) -> Iterator[str]:
    """Rows of the table of team-level predictions."""
    found: dict[str, list[np.ndarray]] = {}
    for surveys in blocks(world, size):
        for name in HYPOTHESES:
            same, same_passed = legs_met(surveys, name, is_split=False)
            apart, apart_passed = legs_met(surveys, name, is_split=True)
            scales = explained(surveys, name, same[0] & apart[0])
            legs = {name: slice(None)} | ({SLOPE_OF_H6: slice(1)} if name == "H6" else {})
            for label, which in legs.items():
                both = same[which].all(axis=0), apart[which].all(axis=0)
                found.setdefault(label, []).append(
                    np.array([*both, same_passed, apart_passed, scales])
                )
    for label, parts in found.items():
        same, apart, same_passed, apart_passed, scales = np.concatenate(parts, axis=1)
        judged = same & same_passed
        stands = apart & apart_passed & ~scales
        cells = (
            share(judged.sum(), len(judged)),
            share((judged & ~stands).sum(), judged.sum()),
            share((judged & ~(apart & apart_passed)).sum(), judged.sum()),
            share((same & ~(apart & ~scales)).sum(), same.sum()),
        )
        yield row(world, size, label, *cells)


def share(count: int, total: int) -> str:
    """Per cent with its interval, and what it is a share of."""
    if not total:
        return "none of 0"
    low, high = proportion_confint(count, total, method="wilson")
    return f"{100 * count / total:.1f} [{100 * low:.1f}, {100 * high:.1f}] of {total:,}"


def row(world: str, size: Size, *cells: str) -> str:
    """One line of a table."""
    design = f"{size.firms} x {size.teams} x {size.sellers}"
    return "| " + " | ".join((world, design, *cells)) + " |"


def between_teams(measured: Measured, leg: Leg) -> Evidence:
    """The slope between teams, predictor and covariates from one half, the outcome from another."""
    half = {leg.outcome: "seller_b", "MARK": "seller_b"}
    keys = (leg.outcome, *leg.predictor, *leg.covariates)
    sources = Sourcing(True, {(key, key): half.get(key, "seller_a") for key in keys})
    seed = np.random.SeedSequence(SEED)
    return estimate_leg(measured, replace(leg, level="team"), sources, seed)


def h9_survey(world: str, size: Size, seed: np.random.SeedSequence) -> list[float]:
    """Whether H9 is supported in each way, and the two shares of variance."""
    simulating, for_halves, one = seed.spawn(3)
    tables = simulate(
        world,
        firms=size.firms,
        teams=size.teams,
        sellers=size.sellers,
        waves=2,
        seed=np.random.default_rng(simulating),
    )
    panel = measure(tables, STUDY)
    later = measure_waves(tables, STUDY, panel).panels[1].sellers
    measured = with_halves(panel, STUDY, H9_SPLITS, np.random.default_rng(for_halves))
    hypothesis = STUDY.hypothesis("H9")
    ((leg, sources),) = same_respondents(measured, hypothesis)
    same, limit = estimate_leg(measured, leg, sources, one), bounded(measured, leg, sources)
    ways = [same]
    for after in (None, later):
        apart = taken_apart(measured, hypothesis, leg, (sources, same), after, limit, one)
        ways.append(apart.evidence)
    try:
        ways.append(between_teams(measured, leg))
    except DesignError:
        ways.append(None)
    verdicts = [e is not None and decide(leg, e, same).verdict == SUPPORTED for e in ways]
    explains = share_that_explains(toned(measured, leg, sources))
    return [*map(float, verdicts), explains, np.nan if limit is None else limit.share]


def h9_row(world: str, size: Size) -> str:
    """One row of the table of H9."""
    seeds = np.random.SeedSequence(SEED).spawn(H9_SURVEYS)
    found = np.array([h9_survey(world, size, seed) for seed in seeds])
    rates = (share(int(found[:, way].sum()), H9_SURVEYS).partition(" of ")[0] for way in range(4))
    withdrawn = (found[:, 0] == 1) & (found[:, 1] == 0)
    lost = share(int(withdrawn.sum()), int(found[:, 0].sum()))
    sizes = (f"{100 * value:.0f}" for value in np.nanmedian(found[:, 4:], axis=0))
    return row(world, size, *rates, lost, *sizes)


def table(head: tuple[str, ...], rows: Iterator[str]) -> str:
    """A table in Markdown, shown as it grows."""
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for line in rows:
        print(line, flush=True)
        lines.append(line)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Simulate and write rater_stress.md."""
    of_teams = (line for size in DESIGNS for world in WORLDS for line in team_rows(world, size))
    of_h9 = (h9_row(world, size) for size in H9_DESIGNS for world in WORLDS)
    first = ("world", "design", "prediction", "supported", "withdrawn")
    first += ("by sources alone", "without gates")
    second = ("world", "design", "same sellers", "other scales", "second wave", "between teams")
    second += ("withdrawn by other scales", "explains", "largest allowed")
    text = TEXT + table(first, of_teams) + H9_TEXT + table(second, of_h9)
    Path(__file__).with_name("rater_stress.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
