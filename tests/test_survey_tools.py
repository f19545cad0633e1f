"""Exports of survey tools: which tool it was, and one header of its rows. All answers simulated."""

import csv

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coaching_stats.errors import DataError
from coaching_stats.survey_tools import recognise

SPR1 = "Myyntitapauksemme on vietävä läpi samoin vaihein ja samassa järjestyksessä."
SPR2 = "Jos joku poikkeaa sovitusta myyntiprosessista, siihen puututaan nopeasti."


def records(text, delimiter=","):
    """Rows as the user counts them, blank ones left out."""
    rows = csv.reader(text.strip("\n").split("\n"), delimiter=delimiter)
    return [(number, row) for number, row in enumerate(rows, start=1) if any(row)]


def read(text, delimiter=","):
    return recognise(records(text, delimiter), "vienti.csv")


QUALTRICS_ANSWERS = """
2026-03-02 10:00:00,2026-03-02 10:09:00,IP Address,10.0.0.1,100,540,True,R_1,FI,007,7,6
2026-03-02 10:10:00,2026-03-02 10:11:00,Survey Preview,10.0.0.1,100,60,False,R_2,EN,007,1,1
2026-03-02 11:00:00,2026-03-02 11:08:00,IP Address,10.0.0.2,100,480,True,R_3,FI,no,5,
2026-03-02 12:00:00,2026-03-02 12:07:00,IP Address,10.0.0.3,40,420,False,R_4,FI,no,4,4
2026-03-02 13:00:00,2026-03-02 13:07:00,Spam,10.0.0.4,100,420,True,R_5,EN,1E5,3,2
""".lstrip("\n")
QUALTRICS_CODES = (
    "StartDate,EndDate,Status,IPAddress,Progress,Duration (in seconds),Finished,ResponseId,"
    "UserLanguage,Q1,Q3_1,S_SPR2\n"
)
QUALTRICS_TEXTS = (
    "Start Date,End Date,Response Type,IP Address,Progress,Duration (in seconds),Finished,"
    f'Response ID,User Language,Mihin tiimiin kuulut?,Väittämät - {SPR1},"{SPR2}"\n'
)
QUALTRICS_IDS = ",".join(f'"{{""ImportId"":""QID{n}""}}"' for n in range(12)) + "\n"
QUALTRICS = QUALTRICS_CODES + QUALTRICS_TEXTS + QUALTRICS_IDS + QUALTRICS_ANSWERS

