"""What all that is watched reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.params import Params


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
class WatchInputs:
    """Tables of a study as the stages before left them, and the months told before.

    Parameters
    ----------
    tables
        Intake's tables by name, pseudonymised, with the contract's columns; those absent have no rows.
    panel
        All monthly snapshots (member_id, as_of) with features.
    spells, churners
        Stays of members, and days of leaving (member_id, left_on).
    member_causes, cause_shares
        Attributed causes of leavers and members at risk; shares of the causes.
    risk_scores, already_gone, lifetime_value
        Members of the latest snapshot: chance to leave; silent or gone; expected margin.
    not_understood
        Values of codes that intake does not know.
    panel_facts, intake_facts
        ``panel.json`` and ``intake.json``.
    as_of, observed_until
        Latest snapshot (without one, the day after the data end), and the last day that the data cover.
    score
        Panel rows -> p_churn, and ``c_<feature>``: contributions in log-odds; None without a model.
    probability
        Panel rows -> p_churn alone, without the contributions, which take long; None without a model.
    hazard
        Panel rows, days -> chance to leave within so many days, from the survival model; None without one.
    records
        Earlier months as they were told then, oldest first.
    digests
        Of the parameters, the code and the model of this run.
    params
        All parameters.
    """

    tables: Mapping[str, pd.DataFrame]
    panel: pd.DataFrame
    spells: pd.DataFrame
    churners: pd.DataFrame
    member_causes: pd.DataFrame
    cause_shares: pd.DataFrame
    risk_scores: pd.DataFrame
    already_gone: pd.DataFrame
    lifetime_value: pd.DataFrame
    not_understood: pd.DataFrame
    panel_facts: Mapping[str, Any]
    intake_facts: Mapping[str, Any]
    as_of: pd.Timestamp
    observed_until: pd.Timestamp
    score: Callable[[pd.DataFrame], pd.DataFrame] | None
    probability: Callable[[pd.DataFrame], Array] | None
    hazard: Callable[[pd.DataFrame, int], Array] | None
    records: Sequence[MonthRecord]
    digests: Mapping[str, str]
    params: Params
