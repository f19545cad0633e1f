"""One prediction, one source: its estimate, interval and p-value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain
from coaching_stats.hypotheses import Leg
from coaching_stats.measured import Measured
from coaching_stats.mediation import Mediation, mediate_arrays
from coaching_stats.models import (
    Equation,
    Estimated,
    chain_frame,
    chain_of,
    equations,
    slope_at,
    with_firms,
)
from coaching_stats.samples import Sample, draw_sample
from coaching_stats.sourcing import Sourcing

N_BOOT = 5_000
NO_ERROR = 1e-8  # of a slope of z-scores: what rounding leaves where nothing is left over


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the data say on one leg from one kind of source; standardised units.

    Attributes
    ----------
    estimate, std_error, df : float
    intervals : mapping from level (0.90, 0.95) to (low, high)
    p_value : float
        Two-sided; of a chain the largest of its links; of an equivalence the larger one-sided p.
    n, n_clusters, n_teams : int
    is_split, has_halves : bool
    simple_slopes : mapping from place to Estimated
        Of an interaction: the predictor's slope at -1, 0 and +1 SD of the moderator.
    source : mapping from variable to source
    notes : tuple of str
    parts : tuple of Evidence
        With random halves, the same from every second split and from the others: what the draw of
        the halves alone can move.
    """

    estimate: float
    std_error: float
    df: float
    intervals: Mapping[float, tuple[float, float]]
    p_value: float
    n: int
    n_clusters: int
    n_teams: int
    is_split: bool
    has_halves: bool
    source: Mapping[str, str]
    notes: tuple[str, ...]
    simple_slopes: Mapping[float, Estimated] = field(default_factory=dict)
    parts: tuple[Evidence, ...] = ()


def estimate_leg(
    measured: Measured,
    leg: Leg,
    sources: Sourcing,
    seed: np.random.SeedSequence,
    n_boot: int = N_BOOT,
) -> Evidence:
    """Estimate a leg from the sources given.

    With random halves every number is the median over the splits; a chain is bootstrapped on the
    split whose estimate is the lower median.

    Parameters
    ----------
    measured : Measured
    leg : Leg
    sources : Sourcing
    seed : SeedSequence
        For the bootstrap of a chain.
    n_boot : int

    Returns
    -------
    Evidence

    Raises
    ------
    DesignError
        Linearly dependent variables, an outcome that repeats others, or too few rows.
    """
    n_splits = len(measured.halves) if sources.has_halves else 1
    samples = [draw_sample(measured, leg, sources, split) for split in range(n_splits)]
    models = [equations(leg, sample) for sample in samples]
    links = [[link.estimate() for link in model] for model in models]
    for split in links:
        _refuse_copies(leg, split)
    if leg.kind == "indirect":
        return _chain(leg, sources, samples, links, seed, n_boot)
    found = [link for (link,) in links]
    evidence = _single(leg, sources, samples, found)
    evidence = replace(evidence, notes=(*evidence.notes, *_firms_constant(leg, samples[0])))
    if n_splits > 1:
        parts = [_single(leg, sources, samples[i::2], found[i::2]) for i in (0, 1)]
        evidence = replace(evidence, parts=tuple(parts))
    if not leg.is_interaction:
        return evidence
    return replace(evidence, simple_slopes=_simple_slopes(leg, [m for (m,) in models]))


def _refuse_copies(leg: Leg, links: list[Estimated]) -> None:
    """Refuse an outcome that its regressors give exactly: no error could ever be seen."""
    outcomes = chain_of(leg)[1:] if leg.kind == "indirect" else (leg.outcome,)
    for outcome, link in zip(outcomes, links, strict=True):
        if link.std_error < NO_ERROR:
            raise DesignError(
                explain(
                    what=f"{outcome} repeats other variables exactly: its slope has no error",
                    remedy="check whether one column stands under two names",
                )
            )


def _simple_slopes(leg: Leg, models: list[Equation]) -> Mapping[float, Estimated]:
    """Slope of the predictor at three places of the moderator; medians over the splits."""
    return {
        place: _median([model.estimate_of(slope_at(leg, model, place)) for model in models])
        for place in (-1.0, 0.0, 1.0)
    }


