"""Both languages say the same things: the same keys and placeholders; numbers as readers write."""

import re
from pathlib import Path
from string import Formatter

import pytest

from coaching_stats.note_texts import twins
from coaching_stats.texts import LANGUAGES, number, texts
from coaching_stats.theory import load_study

ROOT = Path(__file__).parents[1]


def leaves(tree, place=""):
    """Every text by its address."""
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    else:
        return {place: str(tree)}
    return {k: v for key, value in items for k, v in leaves(value, f"{place}/{key}").items()}


def placeholders(text):
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name})


def test_both_languages_hold_the_same_keys():
    english, finnish = (leaves(texts(language)) for language in LANGUAGES)
    assert set(english) == set(finnish)


def test_both_languages_show_the_same_values():
    english, finnish = (leaves(texts(language)) for language in LANGUAGES)
    differ = [at for at in english if placeholders(english[at]) != placeholders(finnish[at])]
    assert differ == []


def test_finnish_is_not_left_in_english():
    """Words and symbols may be the same in both; whole sentences may not."""
    english, finnish = (leaves(texts(language)) for language in LANGUAGES)
    same = [at for at, text in english.items() if text == finnish[at] and text.count(" ") >= 2]
    assert same == []


# One Finnish word for one thing, as the glossary has it, and the words that stand for it no more.
CHOSEN = {
    "tulos": r"tuomio|päätelm",
    "vakioitava muuttuja": r"kovariaat",
    "selitettävä muuttuja": r"lopputulo|tulosmuuttuj",
    "selittävä muuttuja": r"\bselittäj",
    "mittauskerta": r"\baal(to|lo)|\bmittaukse",
    "vastausprosentti": r"vastausaste(?!ik)|vastausosuu",
    "syyverkko": r"syygraaf|kausaali|syy-verk",
    "vastaavuustiedosto": r"vastaavuustaul",
    "estimaatti": r"\barvio(t|n)? (\{estimate\}|vaihtelee|tyypillisesti)",
    "pienin kiinnostava suuruus": r"kiinnostava\w* ko(ko|o)",
}


@pytest.mark.parametrize("word", CHOSEN)
def test_one_thing_has_one_finnish_word_on_the_page_and_in_the_glossary(word):
    notes = (twin.finnish for twin in twins())
    names = (construct.name_fi for construct in load_study().constructs.values())
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    said = [*leaves(texts("fi")).values(), *notes, *names, *glossary.splitlines()]
    assert [text for text in said if re.search(CHOSEN[word], text, re.IGNORECASE)] == []
    assert re.search(rf"\| {word}( \([^|]*\))? \|", glossary)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_claims_more_than_the_rules_allow(language):
    forbidden = r"\b(proves?|confirmed|causes?|no effect|todistaa|aiheuttaa|johtuu)\b"
    claims = {
        at: text
        for at, text in leaves(texts(language)).items()
        if at.split("/")[1] in ("licence", "theory", "verdicts", "verdict_meanings", "reasons")
    }
    assert len(claims) > 30
    assert [at for at, text in claims.items() if re.search(forbidden, text, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    ("value", "english", "finnish"),
    [
        (-0.345, "−0.34", "−0,34"),
        (-0.001, "0.00", "0,00"),
        (1234.5, "1234.50", "1234,50"),
        (float("inf"), "∞", "∞"),
        (float("nan"), "–", "–"),
    ],
)
def test_numbers_are_written_as_readers_write_them(value, english, finnish):
    assert (number(value, "en"), number(value, "fi")) == (english, finnish)


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="'sv'"):
        texts("sv")
