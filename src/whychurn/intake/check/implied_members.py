"""Members that the source does not list, made from their activity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.tables import ACTIVITY_TABLES, TABLES
from whychurn.intake.check.one_table import Draft
from whychurn.intake.check.quarantine import Verdicts
from whychurn.intake.read.dtypes import TEXT


def complete_members(drafts: dict[str, Draft], complete: bool) -> None:
    """Add members that only activity tables know; each joined on the first day of activity.

    Done where members is absent, or `complete` (`intake.complete_members`) asks for it; then an empty
    joined_on is filled in the same way. Changes ``drafts["members"]``.
    """
    members = drafts["members"]
    if members.origin is not None and not complete:
        return
    first = _first_days(drafts)
    frame = members.frame
    if len(frame):
        gap = frame["joined_on"].isna() & members.verdicts.good
        frame["joined_on"] = (
            frame["joined_on"].where(~gap, frame["member_id"].map(first)).astype("datetime64[ns]")
        )
        filled = int((gap & frame["joined_on"].notna()).sum())
        if filled:
            members.notices.append(("notice_joined", {"n": filled}))
        members.verdicts.mark(frame["joined_on"].isna().to_numpy(), "missing_value", "joined_on")
    new = first[~first.index.isin(frame["member_id"])]
    if new.empty:
        return
    made = pd.DataFrame({"member_id": new.index.astype(TEXT), "joined_on": new.to_numpy("datetime64[ns]")})
    for name in frame.columns:
        if name not in made:
            made[name] = frame[name].iloc[:0].reindex(range(len(made)))
    verdicts = Verdicts(len(frame) + len(made), labels=members.verdicts.labels, kinds=members.verdicts.kinds)
    verdicts.codes[: len(frame)] = members.verdicts.codes
    members.frame = pd.concat([frame, made], ignore_index=True) if len(frame) else made[list(frame.columns)]
    members.row_number = np.append(members.row_number, np.zeros(len(made), dtype="int64"))
    members.verdicts, members.derived = verdicts, len(made)
    members.notices.append(("notice_derived", {"n": len(made)}))


def _first_days(drafts: dict[str, Draft]) -> pd.Series:
    parts = []
    for table in ACTIVITY_TABLES:
        draft = drafts[table]
        day = draft.sound(str(TABLES[table].time)).dt.normalize()
        parts.append(pd.Series(day.to_numpy(), index=draft.sound("member_id").to_numpy(dtype=object)))
    every = pd.concat([part for part in parts if len(part)] or parts[:1])
    return every.groupby(level=0).min()
