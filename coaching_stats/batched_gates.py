"""The gates G1 to G5 of one prediction in many surveys at once: which of them fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from coaching_stats.batched_regressions import Estimates
from coaching_stats.batched_samples import Samples
from coaching_stats.batched_surveys import Surveys
from coaching_stats.gates import MIN_TEAMS, VERSIONS
from coaching_stats.hypotheses import Leg, Study
from coaching_stats.measured import MIN_RESPONDENTS, MIN_RESPONSE_RATE
from coaching_stats.sourcing import Sourcing, columns_used, focal

OPTIONS = 7
Failures = Mapping[str, np.ndarray]  # gate -> bool, shape (R,)


@dataclass(frozen=True, eq=False)
class Gates:
    """Checks that several hypotheses share, each computed once."""

    surveys: Surveys
    study: Study
    _known: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def failures(
        self,
        leg: Leg,
        sources: Sourcing,
        samples: Sequence[Samples],
        found: Sequence[Sequence[Estimates]],
    ) -> Failures:
        """Whether each gate fails for one leg: bool of shape (R,) by gate.

        Parameters
        ----------
        leg, sources
        samples : sequence of Samples
            By split.
        found : sequence of sequence of Estimates
            By split, then by link; their degrees of freedom are a matter of the design.
        """
        return {
            "G1": self._cause_varies(leg),
            "G2": self._clusters(samples, found),
            "G3": self._any(self._weak(c) for c in self._focal(leg, sources)),
            "G4": self._any(self._unlike(c) for c in self._averaged(leg, sources)),
            "G5": self._missingness(leg, sources),
        }

    def _any(self, failed: object) -> np.ndarray:
        none = np.zeros(self.surveys.n, dtype=bool)
        return np.logical_or.reduce([none, *failed])

    def _focal(self, leg: Leg, sources: Sourcing) -> list[str]:
        return columns_used(focal(leg), sources, self.study)

    def _cause_varies(self, leg: Leg) -> np.ndarray:
        """G1: versions (one per firm), ICC(1), and the spread between teams."""
        failed = []
        for key in leg.predictor:
            parts = self.study.parts(key)
            if not set(parts) & set(VERSIONS):
                continue
            failed.append(np.full(self.surveys.n, self.surveys.size.firms < 2))
            score = np.mean([self.surveys.sellers[f"{part}_s"] for part in parts], axis=0)
            icc1, _, between_sd = likeness(score)
            failed += [icc1 < 0.05, between_sd < 0.25]
        return self._any(failed)

    def _clusters(
        self, samples: Sequence[Samples], found: Sequence[Sequence[Estimates]]
    ) -> np.ndarray:
        """G2: teams, and the least of the links' median degrees of freedom where clustered."""
        few = np.min([one.n_teams for one in samples], axis=0) < MIN_TEAMS
        df = np.array([[link.df for link in links] for links in found])  # (splits, links, R)
        df = np.where(self._is_clustered(samples), df, np.inf)
        middle = np.median(df, axis=0)  # nan where one split has none
        return few | (np.nan_to_num(middle, nan=0.0, posinf=np.inf).min(axis=0) < 4)

    def _is_clustered(self, samples: Sequence[Samples]) -> np.ndarray:
        return np.array([[one.is_clustered(self.surveys)] for one in samples])

    def _weak(self, column: str) -> np.ndarray:
        """G3: alpha below .60 of a scale of several items."""
        if ("alpha", column) not in self._known:
            items = self.surveys.items.get(column)
            value = np.full(self.surveys.n, np.nan) if items is None else alpha(items)
            self._known["alpha", column] = value < 0.60
        return self._known["alpha", column]

    def _averaged(self, leg: Leg, sources: Sourcing) -> list[str]:
        """Seller scores that are averaged by team."""
        found: list[str] = []
        for key in focal(leg):
            if leg.kind == "variance" and key == leg.outcome:
                continue
            levels = {self.study.constructs[part].level for part in self.study.parts(key)}
            if leg.level == "seller" and (key != leg.moderator or "seller" in levels):
                continue
            columns = columns_used([key], sources, self.study)
            found += [c for c in columns if c.endswith("_s")]
        return found

    def _unlike(self, column: str) -> np.ndarray:
        """G4: ICC(2) below .40, or median agreement below .50 on a scale of seven."""
        if ("icc2", column) not in self._known:
            failed = likeness(self.surveys.sellers[column])[1] < 0.40
            items = self.surveys.items.get(column)
            if items is not None and column != "CFRQ_s":
                failed |= median_agreement(items) < 0.50
            self._known["icc2", column] = failed
        return self._known["icc2", column]

    def _missingness(self, leg: Leg, sources: Sourcing) -> np.ndarray:
        """G5: response rates, few respondents, gaps, failed attention checks."""
        surveys = self.surveys
        failed = [surveys.n_failed > 0.20 * surveys.n_answered]
        if any(form.startswith("seller") for form in sources.source.values()):
            failed.append((surveys.response_rate < MIN_RESPONSE_RATE).mean(axis=1) > 0.50)
            if leg.level == "team":
                failed.append((surveys.n_sellers < MIN_RESPONDENTS).mean(axis=1) > 0.50)
        failed += [self._gappy(column) for column in self._focal(leg, sources)]
        return self._any(failed)

    def _gappy(self, column: str) -> np.ndarray:
        if ("missing", column) not in self._known:
            surveys = self.surveys
            if column in surveys.sellers:
                who, values = surveys.counted, surveys.sellers[column]
            else:
                values = surveys.teams[column]
                is_managers = column.endswith("_m")
                who = surveys.manager_counted if is_managers else np.ones_like(values, dtype=bool)
            axes = tuple(range(1, who.ndim))
            gaps = (who & np.isnan(values)).sum(axis=axes)
            self._known["missing", column] = gaps > 0.20 * who.sum(axis=axes)
        return self._known["missing", column]


