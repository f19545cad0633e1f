"""Cross-lagged effects of a study: what two waves can carry, and what takes three."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.cross_lagged import CHANGE, LAGGED, cross_lagged
from coaching_stats.errors import DataError, DesignError
from coaching_stats.panel import measure
from coaching_stats.regression import regress
from coaching_stats.scales import score
from coaching_stats.worlds import simulate

SIZES = {"firms": 20, "teams": 2, "sellers": 6}


def three_waves():
    """Two simulated waves and, as a third, one of another survey of the same sizes."""
    tables = simulate("theory", **SIZES, waves=2, seed=3)
    other = simulate("theory", **SIZES, seed=4)
    for name in ("seller_survey", "manager_survey", "roster"):
        third = other[name].assign(wave=3)
        if "completed_at" in third:
            third["completed_at"] = third["completed_at"].str.replace("2025", "2027")
        tables[name] = pd.concat([tables[name], third], ignore_index=True)
    return tables


def with_tables(run, tables):
    """A run of the same study on other tables; its verdicts stay what they were."""
    source = replace(run.source, tables=tables)
    return replace(run, source=source, panel=measure(tables, run.study))


@pytest.fixture(scope="module")
def two_wave_run(theory_run):
    return with_tables(theory_run, simulate("theory", **SIZES, waves=2, seed=3))


@pytest.fixture(scope="module")
def three_wave_run(theory_run):
    return with_tables(theory_run, three_waves())


def test_two_waves_give_change_on_change_and_say_why_no_more(two_wave_run):
    found = cross_lagged(two_wave_run, "SPR_s", "LAT_m")
    table = found.tidy()
    assert table["model"].tolist() == [CHANGE, CHANGE]
    assert any("not identified" in note for note in found.notes)


def test_change_on_change_is_a_regression_of_differences(two_wave_run):
    """Manager's latitude on manager's workload, straight from scored answers."""
    survey = two_wave_run.source.tables["manager_survey"]
    survey = survey[score(survey)["ATT_m"] == 1].reset_index(drop=True)
    scored = pd.concat([survey[["team_id", "wave"]], score(survey)], axis=1)
    wide = scored.pivot(index="team_id", columns="wave", values=["LAT_m", "WKL_m"])
    teams = two_wave_run.panel.teams.set_index("team_id")
    unit = teams[["LAT_m", "WKL_m"]].std()
    frame = pd.DataFrame(
        {key: (wide[key][2] - wide[key][1]) / unit[key] for key in ("LAT_m", "WKL_m")}
    )
    frame = frame.assign(firm=teams["firm_id"].reindex(frame.index)).dropna()
    expected = regress("LAT_m ~ WKL_m", frame, cluster="firm").tidy().set_index("term")
    found = cross_lagged(two_wave_run, "WKL_m", "LAT_m").tidy().iloc[0]
    for column in ("estimate", "std_error", "df", "p_value"):
        assert_allclose(found[column], expected.loc["WKL_m", column], rtol=1e-8)


def test_both_directions_of_change_share_one_partial_correlation(two_wave_run):
    found = cross_lagged(two_wave_run, "SPR_s", "LAT_m").tidy().set_index("term")["estimate"]
    turned = cross_lagged(two_wave_run, "LAT_m", "SPR_s").tidy().set_index("term")["estimate"]
    assert_allclose(found["LAT_m~SPR_s"], turned["LAT_m~SPR_s"])
    assert 0 <= found.prod() <= 1


def test_three_waves_give_lagged_effects_both_ways(three_wave_run):
    """Of two scores that go their own way within teams, so that earlier levels say something."""
    found = cross_lagged(three_wave_run, "MARK_m", "JS_m").tidy()
    lagged = found[found["model"] == LAGGED]
    assert lagged["term"].tolist() == [
        "JS_m~MARK_m",
        "JS_m~JS_m",
        "MARK_m~JS_m",
        "MARK_m~MARK_m",
    ]
    assert np.isfinite(lagged[["estimate", "std_error", "p_value"]]).all(axis=None)
    answered = three_wave_run.source.tables["manager_survey"].query("M_ATT1 == 3")
    n_waves = answered.groupby("team_id")["wave"].nunique()
    teams = three_wave_run.panel.teams.set_index("team_id")
    n_firms = teams.loc[n_waves.index[n_waves == 3], "firm_id"].nunique()
    assert set(lagged["df"]) == {n_firms - 1}


def test_three_waves_of_what_lasts_give_no_lagged_effects(three_wave_run):
    found = cross_lagged(three_wave_run, "SPR_s", "LAT_m")
    assert set(found.tidy()["model"]) == {CHANGE}
    assert any("F = 0.1" in note for note in found.notes)


def test_the_order_of_rows_does_not_matter(two_wave_run):
    tables = {k: t.sample(frac=1, random_state=1) for k, t in two_wave_run.source.tables.items()}
    one, other = (
        cross_lagged(run, "SPR_s", "LAT_m").tidy()["estimate"]
        for run in (two_wave_run, with_tables(two_wave_run, tables))
    )
    assert_allclose(one, other, rtol=1e-9)


def test_one_wave_unknown_scores_and_what_was_measured_once_are_refused(theory_run, two_wave_run):
    with pytest.raises(DesignError, match="one wave"):
        cross_lagged(theory_run, "SPR_s", "LAT_m")
    with pytest.raises(DataError, match="'SPR_q'; did you mean"):
        cross_lagged(two_wave_run, "SPR_q", "LAT_m")
    with pytest.raises(DesignError, match="SPR_p is the same in every wave"):
        cross_lagged(two_wave_run, "SPR_p", "LAT_m")
    with pytest.raises(DataError, match="named twice"):
        cross_lagged(two_wave_run, "LAT_m", "LAT_m")


def test_few_teams_are_refused(theory_run):
    tables = simulate("theory", firms=9, teams=1, sellers=6, waves=2, seed=3)
    with pytest.raises(DesignError, match="bring at least 10"):
        cross_lagged(with_tables(theory_run, tables), "SPR_s", "LAT_m")


def test_teams_without_three_waves_in_a_row_give_no_lagged_effects(theory_run):
    """Managers of 32 of 40 teams skip the middle wave or the last one."""
    tables = three_waves()
    survey = tables["manager_survey"]
    number = survey["team_id"].str[1:].astype(int)
    skipped = ((number % 5 < 2) & (survey["wave"] == 3)) | (
        (number % 5 == 2) & (survey["wave"] == 1)
    )
    skipped |= (number % 5 == 3) & (survey["wave"] == 2)
    found = cross_lagged(
        with_tables(theory_run, {**tables, "manager_survey": survey[~skipped]}), "MARK_m", "JS_m"
    )
    assert set(found.tidy()["model"]) == {CHANGE}
    assert any("three waves in a row" in note for note in found.notes)
