"""The attack finds every planted leak, and nothing where nothing leaks."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import group_figures

from coaching_stats.attack import (
    WHOLE_WIDTH,
    WIDTH,
    attack,
    attack_folder,
    known_scales,
    minimum_of,
    read_published,
)
from coaching_stats.errors import DataError
from coaching_stats.vague_numbers import number_text

NOT = np.nan
COLUMNS = ["table", "group", "parent_group", "item", "n", "mean", "value", "suppressed"]


def table(*rows):
    """Rows as in published.csv; a row of a head count or mean may leave the rest out."""
    full = [(*row, NOT, False)[:8] if len(row) < 8 else row for row in rows]
    return pd.DataFrame(full, columns=COLUMNS)


def shown(group, parent, n, mean, *, item="Q", table="t"):
    return (table, group, parent, item, n, mean, NOT, False)


def hidden(group, parent, n, *, item="Q", table="t"):
    return (table, group, parent, item, n, NOT, NOT, True)


def by_answer(group, parent, n, item, value):
    return ("t", group, parent, item, n, NOT, value, False)


FIRM = shown("firm", "", "30", 4.0)
SAFE = (FIRM, shown("a", "firm", "14", 4.5), hidden("b", "firm", ">=10"), hidden("c", "firm", "<5"))

LEAKS = {
    "one sibling hidden": (
        "c",
        [
            FIRM,
            shown("a", "firm", "14", 4.5),
            shown("b", "firm", "13", 3.5),
            hidden("c", "firm", "<5"),
        ],
    ),
    "shown in another table": (
        "c",
        [*SAFE, shown("c", "", "<5", 3.0, table="u")],
    ),
    "two hidden, together too few": (
        "firm less a",
        [FIRM, shown("a", "firm", "26", 4.5), hidden("b", "firm", "<5"), hidden("c", "firm", "<5")],
    ),
    "through a hidden region": (
        "firm less a, b1",
        [
            FIRM,
            shown("a", "firm", "14", 4.5),
            hidden("b", "firm", ">=10"),
            hidden("c", "firm", "<5"),
            shown("b1", "b", "12", 4.0),
            hidden("b2", "b", "<5"),
        ],
    ),
    "the complement in another table": (
        "b",
        [
            *SAFE,
            shown("firm", "", "30", 4.0, table="u"),
            shown("a or c", "firm", "17", 4.4, table="u"),
            shown("b", "firm", "13", 3.6, table="u"),
        ],
    ),
    "sums": (
        "c",
        [
            ("t", "firm", "", "Q:sum", "30", NOT, 120, False),
            ("t", "a", "firm", "Q:sum", "26", NOT, 100, False),
            hidden("c", "firm", "<5"),
        ],
    ),
    "counts by answer": (
        "c",
        [
            by_answer("firm", "", "30", "Q#[7]", 12),
            by_answer("a", "firm", "26", "Q#[7]", 9),
            ("t", "c", "firm", "Q#[7]", "<5", NOT, NOT, True),
        ],
    ),
    "per cent by answer": (
        "c",
        [
            by_answer("firm", "", "30", "Q[6-7]", 40),
            by_answer("a", "firm", "26", "Q[6-7]", 34.6),
            ("t", "c", "firm", "Q[6-7]", "<5", NOT, NOT, True),
        ],
    ),
    "the mean from the counts": (
        "c",
        [hidden("c", "", "<5")]
        + [("t", "c", "", f"Q#[{k}]", "", NOT, float(k in (2, 5)), False) for k in range(1, 8)],
    ),
    "head counts": (
        "c",
        [
            ("t", "firm", "", "*", "30", NOT, NOT, False),
            ("t", "a", "firm", "*", "26", NOT, NOT, False),
            ("t", "c", "firm", "*", "<5", NOT, NOT, True),
        ],
    ),
    "a small group in print": ("c", [shown("c", "", "3", 4.0)]),
    "a small head count in print": ("c", [hidden("c", "", "3"), hidden("d", "", "<5")]),
    "unanimous, by the mean": ("a", [shown("a", "", "8", 7.0)]),
    "unanimous, by the share": ("a", [by_answer("a", "", "8", "Q[4]", 100)]),
    "unanimous, by the other shares": (
        "a",
        [by_answer("a", "", "8", f"Q[{k}]", 0) for k in range(1, 7)],
    ),
    "all but alike": ("a", [shown("a", "", "8", 1.02)]),
    "a hidden group at the scale's end": (
        "b",
        [shown("firm", "", "20", 6.4), shown("a", "firm", "10", 5.8), hidden("b", "firm", ">=10")],
    ),
    "a part that lacks a few": (
        "firm outside table u",
        [FIRM, shown("with a manager's answer", "firm", "27", 4.1, table="u")],
    ),
    "two wholes that differ by a few": (
        "all sellers outside those in the picture",
        [
            shown("all sellers", "", "30", 4.0),
            shown("those in the picture", "", "27", 4.1, table="u"),
        ],
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_planted_leaks_are_found(name):
    group, rows = LEAKS[name]
    found = attack(table(*rows))
    assert found.is_recovered
    assert group in set(found.frame["group"])


@pytest.mark.parametrize(
    ("name", "figure", "value", "heads", "sources"),
    [
        ("one sibling hidden", "mean", (120 - 63 - 45.5) / 3, 3, {"firm", "a", "b"}),
        ("one sibling hidden", "head count", 3, 3, {"firm", "a", "b"}),
        ("shown in another table", "mean", 3.0, None, None),
        ("through a hidden region", "mean", 9 / 4, 4, {"firm", "a", "b1"}),
        ("the complement in another table", "mean", 46.8 / 13, 13, {"firm"}),
        ("sums", "mean", 5.0, 4, {"firm", "a"}),
        ("counts by answer", "count", 3, 4, {"firm", "a"}),
        ("per cent by answer", "count", 3, 4, {"firm", "a"}),
        ("the mean from the counts", "mean", 3.5, 2, {"c"}),
        ("head counts", "head count", 4, 4, {"firm", "a"}),
        ("unanimous, by the mean", "everybody's answer", 7, 8, {"a"}),
        ("unanimous, by the share", "everybody's answer", 4, 8, {"a"}),
        ("unanimous, by the other shares", "everybody's answer", 7, 8, {"a"}),
        ("a part that lacks a few", "mean", (120 - 27 * 4.1) / 3, 3, None),
        ("two wholes that differ by a few", "mean", (120 - 27 * 4.1) / 3, 3, None),
    ],
)
def test_what_is_told_is_what_subtraction_by_hand_tells(name, figure, value, heads, sources):
    group, rows = LEAKS[name]
    found = attack(table(*rows)).frame
    leak = found[(found["group"] == group) & (found["figure"] == figure)].iloc[-1]
    assert leak["low"] - 1e-6 <= value <= leak["high"] + 1e-6
    assert leak["high"] - leak["low"] < 0.5
    if heads is not None:
        assert (leak["n_low"], leak["n_high"]) == (heads, heads)
    if sources is not None:
        assert sources <= set(leak["sources"].split(", "))


def part(name, n, mean=4.0, *, item="Q"):
    """The whole of a table of its own."""
    return shown(name, "", n, mean, item=item, table="u")


PARTS = [FIRM, shown("a", "firm", "14", 4.5), shown("b", "firm", "16", 3.56)]


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        ([FIRM, part("p", "26")], {"firm outside p"}),
        ([FIRM, part("p", "25")], set()),  # five are enough
        ([*PARTS, part("p", "27")], {"firm outside p"}),  # with parts of its own
        ([FIRM, part("p", "27"), part("q", "27")], set()),  # two wholes: which of them?
        ([shown("firm", "", "14", 4.0), part("p", "11-12")], set()),  # 2 or 3, if they are nested
        (
            [FIRM, shown("a", "firm", "27", 4.0), hidden("b", "firm", "<5"), part("a", "27")],
            {"b"},  # who are outside a has a name
        ),
        (
            [shown("firm", "", "31", 4.0, item="P"), FIRM, part("p", "27")],
            {"firm outside p"},  # of Q, not of P
        ),
    ],
)
def test_a_whole_that_lacks_a_few_people_of_another_one_is_part_of_it(rows, groups):
    assert set(attack(table(*rows)).frame["group"]) == groups


def test_numbers_of_people_are_taken_from_every_question_that_the_same_people_answered():
    """P says how many they are, Q not exactly: c is told of both."""
    rows = [shown(*row, item="P") for row in (("firm", "", "30", 4.0), ("a", "firm", "26", 4.5))]
    rows += [shown("firm", "", ">=10", 4.0), shown("a", "firm", ">=10", 4.5)]
    rows += [hidden("c", "firm", "<5", item=item) for item in "PQ"]
    found = attack(table(*rows)).frame
    means = found[found["figure"] == "mean"]
    told = zip(means["item"], means["n_low"], means["n_high"], strict=True)
    assert set(told) == {("P", 4, 4), ("Q", 4, 4)}


def test_a_group_that_changed_its_answers_does_not_hide_who_joined_another_one():
    then = table(shown("a", "", "20", 4.0), shown("b", "", "20", 4.0))
    now = table(shown("a", "", "22", 4.2), shown("b", "", "21", 4.2))  # nobody answers 8.2
    assert set(attack(now, previous=then).frame["group"]) == {"a: joined since"}


def test_what_is_safe_is_not_recovered():
    assert not attack(table(*SAFE)).is_recovered


@pytest.mark.parametrize("seed", range(5))
def test_an_interval_that_is_recovered_holds_the_truth(seed):
    rng = np.random.default_rng(seed)
    answers = [rng.integers(1, 8, n) for n in (12, 9, 3)]
    everybody = np.concatenate(answers)
    found = attack(
        table(
            shown("firm", "", "24", everybody.mean().round(2)),
            shown("a", "firm", "12", answers[0].mean().round(2)),
            shown("b", "firm", "9", answers[1].mean().round(2)),
            hidden("c", "firm", "<5"),
        )
    ).frame
    mean = found[found["figure"] == "mean"].iloc[0]
    assert mean["low"] <= answers[2].mean() <= mean["high"]
    # Each printed mean is off by 0.005 at most.
    assert mean["high"] - mean["low"] <= 2 * 0.005 * (24 + 12 + 9) / 3 + 1e-9
    assert set(mean["sources"].split(", ")) == {"firm", "a", "b"}


def test_rounding_of_many_hides_a_few():
    """A thousand people's mean is off by five points in sum: three may have said anything."""
    rows = [shown("firm", "", "1000", 4.0), shown("a", "firm", "997", 4.0)]
    figures = table(*rows, hidden("c", "firm", "<5"))
    assert set(attack(figures).frame["figure"]) == {"head count"}


