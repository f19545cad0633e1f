"""Slopes of many models in resamples under the null (restricted wild cluster bootstrap).

With a = L'c the contrast of the predictor's slope in the orthonormal basis of `cluster_robust`,
cluster g adds a'f(P_g)[v_g s_g - P_g z] to a replicate's slope, where s_g is its score under the
null, v_g its sign and z = sum_g v_g s_g. With f = 1 that is CR1, with (1 - lambda)^(-1/2) CR2, with
(1 - lambda)^(-1) the jackknife CRV3. As v_g^2 = 1, the squared standard error of a replicate is a
constant, a linear and a quadratic form in z: clusters enter through one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coaching_stats.cluster_robust import Projection, inverse_root

POWER = {"CR1S": 0, "CR2": 1, "CRV3": 2}  # of (1 - lambda)^(-1/2) on the scores
TILE = 4_000_000  # signs at a time: 32 MB
FLAT = 1e-13  # a replicate's squared standard error, relative, that is zero but for rounding


@dataclass(frozen=True, eq=False)
class NullSlopes:
    """The predictor's slope in m models, and what resamples under the null make of it.

    Attributes
    ----------
    fit : Projection
    share : ndarray, shape (m, G, k)
        Shares of the contrast in the eigenvectors of each cluster.
    score : ndarray, shape (m, G, k)
        Scores under the null.
    member : ndarray, shape (H, G), or None
        Which clusters a coarsest cluster holds; None where they are the same.
    signs : ndarray, shape (B, H)
    z : ndarray, shape (m, k, B)
        Change of the coefficients in each replicate.
    slopes : ndarray, shape (m, B)
        Of the replicates, in the units of the moments.
    """

    fit: Projection
    share: np.ndarray
    score: np.ndarray
    member: np.ndarray | None
    signs: np.ndarray
    z: np.ndarray
    slopes: np.ndarray

    @classmethod
    def of(
        cls, fit: Projection, slope: np.ndarray, coarse: np.ndarray, signs: np.ndarray
    ) -> NullSlopes:
        """Impose the null on fitted models (restricted residuals) and draw the replicates.

        Parameters
        ----------
        fit : Projection
            m models of k regressors, the predictor in the second place.
        slope : ndarray, shape (m,)
            Of the predictor.
        coarse : ndarray of int, shape (G,)
            Coarsest cluster, 0 to H - 1, that each cluster lies in.
        signs : ndarray, shape (B, H)

        References
        ----------
        Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90, 414-427; the
        formulas are those of `coaching_stats.wild`, with d = -slope.
        """
        a = fit.turned(np.eye(fit.root.shape[-1])[:, 1:2])[..., 0]
        values, vectors = fit.eigen
        share = (vectors.swapaxes(-1, -2) @ a[:, None, :, None])[..., 0]
        pull = (vectors @ (values * share)[..., None])[..., 0]
        distance = slope / (a * a).sum(axis=-1)
        score = fit.score + distance[:, None, None] * pull
        is_same = np.array_equal(coarse, np.arange(signs.shape[1]))
        member = None if is_same else (np.arange(signs.shape[1])[:, None] == coarse).astype(float)
        z = _resampled(score, member, signs)
        return cls(fit, share, score, member, signs, z, (a[:, None, :] @ z)[:, 0])

    def squares(self, method: str) -> tuple[np.ndarray, np.ndarray]:
        """Squared standard error without its factor: of the data (m,), and of replicates (m, B)."""
        values, vectors = self.fit.eigen
        weighed = inverse_root(values) ** POWER[method] * self.share
        added = (vectors @ weighed[..., None])[..., 0]  # f(P_g) a
        pull = (vectors @ (values * weighed)[..., None])[..., 0]  # P_g f(P_g) a
        observed = ((added * self.fit.score).sum(axis=-1) ** 2).sum(axis=-1)
        along = (added * self.score).sum(axis=-1)
        constant = (along**2).sum(axis=-1)[:, None]
        cross = _resampled(along[..., None] * pull, self.member, self.signs)
        form = pull.swapaxes(-1, -2) @ pull
        squares = constant + ((form @ self.z - 2 * cross) * self.z).sum(axis=1)
        return observed, np.where(squares > FLAT * constant, squares, 0.0)

    def statistics(self, squares: np.ndarray) -> np.ndarray:
        """T statistic of each replicate (m, B); infinite where it has no standard error."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self.slopes / np.sqrt(squares)
        return np.where(squares > 0, found, np.copysign(np.inf, self.slopes))


def _resampled(of_cluster: np.ndarray, member: np.ndarray | None, signs: np.ndarray) -> np.ndarray:
    """Sums over clusters, each with its sign: (m, G, k) becomes (m, k, B)."""
    coarse = of_cluster if member is None else member @ of_cluster
    m, n_clusters, k = coarse.shape
    flat = coarse.swapaxes(1, 2).reshape(m * k, n_clusters)
    step = max(1, TILE // n_clusters)  # signs are bytes, turned into floats tile by tile
    found = np.empty((m * k, len(signs)))
    for start in range(0, len(signs), step):
        part = slice(start, start + step)
        found[:, part] = flat @ signs[part].T.astype(float)
    return found.reshape(m, k, len(signs))
