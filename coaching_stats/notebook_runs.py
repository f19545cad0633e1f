"""Run a notebook with parameters of one's own; one that the notebook does not have is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coaching_stats.errors import StudyError, explain, first_ten, nearest


def run_notebook(path: str | Path, out: str | Path, parameters: Mapping[str, Any]) -> Path:
    """Run a notebook from top to bottom and keep the filled-in copy.

    Parameters
    ----------
    path : str or Path
        A notebook with a cell that is tagged ``parameters``. It is not changed.
    out : str or Path
        Where the copy goes, with its outputs; on an error too, up to the cell that failed.
    parameters : mapping from name to value
        In place of those in that cell.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    StudyError
        No such cell, or a name that the cell does not set. papermill itself only warns of these,
        and a misspelt parameter would leave the analysis on its default without a word.

    Examples
    --------
    >>> run_notebook("coaching_stats/client/analysis.ipynb", "out.ipynb", {"languge": "fi"})
    Traceback (most recent call last):
        ...
    coaching_stats.errors.StudyError: the notebook has no parameter 'languge'; did you mean ...
    """
    import papermill  # half a second, for this alone

    path = Path(path)
    known = list(papermill.inspect_notebook(str(path)))
    unknown = [name for name in parameters if name not in known]
    if unknown or not known:
        named = " or ".join(f"{name!r}{nearest(name, known)}" for name in unknown)
        raise StudyError(
            explain(
                what=f"the notebook has no parameter {named or 'at all'}",
                where=f"{path.name}, parameters: {first_ten(known) or 'no cell tagged so'}",
                remedy="name one of these, or set it in the cell that is tagged parameters",
            )
        )
    papermill.execute_notebook(
        str(path), str(out), parameters=dict(parameters), cwd=str(path.parent), progress_bar=False
    )
    return Path(out)
