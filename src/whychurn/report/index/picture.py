"""The picture of the first page: six causes, left for each and avoidable of that, with intervals; a row each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import pandas as pd

from whychurn.report.action.lists import cause_link
from whychurn.report.causes.sentences.shares import ranked
from whychurn.report.index.results import IndexResults
from whychurn.report.index.sentences import BEYOND_REACH, HUNDRED, per_100
from whychurn.report.page.components.interval_rows import axis_range
from whychurn.report.page.components.numbers import bracketed_plain, money_between
from whychurn.report.page.html_pieces import inline
from whychurn.report.page.page_like import PageLike

_BARS: Final = {
    "share": ("share", "low", "high"),
    "saved": ("avoidable_share", "avoidable_low", "avoidable_high"),
}
_PLACES: Final = {"share": (8, 92, 20), "saved": (42, 50, 66)}  # top, height, whisker: percent of the row
_CAP: Final = 10  # half the height of the end of a whisker, percent of the row


def picture(results: IndexResults, rung: str, page: PageLike) -> str:
    """Key, six rows and axis as HTML; text keeps its size on a phone, nothing is scaled.

    Parameters
    ----------
    rung
        Of the shares: ``attributed`` or ``associated``.
    """
    rows = ranked(results.shares)
    ends = rows[["share", "high", "avoidable_high"]].to_numpy("float64")
    _, top, step = axis_range([HUNDRED * end for end in ends.ravel() if math.isfinite(end)])
    drawn = "".join(_row(row, top, step, results, rung, page) for row in rows.to_dict("records"))
    marks = "".join(
        f'<span style="left:{HUNDRED * place * step / top:.1f}%">{place * step:.0f}</span>'
        for place in range(round(top / step) + 1)
    )
    heads = page.say("index.of_left" if rows["avoidable_share"].notna().any() else "index.left")
    axis = f'<div class="ca-axis" aria-hidden="true"><div>{marks}</div><span>{escape(heads)}</span></div>'
    return f'<div class="ca-rows">{_key(rows, rung, page)}{drawn}{axis}</div>'


def money_of(row: Mapping[Any, Any], results: IndexResults, page: PageLike) -> str:
    """What leavers had paid in a year, times the avoidable share; life change is beyond reach."""
    if row["cause"] == BEYOND_REACH:
        return page.say("index.beyond")
    ends = (row["avoidable_low"], row["avoidable_high"])
    lost = results.retention.get("revenue_lost")
    if not lost or any(map(pd.isna, ends)):
        return ""
    low, high = (lost * end for end in ends)
    return page.say("index.a_year", money=money_between(low, high, page.lang, results.currency))


def _key(rows: pd.DataFrame, rung: str, page: PageLike) -> str:
    parts = [("share", page.say(f"index.key_{rung}"))]
    if rows["avoidable_share"].notna().any():
        parts.append(("saved", page.say("index.key_avoidable")))
    parts.append(("span", page.say("index.key_interval")))
    items = "".join(f'<span><i class="ca-{mark}"></i>{escape(text)}</span>' for mark, text in parts)
    return f'<p class="ca-key"><b>{escape(page.say("index.of_100"))}</b> {items}</p>'


def _row(
    row: Mapping[Any, Any], top: float, step: float, results: IndexResults, rung: str, page: PageLike
) -> str:
    cause = str(row["cause"])
    name, sub = page.say(f"causes.{cause}"), page.say(f"index.sub_{cause}")
    values, detail = _values(row, page), _detail(row, results, rung, page)
    out = " ca-out" if cause == BEYOND_REACH else ""
    title = escape(name)
    if len(results.action["plan"]):
        title = f'<a href="{cause_link(cause, page.lang)}">{title}</a>'
    return (
        f'<div class="ca-row{out}" tabindex="0" data-cause="{cause}" data-claim data-rung="{rung}">'
        f'<div class="ca-name"><b>{title}</b><small>{escape(sub)}</small></div>'
        f"{_bars(row, top, step, detail)}"
        f'<div class="ca-value">{values}<small>{escape(money_of(row, results, page))}</small></div>'
        f'<span class="iv-detail">{inline(detail)}</span></div>'
    )


def _bars(row: Mapping[Any, Any], top: float, step: float, detail: str) -> str:
    def at(value: float) -> str:
        return f"{HUNDRED * HUNDRED * value / top:.2f}%"

    grid = "".join(
        f'<line class="tick" x1="{x}" x2="{x}" y1="0" y2="100%"/>'
        for x in (at(place * step / HUNDRED) for place in range(1, round(top / step) + 1))
    )
    drawn = ""
    for kind, names in _BARS.items():
        value, low, high = (row[name] for name in names)
        y, height, middle = _PLACES[kind]
        if pd.notna(value):
            drawn += f'<rect class="{kind}" x="0" y="{y}%" width="{at(value)}" height="{height - 8}%"/>'
        if pd.notna(low) and pd.notna(high):
            drawn += _whisker(kind, at(low), at(high), middle)
    label = escape(detail.replace("**", ""))
    return f'<svg role="img" aria-label="{label}" width="100%" height="32"><title>{label}</title>{grid}{drawn}</svg>'


def _whisker(kind: str, low: str, high: str, middle: float) -> str:
    ends = f'y1="{middle - _CAP}%" y2="{middle + _CAP}%"'
    lines = (
        f'x1="{low}" x2="{high}" y1="{middle}%" y2="{middle}%"',
        *(f'x1="{x}" x2="{x}" {ends}' for x in (low, high)),
    )
    return "".join(f'<line class="span {kind}" {line}/>' for line in lines)


def _values(row: Mapping[Any, Any], page: PageLike) -> str:
    if pd.isna(row["share"]):
        return f"<b>{escape(page.say('index.at_most', most=per_100(row['high'])))}</b>"
    share = f"{per_100(row['share'])} <span>{_between(row, 'share')}</span>"
    if pd.isna(row["avoidable_share"]):
        return f"<b>{per_100(row['share'])}</b> <span>{_between(row, 'share')}</span>"
    saved = f"<b>{per_100(row['avoidable_share'])}</b> <span>{_between(row, 'saved')}</span>"
    return page.say("index.saved_of", saved=saved, share=share)


def _between(row: Mapping[Any, Any], kind: str) -> str:
    low, high = (row[name] for name in _BARS[kind][1:])
    return "" if pd.isna(low) or pd.isna(high) else bracketed_plain(HUNDRED * low, HUNDRED * high)


def _detail(row: Mapping[Any, Any], results: IndexResults, rung: str, page: PageLike) -> str:
    cause = page.say(f"causes.{row['cause']}")
    if pd.isna(row["share"]):
        return page.say("index.detail_at_most", cause=cause, most=per_100(row["high"]))
    share = f"**{per_100(row['share'])}** {_between(row, 'share')}".strip()
    text = page.say(f"index.detail_{rung}", cause=cause, share=share)
    if pd.notna(row["avoidable_share"]):
        saved = f"**{per_100(row['avoidable_share'])}** {_between(row, 'saved')}".strip()
        text += page.say("index.detail_avoidable", saved=saved)
    worth = money_of(row, results, page)
    return f"{text}{page.say('index.detail_money', money=worth)}" if worth else text
