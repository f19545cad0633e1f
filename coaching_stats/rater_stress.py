"""Does a finding need a shared rater: the same prediction with its two sides taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain
from coaching_stats.estimates import Evidence, estimate_leg
from coaching_stats.gates import check_gates, failed_gates
from coaching_stats.hypotheses import Hypothesis, Leg
from coaching_stats.measured import Measured, with_halves
from coaching_stats.rater_apart import Apart, taken_apart
from coaching_stats.rater_rows import SHARES, STRESS_COLUMNS, Stressed
from coaching_stats.rater_scales import Adjusted, bounded, suggested
from coaching_stats.rater_scores import (
    SLOPE,
    estimate_without,
    form_of,
    marker_share,
    share_that_explains,
    toned,
)
from coaching_stats.results import Shown
from coaching_stats.rules import NOT_TESTABLE, SIGN, SUPPORTED, decide, grade_of, join
from coaching_stats.sourcing import Sourcing, sourcing, unmeasured
from coaching_stats.study import Run
from coaching_stats.verdicts import N_SPLITS
from coaching_stats.waves import measure_waves

NAN = float("nan")
CLEAR = 0.80  # level of the interval of what is left: one in ten on the wrong side of zero
Pairs = Sequence[tuple[Leg, Sourcing]]


@dataclass(frozen=True, eq=False, repr=False)
class RaterStress(Shown):
    """Every prediction that the same respondents can be asked about, under the test.

    Attributes
    ----------
    stressed : tuple of Stressed
    n_splits : int
    notes : tuple of str
    """

    stressed: tuple[Stressed, ...]
    n_splits: int
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row per hypothesis: ``COLUMNS`` from the same respondents, then what is left."""
        return pd.DataFrame([one.row() for one in self.stressed], columns=list(STRESS_COLUMNS))

    def glance(self) -> pd.DataFrame:
        """One row: how many predictions, how many supported, how many of these withdrawn."""
        supported = [one for one in self.stressed if one.same_verdict == SUPPORTED]
        row = {
            "method": "common-rater stress test",
            "n_hypotheses": len(self.stressed),
            "n_supported": len(supported),
            "n_withdrawn": sum(one.is_withdrawn for one in supported),
            "n_splits": self.n_splits,
        }
        return pd.DataFrame([row])

    def sentences(self, language: str = "en") -> dict[str, str]:
        """Give the sentence on each hypothesis, by its id.

        Parameters
        ----------
        language : {"en", "fi"}

        Returns
        -------
        dict from id to str
        """
        return {one.hypothesis.id: one.sentence(language) for one in self.stressed}


