"""The command line: every command, and the exit code."""

from __future__ import annotations

import sys

from coaching_stats import commands_review, commands_study, commands_survey
from coaching_stats.console import app, guarded

# Importing them is what adds their commands.
COMMANDS = (commands_study, commands_survey, commands_review)
# As a user meets them: the main job, then what leads up to it, then what reviews it.
ORDER = (
    "study",
    "check",
    "new",
    "twin",
    "questionnaire",
    "simulate",
    "calibrate",
    "map",
    "attack",
    "diff",
    "verify",
)
app.registered_commands.sort(key=lambda info: ORDER.index(info.name or info.callback.__name__))


def main() -> None:
    """Entry point of ``coaching-stats`` and ``python -m coaching_stats``."""
    for stream in (sys.stdout, sys.stderr):  # a C locale cannot print Finnish or minus signs
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(guarded(app))
