"""Days and seconds become moments, gaps stay gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.epoch_timestamps import epoch_timestamps


@pytest.mark.parametrize("kind", ["float64", "Float64", "Int64"])
def test_days_with_gaps_are_read_whatever_lay_in_memory(kind: str) -> None:
    """Memory is filled with numbers that overflow when they are rounded; pandas.to_datetime fails on it."""
    days = pd.Series([19_723, None] * 20).astype(kind)
    expected = [pd.Timestamp("2024-01-01"), pd.NaT] * 20
    for _ in range(20):
        junk = [np.full(len(days), 1.7e308) for _ in range(20)]
        del junk
        made = epoch_timestamps(days, "D")
        assert made.dtype == "datetime64[ns]"
        assert all(a == b or (pd.isna(a) and pd.isna(b)) for a, b in zip(made, expected, strict=True))


def test_seconds_are_rounded_and_the_index_is_kept() -> None:
    made = epoch_timestamps(pd.Series([0.4, -1.0, 1_704_067_200.0], index=[7, 8, 9]), "s")
    assert made.to_dict() == {
        7: pd.Timestamp("1970-01-01"),
        8: pd.Timestamp("1969-12-31 23:59:59"),
        9: pd.Timestamp("2024-01-01"),
    }


def test_what_no_calendar_holds_is_missing() -> None:
    assert epoch_timestamps(pd.Series([1e300, -1e300, np.inf, 2e5]), "D").isna().all()
