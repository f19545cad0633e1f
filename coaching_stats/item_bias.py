"""Does an item behave otherwise in one language: differential item functioning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, DesignError, explain, first_ten
from coaching_stats.frames import left_out, numeric_columns, require_columns
from coaching_stats.regression import regress
from coaching_stats.results import COLUMNS, Table

FEW = 50  # respondents of a language, below which little is seen


def item_bias(
    data: pd.DataFrame,
    items: Sequence[str],
    group: str = "language",
    *,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> Table:
    r"""Compare the answers of two groups to each item, at the same standing on the scale.

    For each item :math:`y_j` the regression
    :math:`y_j = a + b r_j + c g + d r_j g + e`, with :math:`r_j` the z-scored mean of the other
    items and g the group: c says whether the item is easier in one group, d whether it
    tells people apart better there. Both in standard deviations of the item.

    Parameters
    ----------
    data : DataFrame, one row per respondent
    items : sequence of str
        Items of one scale, reversed ones turned, k of them; at least three.
    group : str
        Column with two groups, such as the language of the form.
    cluster : str, optional
        Column of the teams; standard errors are then CR2.
    conf_level : float

    Returns
    -------
    Table
        One row per item: ``COLUMNS`` of c (second group less first, in the order of their names),
        ``p_adjusted`` (Holm over the items), and d with its p-value as ``slope_difference,
        slope_p_value``.

    Raises
    ------
    DataError
        A column missing or text, or not two groups.
    DesignError
        Fewer than three items.

    Notes
    -----
    The other items are the yardstick: if most of them are biased the same way, the honest ones
    look biased, and a difference that all items share passes for a true difference of the groups.
    A rest score of few items is unreliable, so that part of a true difference passes for bias.
    Least squares stands in for the ordinal logistic model; at the ends of the answer scale a
    curved relation can pass for a slope difference.

    References
    ----------
    Zumbo (1999), A handbook on the theory and methods of differential item functioning, for
    the regression on rest score, group and their product.

    Examples
    --------
    >>> from coaching_stats.worlds import simulate
    >>> survey = simulate("theory", firms=20, teams=2, sellers=8, seed=1)["seller_survey"]
    >>> found = item_bias(survey, ["S_SPR1", "S_SPR2", "S_SPR3"], cluster="team_id")
    >>> found.tidy()["term"].tolist()
    ['S_SPR1', 'S_SPR2', 'S_SPR3']
    """
    from statsmodels.stats.multitest import multipletests  # costs a second to import

    if len(items) < 3:
        raise DesignError(
            explain(
                what=f"{len(items)} items leave no yardstick",
                where=first_ten(items),
                remedy="give three items of one scale or more",
            )
        )
    require_columns(data, [*items, group, *([cluster] if cluster else [])])
    values = numeric_columns(data, list(items))
    names, is_second = _two_groups(data[group], group)
    keep = ~np.isnan(values).any(axis=1) & data[group].notna().to_numpy()
    rows = [
        _one_item(
            values[keep],
            j,
            is_second[keep],
            data.loc[keep, cluster] if cluster else None,
            conf_level,
        )
        for j in range(len(items))
    ]
    table = pd.DataFrame(rows).assign(term=list(items))
    table.insert(len(COLUMNS), "p_adjusted", multipletests(table["p_value"], method="holm")[1])
    sizes = [int((~is_second[keep]).sum()), int(is_second[keep].sum())]
    notes = [f"{names[1]} ({sizes[1]} respondents) less {names[0]} ({sizes[0]})"]
    if (~keep).any():
        notes.append(left_out(int((~keep).sum()), "a value is missing"))
    notes += [f"few respondents: {n}" for n, size in zip(names, sizes, strict=True) if size < FEW]
    return Table(table, tuple(notes))


def _two_groups(values: pd.Series, group: str) -> tuple[list[str], np.ndarray]:
    names = sorted(values.dropna().unique().tolist())
    if len(names) != 2:
        raise DataError(
            explain(
                what=f"the column {group!r} holds {len(names)} groups, not two",
                where=first_ten(names),
                remedy="keep the rows of two groups",
            )
        )
    return names, (values == names[1]).to_numpy()


def _one_item(
    values: np.ndarray,
    place: int,
    is_second: np.ndarray,
    cluster: pd.Series | None,
    conf_level: float,
) -> dict[str, object]:
    rest = np.delete(values, place, axis=1).mean(axis=1)
    frame = pd.DataFrame(
        {
            "y": _z(values[:, place]),
            "rest": _z(rest),
            "second": is_second.astype(float),
        }
    )
    if cluster is not None:
        frame["unit"] = cluster.to_numpy()
    fitted = regress(
        "y ~ rest + second + rest:second",
        frame,
        cluster=None if cluster is None else "unit",
        conf_level=conf_level,
    ).tidy()
    shift = fitted[fitted["term"] == "second"].iloc[0].to_dict()
    slope = fitted[fitted["term"] == "rest:second"].iloc[0]
    return {
        **shift,
        "slope_difference": slope["estimate"],
        "slope_p_value": slope["p_value"],
    }


def _z(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std(ddof=1)
