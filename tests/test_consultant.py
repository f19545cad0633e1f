"""The consultant's road, as README says it: a messy Finnish export becomes a Finnish report."""

import json
import re
import sys
import zipfile
from pathlib import Path

import pytest

from coaching_stats import cli, console
from coaching_stats.texts import texts

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from consultant import (
    LIMITS,
    PROGRAM,
    REMARK,
    asides,
    consultant_section,
    finnish_export,
    road,
)


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The folder in which every command of the road ran, and what each of them said."""
    folder = tmp_path_factory.mktemp("consultant")
    finnish_export(folder / "yourfile.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        codes = [run(words, patch) for words in road()]
    return folder, codes


def run(words, patch):
    patch.setattr(console, "PATIENCE", 1e6)
    patch.setattr("sys.argv", ["coaching-stats", *words])
    return cli.guarded(cli.app)


def test_five_commands_at_most_and_all_of_them_work(walked):
    _, codes = walked
    assert [words[0] for words in road()][:2] == ["check", "study"]
    assert len(codes) <= LIMITS["commands"]
    assert set(codes) == {0}


def test_the_export_is_read_as_it_was_meant(walked):
    folder, _ = walked
    receipt = json.loads((folder / "build/client/receipt.json").read_text(encoding="utf-8"))
    assert (receipt["delimiter"], receipt["decimal"], receipt["header_rows"]) == (";", ",", 2)
    assert receipt["rows_kept"] == receipt["rows_read"] > 100
    read = {entry["source"]: entry["item"] for entry in receipt["columns"]}
    assert {read[c] for c in ("ResponseId", "Tiimi", "Esihenkilö")} == {
        "respondent",
        "team",
        "manager",
    }
    assert read["sales_index"] == "sales_index"
    assert len([item for item in read.values() if item and item.startswith(("S_", "M_"))]) > 90


def test_the_report_is_finnish_and_answers_first(walked):
    folder, _ = walked
    page = (folder / "build/client/report.fi.html").read_text(encoding="utf-8")
    assert '<html lang="fi">' in page
    found = json.loads((folder / "build/client/results.json").read_text(encoding="utf-8"))
    answer = texts("fi")["theory"][found["theory"]["verdict"]].split("{")[0]
    assert 0 < page.index(answer) < page.index("<table")
    assert len(page.encode()) < LIMITS["bytes"]


def test_no_output_names_anybody_or_quotes_a_remark(walked):
    folder, _ = walked
    for path in (folder / "build" / "client").iterdir():
        text = path.read_bytes()
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                text = b"".join(book.read(name) for name in book.namelist())
        for secret in ("etunimi.sukunimi", REMARK, "R_S0001", "Helsinki T0"):
            assert secret.encode() not in text, (path.name, secret)


def test_the_other_commands_of_the_section_run_as_written(walked, monkeypatch):
    folder, _ = walked
    monkeypatch.chdir(folder)
    others = [one.removeprefix(PROGRAM).split() for one in asides() if "build/client" not in one]
    assert {words[0] for words in others} >= {"questionnaire", "new", "twin"}
    assert [words for words in others if run(words, monkeypatch) != 0] == []


def test_every_option_that_the_section_names_exists(capsys, monkeypatch):
    named = set(re.findall(r"(?<![\w-])--[a-z-]+", consultant_section()))
    known = ""
    for name in ("check", "study", "attack", "questionnaire", "twin"):
        assert run([name, "--help"], monkeypatch) == 0
        known += capsys.readouterr().out
    assert {option for option in named if option not in known} == set()
