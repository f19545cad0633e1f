"""The regressions behind each kind of prediction: terms, and the contrast it speaks about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coaching_stats.cluster_robust import cr2, identified_alone, nearly_alone, satterthwaite_df
from coaching_stats.errors import DesignError, StudyError, explain, first_ten
from coaching_stats.hypotheses import Leg
from coaching_stats.least_squares import Fit, Rows, fit_rows, hc3
from coaching_stats.regression import refuse_one_cluster
from coaching_stats.results import t_quantile, two_sided_p
from coaching_stats.samples import Sample
from coaching_stats.sourcing import variables


@dataclass(frozen=True, eq=False)
class Equation:
    """One regression in z-scores, and the linear combination of its slopes that is judged.

    Attributes
    ----------
    terms : tuple of str, length k
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
    codes : ndarray of int, shape (n,), or None
    contrast : ndarray, shape (k,)
    """

    terms: tuple[str, ...]
    y: np.ndarray
    x: np.ndarray
    codes: np.ndarray | None
    contrast: np.ndarray

    @property
    def method(self) -> str:
        """CR2 with clusters, HC3 without."""
        return "HC3" if self.codes is None else "CR2"

    @property
    def cells(self) -> np.ndarray:
        """Cluster codes without gaps; one cell where rows are independent."""
        if self.codes is None:
            return np.zeros(len(self.y), dtype=int)
        return np.unique(self.codes, return_inverse=True)[1]

    @cached_property
    def fit(self) -> Fit:
        """The regression itself."""
        return fit_rows(self.y, self.x, self.terms, self.cells)

    @cached_property
    def vcov(self) -> np.ndarray:
        """Covariance of the scaled coefficients by `method`, shape (k, k)."""
        if self.codes is None:
            return hc3(self.fit, Rows(self.x, self.y, self.cells, None))
        refuse_one_cluster(int(self.cells.max()) + 1, ", ".join(self.terms))
        return cr2(self.fit.projection)

    def design_df(self) -> float:
        """Degrees of freedom of the judged contrast: a matter of the design, not of the answers.

        nan where one cluster alone carries it.
        """
        fit = fit_rows(np.arange(len(self.y), dtype=float), self.x, self.terms, self.cells)
        return self._df(fit, self.contrast)

    def _df(self, fit: Fit, contrast: np.ndarray) -> float:
        if self.codes is None:
            return float(len(self.y) - len(self.terms))
        scaled = (fit.back.T @ contrast)[:, None]
        alone = identified_alone(fit.projection, scaled), nearly_alone(fit.projection, scaled)
        if np.any(alone):  # its residuals are zero by construction, so no error can be seen
            return float("nan")
        return float(satterthwaite_df(fit.projection, scaled)[0])

    def estimate(self) -> Estimated:
        """Estimate the judged contrast with its standard error and degrees of freedom."""
        return self.estimate_of(self.contrast)

    def estimate_of(self, contrast: np.ndarray) -> Estimated:
        """Estimate any contrast of the slopes, shape (k,), from the same fit."""
        scaled = self.fit.back.T @ contrast
        return Estimated(
            value=float(contrast @ self.fit.coef),
            std_error=float(np.sqrt(scaled @ self.vcov @ scaled)),
            df=self._df(self.fit, contrast),
        )


@dataclass(frozen=True)
class Estimated:
    """A value with its standard error, read against t with `df` degrees of freedom."""

    value: float
    std_error: float
    df: float

    def interval(self, conf_level: float) -> tuple[float, float]:
        """Two-sided interval."""
        margin = float(t_quantile((1 + conf_level) / 2, self.df)) * self.std_error
        return self.value - margin, self.value + margin

    @property
    def p_value(self) -> float:
        """Two-sided p against zero."""
        return float(two_sided_p(self.value / self.std_error, self.df))

    def p_equivalence(self, sesoi: float) -> float:
        """Larger p of two one-sided tests against -sesoi and +sesoi (Lakens 2017)."""
        gap = (sesoi - abs(self.value)) / self.std_error
        p_two = float(two_sided_p(gap, self.df))
        return p_two / 2 if gap > 0 else 1 - p_two / 2


def equations(leg: Leg, sample: Sample) -> tuple[Equation, ...]:
    """Regressions of a leg: one, or one for each link of a chain.

    Parameters
    ----------
    leg : Leg
    sample : Sample
        Complete rows in z-scores.

    Returns
    -------
    tuple of Equation

    Raises
    ------
    DesignError
        No complete rows.
    """
    if not sample.z:
        raise DesignError(
            explain(
                what="no two complete rows are left",
                where=", ".join(variables(leg)),
                remedy="check which answers are missing, and from which source",
            )
        )
    if leg.kind == "indirect":
        return _links(leg, sample)
    return (_equation(leg, sample),)


def _equation(leg: Leg, sample: Sample) -> Equation:
    columns = {key: sample.z[key] for key in (*leg.predictor, *leg.covariates)}
    product = ""
    if leg.moderator is not None:
        columns.setdefault(leg.moderator, sample.z[leg.moderator])
        product = f"{leg.predictor[0]}:{leg.moderator}"
        columns[product] = sample.z[leg.predictor[0]] * sample.z[leg.moderator]
    for absorbed in sample.by_team:  # team-mean centring takes its main effect with it
        columns.pop(absorbed, None)
    if "location" in sample.z:
        columns["location"] = sample.z["location"]
        columns["location^2"] = sample.z["location"] ** 2
    columns.pop(leg.outcome, None)
    weights = _weights(leg, product)
    unknown = [key for key in weights if key not in columns]
    if unknown:
        raise StudyError(
            explain(
                what=f"the model has no slope of {first_ten(map(repr, unknown))} to be judged",
                where=", ".join(columns),
                remedy="use the predictors and covariates of the hypothesis",
            )
        )
    return _assemble(sample, leg.outcome, columns, weights)


def _weights(leg: Leg, product: str) -> dict[str, float]:
    """Weights of the slopes in the judged contrast."""
    if leg.is_interaction:
        return {product: 1.0}
    if leg.kind == "difference":
        return parse_contrast(leg.contrast or "")
    if leg.at is not None:
        return {leg.predictor[0]: 1.0, product: leg.at}
    return {leg.predictor[0]: 1.0}


def parse_contrast(text: str) -> dict[str, float]:
    """Read a contrast of slopes such as ``(-1) * b(RIG) - b(PPL)``.

    Raises
    ------
    StudyError
        Anything but a sum of numbers times b(KEY).

    Examples
    --------
    >>> parse_contrast("(-1) * b(RIG) - b(PPL)")
    {'RIG': -1.0, 'PPL': -1.0}
    """
    term = re.compile(r"([+-]?)(?:\(?([+-]?\d+(?:\.\d+)?)\)?\*)?b\(([A-Za-z][A-Za-z0-9]*)\)")
    compact = text.replace(" ", "")
    found = list(term.finditer(compact))
    if not found or "".join(match.group(0) for match in found) != compact:
        raise StudyError(
            explain(
                what=f"the contrast {text!r} cannot be read",
                remedy="write it as numbers times slopes, for example '(-1) * b(RIG) - b(PPL)'",
            )
        )
    weights: dict[str, float] = {}
    for sign, number, key in (match.groups() for match in found):
        weights[key] = weights.get(key, 0.0) + (-1.0 if sign == "-" else 1.0) * float(number or 1)
    return weights


def chain_of(leg: Leg) -> tuple[str, ...]:
    """Predictor, mediators, outcome: the order of a chain."""
    return (leg.predictor[0], *leg.mediators, leg.outcome)


def _links(leg: Leg, sample: Sample) -> tuple[Equation, ...]:
    """Each variable of the chain on all before it; the link is the slope on the one just before."""
    chain = chain_of(leg)
    found = []
    for place in range(1, len(chain)):
        before = {key: sample.z[key] for key in (*leg.covariates, *chain[:place])}
        found.append(_assemble(sample, chain[place], before, {chain[place - 1]: 1.0}))
    return tuple(found)


def _assemble(
    sample: Sample, outcome: str, columns: Mapping[str, np.ndarray], weights: Mapping[str, float]
) -> Equation:
    terms = ("Intercept", *columns)
    x = np.column_stack([np.ones(sample.n), *columns.values()])
    contrast = np.array([weights.get(term, 0.0) for term in terms])
    return Equation(terms, sample.z[outcome], x, sample.codes, contrast)


def chain_frame(leg: Leg, sample: Sample) -> Mapping[str, np.ndarray]:
    """z-scores of a chain and its covariates, by name."""
    keys: Sequence[str] = (*leg.covariates, *chain_of(leg))
    return {key: sample.z[key] for key in dict.fromkeys(keys)}


def slope_at(leg: Leg, equation: Equation, place: float) -> np.ndarray:
    """Contrast of an interaction: the slope of its predictor at a place of the moderator.

    Parameters
    ----------
    leg : Leg
        An interaction.
    equation : Equation
    place : float
        In standard deviations of the moderator.

    Returns
    -------
    ndarray, shape (k,)
    """
    weights = {leg.predictor[0]: 1.0, f"{leg.predictor[0]}:{leg.moderator}": place}
    return np.array([weights.get(term, 0.0) for term in equation.terms])


def with_firms(equation: Equation, firm: np.ndarray) -> Equation:
    """Hold firms constant: the same regression with a dummy for every firm but the first.

    Parameters
    ----------
    equation : Equation
    firm : ndarray of int, shape (n,)
    """
    others = np.unique(firm)[1:]
    dummies = (firm[:, None] == others).astype(float)
    return Equation(
        terms=(*equation.terms, *(f"firm {code}" for code in others.tolist())),
        y=equation.y,
        x=np.column_stack([equation.x, dummies]),
        codes=equation.codes,
        contrast=np.concatenate([equation.contrast, np.zeros(len(others))]),
    )
