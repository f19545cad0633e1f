"""The questionnaire is whole, and says of each item what scoring needs."""

from collections import Counter

import pytest

from coaching_stats.errors import DataError
from coaching_stats.instrument import ATTENTION_KEYS, load_instrument


def test_every_form_has_all_its_items():
    forms = Counter(item.form for item in load_instrument().items)
    assert forms == {"seller": 68, "manager": 37, "process_inventory": 24}


def test_names_are_unique_and_say_the_form():
    names = [item.name for item in load_instrument().items]
    assert len(set(names)) == len(names)
    first = {"seller": {"S"}, "manager": {"M"}, "process_inventory": {"P"}}
    for form, letters in first.items():
        assert {i.name[0] for i in load_instrument().items if i.form == form} == letters


def test_items_of_a_scale_come_in_the_order_in_which_they_are_asked():
    items = load_instrument().of("SPR", "seller")
    assert [item.name for item in items] == ["S_SPR1", "S_SPR2", "S_SPR3", "S_SPR4"]
    assert [item.is_reversed for item in items] == [False, False, True, False]
    assert [item.is_core for item in items] == [True, True, True, False]


def test_a_construct_that_a_form_does_not_ask_has_no_items():
    assert load_instrument().of("LAT", "seller") == ()


def test_scales_that_are_not_agreement_keep_their_own_ends():
    days = load_instrument().item("S_LOC1")
    assert (days.scale_min, days.scale_max) == (0, 5)


@pytest.mark.parametrize("language", ["en", "fi"])
def test_every_item_is_worded_in_both_languages(language):
    unworded = [i.name for i in load_instrument().items if not getattr(i, f"text_{language}")]
    assert unworded == []


def test_the_finnish_wording_keeps_its_letters():
    assert "myyntiprosessista" in load_instrument().item("S_SPR2").text_fi
    assert "Jos joku poikkeaa sovitusta" in load_instrument().item("S_SPR2").text_fi
    assert "vietävä läpi" in load_instrument().item("S_SPR1").text_fi


def test_every_attention_check_has_a_key_that_its_scale_offers():
    checks = [item for item in load_instrument().items if item.construct == "ATT"]
    assert {item.name for item in checks} == set(ATTENTION_KEYS)
    assert all(i.scale_min <= ATTENTION_KEYS[i.name] <= i.scale_max for i in checks)


def test_an_unknown_item_is_refused_with_the_nearest_name():
    with pytest.raises(DataError, match="did you mean 'S_SPR1'"):
        load_instrument().item("S_SRP1")