def likeness(score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ICC(1), ICC(2) and noise-corrected spread between teams, as `teams.likeness`; each (R,).

    Parameters
    ----------
    score : ndarray, shape (R, T, S)
        nan where nobody answered.
    """
    known = ~np.isnan(score)
    values = np.where(known, score, 0.0)
    size = known.sum(axis=-1)
    n, n_teams = size.sum(axis=-1), (size > 0).sum(axis=-1)
    means = values.sum(axis=-1) / np.maximum(size, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        grand = values.sum(axis=(1, 2)) / n
        between = (size * (means - grand[:, None]) ** 2).sum(axis=-1) / (n_teams - 1)
        gap = np.where(known, score - means[..., None], 0.0)
        within = (gap**2).sum(axis=(1, 2)) / (n - n_teams)
        usual = n / n_teams
        icc1 = (between - within) / (between + (usual - 1) * within)
        icc2 = np.where(between > 0, (between - within) / between, -np.inf)
        total = np.where(known, score - grand[:, None, None], 0.0)
        spread = np.sqrt(np.maximum(icc1, 0.0) * (total**2).sum(axis=(1, 2)) / (n - 1))
    unknown = (n_teams < 2) | (n == n_teams)
    return tuple(np.where(unknown, np.nan, value) for value in (icc1, icc2, spread))


def alpha(items: np.ndarray) -> np.ndarray:
    """Alpha of turned items on complete rows, shape (R,); Spearman-Brown for two items.

    Parameters
    ----------
    items : ndarray, shape (R, ..., k)
    """
    rows = items.reshape(len(items), -1, items.shape[-1])
    complete = ~np.isnan(rows).any(axis=-1)
    n = complete.sum(axis=1)
    known = np.where(complete[..., None], rows, 0.0)
    mean = known.sum(axis=1, keepdims=True) / np.maximum(n, 1)[:, None, None]
    gap = np.where(complete[..., None], known - mean, 0.0)
    covariance = gap.swapaxes(1, 2) @ gap / np.maximum(n - 1, 1)[:, None, None]
    k = rows.shape[-1]
    variances = np.diagonal(covariance, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        if k == 2:
            r = covariance[:, 0, 1] / np.sqrt(variances.prod(axis=1))
            value = np.where(r > -1, 2 * r / (1 + r), np.nan)
        else:
            value = k / (k - 1) * (1 - variances.sum(axis=1) / covariance.sum(axis=(1, 2)))
    return np.where((n < 3) | (variances == 0).any(axis=1), np.nan, value)


def median_agreement(items: np.ndarray) -> np.ndarray:
    """Median rWG(J) over the teams of two people or more, against equally likely answers; (R,).

    Parameters
    ----------
    items : ndarray, shape (R, T, S, k)
    """
    complete = ~np.isnan(items).any(axis=-1)
    n = complete.sum(axis=-1)
    known = np.where(complete[..., None], items, 0.0)
    mean = known.sum(axis=2) / np.maximum(n, 1)[..., None]
    gap = np.where(complete[..., None], known - mean[:, :, None], 0.0)
    variance = ((gap**2).sum(axis=2) / np.maximum(n - 1, 1)[..., None]).mean(axis=-1)
    ratio = np.minimum(variance / ((OPTIONS**2 - 1) / 12), 1.0)
    k = items.shape[-1]
    agreement = np.where(n > 1, k * (1 - ratio) / (k * (1 - ratio) + ratio), np.nan)
    several = (n > 1).any(axis=1)
    agreement[~several] = 0.0  # so that no median is of nothing
    return np.where(several, np.nanmedian(agreement, axis=1), np.nan)
