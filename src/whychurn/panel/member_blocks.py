"""The panel of one block of members, the same wherever it is worked on."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.system.memory import duckdb_share, megabytes
from whychurn.panel.duckdb_tables import MemberRange, Observed, open_database, set_filled
from whychurn.panel.results import Known, build_panel, create_cover, create_spells


def panel_block(
    members: MemberRange,
    tables: Mapping[str, Path],
    known: Known,
    observed: Observed,
    catalogue: pd.DataFrame,
    params: Params,
) -> pd.DataFrame:
    """Rows of the panel of some `members`, sorted by member and snapshot.

    Parameters
    ----------
    tables
        Parquet files; those sorted by member, as intake writes them, are read in part.
    known
        What was counted over all members, of whom these are some.
    """
    panel, memory = params.panel, shared_memory(params.run.memory_limit, params.run.workers)
    with open_database(tables, observed, memory, panel.member_columns, members=members) as connection:
        connection.execute("SET threads = 1")
        set_filled(connection, known.filled)
        create_cover(connection, known.activity, observed, panel)
        create_spells(connection, known.main, observed)
        return build_panel(connection, observed, known, panel, params.retention.tiers, catalogue)[0]


def shared_memory(memory: str, workers: int) -> str:
    """Part of DuckDB's `memory` that each of `workers` may use, such as ``2000MB`` of ``4GB`` for two."""
    return f"{max(int(megabytes(duckdb_share(memory)) / workers), 1)}MB"
