"""A study file becomes a study: constructs, causal graph and hypotheses, checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from coaching_stats.adjustment import causal_graph, refuse_wrong_covariates
from coaching_stats.carelessness import QualityRules
from coaching_stats.causal_paths import refuse_cycle
from coaching_stats.errors import StudyError, explain, first_ten, nearest
from coaching_stats.hypotheses import (
    ID_NAMES,
    SUFFIX,
    Construct,
    Derived,
    Hypothesis,
    Leg,
    Study,
    mark_sesoi,
)
from coaching_stats.privacy import refuse_below_promise
from coaching_stats.study_file import PACKAGE, parse_study
from coaching_stats.texts import texts

RULES = {
    "slope": "R-SLOPE",
    "interaction": "R-INT",
    "indirect": "R-IND",
    "variance": "R-VAR",
    "equivalence": "R-TOST",
    "difference": "R-DIFF",
    "joint": "R-JOINT",
}
PROMISED = 5  # people, where the study file names no promise
GATES = ("G1", "G2", "G3", "G4", "G5")  # all, where a hypothesis names none


def load_study(path: str | Path | None = None) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path : str or Path, optional
        YAML in the grammar of the packaged ``theory.yml``, which is read when none is given.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        No such file, broken YAML, an unknown key (the nearest known one is named), a missing or
        wrong value, a hypothesis on a construct that is not defined, a cyclic graph, or a covariate
        that by the graph must not be held constant (`adjustment_of`).

    Examples
    --------
    >>> study = load_study()
    >>> [h.id for h in study.hypotheses if h.is_core]
    ['H1', 'H5', 'H9', 'H14']
    >>> study.hypothesis("H1").statement("en")[:38]
    'The more rigid the sales and leadershi'
    """
    if path is None:
        return _default()
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyError(
            explain(
                what=f"there is no study file {path.name!r}",
                where="" if path.parent == Path() else str(path.parent),
                remedy="check the path, or start from a copy of coaching_stats/theory.yml",
            )
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise StudyError(
            explain(
                what=f"the study file cannot be read: {problem.__class__.__name__}",
                where=str(path),
                remedy="give the path of a YAML file in UTF-8",
            )
        ) from None
    study = _build(text, path.name)
    if not study.edges:
        study = replace(study, notes=(*study.notes, texts("en")["adjustment"]["no_graph"]))
    packaged = {h.statement_en: h for h in _default().hypotheses}
    marked = tuple(
        mark_sesoi(h, packaged.get(h.statement_en), _usual_sesoi()) for h in study.hypotheses
    )
    said = tuple(f"{h.id}: {mark}" for h in marked for mark in h.sesoi_marks("en"))
    return replace(study, hypotheses=marked, notes=study.notes + said)


@cache
def _default() -> Study:
    return _build(_packaged(), "theory.yml")


def _packaged() -> str:
    return (PACKAGE / "theory.yml").read_text(encoding="utf-8")


def _build(text: str, where: str) -> Study:
    raw = parse_study(text, where)
    if "constructs" not in raw:
        default = parse_study(_packaged(), "theory.yml")
        raw = raw | {key: default[key] for key in ("constructs", "derived") if key not in raw}
    constructs = {c["key"]: _construct(c) for c in raw["constructs"]}
    derived = {d["key"]: _derived(d, constructs, where) for d in raw.get("derived", [])}
    known = [*constructs, *derived]
    study = Study(
        title_en=raw.get("title_en", where),
        title_fi=raw.get("title_fi", raw.get("title_en", where)),
        constructs=constructs,
        derived=derived,
        edges=tuple(raw.get("graph", [])),
        hypotheses=tuple(_hypothesis(h, known, where) for h in raw["hypotheses"]),
        described=tuple(_hypothesis(_as_slope(h), known, where) for h in raw.get("described", [])),
        covariate_sources=raw.get("conventions", {}).get("covariate_sources", {}),
        columns=raw.get("columns") or {},
        cluster=raw.get("cluster"),
        has_cluster_key="cluster" in raw,
        minimum_group=_minimum_group(raw, where),
        quality=QualityRules(**raw.get("quality", {})),
        data_note_en=raw.get("data_note_en", ""),
        data_note_fi=raw.get("data_note_fi", raw.get("data_note_en", "")),
        hash=hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest(),
    )
    ids = {
        "hypothesis id": [h.id for h in (*study.hypotheses, *study.described)],
        "construct": [c["key"] for c in (*raw["constructs"], *raw.get("derived", ()))],
    }
    for what, names in ids.items():
        _refuse_repeats(what, names, where)
    for hypothesis in study.hypotheses:
        _refuse_repeats("leg", [leg.name for leg in hypothesis.legs], f"{where}: {hypothesis.id}")
    _refuse_unknown_columns(study, where)
    for edge in study.edges:
        _refuse_undefined((edge["from"], edge["to"]), known, f"{where}: graph")
    refuse_cycle(causal_graph(study), where)
    refuse_wrong_covariates(study, where)
    return study


def _minimum_group(raw: Mapping[str, Any], where: str) -> int:
    """Fewest people shown: what respondents were promised, or more."""
    promised = raw.get("promise", {}).get("minimum_group", PROMISED)
    minimum = raw.get("minimum_group", promised)
    refuse_below_promise(minimum, promised, where)
    return minimum


def _construct(raw: dict[str, Any]) -> Construct:
    return Construct(
        key=raw["key"],
        name_en=raw["name_en"],
        name_fi=raw.get("name_fi", raw["name_en"]),
        level=raw["level"],
        forms=tuple(raw["forms"]),
        items=tuple(raw.get("items", ())),
        reverse=tuple(raw.get("reverse", ())),
        scale=tuple(raw["scale"]) if "scale" in raw else None,
    )


def _derived(raw: dict[str, Any], constructs: Mapping[str, Construct], where: str) -> Derived:
    parts = tuple(raw["from"])
    expected = f"z(mean({', '.join(f'z({part})' for part in parts)}))"
    if raw["formula"].replace(" ", "") != expected.replace(" ", ""):
        raise StudyError(
            explain(
                what=f"the formula {raw['formula']!r} is not one that a derived variable may have",
                where=f"{where}: {raw['key']}",
                remedy=f"write {expected!r}",
            )
        )
    _refuse_undefined(parts, constructs, f"{where}: {raw['key']}")
    return Derived(raw["key"], raw["name_en"], raw.get("name_fi", raw["name_en"]), parts)


def _as_slope(raw: dict[str, Any]) -> dict[str, Any]:
    """A described association is estimated like a slope and judged by no rule."""
    return raw | {
        "kind": "slope",
        "expected_sign": "positive",
        "sesoi": 0.2,
        "family": "described",
        "gates": ["G2"],
    }


def _hypothesis(raw: dict[str, Any], known: Sequence[str], where: str) -> Hypothesis:
    place = f"{where}: {raw['id']}"
    rule = RULES[raw["kind"]]
    if raw.get("rule", rule) != rule:
        raise StudyError(
            explain(
                what=f"the rule {raw['rule']!r} does not go with the kind {raw['kind']!r}",
                where=place,
                remedy=f"write rule: {rule}, or leave it out",
            )
        )
    sources = raw.get("sources") or {}
    hypothesis = Hypothesis(
        id=raw["id"],
        title=raw.get("title", raw["id"]),
        title_fi=raw.get("title_fi", raw.get("title", raw["id"])),
        statement_en=raw["statement_en"],
        statement_fi=raw.get("statement_fi", raw["statement_en"]),
        kind=raw["kind"],
        rule=rule,
        level=raw["level"],
        expected_sign=raw["expected_sign"],
        sesoi=float(raw["sesoi"]),
        family=raw.get("family", "secondary"),
        gates=tuple(raw.get("gates", GATES)),
        discriminating=raw.get("discriminating"),
        separates=tuple(raw.get("separates", ())),
        split=sources.get("split"),
        same=sources.get("same"),
        legs=_legs(raw, place),
        is_core=raw.get("core", False),
        claims=tuple(raw.get("claims", ())),
    )
    for leg in hypothesis.legs:
        used = (leg.outcome, *leg.predictor, *leg.mediators, *leg.covariates)
        moderator = () if leg.moderator is None else (leg.moderator,)
        _refuse_undefined((*used, *moderator), known, place)
    for source in (hypothesis.split, hypothesis.same):
        _refuse_undefined(source or (), known, place)
    return hypothesis


def _legs(raw: dict[str, Any], place: str) -> tuple[Leg, ...]:
    needs = {"interaction": "moderator", "difference": "contrast", "joint": "legs"}
    missing = needs.get(raw["kind"])
    if missing and not raw.get(missing):
        raise StudyError(
            explain(
                what=f"a hypothesis of kind {raw['kind']!r} needs the key {missing!r}",
                where=place,
                remedy="see the hypotheses of coaching_stats/theory.yml",
            )
        )
    if raw["kind"] != "joint":
        return (_leg(raw | {"name": raw["id"]}, raw, place),)
    return tuple(_leg(leg, raw, f"{place}, {leg['name']}") for leg in raw["legs"])


def _leg(leg: dict[str, Any], raw: dict[str, Any], place: str) -> Leg:
    if leg["kind"] == "indirect" and not leg.get("mediators"):
        raise StudyError(explain(what="an indirect hypothesis needs mediators", where=place))
    if (leg["kind"] == "equivalence") != (leg["expected_sign"] == "zero"):
        raise StudyError(
            explain(
                what="kind: equivalence and expected_sign: zero go together, neither alone",
                where=place,
                remedy="make it an equivalence, or say positive or negative",
            )
        )
    predictor = leg["predictor"]
    return Leg(
        name=leg["name"],
        kind=leg["kind"],
        outcome=leg["outcome"],
        predictor=(predictor,) if isinstance(predictor, str) else tuple(predictor),
        mediators=tuple(leg.get("mediators", ())),
        moderator=leg.get("moderator"),
        at=leg.get("at"),
        is_interaction=leg["kind"] == "interaction" or leg.get("term") == "interaction",
        covariates=tuple(raw.get("covariates", ())),
        contrast=leg.get("contrast"),
        level=leg.get("level", raw["level"]),
        expected_sign=leg["expected_sign"],
        sesoi=float(leg["sesoi"]),
    )


def _refuse_undefined(used: Sequence[str], known: Sequence[str], where: str) -> None:
    unknown = [key for key in used if key not in known]
    if unknown:
        raise StudyError(
            explain(
                what="unknown construct "
                + ", ".join(f"{key!r}{nearest(key, known)}" for key in dict.fromkeys(unknown)),
                where=where,
                remedy="define it under constructs, or correct the key",
            )
        )


def _refuse_repeats(what: str, ids: Sequence[str], where: str) -> None:
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise StudyError(
            explain(
                what=f"the {what} {first_ten(repeated)} stands twice",
                where=where,
                remedy="give each a name of its own",
            )
        )


def _refuse_unknown_columns(study: Study, where: str) -> None:
    """Keys under columns are constructs, with or without the suffix of a source, or ids."""
    bare = [*study.constructs, *ID_NAMES]
    known = [*bare, *(f"{key}_{s}" for key in study.constructs for s in SUFFIX.values())]
    unknown = [key for key in study.columns if key not in known]
    if unknown:
        raise StudyError(
            explain(
                what="under columns, unknown key "
                + ", ".join(f"{key!r}{nearest(key, known)}" for key in unknown),
                where=where,
                remedy=f"use a construct of this study, or one of {', '.join(ID_NAMES)}",
            )
        )


@cache
def _usual_sesoi() -> Mapping[str, float]:
    return parse_study(_packaged(), "theory.yml")["conventions"]["sesoi_defaults"]
