"""Intake by blocks of rows and of members: the same bytes however many there are."""

import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from whychurn.intake.check.evidence import copies, day_counts
from whychurn.intake.privacy import personal_codes, protected_tables
from whychurn.intake.read.dtypes import TEXT, each_its_own, encoded_text, held_once, with_values

MEMBERS, EVENTS = 30, 420


@pytest.fixture
def odd_tables() -> dict[str, pd.DataFrame]:
    """Copies, members that nobody knows, days that no calendar has, persons in ids; as text."""
    draw = np.random.default_rng(5)
    ids = [f"K{number:05d}" for number in range(MEMBERS)]
    of = draw.choice([*ids, "nobody"], EVENTS)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 400 * 24, EVENTS), "h")
    events = pd.DataFrame(
        {
            "member_id": of,
            "occurred_at": day.strftime("%Y-%m-%d %H:%M:%S"),
            "event_type": draw.choice(["visit", "push_sent", "Check-in", "wheel"], EVENTS),
            "campaign_id": [f"{one}-spring" if row % 9 == 0 else "spring" for row, one in enumerate(of)],
            "value": draw.choice(["", "3", "2.5", "x"], EVENTS, p=[0.5, 0.3, 0.19, 0.01]),
        }
    )
    events.loc[::40, "occurred_at"] = "1900-01-01 00:00:00"
    events = pd.concat([events, events.iloc[5:60:7]], ignore_index=True)
    orders = pd.DataFrame(
        {
            "order_id": [f"o{row}" if row % 13 else f"o{row}-13812345678" for row in range(EVENTS)],
            "member_id": of[::-1],
            "ordered_at": day.strftime("%Y-%m-%d"),
            "amount": draw.integers(5, 90, EVENTS).astype(str),
        }
    )
    members = pd.DataFrame(
        {"member_id": ids, "joined_on": "2023-12-01", "town": draw.choice(list("xyz"), MEMBERS)}
    )
    return {"members": members, "orders": orders, "events": events}


def written(study, build, blocks: int, monkeypatch) -> dict[str, bytes]:
    """Bytes of all that intake writes where the largest table is cut into so many blocks."""
    size = -(-EVENTS // blocks)
    monkeypatch.setattr(copies, "_PART_ROWS", size)
    monkeypatch.setattr(day_counts, "_PIECE", size)
    monkeypatch.setattr(personal_codes, "_PIECE", size)
    monkeypatch.setattr(protected_tables, "BLOCK_ROWS", size)
    build(study)
    found = {
        file.name: file.read_bytes() for folder in (study.interim, study.results) for file in folder.iterdir()
    }
    shutil.rmtree(study.interim)
    return found


def test_one_two_and_seven_blocks_write_the_same_bytes(odd_tables, make_study, build, monkeypatch) -> None:
    study = make_study(odd_tables, {"intake": {"max_quarantined": 0.5}})
    cut: list[int] = []
    blocks_of = protected_tables._blocks
    monkeypatch.setattr(
        protected_tables,
        "_blocks",
        lambda frame: cut.append(0) or _counted(blocks_of(frame), cut),
    )
    one, two, seven = (written(study, build, blocks, monkeypatch) for blocks in (1, 2, 7))
    assert max(cut) >= 6, "the events were cut"
    assert one == two == seven
    assert {"events.parquet", "orders.parquet", "quarantine.parquet", "intake.json"} <= one.keys()


def _counted(blocks, cut: list[int]):
    for block in blocks:
        cut[-1] += 1
        yield block


def test_what_was_checked_by_blocks_is_in_order(odd_tables, make_study, build, monkeypatch) -> None:
    study = make_study(odd_tables, {"intake": {"max_quarantined": 0.5}})
    monkeypatch.setattr(protected_tables, "BLOCK_ROWS", 50)
    facts = build(study)["tables"]["events"]
    events = pq.read_table(study.interim / "events.parquet").to_pandas()
    assert facts["duplicates"] > 0 and facts["reasons"]["unknown_member"] > 0 and len(events) == facts["kept"]
    assert events[["member_id", "occurred_at"]].equals(
        events[["member_id", "occurred_at"]].sort_values(["member_id", "occurred_at"], ignore_index=True)
    )
    assert not events["campaign_id"].str.contains("K0", regex=False).any(), "ids of members are replaced"


def test_texts_held_once_are_the_same_texts() -> None:
    texts = pd.Series(["b", None, "a", "b"], dtype=TEXT, index=[4, 5, 6, 7])
    once = held_once(texts)
    assert each_its_own(once).tolist() == texts.tolist() and each_its_own(texts) is texts
    for column in (texts, once):
        assert encoded_text(column).to_pylist() == ["b", None, "a", "b"]
    for column in (texts, once.set_axis(texts.index)):
        joined = with_values(column, {"b": "a"})
        assert each_its_own(joined).fillna("–").tolist() == ["a", "–", "a", "a"] and joined.index.equals(
            texts.index
        )
        assert joined.dtype == TEXT or joined.cat.categories.tolist() == ["a"]


def test_days_are_counted_without_gaps() -> None:
    times = pd.Series(pd.to_datetime(["2024-01-03 23:00", None, "2024-01-01 00:00", "2024-01-03 00:00"]))
    days, rows = day_counts.day_counts(times)
    assert pd.to_datetime(days, unit="D").strftime("%d").tolist() == ["01", "03"] and rows.tolist() == [1, 2]
    days, rows = day_counts.day_counts(times, np.array([True, True, False, False]))
    assert pd.to_datetime(days, unit="D").strftime("%d").tolist() == ["03"] and rows.tolist() == [1]
    assert not len(day_counts.day_counts(times[1:2])[0])
