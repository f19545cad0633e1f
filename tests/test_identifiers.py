"""Ids that look alike, and ids that lost zeros."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.identifiers import lookalikes, lost_zeros, skeleton


@pytest.mark.parametrize(
    "twin",
    [
        "T\u200b01",  # zero-width space
        "T\u200d01",  # zero-width joiner
        "T01\u00a0",  # no-break space
        "t01",
        " T01",
        "\tT01 ",
        "\ufeffT01",  # byte order mark
        "T\u00ad01",  # soft hyphen
        "\u202aT01\u202c",  # marks of direction
        "T0\u034f1",  # grapheme joiner
        "T01\ufe0f",  # variation selector
        "\u042201",  # Cyrillic
        "\u044201",  # Cyrillic, small
        "\u03a401",  # Greek
        "\uff3401",  # full width
    ],
)
def test_an_id_and_its_twin_look_alike(twin):
    assert lookalikes(["T01", "T02", twin]) == [("T01", twin)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jäkälä", "Ja\u0308ka\u0308la\u0308"),
        ("A 1", "A  1"),
        ("A 1", "A\t1"),
        ("A 1", "A\u00a01"),
        ("A 1", "A \u200b 1"),
        ("\u0412\u0415\u0420\u0410", "\u0432\u0435\u0440\u0430"),  # Cyrillic, by case
        ("B1", "\u04321"),  # as B is the capital of the one and looks like the other's
        ("Stra\u00dfe", "STRASSE"),
    ],
)
def test_what_differs_by_signs_alone_looks_alike(one, other):
    assert lookalikes([one, other]) == [(one, other)]


@pytest.mark.parametrize(
    ("one", "other"), [("A 1", "A1"), ("T1", "T01"), ("O1", "01"), ("l", "1"), ("Jäkälä", "Jakala")]
)
def test_what_can_be_told_apart_does_not_look_alike(one, other):
    assert lookalikes([one, other]) == []


@given(
    st.lists(
        st.text(st.characters(codec="ascii", categories=["Ll", "Nd"]), min_size=1), unique=True
    )
)
def test_different_plain_ids_never_look_alike(ids):
    assert lookalikes(ids) == []
    assert all(skeleton(skeleton(name)) == skeleton(name) for name in ids)


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc", "Cf"]), max_size=8))
def test_composing_and_capitals_change_nothing(name):
    """Of one id, every way to write it is the same."""
    for written in (unicodedata.normalize("NFD", name), name.upper(), f"\u200b {name} "):
        assert skeleton(written) == skeleton(name)


def test_every_twin_is_named_with_the_first_one():
    assert lookalikes(["t1", "T1", "T1", "x", "\ufeffT1"]) == [("t1", "T1"), ("t1", "\ufeffT1")]


def test_lost_zeros_name_the_known_id():
    assert lost_zeros(["7", "12", "0"], ["007", "012", "A"]) == [("7", "007"), ("12", "012")]
    assert lost_zeros(["0"], ["000"]) == [("0", "000")]
    assert lost_zeros(["7"], ["007", "07"]) == [("7", "007")]


def test_known_ids_lost_nothing():
    assert lost_zeros(["7", "007", ""], ["7", "007", "000"]) == []


@given(st.sets(st.from_regex(r"[1-9][0-9]{0,3}", fullmatch=True)), st.integers(1, 3))
def test_zeros_taken_away_are_found_again(numbers, zeros):
    known = ["0" * zeros + number for number in sorted(numbers)]
    assert lost_zeros(sorted(numbers), known) == list(zip(sorted(numbers), known, strict=True))
