"""The panel's row at each index date, found without reading the panel into memory."""

from __future__ import annotations

import tempfile
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from whychurn.contract.system.memory import duckdb_share
from whychurn.stats.sources import Source

KEYS: Final = ["member_id", "spell_no"]
# what the panel records of the time after
LABELS: Final = ("start_on", "stop_on", "event", "churned_in_horizon", "seen_after")


def panel_at_index_date(index_dates: pd.DataFrame, panel: Source, memory_limit: str) -> pd.DataFrame:
    """`index_dates` with the panel's last row of the same spell at or before each; null where there is none.

    Parameters
    ----------
    index_dates
        member_id, spell_no, anchor_on (the date).
    panel
        File or frame with member_id, spell_no, as_of.
    memory_limit
        DuckDB's limit; beyond it, it works on disk.
    """
    with tempfile.TemporaryDirectory(prefix="whychurn-panel-at-") as folder, duckdb.connect() as connection:
        connection.execute(
            f"SET memory_limit = '{duckdb_share(memory_limit)}'; SET temp_directory = '{folder}'"
        )
        connection.execute("SET enable_progress_bar = false")
        if isinstance(panel, pd.DataFrame):
            connection.register("panel", panel.assign(place=np.arange(len(panel))))
        else:
            file = str(panel).replace("'", "''")
            connection.execute(f"""
                CREATE VIEW panel AS SELECT * EXCLUDE (file_row_number), file_row_number AS place
                FROM read_parquet('{file}', file_row_number = true)""")
        dates = index_dates[[*KEYS, "anchor_on"]].assign(row=np.arange(len(index_dates)))
        connection.register("dates", dates)
        # keys first, all columns of the chosen rows afterwards: a sort of the whole panel would go to disk
        connection.execute("""
            CREATE TABLE chosen AS
            SELECT row, ARG_MAX(place, as_of) AS place FROM dates JOIN panel USING (member_id, spell_no)
            WHERE as_of <= anchor_on GROUP BY row""")
        names = [str(column[0]) for column in connection.execute("DESCRIBE panel").fetchall()]
        columns = "".join(f', "{name}"' for name in names if name not in (*KEYS, *LABELS, "place"))
        rows = connection.sql(f"SELECT row{columns} FROM panel JOIN chosen USING (place)").to_arrow_table()
    features = _frame(rows).set_index("row").reindex(range(len(index_dates)))
    return pd.concat([index_dates, features], axis=1)


def _frame(rows: pa.Table) -> pd.DataFrame:
    """With texts and flags of pandas' own types; equal texts are held once."""
    kinds: dict[pa.DataType, Any] = {pa.bool_(): pd.BooleanDtype()}
    frame = rows.to_pandas(types_mapper=kinds.get)
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    return frame.astype(dict.fromkeys(texts, "string"))
