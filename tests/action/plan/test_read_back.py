"""The loop closes: a plan that was carried out is read out against those held out, action by action, without a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_programme import effects, inputs

from whychurn.action.inputs import Section
from whychurn.action.plan.section import plan_section
from whychurn.action.plan.value.read_back import as_touches
from whychurn.action.tests_by_lot.as_drawn.chances import own_chances
from whychurn.action.tests_by_lot.as_drawn.outcomes import OUTCOMES
from whychurn.action.tests_by_lot.readout import read_tests
from whychurn.contract.params.action import ActionParams

WORKS = {"coupon": {"price": 0.5}, "service_callback": {"product_service": 0.5}}


def carried_out(n: int) -> pd.DataFrame:
    params = {
        "action": {"budget": 1e6, "holdout_share": 0.3, "contacts": {"member_4_weeks": 1, "call": 10**6}}
    }
    section = plan_section(
        inputs(n=n, params=params), Section({}), Section({}, extra={"effects": effects(WORKS)})
    )
    return section.tables["plan"]


def test_rows_come_back_as_touches_of_the_plan_s_campaign() -> None:
    plan = carried_out(600)
    back = as_touches(plan)
    out = (plan["role"] == "hold_out").to_numpy()
    assert set(back["campaign_id"]) == {"plan-2026-01-01"} and back["touch_id"].is_unique
    assert (back["action"][out] == "control").all() and back["offer"][out].tolist() == plan["would_be"][
        out
    ].tolist()
    assert back["sent_at"].notna().all() and back["randomized"].all()
    assert back["propensity"].tolist() == plan["propensity"].tolist()


def test_next_month_each_action_is_read_out_against_members_who_would_have_got_it() -> None:
    plan = carried_out(12_000)
    rows = own_chances(as_touches(plan))
    would_be = plan["would_be"].fillna(plan["action"]).to_numpy()
    assert (rows["stratum"] == would_be).all()
    assert rows.loc[rows["action"] != "control", "propensity"].unique() == pytest.approx([0.7])
    rng = np.random.default_rng(8)
    cured = np.where(would_be == "coupon", 0.6, 0.0) * (
        rows["action"] != "control"
    )  # the coupon works, the call does not
    left = rng.random(len(rows)) < plan["p_leave"] * (1 - cured)
    rows = rows.assign(wave=1, sent_on=rows["sent_at"], complete=True, followed_days=200, recent_touch_days=np.nan,
                       left=pd.array(left.astype(int), dtype="Int8"), left_after=np.where(left, 30.0, np.nan),
                       spend_before=1.0).assign(**dict.fromkeys(OUTCOMES, np.nan))  # fmt: skip
    table = read_tests(rows, plan["p_leave"].to_numpy("float64"), ActionParams(), 10)
    table = table[(table["outcome"] == "left") & (table["campaign_id"] == "plan-2026-01-01")].set_index(
        "stratum"
    )
    assert table.loc["coupon", "high"] < 0 and table.loc["all", "high"] < 0
    assert table.loc["service_callback", "low"] < 0 < table.loc["service_callback", "high"]
    assert table.loc["all", "srm_p"] > 0.001


def test_a_campaign_whose_controls_name_no_action_is_read_as_before() -> None:
    back = as_touches(carried_out(600)).assign(offer=None)
    assert set(own_chances(back)["stratum"]) == {"all"}
