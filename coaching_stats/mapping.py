"""A mapping file: our name for each column of the user's file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

from coaching_stats.errors import StudyError, explain, first_ten, nearest


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
        raw = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
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
