"""From checked tables to churners, spells and panel."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.epoch_timestamps import epoch_timestamps
from whychurn.contract.params import PanelParams
from whychurn.panel.churn_definition import (
    MAX_SHARE,
    MIN_LAPSES,
    Activity,
    Definition,
    acts_sql,
    alternatives,
    asked_sql,
    choose_activity,
    choose_threshold,
    cover_sql,
    edge_sql,
    spells_sql,
    threshold_curve,
    waiting_days,
)
from whychurn.panel.duckdb_tables import Observed, filled_names
from whychurn.panel.features.compute import STRATA, compute_features, in_row_order
from whychurn.panel.snapshots import create_member_snapshots, create_snapshots, label_sql, snapshot_days
from whychurn.panel.still_there import UsualGaps, find_usual_gaps, notice_sql, still_there_sql

log = logging.getLogger(__name__)
DATES = (
    "started_on", "entered_on", "last_active_on", "ended_on", "left_on", "returned_on", "asked_from",
    "notice_on",
)  # fmt: skip
OUTCOME: Final = ("churned_in_horizon", "still_there", "seen_after", "days_silent", "usual_gap_days")
SPELL_COLUMNS = """spell_no, started AS started_on, entered AS entered_on, last AS last_active_on"""


@dataclass(frozen=True)
class Known:
    """What is counted over all members before a block of them is worked on.

    Parameters
    ----------
    main
        Definition of churn.
    activity
        Table that shows a member's presence.
    usual
        Gaps between own acts, or between terms.
    filled
        ``table.column`` names that hold values.
    """

    main: Definition
    activity: Activity
    usual: UsualGaps
    filled: tuple[str, ...]


@dataclass(frozen=True)
class Churn(Known):
    """Who left, under the main definition and its alternatives.

    Parameters
    ----------
    others
        Alternative definitions.
    curve
        `churn_definition.threshold_curve`, with a flag on the chosen threshold.
    spells
        member_id, spell_no, started_on, entered_on, last_active_on, ended_on, churned, returned_on,
        asked_from (`churn_definition.asked_sql`), notice_on (day on which the last term was cancelled).
    churners
        member_id, left_on, definition, spell_no, last_active_on, returned_on, is_main.
    """

    others: list[Definition]
    curve: pd.DataFrame
    spells: pd.DataFrame
    churners: pd.DataFrame

    @property
    def known(self) -> Known:
        """What a block of members needs of it."""
        return Known(self.main, self.activity, self.usual, self.filled)


def find_churn(connection: duckdb.DuckDBPyConnection, observed: Observed, panel: PanelParams) -> Churn:
    """Choose the definition, apply it and its alternatives to all members; creates ``spell``, ``edge``,
    ``act`` and ``notice``.
    """
    kind, activity = choose_activity(connection, panel)
    create_cover(connection, activity, observed, panel)
    given = panel.grace_days if kind == "terms" else panel.threshold_days
    candidates = [*panel.threshold_candidates, *([given] if isinstance(given, int) else [])]
    curve = threshold_curve(connection, candidates, observed)
    days = (
        given
        if isinstance(given, int)
        else choose_threshold(
            curve, panel.threshold_return_share, MIN_LAPSES, MAX_SHARE * (observed.last - observed.first + 1)
        )
    )
    main = Definition(kind, days)
    others = alternatives(main, panel.alternative_factors)
    create_spells(connection, main, observed)
    spells = _dated(
        connection.execute(f"""
            SELECT member_id, {SPELL_COLUMNS}, left_day AS ended_on, left_day IS NOT NULL AS churned,
                   returned AS returned_on, asked_from, notice AS notice_on
            FROM spell JOIN member USING (m) LEFT JOIN ({asked_sql(kind)}) USING (m, spell_no)
            LEFT JOIN notice USING (m, spell_no)
            ORDER BY member_id, spell_no""").df()
    )
    churners = _churners(connection, [main, *others], observed)
    chosen = curve.assign(chosen=curve["threshold_days"] == days)
    usual, filled = find_usual_gaps(connection, main), filled_names(connection)
    return Churn(main, activity, usual, filled, others, chosen, spells, churners)


def create_cover(
    connection: duckdb.DuckDBPyConnection, activity: Activity, observed: Observed, panel: PanelParams
) -> None:
    """Tables ``act``, ``cover`` and ``seen``."""
    stop = panel.cancelled_terms == "stop"
    queries = {"act": acts_sql(activity), "cover": cover_sql(activity, observed, stop)}
    for name in ("cover", "act") if activity == "memberships" else ("act", "cover"):
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS {queries[name]}")
    connection.execute("CREATE OR REPLACE TABLE seen AS SELECT m, MAX(b) AS until FROM cover GROUP BY m")


def create_spells(connection: duckdb.DuckDBPyConnection, main: Definition, observed: Observed) -> None:
    """Tables ``spell``, ``edge`` and ``notice``, from ``cover`` and ``seen``."""
    connection.execute(f"CREATE OR REPLACE TABLE spell AS {spells_sql(main.days, observed)}")
    connection.execute(f"CREATE OR REPLACE TABLE edge AS {edge_sql(main.days)}")
    connection.execute(f"CREATE OR REPLACE TABLE notice AS {notice_sql(main.kind)}")


def _churners(
    connection: duckdb.DuckDBPyConnection, definitions: list[Definition], observed: Observed
) -> pd.DataFrame:
    """Churn events under each definition, the main one first in `definitions`."""
    parts = " UNION ALL ".join(
        f"""SELECT member_id, left_day AS left_on, '{one.name}' AS definition, spell_no,
                   last AS last_active_on,
                   returned AS returned_on, {place} AS place
            FROM ({spells_sql(one.days, observed)}) JOIN member USING (m) WHERE left_day IS NOT NULL"""
        for place, one in enumerate(definitions)
    )
    churned = connection.execute(f"{parts} ORDER BY place, member_id, spell_no").df()
    frame = _dated(churned.assign(definition=churned["definition"].astype("string")))
    return frame.assign(is_main=frame.pop("place") == 0)


def build_panel(
    connection: duckdb.DuckDBPyConnection,
    observed: Observed,
    known: Known,
    panel: PanelParams,
    tiers: dict[str, float],
    catalogue: pd.DataFrame,
) -> tuple[pd.DataFrame, list[str]]:
    """Panel of profiled members at risk (sorted by member and snapshot), and the features without data.

    Needs the tables that `find_churn` leaves.
    """
    days = snapshot_days(observed, panel.warmup_days)
    if not days:
        log.warning(
            "the data are too short for a snapshot after %d days: the panel is empty", panel.warmup_days
        )
    create_snapshots(connection, days)
    create_member_snapshots(connection, "spell", observed)
    features, without = compute_features(connection, catalogue, panel, tiers)
    stop, waiting = panel.cancelled_terms == "stop", waiting_days(known.main.days)
    presence = still_there_sql(known.main, known.usual, stop)
    connection.execute(f"CREATE OR REPLACE TABLE presence AS {presence}")
    labels = in_row_order(
        connection,
        f"""SELECT r, member_id, start_day AS as_of, start_day AS start_on, stop_day AS stop_on, event,
                   churned_in_horizon, still_there, seen_after, days_silent, usual_gap_days
            FROM ({label_sql(panel.horizon_days, waiting, observed)}) JOIN member USING (m)""",
    )
    return _finished(labels | features, catalogue), without


def _finished(columns: Mapping[str, Array], catalogue: pd.DataFrame) -> pd.DataFrame:
    made = {name: pd.Series(values) for name, values in columns.items()}
    for name in ("as_of", "start_on", "stop_on", "joined_day"):
        made[name] = epoch_timestamps(made[name], "D")
    made["join_cohort"] = _month_text(made.pop("joined_day"))
    kinds = dict(zip(catalogue["name"], catalogue["kind"], strict=True))
    of_kind = {kind: [name for name, one in kinds.items() if one == kind] for kind in ("category", "flag")}
    types: dict[str, Any] = dict.fromkeys(("member_id", *STRATA, *of_kind["category"]), "string")
    types |= dict.fromkeys(("churned_in_horizon", "seen_after", *of_kind["flag"]), "boolean")
    types |= {"event": bool, "still_there": bool, "spell_no": "int64", "days_silent": "int64"}
    types |= {"usual_gap_days": "float64"}
    lead = ["member_id", "as_of", "spell_no", "start_on", "stop_on", "event", *OUTCOME]
    ordered = [*lead, *(name for name in made if name not in lead)]
    return pd.DataFrame(
        {name: made[name].astype(types[name]) if name in types else made[name] for name in ordered},
        copy=False,
    )


def _month_text(days: pd.Series) -> pd.Series:
    """Such as ``2024-03``."""
    month = days.to_numpy("datetime64[M]")
    distinct, place = np.unique(month, return_inverse=True)
    return pd.Series(pd.array(distinct.astype(str), dtype="string")[place], index=days.index)


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    dates = {name: epoch_timestamps(frame[name], "D") for name in DATES if name in frame}
    return frame.assign(member_id=frame["member_id"].astype("string"), **dates)
