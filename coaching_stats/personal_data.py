"""Personal data among the answers, found by the values; the values are never repeated."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from coaching_stats.columns import TextColumn

# A column is searched as one text, a cell a line: no pattern may cross the end of a line, and
# each must run in linear time, since a cell can be a million characters of anything. Patterns
# begin with a rare character and look back from it, which passes over most of a column at once.
EMAIL = re.compile(r"@(?<=[\w.+-]@)[\w-]++(?:\.[\w-]++)++")
SPACE = r" \-()\u00a0\u2009\u202f\u2010-\u2013"  # stands between the digits of a phone number
PHONE = re.compile(
    r"[+(0-](?:(?<=[+(0])(?<![\w+].)(?<!\d[.,/-].)(?:"
    # +358 40 123 4567; without the plus, 00 is of a country only before 358 or a space
    rf"(?:(?<=\+)[1-9]|(?<=0)0(?:358|[1-9]\d{{0,2}}[{SPACE}]))"
    rf"(?:[{SPACE}]{{0,3}}\d){{8,14}}(?![.,]\d)"
    rf"|(?:(?<=\+)|(?<=0)0)358(?:[{SPACE}./]{{0,3}}\d){{6,11}}"
    # 0401234567, 0457 123 4567, 050-123 4567
    r"|(?<=0)(?:4\d|50)\d{6,8}"
    rf"|(?<=0)(?=(?:[{SPACE}./]{{0,3}}\d){{8,11}}(?!\d))"
    rf"(?:4\d{{1,2}}|50\d?)[{SPACE}./]{{1,3}}\d{{2,4}}(?:[{SPACE}./]?\d{{2,4}}){{1,3}}"
    # 09 123 4567, but no month and year
    rf"|(?:(?<=0)|(?<=\()0)(?:[235689]|1\d|2[09]|30)[{SPACE}]{{1,2}}(?!(?:19|20)\d\d(?!\d))"
    rf"(?=(?:[{SPACE}]?\d){{6,9}}(?!\d))\d{{3,4}}(?:[{SPACE}]?\d{{2,4}}){{1,2}}"
    # (555) 123-4567, 555-123-4567
    r"|(?<=\()[2-9]\d\d\) ?\d{3}[.-]\d{4})"
    r"|(?<=[2-9]\d\d-)(?<![\w+.,/-].{4})\d{3}-\d{4})(?!\w)"
)
IDENTITY_CODE = re.compile(
    r"([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])([0-9]{3})([0-9A-Y])", re.IGNORECASE | re.ASCII
)
END_OF_IDENTITY_CODE = re.compile(
    r"[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-Ya-y](?!\w)(?<=[0-9]{6}.{5})(?<!\w.{11})"
)
CENTURIES = {"+": 1800, **dict.fromkeys("-UVWXY", 1900), **dict.fromkeys("ABCDEF", 2000)}
CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
END_OF_IP_V4 = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?!\w|\.\d)")
START_OF_IP_V4 = re.compile(r"(?<![\w.])[0-9]{1,3}$")
PART_OF_IP_V6 = re.compile(r":(?:[0-9A-Fa-f]{1,4}:){3}|::")
IP_V6 = re.compile(
    r"(?<![\w.:])(?=[0-9A-Fa-f:]*::|(?:[0-9A-Fa-f]{1,4}:){6})[0-9A-Fa-f:]++(?:\.[0-9]++)*+(?!\w)"
)
VERSION = re.compile(r"(?:\bv(?:er(?:sio\w*)?)?[. :]*|\w/)$", re.IGNORECASE)  # before 1.2.3.4
VERSION_HEADER = re.compile(r"versio", re.IGNORECASE)
PASSWORD = re.compile(
    r"(?:password|passwd|pwd|salasana)\w{0,10}+[^\S\n]{0,5}"
    r"(?:[:=][^\S\n]{0,5}\S|(?<=\s)(?:(?:is|on|was|oli)[^\S\n]{1,5})?(?=[^\s\d]{0,99}\d)\S{4})",
    re.IGNORECASE,
)
PASSWORD_HEADER = re.compile(r"(?:\S+ ){0,2}\S*(?:password|passwd|salasana)\w*\W*", re.IGNORECASE)
NAME_HEADER = re.compile(
    r"(?:\b|_)(?:(?:first|last|given|family|full|your|recipient)[ _]?(?:first|last)?[ _]?name|"
    r"name|surname|(?:etu|suku|kutsuma)?nim(?:i|et|esi))(?:\b|_)|^recipient$",
    re.IGNORECASE,
)
# Whose name it is: the last such word of a header tells, as in "team manager" or "Myyjän tiimi".
NAMED = re.compile(
    r"(team|tiimi|group|ryhm|firm|yrity|company|organi|department|osasto|\bunit|yksik|region|alue|"
    r"office\b|toimipi|process|prosessi|survey|kysely|project|projekti|product|tuot|\bfile|tiedosto)|"
    r"manager|leader|supervisor|contact|respondent|seller|"
    r"member|esimie|esihenk|vetäj|johtaja|päällik|yhteyshenk|vastaaja|myyjä|jäsen",
    re.IGNORECASE,
)
OF_NAMES = frozenset(("af", "da", "de", "der", "di", "du", "la", "van", "von"))  # von Essen
CAPITALISED = re.compile(r"[A-ZÅÄÖ](?<!\w.)[a-zåäö]{2,}+\b")
# Finnish case endings that a given name takes; the stem is looked for without them.
ENDINGS = ("lle", "lla", "llä", "lta", "ltä", "ssa", "ssä", "sta", "stä", "n", "a", "ä")
# Names, and forms of names, that are also words: at the start of a sentence they are words,
# unless a surname follows ("Anna palautetta", but "Anna Virtanen").
WORDS_TOO = frozenset(("Anna", "Annan", "Ilona", "Kai", "Pian", "Satu", "Satun", "Suvi", "Tuuli"))
SENTENCE_ENDS = frozenset(".!?:\n")
ONLY_WARNED_OF = ("name_in_text",)

Search = Callable[[str], Iterable[int]]  # from a text to the places of what it finds there


def is_identifying(kind: str) -> bool:
    """Whether a column with that kind of data is left out, rather than only warned of."""
    return kind not in ONLY_WARNED_OF


def find_personal_data(columns: Mapping[str, TextColumn]) -> list[dict[str, Any]]:
    """Find personal data in the cells of a file.

    Parameters
    ----------
    columns : mapping from header to TextColumn

    Returns
    -------
    list of dict
        ``column, kind, rows``: kind is email, phone, identity_code, ip_address, password, name or
        name_in_text; rows are numbers. No value is repeated.

    Notes
    -----
    A search by pattern finds what has a pattern. Names are found where a column says that it
    holds them, and elsewhere where a common given name stands; others pass unseen, so free text
    is to be read before it leaves the house.

    Examples
    --------
    >>> from coaching_stats.columns import text_columns
    >>> cells = [["call 040 123 4567"], ["13.10.2052"]]
    >>> find_personal_data(text_columns(["remark"], cells, [2, 3]))
    [{'column': 'remark', 'kind': 'phone', 'rows': [2]}]
    """
    return [
        {"column": header, "kind": kind, "rows": rows}
        for header, column in columns.items()
        for kind, rows in _kinds(header, column)
    ]


def _kinds(header: str, column: TextColumn) -> Iterator[tuple[str, list[int]]]:
    text = "\n".join(column.cells)
    ends = np.cumsum(np.fromiter(map(len, column.cells), dtype=int) + 1)
    for kind, search in _searches(header).items():
        places = np.fromiter(search(text), dtype=int)
        if places.size:
            is_hit = np.zeros(len(column.cells), dtype=bool)
            is_hit[np.searchsorted(ends, places, side="right")] = True
            yield kind, column.numbers[is_hit[column.codes]].tolist()


def _searches(header: str) -> dict[str, Search]:
    """What to look for in a column; its header tells of names, passwords and versions."""
    searches = dict(BY_VALUE)
    if VERSION_HEADER.search(header):
        del searches["ip_address"]
    if PASSWORD_HEADER.fullmatch(header):
        searches["password"] = lambda text: _lines(text, bool)
    if len(header) < 40 and NAME_HEADER.search(header) and _is_of_people(header):
        searches["name"] = lambda text: _lines(text, _looks_like_name)
    else:
        searches["name_in_text"] = _given_names
    return searches


def _is_of_people(header: str) -> bool:
    named = [found[1] for found in NAMED.finditer(header)]
    return not named or named[-1] is None


def _lines(text: str, is_wanted: Callable[[str], bool]) -> Iterator[int]:
    place = 0
    for line in text.split("\n"):
        if is_wanted(line):
            yield place
        place += len(line) + 1


def _looks_like_name(cell: str) -> bool:
    letters = unicodedata.normalize("NFC", cell)
    words = re.split(r"[ ,-]+", letters.strip(" ,"))
    if len(words) > 5 or not re.sub(r"[ ,.'’-]", "", letters).isalpha():
        return False
    if _is_given_name(words[0].title()):  # also written small
        return True
    is_capital = all(word in OF_NAMES or not word[:1].islower() for word in words)
    return is_capital and any(len(word.strip(".")) > 1 for word in words)


def _emails(text: str) -> Iterator[int]:
    return (found.start() for found in EMAIL.finditer(text))


def _phones(text: str) -> Iterator[int]:
    return (found.start() for found in PHONE.finditer(text))


def _identity_codes(text: str) -> Iterator[int]:
    for found in END_OF_IDENTITY_CODE.finditer(text):
        if is_identity_code(text[found.start() - 6 : found.end()]):
            yield found.start()


def is_identity_code(text: str) -> bool:
    """Whether a text is a Finnish personal identity code: a real day and the right check character.

    The number of day, month, year and serial, modulo 31, picks the check character; the sign of
    the century may be any of those in use since 2023.

    References
    ----------
    Digital and Population Data Services Agency, The personal identity code.

    Examples
    --------
    >>> is_identity_code("131052-308T"), is_identity_code("131052-308U")
    (True, False)
    """
    found = IDENTITY_CODE.fullmatch(text)
    if found is None:
        return False
    day, month, year, century, serial, check = (part.upper() for part in found.groups())
    try:
        date(CENTURIES[century] + int(year), int(month), int(day))
    except ValueError:
        return False
    return CHECK_CHARACTERS[int(day + month + year + serial) % 31] == check


def _ip_addresses(text: str) -> Iterator[int]:
    for found in END_OF_IP_V4.finditer(text):
        before = text[max(found.start() - 24, 0) : found.start()]
        start = START_OF_IP_V4.search(before)
        if start is None or VERSION.search(before[: start.start()]):
            continue
        if _is_ip_address(start[0] + found[0]):
            yield found.start()
    for found in IP_V6.finditer(text) if PART_OF_IP_V6.search(text) else ():
        if sum(map(str.isalnum, found[0][:60])) > 2 and _is_ip_address(found[0]):
            yield found.start()


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _passwords(text: str) -> Iterator[int]:
    small = text.lower()
    if any(word in small for word in ("passw", "pwd", "salasana")):
        yield from (found.start() for found in PASSWORD.finditer(text))


def _given_names(text: str) -> Iterator[int]:
    """Places of common given names, also with a case ending."""
    names = {word for word in set(CAPITALISED.findall(text)) if _is_given_name(word)}
    for found in CAPITALISED.finditer(text) if names else ():
        if found[0] in names and not (found[0] in WORDS_TOO and _is_ordinary(found)):
            yield found.start()


def _is_ordinary(word: re.Match[str]) -> bool:
    """Whether a capital letter only begins a sentence."""
    before = word.string[max(word.start() - 3, 0) : word.start()].rstrip(" ")
    begins = not before or before[-1] in SENTENCE_ENDS
    return begins and not word.string[word.end() + 1 : word.end() + 2].isupper()


def _is_given_name(word: str) -> bool:
    names = _first_names()
    if word in names:
        return True
    stems = (word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending))
    return any(stem in names or _strong(stem) in names for stem in stems if len(stem) > 2)


def _strong(stem: str) -> str:
    """Undo the change of consonants in a stem: Miko(lle) is of Mikko, Peka(n) of Pekka."""
    return re.sub(r"([kpt])([aeiouyäö])$", r"\1\1\2", stem)


@cache
def _first_names() -> frozenset[str]:
    text = (resources.files("coaching_stats") / "first_names.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(name for line in lines for name in line.split())


BY_VALUE: Mapping[str, Search] = {
    "email": _emails,
    "phone": _phones,
    "identity_code": _identity_codes,
    "ip_address": _ip_addresses,
    "password": _passwords,
}
