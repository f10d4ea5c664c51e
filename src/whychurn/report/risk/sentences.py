"""Sentences and tables of the risk report, from results files; nothing is computed anew."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from whychurn.contract.codes import RISK_MODEL, RISK_MODELS
from whychurn.contract.suppression import suppress_small_cells, suppress_small_counts
from whychurn.labels import join
from whychurn.report.page.formats import ESTIMATE, format_interval
from whychurn.report.page.page_like import PageLike
from whychurn.report.words import say, say_or

ORDER: Final = ("auc", "pr_auc", "lift_5", "profit")  # who comes before whom
CHANCE: Final = 0.5  # AUC of a forecast that knows nothing
LISTED: Final = "gone_5"  # metric of who of a list had already gone, at the length that is told
ONE_LINE: Final = "{} [{},\u00a0{}]"  # a no-break space: one line for the interval
OF_HUNDRED: Final = "{}% [{},\u00a0{}]"
PLACES: Final = {"profit": 0, "lift_5": 1}  # decimals; three for the rest
TRUST: Final = ("brier", "log_loss", "ece")  # whether probabilities can be taken at their word
_COUNTS: Final = {"members": "int", "rows": "int", "events": "int"}
STRATA_FORMATS: Final = _COUNTS | {"rate": "percent", "mean_p": "percent"}
RULE_FORMATS: Final = _COUNTS | {"p_train": "percent", "rate": "percent", "share": "percent"}
GONE_FORMATS: Final = {
    "members": "int",
    "days_silent": "int",
    "usual_gap_days": "int",
    "margin_exposed": "money",
}
ARCHETYPE_FORMATS: Final = {
    "members": "int",
    "share": "percent",
    "p_churn_mean": "percent",
    "value_at_risk": "money",
}


def answer(facts: dict[str, Any], page: PageLike) -> str:
    """The report's answer: who is next, what it costs, how sure."""
    figures = facts["headline"]
    parts = [
        page.say(
            "risk.answer" if ranks(facts) else "risk.answer_no_ranks",
            date=page.format(facts["scored_on"], "date"),
            scored=page.format(facts["scored"], "int"),
            expected=page.members(round(facts["expected_leavers"])),
            horizon=facts["horizon_days"],
            high=page.members(facts["high_risk"]),
            limit=page.format(facts["high_risk_from"], "percent"),
        )
    ]
    if facts["value_at_risk"] is not None:
        parts.append(page.say("risk.answer_value", value=page.format(facts["value_at_risk"], "money")))
    parts.insert(1, gone_answer(facts, page))
    parts.append(
        page.say(
            "risk.answer_sure",
            auc=format_interval(figures["auc"], "{:.3f}".format),
            ece=page.format(figures["ece"]["estimate"], "percent"),
        )
    )
    return "\n\n".join(parts)


def gone_answer(facts: dict[str, Any], page: PageLike) -> str:
    """How many stand apart as already gone."""
    gone = facts["already_gone"]["all"]
    return (
        page.say("risk.answer_gone", gone=page.members(gone)) if gone else page.say("risk.answer_nobody_gone")
    )


def gone_claims(facts: dict[str, Any], page: PageLike) -> list[str]:
    """Who of the listed had gone before, how many of those who stand apart came back, who was seen again for sure."""
    figures, told = facts["gone_listed"], []
    shares = [figures.get(stratum, {}).get(LISTED) for stratum in ("still_there", "everybody")]
    if all(shares):
        there, everybody = (format_interval(one, _whole_percent) for one in shares)
        share = page.format(int(LISTED.removeprefix("gone_")) / 100, "percent")
        told.append(page.say("risk.gone_listed", share=share, there=there, everybody=everybody))
    if apart := figures.get("already_gone", {}).get("gone"):
        back = {"estimate": 1 - apart["estimate"], "low": 1 - apart["high"], "high": 1 - apart["low"]}
        told.append(page.say("risk.gone_back", back=format_interval(back, _whole_percent)))
    if auc := facts["seen_again"].get("auc"):
        told.append(page.say("risk.gone_seen", auc=format_interval(auc, "{:.3f}".format)))
    return told


def gone_table(gone: pd.DataFrame, lang: str, min_cell: int) -> pd.DataFrame:
    """Members who are already gone, by why."""
    medians = gone.groupby("why")[["days_silent", "usual_gap_days"]].median()
    sums = gone.groupby("why")["margin_exposed"].sum(min_count=1)
    table = medians.assign(members=gone["why"].value_counts(), margin_exposed=sums).reset_index()
    table["why"] = [say(f"risk.why_{why}", lang) for why in table["why"]]
    table = table[["why", "members", "days_silent", "usual_gap_days", "margin_exposed"]]
    return suppress_small_cells(
        table, "members", ["days_silent", "usual_gap_days", "margin_exposed"], min_cell
    )


