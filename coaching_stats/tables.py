"""Reading and writing a folder of tables, one CSV file each."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from coaching_stats.csv_files import read_cells, to_column
from coaching_stats.data_model import DECIMALS, TABLES, Table
from coaching_stats.errors import DataError, explain, first_ten, nearest

MINIMUM = ("teams", "seller_survey")
# What `coaching-stats check --answers` calls the ids; who answers a survey is its respondent.
ID_ALIASES = {"team": "team_id", "firm": "firm_id", "manager": "manager_id", "seller": "seller_id"}
RESPONDENT = {"seller_survey": "seller_id", "manager_survey": "manager_id"}


def read_tables(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Read a folder of tables, one CSV file each, and refuse what is not unmistakable.

    Ids and other texts stay as they stand in the file ("007", "no", "1E5"); an empty cell is
    missing, and nothing else is. The ids may have the names that a single file has (``respondent,
    team``), and answers without a wave are of the first one. A column that the data model does
    not know is kept, as numbers where all its cells are plain numbers. Files that do not end in
    .csv are left alone.

    Parameters
    ----------
    folder : str or Path
        Holds ``teams.csv``, ``seller_survey.csv`` and any other table; UTF-8, comma separated.

    Returns
    -------
    dict from table name to DataFrame
        In the order of `TABLES`; rows and columns in the order of the file.

    Raises
    ------
    DataError
        No such folder; no table, an unknown one, or one of the minimum missing; a file that is
        not a table; a column missing, doubled or with text among numbers; a key that is empty or
        not unique. Rows are counted as a spreadsheet does: the first line of data is row 2.
    """
    folder = Path(folder)
    files = _table_files(folder)
    _refuse_unknown(files, f"folder {folder.name}")
    missing = [f"{name}.csv" for name in MINIMUM if name not in files]
    if missing:
        raise DataError(
            explain(
                what=f"the folder {folder.name!r} lacks {' and '.join(missing)}",
                where=f"it holds {first_ten(sorted(files)) or 'no tables'}",
                remedy="a study needs at least teams.csv and seller_survey.csv",
            )
        )
    return {name: _read_table(files[name], TABLES[name]) for name in TABLES if name in files}


def _table_files(folder: Path) -> dict[str, Path]:
    """CSV files of a folder by name without ending; hidden files are not the user's tables."""
    if not folder.is_dir():
        raise DataError(
            explain(
                what=f"{str(folder)!r} is not a folder",
                remedy="give the folder that holds teams.csv and seller_survey.csv",
            )
        )
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".csv" and p.is_file())
    return {path.stem: path for path in found if not path.name.startswith(".")}


def _refuse_unknown(names: Iterable[str], where: str) -> None:
    unknown = sorted(set(names) - set(TABLES))
    if unknown:
        raise DataError(
            explain(
                what="unknown table " + first_ten(f"{n!r}{nearest(n, TABLES)}" for n in unknown),
                where=where,
                remedy=f"the tables are {', '.join(TABLES)}; rename it, or move it elsewhere",
            )
        )


def _read_table(path: Path, table: Table) -> pd.DataFrame:
    header, rows, numbers = read_cells(path)
    header = _in_our_names(header, table)
    if "wave" in table.key and "wave" not in header:
        header, rows = [*header, "wave"], [[*cells, "1"] for cells in rows]
    _check_header(header, path.name, table)
    texts = dict(zip(header, zip(*rows, strict=True), strict=True))
    frame = pd.DataFrame({c: _column(texts[c], c, numbers, path.name, table) for c in header})
    _check_key(frame, numbers, path.name, table)
    return frame


def _in_our_names(header: list[str], table: Table) -> list[str]:
    """Names of the ids as a single file has them (``respondent, team``) become the table's."""
    names = {**ID_ALIASES, "respondent": RESPONDENT.get(table.name, "respondent")}
    ours = [names.get(column, column) for column in header]
    return [
        new if new in table.columns and new not in header else old
        for old, new in zip(header, ours, strict=True)
    ]


