"""What the data cannot carry is not testable, with its reason, and all else is judged."""

from dataclasses import replace
from functools import cache
from math import comb

import numpy as np
import pytest
from studies import only

from coaching_stats.errors import DesignError
from coaching_stats.hypotheses import Study
from coaching_stats.note_texts import in_finnish
from coaching_stats.theory import load_study
from coaching_stats.verdicts import judge_tables
from coaching_stats.worlds import simulate

STUDY = load_study()
N_BOOT = 2_000
ALL = {"supported", "contradicted", "inconclusive", "not testable"}


def only_g2(*names):
    """Some hypotheses without the gates that a small survey is closed by first."""
    study = only(*names)
    kept = tuple(replace(h, gates=("G2",)) for h in study.hypotheses)
    return replace(study, hypotheses=kept)


def judged(tables, study: Study = STUDY):
    return judge_tables(tables, study, 1, n_splits=3, n_boot=N_BOOT)[1]


@cache
def nine_firms():
    return simulate("theory", firms=9, teams=2, sellers=8, seed=1)


def with_items(tables, table, changes):
    """Tables in which scales answer otherwise: a number for all, or what another scale says."""
    frame = tables[table].copy()
    letter = table[0].upper()
    for key, by in changes.items():
        items = [c for c in frame if c.startswith(f"{letter}_{key}") and c[-1].isdigit()]
        for number, item in enumerate(items, start=1):
            frame[item] = by if isinstance(by, int) else frame[f"{letter}_{by}{number}"]
    return {**tables, table: frame}


def same_but_for_one(tables, key):
    """All managers say 4 but the first one, none of whose sellers answers."""
    changed = with_items(tables, "manager_survey", {key: 4})
    managers, sellers = changed["manager_survey"], changed["seller_survey"]
    first = managers["team_id"].iloc[0]
    items = [c for c in managers if c.startswith(f"M_{key}")]
    managers.loc[managers["team_id"] == first, items] = 6
    return {**changed, "seller_survey": sellers[sellers["team_id"] != first]}


def failed(verdict):
    return {(check.gate, check.what) for check in verdict.checks if check.status == "fail"}


def share_with_enough(n_units, least):
    """Chance that n - 1 draws from n units give at least so many different ones, counted."""
    drawn, whole = n_units - 1, n_units ** (n_units - 1)
    chance = 0
    for different in range(least, drawn + 1):
        onto = sum(
            (-1) ** j * comb(different, j) * (different - j) ** drawn for j in range(different)
        )
        chance += comb(n_units, different) * onto
    return chance / whole


def test_a_chain_that_too_few_resamples_carry_is_not_testable_and_all_else_is_judged():
    """Teams are independent here, and seven coefficients need seven different ones."""
    verdicts = judged(nine_firms())
    chain, link = verdicts["H5"], verdicts["H3"]
    assert (chain.verdict, chain.gates, chain.legs) == ("not testable", ["G2"], ())
    (check,) = [check for check in chain.checks if check.what == "resamples"]
    n_teams = next(c.value for c in chain.checks if (c.gate, c.what) == ("G2", "teams"))
    expected = share_with_enough(int(n_teams), 7)
    assert abs(check.value - expected) < 4 * np.sqrt(expected * (1 - expected) / N_BOOT)
    assert check.value < check.fails_at == 0.95
    assert link.verdict in ALL - {"not testable"}


def test_its_reason_is_told_in_both_languages_and_with_the_licensed_sentence():
    verdicts = judged(nine_firms(), only("H5"))
    chain = verdicts["H5"]
    for language, number in (("en", "0.95 needed"), ("fi", "vähintään 0,95")):
        assert chain.reason(language).startswith("G2: ")
        assert number in chain.reason(language)
    assert chain.wording("en").endswith("; reason: G2.")
    (note,) = [n for n in verdicts.notes if "resamples cannot carry the model" in n]
    assert note.startswith("H5: ")
    assert "resamples" not in in_finnish(note.removeprefix("H5: "))
    assert verdicts.remedies().tidy()["hypotheses"].tolist() == ["H5"]


def test_a_hypothesis_that_cannot_be_computed_leaves_its_family_and_changes_no_other():
    columns = ["hypothesis", "verdict", "estimate", "conf_low", "p_value", "p_adjusted"]
    alone = judged(nine_firms(), only("H3", "H4")).tidy()[columns]
    beside = judged(nine_firms(), only("H3", "H4", "H5")).tidy()[columns]
    assert beside[:2].equals(alone)


@pytest.mark.parametrize("firms", [8, 12])  # independent teams, and teams clustered by firm
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: same_but_for_one(t, "LAT"), "LAT does not vary"),
        (lambda t: same_but_for_one(t, "WKL"), "WKL does not vary"),
    ],
)
def test_a_scale_that_says_nothing_new_closes_what_needs_it(firms, change, said):
    """H2 has the product of SPR and LPR, and holds WKL constant; H9 has none of them."""
    tables = simulate("theory", firms=firms, teams=3, sellers=8, seed=5)
    verdicts = judged(change(tables), only_g2("H2", "H9"))
    assert failed(verdicts["H2"]) == {("G2", "model")}
    assert verdicts["H2"].reason("fi").startswith("G2: ")
    (note,) = [note for note in verdicts.notes if said in note]
    assert note.startswith("H2: ")
    assert in_finnish(note.removeprefix("H2: "))
    assert verdicts["H9"].legs


