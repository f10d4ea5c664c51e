"""Today's warnings: members still there whom somebody should look at, those first whom something can keep."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.contact_consent import may_contact, opted_out
from whychurn.action.event_rows import event_pieces
from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.plan.holdout import held_out
from whychurn.action.roles import CONTACTED
from whychurn.action.warnings.alerts import bout_starts
from whychurn.action.warnings.life_stage import stage_of_life
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL, UNKNOWN
from whychurn.contract.results import columns_of, empty_table, stack
from whychurn.contract.tables import CONTACTS
from whychurn.panel.churn_definition import definition_days
from whychurn.risk.value_at_risk import margin_exposed
from whychurn.survival.lifetime.value_tiers import value_tiers

COLUMNS: Final = columns_of("warnings")
WEEKS: Final = 4  # of work that the list holds
REASONS: Final = 3


def warning_list(
    inputs: ActionInputs, rows: pd.DataFrame, alerts: Array, triggers: pd.DataFrame, plan: Section
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Table warnings, and how many were set aside on the way.

    Parameters
    ----------
    rows
        `past_months.past_rows`, up to the decision day.
    alerts
        (rows,) flags: somebody is alerted, today and on past snapshots.
    triggers
        (rows, triggers) flags: rules that fired.
    plan
        Its table plan gives actions, its ``extra["state"]`` likely causes of today; both may be missing.

    Returns
    -------
    warnings, counts
        Sorted by value at risk, those with an action of the plan first; as many as staff can work through in `WEEKS`
        weeks. Counts: members still there, alerted, without consent, held out, beyond capacity, listed.
    """
    today = (rows["as_of"] == inputs.as_of).to_numpy(bool)
    chosen = today & np.asarray(alerts, bool)
    listed = rows[chosen].assign(first_alert_on=bout_starts(rows, alerts)[chosen])
    listed["trigger"] = _names(triggers[chosen])
    wanted, ids = inputs.params.action, listed["member_id"]
    consent = may_contact(inputs.tables["members"], ids, inputs.params.privacy.missing_consent)
    consent &= ~opted_out(inputs.tables["events"], ids)
    held = held_out(ids, inputs.as_of, wanted.holdout_share, wanted.seed)
    counts = {"still_there": int(today.sum()), "alerted": len(listed), "no_consent": int((~consent).sum()),
              "held_out": int((consent & held).sum())}  # fmt: skip
    listed = _with_values(listed[consent & ~held], inputs)
    listed = _with_plan(listed, plan.tables.get("plan", empty_table(columns_of("plan"))))
    listed = listed.sort_values(
        ["keeps", "value_at_risk", "p_churn", "member_id"], ascending=[False, False, False, True]
    )
    room = int(np.ceil(wanted.warnings.capacity_a_week * WEEKS * counts["still_there"]))
    counts["beyond_capacity"] = max(len(listed) - room, 0)
    listed = _with_history(listed.head(room), inputs).assign(cause=_causes(listed.head(room), inputs, plan))
    counts |= {"listed": len(listed), "with_action": int(listed["action"].notna().sum())}
    return stack([listed.reset_index(drop=True)], COLUMNS), counts


def _names(flags: pd.DataFrame) -> pd.Series:
    """Names of the columns that hold, separated by commas; null where none does."""
    names = [",".join(flags.columns[held]) or None for held in flags.to_numpy(bool)]
    return pd.Series(names, index=flags.index, dtype="string")


