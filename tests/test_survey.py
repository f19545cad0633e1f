"""One file of a survey tool: what was read, under which names, and what could not be."""

import json

import pandas as pd
import pytest
import yaml

from coaching_stats import cli
from coaching_stats.instrument import load_instrument
from coaching_stats.study import judge
from coaching_stats.survey import read_survey
from coaching_stats.worlds import simulate

ITEMS = {item.name: item for item in load_instrument().items}


@pytest.fixture(scope="module")
def survey():
    tables = simulate("theory", firms=12, teams=1, sellers=6, seed=5)
    frame = tables["seller_survey"].drop(columns=["wave", "completed_at", "language"])
    return frame.assign(Palaute="hyvä")


@pytest.fixture
def command(capsys, monkeypatch):
    def run(*words):
        monkeypatch.setattr("sys.argv", ["coaching-stats", *map(str, words)])
        code = cli.guarded(cli.app)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_survey_is_judged_like_its_file(survey, tmp_path):
    path = tmp_path / "answers.csv"
    survey.to_csv(path, index=False)
    read = read_survey(path)
    assert read.answers["S_SPR1"].dropna().tolist() == survey["S_SPR1"].dropna().tolist()
    pd.testing.assert_frame_equal(judge(read, seed=1).tidy(), judge(path, seed=1).tidy())
    assert read.receipt.rows_read == len(survey)
    failed = (survey["S_ATT1"] != 2) | (survey["S_ATT2"] != 6)
    assert [entry["row"] for entry in read.receipt.flagged] == (failed[failed].index + 2).tolist()


def test_a_proposed_mapping_reads_the_file_it_was_proposed_for(survey, command, tmp_path):
    """Headers are the questions, as web forms export them; shared wordings are left to the user."""
    own = {name: item.text_fi for name, item in ITEMS.items() if item.form == "seller"}
    counts = pd.Series(
        list(own.values()) + [i.text_fi for i in ITEMS.values() if i.form == "manager"]
    )
    certain = {k: v for k, v in own.items() if (counts == v).sum() == 1 and k in survey}
    path, mapping = tmp_path / "vastaukset.csv", tmp_path / "mapping.yml"
    survey.rename(columns=certain).to_csv(path, index=False, sep=";")
    code, said, err = command("check", path, "--write-mapping", mapping)
    assert (code, err) == (0, "")
    assert "delimiter semicolon, decimal" in said
    answers = read_survey(path, mapping).answers
    assert set(certain) <= set(answers)
    assert answers["S_LPR1"].dropna().tolist() == survey["S_LPR1"].dropna().tolist()


def test_check_writes_receipt_and_answers_and_is_strict_on_demand(survey, command, tmp_path):
    path, receipt, answers = tmp_path / "a.csv", tmp_path / "r.json", tmp_path / "answers.csv"
    survey.to_csv(path, index=False)
    words = ("check", path, "--json", receipt, "--answers", answers)
    assert command(*words)[0] == 0
    assert command(*words, "--strict")[0] == 1
    found = json.loads(receipt.read_text(encoding="utf-8"))
    warned = [p["column"] for p in found["problems"] if p["severity"] == "warning"]
    assert warned == ["Palaute"]
    assert found["rows_kept"] == len(survey)
    assert list(pd.read_csv(answers, dtype=str))[:2] == ["respondent", "team"]
    code, said, err = command("check", tmp_path / "none.csv", "--json", tmp_path / "no.json")
    assert (code, said) == (2, "")
    assert "no file or folder 'none.csv'" in err
    assert not (tmp_path / "no.json").exists()


def test_codes_of_missing_answers_leave_ids_alone(survey, tmp_path):
    path, mapping = tmp_path / "a.csv", tmp_path / "mapping.yml"
    survey.assign(team_id="99").fillna(99).to_csv(path, index=False)
    mapping.write_text("missing: [99, 99.0]", encoding="utf-8")
    answers = read_survey(path, mapping).answers
    assert set(answers["team_id"]) == {"99"}
    assert answers["S_SPR1"].isna().sum() == survey["S_SPR1"].isna().sum()


# Exports of survey tools, end to end.


def seller_form():
    return [item for item in ITEMS.values() if item.form == "seller"]


def export(survey, header, extra):
    """The survey with other headers, ids under the tool's names, and further columns."""
    frame = survey.drop(columns=["Palaute"]).rename(columns=header)
    return pd.concat([extra, frame], axis=1)


