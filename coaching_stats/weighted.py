"""Weighted least squares as its clusters see it: what CR2 asks of the weights besides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coaching_stats.cluster_robust import Projection, inverse_root


@dataclass(frozen=True, eq=False)
class WeightedProjection(Projection):
    """A weighted fit; CR2 with the identity as working model asks for more of the weights.

    The block of (I - H)(I - H)' of cluster g is I + U E U' with U = [X_g, W_g X_g]: a matrix of
    rank 2k at most, so its inverse root needs the 2k x 2k matrix U'U only.

    Attributes
    ----------
    plain, squared : ndarray, shape (G, k, k)
        L' X_g'X_g L and L' X_g'W_g^2 X_g L.
    plain_score : ndarray, shape (G, k)
        L' X_g'e_g without the weights.

    References
    ----------
    Pustejovsky & Tipton (2018), Journal of Business & Economic Statistics 36, 672-683, section
    2.1: weights W, working covariance the identity.
    """

    plain: np.ndarray
    squared: np.ndarray
    plain_score: np.ndarray

    @cached_property
    def _form(self) -> np.ndarray:
        """E, shape (2k, 2k)."""
        one = np.eye(self.root.shape[-1])
        return np.block([[self.squared.sum(axis=0), -one], [-one, np.zeros_like(one)]])

    @cached_property
    def _range(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvectors of U'U, and square roots of its eigenvalues, zero where they vanish."""
        gram = np.block([[self.plain, self.leverage], [self.leverage, self.squared]])
        values, vectors = np.linalg.eigh((gram + gram.swapaxes(-1, -2)) / 2)
        return vectors, np.sqrt(np.where(values > 1e-13 * values[:, -1:], values, 0.0))

    @cached_property
    def _correction(self) -> np.ndarray:
        """(I + O'U E U'O)^(-1/2) for O an orthonormal basis of U's columns, (G, 2k, 2k)."""
        vectors, size = self._range
        basis = vectors * size[:, None, :]  # U'O
        block = np.eye(2 * self.root.shape[-1]) + basis.swapaxes(-1, -2) @ self._form @ basis
        values, turn = np.linalg.eigh((block + block.swapaxes(-1, -2)) / 2)
        return (turn * inverse_root(1.0 - values)[:, None, :]) @ turn.swapaxes(-1, -2)

    def adjusted_score(self) -> np.ndarray:
        """CR2's scores, shape (G, k)."""
        vectors, size = self._range
        k = self.root.shape[-1]
        with np.errstate(divide="ignore"):
            inverse = np.where(size > 0, 1 / size, 0.0)
        both = np.concatenate([self.plain_score, self.score], axis=-1)  # U'e
        along = np.einsum("gij,gi->gj", vectors, both) * inverse  # O'e
        change = np.einsum("gij,gj->gi", self._correction, along) - along
        return self.score + np.einsum("gij,gj->gi", vectors[:, k:] * size[:, None, :], change)

    def quadratic_form(self, contrasts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `Projection.quadratic_form`, with the weights."""
        vectors, size = self._range
        basis = vectors * size[:, None, :]
        weighed = basis[:, self.root.shape[-1] :].swapaxes(-1, -2) @ self.turned(contrasts)
        h = self._correction @ weighed
        return h.swapaxes(-1, -2) @ h, basis @ h, -self._form


def projection_of(root: np.ndarray, products: np.ndarray) -> Projection:
    """Take the projection from products of [X L, residual] per cluster.

    Parameters
    ----------
    root : ndarray, shape (k, k)
        L.
    products : ndarray, shape (W, G, k + 1, k + 1)
        W = 1 without weights; with weights their powers 0, 1 and 2.

    Returns
    -------
    Projection, with weights a WeightedProjection
    """
    k = len(root)
    main = products[len(products) // 2]
    if len(products) == 1:
        return Projection(root, main[:, :k, :k], main[:, :k, k])
    plain, squared = products[0], products[2]
    return WeightedProjection(
        root=root,
        leverage=main[:, :k, :k],
        score=main[:, :k, k],
        plain=plain[:, :k, :k],
        squared=squared[:, :k, :k],
        plain_score=plain[:, :k, k],
    )
