"""No row is lost: read + derived = kept + quarantined + folded, whatever was done to the rows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whychurn.contract.params import check_params, effective_values, merge
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.tables import HISTORY_TABLES, TABLES
from whychurn.intake.build import protected_tables
from whychurn.intake.check.all_tables import check_tables
from whychurn.intake.check.checked_table import absent_table
from whychurn.intake.check.one_table import check_table
from whychurn.intake.check.quarantine import RowReasons
from whychurn.intake.check.table_facts import table_facts
from whychurn.intake.privacy.protected_tables import Redactions
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.raw_table import RawTable

CELLS = [
    "a",
    "b",
    "zz",
    "",
    "1",
    "-1",
    "5.5",
    "2024-01-05",
    "2024-02-30",
    "2030-01-01",
    "05/06/2024",
    "NULL",
    "是",
    "exit",
]
TABLE_NAMES = ["members", "memberships", "orders", "events", "feedback", "surveys", "touches", "market"]


@st.composite
def corrupt_tables(draw: st.DrawFn) -> dict[str, RawTable]:
    chosen = draw(st.sets(st.sampled_from(TABLE_NAMES), max_size=3)) | {"orders"}
    raws = {}
    for table in chosen:
        fields = TABLES[table].fields
        rows = draw(st.integers(0, 8))
        sound = {"date": "2024-01-05", "instant": "2024-01-05 10:00", "number": "5", "flag": "1", "text": "a"}
        columns = {}
        for name, spec in fields.items():
            good = [sound[spec.kind] if name != TABLES[table].key else f"k{row}" for row in range(rows)]
            bad = draw(st.lists(st.sampled_from(CELLS), min_size=rows, max_size=rows))
            hit = draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows))
            values = [b if h == 0 else g for g, b, h in zip(good, bad, hit, strict=True)]
            columns[name] = pd.array(values, dtype=TEXT)
        frame = pd.DataFrame(columns)
        frame = pd.concat([frame, frame.iloc[: draw(st.integers(0, 3))]], ignore_index=True)  # copies
        rows = len(frame)
        broken = np.arange(rows + 1, rows + 1 + draw(st.integers(0, 2)))
        raws[table] = RawTable(frame, np.arange(1, rows + 1), f"{table}.csv", broken)
    return raws


@pytest.mark.parametrize("fold", [None, [], ["orders"]])
@settings(max_examples=10)
@given(raws=corrupt_tables(), complete=st.booleans())
def test_rows_balance_and_each_source_row_stands_once(raws, complete, fold) -> None:
    over = {"intake": {"fold": fold, "complete_members": complete}}
    params = check_params(merge(effective_values(StudyPaths.at(PROJECT)), over), PROJECT / "params.yaml")
    tables = {
        t: check_table(t, raws[t], params.intake) if t in raws else absent_table(t) for t in HISTORY_TABLES
    }
    checked_tables = check_tables(tables, params, dt.date(2025, 6, 30))
    quarantine = checked_tables.quarantine
    for table, checked in checked_tables.tables.items():
        facts = table_facts(checked)
        source = len(raws[table].frame) + len(raws[table].broken) if table in raws else 0
        apart = quarantine[quarantine["table"] == table]
        assert facts["read"] == source
        accounted = facts["folded"] + facts["duplicates"] + facts["netted"]
        assert source + facts["derived"] == facts["kept"] + len(apart) + accounted
        kept = checked.row_number[checked.row_reasons.good]
        kept = kept[kept > 0]
        assert len(kept) + facts["derived"] == facts["kept"]
        rows = [*kept, *apart["row_number"]]
        assert len(rows) == len(set(rows)), "a row is kept or quarantined, never both, never twice"
        assert set(rows) <= set(range(1, source + 1))


def test_sound_rows_are_released_pseudonymous_and_the_drafts_emptied() -> None:
    """One order in two is of a member; ids go, and not two different ids become one."""
    params = check_params(effective_values(StudyPaths.at(PROJECT)), PROJECT / "params.yaml")
    members = pd.DataFrame({"member_id": ["a", "b"], "joined_on": ["2024-01-01", "2024-01-02"]}, dtype=TEXT)
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2"],
            "member_id": ["a", "x"],
            "ordered_at": ["2024-02-01"] * 2,
            "amount": ["5", "6"],
        },
        dtype=TEXT,
    )
    raws = {
        table: RawTable(frame, np.array([1, 2]), f"{table}.csv")
        for table, frame in {"members": members, "orders": orders}.items()
    }
    tables = {
        t: check_table(t, raws[t], params.intake) if t in raws else absent_table(t) for t in HISTORY_TABLES
    }
    complete = params.model_copy(
        update={"intake": params.intake.model_copy(update={"complete_members": False})}
    )
    checked_tables = check_tables(tables, complete, dt.date(2025, 6, 30))
    released = dict(protected_tables(checked_tables, b"key", Redactions()))
    assert released["orders"]["amount"].tolist() == [5] and released["members"]["member_id"].nunique() == 2
    assert released["orders"]["member_id"].isin(released["members"]["member_id"]).all()
    assert not released["members"]["member_id"].isin(["a", "b"]).any()
    assert all(checked.frame.empty for checked in checked_tables.tables.values())


def test_the_first_reason_against_a_row_stands() -> None:
    reasons = RowReasons(3)
    reasons.mark(np.array([True, False, False]), "missing_value", "member_id")
    reasons.mark(
        np.array([True, True, False]), "wrong_type", "amount", pd.Series(["a", "12张", "5"], dtype=TEXT)
    )
    assert reasons.good.tolist() == [False, False, True]
    assert reasons.counts() == {("missing_value", "member_id"): 1, ("wrong_type", "amount"): 1}
    rows = reasons.frame("orders", np.array([7, 8, 9]))
    assert rows["row_number"].tolist() == [7, 8] and rows["value_kind"].tolist() == ["", "99字"]
