"""A survey of 100,000 respondents and 68 items: read, scored and receipted, from CSV and XLSX.

usage: python benchmarks/import_survey.py
"""

import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

import coaching_stats as cs

N, PER_TEAM = 100_000, 10
BUDGETS = {"survey.csv": 3.0, "survey.xlsx": 15.0}  # seconds


def answers(seed: int = 1) -> pd.DataFrame:
    """Simulate a seller form, 5 % of the attention checks failed, with a column of amounts."""
    rng = np.random.default_rng(seed)
    items = [item for item in cs.load_instrument().items if item.form == "seller"]
    frame = pd.DataFrame({item.name: rng.integers(1, 6, N) for item in items})
    frame["S_ATT1"] = np.where(rng.random(N) < 0.05, 3, 2)
    frame["S_ATT2"] = 6
    people = pd.DataFrame(
        {
            "respondent": [f"r{number}" for number in range(N)],
            "team": [f"T{number // PER_TEAM}" for number in range(N)],
            "completed_at": "2026-03-02T10:00:00",
        }
    )
    return pd.concat([people, frame, pd.Series(rng.normal(1e5, 1e4, N), name="Myynti")], axis=1)


def main() -> None:
    """Write both files, read each twice, and print the faster time beside its budget."""
    frame = answers()
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "survey.csv", index=False)
        frame.to_excel(Path(folder) / "survey.xlsx", index=False, engine="xlsxwriter")
        for name, budget in BUDGETS.items():
            times = []
            for _ in range(2):
                start = perf_counter()
                survey = cs.read_survey(Path(folder) / name)
                cs.score(survey.answers)
                survey.receipt.as_dict()
                times.append(perf_counter() - start)
            print(f"{name}: {min(times):.1f} s of {budget:.0f} s; {frame.shape[1]} columns")


if __name__ == "__main__":
    main()
