"""Table `member_state`: every member of the last snapshot as scored, with what the plan does, for answers by id."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.roles import HELD_OUT
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.results import columns_of, empty_table, typed

TABLE: Final = "member_state"
_OF_PLAN: Final = ("action", "channel", "send_on", "expected_gain", "cost")


def member_state_table(inputs: ActionInputs, plan: Section) -> pd.DataFrame:
    """One row a member, in order of member.

    Members who did not agree to be profiled are in no snapshot, so not here.

    Parameters
    ----------
    plan
        Of `plan_section`: its table, and ``extra["state"]``.

    Returns
    -------
    DataFrame
        Columns of the results contract; without a planned contact ``do_not_send`` is true, with its reason.
    """
    scores, gone = inputs.risk_scores, inputs.already_gone
    rows = pd.concat([scores[["member_id", "as_of"]], gone[["member_id", "as_of"]]])
    rows = rows.astype({"member_id": object}).drop_duplicates("member_id")
    rows = rows.sort_values("member_id", ignore_index=True)
    if rows.empty:
        return empty_table(columns_of(TABLE))
    rows["already_gone"] = rows["member_id"].isin(gone["member_id"])
    rows = _joined(rows, scores, ["p_churn", "p_churn_low", "p_churn_high", "value_at_risk", "reasons"])
    rows = _joined(rows, inputs.lifetime_value, ["tier"])
    causes = inputs.member_causes[inputs.member_causes["status"].eq("at_risk").fillna(False).to_numpy(bool)]
    rows = _joined(rows, causes, ["primary_cause", *(f"p_{cause}" for cause in CAUSES)])
    rows["primary_cause"] = rows["primary_cause"].fillna(UNKNOWN)
    table = plan.tables["plan"].sort_values("rank").rename(columns={"gain": "expected_gain"})
    rows = _joined(rows, table, [*_OF_PLAN, "role"])
    rows["do_not_send_reason"] = _reasons(inputs, plan, rows)
    rows["do_not_send"] = rows["do_not_send_reason"].notna()
    rows[list(_OF_PLAN)] = rows[list(_OF_PLAN)].mask(rows["do_not_send"])
    return typed(rows[columns_of(TABLE)])


def _reasons(inputs: ActionInputs, plan: Section, rows: pd.DataFrame) -> np.ndarray:
    """Why no contact is planned, None where one is; (n,)."""
    state = plan.extra["state"].set_index("member_id").reindex(rows["member_id"])
    most = inputs.params.action.contacts.member_4_weeks
    cases: dict[str, Any] = {
        "already_gone": rows["already_gone"],
        "no_consent": ~state["consent"].eq(True),
        "open_complaint": state["waits"].eq(True),
        "held_out": rows["role"].eq(HELD_OUT).fillna(False),
        "planned": rows["role"].notna(),
        "contacted_lately": state["recent"] >= most,
    }
    found = np.select(
        [np.asarray(case, dtype=bool) for case in cases.values()], list(cases), default="not_planned"
    ).astype(object)
    found[found == "planned"] = None
    return found


def _joined(rows: pd.DataFrame, table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    found = table.astype({"member_id": object}).drop_duplicates("member_id").set_index("member_id")
    return rows.join(found.reindex(columns=columns), on="member_id")
