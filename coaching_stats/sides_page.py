"""What the page says of both sides, of loosening a process, and of the process map."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from coaching_stats.addresses import addressed, interval
from coaching_stats.both_sides import DEPENDENCE, SIDES
from coaching_stats.both_sides_figure import plot_both_sides
from coaching_stats.figure_numbers import page_titles
from coaching_stats.figure_svg import hover_svg
from coaching_stats.page_numbers import what_ifs
from coaching_stats.published_figures import process_map_of, shown_sides
from coaching_stats.study import Run
from coaching_stats.texts import number, texts
from coaching_stats.wording import term_name

MAP_COLUMNS = ("obstacle", "avoidance_managers", "avoidance_sellers", "support")


def sides_content(run: Run, language: str) -> dict[str, Any]:
    """Map and tables of both sides; nothing where there is no such picture.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}
    """
    found, said = shown_sides(run), texts(language)["both_sides"]
    if not {side.partition("_")[0] for side in SIDES} <= set(run.study.constructs):
        return {}
    if found is None:
        return {"heading": said["heading"], "not_shown": said["not_shown"]}
    columns = ["n_teams", *(c for c in (*SIDES, *DEPENDENCE) if c in found.groups), "who"]
    hover = {
        f"group-{row['group']}": "; ".join(
            f"{said['columns'][c]} {_shown(row[c], said, language)}" for c in columns
        )
        for row in found.groups.to_dict("records")
    }
    return {
        "heading": said["heading"],
        "not_shown": "",
        "text": said["text"],
        "svg": {
            **hover_svg(plot_both_sides(found, language=language), hover),
            "title": page_titles(run, language)["sides"],
        },
        "head": [said["columns"][c] for c in ("group", *columns)],
        "rows": [
            [str(row["group"]), *(_cell(row, c, said, language) for c in columns)]
            for row in found.groups.to_dict("records")
        ],
        "moved_heading": said["moved"],
        "moved_head": [said["moved_columns"][c] for c in ("score", "estimate", "interval")],
        "moved": [_moved(run, row, language) for row in found.moved.to_dict("records")],
    }


def _cell(row: dict[str, Any], column: str, said: dict[str, Any], language: str) -> str:
    """A word, or a number with its address."""
    if column == "who":
        return said[row["who"]]
    address = f"sides.{row['group']}.{column}"
    return addressed(address, row[column], language, 0 if column == "n_teams" else 2)


def _shown(value: object, said: dict[str, Any], language: str) -> str:
    if isinstance(value, str):
        return said[value]
    return str(value) if isinstance(value, int) else number(float(value), language)


def _moved(run: Run, row: dict[str, Any], language: str) -> list[str]:
    address = f"sides.moved.{row['term']}"
    return [
        term_name(row["term"], run.study, language),
        addressed(f"{address}.estimate", row["estimate"], language),
        interval(f"{address}.conf", row["conf_low"], row["conf_high"], language),
    ]


def what_if_sentences(run: Run, language: str) -> list[Markup]:
    """What loosening each process would go with, as far as the verdict goes.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}
    """
    return [one.with_addresses(language) for one in what_ifs(run)]


def map_content(run: Run, language: str) -> dict[str, Any]:
    """The ranking of the elements by each role, in words and points.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}
    """
    found = process_map_of(run)
    if found is None:
        return {}
    said = texts(language)["process_map"]
    ranking = found.ranking(language)
    roles = {word: role for role, word in said["roles"].items()}
    rows = [
        [
            row["role"],
            row["name"],
            *(_point(row, c, roles, language) for c in MAP_COLUMNS),
            _raters(row, roles, language),
            row["reading"],
        ]
        for row in ranking.to_dict("records")
    ]
    return {
        "heading": said["page_heading"],
        "text": said["page_text"],
        "head": [said["page_head"][c] for c in ("role", "name")]
        + [said["indices"][c] for c in MAP_COLUMNS]
        + [said["page_head"][c] for c in ("n", "reading")],
        "rows": rows,
        "remarks": found.remarks.to_dict("records"),
        "remarks_heading": said["remarks_heading"],
    }


def _raters(row: dict[str, Any], roles: dict[str, str], language: str) -> str:
    """How many rated the element as an obstacle; a dash where too few did."""
    if pd.isna(row["n"]):
        return "–"
    if pd.isna(row["obstacle"]):
        return str(int(row["n"]))
    return addressed(f"map.{row['element']}.{roles[row['role']]}.obstacle.n", row["n"], language, 0)


def _point(row: dict[str, Any], index: str, roles: dict[str, str], language: str) -> str:
    """Points of an element by one role, with the address; a dash where they are not shown."""
    if pd.isna(row[index]):
        return "–"
    address = f"map.{row['element']}.{roles[row['role']]}.{index}"
    return addressed(address, row[index], language)
