"""Numbers of the report carry the address under which results.json holds them."""

from itertools import chain

import pytest
from number_check.addressed import WITHOUT, NumbersOfPage

from coaching_stats.output import REPORTS
from coaching_stats.results_json import results
from coaching_stats.texts import LANGUAGES, number


@pytest.fixture(scope="module")
def pages(outputs):
    """Numbers of the page on the simulated sample, by language."""
    folder = outputs("theory_run")
    return {
        language: NumbersOfPage((folder / file).read_text(encoding="utf-8"))
        for language, file in REPORTS.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_is_without_address_but_where_the_list_says(language, pages):
    without = pages[language].without
    new = {place: texts for place, texts in without.items() if place not in WITHOUT}
    assert new == {}, 'write the number as <span data-address="H3.estimate">'


def test_the_list_of_places_without_address_holds_no_more_than_there_are(pages):
    there = set(chain.from_iterable(page.without for page in pages.values()))
    assert sorted(set(WITHOUT) - there) == [], "remove the place: its numbers have addresses now"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_addressed_number_is_the_one_in_the_results(language, pages, theory_run):
    estimates, addressed = results(theory_run)["estimates"], pages[language].addressed
    assert len(addressed) >= 3 * len(theory_run.verdicts.judged)
    wrong = [(at, text) for at, text in addressed if text not in written(estimates[at], language)]
    assert wrong == []


def written(value, language):
    """How a page may write a number of results.json, as a count or with decimals."""
    if value is None:
        return {"–", "∞"}
    return {number(value, language, digits) for digits in (0, 2)}


def test_both_languages_address_the_same_numbers(pages):
    english, finnish = (pages[language].addressed for language in LANGUAGES)
    assert [address for address, _ in english] == [address for address, _ in finnish]


@pytest.mark.parametrize(
    ("html", "places"),
    [
        ('<p>H1: <span data-address="H1.estimate">0.42</span></p>', {}),
        ('<p>H1: <b data-address="H1.estimate"><i>0.42</i></b></p>', {}),
        ("<p>H1: 0.42, 95 % CI</p>", {"page p": ["H1: 0.42, 95 % CI"]}),
        (
            '<section aria-labelledby="scales"><td class="num wide">4</td></section><p>5</p>',
            {"scales td.num": ["4"], "page p": ["5"]},
        ),
        ("<style>p{top:4px}</style><figure><p>4</p></figure><footer>0.1.0</footer>", {}),
        ('<p>a<br>7<img alt="8"></p>', {"page p": ["7"]}),
    ],
)
def test_numbers_outside_addresses_are_found(html, places):
    assert NumbersOfPage(html).without == places
