"""The strata in which spells are compared, without looking ahead."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.params import SurvivalParams
from whychurn.stats.sources import first_rows
from whychurn.survival.spells import ROWS, Window, profiled_members, with_features

FIXED: Final = ("channel", "region")  # known on the day of joining
CHANGING: Final = ("spend_tier", "plan", "age_band")  # known from month to month
AT_ONCE: Final = 1_000_000  # rows of the panel that are joined with stays at once
FIRST, RETURNED, EARLIER = "first", "returned", "earlier"


def strata_rows(
    stays: pd.DataFrame, members: pd.DataFrame, panel: pd.DataFrame, window: Window, cohort_months: int
) -> dict[str, pd.DataFrame]:
    """Rows of `stays` by kind of stratum, with a column ``stratum``; kinds with one stratum are left out.

    ``all``, ``spell`` (first or returned) and ``cohort`` count everybody. Channel and region, and what
    changes in the course of a stay (spend tier, plan, age band), count members who may be profiled. What
    changes is read at each monthly snapshot, and a stay moves from one stratum to the next (Simon and Makuch
    1984): a tier that takes a year to reach would otherwise seem to protect (immortal time).

    Parameters
    ----------
    stays
        `spells.stay_rows`.
    members
        Interim members.
    panel
        Monthly snapshots with ``spend_tier``, ``plan``, ``age_band``.
    """
    spell = pd.Series(FIRST, stays.index).where(stays["spell_no"] == 1, RETURNED)
    strata = {
        "all": stays.assign(stratum="all"),
        "spell": stays.assign(stratum=spell),
        "cohort": stays.assign(stratum=join_cohort(stays, members, window, cohort_months)),
    }
    profiled = stays.merge(profiled_members(members)[["member_id", *FIXED]], on="member_id")
    strata |= {kind: profiled.assign(stratum=profiled[kind]).drop(columns=list(FIXED)) for kind in FIXED}
    if len(panel):
        strata |= _changing_rows(stays, panel)
    strata = {kind: _known_strata(rows) for kind, rows in strata.items()}
    return {kind: rows for kind, rows in strata.items() if kind == "all" or rows["stratum"].nunique() > 1}


def counted_columns(params: SurvivalParams) -> list[str]:
    """Columns of the panel that are read of all members, whoever models learn from."""
    return list(dict.fromkeys(["member_id", "spell_no", "as_of", *CHANGING, *params.answer_features]))


def _changing_rows(stays: pd.DataFrame, panel: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Stays cut where a member's stratum changes, or no snapshot tells it; by kind."""
    parts: dict[str, list[pd.DataFrame]] = {kind: [] for kind in CHANGING}
    for some in whole_members(panel, AT_ONCE):
        rows = with_features(stays, some, list(CHANGING))
        before = rows[["member_id", "spell_no", "exit"]].shift()
        goes_on = rows["member_id"].eq(before["member_id"]).fillna(False).astype(bool)
        goes_on &= rows["spell_no"].eq(before["spell_no"]) & rows["entry"].eq(before["exit"])
        for kind in CHANGING:
            code = pd.factorize(rows[kind])[0]
            starts = np.flatnonzero(~goes_on.to_numpy() | (code != np.append(-2, code)[:-1]))
            ends = np.append(starts, len(rows))[1:] - 1
            stretch = rows.iloc[starts][ROWS].assign(stratum=rows[kind].iloc[starts])
            parts[kind].append(
                stretch.assign(exit=rows["exit"].to_numpy()[ends], event=rows["event"].to_numpy()[ends])
            )
    return {kind: pd.concat(some, ignore_index=True) for kind, some in parts.items()}


def whole_members(panel: pd.DataFrame, rows: int) -> Iterator[pd.DataFrame]:
    """`panel` in parts of about so many rows that cut no member in two; in one where a member's rows lie apart."""
    ids = panel["member_id"]
    first = first_rows(ids)
    if len(panel) <= rows or len(first) != ids.nunique():
        yield panel
        return
    cuts = np.unique(
        np.append(first[np.searchsorted(first, np.arange(0, len(panel), rows), "right") - 1], len(panel))
    )
    for begin, end in pairwise(cuts):
        yield panel.iloc[begin:end]


def join_cohort(stays: pd.DataFrame, members: pd.DataFrame, window: Window, cohort_months: int) -> pd.Series:
    """Months of joining, such as ``2024-01..2024-06``; ``earlier`` before the observed time."""
    joined = stays["member_id"].map(members.set_index("member_id")["joined_on"])
    joined = joined.fillna(stays["started_on"])
    months = (joined.dt.year - window.first.year) * 12 + joined.dt.month - window.first.month
    number = months // cohort_months
    first = window.first.to_period("M")
    names = {
        code: f"{first + int(code * cohort_months)}..{first + int((code + 1) * cohort_months - 1)}"
        for code in number.unique()
        if code >= 0
    }
    return number.map(names).where(joined >= window.first, EARLIER).astype("string")


def _known_strata(rows: pd.DataFrame) -> pd.DataFrame:
    known = rows[rows["stratum"].notna()]
    return known.assign(stratum=known["stratum"].astype("string")).reset_index(drop=True)
