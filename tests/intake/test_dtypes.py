"""Cells and names as they come in: text of any column, repeated headers, shapes of what is kept apart."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.check.mapping import check_mapping, further_columns, missing_columns, source_columns
from whychurn.intake.check.quarantine import COLUMNS, quarantine_frame, value_kinds, with_files
from whychurn.intake.read.coerced import empty_column
from whychurn.intake.read.dtypes import arrow_text, as_text, standard_column, text_of_objects, unique_names
from whychurn.intake.read.raw_table import RawTable


def test_text_of_any_column() -> None:
    assert as_text(pd.Series([1.0, 20.0, None])).tolist()[:2] == ["1", "20"]
    assert as_text(pd.Series([1.5, 2.0])).tolist() == ["1.5", "2.0"]
    assert as_text(pd.Series([True, False])).tolist() == ["true", "false"]
    assert as_text(pd.Series(pd.to_datetime(["2024-02-01 03:04"]))).tolist() == ["2024-02-01 03:04:00"]
    assert as_text(pd.Series([1.0, None])).isna().tolist() == [False, True]


def test_arrow_columns_become_plain() -> None:
    def plain(values: list[object], kind: pa.DataType) -> pd.Series:
        return standard_column(pa.chunked_array([pa.array(values, type=kind)]))

    assert plain([1, None], pa.int8()).tolist() == [1, pd.NA]
    assert plain(["a", None], pa.string()).dtype == arrow_dtype() and plain([None], pa.null()).isna().all()
    assert plain([True, None], pa.bool_()).dtype == "boolean"
    assert plain([1.5], pa.float32()).dtype == "float32", "ids in it are exact to seven digits only"
    assert plain([dt.date(2024, 1, 2)], pa.date32()).tolist() == [pd.Timestamp("2024-01-02")]
    coded = pa.chunked_array([pa.array(["x", "y", "x"]).dictionary_encode()])
    assert standard_column(coded).tolist() == ["x", "y", "x"]


def arrow_dtype() -> object:
    return text_of_objects(["a"]).dtype


def test_objects_cell_by_cell() -> None:
    found = text_of_objects(["a", 3, None])
    assert found.tolist()[:2] == ["a", "3"] and pd.isna(found[2])
    assert arrow_text(found).to_pylist() == ["a", "3", None]


def test_header_names_are_told_apart() -> None:
    assert unique_names(["\ufeffid", " name ", "id", "", None, "id"]) == ["id", "name", "id.2", "column 4", "None", "id.3"]  # fmt: skip


def test_quarantine_keeps_shapes_not_values() -> None:
    assert value_kinds(pd.Series(["Ann-42", "张三 9", None, "x" * 40])) == ["AAA-99", "字字 9", "", "A" * 20]
    frame = quarantine_frame("orders", np.array([7]), ["amount"], ["wrong_type"], ["A9"])
    placed = with_files(frame, (("h1.csv", 5), ("h2.csv", 4)))
    assert list(placed) == list(COLUMNS)
    assert placed.iloc[0].tolist() == ["orders", "h2.csv", 2, "amount", "wrong_type", "A9"]
    assert placed["row_number"].dtype == "int64"


def test_quarantined_rows_are_told_by_file_and_row_of_the_file() -> None:
    numbers = np.array([0, 1, 5, 6, 9, 10])
    n = len(numbers)
    frame = quarantine_frame("orders", numbers, ["amount"] * n, ["wrong_type"] * n, [""] * n)
    placed = with_files(frame, (("a.csv", 5), ("empty.csv", 0), ("b.csv", 4), ("c.csv", 1)))
    assert placed["file"].tolist() == ["", "a.csv", "a.csv", "b.csv", "b.csv", "c.csv"], (
        "0 was made by intake"
    )
    assert placed["row_number"].tolist() == [0, 1, 5, 1, 4, 1]


@pytest.mark.parametrize("kind", ["text", "number", "date", "instant", "flag"])
def test_an_empty_column_has_its_kind(kind: str) -> None:
    column = empty_column(kind, 3)
    assert len(column) == 3 and column.isna().all() and column.dtype != object


def test_source_columns_are_found_by_map_name_and_constant() -> None:
    params = load_params(StudyPaths.at()).intake
    raw = RawTable(pd.DataFrame(columns=["MEMBER ID", "joined", "pet"]), np.zeros(0, "int64"), "members.csv")
    mapped = params.model_copy(
        update={"columns": {"members.joined_on": "joined", "members.region": "=north"}}
    )
    check_mapping(mapped)
    found = source_columns("members", raw, mapped)
    assert (
        found["joined_on"] == "joined" and found["region"] == "=north" and found["member_id"] == "MEMBER ID"
    )
    assert list(further_columns("members", raw, found)) == ["pet"]
    assert missing_columns("members", found) == [] and "joined_on" in missing_columns(
        "members", ["member_id"]
    )


def test_a_mapping_that_names_nothing_names_the_nearest() -> None:
    params = load_params(StudyPaths.at()).intake
    with pytest.raises(WhychurnError, match=r"orders\.amount") as raised:
        check_mapping(params.model_copy(update={"columns": {"orders.amuont": "total"}}))
    assert "amuont" in str(raised.value)
    raw = RawTable(pd.DataFrame(columns=["member_id", "joined"]), np.zeros(0, "int64"), "members.csv")
    with pytest.raises(WhychurnError, match="joined"):
        source_columns("members", raw, params.model_copy(update={"columns": {"members.joined_on": "joinde"}}))
