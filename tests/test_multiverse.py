"""All specifications at once: against single regressions, row refits, and known truths."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from coaching_stats import specification_summary
from coaching_stats.errors import DataError, DesignError
from coaching_stats.multiverse import multiverse
from coaching_stats.regression import regress
from coaching_stats.results import COLUMNS
from coaching_stats.specification_fits import fit_all
from coaching_stats.specification_rows import Block
from coaching_stats.specification_summary import joint_test
from coaching_stats.specifications import VCOV, make_grid
from coaching_stats.wild import wild_weights

NUMBERS = list(COLUMNS[1:])


def teams(n=120, firms=20, seed=3, slope=0.3):
    """Simulated teams in firms: two outcome measures, two predictor measures, covariates, gaps."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)), columns=["x", "y", "a", "b"])
    frame["firm"] = np.arange(n) * firms // n
    frame["region"] = frame["firm"] // 2
    frame["x"] += 0.4 * frame["a"] + 0.5 * rng.normal(size=firms)[frame["firm"]]
    frame["y"] += (
        slope * frame["x"] + 0.3 * frame["b"] + 0.5 * rng.normal(size=firms)[frame["firm"]]
    )
    frame["x2"] = 3 + 2 * frame["x"] + rng.normal(size=n)
    frame["y2"] = frame["y"] + rng.normal(size=n)
    frame["careful"] = rng.random(n) < 0.8
    frame.loc[frame.index[3], "a"] = np.nan
    frame.loc[frame.index[[7, 40]], "x2"] = np.nan
    return frame


def standardised(frame, columns):
    """Complete rows of some columns in z-scores, with the clusters."""
    rows = frame.dropna(subset=columns)
    z = (rows[columns] - rows[columns].mean()) / rows[columns].std()
    return z.assign(firm=rows["firm"], region=rows["region"])


def full(frame, **changed):
    """The multiverse with every kind of choice."""
    options = {
        "outcome": {"full": "y", "core": "y2"},
        "predictor": {"full": "x", "core": "x2"},
        "covariates": ["a", "b"],
        "rows": {"all": None, "careful": "careful"},
        "cluster": {"firm": "firm", "region": "region"},
        "n_boot": 99,
        "seed": 1,
    }
    return multiverse(frame, **(options | changed))


def test_every_specification_is_the_regression_of_its_own_rows():
    frame = teams()
    table = full(frame).tidy()
    assert len(table) == 2 * 2 * 4 * 2 * 2 * 3
    columns = {"full": ("x", "y"), "core": ("x2", "y2")}
    for row in table.iloc[::7].to_dict("records"):
        x, y = columns[row["predictor"]][0], columns[row["outcome"]][1]
        chosen = [] if row["covariates"] == "none" else row["covariates"].split(" + ")
        rows = frame[frame["careful"]] if row["rows"] == "careful" else frame
        z = standardised(rows, [y, x, *chosen])
        formula = f"{y} ~ " + " + ".join([x, *chosen])
        fit = regress(formula, z, cluster=row["cluster"], vcov=row["vcov"])
        assert_allclose([row[c] for c in NUMBERS], fit.tidy().iloc[1][NUMBERS].astype(float), 1e-10)
        assert (row["term"], row["n"], row["clusters"]) == (x, fit.n_obs, fit.n_clusters)


def test_rows_are_their_own_clusters_where_none_is_named():
    frame = teams().assign(row=lambda f: np.arange(len(f)))
    found = multiverse(frame, outcome="y", predictor="x", required=["b"], vcov=["CR2"], seed=1)
    expected = (
        regress(
            "y ~ x + b",
            standardised(frame, ["y", "x", "b"]).assign(row=frame["row"]),
            cluster="row",
        )
        .tidy()
        .iloc[1]
    )
    assert_allclose(found.tidy().iloc[0][NUMBERS].astype(float), expected[NUMBERS].astype(float))


