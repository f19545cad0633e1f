"""The same slope with its arrow reversed: what one survey cannot tell apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.judged_rows import JudgedSlope, judged_slope
from coaching_stats.results import COLUMNS, Table, t_quantile, two_sided_p
from coaching_stats.study import Run
from coaching_stats.texts import number, texts

CONF_LEVEL = 0.95
IID = (
    "standard errors take rows to be independent and errors equally large: only then can the two "
    "directions be compared at all; for intervals that hold for clusters see the verdict"
)
OVER_WAVES = "across teams in the first wave; the verdict itself compares teams over waves"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReversedArrows(Table):
    """One association, fitted in both directions.

    Attributes
    ----------
    frame : DataFrame
        Two rows: the columns of every result, then ``partial_correlation`` and
        ``log_likelihood``, the same in both.
    names : mapping from language to (predictor, outcome)
    has_waves : bool
        Whether a second wave says anything about the order in time.
    """

    names: dict[str, tuple[str, str]]
    has_waves: bool

    def sentence(self, language: str = "en") -> str:
        """Say that the direction is not separable from these data; never which one is likelier.

        Parameters
        ----------
        language : {"en", "fi"}
        """
        said = texts(language)["reversed_arrows"]
        x, y = self.names[language]
        statistic, partial = (
            number(float(self.frame[column].iloc[0]), language)
            for column in ("statistic", "partial_correlation")
        )
        both = said["not_separable"].format(x=x, y=y, t=statistic, r=partial)
        return f"{both} {said['waves' if self.has_waves else 'one_wave']}"


def reversed_arrows(run: Run, hypothesis: str) -> ReversedArrows:
    r"""Fit a judged slope in both directions with the same covariates, and show that they tie.

    With c the covariates, :math:`y = a + b x + c'g + e` and :math:`x = a' + b' y + c'g' + e'` have
    :math:`b b' = r^2` with r the partial correlation given c, hence the same
    :math:`t = r \sqrt{d / (1 - r^2)}`, d the rows less coefficients. With normal errors the two
    models of (x, y) given c have the same likelihood,
    :math:`f(y | x, c) f(x | c) = f(x | y, c) f(y | c)`.

    Parameters
    ----------
    run : Run
    hypothesis : str
        Id of one that predicts a plain slope.

    Returns
    -------
    ReversedArrows
        Terms ``y~x`` and ``x~y`` by key of the constructs, in z-scores as judged.

    Raises
    ------
    StudyError
        No such hypothesis.
    DesignError
        One that is not testable here, or that predicts no plain slope.

    Notes
    -----
    The rows tie in every data set, whatever the truth. A tie is no evidence for an influence both
    ways, and a covariate that stands between x and y, or follows from both, makes both rows wrong.
    Standard errors that hold for clusters differ a little between the rows; that difference says
    who is spread how, not which way the arrow points. Among sellers, d does not count the team
    means that were taken out.

    References
    ----------
    Pearl (2009), Causality, theorem 1.2.8, on models that no data tell apart; Fisher (1924),
    Metron 3, 329-332, for t of a partial correlation.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> data, study = "data/published/attitude.csv", "data/published/attitude.study.yml"
    >>> found = reversed_arrows(run_study(data, study=study), "A2")
    >>> found.tidy()["term"].tolist(), found.tidy()["statistic"].round(3).tolist()
    (['RATING~LEARN', 'LEARN~RATING'], [1.707, 1.707])
    """
    slope = judged_slope(run, hypothesis)
    keys = (slope.predictor, slope.leg.outcome)
    names = {
        language: (run.study.name(keys[0], language), run.study.name(keys[1], language))
        for language in ("en", "fi")
    }
    return ReversedArrows(
        frame=_both(slope),
        notes=(IID, OVER_WAVES) if slope.is_over_waves else (IID,),
        names=names,
        has_waves=not np.isnan(run.panel.attrition),
    )


def _both(slope: JudgedSlope) -> pd.DataFrame:
    """Two rows, each direction once, from what the covariates leave over of both variables."""
    model = slope.equation
    place = model.terms.index(slope.predictor)
    given = np.delete(model.x, place, axis=1)
    x, y = (_left_over(values, given) for values in (model.x[:, place], model.y))
    xx, yy = float(x @ x), float(y @ y)
    partial = float(x @ y) / np.sqrt(xx * yy)
    df = len(x) - len(model.terms)
    keys = slope.predictor, slope.leg.outcome
    rows = [
        _row(f"{keys[1]}~{keys[0]}", partial, np.sqrt(yy / xx), df),
        _row(f"{keys[0]}~{keys[1]}", partial, np.sqrt(xx / yy), df),
    ]
    likelihood = _log_likelihood(len(x), xx, yy * (1 - partial**2))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.assign(partial_correlation=partial, log_likelihood=likelihood)


def _left_over(values: np.ndarray, given: np.ndarray) -> np.ndarray:
    return values - given @ np.linalg.lstsq(given, values, rcond=None)[0]


def _log_likelihood(n: int, first_rss: float, second_rss: float) -> float:
    """Of both equations, normal errors with variances at their maximum."""
    return float(-n / 2 * (2 * np.log(2 * np.pi) + 2 + np.log(first_rss / n * second_rss / n)))


def _row(term: str, partial: float, unit: float, df: int) -> tuple[object, ...]:
    """One direction; `unit` turns the partial correlation into the slope."""
    estimate, error = partial * unit, unit * np.sqrt((1 - partial**2) / df)
    statistic = partial * np.sqrt(df / (1 - partial**2))
    margin = float(t_quantile((1 + CONF_LEVEL) / 2, df)) * error
    p_value = float(two_sided_p(statistic, df))
    return (
        term,
        estimate,
        error,
        statistic,
        float(df),
        p_value,
        estimate - margin,
        estimate + margin,
    )