EARLIER = table(shown("a", "", "20", 4.0))


@pytest.mark.parametrize(
    ("now", "group"),
    [
        (shown("a", "", "22", 4.2), "a: joined since"),
        (shown("a", "", "19", 4.1), "a: left since"),
    ],
)
def test_an_earlier_report_gives_away_who_came_and_went(now, group):
    figures = table(now)
    assert not attack(figures).is_recovered
    assert group in set(attack(figures, previous=EARLIER).frame["group"])


@pytest.mark.parametrize(
    ("n", "mean", "answer"),
    [
        (21, 4.1, 21 * 4.1 - 80),
        (21, 4.15, 7.15),  # printed means may be off by that much
        (21, 4.2, None),  # nobody answers 8.2, so somebody changed an answer
        (21, 3.85, 0.85),
        (21, 3.8, None),
        (19, 4.16, 80 - 19 * 4.16),
        (19, 4.18, None),
        (19, 3.84, 80 - 19 * 3.84),
        (19, 3.82, None),
    ],
)
def test_who_came_or_went_is_told_where_all_others_can_have_answered_as_before(n, mean, answer):
    found = attack(table(shown("a", "", str(n), mean)), previous=EARLIER).frame
    if answer is None:
        assert found.empty
        return
    leak = found.iloc[0]
    assert leak["group"] == ("a: joined since" if n == 21 else "a: left since")
    assert leak["low"] - 1e-6 <= np.clip(answer, leak["low"], leak["high"]) <= leak["high"] + 1e-6
    assert max(1, answer - 0.21) - 1e-6 <= leak["low"] <= leak["high"] <= min(7, answer + 0.21)
    assert (leak["n_low"], leak["n_high"]) == (1, 1)


