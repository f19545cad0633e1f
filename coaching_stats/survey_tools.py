"""Which survey tool wrote an export, by its conventions, and what its own columns mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coaching_stats.headers import (
    Records,
    below_titles,
    of_equal_length,
    one_header,
    refuse_doubled,
    refuse_second_header,
    tidied,
)

SPREADSHEET = "spreadsheet"
OPEN_ANSWER = ("response", "open-ended response", "vastaus", "avoin vastaus", "")
LIMESURVEY_CODE = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:\[[A-Za-z0-9_]+\])?)(?:\. | ?- |: )(.+)")
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
    "vastaajan tunnus": "respondent",
    "start date": "started_at",
    "end date": "completed_at",
    "ip address": "ip_address",
}
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
    below, passed = below_titles(records) if not is_spss else (records, ())
    even = of_equal_length(below, name)
    for tool in () if is_spss else (_qualtrics, _surveymonkey, _limesurvey, _forms):
        layout = tool(even, name)
        if layout is not None:
            return _with_evidence(layout, passed)
    tool = "SPSS" if is_spss else SPREADSHEET
    return _with_evidence(_layout(even, name, tool, (), 1, {}), passed)


def _with_evidence(layout: Layout, passed: tuple[str, ...]) -> Layout:
    return Layout(**{**vars(layout), "evidence": (*passed, *layout.evidence)})


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
    """Layout of records whose first `header_rows` rows are the header.

    `joined` makes one row of several, `asked` finds codes and questions.
    """
    above, body = records[:header_rows], records[header_rows:]
    refuse_second_header(above[0][1], body, name)
    first = joined([cells for _, cells in above]) if joined else above[0][1]
    rows = [first, *(cells for _, cells in above[1:])]
    header, kept, gaps = one_header(rows, body)
    refuse_doubled(header, name, above[0][0])
    under, rest = kept[: header_rows - 1], kept[header_rows - 1 :]
    codes, questions = asked(header, under) if asked else ([""] * len(header), list(header))
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
        rows=rest,
        numbers=[number for number, _ in body],
        roles=roles,
    )


def _signs(cells: Sequence[str], wanted: Mapping[str, str]) -> list[str]:
    return [cell for cell in cells if _plain(cell) in wanted]


def _qualtrics(records: Records, name: str) -> Layout | None:
    """Codes, question texts, and a row of import ids; older exports lack the last one."""
    if len(records) < 3:
        return None
    signs = _signs(records[0][1], QUALTRICS)
    has_ids = sum('"ImportId"' in cell for cell in records[2][1]) > 1
    if not has_ids and (len(signs) < 3 or not _signs(records[0][1], {"responseid": ""})):
        return None
    texts = {"start date", "end date", "response type", "ip address", "response id"}
    rows = 3 if has_ids else 1 + (len(texts & set(map(_plain, records[1][1]))) > 1)
    evidence = (
        f"Qualtrics: columns {', '.join(signs[:4])}" + (", a row of ImportId" if has_ids else ""),
    )

    def asked(header: list[str], under: list[list[str]]) -> tuple[list[str], list[str]]:
        return list(header), [tidied(cell) for cell in under[0]] if under else list(header)

    return _layout(records, name, "Qualtrics", evidence, rows, QUALTRICS, asked=asked)


def _surveymonkey(records: Records, name: str) -> Layout | None:
    """Questions, and below them what is answered; a matrix names its question only once."""
    if len(records) < 3:
        return None
    signs = _signs(records[0][1], {**SURVEYMONKEY, "collector id": "", "email address": ""})
    words = [cell for cell in records[1][1] if cell and _plain(cell) in OPEN_ANSWER]
    is_second = not records[1][1][0] and (words or "" in records[0][1])
    if len(signs) < 2 or not is_second:
        return None
    evidence = (f"SurveyMonkey: columns {', '.join(signs[:4])}, a second row of sub-questions",)
    return _layout(
        records, name, "SurveyMonkey", evidence, 2, SURVEYMONKEY, joined=_question_and_sub
    )


def _question_and_sub(rows: Sequence[Sequence[str]]) -> list[str]:
    question, joined = "", []
    for above, below in zip(*rows, strict=True):
        question = tidied(above) or question
        sub = tidied(below)
        joined.append(question if sub.casefold() in OPEN_ANSWER else f"{question} | {sub}")
    return joined


def _limesurvey(records: Records, name: str) -> Layout | None:
    """Codes such as SPR[SQ001], alone or before the question."""
    cells = [tidied(cell) for cell in records[0][1]]
    signs = _signs(cells, LIMESURVEY)
    codes = [cell for cell in cells if CODE_ALONE.fullmatch(cell) or LIMESURVEY_CODE.match(cell)]
    own = {"submitdate", "lastpage", "startlanguage", "seed", "date submitted", "last page"}
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
