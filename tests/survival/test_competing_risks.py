"""Incidence by cause, removal of a cause, weights from surveys: against libraries, closed forms and planted truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.exit_surveys import SILENT
from whychurn.survival.competing_risks.cause_elimination import eliminate_causes
from whychurn.survival.competing_risks.cumulative_incidence import (
    CauseWeights,
    aalen_johansen,
    cause_incidence,
)
from whychurn.survival.competing_risks.stated_causes import answer_bands, event_features, stated_weights
from whychurn.survival.nonparametric.kaplan_meier import kaplan_meier

SMALL = {
    "bootstrap": 30,
    "min_at_risk": 1,
    "stay_days": [50, 100],
    "mean_days": 100,
    "curve_step_days": 10,
}


def params(run: dict[str, Any] | None = None, **survival: Any) -> Params:
    return load_params(StudyPaths(PROJECT), {"run": run or {}, "survival": SMALL | survival})


PARAMS = params()
RATES = np.array([0.004, 0.003, 0.0, 0.001, 0.002, 0.0])  # a day, of the six causes


def drawn(n: int, seed: int, late: bool = False, last: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Stays that end from one of six causes with constant hazards `RATES`, and the cause of each (code)."""
    rng = np.random.default_rng(seed)
    stay = rng.geometric(RATES.sum(), n)
    entry = np.where(late & (rng.random(n) < 0.5), rng.integers(1, 150, n), 0)
    until = rng.integers(100, last, n) + entry
    kept = stay > entry
    data = pd.DataFrame(
        {
            "member_id": [f"m{number:05d}" for number in range(n)],
            "spell_no": 1,
            "entry": entry,
            "exit": np.minimum(stay, until),
            "event": stay <= until,
            "stratum": "all",
        }
    )[kept].reset_index(drop=True)
    return data, rng.choice(len(CAUSES), len(data), p=RATES / RATES.sum())


def known(data: pd.DataFrame, cause: np.ndarray) -> CauseWeights:
    gone = data["event"].to_numpy()
    return CauseWeights(data.loc[gone, ["member_id", "spell_no"]], np.eye(len(CAUSES))[cause[gone]])


