"""What users would otherwise run, each with the way it is meant to be called."""

import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from measure import Entrant, clocked
from simulated import CHAIN

R_SCRIPT = Path(__file__).with_name("peers.R")


def python_peer(name: str, call: Callable[[], object], remark: str = "") -> Entrant:
    """Return an entrant from a Python package, or one that is not installed."""
    package = name.split()[0]
    return Entrant(name, clocked(call) if find_spec(package) else None, remark=remark)


@cache
def has_r(package: str) -> bool:
    """Whether Rscript and an R package are there."""
    if shutil.which("Rscript") is None:
        return False
    ask = f"quit(status = !requireNamespace('{package}', quietly = TRUE))"
    return subprocess.run(["Rscript", "-e", ask], capture_output=True).returncode == 0


def r_peer(package: str, csv: Path, reps: int, whole: int, remark: str = "") -> Entrant:
    """Return an entrant that runs `reps` of the `whole` repetitions in R, timed inside R."""

    def seconds() -> float:
        command = ["Rscript", str(R_SCRIPT), package, str(csv), str(reps)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return float(printed.split()[-1])

    scaled = f"scaled from {reps}" if whole != reps else ""
    return Entrant(
        f"R {package}",
        seconds if has_r(package) else None,
        factor=whole / reps,
        remark="; ".join(part for part in (remark, scaled) if part),
    )


def refit_chain(data: pd.DataFrame, reps: int) -> list[float]:
    """Refit the serial chain with statsmodels on whole clusters drawn with replacement."""
    rng = np.random.default_rng(1)
    values = data[CHAIN].to_numpy()
    rows = [np.flatnonzero(data["team"] == team) for team in data["team"].unique()]
    effects = []
    for _ in range(reps):
        drawn = values[np.concatenate([rows[g] for g in rng.integers(0, len(rows), len(rows))])]
        w, x, m1, m2, y = drawn.T
        one = np.ones(len(drawn))
        a = sm.OLS(m1, np.column_stack([one, w, x])).fit().params[2]
        b = sm.OLS(m2, np.column_stack([one, w, x, m1])).fit().params[3]
        c = sm.OLS(y, np.column_stack([one, w, x, m1, m2])).fit().params[4]
        effects.append(a * b * c)
    return effects


def pingouin_chain(data: pd.DataFrame, n_boot: int) -> object:
    """Bootstrap rows with pingouin; its mediators are parallel, not in a chain."""
    import pingouin

    return pingouin.mediation_analysis(
        data=data, x="X", m=["M1", "M2"], y="Y", covar=["W"], n_boot=n_boot, seed=1
    )


def refit_specifications(data: pd.DataFrame, specs: list[list[str]]) -> list[float]:
    """Refit specifications with statsmodels, CR1S by team."""
    groups, y = data["team"].to_numpy(), data["y"].to_numpy()
    found = []
    for columns in specs:
        x = sm.add_constant(data[columns].to_numpy())
        fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": groups})
        found.append(fit.tvalues[1])
    return found


def statsmodels_formula(formula: str, data: pd.DataFrame) -> object:
    """One regression by formula with CR1S."""
    return sm.formula.ols(formula, data).fit(cov_type="cluster", cov_kwds={"groups": data["team"]})


def pyfixest_formula(formula: str, data: pd.DataFrame, vcov: str) -> object:
    """One regression by formula with CRV1 or CRV3."""
    import pyfixest

    return pyfixest.feols(formula, data, vcov={vcov: "team"})


def wildboottest_wild(data: pd.DataFrame, columns: list[str], n_boot: int) -> object:
    """Test the first column by the wild bootstrap."""
    from wildboottest.wildboottest import wildboottest

    model = sm.OLS(data["y"], sm.add_constant(data[columns]))
    return wildboottest(model, B=n_boot, cluster=data["team"], param=columns[0], show=False)
