"""The same manager under two processes, and the same process under two managers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.measured import Measured
from coaching_stats.results import COLUMNS, Table, t_quantile, two_sided_p
from coaching_stats.study import Run

PROCESSES = {
    "sales": ("process_version_sales", "SPR_s"),
    "leadership": ("process_version_lead", "LPR_s"),
}
OUTCOMES = ("WTC_m", "SWC_s")
SKILL = "SKL_s"
SAME_MANAGER, SAME_PROCESS = "same manager", "same process"
FEWEST = 2  # units, without which a mean difference has no error
ROUNDING = 1e-12  # scale points


@dataclass(frozen=True)
class _Design:
    """Teams of one unit (a manager, a process) that differ in level (processes, managers)."""

    comparison: str
    process: str
    unit: str
    level: str
    score: str  # orders the levels: rigidity of processes, skill of managers


def within_managers(run: Run, *, conf_level: float = 0.95) -> Table:
    r"""Compare willingness within managers between processes, and within processes.

    A manager who leads teams under two processes is the same person in both, so a difference
    between these teams is not one between people. For each such manager, :math:`d_i` is the mean
    outcome of the teams under the processes that are more rigid than the manager's own mean of
    them, minus that of the others; the estimate is the mean over managers, with the paired t
    test. Likewise within each process, for teams of managers of more and of less skill.

    Parameters
    ----------
    run : Run
        Its teams name ``manager_id`` and ``process_version_sales`` or ``process_version_lead``.
    conf_level : float

    Returns
    -------
    Table
        ``COLUMNS``, then ``outcome, comparison, process, n_units, n_teams``; scale points. One row
        per outcome, comparison and process that has two managers (or processes) to compare;
        where none has, a note says so.

    Notes
    -----
    The rigidity of a process and the skill of a manager are means of all their teams as sellers
    rate them: they say which is higher, and their size is not used. Managers are not sent to
    processes by lot, so teams may differ in other ways; and sellers who rate both skill and their
    own willingness share their mood with both, which can make a difference within processes.
    Differences of single managers are not shown.

    References
    ----------
    Student (1908), Biometrika 6, 1-25, for the paired test; with one team on either side it is
    the regression with a constant for each manager and CR2 errors: Bell & McCaffrey (2002),
    Survey Methodology 28, 169-181.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> found = within_managers(run_study("data/one_client"))
    >>> found.notes[0]
    'same manager: no two managers lead under several sales processes'
    """
    measured = Measured(run.panel, run.study, np.empty((0, 0), dtype=bool))
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    for design in _designs():
        found = list(_compared(measured, design, conf_level))
        rows += [row for row in found if not isinstance(row, str)]
        notes += [row for row in found if isinstance(row, str)]
    columns = [*COLUMNS, "outcome", "comparison", "process", "n_units", "n_teams"]
    return Table(pd.DataFrame(rows, columns=columns), tuple(dict.fromkeys(notes)))


def _designs() -> Iterator[_Design]:
    for process, (version, rigidity) in PROCESSES.items():
        yield _Design(SAME_MANAGER, process, "manager_id", version, rigidity)
    for process, (version, _) in PROCESSES.items():
        yield _Design(SAME_PROCESS, process, version, "manager_id", SKILL)


def _compared(
    measured: Measured, design: _Design, conf_level: float
) -> Iterator[dict[str, object] | str]:
    """Rows of one design, or a note why there is none."""
    teams = measured.panel.teams
    if design.unit not in teams or design.level not in teams:
        yield f"{design.comparison}: {design.process} processes of the teams are not recorded"
        return
    if not measured.panel.varies(design.score):
        yield f"{design.comparison}: {design.score} orders what is compared, and was not measured"
        return
    several = teams.dropna(subset=[design.unit, design.level])
    n_several = int((several.groupby(design.unit)[design.level].nunique() > 1).sum())
    if n_several < FEWEST:
        yield _nobody(design)
        return
    for outcome in OUTCOMES:
        if measured.panel.varies(outcome):
            yield _row(_differences(measured, design, outcome), design, outcome, conf_level)


def _nobody(design: _Design) -> str:
    if design.comparison == SAME_MANAGER:
        return f"{SAME_MANAGER}: no two managers lead under several {design.process} processes"
    return f"{SAME_PROCESS}: no two {design.process} processes are led by several managers"


def _differences(measured: Measured, design: _Design, outcome: str) -> pd.DataFrame:
    """Difference of each unit between its higher and its lower levels, and its teams."""
    teams = measured.panel.teams
    frame = pd.DataFrame(
        {
            "unit": teams[design.unit],
            "level": teams[design.level],
            "score": measured.team_values(design.score),
            "outcome": measured.team_values(outcome),
        }
    )
    if outcome.endswith("_s") and outcome in measured.panel.sellers:
        frame = frame[measured.usable_team]
    frame = frame.assign(score=frame.groupby("level")["score"].transform("mean")).dropna()
    cells = frame.groupby(["unit", "level"], as_index=False).agg(
        score=("score", "first"), outcome=("outcome", "mean"), n_teams=("outcome", "size")
    )
    gap = cells["score"] - cells.groupby("unit")["score"].transform("mean")
    cells = cells.assign(is_higher=gap > ROUNDING)[gap.abs() > ROUNDING]
    sides = cells.pivot_table(index="unit", columns="is_higher", values="outcome", aggfunc="mean")
    sides = sides.reindex(columns=[False, True]).dropna()
    n_teams = cells.groupby("unit")["n_teams"].sum().reindex(sides.index)
    return pd.DataFrame({"difference": sides[True] - sides[False], "n_teams": n_teams})


def _row(
    found: pd.DataFrame, design: _Design, outcome: str, conf_level: float
) -> dict[str, object] | str:
    """Paired t test over the units."""
    n = len(found)
    name = outcome[:-2]
    if n < FEWEST:
        return f"{design.comparison}: {name} is known of too few on both sides"
    difference = found["difference"].to_numpy()
    mean, std_error = float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(n))
    if not std_error > ROUNDING:
        return f"{design.comparison}: {name} differs by {mean:.2g} in all of them, so no test"
    margin = float(t_quantile((1 + conf_level) / 2, n - 1)) * std_error
    which = "more rigid" if design.comparison == SAME_MANAGER else "more skilled"
    numbers = {
        "term": f"{name}: {which}, {design.comparison} ({design.process})",
        "estimate": mean,
        "std_error": std_error,
        "statistic": mean / std_error,
        "df": float(n - 1),
        "p_value": float(two_sided_p(mean / std_error, n - 1)),
        "conf_low": mean - margin,
        "conf_high": mean + margin,
    }
    return {
        **numbers,
        "outcome": name,
        "comparison": design.comparison,
        "process": design.process,
        "n_units": n,
        "n_teams": int(found["n_teams"].sum()),
    }
