"""A mapping file: every key does what its page says, and no name in it is passed over."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from coaching_stats import cli
from coaching_stats.errors import DataError, StudyError
from coaching_stats.instrument import load_instrument
from coaching_stats.mapping import KEYS, load_mapping
from coaching_stats.respondents import DROP
from coaching_stats.study import judge
from coaching_stats.survey import read_survey

PAGE = Path(__file__).parents[1] / "docs" / "data-model.md"
ITEMS = {item.name: item for item in load_instrument().items}
# Row 4 repeats respondent b, row 5 is not of a known team.
ROWS = {
    "Vastaajan tunnus": ["a", "b", "b", "c"],
    "Tiimi": ["007", "007", "007", "008"],
    "Myyntitapauksemme on vietävä läpi samoin vaihein": ["5", "lähes aina", "7", "99"],
    "K2": ["5", "1", "2", "3"],
    "K3": ["7", "7", "6", "-9"],
    "Myynti, euroa": ["1,5", "2,25", "3", "99"],
    "STARTED": ["4/5/2026", "5/5/2026", "6/5/2026", ""],
}


@pytest.fixture(scope="module")
def section():
    """The section of the page on mappings."""
    return PAGE.read_text(encoding="utf-8").partition("## 6. Mapping file")[2]


@pytest.fixture
def folder(tmp_path, section):
    """The mapping of the page beside a text file, a workbook and a list of teams."""
    (example,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (tmp_path / "mapping.yml").write_text(example, encoding="utf-8")
    (tmp_path / "teams.csv").write_text("team\n007\n008\n", encoding="utf-8")
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "vienti.csv", sep=";", index=False, encoding="cp1252")
    with pd.ExcelWriter(tmp_path / "vienti.xlsx") as book:
        frame.head(1).to_excel(book, sheet_name="Muuta", index=False)
        frame.to_excel(book, sheet_name="Vastaukset", index=False)
    return tmp_path


def test_the_page_names_every_key(section):
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert tuple(rows) == KEYS
    (keep,) = re.findall(r"^\| `keep` \|.*$", section, re.MULTILINE)
    assert [word for word in re.findall(r"`(\w+)`", keep) if word in DROP] == list(DROP)


@pytest.mark.parametrize("file", ["vienti.csv", "vienti.xlsx"])
def test_the_mapping_of_the_page_does_what_it_says(folder, file):
    assert set(yaml.safe_load((folder / "mapping.yml").read_text(encoding="utf-8"))) == set(KEYS)
    answers = read_survey(folder / file, folder / "mapping.yml").answers
    assert answers["respondent"].tolist() == ["a", "b", "b", "c"]
    assert answers["S_SPR1"].tolist()[:3] == [5, 6, 7]
    assert answers["S_SPR1"].isna().tolist() == [False, False, False, True]
    assert answers["S_SPR3"].isna().tolist() == [False, False, False, True]
    assert answers["SALES"].tolist()[:3] == [1.5, 2.25, 3]
    assert answers["STARTED"].tolist()[:3] == ["2026-05-04", "2026-05-05", "2026-05-06"]


@pytest.mark.parametrize(
    ("key", "value", "fragment"),
    [
        ("labels", None, "row 3: 'lähes aina'"),
        ("missing", None, "S_SPR1, row 5: 99"),
        ("scales", {"S_SPR2": [2, 5]}, "S_SPR2, row 3: 1 .from 2 to 5"),
        ("decimal", ".", "do not fit decimal"),
        ("day_first", None, "day_first: true"),
        ("keep", None, "row 3: b, row 4: b"),
        ("sheet", None, "Vastaukset"),
        ("types", {"SALES": "date", "STARTED": "date"}, "row 2: '1"),
    ],
)
def test_no_key_of_the_page_could_be_left_out(folder, key, value, fragment):
    path = folder / "mapping.yml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**raw, key: value}, allow_unicode=True), encoding="utf-8")
    file = "vienti.xlsx" if key == "sheet" else "vienti.csv"
    with pytest.raises(DataError, match=fragment):
        read_survey(folder / file, path)


def test_teams_that_are_not_known_are_refused(folder):
    (folder / "teams.csv").write_text("team\n007\n", encoding="utf-8")
    with pytest.raises(DataError, match="row 5: '008'"):
        read_survey(folder / "vienti.csv", folder / "mapping.yml")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("columns: {S_SPR11: K2}", "'S_SPR11'; did you mean 'S_SPR1'"),
        ("columns: {S_QQQQ1: K2}", "called 'S_QQQQ1'"),
        ("columns: {P17_a: K2}", "'P17_a'; did you mean 'P7_a'"),
        ("columns: {team_idd: Tiimi}", "'team_idd'; did you mean 'team_id'"),
        ("columns: {Team: Tiimi}", "'Team'; did you mean 'team'"),
        ("columns: {SALES: 'Myynti, euroa'}\ntypes: {SALSE: number}", "'SALSE'; did you mean"),
        ("scales: {S_SPR11: [1, 5]}", "for no column, 'S_SPR11'"),
    ],
)
def test_a_name_that_is_none_of_ours_is_not_passed_over(folder, text, fragment):
    path = folder / "m.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=fragment):
        read_survey(folder / "vienti.csv", path)
    with pytest.raises(StudyError, match=fragment):
        load_mapping(path).renamed(pd.DataFrame(ROWS))


@pytest.mark.parametrize(
    "text",
    [
        "columns: {SALES: 'Myynti, euroa', PALAUTE: K2, P1_note: K3}",
        "columns: {S_OWN1: K2}\nscales: {S_OWN1: [1, 5]}",
        "columns: {teams: Tiimi}\ntypes: {teams: text}",
        "types: {S_LPR1: number}\nscales: {M_WTC1: [1, 5]}",  # one mapping for several files
    ],
)
def test_columns_of_ones_own_may_have_any_other_name(folder, text):
    path = folder / "m.yml"
    path.write_text(text, encoding="utf-8")
    mapping = load_mapping(path)
    assert set(mapping.columns) <= set(mapping.renamed(pd.DataFrame(ROWS)))


def test_a_mapping_that_is_not_there_is_named_with_what_to_do(tmp_path):
    with pytest.raises(StudyError, match=r"no mapping file 'm\.yml'.*check DATA --write-mapping"):
        load_mapping(tmp_path / "m.yml")


def test_a_mapping_named_without_a_folder_is_named_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError) as refused:
        load_mapping("m.yml")
    assert str(refused.value).count("m.yml") == 1
    with pytest.raises(StudyError, match=r"'m\.yml' \(client\)\."):
        load_mapping("client/m.yml")


def checked(monkeypatch, capsys, *words):
    monkeypatch.setattr("sys.argv", ["coaching-stats", "check", *map(str, words)])
    code = cli.guarded(cli.app)
    return code, capsys.readouterr()


def test_a_mapping_is_proposed_where_it_is_needed_most(folder, monkeypatch, capsys):
    """Answers that cannot be read are named as ever, and the columns are proposed nevertheless."""
    made, data = folder / "made.yml", folder / "coded.csv"
    pd.DataFrame({"Tiimi": ROWS["Tiimi"], "S_SPR1": list(ROWS.values())[2]}).to_csv(data)
    words = (data, "--write-mapping", made, "--json", folder / "receipt.json")
    code, said = checked(monkeypatch, capsys, *words)
    assert (code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "row 3: 'lähes aina'" in said.err
    assert "made.yml" in said.err
    assert not (folder / "receipt.json").exists()
    proposed = yaml.safe_load(made.read_text(encoding="utf-8"))
    assert proposed["columns"]["team"] == "Tiimi"
    assert "decimal" not in proposed
    made.write_text("mine", encoding="utf-8")
    code, again = checked(monkeypatch, capsys, *words)
    assert (code, made.read_text(encoding="utf-8")) == (2, "mine")
    assert again.err.startswith(said.err.partition(" A mapping")[0])
    assert "made.yml' is there already" in again.err


def test_a_wording_of_both_forms_is_asked_for_where_a_scale_lacks_it():
    """Items of both forms are there by code; the wording may be the seller's or the manager's."""
    shared = ITEMS["S_JS3"].text_fi
    assert shared == ITEMS["M_JS2"].text_fi
    frame = pd.DataFrame({"team": ["1", "2"], "S_SPR1": [3, 4], "M_JS1": [3, 4], shared: [5, 6]})
    with pytest.raises(DataError, match=f"'{shared}' may be S_JS3 or M_JS2.*say which in the map"):
        judge(frame)
    with pytest.raises(DataError, match="the scale SPR lacks S_SPR2"):
        judge(frame.rename(columns={shared: "M_JS2"}))
