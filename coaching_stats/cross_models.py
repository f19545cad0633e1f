"""One judged slope by five models: the linear one, mixed, on ranks, logistic and ordinal.

All have the same rows, regressors and clusters, and give the slope in standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from coaching_stats.binary import binary_logit, in_latent_sd, marginal_effects
from coaching_stats.hypotheses import Leg, Study
from coaching_stats.instrument import load_instrument
from coaching_stats.judged_rows import rows_of
from coaching_stats.measured import Measured
from coaching_stats.mixed import random_intercept
from coaching_stats.models import Equation, Estimated, equations
from coaching_stats.ordinal import ordered_categories, ordinal_sizes
from coaching_stats.ranks import rank_equation
from coaching_stats.samples import Sample, draw_sample
from coaching_stats.sourcing import Sourcing

PER_SLOPE = 5  # rows of the rarer answer that the logistic model needs for each slope
FEWEST = 10  # and in all


@dataclass(frozen=True, eq=False)
class Case:
    """One leg on the rows that every model is fitted to.

    Attributes
    ----------
    leg : Leg
    sample : Sample
    equation : Equation
        The linear regression, in z-scores.
    x : ndarray, shape (n, k)
        Its regressors, turned so that the judged contrast is the coefficient at `place`.
    place : int
    outcome : ndarray, shape (n,)
        As measured, team differences included.
    middle : float
        Middle of the outcome's scale; nan where it has none that is known.
    all_splits : float
        Median of the linear estimates over all random halves.
    n_splits : int
    """

    leg: Leg
    sample: Sample
    equation: Equation
    x: np.ndarray
    place: int
    outcome: np.ndarray
    middle: float
    all_splits: float
    n_splits: int

    @property
    def groups(self) -> np.ndarray | None:
        """What a random intercept can be given to: clusters, or firms of several teams; or None."""
        groups = self.sample.firm if self.equation.codes is None else self.equation.codes
        if groups is None or not 1 < len(np.unique(groups)) < len(groups):
            return None
        return groups


@dataclass(frozen=True, eq=False)
class Fitted:
    """What one model says on a case.

    Attributes
    ----------
    estimate : Estimated
        In standard deviations of the outcome.
    marginal : Estimated or None
        Of the logistic model: change of the share below the middle, per standard deviation.
    notes : tuple of str
    """

    estimate: Estimated
    marginal: Estimated | None = None
    notes: tuple[str, ...] = ()


def case_of(measured: Measured, leg: Leg, sources: Sourcing) -> Case:
    """Draw the sample of a leg; of several random halves, that with the lower median estimate.

    Parameters
    ----------
    measured : Measured
    leg : Leg
        A slope or an interaction.
    sources : Sourcing
    """
    n_splits = len(measured.halves) if sources.has_halves else 1
    samples = [draw_sample(measured, leg, sources, split) for split in range(n_splits)]
    models = [equations(leg, sample)[0] for sample in samples]
    values = [_slope(model) for model in models]
    split = int(np.argsort(values, kind="stable")[(n_splits - 1) // 2])
    x, place = with_contrast_as_coefficient(models[split])
    return Case(
        leg=leg,
        sample=samples[split],
        equation=models[split],
        x=x,
        place=place,
        outcome=_outcome(measured, leg, sources, split, models[split].y),
        middle=_middle(measured, sources, leg.outcome),
        all_splits=float(np.median(values)),
        n_splits=n_splits,
    )


def with_contrast_as_coefficient(equation: Equation) -> tuple[np.ndarray, int]:
    """Turn the regressors so that the judged contrast c'b is the coefficient of one of them.

    The fit stays the same: x_l - x_j c_l / c_j in place of every other x_l, and x_j / c_j.

    Parameters
    ----------
    equation : Equation

    Returns
    -------
    ndarray, shape (n, k), int
        The regressors, and the place of the coefficient.
    """
    place = int(np.argmax(np.abs(equation.contrast)))
    focal = equation.x[:, place] / equation.contrast[place]
    turned = equation.x - np.outer(focal, equation.contrast)
    turned[:, place] = focal
    return turned, place


def linear(case: Case, _: np.random.Generator, __: int) -> Fitted:
    """Least squares with CR2, as judged; HC3 without clusters."""
    return Fitted(case.equation.estimate())


def mixed(case: Case, _: np.random.Generator, __: int) -> Fitted:
    """Random intercept for each cluster; for each firm where teams are not clustered.

    Sellers' outcomes keep their team differences, in units of the spread within teams. The
    predictors are free of these, so that the slope is the linear one and only its error differs.
    """
    y = case.equation.y
    if case.leg.level == "seller":
        y = case.outcome / _spread(case)
    found = random_intercept(y, case.x, case.equation.terms, case.groups)
    return Fitted(_estimated(found, case.place), notes=found.notes)


def ranks(case: Case, _: np.random.Generator, __: int) -> Fitted:
    """Least squares on normal scores, with CR2."""
    return Fitted(rank_equation(case.leg, case.sample).estimate())


def logistic(case: Case, _: np.random.Generator, __: int) -> Fitted:
    """Log-odds of an outcome below the middle of its scale, turned to point the outcome's way.

    Whether a seller's answer is low depends on the team, too; the size is brought to the spread
    within teams, in units of which the linear slope is.
    """
    low, note = _low(case)
    fit = binary_logit(low, case.x, case.equation.terms, case.equation.codes)
    size = _estimated(in_latent_sd(fit, case.x), case.place - 1)
    marginal = None
    if case.leg.moderator is None:
        marginal = _estimated(marginal_effects(fit, case.x), case.place - 1)
    unit = float(case.outcome.std(ddof=1)) / _spread(case)
    upward = Estimated(-size.value * unit, size.std_error * unit, size.df)
    return Fitted(upward, marginal, (note, *fit.notes))


def ordinal(case: Case, rng: np.random.Generator, n_boot: int) -> Fitted:
    """Cumulative logit of the outcome in seven categories at most, clusters resampled."""
    category = ordered_categories(case.equation.y)
    found = ordinal_sizes(
        category,
        case.x[:, 1:],
        case.equation.terms[1:],
        case.equation.codes,
        n_boot=n_boot,
        rng=rng,
    )
    is_grouped = category.max() + 1 < len(np.unique(case.equation.y))
    note = f"ordinal model of {category.max() + 1} " + (
        "groups of about equal size" if is_grouped else "ordered values"
    )
    return Fitted(_estimated(found, case.place - 1), notes=(note, *found.notes))


Model = Callable[[Case, np.random.Generator, int], Fitted]
MODELS: Mapping[str, Model] = {
    "linear": linear,
    "mixed": mixed,
    "ranks": ranks,
    "logistic": logistic,
    "ordinal": ordinal,
}


def _slope(equation: Equation) -> float:
    """Point estimate of the judged contrast."""
    return float(equation.contrast @ np.linalg.lstsq(equation.x, equation.y)[0])


def _estimated(result: object, place: int) -> Estimated:
    return Estimated(
        value=float(result.estimate[place]),
        std_error=float(result.std_error[place]),
        df=float(result.df[place]),
    )


def _outcome(
    measured: Measured, leg: Leg, sources: Sourcing, split: int, z: np.ndarray
) -> np.ndarray:
    """Outcome as measured; the z-scores of one that is made of several constructs."""
    if measured.study.parts(leg.outcome) != (leg.outcome,):
        return z
    rows = rows_of(measured, leg, sources, split)
    return rows.values[leg.outcome, leg.outcome][rows.used]


def _middle(measured: Measured, sources: Sourcing, key: str) -> float:
    """Middle of the answer scale of a score that was made from items; nan for any other."""
    if (key, key) not in sources.source:
        return float("nan")
    column = sources.column(key, key)
    if column not in measured.panel.items:
        return float("nan")
    low, high = _scale(measured.study, key, column)
    return (low + high) / 2


def _scale(study: Study, key: str, column: str) -> tuple[float, float]:
    construct = study.constructs[key]
    if construct.items:
        return construct.scale or (1, 7)
    form = "manager" if column.endswith("_m") else "seller"
    item = load_instrument().of(key, form)[0]
    return item.scale_min, item.scale_max


def _spread(case: Case) -> float:
    """Standard deviation of the outcome that the z-scores are in units of."""
    z = case.equation.y
    return float(case.outcome @ (z - z.mean()) / ((z - z.mean()) @ z))


def _low(case: Case) -> tuple[np.ndarray, str]:
    """Which outcomes are low, and how that was decided."""
    needed = max(FEWEST, PER_SLOPE * (len(case.equation.terms) - 1))
    low = case.outcome < case.middle
    n, n_low = len(low), int(low.sum())
    if min(n_low, n - n_low) >= needed:
        return low, f"logistic model of values below {case.middle:g}, mid-scale: {n_low} of {n}"
    halved = case.outcome < np.median(case.outcome)
    if np.isnan(case.middle):
        return halved, "logistic model of values below the median: no middle of a scale is known"
    return halved, (
        f"logistic model of values below the median: only {min(n_low, n - n_low)} of {n} "
        f"lie on one side of {case.middle:g}, mid-scale"
    )
