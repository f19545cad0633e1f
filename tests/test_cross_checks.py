"""The judged slopes by other models, on whole studies."""

import numpy as np
import pandas as pd
import pytest

from coaching_stats.cross_checks import cross_check, quick_check
from coaching_stats.errors import DesignError, StudyError
from coaching_stats.study import run_study
from coaching_stats.worlds import simulate

N_BOOT = 20


@pytest.fixture(scope="module")
def found(theory_run):
    return cross_check(theory_run, n_boot=N_BOOT)


def test_the_linear_model_is_the_verdicts_own(theory_run, found):
    """Random halves aside, of which the verdict takes the median."""
    table = found.tidy().query("model == 'linear'")
    seen = 0
    for verdict in theory_run.verdicts.judged:
        for judged in verdict.legs:
            name = verdict.hypothesis.id
            term = name if len(verdict.legs) == 1 else f"{name} {judged.leg.name}"
            row = table[table["term"] == term]
            if judged.leg.kind not in ("slope", "interaction"):
                assert row.empty
                continue
            seen += 1
            low, high = judged.evidence.intervals[0.95]
            mine = row[["estimate", "conf_low", "conf_high"]].iloc[0].tolist()
            near = 0.08 if judged.evidence.has_halves else 1e-9
            assert mine == pytest.approx([judged.evidence.estimate, low, high], abs=near)
            if not judged.evidence.has_halves:
                assert row["verdict"].item() == judged.decision.verdict
    assert seen == len(table) == 15


def test_where_the_theory_holds_the_models_agree_on_the_core(found):
    core = found.tidy().query("hypothesis in ['H1', 'H2', 'H3', 'H4', 'H9']")
    assert core["agrees"].all()
    assert len(core) == 25


def test_what_has_no_slope_is_named(found):
    assert any("not checked: H5, H7, H10" in note for note in found.notes)


def test_one_hypothesis_alone_has_the_same_numbers(theory_run, found):
    alone = cross_check(theory_run, "H4", n_boot=N_BOOT).tidy()
    among = found.tidy().query("hypothesis == 'H4'").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among)


def test_the_seed_steers_the_resamples_and_nothing_else(theory_run):
    one, again, other = (
        cross_check(theory_run, "H1", n_boot=N_BOOT, seed=seed).tidy()
        for seed in (3, np.random.default_rng(3), 4)
    )
    pd.testing.assert_frame_equal(one, again)
    differs = one["std_error"] != other["std_error"]
    assert one.loc[differs, "model"].tolist() == ["ordinal"]
    assert (one["estimate"] == other["estimate"]).all()


def test_the_quick_models_say_what_they_say_among_all(theory_run):
    names = {"mixed", "rank-based", "logistic"}
    for name in ("H6", "H8"):
        full = cross_check(theory_run, name, n_boot=N_BOOT).disagreements
        quick = [s for s in full if any(f"the {model} model" in s for model in names)]
        assert list(quick_check(theory_run, [name]).disagreements) == quick
    assert quick_check(theory_run, ["H5"]).disagreements == ()
    found = quick_check(theory_run, ["H6"])
    assert len(found.sentences("fi")) == len(found.disagreements)


def test_without_a_list_the_core_is_checked(theory_run):
    core = [h.id for h in theory_run.study.hypotheses if h.is_core]
    assert quick_check(theory_run).disagreements == quick_check(theory_run, core).disagreements


def test_teams_without_clusters_have_no_mixed_model(lq2002_run):
    found = cross_check(lq2002_run, "L1", n_boot=N_BOOT)
    assert "mixed" not in set(found.tidy()["model"])
    assert any("no mixed model" in note for note in found.notes)
    assert not any("mixed" in sentence for sentence in found.disagreements)


def test_published_soldiers_agree_whatever_the_model(lq2002_run):
    assert cross_check(lq2002_run, "L2", n_boot=N_BOOT).tidy()["agrees"].all()


def test_too_few_teams_are_told_and_not_left_out_silently(one_client_run):
    found = cross_check(one_client_run, "H4", n_boot=N_BOOT)
    row = found.tidy().query("model == 'logistic'").iloc[0]
    assert np.isnan(row["estimate"])
    assert any("no estimate from the logistic model" in note for note in found.notes)
    assert any("logistic model gives no estimate" in s for s in found.disagreements)


def test_changes_over_waves_are_told_to_be_compared_in_the_first_wave():
    run = run_study(simulate("theory", firms=12, teams=4, sellers=8, waves=2, seed=4))
    found = cross_check(run, "H1", n_boot=N_BOOT)
    assert any("compared on the first wave" in note for note in found.notes)


def test_one_wild_answer_that_carries_a_slope_is_found(attitude_run, tmp_path):
    """The linear slope rises with it; the ranks do not mind how wild it is."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame(
        rng.normal(size=(60, 4)), columns=["privileges", "learning", "complaints", "rating"]
    )
    data["learning"] -= 0.5 * data["privileges"]
    data.loc[0, ["privileges", "learning"]] = 8.0, 30.0
    data.round(3).to_csv(tmp_path / "wild.csv", index=False)
    run = run_study(tmp_path / "wild.csv", study=attitude_run.study)
    found = cross_check(run, "A1", n_boot=N_BOOT)
    signs = found.tidy().set_index("model")["sign"]
    assert (signs["linear"], signs["ranks"]) == ("positive", "negative")
    assert any("rank-based model has the opposite sign" in s for s in found.disagreements)


def test_input_is_left_as_it_was(theory_run):
    before = theory_run.panel.sellers.copy()
    cross_check(theory_run, "H9", n_boot=2)
    pd.testing.assert_frame_equal(theory_run.panel.sellers, before)


@pytest.mark.parametrize("name", ["H5", "H7"])
def test_what_is_no_slope_is_refused(theory_run, name):
    with pytest.raises(DesignError, match=name):
        cross_check(theory_run, name)


def test_what_is_not_testable_is_refused(one_client_run):
    with pytest.raises(DesignError, match="G1"):
        cross_check(one_client_run, "H1")


def test_an_unknown_hypothesis_is_refused(theory_run):
    with pytest.raises(StudyError, match="H99"):
        cross_check(theory_run, "H99")
