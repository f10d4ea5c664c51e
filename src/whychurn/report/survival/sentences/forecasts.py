"""Sentences and tables on forecasts of the stay and on what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.report.page.formats import format_interval
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say_or

FORMATS: Final = {
    **dict.fromkeys(("share", "margin_share"), "percent"),
    **dict.fromkeys(("expected_margin", "margin_per_member", "survival_value_at_risk"), "money"),
    **dict.fromkeys(("members", "expected_stay_days"), "int"),
}
MEASURES: Final = ("ibs", "uno_c", "auc", "ratio")


def answer(facts: Mapping[str, Any], page: PageLike) -> str:
    """Expected stay, margin and value at risk of today's members; why not, where there is none."""
    worth = facts["lifetime"]
    if worth["status"] != "ok":
        return worth["reason"][page.lang]
    words = {
        "horizon": worth["horizon_days"],
        "stay": page.format(worth["expected_stay_days"], "int"),
        "model": page.say(f"survival.model_{worth['model']}"),
    }
    if worth["expected_margin"] is None:
        return page.say("survival.answer_forecast_stay", **words)
    tested = "answer_forecast" if facts["challenge"]["status"] == "ok" else "answer_forecast_untested"
    return page.say(
        f"survival.{tested}", **words, **_amounts(worth, page), members=page.format(worth["members"], "int")
    )


def _amounts(worth: Mapping[str, Any], page: PageLike) -> dict[str, str]:
    columns = {"margin": "expected_margin", "risk": "survival_value_at_risk"}
    return {name: page.format(worth[column], "money") for name, column in columns.items()}


def verdict(facts: Mapping[str, Any], scores: pd.DataFrame, page: PageLike) -> list[str]:
    """Which model was chosen and why, and how far it was tested."""
    found = facts["challenge"]
    if found["status"] != "ok":
        return [found["reason"][page.lang]]
    lines = [_choice(found, page)]
    if not found["beats_km"]:
        lines.append(page.say("survival.claim_not_better_than_km"))
    ratio = _value(scores, "cox", "ratio", found["ibs_days"])
    if found["chosen"] != "cox" and ratio is not None and ratio < 0.9:
        lines.append(
            page.say("survival.claim_held", days=found["ibs_days"], ratio=page.format(ratio, "percent"))
        )
    if facts["kind"] == "inactivity":
        lines.append(page.say("survival.claim_waiting", days=facts["grace_days"]))
    for test in found["tests"]:
        for days in test["extrapolated"]:
            ratio = _value(scores, found["chosen"], "ratio", days)
            if ratio is not None:
                words = {
                    "days": days,
                    "date": page.format(test["landmark_on"], "date"),
                    "learned": test["learning_days"],
                }
                lines.append(page.say("survival.claim_far", **words, ratio=page.format(ratio, "percent")))
    lines += [page.say("survival.claim_untested", days=days) for days in found["untested_horizons"]]
    return lines


def _choice(found: Mapping[str, Any], page: PageLike) -> str:
    ibs, chosen = found["ibs"], found["chosen"]
    words: dict[str, Any] = {name: f"{value:.4f}" for name, value in ibs.items()}
    if chosen == "boosted":
        rivals = [name for name in ("cox", "cox_landmark") if name in ibs]
        best = min(rivals, key=lambda name: ibs[name], default=None)
        cox = {
            "cox": words[best] if best else "–",
            "best_cox_name": page.say(f"survival.model_{best or 'cox'}"),
        }
        return page.say(
            "survival.claim_chosen_boosted",
            ibs=words["boosted"],
            days=found["ibs_days"],
            km=words["km"],
            **cox,
        )
    return page.say(
        "survival.claim_chosen_cox", chosen=page.say(f"survival.model_{chosen}"), ibs=words[chosen],
        days=found["ibs_days"], km=words["km"], boosted=words.get("boosted", "–"),
    )  # fmt: skip


