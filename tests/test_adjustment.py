"""Covariates that the study's own graph forbids are refused; what it asks for is said."""

import json
from copy import deepcopy

import pytest
import yaml
from matplotlib.colors import to_hex

from coaching_stats.adjustment import adjustment_of, adjustment_sentences, refuse_wrong_covariates
from coaching_stats.errors import StudyError
from coaching_stats.graph_figure import CAUSE, HELD, OUTCOME, plot_graph
from coaching_stats.study_file import PACKAGE
from coaching_stats.theory import load_study

THEORY = yaml.safe_load((PACKAGE / "theory.yml").read_text(encoding="utf-8"))


@pytest.fixture
def adjusted(tmp_path):
    """What the graph says on a packaged hypothesis with some keys changed, and arrows added."""

    def load(name, *arrows, **changes):
        raw = deepcopy(THEORY)
        next(h for h in raw["hypotheses"] if h["id"] == name).update(changes)
        raw["graph"] += [{"from": a, "to": b, "sign": "positive"} for a, b in arrows]
        path = tmp_path / "mine.yml"
        path.write_text(json.dumps(raw), encoding="utf-8")  # JSON is YAML
        study = load_study(path)
        return adjustment_of(study, study.hypothesis(name))

    return load


def test_no_packaged_hypothesis_holds_constant_what_its_graph_forbids():
    refuse_wrong_covariates(load_study(), "theory.yml")


def test_what_the_packaged_graph_asks_for_is_held_constant_but_by_one_hypothesis():
    """H14, manager side: latitude raises coaching by itself and willingness through influence."""
    study = load_study()
    found = {h.id: adjustment_of(study, h) for h in study.hypotheses}
    assert [name for name, adjustment in found.items() if not adjustment.sufficient] == ["H14"]
    assert "WTC ← INF ← LAT → CFRQ" in found["H14"].open_paths
    assert found["H14"].missing == ("INF", "SKL")
    assert found["H4"].effects[0].sufficient_set == ("SKL",)
    assert found["H16"].effects[0].sufficient_set == ("SPR", "LPR")


def test_what_is_missing_closes_the_paths_once_it_is_added(adjusted):
    open_before = adjusted("H4", covariates=["BEL"])
    assert not open_before.sufficient
    assert open_before.open_paths == ("INF ← SKL → WTC",)
    assert adjusted("H4", covariates=["BEL", *open_before.missing]).sufficient


def test_each_covariate_has_its_role(adjusted):
    assert adjusted("H9").roles == {
        "VAL": ("precision",),
        "BADX": ("instrument",),
        "MARK": ("unconnected",),
    }
    assert adjusted("H2").roles == {"LPR": ("moderator",), "WKL": ("unconnected",)}
    assert adjusted("H1", ("SKL", "LPR")).roles["SKL"] == ("confounder",)
    assert adjusted("H5").roles["SKL"] == ("unconnected", "precision", "confounder")


@pytest.mark.parametrize(
    ("name", "arrows", "covariates", "fragment"),
    [
        ("H1", [], ["SKL", "LAT"], "LAT is on the path LPR → LAT → INF → WTC"),
        ("H1", [], ["CFRQ"], "CFRQ is an effect of the outcome or of a mediator: WTC → CFRQ"),
        ("H1", [], ["JS"], "of a mediator: INF → JS"),
        ("H5", [("LAT", "COOP"), ("COOP", "INF")], ["COOP"], "or of a mediator: LAT → COOP"),
        (
            "H3",
            [("FSIZE", "LAT"), ("FSIZE", "SPAN"), ("TEN", "SPAN"), ("TEN", "INF")],
            ["SPAN"],
            "held constant it opens LAT ← FSIZE → SPAN ← TEN → INF",
        ),
    ],
)
def test_a_covariate_that_must_not_be_held_constant_is_refused_with_its_path(
    adjusted, name, arrows, covariates, fragment
):
    with pytest.raises(StudyError, match=fragment):
        adjusted(name, *arrows, covariates=covariates)


def test_a_collider_is_allowed_where_another_covariate_closes_its_path(adjusted):
    arrows = [("FSIZE", "LAT"), ("FSIZE", "SPAN"), ("TEN", "SPAN"), ("TEN", "INF")]
    assert adjusted("H3", *arrows, covariates=["SPAN", "TEN"]).sufficient


