"""Does an item behave otherwise in one language: differential item functioning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coaching_stats.errors import DataError, DesignError, explain, first_ten
from coaching_stats.frames import label_codes, left_out, numeric_columns, require_columns
from coaching_stats.one_factor import one_factor
from coaching_stats.regression import regress
from coaching_stats.reliability import SINGULAR
from coaching_stats.results import COLUMNS, Table, holm

FEW = 50  # respondents of a language, below which little is seen
LEAST = 3  # respondents of a language, below which its line has no error
WEAK = 0.6  # reliability of the other items, below which they are a poor yardstick; as in gate G3


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
    :math:`y_j = a + b t_j + c g + d t_j g + e`, with g the group and :math:`t_j` the standing on
    the other items: their z-scored mean, drawn towards the mean of its group as far as it is
    unreliable. c says whether the item is easier in one group, d whether it tells people apart
    better there. Both in standard deviations of the item.

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
        A column missing, text or without variation, an item named twice, or not two groups.
    DesignError
        Fewer than three items, fewer than three complete rows of a group, an item that is a sum
        of others, or other items that have nothing in common.

    Notes
    -----
    On the raw mean of few items, part of every true difference of the groups passes for bias, the
    more surely so the more respondents; hence the drawing in. The reliability that it goes by is
    that of one common factor within the groups, with equal error variance in both, and is taken
    as known. Where the other items are a weak yardstick, which a note says, p-values are
    therefore somewhat too small, those of the slopes more so.

    The other items are the yardstick: if most of them are biased the same way, the honest ones
    look biased, one biased item pushes the others the other way a little, and a difference that
    all items share passes for a true difference of the groups.
    Least squares stands in for the ordinal logistic model; at the ends of the answer scale a
    curved relation can pass for bias.

    References
    ----------
    Zumbo (1999), A handbook on the theory and methods of differential item functioning, for
    the regression on rest score, group and their product; Shealy & Stout (1993), Psychometrika 58,
    159-194, for drawing the rest score in.

    Examples
    --------
    >>> from coaching_stats.worlds import simulate
    >>> survey = simulate("theory", firms=20, teams=2, sellers=8, seed=1)["seller_survey"]
    >>> found = item_bias(survey, ["S_SPR1", "S_SPR2", "S_SPR3"], cluster="team_id")
    >>> found.tidy()["term"].tolist()
    ['S_SPR1', 'S_SPR2', 'S_SPR3']
    """
    _check_items(items)
    require_columns(data, [*items, group, *([cluster] if cluster else [])])
    values = numeric_columns(data, list(items))
    codes, names = _two_groups(data, group)
    unit = label_codes(data, cluster)[0] if cluster else np.zeros(len(data), dtype=int)
    keep = ~np.isnan(values).any(axis=1) & (codes >= 0) & (unit >= 0)
    values, is_second = values[keep], codes[keep] == 1
    sizes = [int((~is_second).sum()), int(is_second.sum())]
    _check_rows(values, items, names, sizes)
    reliable = _rest_reliability(values, is_second, items)
    rows = [
        _one_item(values, j, is_second, reliable[j], unit[keep] if cluster else None, conf_level)
        for j in range(len(items))
    ]
    table = pd.DataFrame(rows).assign(term=list(items))
    table.insert(len(COLUMNS), "p_adjusted", holm(table["p_value"].tolist()))
    weak = [item for item, share in zip(items, reliable, strict=True) if share < WEAK]
    notes = (
        f"{names[1]} ({sizes[1]} respondents) less {names[0]} ({sizes[0]})",
        left_out(int((~keep).sum()), "a value is missing"),
        *(f"few respondents: {n}" for n, size in zip(names, sizes, strict=True) if size < FEW),
        f"the other items are a weak yardstick for {first_ten(weak)}" if weak else "",
    )
    return Table(table, tuple(note for note in notes if note))


def _check_items(items: Sequence[str]) -> None:
    twice = [item for item in items if list(items).count(item) > 1]
    if twice:
        raise DataError(
            explain(
                what=f"listed twice: {first_ten(dict.fromkeys(twice))}",
                remedy="name each item once",
            )
        )
    if len(items) < 3:
        raise DesignError(
            explain(
                what=f"{len(items)} items leave no yardstick",
                where=first_ten(items),
                remedy="give three items of one scale or more",
            )
        )


