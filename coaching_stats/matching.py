"""Which column of an export is which of ours: by code, by wording, or, if near, as a proposal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.instrument import Item
from coaching_stats.labels import plain
from coaching_stats.our_names import is_ours, items_by_name, synonyms

if TYPE_CHECKING:
    from coaching_stats.survey_tools import Layout

NEAR = 88.0  # likeness of two wordings, in per cent, above which one is proposed for the other
# SPR1, SPR_1, S-SPR1, SSPR1, SPR[SQ001], SPR[1]: construct and place, with or without the form.
PLACE = r"[_ -]?\[?(?:SQ)?0*([0-9]{1,2})\]?"
CODE = re.compile(r"()([A-Z]{2,5})" + PLACE)
CODE_WITH_FORM = re.compile(r"([SM])[_ -]?([A-Z]{2,5})" + PLACE)
NUMBERED = re.compile(r"^\s*(?:[Qq]?[0-9]+(?:[.:)]|\s-)\s*)+")
IN_BRACKETS = re.compile(r"\[([^\[\]]+)\]\s*$")
# A tool may have several columns for these; the surest one is taken.
MANY = ("started_at", "completed_at", "seconds", "finished", "language")
SUREST = ("mapping", "tool", "name", "synonym")


@dataclass(frozen=True)
class Match:
    """One column of a file as one of ours.

    Attributes
    ----------
    name : str
        Our name: an item, an id or a record.
    header : str
    how : {"mapping", "name", "tool", "synonym", "code", "wording"}
    """

    name: str
    header: str
    how: str


@dataclass(frozen=True)
class Doubt:
    """A column that may be one of ours; nothing is read from it until the user says so.

    Attributes
    ----------
    header : str
    names : tuple of str
    likeness : float
        In per cent; 100 where several forms share the wording.
    """

    header: str
    names: tuple[str, ...]
    likeness: float


@dataclass(frozen=True)
class Matching:
    """Columns of a file as ours, those in doubt, and the form that the answers belong to."""

    matches: tuple[Match, ...]
    doubts: tuple[Doubt, ...]
    form: str | None

    @property
    def names(self) -> Mapping[str, str]:
        """Our name by header."""
        return {match.header: match.name for match in self.matches}


@cache
def _by_wording() -> Mapping[str, tuple[str, ...]]:
    """Items by wording in either language; forms may share one."""
    found: dict[str, list[str]] = {}
    for item in items_by_name().values():
        if item.form != "process_inventory":
            for text in {item.text_en, item.text_fi}:
                found.setdefault(worded(text), []).append(item.name)
    return {text: tuple(names) for text, names in found.items()}


def worded(text: str) -> str:
    """A question without its number, its final full stop, and differences of case and space.

    Examples
    --------
    >>> worded("12. Syksy on hieno  vuodenaika.")
    'syksy on hieno vuodenaika'
    """
    return plain(NUMBERED.sub("", text, count=1)).rstrip(" .:*")


def match_columns(layout: Layout, mapped: Mapping[str, str], file: str) -> Matching:
    """Find our columns among those of an export.

    Parameters
    ----------
    layout : Layout
        Header, codes and questions of the export, and what its tool calls its own columns.
    mapped : mapping from header to our name
        What the user's mapping says; it comes before everything else.
    file : str
        For messages.

    Returns
    -------
    Matching
        Exact codes, names and wordings only; what is merely alike stands among the doubts.

    Raises
    ------
    DataError
        Two columns that both would be the same one of ours.

    Notes
    -----
    Where the seller and the manager form share a code or wording, the form of the other columns
    decides; where these are of both forms or of none, the column is in doubt.
    """
    places = range(len(layout.header))
    certain = {header: Match(name, header, "mapping") for header, name in mapped.items()}
    taken = set(mapped.values())
    for place in places:
        found = _certain(layout, place)
        if found is not None and found.header not in certain and found.name not in taken:
            certain[found.header] = found
    candidates = {
        layout.header[place]: found
        for place in places
        if layout.header[place] not in certain and (found := _candidates(layout, place))
    }
    certain = _surest(certain)
    form = _form([m.name for m in certain.values()], [names for names, _ in candidates.values()])
    doubts: list[Doubt] = []
    for header, (names, how) in candidates.items():
        of_form = tuple(
            name for name in names if form is None or items_by_name()[name].form == form
        )
        if len(of_form) == 1:
            if of_form[0] not in taken:
                certain[header] = Match(of_form[0], header, how)
        else:
            doubts.append(Doubt(header, names, 100.0))
    doubts += _near(layout, {*certain, *candidates}, form)
    matches = tuple(certain[header] for header in layout.header if header in certain)
    _refuse_twice(matches, file)
    return Matching(matches, tuple(doubts), form)


def _surest(certain: dict[str, Match]) -> dict[str, Match]:
    """Of several columns of times and the like, keep the one that was recognised most surely."""
    best: dict[str, Match] = {}
    for match in sorted(certain.values(), key=lambda match: SUREST.index(match.how)):
        best.setdefault(match.name, match)
    return {h: m for h, m in certain.items() if m.name not in MANY or best[m.name] is m}


def _certain(layout: Layout, place: int) -> Match | None:
    """A column with one of our names, one that the tool makes, or one with a known synonym."""
    header, code = layout.header[place], layout.codes[place]
    for text in (header, code):
        own = text if is_ours(text) else text.upper() if text.upper() in items_by_name() else ""
        if own:
            return Match(own, header, "name")
    roles = {of: name for name, of in layout.roles.items() if name in synonyms()}
    if header in roles:
        return Match(roles[header], header, "tool")
    for text in (header, code, layout.questions[place]):
        for name, words in synonyms().items():
            if worded(text) in words or plain(text) in words:
                return Match(name, header, "synonym")
    return None


def _candidates(layout: Layout, place: int) -> tuple[tuple[str, ...], str] | None:
    """Items with the code or exactly the wording of a column."""
    return _named_by((layout.codes[place], layout.header[place]), _wordings(layout, place))


def _named_by(codes: Iterable[str], wordings: Iterable[str]) -> tuple[tuple[str, ...], str] | None:
    for text in codes:
        names = _by_code(text)
        if names:
            return names, "code"
    for text in wordings:
        if text in _by_wording():
            return _by_wording()[text], "wording"
    return None


def items_called(header: str) -> tuple[str, ...]:
    """Items that have a header for their code or exactly for their wording.

    Examples
    --------
    >>> items_called("My job leaves me discontented"), items_called("Palaute")
    (('S_JS3', 'M_JS2'), ())
    """
    found = _named_by((header,), _texts((header,)))
    return found[0] if found else ()


def _by_code(text: str) -> tuple[str, ...]:
    for pattern in (CODE, CODE_WITH_FORM):
        found = pattern.fullmatch(text.strip())
        if found is not None:
            form, construct, number = found.groups()
            names = (f"{letter}_{construct}{number}" for letter in (form or "SM"))
            known = tuple(name for name in names if name in items_by_name())
            if known:
                return known
    return ()


def _wordings(layout: Layout, place: int) -> list[str]:
    return _texts((layout.questions[place], layout.header[place]))


def _texts(headers: Iterable[str]) -> list[str]:
    """Questions in plain form: whole, behind the bar, and in brackets."""
    found = []
    for text in headers:
        found += [text, text.rsplit("|", 1)[-1], *IN_BRACKETS.findall(text)]
    return [worded(text) for text in dict.fromkeys(found) if text.strip()]


def _form(certain: Iterable[str], candidates: Iterable[tuple[str, ...]]) -> str | None:
    """The one form that some columns can only belong to; None where there are two or none."""
    alone = [name for name in certain if name in items_by_name()]
    alone += [names[0] for names in candidates if len(names) == 1]
    forms = {items_by_name()[name].form for name in alone} & {"seller", "manager"}
    return forms.pop() if len(forms) == 1 else None


def _near(layout: Layout, done: set[str], form: str | None) -> list[Doubt]:
    """Columns whose wording is like one of ours, but not the same."""
    from rapidfuzz import fuzz, process  # only exports with questions for headers need it

    found = []
    for place, header in enumerate(layout.header):
        texts = [text for text in _wordings(layout, place) if len(text) > 12]
        if header in done or not texts:
            continue
        best = max(
            (process.extractOne(text, _by_wording().keys(), scorer=fuzz.ratio) for text in texts),
            key=lambda hit: hit[1],
        )
        if best[1] >= NEAR:
            names = _by_wording()[best[0]]
            of_form = tuple(n for n in names if form is None or items_by_name()[n].form == form)
            found.append(Doubt(header, of_form or names, float(best[1])))
    return found


def _refuse_twice(matches: Iterable[Match], file: str) -> None:
    headers: dict[str, list[str]] = {}
    for match in matches:
        headers.setdefault(match.name, []).append(match.header)
    twice = [
        f"{name}: {' and '.join(map(repr, found))}"
        for name, found in headers.items()
        if len(found) > 1
    ]
    if twice:
        raise DataError(
            explain(
                what="several columns would be the same one of ours",
                where=f"{file}, {first_ten(twice)}",
                remedy=f"say in a mapping which one it is, for example columns: {{"
                f"{next(iter(headers))}: header in the file}}",
            )
        )


def proposed_mapping(matching: Matching, header: Iterable[str], decimal: str | None) -> str:
    """Propose a mapping as YAML for the user to confirm.

    Parameters
    ----------
    matching : Matching
    header : iterable of str
        All columns of the file, in order.
    decimal : {",", "."} or None
        The decimal mark that was found; None where the cells could not be read.

    Returns
    -------
    str
        What is certain stands without a remark; what is merely alike carries its likeness and the
        wording to compare; what several items share, and what is none of ours, are comments.
    """
    names, doubts = matching.names, {doubt.header: doubt for doubt in matching.doubts}
    taken = set(names.values())
    lines = [
        "# Proposed from the headers: read it, correct it, then give it with --mapping.",
        "columns:",
    ]
    for text in header:
        quoted = json.dumps(text, ensure_ascii=False)
        if text in names:
            lines.append(f"  {names[text]}: {quoted}")
        elif text in doubts:
            lines += _doubtful(doubts[text], quoted, taken)
        else:
            lines.append(f"  # none of ours: {quoted}")
    if decimal is not None:
        lines.append(f'decimal: "{decimal}"')
    return "\n".join(lines) + "\n"


def _doubtful(doubt: Doubt, quoted: str, taken: set[str]) -> list[str]:
    name = doubt.names[0]
    if len(doubt.names) > 1 or name in taken:
        return [f"  # {' or '.join(doubt.names)}: {quoted}"]
    taken.add(name)
    item = items_by_name()[name]
    wording = item.text_fi if _is_finnish(doubt.header, item) else item.text_en
    return [
        f"  # near ({doubt.likeness:.0f} %), compare: {wording}",
        f"  {name}: {quoted}",
    ]


def _is_finnish(header: str, item: Item) -> bool:
    from rapidfuzz import fuzz

    return fuzz.ratio(worded(header), worded(item.text_fi)) > fuzz.ratio(
        worded(header), worded(item.text_en)
    )
