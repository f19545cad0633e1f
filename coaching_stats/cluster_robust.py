"""Cluster-robust variances and their degrees of freedom, from arrays only.

Everything is written in the orthonormal basis of the regressors: with X'X = A and A^-1 = L L',
cluster g enters as P_g = L' X_g'X_g L (k x k) and u_g = L' X_g'e_g (k). No n x n and no G x G
matrix is formed. Leading axes broadcast, so a stack of models costs one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

LEVERAGE_TOLERANCE = 1e-10  # 1 - lambda below this: the cluster alone identifies a coefficient


@dataclass(frozen=True, eq=False)
class Projection:
    """A fitted regression as its clusters see it; k regressors, G clusters.

    Attributes
    ----------
    root : ndarray, shape (..., k, k)
        L with A^-1 = L L'.
    leverage : ndarray, shape (..., G, k, k)
        P_g = L' X_g'X_g L; they sum to the identity.
    score : ndarray, shape (..., G, k)
        u_g = L' X_g'e_g; they sum to zero.
    """

    root: np.ndarray
    leverage: np.ndarray
    score: np.ndarray

    @cached_property
    def eigen(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (..., G, k) within [0, 1], and eigenvectors (..., G, k, k), of P_g."""
        values, vectors = np.linalg.eigh((self.leverage + self.leverage.swapaxes(-1, -2)) / 2)
        return np.clip(values, 0.0, 1.0), vectors

    def sandwich(self, scores: np.ndarray) -> np.ndarray:
        """L (sum_g s_g s_g') L' for scores in the orthonormal basis, shape (..., G, k)."""
        spread = self.root @ scores.swapaxes(-1, -2)
        return spread @ spread.swapaxes(-1, -2)


def from_products(xx: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, Projection]:
    """Fit least squares from cross-products per cluster.

    Parameters
    ----------
    xx : ndarray, shape (..., G, k, k)
    xy : ndarray, shape (..., G, k)

    Returns
    -------
    coef : ndarray, shape (..., k)
    projection : Projection

    Raises
    ------
    numpy.linalg.LinAlgError
        The sum of `xx` is not positive definite.

    Examples
    --------
    >>> xx = np.array([[[2.0]], [[2.0]]])
    >>> from_products(xx, np.array([[2.0], [4.0]]))[0].tolist()
    [1.5]
    """
    total = xx.sum(axis=-3)
    lower = np.linalg.cholesky(total)
    root = np.linalg.inv(lower).swapaxes(-1, -2)
    moment = xy.sum(axis=-2)[..., None]
    coef = (root @ (root.swapaxes(-1, -2) @ moment))[..., 0]
    score = xy - np.einsum("...gij,...j->...gi", xx, coef)
    turn = root.swapaxes(-1, -2)[..., None, :, :]
    leverage = turn @ xx @ root[..., None, :, :]
    return coef, Projection(root, leverage, score @ root)


def cr0(fit: Projection) -> np.ndarray:
    """Liang-Zeger variance without a correction, shape (..., k, k).

    References
    ----------
    Liang & Zeger (1986), Biometrika 73, 13-22.
    """
    return fit.sandwich(fit.score)


def cr1s(fit: Projection, n_obs: int) -> np.ndarray:
    """CR0 times G/(G-1) times (n-1)/(n-k): what Stata and statsmodels print.

    References
    ----------
    Cameron & Miller (2015), Journal of Human Resources 50, 317-372, equation 12.
    """
    n_clusters, k = fit.score.shape[-2:]
    return cr0(fit) * n_clusters / (n_clusters - 1) * (n_obs - 1) / (n_obs - k)


def _inverse_root(values: np.ndarray) -> np.ndarray:
    """(1 - lambda)^(-1/2), zero where 1 - lambda vanishes: the pseudo-inverse."""
    gap = 1.0 - values
    return np.where(gap > LEVERAGE_TOLERANCE, np.maximum(gap, LEVERAGE_TOLERANCE) ** -0.5, 0.0)


def cr2(fit: Projection) -> np.ndarray:
    """Bias-reduced variance (identity working model), shape (..., k, k).

    Each cluster's residuals are multiplied by (I - H_gg)^(-1/2), which in the orthonormal basis
    is (I - P_g)^(-1/2) on the scores.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28, 169-181; Pustejovsky & Tipton (2018), Journal
    of Business & Economic Statistics 36, 672-683, equation 9.
    """
    values, vectors = fit.eigen
    turned = np.einsum("...gij,...gi->...gj", vectors, fit.score) * _inverse_root(values)
    return fit.sandwich(np.einsum("...gij,...gj->...gi", vectors, turned))


def satterthwaite_df(fit: Projection, contrasts: np.ndarray) -> np.ndarray:
    """Degrees of freedom of CR2 t statistics, one per contrast.

    Parameters
    ----------
    fit : Projection
    contrasts : ndarray, shape (..., k, c)
        Columns are contrasts of the coefficients.

    Returns
    -------
    ndarray, shape (..., c)
        May be below 1 when few clusters carry a contrast; nan when none does.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28, 169-181; Pustejovsky & Tipton (2018), section
    3.1, with the identity as working model.
    """
    values, vectors = fit.eigen
    inverse_root = _inverse_root(values)[..., None]
    a = fit.root.swapaxes(-1, -2) @ contrasts
    u = np.einsum("...gij,...ic->...gjc", vectors, a) * inverse_root
    alpha = (values[..., None] * u**2).sum(axis=-2)
    r = np.einsum("...gij,...gjc->...gic", vectors, values[..., None] * u)
    own = (r**2).sum(axis=-2)
    cross = np.einsum("...gic,...gjc->...ijc", r, r)
    trace = (alpha - own).sum(axis=-2)
    square = (alpha**2 - 2 * alpha * own).sum(axis=-2) + (cross**2).sum(axis=(-3, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(trace > 0, trace**2 / square, np.nan)


def identified_alone(fit: Projection) -> np.ndarray:
    """Say which clusters alone identify a coefficient (lambda = 1), bool, shape (..., G)."""
    return (1.0 - fit.eigen[0] <= LEVERAGE_TOLERANCE).any(axis=-1)


def leave_one_out(fit: Projection) -> np.ndarray:
    """Change of the coefficients when a cluster is left out, shape (..., G, k).

    Rows of clusters that alone identify a coefficient are nan: without them it does not exist.

    References
    ----------
    MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38, 671-694, equation 12.
    """
    values, vectors = fit.eigen
    gap = 1.0 - values
    with np.errstate(divide="ignore"):
        inverse = np.where(gap > LEVERAGE_TOLERANCE, 1.0 / gap, np.nan)
    turned = np.einsum("...gij,...gi->...gj", vectors, fit.score) * inverse
    back = np.einsum("...gij,...gj->...gi", vectors, turned)
    return -(back @ fit.root.swapaxes(-1, -2))


def crv3(fit: Projection) -> np.ndarray:
    """Cluster jackknife with the factor (G-1)/G, centred at the estimate, shape (..., k, k).

    References
    ----------
    MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38, 671-694, equation 14.
    """
    change = leave_one_out(fit)
    n_clusters = change.shape[-2]
    return (n_clusters - 1) / n_clusters * (change.swapaxes(-1, -2) @ change)
