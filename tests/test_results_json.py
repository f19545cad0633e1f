"""results.json: every number with an address, the same bytes for the same input."""

import getpass
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import fastjsonschema
import numpy as np
import pytest

from coaching_stats.results_json import numbers_by_address, results, results_text
from coaching_stats.study import run_study
from coaching_stats.study_file import PACKAGE
from coaching_stats.theory import load_study
from coaching_stats.worlds import simulate

COLUMNS = ("estimate", "conf_low", "conf_high", "p_value", "p_adjusted", "sesoi", "n", "clusters")


@cache
def run(seed=1):
    """A run of one hypothesis of each kind: slope, chain, joint, spread, and one closed."""
    study = load_study()
    kept = tuple(h for h in study.hypotheses if h.id in ("H1", "H6", "H7", "H10", "H14", "H16"))
    tables = simulate("theory", firms=12, teams=3, sellers=8, seed=3)
    del tables["process_inventory"]
    return run_study(tables, study=replace(study, hypotheses=kept), seed=seed)


def test_the_same_input_gives_the_same_bytes():
    first = results_text(run())
    run.cache_clear()
    assert results_text(run()) == first
    assert first.endswith("}\n")


def test_nothing_says_where_when_or_by_whom(tmp_path):
    text = results_text(run())
    assert str(tmp_path.parent) not in text
    assert "/" + getpass.getuser() not in text
    assert str(Path.cwd()) not in text


def test_every_number_of_the_table_of_verdicts_has_its_address():
    found = results(run())["estimates"]
    for row in run().tidy().to_dict("records"):
        for column in COLUMNS:
            value = found[f"{row['hypothesis']}.{column}"]
            if value is None:
                assert np.isnan(row[column])
            else:
                assert value == pytest.approx(row[column], rel=1e-11)


def test_legs_and_gates_have_addresses_of_their_own():
    found, verdicts = results(run())["estimates"], run().verdicts
    joint = [v for v in verdicts.judged if len(v.legs) > 1]
    assert joint
    for verdict in joint:
        for leg in verdict.legs:
            address = f"{verdict.hypothesis.id}.{leg.leg.name}"
            assert found[f"{address}.estimate"] == pytest.approx(leg.evidence.estimate, rel=1e-11)
            assert f"{address}.std_error" in found
    for verdict in verdicts.judged:
        for check in verdict.checks:
            value = found[f"{verdict.hypothesis.id}.{check.gate}.{check.what}.{check.about}"]
            assert (value is None) == np.isnan(check.value)
    assert "RIG_SWC.estimate" in found


def test_numbers_have_twelve_digits_at_most_and_are_json():
    text = results_text(run())
    for value in json.loads(text)["estimates"].values():
        if isinstance(value, float):
            assert value == float(f"{value:.12g}")


def test_words_are_those_of_the_verdicts():
    found = results(run())
    assert list(found["verdicts"]) == ["H1", "H6", "H7", "H10", "H14", "H16"]
    closed = found["verdicts"]["H16"]
    assert closed["verdict"] == "not testable"
    assert closed["reason"].startswith("not_measured: the data lack RSM_p")
    assert found["theory"]["wording"] == run().verdicts.theory.sentence("en")
    assert found["data"]["simulated"] is True
    assert set(found["data"]["sha256"]) == set(run().source.tables)


def test_rows_left_out_are_counted_by_reason_under_their_addresses():
    reasons = ("test", "no_consent", "no_consent")
    entries = [{"row": r, "respondent": "", "reason": why} for r, why in enumerate(reasons, 2)]
    of_rows = replace(run().receipt, rows_read=9, rows_kept=6, dropped=entries)
    known = numbers_by_address(results(replace(run(), receipt=of_rows)))
    assert [known[f"receipt.{what}"] for what in ("rows_read", "rows_kept", "dropped")] == [9, 6, 3]
    assert (known["receipt.dropped.no_consent"], known["receipt.dropped.test"]) == (2, 1)
    assert known["study.minimum_group"] == run().study.minimum_group


def test_another_seed_moves_only_what_is_random():
    one, other = results(run())["estimates"], results(run(2))["estimates"]
    assert one["H1.estimate"] == other["H1.estimate"]
    assert one["H10.estimate"] == other["H10.estimate"]
    assert one["H10.conf_low"] != other["H10.conf_low"]


@pytest.mark.parametrize("name", ["theory_run", "one_client_run", "attitude_run"])
def test_the_file_is_of_the_published_shape(name, request):
    path = PACKAGE / "schemas" / "results.schema.json"
    check = fastjsonschema.compile(json.loads(path.read_text(encoding="utf-8")))
    found = json.loads(results_text(request.getfixturevalue(name)))
    assert check(found) == found
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        check({**found, "made_by": "somebody"})
