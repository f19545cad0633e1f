"""The files that a run leaves behind: all of them, or none."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from coaching_stats.errors import DataError, explain
from coaching_stats.group_figures import group_figures
from coaching_stats.receipt import Receipt
from coaching_stats.report import write_report
from coaching_stats.results_json import results_text
from coaching_stats.study import Run
from coaching_stats.workbook import write_workbook

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
    except OSError as problem:
        raise DataError(
            explain(
                what=f"the results cannot be written to {str(folder)!r}",
                where=problem.strerror or str(problem),
                remedy="name a folder in a place where you may write, and close open files there",
            )
        ) from None
    return [folder / REPORTS[language] for language in languages]


def _write_all(run: Run, folder: Path, languages: tuple[str, ...]) -> None:
    for language in languages:
        write_report(run, folder / REPORTS[language], language=language)
    write_workbook(run, folder / "tables.xlsx")
    (folder / "results.json").write_text(results_text(run), encoding="utf-8")
    (folder / "receipt.json").write_text(receipt_text(run.receipt), encoding="utf-8")
    group_figures(run).to_csv(folder / "published.csv", index=False, lineterminator="\n")


def receipt_text(receipt: Receipt) -> str:
    """The text of receipt.json."""
    return json.dumps(receipt.as_dict(), ensure_ascii=False, indent=1) + "\n"
