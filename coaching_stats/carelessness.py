"""Careless answers: who was too fast, gave one answer over and over, or failed a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.instrument import ATTENTION_KEYS, load_instrument

FLAG = ("speeder", "straightliner", "attention")
MIN_ITEMS = 10  # with fewer, equal answers are no pattern


@dataclass(frozen=True)
class QualityRules:
    """When an answer counts as careless; a study file sets these under `quality`.

    Attributes
    ----------
    seconds_per_item : float
        Faster than this on average: a speeder. Two seconds after Huang, Curran, Keeney, Poposki &
        DeShon (2012).
    longest_run : float
        Longest run of the same answer, as a share of the rated items: a straightliner. Half of
        the items after Curran (2016).
    least_spread : float
        Standard deviation over a person's rated items, in points of a scale of seven; below it: a
        straightliner (intra-individual response variability, Dunn, Heggestad, Shanock &
        Theilgard 2018). Items are taken as given, so that reversed ones count against agreement.
    """

    seconds_per_item: float = 2.0
    longest_run: float = 0.5
    least_spread: float = 0.4


DEFAULT_RULES = QualityRules()


def careless(frame: pd.DataFrame, rules: QualityRules) -> list[dict[str, object]]:
    """Rows to be flagged, in their order, each with respondent and reason.

    Parameters
    ----------
    frame : DataFrame
        Answers under our names, indexed by the rows of the file.
    rules : QualityRules
    """
    return flagged_rows(frame, flags_of(frame, rules))


def flagged_rows(frame: pd.DataFrame, flags: Mapping[str, np.ndarray]) -> list[dict[str, object]]:
    """One entry per flag, in the order of the rows."""
    who = respondents_of(frame)
    is_flagged = np.any(list(flags.values()), axis=0)
    return [
        row_entry(frame, who, place, reason)
        for place in np.flatnonzero(is_flagged)
        for reason in FLAG
        if flags[reason][place]
    ]


def row_entry(frame: pd.DataFrame, who: np.ndarray, place: int, reason: str) -> dict[str, object]:
    """Row as the user counts it, respondent and reason."""
    label = frame.index[place]
    row = int(label) if isinstance(label, int | np.integer) else str(label)
    return {"row": row, "respondent": who[place], "reason": reason}


def respondents_of(frame: pd.DataFrame) -> np.ndarray:
    """Ids as text, None where there is none."""
    for name in ("respondent", "seller_id", "manager", "manager_id", "team", "team_id"):
        if name in frame:
            ids = frame[name].astype(object)
            return ids.where(ids.isna(), ids.astype(str)).where(ids.notna(), None).to_numpy()
    return np.full(len(frame), None, dtype=object)


def rated_items(frame: pd.DataFrame) -> list[str]:
    """Columns of items rated on a scale, attention checks apart, in the order of the forms."""
    rated = [item for item in load_instrument().items if item.form in ("seller", "manager")]
    return [
        item.name
        for item in rated
        if item.name in frame and item.name not in ATTENTION_KEYS and item.scale_min == 1
    ]


def item_columns(frame: pd.DataFrame) -> list[str]:
    """Columns that are items of the questionnaire."""
    names = {item.name for item in load_instrument().items}
    return [column for column in frame if column in names]


def flags_of(frame: pd.DataFrame, rules: QualityRules) -> dict[str, np.ndarray]:
    """Who is careless by each rule: bool of shape (n,) by reason."""
    items = rated_items(frame)
    values = frame[items].to_numpy(dtype=float, na_value=np.nan)
    return {
        "speeder": _is_speeder(frame, rules.seconds_per_item),
        "straightliner": is_straightliner(values, rules),
        "attention": failed_attention(frame),
    }


def _is_speeder(frame: pd.DataFrame, seconds_per_item: float) -> np.ndarray:
    seconds = durations(frame)
    answered = frame[item_columns(frame)].notna().sum(axis=1).to_numpy()
    with np.errstate(invalid="ignore"):
        return (answered > 0) & (seconds < seconds_per_item * answered)


def durations(frame: pd.DataFrame) -> np.ndarray:
    """Seconds that each respondent took, shape (n,); nan where unknown."""
    if "seconds" in frame:
        return frame["seconds"].to_numpy(dtype=float, na_value=np.nan)
    if not {"started_at", "completed_at"} <= set(frame):
        return np.full(len(frame), np.nan)
    start, end = (
        pd.to_datetime(frame[c].where(frame[c].str.contains("T", na=False)), format="ISO8601")
        for c in ("started_at", "completed_at")
    )
    return (end - start).dt.total_seconds().to_numpy()


def is_straightliner(values: np.ndarray, rules: QualityRules) -> np.ndarray:
    """Whether each person gave the same answer too often in a row, or hardly varied at all.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Answers as given, in the order of the questionnaire; nan where missing.
    rules : QualityRules

    Returns
    -------
    ndarray of bool, shape (n,)
        False for those with fewer than ten answers.

    Examples
    --------
    >>> import numpy as np
    >>> is_straightliner(np.array([[4.0] * 12, [1, 7, 2, 6, 3, 5] * 2]), QualityRules()).tolist()
    [True, False]
    """
    n_given = (~np.isnan(values)).sum(axis=1)
    enough = n_given >= MIN_ITEMS
    is_flagged = np.zeros(len(values), dtype=bool)
    if enough.any():
        given = values[enough]
        is_flagged[enough] = (longest_run(given) > rules.longest_run * n_given[enough]) | (
            np.nanstd(given, axis=1, ddof=1) < rules.least_spread
        )
    return is_flagged


def longest_run(values: np.ndarray) -> np.ndarray:
    """Length of the longest run of equal answers in each row; gaps are passed over.

    Examples
    --------
    >>> import numpy as np
    >>> longest_run(np.array([[3, 3, np.nan, 3, 1], [1, 2, 2, 1, 2]])).tolist()
    [3, 2]
    """
    n = len(values)
    longest, run, last = np.zeros(n, int), np.zeros(n, int), np.full(n, np.nan)
    for column in values.T:
        is_given = ~np.isnan(column)
        run = np.where(is_given, np.where(column == last, run + 1, 1), run)
        last = np.where(is_given, column, last)
        longest = np.maximum(longest, run)
    return longest


def failed_attention(frame: pd.DataFrame) -> np.ndarray:
    """Whether each respondent failed an attention check that they were given."""
    checks = [item for item in ATTENTION_KEYS if item in frame]
    right = np.array([ATTENTION_KEYS[item] for item in checks])
    answers = frame[checks].to_numpy(dtype=float, na_value=np.nan)
    return (~np.isnan(answers) & (answers != right)).any(axis=1)
