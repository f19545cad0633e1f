"""Dates as people and programs write them."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.columns import text_columns
from coaching_stats.dates import dates_of
from coaching_stats.errors import DataError


def column(*cells):
    return text_columns(["d"], [[cell] for cell in cells], range(2, 2 + len(cells)))["d"]


def read(*cells, day_first=None):
    return dates_of(column(*cells), "d", "a.csv", day_first).values.tolist()


@given(st.dates(date(1930, 1, 1), date(2099, 12, 31)))
def test_every_way_of_writing_a_day_gives_the_same_day(day):
    iso = day.isoformat()
    assert read(iso, f"{day.day}.{day.month}.{day.year}") == [iso, iso]
    slashed = [f"{day.day}/{day.month}/{day.year}"]
    assert read(*slashed, day_first=True) == [iso]
    assert read(f"{day.month:02d}/{day.day:02d}/{day.year}", day_first=False) == [iso]


@given(st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1)))
def test_times_of_day_are_kept(moment):
    moment = moment.replace(microsecond=0)
    half = moment.strftime("%I:%M:%S %p")
    assert (
        read(
            f"{moment.day}.{moment.month}.{moment.year} klo {moment:%H.%M.%S}",
            f"{moment:%Y-%m-%d %H:%M:%S}",
            f"{moment:%Y-%m-%dT%H:%M:%S}Z",
        )
        == [moment.isoformat()] * 3
    )
    assert read(f"{moment:%m/%d/%Y} {half}", day_first=False) == [moment.isoformat()]


def test_a_day_beyond_twelve_settles_the_order_of_all():
    assert read("4/5/2015", "13/5/2015") == ["2015-05-04", "2015-05-13"]
    assert read("4/5/2015", "5/13/2015") == ["2015-04-05", "2015-05-13"]
    assert read("4.5.2015", "") == ["2015-05-04", ""]


@pytest.mark.parametrize(
    ("cells", "day_first", "fragment"),
    [
        (["4/5/2015", "6/5/2015"], None, "row 2: 4/5/2015, row 3: 6/5/2015"),
        (["13/5/2015", "5/13/2015"], None, "in two orders"),
        (["13/5/2015", "5/13/2015"], True, "row 3: '5/13/2015'"),
        (["31.2.2015"], None, "row 2: '31.2.2015'"),
        (["eilen", "8.6.2015"], None, "row 2: 'eilen'"),
    ],
)
def test_what_is_no_date_or_can_be_read_in_two_ways_is_asked_about(cells, day_first, fragment):
    with pytest.raises(DataError, match="day_first") as refusal:
        read(*cells, day_first=day_first)
    assert fragment in str(refusal.value)
