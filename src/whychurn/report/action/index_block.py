"""What the index shows of actions: the best three, any that does harm, links to the pages."""

from __future__ import annotations

from html import escape

import pandas as pd

from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.effects import effect_rows, interval_of, weakest_rung
from whychurn.report.action.sentences.fairness import guard_title
from whychurn.report.page.components.blocks import claim
from whychurn.report.page.components.interval_rows import interval_rows
from whychurn.report.page.html_pieces import badge
from whychurn.report.page.wording import Wording

BEST = 3


def index_block(results: ActionResults, page: Wording) -> str:
    """Dots with intervals, and links; without tests the links alone."""
    rows = effect_rows(results)
    harmful = rows[rows["verdict"] == "harm"]
    best = rows[rows["verdict"] != "harm"].head(BEST)
    shown = pd.concat([best, harmful], ignore_index=True)
    links = " · ".join(
        f'<a href="{name}.html">{escape(page.say(f"action.index_{name}"))}</a>' for name in ("keep", "who")
    )
    if shown.empty:
        return f"<p>{links}</p>"
    ends = (page.say("action.more_leave"), page.say("action.more_stay"))
    marks = [interval_of(row, results, page) for row in shown.to_dict("records")]
    drawn = interval_rows(marks, page.lang, ends, compact=True)
    unit = page.say("action.index_unit", days=results.effect_days)
    mark = badge(weakest_rung(shown["rung"]), page.lang)
    guard = "".join(claim(line, "attributed", muted=True) for line in guard_title(results, page))
    return f'<p class="bk-note">{escape(unit)} {mark}</p>{drawn}{guard}<p>{links}</p>'
