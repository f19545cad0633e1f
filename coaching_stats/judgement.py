"""One hypothesis as judged: its legs, gates, reason and licensed sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coaching_stats.estimates import Evidence
from coaching_stats.gates import Check, failed_gates
from coaching_stats.hypotheses import Hypothesis, Leg
from coaching_stats.rules import NOT_TESTABLE, Decision, grade_of
from coaching_stats.sourcing import Sourcing
from coaching_stats.texts import texts
from coaching_stats.wording import gate_reasons, reason_text, sentence

NOT_MEASURED = "not_measured"


@dataclass(frozen=True, eq=False)
class LegVerdict:
    """One leg as judged: its evidence, and that from the same respondents beside it."""

    leg: Leg
    decision: Decision
    evidence: Evidence
    same: Evidence | None


@dataclass(frozen=True, eq=False)
class Verdict:
    """One hypothesis as judged.

    Attributes
    ----------
    hypothesis : Hypothesis
    decision : Decision
    grade : str
    legs : tuple of LegVerdict
        Empty when not testable.
    deciding : int
        The leg whose numbers stand for the hypothesis.
    p_value, p_adjusted : float
    checks : tuple of Check
    missing : tuple of str
        Score columns that were not measured.
    """

    hypothesis: Hypothesis
    decision: Decision
    grade: str
    legs: tuple[LegVerdict, ...]
    deciding: int
    p_value: float
    p_adjusted: float
    checks: tuple[Check, ...]
    missing: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """The verdict."""
        return self.decision.verdict

    @property
    def gates(self) -> list[str]:
        """Codes of what makes it not testable."""
        if self.missing:
            return [NOT_MEASURED]
        return failed_gates(self.checks)

    @property
    def is_exploratory(self) -> bool:
        """Whether it gets estimates but no verdict sentence."""
        return self.hypothesis.family == "exploratory"

    @property
    def has_shared_respondent(self) -> bool:
        """Whether the same respondent stands on both sides of a leg."""
        sources = [Sourcing(one.evidence.is_split, one.evidence.source) for one in self.legs]
        grades = [grade_of(one.leg, its) for one, its in zip(self.legs, sources, strict=True)]
        return "D" in grades

    def word(self, language: str) -> str:
        """Name the verdict; an exploratory estimate is called that and no more."""
        words = texts(language)["verdicts"]
        return words["exploratory" if self.is_exploratory and self.legs else self.verdict]

    def reason(self, language: str) -> str:
        """Give the code and the deciding number."""
        if self.missing:
            return reason_text(NOT_MEASURED, {"missing": ", ".join(self.missing)}, language)
        if self.verdict == NOT_TESTABLE:
            return gate_reasons(self.checks, language)
        values = self.decision.values | {"p": self.p_adjusted}
        return reason_text(self.decision.code, values, language)

    def wording(self, language: str) -> str:
        """Give the licensed sentence, none for exploratory hypotheses."""
        if self.is_exploratory:
            return ""
        is_equivalence = self.decision.code == "not_equivalent"
        return sentence(
            self.hypothesis,
            self.verdict,
            self.grade,
            self.gates,
            language,
            is_equivalence=is_equivalence,
            has_shared_respondent=self.has_shared_respondent,
        )

    def row(self) -> dict[str, object]:
        """One row of the table of verdicts."""
        judged = self.legs[self.deciding].evidence if self.legs else None
        low, high = judged.intervals[0.95] if judged else (np.nan, np.nan)
        return {
            "hypothesis": self.hypothesis.id,
            "verdict": self.verdict,
            "grade": self.grade,
            "estimate": judged.estimate if judged else np.nan,
            "conf_low": low,
            "conf_high": high,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "sesoi": self.legs[self.deciding].leg.sesoi if judged else self.hypothesis.sesoi,
            "n": judged.n if judged else np.nan,
            "clusters": judged.n_clusters if judged else np.nan,
            "reason": self.reason("en"),
            "wording": self.wording("en"),
        }
