"""Personal data are found by their values, and the values are never repeated."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.columns import text_columns
from coaching_stats.personal_data import (
    CENTURIES,
    CHECK_CHARACTERS,
    find_personal_data,
    is_identifying,
    is_identity_code,
)

KINDS = {"email", "phone", "identity_code", "ip_address", "password", "name", "name_in_text"}


def kinds(cell, header="Kommentti"):
    found = find_personal_data(text_columns([header], [[cell]], [2]))
    assert cell not in json.dumps(found, ensure_ascii=False)
    return {entry["kind"] for entry in found}


@given(st.integers(1, 28), st.integers(1, 12), st.integers(0, 99), st.integers(2, 899))
def test_of_all_check_characters_one_is_right(day, month, year, serial):
    codes = [f"{day:02d}{month:02d}{year:02d}-{serial:03d}{c}" for c in CHECK_CHARACTERS]
    assert sum(map(is_identity_code, codes)) == 1


@given(st.integers(1, 28), st.integers(2, 899), st.sampled_from("0123456789"), st.integers(0, 8))
def test_one_wrong_digit_is_always_seen(day, serial, digit, place):
    """31 is a prime, so no change of a single digit keeps the remainder."""
    number = f"{day:02d}0752{serial:03d}"
    check = CHECK_CHARACTERS[int(number) % 31]
    wrong = number[:place] + digit + number[place + 1 :]
    assert is_identity_code(f"{wrong[:6]}-{wrong[6:]}{check}") == (wrong == number)


@pytest.mark.parametrize("sign", "+-YXWVUABCDEF")
def test_every_sign_of_the_century_counts(sign):
    code = f"131052{sign}308T"
    assert is_identity_code(code)
    assert is_identity_code(code.lower())
    assert kinds(f"tunnukseni on {code}.") == {"identity_code"}


def test_the_sign_tells_the_century_of_a_leap_day():
    """2000 had a 29th of February; 1900 and 1800 had none."""
    check = CHECK_CHARACTERS[290200308 % 31]
    right = {sign for sign in CENTURIES if is_identity_code(f"290200{sign}308{check}")}
    assert right == set("ABCDEF")


def test_days_that_do_not_exist_are_no_code():
    assert not any(is_identity_code(f"310252-308{c}") for c in CHECK_CHARACTERS)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("matti.meikalainen@example.fi", "email"),
        ("Kirjoita: ÄITI+työ@esimerkki.co.uk.", "email"),
        ("<a@b.fi>;<c@d.fi>", "email"),
        ("soita 040 123 4567 illalla", "phone"),
        ("+358 40 1234567", "phone"),
        ("+358(0)40 123 4567", "phone"),
        ("+358\u00a040\u00a0123\u00a04567", "phone"),
        ("+358.40.123.4567", "phone"),
        ("00358401234567", "phone"),
        ("puh:0401234567,iltaisin", "phone"),
        ("0401234567,0501234567", "phone"),
        ("0400 123456", "phone"),
        ("0457 123 4567", "phone"),
        ("0440-123 456", "phone"),
        ("050/123 45 67", "phone"),
        ("040 \u2013 123 4567", "phone"),
        ("09-123 4567", "phone"),
        ("(09) 123 4567", "phone"),
        ("014 123 456", "phone"),
        ("+44 20 7946 0958", "phone"),
        ("0046 8 123 456 78", "phone"),
        ("+1 (555) 123-4567", "phone"),
        ("(555) 123-4567", "phone"),
        ("call 555-123-4567", "phone"),
        ("tunnus on 131052-308T", "identity_code"),
        ("hetu:131052-308t", "identity_code"),
        ("192.168.10.24", "ip_address"),
        ("http://192.0.2.5:8080/x", "ip_address"),
        ("verkko 10.0.0.1.", "ip_address"),
        ("2001:db8::ff00:42:8329", "ip_address"),
        ("[2001:db8:0:0:0:0:0:1]", "ip_address"),
        ("::ffff:192.0.2.1", "ip_address"),
        ("salasana: hevonen7", "password"),
        ("Password = hevonen", "password"),
        ("my password is hunter2", "password"),
        ("salasanani on kissa123", "password"),
        ("Esihenkilöni Matti auttaa aina", "name_in_text"),
        ("Kysyin Mikolta ja Liisalta asiasta", "name_in_text"),
        ("Antin neuvo", "name_in_text"),
        ("puhuin Heikin kanssa", "name_in_text"),
        ("Kiitos paljon!\nMikko", "name_in_text"),
        ("Anna Virtanen auttoi", "name_in_text"),
        ("sen teki Anna", "name_in_text"),
        ("I asked Mary about it", "name_in_text"),
        ("my boss John Smith", "name_in_text"),
    ],
)
def test_what_identifies_people_is_found(cell, kind):
    assert kinds(cell) == {kind}


@pytest.mark.parametrize(
    "cell",
    [
        "1250000",
        "1 250 000",
        "1 250 000,50",
        "1.250.000",
        "1250000.50",
        "+12500000",
        "+1250000000,50",
        "12500000000",
        "0.123456789",
        "0,0401234567",
        "-12.5",
        "1e10",
        "2026",
        "2024-2025",
        "8.6.2015",
        "08.06.2015 10:30",
        "20150608",
        "2015-06-08 10:30:00.000",
        "2015-06-08T10:30:00Z",
        "01-2024 2025",
        "09 2015 10",
        "02 2020 2021",
        "10:30:15",
        "12:00-13:00",
        "00:00:12:33",
        "12:34:56:78:9a:bc",
        "00100",
        "00100 Helsinki",
        "040",
        "007",
        "0020150608",
        "00420150608",
        "12-345 6789",
        "040120-2015",
        "R_2eXyZ0abc123",
        "Tiimi 12",
        "FI21 1234 5600 0007 85",
        "131052-308U",
        "310252-308T",
        "1131052-308T",
        "131052-308T5",
        "1.2.3",
        "v1.2.3.4",
        "versio 2.10.0.1",
        "Chrome/118.0.0.0",
        "1.2.3.4.5",
        "300.400.1.2",
        "::",
        "std::abc",
        "a@b",
        "@work.fi",
        "x @ y.fi",
        "salasana unohtui",
        "password is important",
        "I forgot the password on the way",
        "7 Täysin samaa mieltä",
        "Hyvä esihenkilö, ei valittamista",
        "Anna palautetta useammin",
        "Ei ole aikaa. Kai se muuttuu",
        "Pian tulee uusi prosessi",
        "Microsoft Teams toimii",
    ],
)
def test_what_does_not_identify_people_is_left_alone(cell):
    assert kinds(cell) == set()


@pytest.mark.parametrize(
    ("cell", "header"),
    [
        ("Virtanen", "Sukunimi"),
        ("Bo", "Etunimi"),
        ("Matti Meikäläinen", "RecipientFirstName"),
        ("O'Brien", "Last name"),
        ("McDonald", "lastname"),
        ("von Essen", "Surname"),
        ("VIRTANEN LIISA", "Nimi"),
        ("Virtanen, Liisa", "Nimesi"),
        ("liisa virtanen", "first_name"),
        ("Łukasz", "Recipient"),
        ("A\u030asa O\u0308hman", "Vastaajan nimi"),
        ("Liisa", "Yhteystiedot | Nimi"),
        ("Virtanen", "Tiimin vetäjän nimi"),
        ("Smith", "Team manager name"),
        ("Virtanen", "Osaston johtajan nimi"),
    ],
)
def test_a_header_of_names_has_names_below(cell, header):
    assert kinds(cell, header) == {"name"}


@pytest.mark.parametrize(
    ("cell", "header"),
    [
        ("Pohjoinen", "Tiimin nimi"),
        ("Pohjoinen", "Myyjän tiimin nimi"),
        ("North", "Manager's team name"),
        ("Acme Oy", "Yrityksen nimi"),
        ("Myynti", "Osaston nimi"),
        ("Uusimaa", "Alueen nimi"),
        ("Survey", "Name of survey"),
        ("7", "Nimi"),
        ("ei halua kertoa", "Nimi"),
        ("Strongly agree", "My manager knows my name"),
        ("Kyllä", "Onko sinulla oma salasana"),
        ("5", "We share our passwords with the whole team"),
        ("118.0.0.0", "Browser Version"),
    ],
)
def test_a_header_alone_makes_nobody_known(cell, header):
    assert kinds(cell, header) == set()


@pytest.mark.parametrize(
    ("cell", "header"), [("hevonen", "Salasana"), ("1234", "Your password"), ("x", "Password:")]
)
def test_a_header_of_passwords_has_passwords_below(cell, header):
    assert kinds(cell, header) == {"password"}


def test_names_in_free_text_are_only_warned_of():
    assert {kind for kind in KINDS if not is_identifying(kind)} == {"name_in_text"}


@given(
    st.lists(
        st.one_of(
            st.integers(1, 7),
            st.integers(-9_999_999, 9_999_999),
            st.floats(-1e9, 1e9).map(lambda x: round(x, 4)),
        ).map(str),
        min_size=1,
        max_size=30,
    )
)
def test_ratings_and_numbers_are_never_personal(cells):
    cells += [cell.replace(".", ",") for cell in cells]
    table = text_columns(["S_SPR1"], [[cell] for cell in cells], range(2, len(cells) + 2))
    assert find_personal_data(table) == []


@given(st.dates().map(lambda day: [day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%m/%d/%Y}"]))
def test_dates_are_never_personal(cells):
    assert find_personal_data(text_columns(["Pvm"], [[c] for c in cells], range(3))) == []


@given(st.lists(st.text(max_size=30), min_size=1, max_size=10), st.text(max_size=20))
def test_any_text_is_searched_and_rows_are_those_that_are_there(cells, header):
    numbers = range(2, len(cells) + 2)
    found = find_personal_data(text_columns([header], [[cell] for cell in cells], numbers))
    assert {entry["kind"] for entry in found} <= KINDS
    assert all(set(entry) == {"column", "kind", "rows"} for entry in found)
    assert all(set(entry["rows"]) <= set(numbers) for entry in found)


def test_rows_are_those_of_the_file():
    cells = [["a@b.fi"], ["-"], ["c@d.fi"], ["a@b.fi"], ["first\nsecond\nx@y.fi"], ["z"]]
    found = find_personal_data(text_columns(["Yhteys"], cells, [4, 5, 7, 9, 10, 12]))
    assert found == [{"column": "Yhteys", "kind": "email", "rows": [4, 7, 9, 10]}]
    cells = [["z"], ["0401234567"], ["y"], ["0501234567"]]
    found = find_personal_data(text_columns(["Yhteys"], cells, [2, 3, 4, 6]))
    assert found == [{"column": "Yhteys", "kind": "phone", "rows": [3, 6]}]


def test_a_cell_goes_not_on_in_the_next_one():
    cells = [["salasana:"], ["040"], ["1234567"], ["131052"], ["-308T"], ["2001:db8"], ["::"]]
    assert find_personal_data(text_columns(["Kommentti"], cells, range(7))) == []


@pytest.mark.parametrize(
    "piece",
    [":", "a", "a.", "1.", "1:", "pwd", "pwd ", "+1 (", "0-", "040 x", "A", "Aa ", "@", "@a."],
)
def test_a_cell_of_a_million_characters_is_searched_in_passing(piece):
    """In quadratic time, such a cell would take an hour."""
    cell = piece * (1_000_000 // len(piece))
    assert kinds(cell + "!") == kinds(cell + " @") == set()