def test_a_mediator_may_be_held_constant_where_the_hypothesis_needs_it(adjusted):
    direct = adjusted("H1", covariates=["SKL", "LAT", "INF"], mediators=["LAT", "INF"])
    assert direct.roles["LAT"] == ("moderator",)
    none_left = {"kind": "equivalence", "rule": "R-TOST", "expected_sign": "zero"}
    assert adjusted("H1", covariates=["SKL", "INF"], **none_left).sufficient
    with pytest.raises(StudyError, match="CFRQ"):
        adjusted("H1", covariates=["SKL", "CFRQ"], **none_left)
    assert adjusted("H2", ("SPR", "LPR")).roles["LPR"] == ("moderator",)


def test_a_moderator_that_follows_from_the_outcome_is_never_sufficient(adjusted):
    found = adjusted("H12", moderator="JS", covariates=["JS"])
    assert found.sufficient
    assert not adjusted("H12", ("CFRQ", "JS"), moderator="JS", covariates=["JS"]).sufficient


def test_within_teams_what_managers_and_processes_bring_is_taken_out(adjusted):
    """SPR → IND → PREF and SPR → ... → SWC open a path between teams, not within them."""
    arrow = ("LAT", "SWC")
    assert adjusted("H9", arrow).sufficient
    between = adjusted("H9", arrow, level="team")
    assert not between.sufficient
    assert any("SPR" in path or "LPR" in path for path in between.open_paths)


def test_a_hypothesis_that_the_graph_turns_round_has_no_separator(adjusted):
    found = adjusted("H3", predictor=["INF"], outcome="LAT", covariates=[])
    assert found.effects[0].sufficient_set is None
    assert "INF ← LAT" in found.open_paths
    assert found.effects[0].causal_path == ""


def test_a_derived_variable_in_the_graph_follows_from_its_parts(adjusted):
    assert adjusted("H1", ("RIG", "WTC")).effects[0].causal_path == "RIG → WTC"
    slope = {"kind": "slope", "rule": "R-SLOPE"}
    with pytest.raises(StudyError, match="RIG is on the path SPR → RIG → WTC"):
        adjusted("H7", ("RIG", "WTC"), outcome="WTC", covariates=["RIG"], **slope)


def test_without_a_graph_nothing_is_checked_and_the_study_says_so(tmp_path):
    raw = deepcopy(THEORY)
    del raw["graph"]
    raw["hypotheses"][0]["covariates"] = ["LAT"]
    path = tmp_path / "mine.yml"
    path.write_text(json.dumps(raw), encoding="utf-8")  # JSON is YAML
    study = load_study(path)
    assert adjustment_of(study, study.hypothesis("H1")) is None
    assert any("no causal graph" in note for note in study.notes)
    assert adjustment_sentences(study, study.hypothesis("H1"), "en") == study.notes


@pytest.mark.parametrize(("language", "fragment"), [("en", "Missing: "), ("fi", "Puuttuu: ")])
def test_sentences_name_paths_and_what_is_missing(language, fragment):
    study = load_study()
    path, missing = (
        tuple(study.name(key, language) for key in keys)
        for keys in (("WTC", "INF", "LAT", "CFRQ"), ("INF", "SKL"))
    )
    said = adjustment_sentences(study, study.hypothesis("H14"), language)
    assert len(said) == 2
    assert "{} ← {} ← {} → {}".format(*path) in said[0]
    assert f"{fragment}{', '.join(missing)}." in said[0]


def test_the_figure_shades_what_a_hypothesis_is_about_and_says_what_is_missing():
    study = load_study()
    axes = plot_graph(study, hypothesis="H16")
    colours = {
        " ".join(text.get_text().split()): to_hex(text.get_bbox_patch().get_facecolor()).upper()
        for text in axes.texts
    }
    shaded = {key: colours[study.name(key, "en")] for key in ("RSM", "RSS", "SPR", "CFRQ", "WTC")}
    assert shaded == {"RSM": CAUSE, "RSS": CAUSE, "SPR": HELD, "CFRQ": OUTCOME, "WTC": "#FFFFFF"}
    asked = adjustment_sentences(study, study.hypothesis("H16"), "en")[0]
    assert asked in " ".join(axes.figure.get_supxlabel().split())
