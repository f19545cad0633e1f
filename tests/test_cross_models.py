"""One judged slope by five models: the same rows, the same contrast, comparable units."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.binary import binary_logit, in_latent_sd
from coaching_stats.cross_models import (
    MODELS,
    Case,
    case_of,
    logistic,
    mixed,
    ordinal,
    with_contrast_as_coefficient,
)
from coaching_stats.errors import DesignError
from coaching_stats.judged_rows import measured_as_judged, rows_of
from coaching_stats.models import Equation, equations
from coaching_stats.samples import Sample
from coaching_stats.sourcing import sourcing
from coaching_stats.theory import load_study

H3 = load_study().hypothesis("H3").legs[0]  # INF on LAT, holding SKL


def simulated(seed=1, n_firms=60, per_firm=5, slope=0.4, between=0.0):
    """A case of simulated teams in firms; everything normal with variance 1, slope as given."""
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(n_firms), per_firm)
    z = {key: rng.normal(size=firm.size) for key in ("LAT", "SKL")}
    error = np.sqrt(between) * rng.normal(size=n_firms)[firm]
    error = error + np.sqrt(1 - between) * rng.normal(size=firm.size)
    z["INF"] = slope * z["LAT"] + np.sqrt(1 - slope**2) * error
    sample = Sample(z, firm, "firm_id", firm.size, frozenset(), ())
    equation = equations(H3, sample)[0]
    x, place = with_contrast_as_coefficient(equation)
    return Case(H3, sample, equation, x, place, 4 + 1.2 * z["INF"], 4.0, slope, 1)


def rng():
    return np.random.default_rng(5)


def test_turned_regressors_fit_the_same_and_hold_the_contrast():
    generator = rng()
    x = np.column_stack([np.ones(50), generator.normal(size=(50, 3))])
    y = generator.normal(size=50)
    contrast = np.array([0.0, 1.0, 0.0, -0.7])
    equation = Equation(("Intercept", "a", "b", "a:b"), y, x, None, contrast)
    turned, place = with_contrast_as_coefficient(equation)
    plain, new = np.linalg.lstsq(x, y)[0], np.linalg.lstsq(turned, y)[0]
    assert_allclose(turned @ new, x @ plain)
    assert_allclose(new[place], contrast @ plain)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_finds_the_simulated_slope(model):
    """Log-odds of a normal tendency come out up to a tenth too small."""
    found = MODELS[model](simulated(n_firms=400), rng(), 40).estimate
    bias = 0.04 if model in ("logistic", "ordinal") else 0.0
    assert abs(found.value - 0.4) < 4 * found.std_error + bias


@pytest.mark.parametrize("model", MODELS)
def test_turning_the_outcome_turns_the_slope(model):
    case = simulated(seed=2)
    y = -case.equation.y
    sample = replace(case.sample, z=case.sample.z | {"INF": y})
    turned = replace(
        case, sample=sample, equation=replace(case.equation, y=y), outcome=8 - case.outcome
    )
    one, other = (MODELS[model](c, rng(), 20).estimate for c in (case, turned))
    assert_allclose(other.value, -one.value, rtol=1e-6)


@pytest.mark.parametrize("model", sorted({*MODELS} - {"ranks"}))  # ranks do not move along
def test_the_judged_contrast_of_an_interaction_is_a_slope_at_a_place(model):
    """Moving the moderator's zero to the place makes the contrast a plain coefficient."""
    leg = load_study().hypothesis("H6").legs[0]  # INF on RIG at SKL = 1
    generator = rng()
    z = {key: generator.normal(size=300) for key in ("RIG", "SKL", "WKL", "INF")}
    z["INF"] = z["INF"] - 0.4 * z["RIG"] * (1 + 0.5 * z["SKL"])
    sample = Sample(z, np.arange(300) // 5, "firm_id", 300, frozenset(), ())
    found = []
    for at, moved in ((1.0, 0.0), (0.0, 1.0)):
        one = replace(sample, z=z | {"SKL": z["SKL"] - moved})
        equation = equations(replace(leg, at=at), one)[0]
        x, place = with_contrast_as_coefficient(equation)
        case = Case(leg, one, equation, x, place, z["INF"], 0.0, 0.0, 1)
        found.append(MODELS[model](case, rng(), 5).estimate)
    assert_allclose(found[0].value, found[1].value, rtol=1e-6)
    assert_allclose(found[0].std_error, found[1].std_error, rtol=1e-5)


def test_low_is_below_the_middle_of_the_scale():
    case = simulated(seed=3)
    assert (
        f"below 4, mid-scale: {(case.outcome < 4).sum()} of 300"
        in logistic(case, rng(), 0).notes[0]
    )


@pytest.mark.parametrize(
    ("shift", "middle", "why"),
    [(2.5, 4.0, "only"), (0.0, float("nan"), "no middle of a scale is known")],
)
def test_low_is_below_the_median_where_the_middle_says_little(shift, middle, why):
    case = simulated(seed=4)
    moved = replace(case, outcome=case.outcome + shift, middle=middle)
    halved = replace(case, middle=float(np.median(case.outcome)))
    found = logistic(moved, rng(), 0)
    assert why in found.notes[0]
    assert_allclose(found.estimate.value, logistic(halved, rng(), 0).estimate.value)


def test_ordered_values_are_taken_as_they_are_and_many_are_grouped():
    case = simulated(seed=9)
    rounded = replace(case, equation=replace(case.equation, y=np.round(case.equation.y / 2)))
    notes = [ordinal(one, rng(), 5).notes[0] for one in (case, rounded)]
    assert notes[0] == "ordinal model of 7 groups of about equal size"
    assert notes[1].endswith("ordered values")


def test_marginal_effect_is_on_the_share_below_and_none_is_given_for_products():
    case = simulated(seed=5)
    effect = logistic(case, rng(), 0).marginal
    cut = (case.outcome < 4).astype(float)
    linear = np.linalg.lstsq(case.x, cut)[0][case.place]
    assert effect.value == pytest.approx(linear, abs=0.02)
    assert effect.value < 0
    with_moderator = replace(case, leg=replace(case.leg, moderator="SKL"))
    assert logistic(with_moderator, rng(), 0).marginal is None


def test_firms_are_the_groups_of_teams_that_are_not_clustered():
    case = simulated(seed=6, between=0.4)
    apart = replace(case, equation=replace(case.equation, codes=None))
    none = replace(apart, sample=replace(case.sample, firm=None))
    own = replace(apart, sample=replace(case.sample, firm=np.arange(300)))
    firms = replace(apart, sample=replace(case.sample, firm=case.equation.codes))
    assert none.groups is None
    assert own.groups is None
    assert mixed(firms, rng(), 0).estimate == mixed(case, rng(), 0).estimate


def test_a_shared_firm_widens_the_interval_of_what_firms_differ_in():
    """Not so of a random intercept that is ignored, as if teams were independent."""
    case = simulated(seed=7, between=0.5)
    firm = case.equation.codes
    z = case.sample.z | {"LAT": rng().normal(size=60)[firm]}
    sample = replace(case.sample, z=z)
    equation = equations(H3, sample)[0]
    shared = replace(case, sample=sample, equation=equation, x=equation.x)
    shuffled = replace(equation, codes=rng().permutation(firm))
    ignored = replace(shared, equation=shuffled)
    one, other = (mixed(c, rng(), 0).estimate.std_error for c in (shared, ignored))
    assert one > 1.4 * other  # sqrt(1 + 4 * 0.5) = 1.7


def test_sellers_outcomes_are_as_measured_and_their_slopes_in_spreads_within_teams(theory_run):
    measured = measured_as_judged(theory_run)
    hypothesis = theory_run.study.hypothesis("H9")
    leg = hypothesis.legs[0]
    sources = sourcing(hypothesis, leg, theory_run.study, is_split=False)
    case = case_of(measured, leg, sources)
    rows = rows_of(measured, leg, sources)
    outcome, team = pd.Series(case.outcome), rows.team[rows.used]
    within = outcome - outcome.groupby(team).transform("mean")
    assert case.middle == 4
    assert_allclose(within / within.std(), case.equation.y, atol=1e-9)
    assert_allclose(mixed(case, rng(), 0).estimate.value, case.all_splits, rtol=1e-6)

    low = case.outcome < 4
    fit = binary_logit(low, case.x, case.equation.terms, case.equation.codes)
    in_total_sd = -in_latent_sd(fit, case.x).estimate[case.place - 1]
    unit = outcome.std() / within.std()
    assert_allclose(logistic(case, rng(), 0).estimate.value, in_total_sd * unit, rtol=1e-9)


def test_all_random_halves_are_those_of_the_lower_median(theory_run):
    measured = measured_as_judged(theory_run)
    hypothesis = theory_run.study.hypothesis("H8")
    leg = hypothesis.legs[0]
    sources = sourcing(hypothesis, leg, theory_run.study, is_split=True)
    case = case_of(measured, leg, sources)
    assert case.n_splits == 50
    assert case.all_splits == pytest.approx(theory_run.verdicts["H8"].legs[0].evidence.estimate)
    assert abs(case.equation.estimate().value - case.all_splits) < 0.01


def test_nothing_is_said_of_answers_that_the_predictors_separate():
    case = simulated(seed=8)
    apart = replace(case, outcome=4 + case.equation.x[:, 1])
    with pytest.raises(DesignError, match="separate"):
        logistic(apart, rng(), 0)
