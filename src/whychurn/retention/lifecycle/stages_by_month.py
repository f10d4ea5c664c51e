"""The life cycle: one stage per member and month, and the transitions between stages."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.codes import LIFECYCLE_STAGES
from whychurn.contract.params import RetentionParams
from whychurn.contract.results import columns_of, stack, typed
from whychurn.contract.suppression import suppress_small_cells
from whychurn.retention.member_history import YEAR_DAYS, YEAR_MONTHS, History, as_dates, in_blocks
from whychurn.retention.member_logs import FAR, Log
from whychurn.retention.month_grid import (
    churned_at_month_ends,
    latest_before,
    monthly_sum,
    months_complete,
    of_last_year,
)
from whychurn.stats.intervals import add_wilson, clustered_number, wilson

NOT_YET: Final = -1
COLUMNS: Final = columns_of("lifecycle", "suppressed")
_RECRUITED, _ACTIVATED, _NURTURED, _REPEAT, _LOYAL, _AT_RISK, _LAPSED, _WON_BACK = range(8)


def stage_matrix(history: History, params: RetentionParams) -> Array:
    """Stage of each member at each month edge: members x (months + 1), `NOT_YET` before joining.

    The first of these that holds, from what was known before the day:

    - ``lapsed``: churned under the main definition, not back.
    - ``won_back``: came back within the last `won_back_days`.
    - ``at_risk``: quiet. Inactivity: no activity for longer than `at_risk_share` of the threshold. Terms:
      the term is over and not renewed yet, or no use for longer than `dormant_days`.
    - ``loyal``: purchases on at least `loyal_orders` days of the last 12 months. Terms: renewed, and a
      member for `loyal_days` since joining or coming back.
    - ``repeat``: purchases on at least two days. Terms: renewed once or more.
    - ``nurtured``: one purchase, and contact on at least `nurtured_uses` days after it. Terms: used on
      that many days.
    - ``activated``: one purchase. Terms: first use.
    - ``recruited``: joined, no purchase (use) since.

    Without any orders, activity days stand for purchases.

    Members who joined before the data begin have a past that is not seen: they are ``repeat`` where the
    rules would say less.
    """
    any_acts = len(history.acts.day) > 0
    stages = [_stages(block, params, any_acts) for block in in_blocks(history)]
    return np.concatenate([np.zeros((0, history.months + 1), np.int8), *stages])


def _stages(history: History, params: RetentionParams, any_acts: bool) -> Array:
    """Stages of one block of members; `any_acts`: there is activity of anybody."""
    if history.by_orders:
        first = _first_day(history.buys, len(history.ids))
        done = _count_before(history, history.buys)
        repeat, activated = done >= 2, done >= 1
        loyal = of_last_year(done) >= params.loyal_orders
        later = history.uses.day > first[history.uses.member]
        contact = Log(history.uses.member[later], history.uses.day[later], history.uses.amount[later])
        nurtured = _count_before(history, contact) >= params.nurtured_uses
        quiet_after = params.at_risk_share * history.absences[history.main].threshold
    else:
        repeat = _terms_started(history) >= 2
        loyal = repeat & (history.edges[None, :] - _since(history) >= params.loyal_days)
        used = _count_before(history, history.acts)
        nurtured, activated = used >= params.nurtured_uses, used >= 1
        quiet_after = float(params.dormant_days)
    repeat |= (history.started < history.observed_from)[:, None]
    churned, back = churned_at_month_ends(history, history.main, as_known=True), _days_since_return(history)
    conditions = [
        history.entered[:, None] >= history.edges[None, :],
        churned,
        back <= params.won_back_days,
        _quiet(history, quiet_after, any_acts),
        loyal,
        repeat,
        nurtured & activated,
        activated,
    ]
    choices = [NOT_YET, _LAPSED, _WON_BACK, _AT_RISK, _LOYAL, _REPEAT, _NURTURED, _ACTIVATED]
    return np.select(conditions, choices, default=_RECRUITED).astype(np.int8)


def lifecycle_table(history: History, stages: Array, confidence: float, min_cell: int) -> pd.DataFrame:
    """Transition matrix by month, and pooled over the last 12 complete months (``month`` missing).

    Returns
    -------
    DataFrame
        ``month`` (first day), ``from_stage``, ``to_stage``, ``members`` (member-months where pooled),
        ``rate``: of those in `from_stage` at the start of the month. Pooled intervals count repeated
        months of a member as such.
    """
    complete = np.flatnonzero(months_complete(history))
    tables = [
        _moves(stages, int(month)).assign(month=as_dates(history.edges[[month]])[0]) for month in complete
    ]
    monthly = add_wilson(stack(tables, COLUMNS), "members", "base", confidence)
    frame = stack([monthly, _pooled(stages, complete[-YEAR_MONTHS:], confidence)], COLUMNS)
    return suppress_small_cells(frame, "members", ["rate", "low", "high"], min_cell)


def stage_sizes(history: History, stages: Array, min_cell: int) -> pd.DataFrame:
    """Members in each stage on each first of a month, and the share of all members so far.

    ``partial`` marks days with less than a year of data before them, on which few can be ``loyal`` yet.
    """
    rows = [
        {
            "on": as_dates(history.edges[[edge]])[0],
            "stage": name,
            "members": int((stages[:, edge] == code).sum()),
            "share": float((stages[:, edge] == code).sum()) / max(1, int((stages[:, edge] >= 0).sum())),
            "partial": bool(history.edges[edge] < history.observed_from + YEAR_DAYS),
        }
        for edge in range(history.months + 1)
        if history.observed_from < history.edges[edge] <= history.observed_until + 1
        for code, name in enumerate(LIFECYCLE_STAGES)
    ]
    frame = typed(pd.DataFrame(rows, columns=["on", "stage", "members", "share", "partial"]))
    return suppress_small_cells(frame, "members", ["share"], min_cell)


def _moves(stages: Array, month: int) -> pd.DataFrame:
    here, there = stages[:, month].astype(int), stages[:, month + 1].astype(int)
    joined = here >= 0
    size = len(LIFECYCLE_STAGES)
    counts = np.bincount(here[joined] * size + there[joined], minlength=size * size).reshape(size, size)
    start, stop = np.nonzero(counts)
    members = counts[start, stop]
    return pd.DataFrame(
        {
            "from_stage": np.array(LIFECYCLE_STAGES, dtype=object)[start],
            "to_stage": np.array(LIFECYCLE_STAGES, dtype=object)[stop],
            "members": members,
            "base": counts.sum(axis=1)[start],
        }
    )


def _pooled(stages: Array, months: Array, confidence: float) -> pd.DataFrame:
    rows = []
    for start in range(len(LIFECYCLE_STAGES)):
        here = stages[:, months] == start
        trials = here.sum(axis=1).astype(float)
        if not trials.any():
            continue
        for stop in range(len(LIFECYCLE_STAGES)):
            hits = (here & (stages[:, months + 1] == stop)).sum(axis=1).astype(float)
            if not hits.any():
                continue
            rate, number = hits.sum() / trials.sum(), clustered_number(hits, trials)
            low, high = wilson(np.array([rate * number]), np.array([number]), confidence)
            row: dict[str, object] = {
                "from_stage": LIFECYCLE_STAGES[start],
                "to_stage": LIFECYCLE_STAGES[stop],
            }
            row |= {"members": hits.sum(), "base": trials.sum(), "month": pd.NaT}
            rows.append(row | {"rate": rate, "low": low[0], "high": high[0]})
    return pd.DataFrame(rows)


def _count_before(history: History, log: Log) -> Array:
    """Rows of `log` before each edge, those before the first month included: members x (months + 1)."""
    early = log.day < history.edges[0]
    start = np.bincount(log.member[early], minlength=len(history.ids)).astype(float)[:, None]
    return np.concatenate([start, start + np.cumsum(monthly_sum(history, log), axis=1)], axis=1)


def _first_day(log: Log, members: int) -> Array:
    first = np.full(members, FAR)
    first[log.member[::-1]] = log.day[::-1]  # sorted: the first wins
    return first


def _quiet(history: History, days: float, any_acts: bool) -> Array:
    edges = history.edges[None, :]
    last = np.maximum(latest_before(history, history.acts.member, history.acts.day), history.started[:, None])
    silent = edges - last > days
    if history.by_orders:
        return silent
    terms = history.terms
    member, starts, ends = (terms[name].to_numpy() for name in ("member", "starts", "ends"))
    over = latest_before(history, member, starts, ends) < edges
    return over | (silent if any_acts else False)


def _days_since_return(history: History) -> Array:
    gaps = history.absences[history.main]
    back = gaps.returned < FAR
    return history.edges[None, :] - latest_before(history, gaps.member[back], gaps.returned[back])


def _terms_started(history: History) -> Array:
    member, day = history.terms["member"].to_numpy(), history.terms["starts"].to_numpy()
    return _count_before(history, Log(member, day, np.ones(len(day))))


def _since(history: History) -> Array:
    """First day of the membership that runs at each edge: joining, or the latest coming back."""
    gaps = history.absences[history.main]
    back = gaps.returned < FAR
    return np.maximum(
        latest_before(history, gaps.member[back], gaps.returned[back]), history.started[:, None]
    )