def test_an_earlier_report_gives_away_what_is_hidden_now():
    now = table(*SAFE)
    assert "c" in set(attack(now, previous=table(shown("b", "", "13", 3.5))).frame["group"])


@pytest.mark.parametrize(("n", "is_news"), [("5", False), ("4", True)])
def test_what_an_earlier_report_printed_of_enough_people_is_no_news(n, is_news):
    found = attack(
        table(hidden("b", "", n), hidden("c", "", "<5")), previous=table(shown("b", "", n, 3.5))
    )
    assert ("mean" in set(found.frame["figure"])) is is_news


@pytest.mark.parametrize("mean", [4.0, 5.5])
def test_joiners_by_the_dozen_or_changed_answers_give_nothing_away(mean):
    figures = table(shown("a", "", "32" if mean == 4.0 else "21", mean))
    assert not attack(figures, previous=EARLIER).is_recovered


def test_figures_without_a_scale_are_attacked_by_subtraction_only():
    rows = [shown("firm", "", "30", 120.5), shown("a", "firm", "14", 90.0)]
    safe = [*rows, hidden("b", "firm", ">=10"), hidden("c", "firm", "<5")]
    assert not attack(table(*safe), scales={"Q": None}).is_recovered
    told = [*rows, shown("b", "firm", "13", 150.0), hidden("c", "firm", "<5")]
    assert "mean" in set(attack(table(*told), scales={"Q": None}).frame["figure"])