def _two_groups(data: pd.DataFrame, group: str) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the rows, -1 where missing, and the names of the two groups."""
    codes, names = label_codes(data, group)
    if len(names) != 2:
        raise DataError(
            explain(
                what=f"the column {group!r} holds {len(names)} groups, not two",
                where=first_ten(names),
                remedy="keep the rows of two groups",
            )
        )
    return codes, names


def _check_rows(
    values: np.ndarray, items: Sequence[str], names: Sequence[object], sizes: Sequence[int]
) -> None:
    """Refuse groups without complete rows, and items that everybody answers alike."""
    small = [f"{n}: {size}" for n, size in zip(names, sizes, strict=True) if size < LEAST]
    if small:
        raise DesignError(
            explain(
                what=f"a group has fewer than {LEAST} complete rows",
                where=first_ten(small),
                remedy="bring more answers, or leave out the item with the gaps",
            )
        )
    constant = [item for item, v in zip(items, values.T, strict=True) if np.ptp(v) == 0]
    if constant:
        raise DataError(
            explain(what="items do not vary", where=first_ten(constant), remedy="leave them out")
        )


def _rest_reliability(
    values: np.ndarray, is_second: np.ndarray, items: Sequence[str]
) -> np.ndarray:
    """Share of the one factor in the variance of the other items within groups, shape (k,)."""
    within = values - np.where(
        is_second[:, None], values[is_second].mean(axis=0), values[~is_second].mean(axis=0)
    )
    covariance = within.T @ within / (len(values) - 2)
    size = np.sqrt(np.diag(covariance))
    if not size.all() or np.linalg.eigvalsh(covariance / np.outer(size, size))[0] < SINGULAR:
        raise DesignError(
            explain(
                what="an item is a sum of others, or does not vary within the groups",
                where=first_ten(items),
                remedy="leave it out",
            )
        )
    loadings = size * one_factor(covariance / np.outer(size, size))[0]
    rest = covariance.sum() - 2 * covariance.sum(axis=1) + np.diag(covariance)
    share = np.minimum((loadings.sum() - loadings) ** 2 / rest, 1.0)
    if share.min() < SINGULAR:
        raise DesignError(
            explain(
                what="the other items have nothing in common",
                where=items[int(share.argmin())],
                remedy="turn what is reversed, or look at cs.reliability first",
            )
        )
    return share


def _one_item(
    values: np.ndarray,
    place: int,
    is_second: np.ndarray,
    reliable: float,
    unit: np.ndarray | None,
    conf_level: float,
) -> dict[str, object]:
    frame = pd.DataFrame(
        {
            "y": _z(values[:, place]),
            "standing": _standing(np.delete(values, place, axis=1), is_second, reliable),
            "second": is_second.astype(float),
        }
    )
    if unit is not None:
        frame["unit"] = unit
    fitted = regress(
        "y ~ standing + second + standing:second",
        frame,
        cluster=None if unit is None else "unit",
        conf_level=conf_level,
    ).tidy()
    shift = fitted[fitted["term"] == "second"].iloc[0].to_dict()
    slope = fitted[fitted["term"] == "standing:second"].iloc[0]
    return {
        **shift,
        "slope_difference": slope["estimate"],
        "slope_p_value": slope["p_value"],
    }


def _standing(others: np.ndarray, is_second: np.ndarray, reliable: float) -> np.ndarray:
    """Z-scored mean of the other items, drawn towards the mean of the group, shape (n,).

    The error variance is held equal, so that a group that differs more is drawn in less.
    """
    rest = _z(others.mean(axis=1))
    groups = (is_second, ~is_second)
    within = sum(((rest[g] - rest[g].mean()) ** 2).sum() for g in groups) / (len(rest) - 2)
    standing = np.empty(len(rest))
    for g in groups:
        own = 1 - (1 - reliable) * within / max(rest[g].var(ddof=1), SINGULAR)
        share = np.clip(own, reliable / 2, 1.0)  # a chance of few answers, below half
        standing[g] = rest[g].mean() + share * (rest[g] - rest[g].mean())
    return standing


def _z(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std(ddof=1)
