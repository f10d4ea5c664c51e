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
        ("d", "2024-03-10", "2024-03-12", "price"),  # the answer nearest to the leaving counts
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


CANCELLED = {"ends_on": "2024-06-30", "cancelled_on": "2024-02-10"}


@pytest.mark.parametrize(
    ("term", "sent", "used"),
    [
        (CANCELLED, "2024-02-10", True),  # asked on cancelling
        (CANCELLED, "2024-05-01", True),  # before the paid term ends
        ({"ends_on": "2024-06-30", "cancelled_on": "2024-05-20"}, "2024-02-01", True),  # same term, before
        ({"ends_on": "2024-06-30"}, "2024-02-01", True),  # no cancelling on record
        ({"ends_on": None, "cancelled_on": "2024-06-30"}, "2024-06-29", True),
        (CANCELLED, "2023-12-20", False),  # renewed since, cancelled anew
        ({"ends_on": "2024-06-30", "cancelled_on": "2024-01-05"}, "2023-12-27", True),  # just before both
    ],
)
def test_an_answer_around_the_cancelling_belongs_to_that_leaving(
    term: dict[str, Any], sent: str, used: bool, tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    terms = [{"starts_on": "2023-07-01", "ends_on": "2023-12-31"}, {"starts_on": "2024-01-01", **term}]
    left = spells_of_terms(terms, tables_of, params_with, panel_of)
    assert left["churned"].all() and left["last_active_on"].tolist() == [pd.Timestamp("2024-06-30")]
    asked = surveys(("a", sent, sent, "price"))
    codes = exit_answers(left, left, asked)
    assert codes.tolist() == [CAUSES.index("price") if used else NOT_ASKED]
    counts = unused_answers(left, left, asked)
    assert counts == {"answers": 1, "unused": 1 - used, "stayed": 0, "early": 1 - used, "returned": 0}


def spells_of_terms(
    terms: list[dict[str, Any]], tables_of: Any, params_with: Any, panel_of: Any, start: str = "2023-07-01"
) -> pd.DataFrame:
    rows = [{"membership_id": str(n), "member_id": "a", "plan": "p", **term} for n, term in enumerate(terms)]
    tables = tables_of(members=[{"member_id": "a", "joined_on": start}], memberships=rows)
    return panel_of(tables, params_with(churn="terms", grace_days=30), start=start).churn.spells


def renewed(months: int, until: str, cancelled: str | None = None) -> list[dict[str, Any]]:
    """Terms of some months one after the other from 2022 on; the last one cancelled."""
    starts = pd.date_range("2022-01-01", until, freq=f"{months}MS")
    ends = [*(starts[1:] - pd.Timedelta(days=1)), starts[-1] + pd.DateOffset(months=months, days=-1)]
    terms = [{"starts_on": start, "ends_on": end} for start, end in zip(starts, ends, strict=True)]
    terms[-1]["cancelled_on"] = cancelled
    return terms


@pytest.mark.parametrize("months", [1, 6, 12])
@pytest.mark.parametrize("recorded", [True, False])
def test_members_asked_when_they_cancel_are_heard_whatever_the_term(
    months: int, recorded: bool, tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    terms = renewed(months, "2024-01-01")
    asked_on = pd.Timestamp("2024-01-10")
    terms[-1]["cancelled_on"] = asked_on if recorded else None
    left = spells_of_terms(terms, tables_of, params_with, panel_of, "2022-01-01")
    left = left[left["churned"]]
    if months == 12:  # a term that ends with the data is not seen to end
        left = spells_of_terms(renewed(12, "2023-01-01"), tables_of, params_with, panel_of, "2022-01-01")
        asked_on = pd.Timestamp("2023-01-10")
    assert len(left) == 1
    told = surveys(("a", str(asked_on), str(asked_on), "price"))
    assert exit_answers(left, left, told).tolist() == [CAUSES.index("price")]
    longer = str(left["last_active_on"].iloc[0] - pd.Timedelta(days=401))
    assert exit_answers(left, left, surveys(("a", longer, longer, "price"))).tolist() == [NOT_ASKED]


def test_notice_that_runs_into_another_term_takes_no_answer_away(
    tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    terms = renewed(1, "2024-03-01", cancelled="2024-01-20")  # two months of notice
    left = spells_of_terms(terms, tables_of, params_with, panel_of, "2022-01-01")
    told = surveys(("a", "2024-01-20", "2024-01-21", "price"))
    assert exit_answers(left, left, told).tolist() == [CAUSES.index("price")]


@pytest.mark.parametrize("gap", [True, False])
def test_who_took_the_cancelling_back_is_asked_anew(
    gap: bool, tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    first = {"starts_on": "2024-01-01", "ends_on": "2024-02-10" if gap else "2024-02-29"}
    if not gap:
        first["cancelled_on"] = "2024-02-10"
    terms = [first, {"starts_on": "2024-03-01", "ends_on": "2024-05-31"}]
    left = spells_of_terms(terms, tables_of, params_with, panel_of, "2024-01-01")
    assert len(left) == 1, "a gap within the days of grace ends no stay"
    taken_back, stands = surveys(("a", "2024-02-10", "2024-02-11", "price")), "2024-05-20"
    assert exit_answers(left, left, taken_back).tolist() == [NOT_ASKED]
    assert unused_answers(left, left, taken_back)["early"] == 1
    both = pd.concat([taken_back, surveys(("a", stands, stands, "natural"))])
    assert exit_answers(left, left, both).tolist() == [CAUSES.index("natural")]


def test_without_terms_a_survey_shortly_before_the_last_activity_is_about_that_leaving(
    tables_of: Any, params_with: Any, panel_of: Any
) -> None:
    days = ["2024-01-01", "2024-01-20", "2024-02-05", "2024-06-01", "2024-06-20", "2024-07-05"]
    orders = [{"order_id": day, "member_id": "a", "ordered_at": day, "amount": 1.0} for day in days]
    made = panel_of(
        tables_of(members=[{"member_id": "a", "joined_on": "2024-01-01"}], orders=orders),
        params_with(churn="inactivity", threshold_days=60, activity="orders"),
    )
    spells = made.churn.spells
    assert spells["churned"].tolist() == [True, True]
    price, natural = CAUSES.index("price"), CAUSES.index("natural")
    expected = {
        "2024-01-03": [NOT_ASKED, NOT_ASKED],  # more than 30 days before the last order
        "2024-01-10": [price, NOT_ASKED],
        "2024-05-20": [price, NOT_ASKED],  # about the earlier leaving, though near the later
        "2024-06-10": [NOT_ASKED, price],
    }
    for sent, codes in expected.items():
        assert exit_answers(spells, spells, surveys(("a", sent, sent, "price"))).tolist() == codes, sent
    both = surveys(("a", "2024-02-20", "2024-02-21", "natural"), ("a", "2024-06-10", "2024-06-11", "price"))
    assert exit_answers(spells, spells, both).tolist() == [natural, price]


def test_why_answers_stay_unused() -> None:
    asked = surveys(
        ("a", "2024-01-20", "2024-01-21", "price"),  # used
        ("b", "2024-06-01", "2024-06-02", "price"),  # back since May
        ("c", "2024-01-01", "2024-01-02", "price"),  # before anybody left
        ("z", "2024-01-01", "2024-01-02", "price"),  # never left
    )
    counts = {"answers": 4, "unused": 3, "stayed": 1, "early": 1, "returned": 1}
    assert unused_answers(LEAVINGS, SPELLS, asked) == counts


def test_a_sub_cause_names_its_cause() -> None:
    day = pd.Timestamp("2024-05-01")
    spells = pd.DataFrame(
        {"member_id": ["a", "b"], "spell_no": 1, "last_active_on": day, "returned_on": pd.NaT}
    )
    spells["returned_on"] = pd.to_datetime(spells["returned_on"])
    asked = {"kind": "exit", "sent_at": day + pd.Timedelta(days=3), "answered_at": day + pd.Timedelta(days=4)}
    surveys = pd.DataFrame(
        [{"member_id": m, "reason": r, **asked} for m, r in [("a", "price/rise"), ("b", "x/price")]]
    )
    assert exit_answers(spells[["member_id", "spell_no"]], spells, surveys).tolist() == [
        CAUSES.index("price"),
        OTHER,
    ]