@pytest.mark.parametrize("firms", [8, 12])
def test_an_outcome_that_is_a_copy_of_its_cause_is_no_support(firms):
    """PREF and VAL of H9 are the answers to SWC: a slope of 1 without any error."""
    tables = simulate("theory", firms=firms, teams=3, sellers=8, seed=5)
    h9 = STUDY.hypothesis("H9")
    (leg,) = h9.legs
    alone = replace(h9, legs=(replace(leg, covariates=()),), gates=("G2",))
    study = replace(STUDY, hypotheses=(alone,), described=())
    copied = judged(with_items(tables, "seller_survey", {"PREF": "SWC"}), study)
    assert failed(copied["H9"]) == {("G2", "model")}
    (note,) = [n for n in copied.notes if "SWC repeats other variables exactly" in n]
    assert in_finnish(note.removeprefix("H9: "))
    assert judged(tables, study)["H9"].legs


def test_fewer_rows_than_coefficients_are_not_testable():
    h4 = STUDY.hypothesis("H4")
    more = ("RIG", "SKL", "BEL", "WKL", "AUT", "SWC", "VAL", "PREF", "DEPM", "CQL", "FORCE")
    legs = tuple(
        replace(leg, covariates=tuple(k for k in more if k not in leg.predictor)) for leg in h4.legs
    )
    h4 = replace(h4, legs=legs, gates=("G2",))
    study = replace(STUDY, hypotheses=(h4,), described=())
    tables = simulate("theory", firms=6, teams=2, sellers=8, seed=7)
    verdicts = judged(tables, study)
    assert failed(verdicts["H4"]) == {("G2", "model")}
    assert any("complete rows cannot carry" in note for note in verdicts.notes)


def test_over_waves_too_a_model_that_cannot_be_computed_closes_one_hypothesis():
    tables = simulate("theory", firms=12, teams=2, sellers=8, waves=2, seed=4)
    verdicts = judged(same_but_for_one(tables, "LAT"), only_g2("H3", "H9"))
    assert failed(verdicts["H3"]) == {("G2", "model")}
    assert verdicts["H9"].legs


@pytest.mark.parametrize("firms", [8, 12])
def test_one_scale_under_two_names_is_a_fault_of_the_file(firms):
    """Refused by name, as it has a remedy and no size would help; what does not use it is not."""
    tables = simulate("theory", firms=firms, teams=3, sellers=8, seed=5)
    twice = with_items(tables, "seller_survey", {"LPR": "SPR"})
    with pytest.raises(DesignError, match=r"^H2: .*SPR, LPR are linearly dependent"):
        judged(twice, only_g2("H2", "H9"))
    assert judged(twice, only_g2("H9"))["H9"].legs


def test_a_derived_variable_beside_its_parts_is_a_fault_of_the_study():
    """Beside one of them it is a model like any other."""
    h1 = STUDY.hypothesis("H1")
    (leg,) = h1.legs

    def beside(*covariates):
        changed = replace(h1, legs=(replace(leg, covariates=covariates),))
        sources = {**h1.split, "SPR": "seller", "LPR": "seller"}
        return replace(
            STUDY, hypotheses=(replace(changed, split=sources, same=sources),), described=()
        )

    tables = simulate("theory", firms=12, teams=3, sellers=8, seed=5)
    with pytest.raises(DesignError, match=r"^H1: .*RIG, SPR, LPR are linearly dependent"):
        judged(tables, beside("SPR", "LPR"))
    assert ("G2", "model") not in failed(judged(tables, beside("SPR"))["H1"])


@pytest.mark.parametrize(
    ("firms", "teams", "sellers"),
    [(2, 2, 4), (3, 3, 6), (6, 2, 3), (9, 2, 6), (10, 1, 5), (11, 1, 8), (12, 2, 2), (12, 3, 4)],
)
def test_small_surveys_get_every_verdict_with_gaps_too(firms, teams, sellers):
    tables = dict(simulate("theory", firms=firms, teams=teams, sellers=sellers, seed=firms))
    rng = np.random.default_rng(1)
    for name in ("seller_survey", "manager_survey"):
        items = [c for c in tables[name] if c[:2] in ("S_", "M_")]
        answers = tables[name][items].astype(float)
        tables[name] = tables[name].assign(**answers.mask(rng.random(answers.shape) < 0.3))
    for given in (simulate("theory", firms=firms, teams=teams, sellers=sellers, seed=2), tables):
        verdicts = judged(given)
        for verdict in (*verdicts.judged, *verdicts.described):
            assert verdict.verdict in ALL
            assert bool(verdict.gates) == (verdict.verdict == "not testable")
            assert verdict.reason("fi")