def rater_stress(
    run: Run,
    hypothesis: str | None = None,
    *,
    n_splits: int = N_SPLITS,
    seed: int | None = None,
) -> RaterStress:
    """Test whether findings from the same respondents need a shared rater.

    Parameters
    ----------
    run : Run
    hypothesis : str, optional
        Id of one hypothesis; all that the same respondents can answer when not given.
    n_splits : int
        Random halves of each team's sellers; as many as for the verdicts when not given.
    seed : int, optional
        That of the run when not given.

    Returns
    -------
    RaterStress
        Estimates in standard deviations. ``vanishing_share`` and ``below_sesoi_share``: share of
        the variance of the scores that an error which they share must have to make the estimate 0,
        or smaller than the SESOI; nan where none does. ``marker_share, scales_share``: the share
        that the marker variable suggests, or the rater's other scales, with ``_estimate`` what is
        left without it. ``largest_share``: the most that all scales of the same sellers allow.
        ``withdrawn``: supported by the same respondents, and either not supported with the two
        sides taken apart, or less than the SESOI, or not clearly of the sign predicted (80 %
        interval), without the error that the other scales suggest.

    Raises
    ------
    StudyError
        No such hypothesis.
    DesignError
        One that the same respondents cannot answer, or fewer than two splits.

    Notes
    -----
    The two sides are taken apart by what is there, in this order: another source; random halves
    of each team's sellers; the outcome in a second wave; for slopes between sellers of a team, the
    estimate less the largest shared error that their other scales allow. Another source alone is
    not enough: it shares the outcome with the same-respondent estimate, so that a chance finding
    in the one is often one in the other; hence the second reason to withdraw.

    It misleads where errors are shared across what is taken apart: a mood of the whole team
    passes halves, a lasting one passes waves, and a halo of just the two scales passes the other
    scales, which tell only of an error that weighs alike on every evaluative one. Where true
    links run along the tones of the scales, what these suggest is too large. Sources taken apart
    also weaken true associations: a withdrawal does not say that there is none. A mood that leaves
    a neutral marker alone, as in the simulated world of a common rater, passes the marker unseen.
    Shares are those of the scores at the level of the prediction. Which scores are pleasant and
    which are not is ``valence`` in the packaged ``theory.yml``.

    References
    ----------
    Podsakoff, MacKenzie, Lee & Podsakoff (2003), Journal of Applied Psychology 88, 879-903, on
    separate sources and occasions; Lindell & Whitney (2001), ibid. 86, 114-121, on the marker;
    the closed form of the shares: `shared_error`. How often it withdraws, rightly and wrongly:
    benchmarks/rater_stress.md.

    Examples
    --------
    >>> from coaching_stats.study import run_study
    >>> found = rater_stress(run_study(), "H3").tidy().iloc[0]
    >>> found["verdict"], found["across"], found["across_verdict"], bool(found["withdrawn"])
    ('supported', 'sources', 'supported', False)
    """
    if n_splits < 2:
        raise DesignError(
            explain(what=f"n_splits is {n_splits}", remedy=f"give 2 or more, say {N_SPLITS}")
        )
    study = run.study
    if hypothesis is not None:
        study.hypothesis(hypothesis)  # or it is refused, with the nearest name
    asked = [one for one in study.hypotheses if hypothesis in (None, one.id)]
    every = [one.id for one in study.hypotheses]
    stream = np.random.SeedSequence(run.seed if seed is None else seed)
    for_halves, *spawned = stream.spawn(1 + len(every))
    streams = dict(zip(every, spawned, strict=True))
    measured = with_halves(run.panel, study, n_splits, np.random.default_rng(for_halves))
    waves = measure_waves(run.tables, study, run.panel)
    later = None if waves is None else waves.panels[1].sellers
    pairs = {one.id: same_respondents(measured, one) for one in asked}
    if hypothesis is not None and not pairs.get(hypothesis):
        raise DesignError(
            explain(
                what=f"no verdict from the same respondents on {hypothesis}",
                where="its sources in the study file, or the columns of the data",
                remedy="leave the hypothesis out to test all that they can answer",
            )
        )
    stressed = [
        stress(measured, one, pairs[one.id], later, streams[one.id])
        for one in asked
        if pairs[one.id]
    ]
    left_out = [name for name, found in pairs.items() if not found]
    untested = [one for one in stressed if one.same is None]
    return RaterStress(tuple(stressed), n_splits, tuple(_notes(left_out, untested, n_splits)))


def _notes(left_out: Sequence[str], untested: Sequence[Stressed], n_splits: int) -> list[str]:
    notes = [
        "verdicts are before the adjustment for several hypotheses",
        f"random halves: medians over {n_splits} splits, and the spread of the estimate over them",
    ]
    closed = [one.hypothesis.id for one in untested if not one.why_untested]
    if closed:
        notes.append(f"not testable with the same respondents: {', '.join(closed)}")
    notes += [f"{one.hypothesis.id}: {one.why_untested}" for one in untested if one.why_untested]
    if left_out:
        notes.append(f"no two sides from the same respondents: {', '.join(left_out)}")
    return notes


def same_respondents(measured: Measured, hypothesis: Hypothesis) -> Pairs:
    """Legs with same-respondent sources; none where they lack data, or no leg is of grade D."""
    study, pairs = measured.study, []
    for leg in hypothesis.legs:
        sources = sourcing(hypothesis, leg, study, is_split=False)
        if sources is None or unmeasured(leg, sources, measured.panel, study):
            return []
        pairs.append((leg, sources))
    return pairs if any(grade_of(leg, sources) == "D" for leg, sources in pairs) else []


