"""The questionnaire: every item, its wording, its scale and its direction."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import fastjsonschema
import yaml

from coaching_stats.errors import DataError, explain, nearest

PACKAGE = resources.files("coaching_stats")
# The answer that shows that the line was read.
ATTENTION_KEYS = {"S_ATT1": 2, "S_ATT2": 6, "M_ATT1": 3}
# Ratings of how rigid an element is; they feed SPR and LPR, by the process that it belongs to.
RIGIDITY_RATING = "RIG"


@dataclass(frozen=True)
class Item:
    """One line of a questionnaire, or one element or rating of the process inventory."""

    name: str
    construct: str
    form: str
    is_reversed: bool
    text_en: str
    text_fi: str
    scale_min: int
    scale_max: int
    anchors_en: str
    anchors_fi: str
    is_core: bool


@dataclass(frozen=True)
class Instrument:
    """All items of all forms, in the order in which they are asked."""

    items: tuple[Item, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """Names of the forms, in the order of the items."""
        return tuple(dict.fromkeys(item.form for item in self.items))

    def of(self, construct: str, form: str) -> tuple[Item, ...]:
        """Return the items of one construct in one form; empty where it is not asked there."""
        return tuple(i for i in self.items if i.construct == construct and i.form == form)

    def item(self, name: str) -> Item:
        """Return the item of that name.

        Raises
        ------
        DataError
            No such item; the message names the nearest one.
        """
        if name not in self._by_name:
            raise DataError(
                explain(
                    what=f"the questionnaire has no item {name!r}{nearest(name, self._by_name)}",
                    remedy="name the item as instrument.csv does, for example S_SPR1",
                )
            )
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Item]:
        return {item.name: item for item in self.items}


@cache
def load_instrument() -> Instrument:
    """Load the packaged questionnaire: forms seller, manager and process_inventory.

    Examples
    --------
    >>> instrument = load_instrument()
    >>> instrument.forms
    ('seller', 'manager', 'process_inventory')
    >>> [(item.name, item.is_reversed) for item in instrument.of("BEL", "manager")]
    [('M_BEL1', False), ('M_BEL2', False), ('M_BEL3', True)]
    """
    with (PACKAGE / "instrument.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, restkey="cells beyond the header", restval=""))
    validate(rows)
    return Instrument(tuple(_item(row) for row in rows))


def validate(rows: Sequence[Mapping[str, str]]) -> None:
    """Refuse rows of an instrument file that cannot be a questionnaire, all faults at once.

    Each row is checked against ``schemas/instrument.schema.json``; then names must be unique,
    scales must run upwards, and constructs must stand in ``theory.yml``.

    Parameters
    ----------
    rows : sequence of mapping from column to cell
        The first one is line 2 of the file.

    Raises
    ------
    DataError
        With line, item and column of each fault.

    Examples
    --------
    >>> validate([{"item": "S_SPR1", "form": "seller"}])
    Traceback (most recent call last):
        ...
    coaching_stats.errors.DataError: the questionnaire cannot be used (line 2, S_SPR1: row must ...
    """
    names = Counter(row.get("item") for row in rows)
    found = [
        f"line {line}, {row.get('item') or 'no item'}: {fault}"
        for line, row in enumerate(rows, start=2)
        for fault in _faults(row, names)
    ]
    if found or not rows:
        raise DataError(
            explain(
                what="the questionnaire cannot be used",
                where="; ".join(found[:10]) + (f"; {len(found) - 10} more" * (len(found) > 10))
                or "no rows",
                remedy="correct these rows of instrument.csv",
            )
        )


def _faults(row: Mapping[str, str], names: Mapping[str | None, int]) -> Iterator[str]:
    """What is wrong with one row; further checks only where the schema is met."""
    try:
        _schema()(dict(row))
    except fastjsonschema.JsonSchemaValueException as problem:
        wanted = problem.definition.get("description")
        yield f"{problem.path[-1]} {problem.value!r} is not {wanted}" if wanted else problem.message
        return
    if names[row["item"]] > 1:
        yield "the item stands here more than once"
    if int(row["scale_min"]) >= int(row["scale_max"]):
        yield f"scale_min {row['scale_min']} is not below scale_max {row['scale_max']}"
    if row["construct"] not in _constructs():
        near = nearest(row["construct"], _constructs())
        yield f"construct {row['construct']!r} is not in theory.yml{near}"


@cache
def _schema() -> Any:
    text = (PACKAGE / "schemas" / "instrument.schema.json").read_text(encoding="utf-8")
    check = fastjsonschema.compile(json.loads(text))
    return lambda row: check(row, name_prefix="row")


@cache
def _constructs() -> frozenset[str]:
    """Keys of the theory's constructs, and of the ratings that feed two of them."""
    text = (PACKAGE / "theory.yml").read_text(encoding="utf-8")
    theory = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return frozenset({entry["key"] for entry in theory["constructs"]} | {RIGIDITY_RATING})


def _item(row: Mapping[str, str]) -> Item:
    return Item(
        name=row["item"],
        construct=row["construct"],
        form=row["form"],
        is_reversed=row["reverse"] == "1",
        text_en=row["text_en"],
        text_fi=row["text_fi"],
        scale_min=int(row["scale_min"]),
        scale_max=int(row["scale_max"]),
        anchors_en=row["anchors_en"],
        anchors_fi=row["anchors_fi"],
        is_core=row["core"] == "1",
    )
