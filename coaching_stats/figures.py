"""Results to axes: one call, one figure, a title that states the finding."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coaching_stats.figure_numbers import verdict_counts
from coaching_stats.group_figures import MEAN_DIGITS, TeamPicture, team_picture
from coaching_stats.judgement import Verdict
from coaching_stats.published_figures import shown_picture
from coaching_stats.results import t_quantile
from coaching_stats.study import Run
from coaching_stats.texts import texts
from coaching_stats.wording import gate_list

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito (2008): told apart by colour-blind readers; markers tell them apart without colour.
COLOURS = {
    "supported": "#0072B2",
    "contradicted": "#D55E00",
    "inconclusive": "#5F5F5F",
    "not testable": "#5F5F5F",
}
MARKERS = {"supported": "o", "contradicted": "X", "inconclusive": "s", "not testable": ""}
INK, GREY, SOFT = "#222222", "#5F5F5F", "#BBBBBB"
WIDTH = 7.5  # inches
NARROW = 5.0  # inches: text keeps its size on a phone
LINE = 0.2  # inches, one line of text
LABEL = 50  # characters of a label in a narrow figure
DPI = 72  # on screens; the report draws vectors, and notebooks stay small
WIDEST = 1.5  # standard deviations shown to either side; longer intervals run off the picture


def new_axes(height: float, width: float = WIDTH) -> Axes:
    """One empty Axes in the house style, `height` and `width` in inches."""
    import matplotlib.pyplot as plt  # half a second that only pictures should cost

    _, axes = plt.subplots(figsize=(width, height), dpi=DPI, layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def finish(
    axes: Axes, *, title: str, language: str, x: str = "", y: str = "", caption: str = ""
) -> Axes:
    """Set title, labels, numbers and caption: what every figure has in common."""
    width = axes.figure.get_size_inches()[0]
    axes.figure.suptitle(
        fill(title, int(9 * width)), x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK
    )
    axes.set_xlabel(fill(x, int(10.5 * width)), fontsize=10)
    axes.set_ylabel(fill(y, 38), fontsize=10)
    axes.tick_params(labelsize=10)
    if language == "fi":
        _decimal_commas(axes)
    axes.figure.supxlabel(
        fill(caption, int(13 * width)),
        x=0.01,
        ha="left",
        fontsize=10,
        color="#555555",
        style="italic",
    )
    return axes


def _decimal_commas(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, ScalarFormatter

    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_formatter(), ScalarFormatter):
            axis.set_major_formatter(
                FuncFormatter(lambda value, _: f"{value:.4g}".replace("-", "−").replace(".", ","))
            )


def in_words(axes: Axes, message: str) -> Axes:
    """An empty figure that says why there is nothing to show."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, fill(message, 60), ha="center", va="center", fontsize=11)
    return axes


def caption_of(run: Run, text: str, language: str) -> str:
    """Caption; simulated data are called simulated first."""
    if not run.source.is_simulated:
        return text
    return f"{texts(language)['simulated']}. {text}".strip()


def plot_association(run: Run, hypothesis: str | None = None, *, language: str = "en") -> Axes:
    """Draw predictor and outcome with the team as the unit, no group below the promised minimum.

    Parameters
    ----------
    run : Run
    hypothesis : str, optional
        Id; the first slope between teams when not given.
    language : {"en", "fi"}

    Returns
    -------
    Axes
        Points are means of groups of teams with 95 % intervals; the line is fitted to the teams.
        A sentence where the points or the line would tell what is suppressed.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> data, study = "data/published/lq2002.csv", "data/published/lq2002.study.yml"
    >>> plot_association(run_study(data, study=study)).get_xlabel()
    'Leadership climate, team mean (z-score)'
    """
    said = texts(language)["figures"]
    picture = shown_picture(run, hypothesis)
    if picture is None:
        return _hidden(run, hypothesis, language)
    axes = new_axes(4.6)
    names = [run.study.name(key, language) for key in (picture.predictor, picture.outcome)]
    if picture.n_groups < 2:
        return in_words(axes, said["too_few_teams"])
    means = group_means(picture.x, picture.y, picture.group)
    width = means["x"].max() - means["x"].min()  # the teams' own extremes stay hidden
    axes.set_xlim(means["x"].min() - 0.1 * width, means["x"].max() + 0.1 * width)
    axes.errorbar(
        means["x"], means["y"], yerr=means["margin"], fmt="o", ms=7, color=INK, ecolor=SOFT, lw=2
    )
    size = int(np.bincount(picture.group).min())
    caption = said["association_caption"].format(smallest=size, teams=len(picture.x))
    if picture.verdict.legs:  # no estimate of what is not testable
        _draw_line(axes, picture, run.seed)
        caption = f"{caption} {said['association_line']}"
    return finish(
        axes,
        title=_direction(picture, names, language),
        x=said["association_x"].format(x=names[0]),
        y=names[1] if picture.column.endswith("_r") else said["association_y"].format(y=names[1]),
        caption=caption_of(run, caption, language),
        language=language,
    )


def _hidden(run: Run, hypothesis: str | None, language: str) -> Axes:
    """No mark of an association that would tell what is suppressed, but why."""
    said = texts(language)["figures"]
    whole = team_picture(run, hypothesis)
    x, y = (run.study.name(key, language) for key in (whole.predictor, whole.outcome))
    why = "too_few_teams" if run.earlier is None else "association_hidden"
    axes = in_words(new_axes(4.6), said[why])
    title = said["association_title"]["hidden"].format(x=x, y=y)
    return finish(axes, title=title, caption=caption_of(run, "", language), language=language)


