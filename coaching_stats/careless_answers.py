"""The verdicts with careless answers and without them, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import pandas as pd

from coaching_stats.instrument import ATTENTION_KEYS
from coaching_stats.study import Run
from coaching_stats.verdicts import judge_tables

SURVEYS = ("seller_survey", "manager_survey")
JUDGED = "judged"  # the answers that the verdicts of the run rest on
RUNS = 4  # page and results.json of a run share what was judged again


@lru_cache(maxsize=RUNS)
def with_and_without(run: Run) -> pd.DataFrame:
    """Judge again with everybody in, and without those flagged as careless.

    A judgement leaves failed attention checks out and keeps speeders and straightliners. Whether
    a verdict hangs on that choice is seen by making the other ones.

    Parameters
    ----------
    run : Run

    Returns
    -------
    DataFrame
        One row per hypothesis and choice: ``hypothesis, answers, verdict, estimate, conf_low,
        conf_high, n``. `answers` is ``judged``, then ``all`` where an attention check was failed,
        and ``careful`` where speeders or straightliners were flagged. Empty where nobody was.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> table = with_and_without(run_study("data/one_client"))
    >>> table["answers"].unique().tolist()
    ['judged', 'all']
    """
    columns = ["hypothesis", "verdict", "estimate", "conf_low", "conf_high", "n"]
    found = [
        judge_tables(tables, run.study, run.seed)[1].tidy()[columns].assign(answers=name)
        for name, tables in _choices(run)
    ]
    if not found:
        return pd.DataFrame(columns=["hypothesis", "answers", *columns[1:]])
    judged = run.verdicts.tidy()[columns].assign(answers=JUDGED)
    return pd.concat([judged, *found], ignore_index=True)[["hypothesis", "answers", *columns[1:]]]


def _choices(run: Run) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Tables with everybody in, and tables without those who are flagged but were judged."""
    reasons = {entry["reason"] for entry in run.receipt.flagged}
    tables = run.source.tables
    surveys = {name: tables[name] for name in SURVEYS if name in tables}
    if "attention" in reasons:
        unchecked = {
            name: survey.drop(columns=[c for c in ATTENTION_KEYS if c in survey])
            for name, survey in surveys.items()
        }
        yield "all", {**tables, **unchecked}
    if reasons - {"attention"}:
        yield "careful", {**tables, **{n: _careful(run, s) for n, s in surveys.items()}}


def _careful(run: Run, survey: pd.DataFrame) -> pd.DataFrame:
    """Rows of a survey that are not flagged for speed or straightlining, by row and person."""
    flagged = {
        (entry["row"], entry["respondent"])
        for entry in run.receipt.flagged
        if entry["reason"] != "attention"
    }
    who = survey["seller_id"] if "seller_id" in survey else survey["team_id"]
    is_flagged = [(row, str(one)) in flagged for row, one in who.items()]
    return survey[[not is_so for is_so in is_flagged]]
