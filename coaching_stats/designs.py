"""The design of a user's own data, and the cheapest design that could answer the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coaching_stats.calibration import Design, calibrate, checked_design
from coaching_stats.errors import DesignError, explain
from coaching_stats.hypotheses import Study
from coaching_stats.latent import worlds_file
from coaching_stats.measurement import Conditions
from coaching_stats.panel import Panel
from coaching_stats.results import Table
from coaching_stats.rules import SUPPORTED
from coaching_stats.scales import alpha

TRUE_WORLD = "theory"
# Firms × teams per firm × sellers per team, with or without a second source and a second wave.
GRID = tuple(
    Design(firms, teams, sellers, waves=waves, managers=managers)
    for (firms, teams), sellers, managers, waves in product(
        ((24, 1), (8, 3), (60, 1), (20, 3), (100, 1), (40, 3), (50, 3)),
        (8, 12),
        (True, False),
        (1, 2),
    )
)


def design_of(panel: Panel) -> Design:
    r"""Design of the survey that a panel came from, to be simulated.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    Design
        Firms as they are; teams per firm and invited sellers per team as whole means; response
        rates, item loadings and the share of gaps as measured. An unknown response rate is the
        usual one.

    Notes
    -----
    Teams of equal size stand for unequal ones. A loading is taken from alpha by
    :math:`\lambda^2 = \alpha / (k - (k - 1) \alpha)`, the inverse of the Spearman-Brown
    formula, so it is that of equally good items.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> print(design_of(run_study("data/one_client").panel))
    1 × 12 × 10
    """
    teams = panel.teams
    firms = int(teams["firm_id"].nunique())
    invited = float(teams["n_invited"].mean()) if panel.has_response_rates else np.nan
    responded = float(teams["n_sellers"].mean())
    usual = Conditions()
    rate = responded / invited if invited > 0 else usual.seller_response
    answered = [c for c in teams if c.endswith("_m") and c != "TRN_m"]
    share = float(teams[answered].notna().any(axis=1).mean()) if answered else 0.0
    gaps = [
        np.isnan(items.values[~np.isnan(items.values).all(axis=1)])
        for items in panel.items.values()
    ]
    missing = float(np.mean([gap.mean() for gap in gaps if gap.size])) if gaps else 0.0
    return Design(
        firms=firms,
        teams=max(1, round(len(teams) / firms)),
        sellers=max(2, round(responded / rate)),
        managers=bool(answered),
        conditions=Conditions(
            seller_response=round(min(1.0, rate), 3),
            manager_response=round(share, 3) if answered else usual.manager_response,
            loading=_loadings(panel),
            missing=round(missing, 4),
        ),
    )


def _loadings(panel: Panel) -> dict[str, float]:
    """Loading of equally good items that gives each scale its alpha."""
    found = {}
    for column, items in sorted(panel.items.items()):
        k, reliability = items.values.shape[1], alpha(items.values)
        if k > 1 and reliability > 0:
            found[column] = round(float(np.sqrt(reliability / (k - (k - 1) * reliability))), 3)
    return found


def what_it_takes(
    study: str | Path | Study | None = None,
    *,
    target: float = 0.80,
    false: float = 0.05,
    grid: Sequence[Design | Mapping[str, Any]] = GRID,
    n_sim: int = 100,
    seed: int | None = None,
    n_jobs: int = -1,
    progress: bool = True,
    cache: str | Path | None = None,
) -> Table:
    """Search a grid, cheapest design first, for one that finds the theory where it is true.

    Cost is the number of questionnaires: one per invited seller, and one per manager who is asked,
    in every wave.

    Parameters
    ----------
    study, seed, n_jobs, progress, cache
        As for `calibrate`.
    target : float
        Share of the surveys in which the theory is true that must support it, at least.
    false : float
        Share of the surveys of each other world that may support it, at most.
    grid : sequence of Design or mapping
        As `calibrate` takes them.
    n_sim : int
        Surveys of each world and design; with 100 a share of 80 % is known to within 8 points.

    Returns
    -------
    Table
        One row per design tried: ``design, questionnaires, supported_when_true,
        supported_when_false, does``; the worst of the other worlds counts, and it is only looked
        at where the first share is high enough. The search stops at the first design that does.

    Raises
    ------
    DesignError, StudyError
        As `calibrate` does; a target or a tolerance that is no share.

    Examples
    --------
    >>> small = [{"firms": 1, "teams": 12, "sellers": 4}]
    >>> found = what_it_takes(grid=small, n_sim=2, seed=1, n_jobs=1, progress=False)
    >>> found.tidy()[["design", "questionnaires", "does"]].values.tolist()
    [['1 × 12 × 4', 60, False]]
    """
    for name, share in (("target", target), ("false", false)):
        if not 0 <= share <= 1:
            raise DesignError(
                explain(what=f"{name} cannot be {share}", remedy="give a share, such as 0.8")
            )
    designs = sorted(map(checked_design, grid), key=lambda design: design.n_questionnaires)
    rivals = [name for name in worlds_file()["worlds"] if name != TRUE_WORLD]
    options = {"n_sim": n_sim, "seed": seed, "n_jobs": n_jobs, "progress": progress, "cache": cache}
    rows = []
    for design in designs:
        when_true = calibrate(study, design=design, worlds=[TRUE_WORLD], **options)
        found = when_true.share(TRUE_WORLD, SUPPORTED)
        worst = np.nan
        if found >= target:
            when_false = calibrate(study, design=design, worlds=rivals, **options)
            worst = max(when_false.share(rival, SUPPORTED) for rival in rivals)
        does = found >= target and worst <= false
        rows.append((str(design), design.n_questionnaires, found, worst, does))
        if does:
            break
    columns = ["design", "questionnaires", "supported_when_true", "supported_when_false", "does"]
    table = pd.DataFrame(rows, columns=columns)
    said = (
        f"cheapest design of the grid that does: {table['design'].iloc[-1]}"
        if table["does"].any()
        else f"none of the {len(table)} designs of the grid does"
    )
    return Table(table, (said, f"simulated, {n_sim} surveys of each world and design"))
