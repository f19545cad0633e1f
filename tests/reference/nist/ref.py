"""Least squares in exact rational arithmetic for the linear NIST StRD data sets.

Run in this folder. It reads the CSV files, whose decimals a Fraction keeps exactly, and
certified.json, the digits that NIST publishes; it writes results.json.
"""

import csv
import json
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

# Degree of the polynomial in x; longley is linear in x1 to x6.
DEGREES = {
    "norris": 1,
    "pontius": 2,
    "filip": 10,
    "longley": None,
    "wampler1": 5,
    "wampler2": 5,
    "wampler3": 5,
    "wampler4": 5,
    "wampler5": 5,
}


def read(name):
    """Return y and the columns of x as lists of fractions."""
    with open(f"{name}.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    numbers = [[Fraction(cell) for cell in row] for row in rows]
    return [row[0] for row in numbers], [row[1:] for row in numbers]


def design(x, degree):
    """Return the rows of the design matrix, the intercept first."""
    if degree is None:
        return [[Fraction(1), *row] for row in x]
    return [[row[0] ** power for power in range(degree + 1)] for row in x]


def inverse(matrix):
    """Invert by Gauss-Jordan elimination."""
    k = len(matrix)
    work = [[*row, *(Fraction(int(i == j)) for j in range(k))] for i, row in enumerate(matrix)]
    for i in range(k):
        pivot = next(row for row in range(i, k) if work[row][i] != 0)
        work[i], work[pivot] = work[pivot], work[i]
        work[i] = [value / work[i][i] for value in work[i]]
        for row in range(k):
            if row != i and work[row][i] != 0:
                factor = work[row][i]
                work[row] = [a - factor * b for a, b in zip(work[row], work[i], strict=True)]
    return [row[k:] for row in work]


def dot(a, b):
    """Sum of products."""
    return sum(p * q for p, q in zip(a, b, strict=True))


def decimal(fraction):
    """Return a fraction as a Decimal in the current precision."""
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def digits(value):
    """Return 25 significant digits as text."""
    with localcontext(prec=25):
        return str(+value)


def confirms(got, published):
    """Say whether the 15 published digits are those of the exact solution."""
    want = Decimal(published)
    return got == 0 if want == 0 else abs(got - want) <= abs(want) * Decimal("1.5E-14")


def fit(y, X):
    """Return coefficients, standard errors, residual sd, residual sum of squares and R2."""
    n, k = len(X), len(X[0])
    columns = list(zip(*X, strict=True))
    cross_inverse = inverse([[dot(a, b) for b in columns] for a in columns])
    moment = [dot(a, y) for a in columns]
    coef = [dot(row, moment) for row in cross_inverse]
    rss = sum((value - dot(row, coef)) ** 2 for value, row in zip(y, X, strict=True))
    tss = sum((value - sum(y) / n) ** 2 for value in y)
    variance = rss / (n - k)
    se = [decimal(variance * cross_inverse[i][i]).sqrt() for i in range(k)]
    return (
        [decimal(b) for b in coef],
        se,
        decimal(variance).sqrt(),
        decimal(rss),
        decimal(1 - rss / tss),
    )


def report(name, degree, certified):
    """Return the entry of one data set in results.json."""
    y, x = read(name)
    X = design(x, degree)
    coef, se, sd, rss, r2 = fit(y, X)
    names = [f"b{i}" for i in range(len(coef))]
    polynomial = f"y = b0 + b1 x + ... + b{degree} x^{degree}"

    def confirmed(values, key):
        pairs = zip(values, certified[key].values(), strict=True)
        return all(confirms(got, want) for got, want in pairs)

    return {
        "n": len(y),
        "k": len(coef),
        "df_resid": len(y) - len(coef),
        "model": polynomial if degree else "y ~ 1 + x1..x6",
        "coef": dict(zip(names, map(float, coef), strict=True)),
        "se": dict(zip(names, map(float, se), strict=True)),
        "resid_sd": float(sd),
        "rss": float(rss),
        "r2": float(r2),
        "coef_25_digits": dict(zip(names, map(digits, coef), strict=True)),
        "se_25_digits": dict(zip(names, map(digits, se), strict=True)),
        "resid_sd_25_digits": digits(sd),
        "r2_25_digits": digits(r2),
        "certified": certified,
        "certified_digits_confirmed": {
            "coef": confirmed(coef, "coef"),
            "se": confirmed(se, "se"),
            "resid_sd": confirms(sd, certified["resid_sd"]),
            "r2": confirms(r2, certified["r2"]),
        },
    }


def main():
    """Write results.json."""
    certified = json.loads(Path("certified.json").read_text())
    with localcontext(prec=60):
        results = {name: report(name, degree, certified[name]) for name, degree in DEGREES.items()}
    Path("results.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
