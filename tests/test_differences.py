"""Two results.json beside each other: what counts as a changed claim, a moved number, the same."""

import copy
import json

import pytest

from coaching_stats import cli
from coaching_stats.differences import compare_results, load_results, same_number
from coaching_stats.differences_in_words import markdown, sentences
from coaching_stats.errors import DataError
from coaching_stats.results_json import results, results_text


@pytest.fixture(scope="module")
def found(theory_run):
    return json.loads(results_text(theory_run))


@pytest.fixture
def changed(found):
    """A copy to change; the original stays."""
    return copy.deepcopy(found)


@pytest.fixture
def diff(capsys, monkeypatch, tmp_path):
    """Run the command on two dicts; give exit code, stdout, stderr."""

    def command(old, new, *words):
        paths = [tmp_path / "old.json", tmp_path / "new.json"]
        for path, content in zip(paths, (old, new), strict=True):
            text = content if isinstance(content, str) else json.dumps(content)
            path.write_text(text, encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["coaching-stats", "diff", *map(str, [*paths, *words])])
        code = cli.guarded(cli.app)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def told(old, new, name):
    """The one sentence on a prediction."""
    said = [s for s in sentences(compare_results(old, new)) if s.startswith(f"{name}: ")]
    assert len(said) == 1
    return said[0]


def test_a_run_is_the_same_as_itself(found, changed, diff):
    assert compare_results(found, changed).changes == ()
    code, said, err = diff(found, changed)
    assert (code, err) == (0, "")
    assert "No verdict, no sign and no number changed" in said
    assert "Simulated data" in said


def test_the_last_digits_of_another_machine_are_no_difference(found, changed, diff):
    numbers = changed["estimates"]
    for address, value in numbers.items():
        if isinstance(value, float):
            numbers[address] = value * (1 + 3e-9)
    assert diff(found, changed)[0] == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (0.55, 0.55 * (1 + 2e-8), False),
        (1e-30, 2e-30, True),
        (134, 135, False),
        (134, 134, True),
        (None, None, True),
        (None, 0.5, False),
        (1, 1 + 5e-9, True),
    ],
)
def test_which_numbers_are_the_same(one, other, same):
    assert same_number(one, other) is same
    assert same_number(other, one) is same


def test_moved_numbers_are_told_with_the_digits_that_it_takes(found, changed, diff):
    numbers = changed["estimates"]
    numbers["H3.estimate"], numbers["H3.n"] = numbers["H3.estimate"] + 1e-4, 120
    code, said, _ = diff(found, changed)
    assert code == 1
    old, new = found["estimates"]["H3.estimate"], numbers["H3.estimate"]
    line = told(found, changed, "H3")
    assert line in said
    assert line.startswith("H3: still supported; estimate ")
    assert "n 134 → 120" in line
    shown = [float(part.split(" [")[0]) for part in line.split("estimate ")[1].split(" → ")[:2]]
    assert shown[0] != shown[1]
    assert shown == pytest.approx([old, new], abs=1e-3)


def test_numbers_beside_the_verdicts_that_come_or_go_are_no_claim(found, changed):
    """An earlier version may have had no address for what a page counts."""
    for page in ("rates.", "titles.", "scales."):
        changed["estimates"] = {
            at: x for at, x in changed["estimates"].items() if not at.startswith(page)
        }
    for old, new in ((found, changed), (changed, found)):
        differences = compare_results(old, new)
        assert differences.kind == "numbers"
        assert {c.hypothesis for c in differences.changes} == {"rates", "titles", "scales"}
    assert told(changed, found, "rates").startswith("rates: n_surveys – → 200, firms – → 50")


def test_another_promise_is_told(found, changed):
    changed["study"]["minimum_group"] = 7
    assert told(found, changed, "study") == "study: minimum_group 5 → 7"


def test_a_title_is_told_beside_a_promise(found, changed):
    changed["study"].update(minimum_group=7, title="Another")
    assert told(found, changed, "study").endswith("→ 'Another'")


def test_notes_that_come_and_go_are_told_one_by_one(found, changed):
    changed["notes"] = [*changed["notes"][1:], "A new one"]
    gone = repr(found["notes"][0])
    assert told(found, changed, "notes") == (
        f"notes: a note is gone: {gone}; a note is new: 'A new one'"
    )
    changed["notes"] = found["notes"][::-1]
    assert told(found, changed, "notes") == "notes: the same ones, in another order or number"


def test_failed_gates_are_the_reason_in_words(found, changed):
    changed["verdicts"]["H3"].update(verdict="not testable", reason="G1: 9 teams, 10 needed")
    assert "not testable (G1: 9 teams, 10 needed)" in told(found, changed, "H3")


def test_a_changed_verdict_is_told_with_its_reason_and_interval(found, changed, diff):
    reason = "wide_ci: 95 % CI includes 0"
    changed["verdicts"]["H3"].update(verdict="inconclusive", reason=reason, grade="D")
    changed["estimates"].update(
        {"H3.estimate": 0.31, "H3.conf_low": -0.02, "H3.conf_high": 0.64, "H3.sesoi": 0.3}
    )
    code, said, _ = diff(found, changed)
    assert code == 3
    line = told(found, changed, "H3")
    assert line in said
    assert line.startswith(
        "H3: supported → inconclusive (95 % CI includes 0); "
        "estimate 0.54 [0.37, 0.71] → 0.31 [−0.02, 0.64]"
    )
    assert "grade C → D" in line
    assert "sesoi 0.20 → 0.30" in line


