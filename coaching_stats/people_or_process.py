"""People or process: how much of what differs between teams can go with which of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain
from coaching_stats.gates import MIN_TEAMS
from coaching_stats.group_bounds import COMMON, CONF_LEVEL, bounds
from coaching_stats.group_measures import (
    INVENTORY,
    PEOPLE,
    PROCESS,
    Question,
    questions,
    reliability_notes,
    team_values,
)
from coaching_stats.measured import Measured
from coaching_stats.mediation import FEW, FEW_CLUSTERS
from coaching_stats.results import COLUMNS, Shown
from coaching_stats.samples import MIN_FIRMS, team_cluster
from coaching_stats.study import Run
from coaching_stats.texts import LANGUAGES, number, texts
from coaching_stats.true_scores import LEAST_RELIABILITY, reliabilities

SUPPOSED = (
    "the bounds suppose that willingness does not work back on processes and people, and that "
    "nothing else, left unmeasured, works on both"
)


@dataclass(frozen=True, eq=False, repr=False)
class PeopleOrProcess(Shown):
    """Bounds of the shares of process and people, by outcome and source of the process measures.

    Attributes
    ----------
    frame : DataFrame
    why_no_share : mapping from outcome to str
        Code of the reason why no share may be stated in a sentence; empty where one may.
    n_obs, n_clusters : int
        Of the first outcome: teams, and clusters that were resampled.
    n_boot : int
    names : mapping from (outcome, language) to str
    is_simulated : bool
    notes : tuple of str
    """

    frame: pd.DataFrame
    why_no_share: Mapping[str, str]
    n_obs: int
    n_clusters: int
    n_boot: int
    names: Mapping[tuple[str, str], str]
    is_simulated: bool
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per share: ``COLUMNS``, then outcome, group, source and the cases, unrounded."""
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """One row: ``method, n_obs, n_clusters, n_boot, conf_level``."""
        row = {
            "method": "bounds of group shares, cluster bootstrap",
            "n_obs": self.n_obs,
            "n_clusters": self.n_clusters,
            "n_boot": self.n_boot,
            "conf_level": CONF_LEVEL,
        }
        return pd.DataFrame([row])

    def sentence(self, language: str = "en", outcome: str | None = None) -> str:
        """State the bounds, or why no share may be stated.

        Parameters
        ----------
        language : {"en", "fi"}
        outcome : str, optional
            WTC or SWC; every outcome when not given.
        """
        said = [
            self._one_sentence(name, rows, language)
            for name, rows in self.frame.groupby("outcome", sort=False)
            if outcome in (None, name)
        ]
        return " ".join(dict.fromkeys(said))

    def _one_sentence(self, outcome: str, rows: pd.DataFrame, language: str) -> str:
        said = texts(language)["people_or_process"]
        name, why = self.names[outcome, language].lower(), self.why_no_share[outcome]
        if why:
            return said["no_share"][why].format(outcome=name)
        first = rows[rows["source"] == rows["source"].iloc[0]].set_index("group")
        ends = {
            f"{group}_{end}": number(100 * first.loc[group, f"conf_{end}"], language, 0)
            for group in (PROCESS, PEOPLE)
            for end in ("low", "high")
        }
        return said["sentence"].format(outcome=name, **ends)


