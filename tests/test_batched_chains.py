"""Chains bootstrapped together get the intervals that they get one by one."""

import numpy as np
import pytest

from coaching_stats.batched_chains import ChainRows, bootstrap_chains
from coaching_stats.estimates import bootstrap_chain
from coaching_stats.models import chain_frame, chain_of
from coaching_stats.resampling import TooFewResamples
from coaching_stats.samples import Sample
from coaching_stats.theory import load_study

LEG = load_study().hypothesis("H5").legs[0]
KEYS = ("SKL", "BEL", "WKL", "RIG", "LAT", "INF", "WTC")
N_BOOT = 400
ENDS = (0.05, 0.95, 0.025, 0.975)


def sample(seed, codes, n=30):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, len(KEYS))).cumsum(axis=1)
    values = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    return Sample(dict(zip(KEYS, values.T, strict=True)), codes, "", n, frozenset(), ())


def together(samples):
    rows = [
        ChainRows(np.column_stack(list(chain_frame(LEG, one).values())), one.codes)
        for one in samples
    ]
    seeds = [np.random.SeedSequence(place) for place in range(len(rows))]
    return bootstrap_chains(rows, len(chain_of(LEG)), seeds, n_boot=N_BOOT, probabilities=ENDS)


@pytest.mark.parametrize(
    "codes", [None, np.arange(30) // 2, np.random.default_rng(5).permutation(30) // 3]
)
def test_interval_is_that_of_the_single_chain(codes):
    samples = [sample(seed, codes) for seed in range(3)]
    estimate, ends = together(samples)
    for place, one in enumerate(samples):
        chain = bootstrap_chain(LEG, one, np.random.SeedSequence(place), N_BOOT)
        assert estimate[place] == pytest.approx(chain.estimate[-1], rel=1e-9)
        expected = [end[-1] for level in (0.90, 0.95) for end in chain.interval(level)]
        assert ends[:, place].tolist() == pytest.approx(expected, rel=1e-9)


def with_cause_of_clusters(n_clusters):
    codes = np.arange(2 * n_clusters) // 2
    one = sample(1, codes, 2 * n_clusters)
    one.z["RIG"][:] = one.z["RIG"][2 * codes]
    return one


def test_a_cause_that_is_the_same_within_clusters_works_between_them():
    one = with_cause_of_clusters(40)
    chain = bootstrap_chain(LEG, one, np.random.SeedSequence(0), N_BOOT)
    estimate, ends = together([one])
    assert estimate[0] == pytest.approx(chain.estimate[-1], rel=1e-8)
    assert ends[2:, 0].tolist() == pytest.approx([e[-1] for e in chain.interval(0.95)], rel=1e-8)


def test_lost_resamples_are_left_out_or_too_many():
    some = with_cause_of_clusters(14)  # fewer than 1 in 20 hold too few different clusters
    chain = bootstrap_chain(LEG, some, np.random.SeedSequence(0), N_BOOT)
    assert any("left out" in note for note in chain.notes)
    expected = [e[-1] for e in chain.interval(0.95)]
    assert together([some])[1][2:, 0].tolist() == pytest.approx(expected, rel=1e-6)
    few = with_cause_of_clusters(10)
    with pytest.raises(TooFewResamples):
        bootstrap_chain(LEG, few, np.random.SeedSequence(1), N_BOOT)
    ends = together([some, few])[1]
    assert np.isnan(ends[:, 1]).all()
    assert ends[2:, 0].tolist() == pytest.approx(expected, rel=1e-6)
