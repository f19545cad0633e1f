"""The pieces of work: ours, and who else can do them."""

from itertools import combinations, islice
from pathlib import Path

import numpy as np
import pandas as pd
from measure import Contest, Entrant, clocked
from peers import (
    pingouin_chain,
    pyfixest_formula,
    python_peer,
    r_peer,
    refit_chain,
    refit_specifications,
    statsmodels_formula,
    wildboottest_wild,
)
from simulated import CHAIN, chain_frame, companies, wide_frame

from coaching_stats.cluster_robust import cr2, satterthwaite_df
from coaching_stats.engines import cluster_moments
from coaching_stats.least_squares import fit_selection
from coaching_stats.mediation import mediate
from coaching_stats.moments import Moments
from coaching_stats.regression import regress, regress_arrays
from coaching_stats.resampling import percentile_interval

N_BOOT = 5_000
SERIAL = {"x": "X", "mediators": ["M1", "M2"], "y": "Y", "covariates": ["W"], "ci": "bca"}


def both_intervals(data: pd.DataFrame | Moments, cluster: str | None) -> None:
    """Bootstrap the chain; percentile and BCa intervals of every term."""
    chain = mediate(data, **SERIAL, cluster=cluster, n_boot=N_BOOT, seed=1)
    chain.tidy()
    percentile_interval(chain.draws, 0.95)


def chain_contests(folder: Path) -> list[Contest]:
    """Serial mediation, 5,000 resamples, percentile and BCa."""
    data = chain_frame(1_000, 40)
    csv = folder / "chain.csv"
    data.to_csv(csv, index=False)
    moments = cluster_moments(data, CHAIN, "team")
    work = "chain of 3 links, 5,000 resamples of 40 clusters, n = 1,000"
    peers = [
        Entrant(
            "statsmodels refit loop",
            clocked(lambda: refit_chain(data, 50)),
            N_BOOT / 50,
            "scaled from 50; no intervals",
        ),
        r_peer("boot", csv, 50, N_BOOT, "no intervals"),
    ]
    rows = [
        python_peer(
            "pingouin mediation_analysis",
            lambda: pingouin_chain(data, N_BOOT),
            "mediators in parallel, no chain",
        ),
        r_peer("lavaan", csv, 20, N_BOOT, "no intervals"),
    ]
    ours = Entrant("moments in hand", clocked(lambda: both_intervals(moments, None)))
    passed = Entrant("from the frame", clocked(lambda: both_intervals(data, "team")))
    iid = Entrant("rows", clocked(lambda: both_intervals(data, None)))
    return [
        Contest(f"{work}, moments in hand", ours, peers, rounds=3),
        Contest(f"{work}, from the frame", passed, peers[:1], rounds=3),
        Contest("the same chain, 5,000 resamples of 1,000 rows", iid, rows, rounds=3),
    ]


def cr2_contests(folder: Path) -> list[Contest]:
    """CR2 with Satterthwaite degrees of freedom; the jackknife against pyfixest's."""
    small = companies()[["HOSTILE", "LEAD", "TSIG", "COMPID"]].set_axis(
        ["y", "x0", "x1", "team"], axis=1
    )
    large = wide_frame(10_000, 100, 4)
    contests = []
    for name, data, whole in (("lq2002", small, 20), ("n = 10,000, k = 5", large, 1)):
        csv = folder / f"cr2_{len(data)}.csv"
        data.to_csv(csv, index=False)
        columns = [column for column in data.columns if column.startswith("x")]
        formula = "y ~ " + " + ".join(columns)
        y, codes = data["y"].to_numpy(), data["team"].to_numpy()
        x = np.column_stack([np.ones(len(data)), data[columns]])
        terms = ["Intercept", *columns]

        def arrays(y=y, x=x, terms=terms, codes=codes) -> object:
            return regress_arrays(y, x, terms, codes, "CR2").tidy()

        def by_formula(formula=formula, data=data, vcov="CR2") -> object:
            return regress(formula, data, cluster="team", vcov=vcov).tidy()

        def crv3(formula=formula, data=data) -> object:
            return regress(formula, data, cluster="team", vcov="CRV3").tidy()

        def pyfixest(formula=formula, data=data) -> object:
            return pyfixest_formula(formula, data, "CRV3").tidy()

        moments = cluster_moments(data, [*columns, "y"], "team")

        def in_hand(moments=moments, columns=columns, terms=terms) -> object:
            fit = fit_selection(moments.select([*columns, "y"]), terms, None)
            return cr2(fit.projection), satterthwaite_df(fit.projection, fit.contrasts)

        r = r_peer("clubSandwich", csv, whole, 1)
        ours = Entrant("arrays", clocked(arrays))
        contests += [
            Contest(f"CR2 and df, {name}, moments in hand", Entrant("", clocked(in_hand)), [r], 3),
            Contest(f"CR2 and df, {name}, pass included, without the formula", ours, [r], 3),
            Contest(f"CR2 and df, {name}, by formula", Entrant("", clocked(by_formula)), [r], 3),
            Contest(
                f"CRV3, {name}, by formula",
                Entrant("", clocked(crv3)),
                [python_peer("pyfixest CRV3", pyfixest)],
            ),
        ]
    return contests


