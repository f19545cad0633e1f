"""What the page says of both sides, of loosening a process, and of the process map."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coaching_stats.both_sides import DEPENDENCE, SIDES
from coaching_stats.both_sides_figure import plot_both_sides
from coaching_stats.errors import DesignError
from coaching_stats.figure_svg import hover_svg
from coaching_stats.group_figures import shown_hypothesis
from coaching_stats.published_figures import process_map_of, shown_sides
from coaching_stats.study import Run
from coaching_stats.texts import number, texts
from coaching_stats.what_if import what_if
from coaching_stats.wording import term_name

MAP_COLUMNS = ("obstacle", "avoidance_managers", "avoidance_sellers", "support")


def sides_content(run: Run, language: str) -> dict[str, Any]:
    """Map and tables of both sides; nothing where there is no such picture.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}
    """
    found = shown_sides(run)
    if found is None:
        return {}
    said = texts(language)["both_sides"]
    columns = ["n_teams", *(c for c in (*SIDES, *DEPENDENCE) if c in found.groups), "who"]
    hover = {
        f"group-{row['group']}": "; ".join(
            f"{said['columns'][c]} {_shown(row[c], said, language)}" for c in columns
        )
        for row in found.groups.to_dict("records")
    }
    return {
        "heading": said["heading"],
        "text": said["text"],
        "svg": hover_svg(plot_both_sides(found, language=language), hover),
        "head": [said["columns"][c] for c in ("group", *columns)],
        "rows": [
            [_shown(row[c], said, language) for c in ("group", *columns)]
            for row in found.groups.to_dict("records")
        ],
        "moved_heading": said["moved"],
        "moved_head": [said["moved_columns"][c] for c in ("score", "estimate", "interval")],
        "moved": [_moved(run, row, language) for row in found.moved.to_dict("records")],
    }


def _shown(value: object, said: dict[str, Any], language: str) -> str:
    if isinstance(value, str):
        return said[value]
    return str(value) if isinstance(value, int) else number(float(value), language)


def _moved(run: Run, row: dict[str, Any], language: str) -> list[str]:
    low, high = (number(row[end], language) for end in ("conf_low", "conf_high"))
    mark = "; " if language == "fi" else ", "
    name = term_name(row["term"], run.study, language)
    return [name, number(row["estimate"], language), f"[{low}{mark}{high}]"]


def what_if_sentences(run: Run, language: str) -> list[str]:
    """What loosening each process would go with, as far as the verdict goes.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}
    """
    hypothesis = shown_hypothesis(run)
    leg = hypothesis.legs[0]
    parts = [part for key in leg.predictor for part in run.study.parts(key)]
    if hypothesis.kind != "slope" or leg.level != "team" or run.verdicts[hypothesis.id].missing:
        return []
    levels = {run.study.constructs[part].level for part in parts}
    if levels != {"process"}:
        return []
    said = []
    for part in parts:
        try:
            said.append(what_if(run, part, hypothesis.id).sentence(language))
        except DesignError as problem:
            said.append(str(problem))
    return list(dict.fromkeys(said))


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
    rows = [
        [
            row["role"],
            row["name"],
            *(number(row[c], language, 1) for c in MAP_COLUMNS),
            "–" if pd.isna(row["n"]) else str(int(row["n"])),
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
