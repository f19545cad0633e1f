"""The process map as pictures: obstacle against avoidance, and elements in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coaching_stats.figure_numbers import element_counts, shown_role
from coaching_stats.figures import GREY, INK, WIDTH, finish, in_words, new_axes
from coaching_stats.label_places import spread
from coaching_stats.process_estimates import DIFFERENCE, ROLES
from coaching_stats.process_map import AVOIDANCE, MIDPOINT, ProcessMap
from coaching_stats.texts import texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

# Okabe & Ito (2008), each with its own marker, so that colour is never alone.
STYLES = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"))
NAME = 34  # characters of a name before it goes on in another line
LINE, LEAST = 0.19, 0.3  # inches: one line of a name, and a row of the ranking
GAP = 1.15  # of a label's height
THIN = "#8A8A8A"  # lines from names to points


def plot_process_map(
    process_map: ProcessMap,
    *,
    role: str | None = None,
    language: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw each element by how far it is an obstacle and how far it is used to avoid coaching.

    Parameters
    ----------
    process_map : ProcessMap
    role : {"manager", "seller", "process_owner", "outsider"}, optional
        Whose ratings; the first of these that is shown when not given.
    language : {"en", "fi"}
    ax : Axes, optional

    Returns
    -------
    Axes
        One point per element, at the greater of its uses by managers and by sellers; the marker
        says whose it is. Names stand beside the map, each with a line to its point.

    Raises
    ------
    ValueError
        Obstacles, or all uses, were not rated.

    Examples
    --------
    >>> import pandas as pd
    >>> from coaching_stats.process_map import process_map
    >>> inventory = pd.DataFrame({
    ...     "team_id": [f"T{i}" for i in range(5)], "rater_id": [f"M{i}" for i in range(5)],
    ...     "rater_role": "manager", "element": "P1", "d": [7, 6, 5, 6, 7], "e": [1, 2, 2, 1, 2],
    ... })
    >>> plot_process_map(process_map(inventory)).get_xlabel()
    'Stands in the way of coaching, scale points 1–7'
    """
    said = texts(language)["process_map"]
    chosen = role or shown_role(process_map)
    points = _points(process_map, chosen)
    names = _names(process_map, language)
    if ax is None:
        lines = [names[element].count("\n") + 1.25 for element in points.index]
        ax = new_axes(2.4 + max(3.0, LINE * sum(lines)), WIDTH)
    if points.empty:
        return in_words(ax, said["nothing"].format(minimum=process_map.minimum_group))
    _draw_quadrants(ax, points)
    _draw_points(ax, points, said)
    labels = _draw_names(ax, points, names)
    hidden = ", ".join(
        name[language] for key, name in process_map.names.items() if key not in points.index
    )
    finish(
        ax,
        title=said["map_title"].format(
            role=said["roles"][chosen], **element_counts(process_map, chosen)
        ),
        x=said["map_x"],
        y=said["map_y"],
        caption=_caption(
            process_map,
            [said["map_caption"], said["hidden"].format(elements=hidden) if hidden else ""],
            language,
        ),
        language=language,
    )
    _place(ax, labels)
    return ax


def _names(process_map: ProcessMap, language: str) -> dict[str, str]:
    return {element: fill(name[language], NAME) for element, name in process_map.names.items()}


def _caption(process_map: ProcessMap, parts: list[str], language: str) -> str:
    """Caption; simulated data are called simulated first."""
    simulated = f"{texts(language)['simulated']}." if process_map.is_simulated else ""
    return " ".join(part for part in (simulated, *parts) if part)


def _points(process_map: ProcessMap, role: str) -> pd.DataFrame:
    """Place of each element whose obstacle and use are shown; of two uses, the greater one."""
    obstacle, uses = (
        rows[(rows["role"] == role) & rows["is_shown"]].set_index("element")
        for rows in (_rows(process_map, ["obstacle"]), _rows(process_map, AVOIDANCE))
    )
    ends = {"estimate": "", "conf_low": "_low", "conf_high": "_high"}
    greater = uses.sort_values("estimate", ascending=False).groupby("element").head(1)
    x = obstacle[list(ends)].rename(columns={name: f"x{end}" for name, end in ends.items()})
    y = greater[list(ends)].rename(columns={name: f"y{end}" for name, end in ends.items()})
    return x.join(y.assign(use=greater["index"]), how="inner")