@settings(max_examples=12, deadline=None)
@given(figures=group_figures(), hide=st.integers(1, 5))
def test_what_is_told_of_a_hidden_team_is_true(figures, hide):
    """One team hidden, whichever: its mean and its number of people lie in what is told."""
    at = min(hide, len(figures) - 1)
    group, n, mean = figures.loc[at, ["group", "n", "mean"]]
    text = figures["n"].astype(str).where(figures.index != at, number_text(n, 5))
    gone = figures.index == at
    shown_figures = figures.assign(
        n=text, mean=figures["mean"].round(2).mask(gone), value=NOT, suppressed=gone
    )
    found = attack(shown_figures).frame
    found = found[(found["group"] == group) & (found["how"] == "bounds")]
    rounded = 0.01 * (2 * figures["n"][0] - n) / n  # the firm's mean and those of the others
    if rounded < 0.95 * (WIDTH if n < 5 else WHOLE_WIDTH):
        assert "mean" in set(found["figure"])
    for _, leak in found.iterrows():
        truth = n if leak["figure"] == "head count" else mean
        assert leak["low"] - 1e-6 <= truth <= leak["high"] + 1e-6
        assert leak["n_low"] <= n <= leak["n_high"]


@pytest.mark.parametrize(
    ("rows", "scales", "is_recovered"),
    [
        ([FIRM, shown("a", "firm", "30", 4.0), hidden("c", "firm", "<5")], None, False),
        ([shown("a", "", "8", 9.0)], None, False),  # not a seven-point scale, so no end of one
        ([shown("a", "", "8", 7.0)], {"Q": (1, 7)}, True),
        ([shown("a", "", "8", 7.0)], {"Q": (1, 9)}, False),
        ([by_answer("a", "", "8", "Q[4]", 100)], {"Q": None}, False),
        ([by_answer("a", "", "8", "Q#[1]", 0), by_answer("a", "", "8", "Q#[1-6]", 0)], None, True),
        ([by_answer("a", "", "8", "Q#[1]", 0), by_answer("a", "", "8", "Q#[1-6]", 3)], None, False),
    ],
)
def test_the_scale_decides_what_its_ends_tell(rows, scales, is_recovered):
    assert attack(table(*rows), scales=scales).is_recovered is is_recovered


def test_an_answer_that_nobody_of_the_firm_gave_tells_nothing_of_its_teams():
    rows = [("t", g, "firm", "Q#[7]", n, NOT, NOT, True) for g, n in (("b", ">=10"), ("c", "<5"))]
    nobody = table(by_answer("firm", "", "30", "Q#[7]", 0), *rows)
    assert not attack(nobody).is_recovered
    everybody = table(by_answer("firm", "", "30", "Q#[7]", 30), *rows)
    assert attack(everybody).is_recovered


def test_numbers_of_people_in_ranges_are_weighed_together_with_the_sums():
    """Either 8 and 4 people or 9 and 3: each alone would leave room for a mean from 2.3 to 4.6."""
    rows = [shown("firm", "", "12", 4.0), shown("a", "firm", "8-9", 4.3), hidden("c", "firm", "<5")]
    found = attack(table(*rows)).frame
    (leak,) = found[(found["group"] == "c") & (found["figure"] == "mean")].to_dict("records")
    ends = [
        (12 * (4 + 0.005 * sign) - n * (4.3 - 0.005 * sign)) / (12 - n)
        for n, sign in ((9, -1), (8, 1))
    ]
    np.testing.assert_allclose([leak["low"], leak["high"]], ends, atol=1e-6)
    assert (leak["n_low"], leak["n_high"]) == (3, 4)