def stress(
    measured: Measured,
    hypothesis: Hypothesis,
    pairs: Pairs,
    later: pd.DataFrame | None,
    stream: np.random.SeedSequence,
) -> Stressed:
    """Put one hypothesis under the test.

    Parameters
    ----------
    measured : Measured
    hypothesis : Hypothesis
    pairs : sequence of (Leg, Sourcing)
        From `same_respondents`.
    later : DataFrame or None
        Sellers' scores of the second wave.
    stream : SeedSequence
    """
    no_shares = dict.fromkeys(SHARES, NAN)
    if failed_gates(check_gates(measured, hypothesis, pairs)):
        return Stressed(hypothesis, None, NOT_TESTABLE, Apart(""), "", "", no_shares)
    try:
        return _stressed(measured, hypothesis, pairs, later, stream)
    except DesignError as problem:  # too few clusters to resample a chain, say
        why = str(problem)
        return Stressed(
            hypothesis, None, NOT_TESTABLE, Apart(""), "", "", no_shares, why_untested=why
        )


def _stressed(
    measured: Measured,
    hypothesis: Hypothesis,
    pairs: Pairs,
    later: pd.DataFrame | None,
    stream: np.random.SeedSequence,
) -> Stressed:
    seeds = iter(stream.spawn(2 * len(pairs)))
    legs = [leg for leg, _ in pairs]
    same = [estimate_leg(measured, leg, sources, next(seeds)) for leg, sources in pairs]
    limits = [_limit(measured, leg, sources) for leg, sources in pairs]
    across = [
        taken_apart(measured, hypothesis, leg, (sources, one), later, limit, next(seeds))
        for (leg, sources), one, limit in zip(pairs, same, limits, strict=True)
    ]
    left = [_left(measured, leg, sources) for leg, sources in pairs]
    return Stressed(
        hypothesis=hypothesis,
        same=same[0],
        same_verdict=_joined(legs, same, [None] * len(legs)),
        across=across[0],
        across_verdict=_joined_across(legs, across, same),
        form=form_of(measured, legs[0]),
        shares=_shares(measured, *pairs[0], left[0], limits[0]),
        is_explained=any(map(is_explained, legs, left)),
    )


def _limit(measured: Measured, leg: Leg, sources: Sourcing) -> Adjusted | None:
    """The slope less what the other scales allow, where it is one between sellers of a team."""
    of_sellers = {*sources.source.values()} == {"seller"}
    if leg.level != "seller" or leg.kind != "slope" or not of_sellers:
        return None
    return bounded(measured, leg, sources) if form_of(measured, leg) == SLOPE else None


def _joined(
    legs: Sequence[Leg], judged: Sequence[Evidence], beside: Sequence[Evidence | None]
) -> str:
    """Verdict of all legs by the rules."""
    found = [decide(*one) for one in zip(legs, judged, beside, strict=True)]
    return join(found, [one.p_value for one in judged])[0].verdict


def _joined_across(legs: Sequence[Leg], across: Sequence[Apart], same: Sequence[Evidence]) -> str:
    if not all(one.basis for one in across):
        return ""
    found = [one.evidence for one in across if one.evidence is not None]
    return _joined(legs, found, same) if len(found) == len(legs) else NOT_TESTABLE


def _shares(
    measured: Measured,
    leg: Leg,
    sources: Sourcing,
    left: Adjusted | None,
    limit: Adjusted | None,
) -> dict[str, float]:
    """How large a shared error would have to be, and what is known of its size."""
    values = dict.fromkeys(SHARES, NAN)
    if form_of(measured, leg) != SLOPE:
        return values
    models = toned(measured, leg, sources)
    marker = marker_share(measured, leg, sources)
    return values | {
        "vanishing_share": share_that_explains(models),
        "below_sesoi_share": share_that_explains(models, leg.sesoi),
        "marker_share": marker,
        "marker_estimate": estimate_without(models, marker),
        "scales_share": NAN if left is None else left.share,
        "scales_estimate": NAN if left is None else left.estimate.value,
        "largest_share": NAN if limit is None else limit.share,
    }


def _left(measured: Measured, leg: Leg, sources: Sourcing) -> Adjusted | None:
    """The slope less the shared error that the other scales suggest."""
    return suggested(measured, leg, sources) if form_of(measured, leg) == SLOPE else None


def is_explained(leg: Leg, left: Adjusted | None) -> bool:
    """Whether too little is left: less than the SESOI, or not clearly of the sign predicted."""
    if left is None or leg.expected_sign == "zero":
        return False
    sign = SIGN[leg.expected_sign]
    low = min(sign * end for end in left.estimate.interval(CLEAR))
    return bool(sign * left.estimate.value < leg.sesoi or low <= 0)
