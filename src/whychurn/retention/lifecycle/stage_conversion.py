"""Stage conversion: who moves on, who is lost from where, and how long the second purchase takes."""

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.codes import LIFECYCLE_STAGES
from whychurn.contract.results import columns_of, empty_table
from whychurn.contract.suppression import suppress_small_cells, suppress_small_counts
from whychurn.retention.lifecycle.stages_by_month import NOT_YET
from whychurn.retention.member_history import YEAR_DAYS, YEAR_MONTHS, History
from whychurn.retention.member_logs import FAR
from whychurn.retention.month_grid import months_complete, window_sum
from whychurn.stats.intervals import rate_ratio, wilson
from whychurn.stats.multiple_testing import benjamini_hochberg

NEXT: Final = {"recruited": 1, "activated": 2, "nurtured": 3, "repeat": 4, "won_back": 3, "lapsed": 7}
_AT_RISK, _LAPSED, _WON_BACK = (
    LIFECYCLE_STAGES.index("at_risk"),
    LIFECYCLE_STAGES.index("lapsed"),
    LIFECYCLE_STAGES.index("won_back"),
)
MONTH_DAYS: Final = 30.4
STEP_COLUMNS: Final = columns_of("lifecycle_steps", "suppressed")


def stage_conversion(
    history: History, stages: Array, conversion_months: int, confidence: float, min_cell: int
) -> pd.DataFrame:
    """What became of the members who entered each stage, and the step where most money is lost.

    A quiet member (``at_risk``) still belongs to the stage before the silence: a loss is booked where it
    began.

    Returns
    -------
    DataFrame
        ``entered``: entries that could be followed for `conversion_months` and, under inactivity, the
        waiting time (churn is known so much later); ``advanced`` (``rate``, Wilson interval) and
        ``lost`` within that time: the first other stage was higher, or ``lapsed``. ``members_lost``,
        ``revenue_lost``: churn events from the stage in the last 12 complete months and what these members
        had paid in the 12 months up to their last active day; ``weakest`` marks the largest revenue lost
        (the most members where no money is recorded). The largest stage loses most, whatever happens:
        ``loss_ratio`` (loss per member-month against the other stages, exact Poisson p) tells whether it loses faster.
    """
    carried = carry_over(stages)
    complete = np.flatnonzero(months_complete(history))
    if not len(complete):
        return suppress_small_cells(empty_table(STEP_COLUMNS), "entered", [], min_cell)
    end = int(complete[-1]) + 1
    wait = history.absences[history.main].threshold if history.by_orders else 0
    months = conversion_months + int(np.ceil(wait / MONTH_DAYS))
    losses = _losses(history, carried, end)
    rows = [
        {"stage": name, **_outcome(carried[:, : end + 1], code, months), **losses.get(name, {})}
        for code, name in enumerate(LIFECYCLE_STAGES)
        if code != _AT_RISK
    ]
    frame = pd.DataFrame(rows).reindex(columns=STEP_COLUMNS)
    for prefix, count in (("", "advanced"), ("lost_", "lost")):
        hits, trials = frame[count].to_numpy(float), frame["entered"].to_numpy(float)
        low, high = wilson(np.nan_to_num(hits), np.where(np.isnan(hits), 0.0, trials), confidence)
        defined = trials > 0
        rate = np.divide(hits, trials, out=np.full(len(frame), np.nan), where=defined)
        frame[f"{prefix}rate"], frame[f"{prefix}low"], frame[f"{prefix}high"] = rate, low, high
    counts = {"entered": STEP_COLUMNS[2:10], "members_lost": ["revenue_lost", "revenue_per_member"]}
    frame = suppress_small_counts(frame, counts, min_cell)
    return _faster(frame.assign(weakest=_weakest(frame)), confidence)[[*STEP_COLUMNS, "suppressed"]]


def carry_over(stages: Array) -> Array:
    """`stages` with ``at_risk`` replaced by the stage before it (``recruited`` where there was none)."""
    carried = stages.copy()
    for edge in range(carried.shape[1]):
        quiet = carried[:, edge] == _AT_RISK
        before = carried[:, edge - 1] if edge else np.full(len(carried), NOT_YET)
        defined = np.isin(before, (NOT_YET, _LAPSED), invert=True)
        carried[:, edge] = np.where(
            quiet, np.where(defined, before, LIFECYCLE_STAGES.index("recruited")), carried[:, edge]
        )
    return carried


def _outcome(carried: Array, stage: int, months: int) -> dict[str, float]:
    """Entries into `stage` with `months` to follow, and their first move."""
    last = carried.shape[1] - 1 - months
    entries = (carried[:, 1:] == stage) & (carried[:, :-1] != stage)
    entries = entries[:, : max(0, last)]  # an entry at edge 1 .. last
    member, before = np.nonzero(entries)
    advanced, lost = np.zeros(len(member), bool), np.zeros(len(member), bool)
    open_ = np.ones(len(member), bool)
    aim = NEXT.get(LIFECYCLE_STAGES[stage])
    for step in range(1, months + 1):
        now = carried[member, before + 1 + step]
        moved = open_ & (now != stage)
        advanced |= moved & _is_higher(now, stage, aim)
        lost |= moved & (now == _LAPSED)
        open_ &= ~moved
    has_next = aim is not None
    return {
        "entered": float(len(member)),
        "advanced": float(advanced.sum()) if has_next else np.nan,
        "lost": float(lost.sum()) if stage != _LAPSED else np.nan,
    }


