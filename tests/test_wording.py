"""Only licensed sentences are printed, the same strength in both languages."""

import re
from dataclasses import replace
from itertools import product

import pytest

from coaching_stats.texts import texts
from coaching_stats.theory import load_study
from coaching_stats.wording import leg_name, sentence, term_name

H1 = load_study().hypothesis("H1")
VERDICTS = ("supported", "contradicted", "inconclusive", "not testable")


def keys(node, path=""):
    """Every address in a nested text file, with the placeholders of its text."""
    if isinstance(node, dict):
        return {k: v for name, sub in node.items() for k, v in keys(sub, f"{path}.{name}").items()}
    if isinstance(node, list):
        return {path: len(node)}
    return {path: sorted(re.findall(r"\{(\w+)\}", str(node)))}


def test_both_languages_have_the_same_keys_and_placeholders():
    assert keys(texts("en")) == keys(texts("fi"))


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="'sv'"):
        texts("sv")


def test_the_licence_word_by_word():
    claim = (
        "the more rigid the sales and leadership processes of a team, the less willing its manager "
        "is to coach"
    )
    assert sentence(H1, "supported", "C", [], "en") == (
        f"Supported as an association across separate sources: {claim}. Direction is not shown."
    )
    assert sentence(H1, "not testable", "C", ["G1"], "en") == (
        f"This study cannot test whether {claim}; reason: G1."
    )
    assert sentence(H1, "inconclusive", "D", [], "fi") == (
        "Aineisto ei ratkaise, pitääkö paikkansa, että mitä jäykemmät tiimin myynti- ja "
        "johtamisprosessit ovat, sitä haluttomampi esihenkilö on valmentamaan."
    )


LICENCE = {  # docs/decision-rules.md, section 4, word by word; any grade where none is named
    ("en", "supported", "A"): "Supported: in a roll-out design the data show that {H}.",
    ("en", "supported", "B"): "Supported over time: within teams, changes fit the claim that {H}.",
    ("en", "supported", "C"): "Supported as an association across separate sources: {H}. "
    "Direction is not shown.",
    ("en", "supported", "D"): "The answers are consistent with the claim that {H}; one respondent "
    "supplied both sides.",
    ("en", "contradicted", "A"): "Contradicted: the roll-out rules out an effect of the predicted "
    "size ({H}).",
    ("en", "contradicted", "B"): "Contradicted over time: within-team changes rule out the "
    "predicted size ({H}).",
    ("en", "contradicted", "C"): "Contradicted as an association: the predicted size is ruled out "
    "({H}).",
    ("en", "contradicted", "D"): "The answers do not fit the claim that {H}.",
    ("en", "inconclusive", ""): "These data do not decide whether {H}.",
    ("en", "not testable", ""): "This study cannot test whether {H}; reason: G1, G4.",
    ("fi", "supported", "A"): "Tukea saa: vaiheittaisen käyttöönoton aineisto osoittaa, että {H}.",
    ("fi", "supported", "B"): "Tukea saa ajassa: tiimien sisäiset muutokset sopivat väitteeseen, "
    "että {H}.",
    ("fi", "supported", "C"): "Tukea saa yhteytenä eri lähteiden välillä: {H}. Vaikutuksen suuntaa "
    "ei ole osoitettu.",
    ("fi", "supported", "D"): "Vastaukset sopivat väitteeseen, että {H}; sama vastaaja antoi "
    "molemmat tiedot.",
    ("fi", "contradicted", "A"): "Kumoutuu: käyttöönottoaineisto sulkee pois ennustetun suuruisen "
    "vaikutuksen ({H}).",
    ("fi", "contradicted", "B"): "Kumoutuu ajassa: tiimien sisäiset muutokset sulkevat pois "
    "ennustetun suuruuden ({H}).",
    ("fi", "contradicted", "C"): "Kumoutuu yhteytenä: ennustettu suuruus on poissuljettu ({H}).",
    ("fi", "contradicted", "D"): "Vastaukset eivät sovi väitteeseen, että {H}.",
    ("fi", "inconclusive", ""): "Aineisto ei ratkaise, pitääkö paikkansa, että {H}.",
    ("fi", "not testable", ""): "Tällä aineistolla ei voi testata, pitääkö paikkansa, että {H}; "
    "syy: G1, G4.",
}


@pytest.mark.parametrize(("language", "verdict", "grade"), LICENCE)
def test_each_sentence_is_the_licensed_one(language, verdict, grade):
    claim = H1.statement(language)
    claim = claim[0].lower() + claim[1:-1]
    expected = LICENCE[language, verdict, grade].replace("{H}", claim)
    for each in grade or "ABCD":
        assert sentence(H1, verdict, each, ["G1", "G4"], language) == expected


