"""Every note of the page has a Finnish sentence that says the same numbers."""

import ast
import re
from pathlib import Path
from string import Formatter

import pandas as pd
import pytest

import coaching_stats
from coaching_stats.cross_checks import quick_check
from coaching_stats.instrument import load_instrument
from coaching_stats.note_texts import NUMBER, in_finnish, twins
from coaching_stats.study import run_study
from coaching_stats.survey import read_survey
from coaching_stats.texts import texts
from coaching_stats.theory import load_study
from coaching_stats.verdicts import judge_tables
from coaching_stats.worlds import simulate

PACKAGE = Path(coaching_stats.__file__).parent
STUDY = load_study()
ITEMS = {item.name: item for item in load_instrument().items}
IDS = [h.id for h in STUDY.hypotheses]
SAMPLES = {"name": "SPR_m", "quoted": "'Tiimi'", "names": "T01, T02 and 4 more"}
SAMPLES |= {"choices": "S_MARK1 or M_MARK1", "note": "1 sellers left out: a value is missing"}
SPOKEN = {"'Tiimi'": "”Tiimi”", "T01, T02 and 4 more": "T01, T02 ja 4 muuta"}
SPOKEN |= {
    "S_MARK1 or M_MARK1": "S_MARK1 tai M_MARK1",
    "1 sellers left out: a value is missing": "1 myyjä jätettiin pois: jokin arvo puuttuu",
}

JOINTS = re.compile(  # where the code joins a note of several texts
    r"\. What to do: | ?\(|\) ?|: |; | left out| of which| hold |a cell"
    r"| and counts as|, and no item|, say "
)


def on_the_page(notes, ids=IDS):
    """What the page prints of notes: without the ids, and without warnings of gates."""
    for note in notes:
        name, _, text = note.partition(": ")
        said = text if name in ids else note
        if not re.match(r"G\d (warn|unknown): ", said):
            yield said


def numbers(text, language):
    """Every number of a text as in English; minus signs only where one stands before it."""
    plain = text.replace("−", "-").replace(" %", "%")
    if language == "fi":
        plain = re.sub(r"(?<=\d),(?=\d)", ".", plain)
    found = re.findall(r"(?<![\w.])-?\d*\.?\d+(?:e-?\d+)?", plain)
    return sorted(float(one) for one in found)


def judged(tables):
    return list(on_the_page(judge_tables(tables, STUDY, 1, n_splits=2, n_boot=100)[1].notes))


def two_waves(who):
    tables = simulate("theory", firms=12, teams=4, sellers=8, waves=2, seed=4)
    return judged({**tables, "teams": tables["teams"].assign(change_assigned_by=who)})


def without_facts():
    """No firms, some managers, no dates, and a process rated by two roles."""
    tables = dict(simulate("theory", firms=12, teams=2, sellers=5, seed=8))
    managers = tables["teams"]["manager_id"].where(tables["teams"].index > 4)
    tables["teams"] = tables["teams"].drop(columns="firm_id").assign(manager_id=managers)
    tables["seller_survey"] = tables["seller_survey"].drop(columns="completed_at")
    inventory = tables["process_inventory"]
    others = inventory.assign(rater_role="outsider")
    tables["process_inventory"] = pd.concat([inventory, others], ignore_index=True)
    return judged(tables)


def simulated(**design):
    return judged(simulate("theory", **design))


MADE = {  # how notes come about, and a note that must be among them
    "two waves": (lambda: two_waves("random"), "it was measured once"),
    "the manager decides": (lambda: two_waves("manager"), "decided by: manager"),
    "nobody knows who decides": (lambda: two_waves(None), "decided by: not recorded"),
    "a consultant decides": (lambda: two_waves("consultant"), "decided by: consultant"),
    "one firm, two waves": (
        lambda: simulated(firms=1, teams=20, sellers=6, waves=2, seed=3),
        "wild cluster bootstrap",
    ),
    "few firms": (lambda: simulated(firms=3, teams=12, sellers=6, seed=3), "firms held constant"),
    "small teams": (lambda: simulated(firms=2, teams=10, sellers=3, seed=3), "alone in their team"),
    "without facts": (without_facts, "roles kept apart"),
}


