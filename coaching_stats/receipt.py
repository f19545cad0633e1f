"""What an import read, dropped, flagged and could not read: by file, column and row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from coaching_stats.instrument import ATTENTION_KEYS, load_instrument
from coaching_stats.results import Shown

SURVEYS = {"seller_survey": "seller_id", "manager_survey": "team_id"}


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

    def tidy(self) -> pd.DataFrame:
        """One row per column read."""
        return pd.DataFrame(
            self.columns, columns=["source", "item", "type", "missing", "out_of_range"]
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Counts in words."""
        counts = [f"{self.rows_read} rows read, {self.rows_kept} kept"]
        for reason in sorted({entry["reason"] for entry in self.flagged}):
            n = sum(entry["reason"] == reason for entry in self.flagged)
            counts.append(f"{n} rows flagged: {reason}")
        return (*counts, *(problem["message"] for problem in self.problems))

    def as_dict(self) -> dict[str, Any]:
        """The receipt as it stands in receipt.json."""
        names = ("tool", "encoding", "delimiter", "decimal", "header_rows", "rows_read")
        lists = ("rows_kept", "dropped", "flagged", "columns", "problems", "personal_data")
        return {name: getattr(self, name) for name in (*names, *lists)}


def receipt_of(
    tables: Mapping[str, pd.DataFrame],
    *,
    tool: str,
    problems: list[dict[str, Any]],
    single_file: pd.DataFrame | None = None,
) -> Receipt:
    """Account for the tables of a folder, or for the single file that they were taken from.

    Parameters
    ----------
    tables : mapping from table name to DataFrame
    tool : str
    problems : list of dict
    single_file : DataFrame, optional
        The file as read, where the tables come from one.
    """
    if single_file is None:
        columns = [
            _column(f"{name}.{column}", column, frame[column])
            for name, frame in tables.items()
            for column in frame
        ]
        n_rows = sum(len(tables[name]) for name in SURVEYS if name in tables)
    else:
        columns = [_column(c, c, single_file[c]) for c in single_file]
        n_rows = len(single_file)
    return Receipt(
        tool=tool,
        encoding="utf-8",
        delimiter=",",
        decimal=".",
        header_rows=1,
        rows_read=n_rows,
        rows_kept=n_rows - sum(problem.get("rows", 0) for problem in problems),
        flagged=_failed_attention(tables),
        columns=columns,
        problems=[{k: v for k, v in problem.items() if k != "rows"} for problem in problems],
    )


def _column(source: str, name: str, values: pd.Series) -> dict[str, Any]:
    items = {item.name for item in load_instrument().items}
    is_number = pd.api.types.is_numeric_dtype(values)
    return {
        "source": source,
        "item": name if name in items else None,
        "type": "number" if is_number else "text",
        "missing": int(values.isna().sum()),
        "out_of_range": 0,  # scoring refuses answers outside their scale
    }


def _failed_attention(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Respondents who failed a check, by row of their table."""
    flagged = []
    for name, key in SURVEYS.items():
        survey = tables.get(name, pd.DataFrame())
        checks = [item for item in ATTENTION_KEYS if item in survey]
        if not checks:
            continue
        answers = survey[checks]
        wrong = answers.notna() & (answers != pd.Series({c: ATTENTION_KEYS[c] for c in checks}))
        for row in np.flatnonzero(wrong.any(axis=1)).tolist():
            label = survey.index[row]
            is_number = isinstance(label, int | np.integer)
            flagged.append(
                {
                    "row": int(label) if is_number else str(label),
                    "respondent": str(survey[key].iloc[row]),
                    "reason": "attention",
                }
            )
    return flagged