@pytest.mark.parametrize("firms", [20, 8])
def test_one_specification_has_the_p_of_the_wild_bootstrap(firms):
    frame = teams(firms=firms)
    found = multiverse(
        frame, outcome="y", predictor="x", required=["a"], cluster="firm", vcov=["CR1S"], seed=5
    )
    fit = regress("y ~ x + a", frame, cluster="firm")
    expected = fit.wild_bootstrap("x", n_boot=999, seed=5).tidy()["p_value"][0]
    p = found.joint.tidy().set_index("test")["p_value"]
    assert p["median_statistic"] == p["mean_statistic"] == expected
    assert 0 < expected < 1
    assert found.n_boot == (999 if firms == 20 else 128)


def resample_by_hand(frame, found, signs):
    """Every specification refitted on the rows of each resample: slopes and t statistics."""
    columns = {"full": ("x", "y"), "core": ("x2", "y2")}
    slopes, statistics = [], []
    for row in found.tidy().to_dict("records"):
        x, y = columns[row["predictor"]][0], columns[row["outcome"]][1]
        chosen = [] if row["covariates"] == "none" else row["covariates"].split(" + ")
        z = standardised(frame, [y, x, *chosen])
        rest = np.column_stack([np.ones(len(z)), z[chosen]])
        fitted = rest @ np.linalg.lstsq(rest, z[y], rcond=None)[0]
        fits = []
        for sign in signs:
            again = z.assign(again=fitted + sign[z["region"]] * (z[y] - fitted))
            formula = "again ~ " + " + ".join([x, *chosen])
            fit = regress(formula, again, cluster=row["cluster"], vcov=row["vcov"])
            fits.append(fit.tidy().iloc[1][["estimate", "statistic"]].astype(float))
        slopes.append([one["estimate"] for one in fits])
        statistics.append([one["statistic"] for one in fits])
    return np.array(slopes), np.array(statistics)


def test_the_joint_test_is_that_of_refits_with_the_same_signs_in_all_specifications():
    frame = teams(n=48, firms=10)  # five regions: sixteen vectors of signs
    found = full(frame, rows=None, covariates=["b"], predictor={"core": "x2"})
    bits = np.arange(16)[:, None] >> np.arange(5)[::-1] & 1
    slopes, statistics = resample_by_hand(frame, found, 1 - 2 * bits)
    table = found.tidy()
    for name, observed, null in (
        ("median_estimate", table["estimate"].median(), np.median(slopes, axis=0)),
        ("median_statistic", table["statistic"].median(), np.median(statistics, axis=0)),
        ("mean_statistic", table["statistic"].mean(), statistics.mean(axis=0)),
    ):
        row = found.joint.tidy().set_index("test").loc[name]
        assert row["estimate"] == pytest.approx(observed, rel=1e-10)
        limit = np.quantile(np.abs(null), 0.95, method="higher")
        assert row["null_limit"] == pytest.approx(limit, rel=1e-9)
        assert row["p_value"] == np.mean(np.abs(null) >= abs(observed) * (1 - 1e-8))


def null_world(rng):
    """Simulated outcomes and predictors that share nothing but their firms' habit of differing."""
    firm = np.repeat(np.arange(15), 6)
    x, y, a = rng.normal(size=(3, len(firm))) + rng.normal(size=(3, 15))[:, firm]
    noisy = [one + 0.5 * rng.normal(size=len(firm)) for one in (x, y)]
    return np.column_stack([y, noisy[1], x, noisy[0], a]), firm


