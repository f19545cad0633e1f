"""The theory as a whole: what the verdicts on its hypotheses add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coaching_stats.judgement import Verdict
from coaching_stats.rules import CONTRADICTED, NOT_TESTABLE, SUPPORTED
from coaching_stats.texts import texts
from coaching_stats.wording import gate_list

MIXED, CONSISTENT, UNDECIDED = "mixed", "consistent", "undecided"
# Live in any one-wave survey, whether or not a hypothesis of the study separates them.
RIVALS = ("people", "common_rater", "reverse_cause", "workload")
STABLE = ("people",)  # differences that last: gone where each team is compared with itself
NO_HEADLINE = "no_headline"


@dataclass(frozen=True)
class TheoryVerdict:
    """Verdict on the theory as a whole.

    Attributes
    ----------
    verdict : str
        supported, mixed, contradicted, consistent, undecided or not testable.
    grade : str
        The weakest grade among the headline and the prediction that carries it; empty otherwise.
    carrying : tuple of str
        Ids of discriminating hypotheses that no live rival predicts; under "supported" those of
        grade C or better, on which the verdict rests.
    rivals : tuple of str
        Rival explanations that the data leave standing; none where the design rules all out.
    gates : tuple of str
    """

    verdict: str
    grade: str
    carrying: tuple[str, ...]
    rivals: tuple[str, ...]
    gates: tuple[str, ...]
    headline: Verdict | None = None

    def sentence(self, language: str) -> str:
        """Give the licensed sentence in `language`."""
        patterns = texts(language)["theory"]
        if self.headline is None:
            return patterns[NO_HEADLINE]
        names = texts(language)["rivals"]
        leaves_none = self.verdict == CONSISTENT and not self.rivals
        said = patterns["consistent_by_design" if leaves_none else self.verdict].format(
            gates=gate_list(self.gates, language),
            grade=self.grade,
            D=", ".join(self.carrying),
            rivals=", ".join(names.get(rival, rival) for rival in self.rivals),
        )
        if self.verdict == UNDECIDED and self.headline.verdict == CONTRADICTED:
            said += " " + self.headline.wording(language)
        return said


def judge_theory(judged: Sequence[Verdict]) -> TheoryVerdict:
    """Add up the verdicts: the headline and the discriminating predictions decide.

    A discriminating prediction carries when it is supported and no rival that is still live makes
    the same prediction. In one wave every rival is live; a design of grade B rules some out, one of
    grade A all, for the prediction that it judges and no other.

    Parameters
    ----------
    judged : sequence of Verdict

    Returns
    -------
    TheoryVerdict
    """
    headline = next((v for v in judged if v.hypothesis.family == "headline"), None)
    if headline is None:
        return TheoryVerdict(NOT_TESTABLE, "", (), (), (NO_HEADLINE,))
    tested = [v for v in judged if v.hypothesis.discriminating and v.verdict != NOT_TESTABLE]
    named = (r for v in judged if v.hypothesis.discriminating for r in v.hypothesis.separates)
    known = tuple(dict.fromkeys((*RIVALS, *named)))
    rivals = _live(known, headline.grade)
    supported = [v for v in tested if v.verdict == SUPPORTED]
    carrying = [v for v in supported if {*_live(known, v.grade)} <= {*v.hypothesis.separates}]
    n_contradicted = sum(v.verdict == CONTRADICTED for v in tested)
    verdict = _verdict(headline, carrying, n_contradicted)
    best = min((max(v.grade, headline.grade) for v in carrying), default="")
    separated = {rival for v in supported for rival in v.hypothesis.separates}
    return TheoryVerdict(
        verdict=verdict,
        grade=best if verdict == SUPPORTED else "",
        carrying=tuple(v.hypothesis.id for v in carrying if verdict != SUPPORTED or v.grade <= "C"),
        rivals=tuple(rival for rival in rivals if rival not in separated) or rivals,
        gates=tuple(headline.gates),
        headline=headline,
    )


def _live(rivals: Sequence[str], grade: str) -> tuple[str, ...]:
    """Rivals that a design leaves: chance leaves none, a team's own past no stable difference."""
    if grade == "A":
        return ()
    return tuple(rival for rival in rivals if grade != "B" or rival not in STABLE)


def _verdict(headline: Verdict, carrying: Sequence[Verdict], n_contradicted: int) -> str:
    """The first row that applies, from the top."""
    carries_at_c = any(max(v.grade, headline.grade) <= "C" for v in carrying)
    if headline.verdict == NOT_TESTABLE:
        return NOT_TESTABLE
    if headline.verdict == SUPPORTED and carries_at_c and not n_contradicted:
        return SUPPORTED
    if carrying and (headline.verdict == CONTRADICTED or n_contradicted):
        return MIXED
    if (headline.verdict == CONTRADICTED and n_contradicted) or n_contradicted >= 2:
        return CONTRADICTED
    if headline.verdict == SUPPORTED:
        return CONSISTENT
    return UNDECIDED
