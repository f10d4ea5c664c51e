"""What whole columns show: dates that stand for nothing, ids in another form, codes that are not understood."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.intake.check.codes.coded_columns import is_known, nearest_code, plain_codes

IDS = [f"00{number}" for number in range(100, 140)]
DAYS = pd.Series(pd.date_range("2023-03-01", periods=40, freq="5D")).dt.strftime("%Y-%m-%d")


@pytest.fixture
def given() -> dict[str, pd.DataFrame]:
    orders = pd.DataFrame({"order_id": range(200), "member_id": np.resize(IDS, 200), "amount": 9})
    orders["ordered_at"] = pd.date_range("2023-10-01", periods=200, freq="29h").strftime("%Y-%m-%d %H:%M")
    return {"members": pd.DataFrame({"member_id": IDS, "joined_on": DAYS}), "orders": orders}


@pytest.fixture
def intake(make_study, build):
    def of(tables: dict[str, pd.DataFrame], **params):
        study = make_study(tables, {"intake": params, "privacy": {"pseudonymize": False}})
        facts = build(study)
        return facts, {one["key"].removeprefix("intake."): one["values"] for one in facts["notices"]}, study

    return of


@pytest.mark.parametrize(
    ("day", "rows"),
    [
        ("1970-01-01", 13),
        ("1970-01-01", 1),
        ("1900-01-01", 2),
        ("2000-01-01", 12),
        ("9999-12-31", 4),
        ("2099-12-31", 3),
    ],
)
def test_a_default_joining_day_is_not_known_and_filled_from_activity(given, intake, day, rows) -> None:
    given["members"].loc[: rows - 1, "joined_on"] = day
    facts, said, study = intake(given)
    assert said["notice_default_date"]["n"] == rows == said["notice_joined"]["n"]
    assert said["notice_default_date"]["column"] == "members.joined_on"
    joined = read_table(study.interim / "members.parquet").set_index("member_id")["joined_on"]
    assert joined.min() >= pd.Timestamp("2023-03-01") and facts["tables"]["members"]["kept"] == 40


def test_default_days_in_other_columns(given, intake) -> None:
    given["feedback"] = pd.DataFrame(
        {
            "feedback_id": range(30),
            "member_id": IDS[:30],
            "created_at": "2024-01-05 10:00",
            "responded_at": "2024-01-06",
        }
    )
    given["feedback"].loc[:8, "responded_at"] = "1970-01-01"
    given["members"]["birth_year"] = [1900] * 15 + list(range(1960, 1985))
    _, said, study = intake(given)
    assert read_table(study.interim / "feedback.parquet")["responded_at"].isna().sum() == 9
    assert read_table(study.interim / "members.parquet")["birth_year"].isna().sum() == 15
    assert said["notice_default_date"]


@pytest.mark.parametrize("day", ["2019-07-01", "2022-12-31"])
def test_a_day_that_a_third_shares_is_told_and_kept(given, intake, day) -> None:
    given["members"].loc[:13, "joined_on"] = day
    facts, said, _ = intake(given)
    assert said["notice_shared_day"] == {"column": "members.joined_on", "day": day, "n": 14, "of": 40}
    assert facts["tables"]["members"]["cells_blanked"] == {}


def test_a_first_day_of_the_century_among_real_days_stays(given, intake) -> None:
    given["members"]["joined_on"] = pd.date_range("1999-06-01", periods=40, freq="11D").strftime("%Y-%m-%d")
    given["members"].loc[:4, "joined_on"] = "2000-01-01"
    _, said, _ = intake(given)
    assert "notice_default_date" not in said


@pytest.mark.parametrize(
    "written", ["M-{}", "cust_{}", "{}", "会员{}", "0000{}", "{0[0]}{0[1]}-{0[2]}{0[3]}{0[4]}"]
)
def test_ids_in_another_form_are_the_same_members(given, intake, written) -> None:
    given["orders"]["member_id"] = [written.format(one) for one in given["orders"]["member_id"]]
    facts, _, _ = intake(given)
    assert facts["tables"]["orders"]["kept"] == 200 and facts["tables"]["members"]["kept"] == 40


def test_two_members_never_become_one(given, intake) -> None:
    """A7 and B7 are two members: the letter in front is no ornament."""
    given["members"]["member_id"] = [f"{'AB'[n % 2]}{n // 2}" for n in range(40)]
    given["orders"]["member_id"] = np.resize([str(n) for n in range(20)], 200)
    with pytest.raises(WhychurnError, match="unknown_member"):
        intake(given)


def test_making_up_members_is_no_advice_where_no_id_is_known(given, intake) -> None:
    given["orders"]["member_id"] = [f"x{n}y" for n in given["orders"].index]
    with pytest.raises(WhychurnError) as caught:
        intake(given)
    assert "set intake.complete_members" not in str(caught.value)
    given["orders"]["member_id"] = np.resize([*IDS, "new1", "new2", "new3"], 200)
    with pytest.raises(WhychurnError, match=r"intake\.complete_members: true"):
        intake(given)


# codes

NEAR = [
    ("events.event_type", "ClassAttended", "checkin"),
    ("events.event_type", "到店签到", "checkin"),
    ("events.event_type", "email_opened_mail", "push_opened"),
    ("events.event_type", "AppLaunch", "visit"),
    ("events.event_type", "打开小程序", "visit"),
    ("events.event_type", "newsletter_unsubscribed", "opt_out"),
    ("feedback.source", "helpdesk", "ticket"),
    ("feedback.source", "客户投诉", "complaint"),
    ("surveys.kind", "Kündigung exit form", "exit"),
    ("surveys.kind", "满意度调查", "satisfaction"),
    ("surveys.reason", "It was too expensive for me", "price"),
    ("surveys.reason", "搬家了", "natural"),
    ("surveys.reason", "Switched to another gym", "competition"),
    ("surveys.reason", "客服态度差", "product_service"),
    ("surveys.reason", "I hardly, rarely used it", "engagement"),
]


@pytest.mark.parametrize(("column", "value", "code"), NEAR)
def test_the_nearest_code_is_told_by_words_of_both_languages(column, value, code) -> None:
    assert nearest_code(column, value) == code


def test_what_resembles_nothing_has_no_nearest_code() -> None:
    assert nearest_code("events.event_type", "zzqx") is None


def test_codes_are_known_whatever_their_case_and_signs() -> None:
    values = pd.Series(["Push Sent", "check-in", "VISIT", "other thing", None], dtype="string[pyarrow]")
    found = plain_codes("events.event_type", values)
    assert found[:3].tolist() == ["push_sent", "checkin", "visit"]
    assert is_known("events.event_type", found[:4]).tolist() == [True, True, True, False]
    assert is_known("surveys.reason", pd.Series(["price/rise", "price", "dear"])).tolist() == [
        True,
        True,
        False,
    ]


def an_events_table(kinds: list[str]) -> pd.DataFrame:
    days = pd.date_range("2023-10-01", periods=120, freq="2D").strftime("%Y-%m-%d")
    return pd.DataFrame(
        {"member_id": np.resize(IDS, 120), "occurred_at": days, "event_type": np.resize(kinds, 120)}
    )


def test_unknown_events_are_told_with_a_mapping_and_decided_where_none_is_known(given, intake) -> None:
    given["events"] = an_events_table(["visit", "class_attended", "sauna", "visit"])
    _, said, study = intake(given)
    told = said["notice_unknown_codes"]
    assert told["column"] == "events.event_type" and told["n"] == 60
    assert "class_attended (30)" in told["words"] and "class_attended: checkin" in told["mapping"]
    table = read_table(study.results / "not_understood.parquet").set_index("value")
    assert table.loc["class_attended", ["rows", "members", "nearest_code"]].tolist() == [30, 10, "checkin"]
    given["events"] = an_events_table(["class_attended", "sauna"])
    with pytest.raises(WhychurnError, match=r"to be decided: events\.event_type: none of the 120"):
        intake(given)
    codes = {"events.event_type": {"class_attended": "checkin", "sauna": "sauna"}}
    _, said, _ = intake(given, codes=codes)
    assert "notice_unknown_codes" not in said


def test_reasons_of_few_members_and_free_texts_are_not_written_out(given, intake) -> None:
    surveys = pd.DataFrame(
        {"survey_id": range(40), "member_id": IDS, "kind": "exit", "sent_at": "2024-03-01"}
    )
    given["surveys"] = surveys.assign(reason=["Too dear"] * 30 + ["Ask Ann Lee"] * 2 + ["price"] * 8)
    _, said, study = intake(given)
    assert "Too dear (30)" in said["notice_unknown_codes"]["words"]
    assert "Ann" not in said["notice_unknown_codes"]["words"]
    table = read_table(study.results / "not_understood.parquet").set_index("value")
    assert table["rows"].to_dict() == {"Too dear": 30, "AAA AAA AAA": 2}
    given["surveys"] = surveys.assign(
        reason=[f"I, member {n}, was not at all happy with the way things went" * 2 for n in range(40)]
    )
    _, said, study = intake(given)
    assert said["notice_free_text"]["different"] == 40
    assert read_table(study.results / "not_understood.parquet")["value"].str.contains("happy").sum() == 0
