"""The process map: intervals over independent units, and no figure of too few raters."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from coaching_stats.errors import DataError, StudyError
from coaching_stats.process_inventory import read_inventory
from coaching_stats.process_map import process_map

ELEMENTS = ("P1", "P2")


def simulated(n_teams=8, per_team=4):
    """Ratings of two elements by one manager and some sellers of each team."""
    rng = np.random.default_rng(1)
    raters = [
        (f"T{team}", f"{role}{team}-{i}", role)
        for team in range(n_teams)
        for role, size in (("manager", 1), ("seller", per_team))
        for i in range(size)
    ]
    rows = []
    for (team, rater, role), element in product(raters, ELEMENTS):
        who = {"team_id": team, "rater_id": rater, "rater_role": role, "element": element}
        rows.append(who | {rating: int(rng.integers(1, 8)) for rating in "abcdefgh"})
    return pd.DataFrame(rows)


def cell(found, index, role, element="P1"):
    return found.tidy().set_index(["element", "role", "index"]).loc[(element, role, index)]


def of(ratings, role, element="P1"):
    return ratings[(ratings["rater_role"] == role) & (ratings["element"] == element)]


def test_managers_of_one_team_each_get_the_plain_t_interval():
    ratings = simulated()
    given = of(ratings, "manager")["d"]
    shown = cell(process_map(ratings), "obstacle", "manager")
    ends = stats.t.interval(0.95, len(given) - 1, given.mean(), stats.sem(given))
    assert_allclose(shown[["conf_low", "conf_high"]].astype(float), ends, rtol=1e-12)


def test_sellers_get_the_t_interval_of_their_team_means():
    ratings = simulated()
    means = of(ratings, "seller").groupby("team_id")["e"].mean()
    shown = cell(process_map(ratings), "avoidance_managers", "seller")
    assert shown["estimate"] == pytest.approx(means.mean())
    assert (shown["df"], shown["n"]) == (len(means) - 1, 32)
    assert shown["std_error"] == pytest.approx(stats.sem(means))


def test_the_difference_of_complete_pairs_is_the_paired_t_test():
    ratings = simulated()
    means = [of(ratings, r).groupby("team_id")["f"].mean() for r in ("manager", "seller")]
    shown = cell(process_map(ratings), "avoidance_sellers", "difference")
    paired = stats.ttest_rel(*means)
    interval = paired.confidence_interval(0.95)
    assert_allclose(shown[["conf_low", "conf_high"]].astype(float), interval, rtol=1e-12)


def test_the_difference_without_pairs_is_welch():
    ratings = simulated()
    is_seller = ratings["rater_role"] == "seller"
    ratings["team_id"] = ratings["team_id"].where(~is_seller, "S" + ratings["team_id"])
    ratings = ratings[~ratings["team_id"].isin(["ST0", "ST1"])]
    means = [of(ratings, r).groupby("team_id")["f"].mean() for r in ("manager", "seller")]
    interval = stats.ttest_ind(*means, equal_var=False).confidence_interval(0.95)
    shown = cell(process_map(ratings), "avoidance_sellers", "difference")
    assert_allclose(shown[["conf_low", "conf_high"]].astype(float), interval, rtol=1e-12)


def test_in_one_team_the_raters_are_the_units():
    ratings = simulated(n_teams=1, per_team=9)
    shown = cell(process_map(ratings), "support", "seller")
    given = of(ratings, "seller")["g"]
    assert (shown["df"], shown["std_error"]) == (8, pytest.approx(stats.sem(given)))


def test_teams_of_one_manager_are_one_unit():
    ratings = simulated()
    of_first = (ratings["rater_role"] == "manager") & ratings["team_id"].isin(["T0", "T1"])
    ratings.loc[of_first, "rater_id"] = "both"
    shown = cell(process_map(ratings), "obstacle", "manager")
    assert (shown["n"], shown["df"]) == (7, 6)


def test_rigidity_is_the_mean_of_a_b_and_turned_c():
    ratings = simulated(n_teams=6)
    manager = of(ratings, "manager")
    expected = ((manager["a"] + manager["b"] + 8 - manager["c"]) / 3).mean()
    assert cell(process_map(ratings), "rigidity", "manager")["estimate"] == pytest.approx(expected)


def test_intervals_cover_the_truth_as_often_as_they_say():
    """Sellers of a team resemble each other; each of many elements is a sample of its own."""
    rng, n_elements = np.random.default_rng(3), 600
    element, team, _ = (i.ravel() for i in np.indices((n_elements, 6, 5)))
    rater = np.tile(np.arange(30), n_elements)
    level = rng.normal(4, 0.7, (n_elements, 6))[element, team]
    d = np.clip(level + rng.normal(0, 0.7, len(level)), 1, 7)
    ratings = pd.DataFrame({"team_id": team, "rater_id": rater, "element": element, "d": d})
    names = {key: {"en": f"{key}", "fi": f"{key}"} for key in range(n_elements)}
    rows = process_map(ratings.assign(rater_role="seller"), elements=names).tidy()
    covered = ((rows["conf_low"] < 4) & (rows["conf_high"] > 4)).mean()
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / n_elements)


def test_order_of_rows_and_names_of_teams_do_not_matter():
    ratings = simulated()
    before = process_map(ratings).tidy()
    renamed = ratings.sample(frac=1, random_state=1).assign(
        team_id=lambda r: "X" + r["team_id"].str[::-1]
    )
    pd.testing.assert_frame_equal(process_map(renamed).tidy(), before)


def test_wide_and_long_say_the_same():
    ratings = simulated()
    who = ["team_id", "rater_id", "rater_role"]
    wide = ratings.pivot(index=who, columns="element", values=list("abcdefgh"))
    wide.columns = [f"{element}_{rating}" for rating, element in wide.columns]
    pd.testing.assert_frame_equal(
        process_map(wide.reset_index()).tidy(), process_map(ratings).tidy()
    )


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"P1_d": [3], "P22_a": [4]}, "P22_a; did you mean 'P2'"), ({"d": [3]}, "such as P1_a")],
)
def test_a_wide_table_without_known_elements_is_refused(columns, said):
    who = {"team_id": ["T1"], "rater_id": ["R1"], "rater_role": ["seller"]}
    with pytest.raises(DataError, match=said):
        process_map(pd.DataFrame(who | columns))


def test_figures_of_too_few_raters_are_not_shown_nor_what_gives_them_away():
    found = process_map(simulated(n_teams=4))
    rows = found.tidy().set_index("role")
    assert not rows.loc["manager", "is_shown"].any()
    assert rows.loc[["manager", "difference"], ["estimate", "conf_low", "n"]].isna().all(axis=None)
    assert rows.loc["seller", "is_shown"].all()
    assert any("12 of 24 figures" in note for note in found.notes)
    assert process_map(simulated(n_teams=4), minimum_group=4).tidy()["is_shown"].all()


def test_one_rating_by_all_is_not_shown_since_it_would_tell_each_answer():
    ratings = simulated()
    ratings.loc[ratings["rater_role"] == "manager", "d"] = 7
    found = process_map(ratings)
    hidden = found.tidy().query("not is_shown")
    assert set(hidden["index"]) == {"obstacle"}
    assert set(hidden["role"]) == {"manager", "difference"}
    assert found.readings()["manager", "P1"] == "alike"


def test_remarks_are_listed_where_enough_wrote_and_give_no_person_away():
    ratings = simulated().assign(note="")
    of_p1, of_p2 = (ratings.index[ratings["element"] == e] for e in ELEMENTS)
    ratings.loc[of_p1[:6], "note"] = ["f", "c", "call 040 123 4567", "a", "e", "b"]
    ratings.loc[of_p2[:4], "note"] = ["w", "x", "y", "z"]
    found = process_map(ratings)
    assert found.remarks.values.tolist() == [["P1", remark] for remark in "abcef"]
    assert sum("held back" in note for note in found.notes) == 2


@pytest.mark.parametrize(
    ("d", "e", "f", "reading"),
    [
        (6, 6, 2, "both"),
        (6, 2, 2, "obstacle"),
        (2, 2, 6, "resource"),
        (2, 2, 2, "neither"),
        (4, 2, 4, "unclear"),
    ],
)
def test_readings_follow_the_intervals(d, e, f, reading):
    ratings = simulated(n_teams=10)
    around = ratings["team_id"].str[1:].astype(int) % 3 - 1  # of teams that differ by a point
    ratings = ratings.assign(d=d + around, e=e + around, f=f + around)
    assert set(process_map(ratings).readings()["seller"]) == {reading}


def test_ranking_starts_with_the_greatest_obstacle_and_ends_with_what_is_not_shown():
    ratings = simulated()
    ratings = ratings[~((ratings["element"] == "P1") & (ratings["team_id"] > "T2"))]
    ranking = process_map(ratings).ranking("fi")
    managers = ranking[ranking["role"] == "Esihenkilöt"]
    assert managers["element"].tolist() == ["P2", "P1"]
    assert managers["rank"].isna().tolist() == [False, True]
    assert managers["reading"].iloc[1] == "Liian vähän arvioijia"


def test_a_clients_own_elements_are_named_as_given():
    own = {"crm": {"en": "The CRM", "fi": "CRM-järjestelmä"}}
    ratings = simulated().query("element == 'P1'").assign(element="crm")
    assert set(process_map(ratings, elements=own).ranking("fi")["name"]) == {"CRM-järjestelmä"}
    with pytest.raises(DataError, match="P1"):
        process_map(simulated(), elements=own)
    with pytest.raises(StudyError, match="crm"):
        process_map(ratings, elements={"crm": {"en": "The CRM"}})


def test_elements_not_in_use_are_left_out():
    ratings = simulated().assign(present=1)
    is_out = (ratings["element"] == "P2") & (ratings["team_id"] == "T0")
    ratings.loc[is_out, "present"] = 0
    expected = process_map(ratings[~is_out]).tidy()
    pd.testing.assert_frame_equal(process_map(ratings).tidy(), expected)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.replace({"element": {"P2": "P22"}}), "row 1: 'P22'; did you mean 'P2'"),
        (lambda r: r.assign(d=r["d"].where(r.index != 3, 8)), "d, row 3, P2: 8"),
        (lambda r: pd.concat([r, r.head(1)], ignore_index=True), "row 80: P1"),
        (lambda r: r.replace({"rater_role": {"seller": "sellr"}}), "'sellr'; did you mean"),
        (lambda r: r.assign(team_id=r["team_id"].where(r.index != 5)), "team_id, row 5: missing"),
        (lambda r: r.assign(present=2), "present, row 0: 2"),
        (lambda r: r.drop(columns="rater_id"), "rater_id"),
        (lambda r: r.drop(columns=list("abcdefgh")), "no ratings"),
        (lambda r: r.assign(d="much"), "'d' holds text"),
        (lambda r: r.assign(present=0), "no rows"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(change, said):
    with pytest.raises(DataError, match=said):
        process_map(change(simulated()))


def test_a_minimum_of_one_is_refused():
    with pytest.raises(StudyError, match="minimum"):
        process_map(simulated(), minimum_group=1)


def test_the_callers_frame_stays_as_it_was():
    ratings = simulated().assign(note="slow")
    before = ratings.copy()
    process_map(ratings)
    pd.testing.assert_frame_equal(ratings, before)


def long_and_wide():
    """The same ratings in both forms, as text, with a decimal in one cell."""
    long = simulated(n_teams=6, per_team=1).astype(str)
    long.loc[0, "a"] = "2.5"
    who = ["team_id", "rater_id", "rater_role"]
    wide = long.pivot(index=who, columns="element", values=list("abcdefgh"))
    wide.columns = [f"{element}_{rating}" for rating, element in wide.columns]
    return long, wide.reset_index()


@pytest.mark.parametrize("form", [0, 1], ids=["long", "wide"])
@pytest.mark.parametrize("file", ["a.csv", "a.tsv", "a.xlsx"])
def test_an_inventory_is_read_like_any_other_file(form, file, tmp_path):
    """Semicolons, decimal commas, Windows-1252, a workbook: the same map."""
    long, wide = long_and_wide()
    path, given = tmp_path / file, (long, wide)[form].assign(note="hyvä")
    if file == "a.csv":
        commas = given.map(lambda cell: cell.replace(".", ","))
        commas.to_csv(path, sep=";", index=False, encoding="cp1252")
    elif file == "a.tsv":
        given.to_csv(path, sep="\t", index=False)
    else:
        given.to_excel(path, index=False)
    read, notes = read_inventory(path)
    numbers = long.astype(dict.fromkeys("abcdefgh", float))
    expected = process_map(numbers, minimum_group=2)
    pd.testing.assert_frame_equal(process_map(read, minimum_group=2).tidy(), expected.tidy())
    assert notes == (f"{len(given)} rows read, {len(given)} kept",)


def test_an_export_of_the_inventory_needs_no_ids_of_raters(tmp_path):
    """Its own names of ids, a row each, and nobody without consent."""
    _, wide = long_and_wide()
    export = wide.drop(columns="rater_id").rename(columns={"team_id": "Tiimi"})
    export["Suostumus"] = ["ei", *["kyllä"] * (len(export) - 1)]
    path = tmp_path / "vienti.csv"
    export.to_csv(path, sep=";", index=False)
    read, notes = read_inventory(path)
    assert read["rater_id"].tolist() == [f"row {row}" for row in range(3, len(export) + 2)]
    assert read["team_id"].tolist() == wide["team_id"].tolist()[1:]
    assert notes[1] == "1 row dropped: no_consent"
