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
NEARLY_ALONE = 1e-6  # 1 - lambda below this: the correction exceeds a factor of 1,000
SHARE_TOLERANCE = 1e-6  # a contrast touches a direction when its share there is larger


@dataclass(frozen=True, eq=False)
class Projection:
    """A fitted regression as its clusters see it; k regressors, G clusters.

    Attributes
    ----------
    root : ndarray, shape (..., k, k)
        L with A^-1 = L L'.
    leverage : ndarray, shape (..., G, k, k)
        P_g = L' X_g'X_g L, with weights L' X_g'W_g X_g L; they sum to the identity.
    score : ndarray, shape (..., G, k)
        u_g = L' X_g'e_g, with weights L' X_g'W_g e_g; they sum to zero.
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

    def turned(self, contrasts: np.ndarray) -> np.ndarray:
        """Contrasts of the coefficients (..., k, c) in the orthonormal basis: L'c."""
        return self.root.swapaxes(-1, -2) @ contrasts

    def adjusted_score(self) -> np.ndarray:
        """CR2's scores, shape (..., G, k): residuals times (I - H_gg)^(-1/2), summed."""
        values, vectors = self.eigen
        turned = np.einsum("...gij,...gi->...gj", vectors, self.score) * inverse_root(values)
        return np.einsum("...gij,...gj->...gi", vectors, turned)

    def quadratic_form(self, contrasts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Covariance of what the clusters add to CR2, were the errors independent and equal.

        For clusters g and h it is [g = h] own_g - z_g' J z_h, in units of the error variance.

        Parameters
        ----------
        contrasts : ndarray, shape (..., k, c)

        Returns
        -------
        own : ndarray, shape (..., G, c, c)
        z : ndarray, shape (..., G, m, c)
        j : ndarray, shape (m, m)
        """
        values, vectors = self.eigen
        share = vectors.swapaxes(-1, -2) @ self.turned(contrasts)[..., None, :, :]
        share = share * inverse_root(values)[..., None]
        weighed = values[..., None] * share
        return share.swapaxes(-1, -2) @ weighed, vectors @ weighed, np.eye(values.shape[-1])


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
    score = xy - (xx @ coef[..., None, :, None])[..., 0]
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


def inverse_root(values: np.ndarray) -> np.ndarray:
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
    return fit.sandwich(fit.adjusted_score())


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
    blocks, z, j = fit.quadratic_form(contrasts)
    own = np.diagonal(blocks, axis1=-2, axis2=-1)
    jz = j @ z
    shared = (z * jz).sum(axis=-2)
    cross = np.einsum("...gic,...gjc->...cij", jz, z)
    trace = (own - shared).sum(axis=-2)
    square = (own**2 - 2 * own * shared).sum(axis=-2) + np.einsum(
        "...cij,...cji->...c", cross, cross
    )
    size = (fit.turned(contrasts) ** 2).sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(trace > LEVERAGE_TOLERANCE * size, trace**2 / square, np.nan)


def identified_alone(fit: Projection, contrasts: np.ndarray) -> np.ndarray:
    """Say which contrasts (..., k, c) each cluster alone identifies: bool, shape (..., G, c)."""
    return _touches(fit, contrasts, 1.0 - fit.eigen[0] <= LEVERAGE_TOLERANCE, SHARE_TOLERANCE)


def nearly_alone(fit: Projection, contrasts: np.ndarray) -> np.ndarray:
    """Say where 0 < 1 - lambda < 1e-6: bool, shape (..., G, c); CR2 then multiplies by 1,000."""
    gap = 1.0 - fit.eigen[0]
    near = (gap > LEVERAGE_TOLERANCE) & (gap < NEARLY_ALONE)
    return _touches(fit, contrasts, near, NEARLY_ALONE**0.5)


def _touches(
    fit: Projection, contrasts: np.ndarray, directions: np.ndarray, tolerance: float
) -> np.ndarray:
    """Say which contrasts have a share in the marked eigenvectors (..., G, k) of a cluster."""
    if not directions.any():
        return np.zeros((*directions.shape[:-1], contrasts.shape[-1]), dtype=bool)
    a = fit.turned(contrasts)
    a = a / np.linalg.norm(a, axis=-2, keepdims=True)
    share = np.abs(fit.eigen[1].swapaxes(-1, -2) @ a[..., None, :, :])
    return (directions[..., None] & (share > tolerance)).any(axis=-2)


def leave_one_out(fit: Projection, contrasts: np.ndarray | None = None) -> np.ndarray:
    """Change of each contrast when a cluster is left out, shape (..., G, c).

    Parameters
    ----------
    fit : Projection
    contrasts : ndarray, shape (..., k, c), optional
        The scaled coefficients when not given.

    Returns
    -------
    ndarray, shape (..., G, c)
        nan where a contrast does not exist without the cluster.

    References
    ----------
    MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38, 671-694, equation 12.
    """
    if contrasts is None:
        contrasts = np.eye(fit.root.shape[-1])
    values, vectors = fit.eigen
    turned = np.einsum("...gij,...gi->...gj", vectors, fit.score) * inverse_root(values) ** 2
    back = np.einsum("...gij,...gj->...gi", vectors, turned)
    return np.where(identified_alone(fit, contrasts), np.nan, -(back @ fit.turned(contrasts)))


def crv3(fit: Projection, contrasts: np.ndarray | None = None) -> np.ndarray:
    """Cluster jackknife with the factor (G-1)/G, centred at the estimate, shape (..., c, c).

    nan for contrasts that do not exist without one of the clusters; see `leave_one_out`.

    References
    ----------
    MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38, 671-694, equation 14.
    """
    change = leave_one_out(fit, contrasts)
    n_clusters = change.shape[-2]
    return (n_clusters - 1) / n_clusters * (change.swapaxes(-1, -2) @ change)
