"""Obstacles to coaching, and resources for avoiding it, by element of the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coaching_stats.errors import StudyError, explain, first_ten
from coaching_stats.frames import left_out, refuse_no_rows
from coaching_stats.instrument import load_instrument
from coaching_stats.process_estimates import (
    CONF_LEVEL,
    DIFFERENCE,
    ROLES,
    element_estimates,
    hide_small,
    unit_values,
)
from coaching_stats.process_inventory import checked_inventory, shown_remarks
from coaching_stats.results import Shown
from coaching_stats.team_records import ELEMENTS
from coaching_stats.texts import LANGUAGES, texts

AVOIDANCE = ("avoidance_managers", "avoidance_sellers")
MIDPOINT = 4.0  # of the scale from 1 to 7
FEWEST = 2  # a mean of one is somebody's answer
RANKING = ["role", "rank", "element", "name", "obstacle", "conf_low", "conf_high"]
RANKING += [*AVOIDANCE, "support", "n", "reading"]


@dataclass(frozen=True, eq=False, repr=False)
class ProcessMap(Shown):
    """What raters say of each element of the process; figures of too few raters are left out.

    Attributes
    ----------
    table : DataFrame
        As `tidy` returns it.
    names : mapping from element to mapping from language to str
        In the order in which they are asked.
    remarks : DataFrame
        Columns ``element, remark``: free text on elements on which enough raters wrote.
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
        """Roles whose view of some obstacle is shown, managers first."""
        of_obstacles = self.table[(self.table["index"] == "obstacle") & self.table["is_shown"]]
        return tuple(role for role in ROLES if (of_obstacles["role"] == role).any())

    def readings(self) -> pd.Series:
        """How each role's view of each element reads, by its intervals and the scale's middle.

        Returns
        -------
        Series, index role and element
            ``both``: the intervals of the obstacle and of a use for avoiding lie above 4;
            ``obstacle`` or ``resource``: one does; ``neither``: all lie below 4; ``unclear``:
            none lies above and not all lie below. Where the obstacle or both uses are not shown,
            ``too_few`` raters or ``alike``, since they all gave one rating. What was not asked
            lies neither above nor below.
        """
        of_role = self.table[self.table["role"] != DIFFERENCE].set_index(["role", "element"])
        side = {
            index: of_role[of_role["index"] == index].apply(_side, axis=1)
            for index in ("obstacle", *AVOIDANCE)
            if (of_role["index"] == index).any()
        }
        sides = pd.DataFrame(side).reindex(columns=["obstacle", *AVOIDANCE], fill_value="open")
        return sides.apply(lambda row: _reading(row["obstacle"], set(row[list(AVOIDANCE)])), axis=1)

    def ranking(self, language: str = "en") -> pd.DataFrame:
        """Elements from the greatest obstacle to the least, for each role, in words too.

        Parameters
        ----------
        language : {"en", "fi"}

        Returns
        -------
        DataFrame
            Columns ``role, rank, element, name, obstacle, conf_low, conf_high,
            avoidance_managers, avoidance_sellers, support, n, reading``; the interval is that of
            the obstacle. What too few rated comes last and has no rank.
        """
        said = texts(language)["process_map"]
        of_role = self.table[self.table["role"] != DIFFERENCE]
        wide = of_role.pivot(index=["role", "element"], columns="index", values="estimate")
        obstacle = of_role[of_role["index"] == "obstacle"].set_index(["role", "element"])
        ranked = wide.reindex(columns=["obstacle", *AVOIDANCE, "support"]).join(
            [obstacle[["conf_low", "conf_high", "n"]], self.readings().rename("reading")]
        )
        ranked = ranked.reset_index()
        by_role = ranked.groupby("role")["obstacle"]
        ranked = ranked.assign(
            rank=by_role.rank(ascending=False, method="min").astype("Int64"),
            name=[self.names[element][language] for element in ranked["element"]],
            reading=[said["readings"][reading] for reading in ranked["reading"]],
            role=pd.Categorical(ranked["role"], categories=ROLES),
        ).sort_values(["role", "rank", "element"], na_position="last", ignore_index=True)
        return ranked.assign(role=[said["roles"][role] for role in ranked["role"]])[RANKING]


