"""Future-perturbation test: a feature must not change when the future is removed or replaced by noise."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd

from whychurn.contract.files import read_table
from whychurn.contract.params import Params
from whychurn.contract.tables import HISTORY_TABLES, TABLES
from whychurn.panel.duckdb_tables import (
    NO_FEEDBACK_TOPICS,
    Observed,
    attached,
    day_number,
    open_database,
    set_filled,
)
from whychurn.panel.features.compute import compute_features, in_row_order
from whychurn.panel.features.orders import RETURN_LAG_DAYS
from whychurn.panel.leakage.audit import (
    COLUMNS,
    LABELS,
    MAX_AUC,
    audit_row,
    check_labels,
    check_single_features,
    labelled_places,
    rows_at,
)
from whychurn.panel.results import Churn, create_cover, create_spells
from whychurn.panel.snapshots import create_member_snapshots, create_snapshots
from whychurn.panel.still_there import still_there_sql

DAY = pd.Timedelta(days=1)
# averages are rounded to six decimals (features); one on the edge may fall to either side
LAST_DIGIT = 1.5e-6
PRESENCE: Final = ("still_there", "days_silent", "usual_gap_days")  # known on the day as features are
# when a row is known, where that is not its time; and columns that become known later than their row
KNOWN = {"surveys": "answered_at", "feedback_topics": "known_on"}
LATER = {
    "memberships": {
        "cancelled_on": "cancelled_on",
        "paused_until": "paused_from",
        "paused_from": "paused_from",
    },
    "feedback": {"responded_at": "responded_at"},
}


def audit_panel(
    tables: Mapping[str, Path],
    churn: Churn,
    panel: Path,
    catalogue: pd.DataFrame,
    observed: Observed,
    params: Params,
) -> pd.DataFrame:
    """All rows of the leakage audit: perturbed futures, label rules, single features.

    Parameters
    ----------
    panel
        File of the panel, of which only the rows and columns that are looked at are read.
    """
    until, seed = pd.Timestamp(observed.last, unit="D"), params.run.seed
    as_of = read_table(panel, ["as_of"])["as_of"]
    sampled = _sampled(as_of.reset_index(drop=True), params).index.to_numpy()
    rows = rows_at(panel, np.concatenate([sampled, labelled_places(panel, seed)]))  # the file is read once
    given: dict[str, Path | pd.DataFrame] = {"feedback_topics": NO_FEEDBACK_TOPICS, **tables}
    with attached(given, params.run.memory_limit) as connection:
        here = rows.head(len(sampled))
        changed = perturbation_test(connection, here, catalogue, observed, params, churn)
    found = (
        changed,
        check_labels(read_table(panel, list(LABELS)), churn.spells, params.panel.horizon_days, until),
        check_single_features(rows.iloc[len(sampled) :], catalogue, MAX_AUC, seed),
    )
    return pd.concat([part for part in found if len(part)], ignore_index=True)


def _sampled(as_of: pd.Series, params: Params) -> pd.Series:
    """Snapshot days of a sample of the rows of the middle one."""
    days = np.sort(as_of.unique())
    here = as_of[as_of == days[len(days) // 2]] if len(days) else as_of
    return here.sample(min(params.panel.audit_sample, len(here)), random_state=params.run.seed)


def perturbation_test(
    connection: duckdb.DuckDBPyConnection,
    panel: pd.DataFrame,
    catalogue: pd.DataFrame,
    observed: Observed,
    params: Params,
    churn: Churn,
) -> pd.DataFrame:
    """Compute the features of a sample of members at the middle snapshot again, twice, from other futures.

    Parameters
    ----------
    connection
        Its raw views give the sample's rows.
    panel
        What was computed from all rows.

    Returns
    -------
    DataFrame
        Rows of leakage.parquet: per future ("removed", "scrambled") and feature the share of the sample's
        members whose value changed; bound 0.
    """
    if panel.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    here = panel.loc[_sampled(panel["as_of"], params).index]
    settings, as_of = params.panel, pd.Timestamp(here["as_of"].iloc[0])
    here = here.set_index("member_id")
    tables = _sample(connection, here.index)
    rng = np.random.default_rng(params.run.seed)
    futures = {
        "shift_removed": ({t: past_only(t, f, as_of) for t, f in tables.items()}, True),
        "shift_scrambled": ({t: perturb_future(t, f, as_of, rng) for t, f in tables.items()}, False),
    }
    known = pd.concat([catalogue[["name", "kind"]], pd.DataFrame({"name": PRESENCE, "kind": "number"})])
    rows = []
    for check, (other, ends_here) in futures.items():
        span = Observed(observed.first, day_number(as_of) - 1 if ends_here else observed.last)
        with open_database(other, span, params.run.memory_limit, settings.member_columns) as again:
            set_filled(again, churn.filled)
            values = _recompute(again, as_of, span, catalogue, params, churn)
        changed = compare(here, values, known)
        rows += [audit_row(check, name, share, 0.0) for name, share in changed.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _sample(connection: duckdb.DuckDBPyConnection, members: pd.Index) -> dict[str, pd.DataFrame]:
    connection.register("sampled", pd.DataFrame({"member_id": members.astype(object)}))
    tables = {
        name: connection.execute(
            f"SELECT * FROM raw_{name}"
            + ("" if name == "market" else " WHERE member_id IN (SELECT member_id FROM sampled)")
        ).df()
        for name in (*HISTORY_TABLES, "feedback_topics")
    }
    connection.unregister("sampled")
    return tables


def _recompute(
    connection: duckdb.DuckDBPyConnection,
    as_of: pd.Timestamp,
    observed: Observed,
    catalogue: pd.DataFrame,
    params: Params,
    churn: Churn,
) -> pd.DataFrame:
    stop = params.panel.cancelled_terms == "stop"
    create_cover(connection, churn.activity, observed, params.panel)
    create_spells(connection, churn.main, observed)
    create_snapshots(connection, [day_number(as_of)])
    create_member_snapshots(connection, "spell", observed)
    features, _ = compute_features(connection, catalogue, params.panel, params.retention.tiers)
    presence = still_there_sql(churn.main, churn.usual, stop)
    columns = f"SELECT r, member_id, {', '.join(PRESENCE)}"
    known = in_row_order(connection, f"{columns} FROM risk JOIN member USING (m) JOIN ({presence}) USING (r)")
    return pd.DataFrame(known | features).set_index("member_id")


def past_only(table: str, frame: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """What `table` held just before `as_of`: later rows removed, columns known later blank."""
    if table == "members":
        return frame
    kept = frame[_known(table, frame) < as_of].copy()
    for column, when in LATER.get(table, {}).items():
        kept.loc[kept[when] >= as_of, column] = pd.NaT
    if table == "feedback":
        kept["resolved"] = kept["resolved"].astype("boolean").mask(kept["responded_at"].isna())
    if table == "orders":
        late = kept["ordered_at"].dt.floor("D") + RETURN_LAG_DAYS * DAY >= as_of
        kept["returned"] = kept["returned"].astype("boolean").mask(late)
    return kept


def perturb_future(
    table: str, frame: pd.DataFrame, as_of: pd.Timestamp, rng: np.random.Generator
) -> pd.DataFrame:
    """The same past with another future: later rows change owner, time and amount."""
    if table == "members":
        return frame
    mixed = frame.copy()
    future = (_known(table, mixed) >= as_of).to_numpy()
    time = _time(table)
    number = int(future.sum())
    shift = pd.to_timedelta(rng.integers(0, 60, number), unit="D").to_numpy()
    mixed.loc[future, time] = (
        np.maximum(mixed.loc[future, time].to_numpy("datetime64[ns]"), as_of.to_datetime64()) + shift
    )
    if "member_id" in mixed:
        mixed.loc[future, "member_id"] = rng.permutation(mixed.loc[future, "member_id"].to_numpy())
    for column in mixed.select_dtypes("float64").columns:
        mixed.loc[future, column] = mixed.loc[future, column] * rng.uniform(0.1, 10, number)
    for column, when in LATER.get(table, {}).items():
        late = (mixed[when] >= as_of).to_numpy()
        mixed.loc[late, column] = mixed.loc[late, column] + 17 * DAY
        if table == "feedback":
            mixed.loc[late, "resolved"] = ~mixed.loc[late, "resolved"].astype("boolean")
    if table == "orders":
        late = (mixed["ordered_at"].dt.floor("D") + RETURN_LAG_DAYS * DAY >= as_of).to_numpy()
        mixed["returned"] = mixed["returned"].astype("boolean")
        mixed.loc[late, "returned"] = ~mixed.loc[late, "returned"]
    return mixed


def _known(table: str, frame: pd.DataFrame) -> pd.Series:
    """When a row is known: a market week when it is over, a survey when it is answered."""
    if table == "market":
        return frame["week_start"] + 6 * DAY
    return frame[_time(table)]


def _time(table: str) -> str:
    return KNOWN[table] if table in KNOWN else TABLES[table].time or ""


def compare(before: pd.DataFrame, after: pd.DataFrame, catalogue: pd.DataFrame) -> dict[str, float]:
    """Share of members (index of `before`) whose value differs, by feature; members absent after differ."""
    after = after.reindex(before.index)
    changed: dict[str, Any] = {}
    for name, kind in zip(catalogue["name"], catalogue["kind"], strict=True):
        one, two = before[name], after[name]
        if kind == "category":
            same = one.astype(object).where(one.notna(), None) == two.astype(object).where(two.notna(), None)
            same |= one.isna() & two.isna()
        else:
            same = np.isclose(_numbers(one), _numbers(two), rtol=1e-6, atol=LAST_DIGIT, equal_nan=True)
        changed[name] = float(1 - np.mean(same))
    return changed


def _numbers(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values, errors="coerce").astype("Float64").to_numpy("float64", na_value=np.nan)
