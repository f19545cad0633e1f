"""Hypotheses are data: a user adds one by an entry, and what was not measured is said."""

import json
import re
from copy import deepcopy

import numpy as np
import pytest
import yaml
from numpy.testing import assert_allclose

from coaching_stats.adjustment import adjustment_of
from coaching_stats.hypotheses import usual_sesoi
from coaching_stats.study import judge
from coaching_stats.study_file import PACKAGE
from coaching_stats.theory import load_study
from coaching_stats.verdicts import judge_tables

THEORY = yaml.safe_load((PACKAGE / "theory.yml").read_text(encoding="utf-8"))
NUMBERS = ("estimate", "conf_low", "conf_high", "p_value", "n", "clusters")


@pytest.fixture
def with_entries(tmp_path):
    """The packaged study file with entries added, read again."""

    def load(*entries):
        raw = deepcopy(THEORY)
        raw["hypotheses"] += entries
        path = tmp_path / "mine.yml"
        path.write_text(json.dumps(raw), encoding="utf-8")  # JSON is YAML
        return load_study(path)

    return load


LATITUDE = {
    "id": "H21",
    "statement_en": "Managers with more latitude have more influence.",
    "kind": "slope",
    "outcome": "INF",
    "predictor": ["LAT"],
    "covariates": ["SKL"],
    "level": "team",
    "expected_sign": "positive",
    "sesoi": 0.20,
    "family": "mine",
    "sources": {"split": {"LAT": "manager", "INF": "seller"}},
}
TOGETHER = {
    "id": "H22",
    "statement_en": "A rigid leadership process takes latitude where the sales process is rigid.",
    "kind": "interaction",
    "outcome": "LAT",
    "predictor": ["LPR"],
    "moderator": "SPR",
    "covariates": ["SPR", "WKL"],
    "level": "team",
    "expected_sign": "negative",
    "sesoi": 0.15,
    "family": "mine",
    "sources": {"split": {"SPR": "seller", "LPR": "seller", "LAT": "manager"}},
}


def test_a_user_adds_hypotheses_by_adding_entries(with_entries, theory_run):
    """H21 is H3 in other words, and H22 is H2 with predictor and moderator exchanged."""
    study = with_entries(LATITUDE, TOGETHER)
    rows = judge("data/sample", study, seed=theory_run.seed).tidy().set_index("hypothesis")
    packaged = theory_run.verdicts.tidy().set_index("hypothesis")
    for mine, known in (("H21", "H3"), ("H22", "H2")):
        assert_allclose(
            *[t.loc[h, list(NUMBERS)].astype(float) for t, h in ((rows, mine), (packaged, known))],
            rtol=1e-9,
        )
        assert rows.loc[mine, "verdict"] == "supported"
        assert rows.loc[mine, "grade"] == "C"
    assert rows.drop(["H21", "H22"])["verdict"].tolist() == packaged["verdict"].tolist()
    assert adjustment_of(study, study.hypothesis("H22")).sufficient


def test_the_usual_sizes_are_those_of_every_packaged_hypothesis():
    defaults = THEORY["conventions"]["sesoi_defaults"]
    for hypothesis in load_study().hypotheses:
        for leg in hypothesis.legs:
            assert leg.sesoi == usual_sesoi(leg, defaults), leg.name
            assert leg.sesoi_changed_from is None


def test_a_changed_sesoi_is_marked_also_that_of_a_new_hypothesis(with_entries):
    study = with_entries(LATITUDE, TOGETHER)
    marked = {h.id: h.sesoi_marks("en") for h in study.hypotheses if h.sesoi_marks("en")}
    assert marked == {"H22": ("SESOI changed by user: .20 → .15",)}
    finnish = study.hypothesis("H22").sesoi_marks("fi")
    assert [mark.rpartition(": ")[2] for mark in finnish] == ["0,20 → 0,15"]
    assert "H22: SESOI changed by user: .20 → .15" in study.notes


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sesoi": 0.125}, ".20 → .125"),
        ({"level": "seller", "sesoi": 0.2}, ".10 → .20"),
        ({"outcome": "SALES", "covariates": [], "sesoi": 0.2}, ".05 → .20"),
        ({"outcome": "WTC", "kind": "indirect", "mediators": ["INF"], "sesoi": 0.1}, ".05 → .10"),
    ],
)
def test_what_is_usual_depends_on_kind_level_and_outcome(with_entries, changes, expected):
    marks = with_entries(LATITUDE | changes | {"sources": {}}).hypothesis("H21").sesoi_marks("en")
    assert marks == (f"SESOI changed by user: {expected}",)


def test_a_joint_hypothesis_marks_the_leg_that_was_changed(with_entries):
    legs = [
        {"name": "one", "kind": "slope", "outcome": "INF", "predictor": "LAT", "sesoi": 0.3},
        {"name": "two", "kind": "slope", "outcome": "LAT", "predictor": "SPR", "sesoi": 0.2},
    ]
    legs = [leg | {"expected_sign": "positive"} for leg in legs]
    mine = LATITUDE | {"kind": "joint", "legs": legs, "covariates": [], "sources": {}}
    marks = with_entries(mine).hypothesis("H21").sesoi_marks("en")
    assert marks == ("SESOI changed by user: .20 → .30 (one)",)


def without(tables, rng):
    """Tables of the sample without random scales, records and ratings; checks and weights stay."""
    share = rng.uniform(0.1, 0.6)
    scales = {
        re.sub(r"\d+$", "", c) for t in ("seller_survey", "manager_survey") for c in tables[t]
    }
    scales = sorted(s for s in scales if s[:2] in ("S_", "M_") and not s.endswith("_ATT"))
    gone = {scale for scale in scales if rng.random() < share}
    records = ("trn_hours", "tenure_years", *"defg")
    gone |= {column for column in records if rng.random() < share}
    kept = {
        name: frame[[c for c in frame if re.sub(r"\d+$", "", c) not in gone]]
        for name, frame in tables.items()
    }
    for name in ("sales", "process_inventory", "managers"):
        if rng.random() < share / 2:
            del kept[name]
    return kept


def judged_quickly(tables):
    """What was measured and the verdicts, with three halves and short bootstraps."""
    return judge_tables(tables, load_study(), 1, n_splits=3, n_boot=100)


@pytest.fixture(scope="module")
def whole_sample(theory_run):
    return judged_quickly(theory_run.source.tables)[1]


@pytest.mark.parametrize("seed", range(15))
def test_what_was_not_measured_is_not_testable_and_changes_nothing_else(
    seed, theory_run, whole_sample
):
    """Of any part of the sample: not measured, or the very numbers of the whole sample."""
    panel, verdicts = judged_quickly(without(theory_run.source.tables, np.random.default_rng(seed)))
    measured = {*panel.sellers, *panel.teams}
    for verdict in verdicts.judged:
        if verdict.missing:
            assert verdict.verdict == "not testable"
            assert verdict.reason("en").startswith("not_measured: the data lack ")
            assert not measured & set(verdict.missing)
        whole = whole_sample[verdict.hypothesis.id]
        for leg, other in zip(verdict.legs, whole.legs, strict=False):
            if leg.evidence.source == other.evidence.source:
                assert_allclose(leg.evidence.estimate, other.evidence.estimate, rtol=1e-9)
    assert any(verdict.missing for verdict in verdicts.judged)
