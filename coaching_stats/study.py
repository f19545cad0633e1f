"""The whole road in one function: read it first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from coaching_stats.answers import Source, read_source
from coaching_stats.calibration import Calibration
from coaching_stats.cross_checks import quick_check
from coaching_stats.hypotheses import Study
from coaching_stats.panel import Panel, team_scores
from coaching_stats.receipt import Receipt
from coaching_stats.results import Shown
from coaching_stats.samples import team_cluster
from coaching_stats.theory import load_study
from coaching_stats.verdicts import Verdicts, judge_tables

Data = str | Path | pd.DataFrame | Mapping[str, pd.DataFrame] | None


@dataclass(frozen=True, eq=False, repr=False)
class Run(Shown):
    """A study carried out on one data set.

    Attributes
    ----------
    study : Study
    verdicts : Verdicts
    panel : Panel
    tables : mapping from table name to DataFrame
        The input tables, plus ``seller_scores`` and ``team_scores``.
    receipt : Receipt
        What the import read, dropped and flagged.
    source : Source
    seed : int
    notes : tuple of str
    calibration : Calibration or None
        Verdicts on simulated surveys of this design, where they were asked for.
    earlier : DataFrame or None
        What an earlier report of the same people published: published.csv.
    """

    study: Study
    verdicts: Verdicts
    panel: Panel
    tables: Mapping[str, pd.DataFrame]
    receipt: Receipt
    source: Source
    seed: int
    notes: tuple[str, ...]
    calibration: Calibration | None = None
    earlier: pd.DataFrame | None = None

    @property
    def cluster(self) -> str | None:
        """Column of ``team_scores`` to cluster teams on; None where they are independent."""
        return team_cluster(self.panel.teams, self.study)

    def tidy(self) -> pd.DataFrame:
        """The table of verdicts."""
        return self.verdicts.tidy()


def run_study(
    data: Data = None,
    *,
    study: str | Path | Study | None = None,
    mapping: str | Path | None = None,
    seed: int = 1,
) -> Run:
    """Read, score and judge: from answers to verdicts.

    Parameters
    ----------
    data : path, DataFrame, mapping of tables, or None
        A CSV file (one row per respondent), a folder of tables, a frame or tables; the simulated
        sample when not given.
    study : path or Study, optional
        Hypotheses; the packaged theory when not given.
    mapping : path, optional
        Our names for the columns of a single file.
    seed : int
        The same seed gives the same numbers.

    Returns
    -------
    Run

    Raises
    ------
    DataError, StudyError, DesignError
        Input that cannot be used; the message says what, where and what to do.

    Examples
    --------
    >>> run = run_study("data/one_client")
    >>> run.verdicts["H1"].verdict, run.verdicts["H1"].gates[0]
    ('not testable', 'G1')
    """
    study = study if isinstance(study, Study) else load_study(study)
    source = read_source(data, study, mapping)
    panel, verdicts = judge_tables(source.tables, study, seed)
    scores = {"seller_scores": panel.sellers, "team_scores": team_scores(panel)}
    run = Run(
        study=study,
        verdicts=verdicts,
        panel=panel,
        tables={**source.tables, **scores},
        receipt=source.receipt,
        source=source,
        seed=seed,
        notes=(*source.receipt.messages, *verdicts.notes),
    )

    # Where another model disagrees, that is a note on the verdict.
    return replace(run, notes=(*run.notes, *quick_check(run).disagreements))


def judge(data: Data, study: str | Path | Study | None = None, *, seed: int = 1) -> Verdicts:
    """Judge every hypothesis of a study.

    Parameters
    ----------
    data : path, DataFrame or mapping of tables
        As for `run_study`.
    study : path or Study, optional
        The packaged theory when not given.
    seed : int

    Returns
    -------
    Verdicts
        One row per hypothesis in ``.tidy()``; ``.theory`` is the verdict on the theory as a whole.

    Raises
    ------
    DataError, StudyError, DesignError
        Input that cannot be used.

    Examples
    --------
    >>> judge("data/one_client").theory.verdict
    'not testable'
    """
    return run_study(data, study=study, seed=seed).verdicts