def test_a_webform_in_finnish_is_read_without_a_mapping(survey, tmp_path):
    """Questions for headers, answers in words, a team in words of its own, titles above."""
    from coaching_stats.labels import agreement_labels

    labels = {place: text.capitalize() for text, place in agreement_labels(7).items() if place}
    items = [item for item in seller_form() if item.name in survey]
    words = survey.copy()
    for item in items:
        if (item.scale_min, item.scale_max) == (1, 7) and "samaa" in item.anchors_fi:
            words[item.name] = survey[item.name].map(labels)
    header = {item.name: f"{i}. {item.text_fi}" for i, item in enumerate(items, start=1)}
    header |= {"team_id": "Tiimi", "seller_id": "Vastaajan tunnus"}
    times = pd.DataFrame({"Vastausaika": ["2.3.2026 10:00"] * len(survey)})
    text = export(words, header, times).to_csv(index=False, sep=";")
    path = tmp_path / "webropol.csv"
    path.write_text("Kysely valmentamisesta\n\n" + text, encoding="cp1252")
    read = read_survey(path)
    assert read.receipt.tool == "Webropol"
    assert read.matching.form == "seller"
    names = [item.name for item in items]
    pd.testing.assert_frame_equal(
        read.answers[names].reset_index(drop=True), survey[names], check_dtype=False
    )
    assert read.answers["team"].tolist() == survey["team_id"].tolist()
    assert read.answers["completed_at"].unique().tolist() == ["2026-03-02T10:00:00"]
    assert read.answers.index[0] == 4
    pd.testing.assert_frame_equal(
        judge(read, seed=1).tidy().drop(columns="reason"),
        judge(survey, seed=1).tidy().drop(columns="reason"),
    )


def test_qualtrics_previews_and_unfinished_answers_are_dropped_with_reasons(survey, tmp_path):
    items = [item.name for item in seller_form() if item.name in survey]
    n = len(survey)
    tool = pd.DataFrame(
        {
            "StartDate": "2026-03-02 10:00:00",
            "EndDate": "2026-03-02 10:20:00",
            "Status": ["Survey Preview"] + ["IP Address"] * (n - 1),
            "IPAddress": "192.168.1.17",
            "Duration (in seconds)": [1200] * (n - 1) + [20],
            "Finished": ["True"] * (n - 2) + ["False", "True"],
            "ResponseId": [f"R_{i}" for i in range(n)],
            "RecipientEmail": [f"a{i}@example.fi" for i in range(n)],
        }
    )
    frame = pd.concat([tool, survey[["team_id", *items]]], axis=1)
    path = tmp_path / "qualtrics.csv"
    questions = [ITEMS[c].text_en if c in ITEMS else c for c in frame]
    ids = [f'{{"ImportId":"QID{i}"}}' for i in range(len(list(frame)))]
    body = pd.concat([pd.DataFrame([questions, ids], columns=list(frame)), frame])
    body.to_csv(path, index=False)
    read = read_survey(path)
    receipt = read.receipt
    assert (receipt.tool, receipt.header_rows) == ("Qualtrics", 3)
    assert [(e["row"], e["respondent"], e["reason"]) for e in receipt.dropped] == [
        (4, "R_0", "preview"),
        (n + 2, f"R_{n - 2}", "incomplete"),
    ]
    assert receipt.rows_read - receipt.rows_kept == 2
    flags = [(e["row"], e["reason"]) for e in receipt.flagged if e["reason"] == "speeder"]
    assert flags == [(n + 3, "speeder")]
    found = {(e["column"], e["kind"]) for e in receipt.personal_data}
    assert found == {("RecipientEmail", "email"), ("IPAddress", "ip_address")}
    assert not {"RecipientEmail", "IPAddress", "ip_address"} & set(read.answers)
    assert "example.fi" not in json.dumps(receipt.as_dict())
    mapping = tmp_path / "m.yml"
    mapping.write_text("columns: {email: RecipientEmail}\nkeep: {speeder: false}", encoding="utf-8")
    asked = read_survey(path, mapping)
    assert asked.answers["email"].str.endswith("@example.fi").all()
    assert (n + 3, "speeder") in [(e["row"], e["reason"]) for e in asked.receipt.dropped]