def test_a_mean_told_at_any_number_of_people_is_not_hidden_by_the_range_of_that_number():
    """Both parts of b have the mean 3, so b has; of c and b, 16 people, b are 12 to 15."""
    parts = [shown("x", "b", "5-9", 3.0), shown("y", "b", "5-9", 3.0)]
    rows = [FIRM, shown("a", "firm", "14", 4.5), hidden("c", "firm", "<5")]
    found = attack(table(*rows, hidden("b", "firm", ">=10"), *parts)).frame
    (leak,) = found[found["group"] == "b"].to_dict("records")
    np.testing.assert_allclose([leak["low"], leak["high"]], [2.995, 3.005], atol=1e-6)
    assert (leak["n_low"], leak["n_high"]) == (12, 15)


def test_a_group_that_may_be_nobody_is_told_all_the_same():
    """Of c and b, four people, c has the mean 4 where b is nobody; b has the mean 3 if anybody."""
    parts = [shown("x", "b", "", 3.0), shown("y", "b", "", 3.0)]
    rows = [shown("firm", "", "18", 4.0), shown("a", "firm", "14", 4.0), hidden("c", "firm", "<5")]
    found = attack(table(*rows, hidden("b", "firm", ""), *parts)).frame
    (leak,) = found[found["group"] == "b"].to_dict("records")
    np.testing.assert_allclose([leak["low"], leak["high"]], [2.995, 3.005], atol=1e-6)
    assert (leak["n_low"], leak["n_high"]) == (0, 3)


def test_one_firm_does_not_hide_another():
    """The second firm has no number or figure in common with the first, where c is safe."""
    rows = [shown("firm 2", "", "12", 4.0), shown("a 2", "firm 2", "8-9", 4.3)]
    found = attack(table(*SAFE, *rows, hidden("c 2", "firm 2", "<5"))).frame
    assert set(found["group"]) == {"c 2"}
    assert "mean" in set(found["figure"])


def test_three_unions_of_two_tell_all_three():
    """x + y, y + z and x + z: half their sum less one of them is the third."""
    n, total = {"x": 8, "y": 9, "z": 10}, {"x": 24, "y": 45, "z": 42}
    rows = []
    for i, (one, other) in enumerate((("x", "y"), ("y", "z"), ("x", "z"))):
        people, both = n[one] + n[other], total[one] + total[other]
        rows.append(shown(one + other, "", str(people), round(both / people, 2), table=f"t{i}"))
        rows += [hidden(g, one + other, str(n[g]), table=f"t{i}") for g in (one, other)]
    found = attack(table(*rows)).frame
    for group in n:
        (leak,) = found[found["group"] == group].to_dict("records")
        assert leak["low"] <= total[group] / n[group] <= leak["high"]


@pytest.mark.parametrize(
    ("firm", "is_recovered"),
    [(4.29, True), (4.27, False), (3.71, True), (3.73, False)],  # b: 6.9, 6.7, 1.1 and 1.3
)
def test_two_hidden_people_near_the_scales_end_are_told_though_their_interval_is_wide(
    firm, is_recovered
):
    """Their mean is told within 0.19, as wide as two may be; the answers of both lie within 0.5."""
    rows = [shown("firm", "", "20", firm), shown("a", "firm", "18", 4.0), hidden("b", "firm", "2")]
    assert attack(table(*rows), minimum=2).is_recovered is is_recovered


@pytest.mark.parametrize(
    ("means", "is_contradictory"),
    [
        ((5.0, 4.0, 6.0), False),  # 20 * 5 = 12 * 4 + 8 * 6.5
        ((5.0, 4.0, 7.0), False),  # 0.2 too low: rounded to whole numbers
        ((4.0, 4.0, 7.0), True),
        ((4.5, 4.1, 5.2), False),  # 0.04 too low: rounded to one decimal
        ((4.5, 4.1, 5.6), True),
        ((4.51, 4.1, 5.2), True),
    ],
)
def test_means_that_do_not_add_up_were_rounded_to_what_is_written(means, is_contradictory):
    firm, a, b = means
    rows = [shown("firm", "", "20", firm), shown("a", "firm", "12", a), shown("b", "firm", "8", b)]
    said = attack(table(*rows), scales={"Q": None}).notes
    assert ("rows that contradict each other: Q" in said) is is_contradictory


FEW_SAY_LITTLE = [shown("firm", "", "20", 4.0), shown("a", "firm", ">=10", 4.0)]


