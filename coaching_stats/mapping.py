"""A mapping file: our name for each column of the user's file, and how its cells are read."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from coaching_stats.carelessness import FLAG
from coaching_stats.csv_files import read_cells
from coaching_stats.errors import DataError, StudyError, explain, first_ten, nearest
from coaching_stats.labels import plain
from coaching_stats.our_names import is_ours, misspelt
from coaching_stats.respondents import DROP
from coaching_stats.study_file import UniqueKeys

if TYPE_CHECKING:
    from coaching_stats.survey_tools import Layout

KEYS = (
    "columns",
    "types",
    "scales",
    "labels",
    "missing",
    "decimal",
    "day_first",
    "encoding",
    "sheet",
    "teams",
    "keep",
)
TYPES = ("number", "text", "date", "boolean")


@dataclass(frozen=True)
class FileMapping:
    """How one file is to be read.

    Attributes
    ----------
    columns : mapping from our name to the header in the file
    types : mapping from our name to {"number", "text", "date", "boolean"}
    scales : mapping from our name to (lowest, highest)
        Where a column has another scale than the questionnaire, or is none of its items.
    labels : mapping from label to number
        Beside the packaged ones.
    missing : tuple of str
        Codes that stand for a missing answer.
    decimal : {",", "."} or None
    day_first : bool or None
    encoding, sheet : str or None
    teams : tuple of str or None
        The known teams.
    keep : mapping from reason to bool
        Which rows are kept though they would be dropped, or dropped though they would be kept.
    where : str
        Name of the mapping file, for messages.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    decimal: str | None = None
    day_first: bool | None = None
    encoding: str | None = None
    sheet: str | None = None
    teams: tuple[str, ...] | None = None
    keep: Mapping[str, bool] = field(default_factory=dict)
    where: str = "mapping"

    def headers_of(self, layout: Layout) -> Mapping[str, str]:
        """Our names by header of an export; its codes and full questions are understood too.

        Raises
        ------
        StudyError
            A header that the export does not have, or that several of its columns share.
        """
        _refuse_collisions(layout.header, dict(self.columns), self.where)
        self._refuse_unknown_names(layout.header)
        found: dict[str, str] = {}
        missing: list[str] = []
        for name, wanted in self.columns.items():
            header = _find(layout, str(wanted))
            if header is None:
                known = [*layout.header, *filter(None, layout.questions)]
                missing.append(f"{wanted!r}{nearest(str(wanted), known)}")
            else:
                found[header] = name
        if missing:
            raise StudyError(
                explain(
                    what=f"the data have no column {first_ten(missing)}",
                    where=self.where,
                    remedy="correct the header in the mapping",
                )
            )
        return found

    def renamed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rename the columns of a frame, a copy of it.

        Raises
        ------
        StudyError
            A header that the data do not have, or a name that they have already.
        """
        _refuse_collisions(list(frame), dict(self.columns), self.where)
        self._refuse_unknown_names(list(frame))
        missing = [header for header in self.columns.values() if header not in frame]
        if missing:
            raise StudyError(
                explain(
                    what="the data have no column "
                    + first_ten(
                        f"{header!r}{nearest(header, frame.columns)}" for header in missing
                    ),
                    where=self.where,
                    remedy="correct the header in the mapping",
                )
            )
        return frame.rename(columns={header: name for name, header in self.columns.items()})

    def _refuse_unknown_names(self, header: Sequence[str]) -> None:
        """Refuse names that are ours misspelt, and types and scales of no column at all."""
        own = {**self.types, **self.scales}  # what has a type or a scale is meant as it stands
        wrong = [bad for name in self.columns if name not in own and (bad := misspelt(str(name)))]
        if wrong:
            raise StudyError(
                explain(
                    what=f"no item or column of ours is called {first_ten(wrong)}",
                    where=f"{self.where}, columns",
                    remedy="correct the name on the left; if the column is one of your own, say "
                    "what it holds, for example types: {MY_COLUMN: number}",
                )
            )
        known = [*self.columns, *header]
        idle = [name for name in own if name not in known and not is_ours(str(name))]
        if idle:
            raise StudyError(
                explain(
                    what="a type or a scale is given for no column, "
                    + first_ten(f"{name!r}{nearest(name, known)}" for name in idle),
                    where=self.where,
                    remedy="name it as under columns, or as the data do",
                )
            )


def load_mapping(path: str | Path | None) -> FileMapping:
    """Read a mapping file; none means that every column has our name.

    Parameters
    ----------
    path : str or Path, optional
        YAML with the keys of `FileMapping`, each of them optional: ``columns: {our name: header}``,
        ``decimal: ","``, ``missing: [99]`` and so on.

    Raises
    ------
    StudyError
        No such file, broken YAML, an unknown key (the nearest known one is named) or value.
    DataError
        A list of teams that is no table.
    """
    if path is None:
        return FileMapping()
    path = Path(path)
    raw = _read(path)
    _refuse_shape(raw, path.name)
    return FileMapping(
        columns=raw.get("columns") or {},
        types=raw.get("types") or {},
        scales={name: (low, high) for name, (low, high) in (raw.get("scales") or {}).items()},
        labels={plain(str(label)): value for label, value in (raw.get("labels") or {}).items()},
        missing=tuple(str(code) for code in raw.get("missing") or ()),
        decimal=raw.get("decimal"),
        day_first=raw.get("day_first"),
        encoding=raw.get("encoding"),
        sheet=raw.get("sheet"),
        teams=_known_teams(path, raw["teams"]) if raw.get("teams") else None,
        keep=raw.get("keep") or {},
        where=path.name,
    )


def _find(layout: Layout, wanted: str) -> str | None:
    """Header of the one column that is meant; a header itself comes before codes and questions."""
    for texts in (layout.header, layout.codes, layout.questions):
        plain_texts = [" ".join(text.split()) for text in texts]
        if plain_texts.count(" ".join(wanted.split())) == 1:
            return layout.header[plain_texts.index(" ".join(wanted.split()))]
    return None


def _read(path: Path) -> object:
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=UniqueKeys)
    except FileNotFoundError:
        raise StudyError(
            explain(
                what=f"there is no mapping file {path.name!r}",
                where="" if path.parent == Path() else str(path.parent),
                remedy="check the path, or have a mapping proposed: "
                "coaching-stats check DATA --write-mapping FILE",
            )
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise StudyError(
            explain(
                what=f"the mapping cannot be read: {problem.__class__.__name__}",
                where=path.name,
                remedy="give a YAML file in UTF-8 with the key columns",
            )
        ) from None


def _known_teams(mapping: Path, name: object) -> tuple[str, ...]:
    """Teams of a list beside the mapping, as text."""
    path = mapping.parent / str(name)
    if not path.is_file():
        raise StudyError(
            explain(
                what=f"there is no list of teams {str(name)!r}",
                where=mapping.name,
                remedy="write the path of a CSV file with a column team, seen from the mapping",
            )
        )
    header, rows, _ = read_cells(path)
    column = next((i for i, h in enumerate(header) if h in ("team", "team_id")), None)
    if column is None:
        raise DataError(
            explain(
                what=f"{path.name} has no column 'team'",
                where=f"its columns are {first_ten(header)}",
                remedy="name the column of the teams so",
            )
        )
    return tuple(row[column].strip() for row in rows if row[column].strip())


def _refuse_shape(raw: object, where: str) -> None:
    remedy = "write columns: {team: Tiimi, S_SPR1: 'header in the file'}"
    if not isinstance(raw, dict):
        raise StudyError(explain(what="the mapping holds no keys", where=where, remedy=remedy))
    unknown = [key for key in raw if key not in KEYS]
    if unknown:
        raise StudyError(
            explain(
                what="unknown key " + first_ten(f"{key!r}{nearest(key, KEYS)}" for key in unknown),
                where=where,
                remedy=f"the keys are {', '.join(KEYS)}",
            )
        )
    if not isinstance(raw.get("columns") or {}, dict):
        raise StudyError(explain(what="columns names no headers", where=where, remedy=remedy))
    for key, (is_right, wanted) in SHAPES.items():
        if raw.get(key) is not None and not is_right(raw[key]):
            raise StudyError(
                explain(what=f"{key} cannot be {raw[key]!r}", where=where, remedy=f"write {wanted}")
            )


def _is_table(values: object, is_right: Callable[[object], bool]) -> bool:
    return isinstance(values, dict) and all(map(is_right, values.values()))


def _is_range(value: object) -> bool:
    is_pair = isinstance(value, list) and len(value) == 2
    return is_pair and all(isinstance(v, int | float) for v in value) and value[0] < value[1]


def _is_encoding(value: object) -> bool:
    try:
        return bool(codecs.lookup(str(value)))
    except LookupError:
        return False


SHAPES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "types": (
        lambda v: _is_table(v, lambda kind: kind in TYPES),
        f"types: {{SALES: number}}, with one of {', '.join(TYPES)}",
    ),
    "scales": (lambda v: _is_table(v, _is_range), "scales: {S_SPR1: [1, 7]}"),
    "labels": (
        lambda v: _is_table(v, lambda n: isinstance(n, int) and not isinstance(n, bool)),
        "labels: {Täysin eri mieltä: 1}",
    ),
    "missing": (lambda v: isinstance(v, list), "missing: [99, -9]"),
    "decimal": (lambda v: v in (",", "."), 'decimal: "," or decimal: "."'),
    "day_first": (lambda v: isinstance(v, bool), "day_first: true or day_first: false"),
    "encoding": (_is_encoding, "an encoding by its name, for example encoding: cp1252"),
    "sheet": (lambda v: isinstance(v, str), "the name of a sheet"),
    "teams": (lambda v: isinstance(v, str), "the path of a CSV file with a column team"),
    "keep": (
        lambda v: (
            _is_table(v, lambda is_kept: isinstance(is_kept, bool)) and set(v) <= {*DROP, *FLAG}
        ),
        f"keep: {{duplicate: true}}, with some of {', '.join((*DROP, *FLAG))}",
    ),
}


def _refuse_collisions(header: Sequence[str], columns: dict[str, object], where: str) -> None:
    """Refuse headers that are no text, that stand twice, or a name that the data have already."""
    headers = list(columns.values())
    wrong = [name for name, head in columns.items() if not isinstance(head, str | int | float)]
    twice = [head for head in headers if headers.count(head) > 1]
    taken = [name for name, head in columns.items() if name in header and name not in headers]
    for bad, what, remedy in (
        (wrong, "no single header for", "write one header for each name"),
        (dict.fromkeys(twice), "several names for the header", "map each header once"),
        (taken, "the data already have a column named", "rename that column, or map it too"),
    ):
        if bad:
            raise StudyError(
                explain(what=f"{what} {first_ten(map(repr, bad))}", where=where, remedy=remedy)
            )
