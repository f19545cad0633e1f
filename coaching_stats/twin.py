"""A synthetic twin of an export: the same columns, labels, sizes and moments, and nobody's row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain
from coaching_stats.exports import SPSS_ENDINGS, read_records
from coaching_stats.hypotheses import ID_NAMES
from coaching_stats.instrument import load_instrument
from coaching_stats.mapping import load_mapping
from coaching_stats.spreadsheet_text import inert_cell
from coaching_stats.survey import ABOUT_RESPONSES, Survey, read_survey
from coaching_stats.survey_tools import Layout, recognise
from coaching_stats.synthetic import Synthetic, synthetic

FEWEST = 20  # respondents, below which margins and moments would come near to the answers
HOLDERS = 5  # people that a value which is no answer code must have to be kept as it is
LETTER = {"team_id": "T", "firm_id": "F", "manager_id": "M"}  # others: R, as of a respondent
TIMES = (*ABOUT_RESPONSES, "completed_at", "language")


@dataclass(frozen=True, eq=False)
class Twin:
    """Text of a synthetic file, and what was done to make it.

    Attributes
    ----------
    text : str
        CSV with the delimiter of the original, or a semicolon; the header as it was.
    notes : tuple of str
    """

    text: str
    notes: tuple[str, ...]


def twin(path: str | Path, mapping: str | Path | None = None, *, seed: int = 1) -> Twin:
    """Make a file like a client's export that holds no answers of the client's people.

    Parameters
    ----------
    path : str or Path
        A file that `read_survey` reads.
    mapping : str or Path, optional
        Goes with the twin as well: headers and labels stay.
    seed : int

    Returns
    -------
    Twin
        As many rows as were kept in reading. Answers keep their values column by column, their
        missing cells and their moments within and between teams (`synthetic`); other numbers are
        means of five neighbours in size, which are teams where each team has one value; ids are
        new; times and what the tool noted are dealt out anew; free text and personal data are
        empty.

    Raises
    ------
    DataError, StudyError
        A file that cannot be read, or fewer than 20 respondents in it.

    Notes
    -----
    A twin holds the values of each column as a whole, so it says as much as a table of frequencies
    of the whole file does; it is for trying out an analysis, and no anonymised copy of the data.
    The header and the titles above it are copied: see that they name nobody.

    Examples
    --------
    >>> twin("data/sample/seller_survey.csv").notes[0]
    'twin of 1146 respondents, made up: no row is a given one'
    """
    path = Path(path)
    loaded = load_mapping(mapping)
    survey = read_survey(path, mapping)
    if len(survey.answers) < FEWEST:
        raise DataError(
            explain(
                what=f"{len(survey.answers)} respondents are too few for a twin",
                where=path.name,
                remedy=f"give a file of {FEWEST} or more, or use `coaching-stats simulate`",
            )
        )
    raw = read_records(path, loaded.sheet, loaded.encoding)
    layout = recognise(raw.records, path.name, is_spss=path.suffix.lower() in SPSS_ENDINGS)
    made = _Columns(layout, survey, np.random.default_rng(seed)).made()
    above = [cells for number, cells in raw.records if number <= layout.header_row]
    rows = list(zip(*(made.cells[header] for header in layout.header), strict=True))
    order = np.random.default_rng([seed, 1]).permutation(len(rows))  # teams do not stay together
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=raw.delimiter or ";", lineterminator="\n")
    writer.writerows(above)
    writer.writerows([[inert_cell(cell) for cell in rows[place]] for place in order])
    return Twin(buffer.getvalue(), made.notes)


@dataclass(frozen=True, eq=False)
class _Made:
    cells: Mapping[str, Sequence[str]]
    notes: tuple[str, ...]


class _Columns:
    """The columns of one export, each made anew in the way that its kind asks for."""

    def __init__(self, layout: Layout, survey: Survey, rng: np.random.Generator) -> None:
        self.survey, self.rng = survey, rng
        kept = np.isin(layout.numbers, survey.answers.index)
        rows = [row for row, is_in in zip(layout.rows, kept, strict=True) if is_in]
        columns = zip(*rows, strict=True)
        self.cells = {
            header: np.array([cell.strip() for cell in cells], dtype=object)
            for header, cells in zip(layout.header, columns, strict=True)
        }
        roles = {header: name for name, header in layout.roles.items()}
        self.names = {h: {**roles, **survey.matching.names}.get(h, h) for h in layout.header}
        self.personal = {entry["column"] for entry in survey.receipt.personal_data}
        self.n = len(survey.answers)

    def made(self) -> _Made:
        """All columns, and notes on what became of them."""
        numbers, found = self._numbers()
        order = self.rng.permutation(self.n)
        cells, emptied = {}, []
        for header, given in self.cells.items():
            name = ID_NAMES.get(self.names[header], self.names[header])
            if header in numbers:
                cells[header] = numbers[header]
            elif name in ID_NAMES.values():
                cells[header] = self._new_ids(given, LETTER.get(name, "R"))
            elif name in TIMES and header not in self.personal:
                cells[header] = given[order]
            elif header not in self.personal and _is_shared(given):
                cells[header] = given[self.rng.permutation(self.n)]
            else:
                cells[header] = np.full(self.n, "", dtype=object)
                emptied.append(header)
        notes = [
            f"twin of {self.n} respondents, made up: no row is a given one"
            if not found.n_repeats
            else f"{found.n_repeats} of {self.n} rows happen to be the same as a given one: "
            "few columns, or few different answers",
            "of the correlations between columns, 95 % are within "
            f"{found.difference:.2f} of the given ones; each column keeps its values",
        ]
        if emptied:
            shown = ", ".join(map(repr, emptied))
            notes.append(f"{len(emptied)} columns of text or personal data are empty: {shown}")
        return _Made(cells, tuple(notes))

    def _numbers(self) -> tuple[dict[str, np.ndarray], Synthetic]:
        """Cells of the columns of numbers: answer codes and labels as they were written."""
        answers = self.survey.answers
        headers = [
            header
            for header, name in self.names.items()
            if name in answers
            and pd.api.types.is_numeric_dtype(answers[name])
            and header not in self.personal
            and ID_NAMES.get(name, name) not in ID_NAMES.values()
            and name not in TIMES
            and answers[name].notna().any()
        ]
        values = answers[[self.names[h] for h in headers]].to_numpy(float, na_value=np.nan)
        team = self._teams()
        by_team = _is_by_team(values, team)
        found = synthetic(values, team, by_team, self.rng)
        rows = np.arange(self.n)
        made = {
            header: self._written(
                header, values[:, j], found.values[:, j], team if by_team[j] else rows
            )
            for j, header in enumerate(headers)
        }
        return made, found

    def _teams(self) -> np.ndarray:
        answers = self.survey.answers
        column = next((c for c in ("team_id", "team") if c in answers), None)
        if column is None:
            return np.zeros(self.n, dtype=int)
        return pd.factorize(answers[column].fillna(""))[0]

    def _written(
        self, header: str, given: np.ndarray, drawn: np.ndarray, unit: np.ndarray
    ) -> np.ndarray:
        """Numbers as the file writes them; where few share each, means of neighbours instead."""
        known = ~np.isnan(given)
        distinct, holders = np.unique(given[known], return_counts=True)
        is_item = self.names[header] in _items()
        if is_item or holders.min() >= HOLDERS:
            rows = np.flatnonzero(known)
            words = {given[i]: self.cells[header][i] for i in rows[::-1]}
            empty = next(iter(self.cells[header][~known]), "")
            return np.array([words.get(x, empty) for x in drawn], dtype=object)
        first, place = np.unique(unit, return_index=True, return_inverse=True)[1:]
        return self._blurred(distinct, drawn[first])[place]

    def _blurred(self, distinct: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Means of `HOLDERS` neighbours in size, in the decimals and the mark of the file."""
        known = ~np.isnan(drawn)
        order = np.argsort(drawn[known], kind="stable")
        group = np.minimum(np.arange(len(order)) // HOLDERS, max(len(order) // HOLDERS, 1) - 1)
        mean = np.bincount(group, drawn[known][order]) / np.bincount(group)
        blurred = np.empty(len(order))
        blurred[order] = mean[group]
        digits = max(len(f"{x:.10g}".partition(".")[2]) for x in distinct)
        written = np.full(len(drawn), "", dtype=object)
        written[known] = [f"{x:.{digits}f}" for x in blurred]
        if self.survey.receipt.decimal == ",":
            written = np.array([cell.replace(".", ",") for cell in written], dtype=object)
        return written

    def _new_ids(self, given: np.ndarray, letter: str) -> np.ndarray:
        """New names for ids, in a random order; the same for the same id."""
        codes, distinct = pd.factorize(given)
        width = len(str(len(distinct)))
        order = self.rng.permutation(len(distinct))
        names = [
            f"{letter}{place + 1:0{width}d}" if cell else ""
            for place, cell in zip(order, distinct, strict=True)
        ]
        return np.array(names, dtype=object)[codes]


def _items() -> frozenset[str]:
    return frozenset(item.name for item in load_instrument().items)


def _is_shared(cells: np.ndarray) -> bool:
    """Whether every text is that of enough people to tell of nobody."""
    counts = pd.Series(cells[cells != ""]).value_counts()
    return bool((counts >= HOLDERS).all())


def _is_by_team(values: np.ndarray, team: np.ndarray) -> np.ndarray:
    """Columns that are the same for everybody in a team, bool, shape (q,)."""
    by_team = pd.DataFrame(values).groupby(team).nunique(dropna=False)
    sizes = np.bincount(team)
    many = by_team[sizes > 1]
    return ((many == 1).all(axis=0) & (len(many) > 1)).to_numpy()
