"""Every gate just below and just above its threshold, on panels made to lie exactly there."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coaching_stats.gates import at_least, at_most, check_gates, failed_gates
from coaching_stats.measured import Measured
from coaching_stats.panel import Panel
from coaching_stats.scored_answers import Items
from coaching_stats.sourcing import sourcing
from coaching_stats.study import judge
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate

STUDY = load_study()
WITHIN = np.array([-1.0, -1.0, 1.0, 1.0])  # four sellers per team; mean square 4/3
SELLERS = len(WITHIN)


def spread_scores(icc1, n_teams=40, scale=1.0):
    """Scores of four sellers in each team whose ICC(1) is exactly `icc1`."""
    within = (WITHIN**2).sum() / (SELLERS - 1)
    between = within * (1 + (SELLERS - 1) * icc1) / (1 - icc1)
    effect = np.linspace(-1, 1, n_teams)
    effect *= np.sqrt(between / SELLERS) / effect.std(ddof=1)
    return scale * (effect[:, None] + WITHIN).ravel()


def panel_of(scores, n_teams=40, items=None, **teams):
    """A panel of four sellers per team with the same score for every construct of H1 and H3."""
    keys = ("SPR", "LPR", "SKL", "INF")
    ids = [f"T{i:03d}" for i in range(n_teams)]
    noise = np.random.default_rng(0).normal(size=(n_teams, 4))
    frame = pd.DataFrame(
        {
            "team_id": ids,
            "firm_id": "F",
            "manager_id": ids,
            "n_sellers": SELLERS,
            **dict(zip(("WTC_m", "BEL_m", "WKL_m", "LAT_m"), noise.T, strict=True)),
        }
    ).assign(**teams)
    people = pd.DataFrame({"team_id": np.repeat(ids, SELLERS)})
    people = people.assign(**{f"{key}_s": scores for key in keys})
    return Panel(people, frame, items or {}, 0, len(people))


def status(panel, name, gate, what, about=None):
    """Status of one condition of one gate."""
    hypothesis = replace(STUDY.hypothesis(name), gates=(gate,))
    halves = (np.arange(len(panel.sellers)) % 2 == 0)[None]
    measured = Measured(panel, STUDY, halves)
    pairs = [(leg, sourcing(hypothesis, leg, STUDY, is_split=True)) for leg in hypothesis.legs]
    checks = check_gates(measured, hypothesis, pairs)
    return [c.status for c in checks if c.what == what and about in (None, c.about)]


@pytest.mark.parametrize(
    ("versions", "expected"), [(1, "fail"), (2, "warn"), (4, "warn"), (5, "pass")]
)
def test_g1_counts_process_versions(versions, expected):
    names = [f"V{i % versions}" for i in range(40)]
    panel = panel_of(spread_scores(0.3), process_version_sales=names)
    assert status(panel, "H1", "G1", "versions") == [expected]


@pytest.mark.parametrize(
    ("icc1", "expected"), [(0.049, "fail"), (0.051, "warn"), (0.099, "warn"), (0.101, "pass")]
)
def test_g1_asks_how_far_rigidity_differs_between_teams(icc1, expected):
    assert status(panel_of(spread_scores(icc1)), "H1", "G1", "icc1") == [expected]


def test_g1_asks_for_a_quarter_of_a_scale_point_between_teams():
    scores = spread_scores(0.3)
    spread = np.sqrt(0.3 * scores.var(ddof=1))
    for size, expected in ((0.249, "fail"), (0.251, "pass")):
        panel = panel_of(scores * size / spread)
        assert status(panel, "H1", "G1", "between_sd") == [expected]


@pytest.mark.parametrize(
    ("name", "n_teams", "expected"),
    [
        ("H3", 9, "fail"),
        ("H3", 10, "warn"),
        ("H3", 29, "warn"),
        ("H3", 30, "pass"),
        ("H5", 99, "warn"),
        ("H5", 100, "pass"),
    ],
)
def test_g2_counts_teams(name, n_teams, expected):
    scores = spread_scores(0.3, n_teams) + np.random.default_rng(1).normal(size=4 * n_teams)
    panel = panel_of(scores, n_teams)
    for key in ("SPR", "LPR", "SKL"):
        panel.sellers[f"{key}_s"] += np.random.default_rng(ord(key[0])).normal(size=len(scores))
    assert status(panel, name, "G2", "teams") == [expected]


def test_g2_fails_where_one_firm_carries_the_term():
    """Twelve firms, and latitude differs in one of them only."""
    rng = np.random.default_rng(3)
    firms = np.repeat([f"F{i}" for i in range(12)], 3)
    scores = rng.normal(size=4 * 36)
    one = np.where(firms == "F0", rng.normal(size=36), 0.0)
    panel = panel_of(scores, 36, firm_id=firms, LAT_m=one)
    assert status(panel, "H3", "G2", "df") == ["fail"]
    assert status(panel_of(scores, 36, firm_id=firms), "H3", "G2", "df") == ["pass"]


@pytest.mark.parametrize(
    ("alpha", "expected"), [(0.599, "fail"), (0.601, "warn"), (0.699, "warn"), (0.701, "pass")]
)
def test_g3_asks_for_reliable_scales(alpha, expected):
    """Two items correlated r have reliability 2r / (1 + r)."""
    one, other = np.linalg.qr(np.random.default_rng(2).normal(size=(40, 3)))[0][:, :2].T
    one, other = one - one.mean(), other - other.mean()
    one /= one.std()
    other -= (one @ other) / (one @ one) * one
    other /= other.std()
    r = alpha / (2 - alpha)
    items = Items(np.column_stack([one, r * one + np.sqrt(1 - r**2) * other]), 7)
    panel = panel_of(spread_scores(0.3), items={"WTC_m": items})
    assert status(panel, "H1", "G3", "alpha", "WTC_m") == [expected]
    assert status(panel, "H1", "G3", "alpha", "SPR_s") == ["unknown"]  # a ready score


@pytest.mark.parametrize(
    ("icc2", "expected"), [(0.399, "fail"), (0.401, "warn"), (0.599, "warn"), (0.601, "pass")]
)
def test_g4_asks_for_reliable_team_means(icc2, expected):
    """Spearman and Brown: ICC(1) of one seller is ICC(2) / (k - (k - 1) ICC(2))."""
    icc1 = icc2 / (SELLERS - (SELLERS - 1) * icc2)
    assert status(panel_of(spread_scores(icc1)), "H3", "G4", "icc2") == [expected]


@pytest.mark.parametrize(
    ("agreement", "expected"), [(0.499, "fail"), (0.501, "warn"), (0.699, "warn"), (0.701, "pass")]
)
def test_g4_asks_for_agreement_within_teams(agreement, expected):
    """Three items of one variance v: rWG(J) = 3 (1 - v/4) / (3 (1 - v/4) + v/4)."""
    ratio = 3 * (1 - agreement) / (3 * (1 - agreement) + agreement)
    item = np.tile(WITHIN, 40) * np.sqrt(ratio * 4 / (4 / 3))
    items = Items(np.column_stack([item] * 3), 7)
    panel = panel_of(spread_scores(0.3), items={"INF_s": items})
    assert status(panel, "H3", "G4", "rwg") == [expected]


def test_g4_does_not_ask_agreement_of_the_spread_that_h7_is_about():
    panel = panel_of(spread_scores(0.3))
    panel.sellers["AUT_s"] = np.random.default_rng(5).normal(size=len(panel.sellers))
    panel.teams["SPR_m"] = np.arange(40.0)
    assert status(panel, "H7", "G4", "icc2") == []


def test_g4_is_unknown_where_a_score_comes_by_team():
    panel = panel_of(spread_scores(0.3), INF_s=np.arange(40.0))
    panel = replace(panel, sellers=panel.sellers.drop(columns="INF_s"))
    assert status(panel, "H3", "G4", "icc2") == ["unknown"]


@pytest.mark.parametrize(
    ("n_bad", "expected"), [(21, "fail"), (20, "warn"), (11, "warn"), (10, "pass")]
)
def test_g5_counts_teams_with_few_answers(n_bad, expected):
    low = np.where(np.arange(40) < n_bad, 14, 4)  # 4 of 14 is below 30 per cent
    rates = panel_of(spread_scores(0.3), n_invited=low, n_responded=4)
    assert status(rates, "H1", "G5", "low_response") == [expected]
    few = panel_of(spread_scores(0.3), n_sellers=np.where(np.arange(40) < n_bad, 2, 4))
    assert status(few, "H1", "G5", "few_respondents") == [expected]
    assert status(few, "H1", "G5", "low_response") == ["unknown"]


def test_g5_takes_the_share_of_low_response_over_the_teams_whose_rate_is_known():
    place = np.arange(40)
    invited = np.where(place < 8, np.nan, np.where(place < 25, 14.0, 4.0))
    rates = panel_of(spread_scores(0.3), n_invited=invited, n_responded=4)
    assert status(rates, "H1", "G5", "low_response") == ["fail"]  # 17 of 32, though not of 40


@pytest.mark.parametrize(("n_known", "expected"), [(32, "pass"), (31, "unknown")])
def test_response_rates_are_known_where_four_teams_of_five_have_them(n_known, expected):
    invited = np.where(np.arange(40) < n_known, 5.0, np.nan)
    rates = panel_of(spread_scores(0.3), n_invited=invited, n_responded=4)
    assert status(rates, "H1", "G5", "low_response") == [expected]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.225, "fail"), (0.20, "warn"), (0.125, "warn"), (0.10, "pass")]
)
def test_g5_counts_gaps_and_failed_attention_checks(share, expected):
    panel = panel_of(spread_scores(0.3))
    gaps = panel.sellers["INF_s"].mask(np.arange(160) < 160 * share)
    panel = replace(panel, n_answered=200, n_failed_attention=round(200 * share))
    panel.sellers["INF_s"] = gaps
    assert status(panel, "H3", "G5", "missing", "INF_s") == [expected]
    assert status(panel, "H3", "G5", "attention") == [expected]


@cache
def one_client():
    return judge(simulate("no_variation", firms=1, teams=12, sellers=10, seed=294))


def test_one_client_with_one_process_cannot_test_the_cause_but_the_rest():
    verdicts = one_client()
    closed = {v.hypothesis.id for v in verdicts.judged if v.verdict == "not testable"}
    assert closed == {"H1", "H2", "H5", "H6", "H7", "H8", "H15", "H19", "H20"}
    for name in closed:
        assert verdicts[name].gates[0] == "G1"
        assert verdicts[name].row()["reason"].startswith("G1: ")
        assert np.isnan(verdicts[name].row()["estimate"])
    assert verdicts.theory.verdict == "not testable"
    assert verdicts.theory.gates[0] == "G1"


def test_failed_gates_are_named_once_each_and_in_order():
    verdict = one_client()["H8"]
    assert verdict.gates == failed_gates(verdict.checks) == sorted(set(verdict.gates))
    addresses = [(c.gate, c.what, c.about) for c in verdict.checks]
    assert len(addresses) == len(set(addresses))


def test_a_check_remembers_its_thresholds_and_does_not_know_what_is_missing():
    low, high = (
        at_least("G3", "alpha", "X", 0.65, 0.6, 0.7),
        at_most("G5", "gaps", "X", 0.15, 0.2, 0.1),
    )
    assert (low.status, low.fails_at, low.warns_at) == ("warn", 0.6, 0.7)
    assert (high.status, high.fails_at, high.warns_at) == ("warn", 0.2, 0.1)
    for check in (at_least, at_most):
        assert check("G3", "alpha", "X", np.nan, 0.6, 0.7).status == "unknown"
