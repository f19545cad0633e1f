"""One file of a survey tool: its answers under our names, with a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from coaching_stats.csv_files import to_column
from coaching_stats.decimals import with_points
from coaching_stats.exports import read_export
from coaching_stats.hypotheses import ID_NAMES
from coaching_stats.instrument import load_instrument
from coaching_stats.labels import numbers_of
from coaching_stats.mapping import FileMapping, load_mapping
from coaching_stats.receipt import Receipt, receipt_of
from coaching_stats.results import Shown
from coaching_stats.single_file import TEAM_FACTS, TEXT_COLUMNS

USED = (*ID_NAMES, *ID_NAMES.values(), *TEAM_FACTS, "sales_index", "trn_hours", "tenure_years")
NEAR = 0.85  # likeness of two wordings above which one is proposed for the other


@dataclass(frozen=True, eq=False, repr=False)
class Survey(Shown):
    """Answers as one table, one row per respondent, and how they were read.

    Attributes
    ----------
    answers : DataFrame
        Rows are labelled as the user sees them in the file; ids stay text.
    receipt : Receipt
    """

    answers: pd.DataFrame
    receipt: Receipt

    @property
    def notes(self) -> tuple[str, ...]:
        """What the receipt says in words."""
        return self.receipt.notes

    def tidy(self) -> pd.DataFrame:
        """One row per column read."""
        return self.receipt.tidy()


def read_survey(path: str | Path, mapping: str | Path | None = None) -> Survey:
    """Read one file of a survey tool or a spreadsheet.

    Parameters
    ----------
    path : str or Path
        CSV, TSV or XLSX.
    mapping : str or Path, optional
        Our names for its columns, and what its cells leave open.

    Returns
    -------
    Survey

    Raises
    ------
    DataError, StudyError
        As `read_file` does.

    Examples
    --------
    >>> read_survey("data/sample/sellers.csv").receipt.rows_read
    1500
    """
    frame, facts, said = read_file(Path(path), load_mapping(mapping), TEXT_COLUMNS)
    unused = [column for column in frame if not is_used(column)]
    problems = [
        {
            "severity": "warning",
            "row": facts["header_rows"],
            "column": column,
            "value": None,
            "message": f"the column {column!r} is none of ours and is not used",
        }
        for column in unused
    ]
    problems = [*said, *problems]
    flagged_as = frame.rename(columns=ID_NAMES)
    surveys = {"seller_survey": flagged_as} if "seller_id" in flagged_as else {}
    receipt = receipt_of(surveys, tool="single file", problems=problems, single_file=frame)
    return Survey(frame, replace(receipt, **facts))


def is_used(column: str) -> bool:
    """Whether a column has one of our names: an id, a record, an item, or a ready score."""
    items = {item.name for item in load_instrument().items}
    key, _, source = column.rpartition("_")
    is_score = source in ("s", "m", "p", "r") and key.isupper()
    return column in USED or column in items or is_score


def read_file(
    path: Path, mapping: FileMapping, text: frozenset[str]
) -> tuple[pd.DataFrame, dict[str, str | int], list[dict[str, object]]]:
    """Read one file of a survey tool or spreadsheet, its columns under our names.

    Parameters
    ----------
    path : Path
    mapping : FileMapping
    text : frozenset of str
        Columns that stay text, by our names or by their headers.

    Returns
    -------
    frame : DataFrame
        Rows are labelled as the user sees them in the file.
    facts : dict
        ``encoding, delimiter, decimal, header_rows``, for the receipt.
    problems : list of dict
        What was read as something else than it stands in the file.

    Raises
    ------
    DataError, StudyError
        A file that is not a table, numbers that can be read in two ways, unknown answers, or a
        mapping that does not fit.
    """
    export = read_export(path, mapping.sheet)
    cells = pd.DataFrame(export.rows, columns=export.header, dtype=object)
    cells = mapping.renamed(cells)
    kept = [c for c in cells if c in text or mapping.columns.get(c) in text]
    gone = dict.fromkeys(mapping.missing, "")  # never in ids: a team may be called 99
    free = {c: cells[c].replace(gone).tolist() for c in cells if c not in kept}
    pointed, decimal = with_points(free, export.numbers, path.name, mapping.decimal)
    items = {item.name: item for item in load_instrument().items}
    numbered = {
        c: numbers_of(values, export.numbers, items[c], path.name) if c in items else values
        for c, values in pointed.items()
    }
    problems = [_in_words(c, export.header_row, pointed[c], numbered[c]) for c in numbered]
    frame = pd.DataFrame(
        {
            c: to_column(
                tuple(cells[c] if c in kept else numbered[c]),
                c,
                export.numbers,
                path.name,
                is_text=True if c in kept else None,
            )
            for c in cells
        }
    ).set_axis(pd.Index(export.numbers, name="row"))
    facts = {
        "encoding": export.encoding,
        "delimiter": export.delimiter,
        "decimal": decimal,
        "header_rows": export.header_row,
    }
    return frame, facts, [problem for problem in problems if problem]


def _in_words(
    column: str, row: int, given: Sequence[str], read: Sequence[str]
) -> dict[str, object] | None:
    """Say how many answers of a column stood in words, and how many of these became missing."""
    changed = [number for cell, number in zip(given, read, strict=True) if cell.strip() != number]
    if not changed:
        return None
    gone = changed.count("")
    return {
        "severity": "info",
        "row": row,
        "column": column,
        "value": None,
        "message": f"{column}: {len(changed)} answers in words read as numbers, {gone} of them as "
        "missing",
    }


def proposed_mapping(headers: Sequence[str]) -> str:
    """Propose a mapping from the wording of the questionnaire, as YAML for the user to confirm.

    Parameters
    ----------
    headers : sequence of str

    Returns
    -------
    str
        Exact wordings in either language are mapped. Near ones, and wordings that both the seller
        and the manager form have, stand as comments: nothing uncertain is applied.

    Examples
    --------
    >>> print(proposed_mapping(["Tiimi", "Syksy on hieno vuodenaika."]))
    columns:
      # nothing of ours: "Tiimi"
      # S_MARK1 or M_MARK1: "Syksy on hieno vuodenaika."
    """
    items = [item for item in load_instrument().items if item.form in ("seller", "manager")]
    wordings: dict[str, list[str]] = {}
    for item in items:
        for text in {item.text_en, item.text_fi}:
            wordings.setdefault(_plain(text), []).append(item.name)
    lines = ["columns:"]
    for header in (header for header in headers if not is_used(header)):
        names = wordings.get(_plain(header), [])
        near = get_close_matches(_plain(header), wordings, n=1, cutoff=NEAR)
        quoted = '"' + header.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if len(names) == 1:
            lines.append(f"  {names[0]}: {quoted}")
        elif names:
            lines.append(f"  # {' or '.join(names)}: {quoted}")
        elif near:
            lines.append(f"  # near {' or '.join(wordings[near[0]])}: {quoted}")
        else:
            lines.append(f"  # nothing of ours: {quoted}")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
