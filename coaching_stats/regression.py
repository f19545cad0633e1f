"""Regression by formula, with variances that hold when people share a team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import formulaic
import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError

from coaching_stats import cluster_robust
from coaching_stats.errors import DataError, DesignError, explain, first_ten
from coaching_stats.frames import cluster_codes
from coaching_stats.least_squares import Fit, Rows, fit_rows, scaled_design
from coaching_stats.results import Result

Vcov = Literal["CR2", "CR1S", "CRV3", "HC3", "iid"]
CLUSTERED = ("CR2", "CR1S", "CRV3")
UNCLUSTERED = ("HC3", "iid")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Regression(Result):
    """Slopes of a linear regression, in outcome units per unit of the term.

    Attributes
    ----------
    method : str
        The variance: CR2, CR1S, CRV3, HC3 or iid.
    formula : str
    n_obs : int
        Complete rows used.
    n_clusters : int or None
    r_squared : float
    fit : Fit
        The fit as its clusters see it, for what follows from it.
    """

    method: str
    formula: str
    n_obs: int
    n_clusters: int | None
    r_squared: float
    fit: Fit

    def glance(self) -> pd.DataFrame:
        """One row about the model as a whole."""
        return pd.DataFrame(
            {
                "method": [self.method],
                "formula": [self.formula],
                "n_obs": [self.n_obs],
                "n_clusters": [np.nan if self.n_clusters is None else self.n_clusters],
                "r_squared": [self.r_squared],
                "conf_level": [self.conf_level],
            }
        )


def regress(
    formula: str,
    data: pd.DataFrame,
    *,
    cluster: str | None = None,
    vcov: Vcov | None = None,
    conf_level: float = 0.95,
) -> Regression:
    """Regress an outcome on predictors, honest about who shares a team.

    Parameters
    ----------
    formula : str
        Such as ``"WTC_m ~ SPR_s + LPR_s"``, in formulaic's grammar.
    data : DataFrame, one row per observation
    cluster : str, optional
        Column that names the cluster of each row (team, firm).
    vcov : {"CR2", "CR1S", "CRV3", "HC3", "iid"}, optional
        CR2 with Satterthwaite degrees of freedom when a cluster is given, else HC3 with n - k.
        CR1S and CRV3 go with G - 1 degrees of freedom.
    conf_level : float

    Returns
    -------
    Regression
        Coefficients in outcome units per unit of the term.

    Raises
    ------
    DataError
        A column is missing or holds text where a number is needed; infinite values.
    DesignError
        One cluster, linearly dependent terms, or too few rows.

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
    method = _method(vcov, cluster)
    _check_level(conf_level)
    notes: list[str] = []
    codes = None
    if cluster is not None:
        codes, _, known = cluster_codes(data, cluster)
        if not known.all():
            notes.append(f"{int((~known).sum())} rows left out: no value in {cluster!r}")
        data, codes = data[known], codes[known]
    y, x, terms, complete = _design(formula, data)
    if not complete.all():
        notes.append(f"{int((~complete).sum())} rows left out: a value is missing")
    if codes is not None:
        codes = codes[complete]
    return regress_arrays(
        y, x, terms, codes, method, formula=formula, conf_level=conf_level, notes=tuple(notes)
    )


