"""Answers in words, as survey tools print them in Finnish or English, become numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import yaml

from coaching_stats.errors import DataError, explain, first_ten, nearest
from coaching_stats.instrument import Item

LEADING_NUMBER = re.compile(r"(-?[0-9]+)(?:[.,]0+)?(?:\s*[-–=:.)]\s*|\s+)\D.*")


@cache
def agreement_labels(n_options: int) -> Mapping[str, int | None]:
    """Number of each agreement label, both languages and their synonyms; None means missing.

    Parameters
    ----------
    n_options : int
        Options of the scale; the same words can stand elsewhere on a scale of another length.

    Examples
    --------
    >>> agreement_labels(7)["jokseenkin eri mieltä"], agreement_labels(5)["jokseenkin eri mieltä"]
    (3, 2)
    """
    path = resources.files("coaching_stats") / "labels.yml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    known: dict[str, int | None] = {}
    for labels in raw["agreement"].get(n_options, {}).values():
        known |= {_plain(label): place for place, label in enumerate(labels, start=1)}
    for synonyms in raw["synonyms"].values():
        for label, same_as in synonyms.items():
            if _plain(same_as) in known:
                known.setdefault(_plain(label), known[_plain(same_as)])
    for labels in raw["missing"].values():
        known |= {_plain(label): None for label in labels}
    return known


def _plain(label: str) -> str:
    return " ".join(label.casefold().split())


def numbers_of(cells: Sequence[str], rows: Sequence[int], item: Item, where: str) -> list[str]:
    """Turn the answers to one item into numbers: "7 Täysin samaa mieltä", labels, or a mix.

    Parameters
    ----------
    cells : sequence of str, length n
    rows : sequence of int, length n
        As the user counts them, for messages.
    item : Item
        Its scale says how many options the labels have.
    where : str
        Name of the file.

    Returns
    -------
    list of str, length n
        Numbers; empty where missing, or where the label says so ("En osaa sanoa").

    Raises
    ------
    DataError
        An answer that is neither, with row and value.

    Examples
    --------
    >>> from coaching_stats.instrument import load_instrument
    >>> item = load_instrument().item("S_SPR1")
    >>> numbers_of(["7 Täysin samaa mieltä", "eri mieltä", "EOS", "4"], range(2, 6), item, "a.csv")
    ['7', '2', '', '4']
    """
    labels = agreement_labels(item.scale_max - item.scale_min + 1)
    found, unknown = [], []
    for row, cell in zip(rows, cells, strict=True):
        number = _number(cell, labels)
        found.append(number or "")
        if number is None:
            unknown.append(f"row {row}: {cell!r}{nearest(_plain(cell), labels)}")
    if unknown:
        raise DataError(
            explain(
                what=f"the column {item.name!r} holds text, not numbers or known labels",
                where=f"{where}, {first_ten(unknown)}",
                remedy="correct them; leave a missing answer empty",
            )
        )
    return found


def _number(cell: str, labels: Mapping[str, int | None]) -> str | None:
    """Number as text, empty where missing, None where the answer is unknown."""
    cell = cell.strip()
    if not cell or re.fullmatch(r"-?[0-9]+([.,][0-9]+)?", cell):
        return cell.replace(",", ".")
    if _plain(cell) in labels:
        place = labels[_plain(cell)]
        return "" if place is None else str(place)
    leading = LEADING_NUMBER.fullmatch(cell)
    return leading[1] if leading else None
