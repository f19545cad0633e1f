"""What changed between two results.json, in plain sentences and as a Markdown table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from coaching_stats.calibration import THEORY
from coaching_stats.differences import (
    CLAIMS,
    NOTES,
    NUMBERS,
    PROVENANCE,
    SAME,
    STUDY,
    WORDS,
    Change,
    Differences,
    Results,
)
from coaching_stats.errors import first_ten
from coaching_stats.texts import number, texts

INTERVAL = ("estimate", "conf_low", "conf_high")
NAMED = ("grade", "n", "clusters", "sesoi")  # changes that have a part of their own
FURTHER = 3  # other numbers that one sentence names
DIGITS = 12
SIMULATED = "one file says that its data are simulated, the other does not"
EXPLORATORY = "exploratory, no conclusion"
HEAD = ("Prediction", "Verdict", "Grade", "Estimate [95 % CI]", "n", "What changed")
HEADLINES = {
    SAME: "No verdict, no sign and no number changed.",
    NUMBERS: "Numbers or words moved; every verdict and every sign is the same.",
    CLAIMS: "A verdict, a sign or the set of hypotheses changed.",
}


def sentences(found: Differences) -> tuple[str, ...]:
    """One plain sentence for each prediction that changed, then for all else.

    Parameters
    ----------
    found : Differences

    Returns
    -------
    tuple of str
        Empty where nothing changed.

    Examples
    --------
    >>> from coaching_stats.differences import compare_results
    >>> from coaching_stats.results_json import results
    >>> from coaching_stats.study import run_study
    >>> old, new = (results(run_study("data/one_client")) for _ in range(2))
    >>> new["estimates"]["H3.n"] = 9
    >>> sentences(compare_results(old, new))
    ('H3: still inconclusive; n 11 → 9',)
    """
    return tuple(
        f"{name}: {'; '.join(_parts(found, name, changes))}"
        for name, changes in _by_name(found).items()
    )


def markdown(found: Differences) -> str:
    """Give a table for a pull request: one row for each claim that changed, old → new.

    Parameters
    ----------
    found : Differences

    Returns
    -------
    str
        Markdown, ending in one newline.
    """
    lines = [f"**{HEADLINES[found.kind]}**", ""]
    if found.old["data"]["simulated"] or found.new["data"]["simulated"]:
        lines += [f"{texts('en')['simulated']}.", ""]
    rows = [_row(found, name, changes) for name, changes in _by_name(found).items()]
    if rows:
        lines += [*map(_line, (HEAD, ["---"] * len(HEAD), *rows)), ""]
    lines += [f"- {note}" for note in found.notes]
    return "\n".join(lines).rstrip() + "\n"


def _by_name(found: Differences) -> dict[str, list[Change]]:
    by_name: dict[str, list[Change]] = {}
    for change in found.changes:
        if change.kind != PROVENANCE:
            by_name.setdefault(change.hypothesis, []).append(change)
    return by_name


def _parts(found: Differences, name: str, changes: list[Change]) -> Iterator[str]:
    what = {change.what: change for change in changes}
    if "hypothesis" in what:
        yield "no longer there" if what["hypothesis"].new is None else "new"
        return
    if name == NOTES:
        yield from _notes(what["lines"])
        return
    yield from _verdict(found, name, what)
    if any(key in what for key in INTERVAL):
        yield f"estimate {_interval_pair(found, name)}"
    yield from (f"{key} {_pair(what[key])}" for key in NAMED if key in what)
    yield from (
        f"the {key.replace('.', ' ')} turned from {change.old} to {change.new}"
        for key, change in what.items()
        if key.split(".")[-1] == "sign"
    )
    yield from _further(changes)


def _notes(change: Change) -> Iterator[str]:
    if set(change.old) == set(change.new):
        yield "the same ones, in another order or number"
        return
    for state, notes in (("gone", change.old), ("new", change.new)):
        if notes:
            subject = "a note is" if len(notes) == 1 else f"{len(notes)} notes are"
            yield f"{subject} {state}: {first_ten(map(repr, notes))}"


def _verdict(found: Differences, name: str, what: dict[str, Change]) -> Iterator[str]:
    words = _words(found.new, name)
    is_claim = not _is_exploratory(found.new, name)
    if "verdict" in what:
        reason = re.sub(r"^[a-z_]+: ", "", words.get("reason", ""))  # in words, without its code
        rule = "" if is_claim else f"{EXPLORATORY}; by the rule "
        yield rule + _pair(what["verdict"]) + (f" ({reason})" if reason else "")
    elif words:
        yield f"still {words['verdict']}" if is_claim else EXPLORATORY


def _is_exploratory(file: Results, name: str) -> bool:
    """Whether a hypothesis gets no conclusion: it has a verdict by the rule, and no sentence."""
    return not _words(file, name).get("wording", name)


def _further(changes: list[Change]) -> Iterator[str]:
    """Other numbers, the first few by name; words only where nothing else explains them."""
    told = (*INTERVAL, *NAMED)
    numbers = [c for c in changes if c.kind == NUMBERS and c.what not in told]
    if numbers:
        more = len(numbers) - FURTHER
        named = ", ".join(f"{c.what} {_pair(c)}" for c in numbers[:FURTHER])
        yield named + (f" and {more} more" if more > 0 else "")
    if changes[0].hypothesis == STUDY or {change.kind for change in changes} == {WORDS}:
        words = [c for c in changes if c.kind == WORDS and c.what not in NAMED]
        yield from (_in_words(change) for change in words)


def _in_words(change: Change) -> str:
    if change.what == "simulated":
        return SIMULATED
    return f"{change.what} {_quoted(change.old)} → {_quoted(change.new)}"


def _words(file: Results, name: str) -> dict[str, Any]:
    return file["theory"] if name == THEORY else file["verdicts"].get(name, {})


def _quoted(value: Any) -> str:
    return first_ten(map(repr, value)) or "–" if isinstance(value, list) else repr(value)


def _pair(change: Change) -> str:
    """Old → new, with as many digits as it takes to tell them apart."""
    for digits in range(2, DIGITS + 1):
        old, new = (_plain(value, digits) for value in (change.old, change.new))
        if old != new:
            break
    return f"{old} → {new}"


def _plain(value: Any, digits: int) -> str:
    if value is None or value == "":
        return "–"
    return number(value, "en", digits) if isinstance(value, float) else str(value)


def _interval(file: Results, name: str, digits: int = 2) -> str:
    """Estimate and interval as readers see them; a dash where there is none."""
    estimate, low, high = (file["estimates"].get(f"{name}.{key}") for key in INTERVAL)
    if estimate is None:
        return "–"
    shown = [number(float("nan") if x is None else x, "en", digits) for x in (estimate, low, high)]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _interval_pair(found: Differences, name: str) -> str:
    for digits in range(2, DIGITS + 1):
        old, new = (_interval(file, name, digits) for file in (found.old, found.new))
        if old != new:
            break
    return f"{old} → {new}"


def _row(found: Differences, name: str, changes: list[Change]) -> list[str]:
    files = (found.old, found.new)
    words = [_words(file, name) for file in files]
    has_interval = any(change.what in INTERVAL for change in changes)
    return [
        name,
        _cell(*(_verdict_cell(file, name) for file in files)),
        _cell(*(one.get("grade", "") for one in words)),
        _interval_pair(found, name) if has_interval else _interval(found.new, name),
        _cell(*(_plain(file["estimates"].get(f"{name}.n"), 0) for file in files)),
        "; ".join(_parts(found, name, changes)),
    ]


def _verdict_cell(file: Results, name: str) -> str:
    verdict = _words(file, name).get("verdict", "")
    return f"{EXPLORATORY} ({verdict} by the rule)" if _is_exploratory(file, name) else verdict


def _cell(old: str, new: str) -> str:
    return new if old == new else f"**{old or '–'} → {new or '–'}**"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') or '–' for cell in cells)} |"
