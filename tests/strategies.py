"""Data as surveys give them, for property tests: unequal groups, gaps, columns that stand still.

Hypothesis chooses the shape (how many groups, how large, what is missing) and the seed of the
numbers, so that a failing example shrinks to the smallest shape that still fails.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)


class Table(NamedTuple):
    """Values (n, q) with nan where missing, the group of each row (0 to G - 1), and weights."""

    values: np.ndarray
    codes: np.ndarray
    weights: np.ndarray


@st.composite
def tables(draw, n_columns=3, min_groups=1, max_groups=6):
    """A table of numbers in groups of 1 to 9 rows; no column is without a value.

    Each column has an offset and a spread of its own, down to none at all; up to four values
    in ten are missing, though the first row is whole.
    """
    sizes = draw(st.lists(st.integers(1, 9), min_size=min_groups, max_size=max_groups))
    offsets = draw(st.lists(st.sampled_from([0, -2, 100]), min_size=n_columns, max_size=n_columns))
    spreads = draw(
        st.lists(st.sampled_from([0, 0.1, 1, 30]), min_size=n_columns, max_size=n_columns)
    )
    missing = draw(st.sampled_from([0, 0.1, 0.4]))
    rng = np.random.default_rng(draw(seeds))
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    values = offsets + rng.normal(size=(len(codes), n_columns)) * spreads
    gaps = rng.random(values.shape) < missing
    gaps[0] = False
    return Table(np.where(gaps, np.nan, values), codes, rng.uniform(0.5, 3, len(codes)))


@st.composite
def team_frames(draw, n_teams=8, missing=0.0):
    """Sellers in unequal teams, the first a team of one: ``team``, ``y``, ``rigid``, ``trust``.

    ``rigid`` is a property of the team; ``trust`` lacks the given share of its values.
    """
    sizes = [1, *draw(st.lists(st.integers(2, 7), min_size=n_teams - 1, max_size=n_teams - 1))]
    rng = np.random.default_rng(draw(seeds))
    team = np.repeat(np.arange(n_teams), sizes)
    rigid, trust = rng.normal(size=n_teams)[team], rng.normal(size=team.size)
    unwilling = 4 + rigid - 0.3 * trust + rng.normal(size=n_teams)[team]
    trust[rng.random(team.size) < missing] = np.nan
    y = unwilling + rng.normal(size=team.size)
    return pd.DataFrame({"team": team, "y": y, "rigid": rigid, "trust": trust})


@st.composite
def group_figures(draw, max_groups=5):
    """Figures of a firm and its teams on one question, before any is hidden.

    Teams have 1 to 14 people who answer 1 to 7, in one of three teams all alike.
    """
    sizes = draw(st.lists(st.integers(1, 14), min_size=2, max_size=max_groups))
    alike = draw(st.lists(st.sampled_from([False, False, True]), min_size=len(sizes)))
    rng = np.random.default_rng(draw(seeds))
    answers = [
        np.full(n, rng.integers(1, 8)) if same else rng.integers(1, 8, n)
        for n, same in zip(sizes, alike, strict=False)
    ]
    everybody = [np.concatenate(answers), *answers]
    return pd.DataFrame(
        {
            "table": "t",
            "group": ["firm", *(f"team {i}" for i in range(len(sizes)))],
            "parent_group": ["", *["firm"] * len(sizes)],
            "item": "Q",
            "n": [len(part) for part in everybody],
            "mean": [part.mean() for part in everybody],
        }
    )
