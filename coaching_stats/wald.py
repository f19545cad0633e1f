"""Joint tests of several coefficients that hold with few clusters, from arrays only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from coaching_stats.cluster_robust import Projection, cr2
from coaching_stats.errors import DesignError, explain


class JointTest(NamedTuple):
    """An F test; `p_value` is nan where `df2` is not positive."""

    statistic: float
    df1: int
    df2: float
    p_value: float


def hotelling_test(fit: Projection, contrasts: np.ndarray, effects: np.ndarray) -> JointTest:
    """Test that q contrasts are all zero: CR2 with the approximate Hotelling T^2 (HTZ).

    With D the CR2 covariance relative to its value under the working model, D is approximated by
    a Wishart matrix whose total variance, the sum of Var(D_st) over s and t, equals that of D:
    eta = q (q + 1) / total variance, F = (eta - q + 1) / (eta q) times the Wald statistic, on q
    and eta - q + 1 degrees of freedom.

    Parameters
    ----------
    fit : Projection
        k regressors, G clusters.
    contrasts : ndarray, shape (k, q)
        Columns are contrasts of the coefficients.
    effects : ndarray, shape (q,)
        Their estimates.

    Raises
    ------
    DesignError
        The contrasts repeat each other, or the clusters are too few to tell them apart.

    References
    ----------
    Pustejovsky & Tipton (2018), Journal of Business & Economic Statistics 36, 672-683, section
    3.2; Tipton & Pustejovsky (2015), Journal of Educational and Behavioral Statistics 40, 604-634.
    """
    q = contrasts.shape[1]
    vcov = contrasts.T @ cr2(fit) @ contrasts
    size = np.sqrt(np.diag(vcov))
    if not (size > 0).all() or np.linalg.eigvalsh(vcov / np.outer(size, size))[0] < 1e-12:
        raise DesignError(
            explain(
                what=f"{q} coefficients cannot be tested jointly here",
                where=f"their covariance over {fit.score.shape[-2]} clusters is singular",
                remedy="test fewer terms at once, each of them once",
            )
        )
    wald = float(effects @ np.linalg.solve(vcov, effects))
    eta = q * (q + 1) / _total_variance(fit, contrasts)
    df2 = eta - q + 1
    statistic = df2 / (eta * q) * wald
    p_value = float(special.fdtrc(q, df2, statistic)) if df2 > 0 else float("nan")
    return JointTest(statistic, q, df2, p_value)


def _total_variance(fit: Projection, contrasts: np.ndarray) -> float:
    """Sum over s, t of Var(D_st), without a G x G matrix.

    With C_gh the working covariance of what clusters g and h add to the contrasts, scaled so that
    the C_gg sum to the identity, it is the sum over g, h of (tr C_gh)^2 + tr C_gh C_gh.
    """
    own, z, j = fit.quadratic_form(contrasts)
    shared = z.swapaxes(-1, -2) @ j @ z
    expected = (own - shared).sum(axis=0)
    scale = np.linalg.inv(np.linalg.cholesky(expected)).T
    own, shared, z = scale.T @ own @ scale, scale.T @ shared @ scale, z @ scale
    cross = np.einsum("gis,gjt->isjt", j @ z, z)
    across = (cross * cross.transpose(2, 3, 0, 1)).sum()
    across += (cross * cross.transpose(2, 1, 0, 3)).sum()
    trace, trace_shared = (np.trace(m, axis1=-2, axis2=-1) for m in (own, shared))
    within = trace * (trace - 2 * trace_shared)
    within += np.einsum("gst,gts->g", own, own - 2 * shared)
    return float(across + within.sum())
