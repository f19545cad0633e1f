"""A chain from moments is the regressions on rows, replicate by replicate."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from strategies import seeds

from coaching_stats.errors import DataError, DesignError
from coaching_stats.mediation import mediate, mediate_arrays
from coaching_stats.moments import moments_of
from coaching_stats.resampling import bca_p_value, cluster_weights, percentile_p_value

REFERENCE = Path(__file__).parent / "reference"
LQ2002 = Path(__file__).parents[1] / "data" / "published" / "lq2002.csv"
SERIAL = {"x": "X", "mediators": ["M1", "M2"], "y": "Y", "covariates": ["W"]}


def reference(topic):
    return json.loads((REFERENCE / topic / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def serial():
    return pd.read_csv(REFERENCE / "serial" / "serial.csv")


def slopes(data, outcome, regressors, weights=None):
    """Least squares on rows, weighted if asked."""
    root = np.ones(len(data)) if weights is None else np.sqrt(weights)
    x = np.column_stack([np.ones(len(data)), data[regressors]]) * root[:, None]
    coef = np.linalg.lstsq(x, data[outcome].to_numpy() * root, rcond=None)[0]
    return dict(zip(regressors, coef[1:], strict=True))


def serial_by_rows(data, weights=None):
    """Every term of the serial chain X -> M1 -> M2 -> Y with W, one regression at a time."""
    one = slopes(data, "M1", ["X", "W"], weights)
    two = slopes(data, "M2", ["X", "M1", "W"], weights)
    last = slopes(data, "Y", ["X", "M1", "M2", "W"], weights)
    total = slopes(data, "Y", ["X", "W"], weights)["X"]
    chains = {
        "X->M1->Y": one["X"] * last["M1"],
        "X->M2->Y": two["X"] * last["M2"],
        "X->M1->M2->Y": one["X"] * two["M1"] * last["M2"],
    }
    paths = {"M1~X": one["X"], "M2~X": two["X"], "M2~M1": two["M1"]}
    paths |= {"Y~M1": last["M1"], "Y~M2": last["M2"], "direct": last["X"], "total": total}
    return paths | {"indirect": sum(chains.values())} | chains


@pytest.mark.parametrize("key", ["complete", "missing"])
def test_serial_chain_equals_the_reference(key):
    expected = reference("serial")[key]
    data = pd.read_csv(REFERENCE / "serial" / f"serial{'_missing' * (key == 'missing')}.csv")
    names = {"M1~X": "a1", "M2~X": "a2", "M2~M1": "d21", "Y~M1": "b1", "Y~M2": "b2"}
    names |= {"direct": "c_prime", "indirect": "total_indirect"}
    names |= {"X->M1->Y": "ind_M1", "X->M2->Y": "ind_M2", "X->M1->M2->Y": "ind_serial"}
    for ci, short in (("percentile", "pct"), ("bca", "bca")):
        result = mediate(data, **SERIAL, cluster="cluster", ci=ci, n_boot=20_000, seed=1)
        table = result.tidy().set_index("term")
        assert result.n_obs == expected["n_listwise"]
        assert_allclose(table["estimate"]["total"], expected["estimates"]["c"], rtol=1e-8)
        for ours, theirs in names.items():
            assert_allclose(table["estimate"][ours], expected["estimates"][theirs], rtol=1e-8)
            check_interval(table.loc[ours], expected["cluster_bootstrap"]["stats"][theirs], short)


def check_interval(row, expected, short, n_boot=20_000):
    for end in ("low", "high"):
        error = 4 * expected[f"mc_se_{end}"] * np.sqrt(1 + 20_000 / n_boot)
        assert abs(row[f"conf_{end}"] - expected[f"{short}_{end}"]) < error


@pytest.mark.parametrize(("ci", "short"), [("percentile", "pct"), ("bca", "bca")])
def test_companies_equal_the_reference(ci, short):
    expected = reference("lq2002")["mediation"]["cluster_bootstrap"]["stats"]
    chain = {"x": "LEAD", "mediators": ["TSIG"], "y": "HOSTILE", "cluster": "COMPID"}
    result = mediate(pd.read_csv(LQ2002), **chain, ci=ci, n_boot=20_000, seed=2)
    table = result.tidy().set_index("term")
    names = {"TSIG~LEAD": "a", "HOSTILE~TSIG": "b", "direct": "c_prime", "total": "c"}
    for ours, theirs in (names | {"indirect": "indirect"}).items():
        assert_allclose(table["estimate"][ours], expected[theirs]["estimate"], rtol=1e-8)
        check_interval(table.loc[ours], expected[theirs], short)


@pytest.mark.parametrize(("ci", "short"), [("percentile", "pct"), ("bca", "bca")])
def test_rows_as_clusters_equal_the_reference_without_clusters(ci, short):
    numbers = reference("jobs")
    chain = {"x": "treat", "mediators": ["job_seek"], "y": "depress2"}
    chain["covariates"] = ["econ_hard", "sex", "age"]
    data = pd.read_csv(REFERENCE / "jobs" / "jobs.csv")
    table = mediate(data, **chain, ci=ci, n_boot=5_000, seed=3).tidy().set_index("term")
    names = {"job_seek~treat": "a", "depress2~job_seek": "b", "direct": "c_prime", "total": "c"}
    for ours, theirs in (names | {"indirect": "indirect"}).items():
        assert_allclose(table["estimate"][ours], numbers["effects"][theirs], rtol=1e-8)
        check_interval(table.loc[ours], numbers["iid_bootstrap_a"]["stats"][theirs], short, 5_000)


def test_replicates_equal_refits_on_the_rows_with_the_same_weights(serial):
    result = mediate(serial, **SERIAL, cluster="cluster", n_boot=20, seed=7)
    weights = cluster_weights(40, 20, np.random.default_rng(7))
    position = serial["cluster"].to_numpy() - 1
    for draw, weight in zip(result.draws, weights, strict=True):
        expected = serial_by_rows(serial, weight[position])
        assert_allclose(draw, [expected[term] for term in result.terms], rtol=1e-11, atol=1e-12)


def test_bca_leaves_out_one_cluster_at_a_time(serial):
    result = mediate(serial, **SERIAL, cluster="cluster", ci="bca", n_boot=20, seed=7)
    for cluster, estimate in enumerate(result.left_out[:5], start=1):
        expected = serial_by_rows(serial[serial["cluster"] != cluster])
        assert_allclose(estimate, [expected[term] for term in result.terms], rtol=1e-10)


@given(times=st.lists(st.integers(0, 3), min_size=12, max_size=12).filter(lambda t: sum(t) > 5))
@settings(max_examples=15, deadline=None)
def test_weighing_a_cluster_is_repeating_its_rows(times):
    data = pd.read_csv(REFERENCE / "serial" / "serial.csv").query("cluster <= 12")
    repeats = np.array(times)[data["cluster"].to_numpy() - 1]
    repeated = data.loc[data.index.repeat(repeats)]
    weighed = data.assign(times=repeats)[repeats > 0]
    columns = ["W", "X", "M1", "M2", "Y"]
    moments = moments_of(
        weighed[columns].to_numpy(),
        weighed["cluster"].to_numpy(),
        columns,
        weights=weighed["times"].to_numpy(dtype=float),
    )
    ours = mediate(moments, **SERIAL, n_boot=2, seed=1)
    theirs = mediate(repeated, **SERIAL, n_boot=2, seed=1)
    assert_allclose(ours.estimate, theirs.estimate, rtol=1e-9, atol=1e-12)


@given(n_mediators=st.integers(1, 5), seed=seeds)
@settings(max_examples=15, deadline=None)
def test_total_is_direct_plus_indirect_and_chains_sum_to_indirect(n_mediators, seed):
    rng = np.random.default_rng(seed)
    names = [f"v{i}" for i in range(n_mediators + 2)]
    data = pd.DataFrame(rng.normal(size=(60, len(names))).cumsum(axis=1), columns=names)
    result = mediate(data, x="v0", mediators=names[1:-1], y=names[-1], n_boot=5, seed=1)
    draws = pd.DataFrame(result.draws, columns=result.terms)
    chains = [term for term in result.terms if "->" in term]
    assert len(chains) == 2**n_mediators - 1
    assert_allclose(draws["total"], draws["direct"] + draws["indirect"], atol=1e-12)
    assert_allclose(draws["indirect"], draws[chains].sum(axis=1), atol=1e-11)


def test_units_shifts_and_order_of_rows_change_nothing_but_units(serial):
    plain = mediate(serial, **SERIAL, cluster="cluster", n_boot=200, seed=5)
    turned = serial.sample(frac=1, random_state=1)
    turned = turned.assign(X=1e6 + 0.1 * turned["X"], Y=100 * turned["Y"], W=turned["W"] - 1e8)
    other = mediate(turned, **SERIAL, cluster="cluster", n_boot=200, seed=5)
    for term, factor in (("X->M1->M2->Y", 1000), ("M1~X", 10), ("Y~M2", 100), ("M2~M1", 1)):
        j = plain.terms.index(term)
        assert_allclose(other.draws[:, j], factor * plain.draws[:, j], rtol=1e-7)


def test_moments_give_what_the_frame_gives(serial):
    columns = ["Y", "M2", "W", "X", "M1"]
    holes = serial.assign(M2=serial["M2"].mask(serial.index % 7 == 0))
    moments = moments_of(holes[columns].to_numpy(), holes["cluster"].to_numpy() - 1, columns)
    frame = mediate(holes, **SERIAL, cluster="cluster", ci="bca", n_boot=300, seed=6)
    result = mediate(moments, **SERIAL, ci="bca", n_boot=300, seed=6)
    assert_allclose(result.tidy().iloc[:, 1:], frame.tidy().iloc[:, 1:], rtol=1e-9)
    assert result.notes == frame.notes


@pytest.mark.parametrize("cluster", ["cluster", None])
def test_arrays_give_what_the_frame_gives(serial, cluster):
    codes = None if cluster is None else serial["cluster"].to_numpy() - 1
    columns = ["W", "X", "M1", "M2", "Y"]
    ours = mediate_arrays(
        serial[columns].to_numpy(),
        ["W"],
        columns[1:],
        codes,
        n_boot=60,
        seed=np.random.default_rng(4),
    )
    frame = mediate(serial, **SERIAL, cluster=cluster, n_boot=60, seed=4)
    pd.testing.assert_frame_equal(ours.tidy(), frame.tidy())
    pd.testing.assert_frame_equal(ours.glance(), frame.glance())
    assert ours.notes == frame.notes == ()


@pytest.mark.parametrize("ci", ["percentile", "bca"])
def test_the_table_is_made_of_the_draws(serial, ci):
    result = mediate(serial, **SERIAL, cluster="cluster", ci=ci, n_boot=40, seed=3, conf_level=0.8)
    table = result.tidy()
    assert_allclose(table["std_error"], result.draws.std(axis=0, ddof=1))
    assert_allclose(table["statistic"], result.estimate / result.draws.std(axis=0, ddof=1))
    inverted = (
        percentile_p_value(result.draws)
        if ci == "percentile"
        else bca_p_value(result.draws, result.estimate, result.left_out)
    )
    assert_allclose(table["p_value"], inverted)
    assert table["df"].isna().all()
    assert_allclose(table[["conf_low", "conf_high"]].T, result.interval(0.8))
    assert len(result.left_out) == (40 if ci == "bca" else 0)
    row = result.glance().iloc[0]
    assert (row["conf_level"], row["n_boot"]) == (0.8, 40)


@pytest.mark.parametrize(("ci", "n_boot"), [("percentile", 5_000), ("bca", 10_000)])
def test_resamples_that_nobody_asked_for_are_as_many_as_documented(serial, ci, n_boot):
    result = mediate(serial, x="X", mediators=["M1"], y="Y", cluster="cluster", ci=ci, seed=1)
    assert (len(result.draws), result.conf_level) == (n_boot, 0.95)


def test_without_a_cluster_every_row_is_one(serial):
    rows = mediate(serial, **SERIAL, n_boot=100, seed=2)
    clusters = mediate(serial, **SERIAL, cluster="id", n_boot=100, seed=2)
    assert_allclose(rows.draws, clusters.draws, rtol=1e-10)
    assert rows.n_clusters is None
    assert not any("constant within" in note for note in clusters.notes)


def two_level(rng, *, n_teams=60, per_team=10, within=-0.4, between=0.6):
    """Simulated: team-level x, seller-level m; y follows team means and deviations differently."""
    team = np.repeat(np.arange(n_teams), per_team)
    x = rng.normal(size=n_teams)[team]
    m = 0.5 * x + rng.normal(size=n_teams)[team] + rng.normal(size=team.size)
    mean = pd.Series(m).groupby(team).transform("mean").to_numpy()
    y = 0.2 * x + between * mean + within * (m - mean) + rng.normal(size=n_teams)[team]
    return pd.DataFrame({"team": team, "x": x, "m": m, "y": y + rng.normal(size=team.size)})


def test_a_cluster_level_x_acts_through_the_cluster_means(serial):
    """The slopes between clusters are those of the means beside the deviations from them."""
    data = serial.assign(X=serial.groupby("cluster")["X"].transform("mean"))
    result = mediate(data, **SERIAL, cluster="cluster", n_boot=20, seed=1)
    split = data.copy()
    for column in ("W", "M1", "M2"):
        split[column] = data.groupby("cluster")[column].transform("mean")
        split[f"{column}_w"] = data[column] - split[column]
    last = slopes(split, "Y", ["X", "M1", "M2", "W", "M1_w", "M2_w", "W_w"])
    two = slopes(split, "M2", ["X", "M1", "W", "M1_w", "W_w"])
    one = slopes(split, "M1", ["X", "W"])
    estimate = dict(zip(result.terms, result.estimate, strict=True))
    assert_allclose(estimate["X->M1->M2->Y"], one["X"] * two["M1"] * last["M2"], rtol=1e-9)
    assert_allclose(estimate["direct"], last["X"], rtol=1e-9)
    assert any("X is constant within clusters" in note for note in result.notes)


def test_between_effect_of_a_cluster_level_x_is_recovered():
    rng = np.random.default_rng(12)
    between, pooled = [], []
    for _ in range(100):
        data = two_level(rng)
        result = mediate(data, x="x", mediators=["m"], y="y", cluster="team", n_boot=2, seed=1)
        between.append(result.estimate[result.terms.index("indirect")])
        pooled.append(slopes(data, "m", ["x"])["x"] * slopes(data, "y", ["m", "x"])["m"])
    error = np.std(between) / np.sqrt(100)
    assert abs(np.mean(between) - 0.5 * 0.6) < 4 * error
    assert abs(np.mean(pooled) - 0.5 * 0.6) > 4 * error  # slopes within teams leak in


def test_few_clusters_are_named_in_the_notes(serial):
    few = mediate(serial.query("cluster < 20"), **SERIAL, cluster="cluster", n_boot=50, seed=1)
    enough = mediate(serial.query("cluster <= 20"), **SERIAL, cluster="cluster", n_boot=50, seed=1)
    assert any(note.startswith("19 clusters, fewer than 20") for note in few.notes)
    assert not any("fewer than 20" in note for note in enough.notes)


def test_singular_resamples_are_counted_and_too_many_refused(serial):
    """A covariate that lives in k of 40 clusters is lost where none of them is drawn."""
    chain = SERIAL | {"covariates": ["only"]}
    some = serial.assign(only=1.0 * (serial["cluster"] <= 4))
    result = mediate(some, **chain, cluster="cluster", n_boot=2_000, seed=1)
    lost = 2_000 - len(result.draws)
    share = (36 / 40) ** 39
    assert abs(lost - 2_000 * share) < 4 * np.sqrt(2_000 * share)
    assert any(f"{lost} of 2000 resamples left out" in note for note in result.notes)
    one = serial.assign(only=1.0 * (serial["cluster"] == 4))
    with pytest.raises(DesignError, match="of 2000 resamples"):
        mediate(one, **chain, cluster="cluster", n_boot=2_000, seed=1)


def test_what_was_noted_first_stays_noted(serial):
    """Pairs of rows in twelve clusters, one value missing, x a property of the cluster."""
    data = serial.groupby("cluster").head(2).query("cluster <= 12")
    data = data.assign(X=data.groupby("cluster")["X"].transform("mean"))
    data.loc[data.index[0], "M1"] = np.nan
    result = mediate(data, x="X", mediators=["M1"], y="Y", cluster="cluster", n_boot=50, seed=1)
    starts = ("1 row left out", "X is constant within clusters", "12 clusters, fewer than 20")
    assert len(result.notes) == 3
    assert all(note.startswith(start) for note, start in zip(result.notes, starts, strict=True))
    columns = ["X", "M1", "Y"]
    moments = moments_of(data[columns].to_numpy(), data["cluster"].to_numpy() - 1, columns)
    ours = mediate(
        replace(moments, notes=("first",)), x="X", mediators=["M1"], y="Y", n_boot=50, seed=1
    )
    assert ours.notes == ("first", *result.notes)


def test_two_clusters_are_enough_for_an_x_within_them(serial):
    two = serial.query("cluster <= 2")
    result = mediate(two, x="X", mediators=["M1"], y="Y", cluster="cluster", n_boot=20, seed=1)
    assert_allclose(result.estimate[0], slopes(two, "M1", ["X"])["X"])
    assert result.n_clusters == 2


def test_left_out_rows_are_counted(serial):
    holes = serial.astype({"cluster": float})
    holes.loc[:9, "cluster"] = np.nan
    holes.loc[5:14, "M1"] = np.nan
    result = mediate(holes, **SERIAL, cluster="cluster", n_boot=20, seed=1)
    assert result.n_obs == 585
    assert [note.split(":")[0] for note in result.notes] == ["10 rows left out", "5 rows left out"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"mediators": []}, "no mediator"),
        ({"mediators": "M1"}, "lists of columns"),
        ({"covariates": ["X"]}, "named twice in one chain: X"),
        ({"ci": "perzentile"}, "did you mean 'percentile'"),
        ({"n_boot": 1}, "n_boot 1"),
        ({"conf_level": 95}, "conf_level 95"),
        ({"covariates": ["W", "W2"]}, "W, W2 are linearly dependent"),
        ({"covariates": ["same"]}, "same is constant"),
        ({"cluster": "same"}, "1 cluster"),
    ],
)
def test_a_design_that_carries_no_chain_is_refused(serial, changes, named):
    data = serial.assign(W2=2 * serial["W"] + 1, same=3.0)
    with pytest.raises(DesignError, match=named):
        mediate(data, **(SERIAL | {"cluster": "cluster", "n_boot": 50} | changes))


def test_a_cluster_level_x_needs_more_clusters_than_coefficients(serial):
    data = serial.query("cluster <= 5").assign(X=lambda d: 1.0 * d["cluster"])
    with pytest.raises(DesignError, match="means of 5 clusters cannot carry 5"):
        mediate(data, **SERIAL, cluster="cluster")


def test_columns_that_cannot_be_used_are_named(serial):
    with pytest.raises(DataError, match="did you mean 'M1'"):
        mediate(serial, x="X", mediators=["M11"], y="Y")
    with pytest.raises(DataError, match="holds text"):
        mediate(serial.assign(M1="seldom"), **SERIAL)


def test_moments_of_other_clusters_are_refused(serial):
    columns = ["W", "X", "M1", "M2", "Y"]
    moments = moments_of(serial[columns].to_numpy(), serial["cluster"].to_numpy() - 1, columns)
    with pytest.raises(DesignError, match="their own clusters"):
        mediate(moments, **SERIAL, cluster="firm")
    one = moments_of(serial[columns].to_numpy(), np.zeros(len(serial), dtype=int), columns)
    with pytest.raises(DesignError, match="clusters among the complete rows: 1"):
        mediate(one, **SERIAL)
    twice = moments_of(
        serial[["X", "X", "M1", "M2", "Y"]].to_numpy(), serial["cluster"].to_numpy() - 1, columns
    )
    with pytest.raises(DesignError, match="W, X"):
        mediate(twice, **SERIAL)


def test_a_result_shows_its_method_and_its_table(serial):
    result = mediate(serial, **SERIAL, cluster="cluster", ci="bca", n_boot=50, seed=1)
    row = result.glance().iloc[0]
    assert row["method"] == "cluster bootstrap, bca"
    assert (row["n_obs"], row["n_clusters"], row["n_boot"]) == (600, 40, 50)
    plain = mediate(serial, **SERIAL, n_boot=50, seed=1).glance().iloc[0]
    assert plain["method"] == "bootstrap, percentile"
    assert np.isnan(plain["n_clusters"])
    assert "X-&gt;M1-&gt;M2-&gt;Y" in result._repr_html_()
