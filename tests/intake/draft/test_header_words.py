"""Which column of the contract a header and its values speak for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from whychurn.intake.draft.column_profile import ColumnProfile, profile_columns
from whychurn.intake.draft.header_words import column_score, constant_of, table_score
from whychurn.intake.draft.mapping_draft import match_preset
from whychurn.intake.draft.params_text import place_tables
from whychurn.intake.draft.table_match import ColumnMatch, TableMatch, match_table, share_of_members


def profiles(**columns: list[str]) -> list[ColumnProfile]:
    frame = pd.DataFrame(
        {name.replace("_", " "): pd.array(v, dtype="string[pyarrow]") for name, v in columns.items()}
    )
    return profile_columns(frame)


@pytest.mark.parametrize(
    ("table", "column", "header", "low", "high"),
    [
        ("orders", "ordered_at", "ordered_at", 1, 1),
        ("orders", "ordered_at", "Order Date", 1, 1),
        ("orders", "ordered_at", "orderDate", 1, 1),
        ("orders", "amount", "实付金额", 1, 1),
        ("orders", "amount", "本单实付金额", 0.5, 0.9),
        ("orders", "ordered_at", "Date", 0.5, 0.7),  # right where nothing better is there
        ("orders", "amount", "Colour", 0, 0),
        ("members", "joined_on", "registraton date", 0.6, 0.8),  # a slip of the pen
    ],
)
def test_headers(table: str, column: str, header: str, low: float, high: float) -> None:
    assert low <= column_score(table, column, header) <= high


def test_names_of_files() -> None:
    assert table_score("orders", "orders") == 1
    assert table_score("orders", "2024 销售流水") > table_score("members", "2024 销售流水")
    assert constant_of("surveys", "kind", "Exit-Survey 2024") == "exit"
    assert constant_of("surveys", "kind", "answers") is None


def test_profiles_tell_kinds_and_show_nobody() -> None:
    names = [f"Ana {n} Smith" for n in range(50)]
    who, day, shop = profiles(who=names, day=["2024-03-05", "2024-04-06"] * 25, shop=["North", "South"] * 25)
    assert who.unique
    assert not any(name in (who.example, who.shape) for name in names)
    assert (day.readable["date"], day.example) == (1, "2024-03-05")
    assert (shop.distinct, shop.filled, shop.example in ("North", "South")) == (2, 50, True)


def test_share_of_ids_that_are_members() -> None:
    (column,) = profiles(x=["a", "b", "c", "c"])
    assert share_of_members(column, {"a", "c"}) == pytest.approx(2 / 3)


def test_a_table_without_its_time_is_no_match() -> None:
    found = match_table("orders", "orders", profiles(customer_id=["a", "b"], amount=["1.5", "2.5"]), set())
    assert isinstance(found, TableMatch)
    assert (found.score, "ordered_at" in found.lacking) == (0, True)
    assert ColumnMatch("amount", "amount", 1.0, "a usual name", "9.9") in found.columns


def test_a_preset_needs_all_its_headers() -> None:
    day = [f"2024-03-{n + 1:02d}" for n in range(20)]
    columns = {
        "Client_ID": [f"c{n}" for n in range(20)], "Visit_Type": ["gym"] * 20, "Visit_Date": day,
    }  # fmt: skip
    found = match_preset("export", profiles(**columns), set())
    assert found is not None
    assert found.table == "events"
    assert {(c.column, c.header) for c in found.columns} >= {
        ("occurred_at", "Visit Date"),
        ("event_type", "=checkin"),
    }
    del columns["Visit_Type"]
    assert match_preset("export", profiles(**columns), set()) is None


def test_where_the_tables_lie(tmp_path: Path) -> None:
    (tmp_path / "study" / "raw").mkdir(parents=True)
    (tmp_path / "loose").mkdir()
    study = (tmp_path / "study").resolve()
    assert place_tables(study) == (study, "raw") == place_tables(study / "raw")
    assert place_tables(tmp_path / "loose") == ((tmp_path / "loose").resolve(), ".")
