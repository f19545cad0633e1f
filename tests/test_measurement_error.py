"""Slopes on true scores: lavaan's numbers, the formula on rows, truth found again, refusals."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DataError, DesignError
from coaching_stats.errors_in_variables import RowMoments, alphas, covariances, omegas
from coaching_stats.measurement_error import corrected_slopes
from coaching_stats.reliability import reliability

ROOT = Path(__file__).parents[1]
REFERENCE = json.loads(
    (ROOT / "tests/reference/measurement_error/results.json").read_text(encoding="utf-8")
)
CASES = [case for case in REFERENCE if case != "meta"]
LEAD = [f"LEAD{i:02d}" for i in range(1, 12)]
TSIG = [f"TSIG{i:02d}" for i in range(1, 4)]
ITEMS = {"SPR": ["a1", "a2", "a3"], "VAL": ["b1", "b2", "b3"]}
TRUE = np.array([0.5, -0.3])


def survey(seed, n_teams=40, per_team=8):
    """Simulated sellers in teams; two scales of three items each, true slopes ``TRUE``."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), per_team)
    true = rng.normal(size=(n_teams, 2))[team] * 0.5 + rng.normal(size=(team.size, 2))
    true[:, 1] += 0.5 * true[:, 0]
    items = true[:, :, None] + rng.normal(size=(team.size, 2, 3))
    names = [*ITEMS["SPR"], *ITEMS["VAL"]]
    frame = pd.DataFrame(items.reshape(team.size, 6), columns=names)
    for name, own in ITEMS.items():
        frame[name] = frame[own].mean(axis=1)
    noise = 0.4 * rng.normal(size=n_teams)[team] + rng.normal(size=team.size)
    return frame.assign(SWC=true @ TRUE + noise, team=team)


def by_hand(frame, shares):
    """Fuller's formula on rows."""
    covariance = frame[["SPR", "VAL", "SWC"]].cov().to_numpy()
    error = np.diag((1 - np.array(shares)) * np.diag(covariance)[:2])
    return np.linalg.solve(covariance[:2, :2] - error, covariance[:2, 2])


@pytest.mark.parametrize("case", CASES)
def test_known_reliabilities_give_what_lavaan_gives(case):
    reference, name = REFERENCE[case], case.split("_")[0]
    data = pd.read_csv(ROOT / "data" / "published" / f"{name}.csv")
    known = reference["reliability"]
    found = corrected_slopes(data, reference["outcome"], list(known), known, n_boot=20, seed=1)
    assert_allclose(found.uncorrected, list(reference["uncorrected"].values()), rtol=1e-9)
    # lavaan searches for its maximum and stops within 1e-7 of it
    assert_allclose(found.estimate, list(reference["corrected"].values()), rtol=2e-6)


def test_alpha_is_taken_from_the_items():
    reference = REFERENCE["lq2002_alpha"]
    data = pd.read_csv(ROOT / "data" / "published" / "lq2002.csv")
    found = corrected_slopes(
        data, "HOSTILE", ["LEAD", "TSIG"], {"LEAD": LEAD, "TSIG": TSIG}, n_boot=20, seed=1
    )
    assert_allclose(found.reliability, list(reference["reliability"].values()), rtol=1e-8)
    assert_allclose(found.estimate, list(reference["corrected"].values()), rtol=2e-6)


def test_a_reliability_of_one_changes_nothing():
    found = corrected_slopes(survey(1), "SWC", ["SPR", "VAL"], {"SPR": 1.0}, n_boot=20, seed=1)
    assert_allclose(found.estimate, found.uncorrected, rtol=1e-12)
    assert any("VAL" in note for note in found.notes)


def test_one_predictor_is_divided_by_its_reliability():
    found = corrected_slopes(survey(1), "SWC", ["SPR"], {"SPR": 0.8}, n_boot=20, seed=1)
    assert_allclose(found.estimate, found.uncorrected / 0.8, rtol=1e-12)


def test_a_resample_is_the_formula_on_the_rows_drawn():
    """Whole weights, so that rows can be repeated; alpha is that of the rows drawn."""
    frame = survey(2)
    counts = np.random.default_rng(3).multinomial(40, np.full(40, 1 / 40), size=5)
    scales = {k: frame[own].to_numpy() for k, own in enumerate(ITEMS.values())}
    values = frame[["SPR", "VAL", "SWC"]].to_numpy()
    rows = RowMoments(values, scales, np.full(2, np.nan), frame["team"].to_numpy(), "alpha")
    found = rows.slopes(counts.astype(float))[0]
    for one, slopes in zip(counts, found, strict=True):
        drawn = frame.loc[np.repeat(frame.index, one[frame["team"]])]
        shares = [
            reliability(drawn, own).tidy().set_index("term").loc["alpha", "estimate"]
            for own in ITEMS.values()
        ]
        assert_allclose(slopes, by_hand(drawn, shares), rtol=1e-9)


