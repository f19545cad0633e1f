"""The estimate without each cluster, as dots: whether one of them carries the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coaching_stats.errors import DesignError, explain, first_ten, nearest
from coaching_stats.figures import COLOURS, GREY, SOFT, finish, new_axes
from coaching_stats.fitted import Regression
from coaching_stats.texts import number, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_influence(
    fit: Regression, term: str, *, name: str | None = None, language: str = "en"
) -> Axes:
    """Draw a slope without each cluster in turn, in order of size.

    Parameters
    ----------
    fit : Regression
        With a cluster: the team, for leaving out one team at a time.
    term : str
    name : str, optional
        What the picture calls the term.
    language : {"en", "fi"}

    Returns
    -------
    Axes
        One dot per cluster, without its label: a dot next to a name would tell what the few people
        behind it answered. The line is the estimate from all, the band its interval.

    Raises
    ------
    DesignError
        A fit without clusters, or without such a term.

    Notes
    -----
    The picture finds one cluster that carries a result. Two that mask each other pass unseen.

    Examples
    --------
    >>> from coaching_stats.regression import regress
    >>> from coaching_stats.answers import load_sample
    >>> data = load_sample("attitude").assign(department=range(30))
    >>> fit = regress("rating ~ complaints", data, cluster="department")
    >>> plot_influence(fit, "complaints").get_xlabel()
    'Slope of “complaints” without one of the 30'
    """
    if term not in fit.terms:
        raise DesignError(
            explain(
                what=f"the fit has no term {term!r}{nearest(term, fit.terms)}",
                where=f"terms: {first_ten(fit.terms)}",
                remedy="name one of these",
            )
        )
    said, name = texts(language)["influence"], name or term
    row = fit.tidy().set_index("term").loc[term]
    without = np.sort(fit.influence().tidy()[term].dropna().to_numpy())
    axes = new_axes(4.0)
    axes.axvspan(row["conf_low"], row["conf_high"], color=SOFT, alpha=0.35, lw=0)
    axes.axvline(row["estimate"], color=GREY, lw=1.2)
    axes.axvline(0, color=COLOURS["contradicted"], lw=1.2, ls="--")
    axes.plot(without, np.arange(len(without)), "o", ms=4, color=COLOURS["supported"])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    shown = [number(value, language) for value in (row["estimate"], without[0], without[-1])]
    turns = np.sign(without).min() != np.sign(without).max()
    return finish(
        axes,
        title=said["turns" if turns else "stays"].format(
            name=name, estimate=shown[0], low=shown[1], high=shown[2]
        ),
        x=said["x"].format(name=name, n=len(without)),
        caption=said["caption"],
        language=language,
    )
