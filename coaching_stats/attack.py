"""An attack on published tables: which suppressed figures do all the others together tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from coaching_stats.csv_files import read_cells
from coaching_stats.disclosure_bounds import ContradictionError
from coaching_stats.disclosure_rules import Leak, Rules
from coaching_stats.disclosure_scene import head_leaks, scene_leaks, scene_of
from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.hypotheses import SUFFIX
from coaching_stats.instrument import load_instrument
from coaching_stats.privacy import PUBLISHED
from coaching_stats.published_table import Range, parse_item
from coaching_stats.results import Table

MINIMUM = 5  # people, where a table without suppressed rows does not say
WIDTH = 0.5  # scale points
WHOLE_WIDTH = 0.1  # scale points
FILE = "published.csv"
COLUMNS = ("group", "item", "figure", "how", "low", "high", "n_low", "n_high", "sources")


class Attack(Table):
    """What an attack recovered: one row per leak; no rows where it recovered nothing."""

    @property
    def is_recovered(self) -> bool:
        """Whether anything was recovered."""
        return len(self.frame) > 0


def attack(
    figures: pd.DataFrame,
    *,
    previous: pd.DataFrame | None = None,
    minimum: int | None = None,
    scales: Mapping[str, Range | None] | None = None,
    width: float = WIDTH,
    whole_width: float = WHOLE_WIDTH,
) -> Attack:
    """Try to tell every suppressed figure from all that is published.

    Parameters
    ----------
    figures : DataFrame
        Columns ``table, group, parent_group, item, n, mean, value, suppressed``, as in
        published.csv.
    previous : DataFrame, optional
        An earlier report's table.
    minimum : int, optional
        Fewest people whose figures may be told; else read from numbers such as ``<5``.
    scales : mapping from question to (low, high) or None, optional
        Answer scales, where not 1 to 7; None for figures without bounds, such as sales.
    width, whole_width : float
        Points of a seven-point scale: sixths of a scale's length. The mean of fewer people than
        `minimum`, or the answer of one person, counts as recovered where its interval is narrower
        than `width`; the suppressed mean of enough people, where it is narrower than
        `whole_width`.

    Returns
    -------
    Attack
        Columns ``group, item, figure, how, low, high, n_low, n_high, sources``. `figure` is
        ``mean``, ``count``, ``head count`` or ``everybody's answer``; `how` is ``shown`` where the
        table prints it and ``bounds`` where it follows from the rows of the groups in `sources`.

    Raises
    ------
    DataError
        The table is not one of published figures.

    Notes
    -----
    The attacker knows the published tables, that they obey their own structure (the groups of one
    parent in one table are its people, each once; a group's name means the same people everywhere),
    the answer scale, how figures are rounded, and that whoever is hidden behind ``<5`` exists. The
    attacker does not know any answer.

    Everything published on a question is a system of linear rows on the numbers of people, sums and
    givers of each answer of every group; a printed mean is an interval for the sum. For each
    suppressed figure the least and the greatest value that the system allows is the attacker's
    interval (the attacker problem of Fischetti & Salazar). It is safe if it is at least as wide as
    a sliding protection level: for fewer people than the minimum half a point of a seven-point
    scale, an eighth of its middle, which is of the size of p in the p % rule (Hundepool et al.). A
    number of people, or of givers of an answer, is recovered if it is exact; that nobody gave an
    answer is not, where a larger group shows that nobody in it did.

    Also attacked: unions of suppressed groups that are smaller than the minimum; those who joined
    or left a group since an earlier report, on the assumption that the others' answers stayed as
    they were (dropped where the figures contradict it); groups whose members all gave the same
    answer, or so extreme a mean that each answer follows from it.

    It misses what needs knowledge from outside: a member of a group of five who knows their own
    answer sees a mean of four others, as they do in every group of five, and two who talk see that
    of three. The minimum is chosen so that this is not yet anybody's answer. Groups of different
    tables that overlap without being nested are not cut against each other. Bounds between the
    components into which printed figures part the rows come from propagation, which is exact for
    nested groups and can be wider than a single program's where printed figures form a cycle.

    References
    ----------
    Fischetti & Salazar (2000), Journal of the American Statistical Association 95, 916-928;
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapter 4.

    Examples
    --------
    >>> leaky = pd.DataFrame({
    ...     "table": "teams", "group": ["firm", "a", "b"], "parent_group": ["", "firm", "firm"],
    ...     "item": "Q", "n": ["12", "9", "<5"], "mean": [4.0, 4.5, None], "value": None,
    ...     "suppressed": [False, False, True]})
    >>> attack(leaky).frame[["group", "figure", "low", "high"]].round(1).values.tolist()
    [['b', 'head count', 3.0, 3.0], ['b', 'mean', 2.5, 2.5]]
    """
    rules = Rules(
        minimum=minimum or minimum_of(figures),
        width=width,
        whole_width=whole_width,
        scales=scales or {},
    )
    scene = scene_of(figures, previous, rules)
    rows = [_row(leak) for circle in scene.circles for leak in head_leaks(scene, circle)]
    contradictory = []
    for circle in scene.circles:
        for question in circle.questions:
            try:
                rows += [_row(leak) for leak in scene_leaks(scene, circle, question)]
            except ContradictionError:
                contradictory.append(question)
    notes = [f"{figures['item'].nunique()} items, minimum {rules.minimum} people"]
    if contradictory:
        notes.append(f"rows that contradict each other: {first_ten(contradictory)}")
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).drop_duplicates(ignore_index=True)
    return Attack(frame, tuple(notes))


def _row(leak: Leak) -> tuple[object, ...]:
    return (
        leak.group,
        leak.item,
        leak.figure,
        leak.how,
        leak.low,
        leak.high,
        *leak.heads,
        first_ten(leak.sources),
    )


def minimum_of(figures: pd.DataFrame) -> int:
    """The promised minimum, as the table's hidden numbers of people tell it."""
    found = figures["n"].astype(str).str.extract(r"^<(\d+)$")[0].dropna()
    return int(found.astype(int).max()) if len(found) else MINIMUM


def read_published(path: Path) -> pd.DataFrame:
    """Read a table of published figures.

    Parameters
    ----------
    path : Path
        published.csv, or the folder that holds it.

    Returns
    -------
    DataFrame
        Columns ``table, group, parent_group, item, n, mean, value, suppressed``; `n` is text.

    Raises
    ------
    DataError
        No such file, a column is missing, or a cell cannot be read.
    """
    path = path / FILE if path.is_dir() else path
    if not path.exists():
        raise DataError(
            explain(
                what=f"there is no file or folder {path.name!r}",
                where="" if path.parent == Path() else str(path.parent),
                remedy="name the folder of a run, or its published.csv",
            )
        )
    header, cells, numbers = read_cells(path)
    missing = [name for name in PUBLISHED if name not in header]
    if missing:
        raise DataError(
            explain(
                what=f"missing columns: {first_ten(missing)}",
                where=path.name,
                remedy="name the published.csv that a run wrote",
            )
        )
    figures = pd.DataFrame(cells, columns=header, dtype=object)[list(PUBLISHED)]
    _refuse_cells(figures, numbers, path.name)
    return figures.assign(
        n=figures["n"].str.strip(),
        mean=pd.to_numeric(figures["mean"]),
        value=pd.to_numeric(figures["value"]),
        suppressed=figures["suppressed"].str.lower().isin(("true", "1")),
    )


READABLE = {
    "n": re.compile(r"\s*(\d+(\.0+)?|<\d+|>=\d+|\d+-\d+|)\s*"),
    "mean": re.compile(r"-?\d+(\.\d+)?(e-?\d+)?|", re.IGNORECASE),
    "value": re.compile(r"-?\d+(\.\d+)?(e-?\d+)?|", re.IGNORECASE),
    "suppressed": re.compile(r"true|false|0|1", re.IGNORECASE),
}


def _refuse_cells(figures: pd.DataFrame, numbers: list[int], name: str) -> None:
    bad = [
        f"row {number}, {column}: {text!r}"
        for column, pattern in READABLE.items()
        for number, text in zip(numbers, figures[column], strict=True)
        if not pattern.fullmatch(text)
    ]
    if bad:
        raise DataError(
            explain(
                what=f"{len(bad)} cells cannot be read: {first_ten(bad)}",
                where=name,
                remedy="n is 12, <5, 5-9, >=10 or empty, figures have decimal points, and "
                "suppressed is True or False",
            )
        )


def attack_folder(
    folder: Path, *, previous: Path | None = None, scales: Mapping[str, Range | None] | None = None
) -> Attack:
    """Attack the published.csv of a run, alone or with that of an earlier run.

    Parameters
    ----------
    folder, previous : Path
        Folders, or the files themselves.
    scales : mapping from question to (low, high) or None, optional
        Those of the questionnaire when not given.

    Returns
    -------
    Attack

    Raises
    ------
    DataError
        A file cannot be read.
    """
    earlier = None if previous is None else read_published(previous)
    figures = read_published(folder)
    known = known_scales(figures["item"].unique()) if scales is None else scales
    return attack(figures, previous=earlier, scales=known, minimum=_promised(folder))


def _promised(folder: Path) -> int | None:
    """Fewest people shown, as the run's results.json says; None where there is no such file."""
    path = folder / "results.json"
    if not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8"))["study"].get("minimum_group")


def known_scales(items: Iterable[str]) -> dict[str, Range | None]:
    """Answer scales of the questionnaire's questions and scores; none for figures from records.

    Examples
    --------
    >>> known_scales(["SPR_s", "S_SPR1[4]", "SALES_r", "another"])
    {'SPR_s': (1, 7), 'S_SPR1': (1, 7), 'SALES_r': None}
    """
    scales: dict[str, Range | None] = {}
    for item in load_instrument().items:
        scale = (item.scale_min, item.scale_max)
        scales[item.name] = scale
        score = f"{item.construct}_{SUFFIX.get(item.form, SUFFIX['seller'])}"
        # items of several scales are no mean of answers: coaching frequency is a logarithm
        scales[score] = scale if scales.get(score, scale) == scale else None
    records = f"_{SUFFIX['records']}"
    questions = dict.fromkeys(parse_item(item).question for item in items)
    return {
        question: None if question.endswith(records) else scales[question]
        for question in questions
        if question in scales or question.endswith(records)
    }
