"""Shapes of memberships: terms that run on, cancelled, paused, trials; what is assumed of each is said."""

import re
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.params import IntakeParams
from whychurn.contract.tables import running
from whychurn.intake.check.checked_table import CheckedTable, blank

FREE_TERM_DAYS: Final = 62  # a free term of at most so many days before the first paid one is a trial
TRIAL: Final = re.compile(
    r"(?<![a-z])(?:trial|trials|trialing|taster|try[ -]?out|test drive|free[ _-]?(?:week|pass))(?![a-z])"
    r"|试用|体验|试听|试课|试学|试练|尝鲜"
)


def read_terms(checked: CheckedTable, params: IntakeParams) -> None:
    """Settle the ends, pauses and trials of a checked table of memberships, and say what was assumed.

    A term that renews by itself runs on until cancelled where most cancellations of such terms come after their
    written end, and the table has no row for each renewal.
    """
    frame = checked.frame
    if frame.empty:
        return
    far = (running(frame) & frame["ends_on"].notna()).to_numpy()
    if far.any():
        _say(checked, "far_end", far, example=_day(frame["ends_on"][far].iloc[0]))
    _check_cancelled(checked)
    _renewing(checked)
    _check_pauses(checked)
    _mark_trials(checked, params)
    _say_shapes(checked)


def _check_cancelled(checked: CheckedTable) -> None:
    """A running term cancelled before it starts never ran; in a fixed one that day tells nothing."""
    frame = checked.frame
    early = (frame["cancelled_on"] < frame["starts_on"]).to_numpy(dtype=bool)
    runs = running(frame).to_numpy()
    checked.row_reasons.mark(early & runs, "ends_before_starts", "cancelled_on")
    blank(checked, "cancelled_on", pd.Series(early & ~runs, index=frame.index), "ends_before_starts")


def _renewing(checked: CheckedTable) -> None:
    """Terms that renew by themselves: the written end is the end of the first period only."""
    frame = checked.frame
    good = frame[checked.row_reasons.good]
    last = good["starts_on"].eq(good.groupby("member_id")["starts_on"].transform("max"))
    renews = good["auto_renew"].fillna(False).astype(bool) & ~running(good) & last
    cancelled = renews & good["cancelled_on"].notna()
    after = cancelled & (good["cancelled_on"] > good["ends_on"])
    if not after.any():
        return
    renewed = (good["auto_renew"].fillna(False).astype(bool) & ~last).sum()  # rows that another one follows
    runs_on = 2 * int(after.sum()) > int(cancelled.sum()) and 10 * int(renewed) < int(renews.sum())
    rows = good.index[renews if runs_on else after]
    mask = np.isin(frame.index, rows)
    key = "renewing_runs" if runs_on else "renewing_ends"
    _say(checked, key, mask, after=int(after.sum()), cancelled=int(cancelled.sum()))
    if runs_on:
        frame["ends_on"] = frame["ends_on"].mask(mask)
    else:
        blank(checked, "cancelled_on", pd.Series(mask, index=frame.index), "cancelled_after_end")


def _check_pauses(checked: CheckedTable) -> None:
    frame = checked.frame
    wrong = (frame["paused_until"] < frame["paused_from"]) | (
        frame["paused_from"].isna() & frame["paused_until"].notna()
    )
    for name in ("paused_from", "paused_until"):
        blank(checked, name, wrong & frame[name].notna(), "ends_before_starts")


def _mark_trials(checked: CheckedTable, params: IntakeParams) -> None:
    """Fill ``trial``: by the source, by the plan's name, or free and short before the first paid term."""
    frame = checked.frame
    if params.trials == "terms":
        frame["trial"] = False
        return
    plans = [plan for plan in frame["plan"].dropna().unique() if TRIAL.search(str(plan).casefold())]
    named = frame["plan"].isin(plans)
    free = frame["price_paid"].fillna(frame["list_price"]).eq(0)
    short = (frame["ends_on"] - frame["starts_on"]).dt.days < FREE_TERM_DAYS
    paid = frame["starts_on"].where(~(named | free))
    first = paid.groupby(frame["member_id"]).transform("min")
    before = first.isna() | (frame["starts_on"] < first)
    priced = bool(frame["price_paid"].gt(0).any())  # a programme without prices has no free trials
    trial = frame["trial"].astype("boolean").fillna(named | (free & short & before & priced))
    good = checked.row_reasons.good
    if trial[good].all():
        if len(trial[good]):
            _say(checked, "all_trials", trial.to_numpy(dtype=bool))
        trial = trial & False
    frame["trial"] = trial


def _say_shapes(checked: CheckedTable) -> None:
    frame = checked.frame
    runs, cancelled = running(frame), frame["cancelled_on"].notna()
    ended = int((runs & cancelled)[checked.row_reasons.good].sum())
    _say(checked, "running", runs.to_numpy(), cancelled=ended)
    _say(checked, "running_price", (runs & frame["price_paid"].notna()).to_numpy())
    early = ~runs & cancelled & (frame["cancelled_on"] < frame["ends_on"])
    if early.any():
        row = frame[early].iloc[0]
        _say(
            checked,
            "cancelled",
            early.to_numpy(),
            example=f"{_day(row['cancelled_on'])} → {_day(row['ends_on'])}",
        )
    paused = frame["paused_from"].notna()
    still = int((paused & frame["paused_until"].isna())[checked.row_reasons.good].sum())
    _say(checked, "paused", paused.to_numpy(), open=still)
    trial = frame["trial"].astype(bool)
    _say(checked, "trials", trial.to_numpy(), **_conversion(frame[checked.row_reasons.good], trial))
    _say(checked, "overlaps", _overlapping(frame, trial))


def _conversion(good: pd.DataFrame, trial: pd.Series) -> dict[str, Any]:
    trial = trial[good.index]
    if not trial.any():
        return {}
    tried = good["member_id"][trial].unique()
    went_on = good["member_id"][~trial].unique()
    plans = good["plan"][trial].value_counts()
    both = int(np.isin(tried, went_on).sum())
    return {"members": len(tried), "converted": both, "only": len(tried) - both, "plan": str(plans.index[0])}


def _overlapping(frame: pd.DataFrame, trial: pd.Series) -> np.ndarray:
    """Terms that begin before an earlier term of the same member has ended."""
    rows = frame.loc[~trial, ["member_id", "starts_on", "ends_on", "cancelled_on"]].copy()
    rows["end"] = (
        rows["cancelled_on"].where(running(rows), rows["ends_on"]).fillna(pd.Timestamp("2200-01-01"))
    )
    rows = rows.sort_values(["member_id", "starts_on", "end"], kind="stable")
    latest = rows.groupby("member_id")["end"].cummax()
    before = latest.groupby(rows["member_id"]).shift()
    found = rows.index[(rows["starts_on"] <= before).to_numpy()]
    return np.isin(frame.index, found)


def _say(checked: CheckedTable, key: str, rows: np.ndarray, **values: Any) -> None:
    number = int((rows & checked.row_reasons.good).sum())
    if number:
        checked.notices.append((f"notice_terms_{key}", {"n": number, **values}))


def _day(value: pd.Timestamp) -> str:
    return f"{value:%Y-%m-%d}"
