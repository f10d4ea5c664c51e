"""Alarms: what, since when, how large, what it costs to go on, and what to try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.report.page.components.numbers import bracketed, bracketed_plain, money, plain, signed
from whychurn.report.page.page_like import PageLike
from whychurn.report.watch.names import code_names, group_name
from whychurn.report.watch.results import WatchResults

RUNGS: Final = {"leavings": "associated", "mix": "attributed", "silent": "described", "inputs": "associated"}
FORMATS: Final = {"month": "month", "since": "month", "members": "int", "cost": "money"}


def alarm_rows(results: WatchResults) -> pd.DataFrame:
    """Alarms of the charts, latest first; faults of exports stand in `received`."""
    rows = results["watch_alarms"]
    return rows[rows["chart"] != "received"].sort_values(
        ["month", "chart", "group"], ascending=[False, True, True]
    )


def alarm_line(row: Mapping[Any, Any], page: PageLike) -> str:
    """What, since when and how large."""
    chart, group = row["chart"], row["group"]
    key = f"{chart}_{row['direction']}"
    if chart == "leavings" and group != "all":
        key = f"group_{row['direction']}"
    if chart == "inputs":
        key = "inputs"
    size, between = size_words(row, page.lang)
    words = {
        "since": page.format(row["since"], "month"),
        "group": group_name(group, page.lang),
        "size": size,
        "between": between,
    }
    return page.say(f"watch.alarm_{key}", **words)


def size_words(row: Mapping[Any, Any], lang: str) -> tuple[str, str]:
    """Size of an alarm with its interval: a ratio, points of a share, or log-odds of an input."""
    ends = row["size"], row["size_low"], row["size_high"]
    if row["chart"] != "mix":
        return plain(ends[0], 2), bracketed_plain(ends[1], ends[2], lambda value: plain(value, 2))
    points = [100 * end for end in ends]
    return signed(points[0], 1), bracketed(points[1], points[2], lang, lambda value: signed(value, 1))


def after_lines(row: Mapping[Any, Any], page: PageLike, currency: str) -> list[tuple[str, str]]:
    """What it costs to go on, and the command to try; rung and sentence of each."""
    lines = []
    if row["chart"] in ("leavings", "mix") and row["direction"] == "more" and pd.notna(row["members"]):
        words = {"members": page.members(row["members"])}
        known = pd.notna(row["cost"])
        words |= {"cost": money(row["cost"], page.lang, currency)} if known else {}
        text = page.say("watch.goes_on" if known else "watch.goes_on_members", **words)
        lines.append((RUNGS[row["chart"]], text))
    if row["command"]:
        lines.append(("described", page.say("watch.to_try", command=row["command"])))
    return lines


def alarm_table(results: WatchResults, page: PageLike) -> pd.DataFrame:
    """All alarms with their sizes as text."""
    rows = alarm_rows(results)
    sizes = [" ".join(size_words(row, page.lang)) for row in rows.to_dict("records")]
    return pd.DataFrame(
        {
            "chart": code_names(rows["chart"], "chart", page.lang),
            "group": [group_name(group, page.lang) for group in rows["group"]],
            "month": rows["month"],
            "since": rows["since"],
            "direction": code_names(rows["direction"], "direction", page.lang),
            "size": sizes,
            "members": rows["members"],
            "cost": rows["cost"],
        }
    ).reset_index(drop=True)
