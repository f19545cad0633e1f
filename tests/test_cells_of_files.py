"""Text cells become values: decimals and words, never by a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.columns import text_columns
from coaching_stats.decimals import closed_up, with_points
from coaching_stats.errors import DataError
from coaching_stats.labels import agreement_labels, booleans_of, fits_both_lengths, numbers_of


def columns(**cells):
    """Columns by name, of equal length; the first row is row 2."""
    return text_columns(list(cells), list(zip(*cells.values(), strict=True)), range(2, 100))


def pointed(cells, decimal=None, **options):
    found, mark = with_points(columns(x=cells), "a.csv", decimal, **options)
    return found["x"].values.tolist(), mark


@given(st.floats(-1e6, 1e6).map(lambda x: round(x, 2)), st.sampled_from([" ", "\u00a0", "\u202f"]))
def test_a_finnish_number_comes_back_as_itself(value, space):
    cell = f"{value:,.2f}".replace(",", space).replace(".", ",")
    cells, decimal = pointed([cell, "1,5"])
    assert float(cells[0]) == value
    assert decimal == ","


@pytest.mark.parametrize(
    ("cells", "decimal", "expected"),
    [
        (["3,5", "4"], None, ["3.5", "4"]),
        (["1.234,5", "2,5"], None, ["1234.5", "2.5"]),
        (["1,234.5", "2.5"], None, ["1234.5", "2.5"]),
        (["1,234", "5"], ",", ["1.234", "5"]),
        (["1,234", "5"], ".", ["1234", "5"]),
        (["1.234", "2,5"], ",", ["1234", "2.5"]),
        (["1.234", "2.345"], None, ["1.234", "2.345"]),
        (["007", "3,5"], None, ["007", "3,5"]),
        (["3,5 euroa", "4"], None, ["3,5 euroa", "4"]),
    ],
)
def test_decimal_marks(cells, decimal, expected):
    assert pointed(cells, decimal)[0] == expected


@pytest.mark.parametrize(
    "cells",
    [
        {"x": ["3,5", "1.234"]},
        {"x": ["1,234", "5,678"]},
        {"x": ["1.234", "2.345"], "y": ["3,5", "4,5"]},
    ],
)
def test_numbers_that_can_be_read_in_two_ways_are_asked_about(cells):
    with pytest.raises(DataError, match=r"column 'x' .* two ways.*a\.csv, row 2.*decimal: \","):
        with_points(columns(**cells), "a.csv", None)


def test_where_the_comma_is_to_be_expected_a_point_alone_is_asked_about():
    assert pointed(["1.234", "2.345"])[0] == ["1.234", "2.345"]
    assert pointed(["1.23", "2.345"], is_comma_likely=True)[0] == ["1.23", "2.345"]
    with pytest.raises(DataError, match="two ways"):
        pointed(["1.234", "2.345"], is_comma_likely=True)


def test_a_mark_that_contradicts_the_mapping_is_refused():
    with pytest.raises(DataError, match=r"do not fit decimal: ','.*row 3: 4\.5"):
        pointed(["3,5", "4.5"], ",")


def test_groups_of_digits_are_closed_up_only_where_they_are_thousands():
    assert closed_up("1 234 567") == "1234567"
    assert closed_up("12 34") == "12 34"


@pytest.mark.parametrize("n_options", [5, 7])
def test_every_label_of_both_languages_has_its_place(n_options):
    places = [place for place in agreement_labels(n_options).values() if place is not None]
    assert set(places) == set(range(1, n_options + 1))


def read(cells, n_options=7, **options):
    column = columns(S_SPR1=cells)["S_SPR1"]
    return numbers_of(column, "S_SPR1", n_options, "a.csv", **options).values.tolist()


def test_answers_in_words_become_numbers_and_unknown_ones_are_named():
    cells = ["Strongly agree", "täysin  ERI mieltä", "2 = eri mieltä", "En osaa sanoa", "", "5"]
    assert read(cells) == ["7", "1", "2", "", "", "5"]
    with pytest.raises(DataError, match=r"'S_SPR1'.*row 2: 'täysin sama mieltä'; did you mean"):
        read(["täysin sama mieltä"])
    assert read(["aina"], own={"aina": 7}) == ["7"]


def test_a_number_beside_the_label_of_another_is_refused():
    with pytest.raises(DataError, match="row 2: '5 Täysin samaa mieltä'"):
        read(["5 Täysin samaa mieltä"])
    assert read(["5 Täysin samaa mieltä"], 5) == ["5"]


def test_answer_codes_count_only_where_the_tool_has_them():
    assert read(["A1", "A7"], has_codes=True) == ["1", "7"]
    with pytest.raises(DataError, match="'A1'"):
        read(["A1"])


@pytest.mark.parametrize(
    ("cells", "is_unsure"),
    [
        (["Täysin eri mieltä", "Jokseenkin samaa mieltä"], True),
        (["Täysin eri mieltä", "Eri mieltä"], False),
        (["Täysin samaa mieltä", "7"], False),
        (["Strongly agree", "Neutral"], True),
        (["Täysin eri mieltä"], False),
        (["3", "4"], False),
    ],
)
def test_labels_of_five_and_seven_options_are_told_apart_or_asked_about(cells, is_unsure):
    assert bool(fits_both_lengths(columns(x=cells).values())) == is_unsure


def test_yes_and_no_in_both_languages():
    column = columns(consent=["Kyllä", "no", "TRUE", "", "1", "EI"])["consent"]
    assert booleans_of(column, "consent", "a.csv").values.tolist() == ["1", "0", "1", "", "1", "0"]
    with pytest.raises(DataError, match="row 2: 'ehkä'"):
        booleans_of(columns(consent=["ehkä"])["consent"], "consent", "a.csv")
