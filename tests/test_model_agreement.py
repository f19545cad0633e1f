"""What counts as agreement, and how a disagreement is put into words."""

from dataclasses import replace

import pytest

from coaching_stats.model_agreement import Checked, CrossChecks
from coaching_stats.models import Estimated
from coaching_stats.results import COLUMNS
from coaching_stats.rules import Decision
from coaching_stats.theory import load_study

H3 = load_study().hypothesis("H3").legs[0]
NAN = float("nan")
LINEAR = Checked(
    "H3",
    "H3",
    "linear",
    H3,
    Estimated(0.5, 0.1, 40.0),
    Decision("supported", "large_enough"),
    None,
    134,
    50,
)


def other(value, std_error, verdict, code):
    decision = Decision(verdict, code)
    return replace(
        LINEAR, model="ordinal", estimate=Estimated(value, std_error, 40.0), decision=decision
    )


def both(one, linear=LINEAR):
    return CrossChecks((linear, one), 200, ())


@pytest.mark.parametrize(
    ("one", "agrees", "words"),
    [
        (other(0.4, 0.1, "supported", "large_enough"), True, ()),
        (other(0.3, 0.2, "inconclusive", "wide_ci"), True, ("[−0.10, 0.70] includes 0",)),
        (other(0.1, 0.01, "contradicted", "ruled_out"), False, ("“contradicted”", "“supported”")),
        (other(0.15, 0.05, "inconclusive", "below_sesoi"), True, ("“inconclusive”", "0.15")),
        (other(-0.3, 0.1, "contradicted", "reversed"), False, ("opposite sign (−0.30",)),
    ],
)
def test_agreement_is_the_sign_and_not_the_opposite_verdict(one, agrees, words):
    found = both(one)
    assert found.tidy()["agrees"].tolist() == [True, agrees]
    assert len(found.disagreements) == bool(words)
    assert all(word in found.disagreements[0] for word in words)


def test_support_that_the_linear_model_lacks_is_told():
    open_one = replace(
        LINEAR, estimate=Estimated(0.3, 0.2, 40.0), decision=Decision("inconclusive", "wide_ci")
    )
    (sentence,) = both(other(0.4, 0.1, "supported", "large_enough"), open_one).disagreements
    assert "does not include 0 where the linear one does" in sentence


def test_opposite_signs_around_zero_are_told_to_be_open():
    near = replace(LINEAR, estimate=Estimated(0.02, 0.1, 40.0))
    found = both(other(-0.02, 0.1, "inconclusive", "wide_ci"), near)
    assert "both include 0" in found.disagreements[0]
    assert found.tidy()["agrees"].tolist() == [True, False]


def test_a_model_without_an_estimate_neither_agrees_nor_disagrees():
    missing = replace(LINEAR, model="logistic", estimate=Estimated(NAN, NAN, NAN), decision=None)
    found = both(missing)
    row = found.tidy().iloc[1]
    assert row[["agrees", "estimate"]].isna().all()
    assert (row["sign"], row["verdict"]) == ("", "")
    assert "H3: the logistic model gives no estimate" in found.disagreements[0]
    assert found.glance()[["n_agree", "n_without"]].iloc[0].tolist() == [0, 1]


def test_both_languages_have_the_same_sentences():
    found = both(other(0.3, 0.2, "inconclusive", "wide_ci"))
    (finnish,) = found.sentences("fi")
    assert "järjestysasteikon malli" in finnish
    assert "[−0,10; 0,70]" in finnish


def test_the_columns_of_every_result_come_first():
    table = both(other(0.4, 0.1, "supported", "large_enough")).tidy()
    assert tuple(table.columns[:8]) == COLUMNS
    assert table["p_value"][0] == pytest.approx(LINEAR.estimate.p_value)
    assert tuple(CrossChecks((), 0, ()).tidy().columns) == tuple(table.columns)
