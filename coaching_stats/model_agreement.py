"""What several models say of the same slopes, side by side, and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coaching_stats.hypotheses import Leg
from coaching_stats.models import Estimated
from coaching_stats.results import COLUMNS, Shown
from coaching_stats.rules import CONTRADICTED, SUPPORTED, Decision
from coaching_stats.texts import number, texts

LINEAR = "linear"
CONF_LEVEL = 0.95
NONE = Estimated(float("nan"), float("nan"), float("nan"))
FURTHER = (
    "hypothesis",
    "model",
    "sign",
    "sesoi",
    "verdict",
    "agrees",
    "n",
    "clusters",
    "marginal_effect",
    "marginal_low",
    "marginal_high",
)


@dataclass(frozen=True, eq=False)
class Checked:
    """One model on one leg.

    Attributes
    ----------
    term, hypothesis, model : str
        `term` is the hypothesis, and of a joint one also the leg.
    leg : Leg
    estimate : Estimated
        nan where the model gives none.
    decision : Decision or None
        By the same rule as the verdict; None without an estimate.
    marginal : Estimated or None
    n, n_clusters : int
    """

    term: str
    hypothesis: str
    model: str
    leg: Leg
    estimate: Estimated
    decision: Decision | None
    marginal: Estimated | None
    n: int
    n_clusters: int

    def agrees_with(self, linear: Checked) -> bool | None:
        """Whether it has the sign, and not the opposite verdict; None without an estimate."""
        if self.decision is None or linear.decision is None:
            return None
        opposite = {self.decision.verdict, linear.decision.verdict} == {SUPPORTED, CONTRADICTED}
        return not self.turns(linear) and not opposite

    @property
    def is_open(self) -> bool:
        """Whether its interval includes 0."""
        low, high = self.estimate.interval(CONF_LEVEL)
        return low <= 0 <= high

    def turns(self, linear: Checked) -> bool:
        """Whether the sign is the other one."""
        return self.estimate.value * linear.estimate.value < 0


@dataclass(frozen=True, eq=False, repr=False)
class CrossChecks(Shown):
    """The judged slopes by other models.

    Attributes
    ----------
    checked : tuple of Checked
        Of each leg the linear model first.
    n_boot : int
        Resamples behind the errors of the ordinal model.
    notes : tuple of str
    """

    checked: tuple[Checked, ...]
    n_boot: int
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per leg and model: the columns of every result, then what they amount to."""
        rows = [_row(one, self.linear(one.term)) for one in self.checked]
        frame = pd.DataFrame(rows, columns=[*COLUMNS, *FURTHER])
        return frame.astype({"agrees": "boolean"})

    def glance(self) -> pd.DataFrame:
        """One row about all models together."""
        agrees = [c.agrees_with(self.linear(c.term)) for c in self.checked if c.model != LINEAR]
        row = {
            "n_terms": len({one.term for one in self.checked}),
            "n_estimates": sum(one is not None for one in agrees),
            "n_agree": sum(one is True for one in agrees),
            "n_without": sum(one is None for one in agrees),
            "n_boot": self.n_boot,
            "conf_level": CONF_LEVEL,
        }
        return pd.DataFrame([row])

    def linear(self, term: str) -> Checked:
        """The linear model of a leg.

        Parameters
        ----------
        term : str
            Name of the leg.

        Returns
        -------
        Checked
        """
        return next(one for one in self.checked if one.term == term and one.model == LINEAR)

    @property
    def disagreements(self) -> tuple[str, ...]:
        """Where another model says something else, in English."""
        return self.sentences("en")

    def sentences(self, language: str) -> tuple[str, ...]:
        """Where another model says something else, one sentence each.

        Parameters
        ----------
        language : {"en", "fi"}
        """
        found = [_sentence(one, self.linear(one.term), language) for one in self.checked]
        return tuple(sentence for sentence in found if sentence)


def _row(one: Checked, linear: Checked) -> dict[str, object]:
    estimate, marginal = one.estimate, one.marginal or NONE
    values = (
        one.term,
        estimate.value,
        estimate.std_error,
        estimate.value / estimate.std_error,
        estimate.df,
        estimate.p_value,
        *estimate.interval(CONF_LEVEL),
        one.hypothesis,
        one.model,
        "" if one.decision is None else ("negative", "positive")[estimate.value > 0],
        one.leg.sesoi,
        "" if one.decision is None else one.decision.verdict,
        one.agrees_with(linear),
        one.n,
        one.n_clusters,
        marginal.value,
        *marginal.interval(CONF_LEVEL),
    )
    return dict(zip((*COLUMNS, *FURTHER), values, strict=True))


def _sentence(one: Checked, linear: Checked, language: str) -> str:
    """What a model says that the linear one does not; nothing where they say the same."""
    words = texts(language)["cross_checks"]
    if one.decision is None:
        return words["none"].format(about=one.term, model=words["models"][one.model])
    code = _difference(one, linear)
    return words[code].format(**_values(one, linear, language)) if code else ""


def _difference(one: Checked, linear: Checked) -> str:
    """Key of the sentence on a difference."""
    if one.turns(linear):
        return "turns_unclear" if one.is_open and linear.is_open else "turns"
    if one.decision.verdict == linear.decision.verdict:
        return ""
    codes = one.decision.code, linear.decision.code
    if codes == ("wide_ci", "large_enough"):
        return "includes_zero"
    if codes == ("large_enough", "wide_ci"):
        return "excludes_zero"
    return "verdict"


def _values(one: Checked, linear: Checked, language: str) -> Mapping[str, str]:
    words = texts(language)
    low, high = (number(end, language) for end in one.estimate.interval(CONF_LEVEL))
    return {
        "about": one.term,
        "model": words["cross_checks"]["models"][one.model],
        "estimate": number(one.estimate.value, language),
        "low": low,
        "high": high,
        "verdict": words["verdicts"][one.decision.verdict].lower(),
        "linear": number(linear.estimate.value, language),
        "linear_verdict": words["verdicts"][linear.decision.verdict].lower(),
    }
