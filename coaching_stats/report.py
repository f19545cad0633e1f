"""Results to one self-contained page, in English or Finnish, from the same numbers."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from coaching_stats.addresses import addressed
from coaching_stats.adjustment import adjustment_sentences
from coaching_stats.cross_checks import quick_check
from coaching_stats.error_rates_page import error_rates_content
from coaching_stats.evidence_page import evidence_content
from coaching_stats.figure_numbers import page_titles
from coaching_stats.figure_svg import svg_text, words_of
from coaching_stats.figures import plot_association, plot_verdicts
from coaching_stats.graph_figure import plot_graph
from coaching_stats.group_figures import shown_chain, shown_hypothesis
from coaching_stats.judgement import NOT_MEASURED, Verdict
from coaching_stats.model_figures import plot_chain
from coaching_stats.note_texts import in_english, in_finnish
from coaching_stats.process_map_figure import plot_process_map
from coaching_stats.published_figures import process_map_of
from coaching_stats.receipt_page import careless_content, receipt_content
from coaching_stats.results_json import DEPENDENCIES
from coaching_stats.rules import NOT_TESTABLE
from coaching_stats.scale_table import scale_table, unit
from coaching_stats.sides_page import (
    map_content,
    sides_content,
    what_if_sentences,
)
from coaching_stats.study import Run
from coaching_stats.texts import texts
from coaching_stats.verdict_page import described_line, gate_rows, verdict_row
from coaching_stats.whole import NO_HEADLINE
from coaching_stats.wording import term_name

if TYPE_CHECKING:
    import jinja2
    from matplotlib.axes import Axes

CSS_INCH = 96  # pixels


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

    Examples
    --------
    >>> import tempfile
    >>> from coaching_stats.study import run_study
    >>> data, study = "data/published/attitude.csv", "data/published/attitude.study.yml"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_report(run_study(data, study=study), Path(folder, "report.html"))
    ...     page.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
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
    environment.filters["is_number"] = _is_number
    return environment.from_string(source.read_text(encoding="utf-8"))


def _is_number(cell: str) -> bool:
    """Whether a cell holds a number, an interval or nothing but a dash."""
    return bool(re.fullmatch(r"[−\[]?\d[\d,.;−\[\]% ]*|–", escape(cell).striptags()))


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
        "failed": _failed(run, language),
        "gate_names": texts(language)["gate_names"],
        "data_note": run.study.data_note_fi if is_finnish else run.study.data_note_en,
        "verdicts": [verdict_row(run, verdict, language) for verdict in ordered],
        "described": [described_line(verdict, language) for verdict in run.verdicts.described],
        "remedies": run.verdicts.remedies(language).tidy().to_dict("records"),
        "figures": list(_figures(run, language)),
        "evidence": evidence_content(run, language),
        "sides": sides_content(run, language),
        "what_if": what_if_sentences(run, language),
        "what_if_heading": texts(language)["what_if"]["heading"],
        "map": _map(run, language),
        "meanings": _meanings(run, language),
        "gates": list(gate_rows(run, language)),
        "scales": list(_scales(run, language)),
        "scales_text": _scales_text(run, language),
        "error_rates": error_rates_content(run, language),
        "adjustments": list(_adjustments(run, language)),
        "receipt": receipt_content(run, language),
        "careless": careless_content(run, language),
        "notes": list(_notes(run, language)),
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


def _failed(run: Run, language: str) -> list[tuple[str, str]]:
    """What the codes in the answer mean."""
    theory, names = run.verdicts.theory, texts(language)["gate_names"]
    codes = theory.gates if theory.verdict == NOT_TESTABLE else ()
    return [(code, names[code]) for code in codes if code in names and code != NOT_MEASURED]


def _notes(run: Run, language: str) -> Iterator[dict[str, object]]:
    """Notes with names in place of keys, each once, and their places in results.json.

    Warnings of gates stand in a table of their own.
    """
    checks = quick_check(run)
    disagreements = dict(zip(checks.disagreements, checks.sentences(language), strict=True))
    found: dict[str, list[tuple[int, str]]] = {}
    for place, note in enumerate(run.notes):
        name, _, text = note.partition(": ")
        is_named = text and any(name == h.id for h in run.study.hypotheses)
        if note in disagreements or (is_named and re.match(r"G\d (warn|unknown): ", text)):
            continue
        entry = (place, name) if is_named else (place, "")
        found.setdefault(text if is_named else note, []).append(entry)
    for text, entries in found.items():
        names = [name for _, name in entries if name]
        said = in_finnish(text) if language == "fi" else in_english(text)
        spoken = language if said else "en"
        named = _with_names(run, said or text, spoken)
        yield {
            "lang": spoken,
            "text": f"{named} ({', '.join(names)})" if names else named,
            "places": " ".join(str(place) for place, _ in entries),
        }
    for note, text in disagreements.items():
        yield {"lang": language, "text": text, "places": run.notes.index(note)}


def _with_names(run: Run, note: str, language: str) -> str:
    return re.sub(r"\b\w+_[smpr]\b", lambda key: term_name(key[0], run.study, language), note)


def _figures(run: Run, language: str) -> Iterator[dict[str, Any]]:
    """Pictures of what may be shown: no association or chain that is not testable."""
    said, titles = texts(language)["report"]["alt"], page_titles(run, language)
    yield _figure(plot_verdicts(run, language=language), said["verdicts"], titles["verdicts"])
    if run.verdicts[shown_hypothesis(run).id].legs:
        leg = shown_hypothesis(run).legs[0]
        x, y = (run.study.name(key, language) for key in (leg.predictor[0], leg.outcome))
        axes = plot_association(run, language=language)
        words = said["association"].format(x=x, y=y)
        if not axes.axison:  # a sentence stands in its place
            words = " ".join(axes.texts[0].get_text().split())
        yield _figure(axes, words)
    chain = shown_chain(run)
    if chain and run.verdicts[chain].legs:
        yield _figure(plot_chain(run, language=language), said["chain"], titles["chain"])
    if run.study.edges:
        yield _figure(plot_graph(run.study, language=language), said["graph"])


def _figure(axes: Axes, alt: str, titled: Markup | None = None) -> dict[str, Any]:
    """An image in the page; title, with addresses if given, and caption become text of the page."""
    title, caption = words_of(axes)
    width = round(axes.figure.get_size_inches()[0] * CSS_INCH)
    return {
        "title": titled if title and titled else title,
        "caption": caption,
        "alt": alt,
        "width": width,
        "data": base64.b64encode(svg_text(axes).encode("utf-8")).decode("ascii"),
    }


def _map(run: Run, language: str) -> dict[str, Any]:
    content = map_content(run, language)
    if not content:
        return {}
    alt, title = texts(language)["report"]["alt"]["map"], page_titles(run, language)["map"]
    axes = plot_process_map(process_map_of(run), language=language)
    return {**content, "figure": _figure(axes, alt, title)}


def _adjustments(run: Run, language: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the causal graph says on the covariates of each hypothesis."""
    if run.study.edges:
        for hypothesis in run.study.hypotheses:
            yield hypothesis.id, adjustment_sentences(run.study, hypothesis, language)


