"""Month against month: what changed, and whether it is real, chance, or made by ourselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from whychurn.labels import join
from whychurn.report.page.components.numbers import bracketed, money, plain, signed, signed_money
from whychurn.report.page.page_like import PageLike
from whychurn.report.watch.names import code_names, headline_name
from whychurn.report.watch.results import WatchResults

Write = Callable[[float, bool], str]  # a value, and whether with its sign
PARTS: Final = ("late_data", "new_definition", "new_model", "new_members")
COUNTS: Final = ("leavings",)
AMOUNTS: Final = ("value_at_risk",)


def rung_of(headline: str) -> str:
    """Rung on which a headline stands."""
    if headline in AMOUNTS:
        return "associated"
    return "attributed" if headline == "avoidable_share" or headline.startswith("cause:") else "described"


def changed(results: WatchResults, word: str) -> pd.DataFrame:
    """Headlines with the verdict `word`, in the order of the table."""
    rows = results["watch_months"]
    return rows[rows["word"] == word]


def change_line(row: Mapping[Any, Any], results: WatchResults, page: PageLike) -> str:
    """A headline that changed: then, now, difference with its interval, and the verdict."""
    write = _writer(str(row["headline"]), results, page)
    words = {
        "headline": headline_name(str(row["headline"]), page.lang),
        "month": earlier_month(results, page),
    }
    words |= {
        "then": write(row["then"], False),
        "now": write(row["now"], False),
        "difference": write(row["difference"], True),
    }
    words["between"] = _between(row, write, page)
    if row["word"] == "made_by_us":
        parts = [page.say(f"watch.part_{name}", value=write(row[name], True)) for name in PARTS if row[name]]
        return page.say(
            "watch.change_ours",
            **words,
            remains=write(row["remains"], True),
            parts=join(parts, page.lang, "，"),
        )
    return page.say("watch.change_real", **words)


def month_table(results: WatchResults, page: PageLike) -> pd.DataFrame:
    """All headlines with verdicts, as text."""
    lines = []
    for row in results["watch_months"].to_dict("records"):
        write = _writer(str(row["headline"]), results, page)
        line = {"headline": headline_name(str(row["headline"]), page.lang)}
        line |= {name: write(row[name], name == "difference") for name in ("then", "now", "difference")}
        line["between"] = _between(row, write, page)
        lines.append({**line, "word": code_names([row["word"]], "word", page.lang)[0]})
    return pd.DataFrame(lines)


def part_table(results: WatchResults, page: PageLike) -> pd.DataFrame:
    """What each difference is made of; the parts add up to it."""
    rows = [row for row in results["watch_months"].to_dict("records") if pd.notna(row["remains"])]
    table = {"headline": [headline_name(str(row["headline"]), page.lang) for row in rows]}
    for name in ("difference", *PARTS, "remains"):
        table[name] = [_writer(str(row["headline"]), results, page)(row[name], True) for row in rows]
    return pd.DataFrame(table)


def earlier_month(results: WatchResults, page: PageLike) -> str:
    """The month that is compared with."""
    return page.format(results.told("months")["then"], "month")


def _between(row: Mapping[Any, Any], write: Write, page: PageLike) -> str:
    if pd.isna(row["low"]):
        return ""
    return bracketed(row["low"], row["high"], page.lang, lambda value: write(value, True))


def _writer(headline: str, results: WatchResults, page: PageLike) -> Write:
    if headline in AMOUNTS:
        return lambda value, sign: (signed_money if sign else money)(value, page.lang, results.currency)
    if headline in COUNTS:
        return lambda value, sign: signed(value) if sign else plain(value)
    return lambda value, sign: page.format(value, "points" if sign else "percent")
