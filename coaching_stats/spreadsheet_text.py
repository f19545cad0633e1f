"""Text that a spreadsheet would run as a formula is made inert."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coaching_stats.csv_files import NUMBER

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


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
        Its index is not looked at.

    Returns
    -------
    DataFrame
        A copy. Making it inert again changes nothing; text that began with an apostrophe before
        is no longer told from text that was given one, so there is no way back.

    Examples
    --------
    >>> inert(pd.DataFrame({"@team": ["=1+1", "-3.5"]})).to_dict("list")
    {"'@team": ["'=1+1", '-3.5']}
    """
    # Columns are taken by place: a name may be a number, or stand twice.
    columns = [_inert_column(frame.iloc[:, place]) for place in range(frame.shape[1])]
    if not columns:
        return frame.copy()
    return pd.concat(columns, axis="columns").rename(columns=inert_cell)


def _inert_column(column: pd.Series) -> pd.Series:
    if not isinstance(column.dtype, (pd.StringDtype, pd.CategoricalDtype, np.dtypes.ObjectDType)):
        return column
    cells = [inert_cell(cell) for cell in column]
    # As objects, since whole numbers beside gaps would become floats: 1 must not turn into 1.0.
    dtype = column.dtype if isinstance(column.dtype, pd.StringDtype) else object
    return pd.Series(cells, index=column.index, name=column.name, dtype=dtype)
