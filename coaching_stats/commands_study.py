"""Commands that judge: the study itself, simulated surveys, error rates and the process map."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coaching_stats.answers import TRUTH_FILE
from coaching_stats.attack import read_published
from coaching_stats.calibration import THEORY, calibrate
from coaching_stats.console import app, progress
from coaching_stats.designs import design_of
from coaching_stats.output import (
    MAP_FILES,
    MAP_TABLE,
    RESULTS,
    RUN_FILES,
    refuse_file,
    refuse_folder,
    write_files,
    write_map,
    write_outputs,
)
from coaching_stats.process_inventory import read_inventory
from coaching_stats.process_map import process_map
from coaching_stats.study import Run, run_study
from coaching_stats.tables import write_tables
from coaching_stats.texts import LANGUAGES, number, texts
from coaching_stats.worlds import simulate

ERROR_MATRIX = b"world,hypothesis,verdict,"  # a file that begins so is an earlier one


class Language(StrEnum):
    """Languages of the report."""

    en = "en"
    fi = "fi"
    both = "both"


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
    published: Annotated[
        Path | None, typer.Option(help="An earlier report of the same people: its folder")
    ] = None,
    sims: Annotated[
        int, typer.Option(help="Simulate so many surveys of each world at your own design", min=0)
    ] = 0,
) -> None:
    """Judge every hypothesis on DATA and write the report."""
    languages = LANGUAGES if lang is Language.both else (lang.value,)
    refuse_folder(out, mark=RESULTS, names=RUN_FILES, data=data)
    with progress("reading, scoring and judging"):
        run = run_study(data, study=study, mapping=mapping, seed=seed)
    if published is not None:
        run = replace(run, earlier=read_published(published))
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
    refuse_folder(out, mark=TRUTH_FILE, names=(TRUTH_FILE, *(f"{name}.csv" for name in tables)))
    write_tables(tables, out)
    truth = {**tables.truth, "simulated": True, "seed": seed}
    text = json.dumps(truth, ensure_ascii=False, indent=1) + "\n"
    (out / TRUTH_FILE).write_text(text, encoding="utf-8")
    typer.echo(f"simulated tables: {out}")


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
    if out is not None:  # before the hours that it may take
        refuse_file(out, lambda old: old.startswith(ERROR_MATRIX))
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
    inventory: Annotated[
        Path, typer.Argument(help="The process inventory: a CSV, TSV, XLSX or SAV file")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the map")] = Path("build/map"),
) -> None:
    """Map obstacles to coaching, and resources for avoiding it, element by element."""
    refuse_folder(out, mark=MAP_TABLE, names=MAP_FILES, data=inventory)
    is_simulated = (inventory.parent / TRUTH_FILE).exists()
    read, notes = read_inventory(inventory)
    found = process_map(read, is_simulated=is_simulated)
    write_map(found, out)
    typer.echo(found.ranking("en").to_string(index=False, na_rep="–", float_format="{:.1f}".format))
    typer.echo("\n".join((*notes, *found.notes)))
    typer.echo(f"map: {out}")


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
