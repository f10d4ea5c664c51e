"""Ids of members that a table writes with other signs or letters in front than the list of members does."""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.tables import ACTIVITY_TABLES
from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.check.quarantine import value_kinds
from whychurn.intake.read.dtypes import TEXT, with_values

_FORMS: Final[dict[str, Callable[[pd.Series], pd.Series]]] = {
    "signs": lambda ids: ids.str.replace(r"[\s._/-]+", "", regex=True).str.casefold(),
    "prefix": lambda ids: ids.str.replace(r"^[A-Za-z一-鿿]+[\s_#-]*(\d)", r"\1", regex=True),
    "prefix_zeros": lambda ids: ids.str.replace(r"^[A-Za-z一-鿿]*[\s_#-]*0*(\d)", r"\1", regex=True),
}
_NEARLY_ALL: Final = 0.95  # of the ids that are not known as they are
_UNKNOWN: Final = 0.01  # share of a table's ids below which they are left alone


def join_id_forms(tables: dict[str, CheckedTable]) -> None:
    """Write member ids of other tables as the list of members does, where one form explains nearly all unknown ids.

    Without a list, the first table of activity is taken for it. A form counts only if no two members become one.
    """
    listed = next((one for one in ("members", *ACTIVITY_TABLES) if len(tables[one].frame)), None)
    if listed is None:
        return
    known = pd.Series(tables[listed].frame["member_id"].dropna().unique(), dtype=TEXT)
    for table, checked in tables.items():
        if table == listed or "member_id" not in checked.frame or not len(checked.frame):
            continue
        ids = pd.Series(checked.frame["member_id"].dropna().unique(), dtype=TEXT)
        unknown = ids[~ids.isin(known)]
        if len(unknown) > _UNKNOWN * len(ids):
            _join(checked, listed, known, unknown)


def _join(checked: CheckedTable, listed: str, known: pd.Series, unknown: pd.Series) -> None:
    for written in _FORMS.values():
        ours, theirs = written(known), written(unknown)
        if ours.duplicated().any():
            continue
        by_form = pd.Series(known.to_numpy(dtype=object), index=ours.to_numpy(dtype=object))
        found = theirs.astype(object).map(by_form)
        share = float(found.notna().mean())
        if share < _NEARLY_ALL or theirs[found.notna()].duplicated().any():
            continue
        hit = found.notna().to_numpy()
        replace = dict(zip(unknown[hit], found[hit], strict=True))
        concerned = checked.frame["member_id"].isin(list(replace)).to_numpy(dtype=bool)
        checked.frame["member_id"] = with_values(checked.frame["member_id"], replace)
        one, other = value_kinds(pd.Series([next(iter(replace)), replace[next(iter(replace))]], dtype=TEXT))
        checked.notices.append(
            ("notice_ids_form", {
                "column": f"{checked.table}.member_id", "n": int(np.sum(concerned)), "ids": len(replace),
                "listed": listed, "theirs": one, "ours": other,
            })
        )  # fmt: skip
        return


def shapes(ids: pd.Series, most: int = 2) -> str:
    """The commonest shapes of ids, runs of one sign shortened: A9… for A1234."""
    kinds = pd.Series(value_kinds(ids.dropna().iloc[:10_000]))
    return ", ".join(re.sub(r"(.)\1+", r"\1…", kind) for kind in kinds.value_counts().index[:most])
