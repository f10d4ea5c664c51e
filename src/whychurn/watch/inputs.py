"""What all that is watched reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from whychurn.action.inputs import StudyInputs
from whychurn.contract.arrays import Array


@dataclass(frozen=True)
class MonthRecord:
    """One month as it was told when it had ended.

    Parameters
    ----------
    month
        First day.
    members
        What was told of each member; columns of `month_record.MEMBER_COLUMNS`.
    told
        Headlines, definition, digests and counts of that run.
    """

    month: pd.Timestamp
    members: pd.DataFrame
    told: Mapping[str, Any]


@dataclass(frozen=True)
class WatchInputs(StudyInputs):
    """What all that is watched reads besides, and the months told before.

    Parameters
    ----------
    not_understood
        Values of codes that intake does not know.
    score
        Panel rows -> p_churn, and ``c_<feature>``: contributions in log-odds; None without a model.
    probability
        Panel rows -> p_churn alone, without the contributions, which take long; None without a model.
    records
        Earlier months as they were told then, oldest first.
    digests
        Of the parameters, the code and the model of this run.
    """

    not_understood: pd.DataFrame
    score: Callable[[pd.DataFrame], pd.DataFrame] | None
    probability: Callable[[pd.DataFrame], Array] | None
    records: Sequence[MonthRecord]
    digests: Mapping[str, str]