@pytest.mark.parametrize(
    ("rows", "leaks"),
    [  # b is 1 to 10 people, whose mean is known within 0.39; the mean of many is told within 0.1
        ([*FEW_SAY_LITTLE, hidden("b", "firm", "1-12")], [("b", "mean", "bounds")]),
        # b and c together are so many, and nobody hides them
        ([*FEW_SAY_LITTLE, hidden("b", "firm", ""), hidden("c", "firm", "<5")], []),
        # who is in print is told once
        (
            [shown("c", "firm", "3", 4.0), FIRM, shown("a", "firm", "27", 4.0)],
            [("c", "mean", "shown")],
        ),
        (
            [shown("a", "", "8", 7.0), ("t", "a", "", "Q#[7]", "8", NOT, NOT, True)],
            [("a", "everybody's answer", "shown")],
        ),
        # what is hidden of another group is in print of b
        (
            [
                hidden("b", "", "10-19"),
                by_answer("b", "", "10-19", "Q#[7]", 3),
                ("t", "c", "", "Q#[7]", "<5", NOT, NOT, True),
            ],
            [],
        ),
    ],
)
def test_only_what_is_hidden_or_few_can_be_told(rows, leaks):
    found = attack(table(*rows)).frame[["group", "figure", "how"]]
    assert list(found.itertuples(index=False, name=None)) == leaks


def test_counts_of_two_hidden_teams_that_are_too_few_together_are_told():
    gone = [("t", g, "firm", "Q#[7]", "<5", NOT, NOT, True) for g in ("b", "c")]
    rows = [by_answer("firm", "", "30", "Q#[7]", 12), by_answer("a", "firm", "26", "Q#[7]", 9)]
    found = attack(table(*rows, *gone)).frame
    (leak,) = found[found["figure"] == "count"].to_dict("records")
    assert (leak["group"], leak["item"], leak["low"]) == ("firm less a", "Q#[7]", 3)


def test_what_an_earlier_report_told_of_its_own_people_is_not_told_by_this_one():
    then = table(FIRM, shown("a", "firm", "27", 4.1), hidden("c", "firm", "<5"))
    assert attack(then).frame["figure"].tolist() == ["head count", "mean"]
    assert not attack(table(shown("firm", "", "90", 4.0)), previous=then).is_recovered


@pytest.mark.parametrize(("scale", "is_told"), [((0, 100), True), ((0, 50), False)])
def test_an_interval_is_measured_in_steps_of_the_scale(scale, is_told):
    """A mean of three within 6.7, where half a step is 8.3 or 4.2."""
    rows = [shown("firm", "", "1000", 25.0), shown("a", "firm", "997", 25.0)]
    found = attack(table(*rows, hidden("c", "firm", "<5")), scales={"Q": scale}).frame
    assert ("mean" in set(found["figure"])) is is_told


def test_means_below_zero_are_told_like_any_other():
    rows = [shown("firm", "", "30", -40.0), shown("a", "firm", "14", -90.0)]
    rows += [shown("b", "firm", "13", -3.5), hidden("c", "firm", "<5")]
    found = attack(table(*rows), scales={"Q": None}).frame
    (leak,) = found[found["figure"] == "mean"].to_dict("records")
    assert leak["low"] < (-1200 + 1260 + 45.5) / 3 < leak["high"]


@pytest.mark.parametrize(
    ("firm", "a", "few", "is_told"),
    [
        (1000.0, 1010.0, 3, False),  # within 2, where half a sixth of their difference is 0.8
        (1000.0, 1100.0, 3, True),
        (100.0, 100.0, 3, True),  # no difference: half a sixth of the figure itself
        (-100.0, -100.0, 3, True),
        (0.0, 0.0, 3, False),
    ],
)
def test_without_a_scale_figures_are_told_apart_by_how_much_they_differ(firm, a, few, is_told):
    rows = [shown("firm", "", "300", firm), shown("a", "firm", str(300 - few), a)]
    found = attack(table(*rows, hidden("c", "firm", "<5")), scales={"Q": None}).frame
    assert ("mean" in set(found["figure"])) is is_told


def test_sums_without_a_scale_are_told_by_subtraction():
    """Sales of 200 by four people who are hidden; nobody shows a mean."""
    rows = [("t", "firm", "", "Q:sum", "30", NOT, 1200, False)]
    rows += [("t", "a", "firm", "Q:sum", "26", NOT, 1000, False), hidden("c", "firm", "<5")]
    found = attack(table(*rows), scales={"Q": None}).frame
    assert found.loc[found["figure"] == "mean", "group"].tolist() == ["c"]


