"""May sellers' answers stand for their team: likeness, agreement, and the licence to average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.frames import left_out, require_columns
from coaching_stats.results import COLUMNS, Shown, freeze
from coaching_stats.scales import ScaleItem, checked_answers, mean_score
from coaching_stats.teams import item_variances, likeness, rwgj
from coaching_stats.texts import number

TERMS = ("ICC1", "ICC2", "rwgj_uniform", "rwgj_skewed")
# Variance of answers that lean slightly to one side, by number of options.
SLIGHT_SKEW = {5: 1.34, 6: 1.85, 7: 2.90}
# Gate G4: below the first the team mean is refused, below the second it is doubtful.
ICC2_LIMITS = (0.40, 0.60)
AGREEMENT_LIMITS = (0.50, 0.70)
MOST_OPTIONS = 7  # more than these are counts or thermometers, without a null to agree against

Status = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Licence:
    """Whether a score may be averaged by team, and why.

    Attributes
    ----------
    status : {"pass", "warn", "fail"}
    reason : str
    """

    status: Status
    reason: str

    @property
    def is_granted(self) -> bool:
        """Whether the team mean may be used; with a warning, it may."""
        return self.status != "fail"

    def __bool__(self) -> bool:
        """Let ``if result.licence:`` read as it sounds."""
        return self.is_granted

    def __str__(self) -> str:
        """Give the answer and the reason in one sentence."""
        answers = {"pass": "yes", "warn": "yes, with care", "fail": "no"}
        return f"used at team level: {answers[self.status]} ({self.reason})"


@dataclass(frozen=True, eq=False, repr=False)
class Aggregation(Shown):
    """How far the members of a team answer alike.

    Attributes
    ----------
    estimate : ndarray, shape (4,)
        ICC1, ICC2, and the median over teams of rWG(J) against two nulls; nan where there is none.
    licence : Licence
    n, n_teams : int
        People with a score, and their teams.
    notes : tuple of str
    """

    estimate: np.ndarray
    licence: Licence
    n: int
    n_teams: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Set the array read-only."""
        freeze(self.estimate)

    def tidy(self) -> pd.DataFrame:
        """One row per coefficient, exactly ``COLUMNS``."""
        table = pd.DataFrame(np.nan, index=range(len(TERMS)), columns=list(COLUMNS))
        return table.assign(term=TERMS, estimate=self.estimate)

    def glance(self) -> pd.DataFrame:
        """One row: ``method, n_obs, n_clusters``."""
        method = "one-way analysis of variance, mean group size; rWG(J)"
        return pd.DataFrame({"method": [method], "n_obs": [self.n], "n_clusters": [self.n_teams]})


