"""One row per respondent, team values repeated on each row: a single file becomes tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten, nearest
from coaching_stats.frames import cluster_codes, is_numeric, numeric_columns
from coaching_stats.hypotheses import ID_NAMES, SUFFIX, Study
from coaching_stats.instrument import Item, load_instrument
from coaching_stats.matching import items_called
from coaching_stats.our_names import is_ours

TEAM_FACTS = (
    "firm_id",
    "manager_id",
    "process_version_sales",
    "process_version_lead",
    "n_sellers_roster",
)
TEXT_COLUMNS = frozenset((*ID_NAMES, *ID_NAMES.values(), *TEAM_FACTS[2:4], "language"))


def tables_from_frame(
    frame: pd.DataFrame, study: Study
) -> tuple[dict[str, pd.DataFrame], list[dict[str, Any]]]:
    """Take a single file apart into tables.

    Parameters
    ----------
    frame : DataFrame, one row per respondent (or per team)
        With the ids and item or score columns of the data model, or with the columns that
        `study.columns` names.
    study : Study

    Returns
    -------
    tables : dict from table name to DataFrame
    problems : list of dict
        What was left out, for the receipt.

    Raises
    ------
    DataError
        A column missing, no team, one respondent twice, or team values that differ within a team.
    """
    if study.is_flat:
        return _flat_tables(frame, study)
    return _wide_tables(frame.rename(columns=_aliases(frame)), study)


def _aliases(frame: pd.DataFrame) -> dict[str, str]:
    return {name: known for name, known in ID_NAMES.items() if name in frame and known not in frame}


def _wide_tables(
    frame: pd.DataFrame, study: Study
) -> tuple[dict[str, pd.DataFrame], list[dict[str, Any]]]:
    """Columns of the data model: items, ready scores and records."""
    if "team_id" not in frame:
        raise DataError(
            explain(
                what="no column 'team_id'" + nearest("team_id", frame.columns),
                where=f"the columns are {first_ten(frame.columns)}",
                remedy="name the column of the teams team_id, or say which it is under columns "
                "in a study file",
            )
        )
    frame, problems = _with_ids(frame)
    items = {i.name: i.form for i in load_instrument().items}
    _refuse_doubtful(frame)
    ready = [f"{key}_{s}" for key in study.constructs for s in SUFFIX.values()]
    of_sellers = [c for c in frame if items.get(c) == "seller"]
    of_managers = [c for c in frame if items.get(c) == "manager"]
    seller_scores = [c for c in frame if c in ready and c.endswith(("_s", "SALES_r", "TEN_r"))]
    team_scores = [c for c in frame if c in ready and c not in seller_scores]
    _refuse_text_and_gaps(frame, [*seller_scores, *team_scores])
    _refuse_text(frame, [c for c in ("trn_hours", "n_sellers_roster") if c in frame])
    frame, seller_scores = _with_sales(frame, seller_scores)
    cluster = [study.cluster] if study.cluster in frame and study.cluster != "team_id" else []
    facts = [c for c in (*TEAM_FACTS, *cluster) if c in frame]
    tables = _tables(frame, list(dict.fromkeys(facts)), seller_scores, team_scores)
    if of_sellers:
        tables["seller_survey"] = frame[["seller_id", "team_id", *of_sellers]].assign(wave=1)
    if of_managers:
        first = frame.index.to_series().groupby(frame["team_id"], sort=True).first()
        answers = _by_team(frame, of_managers).assign(wave=1)
        tables["manager_survey"] = answers.set_axis(first.to_numpy())  # first row of each team
    if "trn_hours" in frame:
        key = "manager_id" if "manager_id" in frame else "team_id"
        hours = _by_team(frame, ["trn_hours", *({key} - {"team_id"})])
        hours = hours.assign(manager_id=hours[key]).drop_duplicates("manager_id")
        tables["managers"] = hours[["manager_id", "trn_hours"]]
    if not (of_sellers or of_managers or seller_scores or team_scores):
        raise DataError(
            explain(
                what="no column is an item of the questionnaire or a score",
                where=f"the columns are {first_ten(frame.columns)}",
                remedy="name items as the questionnaire does (S_SPR1) or scores with their source "
                "(SPR_s, WTC_m)",
            )
        )
    return tables, problems


def _refuse_doubtful(frame: pd.DataFrame) -> None:
    """Refuse a column that may be the item that a scale lacks: of which form, only people know."""
    lacking = _lacking(frame)
    doubtful = {
        column: names
        for column in map(str, frame)
        if not is_ours(column) and lacking.intersection(names := items_called(column))
    }
    if doubtful:
        header, names = next(iter(doubtful.items()))
        raise DataError(
            explain(
                what="columns may be an item of either form: "
                + first_ten(
                    f"{column!r} may be {' or '.join(n)}" for column, n in doubtful.items()
                ),
                remedy=f"say which in the mapping, for example columns: {{{names[0]}: {header!r}}}",
            )
        )


def _lacking(frame: pd.DataFrame) -> set[str]:
    """Items that are missing from a scale which the frame holds in part."""
    scales: dict[tuple[str, str], list[Item]] = {}
    for item in load_instrument().items:
        scales.setdefault((item.construct, item.form), []).append(item)
    found: set[str] = set()
    for items in scales.values():
        present = [item for item in items if item.name in frame]
        is_core = all(item.is_core for item in present)  # the short form is whole without others
        if present:
            found |= {i.name for i in items if i not in present and (i.is_core or not is_core)}
    return found


def _with_sales(frame: pd.DataFrame, scores: list[str]) -> tuple[pd.DataFrame, list[str]]:
    if "sales_index" not in frame:
        return frame, scores
    index = pd.to_numeric(frame["sales_index"], errors="coerce")
    bad = frame.index[(index <= 0) | (index.isna() & frame["sales_index"].notna())]
    if len(bad):
        raise DataError(
            explain(
                what="the sales index must be a number above 0",
                where="sales_index, " + first_ten(f"row {row}" for row in bad),
                remedy="give sales as a per cent of target or of the peer median",
            )
        )
    return frame.assign(SALES_r=np.log(index / 100)), [*scores, "SALES_r"]


def _with_ids(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Rows with a team, each with a respondent; a respondent who stands twice is refused."""
    problems: list[dict[str, Any]] = []
    missing = frame["team_id"].isna()
    if missing.any():
        rows = frame.index[missing].tolist()
        problems.append(
            {
                "severity": "warning",
                "row": rows[0],
                "column": "team_id",
                "value": None,
                "message": f"{len(rows)} rows left out: no team_id (row {first_ten(rows)})",
                "rows": len(rows),
            }
        )
        frame = frame[~missing]
    if "seller_id" in frame and frame["seller_id"].isna().any():
        nameless = frame["seller_id"].isna()
        named = [f"row {label}" for label in frame.index]
        filled = frame["seller_id"].astype(object).where(~nameless, named)
        frame = frame.assign(seller_id=filled)
    if "seller_id" not in frame:
        return frame.assign(seller_id=[f"row {label}" for label in frame.index]), problems
    twice = frame["seller_id"].duplicated(keep=False) & frame["seller_id"].notna()
    if twice.any():
        raise DataError(
            explain(
                what=f"{int(twice.sum())} rows share their respondent with another row",
                where=first_ten(
                    f"row {row}: {who}" for row, who in frame.loc[twice, "seller_id"].items()
                ),
                remedy="keep one row per respondent",
            )
        )
    return frame, problems


