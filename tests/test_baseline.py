"""Today's code finds on every sample study what the committed results say."""

import json
from pathlib import Path

import pytest

from coaching_stats.differences import (
    CLAIMS,
    NUMBERS,
    PROVENANCE,
    WORDS,
    compare_results,
    load_results,
)
from coaching_stats.differences_in_words import sentences
from coaching_stats.results_json import results_text

BASELINE = Path(__file__).parent / "baseline"
NAMES = ("sample", "one_client", "attitude", "lq2002")
RUNS = {"sample": "theory_run"}
TINY = 1e-6, 1e-8  # of a number's size, and near zero: other machines add up in another order
REMEDY = "if that is meant: make baseline, and CHANGELOG.md under Numbers that changed"


def is_more_than_tiny(change):
    """Whether a change is more than another machine's rounding."""
    if change.kind == PROVENANCE:
        return False
    if change.kind != NUMBERS or None in (change.old, change.new):
        return True
    return change.new != pytest.approx(change.old, rel=TINY[0], abs=TINY[1])


def test_every_sample_study_has_a_baseline():
    assert {path.stem for path in BASELINE.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_today_is_as_the_baseline(name, request):
    run = request.getfixturevalue(RUNS.get(name, f"{name}_run"))
    old = load_results(BASELINE / f"{name}.json")
    found = compare_results(old, json.loads(results_text(run)))
    moved = [change for change in found.changes if is_more_than_tiny(change)]
    assert not moved, "\n".join((*sentences(found), REMEDY))


@pytest.mark.parametrize(
    ("place", "key", "change", "kinds"),
    [
        ("estimates", "H1.estimate", lambda x: x * (1 + 1e-5), {NUMBERS}),
        ("estimates", "H1.n", lambda n: n + 1, {NUMBERS}),
        ("estimates", "H1.estimate", lambda x: -x, {NUMBERS, CLAIMS}),
        ("theory", "wording", str.upper, {WORDS}),
    ],
)
def test_what_moves_is_seen(place, key, change, kinds):
    """The test above would pass for ever if nothing were more than tiny."""
    old, new = (load_results(BASELINE / "sample.json") for _ in range(2))
    new[place][key] = change(new[place][key])
    found = compare_results(old, new).changes
    assert {change.kind for change in found if is_more_than_tiny(change)} == kinds


def test_the_baseline_was_made_from_the_data_of_this_repository():
    sums = (BASELINE.parents[1] / "data" / "CHECKSUMS").read_text(encoding="utf-8")
    digests = {line.split()[0] for line in sums.splitlines()}
    for name in NAMES:
        assert set(load_results(BASELINE / f"{name}.json")["data"]["sha256"].values()) <= digests
