"""The questionnaire as respondents meet it: for survey tools (XLSForm, CSV) and on paper (HTML)."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

from coaching_stats.errors import DataError, explain, nearest
from coaching_stats.forms import FORMS, Page, form_pages
from coaching_stats.texts import LANGUAGES, texts
from coaching_stats.xlsform import xlsform

ENDINGS = {"xlsform": "xlsx", "csv": "csv", "html": "html"}
MINIMUM_GROUP = 5  # people; the promise of the packaged study file


def write_questionnaire(
    form: Literal["seller", "manager", "process"],
    format: Literal["xlsform", "csv", "html"],
    language: Literal["en", "fi"],
    path: str | Path,
    *,
    core_only: bool = False,
) -> Path:
    """Write one form of the questionnaire, with invitation, privacy notice and consent.

    Parameters
    ----------
    form : {"seller", "manager", "process"}
    format : {"xlsform", "csv", "html"}
        For ODK, KoboToolbox and their like (both languages in one file); one row per question; or a
        page to be printed.
    language : {"en", "fi"}
        Of an XLSForm, the language that it opens in.
    path : str or Path
        Replaced where it exists. The same form gives the same bytes.
    core_only : bool
        The short form: the items marked core in the instrument.

    Returns
    -------
    Path
        Where the form is.

    Raises
    ------
    DataError
        Another form, format or language, or a place that cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_questionnaire("seller", "csv", "en", Path(folder, "sellers.csv"))
    ...     print(file.read_text(encoding="utf-8").splitlines()[5][:62])
    S_SPR1,Our sales cases must be taken through the same steps in
    """
    for name, value, known in (
        ("form", form, FORMS),
        ("format", format, ENDINGS),
        ("language", language, LANGUAGES),
    ):
        if value not in known:
            raise DataError(
                explain(
                    what=f"there is no {name} {value!r}{nearest(value, known)}",
                    remedy=f"choose one of {', '.join(known)}",
                )
            )
    pages = form_pages(form, core_only=core_only)
    content = {"xlsform": _xlsform, "csv": _csv, "html": _html}[format](form, pages, language)
    return _write(Path(path), content)


def said(form: str, language: str, *, is_electronic: bool) -> dict[str, object]:
    """Invitation, privacy notice and consent of one form in one language.

    Examples
    --------
    >>> notice = said("seller", "en", is_electronic=False)["privacy"]
    >>> notice[3]
    'Results are shown only for groups of at least 5 people who answered.'
    """
    text = texts(language)["questionnaire"]
    notice = [*text["privacy"], text["privacy_also"][form]]
    if is_electronic:
        notice.append(text["privacy_times"])
    return {
        **text,
        "title": text["title"][form],
        "invitation": text["invitation"][form],
        "privacy": [line.format(minimum=MINIMUM_GROUP) for line in notice if line],
        "roles": text["roles"] if form == "process" else {},
    }


def _xlsform(form: str, pages: Sequence[Page], language: str) -> bytes:
    both = {language: said(form, language, is_electronic=True) for language in LANGUAGES}
    return xlsform(f"coaching_{form}", both, pages, language)


def _csv(form: str, pages: Sequence[Page], language: str) -> bytes:
    """One row per question: ``item, text, scale, anchors``."""
    say = said(form, language, is_electronic=True)
    rows = [
        ("invitation", say["invitation"], "", ""),
        ("privacy", " ".join(say["privacy"]), "", ""),
        ("consent", say["consent"], "", " / ".join(say["answers"].values())),
        ("team", say["team"], "", say["team_hint"]),
    ]
    if say["roles"]:
        rows.append(("rater_role", say["role"], "", " / ".join(say["roles"].values())))
    for page in pages:
        title = f"{page.title[language]}: " if page.title[language] else ""
        rows += [
            # an en dash: spreadsheets take 1-7 for a day in July
            (q.name, title + q.text[language], f"{q.low}–{q.high}", q.anchors[language])
            for q in page.questions
        ]
    rows.append(("thanks", say["thanks"], "", ""))
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([("item", "text", "scale", "anchors"), *rows])
    return file.getvalue().encode()


def _html(form: str, pages: Sequence[Page], language: str) -> bytes:
    """A page to be printed, without anything from elsewhere."""
    import jinja2

    source = resources.files("coaching_stats") / "templates" / "questionnaire.html.j2"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(source.read_text(encoding="utf-8")).render(
        t=said(form, language, is_electronic=False),
        language=language,
        pages=pages,
        is_process=form == "process",
    )
    return page.encode()


def _write(path: Path, content: bytes) -> Path:
    """Write a file whole, or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as waiting:
            whole = Path(waiting, path.name)
            whole.write_bytes(content)
            os.replace(whole, path)
    except OSError as problem:
        raise DataError(
            explain(
                what=f"the questionnaire cannot be written to {str(path)!r}",
                where=problem.strerror or str(problem),
                remedy="name a file in a place where you may write, and close it if it is open",
            )
        ) from None
    return path
