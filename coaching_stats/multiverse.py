"""One claim under every defensible choice: all estimates, one joint test, what moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coaching_stats.errors import DesignError, explain, first_ten
from coaching_stats.results import Shown, Table, freeze
from coaching_stats.specification_fits import CONF_LEVEL, fit_all, table_of
from coaching_stats.specification_rows import Block, blocks_of, nested_clusters
from coaching_stats.specification_summary import decomposition, joint_test
from coaching_stats.specifications import VCOV, Grid, Vcov, make_grid
from coaching_stats.wild import is_enumerated, refuse_unusable, wild_weights

EACH_ROW = "each row"
ALL_ROWS = "all"
FEW_CLUSTERS = 10

Choice = str | Mapping[str, str]

STANDARDISED = (
    "estimates are in standard deviations of the outcome per standard deviation of the predictor, "
    "each over the rows of its own specification, so that they can be compared"
)
DESCRIPTION = (
    "specifications share their data: how many of them agree, or have a small p-value of their "
    "own, describes the grid and is no evidence; the joint test is"
)


@dataclass(frozen=True, eq=False, repr=False)
class Multiverse(Shown):
    """Every specification of one claim, tested together.

    Attributes
    ----------
    frame : DataFrame
        One row per specification.
    joint : Table
        ``test, estimate, null_limit, p_value``: each statistic of all specifications together,
        how far from zero 95 % of its resamples under the null stay, and its two-sided p.
    decomposition : Table
        ``choice, n_levels, estimate_share, statistic_share``: how much of the variance over
        specifications goes with each choice; the shares sum to 1.
    grid : Grid
    model : ndarray of int, shape (S,)
        Model of the grid that each row of the frame belongs to.
    n_boot : int
        Resamples made.
    n_clusters : int
        Coarsest clusters, which are resampled.
    notes : tuple of str
    is_simulated : bool
        Whether the data are.
    names : mapping from language to {column: name}
        For figures; columns without one are named as they are.
    """

    frame: pd.DataFrame
    joint: Table
    decomposition: Table
    grid: Grid
    model: np.ndarray
    n_boot: int
    n_clusters: int
    notes: tuple[str, ...]
    is_simulated: bool = False
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def tidy(self) -> pd.DataFrame:
        """One row per specification: ``COLUMNS``, the choices, ``n`` and ``clusters``."""
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """One row on the whole; ``share_positive`` is a description of the grid, no evidence."""
        estimate = self.frame["estimate"]
        return pd.DataFrame(
            {
                "method": ["restricted wild cluster bootstrap of all specifications"],
                "n_specifications": [len(self.frame)],
                "n_models": [len(np.unique(self.model))],
                "median_estimate": [estimate.median()],
                "lowest": [estimate.min()],
                "highest": [estimate.max()],
                "share_positive": [(estimate > 0).mean()],
                "n_boot": [self.n_boot],
                "n_clusters": [self.n_clusters],
                "conf_level": [CONF_LEVEL],
            }
        )

    def _shown(self) -> Table:
        """The joint test: thousands of rows are for the figure."""
        return Table(self.joint.tidy(), self.notes)

    def __repr__(self) -> str:
        """Give the joint test and the notes as plain text."""
        return repr(self._shown())

    def _repr_html_(self) -> str:
        return self._shown()._repr_html_()


def multiverse(
    data: pd.DataFrame,
    *,
    outcome: Choice,
    predictor: Choice,
    covariates: Sequence[str] = (),
    required: Sequence[str] = (),
    rows: Mapping[str, str | None] | None = None,
    cluster: str | Mapping[str, str] | None = None,
    vcov: Sequence[Vcov] = VCOV,
    n_boot: int = 999,
    seed: int | np.random.Generator | None = None,
) -> Multiverse:
    """Estimate a slope under every combination of choices, and test all of them together.

    Parameters
    ----------
    data : DataFrame, one row per observation
        Not changed.
    outcome, predictor : str or mapping
        A column; or ``{name of the choice: column}`` for measures that could stand in for each
        other, such as the full scale, the core scale and the scale without one item.
    covariates : sequence of str
        Columns that may be in or out: every subset is a choice (of more than 12 covariates a
        random draw of subsets; of more than 4,096 models a random draw of models; noted).
    required : sequence of str
        Columns that are in every model.
    rows : mapping, optional
        ``{name of the choice: boolean column}``, True for the rows that are used; None in place
        of the column for all rows.
    cluster : str or mapping, optional
        A column, or ``{name of the choice: column}``; the clusters must nest. Rows are their own
        clusters when not given; CR2 is then HC2 with its Satterthwaite degrees of freedom.
    vcov : sequence of {"CR2", "CR1S", "CRV3"}
    n_boot : int
        Resamples of the joint test; fewer where all vectors of signs are fewer.
    seed : int or Generator, optional

    Returns
    -------
    Multiverse
        Slopes in standard deviations, 95 % intervals.

    Raises
    ------
    DataError
        A column is missing or holds text; infinite values; rows that are not true or false.
    DesignError
        Clusters that do not nest, a column in two places, or no specification that can be fitted.

    Notes
    -----
    The joint test asks how often all specifications together would be this far from zero were the
    slope zero in each. Restricted wild cluster resampling: each specification's residuals under
    its own null are multiplied by random signs, one for each of the coarsest clusters and **the
    same in all specifications**, so that resampled specifications hang together as the real ones
    do; outcome, predictor and covariates stay as they are. ``median_statistic`` is the one to
    read: the median over specifications of the cluster-robust t, whose null distribution hardly
    depends on the noise. ``mean_statistic`` is Stouffer's sum over the number of specifications,
    and ``median_estimate`` is the median slope; p-values are two-sided.

    It differs from Simonsohn, Simmons & Nelson (2020) in three things. They resample rows, we the
    signs of whole clusters. Two of their three statistics are here, the median effect and
    Stouffer's; the third, the share of significant specifications, is not: it hangs on how many
    alternatives of each choice were listed. In its place stands the median t.

    The test holds for the specifications given: it cannot see a confounder that all of them lack,
    and a grid with specifications that answer another question (a mediator among the covariates)
    tests a mixture of questions. With fewer than about ten clusters wild resampling has little
    power and few distinct p-values.

    References
    ----------
    Steegen, Tuerlinckx, Gelman & Vanpaemel (2016), Perspectives on Psychological Science 11,
    702-712; Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, 1208-1214; Cameron,
    Gelbach & Miller (2008), Review of Economics and Statistics 90, 414-427, for the resampling.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> teams = pd.DataFrame(rng.normal(size=(60, 3)), columns=["SPR", "SKL", "WTC"])
    >>> teams["firm"] = np.arange(60) // 4
    >>> teams["WTC"] -= teams["SPR"]
    >>> found = multiverse(teams, outcome="WTC", predictor="SPR", covariates=["SKL"],
    ...                    cluster="firm", seed=1)
    >>> len(found.tidy()), bool(found.joint.tidy()["p_value"].max() < 0.01)
    (6, True)
    """
    refuse_unusable("rademacher", n_boot)
    rng = np.random.default_rng(seed)
    clusters = cluster if isinstance(cluster, Mapping) else {cluster or EACH_ROW: cluster}
    rows = rows or {ALL_ROWS: None}
    grid = make_grid(
        outcomes=_named(outcome),
        predictors=_named(predictor),
        covariates=covariates,
        required=required,
        rows=list(rows),
        clusters=list(clusters),
        vcov=vcov,
        rng=rng,
    )
    blocks, notes = blocks_of(data, grid.columns, rows, clusters)
    return estimate_grid(grid, blocks, n_boot, rng, notes=notes)


def estimate_grid(
    grid: Grid,
    blocks: Sequence[Block],
    n_boot: int,
    rng: np.random.Generator,
    *,
    notes: Sequence[str] = (),
    is_simulated: bool = False,
) -> Multiverse:
    """Estimate and test a grid whose rows are at hand, one block for each choice of rows.

    Raises
    ------
    DesignError
        Clusters that do not nest, or no specification that can be fitted.
    """
    coarsest, coarse = nested_clusters(grid.clusters, blocks)
    n_clusters = int(coarse[coarsest].max()) + 1
    signs = wild_weights(n_clusters, n_boot, "rademacher", rng)
    fits = fit_all(grid, blocks, signs, coarse)
    is_fitted = np.isfinite(fits.slope)
    if not is_fitted.any():
        raise DesignError(
            explain(
                what="none of the specifications can be fitted",
                where=f"{len(is_fitted)} models; columns {first_ten(grid.columns)}",
                remedy="check that the columns vary and that complete rows are left",
            )
        )
    model = np.repeat(np.arange(len(is_fitted)), len(grid.clusters) * len(grid.vcov))
    kept = is_fitted[model]
    frame = table_of(grid, fits).loc[kept].reset_index(drop=True)
    return Multiverse(
        frame=frame,
        joint=joint_test(fits, is_fitted),
        decomposition=decomposition(grid, frame, model[kept]),
        grid=grid,
        model=freeze(model[kept]),
        n_boot=len(signs),
        n_clusters=n_clusters,
        notes=(
            *notes,
            *grid.notes,
            *_lost(is_fitted, frame),
            STANDARDISED,
            *_of_resamples(coarsest, n_clusters, n_boot, len(signs)),
            DESCRIPTION,
        ),
        is_simulated=is_simulated,
    )


def _named(choice: Choice) -> Mapping[str, str]:
    return choice if isinstance(choice, Mapping) else {choice: choice}


def _lost(is_fitted: np.ndarray, frame: pd.DataFrame) -> tuple[str, ...]:
    said = []
    if not is_fitted.all():
        said.append(
            f"{int((~is_fitted).sum())} of {len(is_fitted)} models left out: too few rows, a "
            "column that does not vary, or columns that repeat each other"
        )
    without = int(frame["std_error"].isna().sum())
    if without:
        said.append(f"{without} specifications have no standard error: too few clusters carry them")
    few = int((frame["df"] < 4).sum())
    if few:
        said.append(f"{few} specifications have df below 4: read their intervals, not their p")
    return tuple(said)


def _of_resamples(coarsest: str, n_clusters: int, n_boot: int, n_made: int) -> tuple[str, ...]:
    how = (
        f"all {n_made} vectors of signs, each once, so p moves in steps of 1/{n_made}"
        if is_enumerated(n_clusters, n_boot, "rademacher")
        else f"{n_made} resamples; a p of 0 reads as below {1 / n_made:.1g}"
    )
    said = (
        f"joint test: restricted wild cluster resampling by {coarsest!r}, {n_clusters} clusters, "
        f"with the same signs in all specifications; {how}",
    )
    if n_clusters < FEW_CLUSTERS:
        said += (f"{n_clusters} clusters are few for a joint test",)
    return said
