"""The answer of the report on changes, and the lines that index and summary quote."""

from __future__ import annotations

from typing import Any

from whychurn.report.page.page_like import PageLike
from whychurn.report.watch.results import WatchResults
from whychurn.report.watch.sentences import alarms, months, received
from whychurn.report.words import say_or

Headline = tuple[str, float, str, str]  # key, number, sentence, rung
MOST = 3  # lines of one kind on the index


def answer(results: WatchResults, page: PageLike) -> str:
    """Faults of the data first, then alarms, then what changed since last month; a paragraph each."""
    lines = [text for _, _, text, _ in headlines(results, page)]
    return "\n\n".join(lines) if lines else page.say("watch.title_not_run")


def headlines(results: WatchResults, page: PageLike) -> list[Headline]:
    """One line a fault, alarm or change; where there is none, how small a change could have been seen."""
    if not results.facts:
        return []
    faults = received.fault_lines(results, page)[:MOST]
    told: list[Headline] = [
        (f"changed.fault_{n}", 1.0, text, "described") for n, text in enumerate(faults, 1)
    ]
    return [*told, *_alarms(results, page), *_months(results, page)]


def _alarms(results: WatchResults, page: PageLike) -> list[Headline]:
    judged = results.months("judged")
    if not judged:
        code = results.why_unjudged()
        why = say_or(f"watch.unjudged_{code}", page.lang, code)
        return [("changed.unjudged", 0.0, page.say("watch.title_unjudged", why=why), "described")]
    rows = open_alarms(results)[:MOST]
    if not rows:
        return [("changed.alarms", 0.0, quiet_line(results, page, len(judged)), "associated")]
    return [
        (f"changed.alarm_{n}", float(row["size"]), alarms.alarm_line(row, page), alarms.RUNGS[row["chart"]])
        for n, row in enumerate(rows, 1)
    ]


def quiet_line(results: WatchResults, page: PageLike, judged: int) -> str:
    """No alarm, and how small a change of all leavings would have stayed unseen."""
    line = page.say("watch.title_quiet", judged=judged, reference=len(results.months("reference")))
    facts = results.chart_facts("leavings")
    if not facts.get("smallest_seen"):
        return line
    words = {"share": page.format(facts["smallest_seen"], "percent"), "months": facts["within_months"]}
    return f"{line} {page.say('watch.unseen', **words)}"


def open_alarms(results: WatchResults) -> list[dict[Any, Any]]:
    """Alarms whose change still stood in the latest months, the last one of each chart and group.

    What concerns all members first, then the mix of causes, members silent, tiers and plans, and inputs; of these the
    latest first.
    """
    rows = alarms.alarm_rows(results)
    rows = rows[rows["open"].astype(bool)].drop_duplicates(["chart", "group"])
    rank = rows["chart"].map({"mix": 1, "silent": 2, "leavings": 3, "inputs": 4})
    rank = rank.where(~(rows["chart"].eq("leavings") & rows["group"].eq("all")), 0)
    return rows.loc[rank.sort_values(kind="stable").index].to_dict("records")


def _months(results: WatchResults, page: PageLike) -> list[Headline]:
    if results["watch_months"].empty or results["watch_months"]["word"].eq("no_earlier").all():
        return [("changed.no_earlier", 0.0, page.say("watch.no_earlier"), "described")]
    rows = [
        *months.changed(results, "real").to_dict("records"),
        *months.changed(results, "made_by_us").to_dict("records"),
    ]
    if not rows:
        words = {"month": months.earlier_month(results, page), "count": len(results["watch_months"])}
        return [("changed.months", 0.0, page.say("watch.no_change", **words), "described")]
    return [
        (
            f"changed.month_{n}",
            float(row["difference"]),
            months.change_line(row, results, page),
            months.rung_of(str(row["headline"])),
        )
        for n, row in enumerate(rows[:MOST], 1)
    ]
