"""Commands around a survey: its questionnaire, what an export holds, a client's folder, a twin."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from coaching_stats.answers import SIMULATED_MARK
from coaching_stats.client_folder import CLIENT, new_client
from coaching_stats.console import app, progress
from coaching_stats.errors import DataError, explain
from coaching_stats.exports import DELIMITERS
from coaching_stats.mapping import FileMapping, load_mapping
from coaching_stats.matching import proposed_mapping
from coaching_stats.output import (
    answers_text,
    is_receipt,
    receipt_text,
    refuse_file,
    write_files,
)
from coaching_stats.questionnaire import ENDINGS, write_questionnaire
from coaching_stats.survey import read_file, recognised
from coaching_stats.twin import twin

Form = StrEnum("Form", ["seller", "manager", "process"])
Format = StrEnum("Format", ["xlsform", "csv", "html"])
FormLanguage = StrEnum("FormLanguage", ["en", "fi"])
MARKS = {**DELIMITERS, ".": "point"}


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
    _refuse_one_place(write_mapping, json_file, answers)
    loaded = load_mapping(mapping)
    try:
        survey = read_file(data, loaded)
    except DataError as refusal:
        if write_mapping is None:
            raise
        # Cells that cannot be read are what a mapping is for.
        raise DataError(
            f"{refusal} {_proposed_all_the_same(data, loaded, write_mapping)}"
        ) from None
    receipt = survey.receipt
    headers = [entry["source"] for entry in receipt.columns]
    wanted = {
        write_mapping: lambda: proposed_mapping(survey.matching, headers, receipt.decimal),
        json_file: lambda: receipt_text(receipt),
        answers: lambda: answers_text(survey),
    }
    _write({path: text() for path, text in wanted.items() if path is not None})
    typer.echo(survey.tidy().to_string(index=False, na_rep="–", float_format="{:g}".format))
    typer.echo(
        f"tool {receipt.tool}, encoding {receipt.encoding or '–'}, "
        f"delimiter {MARKS.get(receipt.delimiter, '–')}, "
        f"decimal {MARKS.get(receipt.decimal, '–')}, header rows {receipt.header_rows}"
    )
    typer.echo("\n".join((*receipt.evidence, *receipt.notes)))
    if strict and any(problem["severity"] == "warning" for problem in receipt.problems):
        raise typer.Exit(1)


def _proposed_all_the_same(data: Path, loaded: FileMapping, path: Path) -> str:
    """Propose a mapping for a file whose cells could not be read, and say what became of it."""
    _, layout, matching = recognised(data, loaded)
    try:
        _write({path: proposed_mapping(matching, layout.header, None)})
    except DataError as refusal:
        return f"No mapping is proposed: {refusal}"
    return f"A mapping is proposed in {path}."


def _refuse_one_place(*paths: Path | None) -> None:
    """Refuse several outputs in one file, of which only the last would stay."""
    given = [path.resolve() for path in paths if path is not None]
    twice = {path.name for path in given if given.count(path) > 1}
    if twice:
        raise DataError(
            explain(
                what="several outputs would be written to one file",
                where=", ".join(sorted(twice)),
                remedy="name a file of its own for each",
            )
        )


def _write(texts: Mapping[Path, str]) -> None:
    """Write what a check found, over nothing that a user may have written or corrected."""
    for path, text in texts.items():
        refuse_file(path, partial(_may_be_replaced, text.encode()))
    write_files(texts)


def _may_be_replaced(new: bytes, old: bytes) -> bool:
    """Whether a file is the same again, a receipt, or the mapping that a new client begins with."""
    begun = (CLIENT / "mapping.yml").read_bytes()
    is_begun = old.splitlines() == begun.splitlines()
    return old == new or is_begun or (is_receipt(old) and is_receipt(new))


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
    asked = (form.value, format.value, lang.value)
    with TemporaryDirectory() as aside:
        made = write_questionnaire(*asked, Path(aside, "form"), core_only=core).read_bytes()
    refuse_file(path, lambda old: old == made)
    write_questionnaire(*asked, path, core_only=core)
    typer.echo(f"questionnaire: {path}")


@app.command("new")
def new_command(
    folder: Annotated[Path, typer.Argument(help="The client's folder, which must not exist yet")],
    teams: Annotated[int, typer.Option(help="Teams of the client", min=2)] = 20,
    sellers: Annotated[int, typer.Option(help="Sellers per team", min=1)] = 8,
) -> None:
    """Make a client's folder: study file, mapping, notebook, README and test."""
    with progress("making the folder"):
        new_client(folder, teams=teams, sellers=sellers)
    typer.echo(f"client folder: {folder}; it runs on simulated answers until yours are in data/")


@app.command("twin")
def twin_command(
    data: Annotated[Path, typer.Argument(help="A CSV, TSV, XLSX or SAV file")],
    out: Annotated[Path, typer.Option(help="The twin, a CSV file")],
    mapping: Annotated[Path | None, typer.Option(help="Our names for your columns")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same twin", min=0)] = 1,
) -> None:
    """Write a synthetic twin: the same columns, sizes and moments, and nobody's answers."""
    if out.resolve() == data.resolve():
        raise DataError(
            explain(
                what="the twin would be written over the answers",
                where=str(out),
                remedy="name another file for --out",
            )
        )
    mark = out.with_name(out.name + SIMULATED_MARK)
    refuse_file(out, lambda _: mark.exists())  # an earlier twin has its mark beside it
    with progress("making the twin"):
        made = twin(data, mapping, seed=seed)
    write_files({out: made.text, mark: '{"simulated": true}\n'})
    typer.echo("\n".join(made.notes))
    typer.echo(f"twin: {out}")
