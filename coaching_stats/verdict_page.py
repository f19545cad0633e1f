"""What the page says of each verdict: its reason, its conditions and its sizes, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

from coaching_stats.addresses import addressed
from coaching_stats.gates import Check
from coaching_stats.judgement import NOT_MEASURED, Verdict
from coaching_stats.results_json import leg_address
from coaching_stats.rules import NOT_TESTABLE
from coaching_stats.study import Run
from coaching_stats.texts import number, texts
from coaching_stats.wording import check_digits, term_name


def verdict_row(run: Run, verdict: Verdict, language: str) -> dict[str, Any]:
    """One row of the table of verdicts, as the page shows it."""
    row = verdict.row()
    is_open = not verdict.legs
    hypothesis = verdict.hypothesis
    shown = {key: number(row[key], language) for key in ("estimate", "conf_low", "conf_high")}
    return {
        "id": hypothesis.id,
        "title": hypothesis.title_fi if language == "fi" else hypothesis.title,
        "core": hypothesis.is_core,
        "conclusion": verdict.wording(language),
        "verdict": verdict.word(language),
        "css": "" if verdict.is_exploratory else verdict.verdict.replace(" ", "-"),
        "grade": verdict.grade,
        "is_open": is_open,
        **shown,
        "n": "–" if is_open else str(int(row["n"])),
        "reasons": reasons_in_words(run, verdict, language),
        "sizes": _sizes(run, verdict, language),
    }


def reasons_in_words(run: Run, verdict: Verdict, language: str) -> list[Markup]:
    """Say why a verdict is what it is: no codes but those of gates, names in place of keys.

    Parameters
    ----------
    run : Run
    verdict : Verdict
    language : {"en", "fi"}

    Returns
    -------
    list of Markup
        One reason, or one for each condition that failed; numbers carry their addresses.
    """
    said = texts(language)["reasons"]
    if verdict.missing:
        named = [term_name(column, run.study, language) for column in verdict.missing]
        if verdict.missing == (NOT_MEASURED,):
            named = [texts(language)["report"]["no_source"]]
        return [escape(said["not_measured"]).format(missing=", ".join(named))]
    name = verdict.hypothesis.id
    if verdict.verdict == NOT_TESTABLE:
        failed = [check for check in verdict.checks if check.status == "fail"]
        return [
            escape(check.gate) + ": " + check_in_words(run, name, check, language)
            for check in failed
        ]
    shown = {
        key: addressed(f"{name}.reason.{key}", value, language)
        for key, value in verdict.decision.values.items()
    }
    shown["p"] = addressed(f"{name}.p_adjusted", verdict.p_adjusted, language)
    return [escape(said[verdict.decision.code]).format(**shown)]


def check_in_words(run: Run, hypothesis: str, check: Check, language: str) -> Markup:
    """One condition of a gate, the number with its address, names in place of keys."""
    address = f"{hypothesis}.{check.gate}.{check.what}.{check.about}"
    digits = check_digits(check)
    return escape(texts(language)["checks"][check.what]).format(
        about=term_name(check.about, run.study, language),
        value=addressed(address, check.value, language, digits),
        limit=addressed(f"{address}.limit", check.fails_at, language, digits),
    )


def _sizes(run: Run, verdict: Verdict, language: str) -> Markup:
    """The smallest size of interest, and the same-source estimate beside the one judged."""
    said, row, name = texts(language)["report"], verdict.row(), verdict.hypothesis.id
    sesoi = addressed(f"{name}.sesoi", row["sesoi"], language)
    text = escape(said["sesoi"]).format(sesoi=sesoi)
    for mark in verdict.hypothesis.sesoi_marks(language):
        text += f" ({mark})"
    same = verdict.legs[verdict.deciding].same if verdict.legs else None
    if same is not None:
        at = f"{leg_address(verdict, verdict.legs[verdict.deciding])}.same_source_estimate"
        estimate = addressed(at, same.estimate, language)
        text += "; " + escape(said["same_source"]).format(estimate=estimate)
    for leg in verdict.legs:
        if leg.evidence.simple_slopes:
            at = [
                addressed(f"{leg_address(verdict, leg)}.slope_at_{x:+.0f}sd", one.value, language)
                for x, one in leg.evidence.simple_slopes.items()
            ]
            moderator = run.study.name(leg.leg.moderator, language)
            text += "; " + escape(said["simple_slopes"]).format(
                moderator=moderator, **dict(zip(("low", "middle", "high"), at, strict=True))
            )
    return text


def described_line(verdict: Verdict, language: str) -> Markup:
    """An association with its interval, and that there is no verdict on it."""
    said, hypothesis = texts(language)["report"], verdict.hypothesis
    title = hypothesis.statement_fi.rstrip(".") if language == "fi" else hypothesis.title
    if not verdict.legs:
        return escape(said["described_missing"]).format(title=title)
    row, name = verdict.row(), hypothesis.id
    return escape(said["described_text"]).format(
        title=title,
        estimate=addressed(f"{name}.estimate", row["estimate"], language),
        low=addressed(f"{name}.conf_low", row["conf_low"], language),
        high=addressed(f"{name}.conf_high", row["conf_high"], language),
        n=addressed(f"{name}.n", row["n"], language, 0),
    )


def gate_rows(run: Run, language: str) -> Iterator[dict[str, str]]:
    """Each condition once, with the predictions that it is about."""
    statuses = texts(language)["report"]["statuses"]
    found: dict[tuple[str, str, str], tuple[Markup, list[str]]] = {}
    for verdict in run.verdicts.judged:
        for check in verdict.checks:
            said = check_in_words(run, verdict.hypothesis.id, check, language)
            key = check.gate, said.striptags(), statuses[check.status]
            found.setdefault(key, (said, []))[1].append(verdict.hypothesis.id)
    for (gate, _, status), (said, names) in sorted(found.items(), key=lambda one: one[0][0]):
        yield {"gate": gate, "text": said, "status": status, "hypotheses": ", ".join(names)}
