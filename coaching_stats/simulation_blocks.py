"""Simulations in blocks that stay on disk: interrupted work goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from coaching_stats.errors import DataError, explain

Task = tuple[str, int, int]  # world, number of the first survey, how many
Found = list[dict[str, str]]


@dataclass(eq=False)
class Blocks:
    """Finished blocks of one calibration, in a folder of their own.

    Attributes
    ----------
    folder : Path
    notes : list of str
        Blocks that could not be used.
    """

    folder: Path
    notes: list[str] = field(default_factory=list)

    @classmethod
    def for_key(cls, cache: str | Path | None, **key: Any) -> Blocks:
        """Blocks of the calibration with this key: study, design, seed, and so on.

        Raises
        ------
        DataError
            A folder that cannot be made.
        """
        text = json.dumps(
            {**key, "version": metadata.version("coaching_stats")}, sort_keys=True, default=_plain
        )
        name = hashlib.sha256(text.encode()).hexdigest()[:24]
        folder = Path(cache) if cache is not None else default_folder()
        try:
            (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise DataError(
                explain(
                    what="finished simulations cannot be kept",
                    where=f"{folder}: {problem.strerror}",
                    remedy="name another folder with cache=",
                )
            ) from None
        return cls(folder / name)

    def run(
        self,
        tasks: Sequence[Task],
        work: Callable[..., Found],
        given: tuple[Any, ...],
        *,
        n_jobs: int,
        progress: bool,
        resume: str,
    ) -> Mapping[tuple[str, int], Found]:
        """Do the tasks that are not done yet, keeping each block as soon as it is there.

        Parameters
        ----------
        tasks : sequence of (world, start, size)
        work : callable
            ``work(*given, world, start, size)``.
        n_jobs : int
        progress : bool
        resume : str
            How to go on after an interruption.

        Returns
        -------
        mapping from (world, start) to verdicts

        Notes
        -----
        A block that is cut off by an interruption is lost; all others are found again, and the
        KeyboardInterrupt says how.
        """
        from joblib import Parallel, delayed  # only calibrations need processes
        from tqdm import tqdm

        found = {task[:2]: block for task in tasks if (block := self._kept(task)) is not None}
        todo = [task for task in tasks if task[:2] not in found]
        calls = (delayed(_named)(work, given, task) for task in todo)
        with tqdm(
            total=sum(size for *_, size in tasks),
            initial=sum(map(len, found.values())),
            unit="survey",
            disable=not progress,
        ) as bar:
            try:
                for task, block in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls):
                    self._keep(task, block)
                    found[task[:2]] = block
                    bar.update(len(block))
            except KeyboardInterrupt as stop:
                kept = f"{len(found)} of {len(tasks)} blocks are finished and kept"
                stop.add_note(f"{kept}; {resume}")
                raise
        return found

    def _path(self, task: Task) -> Path:
        world, start, size = task
        return self.folder / f"{world}-{start}-{size}.json"

    def _kept(self, task: Task) -> Found | None:
        """A finished block; one that is damaged is done again."""
        path = self._path(task)
        try:
            block = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            block = None
        is_whole = isinstance(block, list) and len(block) == task[2]
        if is_whole and all(isinstance(one, dict) for one in block):
            return block
        self.notes.append(f"a damaged block of earlier work is done again: {path.name}")
        return None

    def _keep(self, task: Task, block: Found) -> None:
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".writing-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(block, file)
        os.replace(name, self._path(task))


def _named(work: Callable[..., Found], given: tuple[Any, ...], task: Task) -> tuple[Task, Found]:
    return task, work(*given, *task)


def _plain(value: Any) -> Any:
    """A mapping or a number of numpy as JSON knows it."""
    return dict(value) if isinstance(value, Mapping) else value.item()


def default_folder() -> Path:
    """Folder of the user's cache, as the XDG base directories have it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "coaching_stats" / "calibration"
