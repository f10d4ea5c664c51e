"""Words by which a table of one row per customer is known, in both languages."""

from __future__ import annotations

import pytest

from whychurn.contract.snapshot.leaving_words import (
    answer_words,
    cell_words,
    holds_word,
    is_named,
    plain_name,
    tenure_unit,
)

LEFT = ["Attrition_Flag", "Churn", "ChurnFlag", "Exited", "Left", "is_churned", "customer churn", "是否流失", "流失标签", "已退会", "离网标志"]  # fmt: skip
NOT_LEFT = [
    "Age",
    "Churn Reason",
    "MonthlyCharges",
    "churn_score",
    "left_on",
    "上次流失日期",
    "城市",
    "客户编号",
]
UNITS = {
    "MonthsAsClient": "months", "Months_on_book": "months", "Tenure": "months", "account length": "days", "tenure_days": "days",
    "years as member": "years", "会员天数": "days", "会龄": "years", "入会月数": "months", "在网时长（月）": "months", "Age": None, "月费": None,
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_names_that_say_who_left(name: str) -> None:
    assert is_named(name, "left_names")


@pytest.mark.parametrize("name", NOT_LEFT)
def test_names_that_do_not(name: str) -> None:
    assert not is_named(name, "left_names")


@pytest.mark.parametrize("name", sorted(UNITS))
def test_units_of_tenure(name: str) -> None:
    assert tenure_unit(name) == UNITS[name]


def test_names_are_compared_word_by_word() -> None:
    assert plain_name("ChurnFlag") == plain_name("churn_flag") == plain_name(" Churn  Flag ") == "churn flag"
    assert is_named("IsActiveMember", "stayed_names") and not is_named("IsActiveMember", "left_names")


@pytest.mark.parametrize(
    "name", ["Churn Category", "cancel_date", "closed_on", "退会原因", "注销日期", "win_back_offer"]
)
def test_names_known_after_leaving(name: str) -> None:
    assert holds_word(name, "suspect_after_leaving") or holds_word(name, "known_after_leaving")


def test_no_word_says_two_things() -> None:
    words, answers = cell_words(), answer_words()
    assert not set(words) & set(answers)
    assert (
        words["流失"] and not words["在网"] and words["attrited customer"] and not words["existing customer"]
    )
    assert answers["是"] and answers["1"] and not answers["否"] and not answers["false"]
