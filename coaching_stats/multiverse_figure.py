"""The specification curve: every slope in order, and below it the choices behind each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coaching_stats.figures import COLOURS, DPI, GREY, INK, LINE, SOFT, WIDTH, finish
from coaching_stats.multiverse import Multiverse
from coaching_stats.texts import number, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVE = 3.0  # inches
BINS = 120  # columns of the panel, where there are more specifications
SIGNIFICANT = 0.05
WITHOUT = "without "


def plot_multiverse(found: Multiverse, *, language: str = "en") -> Axes:
    """Draw every slope in order with its interval, and below it the panel of choices.

    Parameters
    ----------
    found : Multiverse
    language : {"en", "fi"}

    Returns
    -------
    Axes
        The curve; the panel is the second of ``axes.figure.axes``. In the panel a choice is the
        darker the more of the specifications at that place have it, black where it is most common.

    Notes
    -----
    Intervals are those of each specification alone. The band around zero is where the median slope
    stays in 95 % of the resamples under the null; only the joint test speaks of all together.

    References
    ----------
    Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, 1208-1214, figure 2.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from coaching_stats.multiverse import multiverse
    >>> rng = np.random.default_rng(1)
    >>> teams = pd.DataFrame(rng.normal(size=(60, 3)), columns=["SPR", "SKL", "WTC"])
    >>> found = multiverse(
    ...     teams, outcome="WTC", predictor="SPR", covariates=["SKL"], n_boot=99, seed=1
    ... )
    >>> plot_multiverse(found).get_ylabel()
    'Slope (standard deviations)'
    """
    said = texts(language)["multiverse"]
    order = np.argsort(found.frame["estimate"].to_numpy(), kind="stable")
    rows = _rows(found, said, language)
    curve, panel = _new_axes(len(rows))
    _draw_curve(curve, found, order)
    _draw_panel(panel, rows, order)
    panel.set_xlabel(said["x"], fontsize=10)
    simulated = f"{texts(language)['simulated']}. " if found.is_simulated else ""
    return finish(
        curve,
        title=_title(found, said, language),
        y=said["y"],
        caption=simulated + said["caption"].format(p=_p_value(found, language)),
        language=language,
    )


def _new_axes(n_rows: int) -> tuple[Axes, Axes]:
    """Two Axes, one above the other, in the house style."""
    import matplotlib.pyplot as plt  # half a second that only pictures should cost

    height = max(1, n_rows) * LINE
    _, axes = plt.subplots(
        2,
        1,
        figsize=(WIDTH, CURVE + height + 2.4),
        dpi=DPI,
        layout="constrained",
        height_ratios=[CURVE, height],
        sharex=True,
    )
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    return axes[0], axes[1]


def _draw_curve(axes: Axes, found: Multiverse, order: np.ndarray) -> None:
    frame = found.frame.iloc[order]
    place = np.arange(len(frame)) + 0.5
    limit = found.joint.tidy().set_index("test").loc["median_estimate", "null_limit"]
    axes.axhspan(-limit, limit, color=SOFT, alpha=0.5, lw=0)
    axes.axhline(0, color=GREY, lw=1, ls="--")
    low, high = frame["conf_low"].to_numpy(), frame["conf_high"].to_numpy()
    if len(frame) > BINS:
        axes.fill_between(place, low, high, color=COLOURS["supported"], alpha=0.25, lw=0)
        axes.plot(place, frame["estimate"], color=COLOURS["supported"], lw=2)
    else:
        axes.vlines(place, low, high, color=COLOURS["supported"], alpha=0.4)
        axes.plot(place, frame["estimate"], "o", ms=4, color=COLOURS["supported"])
    axes.set_xlim(0, len(frame))
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.spines["bottom"].set_visible(False)


def _draw_panel(axes: Axes, rows: list[tuple[str, np.ndarray | None]], order: np.ndarray) -> None:
    """Shade each choice by how many of the specifications at a place have it."""
    from matplotlib.transforms import blended_transform_factory

    ends = np.linspace(0, len(order), min(BINS, len(order)) + 1).astype(int)
    shade = np.zeros((len(rows), len(ends) - 1))
    for i, (_, has) in enumerate(rows):
        if has is not None:
            shade[i] = np.add.reduceat(has[order].astype(float), ends[:-1]) / np.diff(ends)
    darkest = shade.max(axis=1, initial=0.0, keepdims=True)
    shade = np.divide(shade, darkest, out=np.zeros_like(shade), where=darkest > 0)
    if len(rows):
        extent = (0, len(order), len(rows) - 0.5, -0.5)
        options = {"cmap": "Greys", "vmin": 0, "vmax": 1.25, "interpolation": "none"}
        axes.imshow(shade, aspect="auto", extent=extent, **options)
        axes.hlines(np.arange(len(rows)) + 0.5, 0, len(order), color="white", lw=2)
    axes.set_yticks(
        [i for i, (_, has) in enumerate(rows) if has is not None],
        [label for label, has in rows if has is not None],
        fontsize=10,
    )
    from_the_edge = blended_transform_factory(axes.figure.transFigure, axes.transData)
    for i, (label, has) in enumerate(rows):
        if has is None:
            style = {"va": "center", "fontsize": 10, "fontweight": "bold", "color": INK}
            heading = axes.text(0.01, i, label, transform=from_the_edge, **style)
            heading.set_in_layout(False)  # it may run on over the panel
    axes.tick_params(axis="both", length=0, labelbottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def _rows(
    found: Multiverse, said: dict[str, Any], language: str
) -> list[tuple[str, np.ndarray | None]]:
    """Lines of the panel: headings, and choices with the specifications that have them."""
    names = found.names.get(language, {})
    shares = found.decomposition.tidy().set_index("choice")["estimate_share"]
    first = {
        "outcome": next(iter(found.grid.outcomes.values())),
        "predictor": next(iter(found.grid.predictors.values())),
    }
    rows: list[tuple[str, np.ndarray | None]] = []
    for kind in ("outcome", "predictor", "covariates", "rows", "cluster", "vcov"):
        column = first.get(kind, "")
        heading = said["kinds"][kind].format(name=names.get(column, column))
        if kind == "covariates":
            included = found.grid.included[found.model]
            lines = [
                (names.get(key, key) + _share(shares, key, language), included[:, j])
                for j, key in enumerate(found.grid.covariates)
            ]
        else:
            levels = found.frame[kind].to_numpy()
            kept = dict.fromkeys(levels)
            lines = [(_level(name, said), levels == name) for name in kept] if len(kept) > 1 else []
            heading += _share(shares, kind, language)
        rows += [(heading, None), *lines] if lines else []
    return rows


def _level(name: str, said: dict[str, Any]) -> str:
    """Name of a choice in the language of the figure, or as the user named it."""
    if name in said["choices"]:
        return said["choices"][name]
    if name.startswith(WITHOUT):
        return said["without"].format(item=name.removeprefix(WITHOUT))
    return name


def _share(shares: Any, choice: str, language: str) -> str:
    """How much of the variation goes with a choice, as a remark on its name."""
    share = shares.get(choice, np.nan)
    return "" if np.isnan(share) else f" ({number(100 * share, language, 0)} %)"


def _title(found: Multiverse, said: dict[str, Any], language: str) -> str:
    names = found.names.get(language, {})
    x, y = (next(iter(c.values())) for c in (found.grid.predictors, found.grid.outcomes))
    estimate = found.frame["estimate"]
    return said["title"].format(
        n=len(estimate),
        x=names.get(x, x),
        y=names.get(y, y),
        low=number(estimate.min(), language),
        high=number(estimate.max(), language),
        clear=said["clear"]["clear" if _joint_p(found) < SIGNIFICANT else "unclear"],
    )


def _joint_p(found: Multiverse) -> float:
    """P of the median t; of the median slope where no specification has a standard error."""
    p = found.joint.tidy().set_index("test")["p_value"]
    return float(p.get("median_statistic", p["median_estimate"]))


def _p_value(found: Multiverse, language: str) -> str:
    p = _joint_p(found)
    if p == 0:
        return f"< {number(1 / found.n_boot, language, 3)}"
    return f"= {number(p, language, 3)}"
