"""Many random streams drawn from as if they were one: a leading axis over simulations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np


class Streams:
    """One generator per simulation; every size and every result has them as its first axis.

    Each generator gives what it would give alone, so no result depends on who shares a batch.

    Parameters
    ----------
    generators : sequence of Generator

    Examples
    --------
    >>> pair = Streams([np.random.default_rng(seed) for seed in (1, 2)])
    >>> alone = np.random.default_rng(2).standard_normal(3)
    >>> bool((pair.standard_normal((2, 3))[1] == alone).all())
    True
    """

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self._generators = tuple(generators)

    def __len__(self) -> int:
        """Count the simulations."""
        return len(self._generators)

    def standard_normal(self, size: Sequence[int]) -> np.ndarray:
        """Standard normals, shape (R, ...)."""
        rest = tuple(size)[1:]
        return self._stacked(lambda rng, _: rng.standard_normal(rest))

    def random(self, size: Sequence[int]) -> np.ndarray:
        """Uniform between 0 and 1, shape (R, ...)."""
        rest = tuple(size)[1:]
        return self._stacked(lambda rng, _: rng.random(rest))

    def poisson(self, mean: np.ndarray) -> np.ndarray:
        """Counts with these means, shape (R, ...)."""
        return self._stacked(lambda rng, place: rng.poisson(mean[place]))

    def integers(self, low: int, high: int, size: Sequence[int]) -> np.ndarray:
        """Whole numbers from low to high - 1, `size[r]` of simulation r, one after the other."""
        drawn = zip(self._generators, size, strict=True)
        return np.concatenate([rng.integers(low, high, n) for rng, n in drawn])

    def each(
        self, draw: Callable[[np.random.Generator], Mapping[str, np.ndarray]]
    ) -> dict[str, np.ndarray]:
        """Draw several arrays from each generator; by name, shapes (R, ...)."""
        drawn = [draw(rng) for rng in self._generators]
        return {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}

    def _stacked(self, draw: Callable[[np.random.Generator, int], np.ndarray]) -> np.ndarray:
        return np.stack([draw(rng, place) for place, rng in enumerate(self._generators)])


Random = np.random.Generator | Streams


def how_many(rng: Random, marked: np.ndarray) -> int | list[int]:
    """Count what is marked: in all for one generator, by simulation for several.

    Examples
    --------
    >>> how_many(np.random.default_rng(1), np.array([[True, False], [True, True]]))
    3
    """
    if isinstance(rng, Streams):
        return marked.sum(axis=tuple(range(1, marked.ndim))).tolist()
    return int(marked.sum())
