"""Scores by hand, and reliability and likeness against the numbers of R."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching_stats.answers import load_sample
from coaching_stats.errors import DataError, DesignError
from coaching_stats.scales import ScaleItem, alpha, mean_score, present_scales, score, turned
from coaching_stats.teams import item_variances, likeness, rwgj

REFERENCE = Path(__file__).parent / "reference"


def reference(topic):
    return json.loads((REFERENCE / topic / "results.json").read_text(encoding="utf-8"))


def spr(**answers):
    return pd.DataFrame({f"S_SPR{i}": [answers.get(f"x{i}", np.nan)] for i in (1, 2, 3, 4)})


def test_reverse_keyed_items_are_turned():
    """S_SPR3 is reverse-keyed: 2 counts as 6."""
    assert score(spr(x1=7, x2=6, x3=2, x4=5))["SPR_s"].tolist() == [6.0]


def test_a_score_needs_half_of_its_items_rounded_up():
    assert score(pd.concat([spr(x1=7, x3=1), spr(x1=7)]))["SPR_s"].tolist() == pytest.approx(
        [7.0, np.nan], nan_ok=True
    )
    three = pd.DataFrame({"S_JS1": [4.0, 4], "S_JS2": [6.0, np.nan], "S_JS3": [np.nan, np.nan]})
    assert score(three)["JS_s"].tolist() == pytest.approx([5.0, np.nan], nan_ok=True)


@given(
    st.lists(st.lists(st.one_of(st.none(), st.integers(1, 7)), min_size=4, max_size=4), min_size=1)
)
def test_a_score_lies_within_the_options_or_is_missing(rows):
    answers = pd.DataFrame(rows, columns=[f"S_SPR{i}" for i in (1, 2, 3, 4)], dtype=float)
    if answers.isna().all(axis=None):
        with pytest.raises(DataError, match="S_SPR1"):
            score(answers)
        return
    scores = score(answers)["SPR_s"]
    assert scores.dropna().between(1, 7).all()
    assert (scores.isna() == (answers.notna().sum(axis=1) < 2)).all()


def test_turning_twice_changes_nothing():
    items = [ScaleItem("a", True, 0, 4), ScaleItem("b", False, 1, 7)]
    values = np.array([[0.0, 1], [3, 7]])
    assert turned(turned(values, items), items).tolist() == values.tolist()


def test_counts_are_logged_and_single_numbers_stay():
    answers = pd.DataFrame({"S_CFRQ1": [0, 3], "S_CFRQ2": [7, 1], "S_LOC1": [5, 0]})
    scores = score(answers)
    assert scores["CFRQ_s"].tolist() == pytest.approx([0.0, np.log(4)])
    assert scores["LOC_s"].tolist() == [5, 0]


def test_an_attention_check_without_an_answer_is_no_failure():
    answers = pd.DataFrame({"S_ATT1": [2, 2, 3, np.nan], "S_ATT2": [6, np.nan, np.nan, np.nan]})
    assert score(answers)["ATT_s"].tolist() == pytest.approx([1, 1, 0, np.nan], nan_ok=True)


def test_a_scale_comes_in_full_or_in_its_core_form():
    core = pd.DataFrame({"S_SPR1": [7], "S_SPR2": [7], "S_SPR3": [1]})
    assert score(core)["SPR_s"].tolist() == [7.0]
    with pytest.raises(DataError, match="SPR lacks S_SPR2"):
        score(spr(x1=1).drop(columns="S_SPR2"))
    with pytest.raises(DataError, match="S_SPR3, row 0: 8 "):
        score(spr(x3=8))
    with pytest.raises(DataError, match="age"):
        score(pd.DataFrame({"age": [40]}))


def test_every_scale_of_the_sample_is_the_mean_of_its_turned_items():
    answers = load_sample("one_client")["seller_survey"]
    from coaching_stats.instrument import load_instrument

    scores = score(answers)
    for (construct, _), items in present_scales(answers, load_instrument()).items():
        if construct in ("CFRQ", "ATT", "LOC"):
            continue
        by_hand = sum(
            (8 - answers[i.name] if i.is_reversed else answers[i.name]) for i in items
        ) / len(items)
        assert scores[f"{construct}_s"].tolist() == pytest.approx(by_hand.tolist())


@pytest.mark.parametrize(
    "name", ["agree", "conscientious", "extraversion", "neuroticism", "openness"]
)
def test_alpha_on_complete_rows_is_that_of_r_where_answers_are_missing(name):
    scale = reference("bfi")["scales"][name]
    answers = pd.read_csv(REFERENCE / "bfi" / "bfi.csv")
    items = [ScaleItem(key.lstrip("-"), key.startswith("-"), 1, 6) for key in scale["keys"]]
    values = turned(answers[[item.name for item in items]].to_numpy(dtype=float), items)
    assert alpha(values) == pytest.approx(scale["reliability"]["alpha_raw_listwise"], rel=1e-8)


def test_alpha_of_published_scales_is_that_of_r():
    frame = load_sample("lq2002")
    for name, expected in reference("lq2002")["reliability"].items():
        prefix = "HOSTIL" if name == "HOSTILE" else name
        items = frame.filter(regex=rf"^{prefix}\d\d$").to_numpy(dtype=float)
        assert alpha(items) == pytest.approx(expected["alpha_raw_listwise"], rel=1e-8)
    six = load_sample("attitude").drop(columns="rating").to_numpy(dtype=float)
    expected = reference("attitude")["reliability_6_predictors"]["alpha_raw_listwise"]
    assert alpha(six) == pytest.approx(expected, rel=1e-8)


def test_alpha_of_two_items_is_spearman_brown():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(50, 1)) + rng.normal(size=(50, 2))
    r = np.corrcoef(values.T)[0, 1]
    assert alpha(values) == pytest.approx(2 * r / (1 + r), rel=1e-12)
    assert np.isnan(alpha(values[:2]))
    assert np.isnan(alpha(np.ones((5, 3))))


def test_half_rule_on_any_number_of_items():
    for k in range(1, 8):
        needed = -(-k // 2)
        rows = np.full((2, k), np.nan)
        rows[0, :needed], rows[1, : needed - 1] = 3.0, 3.0
        assert np.isnan(mean_score(rows)).tolist() == [False, True]


@pytest.mark.parametrize("name", ["LEAD", "TSIG", "HOSTILE"])
def test_likeness_of_comrades_is_that_of_r(name):
    frame = load_sample("lq2002")
    expected = reference("lq2002")["aggregation"]["icc"][name]
    alike = likeness(frame[name].to_numpy(), frame["COMPID"].to_numpy())
    assert alike.icc1 == pytest.approx(expected["ICC1_k_mean"], rel=1e-7)  # scores of 9 digits
    assert alike.icc2 == pytest.approx(expected["ICC2"], rel=1e-7)
    assert (alike.n, alike.n_teams) == (expected["n"], expected["G"])
    total = frame[name].var(ddof=1)
    assert alike.between_sd == pytest.approx(np.sqrt(alike.icc1 * total), rel=1e-12)


@pytest.mark.parametrize("name", ["LEAD", "TSIG", "HOSTILE"])
def test_agreement_in_each_company_is_that_of_r(name):
    frame = load_sample("lq2002")
    prefix = "HOSTIL" if name == "HOSTILE" else name
    items = frame.filter(regex=rf"^{prefix}\d\d$").to_numpy(dtype=float)
    agreement = rwgj(item_variances(items, frame["COMPID"].to_numpy()), null=2.0)
    expected = reference("lq2002")["aggregation"]["rwg_j"][name]["uniform_5pt"]
    by_group = pd.Series(expected["per_group"])
    by_group = by_group.iloc[np.argsort(by_group.index.astype(int))]
    assert agreement.tolist() == pytest.approx(by_group.tolist(), rel=1e-8, abs=1e-12)
    assert np.median(agreement) == pytest.approx(expected["median"], rel=1e-8)


def test_likeness_does_not_depend_on_units_names_or_order():
    rng = np.random.default_rng(4)
    team = np.repeat(np.arange(8), 5)
    values = rng.normal(size=8)[team] + rng.normal(size=40)
    order = rng.permutation(40)
    one = likeness(values, team)
    other = likeness(3 - 10 * values[order], np.array(list("hgfedcba"))[team][order])
    assert (one.icc1, one.icc2) == pytest.approx((other.icc1, other.icc2), rel=1e-9)
    assert other.between_sd == pytest.approx(10 * one.between_sd, rel=1e-9)
    gaps = np.append(values, np.nan)
    assert likeness(gaps, np.append(team, 99)) == one


def test_one_team_or_nobody_with_a_mate_has_no_likeness():
    with pytest.raises(DesignError, match="3 people in 1 teams"):
        likeness(np.arange(3.0), np.zeros(3))
    with pytest.raises(DesignError, match="3 people in 3 teams"):
        likeness(np.arange(3.0), np.arange(3))


def test_nobody_differs_is_no_likeness_between_teams():
    assert likeness(np.ones(6), np.repeat([0, 1], 3)).between_sd == 0
