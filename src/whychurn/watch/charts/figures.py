"""From counts to the figures of each chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.contract.arrays import Array
from whychurn.watch.charts.counts import EFFECT_STEP, Counts
from whychurn.watch.limits.standard import Figures

LEAST_RATIO: Final = 0.05  # what months differ by at least, as a share of leavings or of silent members
LEAST_EFFECT: Final = 0.03  # log-odds


@dataclass(frozen=True)
class Chart:
    """A chart's figures and what they are told with.

    Parameters
    ----------
    name, groups
        Chart, and its series.
    figures
        As judged; (months, series).
    observed, expected
        As told: leavings, silent members, shares or effects; `expected` is NaN where the reference mean is meant.
    people
        Leavings or silent members behind each figure.
    """

    name: str
    groups: tuple[str, ...]
    figures: Figures
    observed: Array
    expected: Array
    people: Array


def _log_ratio(observed: Array, expected: Array) -> Array:
    return np.log((observed + 0.5) / (expected + 0.5))


def expected_leavings(counts: Counts, reference: Array) -> Array:
    """Leavings of each month by the reference months' rate of each band of risk; (draws + 1, months, groups).

    The rates are those of the sample itself, so that a resample shows what chance does to a month alone.

    Parameters
    ----------
    reference
        Reference months; (months,) of bool.
    """
    rows, left = (counts[name][0, reference, 0].sum(axis=0) for name in ("rows", "left"))
    overall = left.sum() / max(rows.sum(), 1)
    # a band with few rows is drawn towards the rate of all
    rate = (left + 20 * overall) / (rows + 20)
    return counts["rows"] @ rate


def leavings_chart(counts: Counts, expected: Array, place: int, name: str) -> Chart:
    """Leavings of one group against forecast."""
    observed = counts["left"][:, :, place].sum(axis=-1)
    forecast = expected[:, :, place]
    value = _log_ratio(observed, forecast)[..., None]
    people = observed[0][:, None].astype("float64")
    figures = Figures(value[0], value[1:], forecast[0], LEAST_RATIO)
    return Chart("leavings", (name,), figures, people, forecast[0][:, None], people)


def silence_chart(counts: Counts) -> Chart:
    """Members silent beyond the 95 % quantile of their own gaps, as a share of all."""
    value = _log_ratio(counts["silent"], counts["present"])[..., None]
    people = counts["silent"][0][:, None].astype("float64")
    share = people / np.maximum(counts["present"][0], 1)[:, None]
    figures = Figures(value[0], value[1:], counts["present"][0], LEAST_RATIO)
    return Chart("silent", ("all",), figures, share, np.full_like(share, np.nan), people)


def mix_chart(counts: Counts, causes: tuple[str, ...]) -> Chart:
    """Share of each cause among the month's leavings."""
    total = counts["mix"].sum(axis=2, keepdims=True)
    value = np.divide(counts["mix"], total, out=np.zeros(counts["mix"].shape), where=total > 0)
    people = np.repeat(counts["told"][0][:, None].astype("float64"), len(causes), axis=1)
    figures = Figures(value[0], value[1:], counts["told"][0], 0.0, pooled=True)
    return Chart("mix", causes, figures, value[0], np.full_like(value[0], np.nan), people)


def inputs_chart(counts: Counts, features: tuple[str, ...], reference: Array) -> Chart:
    """Mean change of a feature's contribution between a month and the reference months.

    The mean over members of |change of log-odds| if contributions were redrawn from the reference months in order of
    size: the distance between the two distributions (Wasserstein-1). A reference month is compared with the others.
    """
    effects = counts["effects"]
    usual = effects[reference].sum(axis=0)
    others = np.where(reference[:, None, None], usual - effects, usual)
    gap = np.abs(_cumulative(effects) - _cumulative(others)).sum(axis=2) * EFFECT_STEP
    people = np.repeat(effects.sum(axis=2)[:, :1].astype("float64"), len(features), axis=1)
    figures = Figures(gap, gap[None], people[:, 0], LEAST_EFFECT, two_sided=False)
    return Chart("inputs", features, figures, gap, np.full_like(gap, np.nan), people)


def _cumulative(counts: Array) -> Array:
    return counts.cumsum(axis=2) / np.maximum(counts.sum(axis=2, keepdims=True), 1)