@pytest.mark.parametrize("grade", "ABCD")
def test_the_sentence_of_a_contradicted_equivalence_is_the_same_at_every_grade(grade):
    claim = H1.statement("fi")
    claim = claim[0].lower() + claim[1:-1]
    assert sentence(H1, "contradicted", grade, [], "fi", is_equivalence=True) == (
        f"Aineistossa näkyy merkittävän suuruinen vaikutus, vastoin väitettä, että {claim}."
    )


@pytest.mark.parametrize(
    ("language", "shared", "unknown"),
    [
        ("en", "one respondent supplied both sides.", "response rates are unknown."),
        ("fi", "sama vastaaja antoi molemmat tiedot.", "vastausprosentteja ei tunneta."),
    ],
)
def test_grade_d_for_want_of_response_rates_says_that_and_no_more(language, shared, unknown):
    """The same sentence up to its last clause; of the same respondent only where there is one."""
    usual = sentence(H1, "supported", "D", [], language)
    other = sentence(H1, "supported", "D", [], language, has_shared_respondent=False)
    assert usual.endswith(f"; {shared}")
    assert other == usual.replace(shared, unknown)


def test_without_response_rates_only_a_shared_respondent_is_called_one(lq2002_run):
    """Of soldiers: halves of a company answer for L1, the same soldiers for L2."""
    assert {lq2002_run.verdicts[name].grade for name in ("L1", "L2")} == {"D"}
    assert lq2002_run.verdicts["L1"].wording("en").endswith("; response rates are unknown.")
    assert lq2002_run.verdicts["L1"].wording("fi").endswith("; vastausprosentteja ei tunneta.")
    assert lq2002_run.verdicts["L2"].wording("en").endswith("one respondent supplied both sides.")


def test_who_answered_matters_to_no_other_sentence():
    for verdict, grade, language in product(VERDICTS, "ABCD", ("en", "fi")):
        if (verdict, grade) != ("supported", "D"):
            said = sentence(H1, verdict, grade, ["G1"], language)
            same = sentence(H1, verdict, grade, ["G1"], language, has_shared_respondent=False)
            assert said == same


def test_grade_d_never_says_supported():
    for hypothesis, is_shared in product(load_study().hypotheses, (True, False)):
        for language, word in (("en", "supported"), ("fi", "tukea")):
            said = sentence(
                hypothesis, "supported", "D", [], language, has_shared_respondent=is_shared
            )
            assert word not in said.lower()


@pytest.mark.parametrize("language", ["en", "fi"])
def test_nothing_is_proved_confirmed_or_caused_below_grade_a(language):
    forbidden = r"\b(proves?|confirmed|causes?|no effect|todistaa|aiheuttaa|johtuu)\b"
    for verdict, grade in product(VERDICTS, "BCD"):
        for hypothesis in load_study().hypotheses:
            said = sentence(hypothesis, verdict, grade, ["G1"], language)
            assert not re.search(forbidden, said, flags=re.IGNORECASE), said


def test_every_sentence_holds_the_claim_without_its_full_stop():
    for verdict, grade, language in product(VERDICTS, "ABCD", ("en", "fi")):
        claim = H1.statement(language)[1:].rstrip(".")
        assert claim in sentence(H1, verdict, grade, ["G1"], language)


def test_a_contradicted_equivalence_has_a_sentence_of_its_own():
    said = sentence(H1, "contradicted", "C", [], "en", is_equivalence=True)
    assert said.startswith("The data show an effect of a meaningful size, against the claim that")


@pytest.mark.parametrize("language", ["en", "fi"])
def test_parts_of_one_prediction_have_names_of_their_own(language):
    study = load_study()
    for hypothesis in study.hypotheses:
        names = [leg_name(leg, study, language) for leg in hypothesis.legs]
        assert len(set(names)) == len(names)
        for name, leg in zip(names, hypothesis.legs, strict=True):
            assert name.startswith(study.name(leg.predictor[0], language))
            assert f"→ {study.name(leg.outcome, language)}" in name


def test_a_part_says_where_on_the_third_variable_it_looks():
    study = load_study()
    high, every = study.hypothesis("H6").legs
    assert leg_name(high, study, "en").endswith("high)")
    assert leg_name(replace(high, at=-1.0), study, "en").endswith("low)")
    assert leg_name(replace(high, at=0.0), study, "en").endswith("middle)")
    assert "by “Manager's coaching skill”" in leg_name(every, study, "en")


def test_scores_are_named_and_other_terms_stay():
    study = load_study()
    assert term_name("LAT_m", study, "fi") == "Esihenkilön liikkumavara (esihenkilö)"
    assert term_name("RIG", study, "en") == "Process rigidity (both)"
    assert term_name("COMPID", study, "en") == "COMPID"
