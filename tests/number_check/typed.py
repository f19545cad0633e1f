"""Digits that somebody typed into prose: text cells of notebooks, templates, sentences."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parents[2]
ALLOWED = yaml.safe_load((Path(__file__).parent / "allowed.yml").read_text(encoding="utf-8"))
DIGITS = re.compile(r"\d+(?:[.,\u00a0\u202f ]?\d+)*")
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
LITERAL = re.compile(r"\"([^\"]*)\"|'([^']*)'")
READ_ALOUD = ("alt", "title", "aria-label", "data-label", "placeholder", "content")
REMEDY = (
    "print the number from the result it comes from (in a notebook by a code cell, in a sentence "
    "by a placeholder); a number that is no result goes to tests/number_check/allowed.yml "
    "with its reason"
)


def typed(text: str) -> list[str]:
    """Digits of a text that neither a name nor an allowed phrase holds."""
    spans = [
        found.span()
        for entry in ALLOWED
        for found in re.finditer(entry["pattern"], text, re.MULTILINE)
    ]
    return [
        found[0]
        for found in DIGITS.finditer(text)
        if not any(start <= found.start() and found.end() <= end for start, end in spans)
    ]


def prose() -> Iterator[tuple[str, str]]:
    """Place and text of all prose that people typed."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        yield from notebook_prose(path)
    for path in sorted((ROOT / "coaching_stats" / "templates").glob("*.j2")):
        yield path.name, template_prose(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "coaching_stats").glob("texts.*.yml")):
        for place, text in leaves(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield f"{path.name}{place}", PLACEHOLDER.sub("…", text)


def notebook_prose(path: Path) -> Iterator[tuple[str, str]]:
    """Every cell of a notebook that is not code."""
    for place, cell in enumerate(nbformat.read(path, as_version=4).cells, start=1):
        if cell.cell_type != "code":
            yield f"{path.name}, cell {place}", cell.source


def leaves(tree: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a tree of texts, by its address."""
    if isinstance(tree, dict | list):
        pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, branch in pairs:
            yield from leaves(branch, f"{place}/{key}")
    else:
        yield place, str(tree)


def template_prose(source: str) -> str:
    """What a template itself says to a reader: no style, no code, but the strings in the code."""
    unstyled = re.sub(r"<(style|script)\b.*?</\1>", "", source, flags=re.DOTALL)
    return "\n".join(_Said(JINJA.sub(_strings, unstyled)).texts)


def _strings(code: re.Match[str]) -> str:
    """The strings that an expression can print; a statement and a comment print none."""
    if not code[0].startswith("{{"):
        return "…"
    return " ".join(["…", *(one or other for one, other in LITERAL.findall(code[0]))])


class _Said(HTMLParser):
    """Texts between tags, and those in tags that are read aloud or shown."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A tag of the head such as viewport speaks to browsers.
        is_hidden = tag == "meta" and dict(attrs).get("name") != "description"
        self.texts += [value or "" for key, value in attrs if key in READ_ALOUD and not is_hidden]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def value_in_code(address: str) -> float:
    """Number that the code uses, by an address such as ``coaching_stats.verdicts:N_SPLITS``."""
    module, name = address.split(":")
    value = import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return float(value)
