"""All specifications together: the joint test against the null, and what choice moves them."""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial

import numpy as np
import pandas as pd

from coaching_stats.results import Table
from coaching_stats.specification_fits import Fits
from coaching_stats.specifications import Grid

INTERACTIONS = "interactions"
MOST_FACTORS = 12  # with more, all covariates count as one choice when variance is divided
BALANCED = 1e-9  # relative size of cross-products below which choices are orthogonal
SLACK = 1e-8  # replicates that equal the data tie with the data but for rounding


def joint_test(fits: Fits, is_fitted: np.ndarray) -> Table:
    """Test all specifications together against their resamples under the null.

    Parameters
    ----------
    fits : Fits
    is_fitted : ndarray of bool, shape (M,)
        Models that could be fitted.

    Returns
    -------
    Table
        ``test, estimate, null_limit, p_value``: the statistic of the data, the distance from zero
        that 95 % of the resamples under the null keep within, and the two-sided p.
    """
    slope, slopes = fits.slope[is_fitted], fits.slopes[is_fitted]
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = fits.slope[:, None, None] / fits.std_error
    usable = np.isfinite(statistic)
    t, ts = statistic[usable], fits.statistics[usable]
    tests = {"median_estimate": (np.median(slope), np.median(slopes, axis=0))}
    if len(t):
        with np.errstate(invalid="ignore"):  # infinite statistics of both signs
            tests |= {
                "median_statistic": (np.median(t), np.median(ts, axis=0)),
                "mean_statistic": (t.mean(), ts.mean(axis=0)),
            }
    rows = [(name, observed, *_against(observed, null)) for name, (observed, null) in tests.items()]
    return Table(pd.DataFrame(rows, columns=["test", "estimate", "null_limit", "p_value"]))


def _against(observed: float, null: np.ndarray) -> tuple[float, float]:
    """Distance that 95 % of the resamples keep within, and the share as far out as the data."""
    limit = np.quantile(np.abs(null), 0.95, method="higher")
    is_nearer = np.abs(null) < abs(observed) * (1 - SLACK)  # what is no number counts as far out
    return float(limit), float(np.mean(~is_nearer))


def decomposition(grid: Grid, frame: pd.DataFrame, model: np.ndarray) -> Table:
    """Say which choice moves the estimate, and which the t statistic.

    Parameters
    ----------
    grid : Grid
    frame : DataFrame
        Specifications.
    model : ndarray of int
        Model of the grid that each row of the frame belongs to.

    Returns
    -------
    Table
        ``choice, n_levels, estimate_share, statistic_share``, as `variance_shares` divides them.
    """
    factors = {k: frame[k].to_numpy() for k in ("outcome", "predictor", "rows", "cluster", "vcov")}
    included = grid.included[model]
    factors |= {covariate: included[:, j] for j, covariate in enumerate(grid.covariates)}
    levels = {name: len(pd.unique(codes)) for name, codes in factors.items()}
    factors = {name: codes for name, codes in factors.items() if levels[name] > 1}
    notes: tuple[str, ...] = ()
    if len(factors) > MOST_FACTORS and not _is_balanced(*_design(factors, len(frame))):
        factors = {name: codes for name, codes in factors.items() if name not in grid.covariates}
        factors["covariates"] = included
        notes = ("all covariates count as one choice: they are too many to be told apart",)
    usable = np.isfinite(frame["statistic"].to_numpy())
    of_statistic = {name: codes[usable] for name, codes in factors.items()}
    shares = (
        variance_shares(frame["estimate"].to_numpy(), factors),
        variance_shares(frame.loc[usable, "statistic"].to_numpy(), of_statistic),
    )
    rows = [
        (name, levels.get(name, np.nan), *(found[name] for found in shares)) for name in shares[0]
    ]
    columns = ["choice", "n_levels", "estimate_share", "statistic_share"]
    table = pd.DataFrame(rows, columns=columns)
    is_last = (table["choice"] == INTERACTIONS).to_numpy()
    order = np.lexsort((-table["estimate_share"].to_numpy(), is_last))
    return Table(table.iloc[order].reset_index(drop=True), notes)


