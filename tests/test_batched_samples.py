"""Samples of many surveys: clusters as the study names them."""

from dataclasses import replace

import numpy as np
import pytest

from coaching_stats.batched_samples import least_firms
from coaching_stats.calibration import Design, _judged, judged_block
from coaching_stats.errors import DesignError
from coaching_stats.theory import load_study


def keyed(cluster):
    return replace(load_study(), cluster=cluster, has_cluster_key=True)


@pytest.mark.parametrize(("cluster", "design"), [("team", (12, 2, 7)), ("firm", (7, 4, 7))])
def test_a_study_that_names_its_clusters_gets_the_verdicts_of_the_road_one_by_one(cluster, design):
    study, design = keyed(cluster), Design(*design)
    alone = [
        _judged(study, design, "theory", np.random.SeedSequence(3, spawn_key=(0, i)))
        for i in range(2)
    ]
    assert judged_block(study, design, 3, "theory", 0, 2) == alone


def test_other_clusters_are_judged_one_by_one():
    with pytest.raises(DesignError, match="manager"):
        least_firms(keyed("manager"))
    assert len(judged_block(keyed("manager"), Design(5, 2, 5), 3, "null", 0, 1)) == 1
