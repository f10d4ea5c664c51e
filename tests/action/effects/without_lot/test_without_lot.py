"""Campaigns that chose their members: what is on record is made alike, what is not is bounded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.effects.without_lot import observed
from whychurn.action.effects.without_lot.bounds import (
    no_assumption_bounds,
    sensitivity_bounds,
    sign_open_from,
)
from whychurn.action.effects.without_lot.comparable import Compared, comparable
from whychurn.action.effects.without_lot.observed import observed_table
from whychurn.action.effects.without_lot.overlap import Overlap, overlap_effect
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of

EFFECT = -0.08


def _campaign(seed: int, hidden: float = 0.0, effect: float = EFFECT, n: int = 6_000) -> Compared:
    """Members at risk are chosen, by what is on record (x) and by what is not (u)."""
    rng = np.random.default_rng(seed)
    x, u = rng.standard_normal((n, 3)), rng.choice([-1.0, 1.0], n)
    treated = rng.random(n) < 1 / (1 + np.exp(1 - x[:, 0] - hidden * u))
    risk = np.clip(0.25 + 0.06 * x[:, 0] + 0.06 * (hidden > 0) * u, 0.1, 0.6)
    left = rng.random(n) < risk + effect * treated
    return Compared("aimed", "coupon", x, treated.astype(float), left.astype(float))


def test_selection_on_record_is_taken_out() -> None:
    one = _campaign(1)
    raw = one.left[one.treated == 1].mean() - one.left[one.treated == 0].mean()
    found = overlap_effect(one, 7)
    assert isinstance(found, Overlap)
    assert abs(found.effect - EFFECT) < 2.5 * found.se
    assert abs(raw - EFFECT) > 2.5 * found.se
    assert found.imbalance < 0.1
    assert found.no_overlap < 0.05


def test_intervals_hold_the_truth_where_all_is_on_record() -> None:
    found = [overlap_effect(_campaign(seed, n=2_000), 7) for seed in range(40)]
    assert np.mean([abs(one.effect - EFFECT) < 1.96 * one.se for one in found]) >= 0.85


def test_bounds_hold_the_truth_where_selection_is_hidden_and_the_interval_does_not() -> None:
    held, missed = [], []
    for seed in range(8):
        one = _campaign(seed, hidden=0.5)  # the odds differ by up to e^.5 either way: 1.65
        found = overlap_effect(one, 7)
        low, high = sensitivity_bounds(found, one.treated, 2.0)
        held.append(low <= EFFECT <= high)
        missed.append(abs(found.effect - EFFECT) > 1.96 * found.se)
    assert all(held)
    assert np.mean(missed) >= 0.5


def test_bounds_widen_and_the_sign_opens() -> None:
    one = _campaign(2)
    found = overlap_effect(one, 7)
    bounds = [sensitivity_bounds(found, one.treated, factor) for factor in (1.0, 1.25, 2.0)]
    assert bounds[0] == pytest.approx(
        (found.effect - 1.96 * found.se, found.effect + 1.96 * found.se), abs=0.01
    )
    assert bounds[2][0] < bounds[1][0] < bounds[0][0] < bounds[0][1] < bounds[1][1] < bounds[2][1]
    opens = sign_open_from(found, one.treated)
    assert 1 < opens < 20
    low, high = sensitivity_bounds(found, one.treated, opens)
    assert low <= 0 <= high
    nothing = _campaign(3, effect=0.0)
    assert sign_open_from(overlap_effect(nothing, 7), nothing.treated) == 1


def test_without_any_assumption_the_bounds_are_one_wide() -> None:
    one = _campaign(2, hidden=0.5)
    low, high = no_assumption_bounds(one.treated, one.left)
    assert high - low == pytest.approx(1)
    assert low < EFFECT < high
    assert no_assumption_bounds(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == (-1.0, 0.0)


def test_others_of_a_campaign_are_those_still_there_whom_it_did_not_touch() -> None:
    start, day = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-02")
    ids = ["touched", "stays", "leaves", "gone"]
    last = {"touched": 200, "stays": 200, "leaves": 70, "gone": 5}  # day of the last order
    orders = pd.DataFrame(
        [(name, start + pd.Timedelta(days=at)) for name in ids for at in range(0, last[name] + 1, 5)],
        columns=["member_id", "ordered_at"],
    )
    touches = pd.DataFrame({"member_id": ["touched"], "campaign_id": "aimed"})
    inputs: Any = SimpleNamespace(
        tables={
            "members": pd.DataFrame({"member_id": ids, "joined_on": start}),
            "orders": orders,
            "events": pd.DataFrame({"member_id": [], "occurred_at": [], "event_type": [], "campaign_id": []}),
            "touches": touches,
        },
        panel=pd.DataFrame(
            {
                "member_id": ids,
                "as_of": pd.Timestamp("2024-03-01"),
                "usual_gap_days": 8.0,
                "orders_90d": [1.0, 2.0, 3.0, 4.0],
            }
        ),
        panel_file=None,
        events_file=None,
        panel_facts={
            "kind": "inactivity",
            "definition": "inactivity_30d",
            "activity": "any",
            "features": ["orders_90d"],
        },
        intake_facts={"observed_from": "2024-01-01"},
        observed_until=start + pd.Timedelta(days=205),
        params=load_params(StudyPaths.at()),
        once=lambda _, make: make(),
    )
    rows = pd.DataFrame(
        {
            "member_id": ["touched", "touched"],
            "campaign_id": ["aimed", "waiting"],
            "wave": [1, 2],
            "sent_on": day,
            "snapshot_on": pd.Timestamp("2024-03-01"),
            "action": "coupon",
            "randomized": False,
            "left": pd.array([0, pd.NA], dtype="Int8"),
        }
    )
    (found,) = comparable(inputs, rows, 7)
    assert (found.campaign_id, found.action) == ("aimed", "coupon")
    assert found.treated.tolist() == [1, 0, 0]
    assert found.left.tolist() == [0, 1, 0]  # others in order of their ids
    assert found.features.shape[0] == 3


def test_the_table_has_a_row_a_strength_and_the_bias_against_the_lot(monkeypatch) -> None:
    small = _campaign(4, n=100)
    given = [_campaign(1), Compared("small", "call", small.features, small.treated, small.left)]
    monkeypatch.setattr(observed, "comparable", lambda *_: given)
    inputs: Any = type("Inputs", (), {"params": load_params(StudyPaths.at())})
    table, facts = observed_table(inputs, pd.DataFrame(), pd.Series({"coupon": -0.08}))
    assert list(table.columns) == columns_of("action_observed")
    assert table["lambda"].tolist() == [1.25, 1.5, 2.0, np.inf]
    assert table["bias_measured"].to_numpy() == pytest.approx(table["effect"].to_numpy() + 0.08)
    assert facts["small"] == {"few": True}
    monkeypatch.setattr(observed, "comparable", lambda *_: [])
    empty, facts = observed_table(inputs, pd.DataFrame(), pd.Series(dtype="float64"))
    assert empty.empty
    assert facts == {}
