"""Numbers that titles of figures state, and those titles with the addresses of the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from markupsafe import Markup, escape

from coaching_stats.addresses import addressed
from coaching_stats.both_sides import BothSides
from coaching_stats.group_figures import shown_chain
from coaching_stats.judged_rows import measured_as_judged
from coaching_stats.judgement import Verdict
from coaching_stats.models import Equation, Estimated, chain_of, equations
from coaching_stats.process_estimates import ROLES
from coaching_stats.process_map import ProcessMap
from coaching_stats.published_figures import process_map_of, shown_sides
from coaching_stats.samples import draw_sample
from coaching_stats.sourcing import sourcing
from coaching_stats.study import Run
from coaching_stats.texts import texts

RUNS = 4  # pages and results.json of a run share what was estimated
WHO = ("nobody", "managers", "sellers", "both")


def title_numbers(run: Run) -> dict[str, dict[str, float]]:
    """Numbers in the title of each figure of the page, by figure and by name.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        ``verdicts``, and ``chain``, ``sides`` and ``map`` where the page draws them; no numbers
        of ``sides`` where not all groups are shown.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> title_numbers(run_study("data/one_client"))["verdicts"]
    {'supported': 0, 'contradicted': 0, 'total': 18}
    """
    found: dict[str, dict[str, float]] = {"verdicts": {**verdict_counts(run.verdicts.judged)}}
    chain, sides, elements = shown_chain(run), shown_sides(run), process_map_of(run)
    if chain and run.verdicts[chain].legs:
        links = chain_links(run, run.verdicts[chain])
        found["chain"] = {"estimate": links[weakest(links)].value}
    if sides is not None:
        found["sides"] = {**side_counts(sides)}
    if elements is not None:
        found["map"] = {**element_counts(elements, shown_role(elements))}
    return found


def page_titles(run: Run, language: str) -> dict[str, Markup]:
    """Titles of the figures in `title_numbers`, as the figures state them.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}

    Returns
    -------
    dict from figure to Markup
        Every number carries its address, such as ``titles.verdicts.supported``.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> page_titles(run_study("data/one_client"), "en")["verdicts"].striptags()
    '0 of 18 predictions supported, 0 contradicted'
    """
    words = texts(language)
    patterns = {
        "verdicts": words["figures"]["verdicts_title"],
        "chain": words["figures"]["chain_title"],
        "map": words["process_map"]["map_title"],
    }
    sides = shown_sides(run)
    if sides is not None:
        patterns["sides"] = side_title(sides, language)
    return {
        figure: escape(patterns[figure]).format(
            **_names(run, figure, language),
            **{
                key: addressed(f"titles.{figure}.{key}", x, language, 2 * (figure == "chain"))
                for key, x in numbers.items()
            },
        )
        for figure, numbers in title_numbers(run).items()
    }


def _names(run: Run, figure: str, language: str) -> dict[str, str]:
    """What else a title names: the ends of the weakest link, whose ratings a map shows."""
    if figure == "chain":
        verdict = run.verdicts[shown_chain(run)]
        start = weakest(chain_links(run, verdict))
        ends = chain_of(verdict.legs[0].leg)[start : start + 2]
        return dict(zip("xy", (run.study.name(key, language) for key in ends), strict=True))
    if figure == "map":
        return {"role": texts(language)["process_map"]["roles"][shown_role(process_map_of(run))]}
    return {}


def verdict_counts(judged: Sequence[Verdict]) -> dict[str, int]:
    """How many predictions are supported and contradicted, of those that are not exploratory."""
    counted = [verdict.verdict for verdict in judged if not verdict.is_exploratory]
    counts = {name: counted.count(name) for name in ("supported", "contradicted")}
    return {**counts, "total": len(counted)}


def side_counts(found: BothSides) -> dict[str, int]:
    """How many teams are in groups where nobody, managers, sellers or both avoid coaching.

    Nothing where groups are left out: what is left does not count all teams.
    """
    if found.n_left_out:
        return {}
    counts = found.groups.groupby("who")["n_teams"].sum()
    return {**{who: int(counts.get(who, 0)) for who in WHO}, "total": found.n_teams}


def side_title(found: BothSides, language: str) -> str:
    """Title of the map of both sides, with a place for each of its `side_counts`."""
    return texts(language)["both_sides"]["title_partly" if found.n_left_out else "title"]


def shown_role(elements: ProcessMap) -> str:
    """Whose ratings a map shows where nobody is named."""
    return next(iter(elements.roles), ROLES[0])


def element_counts(elements: ProcessMap, role: str) -> dict[str, int]:
    """How many elements a role sees as obstacles and as a means of avoiding coaching."""
    readings = elements.readings()[role]
    return {
        "obstacles": int(readings.isin(["obstacle", "both"]).sum()),
        "resources": int(readings.isin(["resource", "both"]).sum()),
        "total": int((~readings.isin(["too_few", "alike"])).sum()),
    }


def judged_equations(run: Run, verdict: Verdict) -> tuple[Equation, ...]:
    """Regressions of a verdict's first leg; of several splits, that of the lower median."""
    hypothesis, judged = verdict.hypothesis, verdict.legs[0]
    measured = measured_as_judged(run)
    sources = sourcing(hypothesis, judged.leg, run.study, is_split=judged.evidence.is_split)
    n_splits = len(measured.halves) if sources.has_halves else 1
    found = [
        equations(judged.leg, draw_sample(measured, judged.leg, sources, split))
        for split in range(n_splits)
    ]
    products = [np.prod([link.estimate().value for link in links]) for links in found]
    return found[int(np.argsort(products, kind="stable")[(n_splits - 1) // 2])]


@lru_cache(maxsize=RUNS)
def chain_links(run: Run, verdict: Verdict) -> tuple[Estimated, ...]:
    """Estimates of the links of a chain, in its order."""
    return tuple(equation.estimate() for equation in judged_equations(run, verdict))


def weakest(links: Sequence[Estimated]) -> int:
    """Place of the link whose estimate is nearest to zero."""
    return min(range(len(links)), key=lambda place: abs(links[place].value))
