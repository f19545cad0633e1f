"""What is public says what it takes, gives and refuses, in which shapes, and from which source."""

import importlib
import inspect
import re

import pandas as pd
import pytest

import coaching_stats as cs

# Everything that estimates, tests or corrects: `module:function`, or `module:Class.method`.
ESTIMATORS = (
    "aggregation:aggregation",
    "binary:binary_logit",
    "binary:marginal_effects",
    "both_sides:both_sides",
    "common_method:marker_adjusted",
    "common_method:one_factor_check",
    "cross_checks:cross_check",
    "cross_lagged:cross_lagged",
    "fitted:Regression.equivalence",
    "fitted:Regression.influence",
    "fitted:Regression.sensitivity",
    "fitted:Regression.wald",
    "fitted:Regression.wild_bootstrap",
    "frames:within_between",
    "importance:shapley",
    "item_bias:item_bias",
    "measurement_error:corrected_slopes",
    "mediation:mediate",
    "mixed:random_intercept",
    "multiverse:multiverse",
    "nonresponse:nonresponse_bounds",
    "ordinal:cumulative_logit",
    "people_or_process:people_or_process",
    "process_map:process_map",
    "rater_stress:rater_stress",
    "regression:regress",
    "reliability:reliability",
    "reversed_arrows:reversed_arrows",
    "shared_error:largest_share",
    "shared_error:slope_without",
    "shared_error:vanishing_share",
    "suppression:protect",
    "attack:attack",
    "synthetic:synthetic",
    "team_measurement_error:corrected_slopes_of",
    "what_if:what_if",
    "within_manager:within_managers",
    "workbench:compare_estimators",
)
# What estimators are made of: its source is enough.
PARTS = (
    "cluster_robust:cr1s",
    "cluster_robust:cr2",
    "cluster_robust:crv3",
    "cluster_robust:satterthwaite_df",
    "disclosure_bounds:ratio_extreme",
    "dynamic_panel:two_stage",
    "least_squares:hc3",
    "logits:latent_sd",
    "null_slopes:NullSlopes.of",
    "one_factor:one_factor",
    "ranks:normal_scores",
    "resampling:bca_interval",
    "resampling:cluster_weights",
    "results:holm",
    "rollout:estimate_changes",
    "rules:join",
    "scales:alpha",
    "sensitivity:robustness_value",
    "teams:likeness",
    "teams:rwgj",
    "true_scores:correlations",
    "wald:hotelling_test",
    "wild:replicate",
)
# Public names that read, write, draw, simulate, or call estimators that are named above.
NO_ESTIMATORS = {
    "calibrate",
    "cluster_moments",
    "design_of",
    "judge",
    "load_instrument",
    "load_sample",
    "load_study",
    "missing_data",
    "multiverse_of",
    "nearest_error_rates",
    "new_client",
    "read_survey",
    "run_notebook",
    "run_study",
    "score",
    "simulate",
    "turned_items",
    "twin",
    "what_it_takes",
    "with_and_without",
    "write_report",
}
# These take what a result or a file holds as it is, and refuse nothing of their own.
REFUSE_NOTHING = {
    "missing_data",
    "plot_both_sides",
    "plot_multiverse",
    "plot_people_or_process",
    "design_of",
    "largest_share",
    "load_instrument",
    "marginal_effects",
    "nearest_error_rates",
    "plot_association",
    "plot_chain",
    "plot_residuals",
    "plot_sensitivity",
    "plot_slopes",
    "plot_verdicts",
    "protect",
    "slope_without",
    "synthetic",
    "vanishing_share",
    "with_and_without",
    "within_managers",
}
DATA = re.compile(r"DataFrame|ndarray|Series")
NUMBER = re.compile(r"\bfloat\b")
SHAPE = re.compile(r"shape|rows?\b|index|length|columns?\b|tables?\b|As (in|for) `", re.IGNORECASE)


def found(name):
    """The object that a name of the lists leads to."""
    module, _, path = name.partition(":")
    target = importlib.import_module(f"coaching_stats.{module}")
    for part in path.split("."):
        target = getattr(target, part)
    return target


def functions():
    """Public functions and all estimators, by name, each once."""
    public = {f"coaching_stats.{name}": getattr(cs, name) for name in cs.__all__}
    known = {name: it for name, it in public.items() if inspect.isfunction(it)}
    estimators = {name: found(name) for name in ESTIMATORS}
    return known | {n: it for n, it in estimators.items() if it not in known.values()}


def is_estimator(target):
    return any(target is found(name) for name in ESTIMATORS)


def results():
    """Classes of the package that public functions return."""
    classes = set()
    for function in functions().values():
        names = re.findall(r"[A-Z]\w+", str(inspect.signature(function).return_annotation))
        module = inspect.getmodule(function)
        classes |= {getattr(module, name, None) for name in names}
    ours = [c for c in classes if inspect.isclass(c) and c.__module__.startswith("coaching_stats")]
    return sorted(ours, key=lambda c: c.__qualname__)


def methods():
    """Public methods and properties of the results, by name, each where it is defined."""
    return {
        f"{base.__name__}.{name}": member
        for result in results()
        for base in result.__mro__
        if base.__module__.startswith("coaching_stats")
        for name, member in vars(base).items()
        if not name.startswith("_") and (inspect.isfunction(member) or is_property(member))
    }


