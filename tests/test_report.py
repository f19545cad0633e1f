"""The page, the workbook and the figures as people see them."""

import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coaching_stats.figures import plot_association, plot_verdicts
from coaching_stats.graph_figure import layered, plot_graph
from coaching_stats.model_figures import plot_chain, plot_residuals, plot_slopes
from coaching_stats.output import REPORTS
from coaching_stats.report import write_report
from coaching_stats.results_json import results
from coaching_stats.texts import number, texts
from coaching_stats.workbench import compare_estimators

RUNS = ["theory_run", "one_client_run", "attitude_run", "lq2002_run"]
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Visible text, tags with attributes, and whether tags close in order."""

    def __init__(self, html):
        super().__init__()
        self.stack, self.tags, self.text = [], [], []
        self.feed(html)
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & {*self.stack}:
            self.text.append(data)


@pytest.fixture(
    scope="module",
    params=[(run, language) for run in RUNS for language in ("en", "fi")],
    ids="-".join,
)
def page(request, outputs):
    name, language = request.param
    html = (outputs(name) / REPORTS[language]).read_text(encoding="utf-8")
    return request.getfixturevalue(name), language, html


def test_the_page_is_whole_and_asks_nothing_of_the_network(page):
    _, language, html = page
    parsed = Page(html)
    assert ("html", {"lang": language}) in parsed.tags
    assert "://" not in html
    sources = [v for _, attrs in parsed.tags for k, v in attrs.items() if k in ("src", "href")]
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert [tag for tag, _ in parsed.tags].count("h1") == 1
    assert all(attrs.get("alt") for tag, attrs in parsed.tags if tag == "img")
    assert all("scope" in attrs for tag, attrs in parsed.tags if tag == "th")


def test_readers_see_no_keys_and_no_long_decimals(page):
    run, language, html = page
    text = " ".join(Page(html).text)
    shown = text.split(texts(language)["report"]["notes_text"])[0]
    assert not re.findall(r"\b[A-Z]{2,6}_[smpr]\b", shown)
    codes = [code for code in texts(language)["reasons"] if "_" in code]
    assert not [code for code in codes if re.search(rf"\b{code}\b", shown)]
    assert not re.findall(r"\d[.,]\d{4,}", shown)
    assert "nan" not in shown.lower().split()
    banner = texts(language)["report"]["simulated_banner"]
    assert (banner in text) == run.source.is_simulated


def test_the_answer_comes_first_and_every_verdict_with_its_numbers(page):
    run, language, html = page
    found = results(run)
    answer = html.index('class="answer"')
    assert answer < html.index("<table")
    for name in found["verdicts"]:
        row = re.search(rf'<tr id="{name}">(.*?)</tr>', html, flags=re.DOTALL)[1]
        assert run.verdicts[name].word(language) in row
        value = found["estimates"][f"{name}.estimate"]
        assert number(np.nan if value is None else value, language) in row


def test_the_same_run_gives_the_same_page(attitude_run, tmp_path):
    first = write_report(attitude_run, tmp_path / "a.html").read_bytes()
    assert write_report(attitude_run, tmp_path / "b.html").read_bytes() == first


def test_another_language_is_refused(attitude_run, tmp_path):
    with pytest.raises(ValueError, match="'sv'"):
        write_report(attitude_run, tmp_path / "page.html", language="sv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("plot", [plot_association, plot_verdicts, plot_residuals, plot_chain])
def test_every_figure_says_whose_data_it_shows(name, plot, request):
    run = request.getfixturevalue(name)
    axes = plot(run)
    caption = axes.figure.get_supxlabel()
    if axes.axison:
        assert ("Simulated data" in caption) == run.source.is_simulated
    labels = [*axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels()]
    assert min((label.get_fontsize() for label in labels), default=10) >= 10
    plt.close(axes.figure)


def test_points_stand_for_five_teams_at_least(theory_run, one_client_run):
    for run, n_points in ((theory_run, 10), (one_client_run, 2)):
        axes = plot_association(run)
        points = [line for line in axes.lines if line.get_marker() == "o"]
        assert len(points[0].get_xdata()) == n_points
        assert not axes.collections or len(axes.collections[0].get_offsets()) <= 1
        plt.close(axes.figure)


def test_slopes_of_one_regression_stand_beside_each_other(theory_run):
    both = compare_estimators(
        "WTC_m ~ SPR_s + LPR_s", theory_run.tables["team_scores"], cluster="firm_id"
    )
    axes = plot_slopes(theory_run, both)
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "Sales-process rigidity (sellers)",
        "Leadership-process rigidity\n(sellers)",
    ]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["OLS", "CR2", "mixed model"]
    plt.close(axes.figure)


def test_boxes_of_the_causal_graph_do_not_overlap(theory_run):
    for language in ("en", "fi"):
        axes = plot_graph(theory_run.study, language=language)
        axes.figure.canvas.draw()
        boxes = [text.get_bbox_patch().get_window_extent() for text in axes.texts]
        overlaps = [
            (a, b) for a in range(len(boxes)) for b in range(a) if boxes[a].overlaps(boxes[b])
        ]
        assert overlaps == []
        plt.close(axes.figure)


def test_causes_stand_before_what_they_affect(theory_run):
    place = layered(theory_run.study.graph)
    assert all(place[a][0] < place[b][0] for a, b in theory_run.study.graph.edges)
