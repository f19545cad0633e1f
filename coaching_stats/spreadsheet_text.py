"""Text that a spreadsheet would run as a formula is made inert."""

from __future__ import annotations

import pandas as pd

from coaching_stats.csv_files import NUMBER

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def inert_cell(cell: object) -> object:
    """Put an apostrophe before text that begins like a formula; numbers stay what they are.

    References
    ----------
    OWASP, CSV Injection.

    Examples
    --------
    >>> inert_cell("=1+1"), inert_cell("-3.5"), inert_cell(-3.5), inert_cell("Tiimi")
    ("'=1+1", '-3.5', -3.5, 'Tiimi')
    """
    if not isinstance(cell, str) or not cell.startswith(DANGEROUS) or NUMBER.fullmatch(cell):
        return cell
    return "'" + cell


def inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Make the text cells and the names of columns inert; numbers are untouched.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    DataFrame
        A copy.
    """
    texts = frame.select_dtypes(exclude=["number", "bool", "datetime"]).columns
    changed = {column: frame[column].map(inert_cell) for column in texts}
    return frame.assign(**changed).rename(columns=inert_cell)
