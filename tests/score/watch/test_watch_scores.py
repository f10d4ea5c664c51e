"""Planted changes and alarms whose answers are known by construction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.files import write_table
from whychurn.score.watch import plain_checks
from whychurn.score.watch.plain_checks import (
    WATCHED,
    alarms_of,
    plain_limits,
    sampled_snapshots,
    score_watch,
    shifted_inputs,
    stability_index,
)
from whychurn.score.watch.watch_scores import ALARM, months_between, watch_scores

MONTHS = pd.date_range("2024-01-01", periods=24, freq="MS")
RISE = {"kind": "price_rise", "from": "2025-06", "region": "Wuhan"}
BROKEN = {"kind": "broken_export", "from": "2025-03", "of": "orders.discount"}
COUNTS = {"watch": 12, "plain_95": 12}


def alarms(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=ALARM)


def test_the_first_true_alarm_counts_and_others_are_false() -> None:
    told = alarms(
        ("watch", "leavings", "all", "2025-02-01", "2025-01-01", "more"),  # before any change
        ("watch", "leavings", "tier:gold", "2025-09-01", "2025-07-01", "more"),
        ("watch", "mix", "price", "2025-08-01", "2025-05-01", "more"),
        ("watch", "mix", "natural", "2025-08-01", "2025-05-01", "more"),  # another cause
        ("watch", "leavings", "all", "2025-08-01", "2025-05-01", "less"),  # the other way
        ("watch", "received", "orders", "2025-03-01", "2025-03-01", "more"),
        ("watch", "received", "events", "2025-03-01", "2025-03-01", "more"),  # another table
    )
    scores = watch_scores([RISE, BROKEN], told, COUNTS).set_index(["kind", "method"])
    rise = scores.loc[("price_rise", "watch")]
    assert (rise["found"], rise["found_by"], rise["months"], rise["named_off"]) == (1, "mix:price", 2, -1)
    assert rise["place"] == "Wuhan"
    broken = scores.loc[("broken_export", "watch")]
    assert (broken["found"], broken["found_by"], broken["months"]) == (1, "received:orders", 0)
    assert scores.loc[("price_rise", "plain_95"), "found"] == 0
    assert np.isnan(scores.loc[("price_rise", "plain_95"), "months"])
    assert scores.loc[("none", "watch"), "false_alarms"] == 4
    assert scores.loc[("none", "plain_95"), ["false_alarms", "months_judged"]].tolist() == [0, 12]


def test_an_alarm_a_year_after_a_change_is_no_longer_of_it() -> None:
    late = alarms(("watch", "leavings", "all", "2026-07-01", "2026-06-01", "more"))
    scores = watch_scores([RISE], late, {"watch": 24}).set_index("kind")
    assert scores.loc["price_rise", "found"] == 0 and scores.loc["none", "false_alarms"] == 1
    longer = watch_scores([RISE | {"months": 3}], late, {"watch": 24}).set_index("kind")
    assert longer.loc["price_rise", "found"] == 1
    assert months_between(pd.Timestamp("2025-11-01"), pd.Timestamp("2026-02-01")) == 3


def test_an_alarm_of_something_that_began_before_a_change_is_not_of_it() -> None:
    for since, found in (("2025-03-01", 0), ("2025-04-01", 1), (None, 1)):
        told = alarms(("watch", "leavings", "all", "2025-08-01", since, "more"))
        scores = watch_scores([RISE], told, {"watch": 12}).set_index("kind")
        assert scores.loc["price_rise", "found"] == found and scores.loc["none", "false_alarms"] == 1 - found


def test_a_world_without_changes_has_only_false_alarms() -> None:
    scores = watch_scores([], alarms(), COUNTS)
    assert scores["kind"].tolist() == ["none", "none"] and scores["false_alarms"].sum() == 0


def charts(leavings: np.ndarray, share: np.ndarray) -> pd.DataFrame:
    state = np.where(np.arange(24) < 12, "reference", "judged")
    rows = {"month": MONTHS, "state": state}
    return pd.concat([
        pd.DataFrame({"chart": "leavings", "group": "all", "observed": leavings, "expected": 100.0, **rows}),
        pd.DataFrame({"chart": "mix", "group": "price", "observed": share, "expected": 0.2, **rows}),
    ], ignore_index=True)  # fmt: skip


def test_plain_limits_flag_each_month_beyond_two_standard_errors() -> None:
    leavings, share = np.full(24, 110.0), np.full(24, 0.2)
    leavings[[15, 20]] = 110 + 2.1 * np.sqrt(110), 110 - 1.9 * np.sqrt(110)
    share[18] = 0.2 + 2.1 * np.sqrt(0.16 / 110)
    flags = plain_limits(charts(leavings, share))
    assert flags[["chart", "month", "direction"]].to_numpy().tolist() == [
        ["leavings", MONTHS[15], "more"],
        ["mix", MONTHS[18], "more"],
    ]
    assert set(flags["method"]) == {"plain_95"}
    assert plain_limits(charts(leavings, share).query("state == 'reference'")).empty


def test_a_shifted_input_is_flagged_and_an_unchanged_one_at_the_level_of_the_test() -> None:
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"as_of": np.repeat(MONTHS, 400), "same": rng.normal(size=9600), "text": "a"})
    rows["moved"] = rng.normal(size=9600) + (rows["as_of"] >= MONTHS[18]) * 1.0
    flags = shifted_inputs(rows, list(MONTHS[:12]), list(MONTHS[12:]))
    count = flags.groupby(["method", "group"])["month"].agg(["size", "min"])
    for method in ("ks", "psi"):
        late = flags[
            (flags["method"] == method) & (flags["group"] == "moved") & (flags["month"] >= MONTHS[18])
        ]
        assert len(late) == 6
    assert count["size"].get(("ks", "same"), 0) <= 3 and count["size"].get(("psi", "same"), 0) == 0
    assert "text" not in set(flags["group"])


def test_the_first_rows_of_each_month_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_checks, "SAMPLE", 3)
    days = pd.to_datetime(["2024-01-01", "2024-02-01"] * 5 + ["2024-01-01"])
    write_table(pd.DataFrame({"as_of": days, "x": np.arange(11.0)}), tmp_path / "panel.parquet")
    assert sampled_snapshots(tmp_path / "panel.parquet")["x"].tolist() == [0, 1, 2, 3, 4, 5]


def test_stability_index_is_that_of_two_shares() -> None:
    before, now = np.repeat([0.0, 1.0], [50, 50]), np.repeat([0.0, 1.0], [80, 20])
    expected = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert stability_index(before, now) == pytest.approx(expected)
    assert stability_index(before, before) == 0


def test_what_came_in_broken_is_an_alarm_of_watch(tmp_path: Path) -> None:
    table = charts(np.full(24, 100.0), np.full(24, 0.2))
    received = pd.DataFrame({"table": ["orders", "events"], "month": MONTHS[14], "state": ["broken", "open"]})
    told = {
        "watch_charts": table,
        "watch_alarms": alarms(("watch", "leavings", "all", MONTHS[20], MONTHS[18], "more")).drop(
            columns="method"
        ),
        "watch_received": received,
    }
    panel = pd.DataFrame({"as_of": np.repeat(MONTHS, 50), "x": np.tile(np.arange(50.0), 24)})
    snapshots = tmp_path / "panel.parquet"
    write_table(panel, snapshots)
    assert set(told) == set(WATCHED)
    raised = alarms_of(told)
    assert raised["chart"].tolist() == ["leavings", "received"] and set(ALARM) <= set(raised)
    scores = score_watch([BROKEN], told, snapshots).set_index(["kind", "method"])
    assert scores.loc[("broken_export", "watch"), ["found", "found_by", "months"]].tolist() == [
        1,
        "received:orders",
        0,
    ]
    assert scores.loc[("none", "watch"), "false_alarms"] == 1
    assert scores.loc[("none", ["plain_95", "ks", "psi"]), "false_alarms"].tolist() == [0, 0, 0]
    assert (scores.loc["none", "months_judged"] == 12).all()
    fault = table.assign(state=table["state"].mask(table["month"] == MONTHS[14], "silenced"))
    counts = score_watch([BROKEN], told | {"watch_charts": fault}, snapshots).set_index(["kind", "method"])
    silenced = counts.loc["none", "months_judged"]  # a fault silences charts, and no check of inputs
    assert (silenced["watch"], silenced["plain_95"], silenced["ks"], silenced["psi"]) == (11, 11, 12, 12)
    unjudged = told | {"watch_charts": table.assign(state="shown")}
    assert score_watch([BROKEN], unjudged, tmp_path / "none.parquet").empty
