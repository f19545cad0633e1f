"""Surveys judged together get the verdicts that they get one by one."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from coaching_stats.batched_gates import alpha, likeness, median_agreement
from coaching_stats.batched_judge import judge_batch
from coaching_stats.batched_regressions import clustered, independent
from coaching_stats.batched_samples import draw_samples, estimates
from coaching_stats.batched_surveys import Size, draw_surveys
from coaching_stats.calibration import N_BOOT, N_SPLITS, Design, _judged
from coaching_stats.measured import with_halves
from coaching_stats.measurement import USUAL, Conditions
from coaching_stats.models import equations
from coaching_stats.panel import measure
from coaching_stats.regression import regress_arrays
from coaching_stats.samples import draw_sample
from coaching_stats.scales import alpha as alpha_of_one
from coaching_stats.sourcing import sourcing
from coaching_stats.teams import item_variances, rwgj
from coaching_stats.teams import likeness as likeness_of_one
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate_under

STUDY = load_study()


def streams(n, seed=7):
    return [tuple(np.random.SeedSequence(seed, spawn_key=(0, i)).spawn(2)) for i in range(n)]


def together(world, size, conditions, n, seed=7):
    return judge_batch(
        STUDY,
        world,
        size,
        strength=1.0,
        conditions=conditions,
        streams=streams(n, seed),
        n_splits=N_SPLITS,
        n_boot=N_BOOT,
    )


@pytest.mark.parametrize(
    ("world", "size", "conditions"),
    [
        ("theory", Size(24, 1, 8), USUAL),
        ("reverse_cause", Size(8, 3, 8), USUAL),
        ("common_rater", Size(12, 3, 6), Conditions(missing=0.04, seller_response=0.6)),
        ("theory", Size(1, 12, 8), USUAL),
        ("theory", Size(9, 2, 8), USUAL),
        ("theory", Size(2, 3, 4), Conditions(manager_response=0.2)),
    ],
)
def test_every_verdict_is_that_of_the_road_one_by_one(world, size, conditions):
    design = Design(size.firms, size.teams, size.sellers, conditions=conditions)
    alone = [
        _judged(STUDY, design, world, np.random.SeedSequence(7, spawn_key=(0, i))) for i in range(2)
    ]
    assert together(world, size, conditions, 2) == alone


def test_a_batch_does_not_depend_on_its_size():
    size = Size(24, 1, 8)
    assert together("theory", size, USUAL, 3) == [
        one
        for i in range(3)
        for one in judge_batch(
            STUDY,
            "theory",
            size,
            strength=1.0,
            conditions=USUAL,
            streams=streams(3)[i : i + 1],
            n_splits=N_SPLITS,
            n_boot=N_BOOT,
        )
    ]


def test_a_chain_that_too_few_resamples_carry_is_alone_in_being_not_testable():
    """Of six surveys some have too few teams for H5 and enough for H3; nothing is refused."""
    found = together("theory", Size(9, 2, 8), USUAL, 6)
    chains = [one["H5"] for one in found if one["H3"] != "not testable"]
    assert len({*chains}) == 2
    assert "not testable" in chains


def test_a_survey_without_differences_is_not_testable_and_the_others_stay(both):
    """One of three managers' scores of latitude is the same for every team."""
    surveys, _ = both
    (leg,) = STUDY.hypothesis("H3").legs
    sources = sourcing(STUDY.hypothesis("H3"), leg, STUDY, is_split=True)
    flat = surveys.teams["LAT_m"].copy()
    flat[1] = np.where(np.isnan(flat[1]), np.nan, 3.7)  # whose mean is not quite 3.7
    changed = replace(surveys, teams={**surveys.teams, "LAT_m": flat})
    (before,), (after,) = (
        estimates(one, leg, draw_samples(one, STUDY, leg, sources)) for one in (surveys, changed)
    )
    assert np.isnan([after.value[1], after.std_error[1], after.df[1]]).all()
    assert after.value[[0, 2]].tolist() == before.value[[0, 2]].tolist()