def is_property(member):
    return isinstance(member, property) or hasattr(member, "func")


def sections(text):
    """Text of each section of a numpydoc docstring, by its heading; "" is what comes first."""
    parts = re.split(r"^([A-Z]\w+)\n-{3,}$", text, flags=re.MULTILINE)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def entries(section):
    """Text of each parameter, by name; several may share one."""
    texts = {}
    for entry in re.split(r"^(?=\w)", section.strip("\n"), flags=re.MULTILINE):
        names = entry.partition("\n")[0].partition(" : ")[0]
        texts |= {name.strip(" *"): entry for name in names.split(",")}
    return texts


def parameters(function):
    found = inspect.signature(function).parameters.values()
    return [p for p in found if p.name not in ("self", "cls")]


def summary_gaps(member):
    text = inspect.getdoc(getattr(member, "fget", None) or getattr(member, "func", member)) or ""
    first = text.partition("\n")[0]
    return [] if first.endswith((".", ".'", ".`")) else ["a summary that is a sentence"]


def parameter_gaps(function, described):
    """Parameters that are not explained; data without rows or shape, numbers without a meaning."""
    for parameter in parameters(function):
        entry = described.get(parameter.name)
        if entry is None:
            yield f"a word on {parameter.name}"
        elif DATA.search(str(parameter.annotation)) and not SHAPE.search(entry):
            yield f"the rows or shape of {parameter.name}"
        elif is_unexplained(parameter, entry):
            yield f"the unit or meaning of {parameter.name}"


def is_unexplained(parameter, entry):
    """Whether a number has a type and no more; a level of confidence explains itself."""
    is_number = NUMBER.search(str(parameter.annotation)) and parameter.name != "conf_level"
    return is_number and not entry.partition("\n")[2].strip()


def return_gaps(function):
    """Whether data that are given back are named without their rows, columns or shape."""
    text = inspect.getdoc(function) or ""
    said = text.partition("\n")[0] + sections(text).get("Returns", "")
    is_data = DATA.search(str(inspect.signature(function).return_annotation))
    return ["the rows or shape of what is returned"] if is_data and not SHAPE.search(said) else []


def gaps(function):
    """What a docstring of a function lacks."""
    parts = sections(inspect.getdoc(function) or "")
    yield from summary_gaps(function)
    yield from parameter_gaps(function, entries(parts.get("Parameters", "")))
    if inspect.signature(function).return_annotation != "None" and not parts.get("Returns"):
        yield "Returns"
    yield from return_gaps(function)
    if function.__name__ not in REFUSE_NOTHING and not parts.get("Raises"):
        yield "Raises"
    if ">>>" not in parts.get("Examples", ""):
        yield "an example"
    if is_estimator(function):
        yield from estimator_gaps(parts)
        yield from [] if parts.get("Notes") else ["Notes on when it misleads"]


def estimator_gaps(parts):
    """What an estimator owes besides: the source of its formula."""
    if not re.search(r"\b(18|19|20)\d\d\b|Derivation:", parts.get("References", "")):
        yield "References with a year"


@pytest.mark.parametrize("name", functions())
def test_docstrings_say_what_goes_in_comes_out_and_is_refused(name):
    assert list(gaps(functions()[name])) == []


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_estimators_name_their_source(name):
    assert list(estimator_gaps(sections(inspect.getdoc(found(name)) or ""))) == []


def test_every_public_function_is_an_estimator_or_is_known_to_be_none():
    public = {name for name in cs.__all__ if inspect.isfunction(getattr(cs, name))}
    others = {name for name in public if not is_estimator(getattr(cs, name))}
    assert sorted(n for n in others - NO_ESTIMATORS if not n.startswith("plot_")) == []


@pytest.mark.parametrize("name", methods())
def test_methods_of_results_say_what_they_give(name):
    member = methods()[name]
    lacking = summary_gaps(member)
    if inspect.isfunction(member):
        described = entries(sections(inspect.getdoc(member) or "").get("Parameters", ""))
        lacking += [*parameter_gaps(member, described), *return_gaps(member)]
    assert lacking == []


@pytest.mark.parametrize("name", [n for n in cs.__all__ if inspect.isclass(getattr(cs, n))])
def test_refusals_say_when_they_are_raised(name):
    assert summary_gaps(getattr(cs, name)) == []


def test_arrays_of_results_have_a_shape():
    for result in results():
        described = entries(sections(inspect.getdoc(result) or "").get("Attributes", ""))
        own = vars(result).get("__annotations__", {})
        lacking = [
            field
            for field, kind in own.items()
            if "ndarray" in str(kind) and not SHAPE.search(described.get(field, ""))
        ]
        assert (result.__name__, lacking) == (result.__name__, [])


def lacking(data: pd.DataFrame, level: float, size: float) -> pd.DataFrame:
    """Estimate.

    Parameters
    ----------
    data : DataFrame
    size : float
    """


def test_what_lacks_something_is_found():
    """The tests above would pass for ever if nothing were ever found."""
    assert list(gaps(lacking)) == [
        "the rows or shape of data",
        "a word on level",
        "the unit or meaning of size",
        "Returns",
        "the rows or shape of what is returned",
        "Raises",
        "an example",
    ]
    assert list(estimator_gaps(sections(inspect.getdoc(lacking)))) == ["References with a year"]
