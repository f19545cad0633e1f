"""A formula and a frame become arrays: the outcome, the regressors and which rows are complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import formulaic
import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.types import Term

from coaching_stats.errors import DataError, DesignError, explain, first_ten
from coaching_stats.frames import (
    is_numeric,
    numeric_columns,
    reads_as_numbers,
    refuse_infinite,
    refuse_no_rows,
    refuse_text,
    require_columns,
)


@dataclass(frozen=True, eq=False)
class Design:
    """The complete rows of a model; n rows, k regressors.

    Attributes
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
    terms : tuple of str, length k
        ``Intercept`` first where there is a constant.
    complete : ndarray of bool
        Which rows of the frame these are.
    notes : tuple of str
    """

    y: np.ndarray
    x: np.ndarray
    terms: tuple[str, ...]
    complete: np.ndarray
    notes: tuple[str, ...] = ()


def plain_formula(formula: str) -> tuple[str, tuple[str, ...]]:
    """Read a formula whose terms are columns: the outcome, and the terms.

    Raises
    ------
    DesignError
        An interaction or a transform.

    Examples
    --------
    >>> plain_formula("y ~ x + z")
    ('y', ('Intercept', 'x', 'z'))
    """
    parsed = _parse(formula)
    made = [str(term) for term in [*parsed.lhs, *parsed.rhs] if _column(term) is None]
    if made:
        raise DesignError(
            explain(
                what=f"moments hold columns only, but the formula asks for {first_ten(made)}",
                where=formula,
                remedy="make it a column before cluster_moments, or give regress the frame",
            )
        )
    return str(_column(parsed.lhs[0])), tuple(str(_column(term)) for term in parsed.rhs)


def design(formula: str, data: pd.DataFrame) -> Design:
    """Evaluate a formula on a frame, by listwise deletion.

    Raises
    ------
    DataError
        A column is missing, infinite, or holds text that ought to be numbers; the formula cannot
        be evaluated, or names no single numeric outcome.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, None], "x": [True, False, True]})
    >>> made = design("y ~ x", frame)
    >>> made.terms, made.x.tolist(), made.complete.tolist()
    (('Intercept', 'x'), [[1.0, 1.0], [1.0, 0.0]], [True, True, False])
    """
    parsed = _parse(formula)
    outcome, terms = _column(parsed.lhs[0]), [_column(term) for term in parsed.rhs]
    plain = [name for name in (outcome, *terms) if name not in (None, "Intercept")]
    named = list(dict.fromkeys([*plain, *sorted(parsed.required_variables)]))
    require_columns(data, named)
    numbers = [name for name in plain if is_numeric(data[name])]
    for name in plain:
        if name not in numbers and (name == outcome or not _is_category(data[name])):
            refuse_text(data[name])
    values = numeric_columns(data, numbers)
    if outcome is not None and None not in terms and len(numbers) == len(plain):
        return _from_columns(values, terms, numbers)
    # formulaic takes a number kept as an object, or a nullable one, for a category
    data = data.assign(**dict(zip(numbers, values.T, strict=True)))
    return _from_formula(parsed, formula, data, named)


def _parse(formula: str) -> formulaic.Formula:
    try:
        parsed = formulaic.Formula(formula)
    except FormulaicError as problem:
        raise _unusable(formula, problem) from None
    outcomes = [term.degree for term in getattr(parsed, "lhs", ())]
    if len(outcomes) != 1 or outcomes[0] == 0 or not len(parsed.rhs):
        raise _no_outcome(formula)
    return parsed


def _no_outcome(formula: str) -> DataError:
    return DataError(
        explain(
            what=f"the formula {formula!r} must name one numeric outcome before the ~, "
            "and something after it",
            remedy="write it as 'outcome ~ predictor + covariate'",
        )
    )


def _unusable(formula: str, problem: Exception) -> DataError:
    return DataError(
        explain(
            what=f"the formula {formula!r} cannot be used: {str(problem).splitlines()[0]}",
            remedy="correct the formula or the column names",
        )
    )


def _column(term: Term) -> str | None:
    """Name of the column that a term is, ``Intercept`` for the constant, None for anything else."""
    if term.degree == 0:
        return "Intercept"
    factors = list(term.factors)
    is_plain = len(factors) == 1 and factors[0].eval_method.value == "lookup"
    return str(factors[0].expr) if is_plain else None


def _is_category(column: pd.Series) -> bool:
    """Say whether a column that is not numeric may stand for a category."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    return pd.api.types.is_string_dtype(column.dropna()) and not reads_as_numbers(column)


def _refuse_gaps(seen: np.ndarray, named: Sequence[str]) -> None:
    """Refuse columns (n, q) that no row has together, naming those without any value."""
    empty = [name for name, has_any in zip(named, seen.any(axis=0), strict=True) if not has_any]
    why = f"no value at all in {first_ten(empty)}" if empty else f"together: {first_ten(named)}"
    refuse_no_rows(int(seen.all(axis=1).sum()), why)


def _from_columns(values: np.ndarray, terms: Sequence[str], named: Sequence[str]) -> Design:
    """Build a design whose terms are the columns of `values`, the outcome first."""
    complete = ~np.isnan(values).any(axis=1)
    if not complete.all():
        _refuse_gaps(~np.isnan(values), named)
        values = values[complete]
    x = values[:, 1:]
    if "Intercept" in terms:
        x = np.column_stack([np.ones(len(x)), x])
    return Design(values[:, 0], x, tuple(terms), complete)


def _from_formula(
    parsed: formulaic.Formula, formula: str, data: pd.DataFrame, named: Sequence[str]
) -> Design:
    seen = data[list(named)].notna().to_numpy()
    _refuse_gaps(seen, named)
    complete = seen.all(axis=1)
    frame, notes = _without_unused_levels(data.loc[complete], named)
    try:
        with np.errstate(all="ignore"):  # what a logarithm cannot do is refused or counted below
            made = parsed.get_model_matrix(
                frame.reset_index(drop=True), context={}, na_action="ignore"
            )
    except (FormulaicError, TypeError, ValueError) as problem:
        raise _unusable(formula, problem) from None
    if made.lhs.shape[1] != 1:
        raise _no_outcome(formula)
    terms = tuple(made.rhs.columns)
    values = np.column_stack([made.lhs.to_numpy(dtype=float), made.rhs.to_numpy(dtype=float)])
    refuse_infinite(values, [*made.lhs.columns, *terms], frame.index)
    usable = ~np.isnan(values).any(axis=1)  # the logarithm of -1, say
    complete[complete] = usable
    return Design(values[usable, 0], values[usable, 1:], terms, complete, notes)


def _without_unused_levels(
    frame: pd.DataFrame, columns: Iterable[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Drop the levels of categories that no complete row has, as R's lm does."""
    changed, notes = {}, []
    for name in columns:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            changed[name] = column.cat.remove_unused_categories()
            gone = [c for c in column.cat.categories if c not in changed[name].cat.categories]
            if gone:
                notes.append(f"levels of {name!r} without complete rows: {first_ten(gone)}")
    return frame.assign(**changed), tuple(notes)
