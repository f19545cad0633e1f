"""Who supplies each variable of a prediction: split sources, or the same respondent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coaching_stats.hypotheses import SUFFIX, Hypothesis, Leg, Study
from coaching_stats.panel import Panel

HALVES = ("seller_a", "seller_b")


@dataclass(frozen=True)
class Sourcing:
    """Where each variable of a leg comes from: split sources, or the same respondent.

    Attributes
    ----------
    is_split : bool
    source : mapping from (variable, part) to source
        A derived variable has several parts, any other is its own part.
    """

    is_split: bool
    source: Mapping[tuple[str, str], str]

    @property
    def has_halves(self) -> bool:
        """Whether random halves of the sellers are used."""
        return any(source in HALVES for source in self.source.values())

    def of(self, key: str) -> tuple[str, ...]:
        """Sources of the parts of a variable."""
        return tuple(source for (name, _), source in self.source.items() if name == key)

    def column(self, key: str, part: str) -> str:
        """Score column of one part of a variable."""
        source = self.source[key, part]
        return f"{part}_{SUFFIX['seller' if source.startswith('seller') else source]}"

    def has_sellers(self, key: str) -> bool:
        """Whether sellers supply the variable, or a part of it."""
        return any(source.startswith("seller") for source in self.of(key))


def share_respondent(one: str, other: str) -> bool:
    """Whether two sources are the same people; two random halves are not.

    Examples
    --------
    >>> share_respondent("seller", "seller_a"), share_respondent("seller_a", "seller_b")
    (True, False)
    """
    if {one, other} == set(HALVES):
        return False
    return one.split("_")[0] == other.split("_")[0]


def variables(leg: Leg) -> tuple[str, ...]:
    """Every variable of a leg, outcome first, each once."""
    moderator = () if leg.moderator is None else (leg.moderator,)
    named = (leg.outcome, *leg.predictor, *leg.mediators, *moderator, *leg.covariates)
    return tuple(dict.fromkeys(named))


def focal(leg: Leg) -> tuple[str, ...]:
    """The variables that the prediction is about: all but the covariates."""
    moderator = () if leg.moderator is None else (leg.moderator,)
    return tuple(dict.fromkeys((leg.outcome, *leg.predictor, *leg.mediators, *moderator)))


def sourcing(hypothesis: Hypothesis, leg: Leg, study: Study, *, is_split: bool) -> Sourcing | None:
    """Source of every variable of a leg, or None where the hypothesis names no such sources."""
    named = hypothesis.split if is_split else hypothesis.same
    if named is None and hypothesis.split is None and not is_split:
        named = {}
    if named is None or any("wave" in source for source in named.values()):
        return None
    if leg.level == "seller" and named.get(leg.outcome) == "manager":
        # a manager's one answer for the team says nothing about who in it differs from whom
        named = {**named, leg.outcome: "seller"}
    source = {
        (key, part): named.get(key) or _source(part, named, leg, study)
        for key in variables(leg)
        for part in study.parts(key)
    }
    return Sourcing(is_split, source)


def _source(part: str, named: Mapping[str, str], leg: Leg, study: Study) -> str:
    """Source of a construct: named by the hypothesis, else by the study, else its first form."""
    default = study.covariate_sources.get(part, study.constructs[part].forms[0])
    if default == "outcome":
        default = _source(leg.outcome, named, leg, study)
    return named.get(part, default)


def unmeasured(leg: Leg, sources: Sourcing, panel: Panel, study: Study) -> list[str]:
    """Score columns that the leg needs and the data lack, or hold without any difference."""
    needed = columns_used(variables(leg), sources, study)
    return [column for column in needed if not panel.varies(column)]


def columns_used(keys: Sequence[str], sources: Sourcing, study: Study) -> list[str]:
    """Score columns behind some variables."""
    return list(
        dict.fromkeys(sources.column(key, part) for key in keys for part in study.parts(key))
    )
