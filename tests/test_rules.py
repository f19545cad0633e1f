"""From an estimate and a prediction to a verdict: the worked examples of docs/decision-rules.md."""

from dataclasses import replace
from itertools import product

import pytest
from scipy import stats

from coaching_stats.estimates import Evidence
from coaching_stats.hypotheses import Leg
from coaching_stats.rules import Decision, decide, grade_of, join
from coaching_stats.sourcing import Sourcing


def evidence(estimate, std_error, *, p_value=None):
    """Evidence with a normal reference, as the worked examples assume."""
    intervals = {}
    for level in (0.90, 0.95):
        margin = stats.norm.ppf((1 + level) / 2) * std_error
        intervals[level] = (estimate - margin, estimate + margin)
    p = 2 * stats.norm.sf(abs(estimate) / std_error) if p_value is None else p_value
    return Evidence(
        estimate, std_error, float("inf"), intervals, p, 150, 50, 150, True, False, {}, ()
    )


def leg(sign="negative", sesoi=0.20, **changes):
    given = {
        "name": "X",
        "kind": "slope",
        "outcome": "Y",
        "predictor": ("X",),
        "mediators": (),
        "moderator": None,
        "at": None,
        "is_interaction": False,
        "covariates": (),
        "contrast": None,
        "level": "team",
        "expected_sign": sign,
        "sesoi": sesoi,
    }
    return Leg(**{**given, **changes})


@pytest.mark.parametrize(
    ("sign", "sesoi", "estimate", "std_error", "verdict", "code"),
    [
        ("negative", 0.20, -0.34, 0.08, "supported", "large_enough"),  # example 1
        ("negative", 0.20, -0.03, 0.07, "contradicted", "ruled_out"),  # example 3
        ("positive", 0.20, 0.25, 0.15, "inconclusive", "wide_ci"),  # example 4
        ("positive", 0.20, 0.15, 0.05, "inconclusive", "below_sesoi"),  # example 5
        ("zero", 0.20, 0.02, 0.09, "supported", "equivalent"),  # example 6
        ("zero", 0.20, 0.02, 0.13, "inconclusive", "wide_ci_equivalence"),
        ("zero", 0.20, 0.38, 0.09, "contradicted", "not_equivalent"),
        ("positive", 0.20, -0.40, 0.10, "contradicted", "reversed"),
    ],
)
def test_worked_examples(sign, sesoi, estimate, std_error, verdict, code):
    decision = decide(leg(sign, sesoi), evidence(estimate, std_error), None)
    assert (decision.verdict, decision.code) == (verdict, code)


@pytest.mark.parametrize(
    ("sign", "estimate", "narrow", "wide", "code"),
    [
        ("positive", 0.2, (0.1, 0.3), (0.0, 0.4), "wide_ci"),  # above 0 is above, not at
        ("positive", 0.2, (0.1, 0.3), (0.01, 0.4), "large_enough"),  # at least the SESOI
        ("positive", 0.1, (0.0, 0.2), (-0.1, 0.3), "wide_ci"),  # ends at the SESOI: not ruled out
        ("positive", 0.1, (0.01, 0.19), (-0.01, 0.21), "ruled_out"),  # by the 90 % interval
        ("positive", -0.1, (-0.15, -0.05), (-0.2, 0.0), "ruled_out"),
        ("negative", -0.2, (-0.3, -0.1), (-0.4, -0.01), "large_enough"),
        ("negative", -0.1, (-0.2, 0.0), (-0.3, 0.1), "wide_ci"),
        ("zero", 0.0, (-0.2, 0.1), (-0.3, 0.2), "wide_ci_equivalence"),  # inside, not touching
        ("zero", 0.0, (-0.1, 0.2), (-0.2, 0.3), "wide_ci_equivalence"),
        ("zero", 0.3, (0.2, 0.4), (0.1, 0.5), "wide_ci_equivalence"),  # outside, not touching
        ("zero", -0.3, (-0.4, -0.2), (-0.5, -0.1), "wide_ci_equivalence"),
        ("zero", -0.3, (-0.4, -0.21), (-0.5, -0.1), "not_equivalent"),
    ],
)
def test_an_interval_that_ends_at_a_bound_has_not_passed_it(sign, estimate, narrow, wide, code):
    judged = replace(evidence(estimate, 0.1), intervals={0.90: narrow, 0.95: wide})
    decision = decide(leg(sign), judged, None)
    assert decision.code == code
    assert (decision.values["estimate"], decision.values["sesoi"]) == (estimate, 0.2)
    shown = narrow if sign == "zero" else wide
    assert (decision.values["low"], decision.values["high"]) == shown
    if sign != "zero":  # the largest effect in the expected direction
        assert decision.values["upper"] == (narrow[1] if sign == "positive" else -narrow[0])


def test_opposite_sources_withhold_support_and_do_not_save_a_size_ruled_out():
    strong, other = evidence(-0.34, 0.08), evidence(0.01, 0.08)
    assert decide(leg(), strong, other).code == "split_sign"
    assert decide(leg(), strong, other).values["same"] == 0.01
    assert decide(leg(), strong, evidence(0.0, 0.08)).code == "large_enough"  # no sign at all
    assert decide(leg(), evidence(-0.03, 0.07), other).verdict == "contradicted"
    assert decide(leg(), strong, evidence(-0.29, 0.08)).verdict == "supported"
    unclear = evidence(0.05, 0.2)  # the wrong sign, and as the prediction says elsewhere
    assert decide(leg(), unclear, evidence(-0.3, 0.08)).code == "split_sign"
    assert decide(leg(), unclear, evidence(0.3, 0.08)).code == "wide_ci"