class TestIncidence:
    def test_whole_events_agree_with_the_library(self) -> None:
        """Without ties and late entries, where lifelines' Aalen-Johansen is exact."""
        data, cause = drawn(400, 0, last=300)
        data["exit"] = np.random.default_rng(1).permutation(len(data)) + 1
        found = cause_incidence({"all": data}, known(data, cause), PARAMS, 1)
        for number in (0, 1, 3, 4):
            fit = AalenJohansenFitter(calculate_variance=False)
            fit.fit(data["exit"], np.where(data["event"], cause + 1, 0), event_of_interest=number + 1)
            mine = found[found["cause"] == CAUSES[number]].set_index("day")["estimate"]
            place = np.searchsorted(fit.cumulative_density_.index, mine.index, side="right") - 1
            assert np.allclose(mine, fit.cumulative_density_.iloc[:, 0].to_numpy()[place], atol=1e-9)

    def test_incidences_and_the_curve_sum_to_one_with_late_entries_and_parts(self) -> None:
        data, _ = drawn(500, 2, late=True)
        parts = np.random.default_rng(0).dirichlet(np.ones(len(CAUSES) + 1), len(data))[:, : len(CAUSES)]
        gone = data["event"].to_numpy()
        weights = CauseWeights(data.loc[gone, ["member_id", "spell_no"]], parts[gone])
        found = cause_incidence({"all": data}, weights, PARAMS, 1)
        curve = kaplan_meier(data, 1, 0.95)
        assert curve is not None
        total = found.groupby("day")["estimate"].sum()
        assert np.allclose(
            total + curve.estimate[total.index.astype(int) - curve.span.first + 1], 1, atol=1e-9
        )
        assert found.groupby("cause")["estimate"].apply(lambda cif: cif.is_monotonic_increasing).all()

    def test_parts_by_hand(self) -> None:
        """Two at risk; on day 2 one leaves, half of it price and a quarter engagement; on day 4 the other, unknown."""
        data = pd.DataFrame(
            {"member_id": ["a", "b"], "spell_no": 1, "entry": 0, "exit": [2, 4], "event": True}
        )
        parts = np.zeros((1, len(CAUSES)))
        parts[0, CAUSES.index("price")], parts[0, CAUSES.index("engagement")] = 0.5, 0.25
        weights = CauseWeights(data.loc[[0], ["member_id", "spell_no"]], parts)
        own = params(curve_step_days=1)
        found = cause_incidence({"all": data.assign(stratum="all")}, weights, own, 1)
        at_end = found[found["day"] == 4].set_index("cause")["estimate"]
        assert at_end["price"] == pytest.approx(0.25)
        assert at_end["engagement"] == pytest.approx(0.125)
        assert at_end[UNKNOWN] == pytest.approx(0.125 + 0.5)
        assert found[(found["day"] == 1)]["estimate"].eq(0).all()

    def test_known_rates_are_found_and_the_interval_covers(self) -> None:
        true = RATES[0] / RATES.sum() * (1 - (1 - RATES.sum()) ** 100)
        inside = []
        for seed in range(120):
            data, cause = drawn(250, seed, late=True)
            own = params({"confidence": 0.9}, bootstrap=60, min_at_risk=20)
            found = cause_incidence({"all": data}, known(data, cause), own, 1)
            row = found[(found["cause"] == CAUSES[0]) & (found["day"] == 100)].iloc[0]
            inside.append(row["low"] <= true <= row["high"])
        assert 0.8 < np.mean(inside) < 0.98

    def test_weights_above_one_are_refused(self) -> None:
        events = pd.DataFrame({"member_id": ["a"], "spell_no": [1]})
        with pytest.raises(WhychurnError, match="sum to more than one"):
            CauseWeights(events, np.full((1, 6), 0.2))

    def test_posteriors_come_in_as_a_table(self) -> None:
        frame = pd.DataFrame(
            {"member_id": ["a"], "spell_no": [1], **{f"p_{cause}": [np.nan] for cause in CAUSES}}
        )
        assert CauseWeights.of(frame).values.tolist() == [[0.0] * 6]

    @pytest.mark.parametrize("event", [False, True], ids=["nobody leaves", "all leave on one day"])
    def test_odd_data(self, event: bool) -> None:
        data = pd.DataFrame(
            {"member_id": [f"m{n}" for n in range(40)], "spell_no": 1, "entry": 0, "exit": 90}
        )
        data = data.assign(event=event, stratum="all")
        none = CauseWeights(data.loc[[], ["member_id", "spell_no"]], np.zeros((0, 6)))
        found = cause_incidence({"all": data}, none, PARAMS, 10)
        last = found[found["day"] == 90].set_index("cause")["estimate"]
        assert last[UNKNOWN] == float(event) and last.drop(UNKNOWN).eq(0).all()
        assert eliminate_causes({"all": data}, none, PARAMS, 10)["difference"].eq(0).all()

    def test_small_strata_are_not_told(self) -> None:
        data, cause = drawn(8, 0)
        assert cause_incidence({"region": data}, known(data, cause), PARAMS, 10).empty


class TestRemoval:
    def test_constant_hazards_give_the_closed_form_and_the_naive_gain_is_too_large(self) -> None:
        data, cause = drawn(20000, 4, late=True)
        found = eliminate_causes({"all": data}, known(data, cause), PARAMS, 1)
        for number in (0, 1):
            row = found[
                (found["cause"] == CAUSES[number]) & (found["measure"] == "share") & (found["day"] == 100)
            ].iloc[0]
            without = (1 - (RATES.sum() - RATES[number])) ** 100
            now = (1 - RATES.sum()) ** 100
            assert row["counterfactual"] == pytest.approx(without, abs=0.015)
            assert row["difference"] == pytest.approx(without - now, abs=0.015)
            naive = RATES[number] / RATES.sum() * (1 - now)
            assert row["difference_if_independent"] == pytest.approx(naive, abs=0.015)
            assert row["if_independent_low"] > row["high"], "the difference is no noise"
        days = found[(found["cause"] == CAUSES[0]) & (found["measure"] == "days")].iloc[0]
        rest = 1 - (RATES.sum() - RATES[0])
        assert days["counterfactual"] == pytest.approx((1 - rest**100) / (1 - rest), abs=1)
        assert days["observed"] == pytest.approx((1 - (1 - RATES.sum()) ** 100) / RATES.sum(), abs=1)

    def test_with_one_cause_nobody_leaves_without_it_and_both_gains_agree(self) -> None:
        number, left = np.full(50, 100.0), np.zeros((7, 50))
        left[1, ::5] = 3
        found = aalen_johansen(number, left)
        assert np.allclose(found.counterfactual[1], 1) and np.allclose(
            found.counterfactual[0], found.survival
        )
        assert np.allclose(found.survival + found.cif[1], found.counterfactual[1])


