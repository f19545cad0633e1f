"""The same tables as an Excel workbook: one sheet a table, real numbers, readable widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from coaching_stats.published_figures import published_figures
from coaching_stats.scale_table import scale_table
from coaching_stats.spreadsheet_text import inert_cell
from coaching_stats.study import Run
from coaching_stats.texts import number, texts
from coaching_stats.verdict_page import check_in_words, reasons_in_words
from coaching_stats.wording import term_name

WIDEST = 70  # characters
P_VALUES = ("p", "p, Holm")
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}


def write_workbook(run: Run, path: str | Path) -> None:
    """Write tables.xlsx: verdicts, legs, gates, scales, published figures and notes.

    Parameters
    ----------
    run : Run
    path : str or Path

    Raises
    ------
    OSError
        The file cannot be written.
    """
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        formats = {
            code: book.add_format({"num_format": code, "valign": "top"})
            for code in ("0", "0.00", "0.0000")
        }
        for name, frame in _sheets(run).items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(frame.columns):
                values = frame[title].tolist()
                sheet.write_string(0, column, title, head)
                sheet.set_column(column, column, _width(title, values))
                figure = formats[_number_format(title, values)]
                for row, value in enumerate(values, start=1):
                    _write(sheet, row, column, value, text, figure)


def _number_format(title: str, values: list[Any]) -> str:
    """Counts without decimals, p-values with four, all else with two."""
    known = [v for v in values if not isinstance(v, str) and np.isfinite(v)]
    if known and all(float(v).is_integer() for v in known):
        return "0"
    return "0.0000" if title in P_VALUES else "0.00"


def _write(sheet: Any, row: int, column: int, value: Any, text: Any, figure: Any) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, inert_cell(value), text)
    elif np.isinf(value):
        sheet.write_string(row, column, number(value, "en"), text)
    elif not np.isnan(value):
        sheet.write_number(row, column, float(value), figure)


def _width(title: str, values: list[Any]) -> float:
    longest = max((len(v) if isinstance(v, str) else 8 for v in values), default=8)
    return min(max(longest, len(title)) + 2, WIDEST)


def _sheets(run: Run) -> dict[str, pd.DataFrame]:
    return {
        "Verdicts": _verdicts(run),
        "Legs": _legs(run),
        "Gates": _gates(run),
        "Scales": _scales(run),
        "Published figures": _published(run),
        "Notes": _notes(run),
    }


def _notes(run: Run) -> pd.DataFrame:
    """What careful readers should know; simulated data are called simulated first."""
    simulated = [f"{texts('en')['simulated']}."] if run.source.is_simulated else []
    answer = run.verdicts.theory.sentence("en")
    return pd.DataFrame({"Note": [*simulated, answer, *run.notes]})


def _verdicts(run: Run) -> pd.DataFrame:
    titles = [v.hypothesis.title for v in run.verdicts.judged]
    table = run.verdicts.tidy()
    table.insert(1, "title", titles)
    table["reason"] = [
        "; ".join(reason.striptags() for reason in reasons_in_words(run, v, "en"))
        for v in run.verdicts.judged
    ]
    return table.rename(
        columns={
            "hypothesis": "Prediction",
            "title": "Title",
            "verdict": "Verdict",
            "grade": "Grade",
            "estimate": "Estimate (SD)",
            "conf_low": "95 % CI, low",
            "conf_high": "95 % CI, high",
            "p_value": "p",
            "p_adjusted": "p, Holm",
            "sesoi": "Smallest size of interest",
            "n": "n",
            "clusters": "Clusters",
            "reason": "Why",
            "wording": "Conclusion",
        }
    )


def _legs(run: Run) -> pd.DataFrame:
    rows = []
    for verdict in run.verdicts.judged:
        for leg in verdict.legs:
            low, high = leg.evidence.intervals[0.95]
            rows.append(
                {
                    "Prediction": verdict.hypothesis.id,
                    "Leg": leg.leg.name.replace("_", " "),
                    "Estimate (SD)": leg.evidence.estimate,
                    "Standard error": leg.evidence.std_error,
                    "Degrees of freedom": leg.evidence.df,
                    "95 % CI, low": low,
                    "95 % CI, high": high,
                    "p": leg.evidence.p_value,
                    "Same respondents": leg.same.estimate if leg.same else float("nan"),
                    "n": leg.evidence.n,
                    "Clusters": leg.evidence.n_clusters,
                }
            )
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["Prediction"])


def _gates(run: Run) -> pd.DataFrame:
    rows = [
        {
            "Prediction": verdict.hypothesis.id,
            "Gate": check.gate,
            "About": term_name(check.about, run.study, "en"),
            "Value": check.value,
            "Fails at": check.fails_at,
            "Result": check.status,
            "In words": check_in_words(run, verdict.hypothesis.id, check, "en").striptags(),
        }
        for verdict in run.verdicts.judged
        for check in verdict.checks
    ]
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["Prediction"])


def _scales(run: Run) -> pd.DataFrame:
    table = scale_table(run).drop(columns="suppressed")
    table["item"] = [term_name(item, run.study, "en") for item in table["item"]]
    table["n"] = [float(n) if n.isdigit() else n for n in table["n"]]
    names = {"item": "Scale", "mean": "Mean", "alpha": "Alpha", "icc1": "ICC(1)", "icc2": "ICC(2)"}
    return table.rename(columns=names)


def _published(run: Run) -> pd.DataFrame:
    table = published_figures(run).copy()
    table["item"] = [term_name(item, run.study, "en") for item in table["item"]]
    table["suppressed"] = ["yes" if flag else "no" for flag in table["suppressed"]]
    return table.drop(columns="value").rename(
        columns={
            "table": "Table",
            "group": "Group",
            "parent_group": "Part of",
            "item": "Item",
            "mean": "Mean",
            "suppressed": "Suppressed",
        }
    )
