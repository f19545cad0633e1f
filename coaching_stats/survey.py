"""One file of a survey tool: its answers under our names, with a receipt."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from coaching_stats.carelessness import DEFAULT_RULES, QualityRules
from coaching_stats.columns import text_columns
from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.exports import SPSS_ENDINGS, Raw, read_records
from coaching_stats.hypotheses import ID_NAMES
from coaching_stats.identifiers import lookalikes, lost_zeros
from coaching_stats.mapping import FileMapping, load_mapping
from coaching_stats.matching import Matching, match_columns
from coaching_stats.our_names import is_ours
from coaching_stats.personal_data import find_personal_data, is_identifying
from coaching_stats.reading import Reading
from coaching_stats.receipt import Receipt, column_entry, problem
from coaching_stats.respondents import sift
from coaching_stats.results import Shown
from coaching_stats.single_file import TEXT_COLUMNS
from coaching_stats.survey_tools import Layout, recognise

PATIENCE = 2.0  # seconds, after which a bar shows how far the reading is
# What a tool says about a response; used to sift, and no part of the answers.
ABOUT_RESPONSES = (
    "status",
    "finished",
    "progress",
    "consent",
    "started_at",
    "seconds",
    "ip_address",
    "last_page",
)
ID_COLUMNS = {*ID_NAMES, *ID_NAMES.values()}
HOW = {
    "mapping": "the mapping",
    "tool": "the survey tool's own names",
    "synonym": "their usual names",
    "code": "their codes",
    "wording": "the wording of the questionnaire",
}


@dataclass(frozen=True, eq=False, repr=False)
class Survey(Shown):
    """Answers as one table, one row per respondent, and how they were read.

    Attributes
    ----------
    answers : DataFrame
        Rows are labelled as the user sees them in the file; ids stay text.
    receipt : Receipt
    matching : Matching
        Which column of the file is which of ours, and which are in doubt.
    questions : mapping from column to str
        What was asked, where the file tells (SPSS: variable labels).
    value_labels : mapping from column to (mapping from code to str)
        What the codes of an SPSS file stand for.
    """

    answers: pd.DataFrame
    receipt: Receipt
    matching: Matching
    questions: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

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
        CSV, TSV, XLSX or SAV, as Qualtrics, SurveyMonkey, LimeSurvey, Microsoft and Google Forms,
        Webropol, SPSS or a spreadsheet write it.
    mapping : str or Path, optional
        Our names for its columns, and what its cells leave open.

    Returns
    -------
    Survey
        Previews, tests, empty and unfinished answers, answers without consent and repeats are
        dropped; speeders, straightliners and failed attention checks are flagged and kept.

    Raises
    ------
    DataError, StudyError
        A file that is not a table, numbers or dates that can be read in two ways, unknown answers
        or teams, answers outside their scale, or a mapping that does not fit.

    Examples
    --------
    >>> read_survey("data/sample/sellers.csv").receipt.rows_read
    1500
    """
    return read_file(Path(path), load_mapping(mapping))


def recognised(path: Path, mapping: FileMapping) -> tuple[Raw, Layout, Matching]:
    """A file as text cells, its header, and which of its columns are ours; no cell is read yet.

    Raises
    ------
    DataError, StudyError
        A file that is not a table, or a mapping that does not fit.
    """
    raw = read_records(path, mapping.sheet, mapping.encoding)
    layout = recognise(raw.records, path.name, is_spss=path.suffix.lower() in SPSS_ENDINGS)
    return raw, layout, match_columns(layout, mapping.headers_of(layout), path.name)


def read_file(
    path: Path,
    mapping: FileMapping,
    text: Collection[str] = (),
    rules: QualityRules = DEFAULT_RULES,
) -> Survey:
    """Read one file, its columns under our names.

    Parameters
    ----------
    path : Path
    mapping : FileMapping
    text : collection of str
        Further columns that stay text.
    rules : QualityRules
        When an answer counts as careless.

    Returns
    -------
    Survey

    Raises
    ------
    DataError, StudyError
        As `read_survey` does.
    """
    with (
        without_collection(),
        tqdm(total=4, desc=path.name, unit="step", delay=PATIENCE, leave=False) as bar,
    ):
        raw, layout, matching = recognised(path, mapping)
        bar.update()
        columns = text_columns(layout.header, layout.rows, layout.numbers)
        bar.update()
        personal = find_personal_data(columns)
        left_out = _left_out(personal, matching)
        names = {**{of: name for name, of in layout.roles.items()}, **matching.names}
        kept = {names.get(h, h): c for h, c in columns.items() if h not in left_out}
        own_times = frozenset(layout.roles) - frozenset(mapping.columns)
        as_text = frozenset({*TEXT_COLUMNS, *text})
        reading = Reading(path.name, mapping, layout.tool, as_text, own_times)
        values, decimal, said = reading.values(kept, is_comma_likely=raw.delimiter == ";")
        bar.update()
        frame = pd.DataFrame(values, index=pd.Index(layout.numbers, name="row"))
        if layout.tool == "LimeSurvey" and "completed_at" in frame:  # it dates only whole answers
            frame["finished"] = frame["completed_at"].notna().map({True: "1", False: "0"})
        _check_ids(frame, path.name, mapping.teams)
        sifted = sift(frame, mapping.keep, rules, path.name)
        bar.update()
    answers = frame.loc[sifted.keep, [c for c in frame if c not in ABOUT_RESPONSES]]
    receipt = Receipt(
        tool=layout.tool,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        decimal=decimal,
        header_rows=layout.header_rows,
        rows_read=len(frame),
        rows_kept=len(answers),
        dropped=sifted.dropped,
        flagged=sifted.flagged,
        columns=[
            column_entry(h, names.get(h), frame.get(names.get(h, h)), _how(matching, h))
            for h in layout.header
        ],
        problems=[
            *raw.problems,
            *said,
            *_about_columns(layout, matching, left_out, names),
            *sifted.problems,
        ],
        personal_data=personal,
        evidence=(*raw.evidence, *layout.evidence),
    )
    questions, value_labels = _labels(raw, layout, names)
    return Survey(answers, receipt, matching, questions, value_labels)


