"""The pages: links lead somewhere, and numbers and names are those of references and code."""

import json
import re
from pathlib import Path

import pytest
from test_docstrings import ESTIMATORS, PARTS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = ("benchmarks", "data", "tests")
READMES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("README.md"))
LINKED = [*PAGES, ROOT / "CHANGELOG.md", *READMES]
LINK = re.compile(r"(?<!`)!?\[[^\]\n]*\]\(([^)\s]+)\)")
NUMBER = re.compile(r"`([a-z][a-z0-9_]*/[^`\s]+)` = (-?\d+(?:\.\d+)?)")
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
MODULE = re.compile(r"`(\w+\.py)`")


def without_fences(text):
    """A page without its fenced blocks, in which brackets are code."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them, each with its repeats."""
    found = []
    for heading in re.findall(r"^#+ +(.+?) *#*$", without_fences(text), flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.append(anchor if anchor not in found else f"{anchor}-{found.count(anchor)}")
    return found


def leads_somewhere(link, page, text):
    """Whether a link within the repository leads to a file, and to a heading where it names one."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or ROOT not in target.parents:
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8") if path else text)


def broken_links(page, text):
    """Links of a page that lead nowhere; addresses on the web are left alone."""
    links = [link for link in LINK.findall(without_fences(text)) if not re.match(r"[a-z]+:", link)]
    return [link for link in links if not leads_somewhere(link, page, text)]


def reference(address):
    """The number at an address such as `lq2002/aggregation/icc/LEAD/ICC2`."""
    topic, *keys = address.split("/")
    file = ROOT / "tests" / "reference" / topic / "results.json"
    value = json.loads(file.read_text(encoding="utf-8"))
    for key in keys:
        value = value[key]
    return value


def wrong_numbers(text):
    """Numbers that are not those of their reference, rounded to as many digits as they have."""
    for address, written in NUMBER.findall(text):
        digits = len(written.partition(".")[2])
        if f"{reference(address):.{digits}f}" != f"{float(written):.{digits}f}":
            yield f"{address} = {written}"


def unknown_names(text):
    """Tests and modules that are named and do not exist."""
    for file, test in TEST.findall(text):
        path = ROOT / "tests" / file
        if not path.exists() or f"def {test}(" not in path.read_text(encoding="utf-8"):
            yield f"{file}::{test}"
    for module in MODULE.findall(text):
        if (
            not (ROOT / "coaching_stats" / module).exists()
            and not (ROOT / "tests" / module).exists()
        ):
            yield module


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def glossary():
    """Cells of the glossary's rows: English, Finnish, and a sentence in each."""
    rows = [line for line in page("glossary.md").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:]]


@pytest.mark.parametrize("path", LINKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_a_file_or_heading(path):
    assert broken_links(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "link",
    ["docs/nothing.md", "docs/method.md#nothing", "#nothing", "../outside.md"],
)
def test_a_broken_link_is_found(link):
    text = (
        f"# Here\n\nSee [this]({link}), [there](docs/method.md#8-the-verdict) and [here](#here).\n"
    )
    assert broken_links(ROOT / "README.md", text) == [link]


def test_the_index_names_every_page_once():
    named = re.findall(r"\(([\w-]+\.md)\)", page("README.md"))
    assert sorted(named) == [path.name for path in PAGES if path.name != "README.md"]


def test_make_test_runs_every_snippet():
    """And no snippet asks to be left out."""
    command = re.search(r"^test:.*?\n\n", (ROOT / "Makefile").read_text("utf-8"), re.M | re.S)[0]
    assert "--doctest-glob='*.md'" in command
    assert re.search(r" README\.md .*docs", command)
    skipped = [path.name for path in PAGES if "+SKIP" in path.read_text(encoding="utf-8")]
    assert skipped == []


def test_reference_numbers_are_those_of_the_references():
    text = page("estimators.md")
    assert len(NUMBER.findall(text)) > 20
    assert list(wrong_numbers(text)) == []


def test_a_wrong_number_is_found():
    address = "lq2002/aggregation/icc/LEAD/ICC2"
    assert list(wrong_numbers(f"`{address}` = 0.801 and `{address}` = 0.802")) == [
        f"{address} = 0.802"
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_and_modules_that_are_named_exist(path):
    assert list(unknown_names(path.read_text(encoding="utf-8"))) == []


def test_an_unknown_name_is_found():
    known = "`test_docs.py::test_an_unknown_name_is_found`, `regression.py`"
    assert list(unknown_names(known + ", `test_docs.py::test_nothing`, `nothing.py`")) == [
        "test_docs.py::test_nothing",
        "nothing.py",
    ]


def test_every_estimator_stands_on_the_page_with_a_source():
    text = page("estimators.md")
    modules = {name.partition(":")[0] for name in (*ESTIMATORS, *PARTS)}
    assert sorted(m for m in modules if f"`{m}.py`" not in text) == []
    entries = re.split(r"^#{2,3} ", text, flags=re.MULTILINE)[1:]
    with_module = [entry for entry in entries if "Module: " in entry]
    unsourced = [
        e.partition("\n")[0] for e in with_module if not re.search(r"[( ](18|19|20)\d\d", e)
    ]
    assert unsourced == []


def test_the_glossary_is_in_both_languages_and_in_order():
    rows = glossary()
    terms = [row[0] for row in rows]
    assert len(rows) > 60
    assert terms == sorted(terms, key=str.casefold)
    assert len(set(terms)) == len(terms)
    short = [row[0] for row in rows if len(row) != 4 or not all(row)]
    untold = [row[0] for row in rows if not (row[2].endswith(".") and row[3].endswith("."))]
    copied = [row[0] for row in rows if row[2] == row[3]]
    assert (short, untold, copied) == ([], [], [])