def _column(
    cells: tuple[str, ...], column: str, numbers: list[int], file: str, table: Table
) -> pd.Series:
    """Type of a column: as the data model says, else as its cells look."""
    is_text = None if column not in table.columns else column in table.text
    values = to_column(cells, column, numbers, file, is_text=is_text)
    return values.astype(float) if column in DECIMALS else values


def _check_header(header: list[str], file: str, table: Table) -> None:
    doubled = [column for column, n in Counter(header).items() if n > 1]
    if doubled:
        raise DataError(
            explain(
                what=f"{file} has more than one column {first_ten(map(repr, doubled))}",
                remedy="give every column a name of its own",
            )
        )
    missing = [column for column in (*table.key, *table.required) if column not in header]
    unknown = [column for column in header if column not in table.columns]
    if missing:
        raise DataError(
            explain(
                what=f"{file} has no column "
                + ", ".join(f"{column!r}{nearest(column, unknown)}" for column in missing),
                where=f"its columns are {first_ten(header)}",
                remedy="correct the name, add the column, and separate cells by commas",
            )
        )


def _check_key(frame: pd.DataFrame, numbers: list[int], file: str, table: Table) -> None:
    keys = frame[list(table.key)]
    for problem, has_problem in (
        ("empty", keys.isna().any(axis=1)),
        ("repeated", keys.duplicated(keep=False)),
    ):
        if has_problem.any():
            rows = [
                f"row {numbers[i]}: {' '.join(str(v) for v in keys.iloc[i] if pd.notna(v))}".strip()
                for i in np.flatnonzero(has_problem)
            ]
            raise DataError(
                explain(
                    what=f"{file} has {problem} keys; {', '.join(table.key)} must name one row",
                    where=first_ten(rows),
                    remedy="correct the ids, or remove the rows that are too many",
                )
            )


def write_tables(tables: Mapping[str, pd.DataFrame], folder: str | Path) -> None:
    r"""Write one CSV file per table; all of them, or none.

    The same tables give the same bytes: UTF-8, lines end in "\n", whole numbers without and other
    numbers with four decimals, missing cells empty.

    Parameters
    ----------
    tables : mapping from table name to DataFrame
    folder : str or Path
        Made where it does not exist; tables of the same names in it are replaced.

    Raises
    ------
    DataError
        An unknown table; a folder that holds further tables, which the new ones would be mixed
        with; a place that cannot be written.
    """
    folder = Path(folder)
    _refuse_unknown(tables, "the tables to be written")
    try:
        _refuse_mixing(tables, folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".tables-") as waiting:
            for name, frame in tables.items():
                _write_table(frame, Path(waiting) / f"{name}.csv")
            folder.mkdir(exist_ok=True)
            for name in tables:
                os.replace(Path(waiting) / f"{name}.csv", folder / f"{name}.csv")
    except OSError as problem:
        raise DataError(
            explain(
                what=f"the tables cannot be written to {str(folder)!r}",
                where=problem.strerror or str(problem),
                remedy="name a folder in a place where you may write",
            )
        ) from None


def _refuse_mixing(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    further = sorted(set(_table_files(folder)) - set(tables)) if folder.exists() else []
    if further:
        raise DataError(
            explain(
                what=f"the folder {folder.name!r} already holds other tables",
                where=first_ten(f"{name}.csv" for name in further),
                remedy="name another folder, or remove them",
            )
        )


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    shown = frame.copy()
    for column in frame.select_dtypes(["number", "bool"]):
        values = frame[column].to_numpy(dtype=float, na_value=np.nan)
        is_whole = np.isnan(values) | (np.isfinite(values) & (values == np.rint(values)))
        if is_whole.all() and column not in DECIMALS:
            shown[column] = frame[column].astype("Int64")
    shown.to_csv(path, index=False, float_format="%.4f", lineterminator="\n", encoding="utf-8")
