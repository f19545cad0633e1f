"""How far the items of a scale measure one thing: alpha, omega, and each item's part in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from coaching_stats.errors import DataError, DesignError, explain, first_ten, nearest
from coaching_stats.frames import left_out
from coaching_stats.one_factor import LEAST_ERROR, one_factor
from coaching_stats.results import COLUMNS, Shown, freeze
from coaching_stats.scales import ScaleItem, checked_answers, turned

TERMS = ("alpha", "alpha_standardised", "omega")
SINGULAR = 1e-10  # smallest eigenvalue of a correlation matrix that has an inverse


@dataclass(frozen=True, eq=False, repr=False)
class Reliability(Shown):
    """Reliability of the sum or mean of k items, from n complete rows.

    Attributes
    ----------
    names : tuple of str, length k
    estimate : ndarray, shape (3,)
        alpha, alpha_standardised, omega; nan where one does not exist, and a note says why.
    interval : ndarray, shape (2,)
        Feldt's confidence interval of alpha.
    item_rest, alpha_if_dropped : ndarray, shape (k,)
    n : int
        Rows without a gap.
    conf_level : float
    notes : tuple of str
    """

    names: tuple[str, ...]
    estimate: np.ndarray
    interval: np.ndarray
    item_rest: np.ndarray
    alpha_if_dropped: np.ndarray
    n: int
    conf_level: float
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for array in (self.estimate, self.interval, self.item_rest, self.alpha_if_dropped):
            freeze(array)

    @property
    def items(self) -> pd.DataFrame:
        """One row per item: ``item, item_rest, alpha_if_dropped``.

        ``item_rest`` is the correlation of the item with the sum of the others.
        """
        return pd.DataFrame(
            {
                "item": self.names,
                "item_rest": self.item_rest,
                "alpha_if_dropped": self.alpha_if_dropped,
            }
        )

    def tidy(self) -> pd.DataFrame:
        """One row per coefficient, exactly ``COLUMNS``; only alpha has an interval."""
        table = pd.DataFrame(np.nan, index=range(len(TERMS)), columns=list(COLUMNS))
        low, high = ([end, np.nan, np.nan] for end in self.interval)
        return table.assign(term=TERMS, estimate=self.estimate, conf_low=low, conf_high=high)

    def glance(self) -> pd.DataFrame:
        """One row: ``method, n_obs, conf_level``."""
        method = f"alpha and omega of {len(self.names)} items"
        return pd.DataFrame(
            {"method": [method], "n_obs": [self.n], "conf_level": [self.conf_level]}
        )


def reliability(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    reverse: Sequence[str] = (),
    scale: tuple[float, float] | None = None,
    conf_level: float = 0.95,
) -> Reliability:
    """Reliability of a scale: alpha with its interval, standardised alpha, omega.

    Parameters
    ----------
    data : DataFrame, one row per respondent
        Numbers as given; rows with a gap in any of the items are left out.
    items : sequence of str
        Two columns or more; omega needs three.
    reverse : sequence of str
        Items that are turned first: low + high - x.
    scale : (low, high), optional
        Ends of the answer scale; needed to turn items, and checked where it is given.
    conf_level : float
        Of Feldt's interval for alpha; the rows are counted after those with gaps are left out.

    Returns
    -------
    Reliability
        Terms ``alpha``, ``alpha_standardised``, ``omega``; the items in ``.items``.

    Raises
    ------
    DataError
        No such column, text, answers outside the scale, a reversed item that is not among the
        items, or no scale to turn it by.
    DesignError
        Fewer than two items or three complete rows, or no variance.

    Notes
    -----
    Omega is the share of one common factor in the observed variance of the sum: (sum of
    loadings)^2 / var(sum), the factor fitted by maximum likelihood to the covariance matrix.
    Neither coefficient tells whether errors are shared (mood, wording), which raises both.

    References
    ----------
    Cronbach (1951), Psychometrika 16, 297-334; Feldt (1965), Psychometrika 30, 357-370; McDonald
    (1999), Test Theory, chapter 6; Jöreskog (1967), Psychometrika 32, 443-482.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 3, 5, 6], "b": [2, 3, 4, 7], "c": [7, 6, 3, 2]})
    >>> scale = reliability(answers, ["a", "b", "c"], reverse=["c"], scale=(1, 7))
    >>> scale.tidy().set_index("term")["estimate"].round(3).to_dict()
    {'alpha': 0.975, 'alpha_standardised': 0.976, 'omega': 0.978}
    """
    names = _checked_names(items, reverse, scale, conf_level)
    low, high = scale or (-np.inf, np.inf)
    scale_items = [ScaleItem(name, name in reverse, low, high) for name in names]
    values = checked_answers(data, scale_items)
    if reverse:
        values = turned(values, scale_items)
    complete = ~np.isnan(values).any(axis=1)
    n = int(complete.sum())
    covariance = _covariance(values if n == len(values) else values[complete], names)
    notes = [left_out(len(values) - n, "an answer to one of the items is missing")]
    alpha = alpha_of(covariance)
    if not alpha >= 0:
        notes.append(
            "alpha is not above 0: the items run against each other; turn what is reversed"
        )
    return Reliability(
        names=names,
        estimate=np.array(
            [alpha, alpha_of(_correlation(covariance)), _omega(covariance, names, notes)]
        ),
        interval=_feldt(alpha, n, len(names), conf_level),
        item_rest=_item_rest(covariance),
        alpha_if_dropped=_alpha_if_dropped(covariance),
        n=n,
        conf_level=conf_level,
        notes=tuple(note for note in notes if note),
    )


def _checked_names(
    items: Sequence[str],
    reverse: Sequence[str],
    scale: tuple[float, float] | None,
    conf_level: float,
) -> tuple[str, ...]:
    """Names of the items, after refusing what cannot be meant."""
    names = tuple(items)
    twice = [name for name in names if names.count(name) > 1]
    unknown = [name for name in reverse if name not in names]
    faults = {
        f"listed twice: {first_ten(dict.fromkeys(twice))}": bool(twice),
        "reversed, but not among the items: "
        + ", ".join(f"{name!r}{nearest(name, names)}" for name in unknown): bool(unknown),
        f"{first_ten(reverse)} cannot be turned without the ends of the scale; "
        "give scale=(low, high)": bool(reverse) and scale is None,
        f"the scale {scale} does not run from low to high": bool(scale) and scale[0] >= scale[1],
        f"conf_level is {conf_level}, not between 0 and 1": not 0 < conf_level < 1,
    }
    wrong = [fault for fault, is_so in faults.items() if is_so]
    if wrong:
        raise DataError(explain(what="; ".join(wrong), remedy="correct these arguments"))
    if len(names) < 2:
        raise DesignError(
            explain(
                what=f"{len(names)} item cannot show how far items agree",
                where=first_ten(names),
                remedy="name at least two items of one scale",
            )
        )
    return names


def _covariance(rows: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Covariance of complete rows (n, k), refused where it cannot carry a coefficient."""
    if len(rows) < 3:
        raise DesignError(
            explain(
                what=f"{len(rows)} rows without a gap; at least three are needed",
                where=first_ten(names),
                remedy="bring more answers, or leave out the item with the gaps",
            )
        )
    covariance = np.cov(rows, rowvar=False)
    constant = [name for name, v in zip(names, np.diag(covariance), strict=True) if v == 0]
    if constant:
        raise DesignError(
            explain(
                what=f"everybody gave the same answer to {first_ten(constant)}",
                remedy="leave these items out",
            )
        )
    return covariance