def test_under_the_null_the_joint_p_is_uniform():
    """Errors and predictor share firms, so that a test of rows rejects too often."""
    n_samples, p, naive = 250, [], []
    grid = make_grid(
        outcomes={"full": "y", "core": "y2"},
        predictors={"full": "x", "core": "x2"},
        covariates=["a"],
        rows=["all"],
        clusters=["firm"],
        vcov=["CR2"],
        rng=np.random.default_rng(0),
    )
    for seed in range(n_samples):
        rng = np.random.default_rng(seed)
        values, firm = null_world(rng)
        signs = wild_weights(15, 199, "rademacher", rng)
        block = Block(values, {"firm": firm})
        fits = fit_all(grid, [block], signs, {"firm": np.arange(15)})
        p.append(joint_test(fits, np.isfinite(fits.slope)).tidy()["p_value"])
        naive.append(stats.pearsonr(values[:, 0], values[:, 2]).pvalue)
    rejected = (np.array(p) <= 0.05).mean(axis=0)
    mcse = np.sqrt(0.05 * 0.95 / n_samples)
    assert np.abs(rejected - 0.05).max() < 4 * mcse
    assert np.abs(np.mean(p, axis=0) - 0.5).max() < 4 / np.sqrt(12 * n_samples)
    assert np.mean(np.array(naive) <= 0.05) > 0.05 + 4 * mcse


