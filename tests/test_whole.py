"""What the verdicts add up to: the table of docs/decision-rules.md, section 5."""

from dataclasses import replace
from itertools import product

import pytest

from coaching_stats.gates import at_least
from coaching_stats.judgement import Verdict
from coaching_stats.rules import Decision
from coaching_stats.theory import load_study
from coaching_stats.whole import judge_theory

NAN = float("nan")
D1, D2, D3, D4, D5 = "H2", "H6", "H7", "H8", "H12"


def verdict(name, outcome, grade="C"):
    checks = (at_least("G1", "icc1", "RIG", 0.0, 0.05, 0.1),) if outcome == "not testable" else ()
    hypothesis = load_study().hypothesis(name)
    return Verdict(hypothesis, Decision(outcome, "gates"), grade, (), 0, NAN, NAN, checks)


def whole(grades=None, **outcomes):
    given = dict.fromkeys(("H1", D1, D2, D3, D4, D5), "inconclusive") | outcomes
    grades = grades or {}
    return judge_theory([verdict(n, o, grades.get(n, "C")) for n, o in given.items()])


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({"H1": "not testable", D1: "supported"}, "not testable"),
        ({"H1": "supported", D1: "supported"}, "supported"),
        ({"H1": "supported", D1: "supported", D3: "contradicted"}, "mixed"),
        ({"H1": "contradicted", D1: "supported"}, "mixed"),
        ({"H1": "contradicted", D3: "contradicted"}, "contradicted"),  # example 10, second part
        ({D1: "contradicted", D3: "contradicted"}, "contradicted"),
        ({"H1": "supported"}, "consistent"),
        ({"H1": "contradicted", D4: "not testable", D5: "not testable"}, "undecided"),  # example 10
        ({D1: "supported"}, "undecided"),
        ({}, "undecided"),
    ],
)
def test_the_first_row_that_applies(outcomes, expected):
    assert whole(**outcomes).verdict == expected


def test_d2_alone_does_not_carry():
    """Common rater and reverse cause predict it too; with another that carries, it does no harm."""
    alone = whole(H1="supported", H6="supported")
    assert (alone.verdict, alone.carrying) == ("consistent", ())
    assert set(alone.rivals) == {"common_rater", "reverse_cause"}
    assert whole(H1="supported", H6="supported", H7="supported").carrying == (D3,)


def test_one_source_never_supports_the_theory():
    assert whole({"H1": "D"}, H1="supported", H2="supported").verdict == "consistent"
    assert whole({D1: "D"}, H1="supported", H2="supported").verdict == "consistent"
    mixed = whole({D1: "D"}, H1="supported", H2="supported", H7="supported")
    assert (mixed.verdict, mixed.grade) == ("supported", "C")


@pytest.mark.parametrize(
    ("grade", "left"),
    [
        ("A", ()),
        ("B", ("common_rater", "reverse_cause", "workload")),
        ("C", ("people", "common_rater", "reverse_cause", "workload")),
        ("D", ("people", "common_rater", "reverse_cause", "workload")),
    ],
)
def test_the_design_of_the_headline_rules_rivals_out(grade, left):
    assert whole({"H1": grade}, H1="supported").rivals == left


def test_a_roll_out_that_leaves_no_rival_does_not_speak_of_rivals():
    for language, forbidden in (("en", "equally with"), ("fi", "yhtä hyvin")):
        said = whole({"H1": "A"}, H1="supported").sentence(language)
        assert forbidden not in said
        assert forbidden in whole({"H1": "B"}, H1="supported").sentence(language)


def test_the_design_of_the_headline_does_not_make_another_prediction_discriminate():
    """D2 across teams is predicted by mood also where the roll-out judges H1 alone."""
    assert whole({"H1": "A"}, H1="supported", H6="supported").carrying == ()
    assert whole({"H1": "A"}, H1="contradicted", H6="supported").verdict == "undecided"
    carried = whole({"H1": "A"}, H1="supported", H2="supported")
    assert (carried.verdict, carried.grade, carried.carrying) == ("supported", "C", (D1,))
    assert whole({"H1": "A", D2: "A"}, H1="supported", H6="supported").carrying == (D2,)


def test_a_trimmed_study_does_not_make_its_rivals_disappear():
    """Where D2 is the only discriminating prediction left, mood still predicts it as well."""
    judged = judge_theory([verdict("H1", "supported"), verdict(D2, "supported")])
    assert (judged.verdict, judged.carrying) == ("consistent", ())


