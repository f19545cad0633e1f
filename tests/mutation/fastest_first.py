"""Pytest plugin of `make mutate`: the fastest tests first, so that a wrong mutant dies early."""

import json
from pathlib import Path

import pytest

STATS = Path("mutmut-stats.json")  # what mutmut measured before the first mutant


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if STATS.exists():
        seconds = json.loads(STATS.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))
