"""Teams compared with themselves over waves: a process that changed in some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain
from coaching_stats.estimates import Evidence
from coaching_stats.hypotheses import Leg
from coaching_stats.measured import Measured
from coaching_stats.models import Equation, Estimated
from coaching_stats.regression import regress
from coaching_stats.samples import team_cluster
from coaching_stats.sourcing import Sourcing, variables
from coaching_stats.waves import Waves

PROCESS = ("SPR", "LPR")
WEAK = 10.0  # F of the first stage below which its effect cannot carry a ratio
MIN_TEAMS = 10
MIN_DF = 4.0  # below, CR2 is not to be trusted (gate G2)


@dataclass(frozen=True, eq=False)
class Changes:
    """Changes of teams from wave to wave, m rows, in baseline standard deviations.

    Attributes
    ----------
    change : mapping from variable to ndarray, shape (m,)
    treated : ndarray of bool, shape (m,)
        Whether the team's process changed just between.
    pair : ndarray of int, shape (m,)
        Which two waves.
    team, cluster : ndarray of int, shape (m,)
    clustered_by : str
        team, manager or firm.
    """

    change: dict[str, np.ndarray]
    treated: np.ndarray
    pair: np.ndarray
    team: np.ndarray
    cluster: np.ndarray
    clustered_by: str = "team"

    @property
    def waves(self) -> np.ndarray:
        """One dummy for each pair of waves, shape (m, pairs)."""
        return (self.pair[:, None] == np.unique(self.pair)).astype(float)


def is_of_process(measured: Measured, leg: Leg) -> bool:
    """Whether the predictor is the process itself, which a roll-out moves."""
    return all(part in PROCESS for key in leg.predictor for part in measured.study.parts(key))


def estimate_changes(
    measured: Sequence[Measured],
    waves: Waves,
    leg: Leg,
    sources: Sourcing,
    seed: int,
    unit_wave: int = 0,
) -> Evidence:
    r"""Estimate a slope from what changed within teams.

    Where the predictor is the process, by difference in differences: with d the effect of the
    roll-out on measured rigidity and b that on the outcome, :math:`b / d` is the effect per
    standard deviation of rigidity. Each step is compared with teams that had not changed yet, so
    that no team that changed serves as a control. Where the predictor is something else, by team
    fixed effects: changes of the outcome on changes of the predictor and of those covariates that
    change at all. Clusters are what the change was assigned to (teams; firms where all teams of a
    firm changed together), with fixed effects those of any team-level slope.

    Parameters
    ----------
    measured : sequence of Measured
        By wave.
    waves : Waves
    leg : Leg
        A slope at team level.
    sources : Sourcing
    seed : int
        For the wild cluster bootstrap.
    unit_wave : int
        Position of the wave whose standard deviation between teams is the unit of the predictor:
        not the first one where all teams had the same process then. The outcome's is the first.

    Returns
    -------
    Evidence
        In standard deviations across teams.

    Raises
    ------
    DesignError
        Fewer than ten teams in both waves, no team to compare with, fewer than four degrees of
        freedom, a variable measured once, or a roll-out that did not move measured rigidity.

    Notes
    -----
    The ratio rests on the roll-out acting through rigidity only, and on both groups having gone
    the same way without it; random assignment makes the second true on average, not the first.
    Teams that a change makes leave the survey bias both: see attrition.

    References
    ----------
    Abadie, Athey, Imbens & Wooldridge (2023), Quarterly Journal of Economics 138, for the clusters;
    Goodman-Bacon (2021), Journal of Econometrics 225, for the comparisons that are left out;
    Cengiz, Dube, Lindner & Zipperer (2019), Quarterly Journal of Economics 134, for stacking;
    Angrist & Pischke (2009), Mostly harmless econometrics, section 4.1, for the ratio.
    """
    n_splits = len(measured[0].halves) if sources.has_halves else 1
    drawn = [_changes(measured, waves, leg, sources, split, unit_wave) for split in range(n_splits)]
    _refuse_few_df(leg, drawn, is_of_process(measured[0], leg))
    if is_of_process(measured[0], leg):
        found = [_per_rigidity(leg, one) for one in drawn]
        notes = [note for note in (_first_stage(drawn[0], leg), _wild(leg, drawn[0], seed)) if note]
    else:
        found = [_slope(leg, one).estimate() for one in drawn]
        notes = [_compared(drawn[0])]
    middle = Estimated(
        *(
            float(np.median([getattr(one, name) for one in found]))
            for name in ("value", "std_error", "df")
        )
    )
    one = drawn[0]
    return Evidence(
        estimate=middle.value,
        std_error=middle.std_error,
        df=middle.df,
        intervals={level: middle.interval(level) for level in (0.90, 0.95)},
        p_value=middle.p_value,
        n=len(one.treated),
        n_clusters=len(np.unique(one.cluster)),
        n_teams=len(np.unique(one.team)),
        is_split=sources.is_split,
        has_halves=sources.has_halves,
        source=sources.source,
        notes=tuple(notes),
    )


def _changes(
    measured: Sequence[Measured],
    waves: Waves,
    leg: Leg,
    sources: Sourcing,
    split: int,
    unit_wave: int = 0,
) -> Changes:
    """Stack the changes of all pairs of neighbouring waves, controls not yet treated."""
    is_process = is_of_process(measured[0], leg)
    keys = (leg.outcome, *leg.predictor) if is_process else variables(leg)
    unit = {key: unit_wave if key in leg.predictor else 0 for key in keys}
    values = {key: _standardised(measured, key, sources, split, unit[key]) for key in keys}
    rows: list[tuple[np.ndarray, np.ndarray, int]] = []
    for place in range(len(measured) - 1):
        known = np.all([~np.isnan(values[k][place : place + 2]).any(axis=0) for k in keys], axis=0)
        known &= measured[place].usable_team & measured[place + 1].usable_team
        now = waves.step == place + 1
        if is_process:
            known &= now | np.isnan(waves.step) | (waves.step > place + 1)
        if not is_process or (now[known].any() and not now[known].all()):
            rows.append((np.flatnonzero(known), now[known], place))
    teams = np.concatenate([team for team, *_ in rows]) if rows else np.empty(0, dtype=int)
    if len(np.unique(teams)) < MIN_TEAMS:
        raise DesignError(
            explain(
                what=f"{len(np.unique(teams))} teams can be compared over waves",
                where=leg.outcome,
                remedy=f"bring at least {MIN_TEAMS} teams that answered in both waves",
            )
        )
    change = {
        key: np.concatenate(
            [values[key][place + 1][team] - values[key][place][team] for team, _, place in rows]
        )
        for key in keys
    }
    _refuse_measured_once(change, (leg.outcome, *leg.predictor))
    treated = np.concatenate([now for _, now, _ in rows])
    pair = np.concatenate([np.full(len(team), place) for team, _, place in rows])
    by = _assigned_to(measured[0], teams, treated, pair) if is_process else _usual(measured[0])
    codes = {"firm": measured[0].firm, "manager": measured[0].manager}
    cluster = teams if by == "team" else codes[by][teams]
    return Changes(change, treated, pair, teams, cluster, by)


def _refuse_few_df(leg: Leg, drawn: Sequence[Changes], is_process: bool) -> None:
    """Refuse what the design cannot carry, before anything is estimated."""
    models = [
        _on_treatment(one, one.change[leg.outcome]) if is_process else _slope(leg, one)
        for one in drawn
    ]
    df = float(np.median([model.design_df() for model in models]))
    if not df >= MIN_DF:
        raise DesignError(
            explain(
                what=f"the comparison over waves has {df:.1f} degrees of freedom",
                where=f"{leg.outcome}, clustered by {drawn[0].clustered_by}",
                remedy=f"bring more {drawn[0].clustered_by}s, until there are {MIN_DF:g}",
            )
        )


def _refuse_measured_once(change: dict[str, np.ndarray], keys: Sequence[str]) -> None:
    for key in keys:
        if not (np.abs(change[key]) > 1e-12).any():
            raise DesignError(
                explain(
                    what=f"{key} is the same in every wave: it was measured once",
                    remedy="measure it again in the later wave",
                )
            )


def _assigned_to(
    measured: Measured, team: np.ndarray, treated: np.ndarray, pair: np.ndarray
) -> str:
    """What the change was assigned to: the largest unit whose teams always changed together."""
    for name, codes in (("firm", measured.firm), ("manager", measured.manager)):
        unit = pd.DataFrame({"unit": codes[team], "pair": pair, "treated": treated})
        differs = unit.groupby(["unit", "pair"])["treated"].nunique().max() > 1
        if not differs and len(np.unique(codes[team])) < len(np.unique(team)):
            return name
    return "team"


def _usual(measured: Measured) -> str:
    """Clusters of any team-level slope: firms from ten on, else managers of several teams."""
    column = team_cluster(measured.panel.teams, measured.study)
    return "team" if column is None else column.removesuffix("_id")


def _standardised(
    measured: Sequence[Measured], key: str, sources: Sourcing, split: int, unit_wave: int
) -> np.ndarray:
    """A variable by wave and team in standard deviations of one wave, shape (waves, teams)."""
    study = measured[0].study
    parts = [
        _z(
            np.stack(
                [
                    one.team_values(sources.column(key, part), sources.source[key, part], split)
                    for one in measured
                ]
            ),
            unit_wave,
        )
        for part in study.parts(key)
    ]
    return parts[0] if len(parts) == 1 else _z(np.mean(parts, axis=0), unit_wave)


def _z(values: np.ndarray, unit_wave: int) -> np.ndarray:
    known = values[unit_wave][~np.isnan(values[unit_wave])]
    spread = known.std(ddof=1) if len(known) > 1 else 0.0
    if not spread > 0:
        raise DesignError("a variable does not vary between teams in the first wave")
    return (values - known.mean()) / spread


def _on_treatment(changes: Changes, y: np.ndarray) -> Equation:
    x = np.column_stack([changes.waves, changes.treated.astype(float)])
    terms = (*(f"waves {p}" for p in np.unique(changes.pair).tolist()), "treated")
    contrast = np.array([0.0] * (len(terms) - 1) + [1.0])
    codes = np.unique(changes.cluster, return_inverse=True)[1]
    return Equation(terms, y, x, codes, contrast)


def _per_rigidity(leg: Leg, changes: Changes) -> Estimated:
    """Effect of the roll-out on the outcome for each unit of its effect on rigidity.

    With one instrument the standard error of two-stage least squares is that of the effect on the
    residual y - ratio * x, divided by the first stage.
    """
    y, x = changes.change[leg.outcome], changes.change[leg.predictor[0]]
    first, reduced = (_on_treatment(changes, v).estimate() for v in (x, y))
    if not (first.value / first.std_error) ** 2 >= WEAK:
        raise DesignError(
            explain(
                what="the change of process did not move measured rigidity enough",
                where=f"{leg.predictor[0]}: {first.value:.2f} standard deviations, "
                f"F = {(first.value / first.std_error) ** 2:.1f}",
                remedy="measure again when the change has taken hold",
            )
        )
    ratio = reduced.value / first.value
    left = _on_treatment(changes, y - ratio * x).estimate()
    return Estimated(ratio, left.std_error / abs(first.value), left.df)


def _first_stage(changes: Changes, leg: Leg) -> str:
    effect = _on_treatment(changes, changes.change[leg.predictor[0]]).estimate()
    n_changed = len(np.unique(changes.team[changes.treated]))
    n_teams = len(np.unique(changes.team))
    return (
        f"difference in differences: {n_changed} of {n_teams} teams changed; measured rigidity "
        f"moved by {effect.value:.2f} standard deviations; clustered by {changes.clustered_by}"
    )


def _compared(changes: Changes) -> str:
    n_teams = len(np.unique(changes.team))
    return (
        f"team fixed effects: changes of {n_teams} teams from wave to wave, clustered by "
        f"{changes.clustered_by}"
    )


def _wild(leg: Leg, changes: Changes, seed: int) -> str:
    """The roll-out's effect on the outcome, tested by the wild cluster bootstrap beside CR2."""
    frame = pd.DataFrame({"y": changes.change[leg.outcome], "treated": changes.treated * 1.0})
    frame["cluster"] = changes.cluster
    if len(np.unique(changes.pair)) > 1:
        frame["y"] -= frame.groupby(changes.pair)["y"].transform("mean")
        frame["treated"] -= frame.groupby(changes.pair)["treated"].transform("mean")
    row = regress("y ~ treated", frame, cluster="cluster").wild_bootstrap("treated", seed=seed)
    found = row.tidy().iloc[0]
    return (
        f"effect of the roll-out on the outcome {found['estimate']:.2f}, wild cluster bootstrap "
        f"p = {found['p_value']:.3g}, 95 % interval [{found['conf_low']:.2f}, "
        f"{found['conf_high']:.2f}]"
    )


def _slope(leg: Leg, changes: Changes) -> Equation:
    """Changes of the outcome on changes of predictor and covariates, a mean for each two waves."""
    held = [key for key in leg.covariates if key not in (leg.outcome, *leg.predictor)]
    # what never changes is held constant by comparing each team with itself
    held = [key for key in held if (np.abs(changes.change[key]) > 1e-12).any()]
    keys = [*leg.predictor, *held]
    x = np.column_stack([changes.waves, *(changes.change[key] for key in keys)])
    terms = (*(f"waves {p}" for p in np.unique(changes.pair).tolist()), *keys)
    contrast = np.array([float(term == leg.predictor[0]) for term in terms])
    codes = np.unique(changes.cluster, return_inverse=True)[1]
    return Equation(terms, changes.change[leg.outcome], x, codes, contrast)
