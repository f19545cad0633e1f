"""The package is layered: a module imports only from modules above it in one list."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "coaching_stats"

LAYERS = (
    "errors",
    "results",
    "mixed",
    "logits",
    "binary",
    "frames",
    "formulas",
    "texts",
    "note_texts",
    "addresses",
    "privacy",
    "instrument",
    "data_model",
    "csv_files",
    "columns",
    "decimals",
    "labels",
    "dates",
    "personal_data",
    "identifiers",
    "spreadsheet_text",
    "spss_files",
    "workbook_files",
    "exports",
    "headers",
    "survey_tools",
    "carelessness",
    "respondents",
    "tables",
    "study_file",
    "hypotheses",
    "published_table",
    "disclosure",
    "disclosure_bounds",
    "disclosure_rules",
    "implied_groups",
    "printed_leaks",
    "disclosure_leaks",
    "disclosure_scene",
    "attack",
    "vague_numbers",
    "suppression",
    "causal_paths",
    "adjustment",
    "theory",
    "forms",
    "xlsform",
    "questionnaire",
    "polynomials",
    "batched_streams",
    "latent",
    "measurement",
    "records",
    "worlds",
    "survey_design",
    "receipt",
    "our_names",
    "matching",
    "mapping",
    "single_file",
    "reading",
    "survey",
    "answers",
    "scales",
    "one_factor",
    "reliability",
    "teams",
    "aggregation",
    "cells",
    "moments",
    "lazy",
    "engines",
    "cluster_robust",
    "condition",
    "weighted",
    "wald",
    "least_squares",
    "sensitivity",
    "resampling",
    "errors_in_variables",
    "ordinal",
    "wild",
    "chains",
    "chain_rows",
    "fitted",
    "regression",
    "common_method",
    "shared_error",
    "item_bias",
    "mediation",
    "measurement_error",
    "importance",
    "group_shares",
    "true_scores",
    "group_bounds",
    "specifications",
    "specification_rows",
    "null_slopes",
    "specification_fits",
    "specification_summary",
    "multiverse",
    "synthetic",
    "twin",
    "notebook_runs",
    "client_folder",
    "workbench",
    "team_records",
    "scored_answers",
    "process_inventory",
    "process_estimates",
    "process_map",
    "panel",
    "alternative_scores",
    "sourcing",
    "measured",
    "samples",
    "group_measures",
    "models",
    "dynamic_panel",
    "ranks",
    "gates",
    "estimates",
    "waves",
    "rollout",
    "rules",
    "model_agreement",
    "rater_scores",
    "rater_scales",
    "rater_apart",
    "rater_rows",
    "wording",
    "judgement",
    "single_verdict",
    "whole",
    "verdicts",
    "judged_rows",
    "cross_models",
    "cross_checks",
    "simulation_blocks",
    "batched_chains",
    "batched_surveys",
    "batched_regressions",
    "batched_samples",
    "batched_gates",
    "batched_judge",
    "calibration",
    "designs",
    "error_rates",
    "study",
    "reversed_arrows",
    "missing_data",
    "silence",
    "nonresponse",
    "team_measurement_error",
    "cross_lagged",
    "people_or_process",
    "within_manager",
    "rater_stress",
    "group_figures",
    "both_sides",
    "what_if",
    "published_figures",
    "scale_table",
    "double_checks",
    "careless_answers",
    "figure_numbers",
    "page_numbers",
    "results_json",
    "differences",
    "differences_in_words",
    "evidence_page",
    "verdict_page",
    "error_rates_page",
    "hypothesis_specifications",
    "hypothesis_multiverse",
    "figures",
    "people_or_process_figure",
    "figure_svg",
    "sensitivity_figure",
    "multiverse_figure",
    "influence_figure",
    "both_sides_figure",
    "label_places",
    "process_map_figure",
    "model_figures",
    "calibration_figure",
    "graph_figure",
    "receipt_page",
    "sides_page",
    "report",
    "workbook",
    "output",
    "report_reading",
    "workbook_reading",
    "verification",
    "console",
    "commands_study",
    "commands_survey",
    "commands_review",
    "cli",
    "__init__",
    "__main__",
)


def modules():
    """Names of the modules in the folder."""
    return {path.stem for path in PACKAGE.glob("*.py")}


def names_imported(node):
    """Full dotted names of what one import statement loads."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return []


def forbidden_imports(module, source):
    """Imports in a module's text that are relative, or not from a layer above the module."""
    names = [name for node in ast.walk(ast.parse(source)) for name in names_imported(node)]
    allowed = LAYERS[: LAYERS.index(module)]
    return [
        name
        for name in names
        if name.startswith(".")
        or (name.split(".")[0] == "coaching_stats" and layer_of(name) not in allowed)
    ]


def layer_of(name):
    """Module that a dotted name of this package leads to; a public name leads to __init__."""
    layers = [part for part in name.split(".")[1:2] if part in LAYERS]
    return layers[0] if layers else "__init__"


def test_every_module_has_its_place_in_the_order():
    assert sorted(modules() - set(LAYERS)) == []


@pytest.mark.parametrize("module", sorted(modules() & set(LAYERS)))
def test_modules_import_only_from_the_layers_above(module):
    source = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    assert forbidden_imports(module, source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from coaching_stats.cli import main", ["coaching_stats.cli.main"]),
        ("import coaching_stats.report", ["coaching_stats.report"]),
        ("import coaching_stats as cs", ["coaching_stats"]),
        (
            "from coaching_stats import errors, judge, study",
            ["coaching_stats.judge", "coaching_stats.study"],
        ),
        ("from coaching_stats.regression import regress", ["coaching_stats.regression.regress"]),
        ("from .errors import DataError", [".errors.DataError"]),
        ("def late():\n    from coaching_stats import cli", ["coaching_stats.cli"]),
        ("import numpy\nfrom coaching_stats.errors import DataError", []),
    ],
)
def test_an_import_that_breaks_the_order_is_found(source, found):
    """The test above would pass for ever if nothing were ever found."""
    assert forbidden_imports("regression", source) == found


def test_readme_draws_the_modules_that_are_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = re.search(r"^```\w*\n(coaching_stats/.*?)^```", text, re.MULTILINE | re.DOTALL)
    if tree is None:
        pytest.skip("README.md has no fenced block that starts with coaching_stats/")
    drawn = set(re.findall(r"\b(\w+)\.py\b", tree[1]))
    assert drawn - {"__init__", "__main__"} == modules() - {"__init__", "__main__"}
