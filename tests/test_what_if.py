"""What loosening a process would go with: only as far as the verdict goes."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coaching_stats.errors import StudyError
from coaching_stats.study import run_study
from coaching_stats.what_if import _loosest, what_if


def with_grade(run, grade):
    """The same run, as if H1 had been judged at another grade."""
    judged = tuple(
        replace(v, grade=grade) if v.hypothesis.id == "H1" else v for v in run.verdicts.judged
    )
    return replace(run, verdicts=replace(run.verdicts, judged=judged))


def test_the_change_is_slope_times_shift_times_spread(theory_run):
    """By hand: z-scores of both processes, one of them lowered, their mean standardised again."""
    found = what_if(theory_run, "SPR")
    teams = theory_run.tables["team_scores"]
    x = teams[["SPR_s", "LPR_s"]].dropna()
    z = (x - x.mean()) / x.std()
    rigidity = z.mean(axis=1)
    loosest = x["SPR_s"].sort_values().head(-(-len(x) // 4)).mean()
    lower = (
        (x["SPR_s"].clip(upper=loosest) - x["SPR_s"].mean()) / x["SPR_s"].std() + z["LPR_s"]
    ) / 2
    shift = ((lower - rigidity) / rigidity.std()).mean()
    slope = theory_run.verdicts["H1"].row()["estimate"]
    assert shift < 0
    assert_allclose(found.estimate, slope * shift * teams["WTC_m"].std(), rtol=1e-10)
    assert found.level == pytest.approx(loosest)


def test_one_team_is_less_certain_than_the_mean_of_all(theory_run):
    found = what_if(theory_run, "LPR")
    assert found.pred_low < found.conf_low < found.estimate < found.conf_high < found.pred_high


def test_words_are_no_stronger_than_the_grade(theory_run):
    assert what_if(theory_run, "SPR").licence == "difference"
    assert "not shown" in what_if(theory_run, "SPR").sentence("en")
    licences = {g: what_if(with_grade(theory_run, g), "SPR").licence for g in "ABD"}
    assert licences == {"A": "change", "B": "change_over_time", "D": "none"}
    assert "ei ole osoitettu" in what_if(theory_run, "SPR").sentence("fi")


def test_what_is_not_supported_gets_no_number_but_a_reason():
    run = run_study("data/sample", seed=1)
    judged = tuple(
        replace(v, decision=replace(v.decision, verdict="inconclusive", code="wide_ci"))
        if v.hypothesis.id == "H1"
        else v
        for v in run.verdicts.judged
    )
    found = what_if(replace(run, verdicts=replace(run.verdicts, judged=judged)), "SPR")
    assert np.isnan(found.estimate)
    assert found.licence == "none"
    assert "includes 0" in found.sentence("en")


def test_a_quarter_that_may_not_be_shown_gives_no_number(theory_run):
    """A promise of forty: a quarter of 150 teams is fewer, and the sentence says so."""
    promised = replace(theory_run, study=replace(theory_run.study, minimum_group=40))
    found = what_if(promised, "SPR")
    assert found.licence == "few_teams"
    assert found.tidy()[["level", "estimate", "pred_low"]].isna().all(axis=None)
    assert "fewer teams than may be shown" in found.sentence("en")
    known = theory_run.tables["team_scores"]["SPR_s"].dropna()
    assert np.isnan(_loosest(known.head(16), 5))
    assert _loosest(known.head(17), 5) == pytest.approx(known.head(17).nsmallest(5).mean())


def test_a_prediction_about_something_else_is_refused(theory_run):
    with pytest.raises(StudyError, match="WKL"):
        what_if(theory_run, "WKL")
    with pytest.raises(StudyError, match="H9"):
        what_if(theory_run, "PREF", "H9")
