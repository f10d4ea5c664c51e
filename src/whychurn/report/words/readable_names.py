"""Readable names of actions, of churn definitions, of strata, of features, and of bins of a clock."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from whychurn.labels import LANGUAGES
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.report.words import has_words, say, say_or


def action_name(action: str, lang: str) -> str:
    """Readable name of an action; a company's own names are left as they are."""
    return say_or(f"playbook.name_{action}", lang, action)


def definition_name(definition: str, lang: str) -> str:
    """A churn definition in words: ``inactivity_90d`` is 90 days of silence."""
    kind, _, days = definition.rpartition("_")
    return say(f"delivery.definition_{kind}", lang, days=days.removesuffix("d"))


def stratum_name(kind: str, stratum: str, lang: str) -> str:
    """Readable name of a stratum; names of the company's own are left as they are."""
    if stratum == "all":
        return say("survival.stratum_all", lang)
    for key in (f"survival.stratum_{stratum}", f"retention.segment_{stratum}"):
        if (kind in ("spell", "cohort", "spend_tier", "all")) and has_words(key):
            return say(key, lang)
    return stratum.replace("..", "–") if kind == "cohort" else stratum


def clock_bin_name(row: Mapping[Any, Any], lang: str) -> str:
    """Readable name of a row of ``key_nodes``: a span of days, a time after an event, or a count."""
    clock = say(f"retention.clock_{row['clock']}", lang)
    if row["unit"] == "days_after":
        return say("retention.within_days", lang, clock=clock, days=f"{row['bin_end']:.0f}")
    start = f"{row['bin_start']:.0f}"
    if row["unit"] == "count":
        return say("retention.node_count", lang, clock=clock, start=start)
    return say("retention.node_days", lang, clock=clock, start=start, stop=f"{row['bin_end'] - 1:.0f}")


def feature_name(name: str, lang: str) -> str:
    """Name of a feature of the catalogue; others stay as they are."""
    return _features().get(name, {}).get(lang, name)


@cache
def _features() -> dict[str, dict[str, str]]:
    """Name of each feature of the catalogue, by language."""
    entries = load_catalogue().to_dict("records")
    return {str(entry["name"]): {lang: str(entry[lang]) for lang in LANGUAGES} for entry in entries}