def _with_values(listed: pd.DataFrame, inputs: ActionInputs) -> pd.DataFrame:
    """Chance, value at risk and reasons of the risk model; tier by expected margin, else by last year's spend."""
    scores = inputs.risk_scores.set_index("member_id")
    member = pd.Index(listed["member_id"])
    values = inputs.lifetime_value.drop_duplicates("member_id").set_index("member_id")
    stake = margin_exposed(listed, inputs.params.business)
    known = values["tier"].reindex(member).astype("object")
    by_spend = pd.Series(value_tiers(stake, inputs.params.survival.value_tiers), index=member, dtype="object")
    at_risk = scores["value_at_risk"].reindex(member).astype("float64")
    shortfall = values["survival_value_at_risk"].reindex(member).astype("float64")
    return listed.assign(
        p_churn=scores["p_churn"].reindex(member).to_numpy("float64"),
        value_at_risk=at_risk.fillna(shortfall).to_numpy(),
        reasons=pd.array(
            [raising_features(text) for text in scores["reasons"].reindex(member)], dtype="string"
        ),
        tier=known.where(known.notna(), by_spend).to_numpy(),
    )


def raising_features(reasons: object) -> str | None:
    """Features of ``risk_scores.reasons`` that raise the chance, at most `REASONS`, separated by commas."""
    if not isinstance(reasons, str):
        return None
    names = [entry["feature"] for entry in json.loads(reasons) if entry["contribution"] > 0]
    return ",".join(names[:REASONS]) or None


def _with_plan(listed: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """First contact that the plan has for the member, and whether it has any."""
    contacts = plan[plan["role"].isin(CONTACTED).to_numpy(bool)].sort_values("rank")
    first = contacts.drop_duplicates("member_id").set_index("member_id")
    member = pd.Index(listed["member_id"])
    found = {name: first[name].reindex(member).to_numpy() for name in ("action", "channel", "gain", "cost")}
    return listed.assign(
        action=found["action"],
        channel=pd.Series(found["channel"], index=listed.index, dtype="string"),  # the features have one, too
        expected_gain=found["gain"],
        cost=found["cost"],
        keeps=member.isin(first.index),
    )


def _with_history(listed: pd.DataFrame, inputs: ActionInputs) -> pd.DataFrame:
    """Stage of life and last contact."""
    threshold = definition_days(str(inputs.panel_facts["definition"]))
    member = pd.Index(listed["member_id"])
    contact = last_contacts(inputs, set(listed["member_id"]))
    return listed.assign(
        stage=stage_of_life(listed, inputs.spells, inputs.params.retention, threshold),
        last_contact_on=contact.reindex(member).to_numpy(),
    )


def _causes(listed: pd.DataFrame, inputs: ActionInputs, plan: Section) -> Array:
    """Likely cause as of today, else as attributed to members at risk; (n,)."""
    causes = inputs.member_causes[inputs.member_causes["status"].eq("at_risk").to_numpy(bool)]
    attributed = causes.drop_duplicates("member_id", keep="last").set_index("member_id")["primary_cause"]
    known = attributed.reindex(pd.Index(listed["member_id"])).astype("object")
    if "state" in plan.extra:
        state = plan.extra["state"].set_index("member_id")["cause"].astype("object")
        today = state.reindex(pd.Index(listed["member_id"].astype("object"))).set_axis(known.index)
        known = today.fillna(known)
    return known.fillna(UNKNOWN).to_numpy()


def last_contacts(inputs: ActionInputs, members: set[str]) -> pd.Series:
    """Day of the last contact before the decision day by member: touches but those held out, and messages among events."""
    touches = inputs.tables["touches"]
    touched = touches["member_id"].isin(members) & (touches["action"] != CONTROL)
    pieces = [touches.loc[touched.to_numpy(bool), ["member_id", "sent_at"]]]
    pieces += [piece[["member_id", "occurred_at"]] for piece in event_pieces(inputs, CONTACTS)]
    last = [_latest(piece.set_axis(["member_id", "at"], axis=1), members, inputs.as_of) for piece in pieces]
    return pd.concat(last).groupby(level=0).max().dt.normalize()


def _latest(times: pd.DataFrame, members: set[str], before: pd.Timestamp) -> pd.Series:
    """Last time ``at`` of some members before a day."""
    rows = times[(times["member_id"].isin(members) & (times["at"] < before)).to_numpy(bool)]
    return rows["at"].groupby(rows["member_id"].astype(object)).max()
