"""Results to one self-contained page, in English or Finnish, from the same numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coaching_stats.figures import plot_association, plot_verdicts
from coaching_stats.gates import Check
from coaching_stats.graph_figure import plot_graph
from coaching_stats.group_figures import shown_hypothesis
from coaching_stats.judgement import Verdict
from coaching_stats.rules import NOT_TESTABLE
from coaching_stats.scale_table import scale_table
from coaching_stats.study import Run
from coaching_stats.texts import number, texts
from coaching_stats.whole import NO_HEADLINE
from coaching_stats.wording import check_text, term_name

if TYPE_CHECKING:
    import jinja2
    from matplotlib.axes import Axes

SVG = {"svg.fonttype": "path", "svg.hashsalt": "coaching_stats"}  # same figure, same bytes


def write_report(run: Run, path: str | Path, *, language: str = "en") -> Path:
    """Write one HTML page that opens from disk and asks nothing of the network.

    Parameters
    ----------
    run : Run
    path : str or Path
    language : {"en", "fi"}
        Both pages hold the same numbers and the same strength of words.

    Returns
    -------
    Path
        Where the page is.

    Raises
    ------
    ValueError
        Another language.
    OSError
        The file cannot be written.
    """
    page = _template().render(**_content(run, language))
    path = Path(path)
    path.write_text(page, encoding="utf-8")
    return path


@cache
def _template() -> jinja2.Template:
    import jinja2

    source = resources.files("coaching_stats") / "templates" / "report.html.j2"
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(source.read_text(encoding="utf-8"))


def _content(run: Run, language: str) -> dict[str, Any]:
    said = texts(language)["report"]
    is_finnish = language == "fi"
    ordered = sorted(run.verdicts.judged, key=lambda v: not v.hypothesis.is_core)
    return {
        "language": language,
        "t": said,
        "title": run.study.title_fi if is_finnish else run.study.title_en,
        "simulated": run.source.is_simulated,
        "answer": _answer(run, language),
        "first": _first(run, language),
        "data_note": run.study.data_note_fi if is_finnish else run.study.data_note_en,
        "verdicts": [_verdict_row(run, verdict, language) for verdict in ordered],
        "described": [_described(verdict, language) for verdict in run.verdicts.described],
        "remedies": run.verdicts.remedies(language).tidy().to_dict("records"),
        "figures": list(_figures(run, language)),
        "meanings": _meanings(run, language),
        "gates": list(_gates(run, language)),
        "scales": list(_scales(run, language)),
        "scales_text": said["scales_text"].format(minimum=run.study.minimum_group),
        "notes": run.notes,
        "provenance": _provenance(run, language),
    }


def _headline(run: Run) -> Verdict:
    """The headline hypothesis, else the first core one, else the first."""
    judged = run.verdicts.judged
    headlines = [v for v in judged if v.hypothesis.family == "headline"]
    return next(iter(headlines or [v for v in judged if v.hypothesis.is_core] or judged))


def _answer(run: Run, language: str) -> str:
    theory = run.verdicts.theory
    if theory.gates == (NO_HEADLINE,):
        return _headline(run).wording(language)
    return theory.sentence(language)


def _first(run: Run, language: str) -> str:
    if run.verdicts.theory.gates == (NO_HEADLINE,):
        return ""
    said = _headline(run).wording(language)
    return "" if said in run.verdicts.theory.sentence(language) else said


def _namer(run: Run, language: str) -> Callable[[str], str]:
    return lambda about: term_name(about, run.study, language)


def _verdict_row(run: Run, verdict: Verdict, language: str) -> dict[str, Any]:
    row, name = verdict.row(), _namer(run, language)
    is_open = not verdict.legs
    separator = "; " if language == "fi" else ", "
    low, high = number(row["conf_low"], language), number(row["conf_high"], language)
    hypothesis = verdict.hypothesis
    return {
        "id": hypothesis.id,
        "title": hypothesis.title_fi if language == "fi" else hypothesis.title,
        "core": hypothesis.is_core,
        "conclusion": verdict.wording(language),
        "verdict": texts(language)["verdicts"][verdict.verdict],
        "css": verdict.verdict.replace(" ", "-"),
        "grade": verdict.grade,
        "estimate": number(row["estimate"], language),
        "interval": "–" if is_open else f"[{low}{separator}{high}]",
        "n": "–" if is_open else str(int(row["n"])),
        "reason": _reason(verdict, language, name),
    }


def _reason(verdict: Verdict, language: str, name: Callable[[str], str]) -> str:
    """The reason in words: no codes, names in place of keys."""
    if verdict.missing:
        named = ", ".join(name(column) for column in verdict.missing)
        return texts(language)["reasons"]["not_measured"].format(missing=named)
    if verdict.verdict == NOT_TESTABLE:
        failed = [check for check in verdict.checks if check.status == "fail"]
        return "; ".join(f"{c.gate}: {_check(c, language, name)}" for c in failed)
    return verdict.reason(language).split(": ", 1)[1]


def _check(check: Check, language: str, name: Callable[[str], str]) -> str:
    return check_text(replace(check, about=name(check.about)), language)


def _described(verdict: Verdict, language: str) -> str:
    said, hypothesis = texts(language)["report"], verdict.hypothesis
    title = hypothesis.title_fi if language == "fi" else hypothesis.title
    if not verdict.legs:
        return said["described_missing"].format(title=title)
    row = verdict.row()
    shown = {key: number(row[key], language) for key in ("estimate", "conf_low", "conf_high")}
    return said["described_text"].format(
        title=title,
        estimate=shown["estimate"],
        low=shown["conf_low"],
        high=shown["conf_high"],
        n=int(row["n"]),
    )


def _figures(run: Run, language: str) -> Iterator[dict[str, str]]:
    said = texts(language)["report"]["alt"]
    yield _figure(plot_verdicts(run, language=language), said["verdicts"])
    leg = shown_hypothesis(run).legs[0]
    names = {
        "x": run.study.name(leg.predictor[0], language),
        "y": run.study.name(leg.outcome, language),
    }
    axes = plot_association(run, language=language)
    yield _figure(axes, said["association"].format(**names))
    if run.study.edges:
        yield _figure(plot_graph(run.study, language=language), said["graph"])


def _figure(axes: Axes, alt: str) -> dict[str, str]:
    """Inline SVG, the same bytes for the same figure; the figure is closed."""
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    with plt.rc_context(SVG):
        axes.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(axes.figure)
    return {"alt": alt, "data": base64.b64encode(buffer.getvalue()).decode("ascii")}


def _meanings(run: Run, language: str) -> list[tuple[str, str]]:
    words = texts(language)
    verdicts = [
        (words["verdicts"][key], meaning) for key, meaning in words["verdict_meanings"].items()
    ]
    used = sorted({v.grade for v in run.verdicts.judged if v.grade})
    return verdicts + [(grade, words["grade_meanings"][grade]) for grade in used]


def _gates(run: Run, language: str) -> Iterator[dict[str, str]]:
    statuses, name = texts(language)["report"]["statuses"], _namer(run, language)
    for verdict in run.verdicts.judged:
        for check in verdict.checks:
            yield {
                "id": verdict.hypothesis.id,
                "gate": check.gate,
                "text": _check(check, language, name),
                "status": statuses[check.status],
            }


def _scales(run: Run, language: str) -> Iterator[dict[str, str]]:
    name = _namer(run, language)
    for row in scale_table(run).to_dict("records"):
        yield {
            "name": name(row["item"]),
            "n": row["n"],
            "mean": texts(language)["report"]["not_shown"]
            if row["suppressed"]
            else number(row["mean"], language),
            **{key: number(row[key], language) for key in ("alpha", "icc1", "icc2")},
        }


def _provenance(run: Run, language: str) -> str:
    hashes = [value[:12] for _, value in sorted(run.source.hashes.items())]
    return texts(language)["report"]["provenance_text"].format(
        data=run.source.name,
        data_hash=", ".join(hashes),
        study=run.study.title_en,
        study_hash=run.study.hash[:12],
        version=metadata.version("coaching_stats"),
        seed=run.seed,
    )
