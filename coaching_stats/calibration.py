"""How often does a design like this one say so: verdicts on simulated surveys of every world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coaching_stats.batched_judge import judge_batch
from coaching_stats.batched_surveys import Size
from coaching_stats.errors import DesignError, StudyError, explain, first_ten, nearest
from coaching_stats.estimates import N_BOOT as JUDGED_BOOT
from coaching_stats.hypotheses import Study
from coaching_stats.latent import worlds_file
from coaching_stats.measurement import USUAL
from coaching_stats.results import Shown
from coaching_stats.rules import CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE, SUPPORTED
from coaching_stats.simulation_blocks import Blocks
from coaching_stats.survey_design import Design, checked_design
from coaching_stats.theory import load_study
from coaching_stats.verdicts import N_SPLITS as JUDGED_SPLITS
from coaching_stats.verdicts import judge_tables
from coaching_stats.whole import CONSISTENT, MIXED, UNDECIDED
from coaching_stats.worlds import simulate_under

THEORY = "THEORY"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE)
WHOLE = (SUPPORTED, MIXED, CONTRADICTED, CONSISTENT, UNDECIDED, NOT_TESTABLE)
N_SPLITS, N_BOOT = 5, 1_000
BLOCK = 50  # surveys; a block is what an interruption can lose


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Shown):
    """Verdicts on simulated surveys of one design.

    Attributes
    ----------
    design : Design
    n_sim : int
        Surveys of each world.
    table : DataFrame
    notes : tuple of str
    """

    design: Design
    n_sim: int
    table: pd.DataFrame
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per world, hypothesis and verdict, also those that never came up.

        Columns ``world, hypothesis, verdict, share, conf_low, conf_high, n_sim``; the theory as a
        whole is the hypothesis ``THEORY``.
        """
        return self.table.copy()

    def share(self, world: str, verdict: str, hypothesis: str = THEORY) -> float:
        """Share of the surveys of a world that ended in a verdict.

        Parameters
        ----------
        world, verdict : str
        hypothesis : str
            Id; the theory as a whole when not given.

        Returns
        -------
        float, between 0 and 1
        """
        wanted = {"world": world, "hypothesis": hypothesis, "verdict": verdict}
        is_it = np.all([self.table[c] == value for c, value in wanted.items()], axis=0)
        return float(self.table.loc[is_it, "share"].iloc[0])


def calibrate(
    study: str | Path | Study | None = None,
    *,
    design: Design | Mapping[str, Any],
    worlds: Sequence[str] | None = None,
    n_sim: int = 1000,
    seed: int | None = None,
    n_jobs: int = -1,
    progress: bool = True,
    cache: str | Path | None = None,
) -> Calibration:
    """Simulate surveys of worlds whose truth is known, judge each, and count the verdicts.

    Each survey goes the whole road: items are answered, scored, checked by every gate, estimated
    and judged. The same seed gives the same numbers for any number of processes; blocks that are
    finished stay on disk, so that the same call goes on after an interruption.

    Parameters
    ----------
    study : path or Study, optional
        The packaged theory when not given.
    design : Design or mapping
        ``{"firms": 24, "teams": 1, "sellers": 8}``, where ``waves``, ``strength`` and
        ``conditions`` may be added; `design_of` takes it from data.
    worlds : sequence of str, optional
        All seven when not given.
    n_sim : int
        Surveys of each world.
    seed : int, optional
        Without it every call gives other surveys; the notes say which seed was drawn.
    n_jobs : int
        Processes, -1 for one per core; the backend is the one of ``joblib.parallel_config``, Dask
        included.
    progress : bool
        Show a bar with the time left, on stderr.
    cache : path, optional
        Folder for finished blocks; a folder of the user's cache when not given.

    Returns
    -------
    Calibration

    Raises
    ------
    DesignError
        A size that is not a whole number of at least 1, a single seller per team, shares of
        answers outside of 0 to 1, n_sim below 1, a negative seed, or an unknown world.
    StudyError
        No hypothesis of the study is about what is simulated.

    Notes
    -----
    Random halves are medians over 5 splits in place of 50, and chains take 1,000 resamples in
    place of 5,000. Intervals are Wilson's and speak of the simulation's own error only: a world
    that is unlike all seven is outside of them.

    Examples
    --------
    >>> small = {"firms": 2, "teams": 3, "sellers": 4}
    >>> found = calibrate(design=small, worlds=["null"], n_sim=2, seed=1, n_jobs=1, progress=False)
    >>> found.share("null", "not testable")
    1.0
    """
    study = study if isinstance(study, Study) else load_study(study)
    design = checked_design(design)
    names = _checked_worlds(worlds)
    _check_counts(n_sim, n_jobs, 0 if seed is None else seed)
    _check_study(study)
    entropy = int(np.random.SeedSequence(None if seed is None else int(seed)).entropy)
    blocks = Blocks.for_key(
        cache,
        study=study.hash,
        design=asdict(design),
        seed=entropy,
        n_splits=N_SPLITS,
        n_boot=N_BOOT,
    )
    todo = [
        (name, start, min(BLOCK, n_sim - start))
        for name in names
        for start in range(0, n_sim, BLOCK)
    ]
    found = blocks.run(
        todo,
        judged_block,
        (study, design, entropy),
        n_jobs=int(n_jobs),
        progress=progress,
        resume=f"the same call with seed={entropy} goes on from there",
    )
    verdicts = {
        name: [v for n, start, _ in todo if n == name for v in found[n, start]] for name in names
    }
    notes = (*_notes(design), f"seed {entropy}", *blocks.notes)
    return Calibration(design, int(n_sim), _table(study, verdicts), notes)


