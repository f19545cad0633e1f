"""The wild cluster bootstrap: p-value and interval for one coefficient when clusters are few.

Each replicate multiplies the residuals of a cluster, taken under the null, by one random weight.
In the orthonormal basis of `cluster_robust`, with a the contrast and d = null - estimate, the
score of cluster g under the null is u_g - d P_g a / a'a: affine in d. So five numbers per
replicate give its t statistic under every null, and the interval costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from coaching_stats.cluster_robust import Projection
from coaching_stats.errors import DesignError, explain, first_ten, nearest

SLACK = 1e-10  # replicates that equal the data tie with the data but for rounding
FARTHEST = 1e4  # standard errors from the estimate at which an interval counts as infinite
TILE = 500  # replicates at a time, so that they stay in the cache

WildWeights = Literal["rademacher", "webb"]
_WEBB = np.sqrt([0.5, 1.0, 1.5])


def wild_weights(
    n_clusters: int, n_boot: int, kind: WildWeights, rng: np.random.Generator
) -> np.ndarray:
    """Draw one weight per replicate and cluster, mean 0 and variance 1.

    Parameters
    ----------
    n_clusters : int
    n_boot : int
    kind : {"rademacher", "webb"}
        Rademacher weights are -1 or 1, and where 2^(G-1) <= `n_boot` every vector of signs
        appears once (the first sign is +1, since turning all signs leaves |t| as it is). Webb
        weights are +-sqrt(1/2), +-1, +-sqrt(3/2).
    rng : Generator

    Returns
    -------
    ndarray, shape (B, G)

    References
    ----------
    Davidson & Flachaire (2008), Journal of Econometrics 146, 162-169; Webb (2023), Canadian
    Journal of Economics 56, 839-858.

    Examples
    --------
    >>> wild_weights(2, 99, "rademacher", np.random.default_rng(0)).tolist()
    [[1, 1], [1, -1]]
    """
    if kind == "webb":
        drawn = rng.integers(0, 6, size=(n_boot, n_clusters))
        return np.concatenate([-_WEBB, _WEBB])[drawn]
    if is_enumerated(n_clusters, n_boot, kind):
        number = np.arange(2 ** (n_clusters - 1))[:, None]
        bits = (number >> np.arange(n_clusters)[::-1]) & 1
    else:
        n_signs = n_boot * n_clusters
        bytes_drawn = np.frombuffer(rng.bytes(n_signs // 8 + 1), np.uint8)
        bits = np.unpackbits(bytes_drawn, count=n_signs).reshape(n_boot, n_clusters)
    return 1 - 2 * bits.astype(np.int8)  # a byte a sign, turned into floats tile by tile


def is_enumerated(n_clusters: int, n_boot: int, kind: WildWeights) -> bool:
    """Whether all sign vectors are fewer than the replicates asked for."""
    return kind == "rademacher" and 2 ** (n_clusters - 1) <= n_boot


@dataclass(frozen=True, eq=False)
class Replicates:
    """Replicates of one t statistic, under every null at once.

    Attributes
    ----------
    numerator : ndarray, shape (2, B)
        n0, n1; a null at distance d from the estimate has the numerator n0 + d n1.
    square : ndarray, shape (3, B)
        q0, q1, q2; its squared standard error is q0 + 2 d q1 + d^2 q2.
    std_error : float
        Of the estimate, without a small-sample factor: that would cancel.
    """

    numerator: np.ndarray
    square: np.ndarray
    std_error: float

    def p_value(self, distance: float) -> float:
        """Share of replicates at least as far out as the data, the null `distance` away."""
        top = self.numerator[0] + distance * self.numerator[1]
        bottom = self.square[0] + distance * (2 * self.square[1] + distance * self.square[2])
        observed = (distance / self.std_error * (1 - SLACK)) ** 2
        # squares in place of ratios: a replicate without a statistic, 0/0, counts as far out
        return float(np.mean(top * top >= observed * bottom))

    def reach(self, direction: int, conf_level: float) -> float:
        """Distance from the estimate at which the null becomes rejected; inf where it never is.

        Parameters
        ----------
        direction : {-1, 1}
        conf_level : float
        """
        alpha = 1 - conf_level

        def is_kept(steps: float) -> bool:
            return self.p_value(direction * steps * self.std_error) > alpha

        kept, rejected = 0.0, 1.0
        while is_kept(rejected):
            if rejected >= FARTHEST:
                return float("inf")
            kept, rejected = rejected, min(2 * rejected, FARTHEST)
        return _bisect(is_kept, kept, rejected) * self.std_error


def _bisect(is_kept: Callable[[float], bool], kept: float, rejected: float) -> float:
    """Return the outer end of a step that `is_kept` takes between two points."""
    while rejected - kept > SLACK * rejected:
        middle = (kept + rejected) / 2
        if is_kept(middle):
            kept = middle
        else:
            rejected = middle
    return rejected


def replicate(fit: Projection, contrast: np.ndarray, weights: np.ndarray) -> Replicates:
    """Replicate the cluster-robust t of one contrast, the null imposed (WCR).

    Parameters
    ----------
    fit : Projection
        k regressors, G clusters.
    contrast : ndarray, shape (k,)
    weights : ndarray, shape (B, G)
        From `wild_weights`.

    Raises
    ------
    DesignError
        The contrast has no cluster-robust standard error.

    References
    ----------
    Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90, 414-427; Roodman,
    MacKinnon, Nielsen & Webb (2019), Stata Journal 19, 4-60, for the interval by inversion.
    """
    a = fit.root.T @ contrast
    pull = fit.leverage @ a  # P_g a, shape (G, k)
    scores = np.stack([fit.score, -pull / (a @ a)])
    along = scores @ a  # (2, G)
    std_error = float(np.sqrt((along[0] ** 2).sum()))
    if not std_error > 1e-12 * np.linalg.norm(fit.score) * np.linalg.norm(a) or std_error == 0:
        raise DesignError(
            explain(
                what="this coefficient has no cluster-robust standard error to bootstrap",
                where="no cluster but those that identify it alone carries it",
                remedy="bring more clusters in which the term varies",
            )
        )
    numerator = np.empty((2, len(weights)))
    square = np.empty((3, len(weights)))
    for start in range(0, len(weights), TILE):
        part = slice(start, start + TILE)
        numerator[:, part], square[:, part] = _tile(
            weights[part].astype(float), scores, along, pull, a
        )
    return Replicates(numerator, square, std_error)


def _tile(
    weights: np.ndarray, scores: np.ndarray, along: np.ndarray, pull: np.ndarray, a: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Numerators (2, b) and squares (3, b) of some replicates."""
    moved = weights @ scores  # change of the coefficients, (2, b, k)
    terms = weights * along[:, None, :] - moved @ pull.T  # (2, b, G)
    first, second = terms
    squares = [
        np.einsum("bg,bg->b", left, right)
        for left, right in ((first, first), (first, second), (second, second))
    ]
    return moved @ a, np.stack(squares)


