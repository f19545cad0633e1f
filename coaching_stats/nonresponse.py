"""What those who did not answer could do to a slope: worst-case bounds, and the tipping point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from coaching_stats.judged_rows import JudgedSlope, judged_slope
from coaching_stats.models import Estimated
from coaching_stats.results import COLUMNS, Table
from coaching_stats.silence import Silence, silence_of
from coaching_stats.study import Run
from coaching_stats.texts import number, texts

CONF_LEVEL = 0.95
REGION = (
    "from conf_low of the lower to conf_high of the upper bound runs an interval for the slope "
    "that holds whatever those who did not answer would have said; it errs on the long side"
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class NonresponseBounds(Table):
    """A slope among those who answered, and how far the others could move it.

    Attributes
    ----------
    frame : DataFrame
        Rows ``judged``, ``answered``, ``lower_bound``, ``upper_bound``, in standard deviations as
        judged; the bounds have no test.
    tipping : DataFrame
        By ``target`` (zero, sesoi): the ``slope``, the ``difference`` in scale points at which it
        is reached, and ``is_possible``.
    names : mapping from language to (predictor, outcome)
    n_silent, n_invited : int
    """

    tipping: pd.DataFrame
    names: dict[str, tuple[str, str]]
    n_silent: int
    n_invited: int

    def sentence(self, language: str = "en") -> str:
        """Say what the silent could do, in plain words.

        Parameters
        ----------
        language : {"en", "fi"}
        """
        said = texts(language)["missing_data"]
        x, y = self.names[language]
        value = dict(zip(self.frame["term"], self.frame["estimate"], strict=True))
        low, high = value["lower_bound"], value["upper_bound"]
        bounds = said["bounds"].format(
            x=x,
            y=y,
            silent=self.n_silent,
            invited=self.n_invited,
            low=number(low, language),
            high=number(high, language),
            estimate=number(value["answered"], language),
        )
        sign = said["sign_stays" if low * high > 0 else "sign_open"]
        return " ".join([bounds, sign, *self._tipping_sentences(x, language)])

    def _tipping_sentences(self, x: str, language: str) -> Iterator[str]:
        said = texts(language)["missing_data"]
        zero, sesoi = self.tipping.to_dict("records")
        if not zero["is_possible"]:
            yield said["tipping_impossible"].format(x=x)
            return
        yield said["tipping_zero"].format(x=x, difference=number(zero["difference"], language, 1))
        if sesoi["is_possible"]:
            yield said["tipping_sesoi"].format(
                sesoi=number(sesoi["slope"], language),
                difference=number(sesoi["difference"], language, 1),
            )


def nonresponse_bounds(
    run: Run, hypothesis: str, *, scale: tuple[float, float] | None = None
) -> NonresponseBounds:
    r"""Bound a team-level slope over everything that those who did not answer could have said.

    The slope is linear in the outcome, :math:`b = \sum_j w_j y_j`, with w from the design alone.
    With share :math:`q_j` of a team silent, :math:`y_j = (1 - q_j) \bar y_j + q_j m_j`, and b is
    largest with :math:`m_j` at the upper end of the scale where :math:`w_j > 0` and at the lower
    end elsewhere. The bounds are exact: no assumption on who answers, and both can be reached.

    The tipping point moves the silent of teams above the mean of the predictor by d / 2 scale
    points, and those below by -d / 2, away from what the answers suggest (their team mates' mean;
    for a silent manager, the regression of the others). b is linear in d, so the d at which it
    reaches zero, or the smallest effect of interest, is exact as well.

    Parameters
    ----------
    run : Run
    hypothesis : str
        Id of one that predicts a plain slope at team level.
    scale : (low, high), optional
        Ends of the outcome's scores; those of its items where the study knows them.

    Returns
    -------
    NonresponseBounds

    Raises
    ------
    StudyError
        No such hypothesis.
    DesignError
        One that is not testable or no team-level slope; an outcome without ends, from random
        halves or made of several; unknown numbers of invited people; a predictor from the people
        who are silent; scores outside the scale.

    Notes
    -----
    Silent are all invited people without a usable score, also those who failed an attention
    check. A silent manager leaves no workload or belief either: such covariates are not held
    constant here, which ``answered`` does not either; compare it with ``judged``. The unit stays
    the standard deviation of the teams as judged. Worst cases are wide by nature: they are what is
    known without assumptions, not what is likely. Lies and misreadings of those who answered are
    not in them.

    References
    ----------
    Horowitz & Manski (2000), Journal of the American Statistical Association 95, 77-84; Manski
    (2003), Partial Identification of Probability Distributions, chapter 1; Imbens & Manski (2004),
    Econometrica 72, 1845-1857, on intervals; Yan, Lee & Li (2009), Journal of Biopharmaceutical
    Statistics 19, 1085-1098, on tipping points.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> from coaching_stats.worlds import simulate
    >>> run = run_study(simulate("theory", firms=30, teams=1, sellers=6, seed=1))
    >>> found = nonresponse_bounds(run, "H1")
    >>> found.n_silent, found.n_invited
    (1, 28)
    >>> value = found.tidy().set_index("term")["estimate"]
    >>> bool(value["lower_bound"] < value["answered"] < value["upper_bound"])
    True
    """
    slope = judged_slope(run, hypothesis, team_level=True)
    silence = silence_of(slope, scale)
    bounds = [silence.at_worst(is_upper=is_upper) for is_upper in (False, True)]
    judged = Estimated(slope.evidence.estimate, slope.evidence.std_error, slope.evidence.df)
    names = {
        language: tuple(run.study.name(k, language) for k in (slope.predictor, slope.leg.outcome))
        for language in ("en", "fi")
    }
    return NonresponseBounds(
        frame=_frame([judged, silence.among_answered], bounds),
        notes=(REGION, *silence.notes),
        tipping=_tipping(slope, silence, [bound.value for bound in bounds]),
        names=names,
        n_silent=silence.n_silent,
        n_invited=silence.n_invited,
    )


def _frame(tested: Sequence[Estimated], bounds: Sequence[Estimated]) -> pd.DataFrame:
    """Rows of the result; of a bound, the interval on its outer side only means something."""
    nan = float("nan")
    rows = [
        (one.value, one.std_error, one.value / one.std_error, one.df, one.p_value) for one in tested
    ] + [(one.value, one.std_error, nan, one.df, nan) for one in bounds]
    ends = [one.interval(CONF_LEVEL) for one in (*tested, *bounds)]
    terms = ("judged", "answered", "lower_bound", "upper_bound")
    values = [(term, *row, *end) for term, row, end in zip(terms, rows, ends, strict=True)]
    return pd.DataFrame(values, columns=COLUMNS)


def _tipping(slope: JudgedSlope, silence: Silence, bounds: Sequence[float]) -> pd.DataFrame:
    sign = -1.0 if slope.leg.expected_sign == "negative" else 1.0
    targets = {"zero": 0.0, "sesoi": sign * slope.leg.sesoi}
    width = (silence.ends[1] - silence.ends[0]) * silence.unit
    rows = []
    for target, value in targets.items():
        difference = silence.difference_to(value)
        is_possible = bounds[0] <= value <= bounds[1] and abs(difference) <= width
        rows.append((target, value, difference, bool(is_possible)))
    return pd.DataFrame(rows, columns=["target", "slope", "difference", "is_possible"])
