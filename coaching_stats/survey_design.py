"""A survey to be simulated: its size, its sources, and under what conditions it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np

from coaching_stats.errors import DesignError, explain, first_ten, nearest
from coaching_stats.measurement import USUAL, Conditions
from coaching_stats.worlds import simulate_under


@dataclass(frozen=True)
class Design:
    """A survey to be simulated.

    Attributes
    ----------
    firms, teams, sellers : int
        Firms, teams per firm and invited sellers per team.
    waves : int
    managers : bool
        Whether managers and process raters answer too: the second source.
    strength : float
        Multiplies every effect of the world.
    conditions : Conditions
        Response rates, loadings and gaps.
    """

    firms: int
    teams: int
    sellers: int
    waves: int = 1
    managers: bool = True
    strength: float = 1.0
    conditions: Conditions = field(default_factory=lambda: USUAL)

    def __str__(self) -> str:
        """Read as firms × teams × sellers."""
        waves = "" if self.waves == 1 else f", {self.waves} waves"
        sources = "" if self.managers else ", sellers only"
        return f"{self.firms} × {self.teams} × {self.sellers}{waves}{sources}"

    @property
    def n_questionnaires(self) -> int:
        """How many forms are sent out in all: what the survey costs."""
        return self.firms * self.teams * (self.sellers + self.managers) * self.waves


def checked_design(design: Design | Mapping[str, Any]) -> Design:
    """A design that can be simulated, from one or from a mapping.

    Raises
    ------
    DesignError
        As `calibrate` does.
    """
    if not isinstance(design, Design | Mapping):
        raise DesignError(
            explain(
                what=f"{design!r} is no design",
                remedy='give one such as {"firms": 24, "teams": 1, "sellers": 8}',
            )
        )
    if not isinstance(design, Design):
        known = Design.__dataclass_fields__
        further = first_ten(list(known)[3:])
        unknown = [key for key in design if key not in known]
        missing = [key for key in ("firms", "teams", "sellers") if key not in design]
        if unknown or missing:
            shown = [f"{key!r}{nearest(key, known)}" for key in unknown] or missing
            what = "a design has no" if unknown else "the design lacks"
            raise DesignError(
                explain(
                    what=f"{what} {first_ten(shown)}",
                    remedy=f"give firms, teams and sellers, and if you like {further}",
                )
            )
        design = Design(**design)
    if isinstance(design.sellers, Integral) and design.sellers == 1:
        raise DesignError(
            explain(
                what="one seller per team leaves nothing to compare within teams",
                where=str(design),
                remedy="give two sellers per team or more",
            )
        )
    _check_options(design)
    simulate_under(  # refuses what cannot be simulated, before hours of work
        design.conditions,
        "null",
        firms=design.firms,
        teams=design.teams,
        sellers=design.sellers,
        strength=design.strength,
        waves=design.waves,
        seed=0,
    )
    return design


def _check_options(design: Design) -> None:
    if not isinstance(design.managers, bool | np.bool_):
        raise DesignError(
            explain(
                what=f"managers cannot be {design.managers!r}",
                remedy="say True where managers answer too, False where sellers alone do",
            )
        )
    if not isinstance(design.conditions, Conditions):
        raise DesignError(
            explain(
                what=f"conditions cannot be {design.conditions!r}",
                remedy="take those of design_of(panel), or make a Conditions",
            )
        )
    given = design.conditions
    shares = {
        "seller_response": given.seller_response,
        "manager_response": given.manager_response,
        "missing": given.missing,
        **{f"loading of {column}": value for column, value in given.loading.items()},
    }
    bad = [f"{name} {value}" for name, value in shares.items() if not 0 <= value <= 1]
    if bad:
        raise DesignError(
            explain(
                what=f"no survey has {first_ten(bad)}",
                where=str(design),
                remedy="give response rates, gaps and loadings between 0 and 1",
            )
        )
