"""Least squares from cluster moments, and by which road: moments, refinement or QR on rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from coaching_stats.cluster_robust import Projection, from_products
from coaching_stats.errors import DesignError, explain, first_ten
from coaching_stats.moments import Selection, moments_of

MOMENTS_ARE_ENOUGH = 1e4  # condition number up to which moments keep 11 digits
REFINEMENT_IS_ENOUGH = 1e8
RANK_TOLERANCE = 1e-12  # relative size of a column's part that no other column explains


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one model, as given; n rows, k regressors."""

    x: np.ndarray
    y: np.ndarray
    codes: np.ndarray


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


def fit_rows(y: np.ndarray, x: np.ndarray, terms: Sequence[str], codes: np.ndarray) -> Fit:
    """Fit least squares to complete rows, by the road that their condition asks for.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
        Regressors; the constant, if any, is the column named ``Intercept``, first.
    terms : sequence of str, length k
    codes : ndarray of int, shape (n,)
        Cluster of each row.

    Raises
    ------
    DesignError
        Linearly dependent regressors (named), or not more rows than regressors.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics, chapter 3, for the condition number.
    """
    refuse_too_few_rows(len(y), terms)
    has_constant = terms[0] == "Intercept"
    columns = [*terms[int(has_constant) :], "(outcome)"]
    values = np.column_stack([x[:, int(has_constant) :], y])
    moments = moments_of(values, codes, columns, is_centred=has_constant)
    return fit_selection(moments.select(columns), terms, Rows(x, y, codes))


def refuse_too_few_rows(n_obs: int, terms: Sequence[str]) -> None:
    """Refuse a model with no residual degree of freedom."""
    if n_obs <= len(terms):
        raise DesignError(
            explain(
                what=f"{n_obs} complete rows cannot carry {len(terms)} coefficients",
                where=first_ten(terms),
                remedy="leave out regressors, or bring more complete rows",
            )
        )


def fit_selection(selection: Selection, terms: Sequence[str], rows: Rows | None) -> Fit:
    """Fit from moments whose last column is the outcome; rows, where given, mend the digits."""
    first = 0 if terms[0] == "Intercept" else 1
    k = len(terms)
    products = selection.weighted[:, first:, first:]
    condition = _condition(products, has_constant=first == 0)
    if condition > REFINEMENT_IS_ENOUGH:
        return _fit_by_qr(selection, terms, rows, condition)
    coef, projection = from_products(products[:, :k, :k], products[:, :k, k])
    total = products.sum(axis=0)
    rss = total[k, k] - coef @ total[:k, k]
    notes: tuple[str, ...] = ()
    if rows is not None and (condition > MOMENTS_ARE_ENOUGH or rss < 1e-8 * total[k, k]):
        coef, projection, rss = _refine(selection, terms, rows, coef, projection)
        notes = _condition_note(condition, "one refinement on the rows")
    elif condition > MOMENTS_ARE_ENOUGH:
        notes = _condition_note(condition, "no rows at hand to refine on")
    return _finish(selection, terms, coef, projection, rss, notes)


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


def _condition(products: np.ndarray, *, has_constant: bool) -> float:
    """Condition number of the centred, scaled cross-products of the regressors; inf if singular."""
    total = products.sum(axis=0)[:-1, :-1]
    if has_constant:
        total = total[1:, 1:] - np.outer(total[0, 1:], total[0, 1:]) / total[0, 0]
    if not len(total):
        return 1.0
    size = np.sqrt(np.maximum(np.diag(total), 0.0))
    if (size < RANK_TOLERANCE * np.sqrt(products[:, 0, 0].sum())).any():
        return float("inf")
    values = np.linalg.eigvalsh(total / np.outer(size, size))
    return float(values[-1] / values[0]) if values[0] > 0 else float("inf")


def _condition_note(condition: float, road: str) -> tuple[str, ...]:
    if condition <= MOMENTS_ARE_ENOUGH:
        return ()
    digits = max(int(15 - np.log10(condition)), 0)
    return (
        f"the regressors are close to linearly dependent (condition number {condition:.1e}): "
        f"{road}; expect about {digits} correct digits",
    )


