"""Obstacles to coaching, and resources for avoiding it, by element of the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coaching_stats.columns import text_columns
from coaching_stats.errors import DataError, StudyError, explain, first_ten
from coaching_stats.frames import left_out
from coaching_stats.instrument import load_instrument
from coaching_stats.personal_data import find_personal_data
from coaching_stats.process_inventory import checked_inventory
from coaching_stats.results import Shown, t_quantile
from coaching_stats.team_records import ELEMENTS, INVENTORY_ROLES
from coaching_stats.texts import LANGUAGES, texts

INDICES = {
    "obstacle": "d",
    "avoidance_managers": "e",
    "avoidance_sellers": "f",
    "support": "g",
    "importance": "h",
}
RIGIDITY = "rigidity"
AVOIDANCE = ("avoidance_managers", "avoidance_sellers")
DIFFERENCE = "difference"  # managers less sellers
MIDPOINT = 4.0
CONF_LEVEL = 0.95
FEWEST = 2  # below this a mean is somebody's answer
COLUMNS = (
    *("element", "role", "index", "estimate", "std_error", "df", "conf_low", "conf_high"),
    *("n", "is_shown"),
)
Cell = tuple[str, str, str]  # element, role, index


@dataclass(frozen=True, eq=False, repr=False)
class ProcessMap(Shown):
    """What raters say of each element of the process; figures of too few raters are left out.

    Attributes
    ----------
    table : DataFrame
        As `tidy` returns it.
    names : mapping from element to mapping from language to str
    remarks : DataFrame
        Columns ``element, remark``: free text, of elements on which enough raters wrote, in
        alphabetical order, so that the order gives nobody away.
    minimum_group : int
        Fewest raters whose figures are shown.
    is_simulated : bool
    notes : tuple of str
    """

    table: pd.DataFrame
    names: Mapping[str, Mapping[str, str]]
    remarks: pd.DataFrame
    minimum_group: int
    is_simulated: bool
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per element, role and index, nothing rounded.

        Returns
        -------
        DataFrame
            Columns ``element, role, index, estimate, std_error, df, conf_low, conf_high, n,
            is_shown``. `role` is that of the raters, or ``difference``: managers less sellers.
            `estimate` is in scale points from 1 to 7. Where `is_shown` is false the figures are
            missing, and so is `n` where it is below the minimum.
        """
        return self.table.copy()

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles of which an obstacle or a means of avoiding is shown, managers first."""
        of_map = self.table["index"].isin(["obstacle", *AVOIDANCE]) & self.table["is_shown"]
        return tuple(r for r in INVENTORY_ROLES_SHOWN if (self.table[of_map]["role"] == r).any())

    def reading(self, element: str, role: str) -> str:
        """Key of the words for an element: where its intervals lie about the middle of the scale.

        Returns
        -------
        {"both", "obstacle", "resource", "neither", "unclear", "too_few"}
        """
        rows = self.table[(self.table["element"] == element) & (self.table["role"] == role)]
        by_index = {row.index_name: row for row in rows.rename(columns=RENAMED).itertuples()}
        obstacle = _side(by_index.get("obstacle"))
        used = [_side(by_index.get(index)) for index in AVOIDANCE]
        resource = (
            "high"
            if "high" in used
            else "hidden"
            if set(used) == {"hidden"}
            else "low"
            if set(used) == {"low"}
            else "unclear"
        )
        return READINGS.get((obstacle, resource), "unclear")

    def ranking(self, language: str = "en") -> pd.DataFrame:
        """Elements from the greatest obstacle to the least, for each role, in words too.

        Parameters
        ----------
        language : {"en", "fi"}

        Returns
        -------
        DataFrame
            Columns ``role, rank, element, name, obstacle, conf_low, conf_high,
            avoidance_managers, avoidance_sellers, support, n, reading``; rated by too few: last
            and without rank.
        """
        said = texts(language)["process_map"]
        wide = self.table.pivot(index=["role", "element"], columns="index", values="estimate")
        wide = wide.reindex(columns=["obstacle", *AVOIDANCE, "support"])
        obstacle = self.table[self.table["index"] == "obstacle"].set_index(["role", "element"])
        ranked = wide.join(obstacle[["conf_low", "conf_high", "n"]]).drop(DIFFERENCE, errors="ignore")
        ranked = ranked.reset_index()
        order = {role: place for place, role in enumerate(INVENTORY_ROLES_SHOWN)}
        ranked = ranked.assign(
            rank=ranked.groupby("role")["obstacle"].rank(ascending=False, method="min"),
            name=[self.names[element][language] for element in ranked["element"]],
            reading=[
                said["readings"][self.reading(element, role)]
                for element, role in zip(ranked["element"], ranked["role"], strict=True)
            ],
            place=ranked["role"].map(order),
        ).sort_values(["place", "rank", "name"], na_position="last", kind="stable")
        ranked = ranked.assign(
            role=[said["roles"][role] for role in ranked["role"]],
            rank=ranked["rank"].astype("Int64"),
        )
        return ranked[list(RANKING)].reset_index(drop=True)
