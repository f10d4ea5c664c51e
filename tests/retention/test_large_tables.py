"""Tables that grow with members and days: read in parts and counted by blocks of members, they give the same results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.files import write_table
from whychurn.contract.params import Params
from whychurn.contract.tables import CONTACTS, INTERACTIONS
from whychurn.retention import large_tables, member_history, member_logs
from whychurn.retention.large_tables import counted_snapshots, followed_events
from whychurn.retention.member_history import in_blocks
from whychurn.retention.member_logs import (
    all_days,
    blocks_of_members,
    dated_log,
    days_with,
    interaction_days,
    member_codes,
)
from whychurn.retention.results import retention_results

MEMBERS = 140
KINDS = (*INTERACTIONS, *CONTACTS, "push_dismissed", "app_fault", "opt_out")


@pytest.fixture(scope="module")
def months() -> pd.DatetimeIndex:
    return pd.date_range("2024-03-01", "2025-12-01", freq="MS")


@pytest.fixture
def shop(random_shop: Callable[..., Any], months: pd.DatetimeIndex) -> Any:
    """A shop with events of all kinds and a panel of monthly snapshots."""
    programme, rng = random_shop(MEMBERS, seed=3, leave=0.04), np.random.default_rng(1)
    ids, rows = programme.spells["member_id"].to_numpy(), 6000
    who = np.sort(rng.integers(0, MEMBERS, rows))
    events = pd.DataFrame(
        {
            "member_id": pd.array(ids[who], "string"),
            "occurred_at": pd.Timestamp("2024-02-01") + pd.to_timedelta(rng.integers(0, 690, rows), "D"),
            "event_type": pd.array(rng.choice(KINDS, rows), "string"),
            "campaign_id": pd.array(rng.choice(["a", "b"], rows), "string"),
        }
    )
    left = programme.churners.drop_duplicates("member_id").set_index("member_id")["left_on"]
    panel = pd.DataFrame({"member_id": np.repeat(ids, len(months)), "as_of": np.tile(months, MEMBERS)})
    stop = panel["member_id"].map(left)
    panel = panel[~(stop < panel["as_of"])].assign(stop_on=stop, spell_no=1, spend_365d=100.0)
    days = (panel["stop_on"] - panel["as_of"]).dt.days
    panel = panel.assign(
        tenure_days=(panel["as_of"] - months[0]).dt.days,
        event=days.between(0, 30),
        churned_in_horizon=(days <= 90).astype("boolean").mask(panel["as_of"] > "2025-09-01"),
        region=pd.array(np.where(panel["member_id"].str[-1] < "5", "north", "south"), "string"),
    )
    return replace(programme, tables={**programme.tables, "events": events}, panel=panel)


@pytest.fixture
def files(shop: Any, tmp_path: Path) -> dict[str, Path]:
    write_table(shop.tables["events"], tmp_path / "events.parquet")
    write_table(shop.panel, tmp_path / "panel.parquet")
    return {name: tmp_path / f"{name}.parquet" for name in ("events", "panel")}


def answers(shop: Any, params: Params, **sources: Any) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    stage = {name: getattr(shop, name) for name in ("spells", "churners", "panel")}
    return retention_results({**shop.tables, **stage, **sources}, shop.panel_facts, shop.intake_facts, params)


@pytest.mark.parametrize("blocks", [1, 2, 7])
def test_blocks_of_members_and_files_change_no_byte(
    shop: Any, files: dict[str, Path], params: Params, blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, facts = answers(shop, params)
    assert sum(not frame.empty for frame in frames.values()) > 12
    assert not frames["campaigns"].empty and not frames["strata"].empty
    for module in (member_logs, member_history):
        monkeypatch.setattr(module, "BLOCK_MEMBERS", -(-MEMBERS // blocks))
    for module in (member_logs, large_tables):
        monkeypatch.setattr(module, "RUN", 500)
    orders = shop.tables["orders"].astype({"member_id": "category", "category": "category"})
    again, same = answers(shop, params, orders=orders, **files)
    assert same == facts
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(again[name], frame, check_exact=True, obj=name)


def test_what_is_read_of_events_and_panel(
    shop: Any, files: dict[str, Path], months: pd.DatetimeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_tables, "RUN", 500)
    events = shop.tables["events"]
    for told, kinds in ((False, 3), (True, 3 + len(CONTACTS))):
        found = followed_events(files["events"], told)
        assert found["event_type"].nunique() == kinds
        assert len(found) == events["event_type"].isin(found["event_type"].unique()).sum()
    found, panel = counted_snapshots(files["panel"], shop.history), shop.panel
    held, there = (rows["as_of"].value_counts().reindex(months, fill_value=0) for rows in (found, panel))
    assert set(months[held == there]) == set(pd.to_datetime(["2024-12-01", "2025-09-01"]))
    assert found["event"].sum() == panel["event"].sum() and len(found) < len(panel) / 4
    assert counted_snapshots(panel.drop(columns="event"), shop.history)["as_of"].nunique() == 1


def test_days_of_interactions_are_those_of_the_whole_table(
    shop: Any, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, events = shop.history.ids, shop.tables["events"]
    used = events[events["event_type"].isin(INTERACTIONS)]
    whole = days_with(ids, used, "occurred_at")
    monkeypatch.setattr(member_logs, "RUN", 500)
    logs = (interaction_days(ids, files["events"]), all_days([whole, dated_log(ids, used, "occurred_at")]))
    for log in logs:
        for part in ("member", "day", "amount"):
            assert np.array_equal(getattr(log, part), getattr(whole, part))
    days = used["occurred_at"].dt.normalize().groupby(used["member_id"]).nunique()
    assert np.array_equal(np.bincount(whole.member, minlength=MEMBERS), days.reindex(ids, fill_value=0))
    assert member_codes(ids, pd.Series(["m00003", "nobody"])).tolist() == [3, -1]


def test_blocks_hold_each_member_once(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (member_logs, member_history):
        monkeypatch.setattr(module, "BLOCK_MEMBERS", 60)
    history = shop.history
    blocks = list(in_blocks(history))
    assert [len(block.ids) for block in blocks] == [60, 60, 20]
    assert np.array_equal(
        np.concatenate([block.payments.amount for block in blocks]), history.payments.amount
    )
    for members, rows in blocks_of_members(history.acts, MEMBERS):
        assert np.isin(history.acts.member[rows], np.arange(members.start, members.stop)).all()
