"""From panel to verdicts: multiplicity, names that do not matter, fallbacks that are said."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from coaching_stats.judgement import Verdict
from coaching_stats.panel import measure
from coaching_stats.rules import Decision, join
from coaching_stats.study import judge
from coaching_stats.theory import load_study
from coaching_stats.verdicts import adjusted, judge_panel
from coaching_stats.worlds import simulate

STUDY = load_study()
NAN = float("nan")


def only(*names, **changes):
    """The packaged study with some of its hypotheses, each changed alike."""
    kept = tuple(replace(h, **changes) for h in STUDY.hypotheses if h.id in names)
    return replace(STUDY, hypotheses=kept, described=())


@cache
def tables():
    return simulate("theory", firms=20, teams=3, sellers=8, seed=12)


def judged(p_values, outcome="supported", closed=()):
    """Verdicts with these p-values; those in `closed` are not testable."""
    return [
        Verdict(
            STUDY.hypothesis(name),
            Decision("not testable" if name in closed else outcome, "large_enough"),
            "C",
            () if name in closed else (None,),
            0,
            p,
            NAN,
            (),
        )
        for name, p in p_values.items()
    ]


def test_holm_counts_within_each_family_and_only_what_is_testable():
    """Example 9: rank 3 of 4 links doubles .03 to .06."""
    links = {"H3": 0.001, "H4": 0.002, "H5": 0.03, "H9": 0.04}
    found = {v.hypothesis.id: v for v in adjusted(judged({**links, "H1": 0.04}))}
    assert found["H5"].p_adjusted == pytest.approx(0.06)
    assert (found["H5"].verdict, found["H5"].decision.code) == ("inconclusive", "multiplicity")
    assert found["H3"].p_adjusted == pytest.approx(0.004)
    assert (found["H1"].p_adjusted, found["H1"].verdict) == (0.04, "supported")
    fewer = {v.hypothesis.id: v for v in adjusted(judged(links, closed=("H9",)))}
    assert fewer["H5"].p_adjusted == pytest.approx(0.03)
    assert fewer["H5"].verdict == "supported"
    assert np.isnan(fewer["H9"].p_adjusted)


def test_holm_takes_support_away_and_nothing_else():
    for outcome in ("contradicted", "inconclusive"):
        found = adjusted(judged({"H3": 0.5, "H4": 0.9}, outcome))
        assert [v.verdict for v in found] == [outcome, outcome]
    (exploratory,) = adjusted(judged({"H20": 0.9}))
    assert (exploratory.verdict, exploratory.wording("en")) == ("supported", "")
    assert np.isnan(exploratory.p_adjusted)


def test_a_joint_claim_against_which_a_slope_speaks_is_not_worded_as_an_equivalence():
    slope, equal = Decision("contradicted", "ruled_out"), Decision("contradicted", "not_equivalent")
    assert join([slope, equal], [0.5, 0.99]) == (slope, 0)
    supported = Decision("supported", "large_enough")
    assert join([supported, equal], [0.01, 0.99]) == (equal, 1)


def test_the_name_of_a_hypothesis_does_not_matter():
    one = judge(tables(), only("H1", "H2", "H7"), seed=1)
    renamed = only("H1", "H2", "H7")
    renamed = replace(
        renamed,
        hypotheses=tuple(
            replace(h, id=f"X{h.id}", title="t", statement_en="Z.") for h in renamed.hypotheses
        ),
    )
    other = judge(tables(), renamed, seed=1)
    columns = ["verdict", "grade", "estimate", "conf_low", "conf_high", "p_adjusted", "reason"]
    assert one.tidy()[columns].equals(other.tidy()[columns])
    assert one.theory.verdict == other.theory.verdict


def test_turning_the_prediction_round_turns_the_verdict_and_not_the_estimate():
    study = only("H3")
    (h3,) = study.hypotheses
    legs = tuple(replace(leg, expected_sign="negative") for leg in h3.legs)
    other = replace(study, hypotheses=(replace(h3, legs=legs),))
    one, turned = judge(tables(), study)["H3"], judge(tables(), other)["H3"]
    assert one.row()["estimate"] == turned.row()["estimate"]
    assert (one.verdict, turned.verdict) == ("supported", "contradicted")
    assert turned.decision.code == "reversed"


def test_without_a_second_source_the_grade_falls_and_a_note_says_so():
    managers = tables()["manager_survey"]
    bare = {
        **tables(),
        "manager_survey": managers.drop(columns=[c for c in managers if c.startswith("M_SPR")]),
    }
    one, other = judge(tables(), only("H7")), judge(bare, only("H7"))
    assert (one["H7"].grade, other["H7"].grade) == ("C", "D")
    assert not any("same respondents; no second source" in note for note in one.notes)
    assert any("H7: judged from the same respondents" in note for note in other.notes)
    assert one["H7"].legs[0].same.estimate == pytest.approx(
        other["H7"].legs[0].evidence.estimate, rel=1e-9
    )


def test_what_is_described_has_a_p_value_against_zero_and_no_verdict():
    study = replace(STUDY, hypotheses=STUDY.hypotheses[:1])
    verdicts = judge(tables(), study)
    (described,) = verdicts.described
    evidence = described.legs[0].evidence
    low, high = evidence.intervals[0.95]
    assert (evidence.p_value < 0.05) == (low > 0 or high < 0)
    assert described.hypothesis.id not in verdicts.tidy()["hypothesis"].tolist()


def test_warned_gates_are_told_with_their_number():
    verdicts = judge(simulate("theory", firms=14, teams=2, sellers=8, seed=2), only("H1"))
    (check,) = [c for c in verdicts["H1"].checks if c.what == "teams"]
    assert check.status == "warn"
    assert f"H1: G2 warn: teams of WTC is {check.value:.0f}" in verdicts.notes


def test_the_same_seed_gives_the_same_numbers_and_another_one_nearly():
    study = only("H6")
    one, again, other = (judge(tables(), study, seed=s).tidy() for s in (1, 1, 2))
    assert one.equals(again)
    assert other["estimate"][0] != one["estimate"][0]
    width = one["conf_high"][0] - one["conf_low"][0]
    assert abs(other["estimate"][0] - one["estimate"][0]) < width / 10


def test_the_null_world_supports_nothing_that_discriminates():
    verdicts = judge(simulate("null", firms=40, teams=3, sellers=8, seed=5), only("H1", "H2", "H7"))
    assert {v.verdict for v in verdicts.judged} <= {"inconclusive", "contradicted"}
    assert verdicts.theory.verdict in ("undecided", "contradicted")


def test_fewer_splits_than_usual_are_said():
    panel = measure(simulate("null", firms=12, teams=1, sellers=6, seed=1), STUDY)
    few, usual = (judge_panel(panel, STUDY, 1, n_splits=n, n_boot=100) for n in (3, 50))
    assert [note for note in few.notes if note.startswith("3 random halves")]
    assert not [note for note in usual.notes if "random halves are drawn" in note]
