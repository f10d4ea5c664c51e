"""The strata in which spells are compared, without looking ahead."""

from typing import Final

import pandas as pd

from whychurn.survival.spells import Window, profiled_members, with_features

FIXED: Final = ("channel", "region")  # known on the day of joining
CHANGING: Final = ("spend_tier", "plan", "age_band")  # known from month to month
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
        changing = with_features(stays, panel, list(CHANGING))
        strata |= {kind: changing.assign(stratum=changing[kind]) for kind in CHANGING}
    strata = {kind: _known_strata(rows) for kind, rows in strata.items()}
    return {kind: rows for kind, rows in strata.items() if kind == "all" or rows["stratum"].nunique() > 1}


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
