"""Who may be contacted."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.action.contact_consent import channel_holders, may_contact, opted_out
from whychurn.contract.params import Params

ASKED = pd.Series(["yes", "no", "unsaid", "stranger"])


def _members(*consent: bool | None) -> pd.DataFrame:
    flags = pd.array(list(consent), dtype="boolean")
    return pd.DataFrame({"member_id": ["yes", "no", "unsaid"], "marketing_consent": flags})


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("auto", [True, False, False, False]),
        ("deny", [True, False, False, False]),
        ("allow", [True, False, True, True]),
    ],
)
def test_recorded_consent_goes_before_the_parameter(missing: str, expected: list[bool]) -> None:
    assert may_contact(_members(True, False, None), ASKED, missing).tolist() == expected


def test_where_nobodys_consent_is_recorded_the_parameter_decides() -> None:
    nobody = _members(None, None, None)
    assert may_contact(nobody, ASKED, "auto").all() and not may_contact(nobody, ASKED, "deny").any()


def test_without_the_column_nothing_is_recorded() -> None:
    members = _members(True, True, True).drop(columns="marketing_consent")
    assert may_contact(members, ASKED, "auto").all() and not may_contact(members, ASKED, "deny").any()


def test_who_opted_out_once_stays_out() -> None:
    events = pd.DataFrame({"member_id": ["yes", "no"], "event_type": ["opt_out", "visit"]})
    assert opted_out(events, ASKED).tolist() == [True, False, False, False]


def test_a_column_of_members_tells_who_has_a_channel() -> None:
    members = pd.DataFrame({"member_id": ["a", "b", "c"], "has_app": ["True", "否", None], "mail": [1, 0, 1]})
    who = pd.Series(["c", "a", "b", "stranger"])
    params = Params.model_validate({"action": {"channels": {"email": {"needs": "mail"}}}})
    app, mail = (channel_holders(members, who, channel, params) for channel in ("app", "email"))
    assert app is not None and app.tolist() == [False, True, False, False]
    assert mail is not None and mail.tolist() == [True, True, False, False]
    assert channel_holders(members, who, "sms", params) is None
