"""What actions given by lot changed in leaving, and what that says of the causes they are aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.labels import listed
from whychurn.report.causes.sentences.shares import spread
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import action_name

FORMATS: Final = {
    **dict.fromkeys(("treated", "control"), "int"),
    **dict.fromkeys(("power", "share_without", "share_with"), "percent"),
    "difference": "points",
}
POWER: Final = 0.8  # of a test from which finding nothing says something
MOVED: Final = 0.9  # of the interval's width that is left, from which on the tests are said to narrow it


def status_lines(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    """Why touches say nothing at all here; none where they say something."""
    why_not = (facts.get("touches") or {}).get("why_not")
    return [page.say(f"touches.none_{why_not}")] if why_not else []


def effect_lines(touches: pd.DataFrame, page: PageLike) -> list[str]:
    """One line an action that is shown to change something: fewer left, or more."""
    lines = []
    for row in _compared(touches):
        if row["shown"]:
            words = {name: page.format(row[name], "points") for name in ("low", "high")}
            words |= {name: page.format(row[name], "int") for name in ("treated", "control")}
            words |= {
                "difference": _unsigned(row["difference"], page),
                "action": action_name(row["action"], page.lang),
            }
            lines.append(page.say(f"touches.claim_{'fewer' if row['difference'] < 0 else 'more'}", **words))
    return lines


def unshown_lines(touches: pd.DataFrame, page: PageLike) -> list[str]:
    """The actions of which no effect is shown, and what such tests would have noticed; one line at most."""
    rows = [row for row in _compared(touches) if not row["shown"]]
    if not rows:
        return []
    actions = listed([action_name(row["action"], page.lang) for row in rows], page.lang)
    least = _unsigned(max(row["least_difference"] for row in rows), page)
    return [page.say("touches.claim_not_shown", actions=actions, least=least)]


def share_lines(touches: pd.DataFrame, page: PageLike) -> list[str]:
    """Shares with and without the tests where these narrow them; then the causes whose tests tell too little."""
    rows = pd.DataFrame(_compared(touches))
    rows = rows[rows["share_with"].notna()] if len(rows) else rows
    if rows.empty:
        return []
    strongest = rows.sort_values("power", ascending=False, kind="stable").drop_duplicates("cause")
    weak = strongest[strongest["power"] < POWER]
    lines = [_share_line(row, page) for row in _compared(strongest) if row["power"] >= POWER]
    if len(weak):
        causes = listed([page.say(f"causes.{cause}") for cause in weak["cause"]], page.lang)
        power = page.format(weak["power"].max(), "percent")
        lines.append(page.say("touches.claim_share_weak", causes=causes, power=power))
    return lines


def _share_line(row: Mapping[str, Any], page: PageLike) -> str:
    """Share of one cause with and without tests that have power; or that they leave it as it is."""
    words = {"cause": page.say(f"causes.{row['cause']}"), "power": page.format(row["power"], "percent")}
    width = {kind: row[f"share_{kind}_high"] - row[f"share_{kind}_low"] for kind in ("with", "without")}
    if width["with"] >= MOVED * width["without"]:
        return page.say("touches.claim_share_dud", **words)
    for kind in ("with", "without"):
        words[f"share_{kind}"] = page.format(row[f"share_{kind}"], "percent")
        words[f"interval_{kind}"] = spread(row[f"share_{kind}_low"], row[f"share_{kind}_high"], page)
    return page.say("touches.claim_share_moved", **words)


def note_lines(touches: pd.DataFrame, page: PageLike) -> list[str]:
    """What is amiss with an action: no cause known, nobody held out, arms not as drawn, odd chances."""
    lines = []
    for row in touches.to_dict("records"):
        name = action_name(row["action"], page.lang)
        if pd.notna(row["note"]):
            p = page.format(row["srm_p_value"], "number")
            lines.append(page.say(f"touches.note_{row['note']}", action=name, p=p))
        if row["odd_propensity"]:
            lines.append(page.say("touches.note_odd", action=name))
    return lines


def compared_table(touches: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """One row an action that can be compared."""
    rows = pd.DataFrame(_compared(touches))
    if rows.empty:
        return rows
    causes = ["–" if pd.isna(cause) else page.say(f"causes.{cause}") for cause in rows["cause"]]
    bounds = zip(rows["low"], rows["high"], strict=True)
    table = {
        "action": [action_name(action, page.lang) for action in rows["action"]],
        "cause": causes,
        **{name: rows[name].to_numpy("float64") for name in ("treated", "control", "difference")},
        "interval": [" … ".join(page.format(end, "points") for end in pair) for pair in bounds],
        **{name: rows[name].to_numpy("float64") for name in ("power", "share_without", "share_with")},
    }
    return pd.DataFrame(table)


def _compared(touches: pd.DataFrame) -> list[dict[str, Any]]:
    rows = touches[touches["difference"].notna()] if len(touches) else touches
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _unsigned(difference: float, page: PageLike) -> str:
    """Points without a plus sign, where the sentence says which way."""
    return page.format(abs(difference), "points").removeprefix("+")
