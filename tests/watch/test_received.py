"""What came in: planted faults are named in their month, an unchanged export raises nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.tables import TABLES
from whychurn.stats.parallel import parallel_map
from whychurn.watch.inputs import WatchInputs
from whychurn.watch.received.faults import TableMonths, find_faults, table_months
from whychurn.watch.received.section import received_section
from whychurn.watch.table_counts import TableCounts, count_part, count_tables, digest_until, months_of

Make = Callable[[], WatchInputs]


def broken(inputs: WatchInputs) -> list[tuple[str, str]]:
    table = received_section(inputs).tables["watch_received"]
    rows = table[table["state"] == "broken"]
    return [(f"{row.month:%m}", str(row.why)) for row in rows.itertuples()]


def changed(inputs: WatchInputs, change: Callable[[pd.DataFrame, pd.Series], pd.DataFrame]) -> WatchInputs:
    """Orders of October altered."""
    orders = inputs.tables["orders"]
    october = orders["ordered_at"].dt.month == 10
    return replace(inputs, tables={**inputs.tables, "orders": change(orders, october)})


def test_an_unchanged_export_is_as_usual(make: Make) -> None:
    section = received_section(make())
    assert section.facts["broken"] == 0
    table = section.tables["watch_received"]
    assert set(table["state"]) == {"as usual"} and table.query("table == 'orders'")["rows"].sum() == 20 * 366


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda f, m: f.assign(discount=f["discount"].mask(m, 0.0)), "column_zero:orders.discount"),
        (lambda f, m: f.assign(channel=f["channel"].mask(m)), "column_empty:orders.channel"),
        (lambda f, m: f.assign(category=f["category"].mask(m & (f["category"] == "toys"), "toys_v2")),
         "code_renamed:orders.category: toys → toys_v2"),
        (lambda f, m: f.assign(category=f["category"].mask(m & (f["category"] == "toys"), "food")),
         "code_gone:orders.category: toys"),
        (lambda f, m: f[~m], "nothing"),
        (lambda f, m: f[~m | (f["ordered_at"].dt.day > 10)], "days_missing"),
        (lambda f, m: f[~m | (np.arange(len(f)) % 2 == 0)], "rows_missing"),
        (lambda f, m: pd.concat([f, f[m]]), "rows_many"),
    ],
)  # fmt: skip
def test_a_fault_is_named_in_its_month_alone(
    make: Make, change: Callable[..., pd.DataFrame], why: str
) -> None:
    assert broken(changed(make(), change)) == [("10", why)]


def test_members_without_consent_and_unknown_codes_are_told(make: Make) -> None:
    inputs = make()
    orders, members = inputs.tables["orders"], inputs.tables["members"]
    october = orders["ordered_at"].dt.month == 10
    refusing = members["member_id"].iloc[:60]
    orders = orders.assign(member_id=orders["member_id"].mask(october, refusing.iloc[0]))
    members = members.assign(profiling_consent=~members["member_id"].isin(refusing))
    inputs = replace(inputs, tables={**inputs.tables, "orders": orders, "members": members})
    assert broken(inputs) == [("10", "without_consent")]
    unknown = pd.DataFrame({"table": ["orders"], "column": ["channel"], "value": ["kiosk"], "rows": [1]})
    kiosk = changed(make(), lambda f, m: f.assign(channel=f["channel"].mask(m & (f.index % 4 == 0), "kiosk")))
    assert broken(replace(kiosk, not_understood=unknown)) == [("10", "unknown_codes")]


def test_a_month_that_is_not_over_is_open(make: Make) -> None:
    inputs = replace(make(), observed_until=pd.Timestamp("2024-12-10"))
    table = received_section(inputs).tables["watch_received"]
    assert set(table.loc[table["month"] == "2024-12-01", "state"]) == {"open"}


def test_months_are_counted_and_a_short_history_is_not_judged(make: Make) -> None:
    orders = make().tables["orders"]
    observed = (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-05-31"))
    none = pd.DataFrame(columns=["column", "value"])
    told = table_months(count_part("orders", orders, (0, len(orders)), observed, none, frozenset()), observed)
    assert isinstance(told, TableMonths) and told.rows.tolist() == [620, 580, 620, 600, 620]
    assert [why for _, why in find_faults("orders", replace(told, rows=told.rows * [1, 1, 1, 1, 0]))] == [
        None
    ] * 5


def test_parts_of_a_table_add_up_to_the_whole(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = make()
    orders = inputs.tables["orders"].assign(
        amount=lambda rows: rows["amount"].mask(rows.index % 7 == 0, 0.0),
        channel=lambda rows: rows["channel"].mask(rows.index % 11 == 0),
        category=lambda rows: rows["category"].where(rows["ordered_at"].dt.month < 6, "new"),
    )
    orders.loc[[3, 9], "ordered_at"] = [pd.NaT, pd.Timestamp("2023-01-01")]
    orders.to_parquet(tmp_path / "orders.parquet", row_group_size=1000)
    tables = {"members": inputs.tables["members"], "orders": tmp_path / "orders.parquet"}
    unknown = pd.DataFrame({"table": ["orders"], "column": ["category"], "value": ["new"]})

    def counted(rows: int) -> TableCounts:
        monkeypatch.setattr("whychurn.watch.table_counts.PART_ROWS", rows)
        return count_tables(tables, inputs.observed, unknown, parallel_map, 1)["orders"]

    whole = counted(10_000)
    assert whole.by_day.sum() == len(orders) - 2 == whole.held["amount"].sum()
    assert 0 < whole.unknown.sum() < whole.nonzero["amount"].sum() and len(whole.unknown) == len(
        months_of(inputs.observed)
    )
    for rows in (4000, 1100):
        parts = counted(rows)
        pd.testing.assert_frame_equal(parts.codes["category"], whole.codes["category"], check_dtype=False)
        assert parts.digests == whole.digests and (parts.by_day == whole.by_day).all()
        assert (parts.unknown == whole.unknown).all() and (parts.refused == whole.refused).all()
        for name in whole.held:
            assert (parts.held[name] == whole.held[name]).all()
    hashes = pd.util.hash_pandas_object(
        orders[
            [
                "member_id",
                *(name for name in TABLES["orders"].fields if name in orders and name != "member_id"),
            ]
        ],
        index=False,
    )
    before = (orders["ordered_at"] < "2024-03-01").to_numpy()
    assert digest_until(whole, pd.Timestamp("2024-03-01")) == (int(hashes[before].sum()), before.sum())
