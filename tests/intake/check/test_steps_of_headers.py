"""Columns of a header, by hand: a required one that is missing, one whose name stands twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.intake.check.mapping import repeated_columns, source_columns
from whychurn.intake.check.missing_columns import raise_on_missing
from whychurn.intake.read.raw_table import RawTable


def a_raw_table(columns: dict[str, list[str]], repeated: tuple[str, ...] = ()) -> RawTable:
    frame = pd.DataFrame(columns, dtype="string")
    return RawTable(frame, np.arange(1, len(frame) + 1), "till.csv", repeated=repeated)


def test_a_required_column_that_is_missing_is_named_with_the_one_that_may_serve() -> None:
    raw = a_raw_table({"no": ["1", "2"], "paid": ["3.5", "4"], "价格": ["8", "9"], "shop": ["n", "s"]})
    raise_on_missing("orders", raw, {}, [])
    with pytest.raises(WhychurnError) as caught:
        raise_on_missing("orders", raw, {"order_id": "no", "unit_price": "价格"}, ["amount", "ordered_at"])
    assert caught.value.column == "amount, ordered_at" and caught.value.file == "till.csv"
    assert "{orders.amount: paid}" in str(caught.value)
    assert "no column left looks like ordered_at (a instant)" in str(caught.value)


REPEATED = [  # cells of the second column, what is mapped, the key of the notice
    (["1", "2"], {}, "notice_repeated"),
    (["1", "9"], {}, "decide_repeated"),
    (["1", "9"], {"orders.amount": "amount.1"}, None),
]


@pytest.mark.parametrize(("second", "columns", "key"), REPEATED)
def test_a_name_that_stands_twice_is_asked_where_the_cells_differ(second, columns, key) -> None:
    raw = a_raw_table({"order_id": ["x", "y"], "amount": ["1", "2"], "amount.2": second}, ("amount",))
    params = IntakeParams(columns=columns)
    found = repeated_columns("orders", raw, source_columns("orders", raw, params), params)
    assert [one for one, _ in found] == ([key] if key else [])
    if found:
        values = found[0][1]
        assert (values["column"], values["first"], values["other"]) == ("amount", "amount.1", "amount.2")
        assert values["n"] == 2


def test_names_that_differ_in_case_alone_are_one_name_twice() -> None:
    raw = a_raw_table({"amount": ["1", "2"], "Amount ": ["1", "3"], "discount": ["0", "0"]})
    found = repeated_columns("orders", raw, {"amount": "amount", "discount": "discount"}, IntakeParams())
    assert [(key, values["other"]) for key, values in found] == [("decide_repeated", "Amount ")]
