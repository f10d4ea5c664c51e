"""What stops a run: what cannot be read, too many bad rows, and what the user must decide."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.tables import ACTIVITY_TABLES, SNAPSHOT
from whychurn.intake.check.checked_table import CheckedTable, Notice
from whychurn.intake.check.evidence.id_forms import shapes
from whychurn.intake.check.quarantine import EXEMPT
from whychurn.labels import say

Problem = tuple[str, WhychurnError]  # contract table (empty: all of them), what is wrong
_MOSTLY_KNOWN: Final = 0.5  # share of rows of listed members from which the others may be members too
DECIDE: Final = "decide_"  # how the key of a notice begins that the user must decide


def to_decide(notices: Sequence[Notice]) -> list[Notice]:
    """Those of `notices` that only the user can decide, each once."""
    return [notice for n, notice in enumerate(notices) if is_decision(notice) and notice not in notices[:n]]


def is_decision(notice: Notice) -> bool:
    """Whether only the user can decide what `notice` tells."""
    return notice[0].startswith(DECIDE)


def sentence(notice: Notice, lang: str = "en") -> str:
    """`notice` in words."""
    key, values = notice
    return say(f"intake.{key}", lang, **values)


def raise_problems(problems: Sequence[Problem], decisions: Sequence[Notice]) -> None:
    """Stop with all that is wrong and all that must be decided in one message.

    Raises
    ------
    WhychurnError
        The problem itself where there is one alone; else a list of them, with the first remedy.
    """
    if len(problems) == 1 and not decisions:
        raise problems[0][1]
    if not problems and not decisions:
        return
    lines = [f"{table}: {error}" if table else str(error) for table, error in problems]
    lines += [f"to be decided: {sentence(notice)}" for notice in decisions]
    listed = "".join(f"\n  {number}. {line}" for number, line in enumerate(lines, 1))
    raise WhychurnError(
        f"the tables cannot be used as they are; {len(lines)} points:{listed}",
        remedy="mend or decide each (lines of params.yaml); whychurn data check shows the tables beside them",
    )


def excess_problems(tables: dict[str, CheckedTable], max_quarantined: float) -> list[Problem]:
    """Tables in which too large a share of rows is bad, naming the most frequent reason; no usable member."""
    members = tables["members"] if "members" in tables else tables[SNAPSHOT]
    if not len(members.frame) and not members.unread:
        remedy = "export it again, or remove the file: members are then made from their activity"
        return [
            (
                members.table,
                WhychurnError(f"the table {members.table!r} has no row", file=members.origin, remedy=remedy),
            )
        ]
    problems = []
    for table, checked in tables.items():
        counts = {label: n for label, n in checked.row_reasons.counts().items() if label[0] not in EXEMPT}
        if len(checked.broken):
            counts["broken_row", ""] = len(checked.broken)
        if sum(counts.values()) > max_quarantined * checked.read:
            problems.append((table, _excess(checked, members, counts, max_quarantined)))
    if members.good.empty and not members.unread and not problems:
        remedy = "see data/interim/quarantine.parquet"
        problems.append(
            (members.table, WhychurnError("no usable member", file=members.origin, remedy=remedy))
        )
    return problems


def no_activity(observed_until: pd.Timestamp | None) -> list[Problem]:
    """The problem that no row of an activity table is usable, where it is so."""
    if observed_until is None or pd.isna(observed_until):
        remedy = f"check {', '.join(ACTIVITY_TABLES)}"
        return [("", WhychurnError("no usable activity row", remedy=remedy))]
    return []


def _excess(
    checked: CheckedTable, members: CheckedTable, counts: dict[tuple[str, str], int], max_quarantined: float
) -> WhychurnError:
    bad = sum(counts.values())
    (reason, column), number = max(counts.items(), key=lambda item: item[1])
    return WhychurnError(
        f"table {checked.table!r}: {bad} of {checked.read} rows are bad ({bad / checked.read:.1%}, allowed "
        f"{max_quarantined:.1%}); most often {reason}, {number} rows",
        file=checked.origin,
        column=column or None,
        rows=bad,
        remedy=_remedy(checked, members, reason, column),
    )


def _remedy(checked: CheckedTable, members: CheckedTable, reason: str, column: str) -> str:
    hints = {
        ("missing_value", "member_id"): "leave purchases of non-members out of the export",
        (
            "duplicate_id",
            column,
        ): "the same number stands for rows that differ: export a number of each row's own",
        ("unknown_code", column): f"map the codes in params.yaml: intake.codes ({checked.table}.{column})",
    }
    hint = hints.get((reason, column), "mend the rows in the source, or map columns and codes in params.yaml")
    if reason == "unknown_member":
        hint = _hint_for_unknown(checked, members)
    listed = "a run lists the rows in data/interim/quarantine.parquet"
    return f"{hint}; {listed}; intake.max_quarantined sets the share"


def _hint_for_unknown(checked: CheckedTable, members: CheckedTable) -> str:
    """Complete the members only where most rows are of listed ones: else another column holds the ids."""
    known = members.good["member_id"].dropna()
    ids = checked.frame["member_id"].dropna().drop_duplicates()
    new = int((~ids.isin(known)).sum())
    if checked.row_reasons.good.mean() >= _MOSTLY_KNOWN and new < len(known):
        return f"complete the members, or add {new} to the {len(known)} listed: intake.complete_members: true"
    return (
        f"{new} of {len(ids)} ids are of no listed member (here {shapes(ids)}; members {shapes(known)}): map the "
        f"column that holds the member's id, intake.columns: {{{checked.table}.member_id: …}}, or complete the members"
    )
