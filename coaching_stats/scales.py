"""Many items of one person become a score; how far the items agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.frames import numeric_columns
from coaching_stats.instrument import ATTENTION_KEYS, Instrument, load_instrument

SUFFIX = {"seller": "s", "manager": "m"}
COUNTS = ("CFRQ",)  # scored ln(1 + count of the first item)
SINGLE = ("LOC", "TRN", "PASTF")  # the number itself


@dataclass(frozen=True)
class ScaleItem:
    """One item of a scale: its column, its direction and its ends."""

    name: str
    is_reversed: bool
    low: float
    high: float


def score(answers: pd.DataFrame, instrument: Instrument | None = None) -> pd.DataFrame:
    """Score every construct whose items the answers hold.

    A score is the mean of a respondent's items after reverse keying (low + high - x), given at
    least half of them, rounded up. Coaching frequency is ln(1 + talks); attention is 1 where
    every check that was answered was passed; hours, days and attempts are themselves.

    Parameters
    ----------
    answers : DataFrame, one row per respondent
        Item columns as `instrument.csv` names them (``S_SPR1``), numbers as given.
    instrument : Instrument, optional
        The packaged one when not given.

    Returns
    -------
    DataFrame, same index
        One column per construct and form: ``SPR_s`` (sellers), ``LAT_m`` (managers), scale points.

    Raises
    ------
    DataError
        A scale lacks an item, an item holds text or a value outside its scale, or a scale is
        empty throughout.

    Examples
    --------
    >>> answers = pd.DataFrame({"S_WKL1": [7, 2], "S_WKL2": [6, None]})
    >>> score(answers)["WKL_s"].tolist()
    [6.5, 2.0]
    """
    instrument = instrument or load_instrument()
    scored = {}
    for (construct, form), items in present_scales(answers, instrument).items():
        names = [item.name for item in items]
        values = checked_answers(answers, items)
        scored[f"{construct}_{SUFFIX[form]}"] = _score(construct, values, items, names)
    return pd.DataFrame(scored, index=answers.index)


def present_scales(
    answers: pd.DataFrame, instrument: Instrument
) -> dict[tuple[str, str], tuple[ScaleItem, ...]]:
    """Find the scales that the answers hold, in full or in their core form.

    Raises
    ------
    DataError
        A scale lacks an item, or the frame holds no item at all.

    Examples
    --------
    >>> answers = pd.DataFrame(columns=["M_INF1", "M_INF2", "M_INF3"])
    >>> list(present_scales(answers, load_instrument()))
    [('INF', 'manager')]
    """
    found = {}
    scales = {(i.construct, i.form) for i in instrument.items if i.form in SUFFIX}
    for construct, form in sorted(scales):
        items = instrument.of(construct, form)
        present = [item for item in items if item.name in answers.columns]
        if not present:
            continue
        missing = [item for item in items if item.name not in answers.columns]
        if any(item.is_core for item in missing) or (
            missing and any(not item.is_core for item in present)
        ):
            raise DataError(
                explain(
                    what=f"the scale {construct} lacks {first_ten(i.name for i in missing)}",
                    where=f"present: {first_ten(i.name for i in present)}",
                    remedy="add the missing column, or leave out the whole scale",
                )
            )
        found[construct, form] = tuple(
            ScaleItem(i.name, i.is_reversed, i.scale_min, i.scale_max) for i in present
        )
    if not found:
        raise DataError(
            explain(
                what="no column of the answers is an item of the questionnaire",
                where=f"columns: {first_ten(answers.columns)}",
                remedy="name the item columns as the questionnaire does, for example S_SPR1",
            )
        )
    return found


def checked_answers(answers: pd.DataFrame, items: Sequence[ScaleItem]) -> np.ndarray:
    """Answers to some items as numbers, shape (n, k), refused where out of range.

    Raises
    ------
    DataError
        Text, or a value outside the scale, with row and value; or no answer at all.
    """
    names = [item.name for item in items]
    values = numeric_columns(answers, names)
    low, high = (np.array([getattr(item, end) for item in items]) for end in ("low", "high"))
    row, column = np.nonzero((values < low) | (values > high))
    if len(row):
        raise DataError(
            explain(
                what=f"{len(row)} answers lie outside their scale",
                where=first_ten(
                    f"{names[j]}, row {answers.index[i]}: {values[i, j]:g} "
                    f"(from {low[j]:g} to {high[j]:g})"
                    for i, j in zip(row.tolist(), column.tolist(), strict=True)
                ),
                remedy="correct them, or set codes for missing answers to empty",
            )
        )
    if len(values) and np.isnan(values).all():
        raise DataError(
            explain(
                what=f"every answer to {first_ten(names)} is missing",
                remedy="leave the columns out, or check that the export holds the answers",
            )
        )
    return values


def _score(
    construct: str, values: np.ndarray, items: Sequence[ScaleItem], names: Sequence[str]
) -> np.ndarray:
    if construct == "ATT":
        keys = np.array([ATTENTION_KEYS[name] for name in names])
        is_given = ~np.isnan(values)
        passed = ((values == keys) | ~is_given).all(axis=1)
        return np.where(is_given.any(axis=1), passed, np.nan)
    if construct in COUNTS:
        return np.log1p(values[:, 0])
    if construct in SINGLE:
        return values[:, 0]
    return mean_score(turned(values, items))


def turned(values: np.ndarray, items: Sequence[ScaleItem]) -> np.ndarray:
    """Turn reverse-keyed items: low + high - x, shape (n, k).

    Examples
    --------
    >>> turned(np.array([[1.0, 1.0]]), [ScaleItem("a", False, 1, 7), ScaleItem("b", True, 1, 7)])
    array([[1., 7.]])
    """
    ends = np.array([item.low + item.high for item in items])
    is_reversed = np.array([item.is_reversed for item in items])
    return np.where(is_reversed, ends - values, values)


def turned_items(answers: pd.DataFrame, construct: str, form: str = "seller") -> pd.DataFrame:
    """Items of one scale with the reverse-keyed ones turned, for checks of the scale.

    Parameters
    ----------
    answers : DataFrame, one row per respondent
        Answers as given.
    construct : str
        Key such as SPR.
    form : {"seller", "manager"}

    Returns
    -------
    DataFrame
        One column per item, the index of `answers`; scale points.

    Raises
    ------
    DataError
        The scale is not among the answers, lacks an item, or holds answers outside it.

    Examples
    --------
    >>> answers = pd.DataFrame({"M_BEL1": [7], "M_BEL2": [6], "M_BEL3": [2]})
    >>> turned_items(answers, "BEL", "manager").to_numpy().tolist()
    [[7.0, 6.0, 6.0]]
    """
    found = present_scales(answers, load_instrument())
    if (construct, form) not in found:
        raise DataError(
            explain(
                what=f"the answers hold no scale {construct!r} of the {form} form",
                where=f"scales: {first_ten(dict.fromkeys(key for key, _ in found))}",
                remedy="name a construct of the questionnaire that was asked",
            )
        )
    items = found[construct, form]
    values = turned(checked_answers(answers, items), items)
    return pd.DataFrame(values, columns=[item.name for item in items], index=answers.index)


def mean_score(values: np.ndarray) -> np.ndarray:
    """Mean of turned items per person, nan where fewer than half (rounded up) are given.

    Examples
    --------
    >>> mean_score(np.array([[1.0, 2.0, np.nan], [1.0, np.nan, np.nan]])).tolist()
    [1.5, nan]
    """
    given = (~np.isnan(values)).sum(axis=1)
    enough = given >= ceil(values.shape[1] / 2)
    total = np.nansum(values, axis=1)
    return np.where(enough, total / np.maximum(given, 1), np.nan)


def alpha(values: np.ndarray) -> float:
    """Cronbach's alpha of turned items on complete rows; Spearman-Brown for two items.

    Parameters
    ----------
    values : ndarray, shape (n, k)

    Returns
    -------
    float
        nan with fewer than two items, fewer than three complete rows, or no variance.

    Notes
    -----
    Alpha is a lower bound of reliability when errors are uncorrelated; errors that items share
    (mood, wording) raise it without making the score better.

    References
    ----------
    Cronbach (1951), Psychometrika 16, 297-334, equation 2; Eisinga, te Grotenhuis & Pelzer (2013),
    International Journal of Public Health 58, 637-642, for two items.

    Examples
    --------
    >>> round(alpha(np.array([[1.0, 2, 1], [3, 3, 2], [5, 4, 5], [6, 7, 6]])), 3)
    0.975
    """
    rows = values[~np.isnan(values).any(axis=1)]
    k = values.shape[1]
    if k < 2 or len(rows) < 3:
        return float("nan")
    covariance = np.cov(rows, rowvar=False)
    size = np.sqrt(np.diag(covariance))
    if (size == 0).any():
        return float("nan")
    if k == 2:
        r = covariance[0, 1] / size.prod()
        return float(2 * r / (1 + r)) if r > -1 else float("nan")
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))