def surveys(rows: list[tuple[str, str, str | None, str | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["member_id", "sent_at", "answered_at", "reason"]).assign(kind="exit")
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in ("sent_at", "answered_at")})


class TestStated:
    def test_silence_that_depends_on_what_is_known_is_mended(self) -> None:
        """Leavers for price are mostly app members, who seldom answer: their answers must weigh more."""
        rng = np.random.default_rng(3)
        n = 6000
        app = rng.random(n) < 0.5
        price = rng.random(n) < np.where(app, 0.7, 0.2)
        answers = rng.random(n) < np.where(app, 0.15, 0.6)
        ids = [f"m{number:05d}" for number in range(n)]
        stays = pd.DataFrame(
            {"member_id": ids, "spell_no": 1, "entry": 0, "exit": rng.integers(1, 300, n), "event": True}
        )
        spells = pd.DataFrame({"member_id": ids, "spell_no": 1, "last_active_on": pd.Timestamp("2024-02-01")})
        spells["returned_on"] = pd.NaT
        asked = surveys(
            [
                (
                    name,
                    "2024-02-10",
                    "2024-02-11" if a else None,
                    ("price" if p else "natural") if a else None,
                )
                for name, a, p in zip(ids, answers, price, strict=True)
            ]
        )
        panel = pd.DataFrame({"member_id": ids, "spell_no": 1, "as_of": pd.Timestamp("2024-02-01")})
        panel["channel"] = np.where(app, "app", "store")
        own = params(answer_features=["channel"]).survival
        found = stated_weights(stays, spells, asked, panel, own)
        assert found is not None
        assert (found.events["reason"] == SILENT).equals(pd.Series(~answers))
        unasked = stated_weights(stays, spells, asked.dropna(subset="reason"), panel, own)
        assert unasked is not None
        assert unasked.events.equals(found.events), "who was not asked is as silent as who did not answer"
        shares = found.shares.set_index("cause")
        assert shares.loc["price", "share"] < price.mean() - 0.1, "the trap is there"
        assert shares.loc["price", "weighted"] == pytest.approx(price.mean(), abs=0.03)
        assert found.weights.values.sum(axis=1) == pytest.approx(1)
        named = found.weights.values[answers]
        assert np.isin(named, (0, 1)).all(), "who answered counts wholly for the cause named"
        again = found.weights.reweight
        assert again is not None
        assert np.allclose(again(np.ones(n)), found.weights.values)
        twice = again(np.where(price & answers, 2, 1))
        assert (
            twice[~answers, CAUSES.index("price")].mean()
            > found.weights.values[~answers, CAUSES.index("price")].mean()
        )

    def test_few_answers_and_no_surveys_give_nothing(self) -> None:
        stays, _ = drawn(60, 0)
        spells = stays[["member_id", "spell_no"]].assign(
            last_active_on=pd.Timestamp("2024-02-01"), returned_on=pd.NaT
        )
        panel = pd.DataFrame({"member_id": [], "spell_no": [], "as_of": []})
        assert stated_weights(stays, spells, surveys([]), panel, PARAMS.survival) is None
        few = surveys([("m00001", "2024-02-10", "2024-02-11", "price")])
        assert stated_weights(stays, spells, few, panel, PARAMS.survival) is None

    def test_bands_hold_enough_answers(self) -> None:
        days, answered = np.arange(1, 201), np.arange(200) % 2 == 0
        own = params(answer_bands=4, answer_min=30).survival
        band = answer_bands(days, answered, own)
        assert np.bincount(band[answered]).tolist() == [34, 33, 33]
        assert answer_bands(days, np.arange(200) < 20, own).max() == 0

    def test_gaps_and_constants_in_what_is_known(self) -> None:
        events = pd.DataFrame({"member_id": list("abc"), "spell_no": 1, "exit": [3, 4, 5]})
        panel = pd.DataFrame({"member_id": list("ab"), "spell_no": 1, "as_of": pd.Timestamp("2024-01-01")})
        panel = panel.assign(orders=[1.0, 2.0], same=1.0, region=["x", None])
        found = event_features(events, panel, ["orders", "same", "region", "absent"])
        assert not found.isna().any().any()
        assert "same" not in found and "orders?" in found and "region_x" in found
