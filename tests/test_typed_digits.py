"""Numbers in prose are computed: nobody types them, but for those that a list allows."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from number_check.typed import (
    ALLOWED,
    REMEDY,
    notebook_prose,
    prose,
    template_prose,
    typed,
    value_in_code,
)

PROSE = dict(prose())
TIED = [entry for entry in ALLOWED if "set_in" in entry]


def test_no_digit_is_typed_that_is_not_allowed():
    found = {place: typed(text) for place, text in PROSE.items()}
    assert {place: digits for place, digits in found.items() if digits} == {}, REMEDY


def test_all_three_kinds_of_prose_are_read():
    kinds = {Path(place.split(",")[0].split("/")[0]).suffix for place in PROSE}
    assert kinds == {".ipynb", ".j2", ".yml"}


@pytest.mark.parametrize("entry", ALLOWED, ids=lambda entry: entry["pattern"])
def test_every_allowed_phrase_is_in_use_and_has_its_reason(entry):
    assert [text for text in PROSE.values() if re.search(entry["pattern"], text, re.MULTILINE)]
    assert len(entry["reason"].split()) >= 3


@pytest.mark.parametrize("entry", TIED, ids=lambda entry: entry["pattern"])
def test_an_allowed_number_is_the_one_in_the_code(entry):
    value = value_in_code(entry["set_in"])
    phrases = [m for text in PROSE.values() for m in re.finditer(entry["pattern"], text)]
    said = {
        float(re.sub(r"\D", "", g)) for m in phrases for g in m.groups() if re.match(r"\d", g or "")
    }
    assert len(said) == 1
    assert said <= {value, round(100 * value, 9)}


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("The slope is −0.42.", ["0.42"]),
        ("Rigidity explains 18 % of it.", ["18"]),
        ("H1 is supported in 134 teams, see G3 and P16.", ["134"]),
        ("Of 1,111 sellers 12.", ["1,111", "12"]),
        ("95 % of the sellers agree; 95 % CI.", ["95"]),
        ("ICC(1) is 0.26, ICC(2) 0.73; CR2 has 21 df.", ["0.26", "0.73", "21"]),
        ("H100 and CR3 are no names of ours.", ["100", "3"]),
        ("resampled 2,000 times in 3 firms", ["3"]),
        ("Next: `02_what_do_published_data_say`, part 2.", ["2"]),
    ],
)
def test_typed_digits_are_found_and_names_are_not(text, digits):
    assert typed(text) == digits


def test_a_digit_typed_into_a_text_cell_is_found(tmp_path):
    cells = [new_markdown_cell("# Why?"), new_markdown_cell("The answer is 0.93.")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "typed.ipynb")
    found = {place: typed(text) for place, text in notebook_prose(tmp_path / "typed.ipynb")}
    assert found == {"typed.ipynb, cell 1": [], "typed.ipynb, cell 2": ["0.93"]}


@pytest.mark.parametrize(
    ("source", "digits"),
    [
        ("<style>p { margin: 3px }</style><p style='top: 4px'>{{ n }} teams</p>", []),
        ("<p>{{ n }} teams of 150</p>", ["150"]),
        ("<p>{{ '0.42' if n > 5 else n }}</p>", ["0.42"]),
        ('<img width="800" alt="slope 0.42">', ["0.42"]),
        ("<script>const x = row[0];</script><p>{{ n }}</p>", []),
        ("{% if n > 8 %}<td>{{ n }}</td>{# 9 #}{% endif %}", []),
        ('<meta name="viewport" content="initial-scale=1">', []),
    ],
)
def test_a_digit_typed_into_a_template_is_found(source, digits):
    assert typed(template_prose(source)) == digits
