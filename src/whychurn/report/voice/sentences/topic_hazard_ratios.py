"""Sentences and table of what members spoke of and how fast they left after it; associations, no causes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.report.page.page_like import PageLike

KINDS: Final = ("any", "cause", "topic")
EFFECTS: Final = ("what", "kind", "churn_events", "hazard_ratio", "low", "high", "p_adjusted")
FORMATS: Final = {
    "churn_events": "int",
    **dict.fromkeys(("hazard_ratio", "low", "high", "p_adjusted"), "number"),
}
NAMED: Final = 4  # exposures in a sentence


def effect_table(hazards: pd.DataFrame | None, topics: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Table ``topic_hazard`` in words: anything, causes, topics; each from the highest ratio down.

    Parameters
    ----------
    hazards
        Table ``topic_hazard``; None where the study has none.
    topics
        Table ``topics``; a suppressed one has no row.
    """
    if hazards is None or hazards.empty or not hazards["hazard_ratio"].notna().any():
        return pd.DataFrame(columns=list(EFFECTS))
    names = topics.loc[~topics["suppressed"].astype(bool)].set_index("topic_id")[f"label_{page.lang}"]
    what = {f"topic {number}": str(label) for number, label in names.items()}
    what |= {
        f"cause {name}": page.say(f"causes.{name}")
        for name in hazards.loc[hazards["kind"].eq("cause"), "name"]
    }
    what["any any"] = page.say("voice.effect_any")
    rows = hazards[hazards["hazard_ratio"].notna()]
    rows = rows.assign(
        what=(rows["kind"] + " " + rows["name"]).map(what), place=rows["kind"].map(KINDS.index)
    )
    rows = rows.dropna(subset=["what"]).sort_values(["place", "hazard_ratio"], ascending=[True, False])
    return rows.assign(kind=[page.say(f"voice.effect_{kind}_kind") for kind in rows["kind"]])[
        list(EFFECTS)
    ].reset_index(drop=True)


def effect_lines(effects: pd.DataFrame, false_discovery: float, days: int, page: PageLike) -> list[str]:
    """Which exposures go with faster and with slower leaving.

    Parameters
    ----------
    effects
        As `effect_table` returns it.
    false_discovery
        Adjusted p below which a ratio is spoken of.
    days
        How long an exposure counts (`survival.said_days`).
    """
    if effects.empty:
        return [page.say("voice.said_no_effects")]
    clear = effects[effects["p_adjusted"].astype(float) < false_discovery]
    anything = effects["what"].eq(page.say("voice.effect_any"))
    named, lines = clear[~anything[clear.index]], []
    for key, rows in (
        ("effect_faster", named[named["low"] > 1].nlargest(NAMED, "hazard_ratio")),
        ("effect_slower", named[named["high"] < 1].nsmallest(NAMED, "hazard_ratio")),
    ):
        if len(rows):
            parts = [_part(row, page) for row in rows.to_dict("records")]
            lines.append(page.say(f"voice.{key}", days=days, parts=page.say("voice.method_and").join(parts)))
    if not lines:
        lines = [page.say("voice.effect_none", days=days, tested=len(effects))]
    for row in effects[anything].to_dict("records"):
        lines.append(page.say("voice.effect_anything", part=_ratio(row, page)))
    return [*lines, page.say("voice.said_effects")]


def _part(row: Mapping[Any, Any], page: PageLike) -> str:
    return page.say("voice.effect_part", what=row["what"], ratio=_ratio(row, page))


def _ratio(row: Mapping[Any, Any], page: PageLike) -> str:
    values = {name: page.format(row[name], "number") for name in ("hazard_ratio", "low", "high")}
    return page.say("voice.effect_ratio", **values)
