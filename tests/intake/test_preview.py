"""A look at the source tells all problems at once and writes nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.questions import assess_questions, load_questions
from whychurn.contract.tables import HISTORY_TABLES, TABLES
from whychurn.intake.preview import check_source
from whychurn.intake.preview_text import render_check


def shown(report) -> str:
    target = io.StringIO()
    render_check(report, Console(file=target, width=200))
    return target.getvalue()


def files(root: Path) -> set[Path]:
    return set(root.rglob("*"))


def test_sound_tables_fit_and_nothing_is_written(tables, make_study, monkeypatch) -> None:
    monkeypatch.delenv("WHYCHURN_KEY")
    study = make_study(tables)
    before = files(study.root)
    report = check_source(study, load_params(study))
    assert report.fits
    assert files(study.root) == before
    answers = report.questions.set_index("id")["answerable"]
    assert answers["repurchase"]
    assert not answers["renewal"]
    assert "The tables fit" in shown(report)


def test_problems_of_several_tables_are_told_at_once(tables, make_study) -> None:
    tables["orders"].loc[:2, "amount"] = "x"
    tables["feedback"] = tables["members"]
    study = make_study(tables)
    (study.raw / "touches.csv").write_bytes(b"")
    report = check_source(study, load_params(study))
    assert report.problems["table"].tolist() == ["feedback", "touches", "orders"]
    text = shown(report)
    assert "lacks the required column" in text
    assert "the file is empty" in text
    assert "3 of 5 rows are bad" in text
    wrong = report.reasons.set_index(["table", "reason", "column"])["rows"]
    assert wrong["orders", "wrong_type", "amount"] == 3


def test_the_check_shows_what_became_of_each_table(tables, make_study) -> None:
    tables["orders"].loc[4, "amount"] = "x"
    tables["orders"] = pd.concat([tables["orders"], tables["orders"].iloc[:1]])
    study = make_study(tables, {"intake": {"max_quarantined": 0.5}})
    report = check_source(study, load_params(study))
    row = report.tables.set_index("table").loc["orders"]
    assert (row["read"], row["kept"], row["quarantined"], row["duplicates"]) == (6, 4, 1, 1)
    assert (row["first_day"], row["last_day"]) == ("2024-01-05", "2024-04-01")
    text = shown(report)
    assert "The study covers 2024-01-05 to 2024-04-01." in text
    assert "1 row: not readable" in text and "1 rows are copies" in text
    assert "The tables fit" not in text and "goes without 1 row set aside" in text
    assert (
        text.index("Tables") < text.index("are copies") < text.index("Questions") < text.index("goes without")
    )


def test_what_is_not_used_is_named(tables, make_study) -> None:
    tables["orders"]["cashier"] = "x"
    study = make_study({**tables, "shops": tables["members"]})
    report = check_source(study, load_params(study))
    assert report.unused == ["shops.csv", "orders.cashier"]
    columns = report.columns.set_index(["table", "column"])["source"]
    assert columns["orders", "amount"] == "amount"
    assert columns.isna()["orders", "discount"]


def test_counts_are_those_of_a_run(tables, make_study, build) -> None:
    tables["orders"].loc[0, "member_id"] = "nobody"
    study = make_study(tables, {"intake": {"max_quarantined": 0.5}})
    report = check_source(study, load_params(study)).tables.set_index("table")
    facts = build(study)["tables"]
    for table in HISTORY_TABLES:
        for name in ("read", "kept", "quarantined", "folded", "derived"):
            assert report.loc[table, name] == facts[table][name]


def test_a_source_that_is_not_there_is_an_error(tables, make_study) -> None:
    study = make_study(tables, {"intake": {"source": "nowhere"}})
    with pytest.raises(WhychurnError, match="folder of raw tables"):
        check_source(study, load_params(study))


def test_questions_name_known_tables_and_columns_in_both_languages() -> None:
    assert len({question.id for question in load_questions()}) == len(load_questions()) >= 15
    for question in load_questions():
        assert set(question.all_of) | set(question.any_of) <= set(TABLES)
        for name in (name for choice in question.columns for name in choice):
            table, _, column = name.partition(".")
            assert table == "events" or column in TABLES[table].fields
        assert question.words["en"].endswith("?")
        assert question.words["zh"].endswith("？")


def test_a_question_needs_all_of_one_of_and_its_columns() -> None:
    def answer(**filled):
        return {entry["id"]: entry for entry in assess_questions(filled)}

    nothing = answer()
    assert nothing["who_left"]["missing"] == ["orders", "memberships", "events"]
    assert not any(entry["answerable"] for entry in nothing.values())
    orders = answer(orders=["order_id", "amount"])
    assert orders["who_left"]["answerable"]
    assert orders["returns"]["missing"] == []
    assert orders["returns"]["missing_columns"] == ["orders.returned"]
    assert answer(orders=["returned"])["returns"]["answerable"]
    assert answer(orders=["x"], market=["own_price_index"])["price"]["answerable"]
    assert not answer(events=["coupon_used"])["push_response"]["answerable"]
    assert answer(events=["push_opened"])["push_response"]["answerable"]


def test_a_table_without_rows_is_said(tables, make_study) -> None:
    tables["orders"] = tables["orders"].iloc[:0]
    tables["events"] = pd.DataFrame(
        {"member_id": ["a", "b"], "occurred_at": ["2024-03-01", "2024-04-02"], "event_type": "visit"}
    )
    study = make_study(tables)
    report = check_source(study, load_params(study))
    assert any("orders.csv" in notice and "no row" in notice for notice in report.notices)