@pytest.mark.parametrize(("make", "fragment"), MADE.values(), ids=MADE)
def test_every_note_of_a_simulated_survey_is_said_in_finnish(make, fragment):
    notes = make()
    assert any(fragment in note for note in notes)
    assert [note for note in notes if in_finnish(note) is None] == []
    assert [n for n in notes if numbers(n, "en") != numbers(in_finnish(n), "fi")] == []


def told(run):
    """Notes that have a sentence here; that models disagree is said in both languages at once."""
    said_at_once = quick_check(run).disagreements
    return [note for note in run.notes if note not in said_at_once]


@pytest.mark.parametrize("name", ["theory_run", "one_client_run", "attitude_run", "lq2002_run"])
def test_every_note_of_the_sample_runs_is_said_in_finnish(name, request):
    run = request.getfixturevalue(name)
    notes = list(on_the_page(told(run), [h.id for h in run.study.hypotheses]))
    assert notes
    assert [note for note in notes if in_finnish(note) is None] == []
    assert [n for n in notes if numbers(n, "en") != numbers(in_finnish(n), "fi")] == []


def test_every_note_of_a_messy_export_is_said_in_finnish(tmp_path):
    """Words for numbers, a name and a phone number, columns of others, teams left empty."""
    tables = simulate("theory", firms=12, teams=1, sellers=6, seed=5)
    frame = tables["seller_survey"].drop(columns=["wave", "completed_at", "language"]).astype(str)
    words = {
        f"S_SPR{i}": frame[f"S_SPR{i}"].replace("7", "7 = Täysin samaa mieltä") for i in (1, 2)
    }
    frame = frame.assign(**words, Palaute="hyvä", **{"Team's mood": "ok"})
    frame["Sähköposti"] = [f"v{i}@example.com" for i in range(len(frame))]
    frame.loc[:2, "team_id"] = ""
    frame.iloc[5:9, frame.columns.get_indexer(["S_AUT1", "S_AUT2", "S_AUT3"])] = "4"
    path = tmp_path / "answers.csv"
    frame.replace("nan", "").to_csv(path, index=False)
    run = run_study(path)
    notes = list(on_the_page(told(run)))
    assert any("rows left out: no team_id" in note for note in notes)
    assert any("holds personal data" in note for note in notes)
    assert any("answers in words or codes" in note for note in notes)
    assert "”Team's mood”" in " ".join(filter(None, map(in_finnish, notes)))
    assert [note for note in notes if in_finnish(note) is None] == []
    assert [n for n in notes if numbers(n, "en") != numbers(in_finnish(n), "fi")] == []


def test_a_near_wording_is_proposed_in_finnish_too(tmp_path):
    near = ITEMS["S_SPR2"].text_en.replace("process", "processes")
    shared = ITEMS["S_MARK1"].text_en
    path = tmp_path / "a.csv"
    pd.DataFrame({"team": ["a", "b"], near: [3, 4], shared: [3, 4]}).to_csv(path, index=False)
    notes = read_survey(path).receipt.messages
    assert any("is near the wording of" in note for note in notes)
    assert any("may be S_MARK1 or M_MARK1" in note for note in notes)
    assert [note for note in notes if in_finnish(note) is None] == []


def filled(twin):
    """A sentence of its own for each pair: the English one, and what it must become."""
    english, finnish = {}, {}
    for place, (key, kind) in enumerate(twin.kinds.items()):
        if not isinstance(kind, str):
            english[key], finnish[key] = next(iter(kind.items()))
        elif kind == NUMBER:
            english[key], finnish[key] = f"-{place + 1}.5", f"−{place + 1},5"
        else:
            english[key] = SAMPLES[kind]
            finnish[key] = SPOKEN.get(SAMPLES[kind], SAMPLES[kind])
    plain = re.sub(r"\{(\w+):[^{}|]*\|([^{}]*)\}", r"{\1} \2", twin.finnish)
    return twin.english.format(**english), plain.format(**finnish)


