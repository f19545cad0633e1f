"""What stands behind a verdict, as pictures: residuals, the links of a chain, estimators."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coaching_stats.figure_numbers import chain_links, judged_equations, weakest
from coaching_stats.figures import (
    COLOURS,
    INK,
    SOFT,
    caption_of,
    finish,
    group_means,
    in_words,
    new_axes,
)
from coaching_stats.group_figures import (
    MOST_GROUPS,
    shown_chain,
    team_picture,
)
from coaching_stats.models import chain_of
from coaching_stats.privacy import equal_groups
from coaching_stats.study import Run
from coaching_stats.texts import number, texts
from coaching_stats.wording import term_name
from coaching_stats.workbench import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_residuals(run: Run, hypothesis: str | None = None, *, language: str = "en") -> Axes:
    """Draw mean residuals by fitted value: a bend would say that a line is not enough.

    Parameters
    ----------
    run : Run
    hypothesis : str, optional
        Id; the first slope between teams when not given.
    language : {"en", "fi"}

    Returns
    -------
    Axes

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> data, study = "data/published/lq2002.csv", "data/published/lq2002.study.yml"
    >>> plot_residuals(run_study(data, study=study)).get_ylabel()
    'Residual (z-score)'
    """
    said = texts(language)["figures"]
    axes = new_axes(4.2)
    verdict = team_picture(run, hypothesis).verdict
    if not verdict.legs:
        return in_words(axes, said["not_testable"])
    equation = judged_equations(run, verdict)[0]
    fitted = equation.x @ np.linalg.lstsq(equation.x, equation.y, rcond=None)[0]
    residual = equation.y - fitted
    group = equal_groups(fitted, run.study.minimum_group, MOST_GROUPS)
    if group.max() < 1:
        return in_words(axes, said["too_few_teams"])
    means = group_means(fitted, residual, group)
    axes.axhline(0, color=SOFT, lw=1)
    axes.errorbar(
        means["x"], means["y"], yerr=means["margin"], fmt="o", ms=7, color=INK, ecolor=SOFT, lw=2
    )
    outside = int((means["y"].abs() > means["margin"]).sum())
    size = int(np.bincount(group).min())
    caption = said["residuals_caption"].format(smallest=size, teams=len(fitted))
    return finish(
        axes,
        title=said["residuals_title"].format(outside=outside, groups=len(means)),
        x=said["residuals_x"],
        y=said["residuals_y"],
        caption=caption_of(run, caption, language),
        language=language,
    )


def plot_chain(run: Run, hypothesis: str | None = None, *, language: str = "en") -> Axes:
    """Draw the links of a chain: standardised slopes with 95 % intervals.

    Parameters
    ----------
    run : Run
    hypothesis : str, optional
        Id of an indirect hypothesis; the first one when not given.
    language : {"en", "fi"}

    Returns
    -------
    Axes

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> data, study = "data/published/lq2002.csv", "data/published/lq2002.study.yml"
    >>> plot_chain(run_study(data, study=study)).figure.get_suptitle()
    'Weakest link: Task significance → Hostility (−0.17)'
    """
    said = texts(language)["figures"]
    axes = new_axes(3.6)
    name = hypothesis or shown_chain(run)
    if name is None or not run.verdicts[name].legs:
        return in_words(axes, said["not_testable"])
    verdict = run.verdicts[name]
    chain = chain_of(verdict.legs[0].leg)
    found = chain_links(run, verdict)
    labels = [
        f"{fill(run.study.name(a, language), 26)}\n→ {fill(run.study.name(b, language), 26)}"
        for a, b in pairwise(chain)
    ]
    rows = np.arange(len(found))[::-1]
    for row, link in zip(rows, found, strict=True):
        low, high = link.interval(0.95)
        axes.plot([low, high], [row, row], color=INK, lw=2)
        axes.plot(link.value, row, "o", color=COLOURS["supported"], ms=8)
        axes.annotate(
            number(link.value, language),
            (link.value, row),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=10,
        )
    axes.axvline(0, color=SOFT, lw=1)
    axes.set_yticks(rows, labels)
    axes.set_ylim(-0.6, len(found) - 0.3)
    start = weakest(found)
    names = [run.study.name(key, language) for key in chain[start : start + 2]]
    return finish(
        axes,
        title=said["chain_title"].format(
            x=names[0], y=names[1], estimate=number(found[start].value, language)
        ),
        x=said["chain_x"],
        caption=caption_of(run, "", language),
        language=language,
    )


def plot_slopes(run: Run, comparison: Comparison, *, language: str = "en") -> Axes:
    """Draw the same slopes by several estimators, beside each other.

    Parameters
    ----------
    run : Run
        Where the data come from.
    comparison : Comparison
        As `compare_estimators` returns it.
    language : {"en", "fi"}

    Returns
    -------
    Axes

    Examples
    --------
    >>> from coaching_stats.answers import load_sample
    >>> from coaching_stats.study import run_study
    >>> from coaching_stats.workbench import compare_estimators
    >>> companies = load_sample("lq2002")
    >>> compared = compare_estimators("HOSTILE ~ LEAD + TSIG", companies, cluster="COMPID")
    >>> run = run_study(companies, study="data/published/lq2002.study.yml")
    >>> [label.get_text() for label in plot_slopes(run, compared).get_yticklabels()]
    ['Leadership climate', 'Task significance']
    """
    said = texts(language)["figures"]
    tables = comparison.tables
    first = next(iter(tables.values()))
    terms = [term for term in first["term"] if term != "Intercept"]
    axes = new_axes(0.9 + 0.75 * len(terms))
    colours = ("#0072B2", "#D55E00", "#009E73", "#6E6E6E")
    for place, (name, table) in enumerate(tables.items()):
        rows = table.set_index("term").loc[terms]
        y = np.arange(len(terms))[::-1] + 0.22 * (len(tables) - 1) / 2 - 0.22 * place
        error = [rows["estimate"] - rows["conf_low"], rows["conf_high"] - rows["estimate"]]
        axes.errorbar(
            rows["estimate"], y, xerr=error, fmt="osD^"[place], color=colours[place], label=name
        )
    axes.axvline(0, color=SOFT, lw=1)
    axes.set_yticks(
        np.arange(len(terms))[::-1],
        [fill(term_name(term, run.study, language), 34) for term in terms],
    )
    axes.legend(frameon=False, fontsize=10, loc="best")
    return finish(
        axes,
        title=_agreement(tables, terms, language),
        x=said["slopes_x"],
        caption=caption_of(run, "", language),
        language=language,
    )


def _agreement(tables: Mapping[str, pd.DataFrame], terms: list[str], language: str) -> str:
    """Title: whether the estimators agree on the slopes, to the two decimals that are shown."""
    said = texts(language)["figures"]["slopes_title"]
    slopes = pd.concat(
        [t.set_index("term").loc[terms, "estimate"] for t in tables.values()], axis=1
    )
    gap = float((slopes.max(axis=1) - slopes.min(axis=1)).max())
    return said["same"] if gap < 0.005 else said["differ"].format(gap=number(gap, language))
