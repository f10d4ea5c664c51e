"""How early and how rightly alerts come, against the rules that staff know."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.report.action.names import code_name
from whychurn.report.action.results import ActionResults
from whychurn.report.page.components.numbers import bracketed_plain, plain
from whychurn.report.page.page_like import PageLike

FORMATS: Final = {
    **dict.fromkeys(("precision", "recall", "lead_share", "coverage", "earlier"), "percent"),
    "lift": "number",
    "alerts": "int",
    "lead_median_days": "days",
}
RUNG: Final = "associated"


def quality_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """One row a source of alerts, the model first, with intervals as text."""
    rows = results["warning_quality"]
    if rows.empty:
        return pd.DataFrame()
    first = rows["source"].map({"model": 0, "silence": 1}).fillna(2)
    rows = rows.assign(first=first).sort_values(["first", "lift", "source"], ascending=[True, False, True])
    hundred = [_of_100(row["low"], row["high"]) for row in rows.to_dict("records")]
    return pd.DataFrame(
        {
            "source": [code_name("source", name, page.lang) for name in rows["source"]],
            "alerts": rows["alerts"],
            "precision": rows["precision"],
            "between": hundred,
            "lift": rows["lift"],
            "recall": rows["recall"],
            "lead_median_days": rows["lead_median_days"],
            "lead_share": rows["lead_share"],
            "earlier": rows["earlier"],
        }
    ).reset_index(drop=True)


def _of_100(low: float, high: float) -> str:
    return "" if pd.isna(low) or pd.isna(high) else bracketed_plain(100 * low, 100 * high)


def quality_lines(results: ActionResults, page: PageLike) -> list[str]:
    """The model's alerts in natural frequencies, silence at the same capacity, triggers no better than chance."""
    rows = {str(row["source"]): row for row in results["warning_quality"].to_dict("records")}
    lines = []
    for source in ("model", "silence"):
        row = rows.get(source)
        if row is not None and pd.notna(row["precision"]):
            words = {"right": plain(100 * row["precision"]), "between": _of_100(row["low"], row["high"])}
            lines.append(page.say(f"action.alerts_{source}", **words))
    row = rows.get("model")
    if row is not None and pd.notna(row["lead_median_days"]):
        words = {"days": plain(row["lead_median_days"]), "share": plain(100 * row["lead_share"])}
        lines.append(page.say("action.alerts_lead", **words))
    lines += [
        page.say("action.alerts_chance", source=code_name("source", name, page.lang))
        for name, row in rows.items()
        if name not in ("model", "silence") and pd.notna(row["lift_low"]) and row["lift_low"] < 1
    ]
    return lines
