"""Scores that do not come from the surveys: sales, response counts, the process inventory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, explain, first_ten
from coaching_stats.frames import numeric_columns

Tables = Mapping[str, pd.DataFrame]
SALES_MONTHS = 6  # after the survey
ELEMENTS = tuple(f"P{i}" for i in range(1, 17))  # sales process P1-P8, leadership P9-P16
RATINGS = tuple("abcdefgh")
INVENTORY_ROLES = ("manager", "process_owner", "outsider", "seller")


def with_sales(tables: Tables, sellers: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Add SALES_r: mean of ln(sales index / 100) over the periods after the survey."""
    if "sales" not in tables or sellers.empty:
        return sellers
    sales = tables["sales"]
    survey = tables.get("seller_survey", pd.DataFrame())
    if "wave" in survey:
        survey = survey[survey["wave"] == survey["wave"].min()]
    if "completed_at" in survey and survey["completed_at"].notna().any():
        last = str(survey["completed_at"].dropna().astype(str).max())[:7]
        after = sales[sales["period"].astype(str) > last]
        if after.empty:
            notes.append(f"no sales after the survey ({last}): sales are not used")
            return sellers
        months = sorted(after["period"].astype(str).unique())
        if len(months) > SALES_MONTHS:
            notes.append(f"sales later than {months[SALES_MONTHS - 1]} are not used")
        sales = after[after["period"].astype(str) <= months[:SALES_MONTHS][-1]]
    else:
        notes.append("no dates in the survey: all sales periods are taken as after it")
    if (sales["sales_index"] <= 0).any():
        raise DataError(
            explain(
                what="the sales index must be above 0",
                where="sales: "
                + first_ten(f"row {row}" for row in sales.index[sales["sales_index"] <= 0]),
                remedy="give sales as a per cent of target or of the peer median",
            )
        )
    index = np.log(sales["sales_index"] / 100).groupby(sales["seller_id"]).mean()
    return sellers.assign(SALES_r=sellers["seller_id"].map(index))


def with_counts(
    tables: Tables, teams: pd.DataFrame, sellers: pd.DataFrame, notes: list[str]
) -> pd.DataFrame:
    """Add how many sellers of each team were invited, where known, and how many answered."""
    answered = sellers.get("team_id", pd.Series(dtype=object)).value_counts()
    counts = {"n_sellers": answered}
    if "roster" in tables:
        roster = tables["roster"]
        people = roster[(roster["role"] == "seller") & (roster["wave"] == roster["wave"].min())]
        invited = people[people["invited"] == 1]
        counts["n_invited"] = invited.groupby("team_id").size()
        counts["n_responded"] = invited.groupby("team_id")["responded"].sum()
    elif "n_sellers_roster" in teams:
        counts["n_invited"] = teams.set_index("team_id")["n_sellers_roster"]
        counts["n_responded"] = answered
    mapped = {name: teams["team_id"].map(count) for name, count in counts.items()}
    for name in ("n_sellers", "n_responded"):
        if name in mapped:
            mapped[name] = mapped[name].fillna(0).astype(int)
    return _with_known_rates(teams.assign(**mapped), notes)


