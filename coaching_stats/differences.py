"""Two results.json beside each other: claim by claim, what changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import fastjsonschema
import pandas as pd

from coaching_stats.calibration import THEORY
from coaching_stats.errors import DataError, explain
from coaching_stats.results import Shown
from coaching_stats.study_file import PACKAGE

# results.json holds 12 significant digits. Other machines add up in another order, which moves
# the last digits of p-values and intervals most; whole numbers are counts and must be the same.
RELATIVE, ABSOLUTE = 1e-8, 1e-10
CHANCES = ("p_value", "p_adjusted")  # small numbers that mean something: no absolute tolerance

SAME, NUMBERS, CLAIMS = "same", "numbers", "claims"  # what two files differ in
WORDS, PROVENANCE = "words", "provenance"  # further kinds of one change
RECEIPT, NOTES, STUDY = "receipt", "notes", "study"  # changes outside a prediction

Results = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One thing that is not what it was.

    Attributes
    ----------
    hypothesis : str
        Id of the prediction, or ``THEORY``, ``receipt``, ``notes``, ``study``.
    what : str
        ``verdict``, ``sign``, ``hypothesis``, ``grade``, or an address without the id.
    kind : {"claims", "numbers", "words", "provenance"}
    old, new : object
        None where there is none.
    """

    hypothesis: str
    what: str
    kind: str
    old: Any
    new: Any


@dataclass(frozen=True, eq=False, repr=False)
class Differences(Shown):
    """What changed from one results.json to another.

    Attributes
    ----------
    old, new : dict
        The two files.
    changes : tuple of Change
    """

    old: Results
    new: Results
    changes: tuple[Change, ...]

    @property
    def kind(self) -> str:
        """Name the weightiest difference: ``"same"``, ``"numbers"`` or ``"claims"``.

        ``"claims"``: a verdict, a sign or the set of hypotheses; ``"numbers"``: numbers, or words
        around the same verdicts. Other data, seeds or versions alone make no difference.
        """
        kinds = {change.kind for change in self.changes}
        if CLAIMS in kinds:
            return CLAIMS
        return NUMBERS if kinds & {NUMBERS, WORDS} else SAME

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the two files come from, as far as that differs."""
        found = [change for change in self.changes if change.kind == PROVENANCE]
        return tuple(f"{one.what}: {one.old or '–'} → {one.new or '–'}" for one in found)

    def tidy(self) -> pd.DataFrame:
        """One row per change: ``hypothesis, what, kind, old, new``."""
        rows = [(c.hypothesis, c.what, c.kind, c.old, c.new) for c in self.changes]
        return pd.DataFrame(
            rows, columns=["hypothesis", "what", "kind", "old", "new"], dtype=object
        )


def load_results(path: str | Path) -> Results:
    """Read a results.json, and refuse whatever is not one.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict

    Raises
    ------
    DataError
        No such file, no JSON, or not of the published shape; the message says where.
    """
    path = Path(path)
    try:
        found = json.loads(
            path.read_text(encoding="utf-8"),
            parse_constant=_refuse_constant,
            object_pairs_hook=_each_key_once,
        )
        _check()(found)
    except OSError as problem:
        raise _unusable(path, "cannot be read", problem.strerror or str(problem)) from None
    except fastjsonschema.JsonSchemaValueException as problem:
        raise _unusable(path, "is not a results.json of version 1", problem.message) from None
    except ValueError as problem:
        raise _unusable(path, "is no JSON", str(problem)) from None
    return found


@cache
def _check() -> Callable[[Any], Any]:
    schema = PACKAGE / "schemas" / "results.schema.json"
    return fastjsonschema.compile(json.loads(schema.read_text(encoding="utf-8")))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} stands in place of a number")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """One object of the file; a reader may take the first of two values, and a program the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice!r} stands twice")
    return found


def _unusable(path: Path, problem: str, where: str) -> DataError:
    remedy = "name a results.json that coaching-stats study wrote"
    return DataError(explain(what=f"{str(path)!r} {problem}", where=where, remedy=remedy))


def same_number(old: float | None, new: float | None, absolute: float = ABSOLUTE) -> bool:
    """Whether two numbers of results.json are the same but for the last digits of their sums.

    Whole numbers are counts: they must be equal. Others may differ by 1e-8 of their size, or by
    1e-10 near zero; p-values, small as they are, by 1e-8 of their size alone.

    Examples
    --------
    >>> same_number(0.55, 0.550000001), same_number(0.55, 0.5500001), same_number(134, 135)
    (True, False, False)
    """
    if old is None or new is None or (isinstance(old, int) and isinstance(new, int)):
        return old == new
    return abs(old - new) <= max(RELATIVE * max(abs(old), abs(new)), absolute)


