"""Ids that look alike, ids that lost zeros, and text that would run as a formula."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.csv_files import NUMBER
from coaching_stats.identifiers import lookalikes, lost_zeros, skeleton
from coaching_stats.spreadsheet_text import DANGEROUS, inert


@pytest.mark.parametrize(
    "twin", ["T\u200b01", "T01\u00a0", "t01", " T01", "\ufeffT01", "T\u00ad01", "Т01", "Ｔ01"]
)
def test_an_id_and_its_twin_look_alike(twin):
    assert lookalikes(["T01", "T02", twin]) == [("T01", twin)]


@given(
    st.lists(
        st.text(st.characters(codec="ascii", categories=["Ll", "Nd"]), min_size=1), unique=True
    )
)
def test_different_plain_ids_never_look_alike(ids):
    assert lookalikes(ids) == []
    assert all(skeleton(skeleton(name)) == skeleton(name) for name in ids)


def test_composed_and_decomposed_letters_are_one():
    assert lookalikes(["Jäkälä", "Ja\u0308ka\u0308la\u0308"]) != []


def test_lost_zeros_name_the_known_id():
    assert lost_zeros(["7", "12", "0"], ["007", "012", "A"]) == [("7", "007"), ("12", "012")]


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_no_text_of_a_table_begins_like_a_formula(cells):
    found = inert(pd.DataFrame({"=a": cells}))
    assert list(found) == ["'=a"]
    for before, after in zip(cells, found["'=a"], strict=True):
        assert not after.startswith(DANGEROUS) or NUMBER.fullmatch(after)
        assert after.removeprefix("'") == before or after == before


def test_numbers_stay_numbers():
    frame = pd.DataFrame({"x": [-1.5, 2.0], "y": ["-1.5", "+3"]})
    pd.testing.assert_frame_equal(inert(frame), frame)
