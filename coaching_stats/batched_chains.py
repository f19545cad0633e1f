"""Cluster bootstrap of one chain in many surveys at once, from cross-products per cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coaching_stats.cells import sum_products
from coaching_stats.chains import (
    TILE,
    chain_effects,
    is_constant_within,
    pack,
    products_of_means,
)
from coaching_stats.resampling import TooFewResamples, cluster_weights, keep_usable


@dataclass(frozen=True, eq=False)
class ChainRows:
    """Complete rows of a chain in one survey.

    Attributes
    ----------
    values : ndarray, shape (n, p)
        z-scores: covariates, then the variables of the chain in their order.
    codes : ndarray of int, shape (n,), or None
        Cluster of each row; None where rows are independent.
    """

    values: np.ndarray
    codes: np.ndarray | None

    def products(self, length: int) -> np.ndarray:
        """Cross-products of [1, values] by cluster, shape (G, p + 1, p + 1).

        Clusters stand in the order in which `estimates.bootstrap_chain` meets them, so that the
        same random numbers draw the same clusters.
        """
        order = np.lexsort(self.values.round(9).T)
        rows = np.column_stack([np.ones(len(order)), self.values[order]])
        if self.codes is None:
            return rows[:, :, None] * rows[:, None, :]
        _, first, code = np.unique(self.codes[order], return_index=True, return_inverse=True)
        place = np.argsort(np.argsort(first))
        found = sum_products(rows, place[code], len(first))
        has_groups = len(order) > len(first)
        if has_groups and is_constant_within(found, found.shape[1] - length):
            return products_of_means(found)
        return found


def bootstrap_chains(
    surveys: Sequence[ChainRows],
    length: int,
    seeds: Sequence[np.random.SeedSequence],
    *,
    n_boot: int,
    probabilities: Sequence[float],
) -> tuple[np.ndarray, np.ndarray]:
    """Product of the links from the first to the last variable, and quantiles of its resamples.

    Parameters
    ----------
    surveys : sequence of ChainRows, length N
    length : int
        Variables in the chain.
    seeds : sequence of SeedSequence, length N
    n_boot : int
    probabilities : sequence of float, length q

    Returns
    -------
    estimate : ndarray, shape (N,)
    ends : ndarray, shape (q, N)
        Type 7 quantiles; nan where more than 5 % of a survey's resamples cannot carry the chain.

    Notes
    -----
    Each survey draws from a stream of its own; only the elimination is shared.
    """
    units = np.ones(length)
    packed = [pack(rows.products(length)) for rows in surveys]
    whole = np.stack([one.sum(axis=1) for one in packed], axis=1)
    estimate = chain_effects(whole, units)[0][:, -1]
    at_once = max(1, TILE // n_boot)
    ends = [
        _ends(packed[i : i + at_once], seeds[i : i + at_once], units, n_boot, probabilities)
        for i in range(0, len(packed), at_once)
    ]
    return estimate, np.concatenate(ends, axis=1)


def _ends(
    packed: Sequence[np.ndarray],
    seeds: Sequence[np.random.SeedSequence],
    units: np.ndarray,
    n_boot: int,
    probabilities: Sequence[float],
) -> np.ndarray:
    drawn = np.concatenate(
        [
            one @ cluster_weights(one.shape[1], n_boot, np.random.default_rng(seed)).T
            for one, seed in zip(packed, seeds, strict=True)
        ],
        axis=1,
    )
    effects, usable = chain_effects(drawn, units)
    draws, usable = effects[:, -1].reshape(-1, n_boot), usable.reshape(-1, n_boot)
    if usable.all():
        return np.quantile(draws, probabilities, axis=1)
    kept = [_kept(one, is_so) for one, is_so in zip(draws, usable, strict=True)]
    return np.stack([np.quantile(one, probabilities) for one in kept], axis=1)


def _kept(draws: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Draws of one survey that can be used, or nan alone where too few can."""
    try:
        return keep_usable(draws, usable)[0]
    except TooFewResamples:
        return np.full(1, np.nan)
