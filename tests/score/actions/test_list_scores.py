"""Lists beside planted futures, on tables of a few rows with scores that can be reckoned by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.score.actions.list_scores import FUTURES, LISTS, list_scores

STATE = pd.DataFrame({
    "member_id": list("abcde"), "present": [True, True, True, False, False],
    "p_leave_90d": [0.6, 0.2, 0.1, None, None],
})  # fmt: skip
RETURNS = pd.DataFrame({
    "member_id": ["d", "d", "e"], "action": "return_bonus", "channel": ["sms", "call", "sms"],
    "p_return_untouched": [0.1, 0.1, 0.05], "p_return_touched": [0.3, 0.2, 0.06], "second_life_margin": 100.0,
})  # fmt: skip
WINBACK = pd.DataFrame({
    "member_id": ["d", "e", "a"], "action": "return_bonus", "channel": "sms", "cost": 5.0,
    "expected_gain": [10.0, 2.0, 7.0], "p_return": [0.15, 0.1, 0.1], "p_return_touched": 0.2,
})  # fmt: skip
NOBODY = pd.DataFrame({"member_id": pd.Series(dtype="string")})


def _scores(warnings: pd.DataFrame, winback: pd.DataFrame) -> dict[str, float]:
    table = list_scores(warnings, winback, STATE, RETURNS)
    return dict(zip(table["measure"], table["value"], strict=True))


def test_warnings_beside_chances_to_decide_to_leave() -> None:
    scores = _scores(pd.DataFrame({"member_id": ["a", "b", "d"]}), WINBACK)
    assert scores["warned"] == 3 and scores["warned_gone"] == pytest.approx(1 / 3)
    assert scores["warned_chance"] == pytest.approx(0.4) and scores["warned_lift"] == pytest.approx(0.4 / 0.3)


def test_invitations_beside_what_they_bring() -> None:
    scores = _scores(NOBODY, WINBACK)
    assert scores["invited"] == 3 and scores["invited_back"] == pytest.approx(1 / 3)
    assert scores["invited_gain_true"] == pytest.approx(((0.2 * 100 - 5) + (0.01 * 100 - 5)) / 2)
    assert scores["invited_gain_told"] == pytest.approx(6)  # of those whose truth is known
    assert scores["invited_paying"] == pytest.approx(1 / 2) and scores["return_error"] == pytest.approx(0.05)


def test_empty_lists_have_sizes_only() -> None:
    assert _scores(NOBODY, WINBACK.head(0)) == {"warned": 0, "invited": 0}
    assert len(LISTS) == len(FUTURES) == 2
