"""Leavers who are missing from the tables are noticed; a programme that loses few, or is young, is not accused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.panel.missing_leavers import missing_leavers, silent_until

FIRST, LAST = pd.Timestamp("2022-01-01"), pd.Timestamp("2023-12-31")


def programme(seed: int, members: int = 400, mean_days: float = 300) -> pd.DataFrame:
    """Stays at a constant hazard, members joining through two years."""
    rng = np.random.default_rng(seed)
    joined = FIRST + pd.to_timedelta(np.sort(rng.integers(0, 700, members)), unit="D")
    last = joined + pd.to_timedelta(rng.exponential(mean_days, members).astype(int), unit="D")
    return pd.DataFrame({"entered_on": joined, "last_active_on": last, "churned": last <= LAST})


def monthly_terms(spells: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for entered, last in zip(spells["entered_on"], spells["last_active_on"], strict=True):
        for start in pd.date_range(entered, min(last, LAST), freq="30D"):
            rows.append({"starts_on": start, "covered_until": start + pd.Timedelta(days=29)})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("members", [60, 400])
def test_a_constant_hazard_has_no_missing_leavers(seed: int, members: int) -> None:
    spells = programme(seed, members)
    assert missing_leavers(spells, None, FIRST, LAST) is None
    assert missing_leavers(spells, monthly_terms(spells), FIRST, LAST) is None


@pytest.mark.parametrize("day", ["2022-09-01", "2023-03-01"])
@pytest.mark.parametrize("by_terms", [False, True])
def test_leavers_deleted_up_to_a_day_are_missed(day: str, by_terms: bool) -> None:
    spells = programme(1)
    kept = spells[~(spells["churned"] & (spells["last_active_on"] < day))]
    found = missing_leavers(kept, monthly_terms(kept) if by_terms else None, FIRST, LAST)
    assert found is not None and found["expected"] >= 10 and found["months"] >= 7
    told = silent_until({"missing_leavers": found})
    assert told is not None and pd.Timestamp(day) <= told <= pd.Timestamp(day) + pd.Timedelta(days=20)


def test_terms_of_a_year_are_no_year_without_leavings() -> None:
    """Nobody can leave before the first terms end."""
    starts = FIRST + pd.to_timedelta(np.arange(200) % 60, unit="D")
    ends = starts + pd.Timedelta(days=364)
    left = np.arange(200) % 3 == 0
    spells = pd.DataFrame(
        {"entered_on": starts, "last_active_on": np.where(left, ends, ends + pd.Timedelta(days=365))}
    )
    spells = spells.astype({"last_active_on": "datetime64[ns]"}).assign(churned=left)
    terms = pd.DataFrame({"starts_on": starts, "covered_until": ends})
    assert missing_leavers(spells, terms, FIRST, LAST) is None


def test_nobody_left_and_everybody_on_one_day() -> None:
    spells = programme(3).assign(churned=False)
    assert missing_leavers(spells, None, FIRST, LAST) is None
    assert silent_until({}) is None and silent_until({"missing_leavers": None}) is None
