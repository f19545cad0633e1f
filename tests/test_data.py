"""The data files are the ones that were described and summed up."""

import hashlib
from pathlib import Path

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
