"""Runs that several tests look at, made once a session."""

import os
import time
from pathlib import Path

import pytest

from coaching_stats.output import write_outputs
from coaching_stats.study import run_study
from coaching_stats.texts import LANGUAGES

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "data" / "published"


@pytest.fixture(scope="session")
def theory_run():
    """The simulated sample, in which the theory is true."""
    return run_study()


@pytest.fixture(scope="session")
def one_client_run():
    """One simulated firm with one process."""
    return run_study(ROOT / "data" / "one_client")


@pytest.fixture(scope="session")
def attitude_run():
    """Thirty real departments."""
    return run_study(PUBLISHED / "attitude.csv", study=PUBLISHED / "attitude.study.yml")


@pytest.fixture(scope="session")
def lq2002_run():
    """Real soldiers in 49 companies."""
    return run_study(PUBLISHED / "lq2002.csv", study=PUBLISHED / "lq2002.study.yml")


@pytest.fixture(scope="session")
def outputs(request, tmp_path_factory):
    """All that the study command writes of a run, by the name of its fixture.

    Written once, by whichever of the test processes needs it first; the others wait for it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder_of(name):
        folder, done = shared / name, shared / f"{name}.done"
        try:
            folder.mkdir()
        except FileExistsError:
            while not done.exists():
                time.sleep(0.1)
            return folder
        try:
            write_outputs(request.getfixturevalue(name), folder, LANGUAGES)
        finally:
            done.touch()
        return folder

    return folder_of
