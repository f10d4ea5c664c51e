"""How good alerts were on past snapshots: precision, lift, recall, lead time, how often they fired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.warnings.alerts import after_quiet
from whychurn.contract.arrays import Array
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, stack
from whychurn.stats.intervals import clustered_number, wilson

MODEL: Final = "model"
SILENCE: Final = "silence"
ANY_TRIGGER: Final = "triggers"  # all rules together, at the same capacity
COLUMNS: Final = columns_of("warning_quality")
YEAR_WEEKS: Final = 365 / 7


@dataclass(frozen=True)
class Source:
    """Something that alerts.

    Parameters
    ----------
    fires
        (rows,) flags: it would alert.
    sees
        (rows,) flags: it had what it needs.
    """

    fires: Array
    sees: Array


def quality_table(
    rows: pd.DataFrame, sources: Mapping[str, Source], leavers: pd.DataFrame, params: Params
) -> pd.DataFrame:
    """Table warning_quality, a row a source.

    Parameters
    ----------
    rows
        `past_months.past_rows`; only those ``judged`` count.
    leavers
        `past_months.leavers_in`: all stays that ended in the time judged.

    Returns
    -------
    DataFrame
        Figures that fewer than ``privacy.min_cell`` alerts stand behind are blank.
    """
    judged = rows["judged"].to_numpy(bool)
    past = rows[judged].reset_index(drop=True)
    if past.empty:
        return stack([], COLUMNS)
    model = _alerts(past, sources, MODEL, judged, params)
    first_by_model = _first_right(past, model)
    lines = []
    for name, source in sources.items():
        alerts = _alerts(past, sources, name, judged, params)
        line = _measures(past, alerts, params)
        line |= _caught(past, alerts, source.sees[judged], leavers)
        line |= _lead(past, alerts, first_by_model, params.action.warnings.min_lead_days)
        lines.append({"source": name, **_withheld(line, params.privacy.min_cell)})
    return stack([pd.DataFrame(lines)], COLUMNS)


def repeated_share(rows: pd.DataFrame, fires: Array, quiet_days: int) -> float:
    """Share of the alerts of a source that are not the member's first; NaN without alerts."""
    alerts = after_quiet(rows, fires, quiet_days)
    again = rows.loc[alerts, "member_id"].duplicated()
    return float(again.mean()) if len(again) else float("nan")


def _alerts(
    past: pd.DataFrame, sources: Mapping[str, Source], name: str, judged: Array, params: Params
) -> Array:
    if name not in sources:
        return np.zeros(len(past), bool)
    return after_quiet(past, sources[name].fires[judged], params.action.warnings.quiet_days)


def _measures(past: pd.DataFrame, alerts: Array, params: Params) -> dict[str, Any]:
    """Precision and lift with intervals clustered by member, and how often it fired."""
    right, seen = (
        past["right"].to_numpy(float),
        past["seen_after"].astype("float64").to_numpy(na_value=np.nan),
    )
    member, confidence = pd.factorize(past["member_id"])[0], params.run.confidence
    count = int(alerts.sum())
    years = float(past["weeks"].sum()) / YEAR_WEEKS
    weeks = past["weeks"].to_numpy(float)
    line = {
        "capacity": float(np.sum(alerts / weeks) / len(past)),
        "alerts": count,
        "alerts_a_year": count / years,
        "still_there": float(np.nanmean(seen[alerts])) if count else np.nan,
    }
    hits = np.bincount(member, right * alerts)
    trials = np.bincount(member, alerts.astype(float))
    precision = hits.sum() / trials.sum() if count else np.nan
    number = clustered_number(hits, trials)
    low, high = wilson(np.array([precision * number if count else 0.0]), np.array([number]), confidence)
    lift = _lift(hits, trials, np.bincount(member, right), np.bincount(member).astype(float), confidence)
    return {**line, "precision": precision, "low": float(low[0]), "high": float(high[0]), **lift}


def _lift(hits: Array, trials: Array, left: Array, rows: Array, confidence: float) -> dict[str, float]:
    """Precision over the rate of all, from sums by member; interval on the log scale by linearisation.

    The influence of a member on log(lift) is hits/H - trials/T - left/L + rows/N, so repeated rows of a member and the
    overlap of those alerted with all are both accounted for.
    """
    none = {"lift": np.nan, "lift_low": np.nan, "lift_high": np.nan}
    if not trials.sum() or not left.sum():
        return none
    lift = (hits.sum() / trials.sum()) / (left.sum() / rows.sum())
    if not hits.sum():
        return none | {"lift": 0.0}
    influence = hits / hits.sum() - trials / trials.sum() - left / left.sum() + rows / rows.sum()
    error = float(np.sqrt(np.sum(influence**2))) * stats.norm.ppf((1 + confidence) / 2)
    return {"lift": lift, "lift_low": lift * np.exp(-error), "lift_high": lift * np.exp(error)}


def _caught(past: pd.DataFrame, alerts: Array, sees: Array, leavers: pd.DataFrame) -> dict[str, float]:
    """Shares of all leavers who were alerted in time, and who could have been."""
    if leavers.empty:
        return {"recall": np.nan, "coverage": np.nan}
    right = past["right"].to_numpy(float) == 1
    stays = pd.MultiIndex.from_frame(leavers[["member_id", "spell_no"]])

    def share(flags: Array) -> float:
        found = pd.MultiIndex.from_frame(past.loc[right & flags, ["member_id", "spell_no"]])
        return float(stays.isin(found).mean())

    return {"recall": share(alerts), "coverage": share(np.asarray(sees, bool))}


def _first_right(past: pd.DataFrame, alerts: Array) -> pd.Series:
    """Day of the first right alert by stay (member_id, spell_no)."""
    right = past[alerts & (past["right"] == 1)]
    return right.groupby(["member_id", "spell_no"])["as_of"].min()


def _lead(past: pd.DataFrame, alerts: Array, by_model: pd.Series, least: int) -> dict[str, float]:
    """Days from the first right alert of a stay to its last presence, and whether the model had alerted before."""
    first = _first_right(past, alerts)
    if first.empty:
        return {"lead_median_days": np.nan, "lead_share": np.nan, "earlier": np.nan}
    last = past.groupby(["member_id", "spell_no"])["last_presence"].first().reindex(first.index)
    days = (last - first).dt.days
    return {
        "lead_median_days": float(days.median()),
        "lead_share": float((days >= least).mean()),
        "earlier": float((by_model.reindex(first.index) < first).mean()),
    }


def _withheld(line: dict[str, Any], min_cell: int) -> dict[str, Any]:
    if 0 < line["alerts"] < min_cell:
        return {name: np.nan if name != "coverage" else value for name, value in line.items()}
    return line


def verdict(line: pd.Series) -> str:
    """``better``, ``no_better`` or ``worse`` than chance by the interval of the lift; ``unknown`` without one."""
    if not np.isfinite(line["lift_low"]):
        return "unknown"
    if line["lift_low"] > 1:
        return "better"
    return "worse" if line["lift_high"] < 1 else "no_better"
