"""What is missing is counted as it was lost, and told in both languages."""

import numpy as np
import pandas as pd
import pytest
from studies import only

from coaching_stats.missing_data import missing_data
from coaching_stats.panel import team_scores
from coaching_stats.study import run_study
from coaching_stats.worlds import simulate


@pytest.fixture(scope="module")
def found(theory_run):
    return missing_data(theory_run)


def test_every_leg_uses_what_was_judged(theory_run, found):
    counts = found.tidy().set_index(["hypothesis", "leg"])
    for verdict in theory_run.verdicts.judged:
        for one in verdict.legs:
            row = counts.loc[(verdict.hypothesis.id, one.leg.name)]
            assert (row["used"], row["teams_used"]) == (one.evidence.n, one.evidence.n_teams)


def test_used_missing_and_few_add_up(found):
    counts = found.tidy()
    assert (counts["used"] + counts["missing"] + counts["few"] == counts["total"]).all()


def test_gaps_are_those_of_the_team_scores(theory_run, found):
    """The manager's scores of H1, by hand from the table of teams."""
    teams = team_scores(theory_run.panel)
    gaps = teams[["WTC_m", "SPR_s", "LPR_s", "SKL_s", "BEL_m", "WKL_m"]].isna()
    of_h1 = found.variables[found.variables["hypothesis"] == "H1"].set_index("column")
    pd.testing.assert_series_equal(
        of_h1["missing"], gaps.sum()[of_h1.index], check_names=False, check_dtype=False
    )
    counts = found.tidy().set_index("leg").loc["H1"]
    assert counts["missing"] == gaps.any(axis=1).sum()


def test_one_gap_more_costs_one_row_alone():
    """A manager who leaves the workload out loses the team by that variable and no other."""
    tables = simulate("theory", firms=30, teams=1, sellers=6, seed=4)
    before = missing_data(run_study(tables, study=only("H1")))
    survey = tables["manager_survey"].copy()
    workload = [c for c in survey if c.startswith("M_WKL")]
    survey.loc[survey.index[3], workload] = np.nan
    after = missing_data(run_study({**tables, "manager_survey": survey}, study=only("H1")))

    def of(found):
        rows = found.variables.query("hypothesis == 'H1' and variable == 'WKL'")
        counts = found.tidy().query("hypothesis == 'H1'")
        return rows["missing"].sum(), rows["alone"].sum(), -counts["used"].sum()

    assert np.subtract(of(after), of(before)).tolist() == [1, 1, 1]


def test_gates_are_those_that_were_checked(theory_run, found):
    checks = [c.value for v in theory_run.verdicts.judged for c in v.checks if c.gate == "G5"]
    np.testing.assert_array_equal(found.gates["value"], checks)


def test_an_untested_hypothesis_is_counted_where_it_was_measured(one_client_run):
    found = missing_data(one_client_run)
    counts = found.tidy().set_index("leg")
    assert one_client_run.verdicts["H1"].legs == ()
    assert counts.loc["H1", "total"] == len(one_client_run.panel.teams)


def test_what_was_not_measured_is_said_not_counted(lq2002_run):
    found = missing_data(lq2002_run)
    assert len(found.sentences("en")) == len(found.tidy())


@pytest.mark.parametrize("language", ["en", "fi"])
def test_sentences_hold_the_numbers(found, language):
    said = dict(zip(found.tidy()["leg"], found.sentences(language), strict=True))
    assert "134" in said["H1"]
    assert "150" in said["H1"]
    assert "16" in said["H1"]


def test_a_survey_without_sales_says_that_it_cannot_count_them():
    tables = simulate("theory", firms=12, teams=1, sellers=6, seed=4)
    found = missing_data(run_study({k: v for k, v in tables.items() if k != "sales"}))
    row = found.tidy().set_index("hypothesis").loc["H20"]
    assert np.isnan(row["used"])
    assert found.sentences("en")[found.tidy()["hypothesis"].tolist().index("H20")].startswith("H20")
