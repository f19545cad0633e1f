"""Shapley shares: the definition by orders, known cases, reference numbers, resampled intervals."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.chains import pack
from coaching_stats.engines import cluster_moments
from coaching_stats.errors import DataError, DesignError
from coaching_stats.importance import shapley, subset_r_squared

ROOT = Path(__file__).parents[1]


def sellers(n_teams=40, per_team=8, seed=0):
    """Simulated sellers: three predictors that overlap, within and between teams."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), per_team)
    shared = rng.normal(size=(n_teams, 1))[team]
    x = 0.6 * shared + 0.5 * rng.normal(size=(n_teams, 3))[team]
    x = x + 0.6 * rng.normal(size=(team.size, 3))
    noise = 0.4 * rng.normal(size=n_teams)[team] + rng.normal(size=team.size)
    frame = pd.DataFrame(x, columns=["SPR", "LPR", "VAL"])
    return frame.assign(SWC=x @ [0.4, 0.15, 0.0] + noise, team=team)


def r_squared(frame, predictors, outcome="SWC"):
    """R squared by least squares on the rows."""
    design = np.column_stack([np.ones(len(frame)), *(frame[name] for name in predictors)])
    y = frame[outcome].to_numpy()
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return 1 - left @ left / ((y - y.mean()) ** 2).sum()


def over_all_orders(frame, predictors):
    """What each predictor adds when it enters, averaged over all orders."""
    gains = {name: [] for name in predictors}
    for order in permutations(predictors):
        for position, name in enumerate(order):
            before = r_squared(frame, order[:position])
            gains[name].append(r_squared(frame, order[: position + 1]) - before)
    return [np.mean(gains[name]) for name in predictors]


@pytest.mark.parametrize("n_predictors", [1, 2, 3, 4])
def test_a_share_is_the_gain_averaged_over_all_orders(n_predictors):
    frame = sellers().assign(MGR=lambda d: d["SPR"] - d["SWC"] + np.arange(len(d)) % 7)
    names = ["SPR", "LPR", "VAL", "MGR"][:n_predictors]
    found = shapley(frame, "SWC", names, n_boot=2, seed=1)
    assert_allclose(found.estimate, over_all_orders(frame, names), rtol=1e-9)


def test_shares_add_up_to_r_squared_in_the_data_and_in_every_resample():
    frame, names = sellers(), ["SPR", "LPR", "VAL"]
    found = shapley(frame, "SWC", names, cluster="team", n_boot=50, seed=1)
    assert_allclose(found.estimate.sum(), r_squared(frame, names), rtol=1e-12)
    assert found.r_squared == pytest.approx(found.estimate.sum(), rel=1e-12)
    assert ((found.draws > 0) & (found.draws.sum(axis=1, keepdims=True) < 1)).all()


def test_uncorrelated_predictors_share_out_their_squared_correlations():
    signs = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)] * 3)
    frame = pd.DataFrame(signs, columns=["a", "b", "c"])
    frame["y"] = signs @ [3, 2, 0] + np.random.default_rng(2).normal(size=24)
    found = shapley(frame, "y", ["a", "b", "c"], n_boot=2, seed=1)
    assert_allclose(found.estimate, frame.corr()["y"].iloc[:3] ** 2, rtol=1e-9)


def test_two_equal_partners_get_equal_shares():
    """Symmetry: a and b relate alike to each other, to c and to the outcome."""
    frame = sellers()
    mirrored = frame.rename(columns={"SPR": "LPR", "LPR": "SPR"})
    both = pd.concat([frame, mirrored], ignore_index=True)
    found = shapley(both, "SWC", ["SPR", "LPR", "VAL"], n_boot=2, seed=1).estimate
    assert found[0] == pytest.approx(found[1], rel=1e-10)


def test_units_origins_and_order_of_columns_and_rows_do_not_matter():
    frame = sellers()
    found = shapley(frame, "SWC", ["SPR", "LPR", "VAL"], n_boot=2, seed=1).estimate
    other = frame.assign(SPR=1e4 - 3 * frame["SPR"], SWC=50 * frame["SWC"] - 7)
    other = other.sample(frac=1, random_state=3)
    again = shapley(other, "SWC", ["VAL", "SPR", "LPR"], n_boot=2, seed=1).estimate
    assert_allclose(again, found[[2, 0, 1]], rtol=1e-7)


def test_shares_and_subsets_are_those_of_r():
    """Reference numbers by R, all 64 subsets of six predictors: tests/reference/attitude/ref.R."""
    path = ROOT / "tests" / "reference" / "attitude" / "results.json"
    reference = json.loads(path.read_text(encoding="utf-8"))
    frame = pd.read_csv(ROOT / "data" / "published" / "attitude.csv")
    shares = reference["lmg"]["lmg"]
    found = shapley(frame, "rating", list(shares), n_boot=2, seed=1)
    assert_allclose(found.estimate, list(shares.values()), rtol=1e-8)

    rows = np.column_stack([np.ones(len(frame)), frame[[*shares, "rating"]]])
    subsets = subset_r_squared(pack((rows.T @ rows)[None]))[:, 0]
    for names, expected in reference["r2_all_subsets"].items():
        number = sum(1 << j for j, name in enumerate(shares) if name in names.split("+"))
        assert subsets[number] == pytest.approx(expected, rel=1e-8, abs=1e-12), names


