"""How much a method loses on worlds that break its assumptions, and whether its checks notice."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from whychurn.report.page.page_like import PageLike
from whychurn.score.benchmark import ADDITIVE, ALL, of_base_size

FORMATS: Final = {"worlds": "int", "skill": "number"} | dict.fromkeys(
    ("share_error_largest", "share_covered", "avoidable_error_largest", "avoidable_covered"), "percent"
)
COLUMNS: Final = ["mechanism", "noticed_by", *(name for name in FORMATS if name != "worlds")]


def broken_worlds(table: pd.DataFrame, checks: pd.DataFrame, method: str) -> pd.DataFrame:
    """One row for each kind of world, first the one that the method assumes; one programme, one difficulty.

    Parameters
    ----------
    table, checks
        As `summary.summarise` and `summary.summarise_checks` return them.

    Returns
    -------
    DataFrame
        mechanism, worlds, the measures of `FORMATS`, check (the one that noticed most often), noticed (in how
        many worlds); empty where no such world was measured.
    """
    own = of_base_size(table)
    own = own[(own["method"] == method) & (own["program"] != ALL)]
    broken = own[own["mechanism"] != ADDITIVE]
    if broken.empty:
        return pd.DataFrame(columns=["mechanism", *FORMATS, "flagged", "check"])
    place = ["program", "difficulty", "members"]
    sound = own[own["mechanism"] == ADDITIVE].merge(broken[place].drop_duplicates(), on=place)
    rows = pd.concat([sound, broken], ignore_index=True)
    raised = checks[checks["program"] != ALL].assign(raised=lambda each: each["flagged"] * each["worlds"])
    raised = raised.sort_values("raised", ascending=False, kind="stable")
    first = raised.drop_duplicates([*place, "mechanism"])[[*place, "mechanism", "raised", "check"]]
    rows = rows.merge(first, on=[*place, "mechanism"], how="left")
    return rows.assign(flagged=rows["raised"].fillna(0).round().astype(int))


def broken_table(rows: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """`broken_worlds` in words."""
    if rows.empty:
        return rows
    told = [page.say("causes.noticed_in", **_times(row, page)) for _, row in rows.iterrows()]
    names = [page.say(f"causes.world_{name}") for name in rows["mechanism"]]
    return rows.assign(mechanism=names, noticed_by=told)[COLUMNS]


def broken_lines(rows: pd.DataFrame, page: PageLike) -> list[str]:
    """One sentence for each kind of world that is not as the method assumes."""
    lines = []
    for _, row in rows[rows["mechanism"] != ADDITIVE].iterrows():
        words: dict[str, Any] = {name: page.format(row[name], kind) for name, kind in FORMATS.items()}
        often = "none" if not row["flagged"] else "all" if row["flagged"] >= row["worlds"] else "some"
        words["checks"] = page.say(f"causes.noticed_{often}", **_times(row, page))
        lines.append(page.say(f"causes.breaks_{row['mechanism']}", **words))
    return lines


def _times(row: pd.Series, page: PageLike) -> dict[str, str]:
    """In how many of the worlds a check noticed something."""
    return {name: page.format(row[name], "int") for name in ("flagged", "worlds")}
