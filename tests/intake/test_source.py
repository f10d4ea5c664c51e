"""One table in several kinds of file is one table."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.intake.read.dtypes import standard_frame
from whychurn.intake.read.raw_table import nearest
from whychurn.intake.read.source import FolderSource

KEEP_IDS = {"privacy": {"pseudonymize": False}}


def typed(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    orders = tables["orders"]
    return orders.assign(
        order_id=orders["order_id"].astype(int),
        ordered_at=pd.to_datetime(orders["ordered_at"]),
        amount=orders["amount"].astype(float),
    )


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "tsv", "xlsx", "parquet", "int_parquet"])
def test_each_kind_of_file_gives_the_same_orders(kind, tables, make_study, build) -> None:
    study = make_study({"members": tables["members"]}, KEEP_IDS)
    orders = typed(tables)
    path = study.raw / f"orders.{kind.removeprefix('int_')}"
    if kind == "xlsx":
        orders.to_excel(path, index=False)
    elif kind == "parquet":
        orders.to_parquet(path)
    elif kind == "int_parquet":
        pq.write_table(
            pa.table({**orders, "amount": pa.array(orders["amount"]).cast(pa.decimal128(10, 2))}), path
        )
    else:
        orders.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    build(study)
    found = read_table(study.interim / "orders.parquet").set_index("order_id").sort_index()
    assert found["amount"].tolist() == [10.0, 20.5, 7.0, 0.0, 3.0]
    assert found["ordered_at"].dt.strftime("%m-%d").tolist() == ["01-05", "03-05", "02-09", "04-01", "05-20"]


def test_a_sheet_is_chosen_by_name(tables, make_study, build) -> None:
    study = make_study(
        {}, {"intake": {"tables": {"members": "book.xlsx#people", "orders": "book.xlsx#sales"}}}
    )
    with pd.ExcelWriter(study.raw / "book.xlsx") as book:
        tables["members"].to_excel(book, sheet_name="people", index=False)
        tables["orders"].to_excel(book, sheet_name="sales", index=False)
    facts = build(study)
    assert (facts["tables"]["members"]["kept"], facts["tables"]["orders"]["kept"]) == (3, 5)
    source = FolderSource.at(study.raw)
    with pytest.raises(WhychurnError, match="nearest sheet: 'sales'"):
        source.read("book.xlsx#sale")


def test_empty_rows_of_a_sheet_are_no_rows(tmp_path) -> None:
    frame = pd.DataFrame({"a": ["1", None, "3"], "b": ["x", None, "y"]})
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    raw = FolderSource.at(tmp_path).read("t.xlsx")
    assert raw.frame["a"].tolist() == ["1", "3"]
    assert raw.row_number.tolist() == [1, 3]


def test_one_file_may_serve_two_tables(tables, make_study, build) -> None:
    both = tables["members"].assign(plan="gold", starts_on="2024-01-01", ends_on="2024-12-31")
    study = make_study(
        {"people": both, "orders": tables["orders"]},
        {"intake": {"tables": {"members": "people", "memberships": "people"}}},
    )
    facts = build(study)
    assert facts["tables"]["members"]["kept"] == facts["tables"]["memberships"]["kept"] == 3


def test_a_lookup_is_joined_and_a_constant_is_set(tables, make_study, build) -> None:
    touches = pd.DataFrame({"member_id": ["a", "b", "c"], "campaign_id": [1, 2, 3]})
    campaigns = pd.DataFrame({"campaign_id": ["1", "2"], "start": ["2024-03-01", "2024-04-01"]})
    params = {
        "intake": {
            "tables": {"touches": "sent + campaigns"},
            "columns": {"touches.sent_at": "start", "touches.action": "=email"},
            "max_quarantined": 0.5,
        },
        **KEEP_IDS,
    }
    study = make_study({**tables, "sent": touches, "campaigns": campaigns}, params)
    facts = build(study)["tables"]["touches"]
    found = read_table(study.interim / "touches.parquet")
    assert found["action"].tolist() == ["email", "email"]
    assert found["sent_at"].dt.month.tolist() == [3, 4]
    assert facts["reasons"] == {"missing_value": 1}, "campaign 3 has no start"


def test_one_source_column_may_serve_two_contract_columns(tables, make_study, build) -> None:
    tables["members"] = tables["members"].assign(place=["N", "S", "N"])
    study = make_study(
        tables, {"intake": {"columns": {"members.region": "place", "members.channel": "place"}}}
    )
    build(study)
    found = read_table(study.interim / "members.parquet")
    assert (found["region"] == found["channel"]).all()


def test_a_further_column_of_members_may_be_renamed(tables, make_study, build) -> None:
    tables["members"]["等级"] = ["金", "银", "金"]
    study = make_study(tables, {"intake": {"columns": {"members.level": "等级"}}})
    build(study)
    found = read_table(study.interim / "members.parquet")
    assert sorted(found["level"]) == ["金", "金", "银"]
    assert "等级" not in found.columns


def test_absolute_source_folders(tables, make_study, build, tmp_path) -> None:
    place = tmp_path / "a share" / "export"
    place.mkdir(parents=True)
    for table, frame in tables.items():
        frame.to_csv(place / f"{table}.csv", index=False)
    assert build(make_study({}, {"intake": {"source": str(place)}}))["tables"]["orders"]["kept"] == 5


def test_arrow_columns_of_any_kind_become_plain() -> None:
    table = pa.table(
        {
            "category": pa.array(["x", None, "x"]).dictionary_encode(),
            "whole": pa.array([1, None, 3], pa.int32()),
            "zoned": pa.array([dt.datetime(2024, 1, 1, 20)] * 3, pa.timestamp("ms", tz="UTC")).cast(
                pa.timestamp("ms", tz="Asia/Shanghai")
            ),
            "day": pa.array([dt.date(2024, 1, 1), None, dt.date(9999, 12, 31)]),
            "nothing": pa.nulls(3),
            "nested": pa.array([[1], [2], None]),
        }
    )
    frame = standard_frame(table)
    assert frame["category"].tolist()[::2] == ["x", "x"]
    assert str(frame["whole"].dtype) == "Int64"
    assert frame["zoned"].iloc[0] == pd.Timestamp("2024-01-02 04:00", tz="Asia/Shanghai"), "the instant"
    assert frame["day"].to_numpy().astype("datetime64[D]").tolist()[2] == dt.date(9999, 12, 31)
    assert frame["nothing"].isna().all()
    assert frame["nested"].tolist()[:2] == ["[1]", "[2]"]
    assert np.array_equal(frame.index, [0, 1, 2])


def test_nearest_ignores_case() -> None:
    assert nearest("ORDER", ["members", "Orders"]) == "Orders"
    assert nearest("x", []) is None