def test_of_several_options_all_have_to_be_nobodys_before_the_parts_are():
    few = ("t", "c", "firm", "Q#[6-7]", "<5", NOT, NOT, True)
    rows = [by_answer("firm", "", "30", f"Q#[{k}]", n) for k, n in ((6, 0), (7, 12))]
    rows += [by_answer("a", "firm", "26", f"Q#[{k}]", n) for k, n in ((6, 0), (7, 9))]
    found = attack(table(*rows, few)).frame
    (leak,) = found[found["figure"] == "count"].to_dict("records")
    assert (leak["group"], leak["item"], leak["low"], leak["high"]) == ("c", "Q#[6-7]", 3, 3)
    rows = [(*row[:4], row[4].replace("26", "14"), *row[5:]) for row in rows]
    safe = attack(table(*rows, ("t", "b", "firm", "Q#[6-7]", ">=10", NOT, NOT, True), few))
    assert not safe.is_recovered  # nobody gave 6, and three who gave 7 can be of b or c


def test_a_head_count_is_told_of_hidden_groups_below_the_minimum_alone():
    for rows, sources in (
        ([shown("a", "firm", "26", 4.5), hidden("c", "firm", "<5")], ["firm, a"]),
        ([shown("a", "firm", "25", 4.5), hidden("c", "firm", "5-9")], []),  # five are enough
        ([shown("a", "firm", "26", 4.5), shown("c", "firm", "<5", 4.0)], []),  # in print anyway
    ):
        found = attack(table(FIRM, *rows)).frame
        assert found.loc[found["figure"] == "head count", "sources"].tolist() == sources


def test_a_head_count_is_told_by_questions_that_the_same_people_answered_alone():
    """P was answered by 30 people and Q by 29: that 4 of P's are not in a says nothing of d."""
    of_p = [shown("firm", "", "30", 4.0, item="P"), shown("a", "firm", "26", 4.5, item="P")]
    of_q = [shown("firm", "", "29", 4.0, table="u"), shown("a", "firm", ">=10", 4.5, table="u")]
    few = [hidden("c", "firm", "<5", item="P"), hidden("d", "firm", "<5", table="u")]
    found = attack(table(*of_p, *of_q, *few)).frame.query("figure == 'head count'")
    assert found["group"].tolist() == ["c"]


def test_a_wider_protection_level_recovers_more_and_a_narrower_one_less():
    rows = [FIRM, shown("a", "firm", "26", 4.5), hidden("c", "firm", "<5")]
    width = np.diff(attack(table(*rows)).frame.query("figure == 'mean'")[["low", "high"]])[0, 0]
    for factor, is_mean in ((0.9, False), (1.1, True)):
        found = attack(table(*rows), width=factor * width).frame
        assert ("mean" in set(found["figure"])) is is_mean
    whole = [FIRM, shown("a", "firm", "14", 4.5), hidden("b", "firm", "16")]
    width = np.diff(attack(table(*whole)).frame[["low", "high"]])[0, 0]
    for factor, is_mean in ((0.9, False), (1.1, True)):
        assert attack(table(*whole), whole_width=factor * width).is_recovered is is_mean


def test_what_is_said_names_items_and_minimum():
    assert attack(table(*SAFE)).notes == ("1 items, minimum 5 people",)
    assert attack(table(*SAFE), minimum=3).notes == ("1 items, minimum 3 people",)


def test_the_order_of_rows_and_the_names_of_groups_do_not_matter():
    _, rows = LEAKS["through a hidden region"]
    figures = table(*rows)
    names = {name: f"group {i}" for i, name in enumerate(figures["group"].unique())}
    other = figures[::-1].replace({"group": names, "parent_group": names})
    columns = ["figure", "low", "high"]
    first, second = (attack(f).frame[columns].sort_values(columns) for f in (figures, other))
    np.testing.assert_allclose(first[["low", "high"]], second[["low", "high"]], atol=1e-6)


def test_the_minimum_is_read_from_the_table():
    assert minimum_of(table(hidden("c", "", "<8"))) == 8
    assert minimum_of(table(FIRM)) == 5
    assert minimum_of(table(hidden("c", "", "<12"))) == 12
    assert minimum_of(table(*(hidden("c", "", n) for n in ("<5", "<8", "<6")))) == 8


def test_the_minimum_promised_is_read_from_the_run(tmp_path):
    table(shown("a", "", "7", 4.0)).to_csv(tmp_path / "published.csv", index=False)
    for study, is_recovered in (({}, False), ({"minimum_group": 8}, True)):
        (tmp_path / "results.json").write_text(json.dumps({"study": study}), encoding="utf-8")
        assert attack_folder(tmp_path).is_recovered is is_recovered


