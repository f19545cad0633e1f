"""The error matrix as a heat map: what is said in which world, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coaching_stats.calibration import THEORY, WHOLE, Calibration, per_cent
from coaching_stats.texts import texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DARK = 0.55  # share above which white figures are easier to read


def plot_calibration(
    calibration: Calibration,
    *,
    hypothesis: str = THEORY,
    language: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how often each verdict comes up in each world.

    Parameters
    ----------
    calibration : Calibration
    hypothesis : str
        Id of a hypothesis; the theory as a whole when not given.
    language : {"en", "fi"}
    ax : Axes, optional

    Returns
    -------
    Axes
        One row per world, one column per verdict, per cent of the surveys in the cells.

    Raises
    ------
    ValueError
        Another language, or a hypothesis that was not calibrated.

    Examples
    --------
    >>> from coaching_stats.error_rates import nearest_error_rates
    >>> from coaching_stats.survey_design import Design
    >>> rates = nearest_error_rates(Design(1, 20, 9))
    >>> len(plot_calibration(rates).get_yticklabels())  # one for each world
    7
    """
    import matplotlib.pyplot as plt

    table = calibration.tidy()
    of_one = table[table["hypothesis"] == hypothesis]
    if of_one.empty:
        raise ValueError(f"no hypothesis {hypothesis!r} in this calibration")
    shares = of_one.pivot(index="world", columns="verdict", values="share")
    worlds = list(dict.fromkeys(of_one["world"]))
    verdicts = [v for v in WHOLE if v in shares] + [v for v in shares if v not in WHOLE]
    values = shares.loc[worlds, verdicts].to_numpy()
    said = texts(language)["calibration"]
    if ax is None:
        _, ax = plt.subplots(figsize=(8.2, 1.6 + 0.45 * len(worlds)), layout="constrained")
    ax.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(values):
        ax.text(
            column,
            row,
            per_cent(share),
            ha="center",
            va="center",
            color="white" if share > DARK else "black",
        )
    ax.set_xticks(range(len(verdicts)), [said["verdicts"][v] for v in verdicts])
    ax.set_yticks(range(len(worlds)), [said["worlds"][w] for w in worlds])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.xaxis.tick_top()
    of = said["whole"] if hypothesis == THEORY else hypothesis
    ax.figure.suptitle(said["title"].format(of=of, design=calibration.design), fontsize=12)
    ax.figure.supxlabel(said["caption"].format(n=calibration.n_sim), fontsize=9)
    return ax
