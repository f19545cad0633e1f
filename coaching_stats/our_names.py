"""What columns are called here: items, ids, records and scores; and names meant for one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources

import yaml

from coaching_stats.hypotheses import ID_NAMES
from coaching_stats.instrument import Item, load_instrument
from coaching_stats.labels import plain

MISSPELT = 0.8  # likeness of two names, above which one is taken for the other misspelt
LEAST_LIKE = 0.6  # likeness below which no name is offered for another
SCORE = re.compile(r"[A-Z]+_[smpr]")
LIKE_AN_ITEM = re.compile(r"[SM]_[A-Z]+[0-9]+|P[0-9]+_[a-z]")
ELEMENT_RATING = re.compile(r"P(1[0-6]|[1-9])_[a-h]")


def is_ours(column: str) -> bool:
    """Whether a column has one of our names: an id, a record, an item, or a ready score.

    Examples
    --------
    >>> [is_ours(name) for name in ("S_SPR1", "SPR_s", "team", "P3_a", "Palaute")]
    [True, True, True, True, False]
    """
    return (
        column in items_by_name()
        or column in synonyms()
        or column in ID_NAMES.values()
        or bool(SCORE.fullmatch(column) or ELEMENT_RATING.fullmatch(column))
    )


def misspelt(name: str) -> str | None:
    """Say what a name is that looks like one of ours and is not; None where it is ours or another.

    Returns
    -------
    str or None
        The name, with the nearest one of ours.

    Examples
    --------
    >>> misspelt("S_SPR9"), misspelt("teams"), misspelt("SALES"), misspelt("team")
    ("'S_SPR9'; did you mean 'S_SPR4'?", "'teams'; did you mean 'team'?", None, None)
    """
    if is_ours(name):
        return None
    ratings = (f"P{element}_{rating}" for element in range(1, 17) for rating in "abcdefgh")
    names = (
        *(n for n in items_by_name() if n[0] != "P"),
        *ratings,
        *synonyms(),
        *ID_NAMES.values(),
    )
    known = {one.casefold(): one for one in names}
    is_like_one = LIKE_AN_ITEM.fullmatch(name) is not None
    cutoff = LEAST_LIKE if is_like_one else MISSPELT
    close = get_close_matches(name.casefold(), known, n=1, cutoff=cutoff)
    if not close and not is_like_one:
        return None
    return repr(name) + (f"; did you mean {known[close[0]]!r}?" if close else "")


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """What others call the columns that are no question, by our name, in plain form."""
    path = resources.files("coaching_stats") / "headers.yml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: tuple(map(plain, words)) for name, words in raw.items()}


@cache
def items_by_name() -> Mapping[str, Item]:
    """Every item of the questionnaire by its name."""
    return {item.name: item for item in load_instrument().items}
