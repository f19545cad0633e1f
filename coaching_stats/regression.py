"""Regression by formula, with variances that hold when people share a team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from coaching_stats import cluster_robust
from coaching_stats.errors import DesignError, explain, first_ten
from coaching_stats.fitted import Regression
from coaching_stats.formulas import design, plain_formula
from coaching_stats.frames import cluster_codes, left_out, require_columns, row_weights
from coaching_stats.least_squares import Fit, Rows, fit_rows, fit_selection, hc3
from coaching_stats.moments import Moments

Vcov = Literal["CR2", "CR1S", "CRV3", "HC3", "iid"]
CLUSTERED = ("CR2", "CR1S", "CRV3")
UNCLUSTERED = ("HC3", "iid")
UNROWED = ("CR2", "CR1S", "CRV3", "iid")  # what moments can give without rows


def regress(
    formula: str,
    data: pd.DataFrame | Moments,
    *,
    cluster: str | None = None,
    vcov: Vcov | None = None,
    conf_level: float = 0.95,
    weights: str | None = None,
) -> Regression:
    """Regress an outcome on predictors, honest about who shares a team.

    Parameters
    ----------
    formula : str
        Such as ``"WTC_m ~ SPR_s + LPR_s"``, in formulaic's grammar.
    data : DataFrame, one row per observation; or Moments
        With `Moments` the terms are its columns, and the clusters and weights are its own.
    cluster : str, optional
        Column that names the cluster of each row (team, firm).
    vcov : {"CR2", "CR1S", "CRV3", "HC3", "iid"}, optional
        CR2 with Satterthwaite degrees of freedom when a cluster is given, else HC3 with n - k.
        CR1S and CRV3 go with G - 1 degrees of freedom.
    conf_level : float
    weights : str, optional
        Column of positive weights. CR2 then takes the errors to be equally large whatever the
        weight, which is what R's clubSandwich does for ``lm(weights=)``.

    Returns
    -------
    Regression
        Coefficients in outcome units per unit of the term.

    Raises
    ------
    DataError
        A column is missing or holds text where a number is needed; infinite values.
    DesignError
        One cluster, linearly dependent terms, or too few rows; HC3 or a transform of a column
        asked of `Moments`.

    Notes
    -----
    Slopes describe association. CR2 errs little from about ten clusters of similar size; with
    few or very unequal clusters read ``df``: below 4 the p-value means little.

    References
    ----------
    Pustejovsky & Tipton (2018), Journal of Business & Economic Statistics 36, 672-683;
    MacKinnon & White (1985), Journal of Econometrics 29, 305-325, for HC3.

    Examples
    --------
    >>> teams = pd.DataFrame({"y": [1.0, 2, 4, 5], "x": [0, 0, 1, 1]})
    >>> regress("y ~ x", teams, vcov="iid").tidy()[["term", "estimate"]].values.tolist()
    [['Intercept', 1.5], ['x', 3.0]]
    """
    _check_level(conf_level)
    if isinstance(data, Moments):
        _refuse_what_moments_have(data, cluster, weights)
        return _regress_moments(formula, data, _method(vcov, UNROWED), conf_level)
    method = _method(vcov, UNCLUSTERED if cluster is None else CLUSTERED)
    require_columns(data, [])
    notes: list[str] = []
    codes = labels = row_weight = None
    known = np.ones(len(data), dtype=bool)
    if cluster is not None:
        codes, labels, known = cluster_codes(data, cluster)
        notes.append(left_out((~known).sum(), f"no value in {cluster!r}"))
    if weights is not None:
        row_weight = row_weights(data, weights)
        notes.append(left_out(np.isnan(row_weight[known]).sum(), f"no value in {weights!r}"))
        known = known & ~np.isnan(row_weight)
    made = design(formula, data if known.all() else data[known])
    notes.append(left_out((~made.complete).sum(), "a value is missing"))
    return regress_arrays(
        made.y,
        made.x,
        made.terms,
        None if codes is None else codes[known][made.complete],
        method,
        labels=labels,
        weights=None if row_weight is None else row_weight[known][made.complete],
        formula=formula,
        conf_level=conf_level,
        notes=(*notes, *made.notes),
    )


def regress_arrays(
    y: np.ndarray,
    x: np.ndarray,
    terms: Sequence[str],
    codes: np.ndarray | None,
    method: Vcov,
    *,
    labels: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    formula: str = "",
    conf_level: float = 0.95,
    notes: tuple[str, ...] = (),
) -> Regression:
    """Regress arrays of complete rows; `codes` name the cluster of each row.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
    terms : sequence of str, length k
        ``Intercept`` first where there is a constant.
    codes : ndarray of int, shape (n,), or None
    method : str
        As `vcov` of `regress`.
    labels : ndarray, shape (G,), optional
        Name of the cluster of each code.
    weights : ndarray, shape (n,), optional
        Positive.
    """
    clusters = None
    cells = np.zeros(len(y), dtype=int)
    if codes is not None:
        present, cells = np.unique(codes, return_inverse=True)
        refuse_one_cluster(len(present), formula)
        clusters = present if labels is None else labels[present]
    if weights is not None:
        weights = weights / weights.mean()
    fit = fit_rows(y, x, terms, cells, weights, clusters)
    return _regression(fit, Rows(x, y, cells, weights), method, formula, conf_level, notes)


def _regress_moments(formula: str, moments: Moments, method: Vcov, conf_level: float) -> Regression:
    """Regress columns of moments on each other; without a constant, about the origin zero."""
    outcome, terms = plain_formula(formula)
    if "Intercept" not in terms:
        moments = moments.moved_to(np.zeros_like(moments.centre), moments.scale)
    selection = moments.select([*(term for term in terms if term != "Intercept"), outcome])
    if method in CLUSTERED:
        refuse_one_cluster(len(selection.clusters), formula)
    notes = (*moments.notes, left_out(selection.n_dropped, "a value is missing"))
    fit = fit_selection(selection, terms, None)
    return _regression(fit, None, method, formula, conf_level, notes)


def _regression(
    fit: Fit,
    rows: Rows | None,
    method: Vcov,
    formula: str,
    conf_level: float,
    notes: tuple[str, ...],
) -> Regression:
    vcov, df = _variance(fit, rows, method)
    return Regression(
        terms=fit.terms,
        estimate=fit.coef,
        vcov=vcov,
        df=df,
        conf_level=conf_level,
        notes=tuple(filter(None, notes)) + fit.notes + _design_notes(fit, df, method),
        method=method,
        formula=formula,
        n_obs=fit.n_obs,
        n_clusters=len(fit.selection.clusters) if method in CLUSTERED else None,
        r_squared=fit.r_squared,
        fit=fit,
    )


def refuse_one_cluster(n_clusters: int, formula: str) -> None:
    """Refuse cluster-robust errors from one cluster: nothing varies between clusters."""
    if n_clusters < 2:
        raise DesignError(
            explain(
                what="all complete rows belong to one cluster",
                where=formula,
                remedy="bring data from more clusters, or leave the cluster out",
            )
        )


def _refuse_what_moments_have(moments: Moments, cluster: str | None, weights: str | None) -> None:
    if weights is not None or cluster not in (None, moments.cluster):
        raise DesignError(
            explain(
                what=f"moments carry their own clusters ({moments.cluster!r}) and weights",
                where=f"cluster={cluster!r}, weights={weights!r}",
                remedy="name them in cluster_moments, and leave them out here",
            )
        )


def _variance(fit: Fit, rows: Rows | None, method: Vcov) -> tuple[np.ndarray, np.ndarray]:
    """Covariance in the user's units, and degrees of freedom; nan where there is none."""
    k = len(fit.terms)
    projection = fit.projection
    df = np.full(k, float(fit.n_obs - k))
    if method == "iid":
        spread = projection.root @ projection.root.T
        return fit.in_user_units(spread * fit.rss / (fit.n_obs - k)), df
    if method == "HC3":
        return fit.in_user_units(hc3(fit, rows)), df
    df = np.full(k, projection.score.shape[0] - 1.0)
    if method == "CRV3":
        vcov = cluster_robust.crv3(projection, fit.contrasts)
        df[np.isnan(np.diag(vcov))] = np.nan
        return vcov, df
    satterthwaite = cluster_robust.satterthwaite_df(projection, fit.contrasts)
    if method == "CR2":
        vcov, df = fit.in_user_units(cluster_robust.cr2(projection)), satterthwaite
    else:
        vcov = fit.in_user_units(cluster_robust.cr1s(projection, fit.n_obs))
    nothing_left = np.isnan(satterthwaite)  # the scores are zero by construction, not by chance
    vcov[nothing_left, :] = vcov[:, nothing_left] = df[nothing_left] = np.nan
    return vcov, df


