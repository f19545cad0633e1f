"""What is there already: an earlier run is replaced, and nothing that a user wrote is lost."""

import json

import pytest

from coaching_stats import cli, console
from coaching_stats.client_folder import CLIENT
from coaching_stats.output import MAP_FILES, RUN_FILES
from coaching_stats.worlds import simulate

SIMULATE = ("simulate", "null", "--firms", 2, "--teams", 3, "--sellers", 3, "--out")
FORM = ("questionnaire", "--format", "csv", "--lang", "fi", "--form", "seller")
MINE = "mine"


@pytest.fixture
def command(capsys, monkeypatch, tmp_path):
    """Run a command in an empty folder; give its exit code and what it said on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "PATIENCE", 1e6)

    def run(*words):
        monkeypatch.setattr("sys.argv", ["coaching-stats", *map(str, words)])
        code = cli.guarded(cli.app)
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def answers(tmp_path):
    """An export of a small survey."""
    survey = simulate("null", firms=1, teams=5, sellers=8, seed=2)["seller_survey"]
    path = tmp_path / "export.csv"
    survey.drop(columns="wave").to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("check", "export.csv", "--write-mapping", "m.yml"), "m.yml"),
        (("check", "export.csv", "--answers", "a.csv"), "a.csv"),
        (("check", "export.csv", "--json", "r.json"), "r.json"),
        (("twin", "export.csv", "--out", "t.csv"), "t.csv"),
        (FORM, "questionnaire.seller.fi.csv"),
        ((*FORM, "--out", "q.csv"), "q.csv"),
        ((*SIMULATE, "sim"), "sim/teams.csv"),
    ],
    ids=["mapping", "answers", "receipt", "twin", "questionnaire", "questionnaire-out", "simulate"],
)
@pytest.mark.usefixtures("answers")
def test_a_run_may_be_repeated_and_what_others_wrote_stays(command, tmp_path, words, name):
    path = tmp_path / name
    assert command(*words) == (0, "")
    first = path.read_bytes()
    assert command(*words) == (0, "")
    assert path.read_bytes() == first
    for mark in ("t.csv.simulated", "sim/truth.json"):  # by them an earlier run is known
        (tmp_path / mark).unlink(missing_ok=True)
    path.write_text(MINE, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    code, err = command(*words)
    assert (code, err.count("\n")) == (2, 1)
    assert path.name in err
    assert "What to do: name another" in err
    assert path.read_text(encoding="utf-8") == MINE
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mapping_that_was_corrected_is_kept_and_an_untouched_one_replaced(
    command, answers, tmp_path
):
    """A new client begins with a mapping that holds nothing of the user's yet."""
    path = tmp_path / "mapping.yml"
    path.write_bytes((CLIENT / "mapping.yml").read_bytes())
    assert command("check", answers, "--write-mapping", path) == (0, "")
    assert "S_SPR1" in path.read_text(encoding="utf-8")
    corrected = path.read_text(encoding="utf-8") + "missing: [99]\n"
    path.write_text(corrected, encoding="utf-8")
    words = ("check", answers, "--mapping", path, "--write-mapping", path)
    assert command(*words)[0] == 2
    answers.write_text(answers.read_text(encoding="utf-8").replace("\n", "\nx", 1) + "?")
    assert command(*words)[0] == 2
    assert path.read_text(encoding="utf-8") == corrected


def test_a_receipt_is_replaced_by_the_next(command, answers, tmp_path):
    path = tmp_path / "r.json"
    assert command("check", answers, "--json", path)[0] == 0
    lines = answers.read_text(encoding="utf-8").splitlines()
    answers.write_text("\n".join(lines[:-1]), encoding="utf-8")
    assert command("check", answers, "--json", path)[0] == 0
    assert json.loads(path.read_text(encoding="utf-8"))["rows_read"] == len(lines) - 2


def test_check_writes_neither_over_its_input_nor_twice_into_one_file(command, answers, tmp_path):
    before = answers.read_bytes()
    assert "written over" in command("check", answers, "--answers", answers)[1]
    both = ("--answers", "x", "--json", tmp_path / "x")
    assert "to one file (x)" in command("check", answers, *both)[1]
    assert answers.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["export.csv"]


@pytest.mark.parametrize("out", [".", "data", "data/tables"])
def test_results_go_into_no_folder_that_holds_the_data(command, tmp_path, out):
    tables = tmp_path / "data" / "tables"
    inventory = tables / "process_inventory.csv"
    assert command(*SIMULATE, tables)[0] == 0
    before = sorted(tmp_path.rglob("*"))
    for words in (("study", tables), ("study", inventory), ("map", inventory)):
        code, err = command(*words, "--out", out)
        assert code == 2
        assert "holds the data" in err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("name", "files"), [("study", RUN_FILES), ("map", MAP_FILES)])
def test_a_folder_with_files_that_no_run_wrote_is_left_alone(command, tmp_path, name, files):
    assert command(*SIMULATE, "sim")[0] == 0
    data = "sim" if name == "study" else "sim/process_inventory.csv"
    for file in set(files) - {"results.json", "process_map.csv"}:
        out = tmp_path / file.replace(".", "-")
        out.mkdir()
        (out / file).write_text(MINE, encoding="utf-8")
        code, err = command(name, data, "--out", out)
        assert code == 2
        assert file in err
        assert [path.name for path in out.iterdir()] == [file]


def test_an_error_matrix_is_refused_before_it_is_computed(command, tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text(MINE, encoding="utf-8")
    design = ("--firms", 90, "--teams", 9, "--sellers", 9, "--sims", 10**6)
    code, err = command("calibrate", *design, "--out", path)
    assert code == 2
    assert "rates.csv" in err
    assert path.read_text(encoding="utf-8") == MINE
