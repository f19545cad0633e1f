"""A form as the workbook that ODK, KoboToolbox and their like load: an XLSForm."""

from __future__ import annotations

import datetime
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from coaching_stats.forms import Page, Question
from coaching_stats.texts import LANGUAGES

NAMES = {"en": "English (en)", "fi": "Suomi (fi)"}
TRANSLATED = ("label", "hint", "constraint_message")
SURVEY = ("type", "name", "label", "hint", "required", "relevant", "appearance", "calculation")
COLUMNS = {
    "survey": (*SURVEY, "constraint", "constraint_message"),
    "choices": ("list_name", "name", "label"),
    "settings": ("form_title", "form_id", "version", "default_language", "style"),
}
Row = dict[str, Any]  # column -> cell, or for a translated column: language -> cell
Said = Mapping[str, Mapping[str, Any]]  # language -> texts of the form


def xlsform(form_id: str, said: Said, pages: Sequence[Page], language: str) -> bytes:
    """Build the workbook with the sheets survey, choices and settings.

    Parameters
    ----------
    form_id : str
    said : mapping from language to the form's texts
    pages : sequence of Page
    language : {"en", "fi"}
        That the form opens in.

    Returns
    -------
    bytes
        The same for the same form.

    References
    ----------
    The XLSForm specification, https://xlsform.org
    """
    survey = list(_survey(said, pages))
    choices = list(_choices(said, pages))
    digest = hashlib.sha256(repr((survey, choices)).encode()).hexdigest()
    settings = {
        "form_title": said[language]["title"],
        "form_id": form_id,
        "version": digest[:8],  # servers ask for another one whenever the form has changed
        "default_language": NAMES[language],
        "style": "pages",
    }
    return _workbook({"survey": survey, "choices": choices, "settings": [settings]})


def _survey(said: Said, pages: Sequence[Page]) -> Iterator[Row]:
    """Rows of the survey sheet; nothing is asked before consent."""
    yield _row("start", "started_at")
    yield _row("end", "completed_at")
    yield _row("calculate", "respondent", calculation="once(uuid())")
    yield _row("note", "invitation", label=_say(said, "invitation"))
    yield _row("note", "privacy", label=_each(lambda x: _notice(said[x])))
    yield _required(said, "select_one consent", "consent", "consent", "consent_hint")
    yield _row("begin_group", "answers", relevant="${consent} = 'yes'")
    yield _required(said, "text", "team", "team", "team_hint")
    if said["en"]["roles"]:
        yield _required(said, "select_one role", "rater_role", "role")
    lists = _lists(pages)
    for number, page in enumerate(pages, start=1):
        yield from _page(said, page, f"page_{number}", lists)
    yield _row("end_group", "answers")
    yield _row("note", "thanks", label=_say(said, "thanks"))


def _row(kind: str, name: str, **cells: Any) -> Row:
    return {"type": kind, "name": name, **cells}


def _required(said: Said, kind: str, name: str, label: str, hint: str = "") -> Row:
    cells = {"label": _say(said, label), "hint": _say(said, hint) if hint else ""}
    return _row(kind, name, required="yes", **cells)


def _page(said: Said, page: Page, name: str, lists: Mapping[object, str]) -> Iterator[Row]:
    """A group that is shown on one screen."""
    what = "choose" if page.questions[0].is_scale else "fill_number"
    label = _each(lambda x: page.title[x] or said[x][what])
    yield _row("begin_group", name, label=label, appearance="field-list")
    for question in page.questions:
        if question.is_scale:
            kind = f"select_one {lists[_key(question)]}"
            yield _row(kind, question.name, label=question.text, appearance="likert")
        else:
            yield _whole_number(said, question)
    yield _row("end_group", name)


def _whole_number(said: Said, question: Question) -> Row:
    low, high = question.low, question.high
    refusal = _each(lambda x: said[x]["number_range"].format(low=low, high=high))
    return _row(
        "integer",
        question.name,
        label=question.text,
        hint=question.anchors,
        constraint=f". >= {low} and . <= {high}",
        constraint_message=refusal,
    )


def _choices(said: Said, pages: Sequence[Page]) -> Iterator[Row]:
    """Rows of the choices sheet: consent, roles, and each scale once."""
    for list_name, key in (("consent", "answers"), ("role", "roles")):
        for name in said["en"][key]:
            label = _each(lambda x, key=key, name=name: said[x][key][name])
            yield {"list_name": list_name, "name": name, "label": label}
    first = {_key(q): q for page in reversed(pages) for q in reversed(page.questions)}
    for key, list_name in _lists(pages).items():
        for place, (number, _) in enumerate(first[key].options("en")):
            label = _each(lambda x, q=first[key], place=place: _option(*q.options(x)[place]))
            yield {"list_name": list_name, "name": number, "label": label}


def _lists(pages: Sequence[Page]) -> dict[object, str]:
    """Name every set of options, in the order in which they appear."""
    keys = dict.fromkeys(_key(q) for page in pages for q in page.questions if q.is_scale)
    return {key: f"scale_{number}" for number, key in enumerate(keys, start=1)}


def _key(question: Question) -> object:
    return question.low, question.high, question.anchors["en"]


def _option(number: int, anchor: str) -> str:
    return f"{number} {anchor}".strip()


def _notice(text: Mapping[str, Any]) -> str:
    return "\n".join([f"**{text['privacy_heading']}**", *(f"- {x}" for x in text["privacy"])])


def _say(said: Said, key: str) -> dict[str, str]:
    return _each(lambda language: said[language][key])


def _each(text: Callable[[str], str]) -> dict[str, str]:
    return {language: text(language) for language in LANGUAGES}


def _workbook(sheets: Mapping[str, Sequence[Row]]) -> bytes:
    """Write the sheets; translated columns become one per language, all cells are text."""
    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"created": datetime.datetime(2000, 1, 1)})  # not the clock
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for j, (header, column, language) in enumerate(_headers(name)):
                sheet.write_string(0, j, header)
                for i, row in enumerate(rows, start=1):
                    cell = row.get(column, "")
                    text = cell[language] if language and cell else cell
                    if text != "":
                        sheet.write_string(i, j, str(text))
    return file.getvalue()


def _headers(sheet: str) -> Iterator[tuple[str, str, str]]:
    """Header, our column and language of each column of a sheet."""
    for column in COLUMNS[sheet]:
        if column in TRANSLATED:
            yield from ((f"{column}::{NAMES[x]}", column, x) for x in LANGUAGES)
        else:
            yield column, column, ""
