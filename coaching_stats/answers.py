"""From what the user gives, a file, a folder or a frame, to tables with a receipt."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from coaching_stats.carelessness import QualityRules
from coaching_stats.csv_files import read_cells, to_column
from coaching_stats.data_model import TABLES
from coaching_stats.errors import DataError, StudyError, explain, first_ten, nearest
from coaching_stats.frames import require_columns
from coaching_stats.hypotheses import Study
from coaching_stats.mapping import load_mapping
from coaching_stats.receipt import SURVEYS, Receipt, problem, receipt_of
from coaching_stats.single_file import TEXT_COLUMNS, tables_from_frame
from coaching_stats.survey import Survey, read_file
from coaching_stats.tables import read_tables
from coaching_stats.worlds import SimulatedTables

HERE = Path(__file__).parent
TRUTH_FILE = "truth.json"  # stands beside simulated tables: world, design and seed
SIMULATED_MARK = ".simulated"  # a single file is simulated where a file of its name and this is
SAMPLES = ("sample", "one_client")
PUBLISHED = ("attitude", "lq2002")
SCORE_TABLES = {"seller_scores": ("seller_id",), "team_scores": ("team_id",)}  # and their keys


@dataclass(frozen=True, eq=False)
class Source:
    """Tables as read, where they came from, and what was done to them.

    Attributes
    ----------
    tables : mapping from table name to DataFrame
    receipt : Receipt
    name : str
        Name of the file or folder, without its path.
    hashes : mapping from file name to SHA-256
    is_simulated : bool
        A folder of simulated tables says so itself; they carry their `truth`.
    """

    tables: Mapping[str, pd.DataFrame]
    receipt: Receipt
    name: str
    hashes: Mapping[str, str]
    is_simulated: bool = False


def load_sample(name: str) -> dict[str, pd.DataFrame] | pd.DataFrame:
    """Load a sample data set.

    Parameters
    ----------
    name : {"sample", "one_client", "attitude", "lq2002"}
        The first two are simulated surveys; the others are published data, which only a clone of
        the repository holds.

    Returns
    -------
    dict of DataFrame, or DataFrame
        Tables for the simulated surveys, one frame for the published data.

    Raises
    ------
    DataError
        Another name, or published data outside a clone.

    Examples
    --------
    >>> len(load_sample("one_client")["teams"])
    12
    >>> load_sample("attitude").shape
    (30, 7)
    """
    if name in SAMPLES:
        folder = sample_folder(name)
        truth = json.loads((folder / TRUTH_FILE).read_text(encoding="utf-8"))
        return SimulatedTables(read_tables(folder), truth)
    if name not in PUBLISHED:
        raise DataError(
            explain(
                what=f"no sample {name!r}",
                remedy=f"choose one of {', '.join((*SAMPLES, *PUBLISHED))}",
            )
        )
    path = HERE.parent / "data" / "published" / f"{name}.csv"
    if not path.exists():
        raise DataError(
            explain(
                what=f"the published data {name!r} are not part of the installed package",
                remedy="clone the repository, which holds them under data/published",
            )
        )
    return read_csv(path).reset_index(drop=True)


def sample_folder(name: str) -> Path:
    """Folder of a simulated sample, in an installed package or in a clone."""
    installed = HERE / "data" / name
    return installed if installed.is_dir() else HERE.parent / "data" / name


def read_csv(path: Path) -> pd.DataFrame:
    """Read one CSV file of ours: UTF-8, commas, points. Rows keep the numbers that users see.

    Raises
    ------
    DataError
        A file that is not a table.
    """
    header, rows, numbers = read_cells(path)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    frame = pd.DataFrame(
        {
            name: to_column(cells, name, numbers, path.name, is_text=None)
            for name, cells in columns.items()
        }
    )
    return frame.set_axis(pd.Index(numbers, name="row"))


def _refuse_header(header: Sequence[str], name: str) -> None:
    """Refuse columns that share a name."""
    doubled = [column for column, n in Counter(header).items() if n > 1]
    if doubled:
        raise DataError(
            explain(
                what=f"{name} has more than one column {first_ten(map(repr, doubled))}",
                remedy="give every column a name of its own",
            )
        )


def read_source(
    data: str | Path | Survey | pd.DataFrame | Mapping[str, pd.DataFrame] | None,
    study: Study,
    mapping: str | Path | None = None,
) -> Source:
    """Read whatever the user gives.

    Parameters
    ----------
    data : path, Survey, DataFrame, mapping of tables, or None
        A file (one row per respondent), a folder of tables, what `read_survey` gave, a frame,
        tables, or nothing for the simulated sample.
    study : Study
        Its `columns` say what the columns of a single file are.
    mapping : path, optional
        Our names for the columns of a single file.

    Returns
    -------
    Source

    Raises
    ------
    DataError
        Nothing there, not a table, or a column missing or in the wrong shape.
    """
    if data is None:
        data = sample_folder("sample")
    if isinstance(data, Survey):
        return _from_survey(data, study, "survey", _frame_hash(data.answers))
    if isinstance(data, pd.DataFrame):
        _refuse_header(list(map(str, data.columns)), "the data frame")
        frame = load_mapping(mapping).renamed(_plain(data))
        return _from_frame(frame, study, "data frame", {"data frame": _frame_hash(data)})
    is_folder = not isinstance(data, Mapping) and Path(data).is_dir()
    if mapping is not None and (is_folder or isinstance(data, Mapping)):
        raise StudyError(
            explain(
                what="a mapping goes with a single file; tables have the names of the data model",
                where=str(mapping),
                remedy="leave the mapping out, or give one file",
            )
        )
    if isinstance(data, Mapping):
        check_tables(data)
        hashes = {name: _frame_hash(frame) for name, frame in data.items()}
        tables = {name: _plain(frame) for name, frame in data.items()}
        return _from_tables(
            tables, "tables", hashes, study.quality, is_simulated=hasattr(data, "truth")
        )
    path = Path(data)
    if is_folder:
        hashes = {file.name: _file_hash(file) for file in sorted(path.glob("*.csv"))}
        is_simulated = (path / TRUTH_FILE).exists()
        tables = {name: _as_in_file(frame) for name, frame in read_tables(path).items()}
        return _from_tables(tables, path.name, hashes, study.quality, is_simulated=is_simulated)
    text = [v for k, v in study.columns.items() if not k[0].isupper()]
    text += [study.cluster] if study.cluster else []
    survey = read_file(path, load_mapping(mapping), text, study.quality)
    source = _from_survey(survey, study, path.name, _file_hash(path))
    return replace(source, is_simulated=path.with_name(path.name + SIMULATED_MARK).exists())


def _from_survey(survey: Survey, study: Study, name: str, digest: str) -> Source:
    """Tables of what was read from one file; its receipt, and what was left out on the way."""
    source = _from_frame(survey.answers, study, name, {name: digest})
    receipt = survey.receipt
    receipt = replace(
        survey.receipt,
        rows_kept=source.receipt.rows_kept,
        problems=[*survey.receipt.problems, *source.receipt.problems],
    )
    return replace(source, receipt=receipt)


def _orphans(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Teams of which only the manager answered, and those of which only sellers did."""
    if not set(SURVEYS) <= set(tables):
        return []
    sellers, managers = (set(tables[name]["team_id"].dropna()) for name in SURVEYS)
    found = (
        (managers - sellers, "only the manager answered, no seller"),
        (sellers - managers, "only sellers answered, not the manager"),
    )
    return [
        problem("info", f"{len(teams)} teams of which {what}", value=first_ten(sorted(teams)))
        for teams, what in found
        if teams
    ]


