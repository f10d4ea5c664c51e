"""The evidence behind a member's causes, in sentences of both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.labels import both

Sentence = dict[str, str]  # cause, en, zh
# (cause, panel feature, smallest value that is mentioned, decimals, factor); label `causes.fact_<feature>`
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
CHUNK: Final = 20_000  # rows whose sentences are held in memory at once
MIN_TEXT_WEIGHT: Final = 0.15  # of texts about a cause, from which on they are mentioned
MIN_HEARD: Final = 0.5  # of the codings of an interview that name a cause, from which on it is mentioned
MIN_POSTERIOR: Final = 0.15  # no evidence is given for a cause less likely than this


def member_evidence(p: Array, panel: pd.DataFrame, labels: NoisyLabels, max_sentences: int) -> pd.Series:
    """JSON list for each index date: {cause, en, zh}, likeliest cause first, at most `max_sentences`.

    What a member stated, wrote, and was exposed to (panel features that stand out), for causes that are at
    all likely. The sentences say what the attribution rests on; no single one proves it.

    Parameters
    ----------
    p
        Posterior of the causes; (rows, 6).
    panel, labels
        Of the same rows.
    """
    p = np.nan_to_num(p)
    text_weight = labels.texts_before_exit + labels.exit_texts
    heard = np.zeros_like(p) if labels.heard is None else labels.heard
    parts = [slice(start, start + CHUNK) for start in range(0, len(p), CHUNK)]
    lists = [
        _sentences(
            p[part], panel.iloc[part], labels.stated[part], heard[part], text_weight[part], max_sentences
        )
        for part in parts
    ]
    return pd.concat([*lists, pd.Series(dtype="string")], ignore_index=True)


def _sentences(
    p: Array, panel: pd.DataFrame, stated: Array, heard: Array, text_weight: Array, max_sentences: int
) -> pd.Series:
    facts, lists = _facts(panel), []
    order = np.argsort(-p, axis=1, kind="stable")
    for row in range(len(p)):
        sentences: list[Sentence] = []
        for number in order[row]:
            if p[row, number] < MIN_POSTERIOR or len(sentences) >= max_sentences:
                break
            cause = CAUSES[number]
            if heard[row, number] >= MIN_HEARD:
                sentences.append(_sentence(cause, "said_interview"))
            if stated[row] == number:
                sentences.append(_sentence(cause, "said_survey"))
            if text_weight[row, number] >= MIN_TEXT_WEIGHT:
                sentences.append(_sentence(cause, "said_text"))
            sentences += facts.get((row, cause), [])
        lists.append(json.dumps(sentences[:max_sentences], ensure_ascii=False))
    return pd.Series(lists, dtype="string")


def _sentence(cause: str, key: str, **values: object) -> Sentence:
    return {"cause": cause, **both(f"causes.fact_{key}", cause=both(f"causes.{cause}"), **values)}


def _facts(panel: pd.DataFrame) -> Mapping[tuple[int, str], list[Sentence]]:
    """Sentences about features that stand out, by (row, cause)."""
    if {"push_sent_90d", "push_opened_90d"} <= set(panel):
        panel = panel.assign(push_unopened_90d=panel["push_sent_90d"] - panel["push_opened_90d"])
    facts: dict[tuple[int, str], list[Sentence]] = {}
    written: dict[tuple[str, str], Sentence] = {}
    for cause, name, threshold, decimals, factor in FACTS:
        if name not in panel:
            continue
        values = panel[name].astype("float64").to_numpy()
        stands_out = values <= threshold if factor < 0 else values >= threshold
        for row in np.flatnonzero(np.nan_to_num(stands_out)):
            text = f"{values[row] * factor:,.{decimals}f}"
            if (name, text) not in written:
                written[name, text] = _sentence(cause, name, value=text)
            facts.setdefault((int(row), cause), []).append(written[name, text])
    return facts
