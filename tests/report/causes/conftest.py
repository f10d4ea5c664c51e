"""Invented result tables for the report on causes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.files import write_table
from whychurn.contract.paths import PROJECT
from whychurn.report.page.report_page import LANG

SHARES = dict(zip(CAUSES, (0.28, 0.22, 0.1, 0.19, 0.15, 0.06), strict=True))
AVOIDABLE = dict(zip(CAUSES, (0.11, 0.09, 0.04, 0.14, 0.08, 0.0), strict=True))
METHODS = ("survey", "keyword", "additive_hazard")
LEAVINGS = 1000


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Table name -> rows, as in contract/results.yaml."""
    share, saved = np.array(list(SHARES.values())), np.array(list(AVOIDABLE.values()))
    six = pd.DataFrame({"cause": CAUSES, "share": share, "low": share - 0.03, "high": share + 0.03})
    six = six.assign(avoidable_share=saved, avoidable_low=saved * 0.7, avoidable_high=saved * 1.3)
    last = pd.DataFrame([{"cause": UNKNOWN, "named_share": 0.4}])
    whole = pd.concat([six.assign(named_share=share * 0.6), last], ignore_index=True).assign(
        churn_events=float(LEAVINGS)
    )
    return {
        "cause_shares": whole,
        "cause_methods": pd.concat(
            [six.assign(method=name, share=np.roll(share, turn)) for turn, name in enumerate(METHODS[::-1])]
        ).iloc[::-1],
        "cause_stated": _stated(share),
        "cause_groups": _groups(share),
        "cause_months": _months(share),
        "cause_change": six[["cause"]].assign(
            first_half=share, second_half=share + np.array([0.04, -0.04, 0, 0, 0, 0]), difference=[0.04, -0.04, 0, 0, 0, 0],
            low=-0.01, high=0.05, p_adjusted=[0.001, 0.002, 0.9, 0.9, 0.9, 0.9],
        ),
        "cause_sensitivity": _stability(share),
        "cause_drivers": pd.DataFrame(
            {"cause": ["price", "engagement"], "exposure": ["price_rise", "base"], "share": [0.2, 0.1], "events_per_1000_member_years": [40.0, 20.0]}
        ),
        "cause_confusion": pd.DataFrame({"cause": CAUSES, "stated": "answers", "probability": [0.5, 0.4, 0.3, 0.2, 0.4, 0.6]}),
        "cause_stories": _stories(),
        "cause_market": _market(),
        "attributed_incidence": pd.DataFrame(
            [(cause, "all", "all", day, SHARES[cause] * day / 700, 0.0, 0.5) for cause in CAUSES for day in (0, 180, 365)],
            columns=["cause", "stratum_kind", "stratum", "day", "estimate", "low", "high"],
        ),
        "cause_triangulation": pd.DataFrame(
            {"cause": CAUSES, "numbers": share, "survey": [0.2, 0.4, 0.05, 0.15, 0.15, 0.05], "texts": [0.5, 0.2, 0.1, 0.1, 0.05, 0.05],
             "interviews": np.nan, "agree": [1.0, 1, 2, 2, 2, 2]}
        ),
        "cause_diagnostics": pd.DataFrame(
            [("interaction", "several_high", 1.3, 1.15, 1.5, True), ("region_mismatch", "North", 1.0, np.nan, np.nan, False)],
            columns=["check", "detail", "value", "low", "high", "flagged"],
        ),
    }  # fmt: skip


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """Content of causes.json."""
    limit = {"key": "no_market", "en": "There is no market table.", "zh": "没有市场数据。"}
    return {
        "method": "additive_hazard", "churn_events": LEAVINGS, "at_risk": 5000, "answered_share": 0.15, "limits": [limit],
        "interviews": {"basis": "lot", "named_by_lot": 182},
    }  # fmt: skip


def _stated(share: np.ndarray) -> pd.DataFrame:
    rows = []
    for name in (*CAUSES, "other", "silent", "not_asked"):
        mix = share + (np.array(CAUSES) == name) * 0.8
        mix = mix / mix.sum()
        small = name == "other"
        for cause, part in zip(CAUSES, mix, strict=True):
            rows.append((name, cause, np.nan if small else 50 * part, np.nan if small else part, small))
    return pd.DataFrame(rows, columns=["stated", "cause", "churn_events", "share", "suppressed"])


