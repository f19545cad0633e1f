"""What the page says of other explanations: one rater, people or process, gaps, arrows reversed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from markupsafe import Markup

from coaching_stats.addresses import addressed, interval
from coaching_stats.double_checks import BOUNDS, PER_CENT, DoubleChecks, double_checks
from coaching_stats.rules import NOT_TESTABLE
from coaching_stats.study import Run
from coaching_stats.texts import texts
from coaching_stats.wording import leg_name

OUTCOMES = ("WTC", "SWC")
NEAR_ZERO = 0.005  # a share that is shown as 0 %


def evidence_content(run: Run, language: str) -> dict[str, Any]:
    """Tables of the double-checks; a table without rows is left out.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}
    """
    said, checks = texts(language)["double_checks"], double_checks(run)
    tables = (
        ("stress", _stress(run, checks, language)),
        ("shares", _shares(checks, language)),
        ("rows", _rows(run, checks, language)),
    )
    return {
        "heading": said["heading"],
        "text": said["text"],
        "arrows": said["arrows"],
        "tables": [
            {
                "id": name,
                "heading": said[name]["heading"],
                "text": _text(said[name], name, checks),
                "head": said[name]["head"],
                "rows": rows,
            }
            for name, found in (tables)
            if (rows := list(found))
        ],
        "no_share": _no_share(run, checks, language),
    }


def _text(said: dict[str, Any], name: str, checks: DoubleChecks) -> str:
    """What a table shows; what a share below zero means, only where there is one."""
    is_below = name == "shares" and (checks.bounded()[list(BOUNDS)] < -NEAR_ZERO).any(axis=None)
    return f"{said['text']} {said['below_zero']}" if is_below else said["text"]


def _stress(run: Run, checks: DoubleChecks, language: str) -> Iterator[list[object]]:
    said = texts(language)["double_checks"]["stress"]
    for row in checks.stressed().to_dict("records"):
        at = f"{row['term']}.stress"
        is_tested = row["across_verdict"] not in ("", NOT_TESTABLE)
        has_across = not pd.isna(row["across_estimate"])
        needed = row["vanishing_share"]
        yield [
            _prediction(run, row["term"], language),
            _estimate(at, row, "", language),
            _estimate(at, row, "across_", language) if has_across else "–",
            said["bases"].get(row["across"], "–"),
            "–" if pd.isna(needed) else _per_cent(f"{at}.vanishing", needed, language),
            said["outcome"][_outcome(row, is_tested)],
        ]


def _outcome(row: dict[str, Any], is_tested: bool) -> str:
    return "withdrawn" if row["withdrawn"] else "stands" if is_tested else "open"


def _prediction(run: Run, name: str, language: str) -> str:
    """Id and title; of a prediction in several parts also the part whose numbers are shown."""
    hypothesis = run.study.hypothesis(name)
    title = hypothesis.title_fi if language == "fi" else hypothesis.title
    first, *others = hypothesis.legs
    part = f": {leg_name(first, run.study, language)}" if others else ""
    return f"{name} · {title}{part}"


def _estimate(at: str, row: dict[str, Any], prefix: str, language: str) -> Markup:
    estimate = addressed(f"{at}.{prefix}estimate", row[f"{prefix}estimate"], language)
    ends = row[f"{prefix}conf_low"], row[f"{prefix}conf_high"]
    return estimate + " " + interval(f"{at}.{prefix}conf", *ends, language)


def _per_cent(address: str, share: float, language: str) -> Markup:
    return addressed(f"{address}_per_cent", PER_CENT * share, language, 0) + " %"


def _shares(checks: DoubleChecks, language: str) -> Iterator[list[object]]:
    names = texts(language)["people_or_process"]["groups"]
    for row in checks.bounded().to_dict("records"):
        if checks.shares.why_no_share[row["outcome"]]:
            continue
        at = f"shares.{row['outcome']}.{row['group']}"
        yield [
            names[row["group"]],
            checks.shares.names[row["outcome"], language],
            *(_per_cent(f"{at}.{key}", row[key], language) for key in BOUNDS),
        ]


def _no_share(run: Run, checks: DoubleChecks, language: str) -> list[str]:
    """Why no share is stated of an outcome."""
    if checks.shares is None:
        is_asked = set(OUTCOMES) & set(run.study.constructs)
        return [texts(language)["double_checks"]["shares"]["none"]] if is_asked else []
    said = texts(language)["people_or_process"]["no_share"]
    lines = [
        said[why].format(outcome=checks.shares.names[outcome, language].lower())
        for outcome, why in checks.shares.why_no_share.items()
        if why
    ]
    return list(dict.fromkeys(lines))


def _rows(run: Run, checks: DoubleChecks, language: str) -> Iterator[list[object]]:
    units = texts(language)["double_checks"]["rows"]["units"]
    for row in checks.counted().to_dict("records"):
        at = f"{row['hypothesis']}.{row['leg']}.rows"
        yield [
            _part(run, row["hypothesis"], row["leg"], language),
            units[row["unit"]],
            *(
                addressed(f"{at}.{key}", row[key], language, 0)
                for key in ("total", "used", "missing", "few")
            ),
        ]


def _part(run: Run, name: str, leg: str, language: str) -> str:
    """Id of a prediction; of one in several parts also the part, numbered and in words."""
    legs = run.study.hypothesis(name).legs
    if len(legs) == 1:
        return name
    place = [one.name for one in legs].index(leg)
    return f"{name} ({1 + place}): {leg_name(legs[place], run.study, language)}"
