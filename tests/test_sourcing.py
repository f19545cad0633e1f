"""Who supplies each variable of a prediction, and who shares a respondent with whom."""

from dataclasses import replace
from itertools import product

import pytest

from coaching_stats.sourcing import focal, share_respondent, sourcing, variables
from coaching_stats.theory import load_study

STUDY = load_study()


def columns(name, *, is_split=True, leg=0):
    """Score column of every variable of one leg, None where there are no such sources."""
    hypothesis = STUDY.hypothesis(name)
    leg = hypothesis.legs[leg]
    sources = sourcing(hypothesis, leg, STUDY, is_split=is_split)
    if sources is None:
        return None
    return {part: sources.column(key, part) for key, part in sources.source}


def test_covariates_without_a_source_come_from_where_the_conventions_say():
    assert columns("H1") == {
        "WTC": "WTC_m",
        "SPR": "SPR_s",
        "LPR": "LPR_s",
        "SKL": "SKL_s",
        "BEL": "BEL_m",
        "WKL": "WKL_m",
    }
    assert columns("H1", is_split=False)["SPR"] == "SPR_m"
    assert columns("H9", is_split=False)["MARK"] == "MARK_s"  # from the outcome's source
    assert columns("H16")["OBS"] == "OBS_p"
    assert columns("H16")["SPR"] == "SPR_p"


def test_sources_of_a_later_wave_are_not_there_in_one_wave():
    for name in ("H9", "H10", "H17", "H18"):
        assert columns(name) is None
        assert columns(name, is_split=False) is not None


def test_what_has_no_same_respondent_fallback_has_none():
    assert columns("H13", is_split=False) is None
    assert columns("H19", is_split=False) is None


def test_a_managers_one_answer_is_no_outcome_within_the_team():
    assert columns("H14", is_split=False, leg=0)["CFRQ"] == "CFRQ_m"
    assert columns("H14", is_split=False, leg=1)["CFRQ"] == "CFRQ_s"


def test_sharing_a_respondent_is_mutual_and_halves_share_with_all_but_each_other():
    sources = ("seller", "seller_a", "seller_b", "manager", "process_inventory", "records")
    for one, other in product(sources, repeat=2):
        shared = share_respondent(one, other)
        assert shared == share_respondent(other, one)
        assert shared == (one[:6] == other[:6] and {one, other} != {"seller_a", "seller_b"})


@pytest.mark.parametrize("name", [h.id for h in STUDY.hypotheses])
def test_every_variable_of_every_prediction_has_one_source(name):
    hypothesis = STUDY.hypothesis(name)
    for leg in hypothesis.legs:
        found = [sourcing(hypothesis, leg, STUDY, is_split=split) for split in (True, False)]
        assert any(found)
        for sources in filter(None, found):
            assert {key for key, _ in sources.source} == set(variables(leg))
        assert set(focal(leg)) <= set(variables(leg))


def test_sources_named_neither_split_nor_same_are_the_first_form():
    bare = replace(STUDY.hypothesis("H3"), split=None, same=None)
    assert sourcing(bare, bare.legs[0], STUDY, is_split=True) is None
    sources = sourcing(bare, bare.legs[0], STUDY, is_split=False)
    assert sources.column("INF", "INF") == "INF_s"
    assert sources.column("LAT", "LAT") == "LAT_m"
