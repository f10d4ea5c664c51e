"""What came in: faults of exports, told before anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.labels import join
from whychurn.report.page.components.numbers import plain
from whychurn.report.page.page_like import PageLike
from whychurn.report.watch.names import code_names
from whychurn.report.watch.results import WatchResults
from whychurn.report.words import has_words

FORMATS: Final = {
    "month": "month",
    "without_consent": "percent",
    **dict.fromkeys(("rows", "usual_rows", "days_covered", "unknown_codes"), "int"),
}
SHOWN: Final = 3  # months of the table


def faults(results: WatchResults) -> pd.DataFrame:
    """Rows of `watch_received` that are broken, latest first."""
    received = results["watch_received"]
    return received[received["state"] == "broken"].sort_values(["month", "table"], ascending=[False, True])


def fault_lines(results: WatchResults, page: PageLike) -> list[str]:
    """A sentence for each fault of the latest month with one."""
    rows = faults(results)
    return [
        page.say(
            "watch.broken",
            table=f"`{row['table']}`",
            month=page.format(row["month"], "month"),
            why=_why(row, page),
        )
        for row in rows[rows["month"] == rows["month"].max()].to_dict("records")
    ]


def received_table(results: WatchResults, page: PageLike) -> pd.DataFrame:
    """The last months, faults first, then by month."""
    rows = results["watch_received"]
    rows = rows[rows["month"] >= rows["month"].max() - pd.DateOffset(months=SHOWN - 1)] if len(rows) else rows
    broken = rows["state"] == "broken"
    rows = rows.assign(first=~broken).sort_values(["first", "month", "table"], ascending=[True, False, True])
    rows = rows.assign(
        state=code_names(rows["state"], "state", page.lang),
        why=[_why(row, page) for row in rows.to_dict("records")],
    )
    return rows.drop(columns="first").reset_index(drop=True)


def _why(row: Mapping[Any, Any], page: PageLike) -> str:
    """Words of a code such as ``column_zero:orders.discount``; other texts as they are."""
    if not isinstance(row["why"], str) or not row["why"]:
        return ""
    code, _, detail = row["why"].partition(":")
    if not has_words(f"watch.why_{code}"):
        return row["why"]
    counts = {
        "rows": plain(row["rows"]),
        "usual": plain(row["usual_rows"]),
        "days": plain(row["days_covered"]),
    }
    return page.say(f"watch.why_{code}", detail=detail, **counts)


def usual_lines(results: WatchResults, page: PageLike) -> list[str]:
    """That the latest whole month came in as usual, where it did."""
    rows = results["watch_received"].query("state == 'as usual'")
    return (
        [page.say("watch.all_as_usual", month=page.format(rows["month"].max(), "month"))] if len(rows) else []
    )


def silenced_lines(results: WatchResults, page: PageLike) -> list[str]:
    """Charts whose months are not judged because a fault of the export explains them."""
    rows = results["watch_charts"].query("state == 'silenced'")
    return [
        page.say(
            "watch.silenced",
            chart=code_names([chart], "chart", page.lang)[0],
            months=join([page.format(month, "month") for month in sorted(months.unique())], page.lang),
        )
        for chart, months in rows.groupby("chart")["month"]
    ]