# The matrix fills most of the table, so that its first row is as narrow as a title.
MONKEY_OWN = "Respondent ID,Collector ID,Start Date,End Date,Email Address"
MONKEY_HEAD = f"""{MONKEY_OWN},Mihin tiimiin kuulut?,Mitä mieltä olet?,,,,,,,,
,,,,,Open-Ended Response,{SPR1},"{SPR2}",c,d,e,f,g,h,i
"""
MONKEY = MONKEY_HEAD + "\n".join(
    f"100{n},7,03/02/2026 10:00,03/02/2026 10:09,,{team},7,5,4,4,4,4,4,4,4"
    for n, team in enumerate(("007", "no", "no", "1E5", "1E5"))
)
LIME = """id,submitdate,lastpage,startlanguage,seed,ipaddr,SPR[SQ001],SPR[SQ002],tiimi,interviewtime
1,2026-03-02 10:00:00,5,fi,11,10.0.0.1,A7,A6,007,540.5
2,,2,fi,12,10.0.0.2,A1,,no,40.1
3,2026-03-02 11:00:00,5,en,13,10.0.0.3,A4,A4,no,300
4,2026-03-02 12:00:00,5,fi,14,10.0.0.4,A2,A5,1E5,310
5,2026-03-02 13:00:00,5,fi,15,10.0.0.5,A3,A5,1E5,320
"""
LIME_TEXTS = f"""id. Response ID,submitdate. Date submitted,lastpage. Last page,SPR[SQ001]. {SPR1}
1,2026-03-02 10:00:00,5,Täysin samaa mieltä
2,,2,Täysin eri mieltä
3,2026-03-02 11:00:00,5,Eri mieltä
4,2026-03-02 12:00:00,5,Samaa mieltä
5,2026-03-02 13:00:00,5,Samaa mieltä
"""
MICROSOFT = f"""ID,Start time,Completion time,Email,Name,Tiimi,{SPR1}
1,3/2/26 10:00:00,3/2/26 10:09:00,anonymous,,007,Samaa mieltä
2,3/2/26 10:10:00,3/2/26 10:19:00,anonymous,,no,Eri mieltä
3,3/2/26 11:00:00,3/2/26 11:09:00,anonymous,,no,Samaa mieltä
4,3/2/26 12:00:00,3/2/26 12:09:00,anonymous,,1E5,Samaa mieltä
5,3/2/26 13:00:00,3/2/26 13:09:00,anonymous,,1E5,
"""
MICROSOFT_FI = MICROSOFT.replace(
    "ID,Start time,Completion time,Email,Name",
    "Tunniste,Aloitusaika,Valmistumisaika,Sähköposti,Nimi",
)
GOOGLE = f"""Aikaleima,Tiimi,Mitä mieltä olet? [{SPR1}],"Mitä mieltä olet? [{SPR2}]"
2.3.2026 klo 10.00.00,007,Samaa mieltä,4
2.3.2026 klo 10.10.00,no,Eri mieltä,4
2.3.2026 klo 11.00.00,no,Samaa mieltä,5
2.3.2026 klo 12.00.00,1E5,Samaa mieltä,6
2.3.2026 klo 13.00.00,1E5,,7
"""
WEBROPOL = f"""Kysely valmentamisesta, kevät 2026;;;;
Tulostettu;2.3.2026;;;

Vastaajan tunnus;Vastausaika;1. Tiimi;2. {SPR1};3. Työvuodet
15;2.3.2026 10:00;007;Samaa mieltä;4,5
16;2.3.2026 11:00;no;Eri mieltä;10,0
17;2.3.2026 12:00;no;Eri mieltä;0,5
18;2.3.2026 13:00;1E5;Samaa mieltä;1
19;2.3.2026 14:00;1E5;Samaa mieltä;2,25
"""
OURS = "seller_id,team_id,language,S_SPR1\nS1,007,fi,4\nS2,no,en,5\nS3,no,fi,6\n"


@pytest.mark.parametrize(
    ("text", "tool", "header_rows", "header_row", "roles"),
    [
        (
            QUALTRICS,
            "Qualtrics",
            3,
            3,
            {
                "started_at": "StartDate",
                "completed_at": "EndDate",
                "status": "Status",
                "ip_address": "IPAddress",
                "progress": "Progress",
                "seconds": "Duration (in seconds)",
                "finished": "Finished",
                "respondent": "ResponseId",
                "language": "UserLanguage",
            },
        ),
        (
            MONKEY,
            "SurveyMonkey",
            2,
            2,
            {"respondent": "Respondent ID", "started_at": "Start Date", "completed_at": "End Date"},
        ),
        (
            LIME,
            "LimeSurvey",
            1,
            1,
            {
                "respondent": "id",
                "completed_at": "submitdate",
                "last_page": "lastpage",
                "language": "startlanguage",
                "ip_address": "ipaddr",
                "seconds": "interviewtime",
            },
        ),
        (
            LIME_TEXTS,
            "LimeSurvey",
            1,
            1,
            {
                "respondent": "id. Response ID",
                "completed_at": "submitdate. Date submitted",
                "last_page": "lastpage. Last page",
            },
        ),
        (
            MICROSOFT,
            "Microsoft Forms",
            1,
            1,
            {"respondent": "ID", "started_at": "Start time", "completed_at": "Completion time"},
        ),
        (
            MICROSOFT_FI,
            "Microsoft Forms",
            1,
            1,
            {
                "respondent": "Tunniste",
                "started_at": "Aloitusaika",
                "completed_at": "Valmistumisaika",
            },
        ),
        (GOOGLE, "Google Forms", 1, 1, {"completed_at": "Aikaleima"}),
        (
            WEBROPOL,
            "Webropol",
            1,
            4,
            {"respondent": "Vastaajan tunnus", "completed_at": "Vastausaika"},
        ),
        (OURS, "spreadsheet", 1, 1, {}),
    ],
    ids=["qualtrics", "monkey", "lime", "lime_texts", "ms", "ms_fi", "google", "webropol", "ours"],
)
def test_each_tool_is_known_by_its_conventions(text, tool, header_rows, header_row, roles):
    rows = records(text, ";" if tool == "Webropol" else ",")
    found = recognise(rows, "a.csv")
    assert (found.tool, found.header_rows, found.header_row) == (tool, header_rows, header_row)
    assert found.roles == roles
    body = [(number, cells) for number, cells in rows if number > header_row]
    assert list(zip(found.numbers, found.rows, strict=True)) == body
    assert len(set(found.header)) == len(found.codes) == len(found.questions) == len(body[0][1])
    assert tool == "spreadsheet" or found.evidence[-1].startswith(tool)