def test_times_of_the_tool_that_are_in_doubt_are_left_out_and_said(tmp_path):
    header = ["Respondent ID", "Collector ID", "Start Date", "End Date", "Team", "Agree?"]
    path, mapping = tmp_path / "monkey.csv", tmp_path / "m.yml"
    rows = [header, ["", "", "", "", "Open-Ended Response", ITEMS["S_SPR1"].text_en]]
    rows += [[f"{i}", "7", "03/02/2026 10:00", "03/02/2026 10:20", "007", "5"] for i in (1, 2)]
    path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    read = read_survey(path)
    assert (read.receipt.tool, read.receipt.header_rows) == ("SurveyMonkey", 2)
    assert read.answers["completed_at"].isna().all()
    assert sum("day or month first is in doubt" in note for note in read.notes) == 2
    mapping.write_text("day_first: false", encoding="utf-8")
    asked = read_survey(path, mapping).answers
    assert asked["completed_at"].unique().tolist() == ["2026-03-02T10:20:00"]


def test_limesurvey_codes_are_read_by_the_form_of_the_others(survey, tmp_path):
    header = {
        c: f"{c[2:-1]}[SQ00{c[-1]}]" for c in survey if c.startswith("S_") and c[-1].isdigit()
    }
    lime = survey.drop(columns=["Palaute", "seller_id"]).rename(columns=header)
    agreement = [f"SPR[SQ00{i}]" for i in (1, 2, 3)]
    lime[agreement] = lime[agreement].map(lambda v: f"A{v:g}" if v == v else "")
    lime = lime.assign(id=range(1, len(lime) + 1), submitdate="2026-03-02 10:00:00", lastpage=5)
    lime.loc[3, "submitdate"] = ""
    path = tmp_path / "lime.csv"
    lime.to_csv(path, index=False)
    read = read_survey(path)
    assert read.receipt.tool == "LimeSurvey"
    assert [e["reason"] for e in read.receipt.dropped] == ["incomplete"]
    kept = survey["S_SPR1"].drop(3)
    assert read.answers["S_SPR1"].dropna().tolist() == kept.dropna().tolist()
    assert "S_MARK1" in read.answers


def test_a_near_wording_is_proposed_and_never_applied(survey, command, tmp_path):
    near = ITEMS["S_SPR2"].text_en.replace("quickly", "fast")
    shared = ITEMS["S_MARK1"].text_en
    path, mapping = tmp_path / "a.csv", tmp_path / "mapping.yml"
    renamed = survey.rename(columns={"S_SPR2": near, "S_SPR1": ITEMS["S_SPR1"].text_fi.upper()})
    renamed.to_csv(path, index=False)
    read = read_survey(path)
    assert "S_SPR2" not in read.answers
    assert read.answers["S_SPR1"].tolist() == survey["S_SPR1"].tolist()
    warned = [p["column"] for p in read.receipt.problems if p["severity"] == "warning"]
    assert warned == [near, "Palaute"]
    assert command("check", path, "--write-mapping", mapping)[0] == 0
    assert yaml.safe_load(mapping.read_text(encoding="utf-8"))["columns"]["S_SPR2"] == near
    assert read_survey(path, mapping).answers["S_SPR2"].tolist() == survey["S_SPR2"].tolist()
    pd.DataFrame({"team": ["a", "b"], shared: [3, 4]}).to_csv(path, index=False)
    doubtful = read_survey(path)
    assert list(doubtful.answers) == ["team", shared]
    assert "S_MARK1 or M_MARK1" in " ".join(doubtful.notes)


SMALL = pd.DataFrame(
    {
        "respondent": ["a", "b", "c"],
        "team": ["007", "007", "008"],
        "S_SPR1": ["5", "6", "7"],
        "S_SPR2": ["4", "5", "5"],
        "SALES": ["3.5", "4.5", "5.5"],
    }
)