def test_an_exploratory_hypothesis_is_named_as_one_and_never_as_a_claim(found, changed):
    changed["verdicts"]["H20"].update(verdict="inconclusive", reason="wide_ci: it is wide")
    changed["estimates"]["H19.n"] = 120
    assert told(found, changed, "H20") == (
        "H20: exploratory, no conclusion; by the rule supported → inconclusive (it is wide)"
    )
    assert told(found, changed, "H19") == "H19: exploratory, no conclusion; n 134 → 120"
    rows = markdown(compare_results(found, changed)).splitlines()
    (h19,) = [row for row in rows if row.startswith("| H19 ")]
    assert h19.split(" | ")[1] == "exploratory, no conclusion (contradicted by the rule)"


@pytest.mark.parametrize("address", ["H1.estimate", "H19.estimate", "RIG_SWC.estimate"])
def test_a_turned_sign_is_a_changed_claim(found, changed, diff, address):
    changed["estimates"][address] *= -1
    assert diff(found, changed)[0] == 3
    assert "the sign turned from " in told(found, changed, address.split(".")[0])


def test_the_sign_of_one_part_of_a_prediction_counts(found, changed, diff):
    part = next(a for a in found["estimates"] if a.startswith("H8.") and a.count(".") == 2)
    address = ".".join([*part.split(".")[:2], "estimate"])
    changed["estimates"][address] *= -1
    assert diff(found, changed)[0] == 3
    assert f"the {address.split('.')[1]} sign turned" in told(found, changed, "H8")


def test_a_sign_that_turns_within_rounding_is_no_change(found, changed, diff):
    found = copy.deepcopy(found)
    found["estimates"]["H1.estimate"], changed["estimates"]["H1.estimate"] = 1e-14, -1e-14
    assert diff(found, changed)[0] == 0


@pytest.mark.parametrize("name", ["H20", "RIG_SWC"])
def test_a_hypothesis_that_comes_or_goes_is_a_changed_claim(found, changed, diff, name):
    changed["verdicts"].pop(name, None)
    for address in [a for a in changed["estimates"] if a.startswith(f"{name}.")]:
        del changed["estimates"][address]
    assert diff(found, changed)[0] == 3
    assert told(found, changed, name) == f"{name}: no longer there"
    assert diff(changed, found)[0] == 3
    assert told(changed, found, name) == f"{name}: new"


def test_the_theory_as_a_whole_is_a_claim(found, changed, diff):
    changed["theory"].update(verdict="mixed", carrying=[])
    assert diff(found, changed)[0] == 3
    assert told(found, changed, "THEORY").startswith("THEORY: supported → mixed")


@pytest.mark.parametrize(
    ("where", "key", "value", "fragment"),
    [
        (("verdicts", "H4"), "wording", "Proven.", "'Proven.'"),
        (("verdicts", "H4"), "grade", "A", "grade C → A"),
        (("receipt",), "rows_kept", 1000, "rows_kept 1282 → 1000"),
        ((), "notes", [], "notes are gone: "),
        (
            ("data",),
            "simulated",
            False,
            "its data are simulated, the other does not",
        ),
    ],
)
def test_words_and_counts_do_not_change_in_silence(
    found, changed, diff, where, key, value, fragment
):
    place = changed
    for step in where:
        place = place[step]
    place[key] = value
    code, said, _ = diff(found, changed)
    assert code == 1
    assert fragment in said


def test_versions_seeds_and_hashes_are_named_and_change_no_claim(found, changed, diff):
    changed["dependencies"]["numpy"] = "9.9.9"
    changed["seed"] = 77
    changed["data"]["sha256"]["sellers.csv"] = "f" * 64
    code, said, _ = diff(found, changed)
    assert code == 0
    for fragment in ("→ 9.9.9", "seed: 1 → 77", f"→ {'f' * 12}"):
        assert fragment in said


def test_the_table_has_a_row_for_every_change_and_no_other(found, changed, diff, tmp_path):
    changed["verdicts"]["H3"].update(verdict="inconclusive", reason="a | b")
    changed["estimates"]["H1.n"] = 7
    path = tmp_path / "diff.md"
    assert diff(found, changed, "--markdown", path)[0] == 3
    text = path.read_text(encoding="utf-8")
    assert text == markdown(compare_results(found, changed))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert [row.split(" | ")[0].strip("| ") for row in rows[2:]] == ["H1", "H3"]
    assert {row.replace("\\|", "").count("|") for row in rows} == {7}
    assert "**supported → inconclusive**" in rows[3]
    assert "**134 → 7**" in rows[2]
    assert "Simulated data" in text


def test_the_frame_of_changes_holds_the_numbers_unrounded(found, changed):
    changed["estimates"]["H1.conf_low"] = -0.123456789012
    table = compare_results(found, changed).tidy()
    assert table[["hypothesis", "what", "kind", "new"]].values.tolist() == [
        ["H1", "conf_low", "numbers", -0.123456789012]
    ]


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        ("{", "is no JSON"),
        ('{"estimates": NaN}', "NaN stands in place of a number"),
        ("[]", "is not a results.json"),
        ("{}", "is not a results.json"),
    ],
)
def test_what_is_no_results_file_is_refused(found, diff, content, fragment):
    code, said, err = diff(found, content)
    assert (code, said) == (2, "")
    assert "new.json" in err
    assert fragment in err
    assert len(err.splitlines()) == 1


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"none\.json"):
        load_results(tmp_path / "none.json")


def test_reading_gives_what_was_written(theory_run, tmp_path):
    path = tmp_path / "results.json"
    path.write_text(results_text(theory_run), encoding="utf-8")
    assert load_results(path) == results(theory_run)
