"""Beside the answer: how often such a design says so, in worlds whose truth is known."""

from __future__ import annotations

from typing import Any

from coaching_stats.calibration import THEORY, WHOLE, per_cent
from coaching_stats.designs import TRUE_WORLD, design_of
from coaching_stats.error_rates import nearest_error_rates
from coaching_stats.study import Run
from coaching_stats.texts import texts
from coaching_stats.whole import NO_HEADLINE


def error_rates_content(run: Run, language: str) -> dict[str, Any] | None:
    """The error matrix of the user's own design, or else of the nearest one that is shipped.

    Parameters
    ----------
    run : Run
    language : {"en", "fi"}

    Returns
    -------
    dict or None
        None for a study that has no theory to be judged as a whole.
    """
    if run.verdicts.theory.gates == (NO_HEADLINE,):
        return None
    said = texts(language)["calibration"]
    found = run.calibration or nearest_error_rates(design_of(run.panel))
    rates = found.tidy()
    rates = rates[rates["hypothesis"] == THEORY]
    verdict = run.verdicts.theory.verdict
    shares = rates.pivot(index="world", columns="verdict", values="share")
    rivals = [world for world in shares.index if world != TRUE_WORLD]
    return {
        "heading": said["heading"],
        "answer": said["answer"].format(
            verdict=said["verdicts"][verdict],
            true=per_cent(shares.loc[TRUE_WORLD, verdict]),
            false=per_cent(shares.loc[rivals, verdict].max()),
        ),
        "text": said["text" if run.calibration is None else "own"].format(
            n=found.n_sim, design=found.design
        ),
        "world_head": said["world_head"],
        "verdicts": [said["verdicts"][name] for name in WHOLE],
        "rows": [
            {
                "world": said["worlds"][world],
                "cells": [
                    {"share": per_cent(shares.loc[world, name]), "said": name == verdict}
                    for name in WHOLE
                ],
            }
            for world in dict.fromkeys(rates["world"])
        ],
    }
