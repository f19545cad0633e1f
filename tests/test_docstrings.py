"""What is public says what it takes, gives and refuses, in which shapes and units, and from where."""

import importlib
import inspect
import re

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
# These take what a result or a file holds as it is, and refuse nothing of their own.
REFUSE_NOTHING = {
    "coaching_stats.design_of",
    "coaching_stats.load_instrument",
    "coaching_stats.nearest_error_rates",
    "coaching_stats.plot_association",
    "coaching_stats.plot_chain",
    "coaching_stats.plot_residuals",
    "coaching_stats.plot_sensitivity",
    "coaching_stats.plot_slopes",
    "coaching_stats.plot_verdicts",
    "coaching_stats.with_and_without",
    "binary:marginal_effects",
    "shared_error:largest_share",
    "shared_error:slope_without",
    "shared_error:vanishing_share",
    "suppression:protect",
    "synthetic:synthetic",
    "within_manager:within_managers",
}
# Its example stands in docs/add-a-language.md, which a test follows.
WITHOUT_EXAMPLE = {"coaching_stats.write_report"}
OWED = {"CrossChecks.linear", "RaterStress.sentences"}  # parameters that are not yet explained
DATA = re.compile(r"DataFrame|ndarray|Series")
SHAPE = re.compile(r"shape|rows?\b|length|columns?\b|tables?\b|As (in|for) `", re.IGNORECASE)


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
    """Parameters that are not explained, and data whose rows or shape are not named."""
    for parameter in parameters(function):
        entry = described.get(parameter.name)
        if entry is None:
            yield f"a word on {parameter.name}"
        elif DATA.search(str(parameter.annotation)) and not SHAPE.search(entry):
            yield f"the rows or shape of {parameter.name}"


def gaps(name, function):
    """What a docstring of a function lacks."""
    parts = sections(inspect.getdoc(function) or "")
    yield from summary_gaps(function)
    yield from parameter_gaps(function, entries(parts.get("Parameters", "")))
    if inspect.signature(function).return_annotation != "None" and not parts.get("Returns"):
        yield "Returns"
    if name not in REFUSE_NOTHING and not parts.get("Raises"):
        yield "Raises"
    if name not in WITHOUT_EXAMPLE and ">>>" not in parts.get("Examples", ""):
        yield "an example"
    if is_estimator(function):
        yield from estimator_gaps(parts)


def estimator_gaps(parts):
    """What an estimator owes besides: the source of its formula."""
    if not re.search(r"\b(18|19|20)\d\d\b|Derivation:", parts.get("References", "")):
        yield "References with a year"


@pytest.mark.parametrize("name", functions())
def test_docstrings_say_what_goes_in_comes_out_and_is_refused(name):
    assert list(gaps(name, functions()[name])) == []


def marked(names):
    """Names, with what is owed marked as such."""
    owed = pytest.mark.xfail(reason="owed")
    return [pytest.param(name, marks=[owed] if name in OWED else []) for name in names]


@pytest.mark.parametrize("name", marked(methods()))
def test_methods_of_results_say_what_they_give(name):
    member = methods()[name]
    lacking = summary_gaps(member)
    if inspect.isfunction(member):
        described = entries(sections(inspect.getdoc(member) or "").get("Parameters", ""))
        lacking += parameter_gaps(member, described)
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


def lacking(data, level: float = 0.95):
    """Estimate.

    Parameters
    ----------
    data : DataFrame
    """


lacking.__annotations__["data"] = "pd.DataFrame"


def test_what_lacks_something_is_found():
    """The tests above would pass for ever if nothing were ever found."""
    wanted = ["the rows or shape of data", "a word on level", "Returns", "Raises", "an example"]
    assert list(gaps("lacking", lacking)) == wanted
    assert list(estimator_gaps(sections(inspect.getdoc(lacking)))) == ["References with a year"]
