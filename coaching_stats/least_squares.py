"""Least squares from cluster moments, and by which road: moments, refinement or QR on rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from coaching_stats.cells import sum_products
from coaching_stats.cluster_robust import LEVERAGE_TOLERANCE, Projection, from_products
from coaching_stats.condition import (
    MOMENTS_ARE_ENOUGH,
    RANK_TOLERANCE,
    REFINEMENT_IS_ENOUGH,
    condition_note,
    condition_number,
    refuse_dependent,
    refuse_too_few_rows,
    refuse_without_rows,
)
from coaching_stats.errors import DesignError, explain
from coaching_stats.moments import Selection, moments_of
from coaching_stats.weighted import projection_of

PERFECT_FIT = 1e-8  # residual share below which differences of moments lose their digits


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one model, as given; n rows, k regressors; weights of mean 1, if any."""

    x: np.ndarray
    y: np.ndarray
    codes: np.ndarray
    weights: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Fit:
    """A least-squares fit in scaled units, and the way back to the user's units.

    Attributes
    ----------
    terms : tuple of str, length k
    scaled_coef : ndarray, shape (k,)
    projection : Projection
    back : ndarray, shape (k, k)
        Coefficients in user's units are ``back @ scaled_coef + origin``.
    origin : ndarray, shape (k,)
    y_scale : float
    rss, tss : float
        Residual and total sum of squares, scaled units; total about the mean with a constant.
    n_obs : int
    selection : Selection
        The moments that the fit came from; its last column is the outcome.
    notes : tuple of str
    """

    terms: tuple[str, ...]
    scaled_coef: np.ndarray
    projection: Projection
    back: np.ndarray
    origin: np.ndarray
    y_scale: float
    rss: float
    tss: float
    n_obs: int
    selection: Selection
    notes: tuple[str, ...] = ()

    @property
    def coef(self) -> np.ndarray:
        """Coefficients in the user's units, shape (k,)."""
        return self.back @ self.scaled_coef + self.origin

    @property
    def contrasts(self) -> np.ndarray:
        """One column per coefficient, as contrasts of the scaled coefficients, shape (k, k)."""
        return self.back.T

    def in_user_units(self, vcov: np.ndarray) -> np.ndarray:
        """Turn a covariance of scaled coefficients into the user's units."""
        return self.back @ vcov @ self.back.T

    @property
    def r_squared(self) -> float:
        """Share of the outcome's variation that the regressors account for."""
        return float(1 - self.rss / self.tss) if self.tss > 0 else float("nan")


def fit_rows(
    y: np.ndarray,
    x: np.ndarray,
    terms: Sequence[str],
    codes: np.ndarray,
    weights: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
) -> Fit:
    """Fit least squares to complete rows, by the road that their condition asks for.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
        Regressors; the constant, if any, is the column named ``Intercept``, first.
    terms : sequence of str, length k
    codes : ndarray of int, shape (n,)
        Cluster of each row, 0 to G - 1 without gaps.
    weights : ndarray, shape (n,), optional
        Positive, of mean 1.
    clusters : ndarray, shape (G,), optional
        Labels of the clusters; their codes when not given.

    Raises
    ------
    DesignError
        Linearly dependent regressors (named), or not more rows than regressors.
    """
    refuse_too_few_rows(len(y), terms)
    has_constant = terms[0] == "Intercept"
    columns = [*terms[int(has_constant) :], "(outcome)"]
    values = np.column_stack([x[:, int(has_constant) :], y])
    moments = moments_of(
        values, codes, columns, clusters=clusters, weights=weights, is_centred=has_constant
    )
    return fit_selection(moments.select(columns), terms, Rows(x, y, codes, weights))


