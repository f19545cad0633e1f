"""Notes in Finnish: an English sentence of the package is looked up and said again."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter

import yaml

NUMBER, QUOTED = "number", "quoted"  # any other text is a name, which stays as it is
NAMES, CHOICES, NOTE = "names", "choices", "note"
FORMS = {
    NUMBER: r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?%?|nan%?|[-+]?inf",
    QUOTED: r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"",  # as Python writes a text
}
ONE = re.compile(r"\b(?<![.,])1 (\w+)s (left out|recognised|without any|of which)\b")
Kind = str | Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Twin:
    """A sentence in both languages.

    Attributes
    ----------
    english, finnish : str
        With the same named placeholders.
    pattern : compiled pattern
        What the English sentence looks like, one group per placeholder.
    kinds : mapping from placeholder to kind
        ``number``, ``name``, ``quoted``, ``names``, ``choices``, ``note``, or the Finnish word for
        each English one.
    """

    english: str
    finnish: str
    pattern: re.Pattern[str]
    kinds: Mapping[str, Kind]


class _Number(str):
    """A number in Finnish; with ``one|many`` as its format also the word behind it."""

    def __format__(self, words: str) -> str:
        """Return the number, and the word that goes with one or with many."""
        if not words:
            return str(self)
        one, many = words.split("|")
        return f"{self} {one if self == '1' else many}"


def in_finnish(note: str) -> str | None:
    """Say a note in Finnish; names and keys in it stay as they are.

    Parameters
    ----------
    note : str
        Without the id of a hypothesis in front.

    Returns
    -------
    str or None
        None where the note is none of those that have a Finnish sentence.

    Examples
    --------
    >>> in_finnish("16 teams left out: a value is missing")
    '16 tiimiä jätettiin pois: jokin arvo puuttuu'
    >>> in_finnish("across teams in the first wave the estimate is -0.25")
    'Ensimmäisellä mittauskerralla tiimien välinen estimaatti on −0,25'
    >>> in_finnish("something new") is None
    True
    """
    for twin in twins():
        found = twin.pattern.fullmatch(note)
        if found is None:
            continue
        said = {key: _said(text, twin.kinds[key]) for key, text in found.groupdict().items()}
        if None not in said.values():
            return twin.finnish.format(**said)
    return None


def in_english(note: str) -> str:
    """Say a note of one thing in the singular.

    Parameters
    ----------
    note : str

    Examples
    --------
    >>> in_english("1 teams left out: a value is missing")
    '1 team left out: a value is missing'
    >>> in_english("21 teams left out: a value is missing")
    '21 teams left out: a value is missing'
    """
    return ONE.sub(r"1 \1 \2", note)


@cache
def twins() -> tuple[Twin, ...]:
    """Every sentence that has a Finnish one; the first that fits a note counts."""
    file = resources.files("coaching_stats") / "notes.fi.yml"
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tuple(_twin(pair["en"], pair["fi"], told["placeholders"]) for pair in told["notes"])


def _twin(english: str, finnish: str, known: Mapping[str, Kind]) -> Twin:
    kinds: dict[str, Kind] = {}
    pattern = ""
    for text, key, _, _ in Formatter().parse(english):
        pattern += re.escape(text)
        if key is not None:
            kinds[key] = known.get(key, NUMBER)
            pattern += f"(?P<{key}>{_form(kinds[key])})"
    return Twin(english, finnish, re.compile(pattern), kinds)


def _form(kind: Kind) -> str:
    if isinstance(kind, str):
        return FORMS.get(kind, ".+")
    return "|".join(map(re.escape, kind))


def _said(text: str, kind: Kind) -> str | None:
    """A part of a note in Finnish; None where it holds a note that has no Finnish sentence."""
    if not isinstance(kind, str):
        return kind[text]
    if kind == NOTE:
        return in_finnish(text)
    if kind == QUOTED:
        return f"”{ast.literal_eval(text)}”"
    if kind == NAMES:
        return _listed(text)
    if kind == CHOICES:
        return text.replace(" or ", " tai ")
    return _number(text) if kind == NUMBER else text


def _listed(text: str) -> str:
    """Say in Finnish how many more there are at the end of a list."""
    return re.sub(
        r" and (\d+) more$",
        lambda more: f" ja {more[1]} {'muu' if more[1] == '1' else 'muuta'}",
        text,
    )


def _number(text: str) -> _Number:
    """Decimal comma, minus sign, a zero in front and a space before the per cent sign."""
    plain = text.replace("nan", "–").replace("inf", "∞").replace("%", " %")
    plain = re.sub(r"^([-+]?)\.", r"\g<1>0.", plain)
    return _Number(plain.replace("-", "−").replace(".", ","))
