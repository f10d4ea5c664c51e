"""What is not known to be a yes is no consent, and what was assumed is said."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.intake.check.consent import consent_notices, settle_consent, shown_words
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.words.consent import Consent, meaning, read_consent, says_contrary

YES = ["yes", "Y", "1", "1.0", "True", "opted-in", "Opt_In", "SUBSCRIBED", "I agree", "consent given", "granted", "是", "同意", "已授权", "愿意接收", "Ｙｅｓ", "１", " 同意。"]  # fmt: skip
NO = [
    "no", "N", "0", "FALSE", "opted out", "opt-out", "declined", "Withdrawn", "revoked", "refused", "do not contact", "suppressed", "not_subscribed",
    "NEVER_SUBSCRIBED", "unsubscribed", "I do not agree", "has not consented", "no consent", "否", "不同意", "未授权", "拒绝", "撤回", "已退订", "屏蔽", "没有同意",
    "不​同意", "不 同 意", "withdrawn 2024-03-01",
]  # fmt: skip
OPEN = ["unknown", "pending", "n/a", "-", "not asked", "未知", "待确认", "未填写"]
STRANGE = [
    "maybe",
    "see contract",
    "2",
    "not opted out",
    "no objection",
    "未退订",
    "Y/N",
    "partial",
    "同意书已寄",
    "A级",
]


@pytest.mark.parametrize("word", YES)
def test_words_of_agreement(word) -> None:
    assert meaning(word) == "yes"


@pytest.mark.parametrize("word", NO)
def test_words_of_refusal(word) -> None:
    assert meaning(word) == "no"


@pytest.mark.parametrize("word", OPEN)
def test_words_that_leave_it_open(word) -> None:
    assert meaning(word) == "unknown"


@pytest.mark.parametrize("word", STRANGE)
def test_what_could_be_either_is_not_understood(word) -> None:
    assert meaning(word) is None


@given(st.text(max_size=12))
def test_a_denied_word_never_agrees(word) -> None:
    for denied in (f"not {word}", f"不{word}", f"do not {word}", f"未{word}"):
        assert meaning(denied) != "yes" or meaning(word) not in ("yes", "no")


@given(st.lists(st.sampled_from([*sorted(YES + NO + OPEN + STRANGE), "", None]), min_size=1, max_size=30))
def test_cells_are_true_only_where_the_word_agrees(words) -> None:
    read = read_consent(pd.Series(pd.array(words, dtype=TEXT)), "consent", {})
    for word, value in zip(words, read.values, strict=True):
        assert pd.isna(value) if not word else value == (word in YES)


@pytest.mark.parametrize(
    "header",
    [
        "opt_out",
        "emailOptOut",
        "is unsubscribed",
        "Do Not Contact",
        "suppressed",
        "no_marketing",
        "拒收",
        "是否退订",
        "免打扰",
    ],
)
def test_a_column_of_the_refusal_is_turned_round(header) -> None:
    assert says_contrary(header)
    read = read_consent(
        pd.Series(pd.array(["1", "0", "是", "", "opted in", "unsubscribed"], dtype=TEXT)), header, {}
    )
    assert read.contrary
    assert read.values.astype(object).where(read.values.notna(), None).tolist() == [
        False,
        True,
        False,
        None,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "header", ["opt_in", "subscribed", "consent", "not_opted_out", "是否同意", "未退订", "marketing_consent"]
)
def test_other_columns_are_read_as_they_are(header) -> None:
    assert not says_contrary(header)


def test_numbers_and_flags_of_a_refusal(tables, make_study, build) -> None:
    tables["members"]["do_not_profile"] = ["1", "0", "1"]
    study = make_study(tables, {"intake": {"columns": {"members.profiling_consent": "do_not_profile"}}})
    facts = build(study)
    assert facts["members_without_consent"] == 2
    assert "intake.notice_consent_contrary" in [notice["key"] for notice in facts["notices"]]


def test_days_of_consent_are_consent(tables, make_study, build) -> None:
    tables["members"]["agreed_on"] = ["2024-01-02", "", "2024-02-05"]
    study = make_study(tables, {"intake": {"columns": {"members.profiling_consent": "agreed_on"}}})
    assert build(study)["members_without_consent"] == 1


def test_words_that_are_not_understood_are_asked(tables, make_study, build) -> None:
    tables["members"]["profiling_consent"] = ["ja klar", "yes", "yes"]
    with pytest.raises(
        WhychurnError, match=r"profiling_consent.*not understood.*AA AAAA \(1\).*intake\.codes"
    ):
        build(make_study(tables))
    told = {"intake": {"codes": {"members.profiling_consent": {"ja klar": True}}}}
    assert build(make_study(tables, told, name="told"))["members_without_consent"] == 0


def test_a_frequent_word_is_shown_with_its_count(tables, make_study, build) -> None:
    members = pd.DataFrame({"member_id": [f"k{n}" for n in range(9)], "joined_on": "2024-01-01"})
    members["profiling_consent"] = ["level 2"] * 4 + ["是"] * 5
    with pytest.raises(WhychurnError, match=r"level 2 \(4\)"):
        build(make_study({**tables, "members": members}))


def test_no_column_means_all_and_is_said(tables, make_study, build) -> None:
    facts = build(make_study(tables))
    assert facts["members_without_consent"] == 0
    assert "intake.notice_consent_absent" in [notice["key"] for notice in facts["notices"]]
    denied = make_study(tables, {"privacy": {"missing_consent": "deny"}}, name="denied")
    with pytest.raises(WhychurnError, match="none of 3 may be profiled"):
        build(denied)


def test_a_column_of_consent_that_is_not_used_is_asked(tables, make_study, build) -> None:
    tables["members"]["gdpr_opt_out"] = ["1", "0", "0"]
    with pytest.raises(WhychurnError, match=r"gdpr_opt_out.*members\.profiling_consent: gdpr_opt_out"):
        build(make_study(tables))
    allowed = make_study(tables, {"privacy": {"missing_consent": "allow"}}, name="allowed")
    assert build(allowed)["members_without_consent"] == 0


def test_empty_cells_have_a_meaning_where_it_is_said(tables, make_study, build) -> None:
    tables["members"]["opt_out"] = ["1", "", ""]
    own = {"columns": {"members.profiling_consent": "opt_out"}}
    with pytest.raises(WhychurnError, match="none of 3 may be profiled"):
        build(make_study(tables, {"intake": own}))
    own["codes"] = {"members.profiling_consent": {"": True}}
    study = make_study(tables, {"intake": own}, name="said")
    assert build(study)["members_without_consent"] == 1


def test_marketing_consent_is_read_alike(tables, make_study, build) -> None:
    tables["members"]["marketing_consent"] = ["not_subscribed", "subscribed", "pending"]
    study = make_study(tables)
    build(study)
    assert sorted(read_table(study.interim / "members.parquet")["marketing_consent"]) == [False, False, True]


def test_rare_words_are_shown_by_their_shape() -> None:
    words = pd.Series(["call 138"] + ["silver"] * 3 + ["gold"] * 5)
    assert shown_words(words) == "gold (5), silver (3), AAAA 999 (1)"


def test_few_strange_words_are_denied_and_said_many_are_asked() -> None:
    few = pd.Series(pd.array(["yes"] * 99 + ["hm"], dtype=TEXT))
    read = read_consent(few, "consent", {})
    assert isinstance(read, Consent)
    assert not read.values.iloc[-1]
    assert [key for key, _ in consent_notices(read, "consent")] == ["notice_consent_words"]
    many = read_consent(pd.concat([few, few.iloc[-1:].repeat(20)]), "consent", {})
    assert [key for key, _ in consent_notices(many, "consent")] == ["decide_consent_words"]


@pytest.mark.parametrize(("missing", "expected"), [("auto", False), ("deny", False), ("allow", True)])
def test_gaps_of_a_recorded_column(missing, expected) -> None:
    members = pd.DataFrame({"profiling_consent": pd.array([True, None, False], dtype="boolean")})
    filled, notices = settle_consent(members, {"profiling_consent": "consent"}, missing)
    assert filled.tolist() == [True, expected, False]
    assert [values for _, values in notices] == [{"table": "members", "n": 1}]