def fit_selection(selection: Selection, terms: Sequence[str], rows: Rows | None) -> Fit:
    """Fit from moments whose last column is the outcome; rows, where given, mend the digits.

    Parameters
    ----------
    selection : Selection
        Columns: the terms without the ``Intercept``, then the outcome. Without an ``Intercept``
        the centre of the regressors and of the outcome must be zero.
    terms : sequence of str, length k
    rows : Rows or None
    """
    refuse_too_few_rows(int(selection.n_rows.sum()), terms)
    first = 0 if terms[0] == "Intercept" else 1
    k = len(terms)
    products = selection.products[:, :, first:, first:]
    main = products[len(products) // 2]
    total = main.sum(axis=0)
    condition = condition_number(total[:k, :k])
    if condition > REFINEMENT_IS_ENOUGH:
        if rows is None:
            refuse_without_rows(total[:k, :k], terms, condition)
        return _fit_by_qr(selection, terms, rows, condition)
    coef, projection = from_products(main[:, :k, :k], main[:, :k, k])
    rss = total[k, k] - coef @ total[:k, k]
    is_perfect = rss < PERFECT_FIT * total[k, k]
    if rows is not None and (condition > MOMENTS_ARE_ENOUGH or is_perfect):
        return _refine(selection, terms, rows, coef, projection.root, condition)
    if len(products) > 1:
        change = np.block([[projection.root, -coef[:, None]], [np.zeros((1, k)), np.ones((1, 1))]])
        projection = projection_of(projection.root, change.T @ products @ change)
    notes = condition_note(condition, "no rows at hand to refine on")
    if is_perfect:
        notes += ("the fit is all but perfect: moments alone give few digits of what is left over",)
    return _finish(selection, terms, coef, projection, rss, notes)


def _see_rows(
    root: np.ndarray, basis: np.ndarray, residual: np.ndarray, rows: Rows
) -> tuple[Projection, float]:
    """Take the projection and the residual sum of squares from the rows; basis is X L."""
    seen = np.column_stack([basis, residual])
    n_clusters = int(rows.codes.max()) + 1
    powers = [None] if rows.weights is None else [None, rows.weights, rows.weights**2]
    products = np.stack([sum_products(seen, rows.codes, n_clusters, w) for w in powers])
    rss = products[len(powers) // 2, :, -1, -1].sum()
    return projection_of(root, products), float(rss)


def _finish(
    selection: Selection,
    terms: Sequence[str],
    coef: np.ndarray,
    projection: Projection,
    rss: float,
    notes: tuple[str, ...],
) -> Fit:
    has_constant = terms[0] == "Intercept"
    y_scale, y_centre = float(selection.scale[-1]), float(selection.centre[-1])
    slopes = y_scale / selection.scale[:-1]
    total = selection.weighted.sum(axis=0)
    tss = total[-1, -1] - (total[0, -1] ** 2 / total[0, 0] if has_constant else 0.0)
    if tss <= RANK_TOLERANCE * total[-1, -1]:
        notes = (*notes, "the outcome does not vary")
    if has_constant:
        back = np.diag(np.concatenate([[y_scale], slopes]))
        back[0, 1:] = -selection.centre[:-1] * slopes
        origin = np.concatenate([[y_centre], np.zeros(len(slopes))])
    else:
        back, origin = np.diag(slopes), np.zeros(len(slopes))
    return Fit(
        terms=tuple(terms),
        scaled_coef=coef,
        projection=projection,
        back=back,
        origin=origin,
        y_scale=y_scale,
        rss=max(float(rss), 0.0),
        tss=float(tss),
        n_obs=int(selection.n_rows.sum()),
        selection=selection,
        notes=notes,
    )


def _scaled(
    selection: Selection, terms: Sequence[str], rows: Rows
) -> tuple[np.ndarray, np.ndarray]:
    """Regressors (n, k) and outcome (n,) in scaled units."""
    first = int(terms[0] == "Intercept")
    design = (rows.x[:, first:] - selection.centre[:-1]) / selection.scale[:-1]
    if first:
        design = np.column_stack([np.ones(len(design)), design])
    return design, (rows.y - selection.centre[-1]) / selection.scale[-1]


def _refine(
    selection: Selection,
    terms: Sequence[str],
    rows: Rows,
    coef: np.ndarray,
    root: np.ndarray,
    condition: float,
) -> Fit:
    """One step of iterative refinement; residuals and scores then come from the rows."""
    design, outcome = _scaled(selection, terms, rows)
    residual = outcome - design @ coef
    weighed = residual if rows.weights is None else residual * rows.weights
    coef = coef + root @ (root.T @ (design.T @ weighed))
    projection, rss = _see_rows(root, design @ root, outcome - design @ coef, rows)
    notes = condition_note(condition, "one refinement on the rows")
    return _finish(selection, terms, coef, projection, rss, notes)


def _fit_by_qr(selection: Selection, terms: Sequence[str], rows: Rows, condition: float) -> Fit:
    """Fit by QR on the rows of the scaled columns."""
    design, outcome = _scaled(selection, terms, rows)
    refuse_dependent(design, terms)
    size = np.ones(len(outcome)) if rows.weights is None else np.sqrt(rows.weights)
    q, r = np.linalg.qr(design * size[:, None])
    coef = linalg.solve_triangular(r, q.T @ (outcome * size))
    root = linalg.solve_triangular(r, np.eye(len(terms)))
    residual = outcome - design @ coef
    projection, rss = _see_rows(root, q / size[:, None], residual, rows)
    notes = condition_note(np.sqrt(condition), "QR on the rows")  # QR never squares the columns
    return _finish(selection, terms, coef, projection, rss, notes)


def hc3(fit: Fit, rows: Rows) -> np.ndarray:
    """Variance of the scaled coefficients with each residual over one minus its leverage.

    Parameters
    ----------
    fit : Fit
    rows : Rows
        The rows of the fit.

    Raises
    ------
    DesignError
        One row alone identifies a coefficient.

    References
    ----------
    MacKinnon & White (1985), Journal of Econometrics 29, 305-325.
    """
    size = np.ones(len(rows.y)) if rows.weights is None else np.sqrt(rows.weights)
    design, outcome = _scaled(fit.selection, fit.terms, rows)
    residual = (outcome - design @ fit.scaled_coef) * size
    basis = (design @ fit.projection.root) * size[:, None]
    leverage = (basis**2).sum(axis=1)
    if (leverage > 1 - LEVERAGE_TOLERANCE).any():
        raise DesignError(
            explain(
                what="one row alone identifies a coefficient, so HC3 does not exist",
                where=f"row {int(np.argmax(leverage))} of the complete rows",
                remedy="leave out the term that only this row carries, or use vcov='iid'",
            )
        )
    spread = fit.projection.root @ (basis * (residual / (1 - leverage))[:, None]).T
    return spread @ spread.T
