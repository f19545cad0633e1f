"""From panel to verdicts: multiplicity, names that do not matter, fallbacks that are said."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import seeds

from coaching_stats.errors import DesignError, StudyError
from coaching_stats.judgement import Verdict
from coaching_stats.panel import measure
from coaching_stats.results import holm
from coaching_stats.rules import Decision, join
from coaching_stats.study import judge
from coaching_stats.theory import load_study
from coaching_stats.verdicts import adjusted, judge_panel, judge_tables
from coaching_stats.waves import measure_waves
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


def test_support_ends_at_five_in_a_hundred_and_keeps_the_numbers_that_decided():
    for p, outcome in ((0.0499, "supported"), (0.05, "inconclusive"), (NAN, "inconclusive")):
        (found,) = adjusted(judged({"H1": p}))
        assert (found.verdict, found.p_adjusted) == (outcome, pytest.approx(p, nan_ok=True))
    (one,) = judged({"H1": 0.2})
    (lost,) = adjusted([replace(one, decision=replace(one.decision, values={"low": 0.1}))])
    assert (lost.decision.code, lost.decision.values) == ("multiplicity", {"low": 0.1})


def test_a_joint_claim_against_which_a_slope_speaks_is_not_worded_as_an_equivalence():
    slope, equal = Decision("contradicted", "ruled_out"), Decision("contradicted", "not_equivalent")
    assert join([slope, equal], [0.5, 0.99]) == (slope, 0)
    supported = Decision("supported", "large_enough")
    assert join([supported, equal], [0.01, 0.99]) == (equal, 1)


def test_the_name_of_a_hypothesis_does_not_matter():
    one = judged_quickly(only("H1", "H2", "H7"))
    renamed = only("H1", "H2", "H7")
    renamed = replace(
        renamed,
        hypotheses=tuple(
            replace(h, id=f"X{h.id}", title="t", statement_en="Z.") for h in renamed.hypotheses
        ),
    )
    other = judged_quickly(renamed)
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
    one, again, other = (
        judge_panel(panel(), study, s, n_splits=10, n_boot=60).tidy() for s in (1, 1, 2)
    )
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


@cache
def panel():
    return measure(tables(), STUDY)


def judged_quickly(study, of=None, seed=1):
    return judge_panel(panel() if of is None else of, study, seed, n_splits=3, n_boot=60)


def test_unknown_response_rates_cost_a_grade_and_are_told():
    unknown = replace(panel(), teams=panel().teams.drop(columns="n_invited"))
    one, other = (judged_quickly(only("H1", "H7"), of) for of in (panel(), unknown))
    assert [v.grade for v in one.judged] == ["C", "C"]
    assert [v.grade for v in other.judged] == ["D", "D"]
    said = "response rates are unknown, so no grade is better than D"
    assert (said in one.notes, said in other.notes) == (False, True)
    assert "H1: G5 unknown: low_response of teams" in other.notes  # no number where none is known


def test_a_hypothesis_of_what_was_not_measured_says_what_is_missing():
    bare = {name: table for name, table in tables().items() if name != "manager_survey"}
    verdicts = judged_quickly(only("H3", "H7"), measure(bare, STUDY))
    links, spread = verdicts["H3"], verdicts["H7"]
    assert (links.verdict, links.grade, links.gates) == ("not testable", "", ["not_measured"])
    assert links.missing == ("LAT_m",)
    assert np.isnan([links.p_value, links.p_adjusted]).all()
    assert (links.legs, spread.missing, spread.grade) == ((), (), "D")
    assert [note for note in verdicts.notes if note.startswith("Holm")] == [
        "Holm adjustment, family discriminating: m = 1"
    ]


def test_sources_of_a_wave_that_is_not_there_are_what_is_missing():
    later = {"INF": "seller", "WTC": "manager_wave2"}
    for same, missing in ((None, ("second_wave",)), ({"INF": "records"}, ("INF_r",))):
        verdict = judged_quickly(only("H4", split=later, same=same))["H4"]
        assert (verdict.missing, verdict.gates) == (missing, ["not_measured"])


def test_what_study_panel_and_splits_have_to_say_stands_in_the_notes():
    told = replace(panel(), notes=("a note of the panel",))
    study = only("H1", "H2", "H6", "H20", split=None)
    verdicts = judged_quickly(replace(study, notes=("a note of the study",)), told)
    assert verdicts.notes[:3] == (
        "a note of the study",
        "a note of the panel",
        "3 random halves are drawn where a judgement usually takes 50",
    )
    assert len(set(verdicts.notes)) == len(verdicts.notes)
    assert "Holm adjustment, family discriminating: m = 2" in verdicts.notes
    both = [verdicts["H2"], verdicts["H6"]]
    assert [v.p_adjusted for v in both] == holm([v.p_value for v in both])
    assert verdicts.theory.headline is verdicts["H1"]
    of_leg = {f"H6: {note}" for note in both[1].legs[0].evidence.notes}
    assert of_leg
    assert of_leg <= {*verdicts.notes}
    assert not [note for note in verdicts.notes if "family exploratory" in note]
    assert not [note for note in verdicts.notes if "no second source" in note]  # none was asked for


@cache
def two_waves():
    return simulate("theory", firms=12, teams=4, sellers=8, waves=2, seed=4)


def test_two_waves_are_judged_together_and_who_stayed_is_told():
    first, verdicts = judge_tables(two_waves(), only("H1", "H2"), 1, n_splits=2, n_boot=60)
    waves = measure_waves(two_waves(), STUDY, first)
    assert first.attrition == waves.attrition > 0
    assert "2 random halves are drawn where a judgement usually takes 50" in verdicts.notes
    told = [note for note in verdicts.notes if "of the first wave are not in the second" in note]
    assert told == [
        f"{waves.attrition:.0%} of the people of the first wave are not in the second; "
        f"{waves.joiners} people of the second were not in the first"
    ]
    assert [verdict.grade for verdict in verdicts.judged] == ["A", "C"]
    across = judge_panel(first, only("H1"), 1, n_splits=2, n_boot=60)["H1"].legs[0].evidence
    said = f"across teams in the first wave the estimate is {across.estimate:.2f}"
    assert said in verdicts["H1"].legs[0].evidence.notes


def test_unknown_response_rates_cost_a_step_over_waves_too():
    first = measure(two_waves(), STUDY)
    unknown = replace(first, teams=first.teams.drop(columns="n_invited"))
    for known, grades in ((first, ["A", "B"]), (unknown, ["B", "C"])):
        waves = measure_waves(two_waves(), STUDY, known)
        study = only("H1", "H4")
        verdicts = judge_panel(known, study, 1, n_splits=2, n_boot=60, waves=waves)
        assert [verdict.grade for verdict in verdicts.judged] == grades


def test_remedies_name_each_gate_and_every_hypothesis_that_it_closes():
    one_process = simulate("theory", firms=1, teams=20, sellers=8, seed=3)
    verdicts = judged_quickly(only("H1", "H3", "H7"), measure(one_process, STUDY))
    english, finnish = (verdicts.remedies(language).tidy() for language in ("en", "fi"))
    closed = {v.hypothesis.id: v.gates for v in verdicts.judged}
    assert not [note for note in verdicts.notes if " fail: " in note]  # remedies tell these
    assert closed["H3"] == []
    assert dict(zip(english["gate"], english["hypotheses"], strict=True)) == {
        gate: ", ".join(name for name in ("H1", "H7") if gate in closed[name])
        for gate in sorted({*closed["H1"], *closed["H7"]})
    }
    assert english["remedy"][0].startswith("Data in which the process differs")
    assert finnish["remedy"][0].startswith("Aineisto, jossa prosessi vaihtelee")
    assert (verdicts["H1"].decision.code, verdicts["H1"].grade) == ("gates", "C")
    assert judged_quickly(only("H3")).remedies().tidy().columns.tolist() == [
        "gate",
        "hypotheses",
        "remedy",
    ]


def with_parts(split, same):
    """H1 with both parts of rigidity beside it, all from the sources named."""
    (leg,) = STUDY.hypothesis("H1").legs
    sources = (
        {**dict.fromkeys(("RIG", "SPR", "LPR"), other), "RIG": rigid, "WTC": "manager"}
        for rigid, other in (split, same)
    )
    names = dict(zip(("split", "same"), sources, strict=True))
    return only("H1", legs=(replace(leg, covariates=("SPR", "LPR")),), **names)


def test_a_model_that_cannot_be_fitted_is_refused_by_the_name_of_its_hypothesis():
    with pytest.raises(DesignError, match=r"^H1: .*RIG, SPR, LPR are linearly dependent"):
        judged_quickly(with_parts(("seller", "seller"), ("manager", "manager")))


def test_same_respondents_who_cannot_be_fitted_are_a_note():
    verdict = judged_quickly(with_parts(("seller", "manager"), ("manager", "manager")))["H1"]
    (leg,) = verdict.legs
    assert leg.same is None
    assert "no estimate from the same respondents beside it: " in leg.evidence.notes[-1]
    assert "linearly dependent" in leg.evidence.notes[-1]


def test_an_unknown_hypothesis_is_refused_and_a_described_one_is_found():
    verdicts = judged_quickly(replace(STUDY, hypotheses=STUDY.hypotheses[:1]))
    (described,) = verdicts.described
    assert verdicts[described.hypothesis.id] is described
    assert (described.hypothesis,) == STUDY.described
    assert not [note for note in verdicts.notes if note.startswith(described.hypothesis.id)]
    with pytest.raises(StudyError, match="'H99'"):
        verdicts["H99"]


def test_a_joint_claim_is_judged_by_its_weakest_leg():
    verdict = judged_quickly(only("H6"))["H6"]
    p_values = [leg.evidence.p_value for leg in verdict.legs]
    assert len(p_values) == 2
    assert verdict.p_value == max(p_values)
    decision, deciding = join([leg.decision for leg in verdict.legs], p_values)
    assert (verdict.decision, verdict.deciding) == (decision, deciding)
    assert [note for note in verdict.legs[0].evidence.notes if note.endswith("over 3 splits")]
    assert verdict.grade == "C"


def test_the_p_of_a_joint_claim_is_the_largest_also_where_another_leg_decides():
    against = replace(STUDY.hypothesis("H3").legs[0], expected_sign="negative")
    split = {"SPR": "seller", "LPR": "seller", "LAT": "manager", "INF": "seller"}
    study = only("H3", legs=(against, STUDY.hypothesis("H2").legs[0]), split=split)
    verdict = judged_quickly(study)["H3"]
    decided, other = (leg.evidence.p_value for leg in verdict.legs)
    assert (verdict.verdict, verdict.deciding) == ("contradicted", 0)
    assert verdict.p_value == other > decided


def test_the_grade_of_a_joint_claim_is_that_of_its_weakest_leg():
    """Rigidity from sellers; influence from the managers whose willingness it is about."""
    legs = tuple(STUDY.hypothesis(name).legs[0] for name in ("H1", "H4"))
    for influence, grade in (("seller", "C"), ("manager", "D")):
        split = {"RIG": "seller", "INF": influence, "WTC": "manager"}
        assert judged_quickly(only("H1", legs=legs, split=split))["H1"].grade == grade
        assert judged_quickly(only("H1", legs=legs[::-1], split=split))["H1"].grade == grade


def test_hypotheses_draw_from_streams_of_their_own():
    """Adding a hypothesis behind it leaves the bootstrap of the first one as it was."""
    columns = ["conf_low", "conf_high", "p_value"]
    one = judged_quickly(only("H5")).tidy()[columns].iloc[0]
    two = judged_quickly(only("H5", "H10")).tidy()[columns].iloc[0]
    assert one.tolist() == two.tolist()


def test_a_contradiction_is_told_to_be_without_adjustment():
    (h3,) = only("H3").hypotheses
    against = tuple(replace(leg, expected_sign="negative") for leg in h3.legs)
    said = "contradicted uses the 90 % interval without adjustment for multiplicity"
    assert said in judged_quickly(only("H3", legs=against)).notes
    assert said not in judged_quickly(only("H3")).notes


@settings(max_examples=50, deadline=None)
@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=8), seed=seeds)
def test_holm_keeps_the_order_and_ignores_it(p_values, seed):
    """Adjusted p are no smaller, at most 1, ordered alike, and rejected one by one from below."""
    order = np.random.default_rng(seed).permutation(len(p_values))
    adjusted_p = np.array(holm(p_values))
    p = np.array(p_values)
    assert (adjusted_p >= p).all()
    assert adjusted_p.max() <= 1
    assert (np.diff(adjusted_p[np.argsort(p, kind="stable")]) >= 0).all()
    assert holm(p[order].tolist()) == adjusted_p[order].tolist()
    for level in (0.05, 0.3):
        below = np.sort(p) * np.arange(len(p), 0, -1) <= level
        n_rejected = len(p) if below.all() else int(np.argmin(below))
        assert (adjusted_p <= level).sum() == n_rejected