def refuse_unusable(kind: str, n_boot: int) -> None:
    """Refuse unknown weights, naming the nearest, and a bootstrap without replicates."""
    known = ("rademacher", "webb")
    if kind not in known:
        raise DesignError(
            explain(
                what=f"unknown weights {kind!r}{nearest(kind, known)}",
                remedy=f"choose one of {first_ten(known)}",
            )
        )
    if n_boot < 1:
        raise DesignError(
            explain(what=f"n_boot {n_boot} asks for no replicate", remedy="give 9999, say")
        )


def notes(
    n_clusters: int, n_boot: int, kind: WildWeights, p_value: float, ends: tuple[float, float]
) -> tuple[str, ...]:
    """Say what a reader must know about these replicates."""
    said = []
    if is_enumerated(n_clusters, n_boot, kind):
        n_boot = 2 ** (n_clusters - 1)
        said.append(
            f"all {n_boot} sign vectors of {n_clusters} clusters, each once: no chance is "
            f"involved, and p moves in steps of 1/{n_boot}"
        )
    else:
        said.append(f"{n_boot} replicates with {kind} weights")
    if p_value == 0:
        said.append(f"no replicate was as far out as the data: read p as below {1 / n_boot:.1g}")
    if np.isinf(ends).any():
        said.append("an infinite end: on that side these clusters reject no value at all")
    return tuple(said)
