"""What an import read, dropped, flagged and could not read: by file, column and row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from coaching_stats.carelessness import DEFAULT_RULES, QualityRules, careless
from coaching_stats.errors import first_ten
from coaching_stats.instrument import load_instrument
from coaching_stats.results import Shown

FEW = 3
IN_WORDS = "answers in words or codes read as numbers or ISO dates"
SHOWN = 12  # a column with more distinct numbers shows only its ends
SURVEYS = ("seller_survey", "manager_survey")


@dataclass(frozen=True, eq=False, repr=False)
class Receipt(Shown):
    """Account of one import; rows are counted as the user sees them, the header being row 1.

    Attributes
    ----------
    tool, encoding, delimiter, decimal : str
    header_rows, rows_read, rows_kept : int
    dropped, flagged : list of dict
        ``row, respondent, reason``.
    columns : list of dict
        ``source, item, type, missing, out_of_range``.
    problems : list of dict
        ``severity, row, column, value, message``.
    personal_data : list of dict
        ``column, kind, rows``; never a value.
    evidence : tuple of str
        What gave away encoding, delimiter and tool.
    """

    tool: str
    encoding: str
    delimiter: str
    decimal: str
    header_rows: int
    rows_read: int
    rows_kept: int
    dropped: list[dict[str, Any]] = field(default_factory=list)
    flagged: list[dict[str, Any]] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    personal_data: list[dict[str, Any]] = field(default_factory=list)
    evidence: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row per column read."""
        named = ["source", "item", "type", "missing", "out_of_range", "low", "high"]
        return pd.DataFrame(self.columns, columns=named)

    @property
    def notes(self) -> tuple[str, ...]:
        """Counts in words."""
        counts = [f"{self.rows_read} rows read, {self.rows_kept} kept"]
        for what, entries in (("dropped", self.dropped), ("flagged", self.flagged)):
            for reason in sorted({entry["reason"] for entry in entries}):
                n = sum(entry["reason"] == reason for entry in entries)
                counts.append(f"{n} {'row' if n == 1 else 'rows'} {what}: {reason}")
        for entry in self.personal_data:
            counts.append(f"{entry['column']}: {entry['kind']} in {len(entry['rows'])} rows")
        return (*counts, *self.messages)

    @property
    def messages(self) -> tuple[str, ...]:
        """What the problems say; where many columns hold answers in words, in one line."""
        words = [p for p in self.problems if f" {IN_WORDS}" in p["message"]]
        if len(words) <= FEW:
            return tuple(problem["message"] for problem in self.problems)
        others = tuple(p["message"] for p in self.problems if p not in words)
        columns = first_ten(problem["column"] for problem in words)
        return (f"{len(words)} columns hold {IN_WORDS}: {columns}", *others)

    def as_dict(self) -> dict[str, Any]:
        """The receipt as it stands in receipt.json."""
        names = ("tool", "encoding", "delimiter", "decimal", "header_rows", "rows_read")
        lists = ("rows_kept", "dropped", "flagged", "columns", "problems", "personal_data")
        return {
            **{name: getattr(self, name) for name in (*names, *lists)},
            "evidence": list(self.evidence),
        }


def receipt_of(
    tables: Mapping[str, pd.DataFrame],
    *,
    tool: str,
    problems: list[dict[str, Any]],
    single_file: pd.DataFrame | None = None,
    rules: QualityRules = DEFAULT_RULES,
) -> Receipt:
    """Account for the tables of a folder, or for the single file that they were taken from.

    Parameters
    ----------
    tables : mapping from table name to DataFrame
    tool : str
    problems : list of dict
    single_file : DataFrame, optional
        The file as read, where the tables come from one.
    rules : QualityRules
        When an answer counts as careless.
    """
    if single_file is None:
        columns = [
            column_entry(f"{name}.{column}", _known(column), frame[column])
            for name, frame in tables.items()
            for column in frame
        ]
        n_rows = sum(len(tables[name]) for name in SURVEYS if name in tables)
    else:
        columns = [column_entry(str(c), _known(c), single_file[c]) for c in single_file]
        n_rows = len(single_file)
    return Receipt(
        tool=tool,
        encoding="utf-8",
        delimiter=",",
        decimal=".",
        header_rows=1,
        rows_read=n_rows,
        rows_kept=n_rows - sum(problem.get("rows", 0) for problem in problems),
        flagged=[
            entry for name in SURVEYS if name in tables for entry in careless(tables[name], rules)
        ],
        columns=columns,
        problems=[{k: v for k, v in problem.items() if k != "rows"} for problem in problems],
    )


def problem(
    severity: str,
    message: str,
    *,
    row: int | None = None,
    column: str | None = None,
    value: str | None = None,
) -> dict[str, Any]:
    """One line of a receipt.

    Parameters
    ----------
    severity : {"info", "warning"}
        What cannot be read at all is an error and stops the import.
    """
    return {
        "severity": severity,
        "row": row,
        "column": column,
        "value": value,
        "message": message,
    }


def column_entry(
    source: str, name: str | None, values: pd.Series | None, how: str | None = None
) -> dict[str, Any]:
    """What a receipt says of one column; values are shown of numbers only.

    Parameters
    ----------
    source : str
        Header in the file.
    name : str or None
        Our name for it.
    values : Series or None
        None where the column was left out.
    how : str, optional
        By what it was recognised.
    """
    entry = {"source": source, "item": name, "type": "left out", "missing": None}
    entry |= {"out_of_range": 0}  # answers outside their scale stop the import
    entry |= {"how": how, "distinct": None, "low": None, "high": None, "values": None}
    if values is None:
        return entry
    is_number = pd.api.types.is_numeric_dtype(values)
    seen = np.sort(values.dropna().unique()) if is_number else values.dropna().unique()
    entry |= {
        "type": "number" if is_number else "text",
        "missing": int(values.isna().sum()),
        "distinct": len(seen),
    }
    if is_number and len(seen):
        entry |= {"low": float(seen[0]), "high": float(seen[-1])}
        entry |= {"values": [float(v) for v in seen] if len(seen) <= SHOWN else None}
    return entry


def _known(column: str) -> str | None:
    items = {item.name for item in load_instrument().items}
    return column if column in items else None
