"""Make coaching_stats/error_rates.csv: the error matrix of some designs, shipped with the package.

usage: python benchmarks/error_rates.py

Takes ten minutes on two cores; finished blocks are kept, so that it can be interrupted.
"""

from pathlib import Path

import pandas as pd

import coaching_stats as cs
from coaching_stats.calibration import THEORY, WHOLE

SEED = 20150608
# Firms, teams per firm, invited sellers per team, surveys of each world.
DESIGNS = ((1, 12, 8, 500), (24, 1, 8, 600), (8, 3, 8, 500), (20, 3, 8, 400), (50, 3, 10, 200))
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
PAGE = Path(__file__).parents[1] / "docs" / "error-rates.md"
OUT = Path(__file__).parents[1] / "coaching_stats" / "error_rates.csv"


def main() -> None:
    """Calibrate every design and keep what is said of the theory as a whole."""
    tables = []
    for firms, teams, sellers, n_sim in DESIGNS:
        design = {"firms": firms, "teams": teams, "sellers": sellers}
        table = cs.calibrate(design=design, n_sim=n_sim, seed=SEED).tidy()
        whole = table[table["hypothesis"] == THEORY].drop(columns="hypothesis")
        tables.append(whole.assign(**design))
        columns = [*design, "world", "verdict", "share", "conf_low", "conf_high", "n_sim"]
        print(f"{firms} × {teams} × {sellers}: done")
    found = pd.concat(tables)[columns].round(4)
    found.to_csv(OUT, index=False, lineterminator="\n")
    write_table(found)


def write_table(found: pd.DataFrame) -> None:
    """Put the rates into the page of the documentation."""
    lines = ["| design | surveys | world | " + " | ".join(WHOLE) + " |"]
    lines.append("|---" * (3 + len(WHOLE)) + "|")
    for (*sizes, world), one in found.groupby(["firms", "teams", "sellers", "world"], sort=False):
        shares = one.set_index("verdict")["share"]
        cells = " | ".join(f"{100 * shares[verdict]:.1f}" for verdict in WHOLE)
        design = " × ".join(map(str, sizes))
        lines.append(f"| {design} | {one['n_sim'].iloc[0]} | {world} | {cells} |")
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    text = before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + rest.split(END)[1]
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
