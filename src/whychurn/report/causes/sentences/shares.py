"""What the report on causes says first: shares, avoidable churn, what is not known, how accurate this is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.codes import PLANTED
from whychurn.labels import join
from whychurn.report.causes.sentences.method_overview import method_name, method_overview, rankings
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say_or
from whychurn.score.yardstick.measured import load_yardstick, supported

FORMATS: Final = {
    **dict.fromkeys(("share", "low", "high", "named_share", "avoidable_share"), "percent"),
    **dict.fromkeys(("first_half", "second_half", "confidence", "competition_share", "hazard"), "percent"),
    **dict.fromkeys(("difference", "gap"), "points"),
    **dict.fromkeys(
        ("p_adjusted", "rank_agreement", "value", "events_per_1000_member_years", "pull"), "number"
    ),
    **dict.fromkeys(("churn_events", "at_risk"), "int"),
    **dict.fromkeys(CAUSES, "percent"),
}
TOLD: Final = 3  # causes that the answer names


def six(shares: pd.DataFrame) -> pd.DataFrame:
    """Rows of the six causes with a share, largest first (cause_shares)."""
    if shares.empty:
        return shares
    return shares[shares["cause"].isin(CAUSES) & shares["share"].notna()].sort_values(
        "share", ascending=False, kind="stable", ignore_index=True
    )


def ranges(shares: pd.DataFrame) -> pd.DataFrame:
    """Rows of causes that cannot be told, of which only what is left for them is known (cause_shares)."""
    return shares[shares["cause"].isin(CAUSES) & shares["share"].isna() & shares["high"].notna()]


def ranked(shares: pd.DataFrame) -> pd.DataFrame:
    """Six causes, most avoidable first, by share where that is not known; causes that cannot be told come last."""
    rows = pd.concat([six(shares), ranges(shares)], ignore_index=True)
    return rows.sort_values(
        ["avoidable_share", "share", "high"], ascending=False, kind="stable", ignore_index=True
    )


def from_words(facts: Mapping[str, Any]) -> bool:
    """Whether enough leavers said why; if not, causes are told from traces alone, as far as they go."""
    return bool(facts.get("from_words", True))


def rung_of(facts: Mapping[str, Any]) -> str:
    """Rung of a share: attributed where leavers were asked by lot, or where shares without such a draw held on
    programmes built otherwise; else associated.
    """
    if (facts.get("interviews") or {}).get("basis") == "lot":
        return "attributed"
    answers, lacking = float(facts.get("answered") or 0), bool(facts.get("without_records"))
    held = from_words(facts) and supported(load_yardstick(), answers, lacking)
    return "attributed" if held else "associated"


def unknown_share(shares: pd.DataFrame) -> float:
    """Share of leavings whose cause cannot be told."""
    return float(shares.loc[shares["cause"] == UNKNOWN, "share"].fillna(0.0).sum())


def untold_lines(grounds: pd.DataFrame, page: PageLike) -> list[str]:
    """For each cause that cannot be told: what is on record of it, and which tables would tell."""
    rows = grounds[~grounds["told"].astype(bool)] if len(grounds) else grounds
    lines = []
    for row in rows.to_dict("records"):
        key = "nothing" if not row["exposures"] else "untested" if pd.isna(row["p_value"]) else "no_sign"
        record = page.say(
            f"causes.record_{key}",
            exposure=say_or(f"causes.exposure_{row['exposure']}", page.lang, str(row["exposure"])),
            most=page.format(row["high"], "percent"),
        )
        cause = page.say(f"causes.{row['cause']}")
        needs = page.say(f"causes.needs_{row['cause']}")
        lines.append(page.say("causes.claim_untold_cause", cause=cause, record=record, needs=needs))
    return [*lines, page.say("causes.claim_ask")] if lines else []


def unnamed(shares: pd.DataFrame) -> float | None:
    """Share of leavings for which no cause is named; None where there are no leavings."""
    rows = shares[shares["cause"] == UNKNOWN] if len(shares) else shares
    return float(rows["named_share"].iloc[0]) if len(rows) and rows["churn_events"].iloc[0] > 0 else None


def answer(shares: pd.DataFrame, facts: Mapping[str, Any], page: PageLike) -> str:
    """The answer box: the largest causes, what could be avoided, what is not known."""
    rows = six(shares)
    if rows.empty:
        return page.say("causes.answer_untold" if facts.get("churn_events") else "causes.answer_none")
    told = "" if from_words(facts) else "trace_"
    parts = [
        page.say(f"causes.answer_{told}{'first' if place == 0 else 'next'}", **_cause(row, page))
        for place, row in enumerate(rows.head(TOLD).to_dict("records"))
    ]
    counted = page.format(facts.get("churn_events"), "int")
    lines = [page.say("causes.answer_shares", churn_events=counted, causes=join(parts, page.lang, "，"))]
    if told:
        rest = page.format(unknown_share(shares), "percent")
        return "\n\n".join([*lines, page.say("causes.answer_rest", share=rest)])
    saved = avoidable(rows)
    if len(saved):
        lines += [page.say("causes.answer_avoidable", **_saved(saved.iloc[0], page)), difference(page)]
    open_share = unnamed(shares)
    if open_share is not None:
        lines.append(page.say("causes.answer_unknown", share=page.format(open_share, "percent")))
    return "\n\n".join(lines)


def difference(page: PageLike) -> str:
    """Why the share of a cause and the churn that could be avoided are not the same number."""
    return page.say("causes.claim_difference")


def avoidable(rows: pd.DataFrame) -> pd.DataFrame:
    """Causes whose avoidable churn is known, most first; none where the method cannot tell."""
    if rows.empty:
        return rows
    return rows[rows["avoidable_share"].notna()].sort_values(
        "avoidable_share", ascending=False, kind="stable"
    )


def headlines(
    shares: pd.DataFrame, facts: Mapping[str, Any], scores: pd.DataFrame, page: PageLike
) -> list[tuple[str, float, str, str]]:
    """Headline key, plain number, sentence and rung; only those that this study can tell."""
    rows, found = six(shares), []
    if rows.empty:
        gone = float(facts.get("churn_events") or 0)
        return [("why.untold", gone, page.say("causes.head_untold"), "described")] if gone else []
    rung, words = rung_of(facts), from_words(facts)
    for key, row in zip(("why.cause_first", "why.cause_second"), rows.to_dict("records"), strict=False):
        text = page.say(f"causes.head_{'share' if words else 'trace'}", **_cause(row, page))
        found.append((key, row["share"], text, rung))
    if not words:
        rest = unknown_share(shares)
        text = page.say("causes.head_rest", share=page.format(rest, "percent"))
        return [*found, ("why.untold", rest, text, rung)]
    saved = avoidable(rows)
    if len(saved):
        text = page.say("causes.head_avoidable", **_saved(saved.iloc[0], page))
        found.append(("why.could_be_avoided", saved["avoidable_share"].iloc[0], text, rung))
    open_share = unnamed(shares)
    if open_share is not None:
        text = page.say("causes.head_unknown", share=page.format(open_share, "percent"))
        found.append(("why.unnamed", open_share, text, rung))
    mine = _own_scores(scores, str(facts.get("method")))
    if mine is not None and pd.notna(mine["accuracy_named"]):
        text = page.say("causes.head_accuracy", share=page.format(mine["accuracy_named"], "percent"))
        found.append(("how_sure.causes", mine["accuracy_named"], text, "described"))
    return found


def confidence(
    shares: pd.DataFrame, facts: Mapping[str, Any], scores: pd.DataFrame, page: PageLike
) -> list[str]:
    """How accurate the reasons are, and what limits them here."""
    measured_here = len(six(shares)) and from_words(facts)
    lines = _accuracy(facts, scores, page) if measured_here else []
    return lines + [limit[page.lang] for limit in facts.get("limits", [])]


def _accuracy(facts: Mapping[str, Any], scores: pd.DataFrame, page: PageLike) -> list[str]:
    method = str(facts.get("method"))
    mine = _own_scores(scores, method)
    if mine is not None:
        shares = {"accuracy": "accuracy_named", "abstained": "abstained", "error": "share_error_largest"}
        values = {name: page.format(mine[column], "percent") for name, column in shares.items()}
        lines = [page.say("causes.claim_planted", method=method_name(method, page.lang), **values)]
        if pd.notna(mine["skill"]):
            lines.append(page.say("causes.claim_skill", skill=page.format(mine["skill"], "number")))
        return [*lines, page.say("causes.yardstick_simulated")]
    return [page.say("causes.yardstick_none")]


def shares_table(shares: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """One row a cause: named, share and avoidable churn with their intervals; a range alone where it cannot be told."""
    rows = pd.concat([ranked(shares), shares[shares["cause"] == UNKNOWN]], ignore_index=True)
    return pd.DataFrame(
        {
            "cause": [page.say(f"causes.{cause}") for cause in rows["cause"]],
            "share": rows["share"].to_numpy("float64"),
            "interval": [
                spread(low, high, page) for low, high in zip(rows["low"], rows["high"], strict=True)
            ],
            "named_share": rows["named_share"].to_numpy("float64"),
            "avoidable_share": rows["avoidable_share"].to_numpy("float64"),
            "avoidable_interval": [
                spread(low, high, page)
                for low, high in zip(rows["avoidable_low"], rows["avoidable_high"], strict=True)
            ],
        }
    )


def rank_table(scores: pd.DataFrame, method: str, page: PageLike) -> pd.DataFrame:
    """Rank of each cause by true avoidable churn, SHAP families and `method`; empty without ground truth."""
    table = rankings(scores, list(dict.fromkeys(["shap_family", method]))) if len(scores) else scores
    if table.empty:
        return table
    wide = table.pivot(index="cause", columns="method", values="rank").reindex(table["cause"].unique())
    wide = wide[[name for name in table["method"].unique() if name in wide]].reset_index()
    names = {name: method_name(str(name), page.lang) for name in wide if name not in ("cause", PLANTED)}
    return wide.assign(cause=[page.say(f"causes.{cause}") for cause in wide["cause"]]).rename(columns=names)


def spread(low: float, high: float, page: PageLike) -> str:
    """An interval of shares as text, a dash where it is not known."""
    if pd.isna(low) or pd.isna(high):
        return "–"
    return page.say("causes.interval", low=page.format(low, "percent"), high=page.format(high, "percent"))


def _own_scores(scores: pd.DataFrame, method: str) -> pd.Series | None:
    if scores.empty:
        return None
    rows = method_overview(scores)
    mine = rows[rows["method"] == method]
    return mine.iloc[0] if len(mine) else None


def _cause(row: Mapping[Any, Any], page: PageLike) -> dict[str, str]:
    return {
        "cause": page.say(f"causes.{row['cause']}"),
        "share": page.format(row["share"], "percent"),
        "interval": spread(row["low"], row["high"], page),
    }


def _saved(row: pd.Series, page: PageLike) -> dict[str, str]:
    return {
        "cause": page.say(f"causes.{row['cause']}"),
        "share": page.format(row["avoidable_share"], "percent"),
        "interval": spread(row["avoidable_low"], row["avoidable_high"], page),
    }
