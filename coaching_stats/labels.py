"""Answers in words, as survey tools print them in Finnish or English, become numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml

from coaching_stats.columns import TextColumn
from coaching_stats.errors import DataError, explain, first_ten, nearest

LEADING_NUMBER = re.compile(r"(-?[0-9]+)(?:[.,]0+)?(?:\s*[-–=:.)]\s*|\s+)(\D.*)")
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
CODE = re.compile(r"A([0-9]{1,2})")  # LimeSurvey's answer codes
LENGTHS = (5, 7)


@cache
def _raw() -> Mapping[str, Any]:
    path = resources.files("coaching_stats") / "labels.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


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
    raw = _raw()
    known: dict[str, int | None] = {}
    for labels in raw["agreement"].get(n_options, {}).values():
        known |= {plain(label): place for place, label in enumerate(labels, start=1)}
    for synonyms in raw["synonyms"].values():
        for label, same_as in synonyms.items():
            if plain(same_as) in known:
                known.setdefault(plain(label), known[plain(same_as)])
    for labels in raw["missing"].values():
        known |= {plain(label): None for label in labels}
    return known


@cache
def boolean_labels() -> Mapping[str, bool]:
    """Yes and no in both languages, and as programs write them.

    Examples
    --------
    >>> boolean_labels()["kyllä"], boolean_labels()["0"]
    (True, False)
    """
    words = {
        plain(word): value for table in _raw()["boolean"].values() for word, value in table.items()
    }
    return words | {
        "true": True,
        "false": False,
        "1": True,
        "0": False,
        "tosi": True,
        "epätosi": False,
    }


def plain(label: str) -> str:
    """Case and white space do not tell labels apart."""
    return " ".join(label.casefold().split())


def words_of(cell: str) -> str:
    """The words of an answer without the number in front, in plain form; empty for numbers.

    Examples
    --------
    >>> words_of("7 Täysin samaa mieltä"), words_of("4")
    ('täysin samaa mieltä', '')
    """
    if NUMBER.fullmatch(cell):
        return ""
    leading = LEADING_NUMBER.fullmatch(cell)
    return plain(leading[2] if leading else cell)


def fits_both_lengths(columns: Iterable[TextColumn]) -> list[str]:
    """Labels by which a five- and a seven-option scale cannot be told apart.

    Parameters
    ----------
    columns : iterable of TextColumn
        Answers to items of one scale.

    Returns
    -------
    list of str
        Empty where some answer exists on one of the two scales only, or where no label stands at
        another place on the other one.

    Examples
    --------
    >>> from coaching_stats.columns import text_columns
    >>> fits_both_lengths(text_columns(["x"], [["Jokseenkin eri mieltä"]], [2]).values())
    ['jokseenkin eri mieltä']
    >>> answers = [["Jokseenkin eri mieltä"], ["Eri mieltä"]]
    >>> fits_both_lengths(text_columns(["x"], answers, [2, 3]).values())
    []
    """
    cells = dict.fromkeys(cell for column in columns for cell in column.cells)
    five, seven = (agreement_labels(length) for length in LENGTHS)
    words = [words_of(cell) for cell in cells]
    if any(cell in ("6", "7") or cell[:2] in ("6 ", "7 ") for cell in cells):
        return []
    if any((word in five) != (word in seven) for word in words if word):
        return []
    return [word for word in words if word in five and five[word] != seven[word]]


def numbers_of(
    column: TextColumn,
    name: str,
    n_options: int,
    where: str,
    own: Mapping[str, int | None] | None = None,
    *,
    has_codes: bool = False,
) -> TextColumn:
    """Turn the answers to one item into numbers: "7 Täysin samaa mieltä", labels, or a mix.

    Parameters
    ----------
    column : TextColumn
    name : str
        Item, for messages.
    n_options : int
        Options of its scale.
    where : str
        Name of the file.
    own : mapping from plain label to number, optional
        Labels that the user added.
    has_codes : bool
        A1 stands for the first option.

    Returns
    -------
    TextColumn
        Numbers; empty where missing, or where the label says so ("En osaa sanoa").

    Raises
    ------
    DataError
        An answer that is neither, or a number beside the label of another one, with row and value.

    Examples
    --------
    >>> from coaching_stats.columns import text_columns
    >>> cells = [["7 Täysin samaa mieltä"], ["eri mieltä"], ["EOS"], ["4"]]
    >>> column = text_columns(["S_SPR1"], cells, range(2, 6))["S_SPR1"]
    >>> numbers_of(column, "S_SPR1", 7, "a.csv").cells
    ['7', '2', '', '4']
    """
    labels = {**agreement_labels(n_options), **(own or {})}
    read = {cell: _number(cell, labels, has_codes) for cell in column.cells}
    if None in read.values():
        unknown = [
            f"row {row}: {cell!r}{nearest(plain(cell), labels)}"
            for row, cell in column.rows_of(lambda cell: read[cell] is None)
        ]
        raise DataError(
            explain(
                what=f"the column {name!r} holds text, not numbers or known labels",
                where=f"{where}, {first_ten(unknown)}",
                remedy="correct them, add their words under labels in a mapping, or leave a "
                "missing answer empty",
            )
        )
    return column.with_cells([read[cell] or "" for cell in column.cells])


def _number(cell: str, labels: Mapping[str, int | None], has_codes: bool) -> str | None:
    """Number as text, empty where missing, None where the answer is unknown."""
    if not cell or NUMBER.fullmatch(cell):
        return cell.replace(",", ".")
    if plain(cell) in labels:
        return _text(labels[plain(cell)])
    if has_codes and CODE.fullmatch(cell):
        return str(int(cell[1:]))
    leading = LEADING_NUMBER.fullmatch(cell)
    if leading is None:
        return None
    # "5 Täysin samaa mieltä" is no answer on a scale whose seventh option is called so
    place = labels.get(plain(leading[2]), int(leading[1]))
    return leading[1] if place == int(leading[1]) else None


def _text(place: int | None) -> str:
    return "" if place is None else str(place)


def booleans_of(column: TextColumn, name: str, where: str, words: Sequence[str] = ()) -> TextColumn:
    """Turn yes and no, kyllä and ei, true and false into "1" and "0"; empty stays empty.

    Parameters
    ----------
    column : TextColumn
    name, where : str
        Column and file, for messages.
    words : sequence of str
        Further words that mean yes.

    Raises
    ------
    DataError
        Any other word, with row and value.
    """
    known = boolean_labels() | {plain(word): True for word in words}
    unknown = [
        f"row {row}: {cell!r}"
        for row, cell in column.rows_of(lambda cell: bool(cell) and plain(cell) not in known)
    ]
    if unknown:
        raise DataError(
            explain(
                what=f"the column {name!r} holds other words than yes and no",
                where=f"{where}, {first_ten(unknown)}",
                remedy="write yes or no, kyllä or ei, 1 or 0, or leave the cell empty",
            )
        )
    return column.mapped(lambda cell: cell and str(int(known[plain(cell)])))