def _meanings(run: Run, language: str) -> list[tuple[str, str]]:
    words = texts(language)
    verdicts = [
        (words["verdicts"][key], meaning) for key, meaning in words["verdict_meanings"].items()
    ]
    used = sorted({v.grade for v in run.verdicts.judged if v.grade})
    return verdicts + [(grade, words["grade_meanings"][grade]) for grade in used]


def _scales_text(run: Run, language: str) -> Markup:
    minimum = addressed("study.minimum_group", run.study.minimum_group, language, 0)
    return escape(texts(language)["report"]["scales_text"]).format(minimum=minimum)


def _scales(run: Run, language: str) -> Iterator[dict[str, str]]:
    for row in scale_table(run).to_dict("records"):
        yield {
            "name": term_name(row["item"], run.study, language),
            "unit": unit(run.study, row["item"], language),
            "n": addressed(f"scales.{row['item']}.n", float(row["n"]), language, 0)
            if row["n"].isdigit()
            else row["n"],
            "mean": texts(language)["report"]["not_shown"]
            if row["suppressed"]
            else addressed(f"scales.{row['item']}.mean", row["mean"], language),
            **{
                key: addressed(f"scales.{row['item']}.{key}", row[key], language)
                for key in ("alpha", "icc1", "icc2")
            },
        }


def _provenance(run: Run, language: str) -> str:
    hashes = [value[:12] for _, value in sorted(run.source.hashes.items())]
    return texts(language)["report"]["provenance_text"].format(
        data=run.source.name,
        data_hash=", ".join(hashes),
        study=run.study.title_fi if language == "fi" else run.study.title_en,
        study_hash=run.study.hash[:12],
        version=metadata.version("coaching_stats"),
        dependencies=", ".join(f"{name} {metadata.version(name)}" for name in DEPENDENCIES),
        seed=run.seed,
    )
