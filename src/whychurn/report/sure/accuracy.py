"""How often named causes are right and how far shares are off, on simulated programmes built otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whychurn.labels import prose
from whychurn.report.causes.sentences.accuracy import kind_of_study, measured_worlds
from whychurn.report.index.sentences import HUNDRED
from whychurn.report.page.components.blocks import block, missing_block, note, see
from whychurn.report.page.components.interval_rows import IntervalRow, interval_rows
from whychurn.report.page.components.numbers import bracketed_plain, plain
from whychurn.report.page.wording import Wording
from whychurn.score.yardstick.measured import KINDS, ONE_SIXTH, OURS, by_kind, load_yardstick


def of_hundred(facts: Mapping[str, Any]) -> dict[str, int] | None:
    """Of 100 departures: right, wrong, left open; and worlds. None where nothing was measured on such programmes.

    Parameters
    ----------
    facts
        Content of causes.json.
    """
    rows = measured_worlds(kind_of_study(facts)).dropna(subset=["named", "right"])
    if rows.empty:
        return None
    named = HUNDRED * float(rows["named"].mean())
    right = round(float((HUNDRED * rows["named"] * rows["right"]).mean()))
    return {
        "right": right,
        "wrong": round(named) - right,
        "open": HUNDRED - round(named),
        "worlds": len(rows),
    }


def names_block(facts: Mapping[str, Any], page: Wording) -> str:
    """Of 100 named causes, how many are right: a dot a kind of programme, from the worst to the best one."""
    mine, rows = kind_of_study(facts), []
    for kind in KINDS:
        right = HUNDRED * measured_worlds(kind)["right"].dropna()
        if len(right):
            rows.append(_row(kind, right, plain(right.mean()), mine, page))
    if not rows:
        return missing_block(
            page.say("sure.title_names"),
            page.say("sure.needs_yardstick"),
            page.say("sure.shows_names"),
            page.lang,
        )
    own = HUNDRED * measured_worlds(mine)["right"].dropna()
    words = {"right": plain(own.mean()), "between": bracketed_plain(own.min(), own.max())} if len(own) else {}
    title = page.say("sure.names_found" if words else "sure.names_unmeasured", **words)
    body = note(page.say("sure.names_note")) + interval_rows(rows, page.lang, tick=plain)
    return block(
        title,
        body + see("50_causes.html#sure", page.say("sure.see_causes")),
        page.lang,
        rung="described",
        ident="names",
    )


def shares_block(facts: Mapping[str, Any], page: Wording) -> str:
    """Largest error of a share by kind of programme, beside that of saying one sixth for each cause."""
    mine, table = kind_of_study(facts), by_kind(load_yardstick())
    even = table[table["method"].eq(ONE_SIXTH)].set_index("kind")["share_error_largest"]
    rows = []
    for kind in KINDS:
        errors = HUNDRED * measured_worlds(kind)["share_error_largest"]
        if len(errors):
            mark = HUNDRED * float(even.get(kind, float("nan")))
            rows.append(_row(kind, errors, plain(errors.mean()), mine, page, mark))
    if not rows:
        return ""
    own = table[table["kind"].eq(mine)].set_index("method")["share_error_largest"]
    closer = OURS in own and own[OURS] < own.get(ONE_SIXTH, float("inf"))
    key = "shares_unmeasured" if OURS not in own else "shares_closer" if closer else "shares_not_closer"
    words = {"error": plain(HUNDRED * own.get(OURS, 0)), "even": plain(HUNDRED * own.get(ONE_SIXTH, 0))}
    body = note(page.say("sure.shares_note")) + interval_rows(rows, page.lang, tick=plain, look="stroke")
    return block(page.say(f"sure.{key}", **words), body, page.lang, rung="described", ident="shares")


def _row(
    kind: str, values: pd.Series, text: str, mine: str, page: Wording, mark: float = float("nan")
) -> IntervalRow:
    name = page.say(f"sure.kind_{kind}")
    return IntervalRow(
        prose([name, page.say("sure.like_yours")], page.lang) if kind == mine else name,
        float(values.mean()),
        float(values.min()),
        float(values.max()),
        text,
        bracketed_plain(values.min(), values.max()),
        "described",
        sub=page.say("sure.worlds", worlds=len(values)),
        mark=mark,
    )