def scaled_design(selection: Selection, terms: Sequence[str], rows: Rows) -> np.ndarray:
    """Rows of the regressors in scaled units, shape (n, k)."""
    first = int(terms[0] == "Intercept")
    scaled = (rows.x[:, first:] - selection.centre[:-1]) / selection.scale[:-1]
    return np.column_stack([np.ones(len(scaled)), scaled]) if first else scaled


def _scaled_outcome(selection: Selection, rows: Rows) -> np.ndarray:
    return (rows.y - selection.centre[-1]) / selection.scale[-1]


def _refine(
    selection: Selection,
    terms: Sequence[str],
    rows: Rows,
    coef: np.ndarray,
    projection: Projection,
) -> tuple[np.ndarray, Projection, float]:
    """One step of iterative refinement; residuals and scores then come from the rows."""
    design, outcome = scaled_design(selection, terms, rows), _scaled_outcome(selection, rows)
    inverse = projection.root @ projection.root.T
    coef = coef + inverse @ (design.T @ (outcome - design @ coef))
    residual = outcome - design @ coef
    score = _sum_by(design * residual[:, None], rows.codes) @ projection.root
    refined = Projection(projection.root, projection.leverage, score)
    return coef, refined, float(residual @ residual)


def _fit_by_qr(
    selection: Selection, terms: Sequence[str], rows: Rows | None, condition: float
) -> Fit:
    """Fit by QR on the rows of the scaled columns."""
    if rows is None:
        raise DesignError(
            explain(
                what=f"the regressors are too close to linearly dependent for moments alone "
                f"(condition number {condition:.1e})",
                where=first_ten(terms),
                remedy="leave one of them out, or give a frame in memory, whose rows allow QR",
            )
        )
    design, outcome = scaled_design(selection, terms, rows), _scaled_outcome(selection, rows)
    refuse_dependent(design, terms)
    q, r = np.linalg.qr(design)
    coef = linalg.solve_triangular(r, q.T @ outcome)
    residual = outcome - design @ coef
    root = linalg.solve_triangular(r, np.eye(len(terms)))
    leverage = _sum_by(q[:, :, None] * q[:, None, :], rows.codes)
    projection = Projection(root, leverage, _sum_by(q * residual[:, None], rows.codes))
    notes = _condition_note(np.sqrt(condition), "QR on the rows")  # QR never squares the columns
    return _finish(selection, terms, coef, projection, float(residual @ residual), notes)


def refuse_dependent(design: np.ndarray, terms: Sequence[str]) -> None:
    """Refuse linearly dependent regressors, naming those that repeat others."""
    size = np.linalg.norm(design, axis=0)
    if (size == 0).any():
        _refuse_rank([terms[j] for j in np.flatnonzero(size == 0)], "constant at zero", terms)
    _, r, pivot = linalg.qr(design / size, mode="economic", pivoting=True)
    small = np.abs(np.diag(r)) <= RANK_TOLERANCE * abs(r[0, 0])
    if small.any():
        rank = int((~small).sum())
        share = linalg.solve_triangular(r[:rank, :rank], r[:rank, rank:])
        partners = pivot[:rank][(np.abs(share) > 1e-6).any(axis=1)]
        named = [terms[j] for j in sorted([*pivot[rank:], *partners])]
        _refuse_rank(named, "linearly dependent", terms)


def _refuse_rank(named: Sequence[str], why: str, terms: Sequence[str]) -> None:
    raise DesignError(
        explain(
            what=f"the model is rank-deficient: {first_ten(named)} "
            f"{'is' if len(named) == 1 else 'are'} {why}",
            where=f"regressors: {first_ten(terms)}",
            remedy="leave one of them out",
        )
    )


def _sum_by(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Sum rows by code; codes run from 0 without gaps."""
    total = np.zeros((int(codes.max()) + 1, *values.shape[1:]))
    np.add.at(total, codes, values)
    return total