def people_or_process(
    run: Run, *, n_boot: int = 2000, seed: int | np.random.Generator | None = None
) -> PeopleOrProcess:
    r"""Bound the shares of process and people in what differs between teams in willingness.

    With :math:`R^2(\cdot)` of an outcome between teams on groups of measures, P process (SPR,
    LPR), M manager (SKL, BEL; of sellers' willingness also BADX) and W workload (WKL), the process
    has at worst :math:`R^2(P, M, W) - R^2(M, W)`, entering last, and at best :math:`R^2(P)`,
    entering first; in between lies its Shapley share, the mean over all orders. Likewise M and W.

    Parameters
    ----------
    run : Run
        From `run_study`.
    n_boot : int
        Resamples of firms, or of what teams are clustered on.
    seed : int or Generator, optional
        The run's own when not given.

    Returns
    -------
    PeopleOrProcess
        By outcome (WTC, SWC) and source of the process measures, one row per group, then
        ``common``, which goes with several groups and cannot be told apart, and ``unexplained``.
        ``estimate`` is the Shapley share as measured; ``worst`` and ``best`` are the ends of the
        bounds, and ``conf_low`` and ``conf_high`` reach from the lower end of the worst case to
        the upper end of the best. ``unique`` and ``alone`` are the shares after and before all
        other groups, as measured and (``_true``) corrected. Shares are of the variance between
        teams.

    Raises
    ------
    DesignError
        No outcome with process and manager measures, fewer than ten complete teams, one resample.

    Notes
    -----
    *What the bounds are to hold.* The share of a group is the variance between teams, of true
    scores, of what the outcome would be on average if the group's measures were set to their
    values, :math:`Var(E[Y \mid do(X_g)])`. Where only managers matter, that of the process is
    zero, and that of managers is the R squared of the outcome on SKL and BEL. If arrows run from
    managers to process or the other way, it lies between worst and best case, unless one hides
    what goes with the other; then the common part is negative, and a note says so.

    *Errors of measurement.* A skill measured with error leaves part of its share to what goes
    along with it. So the ends are taken twice, from correlations as measured and from those
    corrected by ICC(2) and alpha, resampled with the rest, and the wider ones count.

    *One rater.* Where sellers supply outcome and predictor, covariances are over pairs of
    different sellers, so that one seller's mood makes no share. What the manager says of BEL and
    WKL shares the manager's mood with WTC; it does not count in the group's own worst case.

    *When they mislead.* They exclude the truth where willingness works back on the process, or a
    common cause of process and willingness was not measured. Linear shares leave out what only a
    product of two measures carries. A mood that a whole team shares stays in. In simulated surveys
    of 20 and 50 firms the intervals held the true share in 95 to 99 %, and that of the process in
    11 % where willingness worked back on it; with 20 firms they are so wide that they say little
    (benchmarks/people_or_process.md).

    References
    ----------
    Seibold & McPhee (1979), Human Communication Research 5, 355-365, for unique and common parts;
    Chevan & Sutherland (1991), The American Statistician 45, 90-96, for shares over all orders;
    Imbens & Manski (2004), Econometrica 72, 1845-1857, for intervals of what is only bounded; Rao
    & Wu (1988), Journal of the American Statistical Association 83, 231-241, for the weights.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> found = people_or_process(run_study("data/one_client"), n_boot=200, seed=1)
    >>> found.tidy().query("source == 'seller' and outcome == 'WTC'")["group"].tolist()
    ['process', 'people', 'workload', 'common', 'unexplained']
    >>> found.sentence()[:41]
    'No share is stated: one client, or a few '
    """
    if n_boot < 2:
        _refuse(f"n_boot {n_boot} is too few for an interval", "", "give 2000, say")
    rng = np.random.default_rng(run.seed if seed is None else seed)
    measured = Measured(run.panel, run.study, np.empty((0, 0), dtype=bool))
    asked = list(questions(measured))
    if not asked:
        needed = "WTC or SWC; SPR or LPR; SKL or BEL"
        _refuse("people and process cannot be compared", needed, "bring measures of all three")
    answered = [_answer(run, measured, question, n_boot, rng) for question in asked]
    result = PeopleOrProcess(
        frame=pd.concat([one.frame for one in answered], ignore_index=True),
        why_no_share=_first_of_outcome(asked, [_why_no_share(run, one) for one in answered]),
        n_obs=answered[0].n_teams,
        n_clusters=answered[0].n_clusters,
        n_boot=n_boot,
        names={
            (question.outcome, language): run.study.name(question.outcome, language)
            for question in asked
            for language in LANGUAGES
        },
        is_simulated=run.source.is_simulated,
        notes=tuple(dict.fromkeys([*(note for one in answered for note in one.notes), SUPPOSED])),
    )
    withheld = [result.sentence(outcome=name) for name, why in result.why_no_share.items() if why]
    return replace(result, notes=(*dict.fromkeys(withheld), *result.notes))


