"""The grid of choices that an analyst could defend: which specifications there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Literal

import numpy as np

from coaching_stats.errors import DesignError, explain, first_ten, nearest

Vcov = Literal["CR2", "CR1S", "CRV3"]
VCOV: tuple[Vcov, ...] = ("CR2", "CR1S", "CRV3")
MOST_COVARIATES = 12  # up to here every subset is taken
MOST_MODELS = 4096  # outcome x predictor x covariates x rows; beyond, models are drawn at random
NONE = "none"


@dataclass(frozen=True, eq=False)
class Grid:
    """Every combination of choices; M models, each with K clusters and V variances.

    Attributes
    ----------
    outcomes, predictors : mapping from name of the choice to column
    required : tuple of str
        Covariates of every model.
    covariates : tuple of str, length c
        Covariates that may be in or out.
    sets : ndarray of bool, shape (n_sets, c)
    rows, clusters, vcov : tuple of str
        Names of the choices.
    models : ndarray of int, shape (M, 4)
        Position in `outcomes`, `predictors`, `sets` and `rows`.
    notes : tuple of str
    """

    outcomes: Mapping[str, str]
    predictors: Mapping[str, str]
    required: tuple[str, ...]
    covariates: tuple[str, ...]
    sets: np.ndarray
    rows: tuple[str, ...]
    clusters: tuple[str, ...]
    vcov: tuple[str, ...]
    models: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every numeric column that some model needs, each once."""
        named = (*self.outcomes.values(), *self.predictors.values())
        return tuple(dict.fromkeys((*named, *self.required, *self.covariates)))

    @property
    def included(self) -> np.ndarray:
        """Which covariates each model holds, bool, shape (M, c)."""
        return self.sets[self.models[:, 2]]

    def columns_of(self, model: int) -> tuple[str, ...]:
        """Predictor, covariates and, last, outcome of a model."""
        outcome, predictor, chosen_set, _ = self.models[model]
        chosen = np.array(self.covariates, dtype=object)[self.sets[chosen_set]]
        x = (list(self.predictors.values())[predictor], *self.required, *chosen)
        return (*x, list(self.outcomes.values())[outcome])

    def set_names(self) -> list[str]:
        """Each covariate set in words, such as ``BEL + SKL``."""
        return [
            " + ".join(c for c, is_in in zip(self.covariates, row, strict=True) if is_in) or NONE
            for row in self.sets.tolist()
        ]

    def choices(self) -> dict[str, np.ndarray]:
        """Name of the choice by specification, (M K V,), models slowest and variances fastest."""
        named = (list(self.outcomes), list(self.predictors), self.set_names(), self.rows)
        each = len(self.clusters) * len(self.vcov)
        of_model = {
            kind: np.repeat(np.array(names, dtype=object)[self.models[:, j]], each)
            for j, (kind, names) in enumerate(
                zip(("outcome", "predictor", "covariates", "rows"), named, strict=True)
            )
        }
        pairs = np.array(list(product(self.clusters, self.vcov)), dtype=object)
        tiled = np.tile(pairs, (len(self.models), 1))
        return {**of_model, "cluster": tiled[:, 0], "vcov": tiled[:, 1]}


def make_grid(
    *,
    outcomes: Mapping[str, str],
    predictors: Mapping[str, str],
    covariates: Sequence[str],
    required: Sequence[str] = (),
    rows: Sequence[str],
    clusters: Sequence[str],
    vcov: Sequence[str],
    sets: np.ndarray | None = None,
    rng: np.random.Generator,
) -> Grid:
    """Combine all choices; where they are too many, draw models at random and say so.

    Parameters
    ----------
    outcomes, predictors, covariates, required, rows, clusters, vcov
        As in `Grid`.
    sets : ndarray of bool, shape (n_sets, c), optional
        The covariate sets that are allowed; all subsets when not given.
    rng : Generator
        For the draw.

    Raises
    ------
    DesignError
        A column in two places of one model, covariates that are no list, or unknown variances.

    Examples
    --------
    >>> grid = make_grid(
    ...     outcomes={"WTC": "WTC_m"}, predictors={"full": "SPR_s", "core": "SPR_core"},
    ...     covariates=["SKL_s"], rows=["all"], clusters=["firm"], vcov=["CR2", "CRV3"],
    ...     rng=np.random.default_rng(0),
    ... )
    >>> len(grid.models), grid.columns_of(3), len(grid.choices()["vcov"])
    (4, ('SPR_core', 'SKL_s', 'WTC_m'), 8)
    """
    _refuse_lists(covariates, required, vcov)
    _refuse_twice(outcomes, predictors, [*required, *covariates])
    notes: list[str] = []
    if sets is None:
        sets = _subsets(len(covariates), rng, notes)
    sizes = (len(outcomes), len(predictors), len(sets), len(rows))
    models = _models(sizes, rng, notes)
    return Grid(
        outcomes=dict(outcomes),
        predictors=dict(predictors),
        required=tuple(required),
        covariates=tuple(covariates),
        sets=sets,
        rows=tuple(rows),
        clusters=tuple(clusters),
        vcov=tuple(vcov),
        models=models,
        notes=tuple(notes),
    )


def _subsets(n: int, rng: np.random.Generator, notes: list[str]) -> np.ndarray:
    """All subsets of n covariates; of more than twelve: none, all, and a random draw."""
    if n <= MOST_COVARIATES:
        return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)
    drawn = rng.integers(0, 2, size=(MOST_MODELS - 2, n)).astype(bool)
    kept = np.unique(np.vstack([np.zeros(n, bool), np.ones(n, bool), drawn]), axis=0)
    notes.append(
        f"{n} covariates have 2^{n} subsets: none, all and a random draw of the others are "
        f"taken, {len(kept)} in all"
    )
    return kept


def _models(sizes: Sequence[int], rng: np.random.Generator, notes: list[str]) -> np.ndarray:
    total = prod(sizes)
    if total <= MOST_MODELS:
        drawn = np.arange(total)
    else:
        drawn = np.sort(rng.choice(total, MOST_MODELS, replace=False))
        notes.append(f"{MOST_MODELS:,} of {total:,} models drawn at random, each equally likely")
    return np.column_stack(np.unravel_index(drawn, sizes))


def _refuse_twice(
    outcomes: Mapping[str, str], predictors: Mapping[str, str], covariates: Sequence[str]
) -> None:
    """Refuse a column in two places of one model."""
    places = (set(outcomes.values()), set(predictors.values()), covariates)
    named = [column for place in places for column in place]
    twice = sorted({column for column in named if named.count(column) > 1})
    if twice:
        raise DesignError(
            explain(
                what=f"columns stand in two places of one model: {first_ten(twice)}",
                where="outcome, predictor, covariates, required",
                remedy="give every column one place",
            )
        )


def _refuse_lists(covariates: Sequence[str], required: Sequence[str], vcov: Sequence[str]) -> None:
    """Refuse text where a list is asked for, and variances that are unknown or named twice."""
    if isinstance(covariates, str) or isinstance(required, str):
        raise DesignError(
            explain(
                what="covariates are a list of columns", remedy="write [column] for a single one"
            )
        )
    unknown = () if isinstance(vcov, str) else [name for name in vcov if name not in VCOV]
    if isinstance(vcov, str) or unknown or not 0 < len(vcov) == len(set(vcov)):
        wrong = first_ten(f"unknown {name!r}{nearest(name, VCOV)}" for name in unknown)
        raise DesignError(
            explain(
                what="vcov must be a list of different variances",
                where=wrong if unknown else "",
                remedy=f"choose among {first_ten(VCOV)}",
            )
        )
