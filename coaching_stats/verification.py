"""A run's files against the data: all is made anew, and every number and word compared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from coaching_stats.attack import read_published
from coaching_stats.calibration import calibrate
from coaching_stats.designs import design_of
from coaching_stats.differences import (
    PROVENANCE,
    Results,
    compare_results,
    load_results,
    versions,
)
from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.output import REPORTS, RESULTS, RUN_FILES, write_outputs
from coaching_stats.report_reading import Piece, apart, pieces_of, prints, same_drawing, unlike
from coaching_stats.results import Shown
from coaching_stats.results_json import numbers_by_address, results
from coaching_stats.study import Run, run_study
from coaching_stats.workbook_reading import shown_value, unlike_workbooks

PLAIN = ("receipt.json", "published.csv")
BOOK = "tables.xlsx"
RATES = "rates"  # the section of the page that --sims changes
COLUMNS = ["file", "place", "found", "expected"]


@dataclass(frozen=True)
class Finding:
    """One place where a file is not what the data give.

    Attributes
    ----------
    file, place : str
        Place: an address, the id of a row or section, a line, or a cell.
    found, expected : str
    """

    file: str
    place: str
    found: str
    expected: str

    def __str__(self) -> str:
        """Say it in one sentence."""
        place = f"{self.file}, {self.place}" if self.place else self.file
        return f"{place}: says {self.found}; expected {self.expected}"


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Shown):
    """What in a run's folder differs from the run made anew.

    Attributes
    ----------
    findings : tuple of Finding
        Empty where the folder is what the data give.
    checked : tuple of str
        Names of the files compared.
    notes : tuple of str
        Versions other than those of the run; files that were not checked.
    """

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per finding: ``file, place, found, expected``."""
        rows = [(f.file, f.place, f.found, f.expected) for f in self.findings]
        return pd.DataFrame(rows, columns=COLUMNS)


def verify(
    folder: str | Path,
    data: str | Path | None = None,
    *,
    study: str | Path | None = None,
    mapping: str | Path | None = None,
    sims: int = 0,
    published: str | Path | None = None,
) -> Verification:
    """Make a run anew and compare its folder with it, file by file.

    Numbers of results.json may differ in their last digits (`same_number`); every number with an
    address on a page must be its number in results.json rounded to the digits shown; all else on
    the pages, in the workbook, in the receipt and in published.csv must be the same, and figures
    the same to a hundredth of a point.

    Parameters
    ----------
    folder : str or Path
        What ``coaching-stats study`` wrote.
    data, study, mapping : str or Path, optional
        As they were given to ``coaching-stats study``; the seed stands in results.json.
    sims : int
        As given to ``coaching-stats study --sims``; results.json does not hold it.
    published : path, optional
        As given to ``coaching-stats study --published``.

    Returns
    -------
    Verification

    Raises
    ------
    DataError
        No run in the folder, or its data are other data than these.

    Notes
    -----
    It shows that a folder came from these data and this package. It cannot show that the data
    are what respondents answered, nor that the study file was written before they answered.
    Another version of matplotlib may draw a figure otherwise, and that is a finding too.

    Examples
    --------
    >>> from coaching_stats.output import write_outputs
    >>> data, study = "data/published/attitude.csv", "data/published/attitude.study.yml"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_outputs(run_study(data, study=study), Path(folder), ("fi",))
    ...     verify(folder, data, study=study).tidy().empty
    True
    """
    folder = Path(folder)
    recorded = load_results(folder / RESULTS)
    run = run_study(data, study=study, mapping=mapping, seed=recorded["seed"])
    run = _named_as_recorded(run, recorded, data)
    if published is not None:
        run = replace(run, earlier=read_published(Path(published)))
    if sims:
        design = design_of(run.panel)
        found = calibrate(run.study, design=design, n_sim=sims, seed=run.seed, progress=False)
        run = replace(run, calibration=found)
    languages = tuple(name for name, file in REPORTS.items() if (folder / file).exists())
    with tempfile.TemporaryDirectory() as anew:
        write_outputs(run, Path(anew), languages)
        findings = compare_folders(folder, Path(anew))
    names = tuple(REPORTS[language] for language in languages)
    notes = compare_results(recorded, results(run)).notes
    notes += tuple(_unchecked(folder, languages))
    if any(finding.place == RATES for finding in findings) and not sims:
        notes += ("error rates differ: a run that was made with --sims needs the same --sims here",)
    return Verification(findings, (RESULTS, *names, BOOK, *PLAIN), notes)


def _unchecked(folder: Path, languages: Sequence[str]) -> Iterator[str]:
    """What stands in the folder and is no part of a run, and the page that is not there."""
    others = sorted(path.name for path in folder.iterdir() if path.name not in RUN_FILES)
    if others:
        yield f"not written by the study command, and not checked: {first_ten(others)}"
    if 0 < len(languages) < len(REPORTS):
        missing = [file for name, file in REPORTS.items() if name not in languages]
        yield f"not there, and not checked: {first_ten(missing)}"


