"""What comes first, where a survey was repeated: cross-lagged effects with team fixed effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from coaching_stats.dynamic_panel import WEAK, Course, instrument_strength, lagged_effects
from coaching_stats.errors import DataError, DesignError, explain, first_ten, nearest
from coaching_stats.measured import Measured
from coaching_stats.models import Equation, Estimated
from coaching_stats.panel import Panel, team_scores
from coaching_stats.results import COLUMNS, Table
from coaching_stats.samples import team_cluster
from coaching_stats.study import Run
from coaching_stats.waves import measure_waves

CONF_LEVEL = 0.95
MIN_TEAMS = 10  # as for any comparison over waves
CHANGE, LAGGED = "change on change", "lagged, Anderson-Hsiao"
TWO_WAVES = (
    "two waves: a lagged effect beside team effects is not identified, it takes three; changes go "
    "along with changes, which says nothing about what came first"
)
TOO_WEAK = (
    "no lagged effects: earlier levels say too little about later changes (F = {f:.1f}, where "
    "{weak:g} is asked for)"
)
FEW_IN_THREE = "no lagged effects: {n} teams have three waves in a row, {least} are asked for"
ALIKE = "change on change ties in both directions, as any two regressions of two variables do"
UNITS = "in standard deviations between teams in the first wave"


def cross_lagged(run: Run, x: str, y: str) -> Table:
    r"""Ask whether earlier x goes with later y, and earlier y with later x, within teams.

    With :math:`y_{it} = a_i + \rho y_{i,t-1} + b x_{i,t-1} + w_t + e_{it}` the team effect
    :math:`a_i` goes with first differences. Their error holds :math:`e_{i,t-1}`, and so does
    :math:`\Delta y_{i,t-1}`; so the two lagged changes are predicted from the levels
    :math:`y_{i,t-2}, x_{i,t-2}` (Anderson & Hsiao), which came before both errors. Likewise for x.
    This takes three waves; with two, and beside it with more, changes are set against changes.

    Parameters
    ----------
    run : Run
        Of a survey with a wave number.
    x, y : str
        Columns of ``run.tables["team_scores"]``, such as ``"SPR_s"`` and ``"LAT_m"``.

    Returns
    -------
    Table
        The columns of every result, then ``model``: a row each way of change on change (CR2, or
        HC3 where teams are independent), and with three waves or more four lagged ones
        (``LAT_m~SPR_s`` and, for what stays, ``LAT_m~LAT_m``), clustered, with the small-sample
        factor of CR1S and G - 1 degrees of freedom.

    Raises
    ------
    DataError
        No such score.
    DesignError
        One wave, a score that was measured once, or fewer than ten teams in neighbouring waves.

    Notes
    -----
    Estimators that keep lagged y beside team dummies are biased with few waves (Nickell); this one
    is not, but it misleads (1) where answers are measured with error, for the error of
    :math:`y_{t-2}` is also in :math:`\Delta y_{t-1}`: what stays then looks like less, and lagged
    effects with it; (2) where e is correlated over time; (3) where the time between waves is not
    that in which x works; (4) where something else changed in the same teams, which team effects
    do not hold constant. It is imprecise where scores hardly change: the F of the instruments is
    in the notes, and below 7.03 (Stock & Yogo) no lagged effects are given. Where teams differ much
    for good, that takes hundreds of teams. A lagged effect shows order in time,
    not that one brings about the other.

    References
    ----------
    Anderson & Hsiao (1982), Journal of Econometrics 18, 47-82; Nickell (1981), Econometrica 49,
    1417-1426; Allison, Williams & Moral-Benito (2017), Socius 3, 1-17; Stock & Yogo (2005), in
    Identification and Inference for Econometric Models, 80-108, for weak instruments.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> from coaching_stats.worlds import simulate
    >>> run = run_study(simulate("theory", firms=12, teams=2, sellers=6, waves=2, seed=3))
    >>> cross_lagged(run, "SPR_s", "LAT_m").tidy()["term"].tolist()
    ['LAT_m~SPR_s', 'SPR_s~LAT_m']
    """
    course = _course(run, x, y)
    _refuse_few_teams(course)
    rows = [*_changes(course)]
    notes = [UNITS, ALIKE]
    if len(course.x) < 3:
        return Table(_frame(rows), (*notes, TWO_WAVES))
    n_teams = len(np.unique(course.windows(3)[1]))
    if n_teams < MIN_TEAMS:
        return Table(_frame(rows), (*notes, FEW_IN_THREE.format(n=n_teams, least=MIN_TEAMS)))
    strength = instrument_strength(course)
    if strength < WEAK:
        return Table(_frame(rows), (*notes, TOO_WEAK.format(f=strength, weak=WEAK)))
    rows += [(term, one, LAGGED) for term, one in lagged_effects(course)]
    held = (
        f"lagged effects from {n_teams} teams in three waves, F of the instruments {strength:.1f}"
    )
    return Table(_frame(rows), (*notes, held))


def _changes(course: Course) -> Iterator[tuple[str, Estimated, str]]:
    """Change on change, each way, with a mean change for every two neighbouring waves."""
    last, team = course.windows(2)
    waves = (last[:, None] == np.unique(last)).astype(float)
    x, y = (one[last, team] - one[last - 1, team] for one in (course.x, course.y))
    is_alone = len(np.unique(course.cluster[team])) == len(team)
    codes = None if is_alone else np.unique(course.cluster[team], return_inverse=True)[1]
    names = course.names
    for outcome, predictor, (of, on) in ((y, x, names[::-1]), (x, y, names)):
        terms = (*(f"wave {w}" for w in np.unique(last).tolist()), on)
        contrast = np.array([0.0] * waves.shape[1] + [1.0])
        design = np.column_stack([waves, predictor])
        yield f"{of}~{on}", Equation(terms, outcome, design, codes, contrast).estimate(), CHANGE


def _frame(rows: Sequence[tuple[str, Estimated, str]]) -> pd.DataFrame:
    values = [
        (
            term,
            one.value,
            one.std_error,
            one.value / one.std_error,
            one.df,
            one.p_value,
            *one.interval(CONF_LEVEL),
            model,
        )
        for term, one, model in rows
    ]
    return pd.DataFrame(values, columns=[*COLUMNS, "model"])


def _course(run: Run, x: str, y: str) -> Course:
    if x == y:
        raise DataError(explain(what=f"{x!r} is named twice", remedy="name two scores"))
    waves = measure_waves(run.source.tables, run.study, run.panel)
    if waves is None:
        raise DesignError(
            explain(
                what="there is one wave, so nothing came before or after anything",
                remedy="repeat the survey, and number its waves in the column wave",
            )
        )
    values = [_by_wave(run, waves.panels, name) for name in (x, y)]
    column = team_cluster(run.panel.teams, run.study) or "team_id"
    return Course(*values, pd.factorize(run.panel.teams[column])[0], (x, y))


def _by_wave(run: Run, panels: Sequence[Panel], name: str) -> np.ndarray:
    """A team-level score by wave, standardised by the first one, shape (T, n)."""
    tables = [team_scores(panel) for panel in panels]
    known = [column for column in tables[0] if column[-2:] in ("_s", "_m", "_p", "_r")]
    if name not in known:
        raise DataError(
            explain(
                what=f"no team score {name!r}{nearest(name, known)}",
                where=first_ten(known),
                remedy="name a column of run.tables['team_scores']",
            )
        )
    values = np.stack(
        [
            table[name].to_numpy(dtype=float, na_value=np.nan)
            if name in table
            else np.full(len(table), np.nan)
            for table in tables
        ]
    )
    if name in panels[0].sellers:
        for row, panel in zip(values, panels, strict=True):
            usable = Measured(panel, run.study, np.empty((0, 0), dtype=bool)).usable_team
            row[~usable] = np.nan
    _refuse_measured_once(values, name)
    return (values - np.nanmean(values[0])) / np.nanstd(values[0], ddof=1)


def _refuse_measured_once(values: np.ndarray, name: str) -> None:
    later = values[1:][~np.isnan(values[1:])]
    change = np.diff(values, axis=0)
    if not len(later) or not (np.abs(change[~np.isnan(change)]) > 1e-12).any():
        raise DesignError(
            explain(
                what=f"{name} is the same in every wave: it was measured once",
                remedy="measure it again in the later wave",
            )
        )


def _refuse_few_teams(course: Course) -> None:
    n_teams = len(np.unique(course.windows(2)[1]))
    if n_teams < MIN_TEAMS:
        raise DesignError(
            explain(
                what=f"{n_teams} teams have both scores in two neighbouring waves",
                where=", ".join(course.names),
                remedy=f"bring at least {MIN_TEAMS}",
            )
        )
