"""Further columns of members that were written at leaving or after it, though a study states that joining knew them."""

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd

from whychurn.contract.params import Params
from whychurn.labels import say
from whychurn.panel.leakage.audit import COLUMNS, audit_row
from whychurn.stats.leaking_columns import FINDINGS, leaking_columns

log = logging.getLogger(__name__)
PREFIX = "member_column_"  # of the checks in leakage.parquet; they leave a column out and stop no run


def leaking_member_columns(members: pd.DataFrame, spells: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Columns of ``panel.member_columns`` that fail the tests, but for those of ``panel.keep``.

    Parameters
    ----------
    members
        Checked members with their further columns.
    spells
        member_id, entered_on, ended_on (null: still there), churned.

    Returns
    -------
    `stats.leaking_columns.FINDINGS`; each is said as a warning.
    """
    names = [name for name in params.panel.member_columns if name not in params.panel.keep]
    if not names:
        return pd.DataFrame(columns=list(FINDINGS))
    ended = spells.groupby("member_id")["ended_on"].max()
    entered = spells.groupby("member_id")["entered_on"].min()
    present = members[members["member_id"].isin(entered.index)].reset_index(drop=True)
    ended_on = pd.to_datetime(present["member_id"].map(ended))
    found = leaking_columns(
        present[names],
        ended_on.notna().to_numpy(dtype=bool),
        params.run.seed,
        ended_on,
        pd.to_datetime(present["member_id"].map(entered)),
    )
    for row in found.to_dict("records"):
        log.warning("%s", leak_sentence(row, "en"))
    return found


def leak_sentence(finding: Mapping[Any, Any], lang: str) -> str:
    """One finding in words: the column, why it is left out, how to keep it."""
    value = finding["value"]
    told = {"n": finding["rows"], "value": "" if pd.isna(value) else f"{value:.2f}"}
    names = {"table": "members", "column": finding["column"], "keep": "panel.keep"}
    return say(f"intake.notice_leak_{finding['why']}", lang, **names, **told)


def audit_rows(found: pd.DataFrame) -> pd.DataFrame:
    """Findings as rows of leakage.parquet."""
    rows = [
        audit_row(f"{PREFIX}{row['why']}", row["column"], float(row["value"]), float(row["bound"]))
        for row in found.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
