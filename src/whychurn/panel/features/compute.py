"""All features of the catalogue at the rows of ``risk``, computed set by set in DuckDB."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import PanelParams
from whychurn.panel.duckdb_tables import filled_names
from whychurn.panel.features import events as events_sql
from whychurn.panel.features import market as market_sql
from whychurn.panel.features import member as member_sql
from whychurn.panel.features import orders as orders_sql
from whychurn.panel.features import service as service_sql
from whychurn.panel.features import voice as voice_sql
from whychurn.panel.features.catalogue import quoted
from whychurn.panel.features.windows import create_ages, create_following, create_trailing

LONGEST_WINDOW = 365
STRATA = ("region", "channel", "plan", "gender", "age_band", "spend_tier", "category_main", "join_cohort")
# tables that hold each row of ``risk`` once; where a name is in two of them, the later one has the feature
FAMILIES: Final = (
    "purchases", "recency", "returns", "categories", "contacts", "last_contacts", "interaction", "touched",
    "tickets", "surveyed", "said", "terms", "market", "price", "profile",
)  # fmt: skip


def compute_features(
    connection: duckdb.DuckDBPyConnection,
    catalogue: pd.DataFrame,
    panel: PanelParams,
    tiers: Mapping[str, float],
) -> tuple[dict[str, Array], list[str]]:
    """One column per feature, and joined_day, for the rows of ``risk`` in their order; and the features without data.

    Parameters
    ----------
    connection
        Database with the tables of `database.open_database`, ``snapshot`` and ``risk``.
    catalogue
        Names, kinds and sources; a feature none of whose sources holds anything is null for everyone.
    """
    create_ages(connection, LONGEST_WINDOW)
    create_following(connection, _first_day(connection))
    create_trailing(connection, "purchase_sums", "purchase", orders_sql.SUMS)
    create_trailing(connection, "event_sums", "event", events_sql.SUMS)
    create_trailing(connection, "ticket_sums", "ticket", service_sql.SUMS)
    create_trailing(connection, "touched", "touch", events_sql.TOUCH_SUMS)
    create_trailing(connection, "voice_sums", voice_sql.SPOKEN, voice_sql.SUMS)
    returned = f"({orders_sql.known_returns_sql()})"
    create_trailing(connection, "return_sums", returned, orders_sql.RETURN_SUMS)
    for name, sql in _families(panel, tiers).items():
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")
    without = features_without(catalogue, filled_names(connection))
    entries = {entry["name"]: entry for entry in catalogue.to_dict("records")}
    found = _columns(connection, entries, without)
    return {name: found[name] for name in (*entries, "joined_day")}, without


def in_row_order(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, Array]:
    """Columns of a query that has column r and each row of ``risk`` once, in their order and without r."""
    frame = connection.execute(query).df()
    columns: dict[str, Array] = {str(name): column.to_numpy() for name, column in frame.items()}
    r = columns.pop("r")
    if (r[1:] > r[:-1]).all():
        return columns
    order = np.argsort(r)
    return {name: values[order] for name, values in columns.items()}


def features_without(catalogue: pd.DataFrame, filled: Iterable[str]) -> list[str]:
    """Features of which no source is in `filled` (``table`` and ``table.column`` names that hold values)."""
    known = {*filled, "members"}
    return [
        entry["name"]
        for entry in catalogue.to_dict("records")
        if not known & set(str(entry["source"]).split("|"))
    ]


def _families(panel: PanelParams, tiers: Mapping[str, float]) -> dict[str, str]:
    return {
        "purchases": orders_sql.purchases_sql(),
        "recency": orders_sql.recency_sql(),
        "returns": orders_sql.returns_sql(),
        "categories": orders_sql.categories_sql(),
        "contacts": events_sql.contacts_sql(),
        "last_contacts": events_sql.last_contacts_sql(),
        "interaction": events_sql.interaction_sql(),
        "tickets": service_sql.tickets_sql(),
        "surveyed": service_sql.surveys_sql(),
        "said": voice_sql.said_sql(),
        "terms": member_sql.terms_sql(),
        "profile": member_sql.profile_sql(tiers, panel.member_columns),
        "market_cell": market_sql.cells_sql(),
        "market": market_sql.market_sql(),
        "price": """SELECT r, COALESCE(term_price_rise, market_price_rise) AS price_rise_since_joining
                    FROM terms JOIN market USING (r)""",
    }


def _columns(
    connection: duckdb.DuckDBPyConnection, entries: Mapping[str, Mapping[Any, Any]], without: list[str]
) -> dict[str, Array]:
    """Features and joined_day by way of the tables of `FAMILIES`, which need no join: all hold the same rows."""
    held = {name: connection.execute(f"FROM {name} LIMIT 0").description for name in FAMILIES}
    owner = {column[0]: name for name, columns in held.items() for column in columns or ()}
    owner |= dict.fromkeys(without, FAMILIES[-1])
    found: dict[str, Array] = {}
    for family in FAMILIES:
        chosen = [
            f"CAST({'NULL' if name in without else _rounded(entry)} AS {_type(entry)}) AS {quoted(name)}"
            for name, entry in entries.items()
            if owner[name] == family
        ]
        chosen += ["joined_day"] if family == owner["joined_day"] else []
        found |= in_row_order(connection, f"SELECT r, {', '.join(chosen)} FROM {family}")
    return found


def _type(entry: Mapping[Any, Any]) -> str:
    """Flags are boolean, categories text, money in double, other numbers in single."""
    if entry["unit"] == "money":
        return "DOUBLE"
    return {"flag": "BOOLEAN", "category": "VARCHAR", "number": "FLOAT"}[str(entry["kind"])]


def _rounded(entry: Mapping[Any, Any]) -> str:
    """Numbers are rounded: differences of sums leave errors, and the order of a parallel sum moves the last digit of
    an average; so two runs give the same bytes.
    """
    name = quoted(entry["name"])
    return f"ROUND({name}, 6)" if _type(entry) in ("DOUBLE", "FLOAT") else name


def _first_day(connection: duckdb.DuckDBPyConnection) -> int:
    days = connection.execute("""
        SELECT MIN(day) FROM (SELECT MIN(day) AS day FROM purchase UNION ALL SELECT MIN(day) FROM event
                              UNION ALL SELECT MIN(day) FROM voice)
    """).fetchall()[0][0]
    return int(days) if days is not None else 0


def check_member_columns(members: pd.DataFrame, names: list[str]) -> None:
    """Refuse further columns that do not exist.

    Raises
    ------
    WhychurnError
        Naming the column.
    """
    for name in names:
        if name not in members.columns:
            raise WhychurnError(
                "panel.member_columns names a column that members does not have",
                file="members",
                column=name,
                remedy="correct the name, or leave it out",
            )


def refuse_taken_names(names: list[str], catalogue: pd.DataFrame) -> None:
    """Refuse further columns whose name a feature already has.

    Raises
    ------
    WhychurnError
        Naming the column.
    """
    taken = set(catalogue["name"]) | set(STRATA)
    for name in (name for name in names if name in taken):
        others = ", ".join(f"own_{other}" if other == name else other for other in names)
        raise WhychurnError(
            "panel.member_columns names a column whose name a feature already has",
            column=name,
            remedy=f"rename it in params.yaml: intake.columns: {{members.own_{name}: {name}}} and "
            f"panel.member_columns: [{others}], or leave it out",
        )
