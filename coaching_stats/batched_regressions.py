"""One regression on many data sets at once: estimates, CR2 or HC3, and degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coaching_stats.cluster_robust import (
    cr2,
    from_products,
    identified_alone,
    nearly_alone,
    satterthwaite_df,
)
from coaching_stats.results import t_quantile, two_sided_p


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates of one contrast in R data sets; nan where there is none.

    Attributes
    ----------
    value, std_error, df : ndarray, shape (R,)
    """

    value: np.ndarray
    std_error: np.ndarray
    df: np.ndarray

    def p_value(self) -> np.ndarray:
        """Two-sided p against zero, shape (R,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return two_sided_p(self.value / self.std_error, self.df)

    def interval(self, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
        """Two-sided interval: two arrays of shape (R,)."""
        margin = t_quantile((1 + conf_level) / 2, self.df) * self.std_error
        return self.value - margin, self.value + margin


def slopes(y: np.ndarray, x: np.ndarray, keep: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """Least-squares estimates of a contrast alone, shape (R,); nan where rows are too few.

    Parameters
    ----------
    y : ndarray, shape (R, n)
    x : ndarray, shape (R, n, k)
    keep : ndarray of bool, shape (R, n)
    contrast : ndarray, shape (k,)
    """
    found = np.full(len(y), np.nan)
    usable = keep.sum(axis=1) > x.shape[-1]
    if usable.any():
        rows = np.where(keep[usable, :, None], x[usable], 0.0)
        turned = rows.swapaxes(-1, -2)
        moment = turned @ np.where(keep[usable], y[usable], 0.0)[..., None]
        found[usable] = np.linalg.solve(turned @ rows, moment)[..., 0] @ contrast
    return found


def clustered(
    y: np.ndarray, x: np.ndarray, keep: np.ndarray, contrast: np.ndarray, usable: np.ndarray
) -> Estimates:
    """CR2 with Satterthwaite degrees of freedom, as `models.Equation.estimate` gives them.

    Parameters
    ----------
    y : ndarray, shape (R, G, m)
        m rows in each of G clusters.
    x : ndarray, shape (R, G, m, k)
    keep : ndarray of bool, shape (R, G, m)
        Complete rows; the others enter as nothing.
    contrast : ndarray, shape (k,)
    usable : ndarray of bool, shape (R,)
        Data sets that can carry the regression.

    Returns
    -------
    Estimates

    Notes
    -----
    A cluster without rows has leverage and score zero, so it adds nothing to the variance, and
    nothing to the degrees of freedom.
    """
    found = _nothing(len(y))
    if not usable.any():
        return found
    rows = np.where(keep[usable, ..., None], x[usable], 0.0)
    outcome = np.where(keep[usable], y[usable], 0.0)
    turned = rows.swapaxes(-1, -2)
    coef, fit = from_products(turned @ rows, (turned @ outcome[..., None])[..., 0])
    column = np.broadcast_to(contrast[:, None], (len(rows), len(contrast), 1))
    variance = np.einsum("i,rij,j->r", contrast, cr2(fit), contrast)
    alone = identified_alone(fit, column) | nearly_alone(fit, column)
    df = np.where(alone.any(axis=(-1, -2)), np.nan, satterthwaite_df(fit, column)[..., 0])
    found.value[usable] = coef @ contrast
    found.std_error[usable] = np.sqrt(variance)
    found.df[usable] = df
    return found


def independent(
    y: np.ndarray, x: np.ndarray, keep: np.ndarray, contrast: np.ndarray, usable: np.ndarray
) -> Estimates:
    """HC3 with n - k degrees of freedom; rows are independent.

    Parameters
    ----------
    y : ndarray, shape (R, n)
    x : ndarray, shape (R, n, k)
    keep : ndarray of bool, shape (R, n)
    contrast, usable
        As for `clustered`.

    References
    ----------
    MacKinnon & White (1985), Journal of Econometrics 29, 305-325.
    """
    found = _nothing(len(y))
    if not usable.any():
        return found
    rows = np.where(keep[usable, :, None], x[usable], 0.0)
    outcome = np.where(keep[usable], y[usable], 0.0)
    inverse = np.linalg.inv(rows.swapaxes(-1, -2) @ rows)
    coef = (inverse @ (rows.swapaxes(-1, -2) @ outcome[..., None]))[..., 0]
    residual = outcome - (rows @ coef[..., None])[..., 0]
    turned = rows @ inverse
    leverage = (turned * rows).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a row that alone carries a slope: nan
        influence = (turned @ contrast) * residual / (1 - leverage)
    found.value[usable] = coef @ contrast
    found.std_error[usable] = np.sqrt((influence**2).sum(axis=-1))
    found.df[usable] = keep[usable].sum(axis=-1) - rows.shape[-1]
    return found


def _nothing(n: int) -> Estimates:
    return Estimates(*(np.full(n, np.nan) for _ in range(3)))
