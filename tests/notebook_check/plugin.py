"""Run notebooks with nbval, and compare everything.

`pytest -p nbval.plugin -p notebook_check.plugin notebooks`, as `make test-notebooks` does.

nbval by itself passes over figures, over cells without a count and over whatever a tag excludes;
this plugin keeps its kernel and its reading of outputs, and judges them by our own rules.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import nbformat
import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, IPyNbFile

from notebook_check.outputs import REMEDY, differences
from notebook_check.stored import faults

CELL_SECONDS = 120
CHECK_ALL = {"check": True, "skip": False, "check_exception": False}


class NotebookRefused(Exception):
    """What is wrong and what to do, as it stands in the test report."""


def pytest_configure(config: pytest.Config) -> None:
    """Run in this Python, whatever a notebook names, with matplotlib's own fonts and DPI."""
    os.environ["MATPLOTLIBRC"] = str(Path(matplotlib.get_data_path()) / "matplotlibrc")
    os.environ.pop("MPLBACKEND", None)
    config.option.nbval_current_env = True
    config.option.nbval_cell_timeout = CELL_SECONDS


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take every notebook below the folders that pytest was given."""
    is_notebook = file_path.suffix == ".ipynb"
    return CheckedNotebook.from_parent(parent, path=file_path) if is_notebook else None


class CheckedNotebook(IPyNbFile):
    """The notebook as it is stored, then each code cell run anew."""

    def collect(self) -> Iterator[pytest.Item]:
        """Tags and comments that excuse a cell from comparison have no say here."""
        self.nb = nbformat.read(self.path, as_version=4)
        yield StoredNotebook.from_parent(self, name="stored")
        code = [cell for cell in self.nb.cells if cell.cell_type == "code"]
        for place, cell in enumerate(code, start=1):
            yield CheckedCell.from_parent(
                self, name=f"cell {place}", cell_num=place, cell=cell, options=CHECK_ALL
            )


class StoredNotebook(pytest.Item):
    """What needs no kernel: counts, errors, warnings, paths, ids and size."""

    def runtest(self) -> None:
        found = faults(self.path)
        if found:
            raise NotebookRefused("\n".join(found))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        return _message(self.path, excinfo) or str(super().repr_failure(excinfo))


class CheckedCell(IPyNbCell):
    """One code cell: what it gives now against what is stored."""

    def runtest(self) -> None:
        """Nbval takes a cell without a count for one that need not be compared."""
        if self.cell.execution_count is None:
            self.cell.execution_count = self.cell_num
        super().runtest()

    def compare_outputs(self, test: list[NotebookNode], ref: list[NotebookNode]) -> bool:
        """Refuse with every difference and the remedy; nbval asks for True otherwise."""
        found = differences(stored=ref, fresh=test)
        if found:
            lines = [f"code cell {self.cell_num}, {line}" for line in found]
            raise NotebookRefused("\n".join([*lines, REMEDY]))
        return True

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        return _message(self.path, excinfo) or super().repr_failure(excinfo)


def _message(path: Path, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    refused = isinstance(excinfo.value, NotebookRefused)
    return f"{path.name}\n{excinfo.value}" if refused else ""