def test_qualtrics_keeps_codes_and_questions():
    found = read(QUALTRICS)
    assert found.header[-2:] == found.codes[-2:] == ["Q3_1", "S_SPR2"]
    assert found.questions[-2:] == [f"Väittämät - {SPR1}", SPR2]


@pytest.mark.parametrize(
    "below",
    [
        QUALTRICS_TEXTS,
        QUALTRICS_TEXTS.replace("Start Date,End Date", "Aloituspäivä,Päättymispäivä"),
        QUALTRICS_CODES.replace("Q3_1", "Mitä mieltä olet?"),
    ],
    ids=["english", "finnish", "codes again"],
)
def test_an_older_qualtrics_export_has_two_rows(below):
    found = read(QUALTRICS_CODES + below + QUALTRICS_ANSWERS)
    assert (found.tool, found.header_rows, found.numbers) == ("Qualtrics", 2, [3, 4, 5, 6, 7])


def test_a_qualtrics_export_whose_second_row_was_deleted():
    found = read(QUALTRICS_CODES + QUALTRICS_ANSWERS)
    assert (found.tool, found.header_rows, len(found.rows)) == ("Qualtrics", 1, 5)


def test_the_oldest_qualtrics_export_names_its_own_columns_below():
    found = read(
        "V1,V2,V3,V4,V5,Q1\n"
        "ResponseID,IPAddress,StartDate,EndDate,Finished,Mihin tiimiin kuulut?\n"
        "R_1,10.0.0.1,2026-03-02 10:00:00,2026-03-02 10:09:00,1,007\n"
    )
    assert (found.tool, found.header_rows) == ("Qualtrics", 2)
    assert found.header == ["ResponseID", "IPAddress", "StartDate", "EndDate", "Finished", "Q1"]
    assert found.codes[0] == "V1"
    assert found.roles["finished"] == "Finished"


def test_a_qualtrics_code_used_twice_stands_with_its_question():
    found = read(QUALTRICS.replace("Q3_1", "S_SPR2"))
    assert found.header[-2:] == [f"S_SPR2 | Väittämät - {SPR1}", f"S_SPR2 | {SPR2}"]


def test_a_question_with_the_code_of_a_column_of_qualtrics_does_not_take_its_place():
    assert read(QUALTRICS.replace("Q1", "Status")).roles["status"] == "Status | Response Type"


def test_surveymonkey_carries_the_question_over_its_columns():
    found = read(MONKEY)
    assert found.header[5:8] == [
        "Mihin tiimiin kuulut?",
        f"Mitä mieltä olet? | {SPR1}",
        f"Mitä mieltä olet? | {SPR2}",
    ]
    assert found.questions == found.header
    assert set(found.codes) == {""}