def test_the_median_estimate_is_the_truth_where_all_specifications_are_right():
    truth, medians = 0.5 / np.sqrt(1 + 0.25), []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["x", "a", "b"])
        frame = frame.assign(y=0.5 * frame["x"] + rng.normal(size=200), firm=np.arange(200) // 8)
        found = multiverse(
            frame, outcome="y", predictor="x", covariates=["a", "b"], cluster="firm", n_boot=1
        )
        medians.append(found.glance()["median_estimate"][0])
    mcse = np.std(medians, ddof=1) / np.sqrt(len(medians))
    assert abs(np.mean(medians) - truth) < 4 * mcse


def test_rows_without_one_column_are_only_missed_where_it_is_used():
    table = full(teams(), rows=None).tidy()
    n = table.groupby(["predictor", "covariates"])["n"].unique()
    assert n["full", "b"] == [120]
    assert n["full", "a + b"] == [119]
    assert n["core", "a"] == [117]


def test_nothing_depends_on_the_order_of_rows_or_on_units():
    frame = teams(firms=10)
    other = frame.sample(frac=1, random_state=0)
    other = other.assign(y=1000 + 7 * other["y"], x2=other["x2"] / 9)
    one, two = full(frame, n_boot=1024), full(other, n_boot=1024)
    assert_allclose(one.tidy()[NUMBERS], two.tidy()[NUMBERS], rtol=1e-9)
    assert_allclose(one.joint.tidy()["p_value"], two.joint.tidy()["p_value"])


def test_the_frame_stays_as_it_was_and_a_seed_gives_the_same_numbers():
    frame = teams()
    before = frame.copy()
    one, two = full(frame), full(frame)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(one.tidy(), two.tidy())
    pd.testing.assert_frame_equal(one.joint.tidy(), two.joint.tidy())
    assert one.tidy().columns.tolist()[:8] == list(COLUMNS)


def test_clusters_and_variances_do_not_move_the_estimate():
    table = full(teams()).decomposition.tidy().set_index("choice")
    assert_allclose(table.loc[["cluster", "vcov"], "estimate_share"], 0, atol=1e-12)
    assert (table.loc[["cluster", "vcov"], "statistic_share"] > 1e-4).all()
    assert_allclose(table[["estimate_share", "statistic_share"]].sum(), 1)
    assert table.index[-1] == "interactions"


def test_the_choice_that_matters_has_the_largest_share():
    frame = teams()
    frame["y2"] = -frame["y"]
    table = full(frame).decomposition.tidy()
    assert table["choice"][0] == "outcome"
    assert table["estimate_share"][0] > 0.9


def test_too_many_choices_to_tell_apart_share_as_one(monkeypatch):
    frame = teams().assign(b=lambda f: 2 * f["x"])  # some models are lost: no balance
    monkeypatch.setattr(specification_summary, "MOST_FACTORS", 3)
    table = full(frame).decomposition
    assert set(table.tidy()["choice"]) >= {"covariates", "interactions"}
    assert not {"a", "b"} & set(table.tidy()["choice"])
    assert_allclose(table.tidy()[["estimate_share", "statistic_share"]].sum(), 1)
    assert "count as one choice" in table.notes[0]


def test_models_that_cannot_be_fitted_are_left_out_and_said_to_be():
    frame = teams().assign(b=lambda f: 2 * f["x"], flat=1.0)
    found = full(frame, covariates=["a", "b", "flat"], rows=None)
    fitted = set(found.tidy().query("predictor == 'full'")["covariates"])
    assert fitted == {"none", "a"}
    assert any("models left out: too few rows" in note for note in found.notes)


def test_a_choice_of_rows_that_holds_nobody_is_left_out_and_said_to_be():
    frame = teams().assign(nobody=False)
    found = full(frame, rows={"all": None, "nobody": "nobody"})
    assert set(found.tidy()["rows"]) == {"all"}
    assert any("16 of 32 models left out" in note for note in found.notes)


def test_a_column_without_a_value_in_some_rows_leaves_out_its_models_there():
    frame = teams()
    frame.loc[frame["careful"], "a"] = np.nan
    pairs = full(frame).tidy()[["rows", "covariates"]].drop_duplicates()
    assert set(pairs.query("rows == 'careful'")["covariates"]) == {"none", "b"}
    assert len(pairs.query("rows == 'all'")) == 4


def test_few_degrees_of_freedom_are_said():
    found = full(teams(firms=8), vcov=["CR2"])
    n = int((found.tidy()["df"] < 4).sum())
    assert n > 0
    assert any(note.startswith(f"{n} specifications have df below 4") for note in found.notes)


def test_a_slope_that_one_cluster_carries_has_no_standard_error():
    frame = teams().assign(x=lambda f: (f["firm"] == 4) * 1.0)
    found = multiverse(
        frame, outcome="y", predictor={"one": "x", "other": "x2"}, cluster="firm", seed=1
    )
    is_without = found.tidy().set_index(["predictor", "vcov"])["std_error"].isna()
    fit = {v: regress("y ~ x", frame, cluster="firm", vcov=v).tidy()["std_error"][1] for v in VCOV}
    assert [is_without["one", v] for v in VCOV] == [np.isnan(fit[v]) for v in VCOV]
    assert is_without["one"].any()
    assert not is_without["other"].any()
    assert any("have no standard error" in note for note in found.notes)
    assert found.joint.tidy()["p_value"].notna().all()


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"cluster": {"firm": "firm", "shift": "shift"}}, DesignError, "do not nest"),
        ({"rows": {"some": "x"}}, DataError, "not marked by true or false"),
        ({"rows": {"none": "nobody"}}, DesignError, "fewer than two"),
        ({"outcome": "why"}, DataError, "no column 'why'"),
        ({"predictor": "firm_name"}, DataError, "text, not numbers"),
        ({"covariates": ["b"], "predictor": "flat"}, DesignError, "none of the specifications"),
        ({"cluster": "flat"}, DesignError, "at least two"),
        ({"n_boot": 0}, DesignError, "no replicate"),
    ],
)
def test_what_has_no_answer_is_refused(changed, error, said):
    frame = teams().assign(flat=1.0, firm_name="f", nobody=False)
    frame["shift"] = np.arange(len(frame)) % 7
    with pytest.raises(error, match=said):
        full(frame, **changed)


def test_the_share_of_positive_estimates_is_called_a_description():
    found = full(teams())
    assert found.glance()["share_positive"][0] == (found.tidy()["estimate"] > 0).mean()
    assert any("describes the grid and is no evidence" in note for note in found.notes)
    assert "share" not in " ".join(found.joint.tidy()["test"])


def test_what_is_shown_is_the_joint_test_and_the_notes():
    found = full(teams())
    assert "median_statistic" in repr(found)
    assert len(repr(found).splitlines()) == 4 + len(found.notes)
    assert "median_statistic" in found._repr_html_()