def _rows(process_map: ProcessMap, indices: Sequence[str]) -> pd.DataFrame:
    """Figures of some indices, by each role; refused where none of them was rated."""
    table = process_map.tidy()
    rows = table[table["index"].isin(indices) & (table["role"] != DIFFERENCE)]
    if rows.empty:
        rated = ", ".join(table["index"].unique())
        raise ValueError(f"the map has no index {' or '.join(indices)!r}; it has {rated}")
    return rows


def _draw_quadrants(axes: Axes, points: pd.DataFrame) -> None:
    """Limits around the points and the middle of the scale, whose lines make the quadrants."""
    for axis, limits in (("x", axes.set_xlim), ("y", axes.set_ylim)):
        of_axis = points[[axis, f"{axis}_low", f"{axis}_high"]].to_numpy(dtype=float)
        low, high = np.nanmin(of_axis), np.nanmax(of_axis)
        low, high = min(low, MIDPOINT - 0.25), max(high, MIDPOINT + 0.25)
        room = 0.06 * (high - low)
        limits(max(low - room, 0.8), min(high + room, 7.2))
    axes.axvline(MIDPOINT, color=GREY, lw=1, ls="--", zorder=0)
    axes.axhline(MIDPOINT, color=GREY, lw=1, ls="--", zorder=0)


def _draw_points(axes: Axes, points: pd.DataFrame, said: Mapping[str, Any]) -> None:
    """Points with their intervals; the marker says who uses the element more."""
    thin = {"lw": 0.7, "alpha": 0.4, "zorder": 1}
    for use, (colour, marker) in zip(AVOIDANCE, STYLES, strict=False):
        of_use = points[points["use"] == use]
        axes.hlines(of_use["y"], of_use["x_low"], of_use["x_high"], color=colour, **thin)
        axes.vlines(of_use["x"], of_use["y_low"], of_use["y_high"], color=colour, **thin)
        axes.plot(of_use["x"], of_use["y"], marker, color=colour, ms=7, label=said["more"][use])
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=10)


def _draw_names(axes: Axes, points: pd.DataFrame, names: Mapping[str, str]) -> list[Annotation]:
    """Names to the right of the map, each with a line to its element; their places come later."""
    return [
        axes.annotate(
            names[point.Index],
            xy=(point.x, point.y),
            xytext=(1.04, 0.5),
            textcoords="axes fraction",
            va="center",
            fontsize=10,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": THIN, "lw": 0.7, "relpos": (0, 0.5)},
            zorder=0,
        )
        for point in points.itertuples()
    ]


def _place(axes: Axes, labels: Sequence[Annotation]) -> None:
    """Spread names over the height of the map, once the layout has settled."""
    from matplotlib.text import Text

    axes.figure.draw_without_rendering()
    box = axes.get_window_extent()
    heights = [GAP * Text.get_window_extent(label).height / box.height for label in labels]
    wanted = axes.transAxes.inverted().transform(
        axes.transData.transform([label.xy for label in labels])
    )[:, 1]
    for label, place in zip(labels, spread(wanted, heights, 0.0, 1.0), strict=True):
        label.set_position((1.04, place))


