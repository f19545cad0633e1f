"""After suppression the attack recovers nothing, and as much as possible stays."""

import sys
from itertools import chain, combinations, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy.optimize import linprog
from strategies import group_figures

from coaching_stats.attack import WHOLE_WIDTH, WIDTH, attack
from coaching_stats.suppression import MARGIN, Cuts, protect
from coaching_stats.vague_numbers import number_text

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from attack import nested_tables, share_kept, without_siblings


def teams(*rows, parent="firm", table="t"):
    """Teams of one parent: name, n, mean; the parent's row is their total."""
    n, mean = (np.array([row[i] for row in rows], dtype=float) for i in (1, 2))
    total = (parent, int(n.sum()), float((n * mean).sum() / n.sum()))
    figures = pd.DataFrame([total, *rows], columns=["group", "n", "mean"])
    parents = ["", *[parent] * len(rows)]
    return figures.assign(table=table, parent_group=parents, item="Q")


def hidden_groups(shown):
    return set(shown.loc[shown["suppressed"], "group"])


@pytest.mark.parametrize(("seed", "by_answer"), [*((s, False) for s in range(1, 13)), (22, True)])
def test_nothing_is_recovered_of_random_nested_tables(seed, by_answer):
    figures = nested_tables(seed, by_answer=by_answer)
    shown = protect(figures, 5)
    assert not attack(shown).is_recovered
    small = figures["n"] < 5
    assert shown["suppressed"][small].all()
    assert shown.loc[shown["suppressed"], ["mean", "value"]].isna().all(axis=None)


@settings(max_examples=15, deadline=None)
@given(figures=group_figures())
def test_nothing_is_recovered_of_any_firm_and_its_teams(figures):
    shown = protect(figures, 5)
    assert not attack(shown).is_recovered
    stays = ~shown["suppressed"]
    assert (figures["n"][stays] >= 5).all()
    assert shown["mean"][stays].tolist() == figures["mean"][stays].round(2).tolist()
    assert shown["mean"][~stays].isna().all()
    if (figures["n"] >= 5).all() and figures["mean"].between(2, 6).all():
        assert stays.all()


@settings(max_examples=6, deadline=None)
@given(figures=group_figures(max_groups=4))
def test_neither_the_order_nor_the_names_of_teams_decide_what_is_told(figures):
    names = {group: f"{i} {group}" for i, group in enumerate(figures["group"][::-1])}
    other = figures[::-1].replace({"group": names, "parent_group": names})
    ours, theirs = (protect(f, 5)["suppressed"] for f in (figures, other))
    costs = [cost_of(f["group"][s], sizes(f)) for f, s in ((figures, ours), (other, theirs))]
    assert costs[0] == pytest.approx(costs[1])


def sizes(figures):
    return dict(zip(figures["group"], figures["n"], strict=True))


@pytest.mark.parametrize(
    ("limit", "value"), [("EXACT_CUTS", 0), ("CUTS", 1), ("ROUNDS", 1), ("BLURS", 1)]
)
def test_whoever_runs_out_of_tries_hides_more_and_not_less(limit, value, monkeypatch):
    figures = nested_tables(3)
    figures = figures[figures["item"] == "Q0"].reset_index(drop=True)
    exact = protect(figures, 5)
    monkeypatch.setattr(f"coaching_stats.suppression.{limit}", value)
    shown = protect(figures, 5)
    told = attack(shown).frame
    assert not (told["figure"] != "head count").any()
    assert shown["suppressed"].sum() >= exact["suppressed"].sum()


def test_figures_that_contradict_each_other_hide_what_is_small_all_the_same():
    """No seven-point mean of four people can make up for a firm that does not add up."""
    rows = [("firm", 1000, 4.0), ("a", 900, 4.0), ("b", 97, 6.0), ("c", 3, 2.0)]
    figures = pd.DataFrame(rows, columns=["group", "n", "mean"])
    figures = figures.assign(table="t", parent_group=["", *["firm"] * 3], item="Q")
    shown = protect(figures, 5, scales={"Q": (1, 7)})
    assert "c" in hidden_groups(shown)


def test_unanimous_people_are_hidden_where_means_are_rounded_to_whole_numbers():
    """20 * 5 is not 12 * 4 + 8 * 7, unless these were rounded: c is 7 all the same."""
    figures = teams(("a", 12, 4.0), ("c", 8, 7.0)).assign(mean=[5.0, 4.0, 7.0])
    assert "c" in hidden_groups(protect(figures, 5))


@pytest.mark.parametrize("scales", [None, {"Q": None}])
def test_sums_of_few_are_hidden_as_means_are(scales):
    figures = teams(("a", 15, 40.0), ("b", 11, 36.0), ("c", 4, 50.0))
    sums = figures.assign(item="Q:sum", value=figures["n"] * figures["mean"], mean=np.nan)
    shown = protect(sums, 5, scales=scales)
    assert hidden_groups(shown) == {"b", "c"}
    assert shown["value"].isna().tolist() == shown["suppressed"].tolist()


