"""Rows that a question cannot use are counted by reason and action."""

from __future__ import annotations

import pandas as pd

from whychurn.action.set_aside import Counts, kept_rows


def test_rows_left_out_are_counted_and_the_rest_numbered_anew() -> None:
    counts: Counts = {}
    rows = pd.DataFrame({"action": ["coupon", "control", "coupon", "call"], "n": range(4)})
    kept = kept_rows(rows, rows["n"] == 1, "late", counts)
    assert kept["n"].tolist() == [1] and kept.index.tolist() == [0]
    assert counts == {"late": {"call": 1, "coupon": 2}} and list(counts["late"]) == ["call", "coupon"]
    assert len(kept_rows(kept, [True], "never", counts)) == 1 and "never" not in counts
