"""A fitted regression, and what follows from it without going back to the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr

from coaching_stats import wild
from coaching_stats.cluster_robust import Projection, cr1s, leave_one_out
from coaching_stats.errors import DesignError, explain, first_ten, nearest
from coaching_stats.least_squares import Fit
from coaching_stats.results import COLUMNS, Result, Table, t_quantile
from coaching_stats.sensitivity import Sensitivity, sensitivity_of
from coaching_stats.wald import hotelling_test


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Regression(Result):
    """Slopes of a linear regression, in outcome units per unit of the term.

    Attributes
    ----------
    method : str
        The variance: CR2, CR1S, CRV3, HC3 or iid.
    formula : str
    n_obs : int
        Complete rows used.
    n_clusters : int or None
    r_squared : float
    fit : Fit
        The fit as its clusters see it, for what follows from it.
    """

    method: str
    formula: str
    n_obs: int
    n_clusters: int | None
    r_squared: float
    fit: Fit

    def glance(self) -> pd.DataFrame:
        """One row about the model as a whole."""
        return pd.DataFrame(
            {
                "method": [self.method],
                "formula": [self.formula],
                "n_obs": [self.n_obs],
                "n_clusters": [np.nan if self.n_clusters is None else self.n_clusters],
                "r_squared": [self.r_squared],
                "conf_level": [self.conf_level],
            }
        )

    def wild_bootstrap(
        self,
        term: str,
        *,
        n_boot: int = 9999,
        weights: wild.WildWeights = "rademacher",
        seed: int | np.random.Generator | None = None,
    ) -> Table:
        """Test one coefficient by the restricted wild cluster bootstrap-t.

        Parameters
        ----------
        term : str
        n_boot : int
            Where all 2^(G-1) sign vectors are no more than this, each is used once.
        weights : {"rademacher", "webb"}
            Webb's six points suit fewer than about 12 clusters.
        seed : int or Generator, optional

        Returns
        -------
        Table
            One row: CR1S standard error and statistic, no df, symmetric bootstrap p, and the
            interval of all nulls that the same bootstrap keeps; an infinite end means that no
            null on that side is rejected.

        Raises
        ------
        DesignError
            No clusters, unknown term or weights, or a coefficient without a standard error.

        Notes
        -----
        With five clusters or fewer, signs never give a p-value below .05. Where only one or
        two clusters carry the term, the test hardly ever rejects (MacKinnon & Webb 2017, Journal of
        Applied Econometrics 32, 233-254).

        References
        ----------
        Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90, 414-427; Roodman,
        MacKinnon, Nielsen & Webb (2019), Stata Journal 19, 4-60.

        Examples
        --------
        >>> from coaching_stats.regression import regress
        >>> data = pd.DataFrame({"y": [1, 2, 4, 3, 6, 5.0], "x": range(6), "team": list("abcdef")})
        >>> fit = regress("y ~ x", data, cluster="team")
        >>> fit.wild_bootstrap("x").tidy()["p_value"].tolist()
        [0.09375]
        """
        projection, j = self._projection(), self._position(term)
        wild.refuse_unusable(weights, n_boot)
        n_clusters = len(projection.score)
        drawn = wild.wild_weights(n_clusters, n_boot, weights, np.random.default_rng(seed))
        replicates = wild.replicate(projection, self.fit.contrasts[:, j], drawn)
        estimate = self.estimate[j]
        error = np.sqrt(self.fit.in_user_units(cr1s(projection, self.n_obs))[j, j])
        p_value = replicates.p_value(-estimate)
        low = estimate - replicates.reach(-1, self.conf_level)
        high = estimate + replicates.reach(1, self.conf_level)
        row = (term, estimate, error, estimate / error, np.nan, p_value, low, high)
        notes = wild.notes(n_clusters, n_boot, weights, p_value, (low, high))
        return Table(pd.DataFrame([row], columns=COLUMNS), notes)

    def wald(self, terms: Sequence[str]) -> Table:
        """Test that several coefficients are all zero: CR2 with approximate Hotelling T^2 (HTZ).

        Parameters
        ----------
        terms : sequence of str, length q

        Returns
        -------
        Table
            One row: ``term`` (joined by commas), ``statistic`` (F), ``df1``, ``df2``, ``p_value``.

        Raises
        ------
        DesignError
            No clusters, an unknown term, or too few clusters for so many terms.

        Notes
        -----
        It says that not all are zero, not which one. With few or very unequal clusters ``df2`` is
        small and the test has little power.

        References
        ----------
        Pustejovsky & Tipton (2018), Journal of Business & Economic Statistics 36, 672-683.

        Examples
        --------
        >>> from coaching_stats.answers import load_sample
        >>> from coaching_stats.regression import regress
        >>> fit = regress("HOSTILE ~ LEAD + TSIG", load_sample("lq2002"), cluster="COMPID")
        >>> fit.wald(["LEAD", "TSIG"]).tidy()[["statistic", "df1", "df2"]].round(2).values.tolist()
        [[143.63, 2.0, 31.37]]
        """
        projection = self._projection()
        names = [terms] if isinstance(terms, str) else list(terms)
        positions = [self._position(term) for term in names]
        test = hotelling_test(
            projection, self.fit.contrasts[:, positions], self.estimate[positions]
        )
        few = test.df2 < 4 or np.isnan(test.df2)
        notes = (f"df2 is {test.df2:.1f}: too few clusters for a joint test",) if few else ()
        row = pd.DataFrame([test._asdict()])
        row.insert(0, "term", ", ".join(names))
        return Table(row, notes)

    def influence(self) -> Table:
        """Show every estimate without each cluster: who carries the result.

        Returns
        -------
        Table
            One row per cluster: ``cluster``, and the estimate of every term without it; nan where
            the estimate does not exist without that cluster. A note names the largest change.

        Raises
        ------
        DesignError
            No clusters.

        Notes
        -----
        A large change names a cluster, no fault of it: leaving clusters out for their influence
        biases the estimate.

        References
        ----------
        MacKinnon, Nielsen & Webb (2023), Stata Journal 23, 942-982.

        Examples
        --------
        >>> from coaching_stats.regression import regress
        >>> data = pd.DataFrame({"y": [1, 2, 4, 9.0], "x": range(4), "team": list("abcd")})
        >>> regress("y ~ x", data, cluster="team").influence().tidy()["x"].round(2).tolist()
        [3.5, 2.5, 2.79, 1.5]
        """
        change = leave_one_out(self._projection(), self.fit.contrasts)
        frame = pd.DataFrame(self.estimate + change, columns=list(self.terms))
        frame.insert(0, "cluster", self.fit.selection.clusters)
        return Table(frame, self._influence_notes(frame["cluster"].tolist(), change))

    def equivalence(self, term: str, sesoi: float) -> Table:
        """Test that a coefficient is too small to matter: two one-sided tests against +-sesoi.

        Parameters
        ----------
        term : str
        sesoi : float
            Smallest effect size of interest, in the units of the coefficient.

        Returns
        -------
        Table
            One row: the statistic and p-value of the weaker of the two tests, and the interval
            at twice the error rate (90 % at a ``conf_level`` of 0.95): the coefficient is
            equivalent to zero where p is small, which is where +-sesoi encloses that interval.

        Raises
        ------
        DesignError
            Unknown term, or a sesoi that is not positive and finite.

        Notes
        -----
        It misleads where the sesoi was chosen after the results were seen, and where ``df`` is
        below 4. A size that is ruled out is one of observed scores, which errors of measurement
        shrink.

        References
        ----------
        Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680; Lakens
        (2017), Social Psychological and Personality Science 8, 355-362.

        Examples
        --------
        >>> from coaching_stats.answers import load_sample
        >>> from coaching_stats.regression import regress
        >>> fit = regress("HOSTILE ~ LEAD + TSIG", load_sample("lq2002"), cluster="COMPID")
        >>> fit.equivalence("TSIG", 0.25).tidy()[["conf_low", "conf_high"]].round(3).values.tolist()
        [[-0.258, -0.148]]
        """
        if not 0 < sesoi < np.inf:
            raise DesignError(
                explain(
                    what=f"sesoi {sesoi} is not a positive number",
                    remedy="give the smallest effect that matters, in units of the coefficient",
                )
            )
        j = self._position(term)
        estimate, error, df = self.estimate[j], self.std_error[j], self.df[j]
        beyond = (abs(estimate) - sesoi) / error  # the bound on the estimate's side is nearer
        statistic, p_value = beyond if estimate >= 0 else -beyond, stdtr(df, beyond)
        level = 2 * self.conf_level - 1
        margin = t_quantile(self.conf_level, df) * error
        low, high = estimate - margin, estimate + margin
        row = (term, estimate, error, statistic, df, p_value, low, high)
        notes = (f"two one-sided tests against +-{sesoi:g}; the interval is at {level:.0%}",)
        return Table(pd.DataFrame([row], columns=COLUMNS), notes)

    def sensitivity(self, term: str, benchmarks: Sequence[str] = ()) -> Sensitivity:
        """Say how strong something left out would have to be to explain a slope away.

        Parameters
        ----------
        term : str
        benchmarks : sequence of str
            Regressors to measure a confounder by: as strong as this one, twice and three times.

        Returns
        -------
        Sensitivity
            One row: the slope as `tidy` gives it, ``partial_r2``, ``robustness_value`` and
            ``robustness_value_interval``; and ``.bounds`` by benchmark.

        Raises
        ------
        DesignError
            Unknown term or benchmark, or nothing left over to explain.

        Notes
        -----
        It speaks of what was left out and acts linearly. Errors of measurement, a shared mood of
        raters and a reversed arrow are not of this kind; benchmarks tell of confounders like them
        only.

        References
        ----------
        Cinelli & Hazlett (2020), Journal of the Royal Statistical Society B 82, 39-67.

        Examples
        --------
        >>> from coaching_stats.regression import regress
        >>> data = pd.DataFrame({"y": [1, 2, 4, 3, 6, 5.0], "x": range(6)})
        >>> regress("y ~ x", data).sensitivity("x").tidy()["robustness_value"].round(3).tolist()
        [0.817]
        """
        return sensitivity_of(self, self.fit, term, benchmarks)

    def _projection(self) -> Projection:
        if self.n_clusters is None:
            raise DesignError(
                explain(
                    what="this regression has no clusters",
                    where=self.formula,
                    remedy="name the column of the teams or firms in regress(cluster=...)",
                )
            )
        return self.fit.projection

    def _position(self, term: str) -> int:
        if term not in self.terms:
            raise DesignError(
                explain(
                    what=f"the model has no term {term!r}{nearest(term, self.terms)}",
                    where=f"terms: {first_ten(self.terms)}",
                    remedy="name one of them",
                )
            )
        return self.terms.index(term)

    def _influence_notes(self, labels: list[object], change: np.ndarray) -> tuple[str, ...]:
        """Name the largest change, in standard errors, and clusters without which terms vanish."""
        notes = []
        size = np.abs(change) / self.std_error
        if "Intercept" in self.terms and len(self.terms) > 1:
            size[:, self.terms.index("Intercept")] = 0.0
        if not np.isnan(size).all():
            g, j = np.unravel_index(np.nanargmax(size), size.shape)
            notes.append(
                f"the largest change: without {labels[g]} {self.terms[j]} is "
                f"{self.estimate[j] + change[g, j]:.3f}, not {self.estimate[j]:.3f} "
                f"({size[g, j]:.1f} standard errors)"
            )
        alone = np.isnan(change).any(axis=1)
        if alone.any():
            named = first_ten(label for label, lost in zip(labels, alone, strict=True) if lost)
            notes.append(f"without these clusters some estimate does not exist: {named}")
        return tuple(notes)
