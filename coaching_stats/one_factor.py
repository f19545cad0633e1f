"""One common factor of some items, by maximum likelihood; arrays only."""

from __future__ import annotations

import numpy as np
from scipy import optimize

LEAST_ERROR = 0.005  # share of an item's variance; at this bound the factor explains all the rest


def one_factor(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One common factor by maximum likelihood, errors not below ``LEAST_ERROR``.

    The loadings are concentrated out, so that the search runs over the logs of the k error
    variances only. The method does not depend on the items' units: loadings of the covariance
    matrix are these times the standard deviations.

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
    Jöreskog (1967), Psychometrika 32, 443-482, equations 20 to 28.

    Examples
    --------
    >>> loadings = np.array([0.9, 0.8, 0.7, 0.6])
    >>> model = np.outer(loadings, loadings)
    >>> np.fill_diagonal(model, 1)
    >>> one_factor(model)[0].round(6).tolist()
    [0.9, 0.8, 0.7, 0.6]
    """
    k = len(correlation)
    start = np.clip((1 - 0.5 / k) / np.diag(np.linalg.inv(correlation)), LEAST_ERROR, 1)
    found = optimize.minimize(
        _misfit,
        np.log(start),
        args=(correlation,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(np.log(LEAST_ERROR), 0.0)] * k,
        options={"ftol": 0.0, "gtol": 1e-9, "maxiter": 1000},
    )
    errors = np.exp(found.x)
    loadings = _loadings(errors, correlation)[0]
    return (loadings if loadings.sum() >= 0 else -loadings), errors


def _loadings(errors: np.ndarray, correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best loadings for given errors, and the eigenvalues of the matrix in units of its errors."""
    unit = np.sqrt(errors)
    roots, axes = np.linalg.eigh(correlation / np.outer(unit, unit))
    return unit * axes[:, -1] * np.sqrt(max(roots[-1] - 1, 0.0)), roots


def _misfit(log_errors: np.ndarray, correlation: np.ndarray) -> tuple[float, np.ndarray]:
    """Discrepancy of the best factor for given errors, and its slope in their logs."""
    errors = np.exp(log_errors)
    loadings, roots = _loadings(errors, correlation)
    rest = roots[:-1]
    misfit = (rest - np.log(rest) - 1).sum()
    return misfit, (loadings**2 + errors - np.diag(correlation)) / errors