def test_omega_and_alpha_are_those_of_reliability():
    frame = survey(4)
    covariance = frame[ITEMS["SPR"]].cov().to_numpy()[None]
    table = reliability(frame, ITEMS["SPR"]).tidy().set_index("term")["estimate"]
    assert_allclose(alphas(covariance)[0], table["alpha"], rtol=1e-9)
    assert_allclose(omegas(covariance)[0], table["omega"], rtol=1e-6)


def test_covariances_are_those_of_pandas():
    frame = survey(5)[["SPR", "VAL"]]
    moments = np.einsum("ni,nj->nij", *[np.column_stack([np.ones(len(frame)), frame])] * 2)
    assert_allclose(covariances(np.ones((1, len(frame))), moments)[0], frame.cov(), rtol=1e-9)


def test_true_slopes_are_found_again_where_least_squares_misses_them():
    found = [
        corrected_slopes(survey(seed), "SWC", ["SPR", "VAL"], ITEMS, n_boot=2, seed=1)
        for seed in range(150)
    ]
    corrected = np.array([one.estimate for one in found])
    uncorrected = np.array([one.uncorrected for one in found])
    mcse = corrected.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(corrected.mean(axis=0) - TRUE) < 4 * mcse).all()
    assert (np.abs(uncorrected.mean(axis=0) - TRUE) > 10 * mcse).all()


def test_an_interval_that_estimates_reliability_is_no_shorter_for_few_teams():
    frame = survey(6, n_teams=25)
    options = {"cluster": "team", "n_boot": 1000, "seed": 1}
    estimated = corrected_slopes(frame, "SWC", ["SPR", "VAL"], ITEMS, **options)
    known = dict(zip(ITEMS, estimated.reliability.tolist(), strict=True))
    fixed = corrected_slopes(frame, "SWC", ["SPR", "VAL"], known, **options)
    assert_allclose(estimated.estimate, fixed.estimate, rtol=1e-10)
    assert estimated.std_error[0] > fixed.std_error[0]


def test_the_same_seed_gives_the_same_interval_in_any_order_of_rows():
    frame = survey(7)
    options = {"cluster": "team", "n_boot": 50, "seed": 3}
    one = corrected_slopes(frame, "SWC", ["SPR", "VAL"], ITEMS, **options)
    shuffled = frame.sample(frac=1, random_state=1)
    other = corrected_slopes(shuffled, "SWC", ["SPR", "VAL"], ITEMS, **options)
    assert_allclose(one.draws, other.draws, rtol=1e-9)


def test_reliabilities_that_the_data_rule_out_are_refused():
    frame = survey(8)
    frame["VAL"] = frame["SPR"] + 0.2 * np.random.default_rng(1).normal(size=len(frame))
    with pytest.raises(DesignError, match="not positive definite"):
        corrected_slopes(frame, "SWC", ["SPR", "VAL"], {"SPR": 0.6, "VAL": 0.6}, n_boot=20)


def test_slopes_that_explain_too_much_are_noted():
    frame = survey(9).assign(SWC=lambda d: 2 * d["SPR"])
    found = corrected_slopes(frame, "SWC", ["SPR"], {"SPR": 0.7}, n_boot=20, seed=1)
    assert any("all of the outcome's variance" in note for note in found.notes)


@pytest.mark.parametrize("wrong", [{"SPR": 1.2}, {"SPR": 0}, {"LPR": 0.8}, {"SPR": "a1"}])
def test_a_reliability_that_is_none_is_refused(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        corrected_slopes(survey(1), "SWC", ["SPR", "VAL"], wrong, n_boot=20)


def test_too_few_items_are_refused():
    with pytest.raises(DesignError, match="carry no omega"):
        corrected_slopes(
            survey(1), "SWC", ["SPR"], {"SPR": ["a1", "a2"]}, coefficient="omega", n_boot=20
        )


def test_gaps_are_left_out_and_told():
    frame = survey(1)
    frame.loc[[0, 5], "SPR"] = np.nan
    found = corrected_slopes(frame, "SWC", ["SPR"], {"SPR": 0.8}, n_boot=20, seed=1)
    expected = corrected_slopes(frame.dropna(), "SWC", ["SPR"], {"SPR": 0.8}, n_boot=20, seed=1)
    assert_allclose(found.estimate, expected.estimate, rtol=1e-12)
    assert any("2 rows left out" in note for note in found.notes)