def _tables(
    frame: pd.DataFrame, facts: list[str], seller_scores: list[str], team_scores: list[str]
) -> dict[str, pd.DataFrame]:
    """Teams, and ready scores of sellers and teams."""
    tables = {"teams": _by_team(frame, facts)}
    if seller_scores:
        tables["seller_scores"] = frame[["seller_id", "team_id", *seller_scores]]
    if team_scores:
        tables["team_scores"] = _by_team(frame, team_scores)
    return tables


def _by_team(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """One row per team; values that differ within a team are refused, not averaged."""
    distinct = frame[["team_id", *columns]].groupby("team_id", sort=True)
    conflicts = [
        f"{column} in team {team}"
        for column in columns
        for team in distinct[column].nunique().loc[lambda n: n > 1].index
    ]
    if conflicts:
        raise DataError(
            explain(
                what=f"{len(conflicts)} values of a team or manager differ within a team",
                where=first_ten(conflicts),
                remedy="repeat the same value on every row of the team",
            )
        )
    return distinct[columns].first().reset_index()


def _flat_tables(
    frame: pd.DataFrame, study: Study
) -> tuple[dict[str, pd.DataFrame], list[dict[str, Any]]]:
    """Columns as the study names them: one row per respondent, or per team where none is named."""
    _refuse_missing(frame, study)
    scores = {_score_name(key, study): column for key, column in _score_columns(study).items()}
    renamed = {score: frame[column] for score, column in scores.items()}
    items = {i: frame[i] for c in study.constructs.values() for i in c.items}
    ids = {ID_NAMES[k]: frame[v] for k, v in study.columns.items() if k in ID_NAMES}
    plain = pd.DataFrame({**renamed, **items, **ids}, index=frame.index)
    has_people = any(leg.level == "seller" for h in study.hypotheses for leg in h.legs)
    if study.cluster is not None:
        owner = "team_id" if has_people and "team_id" not in plain else "firm_id"
        if not (owner == "firm_id" and study.columns.get("team") == study.cluster):
            plain[owner] = frame[study.cluster]
    if "team_id" not in plain:
        rows = plain.assign(team_id=[f"row {label}" for label in plain.index])
        facts = [column for column in TEAM_FACTS if column in rows]
        tables = {"teams": rows[["team_id", *facts]], "team_scores": rows.drop(columns=facts)}
        return tables, []
    plain, problems = _with_ids(plain)
    of_teams = [score for score in renamed if score.endswith(("_m", "_p"))]
    of_sellers = [score for score in renamed if score not in of_teams]
    facts = [column for column in TEAM_FACTS if column in plain]
    return _tables(plain, facts, [*of_sellers, *items], of_teams), problems


def _score_columns(study: Study) -> Mapping[str, str]:
    return {key: column for key, column in study.columns.items() if key not in ID_NAMES}


def _score_name(key: str, study: Study) -> str:
    """``LEAD`` becomes ``LEAD_s`` by the first form of its construct; ``LEAD_m`` stays."""
    if key in study.constructs:
        return f"{key}_{SUFFIX[study.constructs[key].forms[0]]}"
    return key


def _refuse_missing(frame: pd.DataFrame, study: Study) -> None:
    cluster = () if study.cluster is None else (study.cluster,)
    items = (item for c in study.constructs.values() for item in c.items)
    wanted = dict.fromkeys((*study.columns.values(), *cluster, *items))
    missing = [column for column in wanted if column not in frame]
    if missing:
        raise DataError(
            explain(
                what="no column "
                + ", ".join(f"{column!r}{nearest(column, frame.columns)}" for column in missing),
                where=f"the columns are {first_ten(frame.columns)}",
                remedy="correct the name in the study file or in the data",
            )
        )
    _refuse_text_and_gaps(frame, list(_score_columns(study).values()))
    if study.cluster is not None:
        cluster_codes(frame, study.cluster)


def _refuse_text_and_gaps(frame: pd.DataFrame, columns: list[str]) -> None:
    for column in columns:
        values = frame[column]
        if values.isna().all():
            raise DataError(
                explain(
                    what=f"every value of {column!r} is missing",
                    remedy="leave it out of the study file and the data, or check the export",
                )
            )
    _refuse_text(frame, columns)


def _refuse_text(frame: pd.DataFrame, columns: list[str]) -> None:
    for column in columns:
        values = frame[column]
        if values.isna().all():
            continue
        if is_numeric(values):
            numeric_columns(frame, [column])  # refuses infinite values
            continue
        bad = values[pd.to_numeric(values, errors="coerce").isna() & values.notna()]
        shown = bad if len(bad) else values.dropna()
        raise DataError(
            explain(
                what=f"the column {column!r} holds text, not numbers",
                where=first_ten(f"row {row}: {value!r}" for row, value in shown.items()),
                remedy="correct these cells; leave a missing value empty, write 1.5 with a point",
            )
        )
