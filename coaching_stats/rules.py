"""Decision rules: from an estimate and a prediction to a verdict, and its grade of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from coaching_stats.estimates import Evidence
from coaching_stats.hypotheses import Leg
from coaching_stats.models import chain_of
from coaching_stats.sourcing import Sourcing, share_respondent

SUPPORTED, CONTRADICTED = "supported", "contradicted"
INCONCLUSIVE, NOT_TESTABLE = "inconclusive", "not testable"
SIGN = {"positive": 1.0, "negative": -1.0}


@dataclass(frozen=True)
class Decision:
    """A verdict with the code of its reason and the numbers that decided.

    Attributes
    ----------
    verdict : str
    code : str
        Key of the reason in the texts.
    values : dict
        Numbers that the reason shows.
    """

    verdict: str
    code: str
    values: dict[str, Any] = field(default_factory=dict)


def decide(leg: Leg, judged: Evidence, same: Evidence | None) -> Decision:
    """Judge one leg, before multiplicity.

    Parameters
    ----------
    leg : Leg
        Its expected sign and smallest effect size of interest (SESOI).
    judged : Evidence
        From split sources where they exist.
    same : Evidence or None
        From the same respondents, where split sources are judged and both exist.

    Returns
    -------
    Decision

    Notes
    -----
    Supported: the 95 % interval of the signed estimate lies above 0 and the estimate is at least
    the SESOI. Contradicted: its 90 % interval ends below the SESOI. Opposite signs of the split and
    the same-respondent estimate withhold support; they do not save a size that is ruled out. For
    an equivalence the 90 % interval lies inside or wholly outside plus and minus the SESOI (Lakens
    2017, Social Psychological and Personality Science 8, 355-362).
    """
    if leg.expected_sign == "zero":
        return _equivalence(leg, judged)
    sign = SIGN[leg.expected_sign]
    estimate = sign * judged.estimate
    low, high = sorted(sign * end for end in judged.intervals[0.95])
    upper = max(sign * end for end in judged.intervals[0.90])
    values = {"estimate": judged.estimate, "sesoi": leg.sesoi, "upper": upper}
    values |= dict(zip(("low", "high"), judged.intervals[0.95], strict=True))
    if upper < leg.sesoi:
        return Decision(CONTRADICTED, "reversed" if high < 0 else "ruled_out", values)
    if same is not None and same.estimate * judged.estimate < 0:
        return Decision(INCONCLUSIVE, "split_sign", values | {"same": same.estimate})
    if not low > 0:  # also where there is no interval
        return Decision(INCONCLUSIVE, "wide_ci", values)
    if estimate < leg.sesoi:
        return Decision(INCONCLUSIVE, "below_sesoi", values)
    return Decision(SUPPORTED, "large_enough", values)


def _equivalence(leg: Leg, judged: Evidence) -> Decision:
    low, high = judged.intervals[0.90]
    values = {"low": low, "high": high, "sesoi": leg.sesoi, "estimate": judged.estimate}
    if -leg.sesoi < low and high < leg.sesoi:
        return Decision(SUPPORTED, "equivalent", values)
    if low > leg.sesoi or high < -leg.sesoi:
        return Decision(CONTRADICTED, "not_equivalent", values)
    return Decision(INCONCLUSIVE, "wide_ci_equivalence", values)


def join(decisions: Sequence[Decision], p_values: Sequence[float]) -> tuple[Decision, int]:
    """Judge a joint hypothesis from its legs, and name the leg that decides.

    Intersection-union: all legs supported, or any contradicted; p is the largest.

    Parameters
    ----------
    decisions, p_values : sequences, one entry per leg

    Returns
    -------
    Decision, int
        The verdict, and the position of the deciding leg.

    References
    ----------
    Berger (1982), Technometrics 24, 295-300.

    Examples
    --------
    >>> join([Decision("supported", "a"), Decision("inconclusive", "b")], [0.01, 0.2])[0].code
    'b'
    """
    for verdict in (CONTRADICTED, INCONCLUSIVE):
        legs = [i for i, decision in enumerate(decisions) if decision.verdict == verdict]
        # a failed equivalence decides, and is worded, only where no other leg fails
        legs = [i for i in legs if decisions[i].code != "not_equivalent"] or legs
        if legs:
            worst = max(legs, key=lambda i: p_values[i])
            return decisions[worst], worst
    worst = max(range(len(decisions)), key=lambda i: p_values[i])
    return decisions[worst], worst


def grade_of(leg: Leg, sources: Sourcing) -> str:
    """C when no judged link has the same respondent on both sides, else D.

    Grades A and B need a change of process over waves, which one wave cannot show.
    """
    if leg.kind == "indirect":
        chain = chain_of(leg)
        pairs = list(pairwise(chain))
    else:
        moderator = () if leg.moderator is None else (leg.moderator,)
        pairs = [(key, leg.outcome) for key in (*leg.predictor, *moderator)]
    shared = any(
        share_respondent(one, other)
        for cause, outcome in pairs
        for one in sources.of(cause)
        for other in sources.of(outcome)
    )
    return "D" if shared else "C"
