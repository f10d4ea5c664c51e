"""What the shares rest on: leavers asked by lot, or traces alone; what silence and more answers would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import LEAST_SAID
from whychurn.labels import join
from whychurn.report.causes.sentences.shares import TOLD, six, spread
from whychurn.report.page.components.numbers import plain
from whychurn.report.page.formats import format_interval
from whychurn.report.page.page_like import PageLike

FORMATS: Final = {
    **dict.fromkeys(("share", "draw_share", "model_share", "width", "widest"), "percent"),
    **dict.fromkeys(("further", "answers"), "int"),
}
PRICED: Final = 100  # further answers that the answer box tells the price of
HARDLY: Final = 0.005  # an interval that gets narrower by less than half a point hardly changes


def interview_facts(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """What causes.json says of interviews; empty without any."""
    return facts.get("interviews") or {}


def by_lot(facts: Mapping[str, Any]) -> bool:
    """Whether the shares rest on leavers drawn by lot."""
    return interview_facts(facts).get("basis") == "lot"


def basis(shares: pd.DataFrame, facts: Mapping[str, Any], page: PageLike) -> str:
    """What the shares rest on, and whether the order of the causes is known."""
    told, rows = interview_facts(facts), six(shares)
    named = page.format(told.get("named_by_lot", 0), "int")
    if by_lot(facts):
        return page.say("interviews.basis_lot", named=named)
    if rows.empty:
        return page.say("interviews.no_shares")
    few = told.get("asked_by_lot", 0)
    lines = [page.say("interviews.basis_few", named=named, least=LEAST_SAID)] if few else []
    return " ".join([*lines, _order_on_traces(rows, page)])


def with_basis(text: str, shares: pd.DataFrame, facts: Mapping[str, Any], page: PageLike) -> str:
    """An answer box with what its shares rest on below; as it is where there are none."""
    return text if six(shares).empty else f"{text}\n\n{basis(shares, facts, page)}"


def _order_on_traces(rows: pd.DataFrame, page: PageLike) -> str:
    """Whether the interval of the largest cause lies above all others."""
    names = [page.say(f"causes.{cause}") for cause in rows["cause"]]
    if len(rows) > 1 and not rows["low"].iloc[0] > rows["high"].iloc[1:].max():
        return page.say("interviews.open_order", first=names[0], second=names[1])
    return page.say("interviews.clear_first", first=names[0])


def answer(shares: pd.DataFrame, plan: pd.DataFrame, facts: Mapping[str, Any], page: PageLike) -> str:
    """The answer box: what the shares rest on, the largest, the price of knowing more."""
    parts = [
        page.say(
            f"interviews.answer_{'first' if place == 0 else 'next'}",
            cause=page.say(f"causes.{row['cause']}"),
            share=page.format(row["share"], "percent"),
            interval=spread(row["low"], row["high"], page),
        )
        for place, row in enumerate(six(shares).head(TOLD).to_dict("records"))
    ]
    lines = [basis(shares, facts, page)]
    if parts:
        lines.append(page.say("interviews.answer_shares", causes=join(parts, page.lang, "，")))
    return "\n\n".join([*lines, *_price(plan, page)])


def _price(plan: pd.DataFrame, page: PageLike) -> list[str]:
    if plan.empty:
        return []
    width = plan.set_index("further")["width"]
    then = plain(100 * width[PRICED])
    if pd.isna(width[0]):
        return [page.say("interviews.answer_price_unknown", further=PRICED, then=then)]
    now = plain(100 * width[0])
    if width[0] - width[PRICED] < HARDLY:
        return [page.say("interviews.answer_price_hardly", further=PRICED, now=now)]
    return [page.say("interviews.answer_price", further=PRICED, now=now, then=then)]


def asked_lines(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    """How many were drawn, answered and named a cause; of when; how far coders agree."""
    told = interview_facts(facts)
    drawn = told.get("asked_by_lot", 0)
    counts = {name: page.members(told.get(f"{name}_by_lot", 0)) for name in ("asked", "answered", "named")}
    lines = [
        page.say("interviews.claim_asked", **counts) if drawn else page.say("interviews.claim_none_asked")
    ]
    others = told.get("asked", 0) - drawn
    if others:
        lines.append(page.say("interviews.claim_not_by_lot", count=page.members(others)))
    if by_lot(facts):
        leavers = page.format(told["leavings_of_period"], "int")
        ends = {"first": told["first_month"], "last": told["last_month"]}
        lines.append(page.say("interviews.claim_period", leavers=leavers, **ends))
        lines.append(page.say("interviews.claim_outside", share=page.format(told["outside"], "percent")))
    if told.get("coders_agree") is not None:
        agreed, kappa = page.format(told["coders_agree"], "percent"), page.format(told["kappa"], "number")
        pairs = page.members(told["coded_twice"])
        lines.append(page.say("interviews.claim_coders", pairs=pairs, agreed=agreed, kappa=kappa))
        if told["reliable"] < 1:
            reliable = page.format(told["reliable"], "percent")
            lines.append(page.say("interviews.claim_corrected", reliable=reliable))
    return lines


def silence_lines(shares: pd.DataFrame, facts: Mapping[str, Any], page: PageLike) -> list[str]:
    """The allowance for silence, and from which factor on the order of the first two causes is open."""
    told, rows = interview_facts(facts), six(shares)
    if not by_lot(facts) or len(rows) < 2:
        return []
    first, second = (page.say(f"causes.{cause}") for cause in rows["cause"].head(2))
    factor = told["order_open_at"]
    key = "claim_order" if factor > 1 else "claim_order_open"
    order = page.say(f"interviews.{key}", first=first, second=second, factor=page.format(factor, "number"))
    allowed = {
        "gamma": page.format(told["gamma"], "number"),
        "untrue": page.format(told["untrue"], "percent"),
    }
    return [page.say("interviews.claim_silence", **allowed), order]


def moved_lines(sources: pd.DataFrame, page: PageLike) -> list[str]:
    """The cause whose share the draw changed most."""
    gap = (sources["share"] - sources["model_share"]).abs() if len(sources) else pd.Series(dtype=float)
    if gap.isna().all():
        return []
    row = sources.iloc[int(gap.fillna(-1).argmax())]
    before, after = (
        format_interval(
            row, lambda share: page.format(share, "percent"), (f"{of}share", f"{of}low", f"{of}high")
        )
        for of in ("model_", "")
    )
    cause = page.say(f"causes.{row['cause']}")
    return [page.say("interviews.claim_moved", cause=cause, before=before, after=after)]


def price_lines(plan: pd.DataFrame, page: PageLike) -> list[str]:
    """How much narrower intervals get with more answers; nothing where today's are not known."""
    if plan.empty or pd.isna(plan["width"].iloc[0]):
        return []
    now = plain(100 * plan["width"].iloc[0])
    if plan["width"].iloc[0] - plan["width"].min() < HARDLY:
        most = page.format(plan["further"].max(), "int")
        return [page.say("interviews.answer_price_hardly", further=most, now=now)]
    return [
        page.say(
            "interviews.claim_price",
            further=page.format(row["further"], "int"),
            then=plain(100 * row["width"]),
            now=now,
        )
        for row in plan.iloc[1:].to_dict("records")
    ]


def source_table(sources: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """One row a cause: share and interval by both together, by the draw, by traces alone."""
    if sources.empty:
        return sources
    rows = sources.sort_values("share", ascending=False, kind="stable")
    columns = {"cause": [page.say(f"causes.{cause}") for cause in rows["cause"]]}
    for prefix in ("", "draw_", "model_"):
        ends = zip(rows[f"{prefix}low"], rows[f"{prefix}high"], strict=True)
        columns[f"{prefix}share"] = rows[f"{prefix}share"].tolist()
        columns[f"{prefix}interval"] = [spread(low, high, page) for low, high in ends]
    return pd.DataFrame(columns)
