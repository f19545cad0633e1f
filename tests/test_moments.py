"""Moments of the parts are the moments of the whole, about any origin and in any order."""

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from strategies import seeds, tables

from coaching_stats.cells import sum_products
from coaching_stats.errors import DataError
from coaching_stats.moments import moments_of

COLUMNS = ["x", "z", "y"]


def rows(seed, n=80, n_clusters=5, missing=0.15):
    """Values (n, 3) with gaps, cluster codes and weights."""
    rng = np.random.default_rng(seed)
    values = rng.normal([3, -2, 100], [1, 0.1, 5], size=(n, 3))
    values[rng.random(values.shape) < missing] = np.nan
    values[:n_clusters] = rng.normal(size=(n_clusters, 3))  # every cluster keeps a whole row
    codes = np.concatenate([np.arange(n_clusters), rng.integers(0, n_clusters, n - n_clusters)])
    return values, codes, rng.uniform(0.5, 3, size=n)


def by_rows(values, codes, weights, power):
    """Cross-products of [1, columns] over complete rows, cluster by cluster."""
    kept = ~np.isnan(values).any(axis=1)
    x = np.column_stack([np.ones(kept.sum()), values[kept]])
    weighed = x * weights[kept, None] ** power
    in_cluster = [codes[kept] == g for g in np.unique(codes[kept])]
    return np.stack([weighed[g].T @ x[g] for g in in_cluster])


def user_units(selection):
    """Products of a selection about the origin zero, in the user's units."""
    q = len(selection.centre)
    back = np.block(
        [[np.ones((1, 1)), np.zeros((1, q))], [selection.centre[:, None], np.diag(selection.scale)]]
    )
    return back @ selection.products @ back.T


def assert_same(ours, theirs):
    """Two sets of moments say the same about every column pattern."""
    theirs = theirs.moved_to(ours.centre, ours.scale)
    for wanted in (["x"], ["y", "x"], COLUMNS):
        a, b = ours.select(wanted), theirs.select(wanted)
        assert a.clusters.tolist() == b.clusters.tolist()
        assert a.n_rows.tolist() == b.n_rows.tolist()
        assert a.n_dropped == b.n_dropped
        assert_allclose(a.products, b.products, rtol=1e-10, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, is_weighted=st.booleans())
def test_a_selection_is_listwise_deletion(seed, is_weighted):
    values, codes, weights = rows(seed)
    moments = moments_of(values, codes, COLUMNS, weights=weights if is_weighted else None)
    selection = moments.select(["y", "x"])

    kept = ~np.isnan(values[:, [2, 0]]).any(axis=1)
    scale = weights[kept].mean()  # weights have mean 1 over the rows in use
    for power, ours in enumerate(user_units(selection)):
        theirs = by_rows(values[:, [2, 0]], codes, weights / scale, power)
        assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    assert selection.n_dropped == (~kept).sum()
    assert selection.n_rows.tolist() == np.bincount(codes[kept]).tolist()


@settings(max_examples=25, deadline=None)
@given(seed=seeds, cut=st.integers(1, 79), is_weighted=st.booleans())
def test_moments_of_a_split_add_up_to_those_of_the_whole(seed, cut, is_weighted):
    values, codes, weights = rows(seed)

    def moments(part):
        present, cell = np.unique(codes[part], return_inverse=True)
        w = weights[part] if is_weighted else None
        return moments_of(values[part], cell, COLUMNS, clusters=present, weights=w)

    merged = moments(slice(0, cut)) + moments(slice(cut, None))
    assert_same(moments(slice(None)), merged)


@settings(max_examples=40, deadline=None)
@given(table=tables(), data=st.data(), is_weighted=st.booleans())
def test_three_parts_merge_alike_in_any_order(table, data, is_weighted):
    """Merging neither prefers the left nor the first; groups may lie in several parts."""
    parts = np.array(
        data.draw(st.lists(st.integers(0, 2), min_size=len(table.codes), max_size=len(table.codes)))
    )

    def moments(kept):
        present, cell = np.unique(table.codes[kept], return_inverse=True)
        weights = table.weights[kept] if is_weighted else None
        return moments_of(table.values[kept], cell, COLUMNS, clusters=present, weights=weights)

    pieces = [moments(parts == part) for part in np.unique(parts)]
    assert_same(moments(slice(None)), reduce(lambda ours, theirs: ours + theirs, pieces))
    assert_same(moments(slice(None)), reduce(lambda ours, theirs: theirs + ours, pieces))


