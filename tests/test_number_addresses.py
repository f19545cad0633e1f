"""Numbers of the report carry the address under which results.json holds them."""

import re
from itertools import chain

import matplotlib.pyplot as plt
import pytest
from number_check.addressed import WITHOUT, NumbersOfPage

from coaching_stats.both_sides_figure import plot_both_sides
from coaching_stats.figure_numbers import page_titles
from coaching_stats.figures import plot_verdicts
from coaching_stats.model_figures import plot_chain
from coaching_stats.note_texts import in_english
from coaching_stats.output import REPORTS
from coaching_stats.process_map_figure import plot_process_map
from coaching_stats.published_figures import process_map_of, shown_sides
from coaching_stats.results_json import numbers_by_address, results
from coaching_stats.texts import LANGUAGES, number

RUNS = ("theory_run", "one_client_run", "attitude_run", "lq2002_run")
SUMMARY = re.compile(r"<summary>[^<]*\((\d+)\)</summary>(.*?)</details>", re.DOTALL)
NUMBER = r"(?<![\w.])[-−]?\d+(?:\.\d+)?"
KEY = r"\b\w+_[smpr]\b"  # a page writes the name of the scale in its place


@pytest.fixture(scope="module")
def html(outputs):
    """Every page of every run: its text by run and language."""
    return {
        (name, language): (outputs(name) / file).read_text(encoding="utf-8")
        for name in RUNS
        for language, file in REPORTS.items()
    }


@pytest.fixture(scope="module")
def pages(html):
    """The numbers of every page, by run and language."""
    return {place: NumbersOfPage(text) for place, text in html.items()}


@pytest.mark.parametrize("name", RUNS)
def test_no_number_is_without_address_but_where_the_list_says(name, pages):
    for language in LANGUAGES:
        without = pages[name, language].without
        new = {place: texts for place, texts in without.items() if place not in WITHOUT}
        assert new == {}, 'write the number as <span data-address="H3.estimate">'


def test_the_list_of_places_without_address_holds_no_more_than_there_are(pages):
    there = set(chain.from_iterable(page.without for page in pages.values()))
    assert sorted(set(WITHOUT) - there) == [], "remove the place: its numbers have addresses now"


@pytest.mark.parametrize("name", RUNS)
def test_an_addressed_number_is_the_one_in_the_results(name, pages, request):
    run = request.getfixturevalue(name)
    known = numbers_by_address(results(run))
    for language in LANGUAGES:
        addressed = pages[name, language].addressed
        assert len(addressed) >= 3 * len(run.verdicts.judged)
        wrong = [(at, text) for at, text in addressed if text not in written(known[at], language)]
        assert wrong == []


def written(value, language):
    """How a page may write a number of results.json: a count, a share near an end, an estimate."""
    if value is None:
        return {"–", "∞"}
    return {number(value, language, digits) for digits in (0, 1, 2)}


@pytest.mark.parametrize("name", RUNS)
def test_both_languages_address_the_same_numbers(name, pages):
    english, finnish = (pages[name, language] for language in LANGUAGES)
    assert [at for at, _ in english.addressed] == [at for at, _ in finnish.addressed]
    assert [places for places, _ in english.notes] == [places for places, _ in finnish.notes]


@pytest.mark.parametrize("name", RUNS)
def test_a_note_is_the_entry_of_the_results_that_it_names(name, pages, request):
    kept = results(request.getfixturevalue(name))["notes"]
    noted = {language: pages[name, language].notes for language in LANGUAGES}
    assert noted["en"]
    for (places, english), (_, finnish) in zip(noted["en"], noted["fi"], strict=True):
        entries = [kept[place] for place in places]
        assert any(is_said(entry, english) for entry in entries), english
        assert len({said(entry) for entry in entries}) == 1
        in_digits = re.sub(r"\bnolla\w*", "0", finnish).replace(",", ".")
        assert plain_numbers(in_digits) == plain_numbers(english)


def said(entry):
    """What a note says, without the prediction that it is about."""
    return in_english(re.sub(r"^\w+: ", "", entry))


def is_said(entry, text):
    """Whether a text is a note: names stand for keys, ids of predictions behind or in front."""
    pattern = ".+".join(map(re.escape, re.split(KEY, said(entry))))
    return re.fullmatch(rf"(\w+: )?{pattern}( \([\w, ]+\))?", text) is not None


def plain_numbers(text):
    """Numbers of a text that are no part of a name, smallest first."""
    return sorted(re.findall(NUMBER, text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_on_the_page_says_what_its_figure_says(language, theory_run):
    drawn = {
        "verdicts": plot_verdicts(theory_run, language=language),
        "chain": plot_chain(theory_run, language=language),
        "sides": plot_both_sides(shown_sides(theory_run), language=language),
        "map": plot_process_map(process_map_of(theory_run), language=language),
    }
    stated = {name: axes.figure.get_suptitle().split() for name, axes in drawn.items()}
    plt.close("all")
    titles = page_titles(theory_run, language)
    assert {name: title.striptags().split() for name, title in titles.items()} == stated


@pytest.mark.parametrize("name", RUNS)
def test_a_summary_counts_the_rows_or_entries_below_it(name, html):
    for language in LANGUAGES:
        found = SUMMARY.findall(html[name, language])
        assert found
        for count, below in found:
            rows = below.partition("<tbody>")[2] or below
            assert int(count) == len(re.findall(r"<(?:tr|li)\b", rows))


@pytest.mark.parametrize(
    ("html", "places"),
    [
        ('<p>H1: <span data-address="H1.estimate">0.42</span></p>', {}),
        ('<p>H1: <b data-address="H1.estimate"><i>0.42</i></b></p>', {}),
        ('<ul><li data-note="0 3">4 teams left out</li></ul>', {}),
        ("<ul><li>4 teams left out</li></ul>", {"page li": ["4 teams left out"]}),
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