def alpha_of(covariance: np.ndarray) -> float:
    """Cronbach's alpha from the covariance matrix of k items, nan for one item.

    Examples
    --------
    >>> float(alpha_of(np.array([[1.0, 0.5], [0.5, 1.0]])).round(4))
    0.6667
    """
    k, total = len(covariance), covariance.sum()
    if k < 2 or total <= 0:
        return np.nan
    return k / (k - 1) * (1 - np.trace(covariance) / total)


def _correlation(covariance: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.diag(covariance))
    return covariance / np.outer(size, size)


def _item_rest(covariance: np.ndarray) -> np.ndarray:
    """Correlation of each item with the sum of the others, shape (k,)."""
    own, row = np.diag(covariance), covariance.sum(axis=1)
    rest = covariance.sum() - 2 * row + own
    product = np.sqrt(own * np.maximum(rest, 0.0))
    return np.divide(row - own, product, out=np.full(len(own), np.nan), where=product > 0)


def _alpha_if_dropped(covariance: np.ndarray) -> np.ndarray:
    """Alpha of the items but one, shape (k,); nan where one item is left."""
    own, left = np.diag(covariance), len(covariance) - 1
    rest = covariance.sum() - 2 * covariance.sum(axis=1) + own
    if left < 2:
        return np.full(len(own), np.nan)
    shares = np.divide(own.sum() - own, rest, out=np.full(len(own), np.nan), where=rest > 0)
    return left / (left - 1) * (1 - shares)


def _feldt(alpha: float, n: int, k: int, conf_level: float) -> np.ndarray:
    """Exact interval of alpha where items are parallel and normal, shape (2,)."""
    tail = (1 - conf_level) / 2
    quantile = special.fdtri(n - 1, (n - 1) * (k - 1), [1 - tail, tail])
    return 1 - (1 - alpha) * quantile


def _omega(covariance: np.ndarray, names: Sequence[str], notes: list[str]) -> float:
    """Omega with the observed variance of the sum below the line; what is odd goes to `notes`."""
    correlation = _correlation(covariance)
    if len(names) < 3:
        notes.append(
            "two items cannot carry a factor of their own: no omega; alpha_standardised "
            "is the Spearman-Brown reliability"
        )
        return np.nan
    if np.linalg.eigvalsh(correlation)[0] < SINGULAR:
        notes.append("an item is a sum of others, or there are too few rows: no omega")
        return np.nan
    loadings, errors = one_factor(correlation)
    heywood = [n for n, error in zip(names, errors, strict=True) if error <= LEAST_ERROR * 1.001]
    if heywood:
        notes.append(
            f"Heywood case: the factor explains all of {first_ten(heywood)} "
            f"(error kept at {LEAST_ERROR} of its variance); do not rely on omega"
        )
    against = [n for n, loading in zip(names, loadings, strict=True) if loading < 0]
    if against:
        notes.append(f"loads against the other items: {first_ten(against)}; turn what is reversed")
    in_units = loadings * np.sqrt(np.diag(covariance))
    return in_units.sum() ** 2 / covariance.sum()
