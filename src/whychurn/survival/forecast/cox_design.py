"""The panel's features as covariates of a Cox model: filled, bounded, on a common scale, none twice.

Every term can be written down as a row of a table, so that the model is served from a CSV.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from whychurn.contract.params import ChallengeParams
from whychurn.panel.encode import Feature

RARE = 0.01  # levels and flags of fewer rows join the rest
TAIL = 0.001  # numbers are bounded by these quantiles, so that one odd value moves no forecast far
JUDGED = 10_000  # rows by which columns are compared
SKEWED = 2.0  # skewness from which a number that is never negative enters by its logarithm


@dataclass(frozen=True)
class Term:
    """One column: ``(f(x) - mean) / scale``.

    Parameters
    ----------
    kind
        "number" (f: filled, bounded, its log1p where `log`), "missing" (f: 1 where x is null), "level" (f: 1 where x
        is the category of this code).
    """

    name: str
    feature: str
    kind: str
    code: int
    log: bool
    fill: float
    low: float
    high: float
    mean: float
    scale: float

    def raw(self, x: np.ndarray) -> np.ndarray:
        """f(x) of encoded values."""
        if self.kind == "missing":
            return np.isnan(x).astype("float64")
        if self.kind == "level":
            return (x == self.code).astype("float64")
        filled = np.clip(np.where(np.isnan(x), self.fill, x.astype("float64")), self.low, self.high)
        return np.log1p(filled) if self.log else filled

    def as_row(self) -> dict[str, Any]:
        """The term as a row of coefficients.csv."""
        return asdict(self)


def choose_terms(
    X: np.ndarray, features: list[Feature], leave: set[str], params: ChallengeParams
) -> list[Term]:
    """Terms of the encoded training rows `X` (rows × features), those in `leave` left out.

    A column that follows another one (correlation above `params.max_correlation`) is left out.
    """
    some = X[:: max(1, len(X) // JUDGED)]  # enough rows to see which columns follow each other
    made = [
        (position, term)
        for position, feature in enumerate(features)
        if feature.name not in leave
        for term in _terms(X[:, position], feature, params.missing_share)
    ]
    columns = np.empty((len(made), len(some)))
    found: list[Term] = []
    for position, term in made:
        column = (term.raw(some[:, position]) - term.mean) / term.scale
        kept = columns[: len(found)]
        if len(found) and np.abs(kept @ column / len(some)).max() > params.max_correlation:
            continue
        columns[len(found)] = column
        found.append(term)
    return found


def design_matrix(X: np.ndarray, features: list[Feature], terms: list[Term]) -> np.ndarray:
    """Columns of `terms` for encoded rows."""
    place = {feature.name: position for position, feature in enumerate(features)}
    made = np.empty((len(X), len(terms)))
    for column, term in enumerate(terms):
        made[:, column] = (term.raw(X[:, place[term.feature]]) - term.mean) / term.scale
    return made


def _terms(x: np.ndarray, feature: Feature, missing_share: float) -> list[Term]:
    missing = np.isnan(x)
    made = []
    if feature.categories is not None:
        sizes = [(x == code).mean() for code in range(len(feature.categories))]
        usual = int(np.argmax(sizes))
        for code, text in enumerate(feature.categories):
            if code != usual and sizes[code] >= RARE:
                made.append(_scaled(x, f"{feature.name}={text}", feature.name, "level", code))
    elif not missing.all():
        known = x[~missing].astype("float64")
        fill, low, high = np.median(known), np.quantile(known, TAIL), np.quantile(known, 1 - TAIL)
        spread = known.std()
        skew = ((known - known.mean()) ** 3).mean() / spread**3 if spread > 0 else 0.0
        log = bool(known.min() >= 0 and skew > SKEWED)
        made.append(
            _scaled(x, feature.name, feature.name, "number", -1, log, float(fill), float(low), float(high))
        )
    if missing_share < missing.mean() < 1 - RARE:
        made.append(_scaled(x, f"{feature.name} missing", feature.name, "missing", -1))
    return [term for term in made if term.scale > 1e-9]


def _scaled(
    x: np.ndarray, name: str, feature: str, kind: str, code: int, log: bool = False,
    fill: float = 0.0, low: float = 0.0, high: float = 0.0,
) -> Term:  # fmt: skip
    plain = Term(name, feature, kind, code, log, fill, low, high, 0.0, 1.0)
    raw = plain.raw(x)
    return Term(name, feature, kind, code, log, fill, low, high, float(raw.mean()), float(raw.std()))
