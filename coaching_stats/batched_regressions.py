"""One regression on many data sets at once: estimates, CR2 or HC3, and degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coaching_stats.cluster_robust import (
    LEVERAGE_TOLERANCE,
    NEARLY_ALONE,
    SHARE_TOLERANCE,
    cr2,
    from_products,
    identified_alone,
    inverse_root,
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

    def p_equivalence(self, sesoi: float) -> np.ndarray:
        """Larger p of two one-sided tests against -sesoi and +sesoi, shape (R,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = (sesoi - np.abs(self.value)) / self.std_error
        half = two_sided_p(gap, self.df) / 2
        return np.where(gap > 0, half, 1 - half)

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
    is_narrow = rows.shape[-2] < rows.shape[-1]
    fit = _by_rows if is_narrow else _by_columns
    found.value[usable], found.std_error[usable], found.df[usable] = fit(rows, outcome, contrast)
    return found


def _by_columns(
    rows: np.ndarray, outcome: np.ndarray, contrast: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate, standard error and df by the k x k matrix of each cluster."""
    turned = rows.swapaxes(-1, -2)
    coef, fit = from_products(turned @ rows, (turned @ outcome[..., None])[..., 0])
    column = np.broadcast_to(contrast[:, None], (len(rows), len(contrast), 1))
    variance = np.einsum("i,rij,j->r", contrast, cr2(fit), contrast)
    alone = identified_alone(fit, column) | nearly_alone(fit, column)
    df = np.where(alone.any(axis=(-1, -2)), np.nan, satterthwaite_df(fit, column)[..., 0])
    return coef @ contrast, np.sqrt(variance), df


def _by_rows(
    rows: np.ndarray, outcome: np.ndarray, contrast: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate, standard error and df by the m x m hat matrix of each cluster.

    With w_g = (I - H_gg)^(-1/2) X_g M c, where M = (X'X)^-1, the estimate's error is what the
    clusters add, w_g'e_g; equal to `_by_columns`, and cheaper where clusters are small.
    """
    flat = rows.reshape(len(rows), -1, rows.shape[-1])
    turned = flat.swapaxes(-1, -2)
    inverse = np.linalg.inv(turned @ flat)
    coef = (inverse @ (turned @ outcome.reshape(len(rows), -1, 1)))[..., 0]
    residual = outcome - (rows @ coef[:, None, :, None])[..., 0]
    pull = (rows @ (inverse @ contrast)[:, None, :, None])[..., 0]  # X_g M c
    values, vectors = _eigen(rows @ inverse[:, None] @ rows.swapaxes(-1, -2))
    share = np.einsum("...mi,...m->...i", vectors, pull)
    weights = np.einsum("...mi,...i->...m", vectors, share * inverse_root(values))
    own = (weights**2).sum(axis=-1)
    z = (rows.swapaxes(-1, -2) @ weights[..., None])[..., 0]
    z_in_basis = z @ inverse
    shared = (z * z_in_basis).sum(axis=-1)
    cross = z_in_basis.swapaxes(-1, -2) @ z
    trace = (own - shared).sum(axis=-1)
    square = (own**2 - 2 * own * shared).sum(axis=-1) + np.einsum("rij,rji->r", cross, cross)
    size = np.einsum("i,rij,j->r", contrast, inverse, contrast)
    alone = _carried_alone(values, share, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where((trace > LEVERAGE_TOLERANCE * size) & ~alone, trace**2 / square, np.nan)
    error = ((weights * residual).sum(axis=-1) ** 2).sum(axis=-1)
    return coef @ contrast, np.sqrt(error), df


def _eigen(hat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if hat.shape[-1] == 1:
        values, vectors = hat[..., 0], np.ones_like(hat)
    else:
        values, vectors = np.linalg.eigh((hat + hat.swapaxes(-1, -2)) / 2)
    return np.clip(values, 0.0, 1.0), vectors


def _carried_alone(values: np.ndarray, share: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Whether some cluster alone, or all but alone, identifies the contrast: bool, (R,)."""
    gap = 1.0 - values
    if not (gap < NEARLY_ALONE).any():
        return np.zeros(len(values), dtype=bool)
    part = np.abs(share) / np.sqrt(np.maximum(values, 0.5) * size[:, None, None])
    tolerance = np.where(gap <= LEVERAGE_TOLERANCE, SHARE_TOLERANCE, NEARLY_ALONE**0.5)
    return ((gap < NEARLY_ALONE) & (part > tolerance)).any(axis=(-1, -2))


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
