"""The grid of choices, and how the variance over it is divided."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from coaching_stats.errors import DesignError
from coaching_stats.specification_summary import variance_shares
from coaching_stats.specifications import MOST_MODELS, make_grid


def grid_of(covariates=("a", "b"), seed=0, **changed):
    """Two outcomes, two predictors, two choices of rows."""
    options = {
        "outcomes": {"WTC": "y", "WTC core": "y2"},
        "predictors": {"SPR": "x", "SPR core": "x2"},
        "covariates": list(covariates),
        "rows": ["all", "careful"],
        "clusters": ["firm"],
        "vcov": ["CR2", "CRV3"],
    }
    return make_grid(**(options | changed), rng=np.random.default_rng(seed))


def levels(seed=1):
    """Three choices of 2, 3 and 4 alternatives in every combination, and a value of each."""
    codes = np.array(list(product(range(2), range(3), range(4))))
    frame = pd.DataFrame(codes, columns=["one", "two", "three"])
    frame["value"] = np.random.default_rng(seed).normal(size=len(frame)) + frame["two"] ** 2
    return frame


def shares_of(frame):
    names = ["one", "two", "three"]
    return variance_shares(frame["value"].to_numpy(), {n: frame[n].to_numpy() for n in names})


def test_every_combination_is_there_once():
    grid = grid_of()
    models = {(*grid.columns_of(i), grid.models[i, 3]) for i in range(len(grid.models))}
    assert len(models) == len(grid.models) == 2 * 2 * 4 * 2
    assert ("x2", "a", "b", "y", 1) in models
    choices = pd.DataFrame(grid.choices())
    assert len(choices.drop_duplicates()) == len(choices) == 2 * len(grid.models)
    assert set(choices["covariates"]) == {"none", "a", "b", "a + b"}


def test_required_covariates_are_in_every_model():
    grid = grid_of(required=["r"])
    assert all("r" in grid.columns_of(i) for i in range(len(grid.models)))


def test_too_many_models_are_drawn_at_random_without_repeats():
    grid = grid_of([f"c{i}" for i in range(11)])
    assert len(np.unique(grid.models, axis=0)) == MOST_MODELS
    assert f"{MOST_MODELS:,} of 16,384 models drawn at random" in grid.notes[0]
    share = grid.included.mean(axis=0)
    assert np.abs(share - 0.5).max() < 4 * 0.5 / np.sqrt(MOST_MODELS)
    assert not np.array_equal(grid.models, grid_of([f"c{i}" for i in range(11)], seed=1).models)


def test_of_many_covariates_subsets_are_drawn_none_and_all_among_them():
    grid = grid_of([f"c{i}" for i in range(14)])
    size = grid.sets.sum(axis=1)
    assert {0, 14} <= set(size.tolist())
    assert len(np.unique(grid.sets, axis=0)) == len(grid.sets)
    assert "14 covariates have 2^14 subsets" in grid.notes[0]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"covariates": ["a", "x"]}, "two places of one model: x"),
        ({"covariates": ["a", "a"]}, "two places of one model: a"),
        ({"outcomes": {"one": "x2"}}, "two places of one model: x2"),
        ({"required": "a"}, "a list of columns"),
        ({"vcov": ["CR2", "CR3"]}, "'CR3'"),
        ({"vcov": ["CR2", "CR2"]}, "different variances"),
    ],
)
def test_what_makes_no_grid_is_refused(changed, said):
    with pytest.raises(DesignError, match=said):
        grid_of(**changed)


def test_on_a_balanced_grid_shares_are_sums_of_squares():
    frame = levels()
    table = anova_lm(ols("value ~ C(one) + C(two) + C(three)", frame).fit(), typ=2)
    expected = table["sum_sq"] / table["sum_sq"].sum()
    assert_allclose(list(shares_of(frame).values()), expected, rtol=1e-9)


def test_on_an_unbalanced_grid_shares_are_means_over_all_orders():
    frame = levels().drop(index=[0, 1, 5, 11, 12])
    total = ((frame["value"] - frame["value"].mean()) ** 2).sum()

    def explained(names):
        formula = "value ~ 1" + "".join(f" + C({name})" for name in names)
        return 1 - ols(formula, frame).fit().ssr / total

    expected = dict.fromkeys(("one", "two", "three"), 0.0)
    for order in permutations(expected):
        for i, name in enumerate(order):
            expected[name] += (explained(order[: i + 1]) - explained(order[:i])) / 6
    found = shares_of(frame)
    assert_allclose([found[name] for name in expected], list(expected.values()), rtol=1e-8)
    assert sum(found.values()) == pytest.approx(1)


def test_a_choice_without_any_consequence_has_no_share():
    frame = levels().assign(value=lambda f: f["two"] * 2.0)
    assert_allclose(list(shares_of(frame).values()), [0, 1, 0, 0], atol=1e-12)


def test_nothing_to_divide_has_no_shares():
    assert np.isnan(list(shares_of(levels().assign(value=3.0)).values())).all()
