"""Serial mediation: what runs from x through a chain of mediators to y.

Every variable is regressed on the covariates and on all variables before it in the chain, all
from cluster moments, so that a resample of clusters costs one product of weights with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coaching_stats import chains
from coaching_stats.chain_rows import (
    chain_rows,
    refuse_dependent,
    refuse_few_means,
    refuse_names,
    refuse_options,
    refuse_too_few,
)
from coaching_stats.moments import Moments, Selection, moments_of
from coaching_stats.resampling import (
    bca_interval,
    bca_p_value,
    keep_usable,
    percentile_interval,
    percentile_p_value,
)
from coaching_stats.results import COLUMNS, Result, freeze

FEW_CLUSTERS = 20
FEW = "{n_clusters} clusters, fewer than 20: bootstrap intervals are then too short"
BETWEEN = (
    "{x} is constant within clusters, so what it does can run between clusters only: every path "
    "is a slope between cluster means, each cluster weighing as many as its rows (with few rows "
    "per cluster such slopes lean towards those within clusters)"
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Mediation(Result):
    """Paths and indirect effects of a serial chain, in raw units, with bootstrap uncertainty.

    Attributes
    ----------
    draws : ndarray, shape (B, k)
        Resampled estimates, one column per term.
    left_out : ndarray, shape (G, k)
        Estimates without each cluster (BCa only, else no rows).
    ci : str
    n_obs : int
    n_clusters : int or None
    """

    draws: np.ndarray
    left_out: np.ndarray
    ci: str
    n_obs: int
    n_clusters: int | None

    def interval(self, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
        """Bootstrap interval of every term.

        Parameters
        ----------
        conf_level : float, between 0 and 1

        Returns
        -------
        low, high : ndarray, shape (k,)
            In the units of the estimates.
        """
        if self.ci == "bca":
            return bca_interval(self.draws, self.estimate, self.left_out, conf_level)
        return percentile_interval(self.draws, conf_level)

    def tidy(self) -> pd.DataFrame:
        """One row per term; p by inverting the interval, df nan."""
        error = self.std_error
        low, high = self.interval(self.conf_level)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = self.estimate / error
        if self.ci == "bca":
            p_value = bca_p_value(self.draws, self.estimate, self.left_out)
        else:
            p_value = percentile_p_value(self.draws)
        values = (self.terms, self.estimate, error, statistic, self.df, p_value, low, high)
        return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))

    def glance(self) -> pd.DataFrame:
        """One row about the model as a whole."""
        row = {
            "method": f"{'cluster ' if self.n_clusters else ''}bootstrap, {self.ci}",
            "n_obs": self.n_obs,
            "n_clusters": np.nan if self.n_clusters is None else self.n_clusters,
            "n_boot": len(self.draws),
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])


def mediate(
    data: pd.DataFrame | Moments,
    *,
    x: str,
    mediators: Sequence[str],
    y: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    n_boot: int | None = None,
    ci: Literal["percentile", "bca"] = "percentile",
    conf_level: float = 0.95,
    seed: int | np.random.Generator | None = None,
) -> Mediation:
    """Estimate a serial chain x -> mediators -> y by least squares, with a cluster bootstrap.

    Parameters
    ----------
    data : DataFrame, one row per observation, or Moments
        Moments bring their own clusters.
    x, y : str
        Numeric columns: where the chain starts and ends.
    mediators : sequence of str
        Numeric columns, in the order of the chain.
    covariates : sequence of str
        Numeric columns in every equation.
    cluster : str, optional
        Column that names the cluster; whole clusters are then resampled with Rao-Wu weights.
        Without it every row is its own cluster.
    n_boot : int, optional
        5,000 when not given, 10,000 for BCa.
    ci : {"percentile", "bca"}
    conf_level : float
    seed : int or Generator, optional

    Returns
    -------
    Mediation
        Terms: every path as ``"LAT~SPR"`` (x to y as ``"direct"``), ``"total"``, ``"indirect"``
        (sum of all), and each chain as ``"SPR->LAT->WTC"``; raw units.

    Raises
    ------
    DataError
        A column is missing or holds text.
    DesignError
        No mediator, a column named twice, one cluster, dependent columns, or too many resamples
        lost.

    Notes
    -----
    An indirect effect is causal only when nothing unmeasured moves two of the variables in the
    chain and none of them runs backwards. With fewer than 20 clusters the intervals are too
    short: measured coverage of a nominal 95 % interval is 91 to 92 % at 8 clusters.

    An x that is constant within clusters can move a mediator only between clusters, so its
    indirect effect runs through the cluster means: with m_g the means and n_g the rows of
    cluster g, all regressions then use sum_g n_g [1, m_g]'[1, m_g]. That equals regressing rows
    on means and on deviations from them, and taking the slopes of the means.

    References
    ----------
    Taylor, MacKinnon & Tein (2008), Organizational Research Methods 11, 241-269; Rao & Wu (1988),
    Journal of the American Statistical Association 83, 231-241; Zhang, Zyphur & Preacher (2009),
    Organizational Research Methods 12, 695-719, and Preacher, Zyphur & Zhang (2010), Psychological
    Methods 15, 209-233, for an x at the level of the cluster.

    Examples
    --------
    >>> rows = pd.DataFrame({"x": range(12), "m": [0, 1, 2, 4, 4, 6, 5, 8, 7, 9, 11, 10]})
    >>> rows["y"] = rows["m"] * 2 + rows["x"] % 3
    >>> chain = mediate(rows, x="x", mediators=["m"], y="y", n_boot=50, seed=1)
    >>> chain.terms
    ('m~x', 'y~m', 'direct', 'total', 'indirect', 'x->m->y')
    """
    n_boot = (10_000 if ci == "bca" else 5_000) if n_boot is None else n_boot
    refuse_options(ci, n_boot, conf_level)
    chain = [x, *mediators, y]
    columns = [*covariates, *chain]
    refuse_names(mediators, covariates, columns)
    selection, rows, notes = chain_rows(data, columns, cluster)
    has_clusters = cluster is not None or isinstance(data, Moments)
    rng = np.random.default_rng(seed)
    return _chain(selection, rows, columns, chain, has_clusters, notes, n_boot, ci, conf_level, rng)


def mediate_arrays(
    values: np.ndarray,
    covariates: Sequence[str],
    chain: Sequence[str],
    codes: np.ndarray | None,
    *,
    n_boot: int,
    seed: np.random.Generator,
) -> Mediation:
    """Estimate a serial chain as `mediate` does, from arrays of complete rows.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Covariates, then the variables of the chain in their order.
    covariates, chain : sequence of str
        Names of the columns, p in all.
    codes : ndarray of int, shape (n,), or None
        Cluster of each row, 0 to G - 1 without gaps.
    n_boot : int
    seed : Generator
    """
    columns = [*covariates, *chain]
    units = np.arange(len(values)) if codes is None else codes
    selection = moments_of(values, units, columns).select(columns)
    has_clusters = codes is not None
    return _chain(
        selection, values, columns, list(chain), has_clusters, (), n_boot, "percentile", 0.95, seed
    )


def _chain(
    selection: Selection,
    rows: np.ndarray | None,
    columns: list[str],
    chain: list[str],
    has_clusters: bool,
    notes: tuple[str, ...],
    n_boot: int,
    ci: str,
    conf_level: float,
    rng: np.random.Generator,
) -> Mediation:
    """Point estimates, resamples and what was noted on the way."""
    products = selection.weighted
    refuse_too_few(selection, columns, has_clusters)
    has_groups = has_clusters and selection.n_rows.max() > 1
    if has_groups and chains.is_constant_within(products, 1 + len(columns) - len(chain)):
        refuse_few_means(len(products), columns)
        products = chains.products_of_means(products)
        notes += (BETWEEN.format(x=chain[0]),)
    notes += refuse_dependent(products.sum(axis=0), columns, rows)

    units = selection.scale[len(columns) - len(chain) :]
    packed = chains.pack(products)
    point, _ = chains.chain_effects(packed.sum(axis=1, keepdims=True), units)
    draws, usable = chains.resampled_effects(packed, units, n_boot, rng)
    draws, dropped = keep_usable(draws, usable)
    if has_clusters and len(products) < FEW_CLUSTERS:
        notes += (FEW.format(n_clusters=len(products)),)
    return Mediation(
        terms=chains.chain_terms(chain),
        estimate=point[0],
        vcov=np.cov(draws, rowvar=False),
        df=np.full(point.shape[1], np.nan),
        conf_level=conf_level,
        notes=notes + dropped,
        draws=freeze(draws),
        left_out=freeze(chains.left_out_effects(packed, units) if ci == "bca" else point[:0]),
        ci=ci,
        n_obs=int(selection.n_rows.sum()),
        n_clusters=len(products) if has_clusters else None,
    )
