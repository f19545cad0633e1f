"""Conditions on the design without which a prediction is not testable: G1 to G5.

They are computed before any estimate, so that nobody chooses gates by results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from coaching_stats.condition import RankDeficient
from coaching_stats.errors import DesignError
from coaching_stats.hypotheses import Hypothesis, Leg
from coaching_stats.measured import MIN_RESPONDENTS, MIN_RESPONSE_RATE, Measured
from coaching_stats.models import equations
from coaching_stats.resampling import MAX_FAILED_SHARE, TooFewResamples
from coaching_stats.samples import complete_teams, draw_sample
from coaching_stats.scales import alpha
from coaching_stats.scored_answers import Items
from coaching_stats.sourcing import Sourcing, columns_used, focal
from coaching_stats.teams import Likeness, item_variances, likeness, rwgj

MIN_TEAMS = 10
SEVERITY = ("fail", "unknown", "warn", "pass")
VERSIONS = {"SPR": ("process_version_sales",), "LPR": ("process_version_lead",)}


@dataclass(frozen=True)
class Check:
    """One condition of a gate on one hypothesis.

    Attributes
    ----------
    gate : str
    what : str
        Key of the condition in the texts, such as ``icc1``.
    about : str
        Score, construct or cluster that it is about.
    value, fails_at, warns_at : float
        nan where unknown.
    status : {"pass", "warn", "fail", "unknown"}
    note : str
        What was met, where the condition has no number that says it.
    """

    gate: str
    what: str
    about: str
    value: float
    fails_at: float
    warns_at: float
    status: str
    note: str = ""


def at_least(
    gate: str, what: str, about: str, value: float, fails_below: float, warns_below: float
) -> Check:
    """Check that a value is large enough; nan is unknown.

    Examples
    --------
    >>> at_least("G3", "alpha", "WTC_m", 0.65, 0.6, 0.7).status
    'warn'
    """
    status = "unknown"
    if not np.isnan(value):
        status = "fail" if value < fails_below else "warn" if value < warns_below else "pass"
    return Check(gate, what, about, float(value), fails_below, warns_below, status)


def at_most(
    gate: str, what: str, about: str, value: float, fails_above: float, warns_above: float
) -> Check:
    """Check that a value is small enough; nan is unknown."""
    status = "unknown"
    if not np.isnan(value):
        status = "fail" if value > fails_above else "warn" if value > warns_above else "pass"
    return Check(gate, what, about, float(value), fails_above, warns_above, status)


def check_gates(
    measured: Measured, hypothesis: Hypothesis, legs: Sequence[tuple[Leg, Sourcing]]
) -> list[Check]:
    """Check the gates that a hypothesis names, over all its legs.

    Parameters
    ----------
    measured : Measured
    hypothesis : Hypothesis
    legs : sequence of (Leg, Sourcing)
        Each leg with the sources that will be used.

    Returns
    -------
    list of Check
        Each condition once: of several legs the worst one.

    References
    ----------
    James, Demaree & Wolf (1984) and LeBreton & Senter (2008) for agreement; Pustejovsky & Tipton
    (2018) for degrees of freedom below 4; Bliese (2000) for ICC(2).
    """
    gates = {
        "G1": _cause_varies,
        "G2": _clusters,
        "G3": _reliability,
        "G4": _aggregation,
        "G5": _missingness,
    }
    found: list[Check] = []
    for leg, sources in legs:
        for gate in hypothesis.gates:
            found.extend(gates[gate](measured, leg, sources))
    worst: dict[tuple[str, str, str], Check] = {}
    for check in sorted(found, key=lambda check: (SEVERITY.index(check.status), check.value)):
        worst.setdefault((check.gate, check.what, check.about), check)
    return sorted(worst.values(), key=lambda check: check.gate)


def failed_gates(checks: Sequence[Check]) -> list[str]:
    """Codes of the gates that failed, in order.

    Examples
    --------
    >>> failed_gates([at_least("G3", "alpha", "WTC_m", 0.5, 0.6, 0.7)])
    ['G3']
    """
    return sorted({check.gate for check in checks if check.status == "fail"})


def _cause_varies(measured: Measured, leg: Leg, _: Sourcing) -> Iterator[Check]:
    """G1: process versions, and how far seller-rated rigidity differs between teams."""
    for key in leg.predictor:
        parts = measured.study.parts(key)
        if not set(parts) & set(VERSIONS):
            continue
        yield at_least("G1", *_versions(measured, key), 2, 5)
        columns = [f"{part}_s" for part in parts]
        if any(column not in measured.panel.sellers for column in columns):
            yield at_least("G1", "icc1", key, np.nan, 0.05, 0.10)
            continue
        score = np.mean([measured.seller_values(column) for column in columns], axis=0)
        alike = _likeness(score, measured.team_of_seller)
        yield at_least("G1", "icc1", key, alike.icc1, 0.05, 0.10)
        yield at_least("G1", "between_sd", key, alike.between_sd, 0.25, 0.25)


def _versions(measured: Measured, key: str) -> tuple[str, str, float]:
    """Distinct process versions among the teams; firms where versions are not recorded."""
    teams = measured.panel.teams
    wanted = [c for part in measured.study.parts(key) for c in VERSIONS.get(part, ())]
    recorded = [column for column in wanted if column in teams and teams[column].notna().any()]
    if recorded:
        return "versions", key, float(len(teams[recorded].dropna().drop_duplicates()))
    return "firms_as_versions", key, float(teams["firm_id"].nunique())


def _likeness(score: np.ndarray, team: np.ndarray) -> Likeness:
    try:
        return likeness(score, team)
    except DesignError:  # one team, or nobody shares one: nothing varies between teams as such
        return Likeness(np.nan, np.nan, np.nan, len(score), 0)


def refused(leg: Leg, problem: DesignError) -> Check:
    """G2 fails: a refusal by the model of a leg, as a condition that the data do not meet.

    Parameters
    ----------
    leg : Leg
    problem : DesignError

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> refused(load_study().hypothesis("H2").legs[0], DesignError("SPR does not vary")).what
    'model'
    """
    what, value, least = "model", float("nan"), float("nan")
    if isinstance(problem, TooFewResamples):
        what, value, least = "resamples", problem.share, 1 - MAX_FAILED_SHARE
    return Check("G2", what, leg.outcome, value, least, least, "fail", str(problem))


def _clusters(measured: Measured, leg: Leg, sources: Sourcing) -> Iterator[Check]:
    """G2: teams, and degrees of freedom of the judged terms in a model that the rows carry."""
    warns_teams = 100 if leg.kind == "indirect" and len(leg.mediators) > 1 else 30
    splits = len(measured.halves) if sources.has_halves else 1
    dfs: list[list[float]] = []
    n_teams, refusal = 0, None
    try:
        for split in range(splits):
            n_teams = complete_teams(measured, leg, sources, split)
            if n_teams < MIN_TEAMS:  # too few to standardise anything
                break
            sample = draw_sample(measured, leg, sources, split)
            if sample.codes is None:
                break
            dfs.append([equation.design_df() for equation in equations(leg, sample)])
    except RankDeficient:
        raise
    except DesignError as problem:
        refusal = refused(leg, problem)
    yield at_least("G2", "teams", leg.outcome, float(n_teams), MIN_TEAMS, warns_teams)
    if refusal:
        yield refusal
    elif dfs:
        # nan: the clusters cannot tell the term at all
        least = float(np.nan_to_num(np.median(dfs, axis=0)).min())
        yield at_least("G2", "df", leg.outcome, least, 4, 4)


def _reliability(measured: Measured, leg: Leg, sources: Sourcing) -> Iterator[Check]:
    """G3: alpha of every focal scale of several items; unknown for ready scores."""
    for column in columns_used(focal(leg), sources, measured.study):
        if column in measured.panel.items:
            value = alpha(measured.panel.items[column].values)
            yield at_least("G3", "alpha", column, value, 0.60, 0.70)
        elif _is_scale(column):
            yield at_least("G3", "alpha", column, np.nan, 0.60, 0.70)


def _is_scale(column: str) -> bool:
    """Whether a score stands for several items; counts, single items and records do not."""
    key, suffix = column.rsplit("_", 1)
    return suffix in "sm" and key not in ("CFRQ", "LOC", "TRN", "PASTF")


def _aggregation(measured: Measured, leg: Leg, sources: Sourcing) -> Iterator[Check]:
    """G4: whether sellers' answers may be averaged by team."""
    for key in focal(leg):
        if leg.kind == "variance" and key == leg.outcome:
            continue
        construct_level = {measured.study.constructs[p].level for p in measured.study.parts(key)}
        if leg.level == "seller" and (key != leg.moderator or "seller" in construct_level):
            continue
        for column in columns_used([key], sources, measured.study):
            if not column.endswith("_s"):
                continue
            if column in measured.panel.teams:  # given by team: nobody's answers to compare
                yield at_least("G4", "icc2", column, np.nan, 0.40, 0.60)
                continue
            alike = _likeness(measured.seller_values(column), measured.team_of_seller)
            yield at_least("G4", "icc2", column, alike.icc2, 0.40, 0.60)
            items = measured.panel.items.get(column)
            if items is not None and items.n_options == 7:
                yield at_least("G4", "rwg", column, _median_agreement(measured, items), 0.50, 0.70)


