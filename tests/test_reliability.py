"""How far the items of a scale measure one thing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from coaching_stats.errors import CoachingStatsError, DataError, DesignError
from coaching_stats.one_factor import LEAST_ERROR, one_factor
from coaching_stats.reliability import reliability

REFERENCE = Path(__file__).parent / "reference"
PUBLISHED = Path(__file__).parents[1] / "data" / "published"


def reference(topic):
    return json.loads((REFERENCE / topic / "results.json").read_text(encoding="utf-8"))


def scales():
    """Every scale with reference numbers: data, items, reversed items, ends, numbers."""
    bfi = pd.read_csv(REFERENCE / "bfi" / "bfi.csv")
    for name, scale in reference("bfi")["scales"].items():
        items = [key.lstrip("-") for key in scale["keys"]]
        turned = [key[1:] for key in scale["keys"] if key.startswith("-")]
        yield pytest.param(bfi, items, turned, (1, 6), scale["reliability"], id=f"bfi {name}")
    companies = pd.read_csv(PUBLISHED / "lq2002.csv")
    for name, numbers in reference("lq2002")["reliability"].items():
        items = list(numbers["item_rest_r_listwise"])
        yield pytest.param(companies, items, [], None, numbers, id=f"lq2002 {name}")
    attitude = pd.read_csv(PUBLISHED / "attitude.csv")
    numbers = reference("attitude")["reliability_6_predictors"]
    items = list(numbers["item_rest_r_listwise"])
    yield pytest.param(attitude, items, [], None, numbers, id="attitude")


def estimates(result):
    return result.tidy().set_index("term")["estimate"]


def with_covariance(covariance, n=40):
    """Rows whose sample covariance is exactly the one given."""
    rows = np.random.default_rng(1).normal(size=(n, len(covariance)))
    rows -= rows.mean(axis=0)
    white = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    columns = [f"x{j}" for j in range(len(covariance))]
    return pd.DataFrame(white @ np.linalg.cholesky(covariance).T, columns=columns)


def one_factor_matrix(loadings, errors):
    return np.outer(loadings, loadings) + np.diag(errors)


@pytest.mark.parametrize(("data", "items", "turned", "scale", "numbers"), list(scales()))
def test_alpha_its_interval_and_the_items_equal_the_reference(data, items, turned, scale, numbers):
    result = reliability(data, items, reverse=turned, scale=scale)
    alpha, interval = numbers["alpha_raw_listwise"], numbers["feldt_ci_listwise"]
    row = result.tidy().iloc[0]
    assert_allclose(
        row[["estimate", "conf_low", "conf_high"]].astype(float),
        [alpha, interval["low"], interval["high"]],
        rtol=1e-8,
    )
    assert_allclose(
        estimates(result)["alpha_standardised"], numbers["alpha_std_listwise"], rtol=1e-8
    )
    assert_allclose(
        result.items["item_rest"], list(numbers["item_rest_r_listwise"].values()), rtol=1e-8
    )
    assert result.n == numbers["n_complete"]


@pytest.mark.parametrize(("data", "items", "turned", "scale", "numbers"), list(scales()))
def test_omega_equals_the_reference_as_far_as_that_has_converged(
    data, items, turned, scale, numbers
):
    """The reference stops at slopes of 3e-6, so its sixth digit is open; ours fits no worse."""
    fit = numbers["congeneric_lavaan_ml_normal_listwise"]
    result = reliability(data, items, reverse=turned, scale=scale)
    assert_allclose(estimates(result)["omega"], fit["omega_observed_total"], rtol=4e-6)

    rows = data[items].dropna()
    correlation = rows.assign(**{item: -rows[item] for item in turned}).corr().to_numpy()
    variances = rows.var(ddof=0).to_numpy()
    theirs = (
        np.array(list(fit["loadings"].values())) / np.sqrt(variances),
        np.array(list(fit["residual_variances"].values())) / variances,
    )
    ours = one_factor(correlation)
    assert misfit(correlation, *ours) <= misfit(correlation, *theirs) + 1e-14
    assert_allclose(abs(slopes(correlation, *ours)).max(), 0, atol=5e-7)


def misfit(correlation, loadings, errors):
    """The maximum likelihood discrepancy, from its definition."""
    model = one_factor_matrix(loadings, errors)
    both = np.linalg.solve(model, correlation)
    return np.trace(both) - np.linalg.slogdet(both)[1] - len(model)


def slopes(correlation, loadings, errors):
    """Slopes of the discrepancy in loadings and errors, from its definition."""
    inverse = np.linalg.inv(one_factor_matrix(loadings, errors))
    gap = inverse - inverse @ correlation @ inverse
    return np.append(2 * gap @ loadings, np.diag(gap))


def test_omega_is_alpha_where_all_items_measure_equally_well():
    result = reliability(with_covariance(one_factor_matrix([0.8] * 4, [0.5] * 4)), list_of(4))
    assert_allclose(estimates(result)["omega"], estimates(result)["alpha"], rtol=1e-7)


def test_omega_is_the_share_of_the_factor_and_alpha_is_below_it():
    loadings, errors = np.array([1.2, 0.9, 0.6, 0.3]), np.array([0.3, 0.5, 0.9, 1.1])
    result = reliability(with_covariance(one_factor_matrix(loadings, errors)), list_of(4))
    truth = loadings.sum() ** 2 / (loadings.sum() ** 2 + errors.sum())
    assert_allclose(estimates(result)["omega"], truth, rtol=1e-6)
    assert estimates(result)["alpha"] < truth - 0.01


def list_of(k):
    return [f"x{j}" for j in range(k)]


@pytest.fixture
def agree():
    return pd.read_csv(REFERENCE / "bfi" / "bfi.csv")[["A1", "A2", "A3", "A4", "A5"]]


def test_leaving_gaps_out_is_dropping_their_rows_first(agree):
    with_gaps = reliability(agree, list(agree))
    without = reliability(agree.dropna(), list(agree))
    pd.testing.assert_frame_equal(with_gaps.tidy(), without.tidy())
    assert with_gaps.notes[0].startswith(f"{len(agree) - len(agree.dropna())} rows left out")
    assert not any("left out" in note for note in without.notes)


def test_reversed_items_are_turned(agree):
    by_hand = reliability(agree.assign(A1=7 - agree["A1"]), list(agree))
    turned = reliability(agree, list(agree), reverse=["A1"], scale=(1, 6))
    pd.testing.assert_frame_equal(turned.tidy(), by_hand.tidy())
    pd.testing.assert_frame_equal(turned.items, by_hand.items)


def test_an_item_that_was_not_turned_is_named(agree):
    notes = reliability(agree, list(agree)).notes
    assert [note for note in notes if "loads against the other items: A1;" in note]
    assert not reliability(agree.dropna(), list(agree), reverse=["A1"], scale=(1, 6)).notes


def test_units_of_all_items_together_do_not_matter(agree):
    plain, scaled = reliability(agree, list(agree)), reliability(3 * agree - 2, list(agree))
    assert_allclose(estimates(plain), estimates(scaled), rtol=1e-7)


def test_order_of_rows_and_items_does_not_matter(agree):
    shuffled = agree.sample(frac=1, random_state=1)
    there, back = (
        reliability(data, items)
        for data, items in ((agree, list(agree)), (shuffled, list(agree)[::-1]))
    )
    assert_allclose(estimates(there), estimates(back), rtol=1e-7)
    assert_allclose(there.items["alpha_if_dropped"], back.items["alpha_if_dropped"][::-1])


def test_items_of_the_table_follow_from_their_definitions(agree):
    items = list(agree)
    table = reliability(agree.dropna(), items).items.set_index("item")
    rows = agree.dropna()
    rest = rows.drop(columns="A4")
    assert_allclose(table["item_rest"]["A4"], np.corrcoef(rows["A4"], rest.sum(axis=1))[0, 1])
    alone = reliability(rest, list(rest))
    assert_allclose(table["alpha_if_dropped"]["A4"], estimates(alone)["alpha"], rtol=1e-12)


def test_two_items_have_spearman_brown_and_no_omega(agree):
    pair = agree[["A2", "A3"]].dropna()
    result = reliability(pair, ["A2", "A3"])
    r = np.corrcoef(pair.T)[0, 1]
    assert_allclose(estimates(result)["alpha_standardised"], 2 * r / (1 + r), rtol=1e-12)
    assert np.isnan(estimates(result)["omega"])
    assert "no omega" in result.notes[0]
    assert result.items["alpha_if_dropped"].isna().all()


def test_a_heywood_case_is_named_with_its_item():
    """No factor with errors of any size gives r12 = .9, r13 = .9, r23 = .5."""
    data = with_covariance(np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.65], [0.9, 0.65, 1.0]]))
    result = reliability(data, list_of(3))
    assert "Heywood case: the factor explains all of x0 " in result.notes[0]
    _, errors = one_factor(data.corr().to_numpy())
    assert_allclose(errors[0], LEAST_ERROR)


def test_items_that_add_up_have_no_omega(agree):
    data = agree.dropna().assign(both=lambda rows: rows["A2"] + rows["A3"])
    result = reliability(data, ["A2", "A3", "both"])
    assert np.isnan(estimates(result)["omega"])
    assert "sum of others" in result.notes[0]


def test_items_that_run_against_each_other_are_said_to():
    rows = with_covariance(np.array([[1.0, -0.6], [-0.6, 1.0]]))
    result = reliability(rows, list_of(2))
    assert_allclose(estimates(result)["alpha"], 2 * (1 - 2 / 0.8))
    assert "run against each other" in result.notes[0]


def test_the_interval_covers_alpha_of_parallel_items_as_often_as_it_says():
    """Exact for parallel normal items; 300 samples of 20 rows, Monte Carlo error 0.023 at 80 %."""
    rng = np.random.default_rng(5)
    truth, n_sim, hits = 3 * 0.5 / (1 + 2 * 0.5), 300, 0
    for _ in range(n_sim):
        rows = rng.normal(size=(20, 1)) + rng.normal(size=(20, 3))
        result = reliability(pd.DataFrame(rows, columns=list_of(3)), list_of(3), conf_level=0.8)
        low, high = result.interval
        hits += low < truth < high
    assert abs(hits / n_sim - 0.8) < 4 * np.sqrt(0.16 / n_sim)


def test_the_interval_is_feldts(agree):
    rows = agree.dropna()
    result = reliability(rows, list(rows), conf_level=0.9)
    alpha, n, k = estimates(result)["alpha"], len(rows), 5
    low, high = 1 - (1 - alpha) * stats.f.ppf([0.95, 0.05], n - 1, (n - 1) * (k - 1))
    assert_allclose(result.interval, [low, high], rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"items": ["A1", "A2"], "reverse": ["A1"]}, DataError, "scale=(low, high)"),
        (
            {"items": ["A1", "A2"], "reverse": ["A3"], "scale": (1, 6)},
            DataError,
            "not among the items: 'A3'",
        ),
        ({"items": ["A1", "A2", "A1"]}, DataError, "listed twice: A1"),
        ({"items": ["A1", "A2"], "scale": (6, 1)}, DataError, "(6, 1)"),
        ({"items": ["A1", "A2"], "scale": (1, 5)}, DataError, "from 1 to 5"),
        ({"items": ["A1", "A9"]}, DataError, "'A9'"),
        ({"items": ["A1", "A2"], "conf_level": 95}, DataError, "95"),
        ({"items": ["A1"]}, DesignError, "A1"),
    ],
)
def test_what_cannot_be_meant_is_refused(agree, arguments, error, named):
    with pytest.raises(error) as refusal:
        reliability(agree, **arguments)
    assert named in str(refusal.value)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"a": [1, 2, None, None], "b": [1, None, 2, None]}, "1 rows without a gap"),
        ({"a": [1, 2, 3, 4], "b": [5, 5, 5, 5]}, "the same answer to b"),
        ({"a": [1, 2, 3, 4], "b": ["1", "2", "x", "4"]}, "'b'"),
        ({"a": [1, 2, 3, 4], "b": [1, 2, np.inf, 4]}, "infinite"),
        ({"a": [], "b": []}, "0 rows"),
    ],
)
def test_data_that_carry_no_coefficient_are_refused(data, named):
    with pytest.raises(CoachingStatsError, match=named):
        reliability(pd.DataFrame(data), ["a", "b"])


def test_the_frame_is_not_changed(agree):
    before = agree.copy()
    reliability(agree, list(agree), reverse=["A1"], scale=(1, 6))
    pd.testing.assert_frame_equal(agree, before)


@pytest.mark.parametrize("seed", range(20))
def test_no_small_change_of_loadings_or_errors_fits_better(seed):
    """At the best factor all slopes of the misfit vanish, weak and negative loadings included."""
    rng = np.random.default_rng(seed)
    loadings = rng.uniform(-0.2, 1.2, size=rng.integers(4, 10))
    rows = rng.normal(size=(500, 1)) * loadings + rng.normal(size=(500, len(loadings)))
    correlation = np.corrcoef(rows.T)
    found = one_factor(correlation)
    in_loadings, in_errors = np.split(slopes(correlation, *found), 2)
    is_bound = found[1] <= 1.001 * LEAST_ERROR
    assert_allclose(in_loadings, 0, atol=1e-6)
    assert_allclose(in_errors[~is_bound], 0, atol=1e-6)
    assert (in_errors[is_bound] >= 0).all()