@pytest.mark.parametrize(("n", "gone"), [(130, {"b", "few"}), (180, {"few"})])
def test_what_three_people_said_stays_unknown_within_a_point_of_the_scale(n, gone):
    """By rounding the others' mean leaves 0.86 or 1.19 points; attacks call half a point told."""
    figures = teams(("a", n - 23, 4.0), ("b", 20, 4.0), ("few", 3, 4.0))
    assert hidden_groups(protect(figures, 5)) == gone


@pytest.mark.parametrize(("scale", "is_hidden"), [((1, 7), True), ((1, 9), False), (None, False)])
def test_the_scale_decides_who_answered_alike(scale, is_hidden):
    shown = protect(teams(("a", 120, 4.2), ("c", 80, 7.0)), 5, scales={"Q": scale})
    assert ("c" in hidden_groups(shown)) is is_hidden


def test_figures_have_two_decimals_and_no_negative_zero():
    figures = teams(("a", 12, -0.001), ("b", 9, 3.14159)).assign(value=[1.005, -0.004, 33.3333])
    shown = protect(figures, 5, scales={"Q": None})
    assert shown["mean"].tolist()[1:] == [0.0, 3.14]
    assert shown["value"].tolist()[1:] == [0.0, 33.33]
    assert not np.signbit(shown[["mean", "value"]].to_numpy()).any()


@pytest.mark.parametrize(
    ("certain", "covers", "gone"),
    [
        (set(), [], set()),
        ({"d"}, [], {"d"}),
        (set(), [("ab", None), ("ac", None)], {"a"}),  # one for two, though b is cheaper
        (set(), [("ab", None)], {"b"}),
        ({"a"}, [("ab", None)], {"a"}),  # gone already
        (set(), [("a", "d")], set()),  # a has to go only if d does
        ({"d"}, [("a", "d")], {"a", "d"}),
        (set(), [("bd", None), ("a", "d")], {"b"}),  # d alone is cheaper, with a it is not
        (set(), [("ax", "y")], set()),  # x and y are of an earlier report
        (set(), [("ab", None), ("bc", None), ("ac", None)], {"a", "b"}),  # no half of each
    ],
)
def test_the_cheapest_set_that_meets_every_cut(certain, covers, gone):
    cost = {"a": 3.0, "b": 2.5, "c": 3.5, "d": 1.0}
    cuts = Cuts(set(certain), [(frozenset(cover), only_if) for cover, only_if in covers])
    assert cuts.cheapest(cost) == gone


def test_head_counts_of_small_groups_are_hidden_and_no_others():
    figures = teams(("a", 12, 4.2), ("b", 9, 3.1), ("c", 3, 5.0))
    both = pd.concat([figures, figures.assign(item="*", mean=np.nan)], ignore_index=True)
    shown = protect(both, 5)
    assert hidden_groups(shown[shown["item"] == "*"]) == {"c"}
    assert hidden_groups(shown[shown["item"] == "Q"]) == {"b", "c"}


@pytest.mark.parametrize("order", list(permutations([12, 9, 17])))
def test_whoever_runs_out_of_exact_tries_takes_the_cheapest_all_the_same(order, monkeypatch):
    monkeypatch.setattr("coaching_stats.suppression.EXACT_CUTS", 0)
    rows = [(f"{n} people", n, 4.0 + i / 10) for i, n in enumerate(order)]
    assert hidden_groups(protect(teams(*rows, ("few", 3, 5.0)), 5)) == {"few", "9 people"}


def width_of(figures, shown, group):
    """Width of a mean's interval by one linear program for one who knows all numbers of people."""
    n = dict(zip(figures["group"], figures["n"], strict=True))
    place = {name: i for i, name in enumerate(n)}
    bounds = [[size, 7 * size] for size in n.values()]
    for name, mean in zip(figures["group"], shown["mean"], strict=True):
        if not np.isnan(mean):
            bounds[place[name]] = [n[name] * (mean - 0.005), n[name] * (mean + 0.005)]
    rows = []
    parts = figures[figures["parent_group"] != ""].groupby(["table", "parent_group"])["group"]
    for (_, parent), children in parts:
        row = np.zeros(len(place))
        row[place[parent]] = 1
        row[[place[child] for child in children]] = -1
        rows.append(row)
    cost = np.zeros(len(place))
    cost[place[group]] = 1
    low, high = (
        linprog(sign * cost, A_eq=np.array(rows), b_eq=np.zeros(len(rows)), bounds=bounds).fun
        for sign in (1, -1)
    )
    return (-high - low) / n[group]


@pytest.mark.parametrize("seed", range(1, 6))
def test_one_who_knows_all_numbers_of_people_is_told_no_small_mean_either(seed):
    every = nested_tables(seed)
    is_first = every["item"] == "Q0"
    figures, shown = every[is_first], protect(every, 5)[is_first]
    small = figures.loc[(figures["n"] < 5) & (figures["n"] > 0), "group"].unique()
    assert min(width_of(figures, shown, group) for group in small) >= WIDTH


