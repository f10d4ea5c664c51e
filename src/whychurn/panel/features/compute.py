"""All features of the catalogue at the rows of ``risk``, computed set by set in DuckDB."""

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pandas as pd

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


def compute_features(
    connection: duckdb.DuckDBPyConnection,
    catalogue: pd.DataFrame,
    panel: PanelParams,
    tiers: Mapping[str, float],
) -> list[str]:
    """Create view ``feature`` (r, one column per feature, joined_day) for the rows of ``risk``.

    Parameters
    ----------
    connection
        Database with the tables of `database.open_database`, ``snapshot`` and ``risk``.
    catalogue
        Names, kinds and sources; a feature none of whose sources holds anything is null for everyone.

    Returns
    -------
    list of str
        Features without data.
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
    connection.execute(f"CREATE OR REPLACE VIEW feature AS {_joined_sql(catalogue, set(without))}")
    return without


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


def _joined_sql(catalogue: pd.DataFrame, without: set[str]) -> str:
    """One wide query over the family tables, each of which holds every row of ``risk`` once."""
    families = ["purchases", "recency", "returns", "categories", "contacts", "last_contacts", "interaction"]
    families += ["touched", "tickets", "surveyed", "said", "terms", "profile", "market", "price"]
    columns = ", ".join(
        f"{_typed(entry, without)} AS {quoted(entry['name'])}" for entry in catalogue.to_dict("records")
    )
    joins = "\n".join(f"JOIN {name} USING (r)" for name in families)
    return f"SELECT r, joined_day, {columns} FROM risk {joins}"


def _typed(entry: Mapping[Any, Any], without: set[str]) -> str:
    """Column of one feature: flags boolean, categories text, money in double, other numbers in single."""
    kind = {"flag": "BOOLEAN", "category": "VARCHAR", "number": "FLOAT"}[str(entry["kind"])]
    if entry["unit"] == "money":
        kind = "DOUBLE"
    owner = {"spell_no": "profile."}.get(str(entry["name"]), "")  # risk has it as well
    value = "NULL" if entry["name"] in without else f"{owner}{quoted(entry['name'])}"
    if kind in ("DOUBLE", "FLOAT") and value != "NULL":
        # Differences of sums leave rounding errors, and the order of a parallel sum moves the last digit of
        # an average: rounded, two runs give the same bytes.
        value = f"ROUND({value}, 6)"
    return f"CAST({value} AS {kind})"


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
