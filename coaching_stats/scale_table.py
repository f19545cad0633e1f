"""One row per measured score: size, mean, reliability, likeness within teams."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError
from coaching_stats.hypotheses import SUFFIX, Study
from coaching_stats.instrument import load_instrument
from coaching_stats.published_figures import published_figures
from coaching_stats.scales import COUNTS, SINGLE, alpha
from coaching_stats.study import Run
from coaching_stats.teams import likeness
from coaching_stats.texts import texts


def scale_table(run: Run) -> pd.DataFrame:
    """Describe every measured score.

    Parameters
    ----------
    run : Run

    Returns
    -------
    DataFrame
        ``item, n, mean, suppressed`` as published, with ``alpha``, ``icc1`` and ``icc2``, nan where
        they do not exist.
    """
    published = published_figures(run)
    overall = published[published["table"] == "scales"].reset_index(drop=True)
    likenesses = [_likeness(run, item) for item in overall["item"]]
    return overall[["item", "n", "mean", "suppressed"]].assign(
        alpha=[_alpha(run, item) for item in overall["item"]],
        icc1=[pair[0] for pair in likenesses],
        icc2=[pair[1] for pair in likenesses],
    )


def unit(study: Study, column: str, language: str) -> str:
    """In what a score is measured: by its questions, the study file, or the kind of record.

    Parameters
    ----------
    study : Study
    column : str
        Such as ``SPR_s``.
    language : {"en", "fi"}

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> [unit(load_study(), column, "en") for column in ("SPR_s", "CFRQ_m", "TRN_m", "TEN_r")]
    ['points 1 to 7', 'log (one + number of talks)', 'hours', 'years']
    """
    said = texts(language)["units"]
    key, _, suffix = column.rpartition("_")
    if suffix == SUFFIX["records"]:
        return said["records"].get(key, said["recorded"])
    asked = (i for i in load_instrument().items if (i.construct, SUFFIX[i.form]) == (key, suffix))
    first, scale = next(asked, None), study.constructs[key].scale
    if scale is None and first is None:
        return said["recorded"]
    if first is not None and key in (*COUNTS, *SINGLE):
        what = first.anchors_fi if language == "fi" else first.anchors_en
        return said["log_count"].format(what=what) if key in COUNTS else what
    low, high = scale or (first.scale_min, first.scale_max)
    return said["points"].format(low=f"{low:g}", high=f"{high:g}")


def _alpha(run: Run, column: str) -> float:
    items = run.panel.items.get(column)
    return alpha(items.values) if items is not None else np.nan


def _likeness(run: Run, column: str) -> tuple[float, float]:
    sellers = run.panel.sellers
    if column not in sellers or not column.endswith("_s"):
        return np.nan, np.nan
    values = sellers[column].to_numpy(dtype=float, na_value=np.nan)
    try:
        alike = likeness(values, sellers["team_id"].to_numpy())
    except DesignError:  # one team, or nobody shares one
        return np.nan, np.nan
    return alike.icc1, alike.icc2
