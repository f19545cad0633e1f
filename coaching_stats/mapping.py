"""A mapping file: our name for each column of the user's file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

from coaching_stats.errors import StudyError, explain, first_ten, nearest
from coaching_stats.study_file import UniqueKeys


def apply_mapping(frame: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Rename the columns of a frame as a mapping file says.

    Parameters
    ----------
    frame : DataFrame
    path : str or Path
        YAML with ``columns: {our name: header in the file}``.

    Returns
    -------
    DataFrame
        A renamed copy.

    Raises
    ------
    StudyError
        No such file, broken YAML, an unknown key, or a header that the file does not have.
    """
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
    columns = raw.get("columns") if isinstance(raw, dict) else None
    unknown = [key for key in raw if key != "columns"] if isinstance(raw, dict) else []
    if not isinstance(columns, dict) or unknown:
        raise StudyError(
            explain(
                what="unknown key "
                + first_ten(f"{key!r}{nearest(key, ['columns'])}" for key in unknown)
                if unknown
                else "the mapping has no key 'columns'",
                where=path.name,
                remedy="write columns: {team: Tiimi, S_SPR1: 'header in the file'}",
            )
        )
    _refuse_collisions(frame, columns, path.name)
    missing = [header for header in columns.values() if header not in frame]
    if missing:
        raise StudyError(
            explain(
                what="the data have no column "
                + first_ten(f"{header!r}{nearest(header, frame.columns)}" for header in missing),
                where=path.name,
                remedy="correct the header in the mapping",
            )
        )
    return frame.rename(columns={header: name for name, header in columns.items()})


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
