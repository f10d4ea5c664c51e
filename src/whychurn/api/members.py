"""Who is gone, how long they stayed, and what was known of them month by month."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import duckdb
import pandas as pd

from whychurn.api.settings import settings
from whychurn.api.tables import Tables
from whychurn.api.texts import read_texts
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.tables import ACTIVITY_TABLES
from whychurn.panel.duckdb_tables import Observed, day_number, open_database
from whychurn.panel.facts import label_known_days
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.results import Churn, build_panel, find_churn
from whychurn.survival.spells import Window, stay_rows

Kind = Literal["auto", "terms", "inactivity"]
Threshold = int | Literal["auto"]
CLOCK: Final = ["entry", "exit", "event"]


def churners(
    tables: Tables, *, churn: Kind = "auto", grace_days: int = 30, threshold_days: Threshold = "auto"
) -> pd.DataFrame:
    """Who left, and when: one row per churn event, under the definition and its alternatives.

    Parameters
    ----------
    tables
        From `load` or `simulate`.
    churn
        ``terms``: a term ended and none followed. ``inactivity``: silence longer than a threshold. ``auto``: terms where
        the table memberships has rows.
    grace_days
        Days after the end of a term within which a renewal is no leaving.
    threshold_days
        Days of silence; ``auto`` takes the shortest from which few come back.

    Returns
    -------
    DataFrame
        member_id, left_on, definition, spell_no, last_active_on, returned_on (null where the member did not come back),
        is_main (rows under the definition itself; the others are its alternatives).

    Raises
    ------
    WhychurnError
        If no table shows activity.

    Examples
    --------
    >>> import whychurn
    >>> gone = whychurn.churners(shop.tables)
    >>> gone.loc[gone["is_main"], "definition"].unique().tolist()
    ['inactivity_60d']
    """
    params = _params(churn, grace_days, threshold_days)
    with _opened(tables, params, None) as (connection, observed):
        return find_churn(connection, observed, params.panel).churners


def spells(
    tables: Tables, *, churn: Kind = "auto", grace_days: int = 30, threshold_days: Threshold = "auto"
) -> pd.DataFrame:
    """Stays as (entry, exit, event), left truncation and censoring included.

    Parameters
    ----------
    tables, churn, grace_days, threshold_days
        As in `churners`.

    Returns
    -------
    DataFrame
        member_id, spell_no, started_on, entered_on, last_active_on, ended_on, churned, returned_on, and entry, exit,
        event: at risk on days of the stay in (entry, exit], left on day ``exit`` or censored there. The three are null for
        spells that were at risk on no day. ``attrs`` holds the definition of churn and the last observed day.

    Notes
    -----
    All stays are censored on one day, the last one whose leavings are known (administrative censoring); who joined
    before the observed time enters late (left truncation).

    Examples
    --------
    >>> import whychurn
    >>> stays = whychurn.spells(shop.tables)
    >>> bool((stays["exit"] > stays["entry"]).all())
    True
    """
    params = _params(churn, grace_days, threshold_days)
    with _opened(tables, params, None) as (connection, observed):
        found = find_churn(connection, observed, params.panel)
    return with_clock(found.spells, tables, found.main.name)


def panel(
    tables: Tables,
    *,
    horizon_days: int = 90,
    texts: pd.DataFrame | None = None,
    churn: Kind = "auto",
    grace_days: int = 30,
    threshold_days: Threshold = "auto",
) -> pd.DataFrame:
    """Monthly snapshots: what was known of each member on the day, and whether they left within the horizon.

    Members who refuse profiling have no rows.

    Parameters
    ----------
    horizon_days
        Days after a snapshot in which a leaving counts.
    texts
        What texts say, from `read_texts`; the texts of `tables` are read if not given.
    tables, churn, grace_days, threshold_days
        As in `churners`.

    Returns
    -------
    DataFrame
        member_id, as_of, spell_no, start_on, stop_on, event, churned_in_horizon (null where it is not known yet,
        and for members who are already gone), still_there, seen_after (in hindsight), days_silent, usual_gap_days, and
        the features, null where nothing is known.

    Examples
    --------
    >>> import whychurn
    >>> rows = whychurn.panel(shop.tables)
    >>> rows.columns[:7].tolist()
    ['member_id', 'as_of', 'spell_no', 'start_on', 'stop_on', 'event', 'churned_in_horizon']
    """
    params = _params(churn, grace_days, threshold_days, horizon_days)
    said = read_texts(tables, horizon_days=horizon_days) if texts is None else texts
    with _opened(tables, params, said) as (connection, observed):
        found = find_churn(connection, observed, params.panel)
        tiers = params.retention.tiers
        rows, _ = build_panel(connection, observed, found, params.panel, tiers, load_catalogue())
    known_days = label_known_days(found.main, horizon_days)
    rows.attrs = {"definition": found.main.name, "horizon_days": horizon_days, "label_known_days": known_days}
    return rows


def find_leavings(tables: Tables, params: Params) -> Churn:
    """Definition, spells and leavings under the parameters."""
    with _opened(tables, params, None) as (connection, observed):
        return find_churn(connection, observed, params.panel)


def with_clock(found: pd.DataFrame, tables: Tables, definition: str) -> pd.DataFrame:
    """Spells of the panel stage with entry, exit and event beside them."""
    seen = {"observed_from": tables.observed_from, "observed_until": tables.observed_until}
    stays = stay_rows(found, Window.of({"definition": definition}, seen))
    keys = ["member_id", "spell_no"]
    kinds = {"entry": "Int64", "exit": "Int64", "event": "boolean"}
    joined = found.merge(stays[[*keys, *CLOCK]].astype(kinds), on=keys, how="left", validate="one_to_one")
    joined.attrs = {"definition": definition, "observed_until": f"{tables.observed_until:%Y-%m-%d}"}
    return joined


@contextmanager
def _opened(
    tables: Tables, params: Params, said: pd.DataFrame | None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Observed]]:
    if not any(len(tables[name]) for name in ACTIVITY_TABLES):
        raise WhychurnError(
            f"none of the tables {', '.join(ACTIVITY_TABLES)} has rows: nobody's presence is known",
            remedy="give one of them to whychurn.load",
        )
    observed = Observed(day_number(tables.observed_from), day_number(tables.observed_until))
    frames = dict(tables) if said is None else {**tables, "feedback_topics": said}
    with open_database(frames, observed, params.run.memory_limit, []) as connection:
        yield connection, observed


def _params(
    churn: str, grace_days: int, threshold_days: Threshold, horizon_days: int | None = None
) -> Params:
    own: dict[str, Any] = {"churn": churn, "grace_days": grace_days, "threshold_days": threshold_days}
    if horizon_days is not None:
        own["horizon_days"] = horizon_days
    return settings({"panel": own})
