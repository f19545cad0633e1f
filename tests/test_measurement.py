"""Simulated answers have the quality of a real survey, and show what worlds.yml says they show."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.instrument import ATTENTION_KEYS, load_instrument
from coaching_stats.latent import BETWEEN, draw_residuals, load_world, solve, worlds_file
from coaching_stats.measurement import (
    manager_answers,
    monthly_sales,
    process_ratings,
    seller_answers,
    training_hours,
    valences,
)
from coaching_stats.scales import alpha, score

N_TEAMS, N_SELLERS = 6000, 10
REFERENCE_ERROR = 0.01  # Monte Carlo error that worlds.yml states of its reference estimates


class Measured:
    """Everybody of one world answers; attention checks failed are left out."""

    def __init__(self, name, seed=20150608):
        rng = np.random.default_rng(seed)
        world = load_world(name)
        sizes = {"firms": N_TEAMS // 3, "teams": 3, "sellers": N_SELLERS}
        self.latent = solve(world, draw_residuals(world, rng, **sizes))
        self.seller_items, self.failed = seller_answers(rng, world, self.latent)
        past_failures = rng.poisson(0.8, N_TEAMS)
        self.manager_items, self.unread = manager_answers(rng, world, self.latent, past_failures)
        self.sales = np.log(monthly_sales(rng, world, self.latent, 6) / 100).mean(axis=-1)
        sellers = score(pd.DataFrame({k: v.ravel() for k, v in self.seller_items.items()}))
        self.sellers = {
            k: np.where(self.failed, np.nan, v.to_numpy().reshape(self.failed.shape))
            for k, v in sellers.items()
        }
        self.managers = score(pd.DataFrame(self.manager_items))

    def z(self, column):
        """A team score across the teams whose manager passed, standardised."""
        if column.endswith("_m"):
            values = self.managers[column].to_numpy()
        else:
            values = np.nanmean(self.sellers[column], axis=1)
        return standardised(values[~self.unread])

    def rigidity(self, source):
        return standardised(self.z(f"SPR_{source}") + self.z(f"LPR_{source}"))

    def within(self, column):
        """A seller score less the mean of the team, standardised."""
        values = self.sellers[column] - np.nanmean(self.sellers[column], axis=1, keepdims=True)
        return standardised(values[~self.failed])


def standardised(values):
    return (values - values.mean()) / values.std()


def slope(outcome, *predictors):
    X = np.column_stack([*predictors, np.ones(len(outcome))])
    return np.linalg.lstsq(X, outcome, rcond=None)[0][0]


def team_slopes(m, source):
    """Estimates of some hypotheses with rigidity and influence from sellers or the manager."""
    people = m.z("SKL_s"), m.z("BEL_m"), m.z("WKL_m")
    spr, lpr = m.z(f"SPR_{source}"), m.z(f"LPR_{source}")
    latitude, influence, willing = m.z("LAT_m"), m.z(f"INF_{source}"), m.z("WTC_m")
    return {
        "H1": slope(willing, m.rigidity(source), *people),
        "H1raw": slope(willing, m.rigidity(source)),
        "H2": slope(latitude, spr * lpr, spr, lpr, m.z("WKL_m")),
        "H3": slope(influence, latitude, m.z("SKL_s")),
        "H4": slope(willing, influence, *people),
    }


@pytest.fixture(scope="module", params=[n for n in worlds_file()["worlds"] if n != "no_variation"])
def measured(request):
    return request.param, Measured(request.param)


@pytest.fixture(scope="module")
def theory():
    return Measured("theory")


@pytest.mark.parametrize(("source", "column"), [("s", "split"), ("m", "same")])
def test_team_level_estimates_are_the_reference_estimates(measured, source, column):
    name, m = measured
    reference = worlds_file()["worlds"][name][f"reference_{column}"]
    tolerance = 4 * np.sqrt(1 / N_TEAMS + REFERENCE_ERROR**2)
    for hypothesis, estimate in team_slopes(m, source).items():
        assert abs(estimate - reference[hypothesis]) < tolerance, hypothesis


def test_the_seller_level_estimate_is_the_reference_estimate(measured):
    name, m = measured
    reference = worlds_file()["worlds"][name]["reference_same"]["H9"]
    covariates = [m.within(f"{key}_s") for key in ("VAL", "BADX", "MARK")]
    tolerance = 4 * np.sqrt(1 / (~m.failed).sum() + REFERENCE_ERROR**2)
    assert abs(slope(m.within("SWC_s"), m.within("PREF_s"), *covariates) - reference) < tolerance


def test_spread_of_sales_narrows_with_rigidity(theory):
    spread = standardised(np.log(theory.sales.std(axis=1, ddof=1))[~theory.unread])
    reference = worlds_file()["worlds"]["theory"]["reference_split"]["H20"]
    tolerance = 4 * np.sqrt(1 / N_TEAMS + REFERENCE_ERROR**2)
    assert abs(slope(spread, theory.z("SPR_m")) - reference) < tolerance


@pytest.mark.parametrize(("key", "observed"), [("SPR", 0.28), ("INF", 0.17), ("CFRQ", 0.10)])
def test_share_of_variance_between_teams_is_that_of_the_variance_table(theory, key, observed):
    """One-way analysis of variance; tolerance 4 standard errors of an ICC(1), and rounding."""
    values = pd.Series(theory.sellers[f"{key}_s"].ravel())
    teams = values.groupby(np.arange(N_TEAMS).repeat(N_SELLERS))
    size, within = teams.count().mean(), (teams.var() * (teams.count() - 1)).sum()
    within /= (teams.count() - 1).sum()
    between = size * teams.mean().var()
    icc = (between - within) / (between + (size - 1) * within)
    assert abs(icc - observed) < 4 * 0.006 + 0.005


@pytest.mark.parametrize(
    ("construct", "expected"), [("WTC", 0.82), ("LAT", 0.82), ("BEL", 0.77), ("FORCE", 0.77)]
)
def test_reliability_of_managers_scales_follows_from_their_length(theory, construct, expected):
    """Loadings of .75 give items correlated .56: Spearman-Brown, less the rounding of answers."""
    items = load_instrument().of(construct, "manager")
    turned = [
        8 - theory.manager_items[i.name] if i.is_reversed else theory.manager_items[i.name]
        for i in items
    ]
    values = np.column_stack(turned)[~theory.unread].astype(float)
    assert abs(alpha(values) - expected) < 0.02


def test_reverse_keyed_items_run_against_their_siblings(theory):
    for form, answers, kept in (
        ("seller", theory.seller_items, ~theory.failed),
        ("manager", theory.manager_items, ~theory.unread),
    ):
        for item in load_instrument().items:
            siblings = load_instrument().of(item.construct, form)
            if item.form == form and item.is_reversed:
                straight = next(i for i in siblings if not i.is_reversed)
                r = np.corrcoef(answers[item.name][kept], answers[straight.name][kept])[0, 1]
                assert r < -0.3, item.name


def test_every_answer_is_an_option_of_its_item(theory):
    for name, answers in (theory.seller_items | theory.manager_items).items():
        item = load_instrument().item(name)
        assert item.scale_min <= answers.min(), name
        assert answers.max() <= item.scale_max, name
    assert np.unique(theory.seller_items["S_LOC1"]).tolist() == [0, 1, 2, 3, 4, 5]


def test_every_item_is_answered_in_the_order_of_the_form(theory):
    for form, answers in (("seller", theory.seller_items), ("manager", theory.manager_items)):
        assert list(answers) == [i.name for i in load_instrument().items if i.form == form]


def test_the_inattentive_fail_the_checks_and_tick_at_random(theory):
    n = theory.failed.size
    assert abs(theory.failed.mean() - 0.04) < 4 * np.sqrt(0.04 * 0.96 / n)
    for name in ("S_ATT1", "S_ATT2"):
        passed = theory.seller_items[name] == ATTENTION_KEYS[name]
        assert_allclose(passed, ~theory.failed)
    ticked = theory.seller_items["S_SPR1"][theory.failed]
    share = np.bincount(ticked, minlength=8)[1:] / ticked.size
    assert abs(share - 1 / 7).max() < 4 * np.sqrt(6 / 49 / ticked.size)


def test_mood_colours_what_is_pleasant_and_unpleasant_and_nothing_else():
    m = Measured("common_rater")
    r = np.corrcoef([m.managers[c][~m.unread] for c in ("LAT_m", "WTC_m", "SPR_m", "MARK_m")])
    chance = 4 / np.sqrt(N_TEAMS)
    assert r[0, 1] > 0.15  # .5 * .5, less item error
    assert r[0, 2] < -0.15
    assert abs(r[0, 3]) < chance
    assert {valences()[key] for key in ("LAT", "WTC")} == {1}


def test_managers_know_their_own_mind_and_guess_about_their_team(theory):
    passed = ~theory.unread
    for column, loading in (("WTC_m", 1.0), ("INF_m", 0.8)):
        key = column[:-2]
        r = np.corrcoef(theory.managers[column][passed], theory.latent[BETWEEN, key][passed])[0, 1]
        k = len(load_instrument().of(key, "manager"))
        reliability = k * 0.5625 / (1 + (k - 1) * 0.5625)
        assert abs(r - loading * np.sqrt(reliability)) < 0.02


def test_training_hours_are_the_same_in_the_answers_and_the_records(theory):
    hours = training_hours(theory.latent)
    assert_allclose(theory.manager_items["M_TRN1"], hours)
    assert abs(np.median(hours) - 12) <= 1
    assert hours.min() == 0


def test_coaching_talks_are_counted_from_the_score(theory):
    """The mean of a Poisson with rate exp(.7 + .6 eta) is exp(.7 + .18)."""
    talks = theory.manager_items["M_CFRQ1"]
    error = talks.std() / np.sqrt(talks.size)
    assert abs(talks.mean() - np.exp(0.88)) < 5 * error


def test_process_ratings_follow_their_construct(theory):
    elements, ratings = process_ratings(np.random.default_rng(1), theory.latent)
    assert elements == tuple(f"P{i}" for i in range(1, 17))
    assert list(ratings) == list("abcdefgh")
    b = theory.latent
    expected = {"a": 1, "b": 1, "c": -1}
    for rating, sign in expected.items():
        for key, columns in (("SPR", slice(0, 8)), ("LPR", slice(8, 16))):
            r = np.corrcoef(ratings[rating][:, columns].mean(axis=1), b[BETWEEN, key])[0, 1]
            assert sign * r > 0.6
    for rating, key in (("d", "OBS"), ("e", "RSM"), ("f", "RSS")):
        assert np.corrcoef(ratings[rating].mean(axis=1), b[BETWEEN, key])[0, 1] > 0.6
    for rating in "gh":
        r = np.corrcoef(ratings[rating].mean(axis=1), b[BETWEEN, "OBS"])[0, 1]
        assert abs(r) < 4 / np.sqrt(N_TEAMS)
