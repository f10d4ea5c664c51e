"""Forecasts compared forward in time: nothing later is seen, planted knowledge wins, noise does not, bad data are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.survival.forecast.landmark_rows import known_before, landmark_rows
from whychurn.survival.forecast.model_comparison import choose_model, compare_models
from whychurn.survival.forecast.model_comparison_tables import TABLES
from whychurn.survival.forecast.rolling_origin import Evaluation, plan_tests

SMALL = {
    "rows": 4000,
    "cox_rows": 4000,
    "validation_rows": 2000,
    "max_rounds": 40,
    "min_child_weight": 5.0,
}
PARAMS = load_params(StudyPaths(PROJECT), {"survival": {"bootstrap": 60, "challenge": SMALL}})
FIRST, LAST = pd.Timestamp("2024-01-01"), pd.Timestamp("2025-12-31")
CATALOGUE = pd.DataFrame(
    [
        {"name": name, "kind": "number", "family": "activity", "cause": None, "unit": "", "en": name, "zh": name, "monotone": 0}
        for name in ("tenure_days", "known", "noise")
    ]
)  # fmt: skip


def programme(
    members: int, effect: float, seed: int = 0, rate: float = 0.002
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Monthly snapshots of members who leave at a rate that `known` raises; columns as the panel stage writes them."""
    rng = np.random.default_rng(seed)
    known = rng.normal(size=members)
    start = FIRST + pd.to_timedelta(rng.integers(0, 540, members), unit="D")
    stay = np.ceil(np.minimum(rng.exponential(1 / (rate * np.exp(effect * known))), 5000)).astype(int)
    end = start + pd.to_timedelta(stay, unit="D")
    ids = [f"m{i}" for i in range(members)]
    spells = pd.DataFrame({"member_id": ids, "spell_no": 1, "started_on": start, "entered_on": start})
    spells["churned"], spells["ended_on"] = end <= LAST, end.where(end <= LAST)
    parts = []
    for day in pd.date_range(FIRST, LAST, freq="MS")[1:]:
        there = (start < day) & (end > day)
        rows = pd.DataFrame({"member_id": np.array(ids)[there], "spell_no": 1, "as_of": day})
        rows["known"], rows["noise"] = known[there], rng.normal(size=len(rows))
        rows["tenure_days"] = (day - start[there]).days
        following = day + pd.offsets.MonthBegin(1)
        rows["start_on"] = day
        rows["stop_on"] = np.minimum(end[there].to_numpy(), np.datetime64(following, "ns"))
        parts.append(rows)
    return pd.concat(parts, ignore_index=True), spells


def answers(effect: float, members: int = 2500, **changes: Any) -> Any:
    panel, spells = programme(members, effect, **changes)
    return compare_models(panel, spells, CATALOGUE, LAST, PARAMS)


@pytest.fixture(scope="module")
def strong() -> Any:
    return answers(1.0)


class TestPlantedKnowledge:
    def test_is_found_forward_in_time(self, strong: Any) -> None:
        facts = strong.facts
        assert facts["status"] == "ok" and facts["beats_km"]
        best, km = facts["ibs"][facts["chosen"]], facts["ibs"]["km"]
        assert best < 0.95 * km
        auc = facts["figures"]["auc_90"]
        assert (
            0.70 < auc["low"] < auc["estimate"] < 0.85
        )  # 0.76 = chance to rank two normal log rates apart by 1.0

    def test_in_a_proportional_world_the_simple_model_is_calibrated(self, strong: Any) -> None:
        rows = strong.tables["survival_model_comparison"].query(
            "model == 'cox' and metric == 'ratio' and main"
        )
        assert rows["estimate"].between(0.8, 1.2).all()
        assert strong.facts["chosen"].startswith("cox"), "trees cannot beat the model that made the data"

    def test_tables_have_their_columns_and_every_model(self, strong: Any) -> None:
        for name, columns in TABLES.items():
            assert list(strong.tables[name].columns) == columns and len(strong.tables[name])
        assert set(strong.tables["survival_model_comparison"]["model"]) == {
            "km",
            "cox",
            "cox_landmark",
            "boosted",
        }
        shares = strong.tables["survival_d_calibration"].groupby(["model", "landmark_on"])["share"].sum()
        assert shares.to_numpy() == pytest.approx(1.0)

    def test_the_final_model_knows_all_and_is_the_tested_kind(self, strong: Any) -> None:
        assert strong.model.name == strong.facts["chosen"] == strong.tested_model.name
        people = pd.DataFrame({"known": [-1.5, 1.5], "noise": 0.0, "tenure_days": 200})
        curve = strong.model.curve(people, 180)
        truth = np.exp(-0.002 * np.exp(np.array([-1.5, 1.5])) * 180)
        assert curve[:, 180] == pytest.approx(truth, abs=0.06)


