"""All that is known of one member."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

import pandas as pd

from whychurn.api.html import html_table
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError

# table: time, what it says in one line
EVENTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "memberships": ("starts_on", ("plan", "price_paid", "ends_on")),
    "orders": ("ordered_at", ("category", "amount", "returned")),
    "events": ("occurred_at", ("event_type", "value")),
    "feedback": ("created_at", ("source", "rating", "text")),
    "surveys": ("sent_at", ("kind", "reason", "score", "comment")),
    "touches": ("sent_at", ("action", "opened")),
}


@dataclass(frozen=True, eq=False)
class Member:
    """One member of a study.

    Parameters
    ----------
    member_id
        As in the results.
    timeline
        What happened, oldest first: at, table, what.
    risk
        p_churn with its interval, value_at_risk, and reasons (list of dict); empty where the member was not scored.
    causes
        One row a cause that can be told: spell_no, status, cause, p, evidence (sentences in English).
    value
        Expected margin and stay (row of ``lifetime_value``); empty where there is none.
    """

    member_id: str
    timeline: pd.DataFrame = field(repr=False)
    risk: dict[str, Any]
    causes: pd.DataFrame = field(repr=False)
    value: dict[str, Any] = field(repr=False)

    def _repr_html_(self) -> str:
        parts = [f"<h4>{escape(self.member_id)}</h4>"]
        if self.risk:
            told = "".join(f"<li>{escape(reason['text_en'])}</li>" for reason in self.risk["reasons"])
            parts.append(f"<p>Chance to leave: {self.risk['p_churn']:.0%}</p><ul>{told}</ul>")
        if len(self.causes):
            parts.append(html_table("Causes", self.causes, 2))
        if self.value:
            parts.append(html_table("Value", pd.DataFrame([self.value]), 2))
        return "".join([*parts, html_table("Last events", self.timeline.tail(20))])


def find_member(
    member_id: str, tables: Mapping[str, pd.DataFrame], results: Mapping[str, pd.DataFrame]
) -> Member:
    """Gather what tables and results know of one member.

    Raises
    ------
    WhychurnError
        If there is no such member.
    """
    if not (tables["members"]["member_id"] == member_id).any():
        raise WhychurnError(
            f"no member {member_id!r} in this study",
            remedy="ids are those of the results (pseudonyms), such as study.tables['members']['member_id']",
        )
    risk = _row(results, "risk_scores", member_id)
    if risk:
        risk["reasons"] = json.loads(risk["reasons"])
    return Member(
        member_id,
        _timeline(member_id, tables),
        risk,
        _causes(member_id, results),
        _row(results, "lifetime_value", member_id),
    )


def _timeline(member_id: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for name, (time, columns) in EVENTS.items():
        rows = tables[name]
        rows = rows[rows["member_id"] == member_id]
        what = [
            ", ".join(f"{key}: {value}" for key, value in row.items() if pd.notna(value))
            for row in rows[list(columns)].to_dict("records")
        ]
        parts.append(pd.DataFrame({"at": rows[time].to_numpy(), "table": name, "what": what}))
    whole = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return whole.sort_values("at", kind="stable", ignore_index=True)


def _row(results: Mapping[str, pd.DataFrame], name: str, member_id: str) -> dict[str, Any]:
    if name not in results:
        return {}
    rows = results[name]
    rows = rows[rows["member_id"] == member_id]
    return {str(key): value for key, value in rows.iloc[-1].items()} if len(rows) else {}


def _causes(member_id: str, results: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    columns = ["spell_no", "status", "cause", "probability", "evidence"]
    if "member_causes" not in results:
        return pd.DataFrame(columns=columns)
    rows = results["member_causes"]
    lines = []
    for row in rows[rows["member_id"] == member_id].to_dict("records"):
        told = json.loads(row["evidence"])
        known = [cause for cause in CAUSES if pd.notna(row[f"p_{cause}"])]
        for cause in sorted(known, key=lambda cause: -row[f"p_{cause}"]):
            said = "; ".join(one["en"] for one in told if one["cause"] == cause)
            lines.append((row["spell_no"], row["status"], cause, row[f"p_{cause}"], said))
    return pd.DataFrame(lines, columns=columns)