def _median_agreement(measured: Measured, items: Items) -> float:
    """Median rWG(J) over the teams, against equally likely answers; complete rows."""
    complete = ~np.isnan(items.values).any(axis=1)
    variances = item_variances(items.values[complete], measured.team_of_seller[complete])
    agreement = rwgj(variances, (items.n_options**2 - 1) / 12)
    return float(np.median(agreement)) if len(agreement) else np.nan


def _missingness(measured: Measured, leg: Leg, sources: Sourcing) -> Iterator[Check]:
    """G5: response rates, teams with few respondents, gaps, failed attention checks."""
    panel = measured.panel
    uses_sellers = any(form.startswith("seller") for form in sources.source.values())
    if uses_sellers and len(panel.sellers):
        rate = np.nan
        if panel.has_response_rates:
            known = measured.response_rate[~np.isnan(measured.response_rate)]
            rate = float((known < MIN_RESPONSE_RATE).mean()) if len(known) else np.nan
        yield at_most("G5", "low_response", "teams", rate, 0.50, 0.25)
        if leg.level == "team" and measured.n_teams < len(panel.sellers):
            few = float((measured.n_sellers < MIN_RESPONDENTS).mean())
            yield at_most("G5", "few_respondents", "teams", few, 0.50, 0.25)
    for column in columns_used(focal(leg), sources, measured.study):
        missing = _missing_share(measured, column)
        yield at_most("G5", "missing", column, missing, 0.20, 0.10)
        if uses_sellers and panel.has_response_rates:
            related = abs(_correlation(measured.team_values(column), measured.response_rate))
            yield at_most("G5", "response_related", column, related, np.inf, 0.20)
    if not np.isnan(panel.attrition):
        yield at_most("G5", "attrition", "waves", panel.attrition, 0.40, 0.20)
    if panel.n_answered:
        share = panel.n_failed_attention / panel.n_answered
        yield at_most("G5", "attention", "answers", share, 0.20, 0.10)


def _correlation(values: np.ndarray, rate: np.ndarray) -> float:
    """Correlation over the teams where both are known; nan where one of them does not vary."""
    known = ~np.isnan(values) & ~np.isnan(rate)
    both = np.column_stack([values[known], rate[known]])
    if len(both) < 3 or (both.std(axis=0) < 1e-12).any():
        return float("nan")
    return float(np.corrcoef(both, rowvar=False)[0, 1])


def _missing_share(measured: Measured, column: str) -> float:
    """Share of those who answered whose score is missing; a silent manager is no gap."""
    if column in measured.panel.sellers:
        return float(np.isnan(measured.seller_values(column)).mean())
    values = measured.team_values(column)
    if column.endswith("_m"):
        values = values[measured.manager_answered]
    return float(np.isnan(values).mean()) if len(values) else float("nan")