def test_tests_side_by_side_give_the_same_figures_as_one_after_the_other(strong: Any) -> None:
    one = PARAMS.model_copy(update={"run": PARAMS.run.model_copy(update={"workers": 1})})
    panel, spells = programme(2500, 1.0)
    alone = compare_models(panel, spells, CATALOGUE, LAST, one)
    assert len(alone.facts["tests"]) > 1, "two test days, or nothing runs side by side"
    for name, table in strong.tables.items():
        pd.testing.assert_frame_equal(table, alone.tables[name], check_exact=True)


def test_noise_beats_nothing() -> None:
    found = answers(0.0, seed=3)
    assert found.facts["status"] == "ok" and not found.facts["beats_km"]


def test_too_few_leavers_and_too_short_data_are_told_in_both_languages() -> None:
    none = answers(0.0, 60, rate=1e-5)
    assert none.model is None and none.facts["status"] == "no_model"
    panel, spells = programme(1500, 0.0, rate=0.01)
    early = panel[panel["as_of"] < "2024-04-15"]
    short = compare_models(early, spells, CATALOGUE, pd.Timestamp("2024-06-01"), PARAMS)
    assert short.facts["status"] == "untested" and short.model.name == "km"
    for found in (none, short):
        assert all(found.facts["reason"][lang] for lang in ("en", "zh"))
        assert all(table.empty for table in found.tables.values())


class TestTime:
    def test_what_was_known_before_a_day(self) -> None:
        panel, spells = programme(400, 0.0, seed=1)
        day = pd.Timestamp("2025-03-01")
        known = known_before(landmark_rows(panel, spells, LAST), day)
        assert known.rows["as_of"].max() < day
        left = spells.set_index("member_id")["ended_on"].reindex(known.rows["member_id"]).to_numpy()
        assert (left[known.event] < np.datetime64(day)).all()
        assert (known.rows["as_of"] + pd.to_timedelta(known.time, unit="D")).max() < day

    def test_nothing_that_happens_later_changes_what_is_learned(self) -> None:
        panel, spells = programme(400, 0.5, seed=2)
        day = pd.Timestamp("2025-03-01")
        later = spells.assign(
            ended_on=spells["ended_on"].mask(spells["ended_on"] >= day, day + pd.Timedelta(days=1))
        )
        one, other = (known_before(landmark_rows(panel, frame, LAST), day) for frame in (spells, later))
        assert (one.time == other.time).all() and (one.event == other.event).all()

    def test_trials_by_hand(self) -> None:
        months = pd.Series(pd.date_range("2024-01-01", "2025-12-01", freq="MS"))
        trials, untested = plan_tests(months, LAST, [30, 180, 365, 900], 180)
        assert untested == [900]
        found = [(f"{trial.day:%Y-%m}", trial.horizons, trial.main) for trial in trials]
        assert found == [("2025-07", [30, 180], True), ("2024-12", [365], False)]  # 335 days do not teach 365
        for trial in trials:
            assert trial.day + pd.Timedelta(days=max(trial.horizons)) <= LAST
            assert trial.learning_days >= 180
            assert trial.extrapolates(365) == (trial.learning_days < 365)


def verdicts(**ibs: list[float]) -> Evaluation:
    empty = pd.DataFrame()
    return Evaluation(empty, empty, empty, empty, {name: np.array(values) for name, values in ibs.items()})


def test_of_ties_the_simplest_is_chosen_and_a_clear_winner_wins() -> None:
    noise = np.random.default_rng(0).normal(0, 0.001, 200)
    tied = verdicts(
        cox=[0.0505, *(0.0505 + noise)], boosted=[0.05, *(0.05 - noise)], km=[0.08, *(0.08 + noise)]
    )
    assert choose_model(tied, 0.95) == ("cox", ["cox", "boosted"])
    clear = verdicts(cox=[0.06, *(0.06 + noise)], boosted=[0.05, *(0.05 + noise)], km=[0.08, *(0.08 + noise)])
    assert choose_model(clear, 0.95) == ("boosted", ["boosted"])
