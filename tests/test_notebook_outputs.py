"""Forged outputs of a real notebook: a fresh run refuses each, and says what to do."""

import base64
import io
import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.image
import nbformat
import pytest
from nbformat.v4 import new_output
from notebook_check.outputs import FIGURE_TOLERANCE, differences, figure_differences

ROOT = Path(__file__).parents[1]
PUBLISHED = next((ROOT / "notebooks").glob("02_*.ipynb"))


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell, kind):
    """The data of a cell's first output that shows something of a kind, to be changed."""
    return next(output.data for output in cell.outputs if kind in output.get("data", {}))


def printed(cell):
    return next(output for output in cell.outputs if output.output_type == "stream")


def other_digit(text, pattern):
    """The text with the last digit of the last match raised by one, 9 becoming 0."""
    end = list(re.finditer(pattern, text))[-1].end(1)
    return text[: end - 1] + str((int(text[end - 1]) + 1) % 10) + text[end:]


# All forgeries in one copy, a cell each, so that one run judges them all.


def added_output(cell):
    cell.outputs.append(new_output("display_data", {"text/plain": "r = 0.93"}))


def changed_word_in_text(cell):
    printed(cell).text = re.sub(r"\b[a-z]{4,}\b", "all", printed(cell).text, count=1)


def changed_number_in_text(cell):
    printed(cell).text = other_digit(printed(cell).text, r"(?<![\w.])(\d+)(?=\D)")


def removed_line(cell):
    printed(cell).text = "\n".join(printed(cell).text.split("\n")[1:])


def removed_output(cell):
    cell.outputs.clear()


def removed_output_and_count(cell):
    cell.update(outputs=[], execution_count=None)


def changed_digit_in_table(cell):
    data = shown(cell, "text/html")
    data["text/html"] = other_digit(data["text/html"], r">(-?\d+\.\d+)<")


def changed_digit_in_plain_table(cell):
    data = shown(cell, "text/plain")
    data["text/plain"] = other_digit(data["text/plain"], r"(\d\.\d+)")


def changed_word_in_table(cell):
    data = shown(cell, "text/html")
    data["text/html"] = data["text/html"].replace("estimate", "effect", 1)


def removed_row(cell):
    data = shown(cell, "text/html")
    data["text/html"] = re.sub(r"<tr[^>]*>(?!.*<tr).*?</tr>", "", data["text/html"], flags=re.S)


def table_only_as_text(cell):
    del shown(cell, "text/html")["text/html"]


def repainted_figure(cell):
    """A patch of three by three pixels turns black: a digit at the least."""
    data = shown(cell, "image/png")
    data["image/png"] = repainted(data["image/png"], level=0.0)


def repainted(png, level):
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(png)), format="png").copy()
    pixels[50:53, 50:53, :3] = level
    written = io.BytesIO()
    matplotlib.image.imsave(written, pixels, format="png")
    return base64.b64encode(written.getvalue()).decode("ascii")


FORGED = {
    added_output: ("nothing", "comes from nowhere"),
    changed_number_in_text: ("stream", "the text says"),
    changed_word_in_text: ("stream", "the text says"),
    removed_line: ("stream", "the text says"),
    changed_digit_in_table: ("text/html", "the table says"),
    changed_digit_in_plain_table: ("text/html", "the text says"),
    changed_word_in_table: ("text/html", "'effect' at row"),
    removed_row: ("text/html", "rows"),
    removed_output: ("text/html", "is missing"),
    table_only_as_text: ("text/html", "is stored as"),
    repainted_figure: ("image/png", "differs in 9 of"),
    removed_output_and_count: ("image/png", "is missing"),
}


def kind_of(cell):
    """What a cell's first output shows first, as the forgeries name it."""
    if not cell.outputs:
        return "nothing"
    data = cell.outputs[0].get("data", {"stream": ""})
    return next(kind for kind in ("text/html", "image/png", "stream", "text/plain") if kind in data)


def places_of_swap(code):
    """Two figures of one size."""
    sizes = [shown(c, "image/png")["text/plain"] if kind_of(c) == "image/png" else "" for c in code]
    return [place for place, size in enumerate(sizes) if size and sizes.count(size) == 2]