def regress_arrays(
    y: np.ndarray,
    x: np.ndarray,
    terms: Sequence[str],
    codes: np.ndarray | None,
    method: Vcov,
    *,
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
    """
    n_clusters = None
    if codes is None:
        cells = np.zeros(len(y), dtype=int)
    else:
        present, cells = np.unique(codes, return_inverse=True)
        n_clusters = len(present)
        if n_clusters < 2:
            raise DesignError(
                explain(
                    what="all complete rows belong to one cluster",
                    where=formula,
                    remedy="bring data from more clusters, or leave the cluster out",
                )
            )
    fit = fit_rows(y, x, terms, cells)
    vcov, df = _variance(fit, Rows(x, y, cells), method)
    return Regression(
        terms=tuple(terms),
        estimate=fit.coef,
        vcov=fit.in_user_units(vcov),
        df=df,
        conf_level=conf_level,
        notes=notes + fit.notes + _design_notes(fit, df, method),
        method=method,
        formula=formula,
        n_obs=fit.n_obs,
        n_clusters=n_clusters,
        r_squared=fit.r_squared,
        fit=fit,
    )


def _variance(fit: Fit, rows: Rows, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of the scaled coefficients, and degrees of freedom per coefficient."""
    k = len(fit.terms)
    projection = fit.projection
    if method == "CR2":
        df = cluster_robust.satterthwaite_df(projection, fit.contrasts)
        return cluster_robust.cr2(projection), df
    if method in CLUSTERED:
        vcov = (
            cluster_robust.cr1s(projection, fit.n_obs)
            if method == "CR1S"
            else cluster_robust.crv3(projection)
        )
        return vcov, np.full(k, projection.score.shape[0] - 1.0)
    df = np.full(k, float(fit.n_obs - k))
    if method == "iid":
        return projection.root @ projection.root.T * fit.rss / (fit.n_obs - k), df
    return _hc3(fit, rows), df


def _hc3(fit: Fit, rows: Rows) -> np.ndarray:
    """MacKinnon & White (1985): residuals over one minus the leverage of their row."""
    design = scaled_design(fit.selection, fit.terms, rows)
    outcome = (rows.y - fit.selection.centre[-1]) / fit.selection.scale[-1]
    basis = design @ fit.projection.root
    leverage = (basis**2).sum(axis=1)
    if (leverage > 1 - cluster_robust.LEVERAGE_TOLERANCE).any():
        raise DesignError(
            explain(
                what="one row alone identifies a coefficient, so HC3 does not exist",
                where=f"row {int(np.argmax(leverage))} of the complete rows",
                remedy="leave out the term that only this row carries, or use vcov='iid'",
            )
        )
    residual = (outcome - design @ fit.scaled_coef) / (1 - leverage)
    spread = fit.projection.root @ (basis * residual[:, None]).T
    return spread @ spread.T


def _design_notes(fit: Fit, df: np.ndarray, method: str) -> tuple[str, ...]:
    notes = []
    if method in CLUSTERED and cluster_robust.identified_alone(fit.projection).any():
        notes.append("one cluster alone identifies a coefficient: its standard error says nothing")
    low = [term for term, value in zip(fit.terms, df, strict=True) if value < 4]
    if method == "CR2" and low:
        notes.append(f"df below 4 for {first_ten(low)}: read the interval, not the p-value")
    return tuple(notes)


def _method(vcov: str | None, cluster: str | None) -> Vcov:
    method = vcov or ("HC3" if cluster is None else "CR2")
    allowed = UNCLUSTERED if cluster is None else CLUSTERED
    if method not in CLUSTERED + UNCLUSTERED:
        raise DesignError(
            explain(
                what=f"unknown vcov {method!r}",
                remedy=f"choose one of {first_ten(CLUSTERED + UNCLUSTERED)}",
            )
        )
    if method not in allowed:
        remedy = "name a cluster" if cluster is None else "leave the cluster out"
        raise DesignError(
            explain(
                what=f"vcov {method!r} goes {'with' if cluster is None else 'without'} a cluster",
                remedy=f"{remedy}, or choose one of {first_ten(allowed)}",
            )
        )
    return method  # type: ignore[return-value]


def _check_level(conf_level: float) -> None:
    if not 0 < conf_level < 1:
        raise DesignError(
            explain(what=f"conf_level {conf_level} is not between 0 and 1", remedy="give 0.95, say")
        )


def _design(
    formula: str, data: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Outcome, regressors, terms, and which rows are complete."""
    frame = data.reset_index(drop=True)
    try:
        matrices = formulaic.model_matrix(formula, frame, na_action="drop")
    except FormulaicError as problem:
        raise DataError(
            explain(
                what=f"the formula {formula!r} cannot be evaluated: {problem}",
                where=f"the columns are {first_ten(data.columns)}",
                remedy="correct the formula or the column names",
            )
        ) from None
    if not hasattr(matrices, "lhs") or matrices.lhs.shape[1] != 1:
        raise DataError(
            explain(
                what=f"the formula {formula!r} must name one numeric outcome before the ~",
                remedy="write it as 'outcome ~ predictor + covariate'",
            )
        )
    outcome = matrices.lhs.iloc[:, 0].to_numpy(dtype=float)
    design = matrices.rhs.to_numpy(dtype=float)
    complete = np.zeros(len(frame), dtype=bool)
    complete[matrices.rhs.index.to_numpy()] = True
    return outcome, design, tuple(matrices.rhs.columns), complete
