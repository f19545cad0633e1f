"""The linear model holds the truth, and its bounds are those of counting every possibility."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.disclosure import propagate, question_system
from coaching_stats.disclosure_bounds import components, count_extreme, head_bounds, ratio_extreme
from coaching_stats.implied_groups import implied_groups
from coaching_stats.published_table import (
    HEADS,
    Partition,
    Published,
    answer_classes,
    head_range,
    parse_item,
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
