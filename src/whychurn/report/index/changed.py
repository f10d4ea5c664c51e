"""What changed since last month, for the first page: alarms, rate, mix of causes, what members write about."""

from __future__ import annotations

from typing import Any, Final

from whychurn.report.index.results import IndexResults
from whychurn.report.index.sentences import HUNDRED, per_100
from whychurn.report.page.components.numbers import bracketed, bracketed_plain, month_name
from whychurn.report.page.page_like import PageLike
from whychurn.report.watch.answer import headlines
from whychurn.stats.intervals import wilson

LINES: Final = 3
_TOLD: Final = ("changed.fault", "changed.alarm_", "changed.month_")  # of the watch: what calls for a look
Line = tuple[str, str, str]  # rung, sentence, what the title says of it; empty where nothing changed clearly


def changed_lines(results: IndexResults, rung: str, page: PageLike) -> list[Line]:
    """At most `LINES` lines; faults and alarms come first.

    Parameters
    ----------
    rung
        Of shares of causes.
    """
    told = [
        (level, text, page.say(f"index.changed_{key.split('.')[1].split('_')[0]}"))
        for key, _, text, level in headlines(results.watch, page)
        if key.startswith(_TOLD)
    ]
    return [*told, *_rate_line(results, page), *_texts_line(results, page), *_mix_line(results, rung, page)][
        :LINES
    ]


def changed_title(lines: list[Line], page: PageLike) -> str:
    """The first clear change; none is an answer too."""
    found = next((title for _, _, title in lines if title), page.say("index.changed_nothing"))
    return page.say("index.title_changed", found=found)


def _rate_line(results: IndexResults, page: PageLike) -> list[Line]:
    """The last whole month beside the one before; apart only where the intervals do not touch."""
    rates = results.changes["retention_rates"]
    rows = rates[
        rates["definition"].eq(str(results.retention.get("definition")))
        & rates["period_kind"].eq("month")
        & rates["measure"].eq("churn")
        & rates["basis"].eq("members")
        & ~rates["partial"].astype(bool)
        & rates["rate"].notna()
    ]
    if len(rows) < 2:
        return []
    before, now = rows.sort_values("period").tail(2).to_dict("records")
    more, fewer = now["low"] > before["high"], now["high"] < before["low"]
    verdict = "more" if more else "fewer" if fewer else ""
    words = {"now": _rate(now), "before": _rate(before), "month": month_name(now["period"], page.lang)}
    words["last"] = month_name(before["period"], page.lang)
    line = page.say(f"index.rate_{verdict or 'same'}", **words)
    return [("described", line, page.say(f"index.changed_{verdict}") if verdict else "")]


def _texts_line(results: IndexResults, page: PageLike) -> list[Line]:
    """The topic that rose most of late, beside its share before."""
    rising, topics = results.changes["topic_rising"], results.changes["topics"]
    rows = rising[rising["kind"].eq("topic") & rising["rising"].fillna(value=False).astype(bool)]
    names = topics.assign(topic_id=topics["topic_id"].astype(str)).set_index("topic_id")[f"label_{page.lang}"]
    rows = rows[rows["name"].astype(str).isin(names.index)].sort_values("recent", ascending=False)
    if rows.empty:
        return []
    row = rows.to_dict("records")[0]
    low, high = wilson(row["recent"], row["recent"] / row["recent_share"], results.confidence)
    words = {
        "topic": str(names[str(row["name"])]),
        "now": per_100(row["recent_share"]),
        "between": bracketed_plain(HUNDRED * float(low), HUNDRED * float(high)),
        "before": per_100(row["before_share"]),
    }
    return [
        (
            "described",
            page.say("index.texts", weeks=results.recent_weeks, **words),
            page.say("index.changed_texts", **words),
        )
    ]


def _mix_line(results: IndexResults, rung: str, page: PageLike) -> list[Line]:
    """The cause whose share changed most from the earlier to the later half of the departures."""
    change = results.changes["cause_change"]
    rows = change[change["p_adjusted"] < 1 - results.confidence].sort_values(
        "difference", key=abs, ascending=False
    )
    if rows.empty:
        return [(rung, page.say("index.mix_same"), "")] if len(change) else []
    row: dict[Any, Any] = rows.to_dict("records")[0]
    words = {
        "cause": page.say(f"causes.{row['cause']}"),
        "first": per_100(row["first_half"]),
        "second": per_100(row["second_half"]),
        "between": bracketed(HUNDRED * row["low"], HUNDRED * row["high"], page.lang),
    }
    verdict = "up" if row["difference"] > 0 else "down"
    return [(rung, page.say("index.mix", **words), page.say(f"index.changed_{verdict}", **words))]


def _rate(row: dict[Any, Any]) -> str:
    ends = bracketed_plain(HUNDRED * row["low"], HUNDRED * row["high"], "{:.1f}".format)
    return f"**{HUNDRED * row['rate']:.1f}%** {ends}"
