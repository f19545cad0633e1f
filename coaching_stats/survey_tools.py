"""Which survey tool wrote an export, by its conventions, and what its own columns mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from coaching_stats.csv_files import under_a_header
from coaching_stats.headers import (
    OLD_CODE,
    Records,
    below_titles,
    codes_of,
    is_named_below,
    named,
    of_equal_length,
    only_named,
    question_and_sub,
    refuse_doubled,
    refuse_second_header,
    tidied,
)

SPREADSHEET = "spreadsheet"
LIMESURVEY_CODE = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:\[[A-Za-z0-9_]+\])*)(?:\. | ?- |: )(.+)")
CODE_ALONE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\[[A-Za-z0-9_]+\])+")
NUMBERED = re.compile(r"\d{1,3}[.)] ")

# What each tool calls its own columns, in plain form, and what they are to us.
QUALTRICS = {
    "startdate": "started_at",
    "enddate": "completed_at",
    "status": "status",
    "ipaddress": "ip_address",
    "progress": "progress",
    "duration (in seconds)": "seconds",
    "finished": "finished",
    "responseid": "respondent",
    "userlanguage": "language",
}
SURVEYMONKEY = {
    "respondent id": "respondent",
    "respondentid": "respondent",
    "start date": "started_at",
    "startdate": "started_at",
    "end date": "completed_at",
    "enddate": "completed_at",
    "ip address": "ip_address",
    "collector id": "",
    "collectorid": "",
    "email address": "",
}
SURVEYMONKEY_IDS = {"respondent id", "respondentid", "collector id", "collectorid"}
LIMESURVEY = {
    "id": "respondent",
    "response id": "respondent",
    "vastauksen id": "respondent",
    "submitdate": "completed_at",
    "date submitted": "completed_at",
    "lastpage": "last_page",
    "last page": "last_page",
    "startlanguage": "language",
    "start language": "language",
    "startdate": "started_at",
    "date started": "started_at",
    "ipaddr": "ip_address",
    "ip address": "ip_address",
    "interviewtime": "seconds",
    "total time": "seconds",
}
MICROSOFT = {
    "id": "respondent",
    "tunnus": "respondent",
    "tunniste": "respondent",
    "start time": "started_at",
    "aloitusaika": "started_at",
    "completion time": "completed_at",
    "valmistumisaika": "completed_at",
    "language": "language",
    "kieli": "language",
}
GOOGLE = {"timestamp": "completed_at", "aikaleima": "completed_at"}
WEBROPOL = {
    "vastaajan tunnus": "respondent",
    "vastaajan id": "respondent",
    "vastaaja": "respondent",
    "vastausaika": "completed_at",
    "vastattu": "completed_at",
    "aloitusaika": "started_at",
    "kieli": "language",
}


@dataclass(frozen=True, eq=False)
class Layout:
    """An export with one header: c columns, n rows.

    Attributes
    ----------
    tool : str
        "spreadsheet" where no tool gave itself away by two signs or more.
    evidence : tuple of str
    header : list of str, length c
        One name per column: the code or the question; where the tool spreads it over two rows,
        ``question | sub-question``.
    codes, questions : list of str, length c
        The tool's short code and the full question; empty where there is none.
    header_rows : int
        Rows that form the header, titles above it not counted.
    header_row : int
        The last of them, as the user counts rows.
    rows : list of n lists of c str
    numbers : list of int, length n
    roles : mapping from our name to header
        What the tool's own columns are.
    """

    tool: str
    evidence: tuple[str, ...]
    header: list[str]
    codes: list[str]
    questions: list[str]
    header_rows: int
    header_row: int
    rows: list[list[str]]
    numbers: list[int]
    roles: Mapping[str, str]


def recognise(records: Records, name: str, *, is_spss: bool = False) -> Layout:
    """Find out which tool wrote an export, and make its header rows one header.

    Parameters
    ----------
    records : list of (number, cells)
        Rows as the user counts them, blank ones left out.
    name : str
        File, for messages.
    is_spss : bool
        The first row holds names of variables; they need no recognition.

    Returns
    -------
    Layout

    Raises
    ------
    DataError
        No rows, rows of another length than the header, columns that share a name, or a header
        that comes again further down.

    Notes
    -----
    A tool is named only for two signs or more, since a wrong convention misreads a right file.
    """
    below, passed = (records, ()) if is_spss else below_titles(records, _is_surveymonkey)
    even = of_equal_length(below, name)
    for tool in () if is_spss else (_qualtrics, _surveymonkey, _limesurvey, _forms):
        layout = tool(even, name)
        if layout is not None:
            return replace(layout, evidence=(*passed, *layout.evidence))
    return _layout(even, name, "SPSS" if is_spss else SPREADSHEET, passed, 1, {})


def _plain(cell: str) -> str:
    return tidied(cell).casefold()


def _layout(
    records: Records,
    name: str,
    tool: str,
    evidence: tuple[str, ...],
    header_rows: int,
    known: Mapping[str, str],
    *,
    joined: Callable[[Sequence[Sequence[str]]], list[str]] | None = None,
    asked: Callable[[list[str], list[list[str]]], tuple[list[str], list[str]]] | None = None,
) -> Layout:
    """One header of the first rows: `joined` joins them, `asked` finds codes and questions."""
    above, body = records[:header_rows], records[header_rows:]
    under_a_header([*above[-1:], *body[:1]], name, "")
    refuse_second_header(above[0][1], body, name)
    rows = [cells for _, cells in above]
    names, gaps = named(joined(rows) if joined else rows[0], body)
    refuse_doubled(names, name, above[0][0])
    rows = only_named(names, rows)
    header = [column for column in names if column]
    codes, questions = asked(header, rows) if asked else ([""] * len(header), list(header))
    roles: dict[str, str] = {}
    for text, code in zip(header, codes, strict=True):
        ours = known.get(_plain(text)) or known.get(_plain(code))
        if ours:
            roles.setdefault(ours, text)
    return Layout(
        tool=tool,
        evidence=(*evidence, *gaps),
        header=header,
        codes=codes,
        questions=questions,
        header_rows=header_rows,
        header_row=above[-1][0],
        rows=only_named(names, [cells for _, cells in body]),
        numbers=[number for number, _ in body],
        roles=roles,
    )


def _signs(cells: Sequence[str], wanted: Mapping[str, str]) -> list[str]:
    return [cell for cell in cells if _plain(cell) in wanted]


def _qualtrics(records: Records, name: str) -> Layout | None:
    """Codes, question texts, and a row of import ids; older exports lack the last one."""
    first, second = records[0][1], records[1][1]
    is_old = sum(bool(OLD_CODE.fullmatch(cell)) for cell in first) > 1
    signs = _signs(second if is_old else first, QUALTRICS)
    ids = records[2][1] if len(records) > 2 else []
    has_ids = sum(cell.startswith("{") and "ImportId" in cell for cell in ids) > 1
    if not has_ids and (len(signs) < 3 or not _signs(signs, {"responseid": ""})):
        return None
    rows = 3 if has_ids else 2 if is_old or is_named_below(first, second) else 1
    seen = [f"columns {', '.join(signs[:4])}"] * bool(signs) + ["a row of ImportId"] * has_ids
    evidence = (f"Qualtrics: {', '.join(seen)}",)
    return _layout(
        records, name, "Qualtrics", evidence, rows, QUALTRICS, joined=codes_of, asked=_asked_below
    )


def _asked_below(header: list[str], rows: list[list[str]]) -> tuple[list[str], list[str]]:
    codes = [tidied(cell) for cell in rows[0]]
    return codes, [tidied(cell) for cell in rows[1]] if len(rows) > 1 else list(header)


def _surveymonkey(records: Records, name: str) -> Layout | None:
    """Questions, and below them what is answered; a matrix names its question only once."""
    first, second = records[0][1], records[1][1]
    own = [place for place, cell in enumerate(first) if _plain(cell) in SURVEYMONKEY]
    if not _is_surveymonkey(first) or any(second[place] for place in own):
        return None
    signs = ", ".join(first[place] for place in own[:4])
    evidence = (f"SurveyMonkey: columns {signs}, a second row of sub-questions",)
    return _layout(
        records, name, "SurveyMonkey", evidence, 2, SURVEYMONKEY, joined=question_and_sub
    )


def _is_surveymonkey(cells: Sequence[str]) -> bool:
    signs = SURVEYMONKEY.keys() & map(_plain, cells)
    return len(signs) > 1 and not signs.isdisjoint(SURVEYMONKEY_IDS)


def _limesurvey(records: Records, name: str) -> Layout | None:
    """Codes such as SPR[SQ001], alone or before the question."""
    cells = [tidied(cell) for cell in records[0][1]]
    signs = _signs(cells, LIMESURVEY)
    codes = [cell for cell in cells if CODE_ALONE.fullmatch(cell) or LIMESURVEY_CODE.match(cell)]
    own = {"submitdate", "lastpage", "startlanguage", "seed"}
    own |= {"date submitted", "last page", "start language"}
    found = {cell.casefold() for cell in (*cells, *_code_and_question(cells, [])[0])}
    if len(own & found) < 2:
        return None
    evidence = (f"LimeSurvey: columns {', '.join([*signs[:3], *codes[:1]])}",)
    return _layout(records, name, "LimeSurvey", evidence, 1, LIMESURVEY, asked=_code_and_question)


def _code_and_question(header: list[str], _: list[list[str]]) -> tuple[list[str], list[str]]:
    codes, questions = [], []
    for text in header:
        found = LIMESURVEY_CODE.fullmatch(text)
        is_code = found is not None and _is_code(found[1])
        codes.append(found[1] if is_code else text if " " not in text else "")
        questions.append(found[2] if is_code else "" if " " not in text else text)
    return codes, questions


def _is_code(text: str) -> bool:
    """Whether a word before a question is its code, and not the first word of a sentence."""
    return text.endswith("]") or any(map(str.isdigit, text)) or text.casefold() in LIMESURVEY


def _forms(records: Records, name: str) -> Layout | None:
    """Forms with the questions for headers: Microsoft, Google, Webropol."""
    cells = records[0][1]
    plain = [_plain(cell) for cell in cells]
    longs = sum(len(cell) > 25 or cell.endswith("?") for cell in plain)
    microsoft = _signs(cells[:6], MICROSOFT)
    if len(microsoft) >= 3 and plain[0] in ("id", "tunnus", "tunniste"):
        evidence = (f"Microsoft Forms: first columns {', '.join(microsoft)}",)
        return _layout(records, name, "Microsoft Forms", evidence, 1, MICROSOFT)
    if plain[0] in GOOGLE and longs:
        evidence = (f"Google Forms: first column {cells[0]!r}, questions for headers",)
        return _layout(records, name, "Google Forms", evidence, 1, GOOGLE)
    webropol = _signs(cells, WEBROPOL)
    numbered = sum(bool(NUMBERED.match(cell)) for cell in cells)
    if webropol and (longs or numbered) and len(webropol) + (longs > 1) + (numbered > 1) >= 2:
        evidence = (f"Webropol: columns {', '.join(webropol[:3])}, questions for headers",)
        return _layout(records, name, "Webropol", evidence, 1, WEBROPOL)
    return None
