r"""Slopes without a rating error that the scores of one respondent share: a closed form.

A respondent's mood, halo or wish to please moves every evaluative score of that respondent, up
where the items are pleasant and down where they are not. With S the covariance matrix of the
scores, v their tones (1, -1, or 0 where the error does not reach) in units of their standard
deviations, and c the share of variance that the error has, what the scores would show without it
is S - c v v'. With A the part of the predictors, a their tones, u their covariances with the
outcome and t its tone, the slopes are

.. math:: b(c) = (A - c\,aa')^{-1}(u - c\,t\,a) = b + c\,g\,\frac{s - t}{1 - c\,q},

where b = A^-1 u, g = A^-1 a, q = a'g and s = a'b: by the rank-one inverse
(A - c aa')^-1 = A^-1 + c gg' / (1 - c q), b(c) = b - c t g + c g (s - c t q) / (1 - c q), and the
two last terms have the numerator c g (s - t).

The judged slope w'b(c) has the derivative w'g (s - t) / (1 - c q)^2, of one sign for c < 1/q. So
it moves in one direction, and meets a level h at most once, at

.. math:: c^* = \frac{1}{q + (t - s)\,w'g / (w'b - h)}.

The same by determinants, for h = 0: with B = [[0, w'], [u, A]], w'b = -det(B) / det(A). The error
takes a matrix of rank one from B, which makes its determinant linear in c: it vanishes at
1 / (z' B^-1 x) with z = (t, a) and x = (0, a), which is c* again.
"""

from __future__ import annotations

import numpy as np


def slope_without(
    covariance: np.ndarray, tones: np.ndarray, contrast: np.ndarray, share: np.ndarray | float
) -> np.ndarray:
    """Slope of the outcome once a shared error of a given share is taken out.

    Parameters
    ----------
    covariance : ndarray, shape (..., 1 + k, 1 + k)
        Of the outcome, then the k predictors. Leading axes hold data sets.
    tones : ndarray, shape (1 + k,)
        1, -1 or 0 for each column, times its standard deviation.
    contrast : ndarray, shape (k,)
        Weights of the slopes.
    share : ndarray, shape (...), or float
        Share of variance of a score with tone 1.

    Returns
    -------
    ndarray, shape (...)
        In units of the observed scores; nan where the scores cannot hold an error so large.

    Notes
    -----
    The error is taken to weigh alike on all scores that it reaches, and to be unrelated to what
    they measure. A halo of two scales only, or one that weighs more on some of them, is not of
    this form. Products of scores are taken to be free of it, which holds where the error is
    symmetric (Siemsen, Roth & Oliveira 2010).

    References
    ----------
    Lindell & Whitney (2001), Journal of Applied Psychology 86, equation 4, which this is for two
    scores of tone 1; Siemsen, Roth & Oliveira (2010), Organizational Research Methods 13, 456-476.

    Examples
    --------
    >>> found = slope_without(np.array([[1.0, 0.5], [0.5, 1.0]]), np.ones(2), np.ones(1), 0.2)
    >>> round(float(found), 6)  # (0.5 - 0.2) / (1 - 0.2)
    0.375
    """
    slope, move, q = _parts(covariance, tones, contrast)
    share = np.asarray(share, dtype=float)
    possible = share < largest_share(covariance, tones)
    return np.where(possible, slope + share * move / np.where(possible, 1 - share * q, 1.0), np.nan)


def vanishing_share(
    covariance: np.ndarray, tones: np.ndarray, contrast: np.ndarray, level: float = 0.0
) -> np.ndarray:
    """Share of variance at which a shared error alone brings a slope down to a level.

    Parameters
    ----------
    covariance, tones, contrast
        As in `slope_without`.
    level : float
        Size to which the slope sinks, whatever its sign; 0 where it is to vanish.

    Returns
    -------
    ndarray, shape (...)
        0 where the slope is no larger than the level. nan where no share does it: the error
        pushes the slope the other way, does not reach it, or would have to be larger than the
        scores can hold (`largest_share`).

    Notes
    -----
    A small share says that the result is frail, a large one does not say that it is true: what
    else the two scores share, such as a common cause, is not seen. In units of observed scores,
    as smallest effect sizes of interest are.

    References
    ----------
    Derivation: in the docstring of this module.

    Examples
    --------
    >>> covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> float(vanishing_share(covariance, np.ones(2), np.ones(1)))
    0.5
    >>> float(vanishing_share(covariance, np.array([1.0, -1.0]), np.ones(1)))
    nan
    """
    slope, move, q = _parts(covariance, tones, contrast)
    sized = slope - np.sign(slope) * level
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 1 / (q - move / sized)
    possible = (share > 0) & (share < largest_share(covariance, tones))
    return np.where(np.abs(slope) <= level, 0.0, np.where(possible, share, np.nan))


def largest_share(
    covariance: np.ndarray, tones: np.ndarray, df: np.ndarray | float = np.inf
) -> np.ndarray:
    """Largest share of variance that scores can owe to one shared error.

    What is left without the error, S - c v v', is a covariance matrix only up to
    c = 1 / (v' S^-1 v).

    Parameters
    ----------
    covariance : ndarray, shape (..., k, k)
    tones : ndarray, shape (k,)
        As in `slope_without`.
    df : ndarray, shape (...), or float
        Degrees of freedom of the covariances. A sample's bound is too small by the factor
        (df - k + 1) / df on average if scores are normal, which is made good.

    Returns
    -------
    ndarray, shape (...)
        inf where no score has a tone.

    Notes
    -----
    It is a bound and no estimate: k scores that have nothing in common still leave room for 1/k.

    References
    ----------
    Rao (1973), Linear Statistical Inference, section 8b.2: (v'S^-1 v)^-1 has a chi-square
    distribution with df - k + 1 degrees of freedom, scaled.

    Examples
    --------
    >>> tones = np.array([1.0, -1.0, 1.0, 1.0])
    >>> float(largest_share(np.eye(4), tones))
    0.25
    >>> mood = 0.8 * np.eye(4) + 0.2 * np.outer(tones, tones)
    >>> round(float(largest_share(mood, tones)), 6)
    0.4
    """
    k = covariance.shape[-1]
    inside = _solved(covariance, tones) @ tones
    df = np.asarray(df, dtype=float)
    factor = 1 / (1 - (k - 1) / df)
    with np.errstate(divide="ignore"):
        return factor / inside


def _parts(
    covariance: np.ndarray, tones: np.ndarray, contrast: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slope w'b, its move w'g (s - t), and q."""
    predictors = covariance[..., 1:, 1:]
    found = np.linalg.solve(predictors, covariance[..., 1:, :1])[..., 0]
    toned = _solved(predictors, tones[1:])
    move = (toned @ contrast) * (found @ tones[1:] - tones[0])
    return found @ contrast, move, toned @ tones[1:]


def _solved(covariance: np.ndarray, tones: np.ndarray) -> np.ndarray:
    column = np.broadcast_to(tones[:, None], (*covariance.shape[:-1], 1))
    return np.linalg.solve(covariance, column)[..., 0]
