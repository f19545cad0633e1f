"""A new client folder runs at once, refuses what it should, and keeps answers out of git."""

import subprocess
import sys

import pytest

from coaching_stats.client_folder import new_client
from coaching_stats.errors import DataError, StudyError
from coaching_stats.notebook_runs import run_notebook
from coaching_stats.study import run_study


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return new_client(tmp_path_factory.mktemp("work") / "asiakas oy", teams=12)


def test_its_own_test_passes(client):
    """The notebook runs with its mapping and study, and a misspelt parameter is refused."""
    pytest.importorskip("papermill")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_client.py"]
    done = subprocess.run(command, cwd=client, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_simulated_answers_are_called_so(client):
    run = run_study(
        client / "data" / "simulated.csv",
        study=client / "study.yml",
        mapping=client / "mapping.yml",
    )
    assert run.source.is_simulated
    assert run.panel.teams["team_id"].nunique() == 12
    assert run.verdicts.theory.verdict == "not testable"


def test_git_sees_the_simulated_answers_and_no_others(client):
    (client / "data" / "export.xlsx").write_bytes(b"secret")
    (client / "report").mkdir()
    (client / "report" / "results.json").write_text("{}")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=client, check=True)
    listed = subprocess.run(["git", "ls-files"], cwd=client, capture_output=True, text=True)
    names = listed.stdout.split()
    assert "data/simulated.csv" in names
    assert "study.yml" in names
    assert not [name for name in names if "export" in name or name.startswith("report")]


def test_a_folder_that_holds_something_is_left_alone(client):
    before = (client / "mapping.yml").read_bytes()
    with pytest.raises(DataError, match="not empty"):
        new_client(client)
    assert (client / "mapping.yml").read_bytes() == before


def test_a_notebook_without_parameters_is_refused(tmp_path):
    pytest.importorskip("papermill")
    nbformat = pytest.importorskip("nbformat")
    path = tmp_path / "plain.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    with pytest.raises(StudyError, match="no parameter"):
        run_notebook(path, tmp_path / "out.ipynb", {"data": "x"})
    assert not (tmp_path / "out.ipynb").exists()
