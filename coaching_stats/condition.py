"""How far the regressors are from repeating each other, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from coaching_stats.errors import DesignError, explain, first_ten

MOMENTS_ARE_ENOUGH = 1e4  # condition number up to which moments keep 11 digits
REFINEMENT_IS_ENOUGH = 1e8
RANK_TOLERANCE = 1e-12  # relative size of a column's part that no other column explains


def condition_number(gram: np.ndarray) -> float:
    """Condition number of cross-products (k, k) scaled to unit diagonal; inf if singular.

    The constant is one of the columns, so a column far from its origin, in units of its spread,
    counts as badly conditioned: cross-products about that origin have lost its digits.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics, chapter 3.

    Examples
    --------
    >>> condition_number(np.array([[4.0, 0.0], [0.0, 9.0]]))
    1.0
    """
    size = np.sqrt(np.diag(gram))
    if not (size > RANK_TOLERANCE * size.max()).all():
        return float("inf")
    values = np.linalg.eigvalsh(gram / np.outer(size, size))
    return float(values[-1] / values[0]) if values[0] > 0 else float("inf")


def condition_note(condition: float, road: str) -> tuple[str, ...]:
    """Say by which road the fit went, and how many digits to expect."""
    if condition <= MOMENTS_ARE_ENOUGH:
        return ()
    digits = max(int(15 - np.log10(condition)), 0)
    return (
        f"the regressors are close to linearly dependent (condition number {condition:.1e}): "
        f"{road}; expect about {digits} correct digits",
    )


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


def refuse_without_rows(gram: np.ndarray, terms: Sequence[str], condition: float) -> None:
    """Refuse moments whose condition asks for the rows, naming the columns involved."""
    size = np.sqrt(np.diag(gram))
    constant = size <= RANK_TOLERANCE * size.max()
    size[constant] = 1.0
    values, vectors = np.linalg.eigh(gram / np.outer(size, size))
    small = np.abs(vectors[:, values <= values[-1] / REFINEMENT_IS_ENOUGH])
    involved = constant | (small > 1e-4).any(axis=1)
    named = [term for term, is_in in zip(terms, involved, strict=True) if is_in]
    raise DesignError(
        explain(
            what=f"moments alone cannot tell these columns apart: {first_ten(named)} "
            f"(condition number {condition:.1e})",
            where="a column that is constant repeats the Intercept",
            remedy="leave one of them out, or give a frame in memory, whose rows allow QR",
        )
    )


class RankDeficient(DesignError):
    """Regressors that repeat each other: a fault of the file or the study, not of their size."""


def refuse_dependent(design: np.ndarray, terms: Sequence[str]) -> None:
    """Refuse linearly dependent regressors, naming those that repeat others."""
    size = np.linalg.norm(design, axis=0)
    if (size == 0).any():
        # about its mean a constant column is zero: it repeats the Intercept
        named = [terms[j] for j in np.flatnonzero(size == 0)]
        _refuse_rank(named, "constant", terms)
    _, r, pivot = linalg.qr(design / size, mode="economic", pivoting=True)
    small = np.abs(np.diag(r)) <= RANK_TOLERANCE * abs(r[0, 0])
    if small.any():
        rank = int((~small).sum())
        share = linalg.solve_triangular(r[:rank, :rank], r[:rank, rank:])
        partners = pivot[:rank][(np.abs(share) > 1e-6).any(axis=1)]
        named = [terms[j] for j in sorted([*pivot[rank:], *partners])]
        _refuse_rank(named, "linearly dependent", terms)


def _refuse_rank(named: Sequence[str], why: str, terms: Sequence[str]) -> None:
    raise RankDeficient(
        explain(
            what=f"the model is rank-deficient: {first_ten(named)} "
            f"{'is' if len(named) == 1 else 'are'} {why}",
            where=f"regressors: {first_ten(terms)}",
            remedy="leave one of them out",
        )
    )