def process_map(
    inventory: pd.DataFrame,
    *,
    elements: Mapping[str, Mapping[str, str]] | None = None,
    minimum_group: int = 5,
    is_simulated: bool = False,
) -> ProcessMap:
    """Map obstacles to coaching, and resources for avoiding it, element by element.

    Parameters
    ----------
    inventory : DataFrame
        Not changed. Long: ``team_id, rater_id, element, rater_role``, ratings ``a`` to ``h`` from 1
        to 7, ``present`` and ``note``; or wide, with columns such as ``P1_a``. A rater has the same
        id in every team.
    elements : mapping from element to mapping from language to str, optional
        The client's own elements; the questionnaire's P1 to P16 when not given.
    minimum_group : int
        Fewest raters whose figures are shown: that of the study.
    is_simulated : bool
        Figures then say so.

    Returns
    -------
    ProcessMap

    Raises
    ------
    DataError
        The inventory cannot be used; the message lists the cells.
    StudyError
        An element lacks a name in a language, or `minimum_group` is below 2.

    Notes
    -----
    Estimates are means of the units' means, with t intervals over the units: raters linked by a
    team count as one. With few units such intervals keep their level also where the units differ in
    precision. Managers less sellers: the units that both rated are paired, so that complete pairs
    give the paired interval and no pairs give Welch's; between these the smaller number of units
    gives the degrees of freedom. An interval may reach beyond the scale.

    Figures of fewer raters than the minimum are not shown, nor those of raters who all gave the
    same rating, since the mean would tell what each of them said.

    References
    ----------
    Ibragimov & Müller (2010), Journal of Business & Economic Statistics 28, 453-468; Welch (1947),
    Biometrika 34, 28-35.

    Examples
    --------
    >>> inventory = pd.DataFrame({
    ...     "team_id": [f"T{i}" for i in range(5)], "rater_id": [f"M{i}" for i in range(5)],
    ...     "rater_role": "manager", "element": "P1", "d": [7, 6, 5, 6, 7], "e": [1, 2, 2, 1, 2],
    ... })
    >>> found = process_map(inventory)
    >>> found.tidy()[["index", "estimate", "conf_low", "n"]].round(2).values.tolist()
    [['obstacle', 6.2, 5.16, 5], ['avoidance_managers', 1.6, 0.92, 5]]
    >>> found.ranking("fi")["reading"].tolist()
    ['Este']
    """
    names = _names(elements)
    _refuse_minimum(minimum_group)
    rows = checked_inventory(inventory, list(names))
    names = {key: name for key, name in names.items() if (rows["element"] == key).any()}
    is_present = rows["present"].fillna(1) == 1 if "present" in rows else rows["rater_id"].notna()
    remarks, held_back = shown_remarks(rows, minimum_group)
    kept = rows[is_present.to_numpy()].reset_index(drop=True)
    refuse_no_rows(len(kept), "elements that are in use")
    values, about_units = unit_values(kept)
    table, about_cells = hide_small(element_estimates(values, list(names)), minimum_group)
    notes = (
        "simulated ratings" if is_simulated else "",
        left_out(len(rows) - len(kept), "the element is not in use there"),
        *about_units,
        *about_cells,
        *held_back,
        f"each interval holds by itself at {CONF_LEVEL:.0%}; of many, some miss, and ranks of "
        "overlapping intervals are not settled",
    )
    return ProcessMap(
        table=table,
        names=names,
        remarks=remarks,
        minimum_group=minimum_group,
        is_simulated=is_simulated,
        notes=tuple(note for note in notes if note),
    )


def _names(elements: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, str]]:
    if elements is None:
        items = [load_instrument().item(element) for element in ELEMENTS]
        return {item.name: {"en": item.text_en, "fi": item.text_fi} for item in items}
    bad = [key for key, name in elements.items() if not all(name.get(lang) for lang in LANGUAGES)]
    if bad or not elements:
        raise StudyError(
            explain(
                what=f"elements without a name in each language: {first_ten(bad)}"
                if bad
                else "the list of elements is empty",
                remedy='give elements={"key": {"en": "...", "fi": "..."}}',
            )
        )
    return {key: {lang: name[lang] for lang in LANGUAGES} for key, name in elements.items()}


def _refuse_minimum(minimum_group: int) -> None:
    if minimum_group < FEWEST:
        raise StudyError(
            explain(
                what=f"the minimum group is {minimum_group}; below {FEWEST} a mean is somebody's "
                "answer",
                remedy="take minimum_group of the study, at least what respondents were promised",
            )
        )


def _side(row: pd.Series) -> str:
    """Where the interval of a figure lies about the middle of the scale, or why it is hidden."""
    if not row["is_shown"]:
        return "too_few" if pd.isna(row["n"]) else "alike"
    return (
        "high" if row["conf_low"] > MIDPOINT else "low" if row["conf_high"] < MIDPOINT else "open"
    )


def _reading(obstacle: str, uses: set[str]) -> str:
    hidden = {"too_few", "alike"}
    if obstacle in hidden or uses <= hidden:
        return "too_few" if "too_few" in {obstacle, *uses} else "alike"
    if "high" in uses:
        return "both" if obstacle == "high" else "resource"
    if obstacle == "high":
        return "obstacle"
    return "neither" if obstacle == "low" and uses == {"low"} else "unclear"
