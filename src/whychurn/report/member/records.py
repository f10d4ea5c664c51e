"""What a card says of a member: rows of the checked tables of twelve months, and of the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from whychurn.action.contact_consent import may_contact, opted_out
from whychurn.action.roles import HELD_OUT, NOT_CONTACTED, WAITS
from whychurn.contract.causes import CONTROL
from whychurn.contract.files import read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, empty_table
from whychurn.report.action.results import ActionResults

Row = Mapping[Any, Any]
MONTHS: Final = 12
_TIMES: Final = {
    "orders": "ordered_at",
    "memberships": "starts_on",
    "events": "occurred_at",
    "feedback": "created_at",
    "touches": "sent_at",
}
_RESULTS: Final = ("member_causes", "feedback_topics")  # beside those on actions


@dataclass(frozen=True)
class MemberFacts:
    """One member.

    Parameters
    ----------
    as_of
        Decision day: rows of the `MONTHS` months before it.
    person
        Row of members.
    profiled
        May be scored and explained.
    marketing
        May be contacted about offers: agreed, and never opted out.
    rows
        Table -> rows of the twelve months, oldest first; texts with the chances of their causes (``feedback_topics``).
    state, gone, winback, causes, request
        Row of ``member_state``, ``already_gone``, ``winback``, ``member_causes`` (now, else of the last leaving) and
        `open_requests`; None without one.
    plan
        Rows of the plan, first contact first.
    """

    member_id: str
    as_of: pd.Timestamp
    person: Row
    profiled: bool
    marketing: bool
    rows: Mapping[str, Sequence[Row]]
    state: Row | None = None
    gone: Row | None = None
    winback: Row | None = None
    causes: Row | None = None
    request: Row | None = None
    plan: Sequence[Row] = ()

    @property
    def contact(self) -> Row | None:
        """The first contact that is planned; None without one, and for members who are not contacted."""
        return self.plan[0] if self.plan and self.plan[0]["role"] not in NOT_CONTACTED else None

    @property
    def afterwards(self) -> str | None:
        """Action that the plan has for once the open request is answered; None without one."""
        return str(self.plan[0]["would_be"]) if self.plan and self.plan[0]["role"] == WAITS else None

    @property
    def held_out(self) -> bool:
        """Kept out of every list by lot, so that the plan can be read out."""
        kept = self.state is not None and self.state["do_not_send_reason"] == "held_out"
        return kept or any(row["role"] == HELD_OUT for row in self.plan)

    @property
    def left(self) -> bool:
        """Counts as gone: nothing is forecast."""
        return self.winback is not None or (self.causes is not None and self.causes["status"] == "churned")

    @property
    def silent(self) -> bool:
        """Not counted as gone yet, but silent, without a term, or with notice given."""
        return self.gone is not None


def read_members(
    study: StudyPaths, params: Params, results: ActionResults, ids: Sequence[str]
) -> list[MemberFacts]:
    """Facts of members in the order of `ids`; those whom the tables do not hold are left out."""
    day = results.as_of
    if day is None or not ids:
        return []
    wanted = sorted(set(ids))
    everybody = read_table(study.interim / "members.parquet")
    history = {name: _of(study.interim / f"{name}.parquet", wanted, time) for name, time in _TIMES.items()}
    people = _among(everybody, wanted)
    agreed = _agreed(everybody, people["member_id"], history["events"], params)
    history["touches"] = history["touches"][history["touches"]["action"].ne(CONTROL).fillna(True)]
    found = {name: _grouped(_lately(frame, _TIMES[name], day)) for name, frame in history.items()}
    told = {
        name: _of(study.results / f"{name}.parquet", wanted, columns=columns_of(name)) for name in _RESULTS
    }
    found["texts"] = _grouped(_texts(history["feedback"], told["feedback_topics"], day))
    single = {
        "state": _first(results["member_state"], wanted),
        "gone": _first(results["already_gone"], wanted),
        "winback": _first(results["winback"], wanted),
        "causes": _first(told["member_causes"].sort_values(["status", "anchor_on"], ascending=[True, False]), wanted),
        "request": _first(results.requests, wanted),
    }  # fmt: skip
    plan = _grouped(_among(results["plan"], wanted).sort_values("rank", kind="stable"))
    persons = _first(people, wanted)
    return [
        MemberFacts(
            one,
            day,
            persons[one],
            is_true(persons[one].get("profiling_consent")),
            one in agreed,
            {name: rows.get(one, []) for name, rows in found.items()},
            plan=plan.get(one, []),
            **{name: rows.get(one) for name, rows in single.items()},
        )
        for one in ids
        if one in persons
    ]


def _of(path: Any, ids: list[str], time: str = "", columns: Sequence[str] = ()) -> pd.DataFrame:
    """Rows of some members; of a table that is absent none, with all its columns."""
    if path.exists():
        rows = pd.read_parquet(path, filters=[("member_id", "in", ids)])
        return rows.sort_values(["member_id", time], kind="stable") if time else rows
    return empty_table([*(columns or ("member_id", time))])


def _agreed(everybody: pd.DataFrame, ids: pd.Series, events: pd.DataFrame, params: Params) -> set[str]:
    return set(ids[may_contact(everybody, ids, params.privacy.missing_consent) & ~opted_out(events, ids)])


def _lately(rows: pd.DataFrame, time: str, day: pd.Timestamp) -> pd.DataFrame:
    return rows[(rows[time] >= day - pd.DateOffset(months=MONTHS)) & (rows[time] < day)]


def _texts(feedback: pd.DataFrame, topics: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Texts of the twelve months with the chance that each speaks of a cause."""
    if "text" not in feedback:
        return feedback.head(0)
    chances = topics.drop(columns=["member_id", "source", "language"]).drop_duplicates("feedback_id")
    return _lately(feedback.dropna(subset=["text"]), "created_at", day).merge(
        chances, on="feedback_id", how="left"
    )


def _among(rows: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    return rows[rows["member_id"].isin(ids)]


def _grouped(rows: pd.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows.to_dict("records"):
        found.setdefault(str(row["member_id"]), []).append(row)
    return found


def _first(rows: pd.DataFrame, ids: list[str]) -> dict[str, Row]:
    kept = _among(rows, ids).drop_duplicates("member_id")
    return {str(row["member_id"]): row for row in kept.to_dict("records")}


def is_true(value: Any) -> bool:
    """Whether a cell holds a yes; one that is empty does not."""
    return not pd.isna(value) and bool(value)
