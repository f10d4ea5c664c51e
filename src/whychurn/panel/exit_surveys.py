"""Answers to exit surveys: which churn event an answer belongs to, and which cause it names."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

OTHER: Final = len(CAUSES)  # an answer that names none of the six
SILENT: Final = -1  # was asked and did not answer
NOT_ASKED: Final = -2
KEYS: Final = ["member_id", "spell_no"]


def exit_answers(churn_events: pd.DataFrame, spells: pd.DataFrame, surveys: pd.DataFrame) -> Array:
    """Cause named for each churn event: code of `CAUSES`, `OTHER`, `SILENT` or `NOT_ASKED`; (n,).

    Of several surveys about one churn event the answered one nearest to the last active day counts.

    Parameters
    ----------
    churn_events
        member_id, spell_no; one row an event.
    spells
        Spells under the main definition: member_id, spell_no, last_active_on, returned_on, asked_from (null or
        absent: last_active_on).
    surveys
        Interim surveys; those of kind ``exit``.
    """
    codes = np.full(len(churn_events), NOT_ASKED)
    asked = surveys[surveys["kind"] == "exit"] if len(surveys) else surveys
    if asked.empty:
        return codes
    asked = asked[["member_id", "sent_at", "answered_at", "reason"]]
    both = last_churn_event(asked, churn_events, spells, "sent_at")
    answered = both["answered_at"].notna() & both["reason"].notna()
    reason = both["reason"].astype("string").str.split("/").str[0]  # price/rise names price
    code = reason.map({cause: number for number, cause in enumerate(CAUSES)}).fillna(OTHER)
    both = both.assign(code=code.where(answered, SILENT).astype(int), answered=answered)
    both = both.assign(apart=(both["sent_at"] - both["last_active_on"]).abs())
    nearest = both.sort_values(["answered", "apart"], ascending=[False, True]).drop_duplicates("row")
    codes[nearest["row"].to_numpy()] = nearest["code"].to_numpy()
    return codes


def last_churn_event(
    texts: pd.DataFrame, churn_events: pd.DataFrame, spells: pd.DataFrame, moment: str
) -> pd.DataFrame:
    """Rows of `texts` (member_id, …) about a churn event, with its position in `churn_events` (`row`).

    That is the member's last churn event before the `moment` (column of `texts`), unless the member was back
    by then; of exit surveys (`moment` sent_at) the one before which they were asked already, see ``asked_from``
    of `spells`.
    """
    ends = churn_events[KEYS].assign(row=np.arange(len(churn_events)))
    about = spells[[*KEYS, "last_active_on", "returned_on"]].assign(since=spells["last_active_on"])
    if moment == "sent_at" and "asked_from" in spells:
        about["since"] = spells["asked_from"].fillna(spells["last_active_on"])
    both = texts.assign(number=np.arange(len(texts))).merge(ends.merge(about, on=KEYS), on="member_id")
    both = both[both[moment] >= both["since"]]
    both = both.sort_values("last_active_on").drop_duplicates("number", keep="last")
    return both[~(both["returned_on"] <= both[moment])]


def unused_answers(churn_events: pd.DataFrame, spells: pd.DataFrame, surveys: pd.DataFrame) -> dict[str, int]:
    """Answers to exit surveys with a reason, how many are about no churn event (`unused`), and why.

    ``stayed``: of members who never left; ``early``: before any leaving, or long before the next;
    ``returned``: after a leaving, when the member was back.
    """
    given = surveys[(surveys["kind"] == "exit") & surveys["answered_at"].notna() & surveys["reason"].notna()]
    given = given[["member_id", "sent_at"]].reset_index(drop=True)
    used = last_churn_event(given, churn_events, spells, "sent_at")["number"]
    rest = given[~given.index.isin(used)]
    first_left = spells.merge(churn_events[KEYS], on=KEYS).groupby("member_id")["last_active_on"].min()
    left = rest["member_id"].map(first_left)
    stayed, returned = left.isna(), rest["sent_at"] >= left
    return {
        "answers": len(given),
        "unused": len(rest),
        "stayed": int(stayed.sum()),
        "early": int((~stayed & ~returned).sum()),
        "returned": int(returned.sum()),
    }