def _whole_percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def ranks(facts: dict[str, Any]) -> bool:
    """Whether the forecast clearly puts leavers before stayers: the interval of its AUC lies above one half."""
    low = facts["headline"]["auc"].get("low")
    return low is not None and pd.notna(low) and low > CHANCE


def no_answer(facts: dict[str, Any], page: PageLike) -> str:
    """Why there is no forecast, and how many are already gone."""
    if not facts.get("reason"):
        return page.say("risk.not_run")
    return "\n\n".join([facts["reason"][page.lang], gone_answer(facts, page)])


def headlines(facts: dict[str, Any], page: PageLike) -> list[tuple[str, Any, str, str]]:
    """Key, plain value, sentence and rung of each number that the index quotes."""
    figures = facts["headline"]
    lines = [
        (
            "who_next.high_risk",
            facts["high_risk"],
            page.say(
                "risk.head_high",
                high=page.members(facts["high_risk"]),
                limit=page.format(facts["high_risk_from"], "percent"),
                horizon=facts["horizon_days"],
            ),
            "associated",
        ),
        (
            "who_next.already_gone",
            facts["already_gone"]["all"],
            page.say("risk.head_gone", gone=page.members(facts["already_gone"]["all"])),
            "described",
        ),
        (
            "who_next.lift_5",
            figures["lift_5"]["estimate"],
            page.say("risk.head_lift", **lift_words(facts, page)),
            "described",
        ),
        (
            "how_sure.auc",
            figures["auc"]["estimate"],
            page.say("risk.head_auc", pairs=format_interval(figures["auc"], _hundred)),
            "described",
        ),
        (
            "how_sure.ece",
            figures["ece"]["estimate"],
            page.say("risk.head_ece", ece=page.format(figures["ece"]["estimate"], "percent")),
            "described",
        ),
    ]
    if facts["value_at_risk"] is not None:
        value = page.format(facts["value_at_risk"], "money")
        text = page.say("risk.head_value", value=value)
        lines.insert(3, ("cost.value_at_risk", facts["value_at_risk"], text, "associated"))
    if not ranks(facts):
        text = page.say("risk.head_no_ranks", pairs=format_interval(figures["auc"], _hundred))
        dropped = ("who_next.high_risk", "who_next.lift_5", "how_sure.auc")
        known = [line for line in lines if line[0] not in dropped]
        return [("who_next.not_told", figures["auc"]["estimate"], text, "described"), *known]
    return [line for line in lines if "lift_5" in figures or line[0] != "who_next.lift_5"]


def lift_words(facts: dict[str, Any], page: PageLike) -> dict[str, str]:
    """Lift and gain at 5 %."""
    figures = facts["headline"]
    return {
        "lift": format_interval(figures["lift_5"], "{:.1f}".format),
        "gain": page.format(figures["gain_5"]["estimate"], "percent"),
    }


def embargo(facts: dict[str, Any], page: PageLike) -> str:
    """That no outcome which was learnt from lies in the test period; the risk stage stops where one does."""
    learnt = max(pd.Timestamp(day) for part in ("train", "calibration") for day in facts["as_of"][part])
    until = learnt + pd.Timedelta(days=facts["known_days"])
    test = page.format(min(facts["as_of"]["test"]), "date")
    return page.say("risk.embargo", until=page.format(until, "date"), test=test)


def verdict(facts: dict[str, Any], page: PageLike) -> str:
    """Which baselines the model beats, and which it does not."""
    sides = facts["beats_baseline"]
    beaten, equal = (
        join((page.say(f"risk.model_{n}") for n, won in sides.items() if won is side), page.lang)
        for side in (True, False)
    )
    if not equal:
        return page.say("risk.verdict_all", beaten=beaten)
    return (
        page.say("risk.verdict_some", beaten=beaten, equal=equal)
        if beaten
        else page.say("risk.verdict_none", equal=equal)
    )


def profit_lines(lift: pd.DataFrame, page: PageLike) -> list[str]:
    """The share of members at which contacting by the model's scores earns most, or that it nowhere earns its cost."""
    rows = lift[lift["model"].eq(RISK_MODEL) & lift["profit"].notna()]
    if rows.empty:
        return []
    best = rows.loc[rows["profit"].idxmax()]
    if best["profit"] <= 0:
        return [page.say("risk.found_no_profit")]
    profit = page.format(best["profit"], "money")
    return [page.say("risk.found_profit", share=page.format(best["share"], "percent"), profit=profit)]


