"""The multiverse of a hypothesis: the judged model is in it, and the graph decides what else is."""

from dataclasses import replace

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.alternative_scores import item_choices, with_scores
from coaching_stats.errors import DesignError, StudyError
from coaching_stats.hypothesis_multiverse import multiverse_of
from coaching_stats.hypothesis_specifications import allowed_sets, cluster_choices
from coaching_stats.panel import measure
from coaching_stats.regression import regress
from coaching_stats.scales import score
from coaching_stats.study import run_study
from coaching_stats.verdicts import judge_panel
from coaching_stats.worlds import simulate

FULL = {"outcome": "full scale", "predictor": "full scale", "vcov": "CR2"}


@pytest.fixture(scope="module")
def headline(theory_run):
    """The multiverse of H1 in the simulated sample."""
    return multiverse_of(theory_run, "H1", n_boot=199)


def pick(found, **choices):
    """The one specification with these choices."""
    table = found.tidy()
    for name, value in (FULL | choices).items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


@pytest.mark.parametrize(
    ("name", "covariates"),
    [("H1", "SKL + BEL + WKL"), ("H3", "SKL"), ("H4", "SKL + BEL + WKL"), ("H16", "OBS + RIG")],
)
def test_the_judged_model_is_among_the_specifications(theory_run, name, covariates):
    found = multiverse_of(theory_run, name, n_boot=9)
    row = pick(found, covariates=covariates, rows="as judged")
    judged = theory_run.verdicts[name]
    evidence = judged.legs[0].evidence
    ours = [row[c] for c in ("estimate", "std_error", "df", "conf_low", "conf_high", "n")]
    theirs = [evidence.estimate, evidence.std_error, evidence.df, *evidence.intervals[0.95]]
    assert_allclose(ours, [*theirs, evidence.n], rtol=1e-10)
    assert row["verdict"] == judged.verdict


def test_teams_with_too_few_sellers_are_out_as_they_are_in_the_judgement():
    run = run_study(dict(simulate("theory", firms=16, teams=3, sellers=4, seed=5)))
    evidence = run.verdicts["H3"].legs[0].evidence
    row = pick(multiverse_of(run, "H3", n_boot=9), covariates="SKL", rows="as judged")
    assert any("too few respondents" in note for note in evidence.notes)
    assert row["n"] == evidence.n
    assert row["estimate"] == pytest.approx(evidence.estimate, rel=1e-10)


def test_everybody_is_the_estimate_without_attention_checks(theory_run, headline):
    tables = theory_run.source.tables
    unchecked = {
        name: tables[name].drop(columns=tables[name].filter(like="_ATT").columns)
        for name in ("seller_survey", "manager_survey")
    }
    panel = measure({**tables, **unchecked}, theory_run.study)
    only = replace(theory_run.study, hypotheses=(theory_run.study.hypothesis("H1"),), described=())
    judged = judge_panel(panel, only, 1, n_boot=9).judged[0].legs[0].evidence
    row = pick(headline, covariates="SKL + BEL + WKL", rows="everybody")
    assert_allclose([row["estimate"], row["std_error"]], [judged.estimate, judged.std_error], 1e-10)
    assert row["n"] == judged.n


def test_the_headline_has_more_than_a_thousand_specifications(headline):
    table = headline.tidy()
    assert len(table) == 5 * 10 * 8 * 2 * 3
    choices = ["outcome", "predictor", "covariates", "rows", "cluster", "vcov"]
    assert not table.duplicated(choices).any()
    assert not table.round(12).duplicated(["estimate", "std_error", "df"]).any()
    assert headline.is_simulated


