"""Do the answers share a rater's mood: the one-factor check and the marker-variable adjustment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, DesignError, explain, first_ten
from coaching_stats.frames import left_out, numeric_columns, require_columns
from coaching_stats.results import COLUMNS, Shown, Table, t_quantile, two_sided_p

FEW = 10  # complete rows for each item, below which the check says little


def one_factor_check(data: pd.DataFrame, items: Sequence[str]) -> Table:
    """Share of the items' variance that one common factor could carry, at most.

    Parameters
    ----------
    data : DataFrame, one row per respondent
    items : sequence of str
        Items of all scales together, k of them.

    Returns
    -------
    Table
        One row per principal component with an eigenvalue above 1: ``component, eigenvalue,
        share``; eigenvalues of the k by k correlation matrix of complete rows, shares of k.

    Raises
    ------
    DataError
        A column missing, text, or without variation.
    DesignError
        Fewer complete rows than items.

    Notes
    -----
    The check misleads both ways: a large first share can be one true theme, and a small one does
    not rule out a common mood, which with several themes never takes half of the variance.
    It warns; the marker variable and split sources are what guards.

    References
    ----------
    Podsakoff, MacKenzie, Lee & Podsakoff (2003), Journal of Applied Psychology 88, section on
    Harman's single-factor test, for its limits.

    Examples
    --------
    >>> from coaching_stats.worlds import simulate
    >>> survey = simulate("theory", firms=10, teams=2, sellers=8, seed=1)["seller_survey"]
    >>> table = one_factor_check(survey, ["S_SPR1", "S_SPR2", "S_ENA1", "S_ENA2"]).tidy()
    >>> bool(table["share"].is_monotonic_decreasing)
    True
    """
    values, notes = _complete(data, items)
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(values, rowvar=False))[::-1]
    kept = eigenvalues[: max(1, int((eigenvalues > 1).sum()))]
    frame = pd.DataFrame(
        {
            "component": np.arange(1, len(kept) + 1),
            "eigenvalue": kept,
            "share": kept / len(eigenvalues),
        }
    )
    if len(values) < FEW * len(items):
        notes += (f"{len(values)} complete rows for {len(items)} items: the shares are uncertain",)
    return Table(frame, (*notes, "a small first share does not rule out a common mood"))


def _complete(data: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Complete rows of columns that vary."""
    require_columns(data, list(columns))
    values = numeric_columns(data, list(columns))
    complete = values[~np.isnan(values).any(axis=1)]
    gone = len(values) - len(complete)
    if len(complete) <= len(columns):
        raise DesignError(
            explain(
                what=f"{len(complete)} complete rows for {len(columns)} columns",
                where=first_ten(columns),
                remedy="leave out columns with many gaps",
            )
        )
    constant = [name for name, v in zip(columns, complete.T, strict=True) if np.ptp(v) == 0]
    if constant:
        raise DataError(
            explain(what="columns do not vary", where=first_ten(constant), remedy="leave them out")
        )
    return complete, (left_out(gone, "a value is missing"),) if gone else ()


@dataclass(frozen=True, eq=False, repr=False)
class MarkerAdjusted(Shown):
    """Correlations with the marker's share of common variance taken out.

    Attributes
    ----------
    marker_correlation : float
        The correlation that is taken for common method variance.
    n : int
    table : DataFrame
    notes : tuple of str
    """

    marker_correlation: float
    n: int
    table: pd.DataFrame
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per pair: ``COLUMNS``, then the plain correlation as ``unadjusted``."""
        return self.table.copy()

    def glance(self) -> pd.DataFrame:
        """One row: ``method, n_obs, marker_correlation``."""
        return pd.DataFrame(
            {
                "method": ["marker-variable adjustment"],
                "n_obs": [self.n],
                "marker_correlation": [self.marker_correlation],
            }
        )


def marker_adjusted(
    data: pd.DataFrame, columns: Sequence[str], marker: str, *, conf_level: float = 0.95
) -> MarkerAdjusted:
    r"""Correlations after taking out what the scores share with a marker variable.

    With :math:`r_M` the smallest correlation of the marker with any score, the adjusted one is
    :math:`(r_{xy} - r_M) / (1 - r_M)`, tested by t with n - 3 degrees of freedom.

    Parameters
    ----------
    data : DataFrame, one row per respondent
    columns : sequence of str
        Scores, all from the same respondents, k of them.
    marker : str
        A score that has nothing to do with the others, such as MARK_s.
    conf_level : float

    Returns
    -------
    MarkerAdjusted

    Raises
    ------
    DataError
        A column missing, text, or without variation; the marker among the scores.
    DesignError
        Fewer complete rows than columns.

    Notes
    -----
    It assumes that the common mood raises all correlations alike. Where it works on pleasant and
    unpleasant scores in opposite directions, turn these first; else the marker's smallest
    correlation is negative and nothing is adjusted. Rows of one team are not independent, so
    intervals are too narrow where scores differ between teams. A respondent's mood that leaves
    the marker untouched passes unseen.

    References
    ----------
    Lindell & Whitney (2001), Journal of Applied Psychology 86, equations 4 and 5.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> mood = rng.normal(size=500)
    >>> data = pd.DataFrame({c: mood + rng.normal(size=500) for c in ["x", "y", "marker"]})
    >>> found = marker_adjusted(data, ["x", "y"], "marker").tidy()
    >>> bool(found["unadjusted"][0] > 0.4), bool(abs(found["estimate"][0]) < 0.1)
    (True, True)
    """
    if marker in columns:
        raise DataError(
            explain(
                what=f"the marker {marker!r} stands among the scores",
                remedy="give the scores without it",
            )
        )
    values, notes = _complete(data, [*columns, marker])
    correlation = np.corrcoef(values, rowvar=False)
    smallest = float(correlation[-1, :-1].min())
    common = max(0.0, smallest)
    if smallest <= 0:
        notes += (f"the marker's smallest correlation is {smallest:.2f}: nothing is adjusted",)
    rows = [
        _pair(f"{columns[i]}~{columns[j]}", correlation[i, j], common, len(values), conf_level)
        for i, j in combinations(range(len(columns)), 2)
    ]
    return MarkerAdjusted(common, len(values), pd.DataFrame(rows), notes)


def _pair(term: str, plain: float, common: float, n: int, conf_level: float) -> dict[str, object]:
    """One adjusted correlation with its t test and Fisher's interval."""
    adjusted = (plain - common) / (1 - common)
    std_error = float(np.sqrt((1 - adjusted**2) / (n - 3)))
    statistic = adjusted / std_error
    margin = float(t_quantile((1 + conf_level) / 2, np.inf)) / np.sqrt(n - 4)
    low, high = np.tanh(np.arctanh(adjusted) + margin * np.array([-1.0, 1.0]))
    numbers = (adjusted, std_error, statistic, n - 3, two_sided_p(statistic, n - 3), low, high)
    row = dict(zip(COLUMNS, (term, *map(float, numbers)), strict=True))
    return {**row, "unadjusted": float(plain)}
