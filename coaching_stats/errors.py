"""Every refusal of the toolkit, and how it is worded."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CoachingStatsError(ValueError):
    """Any refusal; the message says what is wrong, where, and what to do."""


class DataError(CoachingStatsError):
    """The user's file or frame cannot be used as it is."""


class StudyError(CoachingStatsError):
    """The user's study or mapping file cannot be used as it is."""


class DesignError(CoachingStatsError):
    """The design cannot carry this estimate."""


def explain(*, what: str, where: str = "", remedy: str = "") -> str:
    """One message from its three parts: what is wrong, where, what to do.

    A plain string is what exceptions carry, so that they survive pickling.

    Examples
    --------
    >>> explain(what="no column 'SPR'", where="survey.csv", remedy="add it under columns")
    "no column 'SPR' (survey.csv). What to do: add it under columns."
    """
    place = f" ({where})" if where else ""
    todo = f" What to do: {_sentence(remedy)}" if remedy else ""
    return f"{_sentence(what + place)}{todo}"


def _sentence(text: str) -> str:
    """End a text in one mark, where it has none of its own: a hint ends in a question mark."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word nearest to `word`, or nothing.

    Examples
    --------
    >>> nearest("sesio", ["sesoi", "rule"])
    "; did you mean 'sesoi'?"
    """
    close = get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def first_ten(items: Iterable[object]) -> str:
    """List the first ten items in plain print, and say how many more there are.

    Examples
    --------
    >>> first_ten(range(12))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more'
    """
    listed = [str(item) for item in items]
    more = f" and {len(listed) - 10} more" if len(listed) > 10 else ""
    return ", ".join(listed[:10]) + more