def forge_all(code):
    """Forge a cell with each forgery, and say which; the last cell stays honest."""
    one, other = swapped = places_of_swap(code)
    pictures = [code[place].outputs[0].data["image/png"] for place in swapped]
    for place, picture in zip((other, one), pictures, strict=True):
        code[place].outputs[0].data["image/png"] = picture
    free = [place for place in range(len(code) - 1) if place not in swapped]
    places = {}
    for forge, (kind, _) in FORGED.items():
        places[forge] = next(place for place in free if kind_of(code[place]) == kind)
        free.remove(places[forge])
    for forge, place in places.items():
        forge(code[place])
    return {"swapped": swapped} | {forge.__name__: [place] for forge, place in places.items()}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Cells of each forgery in one forged copy, and messages: the plugin runs it as make does."""
    folder = tmp_path_factory.mktemp("forged")
    (folder / "data").symlink_to(ROOT / "data")
    (folder / "notebooks").mkdir()
    notebook = nbformat.read(PUBLISHED, as_version=4)
    forged = forge_all(code_cells(notebook))
    nbformat.write(notebook, folder / "notebooks" / PUBLISHED.name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-c", ROOT / "pyproject.toml", "-p", "nbval.plugin", "-p", "notebook_check.plugin"]
    command += [f"--junitxml={folder / 'verdict.xml'}", folder / "notebooks"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    cases = ElementTree.parse(folder / "verdict.xml").iter("testcase")
    said = {case.get("name"): "".join(case.itertext()) for case in cases}
    return {
        name: [said[f"cell {place + 1}"] for place in places] for name, places in forged.items()
    }, said


@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__)
def test_an_output_that_the_code_does_not_give_is_refused(forge, verdicts):
    (message,) = verdicts[0][forge.__name__]
    assert FORGED[forge][1] in message
    assert "run make notebooks and read the difference" in message


def test_swapped_figures_of_one_size_are_refused(verdicts):
    assert ["the figure differs in" in message for message in verdicts[0]["swapped"]] == [True] * 2


def test_only_honest_cells_pass(verdicts):
    refused, said = verdicts
    passed = [name for name, message in said.items() if not message]
    n_forged = sum(len(messages) for messages in refused.values())
    assert passed
    assert len(said) == len(passed) + n_forged + 1  # one more: the copy as stored
    assert "was never executed" in said["stored"]


# The tolerances: what must pass, and what is just too much.


def real_output(kind):
    """A stored output of a real notebook, and a copy to be changed."""
    cells = code_cells(nbformat.read(PUBLISHED, as_version=4))
    cell = next(c for c in cells if any(kind in o.get("data", {}) for o in c.outputs))
    return cell.outputs, nbformat.from_dict(cell.outputs)


@pytest.mark.parametrize(
    ("stored", "fresh", "is_same"),
    [
        ("0.123456", "0.1234560001", True),
        ("0.123456", "0.123457", False),
        ("12345678", "12345679", False),
        ("−0.5 and  1e-3", "-0.5 and 0.001", True),
        ("-0.000", "0.000", True),
        ("-0.001", "0.001", False),
        ("H1 95 %", "H2 95 %", False),
        ("S_SPR1", "S_SPR1.0", False),
        ("version 1.2.3", "version 1.2.4", False),
        ("NaN", "0.1", False),
    ],
)
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_numbers_have_one_tolerance_and_words_have_none(stored, fresh, is_same, kind):
    markup = "<table><tr><td>{}</td></tr></table>" if kind == "text/html" else "{}"
    old, new = (
        [new_output("display_data", {kind: markup.format(text)})] for text in (stored, fresh)
    )
    assert (differences(old, new) == []) == is_same


@pytest.mark.parametrize("attribute", ['style="display:none"', 'colspan="2"', "hidden"])
def test_what_a_tag_carries_is_compared(attribute):
    stored, fresh = real_output("text/html")
    data = next(output.data for output in stored if "text/html" in output.data)
    data["text/html"] = data["text/html"].replace("<td", f"<td {attribute}", 1)
    (line,) = differences(stored, fresh)
    assert attribute in line


@pytest.mark.parametrize(("levels", "n_lines"), [(FIGURE_TOLERANCE, 0), (FIGURE_TOLERANCE + 1, 1)])
def test_a_pixel_may_differ_by_the_tolerance_and_no_more(levels, n_lines):
    outputs, _ = real_output("image/png")
    png = outputs[0].data["image/png"]
    darker = repainted(png, level=(255 - levels) / 255)
    assert len(figure_differences(repainted(png, level=1.0), darker)) == n_lines


def test_a_second_frame_is_seen():
    """Browsers play it; whoever reads the pixels sees the first frame only."""
    png = base64.b64decode(real_output("image/png")[0][0].data["image/png"])
    frames = struct.pack(
        ">I4sIII", 8, b"acTL", 2, 0, zlib.crc32(b"acTL" + bytes([0, 0, 0, 2] + [0] * 4))
    )
    moving = png[:33] + frames + png[33:]
    forged, honest = (base64.b64encode(file).decode("ascii") for file in (moving, png))
    (line,) = figure_differences(forged, honest)
    assert "acTL" in line


def test_how_a_figure_is_shown_is_compared():
    stored, fresh = real_output("image/png")
    stored[0].metadata["image/png"] = {"width": 1}
    assert len(differences(stored, fresh)) == 1


def test_the_place_of_a_changed_digit_is_named():
    stored, fresh = real_output("text/html")
    data = next(output.data for output in stored if "text/html" in output.data)
    last = list(re.finditer(r"<tr", data["text/html"]))
    data["text/html"] = other_digit(data["text/html"], r">(-?\d+\.\d+)<")
    (line,) = differences(stored, fresh)
    assert f"at row {len(last)}, cell " in line