def test_a_scale_without_an_item_is_that_of_the_other_items(theory_run):
    """By hand: means of the kept items of each seller, means of the team, z-scores, regression."""
    tables = theory_run.source.tables
    sellers, managers = tables["seller_survey"], tables["manager_survey"]
    sellers = sellers[~((sellers["S_ATT1"] != 2) | (sellers["S_ATT2"] != 6))]
    managers = managers[managers["M_ATT1"] == 3]
    influence = pd.concat(
        [sellers["S_INF2"], 8 - sellers["S_INF3"], sellers["S_INF4"]], axis=1, ignore_index=True
    )
    influence = influence.mean(axis=1).where(influence.notna().sum(axis=1) >= 2)
    willing = pd.concat(
        [managers["M_WTC1"], 8 - managers["M_WTC3"], 8 - managers["M_WTC4"]],
        axis=1,
        ignore_index=True,
    )
    willing = willing.mean(axis=1).where(willing.notna().sum(axis=1) >= 2)
    teams = pd.DataFrame({"INF": influence.groupby(sellers["team_id"]).mean()})
    teams["WTC"] = willing.set_axis(managers["team_id"])
    scores = theory_run.tables["team_scores"].set_index("team_id")
    teams = teams.join(scores[["SKL_s", "BEL_m", "WKL_m", "WTC_m", "INF_s", "firm_id"]])
    usable = (scores["n_sellers"] >= 3) & ~(scores["n_responded"] / scores["n_invited"] < 0.3)
    teams = teams[usable.reindex(teams.index)].dropna()
    numbers = teams[["INF", "WTC", "SKL_s"]]
    z = ((numbers - numbers.mean()) / numbers.std()).assign(firm=teams["firm_id"])
    expected = regress("WTC ~ INF + SKL_s", z, cluster="firm").tidy().iloc[1]
    found = multiverse_of(theory_run, "H4", n_boot=9)
    row = pick(
        found,
        outcome="without M_WTC2",
        predictor="without S_INF1",
        covariates="SKL",
        rows="as judged",
    )
    assert row["n"] == len(z)
    assert_allclose([row["estimate"], row["df"]], [expected["estimate"], expected["df"]], 1e-10)


def test_core_items_are_scored_as_if_only_they_had_been_asked(theory_run):
    panel, study = theory_run.panel, theory_run.study
    core = item_choices(panel, study, "WTC_m")["core items"]
    ours = with_scores(panel, {"WTC core": ("WTC_m", core)}).teams.set_index("team_id")["WTC core"]
    asked = theory_run.source.tables["manager_survey"].set_index("team_id")
    scored = score(asked[["M_WTC1", "M_WTC2", "M_WTC3", "M_ATT1"]])
    theirs = scored.loc[scored["ATT_m"] != 0, "WTC_m"]
    assert_allclose(ours.dropna().sort_index(), theirs.dropna().sort_index())


def test_a_confounder_is_in_every_set_and_a_mediator_in_none(theory_run):
    study = theory_run.study
    sets, notes = allowed_sets(study, study.hypothesis("H4"), ["SKL", "BEL", "CFRQ"])
    assert sets.tolist() == [[True, False, False], [True, True, False]]
    assert "6 of 8 sets left out by the graph" in notes[0]
    sets, _ = allowed_sets(study, study.hypothesis("H1"), ["LAT", "BEL"])
    assert sets.tolist() == [[False, False], [False, True]]


def test_without_a_graph_every_subset_is_taken_and_that_is_said(theory_run):
    study = replace(theory_run.study, edges=())
    sets, notes = allowed_sets(study, study.hypothesis("H4"), ["SKL", "BEL"])
    assert len(sets) == 4
    assert "has no graph" in notes[0]


def test_what_the_graph_asks_for_is_added_where_it_was_measured(theory_run):
    legs = tuple(
        replace(leg, covariates=("WKL",)) for leg in theory_run.study.hypothesis("H4").legs
    )
    narrow = replace(theory_run.study.hypothesis("H4"), legs=legs)
    others = tuple(h for h in theory_run.study.hypotheses if h.id != "H4")
    study = replace(theory_run.study, hypotheses=(narrow, *others))
    found = multiverse_of(
        replace(theory_run, study=study, verdicts=_with(theory_run, narrow)), "H4"
    )
    assert set(found.tidy()["covariates"]) == {"SKL", "WKL + SKL"}


