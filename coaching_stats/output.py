"""The files that a run leaves behind: all of them, or none."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from coaching_stats.errors import DataError, explain, first_ten
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
RESULTS = "results.json"  # an earlier run is known by it
RUN_FILES = (*REPORTS.values(), "tables.xlsx", RESULTS, "receipt.json", "published.csv")
MAP_TABLE = "process_map.csv"
FIGURES = {"map": plot_process_map, "ranks": plot_process_ranks}
MAP_FILES = (
    MAP_TABLE,
    *(f"process_{kind}.{language}.png" for kind in FIGURES for language in LANGUAGES),
)


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


def refuse_folder(
    folder: Path, *, mark: str, names: Iterable[str], data: Path | None = None
) -> None:
    """Refuse a folder for results that holds the data, or files that no earlier run wrote.

    Parameters
    ----------
    folder : Path
        It may not exist yet.
    mark : str
        The file by which an earlier run of the same command is known; that run is replaced.
    names : iterable of str
        Files that are about to be written.
    data : Path, optional
        The file or folder that is read.

    Raises
    ------
    DataError
    """
    there = folder.resolve()
    if data is not None and there in (data.resolve(), *data.resolve().parents):
        raise DataError(
            explain(
                what=f"the folder for the results holds the data: {str(folder)!r}",
                where=str(data),
                remedy="name another folder for --out: what is in it may be passed on",
            )
        )
    try:
        lost = [name for name in names if (folder / name).exists()]
        is_earlier = (folder / mark).exists()
    except OSError as problem:
        raise _unwritable(folder, problem) from None
    if lost and not is_earlier:
        raise DataError(
            explain(
                what=f"{str(folder)!r} holds files of the same names that no earlier run wrote",
                where=first_ten(lost),
                remedy="name another folder for --out, or move them away",
            )
        )


def refuse_file(path: Path, is_ours: Callable[[bytes], bool]) -> None:
    """Refuse to write over a file that holds what somebody else wrote, or corrected.

    Parameters
    ----------
    path : Path
        It may not exist yet.
    is_ours : callable
        Tells by its bytes a file that may be replaced.

    Raises
    ------
    DataError
    """
    try:
        is_lost = path.is_file() and not is_ours(path.read_bytes())
    except OSError:  # not even to be read
        is_lost = True
    if is_lost:
        raise DataError(
            explain(
                what=f"{str(path)!r} is there already and would be written over",
                where="it holds something else than this command writes",
                remedy="name another file, or move it away",
            )
        )


def is_receipt(content: bytes) -> bool:
    """Whether a file is the receipt of an import, which nobody writes by hand.

    Examples
    --------
    >>> is_receipt(b'{"tool": "", "rows_read": 1, "personal_data": []}'), is_receipt(b"team;x")
    (True, False)
    """
    try:
        found = json.loads(content)
    except ValueError:
        return False
    return isinstance(found, dict) and {"tool", "rows_read", "personal_data"} <= set(found)


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
    (folder / RESULTS).write_text(results_text(run), encoding="utf-8")
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
                waiting / MAP_TABLE, index=False, lineterminator="\n"
            )
            for language in LANGUAGES:
                for kind, plot in FIGURES.items():
                    figure = plot(found, language=language).figure
                    figure.savefig(waiting / f"process_{kind}.{language}.png", dpi=150)
            for path in sorted(waiting.iterdir()):
                os.replace(path, folder / path.name)
    except OSError as problem:
        raise _unwritable(folder, problem) from None
