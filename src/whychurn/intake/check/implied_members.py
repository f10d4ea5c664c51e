"""Members that the source does not list, made from their activity."""

import numpy as np
import pandas as pd

from whychurn.contract.tables import ACTIVITY_TABLES, TABLES
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.quarantine import RowReasons
from whychurn.intake.read.dtypes import TEXT


def complete_members(tables: dict[str, CheckedTable], complete: bool) -> None:
    """Add members that stand only in activity tables; each joined on the first day of activity.

    Done where members is absent, or `complete` (`intake.complete_members`) asks for it. A joining day that is not
    known is filled in the same way. Changes ``tables["members"]``.
    """
    members = tables["members"]
    adds = members.origin is None or complete
    if not adds and not (members.frame["joined_on"].isna() & members.row_reasons.good).any():
        return
    first = _first_days(tables)
    if len(members.frame):
        _fill_joining_days(members, first)
    if adds:
        _add_members(members, first)


def _fill_joining_days(members: CheckedTable, first: pd.Series) -> None:
    frame = members.frame
    gap = frame["joined_on"].isna() & members.row_reasons.good
    days = frame["joined_on"].where(~gap, frame["member_id"].map(first))
    frame["joined_on"] = days.astype("datetime64[ns]")
    filled = int((gap & frame["joined_on"].notna()).sum())
    if filled:
        members.notices.append(("notice_joined", {"n": filled}))
    members.row_reasons.mark(frame["joined_on"].isna().to_numpy(), "missing_value", "joined_on")


def _add_members(members: CheckedTable, first: pd.Series) -> None:
    frame = members.frame
    new = first[~first.index.isin(frame["member_id"])]
    if new.empty:
        return
    made = pd.DataFrame({"member_id": new.index.astype(TEXT), "joined_on": new.to_numpy("datetime64[ns]")})
    for name in frame.columns:
        if name not in made:
            made[name] = frame[name].iloc[:0].reindex(range(len(made)))
    row_reasons = RowReasons(
        len(frame) + len(made), labels=members.row_reasons.labels, kinds=members.row_reasons.kinds
    )
    row_reasons.codes[: len(frame)] = members.row_reasons.codes
    members.frame = pd.concat([frame, made], ignore_index=True) if len(frame) else made[list(frame.columns)]
    members.row_number = np.append(members.row_number, np.zeros(len(made), dtype="int64"))
    members.row_reasons, members.derived = row_reasons, len(made)
    members.notices.append(("notice_derived", {"n": len(made)}))


def _first_days(tables: dict[str, CheckedTable]) -> pd.Series:
    parts = []
    for table in ACTIVITY_TABLES:
        checked = tables[table]
        day = checked.good_values(str(TABLES[table].time)).dt.normalize()
        parts.append(pd.Series(day.to_numpy(), index=checked.good_values("member_id").to_numpy(dtype=object)))
    all_days = pd.concat([part for part in parts if len(part)] or parts[:1])
    return all_days.groupby(level=0).min()
