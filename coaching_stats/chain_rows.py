"""Which rows a chain is estimated from, as moments; what cannot carry one is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coaching_stats import condition
from coaching_stats.errors import DesignError, explain, first_ten, nearest
from coaching_stats.frames import cluster_codes, left_out, numeric_columns
from coaching_stats.moments import Moments, Selection, moments_of

INTERVALS = ("percentile", "bca")


def refuse_options(ci: str, n_boot: int, conf_level: float) -> None:
    """Refuse options that no interval can be made with."""
    if ci not in INTERVALS:
        _refuse(f"unknown interval {ci!r}{nearest(ci, INTERVALS)}", "write percentile or bca")
    if n_boot < 2:
        _refuse(f"n_boot {n_boot} is too few for an interval", "give 5000, say")
    if not 0 < conf_level < 1:
        _refuse(f"conf_level {conf_level} is not between 0 and 1", "give 0.95, say")


def refuse_names(
    mediators: Sequence[str], covariates: Sequence[str], columns: Sequence[str]
) -> None:
    """Refuse a text where a list belongs, no mediator, and a column with two places."""
    if isinstance(mediators, str) or isinstance(covariates, str):
        _refuse("mediators and covariates are lists of columns", "write [column] for a single one")
    if not mediators:
        _refuse("no mediator is named", "name at least one column")
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        _refuse(
            f"named twice in one chain: {first_ten(twice)}",
            "give every column one place: x, mediator, y or covariate",
        )


def _refuse(what: str, remedy: str) -> None:
    raise DesignError(explain(what=what, remedy=remedy))


def chain_rows(
    data: pd.DataFrame | Moments, columns: Sequence[str], cluster: str | None
) -> tuple[Selection, np.ndarray | None, tuple[str, ...]]:
    """Cross-products per cluster of the complete rows, the rows where there are any, and notes."""
    if not isinstance(data, Moments):
        return _select_rows(data, columns, cluster)
    if cluster not in (None, data.cluster):
        _refuse(
            f"moments bring their own clusters ({data.cluster!r}), yet cluster={cluster!r}",
            "leave cluster out, or take the moments by this one",
        )
    selection = data.select(columns)
    notes = data.notes
    if selection.n_dropped:
        notes += (left_out(selection.n_dropped, "a value is missing"),)
    return selection, None, notes


def _select_rows(
    data: pd.DataFrame, columns: Sequence[str], cluster: str | None
) -> tuple[Selection, np.ndarray, tuple[str, ...]]:
    values = numeric_columns(data, columns)
    keep = ~np.isnan(values).any(axis=1)
    notes = []
    known = np.ones(len(values), dtype=bool)
    codes = np.arange(len(values))
    if cluster is not None:
        codes, _, known = cluster_codes(data, cluster)
        if not known.all():
            notes.append(left_out(int((~known).sum()), f"no value in {cluster!r}"))
    if not keep[known].all():
        notes.append(left_out(int((~keep & known).sum()), "a value is missing"))
    keep &= known
    values, codes = values[keep], np.unique(codes[keep], return_inverse=True)[1]
    return moments_of(values, codes, columns).select(columns), values, tuple(notes)


def refuse_too_few(selection: Selection, columns: Sequence[str], has_clusters: bool) -> None:
    """Refuse a single cluster, and fewer rows than coefficients."""
    if has_clusters and len(selection.clusters) < 2:
        _refuse(
            f"clusters among the complete rows: {len(selection.clusters)}, but two are needed",
            "bring data from more clusters, or leave the cluster out",
        )
    condition.refuse_too_few_rows(int(selection.n_rows.sum()), ["Intercept", *columns[:-1]])


def refuse_few_means(n_clusters: int, columns: Sequence[str]) -> None:
    """Refuse a model between clusters that has as many coefficients as clusters."""
    if n_clusters <= len(columns):
        _refuse(
            f"x is constant within clusters, and the means of {n_clusters} clusters cannot carry "
            f"{len(columns)} coefficients",
            "use fewer mediators or covariates, or bring more clusters",
        )


def refuse_dependent(
    total: np.ndarray, columns: Sequence[str], rows: np.ndarray | None
) -> tuple[str, ...]:
    """Refuse dependent columns by name; a note where digits are lost."""
    gram, terms = total[:-1, :-1], ["Intercept", *columns[:-1]]
    kappa = condition.condition_number(gram)
    if kappa > condition.REFINEMENT_IS_ENOUGH:
        if rows is not None:
            design = np.column_stack([np.ones(len(rows)), rows - rows.mean(axis=0)])
            condition.refuse_dependent(design[:, :-1], terms)
        condition.refuse_without_rows(gram, terms, kappa)
    return condition.condition_note(kappa, "every resample works on moments")
