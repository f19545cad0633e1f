"""A twin is read as the original is, and holds nobody's answers, names or ids."""

import numpy as np
import pandas as pd
import pytest

from coaching_stats.errors import DataError
from coaching_stats.panel import measure
from coaching_stats.study import run_study
from coaching_stats.survey import read_survey
from coaching_stats.theory import load_study
from coaching_stats.twin import twin
from coaching_stats.worlds import simulate

ITEMS = [f"S_{key}{i}" for key in ("SPR", "LPR", "SWC", "VAL") for i in (1, 2, 3, 4)]
LABELS = {1: "Täysin eri mieltä", 7: "Täysin samaa mieltä"}


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """A Finnish export: labels at the ends, decimal commas, e-mails, free text, sales."""
    survey = simulate("theory", firms=2, teams=6, sellers=10, seed=4)["seller_survey"]
    rng = np.random.default_rng(2)
    table = survey[["seller_id", "team_id", *ITEMS]].rename(
        columns={"seller_id": "Vastaajan tunnus", "team_id": "Tiimi"}
    )
    for item in ITEMS:
        table[item] = table[item].map(lambda x: LABELS.get(x, "" if x != x else f"{x:.0f}"))
    table["Tiimi"] = "Helsinki " + table["Tiimi"]
    table["Sähköposti"] = [f"etunimi.sukunimi{i}@yritys.fi" for i in range(len(table))]
    table["Sana on vapaa"] = [f"Vastaus numero {i}" for i in range(len(table))]
    table["Myynti"] = [f"{x:.1f}".replace(".", ",") for x in rng.lognormal(4, 1, len(table))]
    path = tmp_path_factory.mktemp("client") / "vienti.csv"
    table.to_csv(path, sep=";", index=False, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(export, tmp_path_factory):
    path = tmp_path_factory.mktemp("twin") / "twin.csv"
    result = twin(export, seed=3)
    path.write_text(result.text, encoding="utf-8")
    return path, result


def test_the_twin_is_read_as_the_original_is(export, made):
    one, other = read_survey(export), read_survey(made[0])
    assert list(one.answers[ITEMS]) == list(other.answers[ITEMS])
    assert len(one.answers) == len(other.answers)
    assert (one.receipt.delimiter, one.receipt.decimal) == (";", ",")
    assert (other.receipt.delimiter, other.receipt.decimal) == (";", ",")
    pd.testing.assert_series_equal(one.answers[ITEMS].mean(), other.answers[ITEMS].mean())
    pd.testing.assert_series_equal(
        one.answers[ITEMS].isna().sum(), other.answers[ITEMS].isna().sum()
    )
    sizes = [s.answers["team"].value_counts().to_list() for s in (one, other)]
    assert sizes[0] == sizes[1]


def test_nobody_is_in_the_twin(export, made):
    given = pd.read_csv(export, sep=";", dtype=str, keep_default_na=False)
    drawn = pd.read_csv(made[0], sep=";", dtype=str, keep_default_na=False)
    assert list(drawn) == list(given)
    rows = set(map(tuple, given[ITEMS].to_numpy()))
    assert not rows & set(map(tuple, drawn[ITEMS].to_numpy()))
    assert set(drawn["Sähköposti"]) == {""} == set(drawn["Sana on vapaa"])
    for column in ("Vastaajan tunnus", "Tiimi", "Myynti"):
        assert not set(given[column]) & set(drawn[column])
    assert "'Sähköposti', 'Sana on vapaa'" in made[1].notes[-1]


def test_numbers_that_few_share_are_means_of_five_neighbours(export, made):
    given, drawn = (read_survey(p).answers["Myynti"].sort_values() for p in (export, made[0]))
    first = given.to_numpy()[:5].mean()
    assert drawn.iloc[0] == pytest.approx(first, abs=0.06)
    assert drawn.value_counts().min() >= 5
    assert drawn.mean() == pytest.approx(given.mean(), abs=0.06)


def test_labels_stay_labels(made):
    cells = pd.read_csv(made[0], sep=";", dtype=str)[ITEMS]
    assert cells.isin(LABELS.values()).any().any()


def test_too_few_respondents_are_refused(export, tmp_path):
    few = tmp_path / "few.csv"
    few.write_text(
        "\n".join(export.read_text(encoding="utf-8").splitlines()[:13]), encoding="utf-8"
    )
    with pytest.raises(DataError, match="12 respondents are too few"):
        twin(few)


def test_what_a_team_has_one_value_of_has_one_in_the_twin_and_is_judged(tmp_path):
    panel = measure(simulate("theory", firms=4, teams=6, sellers=7, seed=4), load_study())
    scores = ["SPR_s", "LPR_s", "SKL_s", "INF_s"]
    facts = ["firm_id", "LAT_m", "BEL_m", "WKL_m", "WTC_m"]
    wide = panel.sellers[["seller_id", "team_id", *scores]].merge(
        panel.teams[["team_id", *facts]], on="team_id"
    )
    wide["LAT_m"] += wide["team_id"].factorize()[0] / 1000  # a value of its own for every team
    given, drawn = tmp_path / "wide.csv", tmp_path / "twin.csv"
    wide.to_csv(given, index=False)
    drawn.write_text(twin(given, seed=2).text, encoding="utf-8")
    run_study(drawn)
    by_team = pd.read_csv(drawn).groupby("team_id")[facts]
    assert (by_team.nunique(dropna=False) == 1).all(axis=None)
    assert by_team.first()["LAT_m"].value_counts().min() >= 5
