"""Runs that several tests look at, made once a session."""

from pathlib import Path

import pytest

from coaching_stats.study import run_study

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