def model_table(metrics: pd.DataFrame, lang: str, measures: tuple[str, ...]) -> pd.DataFrame:
    """One row per model: `measures` with their intervals."""
    return _wide(metrics[metrics["stratum_kind"] == "all"], ["model"], lang, list(measures))


def strata_table(metrics: pd.DataFrame, lang: str, min_cell: int) -> pd.DataFrame:
    """The model by month and by spend tier, small cells withheld; a row is a member-month."""
    mine = metrics[(metrics["model"] == RISK_MODEL) & metrics["stratum_kind"].isin(["month", "tier"])]
    keys = ["stratum_kind", "stratum", "members", "rows", "events"]
    values = mine.pivot_table(index=keys, columns="metric", values="estimate", observed=True).reset_index()
    table = values[[*keys, "rate", "mean_p"]].copy()
    ranges = _wide(mine, ["stratum_kind", "stratum"], lang, ["ece", "auc"])
    table = table.merge(ranges, on=["stratum_kind", "stratum"])
    table["stratum"] = [say_or(f"retention.segment_{name}", lang, name) for name in table["stratum"]]
    table["stratum_kind"] = [say(f"risk.stratum_{kind}", lang) for kind in table["stratum_kind"]]
    told = ["rate", "mean_p", "ece", "auc"]
    return suppress_small_counts(table, {"members": ["rows", "events", *told], "events": told}, min_cell)


def gains_table(metrics: pd.DataFrame, shares: list[float]) -> pd.DataFrame:
    """The model's lift and gain at each share of members contacted, with intervals."""
    mine = metrics[(metrics["model"] == RISK_MODEL) & (metrics["stratum_kind"] == "all")]
    found = mine.set_index("metric")[list(ESTIMATE)].astype(float).to_dict("index")
    told = [
        (
            share,
            format_interval(found[f"gain_{100 * share:g}"], _hundred, shape=OF_HUNDRED),
            format_interval(found[f"lift_{100 * share:g}"], "{:,.1f}".format, shape=ONE_LINE),
        )
        for share in shares
        if f"gain_{100 * share:g}" in found
    ]
    return pd.DataFrame(told, columns=["contacted", "gain", "lift"])


def _hundred(share: float) -> str:
    return f"{100 * share:,.1f}"


def pairs_table(pairs: pd.DataFrame, importance: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Strongest interactions by readable names."""
    labels = importance.set_index("feature")[f"label_{lang}"]
    names = {f"feature_{side}": pairs[f"feature_{side}"].map(labels) for side in "ab"}
    return pd.DataFrame({**names, "strength": pairs["strength"]})


def rules_table(rules: pd.DataFrame, lang: str, min_cell: int) -> pd.DataFrame:
    """The shallow tree as rules, with what was observed in the test period."""
    table = rules.rename(columns={f"rule_{lang}": "rule"})[
        ["rule", "p_train", "rate", "share", "members", "rows", "events"]
    ]
    counts = {"members": ["p_train", "rate", "share", "rows", "events"], "events": ["rate"]}
    return suppress_small_counts(table, counts, min_cell)


def archetype_table(archetypes: pd.DataFrame, lang: str, min_cell: int) -> pd.DataFrame:
    """Groups of members at high risk."""
    table = archetypes.rename(columns={f"name_{lang}": "name", f"features_{lang}": "features_named"})
    table = table[["name", "features_named", "members", "share", "p_churn_mean", "value_at_risk"]]
    return suppress_small_cells(table, "members", ["share", "p_churn_mean", "value_at_risk"], min_cell)


def _wide(rows: pd.DataFrame, keys: list[str], lang: str, metrics: list[str]) -> pd.DataFrame:
    """One column per measure, “estimate [low, high]” as text."""
    kept = rows[rows["metric"].isin(metrics)].copy()
    kept["text"] = [
        format_interval(row, f"{{:,.{PLACES.get(row['metric'], 3)}f}}".format, shape=ONE_LINE)
        for row in kept.to_dict("records")
    ]
    wide = kept.pivot(index=keys, columns="metric", values="text").reset_index()
    wide.columns.name = None
    if keys == ["model"]:
        wide = wide.set_index("model").reindex([name for name in RISK_MODELS if name in set(wide["model"])])
        wide = wide.reset_index()
        wide["model"] = [say(f"risk.model_{name}", lang) for name in wide["model"]]
    return wide[[*keys, *(name for name in metrics if name in wide)]]