def aggregation(
    data: pd.DataFrame,
    items: Sequence[str],
    cluster: str,
    *,
    scale: tuple[int, int] = (1, 7),
) -> Aggregation:
    """Say whether the mean of a team's answers to a scale means anything.

    Parameters
    ----------
    data : DataFrame, one row per respondent
    items : sequence of str
        Columns of one scale, reversed items turned already.
    cluster : str
        Column that names the team.
    scale : (low, high)
        Ends of the answer scale; every whole number between them is an option.

    Returns
    -------
    Aggregation
        Terms ``ICC1`` (mean group size N / G), ``ICC2``, ``rwgj_uniform``, ``rwgj_skewed``
        (both the median over teams of two people or more); the verdict in ``.licence``.

    Raises
    ------
    DataError
        No such column, text, or answers outside the scale.
    DesignError
        Fewer than two teams, or no team with two people.

    Notes
    -----
    The licence is gate G4: refused with ICC2 below .40 or a median rWG(J) (uniform null) below .50,
    doubtful below .60 and .70. With more than seven options, as in counts, ICC2 decides alone.
    ICC are of the scale score, given at least half of the items; rWG(J) is of complete rows.

    References
    ----------
    Bliese (2000), in Klein & Kozlowski (eds.), Multilevel Theory, Research, and Methods in
    Organizations, 349-381; James, Demaree & Wolf (1984), Journal of Applied Psychology 69, 85-98;
    LeBreton & Senter (2008), Organizational Research Methods 11, 815-852, table 2.

    Examples
    --------
    >>> answers = pd.DataFrame({"team": list("aabbcc"), "x": [1, 2, 3, 4, 6, 7]})
    >>> alike = aggregation(answers.assign(y=[2, 2, 4, 3, 7, 6]), ["x", "y"], "team")
    >>> alike.tidy().set_index("term")["estimate"].round(3).to_dict()
    {'ICC1': 0.993, 'ICC2': 0.996, 'rwgj_uniform': 0.933, 'rwgj_skewed': 0.906}
    >>> print(alike.licence)
    used at team level: yes (ICC2 1.00, median rWG(J) 0.93)
    """
    low, high = _checked_scale(scale)
    answers = checked_answers(data, [ScaleItem(name, False, low, high) for name in items])
    require_columns(data, [cluster])
    team, _ = pd.factorize(data[cluster])
    score = mean_score(answers)
    has_team, has_score = team >= 0, ~np.isnan(score)
    kept = has_team & has_score
    alike = likeness(score[kept], team[kept])
    complete = has_team & ~np.isnan(answers).any(axis=1)
    if not complete.all():
        answers, team = answers[complete], team[complete]
    variances = item_variances(answers, team)
    n_options = high - low + 1
    uniform, skewed = _median_agreement(variances, n_options)
    notes = (
        left_out(int((~has_team).sum()), f"no {cluster}"),
        left_out(int((has_team & ~has_score).sum()), "fewer than half of the items answered"),
        _counted(int(kept.sum() - complete.sum()), "row", "with a gap: in the ICC, not in rWG(J)"),
        _counted(alike.n_teams - len(variances), "team", "without two complete answers: no rWG(J)"),
        "" if n_options in SLIGHT_SKEW else f"no skewed null is known for {n_options} options",
        _against(answers, items),
    )
    return Aggregation(
        estimate=np.array([alike.icc1, alike.icc2, uniform, skewed]),
        licence=licence_of(alike.icc2, uniform if n_options <= MOST_OPTIONS else None),
        n=alike.n,
        n_teams=alike.n_teams,
        notes=tuple(note for note in notes if note),
    )


def _counted(n: int, what: str, why: str) -> str:
    """Return a note on some rows or teams, empty where there are none."""
    return f"{n} {what}{'' if n == 1 else 's'} {why}" if n else ""


def _checked_scale(scale: tuple[int, int]) -> tuple[int, int]:
    low, high = scale
    if not (float(low).is_integer() and float(high).is_integer() and low < high):
        raise DataError(
            explain(
                what=f"the scale {scale} does not run from a whole number to a higher one",
                remedy="give its two ends, for example scale=(1, 7)",
            )
        )
    return int(low), int(high)


def _median_agreement(variances: np.ndarray, n_options: int) -> tuple[float, float]:
    """Median rWG(J) over teams against the uniform and the slightly skewed null."""
    if not len(variances):
        return np.nan, np.nan
    nulls = (n_options**2 - 1) / 12, SLIGHT_SKEW.get(n_options, np.nan)
    uniform, skewed = (float(np.median(rwgj(variances, null))) for null in nulls)
    return uniform, skewed


def _against(answers: np.ndarray, items: Sequence[str]) -> str:
    """Name the items (complete rows) that run against the sum of the others: not turned, mostly."""
    if len(answers) < 2:
        return ""
    products = np.atleast_2d(np.cov(answers, rowvar=False))
    with_rest = products.sum(axis=1) - np.diag(products)
    against = [name for name, product in zip(items, with_rest, strict=True) if product < 0]
    if not against:
        return ""
    return f"runs against the other items: {first_ten(against)}; turn reversed items first"


def licence_of(icc2: float, agreement: float | None) -> Licence:
    """Apply gate G4; agreement None where the scale has no null to agree against."""
    limits = {"ICC2": (icc2, *ICC2_LIMITS)}
    if agreement is not None:
        limits["median rWG(J)"] = (agreement, *AGREEMENT_LIMITS)
    reasons, statuses = [], []
    for name, (value, fails_below, warns_below) in limits.items():
        fails, warns = not value >= fails_below, not value >= warns_below
        statuses.append("fail" if fails else "warn" if warns else "pass")
        bound = fails_below if fails else warns_below
        reasons.append(f"{name} {number(value, 'en')}" + (f", below {bound:.2f}" if warns else ""))
    if agreement is None:
        reasons.append(f"more than {MOST_OPTIONS} options: ICC2 decides alone")
    worst = next(s for s in ("fail", "warn", "pass") if s in statuses)
    return Licence(worst, "; ".join(reasons) if worst != "pass" else ", ".join(reasons))
