"""Of the rows of ``action_tests``, those of an action over all its campaigns."""

from __future__ import annotations

from typing import Final

import pandas as pd

MAIN: Final = "left"  # outcome on which a verdict stands
POOLED: Final = "all"  # campaign_id of an action over all its campaigns


def pooled_tests(tests: pd.DataFrame) -> pd.DataFrame:
    """Rows of the main outcome over all campaigns, by action."""
    return tests[tests["campaign_id"].eq(POOLED) & tests["outcome"].eq(MAIN)].set_index("action")
