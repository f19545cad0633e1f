"""pyproject.toml, requirements.lock, environment.yml and the Makefile agree."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PIN = re.compile(r"([\w.-]+)==([^\s;]+)(?: ; (.+?))?(?: --hash=sha256:[0-9a-f]{64})+")
EXTRAS = PROJECT["optional-dependencies"]
DIRECT = [
    Requirement(text) for text in PROJECT["dependencies"] + EXTRAS["notebooks"] + EXTRAS["test"]
]


def lock_entries():
    """Entries of the lock, each on one line, without comments."""
    code = "\n".join(line for line in LOCK.splitlines() if not line.lstrip().startswith("#"))
    return re.sub(r"\s*\\\n\s*", " ", code).splitlines()


def pins():
    """Name, version and marker of each pin."""
    return [match.groups() for match in map(PIN.fullmatch, lock_entries()) if match]


def supported_pythons():
    """Minor versions that pyproject.toml admits."""
    admits = SpecifierSet(PROJECT["requires-python"])
    return [f"3.{minor}" for minor in range(30) if f"3.{minor}" in admits]


@pytest.mark.parametrize("direct", DIRECT, ids=lambda direct: direct.name)
@pytest.mark.parametrize("python", supported_pythons())
def test_each_direct_dependency_has_one_pin_within_its_bounds(direct, python):
    """The lock serves every supported Python, with one version of each package."""
    running = {"python_version": python, "python_full_version": f"{python}.0"}
    versions = [
        version
        for name, version, marker in pins()
        if canonicalize_name(name) == canonicalize_name(direct.name)
        and (marker is None or Marker(marker).evaluate(running))
    ]
    assert len(versions) == 1
    assert versions[0] in direct.specifier


def test_every_entry_of_the_lock_is_a_pin_with_hashes():
    assert [entry for entry in lock_entries() if not PIN.fullmatch(entry)] == []


@pytest.mark.parametrize("address", ["://", "--index-url", "--extra-index-url", "--find-links"])
def test_the_lock_names_no_package_index(address):
    assert address not in LOCK


def test_there_is_one_lock():
    assert not (ROOT / "uv.lock").exists()


def test_conda_gets_a_supported_python_and_the_lock():
    *conda, pip = ENVIRONMENT["dependencies"]
    pinned = dict(spec.split("=") for spec in conda)
    assert pip == {"pip": ["-r requirements.lock"]}
    assert pinned["python"] in supported_pythons()
    assert pinned["pip"].isdecimal()


def test_make_admits_the_pythons_that_the_package_admits():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    admitted = re.search(r"^PYTHONS := (.+)$", makefile, re.MULTILINE)
    assert admitted[1].split() == supported_pythons()


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "CITATION.cff",
        "Makefile",
        "environment.yml",
        "postBuild",
        "pyproject.toml",
        "requirements.lock",
        ".ci/run",
        "data/README.md",
        "data/published/LICENSE",
        "data/published/attitude.csv",
        "data/published/lq2002.csv",
    ],
)
def test_the_repository_holds(path):
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("script", ["postBuild", ".ci/run"])
def test_scripts_can_be_executed(script):
    assert (ROOT / script).stat().st_mode & 0o111
