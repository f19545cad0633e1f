"""Personal data are found by their values, and the values are never repeated."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.columns import text_columns
from coaching_stats.personal_data import (
    CHECK_CHARACTERS,
    find_personal_data,
    is_identifying,
    is_identity_code,
)


def kinds(cell, header="Kommentti"):
    found = find_personal_data(text_columns([header], [[cell]], [2]))
    assert cell not in json.dumps(found, ensure_ascii=False)
    return {entry["kind"] for entry in found}


@given(st.integers(1, 28), st.integers(1, 12), st.integers(0, 99), st.integers(2, 899))
def test_of_all_check_characters_one_is_right(day, month, year, serial):
    codes = [f"{day:02d}{month:02d}{year:02d}-{serial:03d}{c}" for c in CHECK_CHARACTERS]
    assert sum(map(is_identity_code, codes)) == 1


@pytest.mark.parametrize("sign", "-YXWVU")
def test_every_sign_of_the_century_counts(sign):
    assert is_identity_code(f"131052{sign}308T")


def test_days_that_do_not_exist_are_no_code():
    assert not any(is_identity_code(f"310252-308{c}") for c in CHECK_CHARACTERS)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("matti.meikalainen@example.fi", "email"),
        ("soita 040 123 4567 illalla", "phone"),
        ("+358 40 1234567", "phone"),
        ("0401234567", "phone"),
        ("09-123 4567", "phone"),
        ("+44 20 7946 0958", "phone"),
        ("tunnus on 131052-308T", "identity_code"),
        ("131052-308t", "identity_code"),
        ("192.168.10.24", "ip_address"),
        ("2001:db8::ff00:42:8329", "ip_address"),
        ("salasana: hevonen7", "password"),
        ("Esihenkilöni Matti auttaa aina", "name_in_text"),
        ("Kysyin Mikolta ja Liisalta asiasta", "name_in_text"),
        ("I asked Mary about it", "name_in_text"),
    ],
)
def test_what_identifies_people_is_found(cell, kind):
    assert kind in kinds(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "1250000",
        "1 250 000",
        "1250000.50",
        "8.6.2015",
        "2015-06-08 10:30:00",
        "00100 Helsinki",
        "131052-308U",
        "1.2.3",
        "300.400.1.2",
        "10:30:15",
        "7 Täysin samaa mieltä",
        "R_2eXyZ0abc123",
        "Tiimi 12",
        "Hyvä esihenkilö, ei valittamista",
        "2026",
        "-12.5",
        "0.123456789",
    ],
)
def test_what_does_not_identify_people_is_left_alone(cell):
    assert kinds(cell) == set()


def test_headers_tell_of_names_and_passwords():
    assert kinds("Virtanen", "Sukunimi") == {"name"}
    assert kinds("Matti Meikäläinen", "RecipientFirstName") == {"name"}
    assert kinds("hevonen7", "Salasana") == {"password"}
    assert kinds("Pohjoinen", "Tiimin nimi") == set()


def test_names_in_free_text_are_only_warned_of():
    assert not is_identifying("name_in_text")
    assert is_identifying("email")


@given(st.lists(st.integers(1, 7).map(str), min_size=1, max_size=30))
def test_ratings_are_never_personal(cells):
    table = text_columns(["S_SPR1"], [[cell] for cell in cells], range(2, len(cells) + 2))
    assert find_personal_data(table) == []


def test_rows_are_those_of_the_file():
    cells = [["a@b.fi"], ["-"], ["c@d.fi"], ["a@b.fi"]]
    found = find_personal_data(text_columns(["Yhteys"], cells, [4, 5, 7, 9]))
    assert found == [{"column": "Yhteys", "kind": "email", "rows": [4, 7, 9]}]
