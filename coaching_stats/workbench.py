"""The regressions that readers know, from statsmodels, beside ours."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.regression import regress
from coaching_stats.results import COLUMNS, Shown


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
    """The same regression by several estimators.

    Attributes
    ----------
    tables : mapping from name of the estimator to tidy frame
    notes : tuple of str
    """

    tables: Mapping[str, pd.DataFrame]
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """All tidy frames below each other, with a column ``estimator`` in front."""
        named = [table.assign(estimator=name) for name, table in self.tables.items()]
        return pd.concat(named, ignore_index=True)[["estimator", *COLUMNS]]


def compare_estimators(formula: str, data: pd.DataFrame, *, cluster: str | None) -> Comparison:
    """Fit one regression three ways: plain OLS, OLS with CR2, and a random-intercept model.

    OLS takes every row for an independent witness. CR2 keeps the slopes and asks the clusters how
    certain they are. The mixed model lets each cluster have a level of its own and weighs rows by
    how much they add, so its slopes may differ a little.

    Parameters
    ----------
    formula : str
    data : DataFrame, one row per observation
    cluster : str or None
        None where rows are independent: then OLS and HC3, and no mixed model.

    Returns
    -------
    Comparison
        ``.tables`` with the keys ``OLS``, ``CR2`` and ``mixed model``.

    Raises
    ------
    DataError, DesignError
        As `regress` does.

    Notes
    -----
    The mixed model takes a cluster's level to be unrelated to the regressors. Where it is related,
    its slope is neither the one within clusters nor that of least squares.

    References
    ----------
    McNeish, Stapleton & Silverman (2017), Psychological Methods 22, 114-140, on which to choose.

    Examples
    --------
    >>> rows = pd.DataFrame({"y": [1.0, 2, 4, 3, 5, 7], "x": [0.0, 1, 2, 1, 2, 3]})
    >>> rows["team"] = list("aabbcc")
    >>> both = compare_estimators("y ~ x", rows, cluster="team").tables
    >>> both["OLS"].estimate.round(9).equals(both["CR2"].estimate.round(9))
    True
    """
    import statsmodels.formula.api as smf  # costs a second to import

    robust = regress(formula, data, cluster=cluster)
    known = data if cluster is None else data.dropna(subset=[cluster])
    plain = smf.ols(formula, known).fit()
    tables = {"OLS": _tidy(plain, float(plain.df_resid)), robust.method: robust.tidy()}
    if cluster is None:
        return Comparison(tables, (*robust.notes, "no clusters: HC3, and no mixed model"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mixed = smf.mixedlm(formula, known, groups=known[cluster], missing="drop").fit()
    between = float(mixed.cov_re.iloc[0, 0])
    notes = [
        *robust.notes,
        f"mixed model: share of variance between clusters {between / (between + mixed.scale):.2f}",
    ]
    notes += [f"mixed model: {w.message}" for w in caught if "onvergence" in str(w.message)]
    if between < 1e-6 * mixed.scale:
        notes.append("mixed model: no variance between clusters was found, it is plain OLS then")
    return Comparison({**tables, "mixed model": _tidy(mixed, np.inf)}, tuple(notes))


def _tidy(result: object, df: float) -> pd.DataFrame:
    """Tidy columns of a statsmodels result, fixed effects only."""
    terms = list(result.model.exog_names)
    interval = result.conf_int().loc[terms].to_numpy()
    values = (
        terms,
        result.params[terms].to_numpy(),
        result.bse[terms].to_numpy(),
        result.tvalues[terms].to_numpy(),
        np.full(len(terms), df),
        result.pvalues[terms].to_numpy(),
        interval[:, 0],
        interval[:, 1],
    )
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
