"""One manager under two processes: the paired test, its regression, and what cannot be compared."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from coaching_stats.panel import Panel
from coaching_stats.regression import regress
from coaching_stats.within_manager import SAME_MANAGER, SAME_PROCESS, within_managers

N_MANAGERS, PER_TEAM = 9, 4


def panel(rng, versions=("loose", "rigid"), rigidity=(3.0, 5.0)):
    """Simulated managers with two teams each, one under either sales process."""
    n = 2 * N_MANAGERS
    teams = pd.DataFrame(
        {
            "team_id": np.arange(n),
            "firm_id": "one firm",
            "manager_id": np.repeat(np.arange(N_MANAGERS), 2),
            "process_version_sales": list(versions) * N_MANAGERS,
            "process_version_lead": "one",
            "n_sellers": PER_TEAM,
            "WTC_m": rng.normal(4, 1, n),
        }
    )
    sellers = pd.DataFrame({"team_id": np.repeat(np.arange(n), PER_TEAM)})
    for column in ("LPR_s", "SKL_s", "SWC_s"):
        sellers[column] = rng.normal(4, 1, len(sellers))
    sellers["SPR_s"] = np.tile(np.repeat(rigidity, PER_TEAM), N_MANAGERS)
    return Panel(sellers.assign(seller_id=np.arange(len(sellers))), teams, {}, 0, len(sellers))


@pytest.fixture
def one_firm():
    return panel(np.random.default_rng(1))


def found(run, panel):
    return within_managers(replace(run, panel=panel))


def row(table, term):
    return table.tidy().set_index("term").loc[term]


def test_the_difference_within_managers_is_a_paired_t_test(theory_run, one_firm):
    got = row(found(theory_run, one_firm), "WTC: more rigid, same manager (sales)")
    loose, rigid = one_firm.teams["WTC_m"].to_numpy().reshape(-1, 2).T
    paired = stats.ttest_rel(rigid, loose)
    ends = paired.confidence_interval(0.95)
    assert_allclose(
        got[["estimate", "p_value", "conf_low", "conf_high", "df"]].astype(float),
        [np.mean(rigid - loose), paired.pvalue, ends.low, ends.high, N_MANAGERS - 1],
        rtol=1e-10,
    )
    assert (got["n_units"], got["n_teams"]) == (N_MANAGERS, 2 * N_MANAGERS)


def test_it_is_the_regression_with_a_constant_for_each_manager_and_cr2(theory_run, one_firm):
    got = row(found(theory_run, one_firm), "WTC: more rigid, same manager (sales)")
    frame = one_firm.teams.assign(rigid=np.tile([0.0, 1.0], N_MANAGERS))
    fit = regress("WTC_m ~ rigid + C(manager_id)", frame, cluster="manager_id").tidy()
    expected = fit.set_index("term").loc["rigid", ["estimate", "std_error"]]
    assert_allclose(got[["estimate", "std_error"]].astype(float), expected.astype(float), rtol=1e-8)


def test_measured_rigidity_says_which_process_is_the_rigid_one(theory_run):
    one, other = (
        found(theory_run, panel(np.random.default_rng(2), rigidity=ends))
        for ends in ((3.0, 5.0), (5.0, 3.0))
    )
    term = "SWC: more rigid, same manager (sales)"
    assert row(one, term)["estimate"] == pytest.approx(-row(other, term)["estimate"])


def test_teams_of_one_process_are_compared_by_their_managers_skill(theory_run, one_firm):
    """Two processes, each with teams of nine managers above or below the mean in skill."""
    got = row(found(theory_run, one_firm), "WTC: more skilled, same process (sales)")
    manager = np.repeat(np.arange(N_MANAGERS), 2 * PER_TEAM)
    skill = one_firm.sellers["SKL_s"].groupby(manager).mean()
    is_higher = (skill > skill.mean()).to_numpy()
    by_process = one_firm.teams["WTC_m"].to_numpy().reshape(-1, 2)
    differences = by_process[is_higher].mean(axis=0) - by_process[~is_higher].mean(axis=0)
    assert got["estimate"] == pytest.approx(differences.mean())
    assert got["n_units"] == 2


def test_where_nobody_can_be_compared_notes_say_so(theory_run):
    table = within_managers(theory_run)
    assert not (table.tidy()["comparison"] == SAME_MANAGER).any()
    assert any(SAME_MANAGER in note and "sales" in note for note in table.notes)
    assert (table.tidy()["comparison"] == SAME_PROCESS).any()


def test_one_answer_for_all_teams_of_a_manager_is_not_tested(theory_run, one_firm):
    same = one_firm.teams.groupby("manager_id")["WTC_m"].transform("first")
    table = found(theory_run, replace(one_firm, teams=one_firm.teams.assign(WTC_m=same)))
    assert "WTC: more rigid, same manager (sales)" not in set(table.tidy()["term"])
    assert any("WTC differs by 0" in note for note in table.notes)


def test_versions_that_are_not_recorded_are_named(theory_run, one_firm):
    teams = one_firm.teams.drop(columns="process_version_sales")
    table = found(theory_run, replace(one_firm, teams=teams))
    assert any("sales processes" in note and "not recorded" in note for note in table.notes)
