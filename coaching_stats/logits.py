"""What models of log-odds share: the unit of their slopes, and steps to their maximum."""

from __future__ import annotations

import numpy as np

from coaching_stats.errors import DesignError, explain

LOGISTIC_VARIANCE = np.pi**2 / 3
FAR = 25.0  # log-odds beyond this: the model tells some rows from the others without any doubt
LARGEST_CONDITION = 1e12


def latent_sd(slopes: np.ndarray, spread: np.ndarray) -> float:
    """Standard deviation of the tendency that slopes on log-odds describe.

    The tendency is x'b plus a logistic error, whose variance is pi^2 / 3. Divided by its standard
    deviation, a slope is what the linear model would give for the tendency itself in standard
    deviations: independent of where it was cut, and comparable with a standardised linear slope.
    Times sqrt(3) / pi, as is also done, it would be in standard deviations of the error only.

    Parameters
    ----------
    slopes : ndarray, shape (k,)
        Without the constant or thresholds.
    spread : ndarray, shape (k, k)
        Covariance of the regressors.

    Notes
    -----
    The logistic error has heavier tails than a normal one. Where the tendency is normal, sizes come
    out up to a tenth too small.

    References
    ----------
    McKelvey & Zavoina (1975), Journal of Mathematical Sociology 4, 103-120; Winship & Mare (1984),
    American Sociological Review 49, 512-525, on y*-standardised slopes.

    Examples
    --------
    >>> sd = latent_sd(np.array([np.pi]), np.array([[2 / 3]]))
    >>> round(sd / np.pi, 6)  # the root of 2/3 + 1/3
    1.0
    """
    return float(np.sqrt(slopes @ spread @ slopes + LOGISTIC_VARIANCE))


def refuse_separation(log_odds: np.ndarray) -> None:
    """Refuse slopes that grow without bound.

    Raises
    ------
    DesignError
        Some rows are told apart beyond doubt.
    """
    if np.abs(log_odds).max() > FAR:
        raise DesignError(
            explain(
                what="the predictors separate the answers completely, so no finite slope fits best",
                where=f"{len(log_odds)} rows",
                remedy="use fewer covariates, or more data",
            )
        )


def newton_step(information: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Solve for the step to the maximum of a quadratic likelihood.

    Raises
    ------
    DesignError
        The regressors are linearly dependent.
    """
    if np.linalg.cond(information) > LARGEST_CONDITION:
        raise DesignError(
            explain(what="the predictors are linearly dependent", remedy="leave out one of them")
        )
    return np.linalg.solve(information, gradient)
