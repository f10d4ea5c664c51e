"""Values of coded columns that are not understood: told with counts and a suggested mapping."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.results import columns_of
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.codes.coded_columns import CODED, is_known, known_codes, nearest_code
from whychurn.intake.check.quarantine import value_kinds
from whychurn.intake.read.dtypes import TEXT

COLUMNS: Final = columns_of("not_understood")
_MOST: Final = 100  # different values: more are free text, no codes
_LONGEST: Final = 60  # characters of a code
_SHOWN_FROM: Final = 3  # rows behind a value that the check shows; rarer ones may tell of one person
_SHOWN: Final = 8
REASONED: Final = ("exit", "interview")  # surveys of leavers, whose reason is one of leaving
_FREE: Final = "(free text)"


def note_unknown(checked: CheckedTable, kept: Mapping[str, Collection[Any]]) -> None:
    """Keep the values of coded columns that are no codes, with their rows, and say them.

    Parameters
    ----------
    kept
        Column (``table.column``) -> values that `intake.codes` puts in place of others: the user knows them.
    """
    for column in CODED:
        table, _, name = column.partition(".")
        if table != checked.table or name not in checked.mapped:
            continue
        values = checked.frame[name]
        of_leavers = checked.frame["kind"].isin(REASONED) if column == "surveys.reason" else None
        if of_leavers is not None and of_leavers.any():
            values = values[of_leavers]
        given = values[
            values.notna() & ~is_known(column, values) & ~values.isin(list(map(str, kept.get(column, ()))))
        ].astype(TEXT)
        if given.empty:
            continue
        counts = given.value_counts()
        free = len(counts) > _MOST or given.str.len().mean() > _LONGEST
        checked.not_understood[name] = given.mask(pd.Series(free, index=given.index), _FREE)
        checked.notices.append(_notice(column, counts, free, len(given) == int(values.notna().sum())))
        if column == "events.event_type":
            share = len(given) / int(values.notna().sum())
            checked.notices.append(("notice_uncounted_events", {"n": len(given), "share": f"{share:.0%}"}))


def _notice(column: str, counts: pd.Series, free: bool, nothing: bool) -> tuple[str, dict[str, Any]]:
    codes = ", ".join(known_codes(column) or ("true", "false"))
    values: dict[str, Any] = {"column": column, "n": int(counts.sum()), "codes": codes}
    if free:
        return "notice_free_text", values | {"different": len(counts)}
    shown = [(value, n) for value, n in counts.items() if n >= _SHOWN_FROM][:_SHOWN]
    kinds = value_kinds(pd.Series([value for value, _ in counts.items()][:3], dtype=TEXT))
    words = ", ".join(f"{value} ({n})" for value, n in shown) or ", ".join(kinds)
    mapping = ", ".join(
        f"{_quoted(str(value))}: {nearest_code(column, str(value)) or '…'}" for value, _ in shown
    )
    key = "decide_unknown_codes" if nothing and column == "events.event_type" else "notice_unknown_codes"
    values |= {"different": len(counts), "words": words, "mapping": f"{{{mapping or '…: …'}}}"}
    return key, values


def _quoted(value: str) -> str:
    return f'"{value}"' if not value.replace("_", "").replace(" ", "").isalnum() else value


def not_understood(tables: dict[str, CheckedTable], min_cell: int) -> pd.DataFrame:
    """Rows of ``data/results/not_understood.parquet``: values of fewer than `min_cell` members by their shape only."""
    parts = [
        _counted(checked, name, values, min_cell)
        for checked in tables.values()
        for name, values in checked.not_understood.items()
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    whole = dict.fromkeys(("rows", "members"), "int64")
    return found.astype({**dict.fromkeys(COLUMNS, "string"), **whole})[COLUMNS]


def _counted(checked: CheckedTable, name: str, values: pd.Series, min_cell: int) -> pd.DataFrame:
    column = f"{checked.table}.{name}"
    rows = pd.DataFrame({"value": values, "member": checked.frame["member_id"].reindex(values.index)})
    counts = rows.groupby("value", observed=True)["member"].agg(["size", "nunique"]).reset_index()
    counts["nearest_code"] = [
        nearest_code(column, str(value)) if value != _FREE else None for value in counts["value"]
    ]
    rare = counts["nunique"] < min_cell
    counts.loc[rare, "value"] = value_kinds(counts.loc[rare, "value"])
    counts = counts.rename(columns={"size": "rows", "nunique": "members"})
    sums = counts.groupby(["value", "nearest_code"], dropna=False)[["rows", "members"]].sum().reset_index()
    return sums.assign(table=checked.table, column=name).sort_values(
        ["rows", "value"], ascending=[False, True]
    )
