"""Interviews of leavers drawn by lot: their chance, their coders, who was asked and silent; whole files through intake."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.intake.build import build_interim
from whychurn.intake.check.codes.coded_columns import nearest_code
from whychurn.intake.check.codes.interviews import check_interviews, repeated_codings
from whychurn.intake.draft.params_text import write_draft
from whychurn.intake.read.interview_list import with_interviews
from whychurn.intake.read.source import open_source, read_table
from whychurn.voice.text.corpus import gather_texts

SENT = "2024-05-01 10:00"


def interviews(*rows: dict[str, str]) -> pd.DataFrame:
    """Rows of surveys as text; what a row does not say is empty."""
    usual = {"kind": "interview", "member_id": "a", "sent_at": SENT}
    return pd.DataFrame(
        [{**usual, "survey_id": f"I{n}", **row} for n, row in enumerate(rows)], dtype="string"
    )


def interim(make_study, build, tables, surveys: pd.DataFrame, params=None) -> tuple[pd.DataFrame, dict]:
    study = make_study({**tables, "surveys": surveys}, params)
    facts = build(study)
    return pd.read_parquet(study.interim / "surveys.parquet").sort_values("survey_id"), facts


def notices(facts: dict) -> dict[str, dict]:
    return {notice["key"].removeprefix("intake."): notice["values"] for notice in facts["notices"]}


def test_not_asked_asked_and_silent_and_answered_stay_apart(make_study, build, tables) -> None:
    surveys = interviews(
        {"asked_probability": "0.35", "coder": "Ann", "answered_at": "2024-05-03", "reason": "price/rise"},
        {"member_id": "b", "asked_probability": "0.2"},
    )
    table, facts = interim(make_study, build, tables, surveys)
    assert table["asked_probability"].tolist() == [0.35, 0.2]
    assert table["answered_at"].notna().tolist() == [True, False]
    assert table["reason"].tolist()[0] == "price/rise" and len(table) == 2
    said = notices(facts)["notice_interviews"]
    assert said == {"n": 2, "answered": 1, "silent": 1, "twice": 0, "without": 0}
    assert "notice_unknown_codes" not in notices(facts)


def test_columns_that_a_study_does_not_have_are_empty_and_typed(make_study, build, tables) -> None:
    surveys = interviews({"kind": "exit", "reason": "price", "answered_at": SENT})
    table, facts = interim(make_study, build, tables, surveys)
    assert table["asked_probability"].dtype == "float64" and table["asked_probability"].isna().all()
    assert table["coder"].isna().all() and "notice_interviews" not in notices(facts)


def test_a_chance_in_percent_is_read_as_hundredths(make_study, build, tables) -> None:
    surveys = interviews({"asked_probability": "35%"}, {"member_id": "b", "asked_probability": "100 %"})
    table, facts = interim(make_study, build, tables, surveys)
    assert table["asked_probability"].tolist() == pytest.approx([0.35, 1.0])
    assert notices(facts)["notice_percent"]["n"] == 2


def test_impossible_chances_are_set_aside_and_told(make_study, build, tables) -> None:
    surveys = interviews(*[{"asked_probability": chance} for chance in ("0.5", "0", "1", "1.4", "-0.1")])
    table, facts = interim(make_study, build, tables, surveys, {"intake": {"max_quarantined": 0.9}})
    assert table["asked_probability"].tolist() == [0.5, 1.0]
    counts = facts["tables"]["surveys"]
    assert counts["reason_columns"] == {"impossible_amount:asked_probability": 3}
    assert notices(facts)["notice_asked_probability"] == {"n": 3, "example": "0"}


def test_percent_without_its_sign_stops_the_run(make_study, build, tables) -> None:
    """35 is no chance: the run says the column and does not weight by it."""
    study = make_study({**tables, "surveys": interviews({"asked_probability": "35"})})
    with pytest.raises(WhychurnError, match="asked_probability"):
        build(study)


def test_two_coders_are_two_rows_and_one_coder_twice_is_a_duplicate(make_study, build, tables) -> None:
    answer = {"survey_id": "I1", "answered_at": "2024-05-03"}
    surveys = interviews(
        {**answer, "coder": "Ann", "reason": "price"},
        {**answer, "coder": "Ben", "reason": "engagement"},
        {**answer, "coder": "Ann", "reason": "natural"},
        {**answer, "reason": "natural"},
        {**answer, "coder": "Eve", "reason": "natural", "member_id": "b"},
        {"survey_id": "X", "kind": "exit", "coder": "Ann", "reason": "price"},
        {"survey_id": "X", "kind": "exit", "coder": "Ben", "reason": "price"},
    )
    table, facts = interim(make_study, build, tables, surveys, {"intake": {"max_quarantined": 0.9}})
    kept = table.groupby("survey_id")["reason"].agg(set).to_dict()
    assert kept == {"I1": {"price", "engagement"}, "X": {"price"}}
    assert facts["tables"]["surveys"]["reason_columns"] == {"duplicate_id:survey_id": 4}
    assert notices(facts)["notice_interviews"]["twice"] == 1


def test_coders_are_persons_and_become_pseudonyms(make_study, build, tables) -> None:
    answer = {"survey_id": "I1", "reason": "price", "answered_at": "2024-05-03"}
    surveys = interviews({**answer, "coder": "Anna Schmidt"}, {**answer, "coder": "王芳"})
    table, _ = interim(make_study, build, tables, surveys)
    assert table["coder"].nunique() == 2 and not table["coder"].isin(["Anna Schmidt", "王芳"]).any()


def test_a_reason_without_a_day_is_an_answer(make_study, build, tables) -> None:
    table, facts = interim(make_study, build, tables, interviews({"reason": "price"}))
    assert table["answered_at"].iloc[0] == pd.Timestamp(SENT)
    assert notices(facts)["notice_interview_undated"] == {"n": 1}


def test_interviews_after_the_last_day_covered_are_kept_other_surveys_not(make_study, tables) -> None:
    late = {"sent_at": "2024-09-01", "answered_at": "2024-09-02", "reason": "price"}
    surveys = interviews(late, {**late, "kind": "exit"}, {**late, "sent_at": "2025-09-01"})
    params = {"intake": {"observed_until": "2024-06-30", "max_quarantined": 0.9}}
    study = make_study({**tables, "surveys": surveys}, params)
    build_interim(study, load_params(study), dt.date(2025, 6, 30))
    table = pd.read_parquet(study.interim / "surveys.parquet")
    assert table["survey_id"].tolist() == ["I0"] and table["answered_at"].notna().all()


def test_steps_alone(a_checked_table) -> None:
    checked = a_checked_table(
        "surveys", survey_id=["1", "1", "2"], kind=["interview"] * 3, member_id=["a", "a", "b"],
        coder=["x", "y", None], asked_probability=[0.5, 0.5, 0.0], sent_at=[pd.Timestamp(SENT)] * 3,
    )  # fmt: skip
    check_interviews(checked)
    assert checked.row_reasons.good.tolist() == [True, True, False]
    assert not repeated_codings(checked.frame, checked.row_reasons.good).any()
    same = checked.frame.assign(coder="x")
    assert repeated_codings(same, np.array([True, True, True])).tolist() == [False, True, False]


@pytest.mark.parametrize("word", ["访谈", "深度访谈", "电话回访", "In-depth interview", "exit interview"])
def test_words_for_interviews_in_both_languages(word: str) -> None:
    assert nearest_code("surveys.kind", word) == "interview"


def test_a_draft_knows_a_table_of_interviews_by_its_chinese_headers(make_study, tables) -> None:
    raw = pd.DataFrame(
        {
            "问卷编号": ["I1", "I1", "I2"], "会员号": ["a", "a", "b"], "问卷类型": ["访谈"] * 3,
            "发送时间": [SENT] * 3, "离开原因": ["价格", "价格", "服务"], "抽中概率": ["0.3", "0.3", "0.5"],
            "编码员": ["甲", "乙", "甲"],
        }
    )  # fmt: skip
    study = make_study({**tables, "访谈": raw})
    _, draft = write_draft(study.root / "raw")
    drafted = next(match for match in draft.tables if match.table == "surveys")
    lines = {line.column: line.header for line in drafted.columns}
    assert lines["asked_probability"] == "抽中概率" and lines["coder"] == "编码员"
    assert lines["survey_id"] == "问卷编号"


def test_an_interview_coded_twice_is_one_text_and_teaches_no_text_its_reason() -> None:
    surveys = pd.DataFrame(
        {
            "survey_id": ["I1", "I1", "X"], "member_id": ["a", "a", "b"],
            "kind": ["interview", "interview", "exit"], "sent_at": pd.Timestamp(SENT),
            "comment": ["too dear", "too dear", "moved"], "reason": ["price", "natural", "natural"],
        }
    )  # fmt: skip
    feedback = pd.DataFrame(
        {name: [] for name in ("feedback_id", "member_id", "text")} | {"created_at": pd.to_datetime([])}
    )
    texts = gather_texts(feedback, surveys).set_index("feedback_id")
    assert texts["source"].to_dict() == {"I1": "survey_interview", "X": "survey_exit"}
    assert texts["reason"].fillna("").to_dict() == {"I1": "", "X": "natural"}


LIST = {"asked_probability": "0.4", "answered_at": "2024-05-03", "reason": "price", "coder": "Ann"}


def test_a_list_is_read_below_surveys_of_other_types(make_study, build, tables) -> None:
    """Surveys with days as days, the list with days as text: both are read, and the list's own columns are left out."""
    study = make_study({**tables, "interviews": interviews({**LIST, "list": "left"})})
    exits = pd.DataFrame(
        {"survey_id": ["Q1"], "member_id": ["b"], "kind": ["exit"], "sent_at": [pd.Timestamp(SENT)]}
    )
    exits.to_parquet(study.raw / "surveys.parquet")
    facts = build(study)
    table = pd.read_parquet(study.interim / "surveys.parquet").set_index("survey_id")
    assert (
        table["sent_at"].tolist() == [pd.Timestamp(SENT)] * 2 and table.loc["I0", "asked_probability"] == 0.4
    )
    assert facts["tables"]["surveys"]["source"] == "surveys.parquet, interviews.csv"


def test_lists_alone_are_the_surveys(make_study, build, tables) -> None:
    lists = {
        "interviews_1": interviews(LIST),
        "interviews_2": interviews({**LIST, "survey_id": "J1", "member_id": "b"}),
    }
    study = make_study({**tables, **lists})
    assert build(study)["tables"]["surveys"]["kept"] == 2


def test_a_file_that_is_no_list_or_is_named_already_is_not_read_twice(make_study, tables) -> None:
    texts = pd.DataFrame({"member_id": ["a"], "created_at": [SENT], "text": ["too dear"]})
    params = load_params(make_study({**tables, "interviews": texts}, name="texts")).intake
    study = make_study({**tables, "interviews": texts}, name="texts")
    assert with_interviews(open_source(study, params), None, params) == (None, params)
    own = {"intake": {"tables": {"surveys": "interviews.csv"}}}
    named = make_study({**tables, "interviews": interviews(LIST)}, own, name="named")
    intake = load_params(named).intake
    source = open_source(named, intake)
    raw = read_table(source, "surveys", "interviews.csv")
    assert raw is not None and with_interviews(source, raw, intake)[0] is raw
