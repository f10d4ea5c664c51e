"""Small programmes with a known story, in the shape that intake and the panel write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import DTYPES, HISTORY_TABLES, TABLES
from whychurn.retention.member_history import History, build_history


@dataclass
class Programme:
    """Input of the retention stage."""

    tables: dict[str, pd.DataFrame]
    spells: pd.DataFrame
    churners: pd.DataFrame
    panel: pd.DataFrame
    panel_facts: dict[str, Any]
    intake_facts: dict[str, Any]

    @property
    def history(self) -> History:
        observed = (self.intake_facts["observed_from"], self.intake_facts["observed_until"])
        return build_history(self.tables, self.spells, self.churners, self.panel_facts, observed)


def contract_table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    fields = TABLES[name].fields
    frame = pd.DataFrame(rows, columns=list(fields))
    return frame.astype({column: DTYPES[field.kind] for column, field in fields.items()})


def make_programme(
    members: dict[str, str],
    observed: tuple[str, str],
    gaps: list[tuple[str, str, str, str | None]],
    definition: str = "inactivity_90d",
    activity: str = "orders",
    no_consent: tuple[str, ...] = (),
    **rows: list[dict[str, Any]],
) -> Programme:
    """`members`: id -> joined_on; `gaps`: (member, last active, left, returned) of the main definition."""
    people = [
        {"member_id": m, "joined_on": on, "profiling_consent": m not in no_consent, "region": "north"}
        for m, on in members.items()
    ]
    tables = {
        name: contract_table(name, people if name == "members" else rows.get(name, []))
        for name in HISTORY_TABLES
    }
    churners = pd.DataFrame(gaps, columns=["member_id", "last_active_on", "left_on", "returned_on"])
    for name in ("last_active_on", "left_on", "returned_on"):
        churners[name] = pd.to_datetime(churners[name])
    churners = churners.assign(definition=definition, is_main=True, spell_no=1)
    joined = pd.to_datetime(list(members.values()))
    spells = pd.DataFrame(
        {"member_id": list(members), "started_on": joined, "entered_on": joined, "spell_no": 1}
    )
    first = churners.drop_duplicates("member_id").set_index("member_id")
    spells["last_active_on"] = (
        spells["member_id"].map(first["last_active_on"]).fillna(pd.Timestamp(observed[1]))
    )
    spells["ended_on"] = spells["member_id"].map(first["left_on"])
    facts = {
        "definition": definition,
        "kind": definition.split("_")[0],
        "activity": activity,
        "alternatives": [],
    }
    panel = pd.DataFrame(columns=["member_id", "as_of", "tenure_days", "spend_365d"])
    intake = {"observed_from": observed[0], "observed_until": observed[1]}
    return Programme(tables, spells, churners, panel, facts, intake)


@pytest.fixture(name="make_programme")
def _make_programme() -> Callable[..., Programme]:
    return make_programme


@pytest.fixture(scope="session")
def params() -> Params:
    return load_params(StudyPaths.at())


def order_rows(member: str, days: list[str], amount: float = 10.0) -> list[dict[str, Any]]:
    return [
        {"order_id": f"{member}-{n}", "member_id": member, "ordered_at": day, "amount": amount}
        for n, day in enumerate(days)
    ]


@pytest.fixture(name="order_rows")
def _order_rows() -> Callable[..., list[dict[str, Any]]]:
    return order_rows


def random_shop(
    members: int, seed: int, leave: float, fade_days: int = 0, rate: float = 1 / 9, threshold: int = 60
) -> Programme:
    """Members who buy as a Poisson process; after each order they leave with probability `leave`.

    With `fade_days`, those who leave buy half as much in the days before they do.
    """
    generator = np.random.default_rng(seed)
    start, days = np.datetime64("2024-01-01"), 730
    rows, gaps, people = [], [], {}
    for number in range(members):
        name = f"m{number:05d}"
        joined = int(generator.integers(0, 120))
        people[name] = str(start + joined)
        times = joined + np.cumsum(generator.exponential(1 / rate, 400)).astype(int)
        times = np.unique(times[times < days])
        stops = np.flatnonzero(generator.random(len(times)) < leave)
        if len(stops):
            last = times[stops[0]]
            times = times[times <= last]
            if fade_days:
                keep = (times < last - fade_days) | (generator.random(len(times)) < 0.4) | (times == last)
                times = times[keep]
        silences = (
            np.flatnonzero(np.diff(np.append(times, days + threshold)) > threshold) if len(times) else []
        )
        for position in silences:
            last = int(times[position])
            if last + threshold < days:
                back = str(start + int(times[position + 1])) if position + 1 < len(times) else None
                gaps.append((name, str(start + last), str(start + last + threshold), back))
        rows += order_rows(name, [str(start + int(t)) for t in times])
    return make_programme(
        people, ("2024-01-01", "2025-12-30"), gaps, definition=f"inactivity_{threshold}d", orders=rows
    )


@pytest.fixture(name="random_shop")
def _random_shop() -> Callable[..., Programme]:
    return random_shop
