"""Pages that say how to add something: their steps are followed in a copy of the package.

What stands before a fenced block says what to do with it: save it as a file, add it above a line,
write it in place of something, run it, or compare it with what was printed.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPES = sorted(path.name for path in (ROOT / "docs").glob("add-a-*.md"))
BLOCK = re.compile(r"^(?P<lead>[^\n]*):\n\n```\w*\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)
SAVE = re.compile(r"[Ss]ave as `(?P<file>[^`]+)`$")
ABOVE = re.compile(r"[Ii]n `(?P<file>[^`]+)`, above `(?P<place>[^`]+)`, add$")
REPLACE = re.compile(r"[Ii]n `(?P<file>[^`]+)`, in place of `(?P<place>[^`]+)`, write$")


def steps(text):
    """Lead and block of every fenced block, in their order; none may be left out."""
    found = [(match["lead"], match["block"]) for match in BLOCK.finditer(text)]
    assert len(found) * 2 == len(re.findall(r"^```", text, re.MULTILINE)), "a block without a lead"
    return found


def add_above(file, place, block):
    text = file.read_text(encoding="utf-8")
    kept = text.splitlines(keepends=True)
    whole = [n for n, line in enumerate(kept) if line.rstrip("\n") == place]
    at = whole or [n for n, line in enumerate(kept) if line.startswith(place)]
    assert len(at) == 1, f"{len(at)} lines of {file.name} begin with {place!r}"
    file.write_text("".join([*kept[: at[0]], block, *kept[at[0] :]]), encoding="utf-8")


def replace(file, place, block):
    text = file.read_text(encoding="utf-8")
    assert place in text, f"{file.name} holds no {place!r}"
    file.write_text(text.replace(place, block.removesuffix("\n")), encoding="utf-8")


def run(folder, block):
    """What a script of the page prints, in the copy."""
    (folder / "step.py").write_text(block, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "step.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PATH": "", "PYTHONUTF8": "1", "MPLCONFIGDIR": str(folder)},
    )
    assert done.returncode == 0, f"{block}\n{done.stderr}"
    return done.stdout


def follow(text, folder):
    """Do what a page says; what was printed and what the page promises, run by run."""
    printed, promised = [], []
    for lead, block in steps(text):
        if match := SAVE.search(lead):
            (folder / match["file"]).write_text(block, encoding="utf-8")
        elif match := ABOVE.search(lead):
            add_above(folder / match["file"], match["place"], block)
        elif match := REPLACE.search(lead):
            replace(folder / match["file"], match["place"], block)
        elif lead.endswith("Run"):
            printed.append(run(folder, block))
        else:
            assert lead == "It prints", f"nothing is known of: {lead}"
            promised.append(block)
    return [text for text in printed if text], promised


@pytest.fixture
def copy(tmp_path):
    """The package and the samples, to be changed at will."""
    shutil.copytree(ROOT / "coaching_stats", tmp_path / "coaching_stats")
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path


@pytest.mark.parametrize("page", RECIPES)
def test_steps_of_the_page_give_what_it_promises(page, copy):
    printed, promised = follow((ROOT / "docs" / page).read_text(encoding="utf-8"), copy)
    assert len(promised) >= 1
    assert printed == promised


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("Run:\n\n```python\n1 / 0\n```\n", "ZeroDivisionError"),
        ("Guess:\n\n```python\n1\n```\n", "nothing is known of: Guess"),
        ("A word.\n\n```python\n1\n```\n", "a block without a lead"),
        ("In `a.txt`, above `c`, add:\n\n```text\nb\n```\n", "0 lines of a.txt begin with 'c'"),
        ("In `a.txt`, in place of `c`, write:\n\n```text\nb\n```\n", "a.txt holds no 'c'"),
    ],
)
def test_a_step_that_cannot_be_followed_is_named(text, culprit, tmp_path):
    (tmp_path / "a.txt").write_text("a\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=re.escape(culprit)):
        follow(text, tmp_path)


def test_steps_do_what_they_say(tmp_path):
    text = (
        "Save as `a.txt`:\n\n```text\none\nthree\n```\n"
        "\nIn `a.txt`, above `three`, add:\n\n```text\ntwo\n```\n"
        "\nIn `a.txt`, in place of `one`, write:\n\n```text\n1\n```\n"
        "\nRun:\n\n```python\nprint(open('a.txt').read().split())\n```\n"
        "\nIt prints:\n\n```text\n['1', 'two', 'three']\n```\n"
    )
    printed, promised = follow(text, tmp_path)
    assert printed == promised
