"""Persons in columns of codes and ids: taken out, said, and nothing else is touched."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whychurn.contract.files import read_table
from whychurn.contract.params import load_params
from whychurn.intake.preview import check_source
from whychurn.intake.privacy.names import whole_name
from whychurn.intake.privacy.personal_codes import (
    looks_like_names,
    own_id_within,
    protect_codes,
    without_own_id,
    without_persons,
)
from whychurn.intake.privacy.protected_tables import Redactions, take_persons_out
from whychurn.intake.read.dtypes import TEXT

IDS = ["48210", "48227", "48244"]


def column(values) -> pd.Series:
    return pd.Series(pd.array(values, dtype=TEXT))


def written(study) -> str:
    """All that intake wrote, as text."""
    tables = [read_table(path).to_csv() for path in sorted(study.interim.glob("*.parquet"))]
    return "\n".join([*tables, (study.interim / "intake.json").read_text(encoding="utf-8")])


@pytest.fixture
def real_ids(tables):
    """The three members and five orders with ids as companies have them."""
    names = dict(zip("abc", IDS, strict=True))
    for frame in tables.values():
        frame["member_id"] = frame["member_id"].map(names)
    return tables


HIDDEN = [
    ("orders", "channel", ["13904806297", "shop", "web", "shop", "web"], "13904806297"),
    ("orders", "channel", ["李建国", "王芳", "张志强", "李建国", "王芳"], "王芳"),
    ("orders", "channel", ["Anna Miller", "James Carter", "Mr Brandt", "Anna Miller", "shop"], "Anna Miller"),
    ("orders", "category", ["lena.holt@example.org", "tea", "tea", "tea", "tea"], "lena.holt"),
    ("orders", "category", ["微信 lena_88", "tea", "tea", "tea", "tea"], "lena_88"),
    ("orders", "category", ["138 0013 8000", "tea", "tea", "tea", "tea"], "0013 8000"),
    ("members", "channel", ["11010519491231002X", "web", "web"], "11010519491231002X"),
    ("members", "gender", ["张先生", "李女士", "王女士"], "张先生"),
    ("members", "region", ["上海市 13904806297", "上海", "上海"], "13904806297"),
    ("members", "区域经理", ["李建国", "王芳", "张志强"], "王芳"),
    ("members", "family", ["child of 48210", "none", "none"], "48210"),
    ("members", "推荐人", ["48227", "48244", "48227"], "48227"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "name", "values", "secret"), HIDDEN)
def test_persons_in_columns_of_codes_are_gone_and_said(
    table, name, values, secret, real_ids, make_study, build
) -> None:
    real_ids[table][name] = values
    study = make_study(real_ids)
    facts = build(study)
    assert secret not in written(study)
    told = [
        notice
        for notice in facts["notices"]
        if name in str(notice["values"]) and "consent" not in notice["key"]
    ]
    assert told or facts["redactions"]


@pytest.mark.parametrize(
    ("table", "name", "values", "secret"),
    [
        ("orders", "order_id", ["48210-20230512-1", "48210-20230512-2", "48227-1", "48244-1", "48227-2"], "48227-2"),
        ("orders", "order_id", ["13904806297A", "13904806297B", "13904806298A", "13904806299A", "139048062910"], "13904806297"),
        ("events", "campaign_id", ["spring-48210", "spring-48227", "spring-48244"], "spring-48210"),
        ("events", "event_type", ["visit 13904806297", "visit", "visit"], "13904806297"),
        ("memberships", "membership_id", ["G48210", "G48227", "G48244"], "G48210"),
        ("memberships", "plan", ["gold lena@example.org", "gold", "gold"], "lena@"),
        ("feedback", "feedback_id", ["t-48210", "t-48227", "t-48244"], "t-48210"),
        ("feedback", "text", ["my number 48210", "会员48227", "fine"], "48227"),
        ("surveys", "reason", ["价格 13904806297", "price", "price"], "13904806297"),
        ("touches", "campaign_id", ["48210/a", "48227/a", "48244/a"], "48244/a"),
        ("touches", "action", ["call 13904806297", "mail", "mail"], "13904806297"),
    ],
)  # fmt: skip
def test_persons_in_ids_and_required_codes_become_pseudonyms(
    table, name, values, secret, real_ids, make_study, build
) -> None:
    others = {
        "events": {"occurred_at": "2024-03-05", "event_type": "visit"},
        "memberships": {
            "membership_id": IDS,
            "plan": "gold",
            "starts_on": "2024-03-01",
            "ends_on": "2025-03-01",
        },
        "feedback": {"feedback_id": ["1", "2", "3"], "created_at": "2024-03-05", "text": "fine"},
        "surveys": {"survey_id": ["1", "2", "3"], "sent_at": "2024-04-02", "kind": "exit"},
        "touches": {
            "touch_id": ["1", "2", "3"],
            "campaign_id": "c",
            "sent_at": "2024-04-02",
            "action": "mail",
        },
    }
    if table != "orders":
        real_ids[table] = pd.DataFrame({"member_id": IDS, **others[table]})
    real_ids[table][name] = values
    study = make_study(real_ids)
    build(study)
    assert secret not in written(study)
    kept = read_table(study.interim / f"{table}.parquet")
    assert len(kept) == len(values), "no row is lost"
    assert kept[name].nunique() == len(set(values)) or name in ("text", "reason")


def test_ids_that_tell_nothing_stay(real_ids, make_study, build) -> None:
    real_ids["orders"]["order_id"] = ["A00001", "A00002", "A00003", "20240506123456", "A5"]
    real_ids["orders"]["channel"] = ["web", "10.0", "@home", "=1+2", "{{7*7}}"]
    study = make_study(real_ids)
    build(study)
    orders = read_table(study.interim / "orders.parquet")
    assert set(orders["order_id"]) == {"A00001", "A00002", "A00003", "20240506123456", "A5"}
    assert set(orders["channel"]) == {"web", "10.0", "@home", "=1+2", "{{7*7}}"}


def test_columns_that_only_resemble_persons_stay() -> None:
    brands = column(["李宁", "Tommy Hilfiger", "tea", "coffee", "milk", "bread", "rice"])
    assert not looks_like_names(brands)
    assert not looks_like_names(column(["江苏", "安徽", "成都", "黄山", "温州"]))
    assert not looks_like_names(column(["毛衣", "夏装", "马甲", "牛仔裤", "白酒"]))
    frame = pd.DataFrame(
        {"order_id": column(list("abcdefg")), "category": brands, "member_id": column(list("abcdefg"))}
    )
    taken = Redactions()
    kept = protect_codes(
        "orders", frame.reindex(columns=["order_id", "member_id", "category", "channel"]), None, taken
    )
    assert kept["category"].tolist() == brands.tolist()
    assert taken.notices == []


@given(
    st.text("0123456789", min_size=5, max_size=9),
    st.sampled_from(["{}-1", "X{}", "{}20240512", "a/{}/b", "00{}"]),
)
def test_a_long_id_is_found_in_any_other_id(own, form) -> None:
    assert own_id_within(column([form.format(own)]), column([own])).all()


@given(st.text("KMB0123456789", min_size=2, max_size=4))
def test_a_short_id_is_found_where_it_stands_apart(own) -> None:
    assert own_id_within(column([f"{own}-77", f"77-{own}"]), column([own, own])).all()
    assert not own_id_within(column([f"9{own}9"]), column([own])).any()


def test_separators_and_case_do_not_hide_an_id() -> None:
    assert own_id_within(column(["m204518-1", "VIP 00048210"]), column(["M-204518", "0048210"])).all()


def test_own_ids_go_from_texts_and_are_counted() -> None:
    taken = Redactions()
    clean = without_own_id(
        column(["I am 48210!", "48210 and 48227"]), column(["48210", "48227"]), taken.counts
    )
    assert clean.tolist() == ["I am [IDNO]!", "48210 and [IDNO]"]
    assert taken.counts == {"IDNO": 2}


def test_referrals_stay_linked(real_ids, make_study, build) -> None:
    real_ids["members"]["referrer"] = ["48227", "", "48210"]
    study = make_study(real_ids)
    build(study)
    members = read_table(study.interim / "members.parquet")
    assert set(members["referrer"].dropna()) < set(members["member_id"])


def test_who_brought_whom_stays_linked_though_each_brought_one(real_ids, make_study, build) -> None:
    """Nearly as many referrers as referred: the column is no free text that would tell members apart."""
    ids = real_ids["members"]["member_id"].tolist()
    real_ids["members"]["referred_by"] = [*ids[1:], ""]
    study = make_study(real_ids)
    build(study)
    members = read_table(study.interim / "members.parquet")
    assert set(members["referred_by"].dropna()) < set(members["member_id"])
    assert members["referred_by"].notna().sum() == len(ids) - 1


def test_the_list_of_names_makes_a_pattern() -> None:
    assert column(["张伟", "欧阳娜", "Anna Miller", "江苏"]).str.fullmatch(whole_name()[1:-1]).tolist() == [
        True,
        True,
        True,
        False,
    ]


def test_the_check_says_what_a_run_will_take_out(real_ids, make_study) -> None:
    real_ids["orders"]["channel"] = [
        "13904806297",
        "13904369368",
        "13907779947",
        "13907947419",
        "13905237822",
    ]
    study = make_study(real_ids)
    report = check_source(study, load_params(study))
    assert any("orders.channel: 5 cells held personal details (PHONE)" in line for line in report.notices)


def test_examples_in_notices_tell_nobody() -> None:
    told = without_persons({"words": "13904806297 (12), web (3)", "n": 3, "example": "lena@example.org"})
    assert told == {"words": "[PHONE] (12), web (3)", "n": 3, "example": "[EMAIL]"}


def test_rows_with_frequent_numbers_are_not_shown(real_ids, make_study, build, caplog) -> None:
    rows = 30
    real_ids["events"] = pd.DataFrame(
        {
            "member_id": ["48210"] * rows,
            "occurred_at": "2024-03-05",
            "event_type": ["call 13904806297", "visit"] * 15,
        }
    )
    study = make_study(real_ids)
    build(study)
    found = [
        path for path in study.root.rglob("*.parquet") if "13904806297" in pd.read_parquet(path).to_csv()
    ]
    assert not found and "13904806297" not in caplog.text


def test_persons_go_before_ids_become_pseudonyms() -> None:
    frame = pd.DataFrame(
        {"order_id": ["48210-1"], "member_id": ["48210"], "category": ["tea"], "channel": ["a@b.cn"]},
        dtype=TEXT,
    )
    taken = Redactions()
    kept = take_persons_out("orders", frame, b"some key of tests", taken)
    assert kept["member_id"].tolist() == ["48210"] and kept["channel"].isna().all()
    assert [key for key, _ in taken.notices] == ["notice_ids_replaced", "notice_details_emptied"]
