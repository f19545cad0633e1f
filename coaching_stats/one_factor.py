"""One common factor of some items, by maximum likelihood; arrays only."""

from __future__ import annotations

import numpy as np

LEAST_ERROR = 0.005  # share of an item's variance; at this bound the factor explains all the rest
MAX_STEPS, MAX_HALVINGS = 100, 40
CONVERGED = 1e-10  # slope of the misfit in the log of an error variance
FLAT = 1e-6  # least curvature, or gap between roots, to divide by


def one_factor(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One common factor by maximum likelihood, errors not below ``LEAST_ERROR``.

    The loadings are concentrated out, so that the search runs over the logs of the k error
    variances only: Newton steps, halved until the misfit falls, along the errors that are not at
    their bound. The method does not depend on the items' units: loadings of the covariance matrix
    are these times the standard deviations.

    Parameters
    ----------
    correlation : ndarray, shape (k, k), k at least 3
        Of full rank.

    Returns
    -------
    loadings : ndarray, shape (k,)
        Their sum is not negative.
    errors : ndarray, shape (k,)
        Shares of the items' variances.

    References
    ----------
    Jöreskog (1967), Psychometrika 32, 443-482; Clarke (1970), British Journal of Mathematical and
    Statistical Psychology 23, 43-52, for the exact curvature.

    Examples
    --------
    >>> loadings = np.array([0.9, 0.8, 0.7, 0.6])
    >>> model = np.outer(loadings, loadings)
    >>> np.fill_diagonal(model, 1)
    >>> one_factor(model)[0].round(6).tolist()
    [0.9, 0.8, 0.7, 0.6]
    """
    least = np.log(LEAST_ERROR)
    start = (1 - 0.5 / len(correlation)) / np.diag(np.linalg.inv(correlation))
    logs = np.clip(np.log(start), least, 0.0)
    for _ in range(MAX_STEPS):
        slope, curvature = _derivatives(logs, correlation)
        free = (logs > least) | (slope < 0)
        if (abs(slope[free]) < CONVERGED).all():
            break
        step = np.zeros(len(logs))
        step[free] = -_solved(curvature[np.ix_(free, free)], slope[free])
        following = _lower(logs, step, correlation)
        if (following == logs).all():
            break
        logs = following
    loadings, _, _ = _factor(logs, correlation)
    return (loadings if loadings.sum() >= 0 else -loadings), np.exp(logs)


def _factor(logs: np.ndarray, correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best loadings for given errors; roots and axes of the matrix in units of the errors."""
    unit = np.exp(logs / 2)
    roots, axes = np.linalg.eigh(correlation / np.outer(unit, unit))
    return unit * axes[:, -1] * np.sqrt(max(roots[-1] - 1, 0.0)), roots, axes


def _misfit(logs: np.ndarray, correlation: np.ndarray) -> float:
    """Discrepancy of the best factor for given errors: what its roots leave over."""
    rest = _factor(logs, correlation)[1][:-1]
    return float((rest - np.log(rest) - 1).sum())


def _derivatives(logs: np.ndarray, correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope (k,) and curvature (k, k) of the misfit in the logs of the errors."""
    _, roots, axes = _factor(logs, correlation)
    first, rest, others = roots[-1], roots[:-1], axes[:, :-1]
    slope = ((1 - rest) * others**2).sum(axis=1)
    among = (others * rest) @ others.T * (others @ others.T)
    gap = np.maximum(first - rest, FLAT)  # roots tie where items do not go together at all
    turning = (others * ((1 - rest) * (rest + first) / gap)) @ others.T
    return slope, among + turning * np.outer(axes[:, -1], axes[:, -1])


def _solved(curvature: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Newton's step uphill, also where the misfit is not convex."""
    roots, axes = np.linalg.eigh(curvature)
    return axes @ ((axes.T @ slope) / np.maximum(abs(roots), FLAT))


def _lower(logs: np.ndarray, step: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Go along the step as far as the misfit falls; stay where it does not."""
    here = _misfit(logs, correlation)
    for halving in range(MAX_HALVINGS):
        there = np.clip(logs + step / 2**halving, np.log(LEAST_ERROR), 0.0)
        if _misfit(there, correlation) < here:
            return there
    return logs
