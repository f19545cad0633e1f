"""Texts in two languages: data files with the same keys, looked up here and nowhere else."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

LANGUAGES = ("en", "fi")


@cache
def texts(language: str) -> dict[str, Any]:
    """All texts of a language, by nested key.

    Parameters
    ----------
    language : {"en", "fi"}

    Raises
    ------
    ValueError
        Another language.

    Examples
    --------
    >>> texts("fi")["verdicts"]["supported"]
    'Saa tukea'
    """
    if language not in LANGUAGES:
        raise ValueError(f"no texts in {language!r}; choose one of {', '.join(LANGUAGES)}")
    file = resources.files("coaching_stats") / f"texts.{language}.yml"
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def number(value: float, language: str, digits: int = 2) -> str:
    """Write a number as readers of the language do: minus sign, decimal comma in Finnish.

    Examples
    --------
    >>> number(-0.345, "fi"), number(-0.345, "en")
    ('−0,34', '−0.34')
    """
    if value != value:
        return "–"
    if value in (float("inf"), -float("inf")):
        return "∞" if value > 0 else "−∞"
    plain = f"{value:.{digits}f}"
    if float(plain) == 0:
        plain = plain.lstrip("-")
    plain = plain.replace("-", "−")
    return plain.replace(".", ",") if language == "fi" else plain
