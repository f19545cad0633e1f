"""The two sides of a prediction taken apart: other sources, halves, a later wave, other scales."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError
from coaching_stats.estimates import Evidence, estimate_leg
from coaching_stats.gates import check_gates, failed_gates
from coaching_stats.hypotheses import Hypothesis, Leg
from coaching_stats.measured import Measured
from coaching_stats.models import Estimated, equations
from coaching_stats.rater_scales import Adjusted
from coaching_stats.rules import grade_of
from coaching_stats.samples import draw_sample
from coaching_stats.sourcing import Sourcing, sourcing, unmeasured


@dataclass(frozen=True, eq=False)
class Apart:
    """A leg with its two sides from different answers.

    Attributes
    ----------
    basis : str
        ``sources`` (another respondent or record), ``halves`` (random halves of each team's
        sellers), ``second_wave`` (the outcome a wave later), ``other_scales`` (less the largest
        shared error that the other scales allow); empty where nothing takes the sides apart.
    evidence : Evidence or None
        None without a basis, and where a gate fails.
    spread : float
        Standard deviation of the estimate over random halves, nan without them.
    """

    basis: str
    evidence: Evidence | None = None
    spread: float = float("nan")


def taken_apart(
    measured: Measured,
    hypothesis: Hypothesis,
    leg: Leg,
    same: tuple[Sourcing, Evidence],
    later: pd.DataFrame | None,
    limit: Adjusted | None,
    seed: np.random.SeedSequence,
) -> Apart:
    """Estimate a leg with its sides apart, by the strongest way that the data allow.

    Parameters
    ----------
    measured : Measured
    hypothesis : Hypothesis
    leg : Leg
    same : (Sourcing, Evidence)
        From the same respondents.
    later : DataFrame or None
        Sellers' scores of the second wave.
    limit : Adjusted or None
        The slope less what the other scales allow.
    seed : SeedSequence
    """
    split = sourcing(hypothesis, leg, measured.study, is_split=True)
    is_there = split is not None and not unmeasured(leg, split, measured.panel, measured.study)
    if is_there and grade_of(leg, split) == "C":
        return _by_sources(measured, hypothesis, leg, split, seed)
    sources, evidence = same
    if later is not None:
        found = _by_wave(measured, leg, sources, later, seed)
        if found is not None:
            return Apart("second_wave", found)
    if limit is not None:
        return Apart("other_scales", _of(limit.estimate, evidence))
    return Apart("")


def _by_sources(
    measured: Measured,
    hypothesis: Hypothesis,
    leg: Leg,
    sources: Sourcing,
    seed: np.random.SeedSequence,
) -> Apart:
    basis = "halves" if sources.has_halves else "sources"
    if failed_gates(check_gates(measured, hypothesis, [(leg, sources)])):
        return Apart(basis)
    try:
        evidence = estimate_leg(measured, leg, sources, seed)
    except DesignError:
        return Apart(basis)
    if not sources.has_halves:
        return Apart(basis, evidence)
    by_split = [_value(measured, leg, sources, split) for split in range(len(measured.halves))]
    return Apart(basis, evidence, float(np.std(by_split, ddof=1)))


def _value(measured: Measured, leg: Leg, sources: Sourcing, split: int) -> float:
    models = equations(leg, draw_sample(measured, leg, sources, split))
    return float(np.prod([m.contrast @ np.linalg.lstsq(m.x, m.y)[0] for m in models]))


def _by_wave(
    measured: Measured,
    leg: Leg,
    sources: Sourcing,
    later: pd.DataFrame,
    seed: np.random.SeedSequence,
) -> Evidence | None:
    """The outcome of the same sellers a wave later; None where it is not theirs, or too few."""
    if leg.level != "seller" or sources.of(leg.outcome) != ("seller",):
        return None
    column = sources.column(leg.outcome, leg.outcome)
    if column not in later:
        return None
    after = later.set_index("seller_id")[column]
    sellers = measured.panel.sellers
    sellers = sellers.assign(**{column: sellers["seller_id"].map(after)})
    moved = Measured(replace(measured.panel, sellers=sellers), measured.study, measured.halves)
    try:
        return estimate_leg(moved, leg, sources, seed)
    except DesignError:
        return None


def _of(found: Estimated, same: Evidence) -> Evidence:
    """Evidence with another estimate of the same rows."""
    return replace(
        same,
        estimate=found.value,
        std_error=found.std_error,
        df=found.df,
        intervals={level: found.interval(level) for level in (0.90, 0.95)},
        p_value=found.p_value,
    )
