"""Rows that are no answers are dropped, careless ones flagged; each with its row and its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coaching_stats.carelessness import (
    QualityRules,
    durations,
    flagged_rows,
    flags_of,
    item_columns,
    rated_items,
    respondents_of,
    row_entry,
)
from coaching_stats.errors import DataError, explain, first_ten

DROP = ("preview", "test", "empty", "no_consent", "incomplete", "duplicate")
TEST_IDS = ("test", "testi", "testaaja", "koe", "kokeilu", "dummy", "demo")


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
    flags = flags_of(frame, rules)
    for reason, is_so in flags.items():
        if not keep.get(reason, True):
            why[(why == "") & is_so] = reason
    is_kept = why == ""
    who = respondents_of(frame)
    return Sifted(
        keep=is_kept,
        dropped=[row_entry(frame, who, place, why[place]) for place in np.flatnonzero(~is_kept)],
        flagged=flagged_rows(frame, {reason: is_so & is_kept for reason, is_so in flags.items()}),
        problems=_said(frame, flags, is_kept),
    )


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
    items = item_columns(frame)
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
    items = item_columns(frame) or [c for c in frame if c not in key]
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


def _said(
    frame: pd.DataFrame, flags: Mapping[str, np.ndarray], is_kept: np.ndarray
) -> list[dict[str, object]]:
    """What the receipt says: no durations, and what leaving the flagged rows out would change."""
    lines = []
    if item_columns(frame) and np.isnan(durations(frame)).all():
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
