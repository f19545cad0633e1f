"""An SPSS file as numbered rows of text cells: codes, with the labels beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain

Labels = Mapping[str, Mapping[str, str]]


def spss_records(
    path: Path, encoding: str | None = None
) -> tuple[list[tuple[int, list[str]]], list[dict[str, Any]], Mapping[str, str], Labels]:
    """Read an SPSS file; codes are kept, values that its owner declared missing become empty.

    Parameters
    ----------
    path : Path
    encoding : str, optional
        Where the file does not say it, or is wrong about it.

    Returns
    -------
    records : list of (number, cells)
        First the names of the variables, as row 0; then the cases from 1 on, as SPSS numbers them.
    problems : list of dict
        How many values each variable declares missing.
    questions : mapping from variable to its label
    value_labels : mapping from variable to (mapping from code to label)

    Raises
    ------
    DataError
        Not an SPSS file, or a damaged one.
    """
    import pyreadstat  # only SPSS files need it

    try:
        frame, meta = pyreadstat.read_sav(str(path), user_missing=True, encoding=encoding)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, OSError, ValueError):
        raise DataError(
            explain(
                what=f"{path.name} cannot be read as an SPSS file",
                where="it is none, or is damaged",
                remedy="save it again as .sav, or export it as CSV",
            )
        ) from None
    columns, problems = [], []
    for name in frame:
        is_missing = _declared_missing(frame[name], meta.missing_ranges.get(name, []))
        if is_missing.any():
            problems.append(_said(name, int(is_missing.sum())))
        columns.append(_texts(frame[name], is_missing))
    rows = [list(row) for row in zip(*columns, strict=True)]
    records = [(0, list(frame.columns))]
    records += [(number, cells) for number, cells in enumerate(rows, start=1) if any(cells)]
    labels = {
        name: {_as_text(code): str(label) for code, label in of.items()}
        for name, of in meta.variable_value_labels.items()
    }
    questions = {name: text for name, text in meta.column_names_to_labels.items() if text}
    return records, problems, questions, labels


def _declared_missing(values: pd.Series, ranges: list[Mapping[str, Any]]) -> np.ndarray:
    """Whether each value lies in a range that the file declares missing."""
    found = np.zeros(len(values), dtype=bool)
    for ends in ranges:
        low, high = ends["lo"], ends["hi"]
        if isinstance(low, str):
            found |= values.astype(object).isin([low, high]).to_numpy()
        else:
            number = pd.to_numeric(values, errors="coerce")
            found |= number.between(low, high).to_numpy()
    return found


def _said(name: str, n: int) -> dict[str, Any]:
    return {
        "severity": "info",
        "row": None,
        "column": name,
        "value": None,
        "message": f"{name}: {n} values that the file declares missing are empty",
    }


def _texts(values: pd.Series, is_missing: np.ndarray) -> list[str]:
    """Values as text, empty where missing; few of them are distinct, so each is put once."""
    codes, distinct = pd.factorize(values)
    texts = np.array([*map(_as_text, distinct), ""], dtype=object)
    return texts[np.where(is_missing, -1, codes)].tolist()


def _as_text(value: object) -> str:
    """A value as a CSV file would hold it."""
    if isinstance(value, float | int | np.number):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
