"""A mapping file: our name for each column of the user's file, and how its cells are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import yaml

from coaching_stats.errors import StudyError, explain, first_ten, nearest
from coaching_stats.study_file import UniqueKeys

KEYS = ("columns", "decimal", "missing", "sheet")


@dataclass(frozen=True)
class FileMapping:
    """How one file is to be read.

    Attributes
    ----------
    columns : mapping from our name to the header in the file
    decimal : {",", "."} or None
    missing : tuple of str
        Codes that stand for a missing answer.
    sheet : str or None
    where : str
        Name of the mapping file, for messages.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    sheet: str | None = None
    where: str = "mapping"

    def renamed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rename the columns of a frame, a copy of it.

        Raises
        ------
        StudyError
            A header that the data do not have, or a name that they have already.
        """
        _refuse_collisions(frame, dict(self.columns), self.where)
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


def load_mapping(path: str | Path | None) -> FileMapping:
    """Read a mapping file; none means that every column has our name.

    Parameters
    ----------
    path : str or Path, optional
        YAML with the keys ``columns: {our name: header}``, ``decimal: ","``, ``missing: [99]`` and
        ``sheet: name``, each of them optional.

    Raises
    ------
    StudyError
        No such file, broken YAML, an unknown key (the nearest known one is named) or value.
    """
    if path is None:
        return FileMapping()
    path = Path(path)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=UniqueKeys)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise StudyError(
            explain(
                what=f"the mapping cannot be read: {problem.__class__.__name__}",
                where=path.name,
                remedy="give a YAML file in UTF-8 with the key columns",
            )
        ) from None
    _refuse_shape(raw, path.name)
    return FileMapping(
        columns=raw.get("columns") or {},
        decimal=raw.get("decimal"),
        missing=tuple(str(code) for code in raw.get("missing") or ()),
        sheet=raw.get("sheet"),
        where=path.name,
    )


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
    if raw.get("decimal") not in (None, ",", "."):
        raise StudyError(
            explain(
                what=f"decimal {raw['decimal']!r} is no decimal mark",
                where=where,
                remedy='write decimal: "," or decimal: "."',
            )
        )


def _refuse_collisions(frame: pd.DataFrame, columns: dict[str, object], where: str) -> None:
    """Refuse headers that are no text, that stand twice, or a name that the data have already."""
    headers = list(columns.values())
    wrong = [name for name, header in columns.items() if not isinstance(header, str | int | float)]
    twice = [header for header in headers if headers.count(header) > 1]
    taken = [name for name, header in columns.items() if name in frame and name not in headers]
    for bad, what, remedy in (
        (wrong, "no single header for", "write one header for each name"),
        (dict.fromkeys(twice), "several names for the header", "map each header once"),
        (taken, "the data already have a column named", "rename that column, or map it too"),
    ):
        if bad:
            raise StudyError(
                explain(what=f"{what} {first_ten(map(repr, bad))}", where=where, remedy=remedy)
            )
