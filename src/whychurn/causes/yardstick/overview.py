"""The few scores by which methods are compared, one row a method."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.causes.yardstick.scorecard import PLANTED
from whychurn.causes.yardstick.shares import NO_CAUSE

MEASURES: Final = (
    "skill", "log_loss", "ece", "accuracy_named", "abstained", "share_error_largest", "avoidable_error_largest",
)  # fmt: skip


def method_overview(scores: pd.DataFrame) -> pd.DataFrame:
    """Methods by log loss, best first: method and `MEASURES`, null where a method has none (cause_scores)."""
    whole = scores[(scores["cause"] == NO_CAUSE) & (scores["method"] != PLANTED)]
    table = whole.pivot(index="method", columns="measure", values="value").reindex(columns=list(MEASURES))
    return table.sort_values("log_loss").rename_axis(columns=None).reset_index()
