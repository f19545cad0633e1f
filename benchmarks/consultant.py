"""The consultant's road: from a messy Finnish export to a report, as README says; consultant.md.

usage: python benchmarks/consultant.py

The commands are those of README's consultant section; the answers are simulated.
"""

import csv
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from coaching_stats.instrument import load_instrument
from coaching_stats.worlds import simulate

README = Path(__file__).parents[1] / "README.md"
OUT = Path(__file__).with_suffix(".md")
PROGRAM = ".venv/bin/coaching-stats"
ITEMS = {item.name: item for item in load_instrument().items}
AGREEMENT = (
    "Täysin eri mieltä",
    "Eri mieltä",
    "Jokseenkin eri mieltä",
    "En samaa enkä eri mieltä",
    "Jokseenkin samaa mieltä",
    "Samaa mieltä",
    "Täysin samaa mieltä",
)
SECOND_ROW = {
    "StartDate": "Aloituspäivä",
    "EndDate": "Päättymispäivä",
    "Finished": "Valmis",
    "ResponseId": "Vastauksen tunnus",
}
REMARK = "Palaverit vievät ajan valmennukselta"
OPENINGS = 5  # of each page
LIMITS = {"seconds": 60, "commands": 5, "bytes": 3_000_000, "opens": 1.0}


def finnish_export(path: Path, *, teams: int = 20, sellers: int = 8, seed: int = 4) -> None:
    """Write one firm's simulated answers as a survey tool in Finnish exports them.

    Semicolons, two header rows, answers in words, decimal commas, e-mails and remarks.
    """
    tables = simulate("theory", firms=1, teams=teams, sellers=sellers, seed=seed)
    about = tables["teams"][["team_id", "manager_id", "firm_id", "n_sellers_roster"]]
    managers = tables["manager_survey"].filter(regex="^team_id$|^M_")
    given = tables["seller_survey"].merge(about, on="team_id")
    given = given.merge(managers, on="team_id", how="left")
    sales = 100 * np.random.default_rng(seed).lognormal(0, 0.3, len(given))
    cells = {
        "StartDate": given["completed_at"] + " 09:00:00",
        "EndDate": given["completed_at"] + " 09:14:00",
        "Finished": "Tosi",
        "ResponseId": "R_" + given["seller_id"],
        "Tiimi": "Helsinki " + given["team_id"],
        "Esihenkilö": given["manager_id"],
        "Yritys": given["firm_id"],
        "Sähköposti": [f"etunimi.sukunimi{i}@yritys.fi" for i in range(len(given))],
        **{name: in_words(name, given[name]) for name in given if name in ITEMS},
        "sales_index": [f"{x:.1f}".replace(".", ",") for x in sales],
        "Sana on vapaa": [REMARK if i % 9 == 0 else "" for i in range(len(given))],
    }
    table = pd.DataFrame(cells)
    texts = [ITEMS[c].text_fi if c in ITEMS else SECOND_ROW.get(c, c) for c in table]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerows([list(table), texts, *table.to_numpy().tolist()])


def in_words(name: str, answers: pd.Series) -> list[str]:
    """Answers on agreement in words, others as they are; no answer is an empty cell."""
    is_agreement = "eri mieltä" in ITEMS[name].anchors_fi
    return [
        "" if np.isnan(x) else AGREEMENT[int(x) - 1] if is_agreement else f"{x:.0f}"
        for x in answers
    ]


def consultant_section() -> str:
    """README from the consultant's heading to the next."""
    return README.read_text(encoding="utf-8").split("## I am a consultant")[1].split("\n## ")[0]


def road() -> list[list[str]]:
    """The commands from an export to a report: those in blocks, and those that look at the result.

    The program's name is left out.
    """
    section = consultant_section()
    blocks = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    lines += [one for one in asides() if "build/client" in one]
    return [line.removeprefix(PROGRAM).split() for line in lines]


def asides() -> list[str]:
    """Whole commands in running text."""
    plain = re.sub(r"```.*?```", "", consultant_section(), flags=re.DOTALL)
    return re.findall(rf"`({re.escape(PROGRAM)} [^`]+)`", plain)


def clocked(words: list[str], folder: Path) -> float:
    """Seconds that a command takes, the start of Python included."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "coaching_stats", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def opening(page: Path) -> float | None:
    """Seconds until the page is loaded in headless Chromium, median; None without a browser."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        return None
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(word)
    browser = webdriver.Chrome(options=options, service=Service(driver))
    ends = "const t = performance.getEntriesByType('navigation')[0]; return t.loadEventEnd"
    try:
        times = []
        for _ in range(OPENINGS):
            browser.get(page.resolve().as_uri())
            times.append(browser.execute_script(ends) / 1000)
    finally:
        browser.quit()
    return statistics.median(times)


def main() -> None:
    """Walk the road once, and write what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        finnish_export(folder / "yourfile.csv")
        commands = road()
        seconds = [clocked(words, folder) for words in commands]
        report = folder / "build" / "client" / "report.fi.html"
        OUT.write_text(page_text(commands, seconds, report), encoding="utf-8")


def page_text(commands: list[list[str]], seconds: list[float], report: Path) -> str:
    """Lay out what was measured, with the limits beside it."""
    opened = opening(report)
    rows = [
        f"| `coaching-stats {' '.join(words)}` | {taken:.1f} s | |"
        for words, taken in zip(commands, seconds, strict=True)
    ]
    rows += [
        f"| all {len(commands)} commands | {sum(seconds):.1f} s | {LIMITS['seconds']} s, "
        f"{LIMITS['commands']} commands |",
        f"| size of the Finnish page | {report.stat().st_size / 1e6:.2f} MB | "
        f"{LIMITS['bytes'] / 1e6:.0f} MB |",
        "| opening it in headless Chromium, median of "
        f"{OPENINGS} | {'no browser here' if opened is None else f'{opened:.2f} s'} | "
        f"{LIMITS['opens']:.0f} s |",
    ]
    return "\n".join([HEAD, *rows, ""])


HEAD = """# From an export to a Finnish report

A simulated survey of one firm, 20 teams of 8 sellers, as a survey tool in Finnish exports it:
semicolons, two header rows, answers in words, decimal commas, e-mail addresses and remarks. The
commands are those of README's section *I am a consultant*, word for word; elapsed time, the start
of Python included. Written by `python benchmarks/consultant.py`.

| | measured | limit |
|---|---|---|"""


if __name__ == "__main__":
    main()