def test_a_supported_theory_names_only_what_it_rests_on():
    both = whole({D5: "D"}, H1="supported", H2="supported", H12="supported")
    assert (both.verdict, both.grade, both.carrying) == ("supported", "C", (D1,))


def test_every_combination_has_exactly_one_verdict_and_no_support_against_a_contradiction():
    outcomes = ("supported", "contradicted", "inconclusive", "not testable")
    known = {"supported", "mixed", "contradicted", "consistent", "undecided", "not testable"}
    for h1, d1, d2, d3 in product(outcomes, repeat=4):
        found = whole(H1=h1, H2=d1, H6=d2, H7=d3).verdict
        assert found in known
        assert (found == "not testable") == (h1 == "not testable")
        if found == "supported":
            assert h1 == "supported"
            assert "contradicted" not in (d1, d2, d3)
            assert "supported" in (d1, d3)
        if found == "contradicted":
            assert [h1, d1, d2, d3].count("contradicted") >= 2


def test_sentences_say_what_the_verdict_says():
    supported = whole(H1="supported", H2="supported", H7="supported")
    assert supported.sentence("en") == (
        "The process explanation is supported (grade C); H2, H7 is not expected under the rival "
        "explanations examined."
    )
    assert supported.sentence("fi").startswith("Prosessiselitys saa tukea (näytön aste C)")
    closed = whole(H1="not testable")
    assert closed.sentence("en").endswith("with these data; reason: G1.")
    against = whole(H1="contradicted")
    assert against.sentence("en") == (
        "These data do not decide between the explanations. "
        + verdict("H1", "contradicted").wording("en")
    )


def of_its_own(name, *separates):
    return replace(load_study().hypothesis(name), separates=separates)


def test_a_rival_of_the_study_itself_is_named_as_it_is_written():
    own = replace(verdict(D1, "inconclusive"), hypothesis=of_its_own(D1, "people", "the season"))
    found = judge_theory([verdict("H1", "supported"), own])
    assert found.rivals == ("people", "common_rater", "reverse_cause", "workload", "the season")
    assert found.sentence("en").endswith("lack of time, the season.")
    assert "the season" in found.sentence("fi")


def test_a_rival_of_the_study_has_to_be_separated_too():
    """D1 separates the four that every survey has, D3 one that only this study names."""
    d3 = replace(verdict(D3, "inconclusive"), hypothesis=of_its_own(D3, "the season"))
    judged = judge_theory([verdict("H1", "supported"), verdict(D1, "supported"), d3])
    assert (judged.verdict, judged.carrying, judged.rivals) == ("consistent", (), ("the season",))
    link = replace(verdict("H3", "supported"), hypothesis=of_its_own("H3", "the season"))
    judged = judge_theory([verdict("H1", "supported"), verdict(D1, "supported"), link])
    assert (judged.verdict, judged.carrying) == ("supported", (D1,))


def test_the_grade_is_the_weaker_one_of_headline_and_prediction_and_of_a_supported_theory_alone():
    assert whole({D1: "B"}, H1="supported", H2="supported").grade == "C"
    assert whole({"H1": "B", D1: "B"}, H1="supported", H2="supported").grade == "B"
    mixed = whole({D1: "D"}, H1="contradicted", H2="supported")
    assert (mixed.verdict, mixed.grade, mixed.carrying) == ("mixed", "", (D1,))


def test_where_one_source_separates_every_rival_all_of_them_are_left():
    found = whole({D1: "D"}, H1="supported", H2="supported")
    assert found.verdict == "consistent"
    assert found.rivals == ("people", "common_rater", "reverse_cause", "workload")


def test_the_headline_is_quoted_where_nothing_decides_against_it_and_nowhere_else():
    quoted = verdict("H1", "contradicted").wording("en")
    for outcomes in ({"H2": "supported"}, {"H7": "contradicted"}):
        assert quoted not in whole(H1="contradicted", **outcomes).sentence("en")
    assert whole().sentence("en") == "These data do not decide between the explanations."
    by_chance = whole({"H1": "A", D1: "A"}, H1="supported", H2="supported").sentence("en")
    assert by_chance.startswith("The process explanation is supported (grade A)")


def test_a_study_without_a_headline_has_no_verdict_on_the_whole():
    judged = judge_theory([verdict("H3", "supported")])
    assert judged.verdict == "not testable"
    assert "no headline hypothesis" in judged.sentence("en")
