"""Mutation scores of the areas named, a folder each: what was killed, and what lives.

python tests/mutation/score.py build/mutation/moments ...
"""

import json
import sys
from collections import Counter
from pathlib import Path

WANTED = 0.85
SURVIVED, NO_TEST, NOT_RUN = 0, 33, None  # exit codes that mutmut writes down


def exit_codes(area: Path) -> dict[str, int | None]:
    """Exit code of the tests by mutant."""
    codes: dict[str, int | None] = {}
    for written in sorted((area / "mutants").rglob("*.meta")):
        codes |= json.loads(written.read_text(encoding="utf-8"))["exit_code_by_key"]
    return {name: code for name, code in codes.items() if code is not NOT_RUN}


def main(areas: list[str]) -> int:
    """Print a row per area and the names of survivors; 1 where a score is too low."""
    scores = []
    print("| area | mutants | killed | without a test | score |\n|---|---|---|---|---|")
    for area in map(Path, areas):
        codes = exit_codes(area)
        count = Counter(codes.values())
        killed = len(codes) - count[SURVIVED] - count[NO_TEST]
        scores.append(killed / max(len(codes), 1))
        print(
            f"| {area.name} | {len(codes)} | {killed} | {count[NO_TEST]} | {scores[-1]:.1%} |",
        )
        survivors = [name for name, code in codes.items() if code in (SURVIVED, NO_TEST)]
        (area / "survivors.txt").write_text("\n".join(survivors) + "\n", encoding="utf-8")
    return int(min(scores) < WANTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
