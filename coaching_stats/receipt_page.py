"""The receipt of an import, and what careless answers would change, in words for the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd
from markupsafe import Markup

from coaching_stats.addresses import addressed
from coaching_stats.careless_answers import JUDGED, with_and_without
from coaching_stats.instrument import load_instrument
from coaching_stats.judgement import Verdict
from coaching_stats.page_numbers import shown_columns
from coaching_stats.rules import NOT_TESTABLE
from coaching_stats.study import Run
from coaching_stats.texts import number, texts

MOST_OPTIONS = 7
MARKS = {"\t": "tab", " ": "space"}
UNJUDGED = "attention"  # the flag that keeps an answer out of the verdicts
FACTS = ("tool", "encoding", "delimiter", "decimal")
COUNTS = ("header_rows", "rows_read", "rows_kept")


def receipt_content(run: Run, language: str) -> dict[str, Any]:
    """What a page says about the import: facts and counts, and the columns of a single file.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}
    """
    return {"facts": list(_facts(run, language)), "columns": list(_columns(run, language))}


def _facts(run: Run, language: str) -> Iterator[tuple[str, str]]:
    said, receipt = texts(language)["report"], run.receipt
    for key in FACTS:
        value = getattr(receipt, key)
        if value != "":
            named = said["tools"] | MARKS
            yield said["receipt_facts"][key], named.get(value, value)
    for key in COUNTS:
        yield said["receipt_facts"][key], _count(f"receipt.{key}", getattr(receipt, key), language)
    for what, entries in (("dropped", receipt.dropped), ("flagged", receipt.flagged)):
        for reason, n in Counter(entry["reason"] for entry in entries).items():
            is_unjudged = what == "flagged" and reason == UNJUDGED
            pattern = said["receipt_unjudged" if is_unjudged else f"receipt_{what}"]
            name = pattern.format(reason=said["reasons_for_rows"][reason])
            yield name, _count(f"receipt.{what}.{reason}", n, language)
    personal = dict.fromkeys(entry["column"] for entry in receipt.personal_data)
    if personal:
        yield said["receipt_personal"], ", ".join(personal)


def _count(address: str, n: int, language: str) -> Markup:
    return addressed(address, n, language, 0)


def _scale_items() -> frozenset[str]:
    """Items that are answered on a scale of few options."""
    return frozenset(i.name for i in load_instrument().items if i.scale_max <= MOST_OPTIONS)


def _columns(run: Run, language: str) -> Iterator[dict[str, str]]:
    for place, entry in enumerate(shown_columns(run), start=1):
        is_item = entry["item"] in _scale_items()  # ends of anything else are somebody's own
        ends = [entry["low"], entry["high"]] if is_item else [None, None]
        yield {
            "source": entry["source"],
            "item": entry["item"] or "–",
            "type": texts(language)["report"]["types"][entry["type"]],
            "missing": "–"
            if entry["missing"] is None
            else _count(f"columns.{place}.missing", entry["missing"], language),
            "range": "–" if None in ends else "–".join(_short(end, language) for end in ends),
        }


def _short(value: float, language: str) -> str:
    return f"{value:.0f}" if value == round(value) else number(value, language)


def careless_content(run: Run, language: str) -> dict[str, Any]:
    """Verdict and estimate of each hypothesis with and without careless answers.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}
    """
    table = with_and_without(run)
    choices = table["answers"].unique().tolist()
    rows = [
        {
            "hypothesis": verdict.hypothesis.id,
            "cells": list(_cells(table, verdict, choices, language)),
        }
        for verdict in run.verdicts.judged
        if choices
    ]
    return {"choices": choices, "rows": rows, "text": _careless_text(choices, language)}


def _careless_text(choices: list[str], language: str) -> str:
    """What the columns are, no more than there are, and what bold means."""
    said = texts(language)["report"]["careless_text"]
    others = [said[choice] for choice in choices if choice in said]
    columns = said["and"].join([", ".join([said["start"], *others[:-1]]), *others[-1:]])
    return f"{columns}. {said['end']}"


def _cells(
    table: pd.DataFrame, verdict: Verdict, choices: list[str], language: str
) -> Iterator[dict[str, Any]]:
    of_one = table[table["hypothesis"] == verdict.hypothesis.id].set_index("answers")
    words = texts(language)["verdicts"]
    for choice in choices:
        row = of_one.loc[choice]
        is_testable = row["verdict"] != NOT_TESTABLE
        word = words["exploratory" if verdict.is_exploratory and is_testable else row["verdict"]]
        name = verdict.hypothesis.id
        address = f"{name}.estimate" if choice == JUDGED else f"careless.{choice}.{name}"
        shown = ", " + addressed(address, row["estimate"], language) if is_testable else ""
        yield {"text": word + shown, "changed": word != verdict.word(language)}
