"""What a stay is worth: published CDNOW figures, recovery of planted parameters, hand-computed margins and tiers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import beta, gamma

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.feature_encoding import Feature, encode
from whychurn.panel.spend_rate import daily_fee
from whychurn.survival.forecast.baseline_hazard import Extrapolation, daily_hazard
from whychurn.survival.forecast.cox_terms import choose_terms
from whychurn.survival.forecast.forecasters import Cox, KaplanMeier
from whychurn.survival.lifetime.bgnbd import (
    PurchaseFit,
    alive_probability,
    expected_purchases,
    expected_value,
    fit_bgnbd,
    fit_gamma_gamma,
    purchase_history,
)
from whychurn.survival.lifetime.member_value import member_values, tier_table
from whychurn.survival.lifetime.value_tiers import value_tiers

DATA = Path(os.environ.get("WHYCHURN_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
PARAMS = load_params(StudyPaths(PROJECT), {"business": {"margin_rate": 0.3}})
PUBLISHED = np.array([0.243, 4.414, 0.793, 2.426])  # Fader, Hardie & Lee 2005, table 2


def published() -> PurchaseFit:
    return PurchaseFit(("r", "alpha", "a", "b"), PUBLISHED, PUBLISHED, PUBLISHED, -9582.4, 2357)


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    frame = pd.read_csv(
        DATA / "cdnow" / "cdnow_sample.csv.gz", dtype={"sample_id": str}, parse_dates=["date"]
    )
    return frame.rename(columns={"sample_id": "member_id", "date": "ordered_at", "dollar_value": "amount"})


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not here (WHYCHURN_SHARED_DATA)")
class TestCdnow:
    """The 1/10 sample, 39 weeks of calibration, as in the papers."""

    def test_published_parameters_and_likelihood(self, orders: pd.DataFrame) -> None:
        history = purchase_history(orders, pd.Timestamp("1997-09-30"))
        fit = fit_bgnbd(history, 0.95)
        assert len(history) == 2357
        assert fit.estimate == pytest.approx(PUBLISHED, abs=0.0016)
        assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
        assert (fit.low < fit.estimate).all() and (fit.estimate < fit.high).all()

    def test_forecast_of_the_next_39_weeks_lies_where_the_paper_has_it(self, orders: pd.DataFrame) -> None:
        history = purchase_history(orders, pd.Timestamp("1997-09-30"))
        fit = fit_bgnbd(history, 0.95)
        later = (
            purchase_history(orders, pd.Timestamp("1998-06-30"))["repeats"].sum() - history["repeats"].sum()
        )
        # the paper: under-forecasts repeat purchases at the end of week 78 by 4 % in all
        ratio = (expected_purchases(fit, history, 39).sum() + history["repeats"].sum()) / (
            later + history["repeats"].sum()
        )
        assert ratio == pytest.approx(0.96, abs=0.03)

    def test_published_spend_parameters(self, orders: pd.DataFrame) -> None:
        fit = fit_gamma_gamma(purchase_history(orders, pd.Timestamp("1997-09-30")), 0.95)
        assert fit.estimate == pytest.approx([6.25, 3.74, 15.44], rel=0.03)  # Fader & Hardie 2013


class TestModel:
    def test_the_paper_s_own_example(self) -> None:
        """Customer of the authors' spreadsheet note: two repeat purchases, the last in week 30.43 of 38.86."""
        one = pd.DataFrame({"repeats": [2.0], "last_week": [30.43], "weeks": [38.86]})
        assert expected_purchases(published(), one, 39)[0] == pytest.approx(1.226, abs=1e-3)

    def test_likelihood_and_alive_by_integration(self) -> None:
        """Mix the individual likelihoods over the gamma and beta distributions numerically."""
        r, alpha, a, b = PUBLISHED
        x, tx, T = 3, 12.0, 20.0

        def mixed(alive: bool) -> float:
            def over_rate(rate: float) -> float:
                weight = gamma.pdf(rate, r, scale=1 / alpha)
                if alive:
                    return weight * rate**x * np.exp(-rate * T)
                return weight * rate**x * np.exp(-rate * tx)

            def over_drop(p: float) -> float:
                weight = beta.pdf(p, a, b)
                return weight * (1 - p) ** x if alive else weight * p * (1 - p) ** (x - 1)

            return quad(over_rate, 0, 10, limit=400)[0] * quad(over_drop, 0, 1, limit=400)[0]

        one = pd.DataFrame({"repeats": [x], "last_week": [tx], "weeks": [T]})
        expected = mixed(True) / (mixed(True) + mixed(False))
        assert alive_probability(published(), one)[0] == pytest.approx(expected, rel=1e-4)

    def test_planted_parameters_are_recovered(self) -> None:
        rng = np.random.default_rng(5)
        n, r, alpha, a, b = 6000, 0.9, 6.0, 0.8, 2.5
        rate, drop, weeks = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), rng.uniform(30, 60, n)
        rows = []
        for lam, p, T in zip(rate, drop, weeks, strict=True):
            at, count, last = 0.0, 0, 0.0
            while True:
                at += rng.exponential(1 / lam)
                if at > T:
                    break
                count, last = count + 1, at
                if rng.random() < p:
                    break
            rows.append((count, last, T))
        fit = fit_bgnbd(pd.DataFrame(rows, columns=["repeats", "last_week", "weeks"]), 0.999)
        assert ((fit.low < [r, alpha, a, b]) & (fit.high > [r, alpha, a, b])).all()

    def test_mean_value_lies_between_own_and_all(self) -> None:
        fit = PurchaseFit(("p", "q", "v"), *[np.array([6.25, 3.74, 15.44])] * 3, 0.0, 1)
        rows = pd.DataFrame({"repeats": [0, 1, 50], "value": [500.0, 500.0, 500.0]})
        overall = 6.25 * 15.44 / 2.74
        none, once, often = expected_value(fit, rows)
        assert none == pytest.approx(overall)
        assert overall < once < often < 500

    def test_nothing_to_learn_from_is_said(self) -> None:
        once = pd.DataFrame(
            {"repeats": [0, 0], "last_week": [0.0, 0.0], "weeks": [10.0, 12.0], "value": [5.0, 7.0]}
        )
        with pytest.raises(WhychurnError, match="second time"):
            fit_bgnbd(once, 0.95)
        with pytest.raises(WhychurnError, match="no repeat purchase"):
            fit_gamma_gamma(once, 0.95)

    def test_history_by_hand(self) -> None:
        days = [
            "2024-01-01 09:00",
            "2024-01-01 18:00",
            "2024-01-15 10:00",
            "2024-02-05 10:00",
            "2024-03-01 08:00",
        ]
        orders = pd.DataFrame(
            {"member_id": "m", "ordered_at": pd.to_datetime(days), "amount": [10.0, 5, 20, 40, 99]}
        )
        row = purchase_history(orders, pd.Timestamp("2024-02-12")).loc["m"]
        assert row.to_list() == [2, 5.0, 6.0, 30.0]  # the second order of the first day is no repeat


