"""Which rows a prediction is about, in which units, and which of them belong together."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from studies import only

from coaching_stats.errors import DesignError, StudyError
from coaching_stats.estimates import estimate_leg
from coaching_stats.measured import with_halves
from coaching_stats.models import equations, parse_contrast
from coaching_stats.panel import Panel, measure
from coaching_stats.regression import regress
from coaching_stats.samples import complete_teams, draw_sample
from coaching_stats.sourcing import sourcing
from coaching_stats.study import judge
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate

STUDY = load_study()


def measured(panel, n_splits=3):
    return with_halves(panel, STUDY, n_splits, np.random.default_rng(1))


def sample_of(panel, name, *, is_split=True, leg=0):
    hypothesis = STUDY.hypothesis(name)
    leg = hypothesis.legs[leg]
    sources = sourcing(hypothesis, leg, STUDY, is_split=is_split)
    return leg, draw_sample(measured(panel), leg, sources)


@pytest.fixture(scope="module")
def panel():
    return measure(simulate("theory", firms=12, teams=3, sellers=8, seed=3), STUDY)


def z(values):
    return (values - values.mean()) / values.std(ddof=1)


def test_team_scores_are_z_scored_over_the_teams_that_count(panel):
    _, sample = sample_of(panel, "H1")
    assert {key: round(float(v.std(ddof=1)), 9) for key, v in sample.z.items()} == dict.fromkeys(
        sample.z, 1.0
    )
    parts = panel.sellers.groupby("team_id")[["SPR_s", "LPR_s"]].mean()
    has_manager = panel.teams.set_index("team_id")["WTC_m"].notna()
    parts = parts[has_manager.reindex(parts.index)]
    assert sample.z["RIG"] == pytest.approx(z(z(parts["SPR_s"]) + z(parts["LPR_s"])).to_numpy())


def test_a_team_level_moderator_is_z_scored_over_teams_and_its_main_effect_absorbed(panel):
    """The product then equals that of a regression with one dummy per team."""
    leg, sample = sample_of(panel, "H11")
    (equation,) = equations(leg, sample)
    assert equation.terms == ("Intercept", "PREF", "PREF:INF")
    per_team = pd.DataFrame({"team": sample.codes, "INF": sample.z["INF"]}).drop_duplicates()
    assert per_team["INF"].mean() == pytest.approx(0, abs=1e-12)
    assert per_team["INF"].std(ddof=1) == pytest.approx(1)
    frame = pd.DataFrame(sample.z).assign(product=sample.z["PREF"] * sample.z["INF"])
    plain = smf.ols("JS ~ PREF + product", frame).fit()
    assert equation.estimate().value == pytest.approx(plain.params["product"], rel=1e-9)


def test_an_interaction_has_both_main_effects_and_the_product_of_z_scores(panel):
    leg, sample = sample_of(panel, "H2")
    (equation,) = equations(leg, sample)
    assert set(equation.terms) == {"Intercept", "SPR", "LPR", "WKL", "SPR:LPR"}
    product = equation.x[:, equation.terms.index("SPR:LPR")]
    assert product.tolist() == (sample.z["SPR"] * sample.z["LPR"]).tolist()


@pytest.mark.parametrize(("firms", "cluster", "method"), [(9, "", "HC3"), (10, "firm_id", "CR2")])
def test_teams_are_clustered_by_firm_from_ten_firms_on(firms, cluster, method):
    few = measure(simulate("theory", firms=firms, teams=4, sellers=8, seed=2), STUDY)
    leg, sample = sample_of(few, "H1")
    assert (sample.cluster, equations(leg, sample)[0].method) == (cluster, method)


def test_from_ten_firms_on_the_error_is_that_of_the_public_regression(panel):
    """CR2 with Satterthwaite degrees of freedom; itself held against R in test_regression."""
    leg, sample = sample_of(panel, "H4")
    found = equations(leg, sample)[0].estimate()
    frame = pd.DataFrame(sample.z).assign(firm=sample.codes)
    fit = regress("WTC ~ INF + SKL + BEL + WKL", frame, cluster="firm")
    row = fit.tidy().set_index("term").loc["INF"]
    assert (found.value, found.std_error, found.df) == pytest.approx(
        (row["estimate"], row["std_error"], row["df"]), rel=1e-9
    )


def test_with_halves_every_number_is_the_median_over_the_splits(panel):
    hypothesis = STUDY.hypothesis("H6")
    leg = hypothesis.legs[1]
    sources = sourcing(hypothesis, leg, STUDY, is_split=True)
    split = measured(panel, 5)
    evidence = estimate_leg(split, leg, sources, np.random.SeedSequence(1))
    each = [equations(leg, draw_sample(split, leg, sources, i))[0].estimate() for i in range(5)]
    for name, value in (("estimate", "value"), ("std_error", "std_error"), ("df", "df")):
        assert getattr(evidence, name) == np.median([getattr(one, value) for one in each])
    assert len({one.value for one in each}) > 1
    assert any("medians over 5 splits" in note for note in evidence.notes)


def test_teams_without_spread_count_as_half_the_smallest_spread(panel):
    same = panel.sellers["team_id"] == "T001"
    sellers = panel.sellers.assign(AUT_s=panel.sellers["AUT_s"].mask(same, 4.0))
    leg, sample = sample_of(replace(panel, sellers=sellers), "H7")
    size = sellers.groupby("team_id").size()
    spread = sellers.groupby("team_id")["AUT_s"].std()
    teams = panel.teams.set_index("team_id")
    keep = teams["SPR_m"].notna() & (size.reindex(teams.index) >= 4)
    spread = spread.reindex(teams.index)[keep]
    spread = spread.mask(spread == 0, spread[spread > 0].min() / 2)
    assert sample.z["AUT"] == pytest.approx(z(np.log(spread)).to_numpy())
    assert any("1 teams without any spread" in note for note in sample.notes)
    assert equations(leg, sample)[0].terms[-2:] == ("location", "location^2")


def test_halves_do_not_depend_on_rows_or_on_the_names_of_teams(panel):
    """Any renaming, also one that turns the order of the teams round."""
    turned = {team: f"X{999 - int(team[1:])}" for team in panel.teams["team_id"]}
    tables = simulate("theory", firms=12, teams=3, sellers=8, seed=3)
    renamed = {
        name: frame.assign(team_id=frame["team_id"].map(turned)).sample(frac=1, random_state=1)
        if "team_id" in frame
        else frame
        for name, frame in tables.items()
    }
    other = measure(renamed, STUDY)
    assert other.sellers["seller_id"].tolist() == panel.sellers["seller_id"].tolist()
    assert (measured(other).halves == measured(panel).halves).all()
    one, two = (judge(t, only("H5"), seed=1).tidy() for t in (tables, renamed))
    assert one["estimate"].notna().all()
    numbers = ["estimate", "conf_low", "conf_high", "p_value"]
    pd.testing.assert_frame_equal(one[numbers], two[numbers], rtol=1e-9)


def test_teams_are_counted_before_anything_is_standardised():
    """Three teams with the same value cannot be z-scored, but they can be counted."""
    teams = pd.DataFrame(
        {"team_id": ["a", "b", "c"], "firm_id": "F", "manager_id": ["a", "b", "c"]}
    )
    teams = teams.assign(n_sellers=4, WTC_m=1.0, BEL_m=2.0, WKL_m=3.0, LAT_m=4.0)
    people = pd.DataFrame({"seller_id": range(12), "team_id": np.repeat(["a", "b", "c"], 4)})
    flat = Panel(people.assign(INF_s=4.0, SKL_s=4.0), teams, {}, 0, 12)
    hypothesis = STUDY.hypothesis("H3")
    sources = sourcing(hypothesis, hypothesis.legs[0], STUDY, is_split=True)
    assert complete_teams(measured(flat), hypothesis.legs[0], sources) == 3
    with pytest.raises(DesignError, match="does not vary"):
        draw_sample(measured(flat), hypothesis.legs[0], sources)


@pytest.mark.parametrize(
    "design",
    [
        {"firms": 1, "teams": 1, "sellers": 10},
        {"firms": 1, "teams": 3, "sellers": 5},
        {"firms": 15, "teams": 2, "sellers": 1},
    ],
)
def test_designs_too_small_for_any_estimate_get_verdicts_all_the_same(design):
    for seed in range(3):
        verdicts = judge(simulate("theory", **design, seed=seed))
        assert {v.verdict for v in (*verdicts.judged, *verdicts.described)} == {"not testable"}
        assert all(v.gates for v in verdicts.judged)


def test_a_contrast_of_what_the_model_does_not_hold_is_refused(panel):
    leg, sample = sample_of(panel, "H15")
    with pytest.raises(StudyError, match="no slope of 'SPR'"):
        equations(replace(leg, contrast="b(RIG) - b(SPR)"), sample)


@pytest.mark.parametrize("text", ["RIG - PPL", "b(RIG) * b(PPL)", "", "2b(RIG)"])
def test_contrasts_that_are_no_sum_of_slopes_are_refused(text):
    with pytest.raises(StudyError, match="cannot be read"):
        parse_contrast(text)


def test_contrasts_add_up():
    assert parse_contrast("0.5*b(A) + b(A) - (-2)*b(B)") == {"A": 1.5, "B": 2.0}
