"""The panel's row at each anchor, found without reading the panel into memory."""

from __future__ import annotations

import tempfile
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from whychurn.causes.member_weeks.activity import Source

KEYS: Final = ["member_id", "spell_no"]
# what the panel knows of the time after
LABELS: Final = ("start_on", "stop_on", "event", "churned_in_horizon")


def panel_at(anchors: pd.DataFrame, panel: Source, memory: str) -> pd.DataFrame:
    """`anchors` with the panel's last row of the same stay that starts at or before each; null where there is none.

    Parameters
    ----------
    anchors
        member_id, spell_no, anchor_on.
    panel
        File or frame with member_id, spell_no, as_of.
    memory
        DuckDB's limit; beyond it, it works on disk.
    """
    with tempfile.TemporaryDirectory(prefix="whychurn-panel-at-") as folder, duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{memory}'; SET temp_directory = '{folder}'")
        connection.execute("SET enable_progress_bar = false")
        if isinstance(panel, pd.DataFrame):
            connection.register("panel", panel.assign(place=np.arange(len(panel))))
        else:
            file = str(panel).replace("'", "''")
            connection.execute(f"""
                CREATE VIEW panel AS SELECT * EXCLUDE (file_row_number), file_row_number AS place
                FROM read_parquet('{file}', file_row_number = true)""")
        connection.register("anchors", anchors[[*KEYS, "anchor_on"]].assign(row=np.arange(len(anchors))))
        # keys first, all columns of the rows found afterwards: a sort of the whole panel would go to disk
        connection.execute("""
            CREATE TABLE found AS
            SELECT row, ARG_MAX(place, as_of) AS place FROM anchors JOIN panel USING (member_id, spell_no)
            WHERE as_of <= anchor_on GROUP BY row""")
        have = [str(column[0]) for column in connection.execute("DESCRIBE panel").fetchall()]
        wanted = [name for name in have if name not in (*KEYS, *LABELS, "place")]
        columns = "".join(f', "{name}"' for name in wanted)
        rows = connection.sql(f"SELECT row{columns} FROM panel JOIN found USING (place)").to_arrow_table()
    at = _frame(rows).set_index("row").reindex(range(len(anchors)))
    return pd.concat([anchors, at], axis=1)


def _frame(rows: pa.Table) -> pd.DataFrame:
    """With texts and flags of pandas' own types; equal texts are held once."""
    kinds: dict[pa.DataType, Any] = {pa.bool_(): pd.BooleanDtype()}
    frame = rows.to_pandas(types_mapper=kinds.get)
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    return frame.astype(dict.fromkeys(texts, "string"))