def _is_higher(now: Array, stage: int, aim: int | None) -> Array:
    if aim is None:
        return np.zeros(len(now), bool)
    if stage == _LAPSED:
        return now != _LAPSED  # any stage but lapsed means back
    return (now >= aim) & (now < _AT_RISK)


def _losses(history: History, carried: Array, end: int) -> dict[str, dict[str, float]]:
    gaps, edges = history.absences[history.main], history.edges
    recent = (gaps.left > edges[max(0, end - YEAR_MONTHS)]) & (gaps.left <= edges[end])
    member, last = gaps.member[recent], gaps.last[recent]
    before = np.searchsorted(edges, gaps.left[recent], side="left") - 1
    origin = carried[member, before]
    origin = np.where(np.isin(origin, (NOT_YET, _LAPSED)), LIFECYCLE_STAGES.index("recruited"), origin)
    worth = window_sum(history.payments, member, last + 1 - YEAR_DAYS, last + 1)
    result = {}
    for code, name in enumerate(LIFECYCLE_STAGES):
        if code in (_LAPSED, _AT_RISK):
            continue
        lost_here = origin == code
        members, money = float(len(np.unique(member[lost_here]))), float(worth[lost_here].sum())
        each = money / members if members else np.nan
        months = float((carried[:, max(0, end - YEAR_MONTHS) : end] == code).sum())
        result[name] = {"members_lost": members, "revenue_lost": money, "revenue_per_member": each}
        result[name]["member_months"] = months
    return result


def _faster(frame: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """`frame` with the loss of each stage per member-month against that of all others."""
    lost, months = frame["members_lost"].fillna(0.0).to_numpy(), frame["member_months"].fillna(0.0).to_numpy()
    against = rate_ratio(lost, months, lost.sum() - lost, months.sum() - months, confidence)
    q = benjamini_hochberg(against["p_value"].to_numpy())
    return frame.assign(loss_ratio=against["ratio"].to_numpy(), p_adjusted=q)


def _weakest(frame: pd.DataFrame) -> pd.Series:
    money = frame["revenue_lost"].fillna(0.0)
    size = money if money.gt(0).any() else frame["members_lost"].fillna(0.0)
    return (size == size.max()) & size.gt(0)


def second_purchase(history: History, min_cell: int, confidence: float) -> pd.DataFrame:
    """Kaplan-Meier share of first-time buyers who bought again by each day since the first purchase.

    Members whose first purchase may lie before the data (joined earlier) are left out; those who have not
    bought again are censored at the end of the data.

    Returns
    -------
    DataFrame
        ``day``, ``share``, ``low``, ``high``, ``at_risk`` (members followed to that day), ``median_day``
        (missing where fewer than half bought again).
    """
    columns = ["day", "share", "low", "high", "at_risk", "median_day"]
    first, again = _first_two(history)
    new = (first < FAR) & (history.started >= history.observed_from)
    if not history.by_orders or not new.any():
        return suppress_small_cells(empty_table(columns), "at_risk", [], min_cell)
    from lifelines import KaplanMeierFitter

    bought_again = again[new] < FAR
    waited = np.where(bought_again, again[new], history.observed_until) - first[new]
    fit = KaplanMeierFitter(alpha=1 - confidence).fit(waited, bought_again)
    bounds: Any = fit.confidence_interval_
    frame = pd.DataFrame(
        {
            "day": fit.survival_function_.index.to_numpy(float),
            "share": 1 - fit.survival_function_.iloc[:, 0].to_numpy(),
            "low": 1 - bounds.iloc[:, 1].to_numpy(),
            "high": 1 - bounds.iloc[:, 0].to_numpy(),
            "at_risk": fit.event_table["at_risk"].to_numpy(),
        }
    )
    median = float(fit.median_survival_time_)
    frame["median_day"] = median if np.isfinite(median) else np.nan
    return suppress_small_cells(frame, "at_risk", ["share", "low", "high"], min_cell)


def _first_two(history: History) -> tuple[Array, Array]:
    """First and second purchase day of each member, `FAR` where none."""
    size, member, day = len(history.ids), history.buys.member, history.buys.day
    start = np.searchsorted(member, np.arange(size))
    count = np.bincount(member, minlength=size)
    padded = np.concatenate([day, [FAR, FAR]])
    first = np.where(count >= 1, padded[start], FAR)
    return first, np.where(count >= 2, padded[np.minimum(start + 1, len(padded) - 1)], FAR)
