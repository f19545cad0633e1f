"""Do the answers share a rater's mood: the one-factor check and the marker-variable adjustment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, DesignError, explain, first_ten
from coaching_stats.frames import left_out, numeric_columns
from coaching_stats.results import COLUMNS, Shown, Table, t_quantile, two_sided_p

FEW = 10  # complete rows for each item, below which the check says little
LEAST = 5  # complete rows, below which an adjusted correlation has no interval
ROUNDING = 1e-9  # distance from 1 of a correlation that is 1


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
        A column missing, named twice, text, or without variation.
    DesignError
        Fewer than two items, or not more complete rows than items.

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
    _check_two(items, "items")
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
    _check_names(columns)
    values = numeric_columns(data, list(columns))
    complete = values[~np.isnan(values).any(axis=1)]
    gone = len(values) - len(complete)
    if len(complete) < max(LEAST, len(columns) + 1):
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


def _check_names(columns: Sequence[str]) -> None:
    twice = [name for name in columns if list(columns).count(name) > 1]
    if twice:
        raise DataError(
            explain(
                what=f"listed twice: {first_ten(dict.fromkeys(twice))}", remedy="name each one once"
            )
        )


def _check_two(columns: Sequence[str], what: str) -> None:
    if len(columns) < 2:
        raise DesignError(
            explain(
                what=f"{len(columns)} {what} cannot share anything",
                where=first_ten(columns),
                remedy="name at least two",
            )
        )


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
        """One row per pair: ``COLUMNS``, then ``unadjusted, unadjusted_p_value``, both plain."""
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
        A column missing, named twice, text, or without variation; the marker among the scores.
    DesignError
        Fewer than two scores or five complete rows, not more rows than columns, or a conf_level
        outside 0 and 1.

    Notes
    -----
    It assumes that the common mood raises all correlations alike. Where it works on pleasant and
    unpleasant scores in opposite directions, turn these first; else the marker's smallest
    correlation is negative and nothing is adjusted. Rows of one team are not independent, so
    intervals are too narrow where scores differ between teams. A respondent's mood that leaves
    the marker untouched passes unseen.

    The marker's correlation is taken as known. It is not: in simulated surveys of 200 and 1,000
    with a mood, intervals that say 95 % held the truth in 84 to 90 %. Read a p-value near its
    limit as undecided.

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
    _check_two(columns, "scores")
    if not 0 < conf_level < 1:
        raise DesignError(
            explain(what=f"conf_level {conf_level} is not between 0 and 1", remedy="give 0.95, say")
        )
    values, notes = _complete(data, [*columns, marker])
    correlation = np.corrcoef(values, rowvar=False)
    smallest = float(correlation[-1, :-1].min())
    common = max(0.0, smallest)
    rows = [
        _pair(f"{columns[i]}~{columns[j]}", correlation[i, j], common, len(values), conf_level)
        for i, j in combinations(range(len(columns)), 2)
    ]
    table = pd.DataFrame(rows)
    impossible = table.loc[table["estimate"].isna(), "term"]
    notes += (
        f"the marker's smallest correlation is {smallest:.2f}: nothing is adjusted"
        if smallest <= 0
        else "intervals take the marker's correlation as known, and are too narrow",
    )
    if len(impossible):
        notes += (f"adjusted, not between -1 and 1, so left empty: {first_ten(impossible)}",)
    return MarkerAdjusted(common, len(values), table, notes)


def _pair(term: str, plain: float, common: float, n: int, conf_level: float) -> dict[str, object]:
    """One adjusted correlation beside the plain one; nan where it would not lie within -1 and 1."""
    is_possible = plain < 1 - ROUNDING and plain - common > -(1 - common) * (1 - ROUNDING)
    adjusted = (plain - common) / (1 - common) if is_possible else np.nan
    numbers = (adjusted, *_test(adjusted, n - 3), *_interval(adjusted, n - 4, conf_level))
    row = dict(zip(COLUMNS, (term, *map(float, numbers)), strict=True))
    p_value = _test(float(np.clip(plain, ROUNDING - 1, 1 - ROUNDING)), n - 2)[-1]
    return {**row, "unadjusted": float(plain), "unadjusted_p_value": float(p_value)}


def _test(correlation: float, df: int) -> tuple[float, float, float, float]:
    """Standard error, t, degrees of freedom and p of a correlation."""
    std_error = np.sqrt((1 - correlation**2) / df)
    statistic = correlation / std_error
    return std_error, statistic, df, two_sided_p(statistic, df)


def _interval(correlation: float, n: int, conf_level: float) -> np.ndarray:
    """Fisher's interval, 1 / n the variance on his scale, shape (2,)."""
    margin = float(t_quantile((1 + conf_level) / 2, np.inf)) / np.sqrt(n)
    return np.tanh(np.arctanh(correlation) + margin * np.array([-1.0, 1.0]))