def test_moments_give_what_rows_give():
    frame, names = sellers(), ["SPR", "LPR"]
    rows = shapley(frame, "SWC", names, cluster="team", n_boot=20, seed=1)
    moments = cluster_moments(frame, [*names, "SWC"], "team")
    assert_allclose(shapley(moments, "SWC", names, n_boot=20, seed=1).draws, rows.draws, rtol=1e-9)


def test_a_resample_is_a_regression_on_repeated_teams():
    """Rao-Wu weights rescale all teams alike, so a draw is a fit to G - 1 teams drawn."""
    frame = sellers(n_teams=6)
    found = shapley(frame, "SWC", ["SPR", "LPR"], cluster="team", n_boot=1000, seed=1)
    rng = np.random.default_rng(1)
    drawn = [rng.integers(0, 6, size=5) for _ in range(300)]
    by_rows = [
        over_all_orders(pd.concat([frame[frame["team"] == g] for g in teams]), ["SPR", "LPR"])
        for teams in drawn
    ]
    error = np.std(by_rows, axis=0) * np.sqrt(1 / 300 + 1 / 1000)
    assert (np.abs(found.draws.mean(axis=0) - np.mean(by_rows, axis=0)) < 4 * error).all()


def test_intervals_hold_the_true_shares():
    """Nominal 95 %: within four Monte-Carlo errors of 93 to 97 %, for shares above zero."""
    names = ["SPR", "LPR", "VAL"]
    truth = shapley(sellers(n_teams=50_000, per_team=4), "SWC", names, n_boot=2, seed=1).estimate
    n_surveys = 150
    held = np.zeros(3)
    for seed in range(1, n_surveys + 1):
        table = shapley(sellers(seed=seed), "SWC", names, cluster="team", n_boot=400, seed=seed)
        table = table.tidy()
        held += (table["conf_low"] <= truth) & (truth <= table["conf_high"])
    error = np.sqrt(0.05 * 0.95 / n_surveys)
    assert (np.abs(held / n_surveys - 0.95) < 0.02 + 4 * error).all()


def test_the_table_has_no_test_and_the_same_seed_gives_the_same():
    frame = sellers()
    found = shapley(frame, "SWC", ["SPR", "VAL"], cluster="team", n_boot=30, seed=5)
    again = shapley(frame, "SWC", ["SPR", "VAL"], cluster="team", n_boot=30, seed=5)
    pd.testing.assert_frame_equal(found.tidy(), again.tidy())
    assert found.tidy()["p_value"].isna().all()
    assert found.glance()[["n_obs", "n_clusters", "n_boot"]].values.tolist() == [[320, 40, 30]]


def test_lost_rows_and_few_teams_are_noted_and_listwise_is_dropping_first():
    frame = sellers(n_teams=10)
    frame.loc[[3, 4], "LPR"] = np.nan
    frame["team"] = frame["team"].astype(float).mask(frame.index == 9)
    found = shapley(frame, "SWC", ["SPR", "LPR"], cluster="team", n_boot=20, seed=1)
    clean = shapley(frame.dropna(), "SWC", ["SPR", "LPR"], cluster="team", n_boot=20, seed=1)
    assert_allclose(found.draws, clean.draws, rtol=1e-12)
    notes = " ".join(found.notes)
    assert "2 rows left out" in notes
    assert "1 row left out" in notes
    assert "10 clusters" in notes


def test_a_predictor_that_only_some_resamples_vary_adds_nothing_in_the_others():
    frame = sellers(n_teams=12)
    frame["one_team"] = (frame["team"] == 0).astype(float)
    found = shapley(frame, "SWC", ["SPR", "one_team"], cluster="team", n_boot=200, seed=1)
    without = found.draws[:, 1] == 0
    assert 0 < without.sum() < 200
    assert len(found.draws) == 200


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"predictors": []}, DesignError, "0 predictors"),
        ({"predictors": "SPR"}, DesignError, "list"),
        ({"predictors": [f"x{i}" for i in range(16)]}, DesignError, "16 predictors"),
        ({"predictors": ["SPR", "SPR"]}, DesignError, "SPR"),
        ({"predictors": ["SPR", "SWC"]}, DesignError, "SWC"),
        ({"predictors": ["SPR", "copy"]}, DesignError, "copy"),
        ({"predictors": ["SPR", "same"]}, DesignError, "same"),
        ({"predictors": ["SRP"]}, DataError, "SPR"),
        ({"predictors": ["word"]}, DataError, "word"),
        ({"outcome": "same", "predictors": ["SPR"]}, DesignError, "does not vary"),
        ({"cluster": "same"}, DesignError, "1 cluster"),
        ({"n_boot": 1}, DesignError, "n_boot"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(change, error, word):
    frame = sellers().assign(copy=lambda d: 2 * d["SPR"] + 1, same=3.0, word="a")
    asked = {"outcome": "SWC", "predictors": ["SPR", "LPR"], "n_boot": 10, **change}
    with pytest.raises(error, match=word):
        shapley(frame, **asked)


def test_moments_with_another_cluster_are_refused():
    moments = cluster_moments(sellers(), ["SPR", "SWC"], "team")
    with pytest.raises(DesignError, match="own clusters"):
        shapley(moments, "SWC", ["SPR"], cluster="firm")


def test_one_cluster_among_the_complete_rows_is_refused():
    frame = sellers(n_teams=2, per_team=12)
    frame.loc[frame["team"] == 1, "LPR"] = np.nan
    with pytest.raises(DesignError, match="one cluster"):
        shapley(frame, "SWC", ["SPR", "LPR"], cluster="team", n_boot=10)
