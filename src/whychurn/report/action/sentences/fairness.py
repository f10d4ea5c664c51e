"""How each test was set up, whether its draw was fair, and tables for those who check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.suppression import suppress_small_counts
from whychurn.labels import listed
from whychurn.report.action.names import cause_name, code_name
from whychurn.report.action.results import ActionResults
from whychurn.report.page.components.numbers import bracketed, plain, signed
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import action_name

ALL: Final = "all"  # stratum, and campaign: over all of them
TEST_FORMATS: Final = {
    **dict.fromkeys(("treated", "control"), "int"),
    **dict.fromkeys(("rate_treated", "rate_control"), "percent"),
    "srm_p": "number",
}
BELIEF_FORMATS: Final = {
    "members": "int",
    "cost": "money",
    "belief": "percent",
    "theta": "percent",
    "ceiling": "percent",
}


def campaign_tests(results: ActionResults) -> pd.DataFrame:
    """Read-outs of the main outcome, campaign by campaign, without strata and sums over campaigns."""
    rows = results["action_tests"]
    return rows[(rows["outcome"] == "left") & (rows["stratum"] == ALL) & (rows["campaign_id"] != ALL)]


def guard_title(results: ActionResults, page: PageLike) -> list[str]:
    """A clause that names the actions of `guard_lines`; nothing where there are none."""
    names = [action_name(action, page.lang) for action in likely_harm(results)["action"]]
    return [page.say("action.title_guard", actions=listed(names, page.lang))] if names else []


def guard_lines(results: ActionResults, page: PageLike) -> list[str]:
    """One line for each action of which harm is likely."""
    return [
        page.say(f"action.guard_{row['outcome']}", action=action_name(row["action"], page.lang))
        for row in likely_harm(results).to_dict("records")
    ]


def likely_harm(results: ActionResults) -> pd.DataFrame:
    """Actions of which the tests together make harm likely, though it is not shown: more left, or opted out."""
    rows = results["action_tests"]
    rows = rows[(rows["campaign_id"] == ALL) & (rows["stratum"] == ALL) & (rows["note"] == "harm")]
    effects = results["action_effects"]
    known = set(effects.loc[(effects["rung"] == "caused") & (effects["effect"] > 0), "action"])
    likely = rows[~rows["action"].isin(known) & rows["outcome"].isin(["left", "opted_out"])]
    return likely.sort_values(["action", "outcome"]).drop_duplicates("action")


def test_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """Each test by campaign and action: members, share that left, whether the sizes of the arms are as drawn."""
    rows = campaign_tests(results)
    if rows.empty:
        return pd.DataFrame()
    rows = rows.sort_values(["campaign_id", "action"], kind="stable")
    kept = ["treated", "control", "rate_treated", "rate_control", "srm_p", "suppressed"]
    notes = [code_name("note", note, page.lang) for note in rows["note"]]
    return (
        rows[["campaign_id", *kept]]
        .assign(action=[action_name(action, page.lang) for action in rows["action"]], note=notes)[
            ["campaign_id", "action", *kept[:-1], "note", "suppressed"]
        ]
        .reset_index(drop=True)
    )


def mismatch_lines(results: ActionResults, page: PageLike) -> list[str]:
    """Tests whose arms are not as large as drawn, and tests that wait for their follow-up."""
    rows = campaign_tests(results)
    lines = []
    for note in ("mismatch", "waiting", "no_control", "only_control"):
        found = rows.loc[rows["note"] == note, "campaign_id"].nunique()
        if found:
            lines.append(page.say(f"action.tests_{note}", campaigns=plain(found)))
    return lines


def ceiling_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """Remedies that are no contact, by cause: what mending it could avoid at most, share of all departures."""
    rows = results["playbook"].query("kind == 'programme'").dropna(subset=["cause"])
    lines = [
        {
            "cause": cause_name(cause, page.lang),
            "action": listed([action_name(action, page.lang) for action in mine["action"]], page.lang),
            "ceiling": mine["ceiling"].iloc[0],
            "between": _percents(mine.iloc[0].to_dict(), "ceiling_low", "ceiling_high", page),
        }
        for cause, mine in rows.groupby("cause", sort=True)
    ]
    return pd.DataFrame(lines)


def belief_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """Actions by cause: what was believed, what tests and belief say together, whom it fits today."""
    rows = results["playbook"]
    rows = rows[rows["kind"] == "member"]
    if rows.empty:
        return pd.DataFrame()
    rows = rows.sort_values(["cause", "action"], kind="stable")
    names = {
        "cause": [cause_name(cause, page.lang) for cause in rows["cause"]],
        "action": [action_name(action, page.lang) for action in rows["action"]],
    }
    found = [_percents(row, "low", "high", page) for row in rows.to_dict("records")]
    tested = [code_name("tested", code, page.lang) for code in rows["tested"]]
    measured = {"belief": rows["belief"], "theta": rows["theta"], "between": found}
    use = {"tested": tested, "cost": rows["cost"], "members": rows["members"]}
    told = pd.DataFrame({**names, **measured, **use}).reset_index(drop=True)
    return suppress_small_counts(told, {"members": []}, results.min_cell)


def _percents(row: Mapping[Any, Any], low: str, high: str, page: PageLike) -> str:
    if pd.isna(row[low]) or pd.isna(row[high]):
        return "–"
    return bracketed(
        100 * row[low], 100 * row[high], page.lang, lambda value: f"{signed(value).lstrip('+')}%"
    )
