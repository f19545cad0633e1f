"""How many digits survive, by which road, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from coaching_stats.cluster_robust import cr2, satterthwaite_df
from coaching_stats.engines import cluster_moments
from coaching_stats.errors import DesignError
from coaching_stats.least_squares import fit_rows
from coaching_stats.regression import regress

NIST = Path(__file__).parent / "reference" / "nist"
CERTIFIED = json.loads((NIST / "certified.json").read_text(encoding="utf-8"))
# numerics: what centred moments, one refinement on rows, and QR on rows were measured to keep
DIGITS = {
    "norris": (12, 12),
    "pontius": (11, 11),
    "longley": (11, 12),
    "wampler1": (6, 9),
    "wampler2": (8, 12),
    "wampler3": (6, 9),
    "wampler4": (6, 7),
    "wampler5": (6, 6),
    "filip": (None, 7),
}


def problem(name):
    """Formula, frame with powers of x as columns, and certified coefficients and errors."""
    frame = pd.read_csv(NIST / f"{name}.csv").astype(float)
    certified = CERTIFIED[name]
    if frame.columns.tolist() == ["y", "x"]:
        for power in range(1, len(certified["coef"])):
            frame[f"x{power}"] = frame["x"] ** power
        frame = frame.drop(columns="x")
    formula = "y ~ " + " + ".join(frame.columns[1:])
    coef, error = (np.array([*map(float, certified[what].values())]) for what in ("coef", "se"))
    return formula, frame, coef, error


def digits(ours, certified):
    """Correct digits of the worst one, 15 at most."""
    size = np.where(certified == 0, 1, np.abs(certified))
    return min(15.0, -np.log10((np.abs(ours - certified) / size).max() + 1e-15))


@pytest.mark.parametrize("name", DIGITS)
def test_nist_digits_from_rows(name):
    formula, frame, coef, error = problem(name)
    fitted = regress(formula, frame, vcov="iid")
    got = digits(fitted.estimate, coef), digits(fitted.std_error, error)
    print(f"{name}, rows: coefficients {got[0]:.1f} digits, standard errors {got[1]:.1f}")
    assert got[0] >= DIGITS[name][1]
    assert got[1] >= min(DIGITS[name][1], 9)


@pytest.mark.parametrize("name", [name for name in DIGITS if name != "filip"])
def test_nist_digits_from_moments(name):
    formula, frame, coef, _ = problem(name)
    moments = cluster_moments(frame.assign(part=np.arange(len(frame)) % 3), frame.columns, "part")
    got = digits(regress(formula, moments, vcov="iid").estimate, coef)
    print(f"{name}, moments: coefficients {got:.1f} digits")
    assert got >= DIGITS[name][0]


def test_filip_trips_the_gate():
    formula, frame, _, _ = problem("filip")
    assert "QR" in " ".join(regress(formula, frame, vcov="iid").notes)
    moments = cluster_moments(frame.assign(part=1), frame.columns, "part")
    with pytest.raises(DesignError, match="x9, x10"):
        regress(formula, moments, vcov="iid")


def test_the_note_says_which_road_was_taken():
    formula, frame, _, _ = problem("longley")
    moments = cluster_moments(frame.assign(part=1), frame.columns, "part")
    assert "one refinement" in regress(formula, frame, vcov="iid").notes[0]
    assert "no rows at hand" in regress(formula, moments, vcov="iid").notes[0]


def test_a_perfect_fit_from_moments_says_that_little_is_left():
    formula, frame, _, _ = problem("wampler1")
    moments = cluster_moments(frame.assign(part=1), frame.columns, "part")
    assert "all but perfect" in regress(formula, moments, vcov="iid").notes[1]


def simulated(seed=3, n=60):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return x, x.sum(axis=1) + rng.normal(size=n), np.repeat(np.arange(10), n // 10)


@pytest.mark.parametrize("shrink", [1e-2, 3e-4, 1e-6])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_every_road_leads_to_the_same_fit(shrink, is_weighted):
    """Nearly collinear regressors, by moments, refinement or QR, against QR of our own."""
    x, y, codes = simulated()
    x[:, 2] = x[:, 1] + shrink * x[:, 2]
    weights = np.random.default_rng(1).uniform(0.5, 3, len(y)) if is_weighted else np.ones(len(y))
    weights = weights / weights.mean()
    fit = fit_rows(y, x, ["Intercept", "a", "b"], codes, weights if is_weighted else None)

    root = np.sqrt(weights)
    q, r = np.linalg.qr(x * root[:, None])
    coef = np.linalg.solve(r, q.T @ (y * root))
    residual = y - x @ coef
    assert_allclose(fit.coef, coef, rtol=1e-13 / shrink)
    assert_allclose(fit.rss * fit.y_scale**2, weights @ residual**2, rtol=1e-8)
    scores = np.stack([x[codes == g].T @ (weights * residual)[codes == g] for g in range(10)])
    inverse = np.linalg.inv(r)
    meat = inverse @ inverse.T @ scores.T
    spread = fit.in_user_units(fit.projection.sandwich(fit.projection.score))
    assert_allclose(spread, meat @ meat.T, rtol=1e-11 / shrink**2)


@pytest.mark.parametrize("shrink", [1e-2, 3e-4, 1e-5])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_every_road_has_the_uncertainty_of_the_same_model_in_better_regressors(shrink, is_weighted):
    """Of b0 + b1 a + b2 (a + s b): CR2 and its df follow from those of c0 + c1 a + c2 b."""
    x, y, codes = simulated()
    weights = np.random.default_rng(1).uniform(0.5, 3, len(y)) if is_weighted else None
    if is_weighted:
        weights = weights / weights.mean()
    change = np.array([[1, 0, 0], [0, 1, 1], [0, 0, shrink]])
    plain = fit_rows(y, x, ["Intercept", "a", "b"], codes, weights)
    near = fit_rows(y, x @ change, ["Intercept", "a", "c"], codes, weights)

    ours = change @ near.in_user_units(cr2(near.projection)) @ change.T
    assert_allclose(ours, plain.in_user_units(cr2(plain.projection)), rtol=1e-5, atol=1e-8)
    df = satterthwaite_df(near.projection, near.contrasts @ change.T)
    assert_allclose(df, satterthwaite_df(plain.projection, plain.contrasts), rtol=1e-5)
    assert_allclose(near.r_squared, plain.r_squared, rtol=1e-8)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_outcome_that_stands_still_in_the_rows_used_is_noted(sign):
    """It varies only where a regressor is missing: the mean of all rows is not that of these."""
    x, _, codes = simulated()
    data = pd.DataFrame({"a": sign * np.abs(x[:, 1]), "y": 5.0, "team": codes})
    data.loc[:20, ["a", "y"]] = [np.nan, 1.0]
    for source, cluster in ((cluster_moments(data, ["a", "y"], "team"), None), (data, "team")):
        fitted = regress("y ~ a", source, cluster=cluster)
        assert "the outcome does not vary" in fitted.notes
        assert_allclose(fitted.estimate, [5, 0], atol=1e-9)


def test_without_a_constant_r_squared_is_the_share_of_the_sum_of_squares():
    x, y, codes = simulated()
    fit = fit_rows(y + 3, x[:, 1:], ["a", "b"], codes)
    left = y + 3 - x[:, 1:] @ np.linalg.lstsq(x[:, 1:], y + 3, rcond=None)[0]
    assert_allclose(fit.r_squared, 1 - (left**2).sum() / ((y + 3) ** 2).sum(), rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        (lambda a, _: 2 * a - 1, "a, b are linearly dependent"),
        (lambda a, _: np.full_like(a, 3.3), "b is constant"),
        (lambda a, _: np.zeros_like(a), "b is constant"),
        (lambda a, b: a + 1e-14 * b, "a, b are linearly dependent"),
    ],
)
def test_dependent_regressors_are_named(change, culprit):
    x, y, codes = simulated()
    x[:, 2] = change(x[:, 1], x[:, 2])
    with pytest.raises(DesignError, match=culprit):
        fit_rows(y, x, ["Intercept", "a", "b"], codes)


def test_innocent_columns_are_not_accused():
    x, y, codes = simulated()
    x = np.column_stack([x, x[:, 1] * 2 + 5])
    with pytest.raises(DesignError, match="rank-deficient: a, c are"):
        fit_rows(y, x, ["Intercept", "a", "b", "c"], codes)


def test_moments_accuse_the_same_columns():
    x, y, codes = simulated()
    data = pd.DataFrame({"y": y, "a": x[:, 1], "b": x[:, 2], "c": 2 * x[:, 1] + 5, "team": codes})
    data["flat"] = 7.0
    moments = cluster_moments(data, ["y", "a", "b", "c", "flat"], "team")
    with pytest.raises(DesignError, match=r"apart: a, c \("):
        regress("y ~ a + b + c", moments)
    with pytest.raises(DesignError, match=r"apart: flat \("):
        regress("y ~ a + flat", moments)


def test_a_column_constant_in_the_rows_used_is_no_regressor():
    """Its spread lies in rows that listwise deletion drops; moments must notice."""
    x, y, codes = simulated()
    data = pd.DataFrame({"y": y, "a": x[:, 1], "dummy": (codes == 2) * 1.0, "team": codes})
    data.loc[codes == 2, "a"] = np.nan
    moments = cluster_moments(data, ["y", "a", "dummy"], "team")
    with pytest.raises(DesignError, match="dummy"):
        regress("y ~ a + dummy", moments)
    with pytest.raises(DesignError, match="dummy is constant"):
        regress("y ~ a + dummy", data, cluster="team")


@pytest.mark.parametrize("n", [1, 3])
def test_too_few_rows_are_counted(n):
    x, y, codes = simulated()
    with pytest.raises(DesignError, match=f"{n} complete rows cannot carry 3"):
        fit_rows(y[:n], x[:n], ["Intercept", "a", "b"], codes[:n])
