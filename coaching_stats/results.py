"""The columns every result has, and how results show themselves."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import special

COLUMNS = ("term", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")


def freeze(array: np.ndarray) -> np.ndarray:
    """Return `array` read-only, so that no one changes a finished result."""
    array = np.asarray(array)
    array.flags.writeable = False
    return array


def two_sided_p(statistic: np.ndarray | float, df: np.ndarray | float) -> np.ndarray:
    """Two-sided p of a t statistic; df inf means normal, nan none.

    scipy.special in place of scipy.stats, which takes a second to import.

    Examples
    --------
    >>> [round(float(p), 4) for p in two_sided_p(np.array([0.0, 1.96]), np.inf)]
    [1.0, 0.05]
    """
    return 2 * special.stdtr(df, -np.abs(statistic))


def t_quantile(probability: float, df: np.ndarray | float) -> np.ndarray:
    """Quantile of Student's t; df inf means normal, nan none.

    Examples
    --------
    >>> round(float(t_quantile(0.975, np.inf)), 3)
    1.96
    """
    return special.stdtrit(df, probability)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of one family so that the chance of any false support stays at its level.

    The i-th smallest of m is multiplied by m - i + 1, and none is below a smaller one's.

    Parameters
    ----------
    p_values : sequence of float, length m

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm([0.03, 0.01, 0.04])
    [0.06, 0.03, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(order), 0, -1)
    raised = np.maximum.accumulate(np.asarray(p_values, dtype=float)[order] * factors)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(raised, 1)
    return adjusted.tolist()


class Shown:
    """Show `.tidy()`, rounded to three decimals, and the notes: as text and as HTML."""

    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per term; every kind of result says which columns."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Give the table and the notes as plain text."""
        table = self.tidy().to_string(index=False, float_format="{:.3f}".format)
        return "\n".join([table, *(f"note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        with pd.option_context("display.max_colwidth", None):
            table = self.tidy().to_html(
                index=False, border=0, na_rep="", float_format="{:.3f}".format, escape=True
            )
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return f"{table}<ul>{notes}</ul>" if notes else table


@dataclass(frozen=True, eq=False, repr=False)
class Result(Shown):
    """Estimates and their uncertainty; k terms, in outcome units per unit of the term.

    Attributes
    ----------
    terms : tuple of str, length k
    estimate : ndarray, shape (k,)
    vcov : ndarray, shape (k, k)
        Covariance of the estimates.
    df : ndarray, shape (k,)
        Degrees of freedom of the t reference; inf means normal, nan means none exists.
    conf_level : float
    notes : tuple of str
        What happened to the data or the method, one line each.
    """

    terms: tuple[str, ...]
    estimate: np.ndarray
    vcov: np.ndarray
    df: np.ndarray
    conf_level: float = 0.95
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for array in (self.estimate, self.vcov, self.df):
            freeze(array)

    @property
    def std_error(self) -> np.ndarray:
        """Standard errors, shape (k,)."""
        return np.sqrt(np.diag(self.vcov))

    def tidy(self) -> pd.DataFrame:
        """One row per term, exactly ``COLUMNS``, nothing rounded."""
        error = self.std_error
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = self.estimate / error
        p_value = two_sided_p(statistic, self.df)
        margin = t_quantile((1 + self.conf_level) / 2, self.df) * error
        low, high = self.estimate - margin, self.estimate + margin
        values = (self.terms, self.estimate, error, statistic, self.df, p_value, low, high)
        return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


@dataclass(frozen=True, eq=False, repr=False)
class Table(Shown):
    """A result of another shape: a frame of its own columns, with notes."""

    frame: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def tidy(self) -> pd.DataFrame:
        """Return a copy of the frame, with the columns that its function names."""
        return self.frame.copy()