def _from_tables(
    tables: Mapping[str, pd.DataFrame],
    name: str,
    hashes: dict[str, str],
    rules: QualityRules,
    *,
    is_simulated: bool,
) -> Source:
    receipt = receipt_of(tables, tool="tables", problems=_orphans(tables), rules=rules)
    return Source(dict(tables), receipt, name, hashes, is_simulated)


def _from_frame(
    frame: pd.DataFrame,
    study: Study,
    name: str,
    hashes: dict[str, str],
) -> Source:
    if frame.empty:
        raise DataError(
            explain(
                what="the data hold no rows",
                where=f"{name}: columns {first_ten(frame.columns)}",
                remedy="export the answers again",
            )
        )
    tables, problems = tables_from_frame(frame, study)
    receipt = receipt_of(tables, tool="columns of our names", problems=problems, single_file=frame)
    return Source(tables, receipt, name, hashes)


def check_tables(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse tables that the data model does not know, and those without their keys and columns.

    Raises
    ------
    DataError
    """
    unknown = [name for name in tables if name not in (*TABLES, *SCORE_TABLES)]
    if unknown:
        raise DataError(
            explain(
                what="unknown table " + first_ten(f"{n!r}{nearest(n, TABLES)}" for n in unknown),
                remedy=f"the tables are {', '.join(TABLES)}",
            )
        )
    for name, frame in tables.items():
        key, required = SCORE_TABLES.get(name, ()), ("team_id",)
        if name in TABLES:  # what teams lack has a fallback of its own, with a note
            key = TABLES[name].key
            required = () if name == "teams" else TABLES[name].required
        require_columns(frame, [*key, *required])
        keys = frame[list(key)]
        bad = keys.isna().any(axis=1) | keys.duplicated(keep=False)
        if bad.any():
            rows = [
                f"row {row[0]}: {' '.join(map(str, row[1:]))}" for row in keys[bad].itertuples()
            ]
            raise DataError(
                explain(
                    what=f"in {name}, {', '.join(key)} must name one row each; "
                    f"{int(bad.sum())} rows are empty there or repeated",
                    where=first_ten(rows),
                    remedy="correct the ids, or remove the rows that are too many",
                )
            )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories become what they stand for; ids of several types become text."""
    changed = {
        column: values.astype(object).infer_objects()
        for column, values in frame.items()
        if isinstance(values.dtype, pd.CategoricalDtype)
    }
    for column in set(TEXT_COLUMNS) & set(frame):
        values = changed.get(column, frame[column])
        if values.dtype == object and pd.api.types.infer_dtype(values).startswith("mixed"):
            changed[column] = values.astype("str")
    return frame.assign(**changed)


def _as_in_file(frame: pd.DataFrame) -> pd.DataFrame:
    """Label the rows as the user sees them in the file: the header is row 1."""
    return frame.set_axis(pd.RangeIndex(2, len(frame) + 2, name="row"))


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _frame_hash(frame: pd.DataFrame) -> str:
    return hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
