"""Polynomials in independent standard normals, and their exact means and variances."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from math import prod

# Monomial, each variable as often as its power and in sorted order -> coefficient; () is constant.
Polynomial = Mapping[tuple[Hashable, ...], float]


def add(polynomials: Iterable[Polynomial]) -> Polynomial:
    """Sum of polynomials.

    Examples
    --------
    >>> add([{(): 1.0, ("x",): 2.0}, {("x",): 3.0}])
    {(): 1.0, ('x',): 5.0}
    """
    total: dict[tuple[Hashable, ...], float] = {}
    for polynomial in polynomials:
        for monomial, coefficient in polynomial.items():
            total[monomial] = total.get(monomial, 0.0) + coefficient
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    """Product of two polynomials.

    Examples
    --------
    >>> multiply({(): 1.0, ("x",): 1.0}, {(): 1.0, ("x",): 1.0})
    {(): 1.0, ('x',): 2.0, ('x', 'x'): 1.0}
    """
    return add({tuple(sorted(a + b)): x * y} for a, x in left.items() for b, y in right.items())


def mean(polynomial: Polynomial) -> float:
    """Expectation where every variable is an independent standard normal.

    E[e^m] is (m - 1)!! for even m and 0 for odd m; expectations of different variables multiply.

    References
    ----------
    Isserlis (1918), Biometrika 12, 134-139.

    Examples
    --------
    >>> mean({("x", "x", "x", "x"): 1.0, ("x", "y"): 5.0})
    3.0
    """
    return sum(
        coefficient * prod(_normal_moment(monomial.count(e)) for e in set(monomial))
        for monomial, coefficient in polynomial.items()
    )


def variance(polynomial: Polynomial) -> float:
    """Variance where every variable is an independent standard normal.

    Examples
    --------
    >>> variance({("x", "y"): 2.0, ("x",): 1.0, (): 7.0})
    5.0
    """
    return mean(multiply(polynomial, polynomial)) - mean(polynomial) ** 2


def _normal_moment(order: int) -> int:
    return prod(range(order - 1, 0, -2)) if order % 2 == 0 else 0
