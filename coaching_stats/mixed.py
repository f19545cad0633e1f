"""A random intercept for each cluster, by restricted maximum likelihood from sums per cluster.

With theta, the variance between clusters in units of the variance within, all that the likelihood
needs is sum W + sum_n w_n B_n, w_n = 1 / (1 + n theta): W holds the cross-products within clusters,
B_n those of the sums of the clusters of n rows, divided by n. Nothing is as long as the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain
from coaching_stats.results import Result

MAX_STEPS = 100
CONVERGED = 1e-8  # of theta, before the last step
GRID = (0.0, *np.logspace(-3, 3, 13).tolist())
NOTHING_BETWEEN = (
    "no variance between clusters was found: the random intercept is zero, and errors are those "
    "of independent rows"
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RandomIntercept(Result):
    """Slopes of a model with a random intercept.

    Attributes
    ----------
    variance_between, variance_within : float
        In squared units of the outcome.
    log_likelihood : float
        Restricted.
    n_obs, n_clusters : int
    """

    variance_between: float
    variance_within: float
    log_likelihood: float
    n_obs: int
    n_clusters: int

    def glance(self) -> pd.DataFrame:
        """One row about the model as a whole."""
        between = self.variance_between
        row = {
            "method": "random intercept, REML",
            "n_obs": self.n_obs,
            "n_clusters": self.n_clusters,
            "icc": between / (between + self.variance_within),
            "log_likelihood": self.log_likelihood,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])


@dataclass(frozen=True, eq=False)
class Sums:
    """Cross-products of the regressors and the outcome, the outcome last.

    Attributes
    ----------
    within : ndarray, shape (k + 1, k + 1)
    between : ndarray, shape (s, k + 1, k + 1)
        By size of cluster.
    size, count : ndarray, shape (s,)
        Different sizes, and how many clusters have each.
    """

    within: np.ndarray
    between: np.ndarray
    size: np.ndarray
    count: np.ndarray

    @property
    def nu(self) -> int:
        """Rows less regressors."""
        return int(self.size @ self.count) - len(self.within) + 1


@dataclass(frozen=True, eq=False)
class Profile:
    """The restricted likelihood at one theta, sigma squared profiled out.

    Attributes
    ----------
    deviance, slope, curvature : float
        -2 log-likelihood and its derivatives by theta.
    coef : ndarray, shape (k,)
    rss : float
    inverse, turn : ndarray, shape (k, k)
        (X'V^-1 X)^-1 in units of sigma squared, and the derivative of X'V^-1 X by theta.
    rss_turn, rss_curve, log_det_curve : float
        Derivatives by theta of what the deviance is made of.
    """

    deviance: float
    slope: float
    curvature: float
    coef: np.ndarray
    rss: float
    inverse: np.ndarray
    turn: np.ndarray
    rss_turn: float
    rss_curve: float
    log_det_curve: float


def random_intercept(
    y: np.ndarray, x: np.ndarray, terms: Sequence[str], codes: np.ndarray
) -> RandomIntercept:
    """Regress with a random intercept for each cluster, by restricted maximum likelihood.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
        The constant included.
    terms : sequence of str, length k
    codes : ndarray of int, shape (n,)
        Cluster of each row.

    Returns
    -------
    RandomIntercept
        Errors are those of the model; degrees of freedom by Satterthwaite's approximation.

    Raises
    ------
    DesignError
        One cluster, as many clusters as rows, linearly dependent regressors, or a perfect fit.

    Notes
    -----
    The intervals believe the model: equal correlation within a cluster, equal variances, no slopes
    that differ between clusters. Where that is wrong they are too narrow, which cluster-robust ones
    are not. A regressor that goes along with what clusters have in common biases the slope.

    References
    ----------
    Bates, Maechler, Bolker & Walker (2015), Journal of Statistical Software 67(1), section 3.4, for
    the profiled criterion; Giesbrecht & Burns (1985), Biometrics 41, 477-486, for the degrees of
    freedom.

    Examples
    --------
    >>> # three clusters of two: mean squares 8 between and 1/2 within, as in a one-way table
    >>> y, codes = np.array([1.0, 2, 3, 4, 5, 6]), np.array([0, 0, 1, 1, 2, 2])
    >>> found = random_intercept(y, np.ones((6, 1)), ["Intercept"], codes)
    >>> round(found.variance_between, 6), round(found.variance_within, 6)  # (8 - 1/2) / 2
    (3.75, 0.5)
    """
    sums = _sums(y, x, codes)
    theta = _best_theta(sums)
    at = _profile(sums, theta)
    sigma2 = at.rss / sums.nu
    return RandomIntercept(
        terms=tuple(terms),
        estimate=at.coef,
        vcov=sigma2 * at.inverse,
        df=_satterthwaite(at, theta, sums.nu),
        notes=(NOTHING_BETWEEN,) if theta == 0 else (),
        variance_between=theta * sigma2,
        variance_within=sigma2,
        log_likelihood=-at.deviance / 2,
        n_obs=len(y),
        n_clusters=int(sums.count.sum()),
    )


def _sums(y: np.ndarray, x: np.ndarray, codes: np.ndarray) -> Sums:
    columns = np.column_stack([x, y])
    cells = np.unique(codes, return_inverse=True)[1]
    n = np.bincount(cells)
    if len(n) < 2 or len(n) == len(y):
        raise DesignError(
            explain(
                what="a random intercept needs several clusters, and some with several rows",
                where=f"{len(n)} clusters of {len(y)} rows",
                remedy="name another cluster, or none",
            )
        )
    totals = np.column_stack([np.bincount(cells, column) for column in columns.T])
    size, place = np.unique(n, return_inverse=True)
    shared = totals[:, :, None] * totals[:, None, :] / n[:, None, None]
    between = np.array([shared[place == j].sum(axis=0) for j in range(len(size))])
    apart = columns - (totals / n[:, None])[cells]
    return Sums(apart.T @ apart, between, size, np.bincount(place))


def _profile(sums: Sums, theta: float) -> Profile:
    """Criterion and its derivatives in closed form."""
    w = 1 / (1 + sums.size * theta)
    products = sums.within + np.tensordot(w, sums.between, 1)
    first = -np.tensordot(sums.size * w**2, sums.between, 1)
    second = 2 * np.tensordot(sums.size**2 * w**3, sums.between, 1)
    a = products[:-1, :-1]
    inverse = _inverse(a)
    coef = inverse @ products[:-1, -1]
    v = np.append(-coef, 1.0)
    rss = float(v @ products @ v)
    if not rss > 1e-12 * products[-1, -1]:
        raise DesignError(explain(what="the predictors fit the outcome perfectly"))
    tilt = (first @ v)[:-1]
    rss_turn = float(v @ first @ v)
    rss_curve = float(v @ second @ v - 2 * tilt @ inverse @ tilt)
    turn, nu = first[:-1, :-1], sums.nu
    share, spread = inverse @ turn, sums.count * sums.size * w
    log_det = -sums.count @ np.log(w) + np.linalg.slogdet(a)[1]
    log_det_curve = float(
        -(spread @ (sums.size * w)) + np.trace(inverse @ second[:-1, :-1]) - np.trace(share @ share)
    )
    return Profile(
        deviance=float(nu * (1 + np.log(2 * np.pi * rss / nu)) + log_det),
        slope=float(nu * rss_turn / rss + spread.sum() + np.trace(share)),
        curvature=float(nu * (rss_curve / rss - (rss_turn / rss) ** 2) + log_det_curve),
        coef=coef,
        rss=rss,
        inverse=inverse,
        turn=turn,
        rss_turn=rss_turn,
        rss_curve=rss_curve,
        log_det_curve=log_det_curve,
    )


def _inverse(a: np.ndarray) -> np.ndarray:
    root = 1 / np.sqrt(np.diag(a))
    scaled = a * np.outer(root, root)
    if not np.linalg.cond(scaled) < 1e12:
        raise DesignError(
            explain(
                what="the predictors of the mixed model are linearly dependent",
                remedy="leave out one of them",
            )
        )
    return np.linalg.inv(scaled) * np.outer(root, root)


def _best_theta(sums: Sums) -> float:
    """Theta at the minimum of the deviance, 0 where that is at the border."""
    tried = [_profile(sums, theta) for theta in GRID]
    best = int(np.argmin([one.deviance for one in tried]))
    if best == 0 and tried[0].slope >= 0:
        return 0.0
    low, high = (best, best + 1) if tried[best].slope < 0 else (best - 1, best)
    if high == len(GRID) or tried[low].slope >= 0 or tried[high].slope < 0:
        raise DesignError(
            explain(
                what="the variance between clusters has no clear maximum of the likelihood",
                where=f"near {GRID[best]:.3g} times the variance within",
                remedy="bring more rows per cluster, or use the linear model with robust errors",
            )
        )
    return _root(sums, GRID[low], GRID[high])


def _root(sums: Sums, low: float, high: float) -> float:
    """Theta between two others at which the deviance stops falling: Newton steps, else halves."""
    theta = (low + high) / 2
    for _ in range(MAX_STEPS):
        at = _profile(sums, theta)
        step = -at.slope / at.curvature
        # before the bracket is tested: a step that has converged may lie on its end
        if abs(step) < CONVERGED * theta:
            return theta + step
        low, high = (theta, high) if at.slope < 0 else (low, theta)
        theta = theta + step if low < theta + step < high else (low + high) / 2
    raise DesignError(explain(what=f"the mixed model did not converge in {MAX_STEPS} steps"))


def _satterthwaite(at: Profile, theta: float, nu: int) -> np.ndarray:
    """Degrees of freedom of each slope: 2 V^2 over the variance of V, by the delta method.

    V = sigma^2 (X'V^-1 X)^-1 depends on sigma^2 and theta, whose covariance is twice the inverse of
    the deviance's second derivatives. At the border only sigma^2 is estimated.
    """
    if theta == 0:
        return np.full(len(at.coef), float(nu))
    sigma2 = at.rss / nu
    corner = nu / sigma2**2
    edge = -at.rss_turn / sigma2**2
    curve = at.rss_curve / sigma2 + at.log_det_curve
    covariance = 2 * np.linalg.inv(np.array([[corner, edge], [edge, curve]]))
    by_sigma2 = np.diag(at.inverse)
    by_theta = -sigma2 * np.diag(at.inverse @ at.turn @ at.inverse)
    gradient = np.column_stack([by_sigma2, by_theta])
    spread = np.einsum("ji,ik,jk->j", gradient, covariance, gradient)
    return 2 * (sigma2 * by_sigma2) ** 2 / spread
