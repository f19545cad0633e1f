"""A study file becomes a study, or is refused with the place and the way out."""

import pytest
import yaml

from coaching_stats.errors import StudyError
from coaching_stats.study_file import PACKAGE, parse_study
from coaching_stats.theory import load_study

THEORY = (PACKAGE / "theory.yml").read_text(encoding="utf-8")


@pytest.fixture
def study(tmp_path):
    """Load the packaged theory with one hypothesis changed, or any other part of it."""

    def load(name=None, leg=None, /, *, drop=(), **changes):
        raw = yaml.safe_load(THEORY)
        part = raw
        if name is not None:
            part = next(h for h in raw["hypotheses"] if h["id"] == name)
        if leg is not None:
            part = part["legs"][leg]
        part.update(changes)
        for key in drop:
            del part[key]
        path = tmp_path / "mine.yml"
        path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
        return load_study(path)

    return load


def test_the_packaged_theory_is_that_of_the_article():
    packaged = load_study()
    assert [h.id for h in packaged.hypotheses] == [f"H{i}" for i in range(1, 21)]
    assert {h.id: h.discriminating for h in packaged.hypotheses if h.discriminating} == {
        "H2": "D1",
        "H6": "D2",
        "H7": "D3",
        "H8": "D4",
        "H12": "D5",
    }
    families = {h.family for h in packaged.hypotheses}
    assert families == {"headline", "discriminating", "links", "secondary", "exploratory"}
    assert packaged.graph.has_edge("SPR", "LAT")


def test_the_same_file_read_twice_is_the_same_study_and_line_ends_do_not_matter(tmp_path):
    path = tmp_path / "copy.yml"
    path.write_bytes(THEORY.replace("\n", "\r\n").encode())
    assert load_study(path).hash == load_study().hash
    assert load_study(path).notes == ()


def test_a_hypothesis_that_names_no_gates_has_all_of_them(study):
    assert study("H3", drop=["gates"]).hypothesis("H3").gates == ("G1", "G2", "G3", "G4", "G5")


def test_each_changed_sesoi_is_said_also_that_of_a_leg(study):
    assert study("H6", 1, sesoi=0.3).notes == (
        "H6: SESOI changed by user: .20 → .30 (no_moderation)",
    )
    changed = study("H3", sesoi=0.15)
    assert changed.notes == ("H3: SESOI changed by user: .20 → .15",)
    assert changed.hypothesis("H3").sesoi_changed_from == 0.20
    assert changed.hypothesis("H4").sesoi_changed_from is None
    assert study("H5", statement_en="A claim of my own.", sesoi=0.02).notes == ()


def test_a_covariate_that_the_graph_forbids_is_refused_with_file_hypothesis_and_path(study):
    with pytest.raises(StudyError, match=r"mine.yml, H1: .*LAT is on the path LPR → LAT → INF"):
        study("H1", covariates=["SKL", "LAT"])


def test_arrows_between_unknown_constructs_and_circles_are_refused(study):
    graph = yaml.safe_load(THEORY)["graph"]
    with pytest.raises(StudyError, match=r"'LATT'; did you mean 'LAT'.*mine.yml: graph"):
        study(graph=[*graph, {"from": "LATT", "to": "INF", "sign": "positive"}])
    with pytest.raises(StudyError, match=r"circle: .*WTC"):
        study(graph=[*graph, {"from": "WTC", "to": "SPR", "sign": "negative"}])
    with pytest.raises(StudyError, match=r"circle: (RIG -> SPR -> RIG|SPR -> RIG -> SPR)"):
        study(graph=[*graph, {"from": "RIG", "to": "SPR", "sign": "positive"}])


@pytest.mark.parametrize(
    ("name", "leg", "changes", "fragment"),
    [
        ("H3", None, {"expected_sign": "zero"}, "equivalence and expected_sign: zero.*: H3"),
        ("H13", None, {"expected_sign": "positive"}, "equivalence and expected_sign: zero.*: H13"),
        ("H6", 1, {"expected_sign": "negative"}, "H6, no_moderation"),
        ("H6", 1, {"name": "slope_at_high_skill"}, "leg slope_at_high_skill stands twice"),
        ("H18", 0, {"mediators": []}, "H18, satisfaction"),
        ("H5", None, {"mediators": []}, "H5"),
        ("H2", None, {"moderator": None}, "'moderator'"),
        ("H2", None, {"moderator": "LPX"}, "'LPX'; did you mean"),
        ("H3", None, {"rule": "R-INT"}, "'R-INT' does not go with the kind 'slope'"),
        ("H3", None, {"sesoi": 0}, "sesoi"),
        ("H3", None, {"sources": {"split": {"LATT": "manager"}}}, "'LATT'; did you mean 'LAT'"),
        ("H3", None, {"sources": {"split": {"LAT": "boss"}}}, "must be one of"),
        ("H3", None, {"family_": "links"}, "'family_'; did you mean 'family'"),
        (None, None, {"hypotheses": []}, "hypotheses"),
        (None, None, {"promise": {"minimum_group": 1}}, "minimum_group"),
        (None, None, {"columns": {"SPX": "a"}}, "under columns, unknown key 'SPX'"),
    ],
)
def test_what_cannot_be_meant_is_refused(study, name, leg, changes, fragment):
    with pytest.raises(StudyError, match=fragment):
        study(name, leg, **changes)


def test_a_construct_that_stands_twice_is_refused(study):
    raw = yaml.safe_load(THEORY)
    with pytest.raises(StudyError, match="construct SPR stands twice"):
        study(constructs=[*raw["constructs"], raw["constructs"][0]])
    derived = {**raw["derived"][0], "formula": "z(SPR + LPR)"}
    with pytest.raises(StudyError, match="formula"):
        study(derived=[derived, *raw["derived"][1:]])


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("hypotheses: [\n  {id: A1", "broken YAML.*my.yml, line 2"),
        ("", "holds no keys"),
        ("- a\n- b", "holds no keys"),
        ("version: 1", "hypotheses"),
        ("hypothesis: []", "did you mean 'hypotheses'"),
    ],
)
def test_files_that_are_no_study(text, fragment):
    with pytest.raises(StudyError, match=fragment):
        parse_study(text, "my.yml")


def test_a_study_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(StudyError, match=r"none\.yml"):
        load_study(tmp_path / "none.yml")
    (tmp_path / "latin.yml").write_bytes("title_en: Jäykkä".encode("latin-1"))
    with pytest.raises(StudyError, match="UTF-8"):
        load_study(tmp_path / "latin.yml")


def test_an_unknown_hypothesis_is_named_with_the_nearest():
    with pytest.raises(StudyError, match="'H21'; did you mean 'H2"):
        load_study().hypothesis("H21")


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path):
    path = tmp_path / "study.yml"
    path.write_text("title_en: one\ntitle_en: two\nhypotheses: []\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"'title_en' stands twice .*line 2"):
        load_study(path)
