"""The slope that is left under confounders of every strength, as a contour picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coaching_stats.figures import COLOURS, GREY, INK, finish, in_words, new_axes
from coaching_stats.sensitivity import Sensitivity, adjusted_slope

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = (0.75, 0.5, 0.25, -0.5, -1.0)  # shares of the slope; zero has a line of its own
MARGIN = 1.15  # the picture reaches this far beyond the farthest point
NEAREST, FARTHEST = 0.1, 0.98  # partial R squared at which the picture ends, at least and at most
POINTS = 200  # a side
MARKERS = ("o", "s", "^", "D", "v", "P")


def plot_sensitivity(sensitivity: Sensitivity) -> Axes:
    """Draw the slope that a confounder would leave, by its strength with predictor and outcome.

    Parameters
    ----------
    sensitivity : Sensitivity
        From ``Regression.sensitivity(term, benchmarks)``.

    Returns
    -------
    Axes
        Contours of the slope at worst; on the heavy line it is zero. Markers show confounders one
        to three times as strong as each benchmark, where such can exist.

    References
    ----------
    Cinelli & Hazlett (2020), Journal of the Royal Statistical Society B 82, 39-67, section 5.1.

    Examples
    --------
    >>> from coaching_stats.answers import load_sample
    >>> from coaching_stats.regression import regress
    >>> fit = regress("HOSTILE ~ LEAD + TSIG", load_sample("lq2002"), cluster="COMPID")
    >>> plot_sensitivity(fit.sensitivity("LEAD", ["TSIG"])).get_xlabel()
    'partial R² of the confounder with LEAD'
    """
    row = sensitivity.frame.iloc[0]
    term, estimate, value = row["term"], float(row["estimate"]), float(row["robustness_value"])
    if estimate == 0:
        return in_words(new_axes(3.0), f"The slope of {term} is zero: there is nothing to explain.")
    bounds = sensitivity.bounds[sensitivity.bounds["is_possible"]]
    axes = new_axes(5.0)
    axes.set_xlim(0, _end(bounds["partial_r2_term"], value))
    axes.set_ylim(0, _end(bounds["partial_r2_outcome"], value))
    _contours(axes, sensitivity, estimate)
    axes.plot(0, 0, "X", color=INK, clip_on=False, zorder=4)
    axes.plot(value, value, "*", color=COLOURS["contradicted"], markersize=11, zorder=4)
    for marker, (name, points) in zip(_cycle(bounds), bounds.groupby("benchmark"), strict=True):
        _benchmark(axes, marker, name, points)
    return finish(
        axes,
        title=f"A confounder that explains {100 * value:.1f} % of what is left of both {term} and "
        f"the outcome brings the slope of {term} to zero",
        x=f"partial R² of the confounder with {term}",
        y="partial R² of the confounder with the outcome",
        caption=f"Lines: the slope that is left at worst, of {estimate:.2g} as estimated (cross). "
        "Heavy line: zero; star: the robustness value. Other markers: confounders as strong as a "
        "regressor of the model, or so many times as strong.",
        language="en",
    )


def _end(strengths: pd.Series, value: float) -> float:
    """Where an axis ends."""
    farthest = MARGIN * max([value, *strengths])
    return float(np.clip(farthest, NEAREST, FARTHEST))


def _contours(axes: Axes, sensitivity: Sensitivity, estimate: float) -> None:
    x = np.linspace(0, axes.get_xlim()[1], POINTS)
    y = np.linspace(0, axes.get_ylim()[1], POINTS)
    left = adjusted_slope(
        estimate, sensitivity.iid_error, sensitivity.residual_df, x[None], y[:, None]
    )
    levels = sorted(estimate * share for share in LEVELS)
    thin = axes.contour(x, y, left, levels=levels, colors=GREY, linewidths=0.8, linestyles="solid")
    heavy = axes.contour(x, y, left, levels=[0.0], colors=COLOURS["contradicted"], linewidths=2.2)
    axes.clabel(thin, fmt="%.2g", fontsize=10)
    axes.clabel(heavy, fmt="0", fontsize=10)


def _cycle(bounds: pd.DataFrame) -> list[str]:
    """One marker per benchmark, so that colour is not needed."""
    return [MARKERS[i % len(MARKERS)] for i in range(bounds["benchmark"].nunique())]


def _benchmark(axes: Axes, marker: str, name: str, points: pd.DataFrame) -> None:
    place = points[["partial_r2_term", "partial_r2_outcome"]].to_numpy()
    axes.plot(*place.T, marker, color=COLOURS["supported"], zorder=3)
    middle = axes.get_xlim()[1] / 2
    for multiple, at in zip(points["multiple"], place, strict=True):
        is_right = at[0] > middle  # its label goes to the left, so that it stays in the picture
        axes.annotate(
            f"{multiple} × {name}",
            at,
            (-6 if is_right else 6, 4),
            textcoords="offset points",
            ha="right" if is_right else "left",
            fontsize=10,
            bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
        )
