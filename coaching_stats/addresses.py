"""A number on the page with the address under which results.json holds it."""

from __future__ import annotations

from markupsafe import Markup

from coaching_stats.texts import number


def addressed(address: str, value: float, language: str, digits: int = 2) -> Markup:
    """Write a number as readers of the language do, with its address.

    Examples
    --------
    >>> addressed("H3.estimate", 0.536, "en")
    Markup('<span data-address="H3.estimate">0.54</span>')
    """
    return Markup('<span data-address="{}">{}</span>').format(
        address, number(value, language, digits)
    )


def interval(address: str, low: float, high: float, language: str, digits: int = 2) -> Markup:
    """An interval, both ends with their addresses: ``address`` with ``_low`` and ``_high``.

    Examples
    --------
    >>> interval("H3.conf", 0.4, 0.7, "fi").striptags()
    '[0,40; 0,70]'
    """
    ends = (
        addressed(f"{address}_{end}", value, language, digits)
        for end, value in (("low", low), ("high", high))
    )
    return Markup("[{}{}{}]").format(next(ends), "; " if language == "fi" else ", ", next(ends))
