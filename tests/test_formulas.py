"""A formula and a frame: the right columns, or a refusal."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DataError, DesignError
from coaching_stats.formulas import design, plain_formula


@pytest.fixture
def frame():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"y": rng.normal(size=12), "x": rng.uniform(1, 2, size=12)})
    data["form"] = pd.Categorical(["b", "c"] * 6, categories=["a", "b", "c", "d"])
    data["sure"] = data["x"] > 1.5
    data["told"] = ["yes", "no", "perhaps"] * 4
    return data


def test_columns_and_the_same_as_transforms_give_one_design(frame):
    plain, made = design("y ~ x + sure", frame), design("y ~ I(x) + I(1 * sure)", frame)
    assert_allclose(plain.x, made.x)
    assert plain.terms == ("Intercept", "x", "sure")


@pytest.mark.parametrize("formula", ["y ~ x + sure", "y ~ x + sure + told"])
def test_listwise_deletion_is_dropping_the_rows_first(frame, formula):
    frame.loc[[2, 5], "x"] = np.nan
    frame["sure"] = frame["sure"].astype("boolean")
    frame.loc[7, "sure"] = pd.NA
    whole, dropped = design(formula, frame), design(formula, frame.dropna())

    assert_allclose(whole.x, dropped.x)
    assert_allclose(whole.y, dropped.y)
    assert np.flatnonzero(~whole.complete).tolist() == [2, 5, 7]


def test_a_level_without_rows_is_no_column_and_a_note(frame):
    made = design("y ~ form", frame)
    assert made.terms == ("Intercept", "form[T.c]")
    assert "a, d" in made.notes[0]


def test_a_level_that_deletion_empties_is_no_column(frame):
    frame["form"] = frame["form"].where(frame.index > 0, "a")
    frame.loc[0, "x"] = np.nan
    assert design("y ~ x + form", frame).terms == ("Intercept", "x", "form[T.c]")


def test_what_a_transform_cannot_do_is_missing(frame):
    frame.loc[3, "x"] = -1.0
    assert np.flatnonzero(~design("y ~ log(x)", frame).complete).tolist() == [3]


def test_the_logarithm_of_zero_is_refused(frame):
    frame.loc[3, "x"] = 0.0
    with pytest.raises(DataError, match=r"log\(x\), row 3"):
        design("y ~ log(x)", frame)


@pytest.mark.parametrize("values", [list("123456789012"), [*"12345678901", "1,5"]])
def test_numbers_kept_as_text_are_no_categories(frame, values):
    with pytest.raises(DataError, match="'rating' holds text"):
        design("y ~ rating", frame.assign(rating=values))


@pytest.mark.parametrize(
    ("formula", "culprit"),
    [
        ("told ~ x", "'told' holds text"),
        ("C(told) ~ x", "one numeric outcome"),
        ("y + x ~ sure", "one numeric outcome"),
        ("1 ~ x", "one numeric outcome"),
        ("x", "one numeric outcome"),
        ("y ~ 0", "something after it"),
        ("y ~ (", "cannot be used"),
        ("y ~ log(told)", "cannot be used"),
        ("y ~ SPR", "no column 'SPR'"),
        ("y ~ when", "'when' holds dates"),
        ("y ~ x + none", "no value at all in none"),
        ("y ~ told + none", "no value at all in none"),
        ("y ~ odd + even", "together: y, odd, even"),
    ],
)
def test_refusals_name_the_culprit(frame, formula, culprit):
    frame["when"] = pd.date_range("2024-01-01", periods=12)
    frame["none"] = np.nan
    frame["odd"] = frame["x"].where(frame.index % 2 == 1)
    frame["even"] = frame["x"].where(frame.index % 2 == 0)
    with pytest.raises(DataError, match=culprit):
        design(formula, frame)


def test_the_frame_stays_as_it_was(frame):
    before = frame.copy(deep=True)
    design("y ~ x + form + told", frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_plain_formula_may_quote_and_leave_out_the_constant():
    assert plain_formula("y ~ 0 + `my score` + x") == ("y", ("my score", "x"))


@pytest.mark.parametrize("term", ["x:z", "log(x)", "C(z)"])
def test_moments_hold_columns_only(term):
    with pytest.raises(DesignError, match="columns only"):
        plain_formula(f"y ~ x + z + {term}")