def judged_block(
    study: Study, design: Design, entropy: int, world: str, start: int, size: int
) -> list[dict[str, str]]:
    """Simulate and judge some surveys of one world.

    Each survey has random streams of its own, found by its world and number alone.

    Returns
    -------
    list of dict
        Verdict by hypothesis, and on the theory as a whole.
    """
    place = tuple(worlds_file()["worlds"]).index(world)
    numbers = range(start, start + size)

    def streams() -> list[np.random.SeedSequence]:
        return [np.random.SeedSequence(entropy, spawn_key=(place, number)) for number in numbers]

    if design.waves == 1 and design.managers:
        try:
            return judge_batch(
                study,
                world,
                Size(design.firms, design.teams, design.sellers),
                strength=design.strength,
                conditions=design.conditions,
                streams=[tuple(stream.spawn(2)) for stream in streams()],
                n_splits=N_SPLITS,
                n_boot=N_BOOT,
            )
        except (DesignError, np.linalg.LinAlgError):
            pass  # one of these surveys cannot carry a model: judged one by one, it is alone
    return [_judged(study, design, world, stream) for stream in streams()]


def _judged(
    study: Study, design: Design, world: str, stream: np.random.SeedSequence
) -> dict[str, str]:
    to_simulate, to_judge = stream.spawn(2)
    tables = simulate_under(
        design.conditions,
        world,
        firms=design.firms,
        teams=design.teams,
        sellers=design.sellers,
        strength=design.strength,
        waves=design.waves,
        seed=np.random.default_rng(to_simulate),
    )
    if not design.managers:
        tables = {
            n: t for n, t in tables.items() if n not in ("manager_survey", "process_inventory")
        }
    try:
        _, verdicts = judge_tables(tables, study, to_judge, n_splits=N_SPLITS, n_boot=N_BOOT)
    except DesignError:  # nobody answered: nothing at all can be judged
        return {**{h.id: NOT_TESTABLE for h in study.hypotheses}, THEORY: NOT_TESTABLE}
    found = {v.hypothesis.id: v.verdict for v in verdicts.judged}
    return {**found, THEORY: verdicts.theory.verdict}


def _checked_worlds(worlds: Sequence[str] | None) -> tuple[str, ...]:
    known = tuple(worlds_file()["worlds"])
    if worlds is None:
        return known
    wanted = (worlds,) if isinstance(worlds, str) else tuple(dict.fromkeys(worlds))
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise DesignError(
            explain(
                what="there is no world "
                + (first_ten(f"{n!r}{nearest(n, known)}" for n in unknown) or "to simulate"),
                remedy=f"choose from {', '.join(known)}",
            )
        )
    return wanted


def _check_counts(n_sim: object, n_jobs: object, seed: object) -> None:
    for name, value, is_right, wanted in (
        ("n_sim", n_sim, lambda n: n >= 1, "a whole number of at least 1"),
        ("n_jobs", n_jobs, lambda n: n >= 1 or n == -1, "a number of processes, or -1 for all"),
        ("seed", seed, lambda n: n >= 0, "a whole number of at least 0"),
    ):
        if not isinstance(value, Integral) or isinstance(value, bool) or not is_right(value):
            raise DesignError(explain(what=f"{name} cannot be {value}", remedy=f"give {wanted}"))


def _check_study(study: Study) -> None:
    simulated = set(worlds_file()["icc1_latent"])
    used = {part for h in study.hypotheses for leg in h.legs for part in study.parts(leg.outcome)}
    if study.is_flat or not used & {*simulated, "WTC", "LAT"}:
        raise StudyError(
            explain(
                what="no hypothesis of the study is about a construct that is simulated",
                where=study.title_en,
                remedy="calibrate a study of the packaged constructs",
            )
        )


def _table(study: Study, verdicts: Mapping[str, list[dict[str, str]]]) -> pd.DataFrame:
    from statsmodels.stats.proportion import proportion_confint  # costs a second to import

    rows = list(_counts(study, verdicts))
    table = pd.DataFrame(rows, columns=["world", "hypothesis", "verdict", "count", "n_sim"])
    low, high = proportion_confint(table["count"], table["n_sim"], method="wilson")
    return pd.DataFrame(
        {
            **{name: table[name] for name in ("world", "hypothesis", "verdict")},
            "share": table["count"] / table["n_sim"],
            "conf_low": low,
            "conf_high": high,
            "n_sim": table["n_sim"],
        }
    )


def _counts(
    study: Study, verdicts: Mapping[str, list[dict[str, str]]]
) -> Iterator[tuple[str, str, str, int, int]]:
    for world, found in verdicts.items():
        for name in (*(h.id for h in study.hypotheses), THEORY):
            counts = Counter(one[name] for one in found)
            for verdict in WHOLE if name == THEORY else VERDICTS:
                yield world, name, verdict, counts[verdict], len(found)


def per_cent(share: float) -> str:
    """Whole per cents; a share that is not quite 0 or 1 does not pass for it.

    Examples
    --------
    >>> per_cent(0.0), per_cent(0.002), per_cent(0.42), per_cent(0.998)
    ('0 %', '< 1 %', '42 %', '> 99 %')
    """
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 < share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def _notes(design: Design) -> Iterator[str]:
    yield f"simulated surveys, design {design}"
    yield f"random halves are medians over {N_SPLITS} splits in place of {JUDGED_SPLITS}"
    yield f"chains take {N_BOOT:,} resamples in place of {JUDGED_BOOT:,}"
    yield "a prediction whose model a survey cannot carry counts as not testable"
    yield "intervals are Wilson's at 95 %, of the simulation's own error"
    if design.conditions != USUAL:
        yield "response rates, loadings and gaps are those of the data that the design is of"
        yield "not carried over from them: unequal teams, careless answers, how scores are spread"
