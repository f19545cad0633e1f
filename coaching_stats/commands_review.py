"""Commands for reviewers: what changed between two runs, and whether data give what a run says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coaching_stats.attack import attack_folder
from coaching_stats.console import app, progress
from coaching_stats.differences import CLAIMS, NUMBERS, SAME, compare_results, load_results
from coaching_stats.differences_in_words import HEADLINES, markdown, sentences
from coaching_stats.output import refuse_file, write_files
from coaching_stats.texts import texts
from coaching_stats.verification import verify

EXIT_CODES = {SAME: 0, NUMBERS: 1, CLAIMS: 3}
LISTED = 40  # findings printed
HEADS = tuple(f"**{line}".encode() for line in HEADLINES.values())  # of an earlier table


@app.command("diff")
def diff_command(
    old: Annotated[Path, typer.Argument(help="results.json of the earlier run")],
    new: Annotated[Path, typer.Argument(help="results.json of the later run")],
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="A table for a pull request, written here")
    ] = None,
) -> None:
    """Say what changed, by hypothesis; exit 1: numbers, 3: a verdict, a sign or a hypothesis."""
    found = compare_results(load_results(old), load_results(new))
    if markdown_file is not None:
        refuse_file(markdown_file, lambda text: text.startswith(HEADS))
        write_files({markdown_file: markdown(found)})
    typer.echo("\n".join((*sentences(found), HEADLINES[found.kind], *found.notes)))
    if found.old["data"]["simulated"] or found.new["data"]["simulated"]:
        typer.echo(f"{texts('en')['simulated']}.")
    raise typer.Exit(EXIT_CODES[found.kind])


@app.command("verify")
def verify_command(
    folder: Annotated[Path, typer.Argument(help="Folder that coaching-stats study wrote")],
    data: Annotated[Path | None, typer.Argument(help="Its data; else the sample")] = None,
    study: Annotated[Path | None, typer.Option(help="Its hypotheses, as for study")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Its mapping, as for study")] = None,
    sims: Annotated[int, typer.Option(help="Its simulated surveys, as for study", min=0)] = 0,
    published: Annotated[Path | None, typer.Option(help="The earlier report, as for study")] = None,
) -> None:
    """Make a run anew and check every number of its folder against it; exit 1: some differ."""
    with progress("making the run anew"):
        found = verify(folder, data, study=study, mapping=mapping, sims=sims, published=published)
    for finding in found.findings[:LISTED]:
        typer.echo(str(finding))
    if len(found.findings) > LISTED:
        typer.echo(f"and {len(found.findings) - LISTED} more")
    for note in found.notes:
        typer.echo(f"note: {note}")
    if found.findings:
        typer.echo("What to do: run coaching-stats study again, and do not edit what it writes.")
        raise typer.Exit(1)
    typer.echo(f"checked, nothing differs: {', '.join(found.checked)}")


@app.command("attack")
def attack_command(
    folder: Annotated[Path, typer.Argument(help="Folder of a run, or its published.csv")],
    published: Annotated[Path | None, typer.Option(help="An earlier run, or its file")] = None,
) -> None:
    """Try to recover suppressed figures from all that is published; exit 1: recovered."""
    with progress("attacking"):
        found = attack_folder(folder, previous=published)
    if found.is_recovered:
        typer.echo(str(found))
        raise typer.Exit(1)
    typer.echo("\n".join(("nothing recovered", *found.notes)))
