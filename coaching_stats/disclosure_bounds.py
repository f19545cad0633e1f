"""How far what is published pins an unknown down: linear programs on small connected systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coaching_stats.disclosure import SLACK, System

SAME = 1e-9
MOST_WHOLE = 40  # unknowns; in larger systems counts need not be whole, which widens intervals
OPTIMAL, UNBOUNDED = 0, (3, 4)  # scipy's status; HiGHS may say unbounded or infeasible (4)


class ContradictionError(Exception):
    """The rows allow no solution, so that something assumed is false."""


@dataclass(frozen=True, eq=False)
class Component:
    """Unknowns that hang together, what is printed being moved into the bounds of the rows.

    Attributes
    ----------
    place : mapping from column of the system to position here
    low, high : ndarray, shape (k,)
    whole : ndarray of bool, shape (k,)
    matrix : ndarray, shape (m, k)
    row_low, row_high : ndarray, shape (m,)
    """

    place: dict[int, int]
    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray
    matrix: np.ndarray
    row_low: np.ndarray
    row_high: np.ndarray

    @property
    def is_tree(self) -> bool:
        """Whether its rows and unknowns form no cycle: then propagated bounds are the sharpest."""
        return int(np.count_nonzero(self.matrix)) == sum(self.matrix.shape) - 1


def components(system: System) -> tuple[list[Component], np.ndarray]:
    """Split a system where its printed figures part it.

    Parameters
    ----------
    system : System
        Propagated: then what is split off adds nothing to the bounds, unless figures form a cycle.

    Returns
    -------
    components : list of Component
    of_column : ndarray of int
        Component of each unknown column; -1 for known ones.
    """
    known = _known(system)
    entry_open = ~known[system.entry]
    n_rows, n_columns = len(system.row_low), len(system.low)
    edges = [(system.row[entry_open] + n_columns, system.entry[entry_open]), _mates(system, known)]
    first, second = (np.concatenate([pair[i] for pair in edges]) for i in (0, 1))
    size = n_rows + n_columns
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    of_column = np.full(n_columns, -1)
    names, of_column[~known] = np.unique(label[:n_columns][~known], return_inverse=True)
    shift_low, shift_high = _known_part(system, known)
    row_label = label[n_columns:]
    is_used = np.isin(np.arange(n_rows), system.row[entry_open])
    found = []
    for number, name in enumerate(names):
        rows = np.flatnonzero((row_label == name) & is_used)
        found.append(
            _component(system, np.flatnonzero(of_column == number), rows, shift_low, shift_high)
        )
    return found, of_column


def _known(system: System) -> np.ndarray:
    """Columns that need no solving: fixed ones, and figures printed of known numbers of people."""
    fixed = system.high - system.low <= SAME
    known = fixed.copy()
    for (group, _), column in system.column.items():
        if system.printed[column] and fixed[system.column[group, "n"]]:
            known[column] = True
    return known


def _mates(system: System, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges that keep the unknowns of one group together."""
    pairs = [
        (column, system.column[group, "n"])
        for (group, kind), column in system.column.items()
        if kind != "n" and not known[column] and not known[system.column[group, "n"]]
    ]
    array = np.array(pairs, dtype=int).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _known_part(system: System, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest sum of the known entries of each row."""
    is_known = known[system.entry]
    weight, entry, row = system.weight[is_known], system.entry[is_known], system.row[is_known]
    at_low, at_high = weight * system.low[entry], weight * system.high[entry]
    least, most = np.zeros(len(system.row_low)), np.zeros(len(system.row_low))
    np.add.at(least, row, np.minimum(at_low, at_high))
    np.add.at(most, row, np.maximum(at_low, at_high))
    return least, most


def _component(
    system: System,
    columns: np.ndarray,
    rows: np.ndarray,
    shift_low: np.ndarray,
    shift_high: np.ndarray,
) -> Component:
    place = {int(column): position for position, column in enumerate(columns)}
    row_place = {int(row): position for position, row in enumerate(rows)}
    matrix = np.zeros((len(rows), len(columns)))
    for index in np.flatnonzero(np.isin(system.row, rows) & np.isin(system.entry, columns)):
        row, column = int(system.row[index]), int(system.entry[index])
        matrix[row_place[row], place[column]] = system.weight[index]
    return Component(
        place=place,
        low=system.low[columns],
        high=system.high[columns],
        whole=system.whole[columns],
        matrix=matrix,
        row_low=system.row_low[rows] - shift_high[rows],
        row_high=system.row_high[rows] - shift_low[rows],
    )


def ratio_extreme(
    component: Component, numerator: int, denominator: int | float, sign: int
) -> tuple[float, np.ndarray | None]:
    """Least (sign 1) or greatest (sign -1) ratio of two unknowns, and the unknowns there.

    Parameters
    ----------
    component : Component
    numerator : int
        Position of the unknown sum.
    denominator : int or float
        Position of the unknown number of people, or that number as a float.
    sign : {1, -1}

    Returns
    -------
    value : float
        Infinite where there is no bound.
    unknowns : ndarray or None

    Raises
    ------
    ContradictionError
        The rows allow no solution.

    References
    ----------
    Charnes & Cooper (1962), Naval Research Logistics Quarterly 9, 181-186: with t = 1 / n and
    y = x t a ratio of unknowns becomes linear.
    """
    k = len(component.low)
    rows, low, high = _homogeneous(component)
    norm = np.zeros(k + 1)
    if isinstance(denominator, float):
        norm[k] = denominator
    else:
        norm[denominator] = 1.0
    matrix = np.vstack([rows, norm])
    cost = np.zeros(k + 1)
    cost[numerator] = sign
    bounds = Bounds(np.r_[np.full(k, -np.inf), 0.0], np.full(k + 1, np.inf))
    found = milp(
        cost, constraints=LinearConstraint(matrix, np.r_[low, 1.0], np.r_[high, 1.0]), bounds=bounds
    )
    if found.status == OPTIMAL:
        t = found.x[k]
        return sign * found.fun, found.x[:k] / t if t > SAME else None
    if found.status in UNBOUNDED:
        return -sign * np.inf, None
    raise ContradictionError


def _homogeneous(component: Component) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and bounds in y = x t and t, each side by itself."""
    k = len(component.low)
    matrix = np.vstack([component.matrix, np.eye(k)])
    low = np.r_[component.row_low, component.low]
    high = np.r_[component.row_high, component.high]
    above, below = np.isfinite(low), np.isfinite(high)
    rows = np.vstack(
        [
            np.column_stack([matrix[above], -low[above]]),
            np.column_stack([matrix[below], -high[below]]),
        ]
    )
    n_above, n_below = int(above.sum()), int(below.sum())
    return (
        rows,
        np.r_[np.zeros(n_above), np.full(n_below, -np.inf)],
        np.r_[np.full(n_above, np.inf), np.zeros(n_below)],
    )


def count_extreme(
    component: Component, positions: Sequence[int], sign: int
) -> tuple[float, np.ndarray | None]:
    """Least (sign 1) or greatest (sign -1) value of a sum of counts, as whole numbers if few.

    Raises
    ------
    ContradictionError
        The rows allow no solution.
    """
    cost = np.zeros(len(component.low))
    cost[list(positions)] = sign
    rows = LinearConstraint(component.matrix, component.row_low, component.row_high)
    found = milp(
        cost,
        constraints=rows if len(component.matrix) else (),
        bounds=Bounds(component.low, component.high),
        integrality=component.whole.astype(int) if len(cost) <= MOST_WHOLE else None,
    )
    if found.status == OPTIMAL:
        return float(sign * found.fun), found.x
    if found.status in UNBOUNDED:
        return -sign * np.inf, None
    raise ContradictionError


def head_bounds(system: System, minimum: int) -> Mapping[str, tuple[float, float]]:
    """Fewest and most people of each group that all published numbers together allow.

    Parameters
    ----------
    system : System
        Of head counts, propagated.
    minimum : int
        Groups that certainly have as many people keep the bounds of propagation.

    Raises
    ------
    ContradictionError
        The numbers contradict each other.
    """
    parts, of_column = components(system)
    found = {}
    for (group, _), column in system.column.items():
        low, high = system.low[column], system.high[column]
        if of_column[column] >= 0 and low < minimum and not parts[of_column[column]].is_tree:
            part = parts[of_column[column]]
            place = [part.place[column]]
            low = max(low, np.ceil(count_extreme(part, place, 1)[0] - SLACK))
            high = min(high, np.floor(count_extreme(part, place, -1)[0] + SLACK))
        found[group] = (float(low), float(high))
    return found
