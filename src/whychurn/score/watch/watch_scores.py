"""Planted changes beside the alarms of watch and of plainer checks: found or not, when, and what was false."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.results import columns_of, typed

PATIENCE: Final = 12  # months after its first one in which an alarm counts for a change
EARLY: Final = 2  # months before its first one that an alarm of a change may name as the beginning
ONE_MONTH: Final = pd.DateOffset(months=1)
CAUSES: Final = {"price_rise": "price", "rival_opening": "competition", "service_trouble": "product_service"}
ALARM: Final = ["method", "chart", "group", "month", "since", "direction"]


def watch_scores(
    changes: Iterable[Mapping[str, Any]], alarms: pd.DataFrame, judged: Mapping[str, int]
) -> pd.DataFrame:
    """One row a planted change and method, and one a method for its false alarms.

    An alarm is true if a change was planted that its chart can show, at most `PATIENCE` months before, and the month that
    it names as the beginning lies at most `EARLY` before the change: leavings (more, of whatever group), members silent and the mix (more of the change's cause) show what acts on members; what came in
    and the inputs' effect show what acts on records.

    Parameters
    ----------
    changes
        As planted: kind, from, region or of.
    alarms
        `ALARM`: of all methods; `since` is missing where a method names no month.
    judged
        Months judged, by method; each has its rows, also without an alarm.

    Returns
    -------
    DataFrame
        Table watch_scores. A change: found (1 or 0), found_by (chart and group of the first true alarm), months (from its first month
        to the month alarmed about, 0 in the month itself), named_off (months by which the named one is off). kind none:
        false_alarms and months_judged.
    """
    alarms = alarms.assign(month=pd.to_datetime(alarms["month"]), since=pd.to_datetime(alarms["since"]))
    planted = list(changes)
    rows = [_found(change, method, alarms) for change in planted for method in judged]
    true = np.zeros(len(alarms), dtype=bool)
    for change in planted:
        true |= _shows(change, alarms).to_numpy(dtype=bool)
    false = alarms[~true].groupby("method").size()
    for method, months in judged.items():
        counts = {"false_alarms": float(false.get(method, 0)), "months_judged": float(months)}
        rows.append({"kind": "none", "place": "", "method": method, **counts})
    return typed(pd.DataFrame(rows).reindex(columns=columns_of("watch_scores")))


def months_between(first: pd.Timestamp, last: pd.Timestamp) -> float:
    """Calendar months from `first` to `last`."""
    return float((last.year - first.year) * 12 + last.month - first.month)


def _found(change: Mapping[str, Any], method: str, alarms: pd.DataFrame) -> dict[str, Any]:
    hits = alarms[_shows(change, alarms) & alarms["method"].eq(method)].sort_values("month", kind="stable")
    first = pd.Timestamp(str(change["from"]))
    row = {"kind": change["kind"], "place": change.get("of") or change.get("region") or "all"}
    row |= {"planted_on": first, "method": method, "found": float(len(hits) > 0)}
    if len(hits):
        hit = hits.iloc[0]
        row |= {"found_by": f"{hit['chart']}:{hit['group']}", "months": months_between(first, hit["month"])}
        row["named_off"] = months_between(first, hit["since"]) if pd.notna(hit["since"]) else np.nan
    return row


def _shows(change: Mapping[str, Any], alarms: pd.DataFrame) -> pd.Series:
    """Which alarms a change explains."""
    first = pd.Timestamp(str(change["from"]))
    lasts = int(change.get("months") or 0)
    in_time = alarms["month"].between(first, first + (PATIENCE + lasts) * ONE_MONTH)
    in_time &= ~(alarms["since"] < first - EARLY * ONE_MONTH)  # of something that began before
    if change["kind"] not in CAUSES:
        table = str(change["of"]).partition(".")[0]
        return in_time & (
            alarms["chart"].eq("inputs") | (alarms["chart"].eq("received") & alarms["group"].eq(table))
        )
    cause = alarms["chart"].eq("mix") & alarms["group"].eq(CAUSES[change["kind"]])
    return in_time & alarms["direction"].eq("more") & (alarms["chart"].isin(["leavings", "silent"]) | cause)
