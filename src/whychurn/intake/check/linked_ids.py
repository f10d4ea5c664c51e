"""Ids that two tables write differently: zeros lost in front, capital letters."""

from collections.abc import Callable
from typing import Final

import pandas as pd

from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.quarantine import value_kinds
from whychurn.intake.read.dtypes import TEXT, with_values

_Column = tuple[str, str]  # table, column
LINKS: Final[tuple[tuple[_Column, ...], ...]] = (
    (
        *tuple(
            (table, "member_id")
            for table in ("members", "memberships", "orders", "events", "feedback", "surveys", "touches")
        ),
        ("members", "referred_by"),
    ),
    (("touches", "campaign_id"), ("events", "campaign_id")),
    (("members", "region"), ("market", "region")),
    (("orders", "category"), ("market", "category")),
)
_SHOWN: Final = 3


def link_ids(tables: dict[str, CheckedTable]) -> None:
    """Give ids (and codes that join tables) one writing where they differ by zeros in front or capitals alone.

    Zeros come back where all ids that have them are of one length, no id is longer, and no table has both
    writings of one id; else it must be decided. Changes frames and notices of `tables`.
    """
    for link in LINKS:
        columns = [column for column in link if _filled(tables, column)]
        if len(columns) > 1:
            _join_writings(tables, columns, "zeros", _without_zeros)
            _join_writings(tables, columns, "case", lambda ids: ids.str.lower())
            _say_not_met(tables, columns)


def _filled(tables: dict[str, CheckedTable], column: _Column) -> bool:
    table, name = column
    frame = tables[table].frame
    return name in frame and bool(frame[name].notna().any())


def _without_zeros(ids: pd.Series) -> pd.Series:
    return ids.str.replace(r"^0+(\d+)$", r"\1", regex=True)


def _join_writings(
    tables: dict[str, CheckedTable], columns: list[_Column], kind: str, fold: Callable[[pd.Series], pd.Series]
) -> None:
    parts = []
    for place, (table, name) in enumerate(columns):
        ids = pd.Series(tables[table].frame[name].dropna().unique()).astype(TEXT)
        parts.append(pd.DataFrame({"id": ids, "place": place}))
    written = pd.concat(parts, ignore_index=True)
    written["fold"] = fold(written["id"])
    if (written["fold"] == written["id"]).all():
        return
    several = written.groupby("fold")["id"].transform("nunique") > 1
    differ = written[several]
    if differ.empty:
        return
    twice = differ.groupby(["fold", "place"])["id"].nunique().gt(1).any()
    target = _target(differ, written, kind)
    first = int(differ["place"].min())
    for place in sorted(differ["place"].unique().tolist()):
        _rewrite(tables, columns, place, None if twice else target, differ, kind, columns[first])


def _target(differ: pd.DataFrame, written: pd.DataFrame, kind: str) -> dict[str, str] | None:
    """Fold -> the writing that all get; None where it cannot be told."""
    if kind == "case":
        order = differ.sort_values("place", kind="stable")
        return dict(order.drop_duplicates("fold")[["fold", "id"]].to_numpy().tolist())
    length = differ["id"].str.len()
    longest = differ.loc[length.sort_values(ascending=False, kind="stable").index].drop_duplicates("fold")
    padded = longest["id"].str.len()
    digits = written.loc[written["id"].str.fullmatch(r"\d+").to_numpy(dtype=bool), "id"]
    if padded.nunique() > 1 or int(digits.str.len().max()) > int(padded.iloc[0]):
        return None
    return dict(longest[["fold", "id"]].to_numpy().tolist())


def _rewrite(
    tables: dict[str, CheckedTable],
    columns: list[_Column],
    place: int,
    target: dict[str, str] | None,
    differ: pd.DataFrame,
    kind: str,
    first: _Column,
) -> None:
    table, name = columns[place]
    checked = tables[table]
    own = differ[differ["place"] == place]
    new = (
        {i: target[f] for i, f in zip(own["id"], own["fold"], strict=True) if target[f] != i}
        if target
        else {}
    )
    if target is None and (table, name) == first:
        return
    wrong = list(new) if target is not None else own["id"].tolist()
    rows = checked.frame[name].isin(wrong).to_numpy(dtype=bool, na_value=False)
    if not rows.any():
        return
    other = next(".".join(column) for n, column in enumerate(columns) if n != place)
    pair = value_kinds(pd.Series([wrong[0], new.get(wrong[0], wrong[0])]))
    said = {
        "column": f"{table}.{name}",
        "other": other,
        "n": int(rows.sum()),
        "example": " / ".join(dict.fromkeys(pair)),
    }
    if target is None:
        checked.notices.append((f"decide_{kind}", said))
        return
    checked.frame[name] = with_values(checked.frame[name], new)
    checked.notices.append((f"notice_{kind}", said))


def _say_not_met(tables: dict[str, CheckedTable], columns: list[_Column]) -> None:
    """Say where codes that should join two tables have no value in common."""
    (table, name), (other, other_name) = columns[0], columns[1]
    if name not in ("region", "category"):
        return
    mine, theirs = (set(tables[t].frame[n].dropna()) for t, n in ((table, name), (other, other_name)))
    if mine & theirs:
        return
    shown = [", ".join(sorted(map(str, values))[:_SHOWN]) for values in (theirs, mine)]
    said = {
        "column": f"{other}.{other_name}",
        "other": f"{table}.{name}",
        "words": shown[0],
        "others": shown[1],
    }
    tables[other].notices.append(("notice_not_met", said))