def _named_as_recorded(run: Run, recorded: Results, data: str | Path | None) -> Run:
    """Refuse other data; the same data under other file names keep the names of the run."""
    name, was, now = recorded["data"]["name"], recorded["data"]["sha256"], dict(run.source.hashes)
    if sorted(was.values()) != sorted(now.values()):
        if data is None and name != run.source.name:
            raise DataError(
                explain(
                    what=f"this run was made from {name!r}, not from the packaged sample",
                    where=RESULTS,
                    remedy=f"coaching-stats verify FOLDER {name} --mapping YOUR_MAPPING "
                    "(mapping and study file as they were given to coaching-stats study)",
                )
            )
        other = [name for name in {**was, **now} if was.get(name) != now.get(name)]
        raise DataError(
            explain(
                what=f"these are not the data of the run on {name!r}: their SHA-256 is another",
                where=first_ten(other),
                remedy="give the data that the run was made from, with mapping and study file, if "
                f"any: coaching-stats verify FOLDER {name}; "
                "if they are these, the folder was changed, and a new run is the way out",
            )
        )
    return replace(run, source=replace(run.source, name=name, hashes=was))


def compare_folders(folder: Path, anew: Path) -> tuple[Finding, ...]:
    """Compare what a run left behind with the same run made anew, file by file.

    Parameters
    ----------
    folder, anew : Path
        The second is right by definition; reports that it lacks are not compared.

    Returns
    -------
    tuple of Finding

    Raises
    ------
    DataError
        No results.json in one of them.
    """
    recorded, now = (load_results(where / RESULTS) for where in (folder, anew))
    return (
        *_result_findings(recorded, now),
        *_report_findings(folder, anew, recorded, now),
        *_table_findings(folder, anew),
    )


def _report_findings(
    folder: Path, anew: Path, recorded: Results, now: Results
) -> Iterator[Finding]:
    pages = {file: language for language, file in REPORTS.items() if (anew / file).exists()}
    if not pages:
        yield Finding(" or ".join(REPORTS.values()), "", "no such file", "a report")
    for file, language in pages.items():
        page, other = (_text(where / file) for where in (folder, anew))
        other = _dated(other, recorded, now)
        if page == other and numbers_by_address(recorded) == numbers_by_address(now):
            continue  # byte by byte what the data give: nothing to read
        pieces = pieces_of(page)
        yield from _number_findings(file, language, pieces, recorded)
        yield from _page_findings(file, pieces, pieces_of(other))


def _table_findings(folder: Path, anew: Path) -> Iterator[Finding]:
    for file in (*PLAIN, BOOK):
        if not (folder / file).exists():
            yield Finding(file, "", "no such file", "one")
        else:
            compare = unlike_workbooks if file == BOOK else _unlike_lines
            yield from (Finding(file, *one) for one in compare(folder / file, anew / file))


def _result_findings(recorded: Results, now: Results) -> Iterator[Finding]:
    for change in compare_results(recorded, now).changes:
        if change.kind != PROVENANCE:
            place = f"{change.hypothesis}.{change.what}"
            yield Finding(RESULTS, place, *map(shown_value, (change.old, change.new)))
    was, expected = (file["study"]["sha256"] for file in (recorded, now))
    if was != expected:
        yield Finding(RESULTS, "study", f"SHA-256 {was[:12]}", expected[:12])


def _dated(page: str, recorded: Results, now: Results) -> str:
    """The page as the recorded versions would have signed it."""
    for name, version in versions(now).items():
        page = page.replace(f"{name} {version}", f"{name} {versions(recorded).get(name, version)}")
    return page


def _number_findings(
    file: str, language: str, pieces: Sequence[Piece], recorded: Results
) -> Iterator[Finding]:
    """Numbers with an address that are not the number there."""
    known = numbers_by_address(recorded)
    for piece in pieces:
        if not piece.address:
            continue
        if piece.address not in known:
            yield Finding(file, piece.address, piece.text, f"no such address in {RESULTS}")
        elif not prints(piece.text, known[piece.address], language):
            expected = f"{shown_value(known[piece.address])}, rounded"
            yield Finding(file, piece.address, piece.text, expected)


def _page_findings(file: str, page: Sequence[Piece], anew: Sequence[Piece]) -> Iterator[Finding]:
    """Tags, words and figures that are not those of the page made anew."""
    for old, new in unlike([p.key for p in page], [p.key for p in anew]):
        here, there = page[old], anew[new]
        place = (*here, *there)[0].place
        yield Finding(file, place, *apart([p.text for p in here], [p.text for p in there]))
    if len(page) == len(anew):
        for piece, other in zip(page, anew, strict=True):
            is_other = not same_drawing(piece.figure, other.figure)
            if piece.key == other.key and is_other:
                yield Finding(
                    file, piece.place, f"another figure: {piece.text}", "what these data draw"
                )


def _text(path: Path) -> str:
    """The text of a file; bytes that are no UTF-8 become marks that no page of ours holds."""
    return path.read_text(encoding="utf-8", errors="replace")


def _unlike_lines(path: Path, anew: Path) -> Iterator[tuple[str, str, str]]:
    """Place, found and expected of each stretch of lines that is not the same."""
    one, other = (_text(file).splitlines() for file in (path, anew))
    for old, new in unlike(one, other):
        yield f"line {old.start + 1}", *apart(one[old], other[new])
