"""A study file as it is written: YAML, checked against a schema, with hints for typing errors."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import fastjsonschema
import yaml

from coaching_stats.errors import StudyError, explain, nearest

PACKAGE = resources.files("coaching_stats")
FEWEST = 5  # people; docs/data-model.md: no output shows fewer, whatever was promised


@cache
def _schema() -> dict[str, Any]:
    return json.loads((PACKAGE / "schemas" / "study.schema.json").read_text(encoding="utf-8"))


@cache
def _validate() -> Any:
    return fastjsonschema.compile(_schema())


class UniqueKeys(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not silently the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice, with its line."""
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def parse_study(text: str, where: str) -> dict[str, Any]:
    """Read a study file's YAML, checked against ``schemas/study.schema.json``.

    Parameters
    ----------
    text : str
    where : str
        Name of the file, for messages.

    Raises
    ------
    StudyError
        Broken YAML (with its line), an unknown key (with the nearest known one), a missing or
        wrong value, or a promise to show groups of fewer than five people.

    Examples
    --------
    >>> parse_study("hypothesis: []", "my.yml")
    Traceback (most recent call last):
        ...
    coaching_stats.errors.StudyError: unknown key 'hypothesis'; did you mean 'hypotheses'?...
    """
    try:
        raw = yaml.load(text, Loader=UniqueKeys)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise StudyError(
            explain(
                what=f"broken YAML: {getattr(problem, 'problem', problem)}",
                where=where + line,
                remedy="correct the indentation, brackets or quotes there",
            )
        ) from None
    if not isinstance(raw, dict):
        raise StudyError(
            explain(
                what="the study file holds no keys",
                where=where,
                remedy="start from a copy of coaching_stats/theory.yml",
            )
        )
    _refuse_unknown_keys(raw, _schema(), where)
    try:
        _validate()(raw)
    except fastjsonschema.JsonSchemaValueException as problem:
        raise StudyError(
            explain(
                what=problem.message.replace("data.", "").replace("data ", "the file "),
                where=where,
                remedy="compare with coaching_stats/theory.yml",
            )
        ) from None
    _refuse_small_promise(raw, where)
    return raw


def _refuse_small_promise(raw: dict[str, Any], where: str) -> None:
    promised = raw.get("promise", {}).get("minimum_group", FEWEST)
    if promised < FEWEST:
        raise StudyError(
            explain(
                what=f"promise: minimum_group is {promised}; no output shows a group of fewer than "
                f"{FEWEST} people",
                where=where,
                remedy=f"write promise: {{minimum_group: {FEWEST}}}, which keeps a smaller promise "
                "too",
            )
        )


def _refuse_unknown_keys(node: Any, schema: dict[str, Any], where: str) -> None:
    """Walk file and schema together; an unknown key is named with the nearest known one."""
    if "$ref" in schema:
        schema = _schema()["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(node, list):
        for place, item in enumerate(node):
            label = item.get("id") or item.get("key") if isinstance(item, dict) else None
            _refuse_unknown_keys(item, schema.get("items", {}), f"{where}: {label or place + 1}")
    elif isinstance(node, dict) and "properties" in schema:
        known = schema["properties"]
        unknown = [key for key in node if key not in known]
        if unknown and schema.get("additionalProperties") is False:
            raise StudyError(
                explain(
                    what="unknown key "
                    + ", ".join(f"{key!r}{nearest(key, known)}" for key in unknown),
                    where=where,
                    remedy=f"use one of {', '.join(sorted(known))}",
                )
            )
        for key, value in node.items():
            _refuse_unknown_keys(value, known.get(key, {}), f"{where}: {key}")
