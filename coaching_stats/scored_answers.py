"""Answers of the first wave become turned items and scores: the instrument's, and a study's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.hypotheses import Construct, Study
from coaching_stats.instrument import load_instrument
from coaching_stats.scales import (
    SUFFIX,
    ScaleItem,
    checked_answers,
    present_scales,
    score,
    turned,
)
from coaching_stats.team_records import Tables


@dataclass(frozen=True, eq=False)
class Items:
    """Turned answers to the items of one score, for its reliability and agreement."""

    values: np.ndarray  # (n, k)
    n_options: int


def scored(tables: Tables, form: str, notes: list[str]) -> tuple[pd.DataFrame, dict[str, Items]]:
    """Ids and scores of the first wave of one survey, and its turned items by score column."""
    name, key = f"{form}_survey", "seller_id" if form == "seller" else "team_id"
    if name not in tables:
        return pd.DataFrame(columns=[key, "team_id"], dtype="object"), {}
    survey = tables[name]
    if "wave" in survey and survey["wave"].nunique() > 1:
        first = survey["wave"].min()
        later = int((survey["wave"] != first).sum())
        notes.append(
            f"{later} answers of later waves to the {form} survey only serve to compare teams "
            "with themselves"
        )
        survey = survey[survey["wave"] == first]
    survey = survey.sort_values(key)  # so that no result depends on the order of rows
    ids = survey[list(dict.fromkeys([key, "team_id"]))]
    items = {}
    for (construct, _), scale in present_scales(survey, load_instrument()).items():
        span = int(scale[0].high - scale[0].low) + 1
        if len(scale) > 1 and construct not in ("ATT", "CFRQ"):
            values = turned(checked_answers(survey, scale), scale)
            items[f"{construct}_{SUFFIX[form]}"] = Items(values, span)
    return pd.concat([ids, score(survey)], axis=1), items


def passed(scores: pd.DataFrame, column: str) -> np.ndarray:
    """Whether each respondent passed the attention checks, or was given none."""
    if column not in scores:
        return np.ones(len(scores), dtype=bool)
    return (scores[column] != 0).to_numpy()


def _own_scale(construct: Construct) -> tuple[ScaleItem, ...]:
    low, high = construct.scale or (1, 7)
    return tuple(ScaleItem(i, i in construct.reverse, low, high) for i in construct.items)


def own_values(frame: pd.DataFrame, construct: Construct) -> np.ndarray:
    """Turned answers to the items that a study names for a construct, shape (n, k)."""
    scale = _own_scale(construct)
    return turned(checked_answers(frame, scale), scale)


def own_items(tables: Tables, study: Study) -> dict[str, Items]:
    """Turned items of the constructs whose items the study itself names."""
    found = {}
    for form, unit in (("seller", "seller"), ("manager", "team")):
        if f"{unit}_scores" not in tables:
            continue
        ready = tables[f"{unit}_scores"].sort_values(f"{unit}_id")
        for construct in study.constructs.values():
            if construct.items and form in construct.forms:
                scale = _own_scale(construct)
                values = own_values(ready, construct)
                span = int(scale[0].high - scale[0].low) + 1
                found[f"{construct.key}_{SUFFIX[form]}"] = Items(values, span)
    return found


def aligned(
    items: dict[str, Items], managers: pd.DataFrame, passed: np.ndarray, teams: pd.DataFrame
) -> dict[str, Items]:
    """Managers' items in the order of the teams, nan where the manager gave none."""
    row = pd.Series(np.arange(len(managers))[passed], index=managers.loc[passed, "team_id"])
    place = row.reindex(teams["team_id"]).to_numpy()
    found = ~np.isnan(place.astype(float))
    aligned = {}
    for column, item in items.items():
        values = np.full((len(teams), item.values.shape[1]), np.nan)
        values[found] = item.values[place[found].astype(int)]
        aligned[column] = Items(values, item.n_options)
    return aligned
