"""Notebooks as committed: executed in order, clean, and holding no result in their prose."""

import ast
import json
import re
from pathlib import Path

import pytest

import coaching_stats

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
MAX_BYTES = 500_000  # six pictures of 60 kB; vectors would be larger
DECIMAL = re.compile(r"\d[.,]\d|\d\s?%|per ?cent", re.IGNORECASE)


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [c for c in notebook["cells"] if c["cell_type"] == kind]


def faults(path):
    """What is wrong with the code cells and their outputs, one line each."""
    found = []
    for place, cell in enumerate(cells(path, "code"), start=1):
        if cell["execution_count"] != place:
            found.append(f"cell {place}: run the notebook from top to bottom (make notebooks)")
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"cell {place}: ends in an error")
            if output.get("name") == "stderr":
                found.append(f"cell {place}: prints a warning")
        draws = "cs.plot_" in "".join(cell["source"])
        if draws != any("image/png" in o.get("data", {}) for o in cell["outputs"]):
            found.append(f"cell {place}: a picture is missing, or comes from nowhere")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_outputs_are_those_of_one_clean_run(path):
    assert faults(path) == []
    assert path.stat().st_size < MAX_BYTES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_text_cells_hold_no_results(path):
    prose = ["".join(cell["source"]) for cell in cells(path, "markdown")]
    assert [text for text in prose if DECIMAL.search(text)] == []
    assert prose[0].startswith("# ")
    assert prose[0].splitlines()[0].endswith("?")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_one_cell_takes_the_users_own_file(path):
    tagged = [c for c in cells(path, "code") if "parameters" in c["metadata"].get("tags", [])]
    (assignment,) = ast.parse("".join(tagged[0]["source"])).body
    names = [name.id for name in assignment.targets[0].elts]
    assert (len(tagged), names) == (1, ["DATA", "STUDY", "MAPPING", "SEED"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_code_only_calls_public_names_and_defines_nothing(path):
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in cells(path, "code")))
    nodes = list(ast.walk(tree))
    assert not [n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Lambda)]
    used = {
        n.attr
        for n in nodes
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "cs"
    }
    assert used <= set(coaching_stats.__all__)


FORGERIES = {
    "picture removed": lambda _code, picture: picture["outputs"].clear(),
    "never executed": lambda code, _picture: code[1].update(execution_count=None),
    "out of order": lambda code, _picture: code[0].update(execution_count=7),
    "warning": lambda code, _picture: code[1]["outputs"].append(
        {"output_type": "stream", "name": "stderr", "text": "!"}
    ),
    "error": lambda code, _picture: code[1]["outputs"].append({"output_type": "error"}),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forgeries_are_seen(tmp_path, forgery):
    notebook = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    picture = next(cell for cell in code if "cs.plot_" in "".join(cell["source"]))
    FORGERIES[forgery](code, picture)
    forged = tmp_path / "forged.ipynb"
    forged.write_text(json.dumps(notebook), encoding="utf-8")
    assert len(faults(forged)) == 1
