"""Numbers of a rendered page: those that carry an address, and those that do not."""

from html.parser import HTMLParser
from pathlib import Path

import yaml

from number_check.typed import typed

# A number with an address stands in <span data-address="H3.estimate">, as in results.json.
ADDRESS = "data-address"
# A note of the page stands in <li data-note="0 3">: its places in the notes of results.json.
NOTE = "data-note"
APART = {"style", "script", "figure", "svg", "footer"}  # figures and provenance speak otherwise
VOID = {"meta", "img", "br", "link", "input", "hr", "wbr", "col"}
WITHOUT = yaml.safe_load(
    (Path(__file__).parent / "without_address.yml").read_text(encoding="utf-8")
)


class NumbersOfPage(HTMLParser):
    """What a page says in numbers.

    Attributes
    ----------
    addressed : list of (address, text)
    notes : list of (places, text)
    without : dict from place to list of texts
        A place is the section's id and the innermost element with its class: ``scales td.num``.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.section = "page"
        self.addressed: list[tuple[str, str]] = []
        self.notes: list[tuple[tuple[int, ...], str]] = []
        self.without: dict[str, list[str]] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "section":
            self.section = given.get("aria-labelledby") or "page"
        if tag not in VOID:
            self.open.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()
        if tag == "section":
            self.section = "page"

    def handle_data(self, data: str) -> None:
        address = next((given[ADDRESS] for _, given in self.open if ADDRESS in given), None)
        places = next((given[NOTE] for _, given in self.open if NOTE in given), None)
        if address:
            self.addressed.append((address, data))
        elif places:
            self.notes.append((tuple(map(int, places.split())), data))
        elif typed(data) and not APART & {tag for tag, _ in self.open}:
            tag, given = self.open[-1]
            mark = f".{given['class'].split()[0]}" if given.get("class") else ""
            self.without.setdefault(f"{self.section} {tag}{mark}", []).append(data.strip())
