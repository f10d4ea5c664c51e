"""Whether members who met an exposure left more often than others at the same time: a test for each exposure.

An exposure explains leaving only if those who left had met more of it than those at risk with them. This is
the score test of its coefficient in the hazard (as in the Cox model: Cox 1972), one-sided, stratified by
weeks of the stay, by how active a member is and by calendar month: what is the same for everybody at a time,
or only grows with the stay, or goes along with the season, shows nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.causes.exposures.block_exposures import BASES
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

STAY_WEEKS: Final = (1, 2, 4, 8, 13, 26, 52, 78, 104, 156)  # borders of the strata of weeks of the stay
MONTH_WEEKS: Final = 4  # weeks that are held together in a stratum of the calendar
MOST_STRATA: Final = 128  # of activity
LEAST_EXPOSED: Final = 10.0  # churn events that those exposed alike are expected to have; fewer tell nothing
LEAST_CONTRAST: Final = (
    0.25  # of the variance of an exposure that lies within strata; less is the calendar or the stay
)


def exposure_effects(history: ExposureHistory, first_week: Array) -> pd.DataFrame:
    """One row an exposure: cause, exposure, events, contrast, z, p_value, share, low, high.

    ``events`` are those expected among members exposed alike, ``contrast`` is the part of the exposure's
    variance within strata, ``share`` the churn events that go along with the exposure, of all (one step from
    no effect), ``low`` and ``high`` its 95 % bounds. An exposure that too few met has a null test; one that
    is the same for all at a time has null shares as well.

    Parameters
    ----------
    first_week
        First week at risk of each spell; (spells,).
    """
    risk, left = history.risk, history.decisions
    at_risk, at_exit, cells = shared_strata(history, first_week)
    weeks = np.bincount(at_risk, risk.weight, cells)
    events = np.bincount(at_exit, left.weight, cells)
    rate = np.divide(events, weeks, out=np.zeros(cells), where=weeks > 0)
    rows = []
    for cause, name, columns in _exposures(history):
        x = risk.x[:, columns].mean(axis=1, dtype="float64")
        met = left.x[:, columns].mean(axis=1, dtype="float64")
        sums = [np.bincount(at_risk, risk.weight * power, cells) for power in (x, x**2)]
        found = np.bincount(at_exit, left.weight * met, cells)
        rows.append((CAUSES[cause], name, *_score_test(weeks, rate, sums, found)))
    names = ["cause", "exposure", "events", "contrast", "z", "p_value", "share", "low", "high"]
    table = pd.DataFrame(rows, columns=names)
    return table.astype({"cause": "string", "exposure": "string", **dict.fromkeys(names[2:], "float64")})


def _score_test(weeks: Array, rate: Array, sums: list[Array], met: Array) -> tuple[float, ...]:
    """Figures of one exposure from sums by stratum: of weeks at risk, of the exposure and of its square."""
    total, squares = sums
    there = weeks > 0
    expected = rate * total
    within = squares - np.divide(total**2, weeks, out=np.zeros_like(total), where=there)
    gap = float((met - expected)[there].sum())
    information = float((rate * within)[there].sum())
    overall = float(squares.sum() - total.sum() ** 2 / max(weeks.sum(), 1e-12))
    contrast = float(within.sum()) / max(overall, 1e-12)
    all_events = float((rate * weeks).sum())
    exposed = all_events / max(weeks.sum(), 1e-12) * total.sum() ** 2 / max(float(squares.sum()), 1e-12)
    if contrast < LEAST_CONTRAST or information <= 0:
        return (exposed, contrast, *(np.nan,) * 5)
    z = gap / np.sqrt(information) if exposed >= LEAST_EXPOSED else np.nan
    mean = float(expected.sum()) / max(all_events, 1e-12)
    half = stats.norm.ppf(0.975) / np.sqrt(information)
    step = gap / information
    bounds = [_share(effect * mean) for effect in (step, step - half, step + half)]
    return (exposed, contrast, z, float(stats.norm.sf(z)), *bounds)


def _share(excess: float) -> float:
    """Share of churn events from the mean excess over the hazard without it; not below none."""
    return max(excess, 0.0) / (1 + max(excess, 0.0))


def _exposures(history: ExposureHistory) -> list[tuple[int, str, Array]]:
    """Cause, name and columns of each exposure; bends of the dose are left out."""
    roots = history.roots
    plain = [
        (int(cause), root)
        for cause, root, name in zip(history.causes, roots, history.names, strict=True)
        if name not in BASES
    ]
    return [
        (
            cause,
            root,
            np.array([
                number
                for number, name in enumerate(history.names)
                if history.causes[number] == cause and roots[number] == root and ">" not in name
            ]),
        )
        for cause, root in dict.fromkeys(plain)
    ]  # fmt: skip


def risk_strata(rows: PersonWeeks, first_week: Array) -> Array:
    """Stratum of each row: month, weeks of the stay and activity together, by the same numbers in all tables; (rows,)."""
    stay = np.searchsorted(STAY_WEEKS, rows.week - first_week[rows.spell], side="right")
    month = rows.week.astype("int64") // MONTH_WEEKS
    return (month * MOST_STRATA + rows.stratum) * (len(STAY_WEEKS) + 1) + stay


def shared_strata(history: ExposureHistory, first_week: Array) -> tuple[Array, Array, int]:
    """Stratum (`risk_strata`) of each week at risk and of each week of a decision, and how many strata there are.

    Strata are numbered from zero, alike in both.
    """
    risk, left = history.risk, history.decisions
    _, cell = np.unique(
        np.concatenate([risk_strata(risk, first_week), risk_strata(left, first_week)]), return_inverse=True
    )
    return cell[: len(risk.week)], cell[len(risk.week) :], int(cell.max(initial=-1)) + 1