@pytest.mark.parametrize(
    ("changes", "mapping", "fragment"),
    [
        ({"SALES": ["3,5", "1.234", "2"]}, "", r"'SALES'.*two ways.*row 2: 3,5, row 3: 1\.234"),
        ({"S_SPR1": ["5", "99", "9"]}, "", r"S_SPR1, row 3: 99 .* row 4: 9 .*missing: \[99\]"),
        ({"S_SPR1": ["5", "usein", "7"]}, "", "row 3: 'usein'"),
        ({"team": ["007", "7", "008"]}, "teams: t.csv", "row 3: '7', perhaps '007'"),
        ({"team": ["007", "009", "008"]}, "teams: t.csv", "row 3: '009'"),
        ({"team": ["007", "007\u200b", "008"]}, "", r"row 2: '007' and row 3: '007\\u200b'"),
        ({"respondent": ["a", "a", "c"]}, "", "row 2: a, row 3: a"),
        ({"completed_at": ["4/5/2026", "5/4/2026", "1/1/2026"]}, "", "day_first: true"),
        ({"completed_at": ["13/5/2026", "5/13/2026", "1/1/2026"]}, "", "two orders"),
        ({"S_SPR1": ["Täysin eri mieltä", "Jokseenkin eri mieltä", ""]}, "", r"scales: .S_SPR1: "),
        ({"consent": ["kyllä", "ehkä", "ei"]}, "", "row 3: 'ehkä'"),
        ({"Tiimi": ["1", "2", "3"]}, "", "'team' and 'Tiimi'"),
        ({}, "scales: {S_SPR1: [1, 5]}", "S_SPR1, row 3: 6 .from 1 to 5"),
        ({}, "types: {SALES: date}", "row 2: '3.5'"),
        ({}, "encoding: latin-99", "encoding cannot be 'latin-99'"),
        ({}, "keep: {speedster: true}", "keep cannot be"),
        ({}, "columns: {team_id: Tiimmi}", "no column 'Tiimmi'"),
        ({}, "teams: none.csv", "no list of teams 'none.csv'"),
    ],
)
def test_what_cannot_be_read_is_named_with_row_and_value(
    tmp_path, command, changes, mapping, fragment
):
    import re

    path, map_file, out = tmp_path / "a.csv", tmp_path / "m.yml", tmp_path / "r.json"
    SMALL.assign(**changes).to_csv(path, index=False)
    (tmp_path / "t.csv").write_text("team\n007\n008\n", encoding="utf-8")
    map_file.write_text(mapping or "{}", encoding="utf-8")
    code, said, err = command("check", path, "--mapping", map_file, "--json", out)
    assert (code, said, out.exists()) == (2, "", False)
    assert re.search(fragment, err), err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "mapping", "expected"),
    [
        ({"SALES": ["3,5", "1.234", "2"]}, 'decimal: ","', {"SALES": [3.5, 1234.0, 2.0]}),
        ({"S_SPR1": ["5", "99", "7"]}, "missing: [99]", {"S_SPR1": [5.0, None, 7.0]}),
        ({"S_SPR1": ["usein", "6", "7"]}, "labels: {usein: 5}", {"S_SPR1": [5, 6, 7]}),
        (
            {"S_SPR1": ["Täysin eri mieltä", "Jokseenkin eri mieltä", ""]},
            "scales: {S_SPR1: [1, 5]}",
            {"S_SPR1": [1.0, 2.0, None]},
        ),
        (
            {"completed_at": ["4/5/2026", "5/4/2026", "1/1/2026"]},
            "day_first: true",
            {"completed_at": ["2026-05-04", "2026-04-05", "2026-01-01"]},
        ),
        ({"UUSI": ["kyllä", "ei", ""]}, "types: {UUSI: boolean}", {"UUSI": ["1", "0", None]}),
        ({"team": ["no", "1E5", "007"]}, "", {"team": ["no", "1E5", "007"]}),
        ({"consent": ["kyllä", "ei", ""]}, "", {"respondent": ["a"]}),
    ],
)
def test_one_line_in_the_mapping_settles_it(tmp_path, changes, mapping, expected):
    path, map_file = tmp_path / "a.csv", tmp_path / "m.yml"
    SMALL.assign(**changes).to_csv(path, index=False)
    map_file.write_text(mapping or "{}", encoding="utf-8")
    answers = read_survey(path, map_file).answers
    for column, values in expected.items():
        read = [None if pd.isna(value) else value for value in answers[column]]
        assert read == values


def test_formulas_in_cells_stay_text_and_are_inert_in_what_is_written(tmp_path, command):
    path, out = tmp_path / "a.csv", tmp_path / "answers.csv"
    SMALL.assign(team=['=HYPERLINK("x")', "+1", "007"]).to_csv(path, index=False)
    assert read_survey(path).answers["team"].tolist() == ['=HYPERLINK("x")', "+1", "007"]
    assert command("check", path, "--answers", out)[0] == 0
    assert pd.read_csv(out, dtype=str)["team"].tolist() == ['\'=HYPERLINK("x")', "+1", "007"]


def test_the_order_of_columns_and_further_ones_change_nothing(survey, tmp_path):
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    survey.to_csv(one, index=False)
    survey[list(survey)[::-1]].assign(Muuta=1).to_csv(other, index=False)
    pd.testing.assert_frame_equal(judge(one, seed=1).tidy(), judge(other, seed=1).tidy())
