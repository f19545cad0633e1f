"""Forged copies of a real notebook, as stored: each fault is seen, and the remedy said."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output
from notebook_check.stored import MAX_BYTES, faults

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SMALLEST = min(NOTEBOOKS, key=lambda path: path.stat().st_size)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


# Each forgery changes one code cell (or the notebook), and is one fault.


def never_executed(code, _):
    code[3].update(execution_count=None, outputs=[])


def executed_out_of_order(code, _):
    code[3].update(execution_count=2)
    for output in code[3].outputs:
        output.execution_count = 2


def executed_again_later(code, _):
    last = code[-1]
    last.update(execution_count=99)
    for output in last.outputs:
        output.execution_count = 99


def output_of_an_earlier_run(code, _):
    code[3].outputs[0].execution_count = 1


def ends_in_an_error(code, _):
    code[-1].outputs.append(new_output("error", ename="KeyError", evalue="'x'", traceback=[]))


def warns(code, _):
    code[1].outputs.append(new_output("stream", name="stderr", text="FutureWarning: ..."))


def excused_by_a_tag(code, _):
    code[3].metadata["tags"] = ["nbval-ignore-output"]


def excused_by_a_comment(code, _):
    code[3].source = "# NBVAL_SKIP\n" + code[3].source


def names_a_folder(folder):
    def forge(code, _):
        code[2].outputs[0].text += f"read {folder} in full\n"

    return forge


def holds(text):
    def forge(code, _):
        code[3].outputs[0].data["text/html"] += text

    return forge


def shows_a_script(code, _):
    code[3].outputs[0].data["application/javascript"] = "element.innerHTML = '<b>0.9</b>'"


def pasted_picture(_, notebook):
    notebook.cells[0].source += "\n![the result](attachment:result.png)"


def too_large(code, _):
    code[2].outputs[0].text += "all is well\n" * (MAX_BYTES // 12)


STORED = {
    "never executed": (never_executed, "never executed"),
    "out of order": (executed_out_of_order, "out of order"),
    "stale count": (executed_again_later, "stale execution count 99"),
    "stale output": (output_of_an_earlier_run, "stale output of run 1"),
    "error": (ends_in_an_error, "correct the code"),
    "warning": (warns, "remove the cause of the warning"),
    "excused by a tag": (excused_by_a_tag, "remove the tag"),
    "excused by a comment": (excused_by_a_comment, "remove the tag or comment"),
    "path, Linux": (names_a_folder("/home/someone/answers.csv"), "use a path relative"),
    "path, temporary": (names_a_folder("file:/tmp/x.csv"), "use a path relative"),
    "path, root": (names_a_folder("/root/x.csv"), "use a path relative"),
    "path, CI": (names_a_folder("'/builds/x.csv'"), "use a path relative"),
    "path, Mac": (names_a_folder("(/Users/someone/x.csv)"), "use a path relative"),
    "path, Windows": (names_a_folder("C:\\Users\\someone\\x.csv"), "use a path relative"),
    "address of an object": (holds("<Run object at 0x7f3c5e1a2b90>"), "not the object"),
    "id of a Styler": (holds('<table id="T_3fa9c">'), "not the object"),
    "id of a vector": (holds('<path id="mb1e6d0a9f3" d="M 0 0"/>'), "not the object"),
    "uuid": (holds("9b2f61d4-0c1e-4d5a-8f7b-2a3c4d5e6f70"), "not the object"),
    "script": (shows_a_script, "show text, a table or a PNG figure instead"),
    "pasted picture": (pasted_picture, "draw it in a code cell"),
    "size": (too_large, "show fewer or smaller figures"),
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem[:2])
def test_real_notebooks_are_without_fault(path):
    assert faults(path) == []


@pytest.mark.parametrize("name", STORED)
def test_a_forged_copy_has_one_fault(name, tmp_path):
    forge, remedy = STORED[name]
    notebook = nbformat.read(SMALLEST, as_version=4)
    forge(code_cells(notebook), notebook)
    nbformat.write(notebook, tmp_path / "forged.ipynb")
    (fault,) = faults(tmp_path / "forged.ipynb")
    assert remedy in fault
