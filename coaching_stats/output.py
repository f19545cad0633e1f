"""The files that a run leaves behind: all of them, or none."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from coaching_stats.errors import DataError, explain
from coaching_stats.group_figures import MEAN_DIGITS
from coaching_stats.hypotheses import ID_NAMES
from coaching_stats.process_map import ProcessMap
from coaching_stats.process_map_figure import plot_process_map, plot_process_ranks
from coaching_stats.published_figures import published_figures
from coaching_stats.receipt import Receipt
from coaching_stats.report import write_report
from coaching_stats.results_json import results_text
from coaching_stats.spreadsheet_text import inert
from coaching_stats.study import Run
from coaching_stats.survey import Survey
from coaching_stats.texts import LANGUAGES
from coaching_stats.workbook import write_workbook

READABLE = 0o644  # temporary files are for their owner only
REPORTS = {"en": "report.html", "fi": "report.fi.html"}


def write_outputs(run: Run, folder: Path, languages: tuple[str, ...]) -> list[Path]:
    """Write the reports, the workbook, the receipt, results.json and published.csv.

    Everything is first written beside the folder and moved only when all of it is there.

    Parameters
    ----------
    run : Run
    folder : Path
        Made where it does not exist.
    languages : tuple of {"en", "fi"}

    Returns
    -------
    list of Path
        The reports.

    Raises
    ------
    DataError
        The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as waiting:
            _write_all(run, Path(waiting), languages)
            for path in sorted(Path(waiting).iterdir()):
                os.replace(path, folder / path.name)
        for language in set(LANGUAGES) - set(languages):  # of an earlier run, with other numbers
            (folder / REPORTS[language]).unlink(missing_ok=True)
    except OSError as problem:
        raise _unwritable(folder, problem) from None
    return [folder / REPORTS[language] for language in languages]


def _unwritable(folder: Path, problem: OSError) -> DataError:
    return DataError(
        explain(
            what=f"the results cannot be written to {str(folder)!r}",
            where=problem.strerror or str(problem),
            remedy="name a folder in a place where you may write, and close open files there",
        )
    )


def _write_all(run: Run, folder: Path, languages: tuple[str, ...]) -> None:
    for language in languages:
        write_report(run, folder / REPORTS[language], language=language)
    write_workbook(run, folder / "tables.xlsx")
    (folder / "results.json").write_text(results_text(run), encoding="utf-8")
    (folder / "receipt.json").write_text(receipt_text(run.receipt), encoding="utf-8")
    inert(published_figures(run)).to_csv(folder / "published.csv", index=False, lineterminator="\n")


def write_files(texts: Mapping[Path, str]) -> None:
    """Write text files: all of them, or none.

    Parameters
    ----------
    texts : mapping from path to text

    Raises
    ------
    DataError
        One of them cannot be written; then none is changed.
    """
    waiting: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
            waiting[path] = Path(name)
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        for path, ready in waiting.items():
            ready.chmod(READABLE)
            os.replace(ready, path)
    except OSError as problem:
        raise DataError(
            explain(
                what=f"{path.name!r} cannot be written",
                where=problem.strerror or str(problem),
                remedy="name a file in a folder that exists and where you may write",
            )
        ) from None
    finally:
        for ready in waiting.values():
            ready.unlink(missing_ok=True)


def receipt_text(receipt: Receipt) -> str:
    """The text of receipt.json."""
    return json.dumps(receipt.as_dict(), ensure_ascii=False, indent=1) + "\n"


def answers_text(survey: Survey) -> str:
    """The text of a file of answers: ``respondent, team``, then all that is ours, as CSV."""
    short = {ours: name for name, ours in ID_NAMES.items()}
    known = [name for name in survey.answers if name in {m.name for m in survey.matching.matches}]
    answers = survey.answers[known].rename(columns=short)
    first = [name for name in ("respondent", "team") if name in answers]
    ordered = answers[[*first, *(name for name in answers if name not in first)]]
    return inert(ordered).to_csv(index=False, lineterminator="\n")


def write_map(found: ProcessMap, folder: Path) -> None:
    """Write the map of the process: its table as CSV, and both figures in both languages.

    Raises
    ------
    DataError
        The folder cannot be written; then nothing in it is changed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
            waiting = Path(name)
            # No decimals that would tell sums of answers more exactly than a report does.
            inert(found.tidy().round(MEAN_DIGITS)).to_csv(
                waiting / "process_map.csv", index=False, lineterminator="\n"
            )
            for language in LANGUAGES:
                for kind, plot in (("map", plot_process_map), ("ranks", plot_process_ranks)):
                    figure = plot(found, language=language).figure
                    figure.savefig(waiting / f"process_{kind}.{language}.png", dpi=150)
            for path in sorted(waiting.iterdir()):
                os.replace(path, folder / path.name)
    except OSError as problem:
        raise _unwritable(folder, problem) from None
