"""Beside the answer: how often such a design says so, in worlds whose truth is known."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from coaching_stats.addresses import addressed
from coaching_stats.calibration import THEORY, WHOLE, Calibration
from coaching_stats.designs import TRUE_WORLD
from coaching_stats.error_rates import SIZES
from coaching_stats.page_numbers import PER_CENT, theory_rates
from coaching_stats.study import Run
from coaching_stats.texts import texts

NEAR = 0.005  # to 0 or 1: whole per cents would not tell it from them


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
    found = theory_rates(run)
    if found is None:
        return None
    said = texts(language)["calibration"]
    rates = found.tidy()
    rates = rates[rates["hypothesis"] == THEORY]
    verdict = run.verdicts.theory.verdict
    shares = rates.pivot(index="world", columns="verdict", values="share")
    rivals = [world for world in shares.index if world != TRUE_WORLD]
    return {
        "heading": said["heading"],
        "answer": escape(said["answer"]).format(
            verdict=said["verdicts"][verdict],
            true=_said(shares, TRUE_WORLD, verdict, "some", language),
            false=_said(shares, shares.loc[rivals, verdict].idxmax(), verdict, "most", language),
        ),
        "text": escape(said["text" if run.calibration is None else "own"]).format(
            n=addressed("rates.n_surveys", found.n_sim, language, 0),
            design=_design(found, language),
        ),
        "world_head": said["world_head"],
        "verdicts": [said["verdicts"][name] for name in WHOLE],
        "rows": [
            {
                "world": said["worlds"][world],
                "cells": [
                    {"share": _share(shares, world, name, language), "said": name == verdict}
                    for name in WHOLE
                ],
            }
            for world in dict.fromkeys(rates["world"])
        ],
    }


def _design(found: Calibration, language: str) -> Markup:
    """The design as it writes itself; its sizes carry their addresses."""
    sizes = Markup(" × ").join(
        addressed(f"rates.{key}", getattr(found.design, key), language, 0) for key in SIZES
    )
    return sizes + str(found.design).removeprefix(sizes.striptags())


def _said(shares: pd.DataFrame, world: str, verdict: str, how: str, language: str) -> Markup:
    """A share within the sentence: of zero nobody says "at most"."""
    said = texts(language)["calibration"]["shares"]
    if not shares.loc[world, verdict]:
        return escape(said["none"])
    return escape(said[how]).format(share=_share(shares, world, verdict, language))


def _share(shares: pd.DataFrame, world: str, verdict: str, language: str) -> Markup:
    """Per cent with the address; one decimal where a share is not quite 0 or 100."""
    share = float(shares.loc[world, verdict])
    is_near_an_end = 0 < share < NEAR or 1 - NEAR < share < 1
    address = f"rates.{world}.{verdict.replace(' ', '_')}_per_cent"
    return addressed(address, PER_CENT * share, language, 1 if is_near_an_end else 0) + " %"
