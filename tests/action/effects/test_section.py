"""The section on effects, from rows as tests by lot leave them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.effects.effects_table import effects_table
from whychurn.action.effects.estimates.fit import fit_effects
from whychurn.action.effects.estimates.pooled import pooled_effects
from whychurn.action.effects.estimates.randomised_rows import randomised_rows
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.effects.section import effects_section
from whychurn.action.effects.usable_rows import sampled, usable_rows, with_mix
from whychurn.action.effects.verdicts import verdicts
from whychurn.action.inputs import Section
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of

FAR = pd.Timestamp("2030-01-01")


def _given(planted_rows: Any, told: bool = True, note: Any = None) -> tuple[Any, Section]:
    rows, p, q, _ = planted_rows
    mix = pd.DataFrame(q, columns=Q_COLUMNS).groupby(rows["member_id"].to_numpy()).first()

    def mix_at(member_id: pd.Series, _: pd.Series) -> pd.DataFrame:
        return mix.loc[member_id].reset_index(drop=True)

    panel = pd.DataFrame(
        {"member_id": mix.index, "as_of": pd.Timestamp("2023-12-01"), "still_there": True, "opted_out": 0.0}
    )
    inputs = SimpleNamespace(
        params=load_params(StudyPaths.at(), {"action": {"resamples": 6}}),
        mix_at=mix_at if told else None,
        cause_shares=pd.DataFrame({"cause": list(CAUSES), "share": np.full(6, 1 / 6)}),
        lifetime_value=pd.DataFrame({"expected_margin": [100.0, 300.0]}),
        panel=panel,
        panel_facts={"kind": "inactivity"},
        observed_until=FAR,
        tables={},
    )
    tests = pd.DataFrame({"campaign_id": rows["campaign_id"].unique(), "action": "coupon", "note": note})
    rows = rows.assign(left=rows["left"].astype("Int8"), left_30=pd.NA, left_180=pd.NA)
    return inputs, Section(
        {"action_tests": tests}, {}, {"rows": rows, "p": p, "features": pd.DataFrame({"p": p})}
    )


def test_tested_actions_are_told_over_all_and_cause_by_cause(planted) -> None:
    found = effects_section(*_given(planted(5, members=24_000)))
    table = found.tables["action_effects"]
    assert list(table.columns) == columns_of("action_effects")
    both = table[table["action"] == "service_callback"].set_index("cause")
    assert both.loc["all", "effect"] < 0 < both.loc["all", "smallest_seen"]
    assert both.loc["product_service", "theta"] == pytest.approx(0.6, abs=0.25)
    assert both.loc["all", "pays_from"] == pytest.approx(1.0 / 200)
    assert both["rung"].drop("all").eq("attributed").all()
    caused = table["cause"].eq("all") & table["q_value"].le(0.05)
    assert table["rung"].eq("caused").equals(caused)
    effects = found.extra["effects"]
    assert effects.tested["service_callback"] == "shown"
    assert effects.tested["mass_mail"] == "harmful"
    assert set(effects.tested.values()) <= {"shown", "not_shown", "harmful", "untested"}
    assert found.facts["told"]
    assert found.facts["cross_fit"]["mix_moved"] == 0


def test_without_rows_beliefs_alone_are_left_and_no_effect_is_stated() -> None:
    empty = pd.DataFrame(
        columns=["member_id", "campaign_id", "action", "randomized", "left", "stratum", "cost", "wave"]
    )
    inputs, tests = (
        SimpleNamespace(params=load_params(StudyPaths.at()), mix_at=None),
        {"action_tests": pd.DataFrame({"campaign_id": [], "note": []})},
    )
    found = effects_section(inputs, Section(tests, {}, {"rows": empty, "p": np.zeros(0)}))  # type: ignore[arg-type]
    assert found.tables["action_effects"].empty
    effects = found.extra["effects"]
    assert set(effects.tested.values()) == {"untested"}
    assert effects.theta[effects.actions.index("coupon"), CAUSES.index("price")] > 0


def test_rows_that_teach_nothing_are_counted_by_reason_and_action(planted) -> None:
    rows, p, q, d = planted(2, members=8_000, waves=4)
    rows["left"] = rows["left"].astype("Float64")
    rows.loc[rows["action"] == "coupon", "left"] = 0.0
    rows.loc[rows["wave"] == 3, "left"] = pd.NA
    rows.loc[rows["wave"] == 2, "randomized"] = False
    inputs, tests = _given((rows, p, q, d))
    kept, counts = usable_rows(inputs, tests)
    assert set(kept["wave"]) == {0, 1}
    assert set(counts) == {"not_randomised", "waiting", "few_leavers"}
    assert set(counts["few_leavers"]) == {"coupon"}
    assert sum(map(sum, (one.values() for one in counts.values()))) + len(kept) == len(rows)
    arrays, whole = with_mix(inputs, kept, 0.5)
    assert whole == pytest.approx(arrays.q)
    assert (arrays.d == 0).all()
    inputs.params = load_params(StudyPaths.at(), {"action": {"resamples": 6, "min_leavers": 10**6}})
    assert usable_rows(inputs, tests)[0].empty
    rows.loc[rows["action"] != "control", "left"] = 0.0
    inputs, tests = _given((rows, p, q, d))
    alone, counts = usable_rows(inputs, tests)
    assert alone.empty and "control" not in counts["few_leavers"], "members held out alone measure nothing"


def test_of_very_many_rows_those_of_a_sample_of_members_teach() -> None:
    ids = pd.Series([f"m{number % 5000}" for number in range(20_000)])
    kept = sampled(ids, 5_000)
    assert kept.mean() == pytest.approx(0.25, abs=0.03)
    assert set(ids[kept]).isdisjoint(ids[~kept])
    assert sampled(ids, 30_000).all()


def test_campaigns_whose_arms_are_not_as_drawn_teach_nothing(planted) -> None:
    inputs, tests = _given(planted(2, members=12_000, waves=2), note=["mismatch", None])
    kept, counts = usable_rows(inputs, tests)
    assert set(kept["campaign_id"]) == {"test-01"}
    assert set(counts) == {"mismatch"}


def test_where_causes_are_not_told_effects_are_averages_and_it_is_said(planted) -> None:
    found = effects_section(*_given(planted(3, members=8_000), told=False))
    assert not found.facts["told"]
    effects = found.extra["effects"]
    q = np.tile(np.full(6, 1 / 6), (2, 1))
    mean, _ = effects.change(np.array([0.2, 0.2]), q, np.zeros(2), "coupon")
    assert mean[0] == mean[1]


def test_duds_are_rarely_called_shown_and_harm_is_called_harm(planted, believed) -> None:
    shown, harm = [], []
    for seed in range(25):
        rows, p, q, d = planted(seed, members=6_000)
        arrays = randomised_rows(rows, p, q, d)
        found = verdicts(arrays, pooled_effects(arrays), believed, 0.05)
        shown += [found[dud] == "shown" for dud in ("personal_picks", "community_invite")]
        harm.append(found["mass_mail"] == "harmful")
        assert found["call"] == "untested"
    assert np.mean(shown) <= 0.08  # of 50
    assert np.mean(harm) >= 0.9


def test_what_is_claimed_as_caused_is_what_the_read_out_lets_claim(planted) -> None:
    inputs, tests = _given(planted(5, members=24_000))
    names = ["coupon", "price_match", "service_callback", "mass_mail"]
    pooled = pd.DataFrame(
        {"campaign_id": "all", "action": names, "outcome": "left", "stratum": "all", "note": None}
    )
    pooled["q_value"] = [0.2, 0.01, 0.001, np.nan]
    found = effects_section(inputs, Section({"action_tests": pooled}, {}, tests.extra)).tables[
        "action_effects"
    ]
    whole = found[found["cause"] == "all"].set_index("action")
    assert whole.loc["coupon", "q_value"] == 0.2
    assert whole.index[whole["rung"] == "caused"].tolist() == ["price_match", "service_callback"]


def test_an_unpaid_effect_has_no_price(planted, believed) -> None:
    rows, p, q, d = planted(4, members=3_000)
    arrays = randomised_rows(rows, p, q, d)
    fit = fit_effects(arrays, believed, 3, 7)
    inputs = SimpleNamespace(params=load_params(StudyPaths.at()))
    table = effects_table(inputs, arrays, fit, {90: arrays}, {"coupon": np.nan}, {})  # type: ignore[arg-type]
    assert table["pays_from"].isna().all()
    assert len(table) == 7 * 6
