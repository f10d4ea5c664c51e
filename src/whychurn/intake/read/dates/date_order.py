"""Which of three numbers is the year, the month, the day: by the evidence of all values of a column."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from whychurn.intake.read.coerced import DateForm, Reading

_PLACES: Final = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1)}  # where year, month and day stand
_FEW: Final = 0.01  # a share of contrary values so small is taken for slips
_LONG_MONTH: Final = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass(frozen=True)
class Order:
    """Order of a group of written dates.

    Parameters
    ----------
    year, month, day
        float64; NaN where they cannot be told.
    name
        The order that most values follow.
    by
        proof (only this order explains the column), few_years (by the spread of its numbers), parameter,
        assumed, or contrary (values prove different orders).
    doubtful
        Values that another order explains as another day.
    year_in_doubt
        Whether the year, too, may stand elsewhere.
    """

    year: np.ndarray
    month: np.ndarray
    day: np.ndarray
    name: str
    by: str
    doubtful: np.ndarray
    year_in_doubt: bool = False


def order_of(
    numbers: np.ndarray, short: bool, month_named: bool, counts: np.ndarray, reading: Reading, dots: bool
) -> Order:
    """Order of dates that were written as three numbers.

    Parameters
    ----------
    numbers
        (n, 3) as written, unique; one form of one column.
    short
        The years have two digits and may come first or last; else the year is last.
    month_named
        The number in the middle is the month.
    counts
        Rows of each.
    dots
        Written with dots, which means day first where nothing else tells.
    """
    orders = [name for name in _PLACES if (short or name != "ymd") and not (month_named and name == "mdy")]
    fits = {name: _fits(numbers, name) for name in orders}
    rows = {name: int(counts[fits[name]].sum()) for name in orders}
    given = _given(reading, orders)
    if given:
        return _apply(numbers, fits, given, "parameter", np.zeros(len(numbers), dtype=bool))
    best = max(rows.values())
    likely = [name for name in orders if rows[name] >= best * (1 - _FEW) and rows[name]]
    others = [name for name in orders if name not in likely]
    if len(likely) == 1 and all(_explained(fits, likely[0], name, counts) for name in others):
        return _apply(numbers, fits, likely[0], "proof", np.zeros(len(numbers), dtype=bool))
    doubtful = _doubtful(numbers, fits, likely or orders)
    if not likely or len(likely) == 1:
        return _contrary(numbers, fits, orders, counts)
    if not doubtful.any():
        return _apply(numbers, fits, likely[0], "proof", doubtful)
    if short and "ymd" in likely and (by_years := _by_years(numbers)):
        left = [name for name in likely if (name == "ymd") == (by_years == "ymd")]
        if len(left) == 1:
            return _apply(numbers, fits, left[0], "few_years", np.zeros(len(numbers), dtype=bool))
        likely, doubtful = left, _doubtful(numbers, fits, left)
    if "ymd" not in likely and _split(fits):
        return _contrary(numbers, fits, orders, counts)
    assumed = next(
        name for name in (("dmy", "mdy", "ymd") if dots else ("mdy", "dmy", "ymd")) if name in likely
    )
    order = _apply(numbers, fits, assumed, "assumed", doubtful)
    return replace(order, year_in_doubt="ymd" in likely)


def _given(reading: Reading, orders: list[str]) -> DateForm | None:
    if reading.date_form in orders:
        return reading.date_form
    if reading.day_first is None or "ymd" in orders:
        return None
    wanted: DateForm = "dmy" if reading.day_first else "mdy"
    return wanted if wanted in orders else None


def _fits(numbers: np.ndarray, name: str) -> np.ndarray:
    _, month, day = (numbers[:, place] for place in _PLACES[name])
    known = (month >= 1) & (month <= 12)
    return known & (day >= 1) & (day <= _LONG_MONTH[np.where(known, month, 0).astype("int64")])


def _explained(fits: dict[str, np.ndarray], chosen: str, other: str, counts: np.ndarray) -> bool:
    """Whether what `other` alone explains is so little that it counts as slips."""
    alone = counts[fits[other] & ~fits[chosen]].sum()
    return bool(alone <= _FEW * counts[fits[chosen] & ~fits[other]].sum())


def _split(fits: dict[str, np.ndarray]) -> bool:
    if "mdy" not in fits:
        return False
    return bool((fits["dmy"] & ~fits["mdy"]).any() and (fits["mdy"] & ~fits["dmy"]).any())


def _doubtful(numbers: np.ndarray, fits: dict[str, np.ndarray], likely: list[str]) -> np.ndarray:
    doubtful = np.zeros(len(numbers), dtype=bool)
    for n, one in enumerate(likely):
        for two in likely[n + 1 :]:
            same = (numbers[:, _PLACES[one]] == numbers[:, _PLACES[two]]).all(axis=1)
            doubtful |= fits[one] & fits[two] & ~same
    return doubtful


def _by_years(numbers: np.ndarray) -> str | None:
    """Years are few and days are many: the side with far fewer values holds the years."""
    first, last = (len(pd.unique(numbers[:, place])) for place in (0, 2))
    if first * 2 <= last:
        return "ymd"
    return "last" if last * 2 <= first else None


def _apply(
    numbers: np.ndarray, fits: dict[str, np.ndarray], name: str, by: str, doubtful: np.ndarray
) -> Order:
    place = np.array(_PLACES[name])
    parts = numbers[:, place].astype("float64")
    parts[~fits[name]] = np.nan
    if by == "parameter" and name in ("dmy", "mdy"):  # 25/01 under month first can only be 25 January
        other = "mdy" if name == "dmy" else "dmy"
        if other in fits:
            swap = ~fits[name] & fits[other]
            parts[swap] = numbers[swap][:, np.array(_PLACES[other])]
    return Order(parts[:, 0], parts[:, 1], parts[:, 2], name, by, doubtful & fits[name])


def _contrary(
    numbers: np.ndarray, fits: dict[str, np.ndarray], orders: list[str], counts: np.ndarray
) -> Order:
    parts = np.full((len(numbers), 3), np.nan)
    doubtful = _doubtful(numbers, fits, orders)
    for name in orders:
        sure = fits[name] & ~doubtful
        parts[sure] = numbers[sure][:, np.array(_PLACES[name])]
    most = max(orders, key=lambda name: int(counts[fits[name]].sum()))
    return Order(parts[:, 0], parts[:, 1], parts[:, 2], most, "contrary", doubtful)
