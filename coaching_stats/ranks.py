"""Regression on normal scores: only the order of the values counts, not how far they lie apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from coaching_stats.hypotheses import Leg
from coaching_stats.models import Equation, equations
from coaching_stats.samples import Sample


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Van der Waerden scores of some values, in standard deviations.

    The value of rank r among n becomes the normal quantile of r / (n + 1); equal values share
    their mean rank. The scores are then brought to mean 0 and standard deviation 1.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Not all the same.

    References
    ----------
    Van der Waerden (1952), Indagationes Mathematicae 14, 453-458; Conover (1999), Practical
    Nonparametric Statistics, 3rd edition, section 5.10.

    Examples
    --------
    >>> normal_scores(np.array([1.0, 1000.0, 2.0])).round(3).tolist()
    [-1.0, 1.0, 0.0]
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2  # scipy.stats takes a second to import
    scores = special.ndtri(rank[place] / (len(values) + 1))
    return (scores - scores.mean()) / scores.std(ddof=1)


def rank_equation(leg: Leg, sample: Sample) -> Equation:
    """Regression of a leg with every variable replaced by its normal scores.

    Parameters
    ----------
    leg : Leg
    sample : Sample
        Complete rows; a product is that of the scores.

    Returns
    -------
    Equation
        In standard deviations of the scores, with the clusters of the sample.

    Notes
    -----
    With jointly normal variables it estimates the same standardised slope as the linear model; it
    differs where a few extreme values, or a bent but rising relation, drive the linear one. It
    misleads for interactions: stretching the ends of a scale can make a product or hide one
    (Salter & Fawcett 1993, Communications in Statistics - Simulation and Computation 22, 137-153).
    Ranks within the whole sample are not exactly free of team differences where the values
    were centred on their team.

    References
    ----------
    Conover & Iman (1981), The American Statistician 35, 124-129; CR2: Pustejovsky & Tipton (2018),
    Journal of Business & Economic Statistics 36, 672-683.
    """
    scores = {key: normal_scores(values) for key, values in sample.z.items()}
    return equations(leg, replace(sample, z=scores))[0]
