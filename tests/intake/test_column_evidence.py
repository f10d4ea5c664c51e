"""The parts of which the evidence of a column is made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import IntakeParams, load_params
from whychurn.intake.check.all_tables import read_tables
from whychurn.intake.check.checked_table import absent_table
from whychurn.intake.check.column_reading import order_assumed, order_proven_elsewhere, reading_of
from whychurn.intake.check.linked_ids import link_ids
from whychurn.intake.read.cells import without_empty
from whychurn.intake.read.coerced import Coerced, Reading
from whychurn.intake.read.dates.date_order import Order, order_of
from whychurn.intake.read.dates.date_spelling import Spelled, spell
from whychurn.intake.read.dates.time_zones import in_study_zone, of_aware_column
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.numbers.amount_marks import Amount, one_currency, take_apart
from whychurn.intake.read.numbers.decimal_mark import choose_mark
from whychurn.intake.read.numbers.number_columns import read_score_words
from whychurn.intake.read.source import open_source
from whychurn.intake.read.words.codes import read_codes
from whychurn.intake.read.words.flags import folded


def text(*cells: str | None) -> pd.Series:
    return pd.Series(pd.array(cells, dtype=TEXT))


def test_one_value_proves_the_order_of_all() -> None:
    numbers = np.array([[5, 4, 2024], [25, 4, 2024]])
    found = order_of(numbers, False, False, np.array([3, 1]), Reading(), False)
    assert isinstance(found, Order) and (found.name, found.by) == ("dmy", "proof")
    assert found.day.tolist() == [5, 25] and not found.doubtful.any()


def test_spellings_come_down_to_few_forms() -> None:
    found = spell(text("3rd of March, 2023", "2023-03-05T10:20:30+08:00", "二〇二三年三月五日", "n/a"))
    assert isinstance(found, Spelled)
    assert (
        found.text.tolist()[:3] == ["3 m03, 2023", "2023-03-05 10:20:30", "2023-3-5"] and found.text.isna()[3]
    )
    assert found.offset[1] == 480 and np.isnan(found.offset[0])


def test_zones_of_a_column() -> None:
    naive = pd.Series(pd.to_datetime(["2023-06-01 22:00"]))
    moved = in_study_zone(naive, Reading(zone="UTC", study_zone="Asia/Tokyo"))
    assert moved.values.tolist() == [pd.Timestamp("2023-06-02 07:00")] and moved.how == {"zone": "Asia/Tokyo"}
    assert of_aware_column(naive, Reading()).values.tolist() == naive.tolist()


def test_marks_and_currencies_of_a_column() -> None:
    cells = pd.Series(["€ 1.234", "€ 5,50"], dtype=object)
    amounts = [take_apart(cell) for cell in cells]
    assert all(isinstance(amount, Amount) for amount in amounts)
    counts = np.array([1, 1])
    bodies = pd.Series([amount.body for amount in amounts if amount], dtype=object)
    values, how, notes = choose_mark(bodies, cells, counts, Reading())
    assert values.tolist() == [1234.0, 5.5] and how == {"decimal": "comma"} and not notes
    other, currency, _ = one_currency(amounts, cells, counts, Reading())
    assert currency == "EUR" and not other.any()


def test_words_and_codes() -> None:
    assert folded(text(" Opt-In ", "ＯＫ", "1.0")).tolist() == ["opt in", "ok", "1"]
    assert without_empty(text("NULL", "None")).isna().tolist() == [True, False]
    assert read_codes(text("Ｎｏｒｔｈ", " north ")).values.tolist() == ["North", "north"]
    values, _ = read_score_words(
        pd.Series(["好评", "中评"], dtype=object), np.full(2, np.nan), np.ones(2, dtype=int)
    )
    assert values.tolist() == [5.0, 3.0]


def test_what_parameters_say_of_a_column() -> None:
    params = IntakeParams(
        source="raw", decimal={"orders.amount": "comma"}, date_forms={"orders.ordered_at": "ymd"}
    )
    assert reading_of(params, "orders.amount", "amount").decimal == "comma"
    assert reading_of(params, "orders.ordered_at", "Created (UTC)").zone == "UTC"
    assert reading_of(params, "orders.ordered_at", "outcome").zone is None
    with pytest.raises(ValueError, match="time zone"):
        IntakeParams(source="raw", time_zone="Asia/Nowhere")


def test_dates_in_doubt_follow_the_dates_of_their_table(make_study) -> None:
    days = [f"{day:02d}/{month:02d}/2024" for day in range(1, 5) for month in (2, 3)]
    late = [f"{day + 12:02d}/{month:02d}/2024" for day in range(1, 5) for month in (2, 3)]
    ids = [f"m{n}" for n in range(8)]
    members = pd.DataFrame({"member_id": ids, "joined_on": "2024-01-01"})
    tickets = pd.DataFrame(
        {"feedback_id": ids, "member_id": ids, "created_at": days, "responded_at": late, "text": "late"}
    )
    study = make_study({"members": members, "feedback": tickets})
    params = load_params(study)
    tables, _ = read_tables(open_source(study, params.intake), params)
    checked = tables["feedback"]
    assert checked.frame["created_at"].dt.month.tolist() == [2, 3] * 4
    assert "notice_order_elsewhere" in [key for key, _ in checked.notices]
    assert "decide_ambiguous" not in [key for key, _ in checked.notices]
    proven = Coerced(pd.Series([1]), np.zeros(1, bool), (), {"order": "dmy", "order_by": "proof"})
    assert order_proven_elsewhere({"a": proven}) == "dmy" and not order_assumed(proven)


def test_tables_without_ids_in_common_are_left_alone() -> None:
    tables = {
        name: absent_table(name)
        for name in ("members", "memberships", "orders", "events", "feedback", "surveys", "touches", "market")
    }
    link_ids(tables)
    assert not any(one.notices for one in tables.values())