@pytest.mark.parametrize("twin", twins(), ids=[twin.english[:50] for twin in twins()])
def test_every_pair_is_found_by_a_sentence_of_its_own(twin):
    english, finnish = filled(twin)
    assert in_finnish(english) == finnish
    assert numbers(english, "en") == numbers(finnish, "fi")


def test_both_sentences_of_a_pair_have_the_same_places():
    def places(text):
        return sorted(name for _, name, _, _ in Formatter().parse(text) if name)

    assert [t.english for t in twins() if places(t.english) != places(t.finnish)] == []
    assert len({t.english for t in twins()}) == len(twins())


def constants():
    """Every text in the code of the package, one a line."""
    files = [path for path in PACKAGE.glob("*.py") if path.name != "note_texts.py"]
    found = [(PACKAGE / "texts.en.yml").read_text(encoding="utf-8")]
    for path in files:
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        found += [
            n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)
        ]
    return "\n".join(found)


def test_every_english_sentence_is_one_that_the_code_says():
    """A note that is worded anew in the code must be worded anew in the file."""
    said, stale = constants(), []
    for twin in twins():
        for text, *_ in Formatter().parse(twin.english):
            parts = [part.strip(" .,") for part in JOINTS.split(text)]
            stale += [(twin.english, part) for part in parts if part not in said]
    assert stale == []


TELLING = ("panel", "respondents", "team_records", "verdicts")  # whose notes stand on the page
REFUSING = ("condition", "models", "resampling", "rollout", "samples")  # and refusals
REFUSALS = ("DesignError", "TooFewResamples")


def spoken(module):
    """What a module adds to the notes, or refuses with a DesignError."""
    for call in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        named = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
        is_note = module in TELLING and named in ("notes.append", "lines.append")
        if is_note or (module in REFUSING and named in REFUSALS):
            yield from (n.value for n in ast.walk(call) if isinstance(n, ast.Constant))


@pytest.mark.parametrize("module", [*TELLING, *REFUSING])
def test_what_the_code_says_has_a_finnish_sentence(module):
    """A note that is added to the code must be added to the file."""
    known = "\n".join(twin.english for twin in twins())
    texts_of = [text.strip(" :") for text in spoken(module) if isinstance(text, str)]
    said = [text for text in texts_of if len(text.split()) > 4]
    assert said
    assert [text for text in said if text not in known] == []


def test_words_of_the_texts_are_the_words_of_the_notes():
    english, finnish = texts("en"), texts("fi")
    no_graph = in_finnish(english["adjustment"]["no_graph"])
    assert no_graph == finnish["adjustment"]["no_graph"]
    said = in_finnish(english["sesoi_changed"].format(was=".20", now=".15"))
    assert said == finnish["sesoi_changed"].format(was="0,20", now="0,15")


@pytest.mark.parametrize(
    ("english", "finnish"),
    [
        ("1 teams left out: too few respondents", "1 tiimi jätettiin pois: vastaajia"),
        ("2 teams left out: too few respondents", "2 tiimiä jätettiin pois: vastaajia"),
        (
            "nan% of the people of the first wave are not in the second; 3 people of the second "
            "were not in the first",
            "– % puuttuu",
        ),
        (
            "22% of the people of the first wave are not in the second; 3 people of the second "
            "were not in the first",
            "vastaajista 22 % puuttuu",
        ),
        ("4 rows left out: no team_id (row 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 1 more)", "ja 1 muu)"),
    ],
)
def test_numbers_and_words_agree(english, finnish):
    assert finnish in in_finnish(english)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "something new",
        "many teams left out: a value is missing",
        "judged from the first wave: something new",
        "6 teams left out: a value is missing, and something new",
    ],
)
def test_what_is_not_known_is_left_to_the_english_sentence(note):
    assert in_finnish(note) is None
