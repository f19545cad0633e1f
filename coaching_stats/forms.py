"""The forms of the questionnaire: which questions are asked, in which order, on which page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from coaching_stats.instrument import Item, load_instrument
from coaching_stats.texts import LANGUAGES

FORMS = {"seller": "seller", "manager": "manager", "process": "process_inventory"}
PER_PAGE = 10


@dataclass(frozen=True)
class Question:
    """One question as it is asked; its name is the column of the answers.

    Attributes
    ----------
    name : str
    text, anchors : mapping from language to str
    low, high : int
        Ends of the answers.
    """

    name: str
    text: Mapping[str, str]
    anchors: Mapping[str, str]
    low: int
    high: int

    @property
    def is_scale(self) -> bool:
        """Whether one of some options is chosen, rather than a number written."""
        return " = " in self.anchors["en"]

    def options(self, language: str) -> list[tuple[int, str]]:
        """Numbers to choose from, each with its anchor or an empty text.

        Examples
        --------
        >>> lazy = Question("S_X1", {}, {"en": "1 = never … 3 = often"}, 1, 3)
        >>> lazy.options("en")
        [(1, 'never'), (2, ''), (3, 'often')]
        """
        found = re.findall(r"(\d+) = ([^…]+)", self.anchors[language])
        anchors = {int(number): anchor.strip() for number, anchor in found}
        return [(number, anchors.get(number, "")) for number in range(self.low, self.high + 1)]


@dataclass(frozen=True)
class Page:
    """Questions that are shown together; all with the same options, or all with numbers.

    Attributes
    ----------
    title : mapping from language to str
        The element of the process that they rate; empty in the other forms.
    questions : tuple of Question
    """

    title: Mapping[str, str]
    questions: tuple[Question, ...]


def form_pages(form: str, *, core_only: bool = False) -> list[Page]:
    """Pages of a form in the order in which they are asked.

    Items keep the order of the instrument, statements before numbers; attention checks are spread
    among the statements, where they catch who no longer reads.

    Examples
    --------
    >>> [len(page.questions) for page in form_pages("manager", core_only=True)]
    [10, 10, 8, 3]
    >>> [question.name for question in form_pages("process")[15].questions][:2]
    ['P16_a', 'P16_b']
    """
    items = [
        item
        for item in load_instrument().items
        if item.form == FORMS[form] and (item.is_core or not core_only)
    ]
    if form == "process":
        return _element_pages(items)
    sections: dict[object, list[Item]] = {}
    for item in items:
        has_options = " = " in item.anchors_en
        key = (item.scale_min, item.scale_max, item.anchors_en) if has_options else "numbers"
        sections.setdefault(key, []).append(item)
    pages = []
    for section in sorted(
        sections.values(), key=lambda section: " = " not in section[0].anchors_en
    ):
        asked = [_question(item) for item in _checks_spread(section)]
        size = ceil(len(asked) / ceil(len(asked) / PER_PAGE))
        pages += [asked[start : start + size] for start in range(0, len(asked), size)]
    return [Page(dict.fromkeys(LANGUAGES, ""), tuple(page)) for page in pages]


def _element_pages(items: Sequence[Item]) -> list[Page]:
    """One page per element of the process, with all ratings of it."""
    elements = [item for item in items if "_" not in item.name]
    ratings = [item for item in items if "_" in item.name]
    return [
        Page(
            _both(element, "text"),
            tuple(_question(rating, f"{element.name}_{rating.name[-1]}") for rating in ratings),
        )
        for element in elements
    ]


def _question(item: Item, name: str = "") -> Question:
    ends = item.scale_min, item.scale_max
    return Question(name or item.name, _both(item, "text"), _both(item, "anchors"), *ends)


def _both(item: Item, what: str) -> dict[str, str]:
    return {language: getattr(item, f"{what}_{language}") for language in LANGUAGES}


def _checks_spread(items: Sequence[Item]) -> list[Item]:
    """Put the attention checks at equal distances among the other items."""
    checks = [item for item in items if item.construct == "ATT"]
    asked = [item for item in items if item.construct != "ATT"]
    step = len(asked) // (len(checks) + 1)
    for place, check in enumerate(checks, start=1):
        asked.insert(place * step + place - 1, check)
    return asked
