"""The evidence behind a member's causes, in sentences of both languages."""

from __future__ import annotations

import json
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.evidence.noisy_labels import Observations
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.labels import both

# (cause, feature of the panel, smallest value that is told, decimals, factor); told as words `causes.fact_<feature>`
FACTS: Final[tuple[tuple[str, str, float, int, float], ...]] = (
    ("product_service", "returns_90d", 1, 0, 1),
    ("product_service", "tickets_90d", 1, 0, 1),
    ("product_service", "response_hours_180d", 24, 0, 1),
    ("product_service", "unresolved_180d", 1, 0, 1),
    ("product_service", "app_faults_90d", 1, 0, 1),
    ("price", "price_rise_since_joining", 0.02, 0, 100),
    ("price", "discount_depth_change_90d", -0.03, 0, -100),
    ("personalization", "push_dismissed_90d", 3, 0, 1),
    ("personalization", "push_unopened_90d", 5, 0, 1),
    ("personalization", "opted_out", 1, 0, 1),
    ("engagement", "days_since_greeting", 60, 0, 1),
    ("engagement", "points_balance", 500, 0, 1),
    ("engagement", "days_since_points_spent", 120, 0, 1),
    ("competition", "competitor_price_gap", 0.02, 0, 100),
    ("competition", "competitor_activity_30d", 1.2, 1, 1),
    ("natural", "moved_180d", 1, 0, 1),
)
CHUNK: Final = 20_000  # rows
SAID: Final = 0.15  # of a text, from here on it is told that the member wrote about the cause
TOLD_FROM: Final = 0.15  # a cause less likely than this is not argued


def member_evidence(
    p: Array, panel: pd.DataFrame, stated: Array, seen: Observations, rows: Array, most: int
) -> pd.Series:
    """JSON list for each anchor: {cause, en, zh}, strongest cause first, at most `most` sentences.

    What a member stated, wrote, and met (panel features at the anchor that stand out), for causes that are at all likely. They
    say what the attribution rests on; no single one proves it.
    """
    said = seen.before[rows] + seen.after[rows]
    parts = [slice(start, start + CHUNK) for start in range(0, len(p), CHUNK)]
    lists = [_told(p[part], panel.iloc[part], stated[part], said[part], most) for part in parts]
    return pd.concat([*lists, pd.Series(dtype="string")], ignore_index=True)


def _told(p: Array, panel: pd.DataFrame, stated: Array, said: Array, most: int) -> pd.Series:
    """`member_evidence` of some of the rows: their sentences are held in memory at once."""
    told, lists = _facts(panel), []
    order = np.argsort(-p, axis=1, kind="stable")
    for row in range(len(p)):
        found: list[dict[str, str]] = []
        for number in order[row]:
            if p[row, number] < TOLD_FROM or len(found) >= most:
                break
            cause = CAUSES[number]
            if stated[row] == number:
                found.append(_sentence(cause, "said_survey"))
            if said[row, number] >= SAID:
                found.append(_sentence(cause, "said_text"))
            found += told.get((row, cause), [])
        lists.append(json.dumps(found[:most], ensure_ascii=False))
    return pd.Series(lists, dtype="string")


def _sentence(cause: str, key: str, **values: object) -> dict[str, str]:
    return {"cause": cause, **both(f"causes.fact_{key}", cause=both(f"causes.{cause}"), **values)}


def _facts(panel: pd.DataFrame) -> dict[tuple[int, str], list[dict[str, str]]]:
    """Sentences by (row, cause)."""
    held = panel
    if {"push_sent_90d", "push_opened_90d"} <= set(panel):
        held = panel.assign(push_unopened_90d=panel["push_sent_90d"] - panel["push_opened_90d"])
    told: dict[tuple[int, str], list[dict[str, str]]] = {}
    known: dict[tuple[str, str], dict[str, str]] = {}
    for cause, name, least, decimals, factor in FACTS:
        if name not in held:
            continue
        values = held[name].astype("float64").to_numpy()
        stands_out = values <= least if factor < 0 else values >= least
        for row in np.flatnonzero(np.nan_to_num(stands_out)):
            text = f"{values[row] * factor:,.{decimals}f}"
            if (name, text) not in known:
                known[name, text] = _sentence(cause, name, value=text)
            told.setdefault((int(row), cause), []).append(known[name, text])
    return told
