"""Results tables as the report shows them: chosen columns, codes in words."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.contract.suppression import suppress_small_counts
from whychurn.report.page.page_like import PageLike
from whychurn.report.retention.charts import group_name
from whychurn.report.words import has_words, say
from whychurn.report.words.readable_names import clock_bin_name, definition_name

FORMATS: Final = {
    **dict.fromkeys(
        ("rate", "low", "high", "lost_rate", "came_back_share", "member_share", "spend_share"), "percent"
    ),
    **dict.fromkeys(
        ("change", "relative_change", "competitor_price_gap", "active_before", "active_after"), "percent"
    ),
    **dict.fromkeys(("members", "churners", "entered", "advanced", "lost", "members_lost", "events"), "int"),
    **dict.fromkeys(("members_then", "buyers", "buyers_before", "lead_weeks", "median_days_since"), "int"),
    **dict.fromkeys(("spend", "spend_before", "spend_after", "revenue_lost", "revenue_per_member"), "money"),
    **dict.fromkeys(("mean_spend", "spend_lost"), "money"),
    **dict.fromkeys(
        ("ratio", "ratio_low", "ratio_high", "p_adjusted", "rank_agreement", "effect", "baseline"), "number"
    ),
    **dict.fromkeys(("difference", "difference_low", "difference_high"), "points"),
    "year_before": "percent",
    "grace_days": "days",
}
_COLUMNS: Final = {
    "rates": "period_kind period period_end measure basis members rate low high partial",
    "sensitivity": "definition members churners rate low high came_back_share rank_agreement top_strata",
    "steps": "stage entered advanced rate low high lost lost_rate members_lost"
    " revenue_lost revenue_per_member",
    "nodes": "what members events ratio ratio_low ratio_high p_adjusted",
    "season": "measure period rate year_before difference difference_low difference_high notable",
    "strata": "dimension stratum members churners rate low high difference p_adjusted notable spend_lost",
    "segments": "kind segment members member_share spend_share mean_spend mean_purchase_days"
    " median_days_since members_then churners rate low high",
    "precursors": "measure direction lead_weeks effect baseline relative_change p_adjusted members",
    "regions": "region category buyers buyers_before spend spend_before change low high competitor_price_gap"
    " competitor_activity",
    "campaigns": "campaign_id group first_on members spend_before spend_after active_before active_after",
}
_RATE: Final = ("rate", "low", "high")
_COUNTS: Final[
    dict[str, dict[str, tuple[str, ...]]]
] = {  # numbers of members inside a row, and what tells them
    "sensitivity": {"churners": _RATE},
    "steps": {
        "advanced": _RATE,
        "lost": ("lost_rate",),
        "members_lost": ("revenue_lost", "revenue_per_member"),
    },
    "nodes": {"events": ()},
    "strata": {"churners": (*_RATE, "difference", "p_adjusted", "spend_lost")},
    "segments": {"churners": _RATE},
    "regions": {
        "buyers": ("spend", "change", "low", "high"),
        "buyers_before": ("spend_before", "change", "low", "high"),
    },
}
_WORDS: Final = {
    "measure": ("measure", "behaviour"),
    "period_kind": ("period",),
    **{name: (name,) for name in ("basis", "stage", "direction", "dimension", "kind", "group")},
}


def report_table(frame: pd.DataFrame, name: str, page: PageLike, min_cell: int) -> pd.DataFrame:
    """Columns of the report's table `name`, codes in words, no count below `min_cell`."""
    shown = suppress_small_counts(frame, _COUNTS[name], min_cell) if name in _COUNTS else frame.copy()
    if name == "nodes":
        shown = shown[shown["is_node"].astype(bool)].sort_values("ratio", ascending=False)
        shown["what"] = pd.Series(
            [clock_bin_name(row, page.lang) for row in shown.to_dict("records")],
            index=shown.index,
            dtype="object",
        )
    if name == "season":
        shown = shown.rename(columns={"low": "difference_low", "high": "difference_high"})
    if name == "sensitivity":
        shown["definition"] = [definition_name(str(code), page.lang) for code in shown["definition"]]
        shown["top_strata"] = [_strata(str(text), page.lang) for text in shown["top_strata"]]
    for group, member in (("dimension", "stratum"), ("kind", "segment")):
        if member in shown:
            pairs = zip(shown[group].astype(str), shown[member].astype(str), strict=True)
            shown[member] = [group_name(kind, text, page.lang) for kind, text in pairs]
    for column, prefixes in _WORDS.items():
        if column in shown:
            shown[column] = [_word(str(code), prefixes, page.lang) for code in shown[column]]
    columns = [*_COLUMNS[name].split(), *(["suppressed"] if "suppressed" in shown else [])]
    return shown[columns].reset_index(drop=True)


def _word(code: str, prefixes: tuple[str, ...], lang: str) -> str:
    keys = [f"retention.{prefix}_{code}" for prefix in prefixes]
    return next((say(key, lang) for key in keys if has_words(key)), code)


def _strata(text: str, lang: str) -> str:
    parts = [part.partition("=") for part in text.split("; ") if part]
    return ("；" if lang == "zh" else "; ").join(
        f"{_word(dimension, ('dimension',), lang)} {group_name(dimension, name, lang)}"
        for dimension, _, name in parts
    )
