"""Every group figure that any output of a run shows, in one table that can be attacked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from coaching_stats.attack import known_scales
from coaching_stats.both_sides import DEPENDENCE, SIDES, BothSides, both_sides
from coaching_stats.errors import DesignError
from coaching_stats.group_figures import (
    MEAN_DIGITS,
    ROW,
    TeamPicture,
    group_rows,
    shown_hypothesis,
    team_picture,
)
from coaching_stats.hypotheses import SUFFIX
from coaching_stats.privacy import PUBLISHED
from coaching_stats.process_estimates import DIFFERENCE
from coaching_stats.process_map import ProcessMap, process_map
from coaching_stats.published_table import Range
from coaching_stats.study import Run
from coaching_stats.suppression import protect

RUNS = 4  # page, workbook and published.csv of a run share what was computed
MAP, ELEMENTS = "both sides", "process map"
PICTURE, SCALES = "picture", "scales"  # of `group_rows`
OFF_MAP = "teams not on the map of both sides"  # no page shows it: what subtraction would tell
RATINGS = (1.0, 7.0)


def published_figures(run: Run) -> pd.DataFrame:
    """Lay out every figure of a group that page and workbook show, safe from subtraction.

    Parameters
    ----------
    run : Run
        What its `earlier` report published is taken into account.

    Returns
    -------
    DataFrame
        Columns ``table, group, parent_group, item, n, mean, value, suppressed``; means have two
        decimals, and what `protect` suppresses none.
    """
    return _published(run).copy()


@lru_cache(maxsize=RUNS)
def _published(run: Run) -> pd.DataFrame:
    rows = [group_rows(run)]
    sides, elements = _both_sides(run), _process_map(run)
    if sides is not None:
        rows.append(pd.DataFrame(_sides_rows(run, sides), columns=list(ROW)))
    if elements is not None:
        rows.append(pd.DataFrame(_element_rows(elements), columns=list(ROW)))
    every = pd.concat([rows[0], *filter(len, rows[1:])], ignore_index=True)
    shown = protect(every, run.study.minimum_group, run.earlier, scales=_scales(run, every["item"]))
    shown = shown.assign(mean=shown["mean"].round(MEAN_DIGITS) + 0.0)
    return shown[list(PUBLISHED)].reset_index(drop=True)


@lru_cache(maxsize=RUNS)
def shown_sides(run: Run) -> BothSides | None:
    """The picture of both sides as it is published; None where there is none.

    Parameters
    ----------
    run : Run

    Returns
    -------
    BothSides or None
        Groups with a suppressed willingness are left out; other suppressed means are nan.
    """
    sides = _both_sides(run)
    if sides is None:
        return None
    published = published_figures(run).query("table == @MAP and suppressed and group != @OFF_MAP")
    groups = sides.groups.copy()
    for row in published.to_dict("records"):
        of_group = groups["group"] == int(row["group"].split()[-1])
        groups.loc[of_group, [c for c in groups if _item(c) == row["item"]]] = np.nan
    # Who avoids, and how many teams there are, would tell of means that are suppressed.
    groups = groups.dropna(subset=[c for c in groups if c.removesuffix("_2") in SIDES])
    if groups.empty:
        return None
    n_teams = int(groups["n_teams"].sum())
    n_left_out = len(sides.groups) - len(groups)
    return replace(sides, groups=groups, n_teams=n_teams, n_left_out=n_left_out)


def shown_picture(run: Run, hypothesis: str | None = None) -> TeamPicture | None:
    """Predictor and outcome by team, for drawing; None where that would tell what is suppressed.

    Parameters
    ----------
    run : Run
    hypothesis : str, optional
        Id; the first slope between teams when not given.

    Returns
    -------
    TeamPicture or None
        None where a group's mean is suppressed, or the mean over all of one of the scores: the
        fitted line goes through the mean of all teams.
    """
    picture = team_picture(run, hypothesis)
    suppressed = published_figures(run).query("suppressed")
    is_group = suppressed["table"] == PICTURE
    is_group &= picture.verdict.hypothesis.id == shown_hypothesis(run).id
    is_whole = (suppressed["table"] == SCALES) & suppressed["item"].isin(picture.columns)
    return None if (is_group | is_whole).any() else picture


@lru_cache(maxsize=RUNS)
def process_map_of(run: Run) -> ProcessMap | None:
    """The process map as it is published, where the data hold an inventory.

    Parameters
    ----------
    run : Run

    Returns
    -------
    ProcessMap or None
        What is suppressed is not shown; means have the decimals of the published table.
    """
    elements = _process_map(run)
    if elements is None:
        return None
    hidden = set(published_figures(run).query("table == @ELEMENTS and suppressed")["group"])
    table = elements.tidy()
    is_hidden = _rated(table).isin(hidden)
    told = pd.MultiIndex.from_frame(table.loc[is_hidden, ["element", "index"]])
    is_difference = table["role"] == DIFFERENCE  # the third figure would tell the second
    is_hidden |= is_difference & pd.MultiIndex.from_frame(table[["element", "index"]]).isin(told)
    figures = ["estimate", "std_error", "df", "conf_low", "conf_high", "n"]
    table.loc[is_hidden, figures] = np.nan
    table["is_shown"] &= ~is_hidden
    return replace(elements, table=table.assign(estimate=table["estimate"].round(MEAN_DIGITS)))


def _rated(table: pd.DataFrame) -> pd.Series:
    """Name of the raters behind each figure of the process map."""
    return table["role"] + "s who rated " + table["element"] + " (" + table["index"] + ")"


@lru_cache(maxsize=RUNS)
def _process_map(run: Run) -> ProcessMap | None:
    if "process_inventory" not in run.source.tables:
        return None
    return process_map(
        run.source.tables["process_inventory"],
        minimum_group=run.study.minimum_group,
        is_simulated=run.source.is_simulated,
    )


@lru_cache(maxsize=RUNS)
def _both_sides(run: Run) -> BothSides | None:
    try:
        return both_sides(run)
    except DesignError:
        return None


Row = tuple[str, str, str, str, int, float]


def _item(column: str) -> str:
    """A manager's score by its column; a team's mean of sellers, which is another figure, by key.

    Examples
    --------
    >>> _item("WTC_m"), _item("SWC_s"), _item("SWC_s_2")
    ('WTC_m', 'SWC', 'SWC_2')
    """
    return column.replace("_s", "", 1) if "_s" in column else column


def _sides_rows(run: Run, sides: BothSides) -> Iterator[Row]:
    """Groups of the map; with the teams that are not on it they make up all managers."""
    columns = sides.groups.filter(regex=f"^({'|'.join((*SIDES, *DEPENDENCE))})").columns
    teams = run.panel.teams
    has_own_manager = teams["manager_id"].is_unique  # else one manager is in several groups
    for column in columns:
        is_of_managers = column in teams
        parent = "teams on the map of both sides"
        if is_of_managers:
            parent = "all managers" if has_own_manager else ""
        for row in sides.groups.to_dict("records"):
            name = f"teams on the map of both sides, group {row['group']}"
            n = row["n_managers" if is_of_managers else "n_teams"]
            yield MAP, name, parent, _item(column), n, row[column]
        n_off = int(teams[column].notna().sum()) - sides.n_teams if parent == "all managers" else 0
        if n_off > 0:
            total = float(teams[column].astype(float).sum())
            on_map = float((sides.groups[column] * sides.groups["n_teams"]).sum())
            yield MAP, OFF_MAP, parent, column, n_off, (total - on_map) / n_off


def _element_rows(elements: ProcessMap) -> Iterator[Row]:
    table = elements.tidy()
    table = table.assign(group=_rated(table))
    for row in table[table["is_shown"] & (table["role"] != DIFFERENCE)].to_dict("records"):
        item = f"{row['element']}.{row['index']}"
        yield ELEMENTS, row["group"], "", item, int(row["n"]), row["estimate"]


def _scales(run: Run, items: pd.Series) -> dict[str, Range | None]:
    """Ends of each figure's scale; None where it has none, such as sales and z-scores."""
    known = known_scales(f"{key}_{suffix}" for key in run.study.constructs for suffix in "smp")
    for construct in run.study.constructs.values():
        if construct.scale:
            for form in construct.forms:
                known[f"{construct.key}_{SUFFIX[form]}"] = construct.scale
    bounds = {item: known.get(f"{item.removesuffix('_2')}_s", known.get(item)) for item in items}
    return {item: RATINGS if "." in item else bounds[item] for item in items}
