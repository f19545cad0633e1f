"""One prediction under the common-rater test: its row, and its sentence for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coaching_stats.estimates import Evidence
from coaching_stats.hypotheses import Hypothesis
from coaching_stats.rater_apart import Apart
from coaching_stats.results import COLUMNS
from coaching_stats.rules import NOT_TESTABLE, SUPPORTED
from coaching_stats.texts import number, texts

SHARES = (
    "vanishing_share",
    "below_sesoi_share",
    "marker_share",
    "marker_estimate",
    "scales_share",
    "scales_estimate",
    "largest_share",
)
STRESS_COLUMNS = (
    *COLUMNS,
    "sesoi",
    "verdict",
    "across",
    "across_estimate",
    "across_conf_low",
    "across_conf_high",
    "across_spread",
    "across_verdict",
    *SHARES,
    "withdrawn",
    "sentence",
)


@dataclass(frozen=True, eq=False)
class Stressed:
    """One hypothesis under the test; numbers are those of its first leg.

    Attributes
    ----------
    hypothesis : Hypothesis
    same : Evidence or None
        From the same respondents; None where not testable.
    same_verdict, across_verdict : str
        Of all legs, by the rules and before the adjustment for several hypotheses; the second is
        empty where nothing takes the two sides apart.
    across : Apart
    form : str
        ``slope`` where the shares have a closed form; else ``interaction``, ``spread``, or
        ``no_tone`` where nothing says which scores are pleasant to rate.
    shares : mapping from `SHARES` to float
        nan where there is none.
    is_explained : bool
        Whether a leg is smaller than its SESOI, or turns, once the shared error that the other
        scales suggest is taken out.
    why_untested : str
        Why there is no estimate although the gates are open; empty otherwise.
    """

    hypothesis: Hypothesis
    same: Evidence | None
    same_verdict: str
    across: Apart
    across_verdict: str
    form: str
    shares: Mapping[str, float]
    is_explained: bool = False
    why_untested: str = ""

    @property
    def is_withdrawn(self) -> bool:
        """Whether the same respondents support it, and it does not stand the test."""
        fails = self.is_explained or (self.is_tested and self.across_verdict != SUPPORTED)
        return self.same_verdict == SUPPORTED and fails

    @property
    def is_tested(self) -> bool:
        """Whether the two sides were taken apart, and a verdict came of it."""
        return self.across_verdict not in ("", NOT_TESTABLE)

    def row(self) -> dict[str, object]:
        """One row of the table."""
        (low, high), across = _numbers(self.across.evidence)[-2:], self.across.evidence
        values = (
            self.hypothesis.id,
            *_numbers(self.same),
            self.hypothesis.legs[0].sesoi,
            self.same_verdict,
            self.across.basis,
            np.nan if across is None else across.estimate,
            low,
            high,
            self.across.spread,
            self.across_verdict,
            *(self.shares[key] for key in SHARES),
            self.is_withdrawn,
            self.sentence("en"),
        )
        return dict(zip(STRESS_COLUMNS, values, strict=True))

    def sentence(self, language: str) -> str:
        """Say what the test shows, for a reader who is no statistician."""
        words = texts(language)["rater_stress"]
        if self.same is None:
            return words["untested"]
        if self.same_verdict != SUPPORTED:
            return self._said("nothing" if self.across_verdict else "alone", language)
        parts = [self._said("both" if self.across_verdict else "apart", language)]
        parts.append(self._size(language))
        if self.is_explained:
            parts.append(words["explained"])
        left = "stands" if self.is_tested else "open"
        return " ".join([*parts, words["withdrawn" if self.is_withdrawn else left]])

    def _said(self, key: str, language: str) -> str:
        """Both estimates and what follows."""
        words, verdicts = texts(language)["rater_stress"], texts(language)["verdicts"]
        across = self.across.evidence
        return words[key].format(
            same=_with_interval(self.same, language),
            verdict=verdicts[self.same_verdict].lower(),
            basis=words["bases"].get(self.across.basis, ""),
            across=words["none"] if across is None else _with_interval(across, language),
            across_verdict=verdicts.get(self.across_verdict, "").lower(),
        )

    def _size(self, language: str) -> str:
        """How large a shared error would have to be, beside what is known of its size."""
        words = texts(language)["rater_stress"]
        if np.isnan(self.shares["vanishing_share"]):
            return words["no_share"][self.form]
        known = [key for key in words["shares"] if not np.isnan(self.shares[key])]
        values = {
            key: f"{number(100 * share, language, 0)} %" for key, share in self.shares.items()
        }
        values["scales_estimate"] = number(self.shares["scales_estimate"], language)
        return " ".join(words["shares"][key].format(**values) for key in known)


def _numbers(evidence: Evidence | None) -> tuple[float, ...]:
    """Estimate, standard error, statistic, df, p and 95 % interval."""
    if evidence is None:
        return (np.nan,) * 7
    error = evidence.std_error
    statistic = evidence.estimate / error if error else np.nan
    values = (evidence.estimate, error, statistic, evidence.df, evidence.p_value)
    return (*values, *evidence.intervals[0.95])


def _with_interval(evidence: Evidence, language: str) -> str:
    low, high = (number(end, language) for end in evidence.intervals[0.95])
    return f"{number(evidence.estimate, language)} [{low}; {high}]"