def test_two_matrices_of_surveymonkey_may_repeat_their_rows():
    found = read("Respondent ID,Collector ID,Nyt,,Ennen,\n,,Hyvä,Huono,Hyvä,Huono\n1,7,1,2,3,4\n")
    assert found.header[2:] == ["Nyt | Hyvä", "Nyt | Huono", "Ennen | Hyvä", "Ennen | Huono"]


@pytest.mark.parametrize("between", [". ", " - ", ": "])
def test_limesurvey_gives_codes_before_the_question(between):
    found = read(
        LIME_TEXTS.replace(". Response", f"{between}Response").replace("]. ", f"]{between}")
    )
    assert (found.codes[-1], found.questions[-1]) == ("SPR[SQ001]", SPR1)
    assert (found.codes[0], found.questions[0]) == ("id", "Response ID")


def test_limesurvey_gives_codes_alone_or_questions_alone():
    found = read(LIME)
    assert found.codes == found.header
    assert found.questions[6] == ""
    found = read(
        f"Response ID,Date submitted,Last page,Mitä? [{SPR1}]\n1,2026-03-02 10:00:00,5,A7\n"
    )
    assert (found.tool, found.codes[-1]) == ("LimeSurvey", "")
    assert found.questions[-1] == f"Mitä? [{SPR1}]"


def test_spss_names_need_no_recognition():
    rows = [(0, ["id", "submitdate", "lastpage"]), (1, ["1", "", "5"]), (2, ["2", "x", "5"])]
    found = recognise(rows, "a.sav", is_spss=True)
    assert (found.tool, found.header_row, found.numbers) == ("SPSS", 0, [1, 2])
    assert found.header == ["id", "submitdate", "lastpage"]


@pytest.mark.parametrize(
    "text",
    [
        "id,start_date,end_date,S_SPR1\n1,a,b,4\n2,a,b,5\n",
        "Start date,End date,Name,\n,2026-01-01,x,y\n2026-01-01,2026-01-02,x,z\n",
        "Respondent ID,Team,\n,x,y\n2,x,y\n",
        "Respondent ID,Collector ID,Team\n1,7,A\n2,7,B\n",
        "Start Date,End Date,Name,\n,,x,y\n2026-01-01,2026-01-02,x,z\n",
        "id,seed,weight\n1,2,3\n2,3,4\n",
        "timestamp,team,score\n1,2,3\n2,3,4\n",
        "Kieli,Tiimi,Indeksi\nfi,A,3\nfi,B,4\n",
        "Vastaaja,Kieli,Tiimi\n1,fi,A\n2,fi,B\n",
        "Kieli,Mihin tiimiin kuulut?,Indeksi\nfi,A,3\nfi,B,4\n",
        "ID,Name,Email\n1,x,y\n2,x,y\n",
        "StartDate,EndDate,Status,team\na,b,c,d\na,b,c,e\n",
    ],
)
def test_one_sign_is_not_enough_for_a_tool(text):
    found = read(text)
    assert (found.tool, found.header_rows, len(found.rows)) == ("spreadsheet", 1, 2)


WORDS = st.text("abcdefghijklmnopqrstuvwxyzåäöABCÅÄÖ_0123456789", min_size=1, max_size=8)
CELLS = st.one_of(st.just(""), WORDS, st.integers().map(str), st.text(max_size=10))


@given(st.data())
def test_a_plain_table_is_left_as_it_is(data):
    header = data.draw(st.lists(WORDS.map("x{}".format), min_size=1, max_size=6, unique=True))
    row = st.lists(CELLS, min_size=len(header), max_size=len(header)).filter(any)
    body = data.draw(st.lists(row, min_size=1, max_size=8))
    assume(all(cells[-1].strip('" ') != header[-1] for cells in body))
    found = recognise(list(enumerate([header, *body], start=1)), "a.csv")
    assert (found.tool, found.header, found.rows) == ("spreadsheet", header, body)
    assert (found.evidence, found.header_row) == ((), 1)


