"""The panel's features as terms of a Cox model: filled, bounded, on a common scale, none twice.

Every term can be written as a row of a table, so that the model is served from a CSV.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from whychurn.panel.feature_encoding import Feature

RARE: Final = 0.01  # levels and flags of fewer rows join the rest
TAIL: Final = 0.001  # numbers are bounded by these quantiles, so that one odd value moves no forecast far
COMPARED_ROWS: Final = 10_000  # enough rows to see which columns are correlated
SKEWED: Final = 2.0  # skewness from which a number that is never negative enters by its logarithm
MISSING_SHARE: Final = 0.01  # a feature missing for a larger share gets a flag of its own
MAX_CORRELATION: Final = 0.9  # of two columns above this, the later one is left out


@dataclass(frozen=True)
class Term:
    """One column: ``(f(x) - mean) / scale``.

    Parameters
    ----------
    kind
        "number" (f: filled, bounded, its log1p where `log`), "missing" (f: 1 where x is null), "level" (f: 1
        where x is the category of this code).
    """

    name: str
    feature: str
    kind: str
    code: int = -1
    log: bool = False
    fill: float = 0.0
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    scale: float = 1.0

    def raw(self, x: np.ndarray) -> np.ndarray:
        """f(x) of encoded values."""
        if self.kind == "missing":
            return np.isnan(x).astype("float64")
        if self.kind == "level":
            return (x == self.code).astype("float64")
        filled = np.clip(np.where(np.isnan(x), self.fill, x.astype("float64")), self.low, self.high)
        return np.log1p(filled) if self.log else filled

    def column(self, x: np.ndarray) -> np.ndarray:
        """The term's column of the design, from encoded values."""
        return (self.raw(x) - self.mean) / self.scale


def choose_terms(X: np.ndarray, features: list[Feature], left_out: set[str]) -> list[Term]:
    """Terms of the encoded training rows `X` (rows × features), without those of the features in `left_out`.

    A column whose correlation with an earlier one is above `MAX_CORRELATION` is left out.
    """
    compared = X[:: max(1, len(X) // COMPARED_ROWS)]
    candidates = [
        (position, term)
        for position, feature in enumerate(features)
        if feature.name not in left_out
        for term in _terms(X[:, position], feature)
    ]
    columns = np.empty((len(candidates), len(compared)))
    terms: list[Term] = []
    for position, term in candidates:
        column = term.column(compared[:, position])
        earlier = columns[: len(terms)]
        if len(terms) and np.abs(earlier @ column / len(compared)).max() > MAX_CORRELATION:
            continue
        columns[len(terms)] = column
        terms.append(term)
    return terms


def design_matrix(X: np.ndarray, features: list[Feature], terms: list[Term]) -> np.ndarray:
    """Columns of `terms` for encoded rows."""
    position = {feature.name: number for number, feature in enumerate(features)}
    design = np.empty((len(X), len(terms)))
    for number, term in enumerate(terms):
        design[:, number] = term.column(X[:, position[term.feature]])
    return design


def _terms(x: np.ndarray, feature: Feature) -> list[Term]:
    missing, name = np.isnan(x), feature.name
    terms = []
    if feature.categories is not None:
        sizes = [(x == code).mean() for code in range(len(feature.categories))]
        reference = int(np.argmax(sizes))
        for code, text in enumerate(feature.categories):
            if code != reference and sizes[code] >= RARE:
                terms.append(Term(f"{name}={text}", name, "level", code))
    elif not missing.all():
        values = x[~missing].astype("float64")
        fill, low, high = np.median(values), np.quantile(values, TAIL), np.quantile(values, 1 - TAIL)
        spread = values.std()
        skew = ((values - values.mean()) ** 3).mean() / spread**3 if spread > 0 else 0.0
        log = bool(values.min() >= 0 and skew > SKEWED)
        terms.append(Term(name, name, "number", -1, log, float(fill), float(low), float(high)))
    if MISSING_SHARE < missing.mean() < 1 - RARE:
        terms.append(Term(f"{name} missing", name, "missing"))
    return [scaled for term in terms if (scaled := _scaled(term, x)).scale > 1e-9]


def _scaled(term: Term, x: np.ndarray) -> Term:
    raw = term.raw(x)
    return replace(term, mean=float(raw.mean()), scale=float(raw.std()))
