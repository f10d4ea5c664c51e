"""Readable names of strata."""

from __future__ import annotations

from whychurn.report.words import has_words, say


def stratum_name(kind: str, stratum: str, lang: str) -> str:
    """Readable name of a stratum; names of the company's own are left as they are."""
    for key in (f"survival.stratum_{stratum}", f"retention.segment_{stratum}"):
        if (kind in ("spell", "cohort", "spend_tier", "all")) and has_words(key):
            return say(key, lang)
    return stratum.replace("..", "–") if kind == "cohort" else stratum
