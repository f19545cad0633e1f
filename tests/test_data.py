"""The data files are the ones that were described and summed up."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from coaching_stats.answers import TRUTH_FILE
from coaching_stats.data_model import TABLES
from coaching_stats.tables import MINIMUM, write_tables
from coaching_stats.worlds import simulate

DATA = Path(__file__).parents[1] / "data"


def checksums():
    """SHA-256 by file name, as `sha256sum` writes them."""
    lines = (DATA / "CHECKSUMS").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_every_data_file_is_the_one_that_was_summed_up():
    files = [p for p in DATA.rglob("*") if p.suffix in (".csv", ".json", ".yml")]
    found = {
        p.relative_to(DATA).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
    }
    assert found == checksums()


def test_the_readme_names_every_data_file():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    named = {Path(name).stem.split(".")[0] for name in checksums()}
    assert {
        name for name in named if f"`{name}" not in readme and f"/{name}" not in readme
    } == set()


@pytest.mark.parametrize("name", ["sample", "one_client"])
def test_the_simulated_data_are_made_again_from_their_seed(name, tmp_path):
    truth = json.loads((DATA / name / TRUTH_FILE).read_text(encoding="utf-8"))
    write_tables(simulate(truth["world"], **truth["design"], seed=truth["seed"]), tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in (DATA / name).glob("*.csv")}


@pytest.mark.parametrize("name", ["sample", "one_client"])
def test_the_readme_gives_the_command_that_made_them(name):
    truth = json.loads((DATA / name / TRUTH_FILE).read_text(encoding="utf-8"))
    design = truth["design"]
    command = (
        f"coaching-stats simulate {truth['world']} --firms {design['firms']} "
        f"--teams {design['teams']} --sellers {design['sellers']} --seed {truth['seed']} "
        f"--out data/{name}"
    )
    assert command in (DATA / "README.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("page", [DATA / "README.md", DATA.parent / "docs" / "data-model.md"])
def test_the_pages_mark_the_columns_that_a_table_must_have(page):
    text = page.read_text(encoding="utf-8").partition("## 2. ")[0]
    rows = [row.strip("|").split("|") for row in text.splitlines() if row.count("|") >= 4]
    named = {name: cells for name, *cells in rows if name.strip(" `") in TABLES}
    assert [name.strip(" `") for name in named] == list(TABLES)
    for name, cells in named.items():
        table = TABLES[name.strip(" `")]
        assert re.findall(r"`(\w+)`!", cells[-1]) == list(table.required)
        is_bold = len(cells) == 2  # keys and columns in one cell
        keys = re.findall(r"\*\*`(\w+)`\*\*" if is_bold else r"`(\w+)`", cells[1])
        assert keys == list(table.key)


def test_the_readme_names_the_least_that_a_study_needs():
    readme = " ".join((DATA / "README.md").read_text(encoding="utf-8").split())
    assert f"needs {' and '.join(f'`{name}.csv`' for name in MINIMUM)}" in readme
