"""The same construct measured otherwise: core items, one item left out, careless answers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from coaching_stats.carelessness import flags_of
from coaching_stats.hypotheses import SUFFIX, Study
from coaching_stats.instrument import ATTENTION_KEYS, load_instrument
from coaching_stats.panel import Panel, measure
from coaching_stats.scales import mean_score

FULL, CORE = "full scale", "core items"
JUDGED, EVERYBODY = "as judged", "everybody"
CARELESS = {"speeder": "without speeders", "straightliner": "without straightliners"}
SURVEYS = ("seller_survey", "manager_survey")
FEWEST_ITEMS = 2  # of a scale of which some items are left out


def item_choices(panel: Panel, study: Study, column: str) -> dict[str, tuple[int, ...] | None]:
    """Which items a score could be made of: all, the core ones, all but one.

    Parameters
    ----------
    panel : Panel
    study : Study
    column : str
        Score such as ``SPR_s``.

    Returns
    -------
    dict
        Places of the items by name of the choice. None stands for the score as it is, where its
        items are not at hand.

    Examples
    --------
    >>> from coaching_stats.theory import load_study
    >>> from coaching_stats.worlds import simulate
    >>> study = load_study()
    >>> panel = measure(simulate("theory", firms=10, teams=2, sellers=4, seed=1), study)
    >>> list(item_choices(panel, study, "BEL_m"))[1:]
    ['core items', 'without M_BEL1', 'without M_BEL2', 'without M_BEL3']
    """
    if column not in panel.items:
        return {FULL: None}
    k = panel.items[column].values.shape[1]
    names, core = _items_of(study, column, k)
    choices = {FULL: tuple(range(k)), CORE: core}
    choices |= {f"without {n}": tuple(j for j in range(k) if j != i) for i, n in enumerate(names)}
    return {
        name: items
        for name, items in choices.items()
        if name == FULL or FEWEST_ITEMS <= len(items) < k
    }


def _items_of(study: Study, column: str, k: int) -> tuple[list[str], tuple[int, ...]]:
    """Names of the items of a score, and the places of its core items."""
    key, suffix = column.rsplit("_", 1)
    own = study.constructs[key].items if key in study.constructs else ()
    if own:
        return list(own), ()
    form = {short: form for form, short in SUFFIX.items()}[suffix]
    asked = load_instrument().of(key, form)
    if len(asked) != k:  # only the core was asked
        asked = tuple(item for item in asked if item.is_core)
    return [item.name for item in asked], tuple(j for j, i in enumerate(asked) if i.is_core)


def with_scores(panel: Panel, wanted: Mapping[str, tuple[str, tuple[int, ...]]]) -> Panel:
    """Add scores made of some of the items.

    Parameters
    ----------
    panel : Panel
    wanted : mapping from the name of the new score to score and places of its items

    Returns
    -------
    Panel
    """
    added = {"sellers": {}, "teams": {}}
    for name, (column, items) in wanted.items():
        frame = "sellers" if column in panel.sellers else "teams"
        added[frame][name] = mean_score(panel.items[column].values[:, list(items)])
    return replace(
        panel,
        sellers=panel.sellers.assign(**added["sellers"]),
        teams=panel.teams.assign(**added["teams"]),
    )


def panels_by_care(
    panel: Panel, tables: Mapping[str, pd.DataFrame], study: Study
) -> tuple[dict[str, Panel], tuple[str, ...]]:
    """Measure again with everybody in, and without each kind of careless answers.

    Parameters
    ----------
    panel : Panel
        As judged: failed attention checks out, speeders and straightliners in.
    tables : mapping from table name to DataFrame
        That the panel came from.
    study : Study

    Returns
    -------
    panels : dict
        By name of the choice, the panel itself first.
    notes : tuple of str
        Choices that make no difference.
    """
    surveys = {name: tables[name] for name in SURVEYS if name in tables}
    flags = {name: flags_of(survey, study.quality) for name, survey in surveys.items()}
    panels, notes = {JUDGED: panel}, []
    if any(of["attention"].any() for of in flags.values()):
        unchecked = {
            name: survey.drop(columns=[c for c in ATTENTION_KEYS if c in survey])
            for name, survey in surveys.items()
        }
        panels[EVERYBODY] = measure({**tables, **unchecked}, study)
    else:
        notes.append(f"rows: no choice {EVERYBODY!r}, since nobody failed an attention check")
    for reason, name in CARELESS.items():
        if any(of[reason].any() for of in flags.values()):
            careful = {n: survey[~flags[n][reason]] for n, survey in surveys.items()}
            panels[name] = measure({**tables, **careful}, study)
        else:
            notes.append(f"rows: no choice {name!r}, since nobody is flagged as one")
    return panels, tuple(notes)