def test_a_folder_is_read_and_attacked(tmp_path):
    for rows, is_recovered in ((SAFE, False), (LEAKS["one sibling hidden"][1], True)):
        table(*rows).to_csv(tmp_path / "published.csv", index=False)
        assert attack_folder(tmp_path).is_recovered is is_recovered
    pd.testing.assert_frame_equal(read_published(tmp_path), table(*rows), check_dtype=False)


def test_a_folder_knows_the_scales_of_the_questionnaire(tmp_path):
    """All answers of a scale's end are told; of sales, 7 is no end."""
    for item, is_recovered in (("SPR_s", True), ("S_SPR1", True), ("SALES_r", False)):
        table(shown("a", "", "8", 7.0, item=item)).to_csv(tmp_path / "published.csv", index=False)
        assert attack_folder(tmp_path).is_recovered is is_recovered
        assert not attack_folder(tmp_path, scales={item: None}).is_recovered
    assert known_scales(["SPR_s", "S_SPR1[4]", "SALES_r", "X_r[2]", "another"]) == {
        "SPR_s": (1, 7),
        "S_SPR1": (1, 7),
        "SALES_r": None,
        "X_r": None,
    }


def test_two_folders_are_attacked_together(tmp_path):
    now, then = tmp_path / "now", tmp_path / "then"
    for folder, figures in ((now, table(shown("a", "", "22", 4.2))), (then, EARLIER)):
        folder.mkdir()
        figures.to_csv(folder / "published.csv", index=False)
    assert not attack_folder(now / "published.csv").is_recovered
    assert set(attack_folder(now, previous=then).frame["group"]) == {"a: joined since"}


def test_a_file_is_read_as_people_write_it(tmp_path):
    rows = [
        "t,a,, Q ,12.0,4.50,,TRUE",
        "t,b,,Q,>=10,-1.5E-1,,0",
        "t,c,,Q, <5,,3,1",
        "t,d,,Q,,,,false",
        "t,e,,Q,5-9,2,,False",
    ]
    path = tmp_path / "other.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]), encoding="utf-8")
    figures = read_published(path)
    assert figures["n"].tolist() == ["12.0", ">=10", "<5", "", "5-9"]
    np.testing.assert_array_equal(figures["mean"], [4.5, -0.15, NOT, NOT, 2.0])
    np.testing.assert_array_equal(figures["value"], [NOT, NOT, 3.0, NOT, NOT])
    assert figures["suppressed"].tolist() == [True, False, True, False, False]
    assert figures.columns.tolist() == COLUMNS


@pytest.mark.parametrize("text", ["<", "5-", ">10", "x5", "5 people", "-5", "12.5"])
def test_a_number_of_people_that_cannot_be_read_is_refused(text, tmp_path):
    path = tmp_path / "published.csv"
    path.write_text(f"{','.join(COLUMNS)}\nt,a,,Q,{text},,,True\n", encoding="utf-8")
    with pytest.raises(DataError, match="row 2, n"):
        read_published(path)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("a,b\n1,2\n", "missing columns: table, group"),
        (",".join(COLUMNS) + "\nt,a,,Q,few,,,True\n", "row 2, n: 'few'"),
        (",".join(COLUMNS) + '\nt,a,,Q,8,"4,5",,False\n', "row 2, mean: '4,5'"),
        (",".join(COLUMNS) + '\nt,a,,Q,8,,"4,5",False\n', "row 2, value: '4,5'"),
        (",".join(COLUMNS) + "\nt,a,,Q,8,4.5,,\n", "row 2, suppressed: ''"),
    ],
)
def test_a_table_of_something_else_is_refused(text, fragment, tmp_path):
    (tmp_path / "published.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=fragment.replace("(", r"\(")):
        attack_folder(tmp_path)


def test_a_folder_without_a_table_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"published\.csv"):
        attack_folder(tmp_path)


def test_a_folder_that_is_not_there_is_named_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"no file or folder 'nofolder'\. What"):
        attack_folder(Path("nofolder"))


def test_a_group_without_a_whole_and_of_an_open_number_is_read():
    """Three people gave the answer 7, of ten or more: nobody's answer, and no warning."""
    rows = [hidden("b", "", ">=10"), by_answer("b", "", ">=10", "Q#[7]", 3.0)]
    assert not attack(table(*rows)).is_recovered
