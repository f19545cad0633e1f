"""The command line: the main job end to end, and every kind of bad input refused cleanly."""

import json
import re
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from coaching_stats import cli, console
from coaching_stats.answers import SIMULATED_MARK
from coaching_stats.worlds import simulate

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "data" / "published"
OUTPUTS = {
    "published.csv",
    "receipt.json",
    "report.fi.html",
    "report.html",
    "results.json",
    "tables.xlsx",
}


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run the command line; give exit code, stdout, stderr and the output folder."""
    out = tmp_path / "out"

    def command(*words):
        monkeypatch.setattr(console, "PATIENCE", 1e6)  # progress is no message
        monkeypatch.setattr("sys.argv", ["coaching-stats", *map(str, words), "--out", str(out)])
        code = cli.guarded(cli.app)
        said = capsys.readouterr()
        return code, said.out, said.err, out

    return command


@pytest.fixture(scope="module")
def wide():
    """A small simulated survey as one file: a row per seller, manager values repeated."""
    tables = simulate("theory", firms=12, teams=2, sellers=6, seed=5)
    ids = ["seller_id", "team_id"]
    sellers = tables["seller_survey"].drop(columns=["wave", "completed_at", "language"])
    managers = tables["manager_survey"].filter(regex="^(team_id|M_)")
    teams = tables["teams"][["team_id", "firm_id", "n_sellers_roster"]]
    frame = sellers.merge(teams, on="team_id").merge(managers, on="team_id", how="left")
    return frame[ids + [c for c in frame if c not in ids]]


def study_of(tmp_path, **changes):
    """A study file made from the published one, with some keys changed."""
    raw = yaml.safe_load((PUBLISHED / "attitude.study.yml").read_text(encoding="utf-8"))
    path = tmp_path / "study.yml"
    path.write_text(yaml.safe_dump({**raw, **changes}), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["attitude", "lq2002"])
def test_published_data_run_through_the_same_river(run, name):
    study = PUBLISHED / f"{name}.study.yml"
    code, said, err, out = run("study", PUBLISHED / f"{name}.csv", "--study", study)
    assert (code, err) == (0, "")
    assert {path.name for path in out.iterdir()} == OUTPUTS
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    ids = [h["id"] for h in yaml.safe_load(study.read_text(encoding="utf-8"))["hypotheses"]]
    assert list(found["verdicts"]) == ids
    assert all(name in said for name in ids)


def test_one_client_is_told_what_cannot_be_tested(run):
    code, said, _, out = run("study", ROOT / "data" / "one_client", "--lang", "fi")
    assert code == 0
    assert "cannot be tested with these data; reason: G1" in said
    assert {path.name for path in out.iterdir()} == OUTPUTS - {"report.html"}
    words = json.loads((out / "results.json").read_text(encoding="utf-8"))["verdicts"]
    closed = {name for name, word in words.items() if word["verdict"] == "not testable"}
    assert closed == {"H1", "H2", "H5", "H6", "H7", "H8", "H15", "H19", "H20"}
    assert all(words[name]["reason"].startswith("G1: ") for name in closed)


def test_a_survey_in_one_file_gives_the_same_bytes_twice(run, wide, tmp_path):
    path = tmp_path / "survey.csv"
    wide.to_csv(path, index=False)
    code, _, err, out = run("study", path, "--lang", "en")
    assert (code, err) == (0, "")
    first = (out / "results.json").read_bytes()
    run("study", path, "--lang", "en")
    assert (out / "results.json").read_bytes() == first
    assert str(tmp_path).encode() not in first
    book = openpyxl.load_workbook(out / "tables.xlsx")
    assert book.sheetnames == ["Verdicts", "Legs", "Gates", "Scales", "Published figures", "Notes"]
    estimates = [cell.value for cell in book["Verdicts"]["E"][1:]]
    found = json.loads(first)["estimates"]
    expected = [found[f"{row.value}.estimate"] for row in book["Verdicts"]["A"][1:]]
    assert estimates == pytest.approx(expected, nan_ok=True)


def refused(result, *fragments):
    """One message on stderr that holds the fragments, nothing on stdout, nothing written."""
    code, said, err, out = result
    assert code == 2
    assert said == ""
    assert len(err.splitlines()) == 1
    for fragment in fragments:
        assert fragment in err
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        (None, ["no file or folder 'survey.csv'"]),
        (b"", ["survey.csv is empty"]),
        (b"\xef\xbb\xbf", ["survey.csv is empty"]),
        (b"team_id,S_SPR1\n", ["survey.csv has a header but no rows"]),
        (b"\x00\xff\xfe\x93binary\x00junk", ["survey.csv", "cannot be read as a table"]),
        (b"joukko;S_SPR1\n1;4\n", ["no column 'team_id'", "the columns are joukko, S_SPR1"]),
        (b"team_id,age\n1,4\n2,5\n", ["no column is an item", "team_id, age"]),
        (b"team_id,S_SPR1\n1,4,9\n", ["row 2: 3 cells"]),
    ],
)
def test_files_that_are_no_survey(run, tmp_path, content, fragments):
    path = tmp_path / "survey.csv"
    if content is not None:
        path.write_bytes(content)
    refused(run("study", path), *fragments, "What to do")


@pytest.mark.parametrize(
    ("change", "fragments"),
    [
        (lambda d: d.drop(columns="S_SPR2"), ["scale SPR lacks S_SPR2", "S_SPR1"]),
        (
            lambda d: d.assign(S_SPR1=d.S_SPR1.astype(object).where(d.index != 3, "often")),
            ["'S_SPR1' holds text", "row 5: 'often'"],
        ),
        (
            lambda d: d.assign(S_SPR1=d.S_SPR1.where(d.index != 3, 9)),
            ["outside their scale", "S_SPR1, row 5: 9 (from 1 to 7)"],
        ),
        (
            lambda d: d.assign(**{c: None for c in d if c.startswith("S_LPR")}),
            ["S_LPR1", "missing"],
        ),
        (
            lambda d: d.assign(M_WTC1=[1 + i % 7 for i in range(len(d))]),
            ["differ within a team", "M_WTC1 in team"],
        ),
        (
            lambda d: pd.concat([d, d.head(1).assign(S_SPR1=d.S_SPR1.iloc[0] % 7 + 1)]),
            ["more than once with different answers", "row 2"],
        ),
    ],
)
def test_surveys_that_cannot_be_right(run, wide, tmp_path, change, fragments):
    path = tmp_path / "survey.csv"
    change(wide).to_csv(path, index=False)
    refused(run("study", path), *fragments, "What to do")


def test_study_files_that_cannot_be_right(run, tmp_path):
    data = PUBLISHED / "attitude.csv"
    bad = study_of(tmp_path, hypothesis=[])
    refused(run("study", data, "--study", bad), "'hypothesis'; did you mean 'hypotheses'?")
    raw = yaml.safe_load((PUBLISHED / "attitude.study.yml").read_text(encoding="utf-8"))
    raw["hypotheses"][0]["sesio"] = raw["hypotheses"][0].pop("sesoi")
    bad = study_of(tmp_path, hypotheses=raw["hypotheses"])
    refused(run("study", data, "--study", bad), "A1", "'sesio'; did you mean 'sesoi'?")
    bad.write_text("hypotheses: [\n  {id: A1", encoding="utf-8")
    refused(run("study", data, "--study", bad), "broken YAML", "study.yml, line 2")
    refused(run("study", data, "--study", tmp_path / "none.yml"), "no study file", "none.yml")
    small = study_of(tmp_path, promise={"minimum_group": 3})
    refused(run("study", data, "--study", small), "minimum_group is 3", "fewer than 5", "study.yml")


def test_designs_that_cannot_carry_the_study(run, tmp_path):
    frame = pd.read_csv(PUBLISHED / "attitude.csv").assign(firm="one")
    frame["complaints"] = frame["privileges"] * 2 - 5
    data = tmp_path / "data.csv"
    frame.to_csv(data, index=False)
    plain = study_of(tmp_path)
    refused(run("study", data, "--study", plain), "rank-deficient", "PRIV", "COMPL")
    one = study_of(tmp_path, cluster="firm")
    refused(run("study", data, "--study", one), "cluster column 'firm' holds 1 cluster")
    columns = {"PRIV": "privilege", "LEARN": "learning", "COMPL": "complaints", "RATING": "rating"}
    wrong = study_of(tmp_path, columns=columns)
    refused(run("study", data, "--study", wrong), "'privilege'; did you mean 'privileges'?")
    plain = study_of(tmp_path)
    frame.assign(learning="high").to_csv(data, index=False)
    refused(run("study", data, "--study", plain), "'learning' holds text", "row 2: 'high'")
    frame.assign(learning=None).to_csv(data, index=False)
    refused(run("study", data, "--study", plain), "'learning' is missing")


def test_a_refusal_leaves_an_earlier_run_as_it_was(run, tmp_path):
    study = PUBLISHED / "attitude.study.yml"
    _, _, _, out = run("study", PUBLISHED / "attitude.csv", "--study", study)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    code, *_ = run("study", tmp_path / "missing.csv")
    assert code == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_simulate_refuses_what_cannot_be_simulated(run):
    for words, fragment in (
        (("theroy", "--firms", 2, "--teams", 2, "--sellers", 2), "did you mean 'theory'?"),
        (("theory", "--firms", 0, "--teams", 2, "--sellers", 2), "firms"),
    ):
        refused(run("simulate", *words), fragment)


def test_a_folder_of_tables_without_its_minimum_is_refused(run, tmp_path):
    folder = tmp_path / "tables"
    shutil.copytree(ROOT / "data" / "one_client", folder)
    (folder / "teams.csv").unlink()
    refused(run("study", folder), "lacks teams.csv")


def test_the_map_is_written_whole_or_not_at_all(run, tmp_path):
    inventory = ROOT / "data" / "sample" / "process_inventory.csv"
    earlier = tmp_path / "out" / "process_map.csv"
    earlier.parent.mkdir()
    earlier.write_text("an earlier map", encoding="utf-8")
    code, said, err, out = run("map", inventory)
    assert (code, err) == (0, "")
    assert "simulated" in said
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert len(before) == 5
    assert b"an earlier map" not in before.values()
    text = inventory.read_text(encoding="utf-8")
    bad = tmp_path / "bad.csv"
    bad.write_text(text.replace("P1,", "P99,", 1), encoding="utf-8")
    code, said, err, out = run("map", bad)
    assert (code, said) == (2, "")
    assert "P99" in err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_twin_stands_beside_the_mark_that_calls_it_simulated(run, wide, tmp_path):
    given = tmp_path / "export.csv"
    wide.to_csv(given, index=False)
    code, out, err, twin = run("twin", given)
    assert (code, err) == (0, "")
    assert "no row is a given one" in out
    assert len(pd.read_csv(twin)) == len(wide)
    for end in ("", SIMULATED_MARK):
        twin.with_name("out" + end).rename(tmp_path / f"twin.csv{end}")
    code, out, _, _ = run("study", tmp_path / "twin.csv", "--lang", "en")
    assert (code, out.count("Simulated data")) == (0, 1)


def test_help_names_the_commands_as_a_user_meets_them(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["coaching-stats", "--help"])
    assert cli.guarded(cli.app) == 0
    page = capsys.readouterr().out
    places = [re.search(rf"^\W*{name}  ", page, re.MULTILINE).start() for name in cli.ORDER]
    assert places == sorted(places)
    assert len(places) == len(cli.app.registered_commands)
