"""Blocks of members: the tables parted by member, and the panel of one block, the same wherever it is worked on."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.system.memory import duckdb_share, megabytes
from whychurn.panel.duckdb_tables import Observed, attached, open_database, set_filled
from whychurn.panel.results import Known, build_panel, create_cover, create_spells

Files = dict[str, Path]


def part_tables(tables: Mapping[str, Path], folder: Path, size: int, memory: str) -> list[Files]:
    """Copies of `tables` in `folder` by blocks of at most `size` members in the order of their ids: the files of each.

    Parameters
    ----------
    tables
        Parquet files; ``market`` is every block's.
    memory
        DuckDB's limit.
    """
    with attached(tables, memory) as connection:
        members = connection.execute("SELECT COUNT(*) FROM raw_members").fetchall()[0][0]
        blocks = max(-(-members // size), 1)
        connection.execute(f"""
            CREATE TABLE numbered AS
            SELECT member_id,
                   CAST((ROW_NUMBER() OVER (ORDER BY member_id) - 1) * {blocks} // {members} AS INTEGER) AS block
            FROM raw_members""")
        for name in tables.keys() - {"market"}:
            (folder / name).mkdir(parents=True, exist_ok=True)
            connection.execute(f"COPY (FROM raw_{name} LIMIT 0) TO '{folder / name / 'none.parquet'}'")
            connection.execute(f"""
                COPY (SELECT raw.*, block FROM raw_{name} raw JOIN numbered USING (member_id))
                TO '{folder / name}' (FORMAT parquet, PARTITION_BY (block), OVERWRITE_OR_IGNORE)""")
    return [_files(tables, folder, block) for block in range(blocks)]


def _files(tables: Mapping[str, Path], folder: Path, block: int) -> Files:
    """Files of a block; a table without rows in it keeps its columns."""
    found = {name: folder / name / f"block={block}" for name in tables}
    return {
        name: file
        if name == "market"
        else (found[name] if found[name].exists() else folder / name) / "*.parquet"
        for name, file in tables.items()
    }


def panel_block(
    tables: Mapping[str, Path], known: Known, observed: Observed, catalogue: pd.DataFrame, params: Params
) -> pd.DataFrame:
    """Rows of the panel of the members in `tables`, sorted by member and snapshot.

    Parameters
    ----------
    known
        What was counted over all members, of whom these are some.
    """
    panel, memory = params.panel, shared_memory(params.run.memory_limit, params.run.workers)
    with open_database(tables, observed, memory, panel.member_columns) as connection:
        connection.execute("SET threads = 1")
        set_filled(connection, known.filled)
        create_cover(connection, known.activity, observed, panel)
        create_spells(connection, known.main, observed)
        return build_panel(connection, observed, known, panel, params.retention.tiers, catalogue)[0]


def shared_memory(memory: str, workers: int) -> str:
    """Part of DuckDB's `memory` that each of `workers` may use, such as ``2000MB`` of ``4GB`` for two."""
    return f"{max(int(megabytes(duckdb_share(memory)) / workers), 1)}MB"
