"""How much the method loses where a programme is built otherwise, by the way it is built, and whether checks notice."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say_or
from whychurn.score.yardstick.measured import OURS

FORMATS: Final = {"worlds": "int"} | dict.fromkeys(
    ("share_error_largest", "share_covered", "avoidable_error_largest", "avoidable_covered"), "percent"
)
COLUMNS: Final = ["mechanism", "noticed_by", *FORMATS]
AS_ASSUMED: Final = "additive"


def by_mechanism(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each way of building a programme of the test half, on traces alone, worst first.

    Parameters
    ----------
    rows
        As `measured.load_yardstick` returns them.

    Returns
    -------
    DataFrame
        mechanism, worlds, flagged (worlds in which a check raised an alarm), and means of the other columns of
        `FORMATS`.
    """
    own = rows[(rows["half"] == "test") & (rows["method"] == OURS) & (rows["interviews"] == 0)]
    own = own.assign(flagged=own["alarms"].ne("").astype(int))
    grouped = own.groupby("mechanism")
    table = grouped[[name for name in FORMATS if name != "worlds"]].mean()
    table = table.assign(worlds=grouped.size(), flagged=grouped["flagged"].sum()).reset_index()
    return table.sort_values("share_error_largest", ascending=False, ignore_index=True)


def mechanism_table(table: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """`by_mechanism` in words."""
    told = [
        page.say("causes.noticed_in", flagged=page.format(flagged, "int"), worlds=page.format(worlds, "int"))
        for flagged, worlds in zip(table["flagged"], table["worlds"], strict=True)
    ]
    names = [say_or(f"causes.mechanism_{name}", page.lang, name) for name in table["mechanism"]]
    return table.assign(mechanism=names, noticed_by=told).reindex(columns=COLUMNS)


def mechanism_lines(rows: pd.DataFrame, page: PageLike) -> list[str]:
    """How often checks noticed or were wrong; what is said of a cause that does nothing, and where nothing tells."""
    table = by_mechanism(rows)
    if table.empty:
        return []
    sound = rows[(rows["mechanism"] == AS_ASSUMED) & (rows["method"] == OURS) & (rows["interviews"] == 0)]
    counts = {
        "flagged": table["flagged"].sum(),
        "worlds": table["worlds"].sum(),
        "wrongly": sound["alarms"].ne("").sum(),
        "sound": len(sound),
    }
    lines = [
        page.say("causes.noticed_all", **{name: page.format(one, "int") for name, one in counts.items()})
    ]
    own = rows[(rows["half"] == "test") & (rows["method"] == OURS) & (rows["interviews"] == 0)]
    idle, silent = own[own["null_share"].notna()], own[(own["answers"] == 0) & (own["texts"] == 0)]
    if len(idle):
        words = {"share": page.format(idle["null_share"].mean(), "percent")}
        words |= {
            "low": page.format(idle["null_low"].max(), "percent"),
            "worlds": page.format(len(idle), "int"),
        }
        lines.append(page.say("causes.yardstick_idle", **words))
    if len(silent):
        words = {
            "worlds": page.format(len(silent), "int"),
            "named": page.format(silent["named"].mean(), "percent"),
        }
        words["told"] = page.format(silent["share_error_largest"].notna().sum(), "int")
        lines.append(page.say("causes.yardstick_silent", **words))
    return lines
