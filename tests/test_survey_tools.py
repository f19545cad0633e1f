"""Exports of survey tools: which tool it was, and one header of its rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.errors import DataError
from coaching_stats.survey_tools import recognise

SPR1 = "Myyntitapauksemme on vietävä läpi samoin vaihein ja samassa järjestyksessä."
SPR2 = "Jos joku poikkeaa sovitusta myyntiprosessista, siihen puututaan nopeasti."


def records(*rows, first=1):
    return [(number, list(row)) for number, row in enumerate(rows, start=first)]


QUALTRICS = records(
    [
        "StartDate",
        "EndDate",
        "Status",
        "IPAddress",
        "Duration (in seconds)",
        "Finished",
        "ResponseId",
        "UserLanguage",
        "QID1_1",
        "S_SPR2",
    ],
    [
        "Start Date",
        "End Date",
        "Response Type",
        "IP Address",
        "Duration (in seconds)",
        "Finished",
        "Response ID",
        "User Language",
        "Väittämät - " + SPR1,
        SPR2,
    ],
    [f'{{"ImportId":"{name}"}}' for name in "abcdefghij"],
    [
        "2026-03-02 10:00:00",
        "2026-03-02 10:09:00",
        "IP Address",
        "10.0.0.1",
        "540",
        "True",
        "R_1",
        "FI",
        "7",
        "6",
    ],
    [
        "2026-03-02 11:00:00",
        "2026-03-02 11:01:00",
        "Survey Preview",
        "10.0.0.1",
        "60",
        "False",
        "R_2",
        "EN",
        "1",
        "",
    ],
)
MONKEY = records(
    [
        "Respondent ID",
        "Collector ID",
        "Start Date",
        "End Date",
        "Email Address",
        "Mitä mieltä olet?",
        "",
        "Mihin tiimiin kuulut?",
    ],
    ["", "", "", "", "", SPR1, SPR2, "Open-Ended Response"],
    ["1001", "7", "03/02/2026 10:00", "03/02/2026 10:09", "a@b.fi", "7", "5", "007"],
    ["1002", "7", "03/02/2026 10:00", "03/02/2026 10:09", "a@b.fi", "6", "4", "no"],
)
LIME = records(
    ["id", "submitdate", "lastpage", "startlanguage", "seed", "SPR[SQ001]", "SPR[SQ002]", "tiimi"],
    ["1", "2026-03-02 10:00:00", "5", "fi", "1", "A7", "A6", "007"],
    ["2", "", "2", "fi", "2", "A1", "", "no"],
)
LIME_TEXTS = records(
    [
        "id. Response ID",
        "submitdate. Date submitted",
        "lastpage. Last page",
        "startlanguage. Start language",
        f"SPR[SQ001]. {SPR1}",
    ],
    ["1", "2026-03-02 10:00:00", "5", "fi", "A7"],
)
MICROSOFT = records(
    ["Tunnus", "Aloitusaika", "Valmistumisaika", "Sähköposti", "Nimi", "Tiimi", SPR1],
    ["1", "2.3.2026 10:00:00", "2.3.2026 10:09:00", "anonymous", "", "007", "Samaa mieltä"],
)
GOOGLE = records(
    ["Aikaleima", "Tiimi", f"Mitä mieltä olet? [{SPR1}]"],
    ["2.3.2026 klo 10.00.00", "007", "Samaa mieltä"],
)
WEBROPOL = records(
    ["Kysely valmentamisesta, kevät 2026"],
    ["Vastaajan tunnus", "Vastausaika", "1. Tiimi", f"2. {SPR1}", f"3. {SPR2}"],
    ["15", "2.3.2026 10:00", "007", "Samaa mieltä", "4"],
    ["16", "2.3.2026 11:00", "no", "Eri mieltä", "4"],
    ["17", "2.3.2026 12:00", "no", "Eri mieltä", "4"],
)


@pytest.mark.parametrize(
    ("rows", "tool", "header_rows", "header_row", "roles"),
    [
        (QUALTRICS, "Qualtrics", 3, 3, {"respondent": "ResponseId", "status": "Status"}),
        (MONKEY, "SurveyMonkey", 2, 2, {"respondent": "Respondent ID", "started_at": "Start Date"}),
        (LIME, "LimeSurvey", 1, 1, {"completed_at": "submitdate", "language": "startlanguage"}),
        (MICROSOFT, "Microsoft Forms", 1, 1, {"completed_at": "Valmistumisaika"}),
        (GOOGLE, "Google Forms", 1, 1, {"completed_at": "Aikaleima"}),
        (WEBROPOL, "Webropol", 1, 2, {"respondent": "Vastaajan tunnus"}),
    ],
    ids=["qualtrics", "monkey", "lime", "microsoft", "google", "webropol"],
)
def test_each_tool_is_known_by_its_conventions(rows, tool, header_rows, header_row, roles):
    found = recognise(rows, "a.csv")
    assert (found.tool, found.header_rows, found.header_row) == (tool, header_rows, header_row)
    assert roles.items() <= found.roles.items()
    assert found.numbers == [number for number, _ in rows if number > header_row]
    assert tool in found.evidence[-1]
    assert len(set(found.header)) == len(found.header) == len(found.rows[0])


def test_qualtrics_keeps_codes_and_questions():
    found = recognise(QUALTRICS, "a.csv")
    assert found.header[-2:] == found.codes[-2:] == ["QID1_1", "S_SPR2"]
    assert found.questions[-1] == SPR2
    assert len(found.rows) == 2


def test_an_older_qualtrics_export_has_two_rows():
    found = recognise([QUALTRICS[0], QUALTRICS[1], *QUALTRICS[3:]], "a.csv")
    assert (found.tool, found.header_rows, len(found.rows)) == ("Qualtrics", 2, 2)


def test_surveymonkey_carries_the_question_over_its_columns():
    header = recognise(MONKEY, "a.csv").header
    assert header[5:] == [
        f"Mitä mieltä olet? | {SPR1}",
        f"Mitä mieltä olet? | {SPR2}",
        "Mihin tiimiin kuulut?",
    ]


def test_limesurvey_gives_codes_alone_or_before_the_question():
    assert recognise(LIME, "a.csv").codes[-3:] == ["SPR[SQ001]", "SPR[SQ002]", "tiimi"]
    found = recognise(LIME_TEXTS, "a.csv")
    assert (found.codes[-1], found.questions[-1]) == ("SPR[SQ001]", SPR1)
    assert found.roles["completed_at"] == "submitdate. Date submitted"


@given(
    st.lists(
        st.from_regex(r"[A-Za-z]{1,8}_[0-9]{1,3}", fullmatch=True),
        min_size=2,
        max_size=6,
        unique=True,
    ),
    st.integers(1, 5),
)
def test_a_plain_table_is_left_as_it_is(header, n):
    body = [[str(i + j) for j in range(len(header))] for i in range(n)]
    found = recognise(records(header, *body), "a.csv")
    assert (found.tool, found.header, found.rows) == ("spreadsheet", header, body)


def test_a_frame_of_ours_is_a_spreadsheet():
    rows = records(["seller_id", "team_id", "S_SPR1"], ["S1", "007", "4"])
    assert recognise(rows, "a.csv").tool == "spreadsheet"


def test_columns_without_a_name():
    rows = records(["a", "", ""], ["1", "2", ""], ["3", "4", ""])
    found = recognise(rows, "a.csv")
    assert found.header == ["a", "column B"]
    assert found.rows == [["1", "2"], ["3", "4"]]
    assert len(found.evidence) == 2


@pytest.mark.parametrize(
    ("rows", "fragment"),
    [
        ([], "is empty"),
        (records(["a", "b"]), "has a header but no rows"),
        (records(["a", "b"], ["1", "2"], ["1", "2", "3"]), "row 3: 3 cells"),
        (records(["a", "b", "c"], ["1", "2", "3"], ["1", "2"]), "row 3: 2 cells"),
        (records(["x", "a", "a"], ["1", "2", "3"]), "more than one column 'a' in B, C"),
        (records(["a", "b"], ["1", "2"], ["a", "b"], ["3", "4"]), "joined end to end .row 3"),
    ],
)
def test_what_has_no_single_header_is_refused(rows, fragment):
    with pytest.raises(DataError, match=fragment) as refusal:
        recognise(rows, "vienti.csv")
    assert "vienti.csv" in str(refusal.value)