class Half:
    """Everybody stays with the same chance a day."""

    learned_days = 365

    def curve(self, rows: pd.DataFrame, days: int) -> np.ndarray:
        return np.tile(0.99 ** np.arange(days + 1), (len(rows), 1))


def test_margin_and_value_at_risk_by_hand() -> None:
    latest = pd.DataFrame(
        {
            "member_id": ["a", "b"],
            "as_of": pd.Timestamp("2025-06-01"),
            "spend_365d": [730.0, 0.0],
            "tenure_days": [900, 900],
        }
    )
    none = pd.DataFrame(
        {
            "member_id": pd.Series(dtype="string"),
            "starts_on": pd.Series(dtype="datetime64[ns]"),
            "ends_on": pd.Series(dtype="datetime64[ns]"),
            "price_paid": pd.Series(dtype=float),
            "list_price": pd.Series(dtype=float),
        }
    )
    values = member_values(latest, Half(), none, PARAMS).set_index("member_id")
    days = np.arange(1, PARAMS.business.value_days + 1)
    discount = (1 + PARAMS.business.discount_rate) ** (-days / 365)
    daily = 730 / 365
    assert values.loc["a", "expected_margin"] == pytest.approx(
        0.3 * daily * (0.99**days * discount).sum(), rel=1e-3
    )
    assert values.loc["a", "survival_value_at_risk"] == pytest.approx(
        0.3 * daily * ((1 - 0.99**days) * discount).sum(), rel=1e-3
    )
    assert values.loc["a", "expected_stay_days"] == pytest.approx((0.99**days).sum())
    assert values.loc["a", "p_stay_90d"] == pytest.approx(0.99**90)
    assert values.loc["b", "expected_margin"] == 0


