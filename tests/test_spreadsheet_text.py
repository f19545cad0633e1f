"""No text that we write for a spreadsheet runs as a formula, and numbers stay numbers."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.csv_files import NUMBER
from coaching_stats.spreadsheet_text import DANGEROUS, inert

CELLS = st.text(st.sampled_from("=+-@\t\r\n'1.,eA "), max_size=6)


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_no_text_of_a_table_begins_like_a_formula(cells):
    found = inert(pd.DataFrame({"=a": cells}))
    assert list(found) == ["'=a"]
    for before, after in zip(cells, found["'=a"], strict=True):
        assert not after.startswith(DANGEROUS) or NUMBER.fullmatch(after)
        assert after in (before, "'" + before)


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_what_is_inert_stays_as_it_is(cells):
    once = inert(pd.DataFrame({"@a": cells}))
    pd.testing.assert_frame_equal(inert(once), once)


@pytest.mark.parametrize(
    "cell", ["=HYPERLINK(1)", "+A1", "-A1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "-3,5", "-", "=1"]
)
def test_what_would_run_gets_an_apostrophe(cell):
    assert inert(pd.DataFrame({"x": [cell]}))["x"].tolist() == ["'" + cell]


def test_numbers_stay_numbers():
    frame = pd.DataFrame({"x": [-1.5, 2.0], "y": ["-1.5", "+3"], "z": [True, False]})
    pd.testing.assert_frame_equal(inert(frame), frame)


def test_whole_numbers_beside_gaps_are_written_as_they_were():
    frame = pd.DataFrame({"x": pd.Series([-1, None, "=1"], dtype=object)})
    assert inert(frame)["x"].tolist() == [-1, None, "'=1"]
    assert inert(frame.iloc[:2]).to_csv(index=False) == frame.iloc[:2].to_csv(index=False)


def test_columns_may_be_named_by_numbers_or_twice():
    frame = pd.DataFrame([["=1", "=2", "=3"]], columns=[7, "@x", "@x"], index=["r"])
    found = inert(frame)
    assert list(found) == [7, "'@x", "'@x"]
    assert found.loc["r"].tolist() == ["'=1", "'=2", "'=3"]
    assert frame.loc["r"].tolist() == ["=1", "=2", "=3"]


def test_categories_are_made_inert_too():
    frame = pd.DataFrame({"x": pd.Categorical(["=1", "'=1", "b"])})
    assert inert(frame)["x"].tolist() == ["'=1", "'=1", "b"]
