"""The workflows are YAML, and what their steps run is there."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from coaching_stats.cli import app

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
PINNED = re.compile(r"[\w-]+/[\w-]+@(v\d+|[0-9a-f]{40})")


def steps(path):
    """Steps of all jobs of a workflow."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def unknown_words(script):
    """Targets of make, commands and scripts of ours that a script runs and that are not there."""
    commands = set(typer.main.get_command(app).commands)
    targets = re.findall(r"\bmake ([a-z-]+)", script)
    used = re.findall(r"coaching-stats ([a-z]+)", script)
    scripts = re.findall(r"[\w/]+\.sh\b", script)
    gone = [name for name in scripts if not (ROOT / name).stat().st_mode & 0o111]
    return sorted({*targets} - TARGETS) + sorted({*used} - commands) + gone


def test_there_is_a_workflow():
    assert [path.name for path in WORKFLOWS] == ["tests.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_step_runs_what_is_there(path):
    scripts = [step["run"] for step in steps(path) if "run" in step]
    assert [unknown_words(script) for script in scripts] == [[] for _ in scripts]
    assert any("make test" in script for script in scripts)
    assert any("GITHUB_STEP_SUMMARY" in script for script in scripts)


def test_a_step_that_runs_what_is_not_there_is_seen():
    assert unknown_words("make tset && coaching-stats veryfi build") == ["tset", "veryfi"]
    with pytest.raises(FileNotFoundError):
        unknown_words("tests/none.sh")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_the_workflow_may_only_read(path):
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert [action for action in used if not PINNED.fullmatch(action)] == []
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_ci_runs_the_oldest_and_the_newest_python(path):
    admitted = re.search(r"^PYTHONS := (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    for job in jobs:
        assert job["strategy"]["matrix"]["python"] == [admitted[0], admitted[-1]]