def _groups(share: np.ndarray) -> pd.DataFrame:
    strata = {
        "tier": ["high", "low"],
        "region": ["North", "西南"],
        "tenure": ["0-90", "730+"],
        "season": ["spring"],
    }
    rows = []
    for kind, names in strata.items():
        for name in names:
            mix = share + (0.1 if name == "North" else 0.0) * (np.array(CAUSES) == "competition")
            q, small = (0.001 if name == "North" else 0.6), name == "西南"
            for cause, part in zip(CAUSES, mix / mix.sum(), strict=True):
                held = (np.nan,) * 5 if small else (part, part - 0.02, part + 0.02, 200.0, q)
                rows.append((kind, name, cause, *held, small))
    columns = ["kind", "stratum", "cause", "share", "low", "high", "churn_events", "p_adjusted", "suppressed"]
    return pd.DataFrame(rows, columns=columns)


def _months(share: np.ndarray) -> pd.DataFrame:
    months = pd.date_range("2025-01-01", periods=12, freq="MS")
    rows = [
        (month, cause, part, part - 0.05, part + 0.05, 80.0, False)
        for month in months
        for cause, part in zip(CAUSES, share, strict=True)
    ]
    table = pd.DataFrame(
        rows, columns=["month", "cause", "share", "low", "high", "churn_events", "suppressed"]
    )
    table.loc[table["month"] == months[-1], ["share", "low", "high", "churn_events"]] = np.nan
    return table.assign(suppressed=table["share"].isna())


def _stability(share: np.ndarray) -> pd.DataFrame:
    rows = []
    for variant, kept in (("main", 1.0), ("no_survey", 0.9), ("no_text", 0.6), ("inactivity_60d", 0.95)):
        mix = share[[1, 0, 2, 3, 4, 5]] if variant == "no_text" else share
        for cause, part, rank in zip(CAUSES, mix, (-mix).argsort().argsort() + 1, strict=True):
            rows.append((variant, cause, part, int(rank), 900.0, kept))
    return pd.DataFrame(
        rows, columns=["analysis", "cause", "share", "rank", "churn_events", "rank_agreement"]
    )


def _stories() -> pd.DataFrame:
    told = {"cause": "price", "en": "prices rose 18 % since joining", "zh": "入会以来价格上涨 18%"}
    more = {"cause": "price", "en": "discounts became 7 points smaller", "zh": "折扣减少了 7 个百分点"}
    text = json.dumps([told, more], ensure_ascii=False)
    rows = [
        ("price", 2, "730+", 0.8, text),
        ("price", 1, "0-90", 0.9, text),
        ("engagement", 1, "90-180", 0.7, "[]"),
    ]
    return pd.DataFrame(rows, columns=["cause", "story", "tenure", "confidence", "evidence"])


def _market() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for number, region in enumerate(("East", "North", "West")):
        for month in pd.date_range("2025-01-01", periods=12, freq="MS"):
            gap = rng.uniform(-0.1, 0.2)
            small = region == "West" and month.month == 1
            hazard = np.nan if small else 0.02 + 0.1 * max(gap, 0)
            pulled = np.nan if small else 0.1 + 0.2 * (number == 1)
            left = np.nan if small else 1000 * hazard
            rows.append((region, month, left, 1000.0, hazard, pulled, rng.uniform(1, 2), gap, small))
    columns = [
        "region",
        "month",
        "churn_events",
        "at_risk",
        "hazard",
        "competition_share",
        "competitor_activity",
        "competitor_price_gap",
        "suppressed",
    ]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def run_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run the code of a notebook on tables of results and on causes.json."""

    def run(name: str, tables: dict[str, pd.DataFrame], facts: dict[str, Any], lang: str) -> None:
        results = tmp_path / "data" / "results"
        results.mkdir(parents=True)
        for table, rows in tables.items():
            write_table(rows, results / f"{table}.parquet")
        (results / "causes.json").write_text(json.dumps(facts), encoding="utf-8")
        monkeypatch.setenv("WHYCHURN_STUDY", str(tmp_path))
        monkeypatch.setenv(LANG, lang)
        space: dict[str, Any] = {}
        for cell in jupytext.read(PROJECT / "notebooks" / f"{name}.py").cells:
            if cell.cell_type == "code":
                exec(cell.source, space)

    return run
