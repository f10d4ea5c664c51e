"""Small cells do not leave the house."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from whychurn.contract.suppression import suppress_small_cells, suppress_small_counts


def test_counts_below_the_floor_are_blanked_and_zero_stays() -> None:
    frame = pd.DataFrame({"cell": list("abcd"), "members": [0, 9, 10, 500], "rate": [0.0, 0.3, 0.4, 0.5]})
    shown = suppress_small_cells(frame, "members", ["rate"], 10)
    assert shown["suppressed"].tolist() == [False, True, False, False]
    assert shown["rate"].isna().tolist() == [False, True, False, False]
    assert shown["members"].isna().tolist() == [False, True, False, False]
    assert frame["members"].tolist() == [0, 9, 10, 500], "the caller's frame is untouched"


@given(st.lists(st.integers(0, 40)), st.integers(1, 30))
def test_nothing_between_one_and_the_floor_is_ever_shown(counts: list[int], floor: int) -> None:
    frame = pd.DataFrame({"members": pd.Series(counts, dtype="int64")})
    shown = suppress_small_cells(frame, "members", [], floor)["members"].dropna()
    assert ((shown == 0) | (shown >= floor)).all()


def test_a_small_count_inside_a_large_row_goes_with_what_would_tell_it() -> None:
    frame = pd.DataFrame(
        {"members": [300, 300, 4], "left": [3, 30, 2], "rate": [0.01, 0.1, 0.5], "spend": [1.0, 2.0, 3.0]}
    )
    first = suppress_small_cells(frame, "members", ["left", "rate"], 10)
    shown = suppress_small_counts(first, {"left": ["rate", "no such column"], "absent": []}, 10)
    assert shown["suppressed"].tolist() == [True, False, True]
    assert shown["members"].isna().tolist() == [False, False, True]
    assert shown["left"].isna().tolist() == shown["rate"].isna().tolist() == [True, False, True]
    assert shown["spend"].tolist() == [1.0, 2.0, 3.0]