def test_hiding_small_groups_alone_is_not_enough_and_hiding_all_not_needed():
    figures = nested_tables(3)
    assert attack(without_siblings(figures)).is_recovered
    assert share_kept(figures, protect(figures, 5)) > 0.5


def test_what_stays_is_as_it_was():
    figures = nested_tables(2)
    before = figures.copy()
    shown = protect(figures, 5)
    stays = ~shown["suppressed"] & (figures["item"] != "*")
    np.testing.assert_allclose(shown["mean"][stays], figures["mean"][stays], atol=0.005 + 1e-9)
    is_exact = shown["n"].str.fullmatch(r"\d+")
    assert (shown["n"][is_exact].astype(int) == figures["n"][is_exact]).all()
    pd.testing.assert_frame_equal(figures, before)


def test_without_small_or_unanimous_groups_everything_stays():
    figures = teams(("a", 12, 4.2), ("b", 9, 3.1), ("c", 5, 5.0))
    shown = protect(figures, 5)
    assert not shown["suppressed"].any()
    assert shown["n"].tolist() == ["26", "12", "9", "5"]


def test_one_small_team_takes_one_sibling_with_it_the_smaller_one():
    shown = protect(teams(("a", 12, 4.2), ("b", 9, 3.1), ("c", 3, 5.0)), 5)
    assert hidden_groups(shown) == {"b", "c"}
    assert shown["n"].tolist() == ["24", "12", "5-9", "<5"]


def test_two_small_teams_that_are_too_few_together_take_a_third():
    shown = protect(teams(("a", 12, 4.2), ("b", 9, 3.1), ("c", 2, 5.0), ("d", 1, 2.0)), 5)
    assert hidden_groups(shown) == {"b", "c", "d"}


def test_a_team_whose_members_all_answered_alike_is_hidden():
    shown = protect(teams(("a", 12, 4.2), ("b", 9, 3.1), ("c", 8, 7.0)), 5)
    assert "c" in hidden_groups(shown)
    assert not attack(shown).is_recovered


def test_a_higher_minimum_hides_the_groups_below_it():
    figures = teams(("a", 14, 4.2), ("b", 12, 3.1), ("c", 7, 5.0))
    assert not protect(figures, 5)["suppressed"].any()
    assert hidden_groups(protect(figures, 8)) == {"b", "c"}


def test_what_an_earlier_report_would_tell_of_a_joiner_is_hidden():
    earlier = protect(teams(("a", 12, 4.2), ("b", 9, 3.1), ("c", 10, 5.0)), 5)
    now = teams(("a", 13, 4.1), ("b", 9, 3.1), ("c", 10, 5.0))
    assert attack(protect(now, 5), previous=earlier).is_recovered
    shown = protect(now, 5, earlier)
    assert not attack(shown, previous=earlier).is_recovered
    assert {"a"} <= hidden_groups(shown) < {"firm", "a", "b", "c"}


def cost_of(groups, n):
    return sum(1 + np.log2(1 + n[group]) for group in groups)


def is_safe(figures, groups):
    """Whether nothing is told, at the widths that protection asks for, if these are hidden."""
    gone = figures["group"].isin(groups)
    text = figures["n"].map(lambda n: number_text(n, 5))
    rounded = figures["mean"].round(2).mask(gone)
    shown = figures.assign(n=text, mean=rounded, value=np.nan, suppressed=gone)
    found = attack(shown, width=MARGIN * WIDTH, whole_width=MARGIN * WHOLE_WIDTH).frame
    return set(found["figure"]) <= {"head count"}


@pytest.mark.parametrize("seed", range(3))
def test_no_cheaper_choice_would_do(seed):
    """All choices of siblings tried, for a firm of two regions."""
    rng = np.random.default_rng(seed)
    n = {"n1": 3, "n2": int(rng.integers(5, 9)), "n3": 11, "s1": 4, "s2": 6, "s3": 13}
    row = [(name, size, rng.uniform(2.5, 5.5)) for name, size in n.items()]
    north, south = teams(*row[:3], parent="north"), teams(*row[3:], parent="south")
    tops = [tuple(part.loc[0, ["group", "n", "mean"]]) for part in (north, south)]
    figures = pd.concat([teams(*tops), north[1:], south[1:]], ignore_index=True)
    sizes = dict(zip(figures["group"], figures["n"], strict=True))
    others = [group for group in sizes if sizes[group] >= 5]
    every = chain.from_iterable(combinations(others, k) for k in range(4))
    safe = [groups for groups in every if is_safe(figures, {"n1", "s1", *groups})]
    best = min(cost_of(groups, sizes) for groups in safe)
    chosen = hidden_groups(protect(figures, 5)) - {"n1", "s1"}
    assert cost_of(chosen, sizes) == pytest.approx(best)
