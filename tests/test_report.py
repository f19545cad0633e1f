"""The page, the workbook and the figures as people see them."""

import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest
from markupsafe import Markup

from coaching_stats.error_rates_page import error_rates_content
from coaching_stats.evidence_page import evidence_content
from coaching_stats.figures import plot_association, plot_verdicts
from coaching_stats.graph_figure import layered, plot_graph
from coaching_stats.model_figures import plot_chain, plot_residuals, plot_slopes
from coaching_stats.output import REPORTS
from coaching_stats.page_numbers import theory_rates
from coaching_stats.receipt_page import careless_content, receipt_content
from coaching_stats.report import write_report
from coaching_stats.results_json import results
from coaching_stats.scale_table import scale_table, unit
from coaching_stats.texts import number, texts
from coaching_stats.wording import leg_name
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


@pytest.mark.parametrize("language", ["en", "fi"])
def test_the_careless_table_promises_the_columns_that_it_has(theory_run, language):
    """Nobody of the sample is flagged for speed: two columns, and no word of a third."""
    said, found = texts(language)["report"]["careless_text"], careless_content(theory_run, language)
    assert found["choices"] == ["judged", "all"]
    assert said["all"] in found["text"]
    assert said["careful"] not in found["text"]
    assert {len(row["cells"]) for row in found["rows"]} == {2}


def test_the_receipt_tells_who_is_left_out_of_the_verdicts_from_who_is_only_flagged(theory_run):
    facts = dict(receipt_content(theory_run, "en")["facts"])
    left_out = "Of these left out of the verdicts, failed an attention check"
    assert facts[left_out].striptags() == str(theory_run.panel.n_failed_attention)
    assert not [name for name in facts if name.startswith("Flagged")]
    assert facts["Written by"] == "a folder of tables of the data model"


@pytest.mark.parametrize(
    ("language", "true", "false"),
    [
        ("en", "in 90 % of the surveys", "in none of the surveys"),
        ("fi", "90 %:ssa kyselyistä", "ei yhdessäkään kyselyssä"),
    ],
)
def test_a_share_of_none_is_not_called_at_most_nothing(theory_run, language, true, false):
    rates = theory_rates(theory_run)
    of_rivals = [rates.share(w, "supported") for w in rates.tidy()["world"].unique()]
    assert sorted(of_rivals)[-2:] == [0.0, 0.9]  # true of the shipped rates: none but the theory
    said = error_rates_content(theory_run, language)["answer"].striptags()
    assert true in said
    assert false in said
    assert "0 %" not in said.replace(true, "")


@pytest.mark.parametrize("language", ["en", "fi"])
def test_parts_of_a_prediction_are_named_and_a_share_below_zero_is_explained(theory_run, language):
    found = {table["id"]: table for table in evidence_content(theory_run, language)["tables"]}
    study = theory_run.study
    for name in ("H6", "H8"):
        parts = [leg_name(leg, study, language) for leg in study.hypothesis(name).legs]
        (stressed,) = [row[0] for row in found["stress"]["rows"] if row[0].startswith(f"{name} ·")]
        assert stressed.endswith(parts[0])
        rows = [row[0] for row in found["rows"]["rows"] if row[0].startswith(f"{name} (")]
        assert rows == [f"{name} ({n}): {part}" for n, part in enumerate(parts, start=1)]
    below_zero = texts(language)["double_checks"]["shares"]["below_zero"]
    shares = [Markup(cell).striptags() for row in found["shares"]["rows"] for cell in row[2:]]
    assert any(share.startswith("−") for share in shares)
    assert below_zero in found["shares"]["text"]
    assert below_zero not in found["stress"]["text"]


def test_one_thing_is_told_in_the_singular(one_client_run, outputs):
    assert any("1 teams left out" in note for note in one_client_run.notes)
    html = (outputs("one_client_run") / REPORTS["en"]).read_text(encoding="utf-8")
    assert "1 team left out" in html
    assert "1 teams" not in html


def test_scores_have_the_unit_of_their_questions_or_records(theory_run, lq2002_run, attitude_run):
    units = {c: unit(theory_run.study, c, "en") for c in scale_table(theory_run)["item"]}
    assert {c for c, said in units.items() if said.startswith("log")} == {
        *("CFRQ_s", "CFRQ_m", "FSIZE_r", "SALES_r")
    }
    rated = [c for c, said in units.items() if said == "points 1 to 7"]
    table = scale_table(theory_run).set_index("item")
    assert table.loc[rated, "mean"].between(1, 7).all()
    assert {*table.index[table["alpha"].notna()]} <= {*rated}
    assert (units["LOC_s"], units["TRN_m"]) == ("days per week", "hours")
    assert unit(theory_run.study, "TRN_m", "fi") == "tuntia"
    assert unit(lq2002_run.study, "HOSTILE_s", "en") == "points 0 to 4"
    assert unit(attitude_run.study, "LEARN_r", "en") == "as in the data"
