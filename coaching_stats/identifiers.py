"""Ids that look the same and are not, and ids that lost the zeros in front."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

# Cyrillic and Greek letters that look like Latin ones.
LOOKALIKES = str.maketrans(
    "АВЕКМНОРСТУХІЈаеорсухіјΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXIJaeopcyxijABEZHIKMNOPTYXo"
)


def skeleton(name: str) -> str:
    r"""What is seen of an id: invisible characters, case, space and lookalike letters are nothing.

    Examples
    --------
    >>> skeleton("T\u200b01") == skeleton("t01"), skeleton("T01") == skeleton("T1")
    (True, False)
    """
    if name.isascii() and name.isprintable():
        return " ".join(name.lower().split())
    text = unicodedata.normalize("NFKC", name).translate(LOOKALIKES)
    seen = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join(seen.casefold().split())


def lookalikes(ids: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of different ids that look the same.

    Parameters
    ----------
    ids : sequence of str
        Distinct.

    Returns
    -------
    list of (id, id)
        Each with the first one that looks like it.

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

    Examples
    --------
    >>> lost_zeros(["7", "8"], ["007", "8"])
    [('7', '007')]
    """
    full = {name.lstrip("0"): name for name in known if name.startswith("0")}
    return [(name, full[name]) for name in ids if name in full]