def calibrated(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    """Departures that the chosen model expected, against those that came; nothing without a test."""
    found = facts["challenge"]
    if found["status"] != "ok":
        return []
    days = found["ibs_days"]
    shares = {
        name: page.format(found["figures"][f"{name}_{days}"]["estimate"], "percent")
        for name in ("expected", "observed")
    }
    ratio = {
        name: f"{found['figures'][f'ratio_{days}'][key]:.2f}"
        for name, key in (("ratio", "estimate"), ("low", "low"), ("high", "high"))
    }
    return [page.say("survival.claim_calibrated", days=days, **shares, **ratio)]


def evenness(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    """Whether members leave evenly over their own forecast curves; nothing without a test."""
    found = facts["challenge"]
    if found["status"] != "ok":
        return []
    p = found["d_calibration_p"][found["chosen"]]
    key = "evenly_yes" if p >= 0.05 else "evenly_no"
    return [page.say(f"survival.{key}", p=f"{p:.2f}" if p >= 0.01 else "<0.01")]


def worth(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    """How far the value reaches beyond the test."""
    found = facts["lifetime"]
    if found["status"] != "ok":
        return []
    lines = []
    if found["beyond_test"]:
        words = {"horizon": found["horizon_days"], "tested": found["tested_days"]}
        lines.append(page.say("survival.claim_beyond", **words))
    if found.get("purchases_too_regular"):
        lines.append(page.say("survival.claim_too_regular"))
    return lines


def spend_lines(facts: Mapping[str, Any], page: PageLike) -> list[str]:
    """How the forecasts of spend did on later days; nothing where none was tested."""
    found = facts["lifetime"]
    held = found.get("holdout") if found["status"] == "ok" else None
    if not held:
        return []
    words = {name: page.format(held["mae"][name], "money") for name in ("panel", "bgnbd")}
    words |= {"window": held["window_days"], "date": page.format(held["landmark_on"], "date")}
    return [page.say(f"survival.claim_spend_{held['better']}", **words)]


def forecast_table(scores: pd.DataFrame, facts: Mapping[str, Any], page: PageLike) -> pd.DataFrame:
    """One row a model: measures of the main test day with their intervals, as text."""
    main = scores[scores["main"].astype(bool) & scores["metric"].isin(MEASURES)]
    main = main[(main["metric"] != "ratio") | (main["horizon_days"] == facts["challenge"]["ibs_days"])]
    rows = []
    for model, mine in main.groupby("model", sort=False):
        cells = {"model": page.say(f"survival.model_{model}")}
        for row in mine.to_dict("records"):
            digits = 4 if row["metric"] == "ibs" else 2
            cells[f"{row['metric']}_{row['horizon_days']}"] = format_interval(row, f"{{:.{digits}f}}".format)
        p = facts["challenge"]["d_calibration_p"].get(model)
        rows.append({**cells, "d_calibration": "–" if p is None else f"{p:.2f}" if p >= 0.01 else "<0.01"})
    return pd.DataFrame(rows)  # fmt: skip


def forecast_labels(table: pd.DataFrame, page: PageLike) -> dict[str, str]:
    """Headings of `forecast_table`."""
    labels = {
        "model": page.say("survival.column_model"),
        "d_calibration": page.say("survival.column_d_calibration"),
    }
    for column in table.columns.drop(list(labels), errors="ignore"):
        metric, _, days = column.rpartition("_")
        labels[column] = page.say(f"survival.metric_{metric}", days=days)
    return labels


def tiers_table(tiers: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """lifetime_tiers with readable tiers."""
    return tiers.assign(tier=[say_or(f"survival.tier_{tier}", page.lang, tier) for tier in tiers["tier"]])


def spend_table(holdout: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """lifetime_holdout, a row a method, measures with intervals as text."""
    rows = []
    for method, mine in holdout.groupby("method", sort=False):
        values = mine.set_index("metric").to_dict("index")
        cells = {"method": page.say(f"survival.method_{method}")}
        for metric, column, digits in (
            ("mae", "mae", 0),
            ("ratio", "total_ratio", 2),
            ("rank_correlation", "rank_correlation", 2),
        ):
            cells[column] = format_interval(values[metric], f"{{:,.{digits}f}}".format)
        rows.append(cells)
    return pd.DataFrame(rows)


def _value(scores: pd.DataFrame, model: str, metric: str, days: int) -> float | None:
    found = scores[
        (scores["model"] == model) & (scores["metric"] == metric) & (scores["horizon_days"] == days)
    ]
    return float(found["estimate"].iloc[0]) if len(found) else None
