"""A team-level slope on true scores, from whole error matrices: by loops, and where they vanish."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import DesignError
from coaching_stats.judged_rows import judged_slope, rows_of
from coaching_stats.scales import alpha
from coaching_stats.team_measurement_error import TeamMoments, corrected_slopes_of
from coaching_stats.teams import likeness


def errors_of_means(run, columns, teams):
    """Covariance of the errors of team means, by a loop over teams, on complete sellers."""
    sellers = run.panel.sellers.set_index("team_id")[columns]
    within, df, shared = np.zeros((len(columns), len(columns))), 0, 0.0
    for team in teams:
        scores = sellers.loc[[team]].to_numpy()
        about = scores - scores.mean(axis=0)
        within += about.T @ about
        df += len(scores) - 1
        shared += 1 / len(scores)
    return within / df * shared / len(teams)


def test_influence_on_latitude_by_loops(theory_run):
    """H3: the outcome and a covariate are means over the same sellers, so their errors go along."""
    slope = judged_slope(theory_run, "H3")
    used = rows_of(slope.measured, slope.leg, slope.sources).used
    teams = theory_run.panel.teams.loc[used, "team_id"]
    means = theory_run.panel.sellers.groupby("team_id")[["SKL_s", "INF_s"]].mean().loc[teams]
    latitude = theory_run.panel.teams.loc[used, "LAT_m"].to_numpy()
    scores = np.column_stack([latitude, means])
    observed = np.cov(scores, rowvar=False)
    error = np.zeros((3, 3))
    items = theory_run.panel.items["LAT_m"].values[used]
    error[0, 0] = (1 - alpha(items)) * observed[0, 0]
    error[1:, 1:] = errors_of_means(theory_run, ["SKL_s", "INF_s"], teams)
    true = observed - error
    raw = np.linalg.solve(true[:2, :2], true[:2, 2])[0]
    in_judged_units = raw * np.sqrt(observed[0, 0] / observed[2, 2])
    in_true_units = raw * np.sqrt(true[0, 0] / true[2, 2])
    found = corrected_slopes_of(theory_run, "H3", n_boot=20, seed=1)
    assert_allclose(found.tidy()["estimate"][1:], [in_judged_units, in_true_units], rtol=1e-9)
    shares = 1 - np.diag(error) / np.diag(observed)
    assert_allclose(found.reliabilities["reliability"], shares, rtol=1e-9)


def test_the_judged_row_is_the_verdicts(theory_run):
    row = corrected_slopes_of(theory_run, "H1", n_boot=20, seed=1).tidy().iloc[0]
    judged = theory_run.verdicts["H1"].row()
    for column in ("estimate", "conf_low", "conf_high", "p_value"):
        assert row[column] == pytest.approx(judged[column], rel=1e-12)


def test_without_errors_the_corrected_slope_is_the_judged_one(theory_run):
    moments = TeamMoments(judged_slope(theory_run, "H1"))
    moments._items, moments._seller = {}, []
    found, shares = moments.slopes(np.ones((1, moments.n_clusters)))
    assert_allclose(found, theory_run.verdicts["H1"].legs[0].evidence.estimate, rtol=1e-9)
    assert_allclose(shares, 1)


def test_the_reliability_of_team_means_is_close_to_icc2(theory_run):
    """The same with equally large teams; these differ by nonresponse."""
    found = corrected_slopes_of(theory_run, "H4", n_boot=20, seed=1).reliabilities
    sellers = theory_run.panel.sellers
    icc2 = likeness(sellers["INF_s"].to_numpy(), sellers["team_id"].to_numpy()).icc2
    reliability = found.set_index("variable").loc["INF", "reliability"]
    assert reliability == pytest.approx(icc2, abs=0.03)


def test_random_halves_share_no_errors(theory_run):
    """H8: rigidity from one half, independence from the other: no error between the two means."""
    slope = judged_slope(theory_run, "H8")
    overlap = TeamMoments(slope)._overlap.sum(axis=0)
    has_same = np.array([[1, 0, 0], [0, 1, 1], [0, 1, 1]], dtype=bool)
    assert_allclose(overlap[~has_same], 0)
    assert (overlap[has_same] > 0).all()


def test_what_cannot_be_corrected_is_named(theory_run):
    found = corrected_slopes_of(theory_run, "H16", n_boot=20, seed=1)
    assert_allclose(found.tidy()["estimate"].iloc[1], found.tidy()["estimate"].iloc[0])
    assert any("RES, OBS, RIG" in note for note in found.notes)


def test_no_slope_of_teams_is_refused(theory_run):
    with pytest.raises(DesignError, match="H9"):
        corrected_slopes_of(theory_run, "H9")