def _median(found: list[Estimated]) -> Estimated:
    return Estimated(
        value=float(np.median([one.value for one in found])),
        std_error=float(np.median([one.std_error for one in found])),
        df=float(np.median([one.df for one in found])),
    )


def _single(leg: Leg, sources: Sourcing, samples: list[Sample], found: list[Estimated]) -> Evidence:
    middle = _median(found)
    is_equivalence = leg.kind == "equivalence"
    return _evidence(
        sources,
        samples,
        estimate=middle.value,
        std_error=middle.std_error,
        df=middle.df,
        intervals={level: middle.interval(level) for level in (0.90, 0.95)},
        p_value=middle.p_equivalence(leg.sesoi) if is_equivalence else middle.p_value,
    )


def _firms_constant(leg: Leg, sample: Sample) -> tuple[str, ...]:
    """Sensitivity run for two to nine firms: what the estimate is with firms held constant."""
    if sample.firm is None or len(np.unique(sample.firm)) < 2:
        return ()
    if len(np.unique(sample.firm)) == sample.n:  # one team a firm: nothing is left within firms
        return ()
    try:
        held = with_firms(equations(leg, sample)[0], sample.firm).estimate()
    except DesignError:
        return ("with firms held constant there is no estimate: too few teams per firm",)
    return (f"with firms held constant the estimate is {held.value:.2f}",)


def _chain(
    leg: Leg,
    sources: Sourcing,
    samples: list[Sample],
    links: list[list[Estimated]],
    seed: np.random.SeedSequence,
    n_boot: int,
) -> Evidence:
    product = [float(np.prod([link.value for link in split])) for split in links]
    chosen = int(np.argsort(product, kind="stable")[(len(product) - 1) // 2])
    chain = bootstrap_chain(leg, samples[chosen], seed, n_boot)
    term = chain.terms.index("->".join(chain_of(leg)))
    intervals = {}
    for level in (0.90, 0.95):
        low, high = chain.interval(level)
        intervals[level] = (float(low[term]), float(high[term]))
    return _evidence(
        sources,
        samples,
        estimate=float(chain.estimate[term]),
        std_error=float(chain.std_error[term]),
        df=float("nan"),
        intervals=intervals,
        p_value=max(link.p_value for link in links[chosen]),
        extra=chain.notes,
    )


def bootstrap_chain(
    leg: Leg, sample: Sample, seed: np.random.SeedSequence, n_boot: int
) -> Mediation:
    """Resample the clusters of a chain whose sample is in z-scores.

    Parameters
    ----------
    leg : Leg
    sample : Sample
    seed : SeedSequence
    n_boot : int
    """
    values = np.column_stack(list(chain_frame(leg, sample).values()))
    # in an order of their own, so that neither rows nor names steer which unit is drawn
    order = np.lexsort(values.round(9).T)
    codes = None if sample.codes is None else pd.factorize(sample.codes[order])[0]
    return mediate_arrays(
        values[order],
        leg.covariates,
        chain_of(leg),
        codes,
        n_boot=n_boot,
        seed=np.random.default_rng(seed),
    )


def _evidence(
    sources: Sourcing,
    samples: list[Sample],
    *,
    estimate: float,
    std_error: float,
    df: float,
    intervals: Mapping[float, tuple[float, float]],
    p_value: float,
    extra: tuple[str, ...] = (),
) -> Evidence:
    sample = samples[0]
    notes = [*sample.notes, *extra]
    if sources.has_halves:
        notes.append(
            f"sources split by random halves of each team's sellers: "
            f"medians over {len(samples)} splits"
        )
    return Evidence(
        estimate=estimate,
        std_error=std_error,
        df=df,
        intervals=intervals,
        p_value=p_value,
        n=sample.n,
        n_clusters=sample.n_clusters,
        n_teams=sample.n_teams,
        is_split=sources.is_split,
        has_halves=sources.has_halves,
        source=sources.source,
        notes=tuple(notes),
    )
