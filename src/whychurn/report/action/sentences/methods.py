"""Ways to tell who responds, each beside its own null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.report.action.names import code_name
from whychurn.report.action.results import ActionResults
from whychurn.report.page.components.numbers import bracketed, signed
from whychurn.report.page.page_like import PageLike

FORMATS: Final = {"waves_test": "int", "qini": "number", "value": "number", "slope": "number"}


def method_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """One row a method over all actions: value of its policy, Qini with interval and null, slope of measured on predicted."""
    rows = results["action_methods"]
    rows = rows[rows["action"].fillna("all") == "all"]
    if rows.empty:
        return pd.DataFrame()
    held = rows.to_dict("records")
    return pd.DataFrame(
        {
            "method": [code_name("by", name, page.lang) for name in rows["method"]],
            "chosen": rows["chosen"],
            "waves_test": rows["waves_test"],
            "value": rows["value"],
            "value_between": [_between(row, "value", page) for row in held],
            "qini": rows["qini"],
            "qini_between": [_between(row, "qini", page) for row in held],
            "null_between": [_between(row, "null", page) for row in held],
            "slope": rows["slope"],
            "slope_between": [_between(row, "slope", page) for row in held],
        }
    ).reset_index(drop=True)


def _between(row: Mapping[Any, Any], name: str, page: PageLike) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if pd.isna(low) or pd.isna(high):
        return "–"
    digits = 2 if max(abs(low), abs(high)) < 10 else 0
    return bracketed(low, high, page.lang, lambda value: signed(value, digits))
