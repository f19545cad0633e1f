"""What can be wrong with a notebook as it is stored; no kernel is needed to see it."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

MAX_BYTES = 500_000  # six pictures of 60 kB; vectors would be larger
COMPARED = {"text/plain", "text/html", "text/markdown", "image/png", "image/svg+xml"}
NOT_CHECKED = re.compile(
    r"nbval[-_](ignore|skip|raises|check)|raises[-_]exception|skip-execution"
    r"|pytest_validate_ignore",
    re.IGNORECASE,
)
FOLDERS = r"home|Users|root|tmp|work|var|private|opt|mnt|srv|Volumes|builds|github|runner"
MACHINE_PATH = re.compile(rf"(?<![\w./<-])/(?:{FOLDERS})(?:/|\b)\S*|\b[A-Za-z]:\\+\w\S*|file://\S*")
RANDOM_ID = re.compile(
    r"\b0x[0-9a-f]{6,}\b"  # the address of an object
    r"|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"  # a uuid
    r"|\bT_[0-9a-f]{5}\b"  # a pandas Styler
    r"|(?:id=\"|url\(#|href=\"#)[a-z]*[0-9a-f]{10,}",  # a matplotlib vector
    re.IGNORECASE,
)
AGAIN = "run the notebook from top to bottom (make notebooks) and read what changed"


def faults(path: Path) -> list[str]:
    """Say what is wrong with a stored notebook and what to do, one line for each fault."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    prose = [cell for cell in notebook.cells if cell.cell_type != "code"]
    found = [*_size(path), *_order(code)]
    for place, cell in enumerate(code, start=1):
        found += [f"code cell {place}: {fault}" for fault in _cell(cell)]
    for place, cell in enumerate(prose, start=1):
        found += [f"text cell {place}: {fault}" for fault in _text(cell)]
    return found


def _size(path: Path) -> Iterator[str]:
    size = path.stat().st_size
    if size > MAX_BYTES:
        yield (
            f"the notebook has {size} bytes, {MAX_BYTES} are allowed: "
            "show fewer or smaller figures, and shorter tables"
        )


def _order(code: list[NotebookNode]) -> Iterator[str]:
    """Cells never executed, and execution counts that no run from top to bottom gives."""
    highest = 0
    for place, cell in enumerate(code, start=1):
        count = cell.execution_count
        if not cell.source.strip():
            yield f"code cell {place}: is empty: delete it"
        elif count is None:
            yield f"code cell {place}: was never executed: {AGAIN}"
        elif count <= highest:
            yield f"code cell {place}: was executed out of order (count {count}): {AGAIN}"
        elif count != place:
            yield f"code cell {place}: has the stale execution count {count}: {AGAIN}"
        highest = max(highest, count or 0)


def _cell(cell: NotebookNode) -> Iterator[str]:
    tags = " ".join(cell.metadata.get("tags", []))
    comments = "\n".join(line for line in cell.source.splitlines() if "#" in line)
    marker = NOT_CHECKED.search(f"{tags}\n{comments}")
    if marker:
        yield f"asks for its output not to be checked ({marker[0]}): remove the tag or comment"
    yield from _traces(cell.source)
    for output in cell.outputs:
        yield from _output(output, cell.execution_count)


def _output(output: NotebookNode, count: int | None) -> Iterator[str]:
    if output.output_type == "error":
        yield f"ends in an error ({output.ename}): correct the code, then {AGAIN}"
    if output.get("name") == "stderr":
        yield f"prints to stderr: remove the cause of the warning, then {AGAIN}"
    if output.output_type == "execute_result" and output.execution_count != count:
        yield f"has the stale output of run {output.execution_count}: {AGAIN}"
    data = output.get("data", {})
    for kind in sorted(set(data) - COMPARED):
        yield f"shows {kind}, which no check compares: show text, a table or a PNG figure instead"
    written = [output.get("text", ""), output.get("evalue", ""), str(output.get("metadata", ""))]
    written += [text for kind, text in data.items() if kind != "image/png"]
    yield from _traces("\n".join(map(str, written)))


def _text(cell: NotebookNode) -> Iterator[str]:
    yield from _traces(cell.source)
    if cell.get("attachments") or re.search(r"data:image|<img|!\[", cell.source):
        yield "holds a picture that no code drew: draw it in a code cell"


def _traces(text: str) -> Iterator[str]:
    """Whatever differs from machine to machine or from run to run."""
    path, random = MACHINE_PATH.search(text), RANDOM_ID.search(text)
    if path:
        yield f"names a path of one machine ({path[0]}): use a path relative to the notebook"
    if random:
        yield f"holds an id that is new in every run ({random[0]}): show the value, not the object"
