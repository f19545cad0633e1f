"""Could it be something else: what the page says of one rater, of people or process, of gaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from coaching_stats.errors import DesignError
from coaching_stats.missing_data import MissingData, missing_data
from coaching_stats.people_or_process import PeopleOrProcess, people_or_process
from coaching_stats.rater_stress import RaterStress, rater_stress
from coaching_stats.study import Run

ENDS = ("estimate", "conf_low", "conf_high")
STRESS = (*ENDS, *(f"across_{key}" for key in ENDS))
BOUNDS = ("worst", "best", "conf_low", "conf_high")
PER_CENT = 100
RUNS = 4  # both pages and results.json of a run share what was computed


@dataclass(frozen=True, eq=False)
class DoubleChecks:
    """What stands beside the verdicts of a run.

    Attributes
    ----------
    stress : RaterStress
        On as many random halves as the verdicts.
    shares : PeopleOrProcess or None
        None where people and process cannot be compared.
    missing : MissingData
    """

    stress: RaterStress
    shares: PeopleOrProcess | None
    missing: MissingData

    def numbers(self) -> Iterator[tuple[str, float]]:
        """Address and number of all that the page shows of them."""
        for row in self.stressed().to_dict("records"):
            for key in STRESS:
                yield f"{row['term']}.stress.{key}", row[key]
            needed = PER_CENT * row["vanishing_share"]
            yield f"{row['term']}.stress.vanishing_per_cent", needed
        for row in self.bounded().to_dict("records"):
            for key in BOUNDS:
                address = f"shares.{row['outcome']}.{row['group']}.{key}_per_cent"
                yield address, PER_CENT * row[key]
        for row in self.counted().to_dict("records"):
            for key in ("used", "total", "missing", "few"):
                yield f"{row['hypothesis']}.{row['leg']}.rows.{key}", row[key]

    def stressed(self) -> pd.DataFrame:
        """The stress test of what the same respondents support; empty where nothing is."""
        table = self.stress.tidy()
        return table[table["verdict"] == "supported"] if len(table) else table

    def bounded(self) -> pd.DataFrame:
        """Bounds of the shares, from the usual source of the process measures."""
        if self.shares is None:
            return pd.DataFrame(columns=["outcome", "source", "group"])
        table = self.shares.tidy()
        first = table.groupby("outcome")["source"].transform("first")
        return table[table["source"] == first]

    def counted(self) -> pd.DataFrame:
        """Rows used and lost, of what was measured."""
        table = self.missing.tidy()
        return table[table["used"].notna()]


@lru_cache(maxsize=RUNS)
def double_checks(run: Run) -> DoubleChecks:
    """Run the checks that stand beside the verdicts on the page.

    Parameters
    ----------
    run : Run

    Returns
    -------
    DoubleChecks
    """
    try:
        shares = people_or_process(run)
    except DesignError:
        shares = None
    return DoubleChecks(rater_stress(run), shares, missing_data(run))