@settings(max_examples=40, deadline=None)
@given(table=tables())
def test_the_origin_is_the_mean_and_the_spread_of_what_is_observed(table):
    moments = moments_of(table.values, table.codes, COLUMNS)
    spread = np.nanstd(table.values, axis=0)
    constant = np.nanmin(table.values, axis=0) == np.nanmax(table.values, axis=0)
    assert_allclose(moments.centre, np.nanmean(table.values, axis=0), rtol=1e-12, atol=1e-12)
    assert_allclose(moments.scale, np.where(constant, 1, spread), rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(table=tables())
def test_what_is_not_observed_adds_nothing(table):
    moments = moments_of(table.values, table.codes, COLUMNS)
    seen = np.column_stack([np.ones(len(moments.patterns), dtype=bool), moments.patterns])
    both = seen[:, :, None] & seen[:, None, :]
    assert (moments.products[0][~both] == 0).all()
    assert (moments.products[0][both[:, 0, 0], 0, 0] == moments.n_rows).all()


@settings(max_examples=40, deadline=None)
@given(table=tables(), seed=seeds)
def test_moments_moved_elsewhere_and_back_are_the_same(table, seed):
    rng = np.random.default_rng(seed)
    ours = moments_of(table.values, table.codes, COLUMNS)
    centre, scale = ours.centre + rng.normal(size=3), ours.scale * rng.uniform(0.5, 2, size=3)
    there = ours.moved_to(centre, scale)
    assert there.centre.tolist() == centre.tolist()
    assert there.scale.tolist() == scale.tolist()
    back = there.moved_to(ours.centre, ours.scale)
    assert_allclose(back.products, ours.products, rtol=1e-9, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_neither_the_order_of_rows_nor_the_names_of_clusters_matter(seed):
    values, codes, _ = rows(seed)
    rng = np.random.default_rng(seed)
    order, name = rng.permutation(len(codes)), rng.permutation(5)
    ours = moments_of(values, codes, COLUMNS)
    theirs = moments_of(values[order], name[codes[order]], COLUMNS)

    for cluster, renamed in enumerate(name):
        a, b = ours.select(COLUMNS), theirs.select(COLUMNS)
        assert_allclose(a.products[:, cluster], b.products[:, renamed], rtol=1e-10, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, power=st.integers(0, 8))
def test_an_offset_costs_no_digits(seed, power):
    """The origin moves with the data: products of deviations do not see the offset."""
    values, codes, _ = rows(seed, missing=0.0)
    offset = 10.0**power * np.arange(1, 4)
    ours, theirs = moments_of(values, codes, COLUMNS), moments_of(values + offset, codes, COLUMNS)

    assert_allclose(theirs.products, ours.products, atol=1e-15 * 10**power * 100 + 1e-10)
    assert_allclose(theirs.scale, ours.scale, rtol=1e-14 * 10**power + 1e-12)


@pytest.mark.parametrize("n", [4, 20])
def test_groups_in_one_row_each_or_in_many_are_summed_alike(n):
    """Two roads: outer products of single rows, or one product per group; an empty group is 0."""
    columns, cell = np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 2
    weights = np.linspace(1, 2, n)
    summed = sum_products(columns, cell, 3, weights)
    for group in range(2):
        at = cell == group
        assert_allclose(summed[group], columns[at].T @ (columns[at] * weights[at, None]))
    assert summed[2].tolist() == [[0, 0], [0, 0]]


def test_without_a_constant_the_origin_stays_at_zero():
    values = np.array([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]])
    moments = moments_of(values, np.zeros(3, dtype=int), ["x", "five"], is_centred=False)
    assert moments.centre.tolist() == [0, 0]
    assert_allclose(moments.scale, np.sqrt((values**2).mean(axis=0)))


def test_a_tiny_unit_is_no_constant():
    moments = moments_of(1e-15 * np.arange(1.0, 6)[:, None], np.zeros(5, dtype=int), ["x"])
    assert_allclose(moments.scale, [1e-15 * np.sqrt(2)])


def test_each_constant_keeps_its_own_value():
    values = np.array([[3.0, 1.0, 8.0], [3.0, 2.0, np.nan]])
    moments = moments_of(values, np.array([0, 1]), COLUMNS)
    assert moments.centre.tolist() == [3, 1.5, 8]
    assert moments.scale.tolist() == [1, 0.5, 1]


def test_a_label_without_rows_is_no_cluster():
    moments = moments_of(
        np.ones((4, 1)), np.array([0, 0, 1, 1]), ["x"], clusters=np.array(["a", "b", "none"])
    )
    assert moments.select(["x"]).clusters.tolist() == ["a", "b"]


def test_labels_are_the_codes_unless_given():
    moments = moments_of(np.ones((3, 1)), np.array([0, 2, 1]), ["x"])
    assert moments.clusters.tolist() == [0, 1, 2]


def test_no_columns_at_all_are_every_row():
    moments = moments_of(np.array([[1.0], [np.nan], [2.0]]), np.array([0, 0, 1]), ["x"])
    selection = moments.select([])
    assert (selection.n_rows.tolist(), selection.n_dropped) == ([2, 1], 0)
    assert (moments.select(["x"]).columns, moments.select(["x"]).n_dropped) == (("x",), 1)


def test_merged_moments_keep_the_notes_of_both_and_whole_counts():
    values, codes = np.array([[1.0], [np.nan], [2.0]]), np.array([0, 0, 1])
    ours = replace(moments_of(values, codes, ["x"]), notes=("one",))
    merged = ours + replace(moments_of(values, codes, ["x"]), notes=("two",))
    assert merged.notes == ("one", "two")
    assert (merged.patterns.dtype, merged.n_rows.dtype.kind) == (bool, "i")
    assert merged.select(["x"]).n_rows.dtype.kind == "i"


def test_a_cluster_without_complete_rows_is_gone():
    values = np.array([[1.0, 2.0], [3.0, np.nan], [2.0, np.nan], [5.0, 1.0]])
    selection = moments_of(values, np.array([0, 1, 1, 2]), ["x", "y"]).select(["x", "y"])
    assert selection.clusters.tolist() == [0, 2]
    assert selection.n_rows.tolist() == [1, 1]


def test_hundreds_of_columns_with_gaps_are_told_apart():
    values = np.ones((150, 150))
    np.fill_diagonal(values, np.nan)
    columns = [f"item {j}" for j in range(150)]
    moments = moments_of(values, np.zeros(150, dtype=int), columns)

    assert len(moments.patterns) == 150
    assert moments.select(["item 3", "item 77", "item 149"]).n_rows.tolist() == [147]


def test_a_constant_column_keeps_its_value_as_centre():
    moments = moments_of(np.full((7, 1), 1e6 + 0.1), np.zeros(7, dtype=int), ["x"])
    assert moments.centre.tolist() == [1e6 + 0.1]
    assert moments.products[0, 0, 1, 1] == 0


def test_a_column_that_is_not_held_is_named():
    moments = moments_of(np.ones((3, 1)), np.zeros(3, dtype=int), ["SPR"])
    with pytest.raises(DataError, match="'SPF'; did you mean 'SPR'"):
        moments.select(["SPF"])


def test_columns_that_no_row_has_together_are_named():
    values = np.array([[1.0, np.nan], [np.nan, 1.0]])
    with pytest.raises(DataError, match="all of x, y"):
        moments_of(values, np.array([0, 1]), ["x", "y"]).select(["x", "y"])


def test_infinite_values_are_refused_by_column_and_row():
    with pytest.raises(DataError, match="z, row 1"):
        moments_of(np.array([[1.0, 2.0], [np.nan, np.inf]]), np.array([0, 1]), ["x", "z"])


@pytest.mark.parametrize(
    ("columns", "clusters", "weights"),
    [
        (["z"], np.array([0, 1]), None),
        (["x"], np.array(["0", "1"], dtype=object), None),
        (["x"], np.array([0, 1]), np.ones(2)),
    ],
)
def test_unlike_moments_are_not_merged(columns, clusters, weights):
    values, codes = np.array([[1.0], [2.0]]), np.array([0, 1])
    ours = moments_of(values, codes, ["x"])
    theirs = moments_of(values, codes, columns, clusters=clusters, weights=weights)
    with pytest.raises(DataError, match="cannot be merged"):
        ours + theirs


def test_moments_cannot_be_written_to():
    moments = moments_of(np.ones((3, 1)), np.zeros(3, dtype=int), ["x"])
    with pytest.raises(ValueError, match="read-only"):
        moments.products[:] = 0
