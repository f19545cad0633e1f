"""The only sentences that may be printed as conclusions, and the reasons beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coaching_stats.gates import Check
from coaching_stats.hypotheses import Hypothesis, Leg, Study
from coaching_stats.texts import number, texts

NO_RATES = "D_rates"  # the second reason for grade D; a contradiction reads the same for both


def sentence(
    hypothesis: Hypothesis,
    verdict: str,
    grade: str,
    gates: Sequence[str],
    language: str,
    *,
    is_equivalence: bool = False,
    has_shared_respondent: bool = True,
) -> str:
    """State a conclusion as strongly as verdict and grade allow, and no stronger.

    Parameters
    ----------
    hypothesis : Hypothesis
    verdict : str
        supported, contradicted, inconclusive or not testable.
    grade : str
        A to D.
    gates : sequence of str
        Codes of the failed gates, or ``not_measured``.
    language : {"en", "fi"}
    is_equivalence : bool
        An equivalence claim that was contradicted: the data show a meaningful effect.
    has_shared_respondent : bool
        Of grade D: whether the same respondent stands on both sides. If not, it is of grade D
        because response rates are unknown.

    Returns
    -------
    str
    """
    licence = texts(language)["licence"]
    claim = hypothesis.statement(language).rstrip(".")
    claim = claim[:1].lower() + claim[1:]
    if verdict == "contradicted" and is_equivalence:
        pattern = licence["contradicted_equivalence"]
    else:
        pattern = licence[verdict]
        if not isinstance(pattern, str):
            is_without_rates = grade == "D" and not has_shared_respondent
            pattern = pattern.get(NO_RATES if is_without_rates else grade, pattern[grade])
    return pattern.format(H=claim, gates=gate_list(gates, language))


def gate_list(gates: Sequence[str], language: str) -> str:
    """Failed gates by code; what was not measured in words."""
    names = texts(language)["codes"]
    return ", ".join(names.get(gate, gate) for gate in gates)


def reason_text(code: str, values: Mapping[str, Any], language: str) -> str:
    """Explain a verdict in one line: the code, then the deciding number.

    Parameters
    ----------
    code : str
        Such as ``wide_ci``; the key of a text.
    values : mapping
        Numbers that the text shows; ready strings are taken as they are.
    language : {"en", "fi"}
    """
    shown = {
        key: number(value, language) if isinstance(value, float) else value
        for key, value in values.items()
    }
    return f"{code}: " + texts(language)["reasons"][code].format(**shown)


def check_text(check: Check, language: str) -> str:
    """One condition of a gate in words: what it is about, its number and its threshold."""
    pattern, digits = texts(language)["checks"][check.what], check_digits(check)
    return pattern.format(
        about=check.about,
        value=number(check.value, language, digits),
        limit=number(check.fails_at, language, digits),
    )


def check_digits(check: Check) -> int:
    """Decimals of a condition's number: none for a count."""
    return 0 if check.what in ("versions", "firms_as_versions", "teams") else 2


def gate_reasons(checks: Sequence[Check], language: str) -> str:
    """The failed gates with their numbers, such as ``G1: ...; G3: ...``."""
    failed = [check for check in checks if check.status == "fail"]
    return "; ".join(f"{check.gate}: {check_text(check, language)}" for check in failed)


def leg_name(leg: Leg, study: Study, language: str) -> str:
    """Name a part of a prediction by what goes with what, and where.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> study = load_study()
    >>> leg_name(study.hypothesis("H8").legs[1], study, "en")
    'Sales-process rigidity → Seller autonomy'
    """
    said = texts(language)["legs"]
    keys = (leg.predictor[0], *leg.mediators, leg.outcome)
    path = " → ".join(study.name(key, language) for key in keys)
    if leg.moderator is None:
        return path
    moderator = study.name(leg.moderator, language)
    return said[_place(leg.at)].format(path=path, moderator=moderator)


def _place(at: float | None) -> str:
    """Where on the third variable a part of a prediction looks."""
    if at is None:
        return "any"
    return "middle" if at == 0 else "high" if at > 0 else "low"


def term_name(term: str, study: Study, language: str) -> str:
    """Name of a score such as ``SPR_s`` with its source; any other term stays as it is.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> term_name("SPR_s", load_study(), "en"), term_name("x", load_study(), "en")
    ('Sales-process rigidity (sellers)', 'x')
    """
    words = texts(language)
    key, _, suffix = term.rpartition("_")
    if key in study.constructs and suffix in words["sources"]:
        return f"{study.name(key, language)} ({words['sources'][suffix]})"
    return words["abouts"].get(term, study.name(term, language))
