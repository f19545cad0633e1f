"""results.json: every number of a run with its address, for machines and reviewers."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

from coaching_stats.judgement import LegVerdict, Verdict
from coaching_stats.page_numbers import page_numbers
from coaching_stats.receipt import Receipt
from coaching_stats.study import Run

SCHEMA_VERSION = 1
DIGITS = 12
DEPENDENCIES = ("numpy", "scipy", "pandas", "formulaic", "statsmodels")


def results(run: Run) -> dict[str, Any]:
    """Everything that a run found, as it stands in results.json.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        ``estimates`` maps addresses such as ``H3.estimate`` to numbers of 12 significant digits,
        None where there is none; ``verdicts`` holds verdict, grade, reason and wording. No time,
        user, path or machine: the same input gives the same bytes.
    """
    judged = (*run.verdicts.judged, *run.verdicts.described)
    theory = run.verdicts.theory
    return {
        "schema_version": SCHEMA_VERSION,
        "coaching_stats": metadata.version("coaching_stats"),
        "dependencies": {name: metadata.version(name) for name in DEPENDENCIES},
        "seed": run.seed,
        "data": {
            "name": run.source.name,
            "simulated": run.source.is_simulated,
            "sha256": dict(sorted(run.source.hashes.items())),
        },
        "study": {
            "title": run.study.title_en,
            "sha256": run.study.hash,
            "minimum_group": run.study.minimum_group,
        },
        "receipt": _counts(run.receipt),
        "theory": {
            "verdict": theory.verdict,
            "grade": theory.grade,
            "carrying": list(theory.carrying),
            "wording": theory.sentence("en"),
        },
        "verdicts": {v.hypothesis.id: _words(v) for v in run.verdicts.judged},
        "estimates": {
            address: _rounded(x)
            for source in (*map(_numbers, judged), page_numbers(run))
            for address, x in source
        },
        "notes": list(run.notes),
    }


def results_text(run: Run) -> str:
    """The text of results.json: sorted nowhere, indented, ending in one newline."""
    return json.dumps(results(run), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def numbers_by_address(file: Mapping[str, Any]) -> dict[str, float | None]:
    """Every number that a page can address in a results.json.

    Parameters
    ----------
    file : mapping
        As `results` gives it.

    Returns
    -------
    dict
        Estimates under their own addresses; the counts of the import as ``receipt.rows_read``,
        the promised minimum group as ``study.minimum_group``.

    Examples
    --------
    >>> file = {"estimates": {"H1.n": 9}, "receipt": {"rows_read": 30}, "study": {"title": "T"}}
    >>> numbers_by_address(file)
    {'H1.n': 9, 'receipt.rows_read': 30}
    """
    counts = {f"receipt.{what}": n for what, n in file["receipt"].items()}
    promise = {f"study.{k}": n for k, n in file["study"].items() if k == "minimum_group"}
    return {**file["estimates"], **counts, **promise}


def _counts(receipt: Receipt) -> dict[str, int]:
    """What the import counted; of the rows dropped or flagged also by reason."""
    listed = {"dropped": receipt.dropped, "flagged": receipt.flagged}
    return {
        **{key: getattr(receipt, key) for key in ("header_rows", "rows_read", "rows_kept")},
        **{what: len(entries) for what, entries in listed.items()},
        **{
            f"{what}.{reason}": n
            for what, entries in listed.items()
            for reason, n in sorted(Counter(entry["reason"] for entry in entries).items())
        },
        "problems": len(receipt.problems),
    }


def _words(verdict: Verdict) -> dict[str, object]:
    row = verdict.row()
    words = {key: str(row[key]) for key in ("verdict", "grade", "reason", "wording")}
    return {**words, "marks": list(verdict.hypothesis.sesoi_marks("en"))}


def _numbers(verdict: Verdict) -> Iterator[tuple[str, float]]:
    """Address and number of all that was estimated or checked on a hypothesis."""
    name, row = verdict.hypothesis.id, verdict.row()
    for key in (
        "estimate",
        "conf_low",
        "conf_high",
        "p_value",
        "p_adjusted",
        "sesoi",
        "n",
        "clusters",
    ):
        yield f"{name}.{key}", row[key]
    for key, value in verdict.decision.values.items():
        yield f"{name}.reason.{key}", value
    for leg in verdict.legs:
        yield from _leg_numbers(leg_address(verdict, leg), leg)
    for check in verdict.checks:
        yield f"{name}.{check.gate}.{check.what}.{check.about}", check.value
        yield f"{name}.{check.gate}.{check.what}.{check.about}.limit", check.fails_at


def leg_address(verdict: Verdict, leg: LegVerdict) -> str:
    """Where the numbers of one leg stand: below the hypothesis itself if it has no other."""
    name = verdict.hypothesis.id
    return name if len(verdict.legs) == 1 else f"{name}.{leg.leg.name}"


def _leg_numbers(prefix: str, leg: LegVerdict) -> Iterator[tuple[str, float]]:
    evidence = leg.evidence
    if "." in prefix:
        yield f"{prefix}.estimate", evidence.estimate
        yield f"{prefix}.conf_low", evidence.intervals[0.95][0]
        yield f"{prefix}.conf_high", evidence.intervals[0.95][1]
        yield f"{prefix}.p_value", evidence.p_value
        yield f"{prefix}.n", evidence.n
        yield f"{prefix}.clusters", evidence.n_clusters
    yield f"{prefix}.std_error", evidence.std_error
    yield f"{prefix}.df", evidence.df
    yield f"{prefix}.conf_low_90", evidence.intervals[0.90][0]
    yield f"{prefix}.conf_high_90", evidence.intervals[0.90][1]
    for place, slope in evidence.simple_slopes.items():
        yield f"{prefix}.slope_at_{place:+.0f}sd", slope.value
    if leg.same is not None:
        yield f"{prefix}.same_source_estimate", leg.same.estimate


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    if float(value).is_integer() and abs(value) < 1e15:
        return int(value)
    return float(f"{value:.{DIGITS}g}")