def compare_results(old: Results, new: Results) -> Differences:
    """Compare two results.json claim by claim.

    Parameters
    ----------
    old, new : dict
        As `load_results` gives them.

    Returns
    -------
    Differences

    Examples
    --------
    >>> from coaching_stats.results_json import results
    >>> from coaching_stats.study import run_study
    >>> found = results(run_study("data/one_client"))
    >>> compare_results(found, found).kind
    'same'
    """
    names = dict.fromkeys(chain(_names(new), _names(old)))
    changes = chain(
        _theory_changes(old["theory"], new["theory"]),
        chain.from_iterable(_claim_changes(name, old, new) for name in names),
        _other_changes(old, new),
        _provenance_changes(old, new),
    )
    return Differences(old=old, new=new, changes=tuple(changes))


def _names(file: Results) -> list[str]:
    """Ids of the predictions judged and described, then the first names of other addresses."""
    others = (address.partition(".")[0] for address in file["estimates"])
    return list(dict.fromkeys(chain(file["verdicts"], others)))


def _theory_changes(old: Results, new: Results) -> Iterator[Change]:
    kinds = {"verdict": CLAIMS, "grade": WORDS, "carrying": WORDS, "wording": WORDS}
    for what, kind in kinds.items():
        if old[what] != new[what]:
            yield Change(THEORY, what, kind, old[what], new[what])


def _claim_changes(name: str, old: Results, new: Results) -> Iterator[Change]:
    was, now = (_is_prediction(name, file) for file in (old, new))
    judged = tuple(name in file["verdicts"] for file in (old, new))
    if was != now or judged[0] != judged[1]:
        yield Change(name, "hypothesis", CLAIMS, was or None, now or None)
        return
    if all(judged):
        before, after = old["verdicts"][name], new["verdicts"][name]
        for what in ("verdict", "grade", "reason", "wording", "marks"):
            if before[what] != after[what]:
                kind = CLAIMS if what == "verdict" else WORDS
                yield Change(name, what, kind, before[what], after[what])
    yield from _number_changes(name, old["estimates"], new["estimates"])


def _is_prediction(name: str, file: Results) -> bool:
    """Whether a name is a prediction's; others, such as ``scales``, hold numbers of the page."""
    return name in file["verdicts"] or f"{name}.estimate" in file["estimates"]


def _number_changes(name: str, old: Results, new: Results) -> Iterator[Change]:
    for address in dict.fromkeys(chain(new, old)):
        if not address.startswith(f"{name}."):
            continue
        before, after, what = old.get(address), new.get(address), address.removeprefix(f"{name}.")
        is_chance = address.rpartition(".")[2] in CHANCES
        is_same = same_number(before, after, 0.0 if is_chance else ABSOLUTE)
        if is_same and (address in old) == (address in new):
            continue
        yield Change(name, what, NUMBERS, before, after)
        if what.split(".")[-1] == "estimate" and (before or 0) * (after or 0) < 0:
            sign = what.removesuffix("estimate") + "sign"
            yield Change(name, sign, CLAIMS, _sign(before), _sign(after))


def _sign(value: float) -> str:
    return "positive" if value > 0 else "negative"


def _other_changes(old: Results, new: Results) -> Iterator[Change]:
    for what in dict.fromkeys(chain(new["receipt"], old["receipt"])):
        before, after = old["receipt"].get(what), new["receipt"].get(what)
        if before != after:
            yield Change(RECEIPT, what, NUMBERS, before, after)
    if old["notes"] != new["notes"]:
        gone = [note for note in old["notes"] if note not in new["notes"]]
        added = [note for note in new["notes"] if note not in old["notes"]]
        if not gone and not added:  # the same notes in another order
            gone, added = old["notes"], new["notes"]
        yield Change(NOTES, "lines", WORDS, gone, added)
    promised = [file["study"].get("minimum_group") for file in (old, new)]
    if promised[0] != promised[1]:
        yield Change(STUDY, "minimum_group", NUMBERS, *promised)
    if old["study"]["title"] != new["study"]["title"]:
        yield Change(STUDY, "title", WORDS, old["study"]["title"], new["study"]["title"])
    if old["data"]["simulated"] != new["data"]["simulated"]:
        yield Change(STUDY, "simulated", WORDS, *(f["data"]["simulated"] for f in (old, new)))


def _provenance_changes(old: Results, new: Results) -> Iterator[Change]:
    was, now = _provenance(old), _provenance(new)
    for what in dict.fromkeys(chain(now, was)):
        if was.get(what) != now.get(what):
            yield Change(STUDY, what, PROVENANCE, was.get(what), now.get(what))


def _provenance(file: Results) -> dict[str, str]:
    """Where the numbers come from, as text; hashes by their first 12 digits."""
    hashes = {f"data {name}": value[:12] for name, value in file["data"]["sha256"].items()}
    where = {"seed": str(file["seed"]), "data": file["data"]["name"]}
    return {**versions(file), **where, **hashes, "study": file["study"]["sha256"][:12]}


def versions(file: Results) -> dict[str, str]:
    """Versions of this package and of what it computes with, by name.

    Parameters
    ----------
    file : dict
    """
    return {"coaching_stats": file["coaching_stats"], **file["dependencies"]}
