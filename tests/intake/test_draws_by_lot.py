"""Touches drawn by lot without a chance on record are said; channels are codes that may be others."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.contract.tables import CHANNELS
from whychurn.intake.check.codes.coded_columns import is_known, nearest_code
from whychurn.intake.check.codes.interviews import note_chances


def said(a_checked_table, propensity: list[float | None], randomized: list[bool | None]) -> dict:
    checked = a_checked_table(
        "touches", member_id=list("abcd"), campaign_id=["k", "k", "m", "m"], action=["coupon"] * 4,
        randomized=randomized, propensity=propensity,
    )  # fmt: skip
    note_chances(checked)
    return dict(checked.notices)


def test_chances_that_nobody_recorded_are_counted(a_checked_table) -> None:
    notices = said(a_checked_table, [0.3, None, None, None], [True, True, True, False])
    assert notices == {"notice_propensity_absent": {"n": 2, "of": 3, "campaigns": 2}}


@pytest.mark.parametrize("randomized", [[True, True, True, False], [True, True, True, None]])
def test_nothing_is_said_where_all_drawn_have_their_chance(a_checked_table, randomized) -> None:
    assert not said(a_checked_table, [0.3, 0.7, 0.5, None], randomized)


@pytest.mark.parametrize(
    ("word", "code"),
    [("SMS blast", "sms"), ("短信", "sms"), ("企业微信", "wechat"), ("电话", "call"), ("at the front desk", "in_person"),
     ("app push", "app"), ("carrier pigeon", None)],
)  # fmt: skip
def test_plain_names_of_channels_suggest_a_code(word: str, code: str | None) -> None:
    assert nearest_code("touches.channel", word) == code
    assert not is_known("touches.channel", pd.Series([word])).any()
    assert is_known("touches.channel", pd.Series(CHANNELS)).all()
