"""Ids that look the same and are not, and ids that lost the zeros in front."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

# Cyrillic and Greek letters that look like Latin ones, small ones by their capitals as well: what
# differs by case looks alike, so "в" is "В" and with it "B".
LOOKALIKES = str.maketrans("авекмнорстухѕіјαβεζηικμνορτυχ", "abekmhopctyxsijabezhikmnoptyx")
# Drawn as nothing, though Unicode calls them letters or marks: joiner, fillers, variants.
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5").union(map(chr, range(0xFE00, 0xFE10)))


def skeleton(name: str) -> str:
    r"""What is seen of an id: invisible characters, case, space and lookalike letters are nothing.

    Examples
    --------
    >>> skeleton("T\u200b01") == skeleton("t01"), skeleton("T01") == skeleton("T1")
    (True, False)
    """
    if name.isascii() and name.isprintable():
        return " ".join(name.lower().split())
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(filter(_is_seen, text)).translate(LOOKALIKES).split())


def _is_seen(character: str) -> bool:
    is_control = unicodedata.category(character) in ("Cf", "Cc")
    return character.isspace() or not (is_control or character in UNSEEN)


def lookalikes(ids: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of different ids that look the same.

    Parameters
    ----------
    ids : sequence of str
        Repeats of one id are nothing.

    Returns
    -------
    list of (id, id)
        Each with the first one that looks like it.

    References
    ----------
    Unicode Technical Standard 39, Unicode Security Mechanisms: this is its skeleton for the
    letters that get into an id by keyboard, not its whole table.

    Examples
    --------
    >>> lookalikes(["T1", "T2", "t1"])
    [('T1', 't1')]
    """
    first: dict[str, str] = {}
    return [
        (first[seen], name)
        for name in dict.fromkeys(ids)
        for seen in (skeleton(name),)
        if first.setdefault(seen, name) != name
    ]


def lost_zeros(ids: Iterable[str], known: Iterable[str]) -> list[tuple[str, str]]:
    """Ids that are a known one without the zeros in front.

    Parameters
    ----------
    ids, known : iterable of str

    Returns
    -------
    list of (id, known id)
        Ids that are known as they stand lost nothing. Of several known ids, "007" and "07", the
        one known first.

    Examples
    --------
    >>> lost_zeros(["7", "8"], ["007", "8"])
    [('7', '007')]
    """
    as_given = dict.fromkeys(known)
    full: dict[str, str] = {}
    for name in as_given:
        if name.startswith("0"):
            full.setdefault(name.lstrip("0") or "0", name)
    return [(name, full[name]) for name in ids if name in full and name not in as_given]