def variance_shares(values: np.ndarray, factors: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Share of the variance of some values that goes with each choice.

    Parameters
    ----------
    values : ndarray, shape (S,)
    factors : mapping from choice to ndarray, shape (S,), or bool, shape (S, c)
        Level of each choice; or what is in and what is out, as one choice.

    Returns
    -------
    dict
        One share per factor, and the rest as ``interactions``; they sum to 1. nan without
        variance.

    Notes
    -----
    On a balanced grid: sums of squares of the main effects over the total (Fisher's analysis of
    variance). Where choices are not orthogonal, the Shapley value of each choice in R squared of
    the main effects: the mean of what it adds over all orders of the choices (Lindeman, Merenda &
    Gold 1980, Introduction to Bivariate and Multivariate Analysis, 119-127), which on a balanced
    grid is the same number. Shares say which choice moves the estimate in this grid: a grid with
    wilder alternatives of one choice gives that choice more.

    Examples
    --------
    >>> scale, sellers = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> variance_shares(np.array([0.0, 1.0, 2.0, 3.0]), {"scale": scale, "rows": sellers})
    {'scale': 0.8, 'rows': 0.2, 'interactions': 0.0}
    """
    centred = values - values.mean()
    total = float(centred @ centred)
    if not total > 1e-24 * max(1.0, float(values @ values)):
        return dict.fromkeys((*factors, INTERACTIONS), float("nan"))
    design, block = _design(factors, len(values))
    gram, moment = design.T @ design, design.T @ centred
    if _is_balanced(design, block):
        found = [_explained(gram, moment, block == j) for j in range(len(factors))]
    else:
        found = _shapley(gram, moment, block, len(factors))
    shares = {name: float(one / total) for name, one in zip(factors, found, strict=True)}
    return {**shares, INTERACTIONS: max(0.0, 1.0 - sum(shares.values()))}


def _design(factors: Mapping[str, np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Centred indicators of all levels but the first (n, d), and the factor of each (d,)."""
    found, block = [np.empty((n, 0))], []
    for j, levels in enumerate(factors.values()):
        one = levels.reshape(n, -1)
        if one.shape[1] == 1:  # several columns are indicators already
            code = np.unique(one.astype(str), return_inverse=True)[1].reshape(n, 1)
            one = code == np.arange(1, code.max() + 1)
        found.append(one - one.mean(axis=0))
        block += [j] * one.shape[1]
    return np.column_stack(found), np.array(block, dtype=int)


def _is_balanced(design: np.ndarray, block: np.ndarray) -> bool:
    """Whether the choices are orthogonal to each other."""
    between = np.abs(design.T @ design)[block[:, None] != block]
    return bool(between.max(initial=0.0) < BALANCED * len(design))


def _explained(gram: np.ndarray, moment: np.ndarray, used: np.ndarray) -> float:
    if not used.any():
        return 0.0
    part = gram[np.ix_(used, used)]
    return float(moment[used] @ np.linalg.lstsq(part, moment[used], rcond=1e-10)[0])


def _shapley(gram: np.ndarray, moment: np.ndarray, block: np.ndarray, n: int) -> list[float]:
    """Shapley value of each block of columns in the explained sum of squares."""
    member = np.arange(2**n)[:, None] >> np.arange(n) & 1
    worth = np.array([_explained(gram, moment, row[block] == 1) for row in member])
    size = member.sum(axis=1)
    found = []
    for j in range(n):
        without = np.flatnonzero(member[:, j] == 0)
        weight = [factorial(s) * factorial(n - s - 1) / factorial(n) for s in size[without]]
        found.append(float(np.dot(weight, worth[without + 2**j] - worth[without])))
    return found