def test_one_two_and_seven_blocks_of_members_give_the_same_forecasts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    latest = pd.DataFrame({
        "member_id": pd.array([f"m{number}" for number in range(448)], dtype="string"),
        "as_of": pd.Timestamp("2025-06-01"), "spend_365d": rng.gamma(2, 300, 448),
        "tenure_days": rng.integers(1, 900, 448),
    })  # fmt: skip
    hazard = daily_hazard(*_ends(rng), Extrapolation(5, 30))
    tenure = Feature("tenure_days", "number", "tenure", None, "days", 0, "tenure", "时长")
    terms = choose_terms(encode(latest, [tenure]), [tenure], set())
    cox = Cox("cox_landmark", [tenure], terms, np.full(len(terms), 0.1), hazard, 365)
    for model in (KaplanMeier(hazard, 365), cox):
        monkeypatch.undo()
        whole = member_values(latest, model, pd.DataFrame(), PARAMS)
        assert whole["p_stay_90d"].nunique() > 20
        for blocks in (2, 7):
            monkeypatch.setattr("whychurn.survival.lifetime.member_value.AT_ONCE", 448 // blocks)
            parted = member_values(latest, model, pd.DataFrame(), PARAMS)
            pd.testing.assert_frame_equal(parted, whole, check_exact=True)


def _ends(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Entry, stop and event of 400 stays."""
    return np.zeros(400, "int64"), rng.integers(1, 900, 400), rng.random(400) < 0.7


def test_fee_of_the_running_term_counts_and_a_later_one_does_not() -> None:
    terms = pd.DataFrame(
        {
            "member_id": ["a", "a"],
            "starts_on": pd.to_datetime(["2025-01-01", "2025-07-01"]),
            "ends_on": pd.to_datetime(["2025-06-30", "2025-12-31"]),
            "price_paid": [181.0, 999.0],
            "list_price": [200.0, 999.0],
        }
    )
    rows = pd.DataFrame({"member_id": ["b", "a"], "as_of": pd.to_datetime(["2025-06-01", "2025-06-01"])})
    assert daily_fee(terms, rows).tolist() == [0.0, 1.0]


def test_tiers_by_hand() -> None:
    expected = np.array([5.0, np.nan, 1.0, 9.0, 7.0, 3.0, 2.0, 4.0, 6.0, 8.0, 0.5])
    tiers = value_tiers(expected, {"high": 0.2, "middle": 0.3})
    assert [i for i, tier in enumerate(tiers) if tier == "high"] == [3, 9]
    assert [i for i, tier in enumerate(tiers) if tier == "middle"] == [0, 4, 8]
    assert tiers[1] is None and (tiers == "low").sum() == 5
    values = pd.DataFrame(
        {
            "tier": tiers,
            "expected_margin": expected,
            "expected_stay_days": 100.0,
            "survival_value_at_risk": 1.0,
        }
    )
    table = tier_table(values, 3).set_index("tier")
    assert table.loc["low", "margin_share"] == pytest.approx(10.5 / 45.5)
    assert pd.isna(table.loc["high", "expected_margin"]), "two members are withheld"