def _with_known_rates(teams: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Leave out how many were invited where more answered; note of how many teams it is unknown."""
    if "n_invited" not in teams or teams["n_invited"].isna().all():
        return teams
    unknown = int((teams["n_invited"].isna() & (teams["n_sellers"] > 0)).sum())
    if unknown:
        notes.append(f"response counts are missing for {unknown} teams")
    is_wrong = teams["n_responded"] > teams["n_invited"]
    if not is_wrong.any():
        return teams
    notes.append(
        f"more answered than were invited in {int(is_wrong.sum())} teams: "
        "their response rate is taken as unknown"
    )
    return teams.assign(n_invited=teams["n_invited"].astype(float).mask(is_wrong))


def with_context(
    tables: Tables, teams: pd.DataFrame, sellers: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add what the records say of firms, teams and sellers, as scores that a model may hold.

    Parameters
    ----------
    tables : mapping from table name to DataFrame
    teams, sellers : DataFrame

    Returns
    -------
    teams : DataFrame
        With ``FSIZE_r`` (log of the firm's employees), ``SPAN_r`` (sellers on the roster),
        ``CPLX_r`` (points from 1 to 7) and ``VPAY_r`` (share), those that are recorded.
    sellers : DataFrame
        With ``TEN_r`` (years), where it is recorded.
    """
    firms, listed = (tables.get(name, pd.DataFrame()) for name in ("firms", "teams"))
    found: dict[str, pd.Series] = {}
    if "n_employees" in firms:
        size = firms.set_index("firm_id")["n_employees"].astype(float)
        found["FSIZE_r"] = teams["firm_id"].map(np.log(size.where(size > 0)))
    for score, column in (("SPAN_r", "n_sellers_roster"), ("CPLX_r", "cplx"), ("VPAY_r", "vpay")):
        if column in listed:
            found[score] = teams["team_id"].map(listed.set_index("team_id")[column].astype(float))
    records = tables.get("sellers", pd.DataFrame())
    if "tenure_years" in records and "seller_id" in sellers:
        years = records.set_index("seller_id")["tenure_years"].astype(float)
        sellers = sellers.assign(TEN_r=sellers["seller_id"].map(years))
    return teams.assign(**{k: v for k, v in found.items() if k not in teams}), sellers


def with_inventory(tables: Tables, teams: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Add the process inventory's scores: mean over elements weighted by their importance."""
    if "process_inventory" not in tables:
        return teams
    inventory = _checked_inventory(tables["process_inventory"])
    roles = [role for role in INVENTORY_ROLES if (inventory["rater_role"] == role).any()]
    if len(roles) > 1:
        notes.append(f"process inventory: ratings by role {roles[0]} are used, roles kept apart")
    ratings = inventory[inventory["rater_role"] == roles[0]] if roles else inventory
    if "present" in ratings:
        ratings = ratings[ratings["present"].fillna(1) == 1]
    return teams.merge(_inventory_scores(ratings), on="team_id", how="left", validate="one_to_one")


def _checked_inventory(inventory: pd.DataFrame) -> pd.DataFrame:
    """Refuse elements that the inventory does not have, and ratings outside 1 to 7."""
    unknown = inventory.loc[~inventory["element"].isin(ELEMENTS), "element"]
    present = [column for column in RATINGS if column in inventory]
    ratings = numeric_columns(inventory, present)
    row, column = np.nonzero((ratings < 1) | (ratings > 7))
    bad = [f"element, row {row}: {name}" for row, name in unknown.items()] + [
        f"{present[j]}, row {inventory.index[i]}: {ratings[i, j]:g}"
        for i, j in zip(row.tolist(), column.tolist(), strict=True)
    ]
    if bad:
        raise DataError(
            explain(
                what=f"{len(bad)} cells of the process inventory cannot be used",
                where=first_ten(bad),
                remedy="name the elements P1 to P16, and rate them from 1 to 7",
            )
        )
    return inventory


def _inventory_scores(ratings: pd.DataFrame) -> pd.DataFrame:
    """Scores by team; rigidity of an element is the mean of a, b and 8 - c."""
    weight = ratings["h"] if "h" in ratings else pd.Series(1.0, index=ratings.index)
    turned = ratings.reindex(columns=list("abc")).assign(c=lambda r: 8 - r["c"])
    rigid = turned.mean(axis=1)
    is_sales = ratings["element"].isin(ELEMENTS[:8])
    named = {"OBS_p": "d", "RSM_p": "e", "RSS_p": "f", "SUP_p": "g"}
    values = {
        "SPR_p": rigid.where(is_sales),
        "LPR_p": rigid.where(~is_sales),
        **{key: ratings[column] for key, column in named.items() if column in ratings},
    }
    team = ratings["team_id"]
    scores = {"IMP_p": weight.groupby(team).mean()}
    for key, value in values.items():
        known = value.notna() & weight.notna()
        total = weight.where(known).groupby(team).sum()
        product = (value * weight).where(known).groupby(team).sum()
        scores[key] = (product / total).where(total > 0)
    return pd.DataFrame(scores).reset_index()
