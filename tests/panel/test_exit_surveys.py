"""Which leaving an answer is about."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.panel.exit_surveys import (
    NOT_ASKED,
    OTHER,
    SILENT,
    exit_answers,
    last_churn_event,
    unused_answers,
)

LEAVINGS = pd.DataFrame({"member_id": ["a", "a", "b", "c", "d", "e"], "spell_no": [1, 2, 1, 1, 1, 1]})
SPELLS = LEAVINGS.assign(
    last_active_on=pd.to_datetime(
        ["2024-01-10", "2024-08-10", "2024-02-01", "2024-02-01", "2024-02-01", "2024-02-01"]
    ),
    returned_on=pd.to_datetime(["2024-06-01", None, "2024-05-01", None, None, None]),
)


def surveys(*rows: tuple[str, str, str | None, str | None], kind: str = "exit") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["member_id", "sent_at", "answered_at", "reason"]).assign(kind=kind)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("sent_at", "answered_at")})


def test_an_answer_belongs_to_the_last_leaving_before_it() -> None:
    asked = surveys(
        ("a", "2024-01-20", "2024-01-21", "price"),
        ("a", "2024-09-01", "2024-09-02", "natural"),
        ("b", "2024-06-01", "2024-06-02", "price"),  # sent when the member was back
        ("c", "2024-02-10", None, None),  # never answered
        ("d", "2024-02-10", "2024-02-12", "too far away"),  # names none of the six
        ("d", "2024-03-10", "2024-03-12", "price"),  # the first answer counts
        ("d", "2024-01-10", "2024-01-12", "price"),  # sent before the leaving
    )
    codes = exit_answers(LEAVINGS, SPELLS, asked)
    price, natural = CAUSES.index("price"), CAUSES.index("natural")
    assert codes.tolist() == [price, natural, NOT_ASKED, SILENT, OTHER, NOT_ASKED]


def test_a_later_answer_is_taken_where_the_first_survey_stayed_unanswered() -> None:
    asked = surveys(("c", "2024-02-10", None, None), ("c", "2024-03-10", "2024-03-12", "price"))
    assert exit_answers(LEAVINGS, SPELLS, asked)[3] == CAUSES.index("price")


def test_other_surveys_say_nothing_of_a_leaving() -> None:
    asked = surveys(("a", "2024-01-20", "2024-01-21", "price"), kind="satisfaction")
    assert (exit_answers(LEAVINGS, SPELLS, asked) == NOT_ASKED).all()


def test_a_text_is_about_the_last_churn_event_unless_the_member_was_back() -> None:
    texts = pd.DataFrame({"member_id": ["a", "a", "a", "b"]})
    texts["known_on"] = pd.to_datetime(["2024-01-15", "2024-07-01", "2024-09-01", "2024-01-31"])
    about = last_churn_event(texts, LEAVINGS, SPELLS, "known_on").set_index("number")["row"]
    assert about.to_dict() == {0: 0, 2: 1}, "in July a is back; b had not left yet"


@pytest.mark.parametrize(
    ("term", "sent", "used"),
    [
        ({"ends_on": "2024-06-30", "cancelled_on": "2024-02-10"}, "2024-02-10", True),  # asked on cancelling
        (
            {"ends_on": "2024-06-30", "cancelled_on": "2024-02-10"},
            "2024-05-01",
            True,
        ),  # before the paid term ends
        (
            {"ends_on": "2024-06-30", "cancelled_on": "2024-05-20"},
            "2024-02-01",
            False,
        ),  # months before cancelling
        ({"ends_on": "2024-06-30"}, "2024-02-01", True),  # in the last term, no cancelling on record
        ({"ends_on": None, "cancelled_on": "2024-06-30"}, "2024-06-29", True),
        ({"ends_on": None, "cancelled_on": "2024-06-30"}, "2024-02-01", False),
        ({"ends_on": "2024-06-30", "cancelled_on": "2024-02-10"}, "2023-12-20", False),  # in the term before
    ],
)
def test_an_answer_around_the_cancelling_belongs_to_that_leaving(
    term: dict[str, Any], sent: str, used: bool, tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    rows = [
        {
            "membership_id": "1",
            "member_id": "a",
            "plan": "p",
            "starts_on": "2023-07-01",
            "ends_on": "2023-12-31",
        },
        {"membership_id": "2", "member_id": "a", "plan": "p", "starts_on": "2024-01-01", **term},
    ]
    made = panel_of(
        tables_of(members=[{"member_id": "a", "joined_on": "2023-07-01"}], memberships=rows),
        params_with(churn="terms", grace_days=30), start="2023-07-01",
    )  # fmt: skip
    left = made.churn.spells
    assert left["churned"].all() and left["last_active_on"].tolist() == [pd.Timestamp("2024-06-30")]
    asked = surveys(("a", sent, sent, "price"))
    codes = exit_answers(left, left, asked)
    assert codes.tolist() == [CAUSES.index("price") if used else NOT_ASKED]
    assert unused_answers(left, left, asked) == {"answers": 1, "unused": 1 - used}
