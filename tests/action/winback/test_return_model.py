"""Chances to return: planted hazards and planted effects by cause of leaving."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.winback.return_model import FADED, Term, chance_of, design, fit_returns

ARM = "comeback_coupon"


def _pieces(leavers: SimpleNamespace, number: int, ratio: dict[str, float], seed: int = 1) -> pd.DataFrame:
    """Windows of 60 days, half of them treated, at a hazard of .002 a day times the ratio of the cause."""
    rng = np.random.default_rng(seed)
    parts = []
    for cause in ("price", "natural"):
        treated = rng.random(number) < 0.5
        wait = rng.exponential(1 / (0.002 * np.where(treated, ratio.get(cause, 1.0), 1.0)))
        parts.append(leavers.mix(cause, number).assign(
            treated=treated, days=np.minimum(wait, 60), event=(wait < 60).astype(float), away=100.0,
            daily_margin=1.0, campaign_id="w1", late=False, action=np.where(treated, ARM, "control"),
            channel="sms", offer=None,
        ))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _asked(leavers: SimpleNamespace, cause: str, **more: object) -> pd.DataFrame:
    known = {"action": ARM, "channel": "sms", "offer": None, "days_since": 100, "daily_margin": 1.0}
    return leavers.mix(cause, 1).assign(**(known | more))


def test_planted_effects_by_cause_are_found(leavers: SimpleNamespace) -> None:
    model = fit_returns(_pieces(leavers, 4000, {"price": 4.0}), [ARM], {ARM: {"price": 0.4}})
    on_price, spread = model.effect(_asked(leavers, "price"))
    on_natural, _ = model.effect(_asked(leavers, "natural"))
    assert abs(on_price[0] - np.log(4)) < 2.5 * spread[0] and spread[0] < 0.5
    assert on_price[0] > 0.9 and abs(on_natural[0]) < 0.35
    returns = model.alone(_asked(leavers, "price"))
    alone = chance_of(returns)
    assert alone[0] == pytest.approx(1 - np.exp(-0.002 * 180), abs=0.06)
    assert chance_of(returns, on_price)[0] > 1.8 * alone[0]


def test_intervals_hold_the_planted_effect_as_often_as_they_say(leavers: SimpleNamespace) -> None:
    """True effects drawn from the prior: then 90 % intervals hold about 90 % of them (bounds of 40 trials)."""
    rng = np.random.default_rng(5)
    held = 0
    for seed in range(40):
        truth = 0.4 + 0.7 * rng.normal() + 0.3 * rng.normal()
        pieces = _pieces(leavers, 800, {"price": float(np.exp(truth))}, seed)
        mean, spread = fit_returns(pieces, [ARM], {ARM: {"price": 0.4}}).effect(_asked(leavers, "price"))
        held += abs(mean[0] - truth) < 1.645 * spread[0]
    assert 31 <= held <= 40


def test_texts_that_are_null_stand_for_none(leavers: SimpleNamespace) -> None:
    """Those held out have no channel, and a table of interim holds a null text there."""
    pieces = _pieces(leavers, 50, {})
    pieces["channel"] = np.where(np.arange(len(pieces)) % 2, "sms", "call")
    model = fit_returns(pieces, [ARM], {})
    row = _asked(leavers, "price", treated=True, late=True, away=1.0, campaign_id="w1", channel=None)
    null = row.assign(channel=pd.array([None], dtype="string"))
    assert np.array_equal(design(null, model.terms), design(row, model.terms))


def test_without_tests_the_belief_stands_and_says_how_wide_it_is(leavers: SimpleNamespace) -> None:
    quiet = _pieces(leavers, 500, {}).assign(treated=False, action="control", campaign_id="")
    model = fit_returns(quiet, [ARM], {ARM: {"price": 0.4}})
    mean, spread = model.effect(_asked(leavers, "price"))
    assert mean[0] == pytest.approx(0.4, abs=1e-6)
    assert spread[0] == pytest.approx(np.sqrt(0.3**2 + 0.7**2), abs=1e-6)
    unmeant, _ = model.effect(_asked(leavers, "natural"))
    assert unmeant[0] == pytest.approx(0, abs=1e-6)


def test_nobody_back_yet_gives_a_small_chance_and_no_error(leavers: SimpleNamespace) -> None:
    none = _pieces(leavers, 200, {}).assign(event=0.0, days=60.0)
    chance = chance_of(fit_returns(none, [ARM], {}).alone(_asked(leavers, "price")))
    assert 0 < chance[0] < 0.02


def test_channels_and_offers_count_where_they_vary(leavers: SimpleNamespace) -> None:
    pieces = _pieces(leavers, 50, {})
    pieces["channel"] = pd.array(["sms", "call", None, "sms"] * (len(pieces) // 4), dtype="string")
    model = fit_returns(pieces, [ARM], {})
    assert {Term("channel", "call"), Term("channel", "sms")} <= set(model.terms)
    assert "offer" not in {term.kind for term in model.terms}
    row = _asked(leavers, "price", treated=True, late=False, away=1.0, campaign_id="w1")
    on = {term for term, value in zip(model.terms, design(row, model.terms)[0], strict=True) if value}
    assert {Term("arm", ARM), Term("arm", ARM, "price"), Term("channel", "sms")} <= on
    worn = dict(zip(model.terms, design(row.assign(late=True), model.terms)[0], strict=True))
    assert worn[Term("arm", ARM)] == worn[Term("channel", "sms")] == FADED and worn[Term("level")] == 1
    assert not {Term("arm", ARM, "natural"), Term("channel", "call"), Term("cause", "", "natural")} & on
