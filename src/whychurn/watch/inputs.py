"""What all that is watched reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.params import Params
from whychurn.stats.parallel import BLOCK_MEMBERS, Spread, parallel_map
from whychurn.stats.sources import Source, chosen_rows, names_in, whole_table
from whychurn.watch.table_counts import Days, TableCounts, count_tables


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
    """What all that is watched reads of a study, and the months told before.

    Parameters
    ----------
    tables
        Intake's tables by name, pseudonymised, with the contract's columns; those absent have no rows.
    panel
        Monthly snapshots, sorted by member, with features, ``still_there`` and ``days_silent``.
    spells, churners
        Stays of members, and days of leaving (member_id, left_on).
    member_causes, cause_shares
        Chances of the causes of leavers and members at risk; shares of the causes.
    lifetime_value
        Expected margin of members still there.
    panel_facts, intake_facts
        ``panel.json`` and ``intake.json``.
    observed_until
        Last day that the data cover.
    params
        All parameters.
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
    spread
        How blocks of at most `block_members` members, and parts of tables, are counted.
    """

    tables: Mapping[str, Source]
    panel: Source
    spells: pd.DataFrame
    churners: pd.DataFrame
    member_causes: pd.DataFrame
    cause_shares: pd.DataFrame
    lifetime_value: pd.DataFrame
    panel_facts: Mapping[str, Any]
    intake_facts: Mapping[str, Any]
    observed_until: pd.Timestamp
    params: Params
    not_understood: pd.DataFrame
    score: Callable[[pd.DataFrame], pd.DataFrame] | None
    probability: Callable[[pd.DataFrame], Array] | None
    records: Sequence[MonthRecord]
    digests: Mapping[str, str]
    spread: Spread = parallel_map
    block_members: int = BLOCK_MEMBERS

    @property
    def observed(self) -> Days:
        """First and last day that the data cover."""
        return pd.Timestamp(str(self.intake_facts["observed_from"])), self.observed_until

    @cached_property
    def counted(self) -> Mapping[str, TableCounts]:
        """What the rows of each table add up to; tables without rows are absent."""
        workers = self.params.run.workers
        return count_tables(self.tables, self.observed, self.not_understood, self.spread, workers)

    def snapshot(self, day: pd.Timestamp, columns: list[str] | None = None) -> pd.DataFrame:
        """Rows of the panel of one day, with those of `columns` that there are."""
        days = whole_table(self.panel, ["as_of"])["as_of"]
        if columns is not None:
            columns = [name for name in columns if name in names_in(self.panel)]
        return chosen_rows(self.panel, (days == day).to_numpy(), columns)
