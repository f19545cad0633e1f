"""The linear model holds the truth, and its bounds are those of counting every possibility."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coaching_stats.disclosure import SWEEPS, Builder, answer_blocks, propagate, question_system
from coaching_stats.disclosure_bounds import (
    Component,
    ContradictionError,
    components,
    count_extreme,
    head_bounds,
    ratio_extreme,
)
from coaching_stats.disclosure_rules import Rules, Target, is_told, is_unanimous, scale_of
from coaching_stats.implied_groups import implied_groups
from coaching_stats.published_table import (
    HEADS,
    Partition,
    Published,
    Statement,
    answer_classes,
    head_range,
    meet,
    parse_item,
    partitions_of,
    read_figures,
)

COLUMNS = ["group", "parent_group", "item", "n", "mean", "value", "suppressed"]


def table(*rows):
    """Rows of one table: group, parent, item, n, mean, value, suppressed."""
    return pd.DataFrame(list(rows), columns=COLUMNS).assign(table="t")


@pytest.mark.parametrize(
    ("text", "kind", "options"),
    [
        ("WTC_m", "mean", []),
        ("WTC_m:sum", "sum", []),
        ("S_SPR1[4]", "share", [4]),
        ("S_SPR1[4-6]", "share", [4, 5, 6]),
        ("S_SPR1#[4]", "count", [4]),
        ("*", "heads", []),
    ],
)
def test_items_say_what_they_count(text, kind, options):
    item = parse_item(text)
    assert (item.kind, list(item.options)) == (kind, options)
    assert item.question == text.split("[")[0].split(":")[0].rstrip("#")


@pytest.mark.parametrize("minimum", [2, 5, 8])
def test_ranges_of_people_cover_every_number_once(minimum):
    words = (f"<{minimum}", f"{minimum}-{2 * minimum - 1}", f">={2 * minimum}")
    ranges = [head_range(word) for word in words]
    for n in range(1, 40):
        assert sum(low <= n <= high for low, high in ranges) == 1


def test_a_printed_mean_is_an_interval_of_the_sum():
    """CSV drops last zeros: 4.5 may have been 4.50."""
    figures = table(("a", "", "Q", "8", 4.5, np.nan, False))
    published = read_figures(figures)
    system = question_system(published, "Q", [], published_heads(published), (1, 7))
    column = system.column["a", "sum"]
    assert_allclose([system.low[column], system.high[column]], [35.96, 36.04])


@pytest.mark.parametrize(("mean", "ends"), [(7.0, (55.96, 56)), (1.0, (8, 8.04))])
def test_a_mean_at_the_scales_end_was_not_rounded_from_beyond_it(mean, ends):
    published = read_figures(table(("a", "", "Q", "8", mean, np.nan, False)))
    system = question_system(published, "Q", [], published_heads(published), (1, 7))
    column = system.column["a", "sum"]
    assert_allclose([system.low[column], system.high[column]], ends)


def test_answers_are_whole_where_they_are_counted():
    """Six whole answers cannot add up to 25.8; without shares nobody says that they are whole."""
    mean, share = (
        ("a", "", "Q", "6", 4.3, np.nan, False),
        ("a", "", "Q[6]", "6", np.nan, 0, False),
    )
    for rows, is_possible in (([mean], True), ([mean, share], False)):
        published = read_figures(table(*rows))
        system = question_system(published, "Q", [], published_heads(published), (1, 7))
        assert (propagate(system) is None) is not is_possible


def test_a_part_of_which_nothing_is_said_may_be_nobody():
    parts = [Partition("t", "all", ("a", "rest"))]
    heads = {"all": (9.0, 9.0), "a": (5.0, 9.0)}
    system = propagate(question_system(Published(), HEADS, parts, heads, None))
    column = system.column["rest", "n"]
    assert (system.low[column], system.high[column]) == (0, 4)


def published_heads(published):
    """Numbers of people, of one question."""
    return {group: heads for (group, _), heads in published.heads.items()}


def every_possibility(total, n_total, shown, n_shown):
    """Sums of groups b and c, by all numbers of people and all whole sums."""
    rest, people = total - shown, n_total - n_shown
    for n_b, n_c in product(range(1, 5), range(5, 10)):
        if n_b + n_c == people:
            for b in range(n_b, 7 * n_b + 1):
                if n_c <= rest - b <= 7 * n_c:
                    yield n_b, b, n_c, rest - b


@pytest.mark.parametrize(("total", "shown"), [(80, 40), (50, 30), (128, 60), (60, 20)])
def test_bounds_are_those_of_counting_every_possibility(total, shown):
    """Sums are printed, so that the possible sums are whole numbers; b has 2 to 4 people of 11."""
    figures = table(
        ("all", "", "Q:sum", "21", np.nan, total, False),
        ("a", "all", "Q:sum", "10", np.nan, shown, False),
        ("b", "all", "Q", "<5", np.nan, np.nan, True),
        ("c", "all", "Q", "5-9", np.nan, np.nan, True),
    )
    published = read_figures(figures)
    parts = published.partitions
    heads = head_bounds(
        propagate(question_system(Published(), HEADS, parts, published_heads(published), None)),
        5,
    )
    system = propagate(question_system(published, "Q", parts, heads, (1, 7)))
    (part,), _ = components(system)
    possible = np.array(list(every_possibility(total, 21, shown, 10)))
    assert heads["b"] == (possible[:, 0].min(), possible[:, 0].max())
    for n, total_of in ((("b", "n"), ("b", "sum")), (("c", "n"), ("c", "sum"))):
        place = [part.place[system.column[key]] for key in (total_of, n)]
        number, group_sum = (0, 1) if n[0] == "b" else (2, 3)
        means = possible[:, group_sum] / possible[:, number]
        low = ratio_extreme(part, *place, 1)[0]
        high = ratio_extreme(part, *place, -1)[0]
        assert low <= means.min() + 1e-6
        assert high >= means.max() - 1e-6
        assert_allclose([low, high], [means.min(), means.max()], atol=0.02)
        ends = [count_extreme(part, [place[0]], sign)[0] for sign in (1, -1)]
        sums = possible[:, group_sum]
        assert_allclose(ends, [sums.min(), sums.max()], atol=0.02)


@pytest.mark.parametrize("seed", range(6))
def test_bounds_hold_the_truth_in_crossed_tables(seed):
    """Teams and roles cut the same people in two ways."""
    rng = np.random.default_rng(seed)
    answers, team, role = (rng.integers(low, high, 30) for low, high in ((1, 8), (0, 4), (0, 3)))
    rows = [("all", "", "Q", "30", round(answers.mean(), 2), np.nan, False)]
    for letter, group in (("t", team), ("r", role)):
        for name in np.unique(group):
            inside = answers[group == name]
            row = (f"{letter}{name}", "all", "Q", str(len(inside)))
            is_hidden = rng.random() < 0.5
            rows.append((*row, np.nan if is_hidden else inside.mean().round(2), np.nan, is_hidden))
    figures = table(*rows)
    figures["table"] = figures["group"].str[0]
    published = read_figures(figures)
    system = propagate(
        question_system(published, "Q", published.partitions, published_heads(published), (1, 7))
    )
    for (group, kind), column in system.column.items():
        if kind == "sum" and group != "all":
            own = answers[(team if group[0] == "t" else role) == int(group[1:])].sum()
            assert system.low[column] - 1e-6 <= own <= system.high[column] + 1e-6


def test_contradicting_rows_have_no_bounds():
    figures = table(
        ("all", "", "Q", "10", 6.0, np.nan, False),
        ("a", "all", "Q", "9", 2.0, np.nan, False),
        ("b", "all", "Q", "<5", np.nan, np.nan, True),
    )
    published = read_figures(figures)
    heads = published_heads(published)
    assert propagate(question_system(published, "Q", published.partitions, heads, (1, 7))) is None


def test_shares_and_means_of_one_group_bound_each_other():
    """Six people with mean 6.5 of whom half answered 6: the others all answered 7."""
    figures = table(
        ("a", "", "Q", "6", 6.5, np.nan, False),
        ("a", "", "Q[6]", "6", np.nan, 50, False),
    )
    published = read_figures(figures)
    system = propagate(question_system(published, "Q", [], published_heads(published), (1, 7)))
    assert [kind for _, kind in system.column] == ["n", "sum", 1, 6, 7]
    for option in (6, 7):
        column = system.column["a", option]
        assert system.low[column] == system.high[column] == 3


def test_subtraction_reaches_through_hidden_regions():
    """The firm less its shown region and less the shown team of the hidden one."""
    parts = [
        Partition("t", "firm", ("north", "south")),
        Partition("t", "south", ("s1", "s2", "s3")),
    ]
    _, members = implied_groups(parts, {"firm", "north", "s1"})
    assert members == {"firm less north, s1": ("s2", "s3")}


def test_questions_with_other_numbers_of_people_are_kept_apart():
    figures = table(
        ("a", "", "P", "8", 4.0, np.nan, False),
        ("a", "", "Q", "5-9", np.nan, np.nan, True),
        ("a", "", "R", "7", 4.0, np.nan, False),
        ("a", "", "S", ">=10", np.nan, np.nan, True),
    )
    assert answer_classes(read_figures(figures)) == [["P", "Q"], ["R"], ["S"]]
    reordered = figures.iloc[[1, 0, 2, 3]]  # Q alone allows R, with P it does not
    assert answer_classes(read_figures(reordered)) == [["Q", "P"], ["R"], ["S"]]


def test_what_is_marked_as_hidden_is_not_read_though_it_stands_there():
    published = read_figures(table(("a", "", "Q", "8", 4.0, np.nan, True)))
    assert (published.statements.get(("a", "Q")), len(published.hidden["a", "Q"])) == (None, 1)


whole_bounds = st.tuples(st.integers(0, 4), st.integers(0, 3)).map(lambda b: (b[0], b[0] + b[1]))


@st.composite
def small_systems(draw):
    """Three counts within bounds, two rows of -1, 0 and 1 on them; and all whole solutions."""
    builder = Builder()
    bounds = draw(st.lists(whole_bounds, min_size=3, max_size=3))
    for i, (low, high) in enumerate(bounds):
        builder.unknown((f"g{i}", "n"), low, high, whole=True)
    rows = draw(
        st.lists(
            st.lists(st.integers(-1, 1), min_size=3, max_size=3).filter(any), min_size=2, max_size=2
        )
    )
    ends = draw(st.lists(st.tuples(st.integers(-4, 8), st.integers(0, 4)), min_size=2, max_size=2))
    for weights, (low, room) in zip(rows, ends, strict=True):
        builder.add([0, 1, 2], [float(w) for w in weights], low, low + room)
    every = product(*(range(low, high + 1) for low, high in bounds))
    allowed = [
        x
        for x in every
        if all(
            low <= np.dot(weights, x) <= low + room
            for weights, (low, room) in zip(rows, ends, strict=True)
        )
    ]
    return builder.system(), np.array(allowed).reshape(-1, 3)


@settings(max_examples=60, deadline=None)
@given(drawn=small_systems())
def test_propagated_bounds_hold_every_whole_solution(drawn):
    system, allowed = drawn
    tight = propagate(system)
    if not len(allowed):
        return
    assert (tight.low <= allowed.min(axis=0)).all()
    assert (tight.high >= allowed.max(axis=0)).all()
    assert (tight.low >= system.low).all()
    assert (tight.high <= system.high).all()


@settings(max_examples=60, deadline=None)
@given(drawn=small_systems())
def test_solved_bounds_are_those_of_counting_every_whole_solution(drawn):
    system, allowed = drawn
    tight = propagate(system)
    if tight is None:
        assert not len(allowed)
        return
    parts, of_column = components(tight)
    for column in range(3):
        if of_column[column] < 0:
            assert not len(allowed) or set(allowed[:, column]) == {tight.low[column]}
        elif len(allowed):
            part = parts[of_column[column]]
            place = [part.place[column]]
            ends = [count_extreme(part, place, sign)[0] for sign in (1, -1)]
            assert_allclose(ends, [allowed[:, column].min(), allowed[:, column].max()], atol=1e-6)


def component(matrix, row_low, row_high, low, high):
    matrix = np.array(matrix, dtype=float).reshape(-1, len(low))
    return Component(
        place={i: i for i in range(len(low))},
        low=np.array(low, dtype=float),
        high=np.array(high, dtype=float),
        whole=np.zeros(len(low), dtype=bool),
        matrix=matrix,
        row_low=np.array(row_low, dtype=float),
        row_high=np.array(row_high, dtype=float),
    )


def test_a_ratio_has_the_bounds_of_its_corners_and_says_where_they_are():
    """A sum of 10 to 12 by 2 to 4 people, who are at least a fifth of the sum."""
    part = component([[1, -5]], [-np.inf], [0], [10, 2], [12, 4])
    low, x = ratio_extreme(part, 0, 1, 1)
    assert_allclose([low, *x], [2.5, 10, 4])
    high, x = ratio_extreme(part, 0, 1, -1)
    assert_allclose(high, 5)
    assert_allclose(x[0] / x[1], 5)
    ends = [ratio_extreme(part, 0, 2.0, sign)[0] for sign in (1, -1)]
    assert_allclose(ends, [5, 6])


def test_what_has_no_bound_is_infinite_and_what_has_no_solution_contradicts():
    free = component([[1, -1]], [0], [np.inf], [0, 1], [np.inf, 3])
    assert count_extreme(free, [0], -1) == (np.inf, None)
    assert count_extreme(free, [0], 1)[0] == 1
    assert ratio_extreme(free, 0, 1, -1) == (np.inf, None)
    assert_allclose(ratio_extreme(free, 0, 1, 1)[0], 1)
    none = component([[1, 1], [1, 1]], [5, -np.inf], [np.inf, 4], [0, 1], [9, 9])
    for solve in (lambda: count_extreme(none, [0], 1), lambda: ratio_extreme(none, 0, 1, 1)):
        with pytest.raises(ContradictionError):
            solve()


def test_counts_that_two_tables_share_are_bounded_by_both_at_once():
    """x + y = 7, each of 1 to 4: a cycle of two rows, which propagation cannot see through."""
    parts = [Partition("t", "a", ("x", "y", "z")), Partition("u", "b", ("x", "y", "w"))]
    heads = {"a": (20, 20), "z": (13, 13), "b": (17, 19), "w": (10, 12)}
    heads |= dict.fromkeys(("x", "y"), (1, 4))
    system = propagate(question_system(Published(), HEADS, parts, heads, None))
    found = head_bounds(system, 5)
    assert (found["x"], found["y"]) == ((3, 4), (3, 4))
    assert found["w"] == (10, 12)


@pytest.mark.parametrize(
    ("statements", "scale", "blocks"),
    [
        ([], (1, 7), ()),
        ([(6, 7)], None, ()),
        ([(6, 7)], (1, 7), ((1, 5), (6, 7))),
        ([(2,), (3, 4)], (1, 7), ((1, 1), (2, 2), (3, 4), (5, 7))),
        ([(1, 2, 3)], (1, 3), ((1, 3),)),
        ([(0, 1), (9,)], (1, 7), ((0, 1), (2, 8), (9, 9))),
    ],
)
def test_options_that_no_figure_tells_apart_are_one_block(statements, scale, blocks):
    published = Published()
    published.heads["a", "Q"] = (8.0, 8.0)
    for kinds in (("sum",), *statements):
        published.statements["a", "Q"].append(Statement(kinds, 0.5, 0.005, True))
    assert answer_blocks(published, "Q", scale) == blocks


def test_options_of_hidden_figures_are_told_apart_too():
    figures = table(
        ("a", "", "Q[6-7]", "8", np.nan, 50, False), ("b", "", "Q[2]", "8", np.nan, np.nan, True)
    )
    assert answer_blocks(read_figures(figures), "Q", (1, 7)) == ((1, 1), (2, 2), (3, 5), (6, 7))


def test_a_count_over_several_options_is_a_row_of_their_counts():
    """Of 8 people 3 gave 1 to 4 and none gave 1 or 2: three gave 3 or 4, five gave 5 to 7."""
    figures = table(
        ("a", "", "Q#[1-4]", "8", np.nan, 3, False),
        ("a", "", "Q#[1-2]", "8", np.nan, 0, False),
    )
    published = read_figures(figures)
    system = propagate(question_system(published, "Q", [], published_heads(published), (1, 7)))
    found = {
        kind: (system.low[column], system.high[column])
        for (_, kind), column in system.column.items()
    }
    assert (found[1], found[3], found[5]) == ((0, 0), (3, 3), (5, 5))
    assert found["sum"] == (3 * 3 + 5 * 5, 3 * 4 + 5 * 7)


def test_a_mean_of_an_unknown_number_of_people_is_a_row():
    figures = table(("a", "", "Q", "5-9", 4.25, np.nan, False))
    published = read_figures(figures)
    system = propagate(question_system(published, "Q", [], published_heads(published), (1, 7)))
    assert not system.printed[system.column["a", "sum"]]
    column = system.column["a", "sum"]
    assert_allclose([system.low[column], system.high[column]], [5 * 4.245, 9 * 4.255])


def rules(**people):
    return Rules(5, 0.5, 0.1, {}, people)


def target(item="Q", is_small=True, unit=1.0, scale=(1, 7)):
    return Target("a", parse_item(item), (0,), 1, is_small, unit, scale)


@pytest.mark.parametrize(
    ("goal", "low", "high", "most", "told"),
    [
        (target(), 3.0, 3.49, 4, True),
        (target(), 3.0, 3.5, 4, False),
        (target(unit=10.0), 30.0, 34.9, 4, True),
        (target(is_small=False), 3.0, 3.09, 9, True),
        (target(is_small=False), 3.0, 3.11, 9, False),
        (target("Q#[4]"), 2.0, 2.0, 4, True),
        (target("Q#[4]"), 2.0, 3.0, 4, False),
        (target("Q#[4]"), 1.2, 2.9, 4, True),  # only 2 is whole
        (target(), 6.8, 7.4, 2, True),  # two people, 0.2 below the end each
        (target(), 6.8, 7.4, 3, False),
        (target(), 0.6, 1.2, 2, True),
        (target(scale=None), 6.8, 7.4, 2, False),
        (target(), 6.9, 7.4, np.inf, False),
    ],
)
def test_an_interval_is_told_where_it_is_narrower_than_its_protection(goal, low, high, most, told):
    assert is_told(goal, low, high, most, rules()) is told


def test_the_distance_from_the_scales_end_is_measured_in_steps_of_the_scale():
    assert is_unanimous(97.0, 99.0, 2, (1, 101), rules())
    assert not is_unanimous(97.0, 99.0, 3, (1, 101), rules())
    assert not is_unanimous(27.0, 29.0, 2, (1, 31), rules())
    assert is_unanimous(3.0, 5.0, 2, (1, 101), rules())


@pytest.mark.parametrize(
    ("mean", "scales", "expected"),
    [
        (4.0, {}, (1.0, 7.0)),
        (7.004, {}, (1.0, 7.0)),  # as rounded
        (7.2, {}, None),
        (0.5, {}, None),
        (7.2, {"Q": (0, 10)}, (0, 10)),
        (4.0, {"Q": None}, None),
    ],
)
def test_a_mean_outside_the_scale_shows_that_it_is_another_one(mean, scales, expected):
    published = Published()
    published.heads["a", "Q"] = (8.0, 8.0)
    published.statements["a", "Q"].append(Statement(("sum",), mean, 0.005, True))
    assert scale_of(published, "Q", Rules(5, 0.5, 0.1, scales)) == expected
    assert scale_of(published, HEADS, Rules(5, 0.5, 0.1, scales)) is None


@pytest.mark.parametrize(
    ("rows", "half"),
    [
        ([("a", "", "Q", "8", 4.5, np.nan, False)], 0.005),
        ([("a", "", "Q", "8", 4.125, np.nan, False)], 0.0005),
        ([("a", "", "Q:sum", "8", np.nan, 36, False)], 0.005),
        ([("a", "", "Q[4]", "8", np.nan, 38, False)], 0.005),
        ([("a", "", "Q[4]", "8", np.nan, 37.5, False)], 0.0005),
        ([("a", "", "Q#[4]", "8", np.nan, 3, False)], 0.0),
    ],
)
def test_half_a_printed_unit_is_what_rounding_hides(rows, half):
    (statement,) = read_figures(table(*rows)).statements["a", "Q"]
    assert statement.half == pytest.approx(half)


def test_what_is_read_of_one_group_is_kept_together():
    figures = table(
        ("a", "", "Q", "5-9", 4.25, np.nan, False),
        ("a", "", "Q[4]", "<8", np.nan, np.nan, True),
        ("a", "", "*", "6", np.nan, np.nan, False),
    )
    published = read_figures(figures)
    assert published.heads == {("a", "Q"): (5.0, 7.0), ("a", HEADS): (6.0, 6.0)}
    assert [item.text for item in published.hidden["a", "Q"]] == ["Q[4]"]
    assert [item.text for item in published.items["a", "Q"]] == ["Q", "Q[4]"]
    assert published.tables["a", "Q"] == {"t"}
    assert published.questions == [HEADS, "Q"]
    assert published.groups("Q") == ["a"]


def test_a_head_count_in_print_is_a_statement_on_the_people():
    published = read_figures(table(("a", "", HEADS, "", np.nan, 8, False)))
    (statement,) = published.statements["a", HEADS]
    assert (statement.kinds, statement.value, statement.is_ratio) == (("n",), 8, False)
    system = propagate(question_system(published, HEADS, [], published_heads(published), None))
    assert (system.low.tolist(), system.high.tolist()) == ([8], [8])


def test_the_same_groups_in_two_tables_are_one_partition():
    rows = [("a", "all", "Q", "8", 4.0, np.nan, False), ("b", "all", "Q", "8", 4.0, np.nan, False)]
    twice = pd.concat([table(*rows), table(*rows).assign(table="u"), table(rows[0])[:0]])
    assert partitions_of(twice) == (Partition("t", "all", ("a", "b")),)
    other = table(("a", "all", "P", "8", 4.0, np.nan, False)).assign(table="v")
    assert len(partitions_of(pd.concat([twice, other]))) == 2
    renamed = table(*rows).assign(table="u", parent_group="another name")
    assert len(partitions_of(pd.concat([twice, renamed]))) == 2
    assert meet((1, 5), (3, 9)) == (3, 5)


def test_sweeps_end_where_bounds_creep():
    """Each is at most 99 % of the other, so both are zero: valid bounds come long before that."""
    builder = Builder()
    columns = [builder.unknown((name, "sum"), 0.0, 1e9, whole=False) for name in ("x", "y")]
    builder.add(columns, (1.0, -0.99), -np.inf, 0.0)
    builder.add(columns, (-0.99, 1.0), -np.inf, 0.0)
    system = propagate(builder.system())
    assert (system.low == 0).all()
    assert_allclose(system.high, 1e9 * 0.99**SWEEPS)
