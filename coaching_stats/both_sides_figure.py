"""Both sides' willingness as a map: groups of teams, their dependence, and where they moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from coaching_stats.both_sides import DEPENDENCE, MIDPOINT, SIDES, BothSides
from coaching_stats.figure_numbers import side_counts, side_title
from coaching_stats.figures import COLOURS, GREY, INK, finish, new_axes
from coaching_stats.texts import number, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES = {  # colour and marker, so that colour is not needed
    "nobody": (COLOURS["supported"], "o"),
    "managers": ("#E69F00", "s"),
    "sellers": ("#009E73", "^"),
    "both": (COLOURS["contradicted"], "X"),
}
ROOM = 0.4  # scale points around the groups
NEAR = 0.05  # of the picture's height: labels nearer to each other than this would overlap


def plot_both_sides(found: BothSides, *, language: str = "en") -> Axes:
    """Draw managers' willingness against sellers', one mark per group of teams.

    Parameters
    ----------
    found : BothSides
    language : {"en", "fi"}

    Returns
    -------
    Axes
        The mark says who avoids. Beside it, where measured: how much sellers depend on the manager
        and the manager on the sellers. With a second wave, an arrow leads to the place there.

    Examples
    --------
    >>> from coaching_stats.both_sides import both_sides
    >>> from coaching_stats.study import run_study
    >>> plot_both_sides(both_sides(run_study("data/one_client"))).get_xlabel()
    "Sellers' willingness to be coached, scale points 1–7"
    """
    said = texts(language)["both_sides"]
    groups = found.groups.dropna(subset=list(SIDES))  # what is suppressed has no place
    axes = new_axes(6.0)
    _limits(axes, found)
    axes.axvline(MIDPOINT, color=GREY, lw=1, ls="--", zorder=0)
    axes.axhline(MIDPOINT, color=GREY, lw=1, ls="--", zorder=0)
    has_second = f"{SIDES[0]}_2" in groups
    for who, (colour, marker) in STYLES.items():
        of_who = groups[groups["who"] == who]
        label = said[who]
        for row in of_who.to_dict("records"):
            mark = axes.plot(
                row[SIDES[1]], row[SIDES[0]], marker, color=colour, ms=8, lw=0, label=label
            )
            mark[0].set_gid(f"group-{row['group']}")
            label = "_nolegend_"  # one entry per kind
    if has_second:
        _draw_moves(axes, found)
    elif all(column in groups for column in DEPENDENCE):
        _draw_dependence(axes, found, language)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=10)
    return finish(
        axes,
        title=side_title(found, language).format(**side_counts(found)),
        x=said["x"],
        y=said["y"],
        caption=_caption(found, said, language),
        language=language,
    )


def _limits(axes: Axes, found: BothSides) -> None:
    """The whole of the groups and the middle of the scale, with room for labels."""
    for column, limits in ((SIDES[1], axes.set_xlim), (SIDES[0], axes.set_ylim)):
        places = found.groups.filter(regex=f"^{column}(_2)?$").to_numpy()
        places = places[~np.isnan(places)]
        low = min(places.min(initial=MIDPOINT), MIDPOINT) - ROOM
        high = max(places.max(initial=MIDPOINT), MIDPOINT) + ROOM
        limits(max(low, 0.8), min(high, 7.2))


def _draw_moves(axes: Axes, found: BothSides) -> None:
    for row in found.groups.to_dict("records"):
        axes.annotate(
            "",
            xy=(row[f"{SIDES[1]}_2"], row[f"{SIDES[0]}_2"]),
            xytext=(row[SIDES[1]], row[SIDES[0]]),
            arrowprops={"arrowstyle": "->", "color": GREY, "lw": 1.2},
        )


def _draw_dependence(axes: Axes, found: BothSides, language: str) -> None:
    """Sellers' dependence / the manager's beside each mark; on the side where there is room."""
    places = found.groups[[SIDES[1], SIDES[0]]].to_numpy()
    spans = np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())])
    relative = places / spans
    for i, row in enumerate(found.groups.to_dict("records")):
        shown = " / ".join(number(row[column], language, 1) for column in reversed(DEPENDENCE))
        others = np.delete(relative, i, axis=0) - relative[i]
        level = np.abs(others[:, 1]) < NEAR
        right = others[level & (others[:, 0] > 0), 0].min(initial=1.0)
        left = -others[level & (others[:, 0] < 0), 0].max(initial=-1.0)
        is_right = right >= left
        axes.annotate(
            shown,
            places[i],
            (7, 0) if is_right else (-7, 0),
            textcoords="offset points",
            ha="left" if is_right else "right",
            va="center",
            fontsize=9,
            color=INK,
        )


def _caption(found: BothSides, said: Mapping[str, Any], language: str) -> str:
    parts = [said["caption"].format(smallest=int(found.groups["n_teams"].min()))]
    if f"{SIDES[0]}_2" in found.groups:
        parts.append(said["arrows"])
    elif all(column in found.groups for column in DEPENDENCE):
        parts.append(said["dependence"])
    if found.is_simulated:
        parts.insert(0, f"{texts(language)['simulated']}.")
    return " ".join(parts)
