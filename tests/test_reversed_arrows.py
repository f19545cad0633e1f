"""Both directions of an arrow tie, whatever the truth; the sentence never picks one."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.judged_rows import judged_slope, measured_as_judged, rows_of
from coaching_stats.regression import regress
from coaching_stats.reversed_arrows import reversed_arrows
from coaching_stats.samples import draw_sample
from coaching_stats.sourcing import sourcing
from coaching_stats.study import run_study
from coaching_stats.texts import texts
from coaching_stats.worlds import simulate


def frame_of(slope):
    """The rows of a judged slope, as anyone would put them into a regression."""
    terms = slope.equation.terms[1:]
    frame = pd.DataFrame(slope.equation.x[:, 1:], columns=terms)
    return frame.assign(**{slope.leg.outcome: slope.equation.y})


def log_likelihood(formula, frame):
    """Of one regression with normal errors, variance at its maximum, from its residuals."""
    outcome = formula.split(" ~ ")[0]
    fit = regress(formula, frame, vcov="iid")
    names = [term for term in fit.terms if term != "Intercept"]
    left = frame[outcome] - fit.estimate[0] - frame[names] @ fit.estimate[1:]
    variance = float((left**2).mean())
    return -len(left) / 2 * (np.log(2 * np.pi * variance) + 1)


@pytest.mark.parametrize("hypothesis", ["H1", "H3", "H9"])
def test_two_regressions_in_opposite_directions_tie(theory_run, hypothesis):
    slope = judged_slope(theory_run, hypothesis)
    frame, x, y = frame_of(slope), slope.predictor, slope.leg.outcome
    others = [name for name in frame if name not in (x, y)]
    found = reversed_arrows(theory_run, hypothesis).tidy()
    for row, (outcome, predictor) in enumerate([(y, x), (x, y)]):
        table = regress(f"{outcome} ~ {' + '.join([predictor, *others])}", frame, vcov="iid")
        expected = table.tidy().set_index("term").loc[predictor]
        columns = [name for name in expected.index if name != "term"]
        assert_allclose(found.loc[row, columns].astype(float), expected[columns].astype(float))
    assert_allclose(found["statistic"].iloc[0], found["statistic"].iloc[1], rtol=1e-12)
    assert_allclose(found["estimate"].prod(), found["partial_correlation"].iloc[0] ** 2)


def test_the_two_models_of_both_variables_fit_equally_well(theory_run):
    frame = frame_of(judged_slope(theory_run, "H3"))
    forward = log_likelihood("INF ~ LAT + SKL", frame) + log_likelihood("LAT ~ SKL", frame)
    backward = log_likelihood("LAT ~ INF + SKL", frame) + log_likelihood("INF ~ SKL", frame)
    assert_allclose(forward, backward, rtol=1e-12)
    found = reversed_arrows(theory_run, "H3").tidy()["log_likelihood"]
    assert_allclose(found, [forward, backward], rtol=1e-12)


def test_the_first_row_is_the_slope_that_was_judged(theory_run):
    judged = theory_run.verdicts["H1"].legs[0].evidence.estimate
    assert reversed_arrows(theory_run, "H1").tidy()["estimate"].iloc[0] == pytest.approx(judged)


@pytest.mark.parametrize("language", ["en", "fi"])
def test_the_sentence_names_both_and_points_to_waves_only_where_there_are_some(
    theory_run, language
):
    found = reversed_arrows(theory_run, "H3")
    said = found.sentence(language)
    assert all(name in said for name in found.names[language])
    assert texts(language)["reversed_arrows"]["one_wave"] in said


@pytest.fixture(scope="module")
def two_wave_run():
    return run_study(simulate("theory", firms=20, teams=2, sellers=8, waves=2, seed=3))


def test_with_a_second_wave_the_sentence_points_to_it(two_wave_run):
    """What is turned are the slopes across teams in the first wave, and a note says so."""
    judged = two_wave_run.verdicts["H4"]
    found = reversed_arrows(two_wave_run, "H4")
    assert judged.grade == "B"
    assert texts("en")["reversed_arrows"]["waves"] in found.sentence("en")
    assert any("first wave" in note for note in found.notes)
    assert found.tidy()["estimate"].iloc[0] != pytest.approx(judged.legs[0].evidence.estimate)


def test_a_prediction_without_a_slope_or_without_a_test_is_refused(theory_run, one_client_run):
    with pytest.raises(DesignError, match="H2 predicts no plain slope"):
        reversed_arrows(theory_run, "H2")
    with pytest.raises(DesignError, match="H1 is not testable"):
        reversed_arrows(one_client_run, "H1")
    with pytest.raises(DesignError, match="H9 predicts no plain slope at team level"):
        judged_slope(theory_run, "H9", team_level=True)


def test_rows_are_those_that_were_judged(theory_run):
    """The rule for who is left out is not told twice: every verdict's count comes out again."""
    measured = measured_as_judged(theory_run)
    for verdict in theory_run.verdicts.judged:
        for one in verdict.legs:
            is_split = one.evidence.is_split
            sources = sourcing(verdict.hypothesis, one.leg, theory_run.study, is_split=is_split)
            used = rows_of(measured, one.leg, sources).used
            assert used.sum() == one.evidence.n, verdict.hypothesis.id


def test_rows_hold_the_values_that_the_sample_is_made_from(theory_run):
    measured = measured_as_judged(theory_run)
    hypothesis = theory_run.study.hypothesis("H3")
    sources = sourcing(hypothesis, hypothesis.legs[0], theory_run.study, is_split=True)
    rows = rows_of(measured, hypothesis.legs[0], sources)
    z = draw_sample(measured, hypothesis.legs[0], sources).z["LAT"]
    values = rows.values["LAT", "LAT"][rows.used]
    assert_allclose(z, (values - values.mean()) / values.std(ddof=1))


def test_of_random_halves_the_lower_median_is_drawn_again(theory_run):
    slope = judged_slope(theory_run, "H8")
    judged = theory_run.verdicts["H8"].legs[0].evidence
    assert not slope.is_over_waves
    assert slope.equation.estimate().value <= judged.estimate