def _first_of_outcome(asked: Sequence[Question], codes: Sequence[str]) -> dict[str, str]:
    """Code of the first question about each outcome: that of its usual source."""
    found: dict[str, str] = {}
    for question, code in zip(asked, codes, strict=True):
        found.setdefault(question.outcome, code)
    return found


@dataclass(frozen=True, eq=False)
class _Answer:
    """Rows and notes of one question."""

    frame: pd.DataFrame
    n_teams: int
    n_clusters: int
    n_firms: int
    is_reliable: bool
    notes: tuple[str, ...]


def _answer(
    run: Run, measured: Measured, question: Question, n_boot: int, rng: np.random.Generator
) -> _Answer:
    teams, kept, notes = team_values(measured, question.columns)
    if len(kept) < MIN_TEAMS or teams.n_clusters < 2:
        _refuse(
            f"{len(kept)} complete teams in {teams.n_clusters} clusters cannot carry shares",
            f"{question.outcome} with {', '.join(question.columns[:-1])}",
            f"bring at least {MIN_TEAMS} teams in two clusters",
        )
    found, dropped = bounds(teams, question.groups, n_boot, rng)
    about = question.outcome + (" (inventory)" if question.source == INVENTORY else "")
    if team_cluster(run.panel.teams, run.study) is None:
        notes += ("teams are resampled as if independent: fewer than ten firms",)
    elif teams.n_clusters < FEW_CLUSTERS:
        notes += (FEW.format(n_clusters=teams.n_clusters),)
    notes += (*dropped, *reliability_notes(question.columns, teams), *_of_shares(question, found))
    return _Answer(
        frame=_framed(question, about, found),
        n_teams=len(kept),
        n_clusters=teams.n_clusters,
        n_firms=len(np.unique(measured.firm[kept])),
        is_reliable=not (reliabilities(teams) < LEAST_RELIABILITY).any(),
        notes=tuple(f"{about}: {note}" for note in notes),
    )


def _framed(question: Question, about: str, found: pd.DataFrame) -> pd.DataFrame:
    """Put the columns that every result has first; shares are not tested against zero."""
    terms = [f"{about}: {group}" for group in found["group"]]
    framed = found.assign(term=terms, statistic=np.nan, df=np.nan, p_value=np.nan)
    framed = framed.assign(outcome=question.outcome, source=question.source)
    first = [*COLUMNS, "outcome", "source", "group"]
    return framed[[*first, *(c for c in found if c not in first)]]


def _of_shares(question: Question, found: pd.DataFrame) -> tuple[str, ...]:
    """What the rows do not say by themselves: suppression, and one rater for both sides."""
    notes = []
    if found.set_index("group").loc[COMMON, "estimate"] < 0:
        notes.append(
            "the common part is negative: one group hides what goes with another (suppression)"
        )
    own = [
        question.columns[j]
        for group in question.groups.values()
        for j in group.members[: group.n_own]
    ]
    if own:
        notes.append(
            f"{', '.join(own)} and the outcome come from the same respondents, whose mood can "
            "make a share: they do not count in the worst case of their own group"
        )
    if len(question.groups) < 3:
        notes.append("workload was not measured; what goes with it can pass for process")
    return tuple(notes)


def _why_no_share(run: Run, answer: _Answer) -> str:
    """Code of what forbids a sentence with a share; empty where nothing does."""
    if answer.n_firms < MIN_FIRMS:
        return "few_firms"
    tested = [v for v in run.verdicts.judged if "G1" in v.hypothesis.gates]
    if not tested or any("G1" in v.gates for v in tested):
        return "G1"
    return "" if answer.is_reliable else "G4"


def _refuse(what: str, where: str, remedy: str) -> None:
    raise DesignError(explain(what=what, where=where, remedy=remedy))
