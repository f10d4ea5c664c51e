"""Sentences and table of the methods that topics could have been found by."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.report.page.page_like import PageLike

MEASURES: Final = ("npmi", "diversity", "label_agreement", "seed_ari", "order_ari", "word_overlap")
SHOWN: Final = ("language", "method", "topics", *MEASURES, "outliers", "outliers_assigned")
FORMATS: Final = {
    "topics": "int",
    **dict.fromkeys(MEASURES, "number"),
    **dict.fromkeys(("outliers", "outliers_assigned"), "percent"),
}
LEVEL: Final = 0.01  # measures closer than this are level


def method_lines(methods: pd.DataFrame, page: PageLike) -> list[str]:
    """For each language: which method is used, and in what each method leads."""
    lines = []
    for language, table in methods.groupby("language", sort=False):
        table = table.set_index("method")
        used = table.index[table["used"].astype(bool)]
        leads = leading(table)
        parts = [
            page.say(
                "voice.method_leads",
                method=page.say(f"voice.method_{method}"),
                measures=page.say("voice.topic_between").join(
                    page.say(f"voice.column_{m}") for m in measures
                ),
            )
            for method, measures in leads.items()
            if measures
        ]
        name = page.say(f"voice.said_language_{language}")
        method = page.say(f"voice.method_{used[0]}") if len(used) else "–"
        lines.append(
            page.say(
                "voice.method_used",
                language=name,
                method=method,
                leads=page.say("voice.method_and").join(parts),
            )
        )
        share = table["outliers_assigned"].get(used[0]) if len(used) else None
        if share is not None and pd.notna(share):
            lines.append(
                page.say("voice.method_outliers", language=name, share=page.format(share, "percent"))
            )
    return lines


def leading(table: pd.DataFrame) -> dict[str, list[str]]:
    """Measures in which each method is best by more than `LEVEL`; index of `table` is the method."""
    leads: dict[str, list[str]] = {str(method): [] for method in table.index}
    for measure in MEASURES:
        values = table[measure].astype(float).dropna().sort_values(ascending=False)
        if len(values) > 1 and values.iloc[0] - values.iloc[1] > LEVEL:
            leads[str(values.index[0])].append(measure)
    return leads


def method_table(methods: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Table ``topic_methods`` in words; columns that are empty throughout are left out."""
    names = [page.say(f"voice.method_{method}") for method in methods["method"]]
    shown = methods.assign(
        language=[page.say(f"voice.said_language_{code}") for code in methods["language"]],
        method=[
            page.say("voice.method_chosen", method=name) if used else name
            for name, used in zip(names, methods["used"], strict=True)
        ],
    )[list(SHOWN)]
    return shown.dropna(axis=1, how="all").reset_index(drop=True)