@pytest.fixture(scope="module")
def both():
    """Three surveys as arrays, and the same ones as panels with the same halves."""
    size = Size(12, 3, 7)
    drawn = [(np.random.default_rng(a), np.random.default_rng(b)) for a, b in streams(3, seed=3)]
    surveys = draw_surveys(
        "theory", size, strength=1.0, conditions=USUAL, streams=drawn, n_splits=2
    )
    singles = []
    for a, b in streams(3, seed=3):
        tables = simulate_under(
            USUAL, "theory", firms=12, teams=3, sellers=7, seed=np.random.default_rng(a)
        )
        panel = measure(tables, STUDY)
        singles.append(with_halves(panel, STUDY, 2, np.random.default_rng(b)))
    return surveys, singles


@pytest.mark.parametrize("hypothesis", STUDY.hypotheses, ids=lambda h: h.id)
def test_estimates_errors_and_degrees_of_freedom_agree(both, hypothesis):
    surveys, singles = both
    for leg in hypothesis.legs:
        sources = sourcing(hypothesis, leg, STUDY, is_split=hypothesis.split is not None)
        if sources is None:
            continue
        found = estimates(surveys, leg, draw_samples(surveys, STUDY, leg, sources, 1))
        for place, single in enumerate(singles):
            sample = draw_sample(single, leg, sources, 1)
            for ours, theirs in zip(found, equations(leg, sample), strict=True):
                expected = theirs.estimate()
                assert ours.value[place] == pytest.approx(expected.value, abs=1e-9)
                assert ours.std_error[place] == pytest.approx(expected.std_error, abs=1e-9)
                assert ours.df[place] == pytest.approx(expected.df, rel=1e-7)


def test_reliability_and_agreement_are_those_of_single_surveys(both):
    surveys, singles = both
    for column in ("SPR_s", "ENA_s", "WTC_m"):
        ours = alpha(surveys.items[column])
        theirs = [alpha_of_one(one.panel.items[column].values) for one in singles]
        assert ours.tolist() == pytest.approx(theirs)
    icc1, icc2, spread = likeness(surveys.sellers["SPR_s"])
    agreement = median_agreement(surveys.items["SPR_s"])
    for place, one in enumerate(singles):
        alike = likeness_of_one(one.seller_values("SPR_s"), one.team_of_seller)
        assert (icc1[place], icc2[place]) == pytest.approx((alike.icc1, alike.icc2))
        assert spread[place] == pytest.approx(alike.between_sd)
        variances = item_variances(one.panel.items["SPR_s"].values, one.team_of_seller)
        assert agreement[place] == pytest.approx(np.median(rwgj(variances, 4.0)))


def test_stacked_regressions_are_single_ones():
    rng = np.random.default_rng(1)
    x = np.concatenate([np.ones((2, 15, 4, 1)), rng.normal(size=(2, 15, 4, 2))], axis=-1)
    y = rng.normal(size=(2, 15, 4))
    keep = rng.random((2, 15, 4)) < 0.8
    contrast = np.array([0.0, 1.0, -1.0])
    found = clustered(y, x, keep, contrast, np.array([True, True]))
    codes = np.broadcast_to(np.arange(15)[:, None], (15, 4))
    terms = ("Intercept", "a", "b")
    for r in range(2):
        k = keep[r]
        one = regress_arrays(y[r][k], x[r][k], terms, codes[k], "CR2")
        assert found.value[r] == pytest.approx(contrast @ one.estimate)
        assert found.std_error[r] == pytest.approx(np.sqrt(contrast @ one.vcov @ contrast))
    flat = independent(
        y.reshape(2, -1), x.reshape(2, -1, 3), keep.reshape(2, -1), contrast, np.array([True] * 2)
    )
    k = keep[0].ravel()
    fit = sm.OLS(y[0].ravel()[k], x[0].reshape(-1, 3)[k]).fit(cov_type="HC3")
    assert flat.std_error[0] == pytest.approx(np.sqrt(contrast @ fit.cov_params() @ contrast))
    assert flat.df[0] == k.sum() - 3


def test_data_sets_that_cannot_carry_a_model_give_nothing():
    y, x = np.zeros((2, 3, 1)), np.ones((2, 3, 1, 1))
    keep = np.ones((2, 3, 1), dtype=bool)
    found = clustered(y + 1, x, keep, np.ones(1), np.array([False, True]))
    assert np.isnan(found.value[0])
    assert found.value[1] == pytest.approx(1.0)
