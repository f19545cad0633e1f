"""Personal data among the answers, found by the values; the values are never repeated."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from coaching_stats.columns import TextColumn

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A phone number has a country code, a Finnish mobile or area prefix, and marks between its digits.
PHONE = re.compile(
    r"(?<![\w.,+-])(?:(?:\+|00)[1-9]\d{0,2}[ \-()]*(?:\d[ \-()]*){6,11}\d"
    r"|0(?:4\d|50)[ -]?\d{3,4}[ -]?\d{2,4}"
    r"|0[1-9]{1,2}[ -]\d{3,4}[ -]?\d{2,4})(?![\w,.-]*\d)"
)
IDENTITY_CODE = re.compile(r"(?<![\w])(\d{2})(\d{2})(\d{2})([-+A-FU-Y])(\d{3})([0-9A-Y])(?!\w)")
CENTURIES = {"+": 1800, **dict.fromkeys("-UVWXY", 1900), **dict.fromkeys("ABCDEF", 2000)}
CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
IP_LIKE = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+)(?![\w:])"
)
PASSWORD = re.compile(r"(?:password|passwd|pwd|salasana)\w*\s*(?:[:=]|is|on)\s*\S+", re.IGNORECASE)
PASSWORD_HEADER = re.compile(r"password|passwd|salasana", re.IGNORECASE)
NAME_HEADER = re.compile(
    r"(?:^|\b|_)(?:(?:first|last|given|family|full|your|recipient)[ _]?(?:first|last)?[ _]?name|"
    r"name|nimi|etunimi|sukunimi|nimesi|vastaajan nimi|recipient(?:first|last)name)(?:$|\b|_)",
    re.IGNORECASE,
)
NOT_OF_PEOPLE = re.compile(r"team|tiimi|firm|yrity|company|process|prosessi|file", re.IGNORECASE)
NAME_LIKE = re.compile(r"[A-ZÅÄÖ][a-zåäöéü]+(?:-[A-ZÅÄÖ][a-zåäöéü]+)?(?: [A-ZÅÄÖ][\w'-]+){0,3}")
CAPITALISED = re.compile(r"\b[A-ZÅÄÖ][a-zåäö]{2,}\b")
# Finnish case endings that a given name takes; the stem is looked for without them.
ENDINGS = ("lle", "lla", "llä", "lta", "ltä", "ssa", "ssä", "sta", "stä", "n", "a", "ä", "lle")
IN_PASSING = ("email", "phone", "identity_code", "ip_address", "name_in_text")  # found anywhere
ONLY_WARNED_OF = ("name_in_text",)


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
    holds them, and in free text where a common given name stands in it; others pass unseen, so
    free text is to be read before it leaves the house.

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
    if not column.cells or (max(map(len, column.cells)) < 5 and not NAME_HEADER.search(header)):
        return
    together = "\n".join(column.cells)
    for kind, is_found in (*BY_VALUE.items(), *_by_header(header)):
        if kind in IN_PASSING and not is_found(together):
            continue
        hits = np.array([bool(cell) and is_found(cell) for cell in column.cells], dtype=bool)
        if hits.any():
            yield kind, column.numbers[hits[column.codes]].tolist()


def _by_header(header: str) -> Iterator[tuple[str, Callable[[str], bool]]]:
    if PASSWORD_HEADER.search(header):
        yield "password", bool
    is_of_people = NAME_HEADER.search(header) and not NOT_OF_PEOPLE.search(header)
    if is_of_people and len(header) < 40:
        yield "name", lambda cell: NAME_LIKE.fullmatch(cell) is not None
    else:
        yield "name_in_text", _names_somebody


def _has_email(cell: str) -> bool:
    return "@" in cell and EMAIL.search(cell) is not None


def _has_phone(cell: str) -> bool:
    return sum(map(str.isdigit, cell)) >= 7 and PHONE.search(cell) is not None


def _has_identity_code(cell: str) -> bool:
    return any(is_identity_code(found[0]) for found in IDENTITY_CODE.finditer(cell.upper()))


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
    day, month, year, century, serial, check = found.groups()
    try:
        date(CENTURIES[century] + int(year), int(month), int(day))
    except ValueError:
        return False
    return CHECK_CHARACTERS[int(day + month + year + serial) % 31] == check


def _has_ip_address(cell: str) -> bool:
    return any(_is_ip_address(found[0]) for found in IP_LIKE.finditer(cell))


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _has_password(cell: str) -> bool:
    return PASSWORD.search(cell) is not None


def _names_somebody(cell: str) -> bool:
    """Whether a text of several words has a common given name in it, also with a case ending."""
    if " " not in cell:
        return False
    return any(map(_is_given_name, CAPITALISED.findall(cell)))


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


BY_VALUE: Mapping[str, Callable[[str], bool]] = {
    "email": _has_email,
    "phone": _has_phone,
    "identity_code": _has_identity_code,
    "ip_address": _has_ip_address,
    "password": _has_password,
}
