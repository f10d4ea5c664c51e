"""Sentences and tables on what goes along with a shorter or longer stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.labels import join
from whychurn.report.page.formats import ROUND, format_interval
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say_or

FORMATS: Final = dict.fromkeys(("vif", "vif_after", "change_before", "change_after"), "number")


def strongest(
    ratios: pd.DataFrame, facts: Mapping[str, Any], level: float, page: PageLike, most: int
) -> list[str]:
    """The significant ratios furthest from one; the reason where there is no model."""
    found = facts["cox"]
    if found["reason"] is not None:
        return [page.say(f"survival.{found['reason']}")]
    rows = clear_ratios(ratios, level)
    size = np.log(rows["hazard_ratio"]).abs()
    lines = [
        page.say(
            f"survival.claim_cox_strongest_{'up' if row['hazard_ratio'] > 1 else 'down'}",
            label=row[f"label_{page.lang}"],
            ratio=f"{row['hazard_ratio']:.2f}",
            low=f"{row['low']:.2f}",
            high=f"{row['high']:.2f}",
        )
        for row in rows.loc[size.nlargest(most).index].to_dict("records")
    ]
    return lines or [page.say("survival.claim_cox_none", terms=found["terms"])]


def clear_ratios(ratios: pd.DataFrame, level: float) -> pd.DataFrame:
    """Ratios of the model after, above chance, of covariates that are known, a row a feature."""
    rows = ratios[
        (ratios["model"] == "after") & (ratios["p_adjusted"] < level) & (ratios["kind"] != "unknown")
    ]
    size = np.log(rows["hazard_ratio"]).abs()
    return rows.loc[size.sort_values(ascending=False).index].drop_duplicates("feature")


def drift_lines(facts: Mapping[str, Any], tolerated: float, page: PageLike) -> list[str]:
    """How many ratios change in the course of a stay, and how many were acted on; nothing without a model."""
    found = facts["cox"]
    if found["reason"] is not None:
        return []
    days = {name: page.format(found[f"{name}_day"], "int") for name in ("early", "late")}
    tested = {name: found[name] for name in ("tested", "significant", "drifting")}
    return [page.say("survival.claim_cox_proportional", ratio=f"{tolerated:g}", **tested, **days)]


def bend_lines(facts: Mapping[str, Any], collinear: pd.DataFrame, page: PageLike) -> list[str]:
    """Which numbers bend by enough to earn their parameters; nothing where none was tried."""
    found = facts["cox"]
    if found["reason"] is not None or not found["curves_tried"]:
        return []
    if not found["curves"]:
        return [page.say("survival.claim_cox_no_curves", tried=found["curves_tried"])]
    names = dict(zip(collinear["feature"], collinear[f"label_{page.lang}"], strict=True))
    words = {"kept": len(found["curves"]), "tried": found["curves_tried"]}
    return [page.say("survival.claim_cox_curves", features=_joined(found["curves"], names, page), **words)]


def cause_lines(by_cause: pd.DataFrame, level: float, page: PageLike) -> list[str]:
    """The clear ratio of a single cause that lies furthest from one."""
    clear = by_cause[by_cause["p_adjusted"] < level]
    if clear.empty:
        return [page.say("survival.claim_cause_ratio_none")]
    row = clear.loc[np.log(clear["hazard_ratio"]).abs().idxmax()]
    words = {"cause": page.say(f"causes.{row['cause']}"), "label": row[f"label_{page.lang}"]}
    ends = {"ratio": "hazard_ratio", "low": "low", "high": "high"}
    return [
        page.say(
            "survival.claim_cause_ratio", **words, **{word: f"{row[end]:.2f}" for word, end in ends.items()}
        )
    ]


def checks(facts: Mapping[str, Any], collinear: pd.DataFrame, page: PageLike) -> list[str]:
    """What the model rests on: data, choice, collinearity, what has no estimate, negative control."""
    found = facts["cox"]
    if found["reason"] is not None:
        return []
    names = dict(zip(collinear["feature"], collinear[f"label_{page.lang}"], strict=True))
    counts = {name: page.format(found[name], "int") for name in ("rows", "members", "churn_events")}
    lines = [
        page.say("survival.claim_cox_data", **counts),
        page.say(f"survival.claim_cox_rule_{facts['kind']}"),
    ]
    vif = {"vif": f"{found['largest_vif']:.1f}", "condition": f"{found['condition']:.1f}"}
    dropped = [name for name, why in found["left_out"].items() if why == "collinear"]
    key = "dropped" if dropped else "collinear"
    lines.append(page.say(f"survival.claim_cox_{key}", features=_joined(dropped, names, page), **vif))
    lines += _pooled(found, page)
    lines += _without_estimate(found, names, page)
    if control := found["control"]:
        words = {
            "draws": control["draws"],
            "rejected": control["rejected"],
            "expected": f"{control['expected']:.0f}",
        }
        lines.append(page.say("survival.claim_cox_control", **words))
    return lines


def ratio_table(ratios: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """label, ratio before, ratio after, p (BH, after), note; as text with intervals."""
    after, before = (ratios[ratios["model"] == name] for name in ("after", "before"))
    intervals_before = {row["term"]: _interval(row) for row in before.to_dict("records")}
    rows = [
        {
            "label": row[f"label_{page.lang}"],
            "ratio_before": intervals_before.get(row["term"], "–"),
            "ratio_after": _interval(row),
            "p_adjusted": small(row["p_adjusted"]),
            "note": row[f"note_{page.lang}"],
        }
        for row in after.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["label", "ratio_before", "ratio_after", "p_adjusted", "note"]).fillna(
        ""
    )


def drift_table(drift: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """proportional_hazards, readable: the largest changes first."""
    rows = drift.sort_values("change_before", key=lambda change: -np.abs(np.log(change)), ignore_index=True)
    return pd.DataFrame(
        {
            "label": rows[f"label_{page.lang}"],
            "change_before": rows["change_before"],
            "p_value_before": [small(p) for p in rows["p_adjusted"]],
            "action": [page.say(f"survival.action_{action}") for action in rows["action"]],
            "change_after": rows["change_after"],
            "p_value_after": [small(p) for p in rows["p_value_after"]],
        }
    )


def collinear_table(collinear: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """collinearity, readable."""
    rows = collinear.sort_values("vif", ascending=False, kind="stable")
    actions = [page.say(f"survival.collinear_{action}") for action in rows["action"]]
    table = rows.assign(label=rows[f"label_{page.lang}"], action=actions)
    return table[["label", "vif", "vif_after", "action"]]


def cause_table(ratios: pd.DataFrame, level: float, page: PageLike) -> pd.DataFrame:
    """Ratios of the models by cause that stand out from chance: cause, label, ratio, p."""
    rows = ratios[(ratios["p_adjusted"] < level) & ~ratios["term"].str.endswith(":unknown")]
    return pd.DataFrame(
        {
            "cause": [page.say(f"causes.{cause}") for cause in rows["cause"]],
            "label": rows[f"label_{page.lang}"].tolist(),
            "hazard_ratio": [_interval(row) for row in rows.to_dict("records")],
            "p_adjusted": [small(p) for p in rows["p_adjusted"]],
        }
    )


def small(p: float) -> str:
    """A p-value as text; tiny ones are not spelt out."""
    return "–" if pd.isna(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def _pooled(found: Mapping[str, Any], page: PageLike) -> list[str]:
    """Strata with too few leavers each, and what became of them."""
    return [
        page.say(
            f"survival.claim_cox_{'pooled' if name in found['strata'] else 'no_stratum'}",
            column=say_or(f"survival.kind_{name}", page.lang, name),
            levels=page.format(levels, "int"),
        )
        for name, levels in (found.get("strata_pooled") or {}).items()
    ]


def _without_estimate(found: Mapping[str, Any], names: Mapping[str, str], page: PageLike) -> list[str]:
    spoilt = [*found["given_up"], *(name for name, why in found["left_out"].items() if why == "no_estimate")]
    return [page.say("survival.claim_cox_given_up", features=_joined(spoilt, names, page))] if spoilt else []


def _joined(features: Iterable[str], names: Mapping[str, str], page: PageLike) -> str:
    return join((names.get(name, name) for name in features), page.lang, "；")  # names hold commas


def _interval(row: Mapping[Any, Any]) -> str:
    return format_interval(row, "{:.2f}".format, ("hazard_ratio", "low", "high"), ROUND)
