"""One file of a survey tool: what was read, under which names, and what could not be."""

import json

import pandas as pd
import pytest
import yaml

from coaching_stats import cli
from coaching_stats.instrument import load_instrument
from coaching_stats.study import judge
from coaching_stats.survey import proposed_mapping, read_survey
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


def test_wordings_become_names_only_where_they_are_certain():
    certain = ITEMS["S_SPR1"].text_fi
    shared = ITEMS["S_MARK1"].text_en
    near = ITEMS["S_SPR2"].text_en.replace("quickly", "fast")
    text = proposed_mapping([certain.upper(), shared, near, "S_SPR3", "Muuta?"])
    assert yaml.safe_load(text)["columns"] == {"S_SPR1": certain.upper()}
    assert f'# S_MARK1 or M_MARK1: "{shared}"' in text
    assert f'# near S_SPR2: "{near}"' in text
    assert '# nothing of ours: "Muuta?"' in text
    assert "S_SPR3" not in text


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
    assert "delimiter ;" in said
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
    assert [problem["column"] for problem in found["problems"]] == ["Palaute"]
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