def wild_contests() -> list[Contest]:
    """Wild bootstrap of one coefficient, 9,999 replicates."""
    data = companies()[["HOSTILE", "LEAD", "TSIG", "COMPID"]].set_axis(
        ["y", "x0", "x1", "team"], axis=1
    )
    fit = regress("y ~ x0 + x1", data, cluster="team")
    ours = Entrant("with a CI", clocked(lambda: fit.wild_bootstrap("x0", seed=1)))

    def pyfixest() -> object:
        theirs = pyfixest_formula("y ~ x0 + x1", data, "CRV1")
        return theirs.wildboottest(reps=9_999, cluster="team", param="x0", seed=1)

    peers = [
        python_peer("pyfixest wildboottest", pyfixest, "fit included; no interval"),
        python_peer(
            "wildboottest",
            lambda: wildboottest_wild(data, ["x0", "x1"], 9_999),
            "no interval",
        ),
    ]
    return [Contest("wild bootstrap, lq2002, 9,999 replicates, p and CI", ours, peers)]


def specifications(n_columns: int, n_specs: int) -> list[list[str]]:
    """List 1,000 choices of covariates beside x0."""
    others = [f"x{j}" for j in range(1, n_columns)]
    choices = (["x0", *chosen] for size in (3, 4, 5, 6) for chosen in combinations(others, size))
    return list(islice(choices, n_specs))


def t_statistics(data: pd.DataFrame, specs: list[list[str]]) -> np.ndarray:
    """CR1S t of x0 in every specification, from one pass.

    With v = (-b, 1) in the places of regressors and outcome, S_g v holds the scores of cluster g;
    with w the row of (X'X)^-1 that belongs to x0, w'S_g v is what the cluster adds to its slope.
    So clusters enter through one product, whatever the specification.
    """
    columns = [column for column in data.columns if column != "team"]
    selection = cluster_moments(data, columns, "team").select(columns)
    products, y = selection.weighted, 1 + columns.index("y")
    n_clusters, p, _ = products.shape
    total = products.sum(axis=0)
    w, v = np.zeros((p, len(specs))), np.zeros((p, len(specs)))
    v[y] = 1
    sizes = np.array([len(spec) for spec in specs])
    for size in np.unique(sizes):
        chosen = np.flatnonzero(sizes == size)
        index = np.array([[0, *(1 + columns.index(c) for c in specs[i])] for i in chosen])
        inverse = np.linalg.inv(total[index[:, :, None], index[:, None, :]])
        w[index, chosen[:, None]] = inverse[:, 1]
        v[index, chosen[:, None]] = -(inverse @ total[index, y][..., None])[..., 0]
    added = np.stack([(w * (of_cluster @ v)).sum(axis=0) for of_cluster in products])
    n = len(data)
    factor = n_clusters / (n_clusters - 1) * (n - 1) / (n - sizes - 1)
    slope = -v[1 + columns.index("x0")]
    return slope / np.sqrt(factor * (added**2).sum(axis=0))


def multiverse_contests() -> list[Contest]:
    """One thousand specifications, the pass included, against refits on the rows."""
    specs = specifications(13, 1_000)
    contests = []
    for n in (1_000, 100_000):
        data = wide_frame(n, 100, 13)
        few = specs[:: len(specs) // 20]
        theirs = refit_specifications(data, few)
        if not np.allclose(t_statistics(data, few), theirs, rtol=1e-8):
            raise AssertionError("the two do not compute the same")

        def at_once(data=data) -> object:
            return t_statistics(data, specs)

        def by_formula(data=data) -> None:
            moments = cluster_moments(data, [c for c in data.columns if c != "team"], "team")
            for spec in specs[::10]:
                regress("y ~ " + " + ".join(spec), moments, vcov="CR1S")

        peer = Entrant(
            "statsmodels refit loop",
            clocked(lambda data=data, few=few: refit_specifications(data, few)),
            len(specs) / len(few),
            f"scaled from {len(few)}",
        )
        work = f"1,000 specifications, CR1S, n = {n:,}"
        contests.append(Contest(f"{work}, all at once", Entrant("", clocked(at_once)), [peer], 3))
        hundred = Entrant("", clocked(by_formula), 10)
        contests.append(
            Contest(f"{work}, `regress` on moments (scaled from 100)", hundred, [peer], 3)
        )
    return contests


def single_contests() -> list[Contest]:
    """One small and one large regression from a frame, where moments have least to give."""
    contests = []
    for n in (1_000, 1_000_000):
        data = wide_frame(n, 100, 3)
        formula = "y ~ x0 + x1 + x2"

        def ours(data=data, formula=formula) -> object:
            return regress(formula, data, cluster="team", vcov="CR1S").tidy()

        peers = [
            Entrant(
                "statsmodels formula",
                clocked(lambda data=data, formula=formula: statsmodels_formula(formula, data)),
            ),
            python_peer(
                "pyfixest CRV1",
                lambda data=data, formula=formula: pyfixest_formula(formula, data, "CRV1").tidy(),
            ),
        ]
        work = f"one regression by formula, CR1S, n = {n:,}"
        contests.append(Contest(work, Entrant("", clocked(ours)), peers, 3))
    return contests
