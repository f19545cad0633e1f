"""What the worlds show in a very large survey is what worlds.yml and docs/rivals.md say."""

import re
import sys
from pathlib import Path

import pytest

from coaching_stats.latent import worlds_file

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "benchmarks"))

from reference_estimates import WORLDS, deviation, estimates  # noqa: E402


def printed():
    """Split and same-source references by world and estimate, as docs/rivals.md prints them."""
    text = (ROOT / "docs" / "rivals.md").read_text(encoding="utf-8").replace("−", "-")
    rows = re.findall(r"^\| (H\w+) \| (.+) \|$", text.partition("## 3. ")[2], re.MULTILINE)
    for name, cells in rows:
        for world, cell in zip(WORLDS, cells.split(" | "), strict=False):
            if " / " in cell:
                yield world, name, tuple(float(value) for value in cell.split(" / "))


def test_the_printed_references_are_those_of_worlds_yml():
    found = list(printed())
    assert len(found) == 25 * len(WORLDS)
    for world, name, values in found:
        entry = worlds_file()["worlds"][world]
        kept = entry["reference_split"][name], entry["reference_same"][name]
        assert kept == pytest.approx(values), (world, name)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_references_are_found_again_within_monte_carlo_error(world):
    """Four errors of both: of 300 deviations the largest is expected near three."""
    table = estimates(world)
    assert len(table) == 50
    assert table["mc_error"].max() < 0.01
    far = table[deviation(table) > 4]
    assert far.empty, far.to_string()