def _with(run, hypothesis):
    """Verdicts in which one hypothesis reads otherwise."""
    judged = tuple(
        replace(v, hypothesis=hypothesis) if v.hypothesis.id == hypothesis.id else v
        for v in run.verdicts.judged
    )
    return replace(run.verdicts, judged=judged)


def test_every_choice_that_was_left_out_is_named(headline):
    said = " ".join(headline.notes)
    for name in ("'without speeders'", "'team_id' left out", "'manager_id' left out"):
        assert name in said


def test_signs_and_verdicts_of_single_specifications_are_called_descriptions(headline):
    said = " ".join(headline.notes)
    assert "100% of the estimates have the expected sign, which is a description" in said
    assert "the verdict on H1 is 'supported', whatever their number" in said


def test_a_verdict_over_waves_is_not_among_the_specifications_and_that_is_said():
    run = run_study(dict(simulate("theory", firms=20, teams=3, sellers=6, waves=2, seed=2)))
    assert run.verdicts["H1"].grade == "A"
    found = multiverse_of(run, "H1", n_boot=9)
    assert "across teams in the first wave" in found.notes[-1]


def test_coarser_clusters_are_a_choice_where_the_study_names_the_team(theory_run):
    named = replace(theory_run.study, cluster="team_id", has_cluster_key=True)
    notes = []
    assert cluster_choices(replace(theory_run, study=named), notes) == ["team_id", "firm_id"]
    assert notes == ["clusters: 'manager_id' left out: the same as 'team_id'"]


def test_careless_answers_are_a_choice_where_some_are_flagged(theory_run):
    tables = simulate("theory", firms=12, teams=3, sellers=8, seed=3)
    answers = tables["seller_survey"]
    items = [c for c in answers if c.startswith("S_") and "ATT" not in c and "CFRQ" not in c]
    answers = answers.copy()
    answers.loc[answers.index[::40], items] = 4
    tables = {**tables, "seller_survey": answers}
    panel = measure(tables, theory_run.study)
    verdicts = judge_panel(panel, theory_run.study, 1, n_splits=1, n_boot=9)
    run = replace(
        theory_run,
        panel=panel,
        verdicts=verdicts,
        source=replace(theory_run.source, tables=tables),
    )
    found = multiverse_of(run, "H3", n_boot=9)
    estimate = found.tidy().groupby("rows")["estimate"].median()
    assert "without straightliners" in estimate.index
    assert estimate["without straightliners"] != estimate["as judged"]


@pytest.mark.usefixtures("headline")
def test_nothing_of_the_run_is_changed(theory_run):
    assert "SPR_s core items" not in theory_run.panel.sellers
    assert "outcome" not in theory_run.tables["team_scores"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("H2", "no slope between teams"), ("H5", "no slope between teams"), ("H9", "level seller")],
)
def test_other_predictions_are_refused(theory_run, name, said):
    with pytest.raises(DesignError, match=said):
        multiverse_of(theory_run, name)


def test_no_choice_of_model_replaces_data(one_client_run):
    with pytest.raises(DesignError, match="H1 is not testable with these data"):
        multiverse_of(one_client_run, "H1")


def test_random_halves_are_refused(lq2002_run):
    with pytest.raises(DesignError, match="random halves"):
        multiverse_of(lq2002_run, "L1")


def test_an_unknown_hypothesis_is_named(theory_run):
    with pytest.raises(StudyError, match="H77"):
        multiverse_of(theory_run, "H77")


def test_ready_scores_have_one_measure_and_the_notes_say_so(attitude_run):
    found = multiverse_of(attitude_run, "A2", n_boot=9)
    assert set(found.tidy()["covariates"]) == {"COMPL", "COMPL + PRIV"}
    assert any(note.startswith("LEARN: its items are not at hand") for note in found.notes)
