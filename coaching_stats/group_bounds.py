"""Between which bounds the share of each group lies: the best case, the worst case, chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.group_shares import GroupShares, group_shares, share_interval
from coaching_stats.resampling import cluster_weights, keep_usable, percentile_interval
from coaching_stats.results import t_quantile
from coaching_stats.true_scores import TeamValues, correlations

CONF_LEVEL = 0.95
COMMON, UNEXPLAINED = "common", "unexplained"
Versions = tuple[GroupShares, GroupShares]  # as measured, and of true scores
Row = dict[str, object]


@dataclass(frozen=True)
class Group:
    """Positions of a group's predictors; the first `n_own` come from the outcome's respondent."""

    members: tuple[int, ...]
    n_own: int = 0


def bounds(
    teams: TeamValues, groups: Mapping[str, Group], n_boot: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Bounds of the share of each group in what differs between teams.

    Each group enters last (worst case) and first (best case), in correlations as measured and in
    those of true scores. The interval reaches from the lower end of the worst cases to the upper
    end of the best ones; where a group clearly has more after the others than alone, from the
    lowest to the highest end of all four.

    Parameters
    ----------
    teams : TeamValues
    groups : mapping from name to Group
        Every predictor in one group.
    n_boot : int
        Resamples of the clusters, with Rao-Wu weights.
    rng : Generator

    Returns
    -------
    frame : DataFrame
        One row per group, then ``common`` and ``unexplained``: ``group, estimate, std_error,
        conf_low, conf_high, worst, best, unique, alone, unique_true, alone_true``; shares of the
        outcome's variance between teams.
    notes : tuple of str

    Raises
    ------
    DesignError
        More than 5 % of the resamples carry no correlations.
    """
    n_clusters = teams.n_clusters
    weights = [np.ones((1, n_clusters)), cluster_weights(n_clusters, n_boot, rng)]
    versions = correlations(teams, np.concatenate(weights))
    usable = np.all([np.isfinite(c[1:]).all(axis=(1, 2)) for c in versions], axis=0)
    kept, dropped = keep_usable(np.arange(n_boot), usable)
    rows = np.concatenate([[0], 1 + kept])
    members = {name: list(group.members) for name, group in groups.items()}
    measured, true = (group_shares(c[rows], members) for c in versions)
    # few clusters: resamples take their spread as known, as normal quantiles do
    widening = float(t_quantile(0.975, n_clusters - 1) / t_quantile(0.975, np.inf))
    found = [
        _of_group(name, group, place, (measured, true), widening)
        for place, (name, group) in enumerate(groups.items())
    ]
    common = _common((measured, true), widening)
    unexplained = _unexplained((measured, true), widening)
    return pd.DataFrame([*found, common, unexplained]), dropped


def _of_group(name: str, group: Group, place: int, versions: Versions, widening: float) -> Row:
    """Row of one group; in its worst case the outcome's own respondent does not count."""
    last = [shares.last[name][:, group.n_own :] for shares in versions]
    first = [shares.first[name] for shares in versions]
    points = [min(float((vectors[0] ** 2).sum()), 1.0) for vectors in (*last, *first)]
    lows = [_interval(vectors, widening)[0] for vectors in last]
    highs = [_interval(vectors, widening)[1] for vectors in first]
    if any(_is_hidden(shares, place) for shares in versions):
        lows += [_interval(vectors, widening)[0] for vectors in first]
        highs += [_interval(vectors, widening)[1] for vectors in last]
    shapley = versions[0].shapley[:, place]
    return {
        "group": name,
        "estimate": float(shapley[0]),
        "std_error": float(shapley[1:].std(ddof=1)),
        "conf_low": min(*lows, *points),
        "conf_high": max(*highs, *points),
        "worst": min(points),
        "best": max(points),
        "unique": float(versions[0].unique()[0, place]),
        "alone": float(versions[0].alone()[0, place]),
        "unique_true": float(versions[1].unique()[0, place]),
        "alone_true": float(versions[1].alone()[0, place]),
    }


def _is_hidden(shares: GroupShares, place: int) -> bool:
    """Whether a group clearly has more after the others than alone: suppression."""
    more = shares.unique()[1:, place] - shares.alone()[1:, place]
    return bool(np.quantile(more, (1 - CONF_LEVEL) / 2) > 0)


def _interval(vectors: np.ndarray, widening: float) -> tuple[float, float]:
    """Interval of a share from its vector (1 + B, k), the estimate first."""
    return share_interval(vectors[0], vectors[0] + widening * (vectors[1:] - vectors[0]))


def _common(versions: Versions, widening: float) -> Row:
    """What goes with several groups and cannot be told apart; below zero under suppression.

    The basic bootstrap interval, since R squared is as much too large in a resample of the data
    as it is in the data.
    """
    values = [shares.common() for shares in versions]
    spread = [widening * (v[1:, None] - v[0]) for v in values]
    ends = [percentile_interval(v[0] - d, CONF_LEVEL) for v, d in zip(values, spread, strict=True)]
    return {
        "group": COMMON,
        "estimate": float(values[0][0]),
        "std_error": float(values[0][1:].std(ddof=1)),
        "conf_low": min(float(low[0]) for low, _ in ends),
        "conf_high": max(float(high[0]) for _, high in ends),
        "worst": min(float(v[0]) for v in values),
        "best": max(float(v[0]) for v in values),
    }


def _unexplained(versions: Versions, widening: float) -> Row:
    """What goes with none of the groups."""
    left = [1 - (shares.whole**2).sum(axis=1) for shares in versions]
    ends = [_interval(shares.whole, widening) for shares in versions]
    return {
        "group": UNEXPLAINED,
        "estimate": float(left[0][0]),
        "std_error": float(left[0][1:].std(ddof=1)),
        "conf_low": min(1 - high for _, high in ends),
        "conf_high": max(1 - low for low, _ in ends),
        "worst": min(float(v[0]) for v in left),
        "best": max(float(v[0]) for v in left),
    }
