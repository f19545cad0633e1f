"""What one respondent's scores share behind a prediction: their covariances, tones and marker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coaching_stats.common_method import marker_adjusted
from coaching_stats.errors import DesignError
from coaching_stats.hypotheses import SUFFIX, Leg, Study
from coaching_stats.measured import Measured
from coaching_stats.measurement import valences
from coaching_stats.models import Equation, chain_of, equations
from coaching_stats.samples import draw_sample
from coaching_stats.shared_error import slope_without, vanishing_share
from coaching_stats.sourcing import Sourcing, share_respondent, variables

MARKER = "MARK"
SLOPE = "slope"


@dataclass(frozen=True, eq=False)
class Toned:
    """One regression of a leg as covariances, with the tone of every column.

    Attributes
    ----------
    covariance : ndarray, shape (1 + k, 1 + k)
        Outcome first.
    tones : ndarray, shape (1 + k,)
        0 where another respondent, or a record, supplies the score.
    contrast : ndarray, shape (k,)
    """

    covariance: np.ndarray
    tones: np.ndarray
    contrast: np.ndarray


def rater_of(leg: Leg, sources: Sourcing) -> str:
    """Source of the first predictor: whose mood is asked about."""
    return sources.of(leg.predictor[0])[0]


def form_of(measured: Measured, leg: Leg) -> str:
    """Whether a shared error acts on a leg in closed form: ``slope``, or why not."""
    if leg.is_interaction:
        return "interaction"
    if leg.kind == "variance":
        return "spread"
    parts = (part for key in variables(leg) for part in measured.study.parts(key))
    return SLOPE if all(part in valences() for part in parts) else "no_tone"


def toned(measured: Measured, leg: Leg, sources: Sourcing) -> list[Toned]:
    """Covariances and tones of each regression of a leg: one, or one for each link of a chain."""
    sample = draw_sample(measured, *widened(leg, sources, {}))
    tones = tones_of(measured.study, leg, sources, sample.z)
    chain = chain_of(leg)[1:] if leg.kind == "indirect" else (leg.outcome,)
    return [
        Toned(
            np.cov(np.column_stack([one.y, one.x[:, 1:]]), rowvar=False),
            tones_of_columns(one, key, tones),
            one.contrast[1:],
        )
        for one, key in zip(equations(leg, sample), chain, strict=True)
    ]


def widened(leg: Leg, sources: Sourcing, further: Mapping[str, str]) -> tuple[Leg, Sourcing]:
    """Add the parts of derived variables, and further constructs by source, to a leg's rows.

    Parameters
    ----------
    leg : Leg
    sources : Sourcing
    further : mapping from construct to source
    """
    parts = {part: source for (key, part), source in sources.source.items() if key != part}
    extra = {k: source for k, source in {**parts, **further}.items() if k not in variables(leg)}
    added = {(key, key): source for key, source in extra.items()}
    return (
        replace(leg, covariates=(*leg.covariates, *extra)),
        replace(sources, source={**sources.source, **added}),
    )


def tones_of(
    study: Study, leg: Leg, sources: Sourcing, z: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Tone of each variable of a leg, 0 where another than the predictor's rater supplies it.

    A derived variable has the mean tone of its parts, in its own standard deviations.

    Parameters
    ----------
    study, leg, sources
    z : mapping from variable or part to z-scores
    """
    rater, tones = rater_of(leg, sources), {}
    for key in variables(leg):
        parts = study.parts(key)
        of_parts = [
            valences()[part] if share_respondent(sources.source[key, part], rater) else 0
            for part in parts
        ]
        mean = np.mean([z[part] for part in parts], axis=0)
        tones[key] = float(np.mean(of_parts)) / float(mean.std(ddof=1))
    return tones


def tones_of_columns(equation: Equation, outcome: str, tones: Mapping[str, float]) -> np.ndarray:
    """Tones of the outcome and of an equation's terms; products and the like have none."""
    return np.array([tones.get(key, 0.0) for key in (outcome, *equation.terms[1:])])


def share_that_explains(models: Iterable[Toned], level: float = 0.0) -> float:
    """Share of variance at which a shared error brings the estimate to a level.

    A chain vanishes with the first of its links; to a level other than 0 it has no closed form.

    Parameters
    ----------
    models : iterable of Toned
    level : float
    """
    models = list(models)
    if level and len(models) > 1:
        return float("nan")
    shares = [float(vanishing_share(m.covariance, m.tones, m.contrast, level)) for m in models]
    return min((share for share in shares if share == share), default=float("nan"))


def estimate_without(models: Iterable[Toned], share: float) -> float:
    """Estimate of a leg with a shared error of a given share taken out."""
    found = [slope_without(m.covariance, m.tones, m.contrast, share) for m in models]
    return float(np.prod(found))


def marker_share(measured: Measured, leg: Leg, sources: Sourcing) -> float:
    """Share of variance that the marker variable suggests; nan where it was not measured.

    Its smallest correlation with the prediction's scores, unpleasant ones turned, or 0.
    """
    rater = rater_of(leg, sources)
    column = f"{MARKER}_{SUFFIX[rater]}"
    if MARKER not in measured.study.constructs or not measured.panel.varies(column):
        return float("nan")
    sample = draw_sample(measured, *widened(leg, sources, {MARKER: rater}))
    if not sample.n:
        return float("nan")
    tones = tones_of(measured.study, leg, sources, sample.z)
    turned = {key: np.sign(tone) * sample.z[key] for key, tone in tones.items() if tone}
    frame = pd.DataFrame({**turned, MARKER: sample.z[MARKER]})
    try:
        return marker_adjusted(frame, list(turned), MARKER).marker_correlation
    except DesignError:  # fewer than two scores, or hardly any rows
        return float("nan")