@contextmanager
def without_collection() -> Iterator[None]:
    """Do not look for cycles among millions of cells, which hold none: a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _how(matching: Matching, header: str) -> str | None:
    return next((match.how for match in matching.matches if match.header == header), None)


def _left_out(personal: Sequence[Mapping[str, Any]], matching: Matching) -> frozenset[str]:
    """Columns that identify people, but for those that the user's mapping asks for."""
    asked = {match.header for match in matching.matches if match.how == "mapping"}
    found = {entry["column"] for entry in personal if is_identifying(entry["kind"])}
    return frozenset(found - asked)


def _labels(
    raw: Raw, layout: Layout, names: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Mapping[str, str]]]:
    """Questions and value labels by our names."""
    asked = {**dict(zip(layout.header, layout.questions, strict=True)), **raw.questions}
    questions = {names.get(h, h): text for h, text in asked.items() if text}
    return questions, {names.get(h, h): labels for h, labels in raw.value_labels.items()}


def _about_columns(
    layout: Layout, matching: Matching, left_out: frozenset[str], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What became of the columns: recognised, in doubt, personal, or none of ours."""
    said = [
        problem("info", f"{n} columns recognised by {HOW[how]}")
        for how in HOW
        if (n := sum(match.how == how for match in matching.matches))
    ]
    for doubt in matching.doubts:
        what = " or ".join(doubt.names)
        why = "is near the wording of" if doubt.likeness < 100 else "may be"
        text = f"the column {doubt.header!r} {why} {what}; it is not read: say which in a mapping"
        said.append(problem("warning", text, column=doubt.header))
    doubtful = {doubt.header for doubt in matching.doubts}
    for header in layout.header:
        if header in left_out:
            text = f"the column {header!r} holds personal data and is left out; map it to keep it"
            said.append(problem("warning", text, column=header))
        elif header not in doubtful and names.get(header, header) == header and not is_ours(header):
            text = f"the column {header!r} is none of ours and is not used"
            said.append(problem("warning", text, row=layout.header_row, column=header))
    return said


def _check_ids(frame: pd.DataFrame, file: str, known: tuple[str, ...] | None) -> None:
    """Refuse ids that look alike, and teams that are not among the known ones.

    Raises
    ------
    DataError
    """
    for column in ID_COLUMNS & set(frame):
        alike = lookalikes(frame[column].dropna().unique().tolist())
        if alike:
            raise DataError(
                explain(
                    what=f"ids in the column {column!r} differ only by signs that cannot be seen, "
                    "by case or by space",
                    where=f"{file}, " + first_ten(_pair(frame, column, pair) for pair in alike),
                    remedy="write each id in one way",
                )
            )
    team = next((c for c in ("team", "team_id") if c in frame), None)
    if known is None or team is None:
        return
    unknown = frame.loc[frame[team].notna() & ~frame[team].isin(known), team]
    if len(unknown):
        zeros = dict(lost_zeros(unknown.unique().tolist(), list(known)))
        raise DataError(
            explain(
                what=f"{unknown.nunique()} teams are not among the known ones",
                where=f"{file}, "
                + first_ten(
                    f"row {row}: {name!r}"
                    + (f", perhaps {zeros[name]!r} without its zeros" if name in zeros else "")
                    for row, name in unknown.drop_duplicates().items()
                ),
                remedy="correct them, or add them to the list of teams in the mapping",
            )
        )


def _pair(frame: pd.DataFrame, column: str, pair: tuple[str, str]) -> str:
    first, second = (int(frame.index[(frame[column] == one).argmax()]) for one in pair)
    return f"row {first}: {pair[0]!a} and row {second}: {pair[1]!a}"
