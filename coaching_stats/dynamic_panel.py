"""Two scores of teams over several waves: lagged effects beside team effects, on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coaching_stats.models import Estimated

# Cragg-Donald F below which a 5 % test with two weak instruments may be wrong in over 10 %
WEAK = 7.03


@dataclass(frozen=True, eq=False)
class Course:
    """Two scores of n teams over T waves, in units of the first wave.

    Attributes
    ----------
    x, y : ndarray, shape (T, n)
        nan where missing.
    cluster : ndarray of int, shape (n,)
    names : (x, y)
    """

    x: np.ndarray
    y: np.ndarray
    cluster: np.ndarray
    names: tuple[str, str]

    def windows(self, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Every run of `width` waves of one team without a gap: last wave, and team, shape (m,)."""
        known = ~np.isnan(self.x) & ~np.isnan(self.y)
        last = np.arange(width - 1, len(known))
        whole = np.all([known[last - back] for back in range(width)], axis=0)
        place, team = np.nonzero(whole)
        return last[place], team


def lagged_effects(course: Course) -> list[tuple[str, Estimated]]:
    """Anderson-Hsiao estimates of both equations, from at least three waves.

    Parameters
    ----------
    course : Course

    Returns
    -------
    list of (term, Estimated)
        The cross-lagged effect of each equation, then what stays of its own outcome.
    """
    regressors, instruments, changes, cluster = _differenced(course)
    found = []
    for own, change in zip((1, 0), changes[::-1], strict=True):
        slopes, variance = two_stage(change, regressors, instruments, cluster)
        df = float(len(np.unique(cluster)) - 1)
        for place in (1 - own, own):
            term = f"{course.names[own]}~{course.names[place]}"
            error = float(np.sqrt(variance[place, place]))
            found.append((term, Estimated(float(slopes[place]), error, df)))
    return found


def two_stage(
    y: np.ndarray, x: np.ndarray, z: np.ndarray, cluster: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes with as many instruments as regressors, and their cluster-robust covariance.

    Parameters
    ----------
    y : ndarray, shape (m,)
    x, z : ndarray, shape (m, k)
        Regressors and instruments; what is its own instrument is in both.
    cluster : ndarray of int, shape (m,)

    Returns
    -------
    slopes : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
        With the factor G / (G - 1) (m - 1) / (m - k) of CR1S.

    References
    ----------
    Cameron & Trivedi (2005), Microeconometrics, section 4.8 and 24.5.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> two_stage(2 * x[:, 0], x, x, np.arange(4))[0].round(6).tolist()
    [2.0]
    """
    inverse = np.linalg.inv(z.T @ x)
    slopes = inverse @ (z.T @ y)
    codes = np.unique(cluster, return_inverse=True)[1]
    scores = np.zeros((codes.max() + 1, z.shape[1]))
    np.add.at(scores, codes, z * (y - x @ slopes)[:, None])
    (m, k), n_clusters = x.shape, len(scores)
    factor = n_clusters / (n_clusters - 1) * (m - 1) / (m - k)
    return slopes, factor * inverse @ (scores.T @ scores) @ inverse.T


def instrument_strength(course: Course) -> float:
    """Cragg-Donald F: how well lagged levels tell the two lagged changes apart, at worst.

    References
    ----------
    Stock & Yogo (2005), in Identification and Inference for Econometric Models, 80-108, table 5.2,
    for ``WEAK``: two regressors, two instruments, at most 10 % false rejections.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> noise = rng.normal(size=(2, 3, 300))
    >>> instrument_strength(Course(*noise, np.arange(300), ("x", "y"))) > WEAK
    True
    """
    regressors, instruments, _, _ = _differenced(course)
    waves = regressors[:, 2:]
    changes, levels = (
        two - waves @ np.linalg.lstsq(waves, two, rcond=None)[0]
        for two in (regressors[:, :2], instruments[:, :2])
    )
    fitted = levels @ np.linalg.lstsq(levels, changes, rcond=None)[0]
    left = changes - fitted
    df = len(changes) - instruments.shape[1]
    return float(
        np.linalg.eigvals(np.linalg.solve(left.T @ left, fitted.T @ fitted)).real.min()
    ) * (df / levels.shape[1])


def _differenced(course: Course) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]:
    """Lagged changes, earlier levels, both with a dummy per wave; changes of x and y; clusters."""
    last, team = course.windows(3)
    scores = (course.x, course.y)
    changes = [one[last, team] - one[last - 1, team] for one in scores]
    before = [one[last - 1, team] - one[last - 2, team] for one in scores]
    levels = [one[last - 2, team] for one in scores]
    waves = (last[:, None] == np.unique(last)).astype(float)
    return (
        np.column_stack([*before, waves]),
        np.column_stack([*levels, waves]),
        changes,
        course.cluster[team],
    )
