"""The numbers of a page that belong to no verdict, with their addresses: scales, groups, rates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from coaching_stats.both_sides import DEPENDENCE, SIDES
from coaching_stats.calibration import THEORY, Calibration
from coaching_stats.careless_answers import JUDGED, with_and_without
from coaching_stats.designs import design_of
from coaching_stats.double_checks import double_checks
from coaching_stats.error_rates import SIZES, nearest_error_rates
from coaching_stats.figure_numbers import title_numbers
from coaching_stats.group_figures import shown_hypothesis
from coaching_stats.process_estimates import DIFFERENCE
from coaching_stats.published_figures import process_map_of, shown_sides
from coaching_stats.rules import NOT_TESTABLE
from coaching_stats.scale_table import scale_table
from coaching_stats.study import Run
from coaching_stats.what_if import NUMBERS, WhatIf, what_if
from coaching_stats.whole import NO_HEADLINE

RUNS = 4
PER_CENT = 100


def page_numbers(run: Run) -> Iterator[tuple[str, float]]:
    """Address and number of everything on the page that stands beside the verdicts.

    Parameters
    ----------
    run : Run
    """
    yield from double_checks(run).numbers()
    for row in scale_table(run).to_dict("records"):
        for key in ("mean", "alpha", "icc1", "icc2"):
            yield f"scales.{row['item']}.{key}", row[key]
        if row["n"].isdigit():
            yield f"scales.{row['item']}.n", float(row["n"])
    yield from _of_sides(run)
    yield from _of_map(run)
    for one in what_ifs(run):
        for key in NUMBERS:
            yield f"what_if.{one.process}.{key}", getattr(one, key)
    yield from _of_rates(run)
    for figure, numbers in title_numbers(run).items():
        for key, value in numbers.items():
            yield f"titles.{figure}.{key}", value
    for place, column in enumerate(shown_columns(run), start=1):
        if column["missing"] is not None:
            yield f"columns.{place}.missing", column["missing"]
    for row in with_and_without(run).to_dict("records"):
        if row["answers"] != JUDGED and row["verdict"] != NOT_TESTABLE:
            yield f"careless.{row['answers']}.{row['hypothesis']}", row["estimate"]


def _of_rates(run: Run) -> Iterator[tuple[str, float]]:
    rates = theory_rates(run)
    if rates is None:
        return
    yield "rates.n_surveys", rates.n_sim
    for key in SIZES:
        yield f"rates.{key}", getattr(rates.design, key)
    table = rates.tidy()
    for row in table[table["hypothesis"] == THEORY].to_dict("records"):
        address = f"rates.{row['world']}.{row['verdict'].replace(' ', '_')}_per_cent"
        yield address, PER_CENT * row["share"]


def _of_sides(run: Run) -> Iterator[tuple[str, float]]:
    sides = shown_sides(run)
    if sides is None:
        return
    columns = ["n_teams", *(c for c in sides.groups if c.startswith((*SIDES, *DEPENDENCE)))]
    for row in sides.groups.to_dict("records"):
        for column in columns:
            yield f"sides.{row['group']}.{column}", row[column]
    for row in sides.moved.to_dict("records"):
        for key in ("estimate", "conf_low", "conf_high"):
            yield f"sides.moved.{row['term']}.{key}", row[key]


def _of_map(run: Run) -> Iterator[tuple[str, float]]:
    found = process_map_of(run)
    if found is None:
        return
    table = found.tidy()
    for row in table[table["is_shown"] & (table["role"] != DIFFERENCE)].to_dict("records"):
        address = f"map.{row['element']}.{row['role']}.{row['index']}"
        yield address, row["estimate"]
        yield f"{address}.n", row["n"]


def shown_columns(run: Run) -> list[dict[str, Any]]:
    """Columns that the receipt on the page lists: those of a single file.

    Parameters
    ----------
    run : Run
    """
    return [] if run.receipt.tool == "tables" else run.receipt.columns


@lru_cache(maxsize=RUNS)
def what_ifs(run: Run) -> tuple[WhatIf, ...]:
    """What loosening each process of the shown prediction would go with; none where not asked.

    Parameters
    ----------
    run : Run
    """
    hypothesis = shown_hypothesis(run)
    leg = hypothesis.legs[0]
    parts = [part for key in leg.predictor for part in run.study.parts(key)]
    is_slope = hypothesis.kind == "slope" and leg.level == "team"
    levels = {run.study.constructs[part].level for part in parts}
    if not is_slope or levels != {"process"} or run.verdicts[hypothesis.id].missing:
        return ()
    return tuple(what_if(run, part, hypothesis.id) for part in parts)


def theory_rates(run: Run) -> Calibration | None:
    """How often a design like this one says what; None without a theory to judge as a whole.

    Parameters
    ----------
    run : Run
    """
    if run.verdicts.theory.gates == (NO_HEADLINE,):
        return None
    return run.calibration or nearest_error_rates(design_of(run.panel))