def _design_notes(fit: Fit, df: np.ndarray, method: Vcov) -> tuple[str, ...]:
    """Say which coefficients the clusters can hardly tell, or not at all."""
    if method not in CLUSTERED:
        return ()
    alone = cluster_robust.identified_alone(fit.projection, fit.contrasts).any(axis=0)
    nearly = cluster_robust.nearly_alone(fit.projection, fit.contrasts).any(axis=0)
    is_lost = np.isnan(df)
    lost = "it needs each of its clusters" if method == "CRV3" else "too few clusters carry it"
    texts = {
        "no standard error for {}: " + lost: is_lost,
        "one cluster alone identifies {}: its standard error says nothing": alone & ~is_lost,
        "one cluster all but identifies {}: its leverage is within 1e-6 of one": nearly,
        "df below 4 for {}: read the interval, not the p-value": (df < 4) & (method == "CR2"),
    }
    return tuple(
        text.format(first_ten(np.array(fit.terms)[said]))
        for text, said in texts.items()
        if said.any()
    )


def _method(vcov: str | None, allowed: tuple[Vcov, ...]) -> Vcov:
    """Choose the variance: the first of the allowed ones unless another is named."""
    method = vcov or allowed[0]
    if method in allowed:
        return method  # type: ignore[return-value]
    why = {
        CLUSTERED: "goes without a cluster",
        UNCLUSTERED: "goes with a cluster",
        UNROWED: "needs rows, which moments have not",
    }
    known = method in CLUSTERED + UNCLUSTERED
    raise DesignError(
        explain(
            what=f"vcov {method!r} {why[allowed]}" if known else f"unknown vcov {method!r}",
            remedy=f"choose one of {first_ten(allowed)}",
        )
    )


def _check_level(conf_level: float) -> None:
    if not 0 < conf_level < 1:
        raise DesignError(
            explain(what=f"conf_level {conf_level} is not between 0 and 1", remedy="give 0.95, say")
        )
