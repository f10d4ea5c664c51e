"""Who may be contacted."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.action.contact_consent import may_contact

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