@given(st.integers(0, 4), st.integers(3, 9), st.integers(1, 6))
def test_titles_above_a_header_are_passed_over(n_titles, width, n):
    titles = [["Raportti", *[""] * (width - 1)] for _ in range(n_titles)]
    table = [[f"k{place}" for place in range(width)], *[["sana"] * width for _ in range(n)]]
    found = recognise(list(enumerate([*titles, *table], start=1)), "a.csv")
    assert [found.header, *found.rows] == table
    assert found.header_row == n_titles + 1
    assert len(found.evidence) == (n_titles > 0)


def test_the_rows_of_titles_are_told():
    assert read(WEBROPOL, ";").evidence[0] == "title above the header passed over: row 1, 2"
    two_cells = "Raportti,2026,,\na,b,c,d\n" + "x,y,z,å\n" * 5
    assert read(two_cells).header == ["a", "b", "c", "d"]


@pytest.mark.parametrize("text", ["a,b\nx,y\n", "2015,2016\nx,y\nz,y\n", ",2015,2016\nx,y,z\n"])
def test_a_full_first_row_is_the_header(text):
    assert read(text).header_row == 1


def test_a_header_narrower_than_its_answers_is_kept():
    assert read("a,,\n1,2,3\n4,5,6\n").header == ["a", "column B", "column C"]


def test_cells_of_a_header_are_tidied():
    found = recognise([(1, ["\ufeffa ", "b\u00a0 c\u200b"]), (2, [" x", "y "])], "a.csv")
    assert (found.header, found.rows) == (["a", "b c"], [[" x", "y "]])


def test_columns_without_a_name():
    found = read("a,,,b,\n1,2,,4,\n3,,,5,\n")
    assert found.header == ["a", "column B", "b"]
    assert found.rows == [["1", "2", "4"], ["3", "", "5"]]
    assert [line.split()[1] for line in found.evidence] == ["B", "C", "E"]


def test_empty_cells_beyond_the_header_are_cut():
    assert read("a,b\n1,2,,\n3,4\n").rows == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "is empty"),
        ("a,b\n", "has a header but no rows"),
        ("Raportti,,\na,b,c\n", "has a header but no rows"),
        (QUALTRICS_CODES + QUALTRICS_TEXTS + QUALTRICS_IDS, "has a header but no rows"),
        (QUALTRICS_CODES + QUALTRICS_TEXTS, "has a header but no rows"),
        (MONKEY_HEAD, "has a header but no rows"),
        ("a,b\n1,2\n1,2,3\n", "row 3: 3 cells"),
        ("a,b\n1,2\nx,y,z,å,ö\n", "row 3: 5 cells"),
        ("a,b,c\n1,2,3\n1,2\n", "row 3: 2 cells"),
        ("x,a,a\n1,2,3\n", r"more than one column 'a' in B, C \(row 1\)"),
        (",a,a\n,2,3\n", "more than one column 'a' in B, C"),
        ("Respondent ID,Collector ID,Q,\n,,a,a\n1,7,2,3\n", r"'Q . a' in C, D"),
        ("a,b\n1,2\na,b\n3,4\n", r"joined end to end \(row 3\)"),
        ("id,b\n1,2\n\ufeffid,b\n3,4\n", r"joined end to end \(row 3\)"),
        (" id,b \n1,2\n id,b \n3,4\n", r"joined end to end \(row 3\)"),
        ("a\n1\na\n2\n", r"joined end to end \(row 3\)"),
        (QUALTRICS + QUALTRICS, r"joined end to end \(row 9\)"),
        (MONKEY + "\n" + MONKEY, r"joined end to end \(row 8\)"),
    ],
)
def test_what_has_no_single_header_is_refused(text, fragment):
    with pytest.raises(DataError, match=fragment) as refusal:
        read(text)
    assert "vienti.csv" in str(refusal.value)
