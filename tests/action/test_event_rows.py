"""Events are the same however their file is cut into pieces."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.event_rows import COLUMNS, event_pieces
from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.as_drawn.presence import own_acts
from whychurn.action.warnings.lists import last_contacts

START = pd.Timestamp("2025-01-01")
MEMBERS = [f"m{number:02d}" for number in range(40)]


def inputs(events: pd.DataFrame, file: Path | None = None) -> ActionInputs:
    given: dict[str, Any] = {one.name: None for one in fields(ActionInputs) if one.init}
    members = pd.DataFrame({"member_id": pd.array(MEMBERS, dtype="string"), "joined_on": START})
    touches = pd.DataFrame({"member_id": ["m01"], "campaign_id": ["c1"], "action": ["coupon"]}).assign(
        sent_at=START + pd.Timedelta(days=3)
    )
    return ActionInputs(
        **given
        | {
            "tables": {"members": members, "touches": touches, "events": events},
            "events_file": file,
            "as_of": START + pd.Timedelta(days=90),
            "panel_facts": {"activity": "events"},
            "intake_facts": {"observed_from": "2024-01-01"},
        }
    )


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_pieces_of_the_file_add_up(tmp_path: Path, pieces: int) -> None:
    rng, n = np.random.default_rng(5), 700
    events = pd.DataFrame(
        {
            "member_id": np.sort(rng.choice(MEMBERS[:30], n)),
            "occurred_at": START + pd.to_timedelta(rng.integers(0, 120 * 24, n), unit="h"),
            "event_type": rng.choice(["visit", "push_sent", "greeting", "opt_out"], n),
            "campaign_id": rng.choice(["c1", "c2"], n),
        }
    ).astype({"member_id": "string", "event_type": "string", "campaign_id": "string"})
    events.to_parquet(tmp_path / "events.parquet", row_group_size=n // pieces)
    whole, read = inputs(events), inputs(events.iloc[:0], tmp_path / "events.parquet")

    assert len(list(event_pieces(read, ["visit"]))) == pieces
    found = pd.concat([piece.astype(events.dtypes) for piece in event_pieces(read, ["visit", "opt_out"])])
    wanted = events[events["event_type"].isin(["visit", "opt_out"])][COLUMNS]
    pd.testing.assert_frame_equal(found.reset_index(drop=True), wanted.reset_index(drop=True))

    ours, theirs = own_acts(read), own_acts(whole)
    np.testing.assert_array_equal(ours.keys, theirs.keys)
    answers = events["campaign_id"].eq("c1") | events["event_type"].ne("visit")
    days = events[~answers].assign(day=events["occurred_at"].dt.normalize())[["member_id", "day"]]
    joined = pd.DataFrame({"member_id": MEMBERS, "day": START})
    assert len(ours.keys) == len(pd.concat([days, joined]).drop_duplicates())

    last = last_contacts(read, {"m01", "m05", "m35"})
    pd.testing.assert_series_equal(last, last_contacts(whole, {"m01", "m05", "m35"}))
    sent = events[events["event_type"].isin(["push_sent", "greeting"]) & events["member_id"].eq("m05")]
    assert last["m05"] == sent.loc[sent["occurred_at"] < whole.as_of, "occurred_at"].max().normalize()
    assert "m35" not in last
