"""From raw files to data/interim, on frames small enough to work out by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import load_params
from whychurn.contract.tables import DTYPES, HISTORY_TABLES, TABLES, schema
from whychurn.intake.build import protected_tables
from whychurn.intake.check.all_tables import read_and_check
from whychurn.intake.privacy.protected_tables import Redactions
from whychurn.intake.privacy.pseudonym import pseudonym
from whychurn.intake.read.source import open_source
from whychurn.report.words import has_words, say

KEEP_IDS = {"privacy": {"pseudonymize": False}}
LENIENT = {"intake": {"max_quarantined": 1.0}, **KEEP_IDS}


def interim(study, table: str) -> pd.DataFrame:
    return read_table(study.interim / f"{table}.parquet")


def test_sound_tables_pass_whole(tables, make_study, build) -> None:
    study = make_study(tables, KEEP_IDS)
    facts = build(study)
    for table in HISTORY_TABLES:
        frame = interim(study, table)
        texts = frame.columns[frame.dtypes == "string"]
        schema(table).validate(frame.astype(dict.fromkeys(texts, DTYPES["text"])), lazy=True)
    orders = interim(study, "orders")
    assert orders[["member_id", "order_id", "amount"]].values.tolist() == [
        ["a", "1", 10.0], ["a", "2", 20.5], ["b", "3", 7.0], ["b", "5", 3.0], ["c", "4", 0.0],
    ]  # fmt: skip
    assert facts["tables"]["orders"]["read"] == facts["tables"]["orders"]["kept"] == 5
    assert facts["tables"]["events"]["present"] is False
    assert (facts["observed_from"], facts["observed_until"]) == ("2024-01-05", "2024-05-20")
    assert interim(study, "quarantine").empty


def test_tables_leave_one_by_one_and_drafts_are_emptied(tables, make_study) -> None:
    study = make_study(tables)
    params = load_params(study)
    checked_tables = read_and_check(open_source(study, params.intake), params, dt.date(2025, 6, 30))
    taken = Redactions()
    found = dict(protected_tables(checked_tables, None, taken))
    assert list(found) == list(HISTORY_TABLES) and found["orders"]["member_id"].tolist() == [
        "a",
        "a",
        "b",
        "b",
        "c",
    ]
    assert all(checked.frame.empty for checked in checked_tables.tables.values()) and not taken.counts


def test_each_bad_order_is_kept_apart_with_its_reason(tables, make_study, build) -> None:
    bad = pd.DataFrame(
        [
            ("6", "a", "yesterday", "5"),  # wrong type
            ("7", "a", "2024-02-02", "much"),  # wrong type
            ("8", "a", "", "5"),  # missing value
            ("9", "a", "2024-02-02", "-500"),  # a refund larger than all orders
            ("1", "a", "2024-02-02", "5"),  # duplicate id
            ("10", "nobody", "2024-02-02", "5"),  # unknown member
            ("11", "a", "2025-07-01", "5"),  # the day after today
        ],
        columns=["order_id", "member_id", "ordered_at", "amount"],
    )
    tables["orders"] = pd.concat([tables["orders"], bad], ignore_index=True)
    study = make_study(tables, LENIENT)
    facts = build(study)["tables"]["orders"]
    assert facts["reasons"] == {
        "wrong_type": 2, "missing_value": 1, "refund_without_order": 1, "duplicate_id": 1, "unknown_member": 1,
        "future_date": 1,
    }  # fmt: skip
    assert (facts["read"], facts["kept"], facts["quarantined"]) == (12, 5, 7)
    kept_apart = interim(study, "quarantine")
    assert kept_apart.set_index("row_number")["reason"].to_dict() == {
        6: "wrong_type", 7: "wrong_type", 8: "missing_value", 9: "refund_without_order", 10: "duplicate_id",
        11: "unknown_member", 12: "future_date",
    }  # fmt: skip
    assert kept_apart.set_index("row_number")["value_kind"].to_dict()[6] == "AAAAAAAAA"
    assert sorted(interim(study, "orders")["order_id"]) == ["1", "2", "3", "4", "5"]


def test_the_first_of_two_rows_with_one_id_stays_and_a_bad_one_does_not_take_the_id(
    tables, make_study, build
) -> None:
    tables["orders"].loc[0, "amount"] = "x"
    extra = pd.DataFrame(
        {"order_id": ["1", "1"], "member_id": ["a", "b"], "ordered_at": "2024-02-02", "amount": ["8", "9"]}
    )
    tables["orders"] = pd.concat([tables["orders"], extra], ignore_index=True)
    study = make_study(tables, LENIENT)
    assert build(study)["tables"]["orders"]["reasons"] == {"wrong_type": 1, "duplicate_id": 1}
    orders = interim(study, "orders").set_index("order_id")
    assert orders.loc["1", "amount"] == 8.0


def test_quarantine_holds_no_values(tables, make_study, build) -> None:
    tables["orders"].loc[1, "amount"] = "张三13812345678"
    study = make_study(tables, LENIENT)
    build(study)
    assert interim(study, "quarantine").iloc[0].to_dict() == {
        "table": "orders", "file": "orders.csv", "row_number": 2, "column": "amount", "reason": "wrong_type", "value_kind": "字字99999999999",
    }  # fmt: skip


def test_optional_cells_that_make_no_sense_become_null_and_are_counted(tables, make_study, build) -> None:
    tables["orders"]["discount"] = ["1", "x", "-2", "", "0"]
    tables["members"]["birth_year"] = ["1980", "1492", "?"]
    study = make_study(tables, KEEP_IDS)
    facts = build(study)["tables"]
    assert facts["orders"]["cells_blanked"] == {"wrong_type:discount": 1, "impossible_amount:discount": 1}
    assert facts["members"]["cells_blanked"] == {
        "wrong_type:birth_year": 1,
        "impossible_amount:birth_year": 1,
    }
    assert facts["orders"]["kept"] == 5
    assert interim(study, "orders").set_index("order_id")["discount"].isna().sum() == 3


def test_orders_before_joining_stay_and_are_counted(tables, make_study, build) -> None:
    tables["members"].loc[0, "joined_on"] = "2024-02-01"
    study = make_study(tables, KEEP_IDS)
    facts = build(study)["tables"]["orders"]
    assert facts["warnings"] == {"before_joining": 1}
    assert facts["kept"] == 5


def test_terms_that_end_before_they_start_and_terms_sold_in_advance(tables, make_study, build) -> None:
    tables["memberships"] = pd.DataFrame(
        {
            "member_id": ["a", "b", "c"],
            "plan": "gold",
            "starts_on": ["2024-01-01", "2024-02-01", "2025-12-01"],
            "ends_on": ["2023-12-31", "9999-12-31", "2026-12-01"],
        }
    )
    study = make_study(tables, LENIENT)
    facts = build(study)
    assert facts["tables"]["memberships"]["reasons"] == {"ends_before_starts": 1, "after_window": 1}
    terms = interim(study, "memberships")
    assert terms["ends_on"].tolist() == [pd.Timestamp("2200-01-01")]
    assert terms["membership_id"].tolist() == ["m000000002"]
    assert facts["observed_until"] == "2024-05-20", "ends_on does not lengthen the period"


def test_a_stated_last_day_sets_later_rows_apart_without_stopping(tables, make_study, build) -> None:
    study = make_study(tables, {"intake": {"observed_until": pd.Timestamp("2024-03-31").date()}, **KEEP_IDS})
    facts = build(study)
    assert facts["observed_until"] == "2024-03-31"
    assert facts["tables"]["orders"]["reasons"] == {"after_window": 2}
    assert sorted(interim(study, "orders")["order_id"]) == ["1", "2", "3"]


def test_an_answer_after_the_last_day_is_not_known_yet(tables, make_study, build) -> None:
    tables["feedback"] = pd.DataFrame(
        {
            "member_id": ["a", "a", "a"],
            "created_at": ["2024-03-01 10:00", "2024-03-02 10:00", "2024-03-03 10:00"],
            "responded_at": ["2024-03-02 10:00", "2024-04-02 10:00", "2024-03-01 10:00"],
            "source": ["Complaint", "phone", "review"],
        }
    )
    study = make_study(tables, {"intake": {"observed_until": pd.Timestamp("2024-03-31").date()}, **KEEP_IDS})
    facts = build(study)["tables"]["feedback"]
    feedback = interim(study, "feedback")
    assert feedback["responded_at"].notna().tolist() == [True, False, False]
    assert feedback["source"].tolist() == ["complaint", pd.NA, "review"]
    assert facts["cells_blanked"] == {
        "future_date:responded_at": 1, "ends_before_starts:responded_at": 1, "unknown_code:source": 1,
    }  # fmt: skip


def test_unknown_codes_of_a_required_column(tables, make_study, build) -> None:
    tables["surveys"] = pd.DataFrame(
        {"member_id": ["a", "b"], "kind": ["离店", "x"], "sent_at": "2024-03-01"}
    )
    study = make_study(
        tables, {"intake": {"codes": {"surveys.kind": {"离店": "exit"}}, "max_quarantined": 0.5}, **KEEP_IDS}
    )
    assert build(study)["tables"]["surveys"]["reasons"] == {"unknown_code": 1}
    assert interim(study, "surveys")["kind"].tolist() == ["exit"]


def test_rows_of_a_bad_member_become_rows_of_an_unknown_member(tables, make_study, build) -> None:
    tables["members"].loc[1, "joined_on"] = "?"
    study = make_study(tables, LENIENT)
    facts = build(study)["tables"]
    assert facts["members"]["reasons"] == {"wrong_type": 1}
    assert facts["orders"]["reasons"] == {"unknown_member": 2}


def test_pseudonyms_replace_ids_everywhere_and_consent_is_filled(tables, make_study, build) -> None:
    tables["members"]["profiling_consent"] = ["yes", "", "no"]
    study = make_study(tables)
    facts = build(study)
    members = interim(study, "members").set_index("member_id")
    expected = {name: pseudonym(name, b"a key of tests, kept apart") for name in "abc"}
    assert members.loc[[expected[name] for name in "abc"], "profiling_consent"].tolist() == [
        True,
        False,
        False,
    ]
    assert facts["members_without_consent"] == 2
    assert set(interim(study, "orders")["member_id"]) == set(expected.values())
    assert interim(study, "orders")["member_id"].is_monotonic_increasing
    allowed = make_study(tables, {"privacy": {"missing_consent": "allow"}}, name="allowed")
    assert build(allowed)["members_without_consent"] == 1


def test_texts_are_redacted_and_columns_that_name_persons_are_dropped(tables, make_study, build) -> None:
    tables["members"]["姓名"] = ["张三", "李四", "王五"]
    tables["members"]["contact"] = ["13812345678", "13912345678", "13712345678"]
    tables["members"]["city"] = ["上海", "上海", "北京"]
    tables["members"]["visits_before"] = ["3", "", "5"]
    tables["members"]["card"] = ["a", "b", "c"]
    tables["feedback"] = pd.DataFrame(
        {"member_id": ["a", "b"], "created_at": "2024-03-01", "text": ["打13812345678找我", "很好"]}
    )
    study = make_study(tables)
    facts = build(study)
    members = interim(study, "members")
    assert [name for name in members.columns if name not in TABLES["members"].fields] == [
        "city",
        "visits_before",
    ]
    assert members["visits_before"].sum() == 8.0
    assert set(facts["columns_dropped"]) == {"姓名", "contact", "card"}
    assert "打[PHONE]找我" in interim(study, "feedback")["text"].tolist()
    assert facts["redactions"] == {"PHONE": 1}
    for notice in facts["notices"]:
        assert has_words(notice["key"])
        assert say(notice["key"], "zh", **notice["values"])


def test_a_key_that_is_the_members_id_is_hashed_too(tables, make_study, build) -> None:
    tables["memberships"] = pd.DataFrame(
        {
            "card": ["a", "b"],
            "member_id": ["a", "b"],
            "plan": "x",
            "starts_on": "2024-01-01",
            "ends_on": "2024-12-31",
        }
    )
    study = make_study(tables, {"intake": {"columns": {"memberships.membership_id": "card"}}})
    build(study)
    terms = interim(study, "memberships")
    assert (terms["membership_id"] == terms["member_id"]).all()
    assert terms["member_id"].str.match("m[0-9a-f]{16}").all()


def test_members_come_from_activity_where_there_is_no_table(tables, make_study, build) -> None:
    del tables["members"]
    study = make_study(tables, KEEP_IDS)
    facts = build(study)
    members = interim(study, "members").set_index("member_id")
    assert members["joined_on"].astype(str).to_dict() == {
        "a": "2024-01-05",
        "b": "2024-02-09",
        "c": "2024-04-01",
    }
    counts = facts["tables"]["members"]
    assert (counts["read"], counts["derived"], counts["kept"]) == (0, 3, 3)
    told = [notice["key"] for notice in facts["notices"]]
    assert told == ["intake.notice_derived", "intake.notice_consent_absent"]


def test_incomplete_members_are_completed_when_asked(tables, make_study, build) -> None:
    tables["members"] = pd.DataFrame(
        {"member_id": ["a", "z"], "joined_on": ["", ""], "tier": ["gold", "none"]}
    )
    study = make_study(tables, {"intake": {"complete_members": True, "max_quarantined": 0.5}, **KEEP_IDS})
    facts = build(study)["tables"]["members"]
    members = interim(study, "members").set_index("member_id")
    assert members["tier"].dtype == "string"
    assert members["tier"].fillna("?").to_dict() == {"a": "gold", "b": "?", "c": "?"}
    assert members.loc["a", "joined_on"] == pd.Timestamp("2024-01-05")
    assert facts["reasons"] == {"missing_value": 1}, "z has neither a date nor any activity"
    assert (facts["read"], facts["derived"], facts["kept"]) == (2, 2, 3)


def test_lines_of_one_order_fold_into_it(tables, make_study, build) -> None:
    lines = pd.DataFrame(
        [
            ("1", "a", "2024-03-02 10:05", "3", "1", "2", "food"),
            ("1", "a", "2024-03-02 10:00", "7", "", "1", "toys"),
            ("2", "a", "2024-03-03 10:00", "4", "", "", "food"),
            ("1", "b", "2024-03-04 10:00", "9", "", "", "food"),  # the same number for another member
            ("2", "a", "2024-03-03 10:00", "lots", "", "", "food"),
        ],
        columns=["order_id", "member_id", "ordered_at", "amount", "discount", "quantity", "category"],
    )
    study = make_study(
        {**tables, "orders": lines}, {"intake": {"fold": ["orders"], "max_quarantined": 0.5}, **KEEP_IDS}
    )
    facts = build(study)["tables"]["orders"]
    assert (facts["read"], facts["kept"], facts["folded"], facts["quarantined"]) == (5, 2, 1, 2)
    assert facts["reasons"] == {"wrong_type": 1, "duplicate_id": 1}
    orders = interim(study, "orders").set_index("order_id")
    first = orders.loc["1"]
    assert (first["amount"], first["discount"], first["quantity"], first["category"]) == (
        10.0,
        1.0,
        3.0,
        "toys",
    )
    assert first["ordered_at"] == pd.Timestamp("2024-03-02 10:00")
    assert orders.loc["2", ["amount"]].tolist() == [4.0]
    assert pd.isna(orders.loc["2", "discount"])


def test_chinese_headers_and_codes_in_gb18030_on_a_path_with_spaces(make_study, build) -> None:
    columns = {
        "members.member_id": "会员号", "members.joined_on": "入会日期", "orders.member_id": "会员号",
        "orders.ordered_at": "下单时间", "orders.amount": "实付金额", "orders.returned": "是否退货",
    }  # fmt: skip
    params = {
        "intake": {
            "tables": {"members": "会员", "orders": "订单 明细.csv"},
            "columns": columns,
            "codes": {"orders.returned": {"退": True, "未退": False}},
        },
        **KEEP_IDS,
    }
    study = make_study({}, params, name="我的 会员 研究")
    (study.raw / "会员.csv").write_bytes("会员号,入会日期\n甲,2024年1月5日\n乙,2024/2/6\n".encode("gb18030"))
    (study.raw / "订单 明细.csv").write_bytes(
        "会员号;下单时间;实付金额;是否退货\n甲;2024-02-03 10:00;￥1,280.50;退\n乙;20240304;99元;未退\n".encode(
            "gb18030"
        )
    )
    facts = build(study)
    orders = interim(study, "orders")
    assert orders["amount"].tolist() == [99.0, 1280.5]
    assert orders["returned"].tolist() == [False, True]
    assert facts["tables"]["orders"]["encoding"] == "gb18030"


def test_intake_json_balances_for_every_table(tables, make_study, build) -> None:
    facts = build(make_study(tables))
    assert set(facts["tables"]) == set(HISTORY_TABLES)
    for counts in facts["tables"].values():
        assert counts["read"] + counts["derived"] == counts["kept"] + counts["quarantined"] + counts["folded"]
        assert sum(counts["reasons"].values()) == counts["quarantined"]


def test_the_same_input_gives_the_same_bytes(tables, make_study, build) -> None:
    study = make_study(tables)
    build(study)
    first = {path.name: path.read_bytes() for path in study.interim.iterdir()}
    build(study)
    assert first == {path.name: path.read_bytes() for path in study.interim.iterdir()}


def test_excess_stops_the_run_but_leaves_the_quarantine(tables, make_study, build) -> None:
    tables["orders"].loc[0, "amount"] = "x"
    study = make_study(tables)
    with pytest.raises(WhychurnError, match="1 of 5 rows are bad") as caught:
        build(study)
    assert "wrong_type" in str(caught.value)
    assert (caught.value.column, caught.value.rows) == ("amount", 1)
    assert len(interim(study, "quarantine")) == 1
    assert not (study.interim / "intake.json").exists()


def test_stage_writes_what_the_panel_reads(tables, make_study) -> None:
    from whychurn.stages import intake

    study = make_study(tables)
    intake.run(study, load_params(study))
    assert {path.stem for path in study.interim.glob("*.parquet")} == {*HISTORY_TABLES, "quarantine"}
    assert read_json(study.interim / "intake.json")["observed_until"] == "2024-05-20"
