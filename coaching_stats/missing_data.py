"""What is missing: the rows that each hypothesis loses, for which reason, and the answers lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.hypotheses import Leg, Study
from coaching_stats.judged_rows import Rows, measured_as_judged, rows_of
from coaching_stats.judgement import Verdict
from coaching_stats.measured import Measured
from coaching_stats.results import Shown
from coaching_stats.sourcing import Sourcing, sourcing, unmeasured
from coaching_stats.study import Run
from coaching_stats.texts import texts

COUNTS = ("hypothesis", "leg", "unit", "total", "used", "missing", "few", "teams", "teams_used")
BY_VARIABLE = ("hypothesis", "leg", "variable", "column", "source", "missing", "alone")
GATES = ("hypothesis", "what", "about", "value", "fails_at", "warns_at", "status")
NOT_AT_RANDOM = (
    "complete rows speak for the others only where being missing has nothing to do with the "
    "answer that is missing; nonresponse_bounds does not ask for that"
)


@dataclass(frozen=True, eq=False, repr=False)
class MissingData(Shown):
    """Rows used and lost by hypothesis, and the response behind them.

    Attributes
    ----------
    counts : DataFrame
        One row per leg: of `total` teams or sellers, those `used`, those with a value `missing`,
        and those complete that have too `few` in their team; nan where nothing was measured.
    variables : DataFrame
        One row per leg and variable: rows in which it is `missing`, and those lost to it `alone`.
    gates : DataFrame
        The checks of gate G5 as they were made.
    study : Study
    notes : tuple of str
    """

    counts: pd.DataFrame
    variables: pd.DataFrame
    gates: pd.DataFrame
    study: Study
    notes: tuple[str, ...] = (NOT_AT_RANDOM,)

    def tidy(self) -> pd.DataFrame:
        """A copy of the counts: one row per leg."""
        return self.counts.copy()

    def sentences(self, language: str = "en") -> tuple[str, ...]:
        """Say in plain words what each hypothesis uses and loses.

        Parameters
        ----------
        language : {"en", "fi"}
        """
        return tuple(self._sentence(row, language) for row in self.counts.to_dict("records"))

    def _sentence(self, row: dict[str, object], language: str) -> str:
        said = texts(language)["missing_data"]
        if pd.isna(row["used"]):
            return said["untested"].format(id=row["hypothesis"])
        named = {key: f"{row[key]:.0f}" for key in ("total", "used", "missing", "few")}
        teams = f"{row['teams_used']:.0f}"
        used = said[f"used_{row['unit']}"].format(id=_label(row), teams=teams, **named)
        if row["used"] == row["total"]:
            return used
        is_leg = (self.variables["hypothesis"] == row["hypothesis"]) & (
            self.variables["leg"] == row["leg"]
        )
        worst = self.variables.loc[self.variables.loc[is_leg, "missing"].idxmax()]
        lost = said["lost"].format(**named)
        if not worst["missing"]:
            return f"{used} {lost}"
        name = self.study.name(worst["variable"], language)
        unit = said[f"unit_{row['unit']}"]
        most = said["most"].format(name=name, n=worst["missing"], unit=unit, alone=worst["alone"])
        return f"{used} {lost} {most}"


def _label(row: dict[str, object]) -> str:
    same = row["leg"] == row["hypothesis"]
    return str(row["hypothesis"]) if same else f"{row['hypothesis']} ({row['leg']})"


def missing_data(run: Run) -> MissingData:
    """Count what every hypothesis loses to missing values, and show the response rates behind it.

    Estimates are listwise: each leg of a hypothesis uses the rows in which none of its variables
    is missing, in teams with enough respondents.

    Parameters
    ----------
    run : Run

    Returns
    -------
    MissingData
        Counts are of the first wave; with random halves, of the first of them.

    Notes
    -----
    A manager who did not answer takes the whole team out of every hypothesis that asks the
    manager, so `missing` of a manager's scores is nonresponse and not only gaps in what was
    answered; people who did not answer at all are no rows at seller level and stand in `gates`.

    References
    ----------
    Little & Rubin (2020), Statistical Analysis with Missing Data, chapter 3, on complete cases.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> data, study = "data/published/lq2002.csv", "data/published/lq2002.study.yml"
    >>> counts = missing_data(run_study(data, study=study)).tidy()
    >>> counts[["leg", "unit", "total", "used", "missing", "few"]].values.tolist()[0]
    ['L1', 'team', 49, 49, 0, 0]
    """
    measured = measured_as_judged(run)
    counts, variables, gates = [], [], []
    for verdict in run.verdicts.judged:
        name = verdict.hypothesis.id
        gates += [
            (name, c.what, c.about, c.value, c.fails_at, c.warns_at, c.status)
            for c in verdict.checks
            if c.gate == "G5"
        ]
        for leg, sources in _legs(verdict, measured):
            if sources is None:
                counts.append((name, leg.name, leg.level, *[np.nan] * 6))
                continue
            rows = rows_of(measured, leg, sources)
            counts.append((name, leg.name, leg.level, *_counted(rows)))
            variables += [(name, leg.name, *lost) for lost in _by_variable(rows, sources)]
    return MissingData(
        counts=pd.DataFrame(counts, columns=COUNTS),
        variables=pd.DataFrame(variables, columns=BY_VARIABLE),
        gates=pd.DataFrame(gates, columns=GATES),
        study=run.study,
    )


def _legs(verdict: Verdict, measured: Measured) -> Iterator[tuple[Leg, Sourcing | None]]:
    """Legs with the sources judged, or those that would be judged if the gates were open."""
    if verdict.legs:
        for one in verdict.legs:
            is_split = one.evidence.is_split
            yield (
                one.leg,
                sourcing(verdict.hypothesis, one.leg, measured.study, is_split=is_split),
            )
        return
    for leg in verdict.hypothesis.legs:
        found = [
            sources
            for is_split in (True, False)
            if (sources := sourcing(verdict.hypothesis, leg, measured.study, is_split=is_split))
            and not _is_absent(leg, sources, measured)
        ]
        yield leg, found[0] if found else None


def _is_absent(leg: Leg, sources: Sourcing, measured: Measured) -> bool:
    return bool(unmeasured(leg, sources, measured.panel, measured.study))


def _counted(rows: Rows) -> tuple[float, ...]:
    """Total, used, missing, few; teams, teams used."""
    lost_to_company = int((rows.complete & rows.few).sum())
    return (
        len(rows.complete),
        int(rows.used.sum()),
        int((~rows.complete).sum()),
        lost_to_company,
        len(np.unique(rows.team)),
        len(np.unique(rows.team[rows.used])),
    )


def _by_variable(rows: Rows, sources: Sourcing) -> Iterator[tuple[object, ...]]:
    """Each variable with its column, its source, the rows without it and those lost to it alone."""
    gaps = np.column_stack([np.isnan(values) for values in rows.values.values()])
    n_gaps = gaps.sum(axis=1)
    for (key, part), missing in zip(rows.values, gaps.T, strict=True):
        measured_part = part if (key, part) in sources.source else key
        column = sources.column(key, measured_part)
        source = sources.source[key, measured_part]
        alone = int((missing & (n_gaps == 1)).sum())
        yield key, column, source, int(missing.sum()), alone
