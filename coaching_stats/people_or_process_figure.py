"""Shares of process and people as bars, with what they are bounded by."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

from coaching_stats.figures import COLOURS, INK, LINE, SOFT, finish, new_axes
from coaching_stats.group_measures import INVENTORY, PROCESS
from coaching_stats.people_or_process import PeopleOrProcess
from coaching_stats.texts import texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL = 30  # characters a line


def plot_people_or_process(
    found: PeopleOrProcess, outcome: str | None = None, *, language: str = "en"
) -> Axes:
    """Draw the share of every group in what differs between teams, with its bounds.

    Parameters
    ----------
    found : PeopleOrProcess
    outcome : str, optional
        WTC or SWC; the first that was measured when not given.
    language : {"en", "fi"}

    Returns
    -------
    Axes
        In per cent: a bar for the share as measured, a thick line from worst to best case, a thin
        one for the bounds with their 95 % intervals. The title is the sentence that is licensed.

    Examples
    --------
    >>> from coaching_stats.people_or_process import people_or_process
    >>> from coaching_stats.study import run_study
    >>> found = people_or_process(run_study("data/one_client"), n_boot=200, seed=1)
    >>> [name.get_text() for name in plot_people_or_process(found).get_yticklabels()][:3]
    ['Processes', 'Managers as people', 'Workload']
    """
    said = texts(language)["people_or_process"]
    frame = found.tidy()
    chosen = frame["outcome"].iloc[0] if outcome is None else outcome
    rows = frame[frame["outcome"] == chosen]
    is_main = rows["source"] == rows["source"].iloc[0]  # another source changes little but process
    rows = rows[is_main | (rows["group"] == PROCESS)].reset_index(drop=True)
    axes = new_axes(2.4 + 2.4 * LINE * len(rows))
    for place, row in rows.iterrows():
        _draw(axes, int(place), row)
    axes.axvline(0, color=SOFT, lw=1, zorder=0)
    axes.set_yticks(range(len(rows)), [_label(row, said) for _, row in rows.iterrows()])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    caption = said["caption"]
    if found.is_simulated:
        caption = f"{texts(language)['simulated']}. {caption}"
    return finish(
        axes,
        title=found.sentence(language, chosen),
        x=said["x"].format(outcome=found.names[chosen, language].lower()),
        caption=caption,
        language=language,
    )


def _draw(axes: Axes, place: int, row: pd.Series) -> None:
    axes.barh(place, 100 * row["estimate"], height=0.55, color=SOFT)
    ends = [100 * row["conf_low"], 100 * row["conf_high"]]
    axes.plot(ends, [place, place], color=INK, lw=1.2, marker="|", ms=9)
    cases = [100 * row["worst"], 100 * row["best"]]
    axes.plot(cases, [place, place], color=COLOURS["supported"], lw=4, solid_capstyle="butt")


def _label(row: pd.Series, said: dict[str, dict[str, str]]) -> str:
    name = said["groups"][row["group"]]
    if row["source"] == INVENTORY:
        name = str(said["from_inventory"]).format(group=name)
    return fill(name, LABEL)
