"""Where rivals pull: departures that go back to them, for 1 000 members a month, by region."""

from __future__ import annotations

from whychurn.report.causes.sentences.competition import by_region, market_lines, on_record
from whychurn.report.page.components.blocks import block, missing_block, note, see
from whychurn.report.page.components.interval_rows import IntervalRow, interval_rows
from whychurn.report.page.components.numbers import bracketed_plain, plain
from whychurn.report.page.wording import Wording
from whychurn.report.why.results import NOTEBOOK, WhyResults


def rivals_title(results: WhyResults, page: Wording) -> str:
    """The region where rivals pull clearly most, that regions are alike, or that too little is known."""
    regions = by_region(results.named("cause_market", page))
    if len(regions) < 2:
        return page.say("why.rivals_few")
    first, rest = regions.iloc[0], regions.iloc[1:]
    apart = first["low"] > rest["high"].max()
    if apart:
        return page.say("why.rivals_first", region=first["region"])
    return page.say("why.rivals_some" if first["low"] > rest["high"].min() else "why.rivals_even")


def rivals_block(results: WhyResults, page: Wording) -> str:
    """A dot a region with its interval; says what is needed where there is no market table."""
    market = results.named("cause_market", page)
    if not on_record(market):
        needs, shows = page.say("why.needs_rivals"), page.say("why.shows_rivals")
        return missing_block(page.say("why.title_rivals"), needs, shows, page.lang)
    rows = [
        IntervalRow(
            str(row["region"]),
            row["pull"],
            row["low"],
            row["high"],
            plain(row["pull"], 1),
            bracketed_plain(row["low"], row["high"], "{:.1f}".format),
            results.rung,
        )
        for row in by_region(market).to_dict("records")
    ]
    body = note(page.say("why.rivals_note")) if rows else note(" ".join(market_lines(market, page)))
    body += interval_rows(rows, page.lang, tick=_tick, look="stroke") if rows else ""
    body += see(f"{NOTEBOOK}#rivals", page.say("why.see_rivals"))
    return block(rivals_title(results, page), body, page.lang, rung=results.rung, ident="rivals")


def _tick(value: float) -> str:
    return plain(value, 0 if value == round(value) else 1)
