"""The command line: arguments in, exit code out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from threading import Timer
from typing import Annotated

import typer

from coaching_stats.answers import TRUTH_FILE, read_csv
from coaching_stats.calibration import THEORY, calibrate
from coaching_stats.designs import design_of
from coaching_stats.errors import CoachingStatsError
from coaching_stats.matching import proposed_mapping
from coaching_stats.output import (
    answers_text,
    receipt_text,
    write_files,
    write_map,
    write_outputs,
)
from coaching_stats.process_map import process_map
from coaching_stats.questionnaire import ENDINGS, write_questionnaire
from coaching_stats.study import Run, run_study
from coaching_stats.survey import read_survey
from coaching_stats.tables import write_tables
from coaching_stats.texts import LANGUAGES, number, texts
from coaching_stats.worlds import simulate

PATIENCE = 2.0  # seconds

app = typer.Typer(
    help="Does process rigidity predict unwillingness to coach?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Language(StrEnum):
    """Languages of the report."""

    en = "en"
    fi = "fi"
    both = "both"


Form = StrEnum("Form", ["seller", "manager", "process"])
Format = StrEnum("Format", ["xlsform", "csv", "html"])
FormLanguage = StrEnum("FormLanguage", ["en", "fi"])


@app.command()
def study(
    data: Annotated[
        Path | None, typer.Argument(help="A CSV file or a folder of tables; else the sample")
    ] = None,
    study: Annotated[Path | None, typer.Option(help="Hypotheses, if not the packaged ones")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Our names for your columns")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results")] = Path("build/study"),
    lang: Annotated[Language, typer.Option(help="Language of the report")] = Language.both,
    seed: Annotated[int, typer.Option(help="Same seed, same numbers", min=0)] = 1,
    sims: Annotated[
        int, typer.Option(help="Simulate so many surveys of each world at your own design", min=0)
    ] = 0,
) -> None:
    """Judge every hypothesis on DATA and write the report."""
    languages = LANGUAGES if lang is Language.both else (lang.value,)
    with progress("reading, scoring and judging"):
        run = run_study(data, study=study, mapping=mapping, seed=seed)
    if sims:
        found = calibrate(run.study, design=design_of(run.panel), n_sim=sims, seed=seed)
        run = replace(run, calibration=found)
    with progress("drawing and writing"):
        reports = write_outputs(run, out, languages)
    typer.echo(_table(run))
    for verdict in run.verdicts.judged:
        for mark in verdict.hypothesis.sesoi_marks("en"):
            typer.echo(f"{verdict.hypothesis.id}: {mark}")
    typer.echo(f"\n{run.verdicts.theory.sentence('en')}")
    if run.source.is_simulated:
        typer.echo(f"{texts('en')['simulated']}.")
    for path in reports:
        typer.echo(f"report: {path}")


@app.command("simulate")
def simulate_command(
    world: Annotated[str, typer.Argument(help="theory, null, no_variation, ...")],
    firms: Annotated[int, typer.Option(help="Firms")],
    teams: Annotated[int, typer.Option(help="Teams per firm")],
    sellers: Annotated[int, typer.Option(help="Sellers per team")],
    out: Annotated[Path, typer.Option(help="Folder for the tables")],
    seed: Annotated[int, typer.Option(help="Same seed, same tables", min=0)] = 1,
) -> None:
    """Write the tables of a simulated survey whose truth is known."""
    tables = simulate(world, firms=firms, teams=teams, sellers=sellers, seed=seed)
    write_tables(tables, out)
    truth = {**tables.truth, "simulated": True, "seed": seed}
    text = json.dumps(truth, ensure_ascii=False, indent=1) + "\n"
    (out / TRUTH_FILE).write_text(text, encoding="utf-8")
    typer.echo(f"simulated tables: {out}")


@app.command()
def check(
    data: Annotated[Path, typer.Argument(help="A CSV, TSV, XLSX or SAV file")],
    mapping: Annotated[Path | None, typer.Option(help="Our names for your columns")] = None,
    write_mapping: Annotated[Path | None, typer.Option(help="Propose a mapping here")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="The receipt")] = None,
    answers: Annotated[Path | None, typer.Option(help="The answers as CSV")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on warnings")] = False,
) -> None:
    """Say what was read, and what could not be; judge nothing."""
    survey = read_survey(data, mapping)
    receipt = survey.receipt
    headers = [entry["source"] for entry in receipt.columns]
    wanted = {
        write_mapping: lambda: proposed_mapping(survey.matching, headers, receipt.decimal),
        json_file: lambda: receipt_text(receipt),
        answers: lambda: answers_text(survey),
    }
    write_files({path: text() for path, text in wanted.items() if path is not None})
    typer.echo(survey.tidy().to_string(index=False, na_rep="–", float_format="{:g}".format))
    mark = {"\t": "tab"}.get(receipt.delimiter, receipt.delimiter)
    typer.echo(
        f"tool {receipt.tool}, encoding {receipt.encoding or '–'}, delimiter {mark or '–'}, "
        f"decimal {receipt.decimal}, header rows {receipt.header_rows}"
    )
    typer.echo("\n".join((*receipt.evidence, *receipt.notes)))
    if strict and any(problem["severity"] == "warning" for problem in receipt.problems):
        raise typer.Exit(1)


@app.command("calibrate")
def calibrate_command(
    firms: Annotated[int, typer.Option(help="Firms")],
    teams: Annotated[int, typer.Option(help="Teams per firm")],
    sellers: Annotated[int, typer.Option(help="Sellers per team")],
    sims: Annotated[int, typer.Option(help="Surveys of each world")],
    worlds: Annotated[str | None, typer.Option(help="theory,null,...; else all")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same numbers", min=0)] = 1,
    out: Annotated[Path | None, typer.Option(help="CSV file for the error matrix")] = None,
) -> None:
    """Say how often such a design would say what, in worlds whose truth is known."""
    try:
        found = calibrate(
            design={"firms": firms, "teams": teams, "sellers": sellers},
            worlds=None if worlds is None else worlds.split(","),
            n_sim=sims,
            seed=seed,
        )
    except KeyboardInterrupt as stop:
        typer.echo("\n".join(getattr(stop, "__notes__", [])), err=True)
        raise
    table = found.tidy()
    if out is not None:
        write_files({out: table.to_csv(index=False, lineterminator="\n")})
    whole = table[table["hypothesis"] == THEORY]
    shares = whole.pivot(index="world", columns="verdict", values="share")
    order = [list(dict.fromkeys(whole[column])) for column in ("world", "verdict")]
    per_cent = (100 * shares.loc[order[0], order[1]]).round(1)
    typer.echo(f"{texts('en')['simulated']}. Per cent of {sims} surveys:")
    typer.echo(per_cent.rename_axis(index=None, columns=None).to_string())
    typer.echo("\n".join(found.notes))


@app.command("map")
def map_command(
    inventory: Annotated[Path, typer.Argument(help="The process inventory, a CSV file")],
    out: Annotated[Path, typer.Option(help="Folder for the map")] = Path("build/map"),
) -> None:
    """Map obstacles to coaching, and resources for avoiding it, element by element."""
    is_simulated = (inventory.parent / TRUTH_FILE).exists()
    found = process_map(read_csv(inventory), is_simulated=is_simulated)
    write_map(found, out)
    typer.echo(found.ranking("en").to_string(index=False, na_rep="–", float_format="{:.1f}".format))
    typer.echo("\n".join(found.notes))
    typer.echo(f"map: {out}")


@app.command()
def questionnaire(
    format: Annotated[Format, typer.Option(help="For survey tools, or to print")],
    lang: Annotated[FormLanguage, typer.Option(help="An XLSForm holds both")],
    form: Annotated[Form, typer.Option(help="Who answers")],
    core: Annotated[bool, typer.Option("--core", help="The short form")] = False,
    out: Annotated[Path | None, typer.Option(help="File; else in this folder")] = None,
) -> None:
    """Write the questionnaire, ready to load into a survey tool or to print."""
    path = out or Path(f"questionnaire.{form}.{lang}.{ENDINGS[format]}")
    write_questionnaire(form.value, format.value, lang.value, path, core_only=core)
    typer.echo(f"questionnaire: {path}")


@contextmanager
def progress(doing: str) -> Iterator[None]:
    """Say on stderr what is going on, if it takes longer than two seconds."""
    timer = Timer(PATIENCE, typer.echo, [f"{doing} ..."], {"err": True})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _table(run: Run) -> str:
    """The verdicts, one line each, in columns that fit a terminal."""
    lines = [("", "verdict", "grade", "estimate", "95 % CI", "n", "title")]
    for verdict in run.verdicts.judged:
        row = verdict.row()
        low, high = number(row["conf_low"], "en"), number(row["conf_high"], "en")
        is_open = row["estimate"] != row["estimate"]
        lines.append(
            (
                verdict.hypothesis.id,
                verdict.word("en").lower() + (f" ({', '.join(verdict.gates)})" if is_open else ""),
                verdict.grade,
                number(row["estimate"], "en"),
                "–" if is_open else f"[{low}, {high}]",
                "–" if is_open else str(int(row["n"])),
                verdict.hypothesis.title,
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def guarded(command: Callable[[], object]) -> int:
    """Run a command; a refusal becomes one message on stderr and exit code 2.

    Parameters
    ----------
    command : callable without arguments

    Returns
    -------
    int
        The exit code.
    """
    try:
        command()
    except CoachingStatsError as refusal:
        typer.echo(str(refusal), err=True)
        return 2
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    return 0


def main() -> None:
    """Entry point of ``coaching-stats`` and ``python -m coaching_stats``."""
    for stream in (sys.stdout, sys.stderr):  # a C locale cannot print Finnish or minus signs
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(guarded(app))
