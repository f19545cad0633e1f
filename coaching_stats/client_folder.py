"""A folder for one client: study file, mapping, notebook, test, and simulated answers to run on."""

from __future__ import annotations

import json
import os
import tempfile
from importlib import resources
from pathlib import Path

import pandas as pd

from coaching_stats.answers import SIMULATED_MARK
from coaching_stats.errors import DataError, explain
from coaching_stats.worlds import simulate

CLIENT = resources.files("coaching_stats") / "client"
FILES = {  # where they stand in the package, and their names in the folder
    "README.md": "README.md",
    "mapping.yml": "mapping.yml",
    "analysis.ipynb": "analysis.ipynb",
    "test_client.py.txt": "test_client.py",
    "gitignore.txt": ".gitignore",
}
HEADERS = {
    "seller_id": "Vastaajan tunnus",
    "team_id": "Tiimi",
    "manager_id": "Esihenkilö",
    "firm_id": "Yritys",
}
WORLD = "null"  # so that nobody takes what is found in the made-up answers for a finding


def new_client(folder: str | Path, *, teams: int = 20, sellers: int = 8, seed: int = 1) -> Path:
    """Make a folder in which a client's survey is analysed; it runs at once, on simulated answers.

    Parameters
    ----------
    folder : str or Path
        Made; it must not hold anything yet.
    teams, sellers : int
        Design of the client: teams, and sellers per team, for the simulated answers.
    seed : int

    Returns
    -------
    Path
        The folder: ``study.yml``, ``mapping.yml``, ``analysis.ipynb`` with a parameters cell,
        ``test_client.py``, ``README.md``, ``.gitignore`` and ``data/simulated.csv``.

    Raises
    ------
    DataError
        The folder holds something, or cannot be written; then nothing is left in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as there:
    ...     made = new_client(Path(there) / "client", teams=12)
    ...     sorted(path.name for path in made.iterdir())  # doctest: +NORMALIZE_WHITESPACE
    ['.gitignore', 'README.md', 'analysis.ipynb', 'data', 'mapping.yml', 'study.yml',
     'test_client.py']
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            explain(
                what=f"{str(folder)!r} is there already and is not empty",
                remedy="name a folder that does not exist yet",
            )
        )
    answers = simulated_answers(teams, sellers, seed)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".writing-") as waiting:
            _fill(Path(waiting) / "made", folder.name, answers, teams)
            if folder.exists():
                folder.rmdir()
            os.replace(Path(waiting) / "made", folder)
    except OSError as problem:
        raise DataError(
            explain(
                what=f"{str(folder)!r} cannot be made",
                where=problem.strerror or str(problem),
                remedy="name a folder in a place where you may write",
            )
        ) from None
    return folder


def _fill(folder: Path, name: str, answers: pd.DataFrame, teams: int) -> None:
    (folder / "data").mkdir(parents=True)
    for source, target in FILES.items():
        text = (CLIENT / source).read_text(encoding="utf-8")
        if source == "README.md":
            text = text.format(name=name, teams=teams)
        (folder / target).write_text(text, encoding="utf-8")
    theory = resources.files("coaching_stats") / "theory.yml"
    (folder / "study.yml").write_text(theory.read_text(encoding="utf-8"), encoding="utf-8")
    data = folder / "data" / "simulated.csv"
    answers.to_csv(data, index=False, sep=";", lineterminator="\n")
    mark = {"simulated": True, "world": WORLD}
    data.with_name(data.name + SIMULATED_MARK).write_text(json.dumps(mark) + "\n", encoding="utf-8")


def simulated_answers(teams: int, sellers: int, seed: int) -> pd.DataFrame:
    """One firm's answers as one file: a row per seller, the manager's answers on each of them.

    Parameters
    ----------
    teams, sellers : int
    seed : int

    Returns
    -------
    DataFrame
        Items by code; ids under Finnish headers, as in the folder's mapping.
    """
    tables = simulate(WORLD, firms=1, teams=teams, sellers=sellers, seed=seed)
    about = ["team_id", "manager_id", "firm_id", "process_version_sales", "process_version_lead"]
    managers = tables["manager_survey"].filter(regex="^team_id$|^M_")
    return (
        tables["seller_survey"]
        .drop(columns="wave")
        .merge(tables["teams"][[*about, "n_sellers_roster"]], on="team_id")
        .merge(managers, on="team_id", how="left")
        .rename(columns=HEADERS)
    )