def plot_process_ranks(
    process_map: ProcessMap,
    *,
    index: str = "obstacle",
    language: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the elements in the order of one index, with intervals, for each role of raters.

    Parameters
    ----------
    process_map : ProcessMap
    index : str
        ``obstacle, avoidance_managers, avoidance_sellers, rigidity, support`` or ``importance``.
    language : {"en", "fi"}
    ax : Axes, optional

    Returns
    -------
    Axes
        One row per element, in the order of the first role that is shown; too few raters, or
        raters who all answered alike, are called so beside their row.

    Raises
    ------
    ValueError
        The map has no such index, or it was not rated.

    Examples
    --------
    >>> import pandas as pd
    >>> from coaching_stats.process_map import process_map
    >>> inventory = pd.DataFrame({
    ...     "team_id": [f"T{i}" for i in range(5)], "rater_id": [f"M{i}" for i in range(5)],
    ...     "rater_role": "manager", "element": "P1", "d": [7, 6, 5, 6, 7], "e": [1, 2, 2, 1, 2],
    ... })
    >>> plot_process_ranks(process_map(inventory)).get_xlabel()
    'Obstacle to coaching, scale points 1–7'
    """
    said = texts(language)["process_map"]
    rows = _rows(process_map, [index])
    roles = [role for role in ROLES if (rows["role"] == role).any()]
    names = _names(process_map, language)
    if ax is None:
        lines = max(name.count("\n") + 1 for name in names.values())
        row = max(LEAST, LINE * lines, 0.5 * LEAST * len(roles))
        ax = new_axes(2.2 + row * len(names), WIDTH)
    if not rows["is_shown"].any():
        return in_words(ax, said["nothing"].format(minimum=process_map.minimum_group))
    wide = rows.pivot(index="element", columns="role", values="estimate")
    first = next(role for role in roles if wide[role].notna().any())
    order = wide.loc[list(process_map.names)].sort_values(first, ascending=False, kind="stable")
    for place, role in enumerate(roles):
        of_role = rows[rows["role"] == role].set_index("element").loc[order.index]
        shift = 0.24 * (place - (len(roles) - 1) / 2)
        word = said["roles"][role]
        if not of_role["is_shown"].any():
            word = f"{word} ({said['too_few']})"
        _draw_role(ax, of_role, shift, STYLES[place], word)
    partly = rows[rows["role"].isin([role for role in roles if wide[role].notna().any()])]
    _say_hidden(ax, partly[~partly["is_shown"]], list(order.index), said)
    ax.set_yticks(range(len(names)), [names[element] for element in order.index])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.axvline(MIDPOINT, color=GREY, lw=1, ls="--", zorder=0)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=10)
    is_settled = _is_settled(rows[rows["role"] == first])
    return finish(
        ax,
        title=said["ranks_title" if is_settled else "ranks_title_open"].format(
            index=said["indices"][index], first=process_map.names[order.index[0]][language]
        ),
        x=said["ranks_x"].format(index=said["indices"][index]),
        caption=_caption(process_map, [said["ranks_caption"]], language),
        language=language,
    )


def _draw_role(
    axes: Axes, of_role: pd.DataFrame, shift: float, style: tuple[str, str], word: str
) -> None:
    """Points of one role with their intervals, those that have one."""
    colour, marker = style
    y = np.arange(len(of_role)) + shift
    axes.hlines(y, of_role["conf_low"], of_role["conf_high"], color=colour, lw=1.5)
    axes.plot(of_role["estimate"], y, marker, color=colour, ms=6, lw=0, label=word)


def _say_hidden(
    axes: Axes, hidden: pd.DataFrame, order: list[str], said: Mapping[str, Any]
) -> None:
    """Say beside each row which roles are not shown there, and why."""
    for element, of_row in hidden.groupby("element"):
        why = said["too_few"] if of_row["n"].isna().any() else said["alike"]
        text = f"{why}:\n{', '.join(said['roles'][role] for role in of_row['role'])}"
        side = axes.get_yaxis_transform()
        row = order.index(element)
        axes.text(1.02, row, text, transform=side, va="center", fontsize=10, color=GREY)


def _is_settled(rows: pd.DataFrame) -> bool:
    """Whether the interval of the highest element lies above all the others'."""
    ordered = rows[rows["is_shown"]].sort_values("estimate", ascending=False)
    others = ordered["conf_high"].iloc[1:]
    return bool(len(others)) and bool((ordered["conf_low"].iloc[0] > others).all())