def _draw_line(axes: Axes, picture: TeamPicture, seed: int) -> None:
    """Least-squares line through the teams with its 95 % band; the teams themselves stay hidden."""
    import seaborn as sns

    colour = COLOURS["supported"]
    sns.regplot(
        x=picture.x,
        y=picture.y,
        scatter=False,
        truncate=False,
        ax=axes,
        seed=seed,
        color=colour,
    )


def group_means(x: np.ndarray, y: np.ndarray, group: np.ndarray) -> pd.DataFrame:
    """Mean of x and y by group, half the 95 % interval of the mean of y: rounded as published."""
    rows = []
    for g in range(int(group.max()) + 1):
        inside = group == g
        n = int(inside.sum())
        margin = t_quantile(0.975, n - 1) * y[inside].std(ddof=1) / np.sqrt(n)
        rows.append({"x": x[inside].mean(), "y": y[inside].mean(), "margin": float(margin)})
    return pd.DataFrame(rows).round(MEAN_DIGITS)


def _direction(picture: TeamPicture, names: list[str], language: str) -> str:
    """Title: more, less or no clear relation, by the interval of the plain correlation."""
    patterns = texts(language)["figures"]["association_title"]
    r = float(np.corrcoef(picture.x, picture.y)[0, 1])
    is_clear = abs(r) > 2 / np.sqrt(len(picture.x))
    kind = "unclear" if not is_clear else "positive" if r > 0 else "negative"
    if not picture.verdict.legs:
        kind = "untested"
    return patterns[kind].format(x=names[0], y=names[1])


def plot_verdicts(run: Run, *, language: str = "en") -> Axes:
    """Draw every prediction: its estimate in the predicted direction, and its verdict.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}

    Returns
    -------
    Axes

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> plot_verdicts(run_study("data/one_client")).figure.get_suptitle()
    '0 of 18 predictions supported, 0 contradicted'
    """
    said = texts(language)["figures"]
    judged = run.verdicts.judged
    labels = [_label(verdict, language) for verdict in judged]
    n_lines = [label.count("\n") + 1 for label in labels]
    rows = np.cumsum([lines + 1.6 for lines in n_lines])  # a label, its interval, a gap
    axes = new_axes(2.3 + LINE * rows[-1], NARROW)
    side = axes.get_yaxis_transform()
    for row, lines, label, verdict in zip(rows, n_lines, labels, judged, strict=True):
        text = axes.text(0, row - 0.5 - lines, label, transform=side, va="top", fontsize=10)
        text.set_in_layout(False)  # it may run on over the verdict's column
        _draw_verdict(axes, row, verdict)
        grade = f" ({verdict.grade})" if verdict.legs else ""
        axes.text(
            1.02,
            row,
            verdict.word(language) + grade,
            transform=side,
            va="center",
            fontsize=10,
            color=_colour(verdict),
        )
        if not verdict.legs:
            why = gate_list(verdict.gates, language)
            axes.text(0.5, row, why, transform=side, ha="center", va="center", color=GREY)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(rows[-1] + 0.8, 0)
    low, high = axes.get_xlim()
    axes.set_xlim(max(min(low, -0.4), -WIDEST), min(max(high, 0.4), WIDEST))
    title = said["verdicts_title"].format(**verdict_counts(judged))
    caption = caption_of(run, said["verdicts_caption"], language)
    return finish(axes, title=title, x=said["verdicts_x"], caption=caption, language=language)


def _draw_verdict(axes: Axes, row: float, verdict: Verdict) -> None:
    if not verdict.legs:
        return
    judged = verdict.legs[verdict.deciding]
    sign = -1.0 if judged.leg.expected_sign == "negative" else 1.0
    low, high = sorted(sign * end for end in judged.evidence.intervals[0.95])
    colour = _colour(verdict)
    axes.plot([0, 0], [row - 0.55, row + 0.55], color=SOFT, lw=1, zorder=0)
    for end, arrow in ((low, "<"), (high, ">")):
        if abs(end) > WIDEST:
            axes.plot(np.copysign(WIDEST, end), row, arrow, color=colour, ms=6, clip_on=False)
    axes.plot([low, high], [row, row], color=colour, lw=2, solid_capstyle="butt")
    axes.plot(sign * judged.evidence.estimate, row, _marker(verdict), color=colour, ms=8)
    sesoi = [judged.leg.sesoi]
    if judged.leg.expected_sign == "zero":
        sesoi.append(-judged.leg.sesoi)
    axes.plot(sesoi, [row] * len(sesoi), "D", mfc="none", mec=INK, ms=5, lw=0)


def _label(verdict: Verdict, language: str) -> str:
    hypothesis = verdict.hypothesis
    title = hypothesis.title_fi if language == "fi" else hypothesis.title
    return fill(f"{hypothesis.id}  {title}", LABEL)


def _colour(verdict: Verdict) -> str:
    return GREY if verdict.is_exploratory else COLOURS[verdict.verdict]


def _marker(verdict: Verdict) -> str:
    return "s" if verdict.is_exploratory else MARKERS[verdict.verdict]