def test_a_verdict_mirrors_with_its_prediction():
    """Turning outcome and prediction round changes nothing but the sign."""
    for estimate, std_error in product((-0.5, -0.1, 0.0, 0.15, 0.3), (0.05, 0.1, 0.3)):
        one = decide(leg("negative"), evidence(estimate, std_error), None)
        other = decide(leg("positive"), evidence(-estimate, std_error), None)
        assert (one.verdict, one.code) == (other.verdict, other.code)


def test_supported_and_contradicted_exclude_each_other_and_more_data_decides():
    """With a vanishing standard error only the size decides."""
    for estimate in (-0.4, -0.21, -0.1, 0.0, 0.2):
        decision = decide(leg(), evidence(estimate, 1e-6), None)
        expected = "supported" if estimate <= -0.2 else "contradicted"
        assert decision.verdict == expected


def test_joint_is_the_weakest_leg():
    supported, open_, against = (
        Decision("supported", "large_enough"),
        Decision("inconclusive", "wide_ci_equivalence"),
        Decision("contradicted", "ruled_out"),
    )
    assert join([supported, open_], [0.002, 0.2]) == (open_, 1)  # example 7
    assert join([supported, against], [0.002, 0.9])[0].verdict == "contradicted"
    assert join([open_, against], [0.5, 0.4]) == (against, 1)
    assert join([supported, supported], [0.01, 0.03]) == (supported, 1)
    assert join([supported, supported], [0.03, 0.01]) == (supported, 0)


def test_of_several_legs_that_fail_the_one_of_the_largest_p_is_named():
    open_, further = Decision("inconclusive", "wide_ci"), Decision("inconclusive", "below_sesoi")
    supported = Decision("supported", "large_enough")
    assert join([supported, open_, further], [0.9, 0.3, 0.2]) == (open_, 1)
    assert join([open_, supported, further], [0.2, 0.9, 0.3]) == (further, 2)


def test_a_failed_equivalence_decides_whatever_the_other_p():
    equal = Decision("contradicted", "not_equivalent")
    assert join([Decision("supported", "large_enough"), equal], [0.9, 0.1]) == (equal, 1)


@pytest.mark.parametrize(
    ("kind", "source", "grade"),
    [
        ("slope", {"X": "seller", "Y": "manager"}, "C"),
        ("slope", {"X": "manager", "Y": "manager"}, "D"),
        ("slope", {"X": "seller_a", "Y": "seller_b"}, "C"),
        ("slope", {"X": "seller", "Y": "seller_b"}, "D"),
        ("indirect", {"X": "seller_a", "M": "manager", "Y": "seller_b"}, "C"),
        ("indirect", {"X": "seller", "M": "seller", "Y": "records"}, "D"),  # weakest link
        ("indirect", {"X": "records", "M": "seller", "Y": "seller"}, "D"),
        ("indirect", {"X": "seller", "M": "manager", "Y": "seller"}, "C"),  # no link by itself
    ],
)
def test_grade_is_that_of_the_weakest_link(kind, source, grade):
    mediators = ("M",) if kind == "indirect" else ()
    sources = Sourcing(True, {(key, key): where for key, where in source.items()})
    assert grade_of(leg(kind=kind, mediators=mediators), sources) == grade


@pytest.mark.parametrize(
    ("more", "source", "grade"),
    [
        ({"moderator": "Z"}, {"X": "seller", "Z": "manager", "Y": "manager"}, "D"),
        ({"moderator": "Z"}, {"X": "seller", "Z": "records", "Y": "manager"}, "C"),
        ({"predictor": ("X", "Z")}, {"X": "seller", "Z": "manager", "Y": "manager"}, "D"),
        ({"covariates": ("Z",)}, {"X": "seller", "Z": "manager", "Y": "manager"}, "C"),
    ],
)
def test_the_grade_is_that_of_all_that_is_predicted_from_and_of_no_covariate(more, source, grade):
    sources = Sourcing(True, {(key, key): where for key, where in source.items()})
    assert grade_of(leg(**more), sources) == grade


def test_every_part_of_a_derived_variable_counts():
    parts = {("X", "P"): "seller", ("X", "Q"): "manager"}
    for outcome, grade in (("records", "C"), ("seller", "D"), ("manager", "D")):
        assert grade_of(leg(), Sourcing(True, {**parts, ("Y", "Y"): outcome})) == grade
    halves = {("Y", "P"): "seller_b", ("Y", "Q"): "manager"}
    assert grade_of(leg(), Sourcing(True, {("X", "X"): "seller_a", **halves})) == "C"
    assert grade_of(leg(), Sourcing(True, {("X", "X"): "manager", **halves})) == "D"


def test_an_estimate_without_an_interval_is_never_supported():
    lost = evidence(-0.5, float("nan"))
    assert decide(leg(), lost, None).verdict == "inconclusive"
    assert decide(leg("zero", kind="equivalence"), lost, None).verdict == "inconclusive"
