"""Which rows are dropped or flagged, and why."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.carelessness import (
    DEFAULT_RULES,
    QualityRules,
    is_straightliner,
    longest_run,
)
from coaching_stats.errors import DataError
from coaching_stats.instrument import load_instrument
from coaching_stats.respondents import sift
from coaching_stats.worlds import simulate

ITEMS = [i.name for i in load_instrument().of("SPR", "seller")]


def answers(n, **columns):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        rng.integers(1, 8, (n, len(ITEMS))), columns=ITEMS, index=range(2, n + 2), dtype=float
    )
    return frame.assign(respondent=[f"r{i}" for i in range(n)], **columns)


def reasons(frame, keep=None, rules=DEFAULT_RULES):
    found = sift(frame, keep or {}, rules, "a.csv")
    assert found.keep.sum() + len(found.dropped) == len(frame)
    return {entry["row"]: entry["reason"] for entry in found.dropped}, found.flagged


def test_each_reason_to_drop_has_its_rows():
    frame = answers(
        7,
        status=["Survey Preview", "IP Address", "Spam", "", "", "", ""],
        finished=["1", "1", "1", "0", None, "1", "1"],
        consent=["1", "1", "1", "1", "1", "0", "1"],
    )
    frame.loc[3, ITEMS] = np.nan
    dropped, _ = reasons(frame)
    assert dropped == {
        2: "preview",
        3: "empty",
        4: "test",
        5: "incomplete",
        6: "incomplete",
        7: "no_consent",
    }
    kept = dict.fromkeys(["preview", "empty", "test", "incomplete", "no_consent"], True)
    assert reasons(frame, kept)[0] == {}


def test_an_id_that_says_test_is_a_test():
    frame = answers(3).assign(respondent=["TESTI", "testamentti", "r3"])
    assert reasons(frame)[0] == {2: "test"}


def test_of_repeats_the_latest_complete_one_stays():
    frame = answers(
        4,
        completed_at=["2026-01-03", "2026-01-09", "2026-01-05", "2026-01-11"],
        finished=["1", "1", "1", "0"],
    ).assign(respondent=["a", "b", "a", "a"])
    assert reasons(frame)[0] == {2: "duplicate", 5: "incomplete"}
    assert reasons(frame, {"duplicate": True})[0] == {5: "incomplete"}


def test_repeats_with_other_answers_and_no_time_are_refused_and_equal_ones_are_one():
    frame = answers(3).assign(respondent=["a", "b", "a"])
    with pytest.raises(DataError, match=r"row 2: a, row 4: a.*completed_at"):
        sift(frame, {}, DEFAULT_RULES, "a.csv")
    frame.loc[4, ITEMS] = frame.loc[2, ITEMS]
    assert reasons(frame)[0] == {2: "duplicate"}
    assert reasons(frame.assign(wave=[1, 1, 2]))[0] == {}


def test_the_same_person_may_answer_in_every_wave():
    frame = answers(2).assign(respondent="a", wave=[1, 2])
    assert reasons(frame)[0] == {}


def test_speeders_are_told_from_durations_or_their_absence_is_said():
    n = len(ITEMS)
    frame = answers(3, seconds=[2.0 * n - 1, 2.0 * n, np.nan])
    assert [(e["row"], e["reason"]) for e in reasons(frame)[1]] == [(2, "speeder")]
    times = answers(
        2,
        started_at=["2026-01-01T10:00:00", "2026-01-01"],
        completed_at=["2026-01-01T10:00:03", "2026-01-02"],
    )
    assert [e["row"] for e in reasons(times)[1]] == [2]
    said = [p["message"] for p in sift(answers(2), {}, DEFAULT_RULES, "a.csv").problems]
    assert any("no durations" in line for line in said)
    assert reasons(frame, {"speeder": False})[0] == {2: "speeder"}


@given(st.lists(st.integers(1, 3), min_size=1, max_size=12))
def test_longest_run_equals_counting_by_hand(row):
    runs, best = 0, 0
    for i, answer in enumerate(row):
        runs = runs + 1 if i and answer == row[i - 1] else 1
        best = max(best, runs)
    assert longest_run(np.array([row], dtype=float)).tolist() == [best]


def test_straightlining_follows_the_rules_given():
    steady = np.array([[4, 4, 4, 4, 4, 5, 4, 5, 4, 5, 4, 5]], dtype=float)
    assert is_straightliner(steady, QualityRules(longest_run=0.4, least_spread=0.1)).all()
    assert not is_straightliner(steady, QualityRules(longest_run=0.5, least_spread=0.1)).any()
    assert is_straightliner(steady, QualityRules(longest_run=0.9, least_spread=0.6)).all()
    assert not is_straightliner(np.full((1, 9), 4.0), DEFAULT_RULES).any()


def test_honest_simulated_answers_are_seldom_flagged():
    survey = simulate("theory", firms=10, teams=3, sellers=8, seed=4)["seller_survey"]
    flagged = sift(survey, {}, DEFAULT_RULES, "simulated").flagged
    assert sum(entry["reason"] == "straightliner" for entry in flagged) <= 0.02 * len(survey)


def test_what_leaving_the_flagged_out_would_change_is_said():
    survey = simulate("theory", firms=10, teams=1, sellers=8, seed=4)["seller_survey"]
    found = sift(survey, {}, DEFAULT_RULES, "simulated")
    n = len({entry["row"] for entry in found.flagged})
    said = " ".join(p["message"] for p in found.problems)
    assert n > 0
    assert f"without the {n} flagged rows {len(survey) - n} remain" in said
