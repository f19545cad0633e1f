"""Rows that are no answers are dropped, careless ones flagged; each with its row and its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.instrument import ATTENTION_KEYS, load_instrument

DROP = ("preview", "test", "empty", "no_consent", "incomplete", "duplicate")
FLAG = ("speeder", "straightliner", "attention")
TEST_IDS = ("test", "testi", "testaaja", "koe", "kokeilu", "dummy", "demo")
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


@dataclass(frozen=True, eq=False)
class Sifted:
    """Which rows are kept, and why others are dropped or flagged."""

    keep: np.ndarray  # (n,) of bool
    dropped: list[dict[str, object]] = field(default_factory=list)
    flagged: list[dict[str, object]] = field(default_factory=list)
    problems: list[dict[str, object]] = field(default_factory=list)


def sift(frame: pd.DataFrame, keep: Mapping[str, bool], rules: QualityRules, file: str) -> Sifted:
    """Drop rows that are no answers, and flag careless ones.

    Parameters
    ----------
    frame : DataFrame, n rows
        Answers under our names, indexed by the rows of the file; and, where there are such
        columns, ``status, finished, consent, started_at, completed_at, seconds`` (ISO dates,
        1 and 0 for yes and no).
    keep : mapping from reason to bool
        Reasons for which rows are kept although they would be dropped, or dropped although they
        would be kept.
    rules : QualityRules
    file : str
        For messages.

    Returns
    -------
    Sifted

    Raises
    ------
    DataError
        One respondent twice with different answers, and no time to choose by.

    Notes
    -----
    Flags tell of carelessness only in answers that were meant to differ: in a short form, or where
    everybody agrees, honest people are flagged too. Compare the results without them before
    anyone is left out.
    """
    why = np.full(len(frame), "", dtype=object)
    for reason, is_so in (
        ("preview", _is_preview(frame)),
        ("test", _is_test(frame)),
        ("empty", _is_empty(frame)),
        ("no_consent", _is_without_consent(frame)),
        ("incomplete", _is_incomplete(frame)),
    ):
        if not keep.get(reason, False):
            why[(why == "") & is_so] = reason
    if not keep.get("duplicate", False):
        why[_repeats(frame, why == "", file)] = "duplicate"
    flags = _flags(frame, rules)
    for reason, is_so in flags.items():
        if not keep.get(reason, True):
            why[(why == "") & is_so] = reason
    is_kept = why == ""
    who = _respondents(frame)
    return Sifted(
        keep=is_kept,
        dropped=[_entry(frame, who, place, why[place]) for place in np.flatnonzero(~is_kept)],
        flagged=_flagged(frame, {reason: is_so & is_kept for reason, is_so in flags.items()}),
        problems=_said(frame, flags, is_kept),
    )


def careless(frame: pd.DataFrame, rules: QualityRules) -> list[dict[str, object]]:
    """Rows to be flagged, in their order, each with respondent and reason.

    Parameters
    ----------
    frame : DataFrame
        Answers under our names, indexed by the rows of the file.
    rules : QualityRules
    """
    return _flagged(frame, _flags(frame, rules))


def _flagged(frame: pd.DataFrame, flags: Mapping[str, np.ndarray]) -> list[dict[str, object]]:
    who = _respondents(frame)
    is_flagged = np.any(list(flags.values()), axis=0)
    return [
        _entry(frame, who, place, reason)
        for place in np.flatnonzero(is_flagged)
        for reason in FLAG
        if flags[reason][place]
    ]


def _entry(frame: pd.DataFrame, who: np.ndarray, place: int, reason: str) -> dict[str, object]:
    label = frame.index[place]
    row = int(label) if isinstance(label, int | np.integer) else str(label)
    return {"row": row, "respondent": who[place], "reason": reason}


def _respondents(frame: pd.DataFrame) -> np.ndarray:
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


def _item_columns(frame: pd.DataFrame) -> list[str]:
    names = {item.name for item in load_instrument().items}
    return [column for column in frame if column in names]


def _is_preview(frame: pd.DataFrame) -> np.ndarray:
    """Qualtrics calls them Survey Preview, and 1 in its numeric exports."""
    return _status(frame).isin(["survey preview", "preview", "1", "esikatselu"]).to_numpy()


def _status(frame: pd.DataFrame) -> pd.Series:
    if "status" not in frame:
        return pd.Series("", index=frame.index)
    return frame["status"].fillna("").astype(str).str.casefold().str.strip()


def _is_test(frame: pd.DataFrame) -> np.ndarray:
    """Marked as a test by the tool, or by an id that says so."""
    is_test = _status(frame).isin(["survey test", "test", "2", "spam", "8", "testi"])
    for column in ("respondent", "seller_id", "team", "team_id"):
        if column in frame:
            ids = frame[column].fillna("").astype(str).str.casefold().str.strip()
            is_test |= ids.isin(TEST_IDS)
    return is_test.to_numpy()


def _is_empty(frame: pd.DataFrame) -> np.ndarray:
    """Not a single item answered; a file without items has no empty answers."""
    items = _item_columns(frame)
    return frame[items].isna().all(axis=1).to_numpy() if items else np.zeros(len(frame), bool)


def _is_without_consent(frame: pd.DataFrame) -> np.ndarray:
    """Anything but yes, also no answer: consent is given, not assumed."""
    if "consent" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return (frame["consent"] != "1").to_numpy()


def _is_incomplete(frame: pd.DataFrame) -> np.ndarray:
    if "finished" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return (frame["finished"] != "1").to_numpy()


def _repeats(frame: pd.DataFrame, is_open: np.ndarray, file: str) -> np.ndarray:
    """Earlier answers of a respondent who has a later complete one."""
    key = [c for c in ("respondent", "seller_id", "wave") if c in frame]
    if not set(key) - {"wave"}:
        return np.zeros(len(frame), dtype=bool)
    named = is_open & frame[key[0]].notna().to_numpy()
    found = frame[named]
    found = found[found.duplicated(key, keep=False)]
    if found.empty:
        return np.zeros(len(frame), dtype=bool)
    items = _item_columns(frame) or [c for c in frame if c not in key]
    times = found.get("completed_at", pd.Series(np.nan, index=found.index, dtype=object))
    undecided, stays = [], set()
    for _, group in found.groupby(key, sort=False):
        latest = times[group.index].dropna()
        is_known = len(latest) == len(group) and latest.is_unique
        if not is_known and len(group[items].drop_duplicates()) > 1:
            undecided += [f"row {row}: {who}" for row, who in group[key[0]].items()]
        stays.add(latest.idxmax() if is_known else group.index[-1])
    if undecided:
        raise DataError(
            explain(
                what="a respondent stands here more than once with different answers, and no time "
                "says which is the latest",
                where=f"{file}, {first_ten(undecided)}",
                remedy="keep one row of each, or map the column of the time to completed_at",
            )
        )
    return frame.index.isin(found.index.difference(list(stays)))


def _flags(frame: pd.DataFrame, rules: QualityRules) -> dict[str, np.ndarray]:
    items = rated_items(frame)
    values = frame[items].to_numpy(dtype=float, na_value=np.nan)
    return {
        "speeder": _is_speeder(frame, rules.seconds_per_item),
        "straightliner": is_straightliner(values, rules),
        "attention": failed_attention(frame),
    }


def _is_speeder(frame: pd.DataFrame, seconds_per_item: float) -> np.ndarray:
    seconds = durations(frame)
    answered = frame[_item_columns(frame)].notna().sum(axis=1).to_numpy()
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


def _said(
    frame: pd.DataFrame, flags: Mapping[str, np.ndarray], is_kept: np.ndarray
) -> list[dict[str, object]]:
    """What the receipt says: no durations, and what leaving the flagged rows out would change."""
    lines = []
    if _item_columns(frame) and np.isnan(durations(frame)).all():
        lines.append("the file holds no durations, so speeders cannot be told")
    is_flagged = np.any(list(flags.values()), axis=0) & is_kept
    if is_flagged.any():
        lines.append(_without(frame[is_kept], is_flagged[is_kept]))
    return [
        {"severity": "info", "row": None, "column": None, "value": None, "message": line}
        for line in lines
    ]


def _without(frame: pd.DataFrame, is_flagged: np.ndarray) -> str:
    """In words: how many rows would remain, and which item mean would move most."""
    text = f"without the {int(is_flagged.sum())} flagged rows {int((~is_flagged).sum())} remain"
    items = rated_items(frame)
    if not items or is_flagged.all():
        return text
    change = frame.loc[~is_flagged, items].mean() - frame[items].mean()
    if change.isna().all():
        return text
    item = change.abs().idxmax()
    return f"{text}, and no item mean moves by more than {abs(change[item]):.2f} ({item})"
