"""The questionnaire as it leaves the house: XLSForm, CSV and paper; and the file it comes from."""

import csv
import dataclasses
import io
import re
from html.parser import HTMLParser
from importlib import resources
from xml.etree import ElementTree

import openpyxl
import pytest
from pyxform.xls2xform import convert

from coaching_stats import forms
from coaching_stats.errors import DataError
from coaching_stats.forms import FORMS, form_pages
from coaching_stats.instrument import Instrument, load_instrument, validate
from coaching_stats.questionnaire import ENDINGS, MINIMUM_GROUP, write_questionnaire
from coaching_stats.texts import LANGUAGES, texts
from coaching_stats.theory import load_study

NAMESPACE = {"x": "http://www.w3.org/2002/xforms", "h": "http://www.w3.org/1999/xhtml"}
PROCESS_NAMES = [f"P{element}_{rating}" for element in range(1, 17) for rating in "abcdefgh"]


def names_asked(form):
    """Columns of the answers that a form must give."""
    if form == "process":
        return PROCESS_NAMES
    return [item.name for item in load_instrument().items if item.form == FORMS[form]]


def written(folder, form, format, language="en", **options):
    return write_questionnaire(
        form, format, language, folder / f"{form}.{ENDINGS[format]}", **options
    )


def sheet(path, name):
    """Rows of a sheet as dictionaries."""
    header, *rows = openpyxl.load_workbook(path)[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def csv_rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def all_text(path, format):
    """Everything that a form says, in one string."""
    if format == "xlsform":
        book = openpyxl.load_workbook(path)
        rows = (row for page in book for row in page.iter_rows(values_only=True))
        return "\n".join(str(cell) for row in rows for cell in row if cell)
    if format == "csv":
        return "\n".join(cell for row in csv_rows(path) for cell in row.values())
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return " ".join(reader.said)


class Reader(HTMLParser):
    """What a page says, what it loads, and whether its tags close."""

    def __init__(self):
        super().__init__()
        self.said, self.loaded, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        self.loaded += [value for name, value in attrs if name in ("src", "href", "action")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.said.append(data)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_survey_tools_accept_the_xlsform_without_a_warning(tmp_path, form, language):
    path = written(tmp_path, form, "xlsform", language)
    converted = convert(path)
    assert converted.warnings == []
    model = ElementTree.fromstring(converted.xform)
    translations = {
        t.get("lang"): t.get("default") for t in model.iterfind(".//x:translation", NAMESPACE)
    }
    assert set(translations) == {"English (en)", "Suomi (fi)"}
    opens_in = [name for name, is_default in translations.items() if is_default]
    assert opens_in == [{"en": "English (en)", "fi": "Suomi (fi)"}[language]]
    asked = [
        node.get("ref").rsplit("/", 1)[1]
        for node in model.iterfind(".//h:body//*[@ref]", NAMESPACE)
        if node.tag.rsplit("}", 1)[1] in ("select1", "input")
    ]
    assert sorted(set(names_asked(form)) - set(asked)) == []


@pytest.mark.parametrize("form", FORMS)
def test_every_question_is_asked_once_and_only_after_consent(tmp_path, form):
    survey = sheet(written(tmp_path, form, "xlsform"), "survey")
    names = [row["name"] for row in survey if not row["type"].startswith(("begin", "end", "note"))]
    assert sorted(set(names) & set(names_asked(form))) == sorted(names_asked(form))
    assert len(names) == len(set(names))
    gate = next(i for i, row in enumerate(survey) if row["relevant"] == "${consent} = 'yes'")
    end = next(
        i for i, row in enumerate(survey) if (row["type"], row["name"]) == ("end_group", "answers")
    )
    inside = {row["name"] for row in survey[gate:end]}
    assert {"team", *names_asked(form)} <= inside
    assert [row["required"] for row in survey if row["name"] == "consent"] == ["yes"]
    assert all(row["required"] is None for row in survey if row["name"] in names_asked(form))


def test_choices_are_the_numbers_of_the_scale_with_its_anchors(tmp_path):
    path = written(tmp_path, "seller", "xlsform")
    kind = {row["name"]: row["type"] for row in sheet(path, "survey")}
    choices = [row for row in sheet(path, "choices") if kind["S_CFRQ2"].endswith(row["list_name"])]
    assert [row["name"] for row in choices] == list("1234567")
    finnish = [row["label::Suomi (fi)"] for row in choices]
    assert finnish == [
        "1 ei koskaan",
        "2",
        "3",
        "4 kuukausittain",
        "5",
        "6",
        "7 useita kertoja viikossa",
    ]
    assert kind["S_SPR1"] == kind["S_ATT1"] != kind["S_CFRQ2"]


def test_counts_are_whole_numbers_within_their_ends(tmp_path):
    rows = {row["name"]: row for row in sheet(written(tmp_path, "manager", "xlsform"), "survey")}
    training = rows["M_TRN1"]
    assert (training["type"], training["constraint"]) == ("integer", ". >= 0 and . <= 400")
    assert training["constraint_message::Suomi (fi)"] == "Kokonaisluku väliltä 0–400"
    assert training["hint::English (en)"] == "hours"


def test_raters_of_the_process_say_who_they_are(tmp_path):
    roles = [
        row["name"]
        for row in sheet(written(tmp_path, "process", "xlsform"), "choices")
        if row["list_name"] == "role"
    ]
    assert roles == ["seller", "manager", "process_owner", "outsider"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("format", ENDINGS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_invites_informs_asks_consent_and_every_question(
    tmp_path, form, format, language
):
    said = all_text(written(tmp_path, form, format, language), format)
    text = texts(language)["questionnaire"]
    notice = [line.format(minimum=MINIMUM_GROUP) for line in text["privacy"]]
    items = [i for i in load_instrument().items if i.form == FORMS[form]]
    wanted = [
        text["invitation"][form],
        *notice,
        text["consent"],
        text["team"],
        *text["answers"].values(),
    ]
    for passage in [*wanted, *(getattr(item, f"text_{language}") for item in items)]:
        assert passage in said
    assert "{" not in said.replace("${consent}", "")


def test_managers_learn_that_the_team_code_tells_whose_team_it_is(tmp_path):
    said = all_text(written(tmp_path, "manager", "html", "fi"), "html")
    assert "tunnuksesta, kenen tiimistä on kyse" in said
    assert "tunnuksesta, kenen tiimistä" not in all_text(
        written(tmp_path, "seller", "html", "fi"), "html"
    )


def test_only_forms_that_store_times_say_so(tmp_path):
    said = {f: all_text(written(tmp_path, "seller", f), f) for f in ENDINGS}
    times = texts("en")["questionnaire"]["privacy_times"]
    assert [format for format in ENDINGS if times in said[format]] == ["xlsform", "csv"]


def test_the_promised_minimum_is_that_of_the_packaged_study():
    assert load_study().minimum_group == MINIMUM_GROUP


@pytest.mark.parametrize("form", FORMS)
def test_the_csv_has_one_row_per_question(tmp_path, form):
    rows = csv_rows(written(tmp_path, form, "csv", "fi"))
    assert list(rows[0]) == ["item", "text", "scale", "anchors"]
    assert sorted(row["item"] for row in rows if row["scale"]) == sorted(names_asked(form))
    first = {row["item"]: row for row in rows}
    assert list(first)[:4] == ["invitation", "privacy", "consent", "team"]


def test_the_csv_gives_scale_and_anchors_in_its_language(tmp_path):
    rows = {row["item"]: row for row in csv_rows(written(tmp_path, "seller", "csv", "fi"))}
    assert rows["S_LOC1"]["scale"] == "0–5"
    assert rows["S_LOC1"]["anchors"] == "päivää viikossa"
    process = {row["item"]: row for row in csv_rows(written(tmp_path, "process", "csv", "en"))}
    element, rating = process["P3_c"]["text"].split(": ")
    assert element == "Scripted sales pitch or call script"
    assert rating == "How much room is there to deviate from it when needed?"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_nothing_and_closes_what_it_opens(tmp_path, form, language):
    page = written(tmp_path, form, "html", language).read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    assert (reader.loaded, reader.open) == ([], [])
    assert not re.search(r"url\(|@import|<script|https?://", page)
    assert f'<html lang="{language}">' in page
    assert "@media print" in page


def test_the_process_form_is_a_matrix_of_elements_by_ratings(tmp_path):
    page = written(tmp_path, "process", "html").read_text(encoding="utf-8")
    rows = re.search(r"<tbody>(.*)</tbody>", page, re.DOTALL)[1].split("</tr>")[:-1]
    assert [row.count("<td>") for row in rows] == [8] * 16


@pytest.mark.parametrize("format", ENDINGS)
def test_the_same_form_gives_the_same_bytes(tmp_path, format):
    once, again = (written(tmp_path / name, "manager", format, "fi") for name in "ab")
    assert once.read_bytes() == again.read_bytes()


def test_the_version_of_an_xlsform_changes_with_what_it_asks(tmp_path):
    full, core = (
        sheet(written(tmp_path / str(short), "seller", "xlsform", core_only=short), "settings")[0]
        for short in (False, True)
    )
    assert full["version"] != core["version"]
    assert full["form_id"] == core["form_id"] == "coaching_seller"


@pytest.mark.parametrize("form", FORMS)
def test_the_short_form_asks_the_core_items_and_no_others(form):
    asked = [q.name for page in form_pages(form, core_only=True) for q in page.questions]
    core = {item.name for item in load_instrument().items if item.is_core}
    if form == "process":
        core = {n for n in PROCESS_NAMES if n.split("_")[0] in core and f"P_{n[-1]}" in core}
    assert set(asked) == {name for name in names_asked(form) if name in core}


def test_attention_checks_stand_apart_among_the_statements():
    asked = [q.name for page in form_pages("seller") for q in page.questions]
    places = [asked.index(name) for name in ("S_ATT1", "S_ATT2")]
    assert [round(place / 60, 1) for place in places] == [0.3, 0.7]
    others = [name for name in asked if "_ATT" not in name and name[:6] != "S_CFRQ"]
    in_order = [i.name for i in load_instrument().items if i.name in others]
    assert others == in_order


def test_all_questions_of_a_page_can_share_its_header():
    for form in FORMS:
        for page in form_pages(form):
            if form != "process" and page.questions[0].is_scale:
                assert len({str(q.options("en")) for q in page.questions}) == 1
            assert len({q.is_scale for q in page.questions}) == 1
            assert len(page.questions) <= 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_ends_of_every_scale_are_named(language):
    questions = [q for form in FORMS for page in form_pages(form) for q in page.questions]
    for question in (q for q in questions if q.is_scale):
        options = question.options(language)
        assert options[0][1]
        assert options[-1][1]


@pytest.mark.parametrize("format", ENDINGS)
def test_a_new_item_is_in_every_form_without_another_edit(tmp_path, format, monkeypatch):
    old = load_instrument()
    item = dataclasses.replace(
        old.item("S_WKL2"), name="S_WKL3", text_en="I am <always> in a hurry.", text_fi="Kiire!"
    )
    monkeypatch.setattr(forms, "load_instrument", lambda: Instrument((*old.items, item)))
    said = all_text(written(tmp_path, "seller", format), format)
    assert "I am <always> in a hurry." in said
    if format != "html":
        assert "S_WKL3" in said


@pytest.mark.parametrize(
    ("form", "format", "language", "named"),
    [
        ("sellers", "csv", "en", "did you mean 'seller'"),
        ("seller", "pdf", "en", "xlsform, csv, html"),
        ("seller", "csv", "sv", "language 'sv'"),
    ],
)
def test_another_form_format_or_language_is_refused(tmp_path, form, format, language, named):
    with pytest.raises(DataError, match=named):
        write_questionnaire(form, format, language, tmp_path / "form")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused_and_left_clean(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=r"folder\.csv"):
        write_questionnaire("seller", "csv", "en", tmp_path / "folder.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


def instrument_rows():
    file = resources.files("coaching_stats") / "instrument.csv"
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"reverse": "2"}, "reverse"),
        ({"core": "yes"}, "core"),
        ({"text_fi": " "}, "text_fi"),
        ({"text_en": "=HYPERLINK(A1)"}, "text_en"),
        ({"scale_max": "seven"}, "scale_max 'seven'"),
        ({"scale_min": "7"}, "scale_min 7 is not below"),
        ({"item": "M_LPR9"}, "a seller item such as"),
        ({"item": "S_SPR1"}, "more than once"),
        ({"construct": "SPRX"}, "'SPRX' is not in theory.yml; did you mean 'SPR'"),
        ({"form": "boss"}, "form"),
        ({"extra": "x"}, "extra"),
    ],
)
def test_a_faulty_row_of_the_instrument_is_named_with_its_line(change, named):
    rows = instrument_rows()
    rows[4] = {**rows[4], **change}
    with pytest.raises(DataError) as refusal:
        validate(rows)
    assert f"line 6, {rows[4]['item']}: " in str(refusal.value)
    assert named in str(refusal.value)


def test_all_faults_of_the_instrument_are_told_at_once():
    rows = instrument_rows()
    for place in (2, 30):
        rows[place] = {**rows[place], "reverse": ""}
    with pytest.raises(DataError, match=r"line 4, .*line 32, "):
        validate(rows)


def test_an_instrument_without_rows_or_columns_is_refused():
    with pytest.raises(DataError, match="no rows"):
        validate([])
    with pytest.raises(DataError, match="text_fi"):
        validate(
            [
                {key: cell for key, cell in row.items() if key != "text_fi"}
                for row in instrument_rows()
            ]
        )


def test_the_packaged_instrument_is_whole():
    validate(instrument_rows())


def test_both_languages_have_the_same_texts():
    def keys(node, path=""):
        if isinstance(node, dict):
            return {found for key, value in node.items() for found in keys(value, f"{path}/{key}")}
        return {f"{path}[{len(node)}]" if isinstance(node, list) else path}

    english, finnish = (keys(texts(language)["questionnaire"]) for language in LANGUAGES)
    assert english == finnish
