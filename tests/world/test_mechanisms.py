"""Worlds built otherwise: each mechanism does what it says, and its truth is exact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.tables import EVENT_TYPES
from whychurn.world.lives.action_effects import contact_factors
from whychurn.world.lives.calibration import expected_leavings, plan_scenario
from whychurn.world.lives.dose_response import decayed, remembered, shaped
from whychurn.world.lives.exits import at_risk, counted_weeks
from whychurn.world.lives.simulated_hazards import draw_sensitivity
from whychurn.world.setting.hazard_mechanism import combine, total_without
from whychurn.world.setting.mechanism import (
    Mechanism,
    Memory,
    Silence,
    load_mechanism,
    mechanism_names,
)
from whychurn.world.setting.programme import load_programme
from whychurn.world.simulate import simulate

PROGRAMMES = ("shop", "gym", "school", "app")
CALIBRATED = [name for name in mechanism_names() if load_mechanism(name).totals]
SMALL = {"members": 600, "months": 18}


def test_each_half_has_mechanisms_of_its_own() -> None:
    halves = {half: mechanism_names(half) for half in ("development", "test")}
    assert set(halves["development"]) | set(halves["test"]) == set(mechanism_names())
    assert min(len(names) for names in halves.values()) >= 6
    worlds = {name: load_mechanism(name) for name in mechanism_names()}
    told = {one.model_copy(update={"about": "", "half": "test"}).model_dump_json() for one in worlds.values()}
    assert len(told) == len(worlds), "no two are the same"
    tuned, scored = ([worlds[name] for name in names] for names in halves.values())
    for switch in ("memory", "shape", "silence"):
        new = {str(getattr(one, switch)) for one in scored} - {str(getattr(one, switch)) for one in tuned}
        assert new, f"{switch}: the test half has what development never sees"
    polite = [
        {max(one.asking.instead, key=one.asking.instead.get) for one in half if one.asking}
        for half in (tuned, scored)
    ]
    assert polite[1] - polite[0] >= {"no time", "product_service"}


def test_what_a_mechanism_names_exists() -> None:
    for name in mechanism_names():
        one = load_mechanism(name)
        causes = {
            *one.inert,
            *one.sensitivity,
            *one.interactions,
            *one.interactions.values(),
            *one.base_parts,
        }
        assert causes <= set(CAUSES) and set(one.event_names) <= set(EVENT_TYPES)
        assert one.about.endswith(".") and (one.together == "interacting") == bool(one.interactions)


def test_a_file_that_says_nothing_else_is_the_additive_world_and_a_wrong_word_is_refused() -> None:
    plain = Mechanism(about="x.", half="test")
    additive = load_mechanism("additive")
    assert plain.model_copy(update={"about": additive.about, "half": additive.half}) == additive
    with pytest.raises(ValidationError, match="shap"):
        Mechanism.model_validate({"about": "x.", "half": "test", "shap": "step"})


def test_an_unknown_mechanism_and_an_app_without_events_are_refused(world_params: Callable) -> None:
    with pytest.raises(WhychurnError, match="no mechanism 'magic'") as refused:
        plan_scenario(world_params(mechanism="magic"), load_programme("shop"))
    assert "slowly_fading" in str(refused.value.remedy)
    with pytest.raises(ValidationError, match="nothing but events"):
        world_params(program="app", missing=["events"])


def test_memories_by_hand() -> None:
    count = np.array([[1.0], [0], [2], [0], [0]], dtype="float32")
    assert remembered(count, 1.0, Memory()).ravel() == pytest.approx(decayed(count, 1.0).ravel())
    assert remembered(count, 1.0, Memory(factor=2)).ravel() == pytest.approx(decayed(count, 2.0).ravel())
    assert remembered(count, 1.0, Memory(kind="last_weeks", weeks=2)).ravel().tolist() == [1, 1, 2, 2, 0]
    assert remembered(count, 1.0, Memory(kind="adding_up")).ravel().tolist() == [1, 1, 3, 3, 3]


@pytest.mark.parametrize("shape", ["linear", "step", "saturating", "steep"])
def test_shapes_begin_at_zero_and_never_fall(shape: str) -> None:
    dose = np.linspace(0, 6, 61, dtype="float32")
    effect = shaped(dose, shape, 2.0)
    assert effect[0] == 0 and (np.diff(effect) >= 0).all() and effect[-1] > 0
    half, usual, double = (float(shaped(np.array([x]), shape, 2.0)[0]) for x in (1.0, 2.0, 4.0))
    expected = {"linear": (0.5, 1, 2), "step": (0, 1, 1), "steep": (0.25, 1, 4)}
    if shape == "saturating":
        assert double - usual < usual - half < half
    else:
        assert (half, usual, double) == pytest.approx(expected[shape])


def test_a_cause_that_hurts_makes_members_touchy_to_another() -> None:
    interacting = load_mechanism("interacting_causes").model_copy(
        update={"interactions": {"price": "product_service"}}
    )
    base, excess = np.full((6, 1, 3), 0.01), np.zeros((6, 1, 3))
    excess[0, 0], excess[1, 0] = [0.06, 0.0, 0.06], [0.0, 0.02, 0.02]
    hazards = combine(base, excess, interacting)[:, 0]
    assert hazards[1] == pytest.approx([0.01, 0.03, 0.01 + 0.02 * (1 + 3 * 0.06 / (0.06 + 0.06))])
    without_service = total_without(base, excess, 0, interacting)[0]
    assert without_service == pytest.approx([0.06, 0.08, 0.08]), "the touchiness goes with its cause"
    assert total_without(base, excess, 1, interacting)[0] == pytest.approx([0.12, 0.06, 0.12])


@pytest.mark.parametrize("name", CALIBRATED)
def test_truth_is_what_the_hazards_say(simulated: Callable, blocks: Callable, name: str) -> None:
    """Chances to leave without a cause, recomputed week by week for single members."""
    lives, scenario = simulated(mechanism=name, **SMALL)
    truth = blocks(mechanism=name, **SMALL).truth
    hazards, mechanism, clock = lives.hazards, scenario.mechanism, scenario.clock
    table = truth["churn_without"]
    weeks, risk = counted_weeks(scenario, lives.members), at_risk(clock, lives.members.entry)
    assert (weeks <= risk).all()
    for member in np.flatnonzero(lives.members.entry < 200)[:3]:
        base, excess = (
            (part * hazards.action_factors)[:, :, [member]].astype("float64")
            for part in (hazards.base, hazards.excess)
        )
        for number, cause in enumerate(CAUSES):
            less = excess.copy()
            less[number] = 0
            total = sum(
                combine(base, less, mechanism)[:, week, 0].sum() * weeks[week, member]
                for week in range(clock.weeks)
            )
            assert table[f"p_without_{cause}"][member] == pytest.approx(-np.expm1(-total), rel=1e-4)
        total = (hazards.by_cause[:, :, member].sum(axis=0) * weeks[:, member]).sum()
        assert table["p_churn"][member] == pytest.approx(-np.expm1(-total), rel=1e-4)
    causes = truth["member_causes"]
    assert causes[[f"p_{cause}" for cause in CAUSES]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-6)
    assert set(causes["cause"].dropna()) <= set(CAUSES) - set(mechanism.inert)
    stays = truth["stay_without"].groupby("removed")["left"].sum()
    assert (stays.drop("none") < stays["none"] + 1e-6).all()
    for cause in mechanism.inert:
        assert (causes[f"p_{cause}"] == 0).all() and stays[cause] == pytest.approx(stays["none"], rel=1e-5)
        assert table[f"p_without_{cause}"].to_numpy() == pytest.approx(table["p_churn"].to_numpy(), abs=1e-6)


@pytest.mark.parametrize("program", PROGRAMMES)
@pytest.mark.parametrize("name", ["slowly_fading", "foreign_event_names"])
def test_as_many_leave_from_each_cause_as_was_drawn(world_params: Callable, program: str, name: str) -> None:
    scenario = plan_scenario(
        world_params(program=program, mechanism=name, months=24), load_programme(program)
    )
    block = next(simulate(scenario))
    left = block.truth["churn_without"]["p_churn"].mean()
    assert 0.27 < left < 0.5
    again = plan_scenario(world_params(program=program, mechanism=name, months=24), load_programme(program))
    assert again.programme == scenario.programme, "the same seed, the same world"
    other = plan_scenario(
        world_params(program=program, mechanism=name, months=24, seed=12), load_programme(program)
    )
    bases = [[cause.base for cause in one.programme.causes.values()] for one in (scenario, other)]
    assert np.ptp(np.array(bases[0]) / bases[0][0]) > 0.2 and bases[0] != bases[1]


def test_expected_leavings_by_hand(simulated: Callable) -> None:
    lives, scenario = simulated()
    zero = np.zeros_like(lives.hazards.base)
    base = zero.copy()
    base[0] = 0.01
    weeks = counted_weeks(scenario, lives.members)
    from_base, from_excess = expected_leavings(base, zero, scenario.mechanism, weeks)
    assert from_excess.sum() == 0 and (from_base[1:] == 0).all()
    assert from_base[0] == pytest.approx(-np.expm1(-0.01 * weeks.sum(axis=0)).sum(), rel=0.01)


def test_hidden_sensitivity_moves_the_excess_of_its_causes_alone(simulated: Callable) -> None:
    lives, scenario = simulated(mechanism="early_silence", **SMALL)
    factor = lives.hazards.sensitivity
    assert (factor[[0, 1, 4, 5]] == 1).all() and factor[3].std() > 0.5
    assert np.corrcoef(np.log(factor[2]), np.log(factor[3]))[0, 1] == pytest.approx(1, abs=1e-4)
    many = scenario.stream(0, "test")
    drawn = np.concatenate([draw_sensitivity(scenario, lives.members, many)[3] for _ in range(40)])
    assert drawn.mean() == pytest.approx(1, abs=0.05)
    exposure = lives.history.exposures["no_contact"]
    weight = scenario.programme.causes["engagement"].excess["no_contact"]
    part = weight * exposure * lives.hazards.frailty * scenario.clock.length[:, None] * factor[3]
    assert (lives.hazards.excess[3] >= part * (1 - 1e-5)).all() and part.max() > 0


def test_doses_and_silence_count_from_joining_on(simulated: Callable) -> None:
    for name, exposure in (("saturating_sums", "defect"), ("early_silence", "no_contact")):
        lives, scenario = simulated(mechanism=name, **SMALL)
        late = np.flatnonzero(lives.members.entry > 140)
        before = np.arange(scenario.clock.weeks)[:, None] < lives.members.entry[late] // 7
        assert (lives.history.exposures[exposure][:, late][before] == 0).all()
    silence = Silence(from_week=0, grows_weeks=10)
    assert load_mechanism("early_silence").silence == silence != Silence()


def test_actions_change_the_total_that_the_causes_make_together(
    simulated: Callable, blocks: Callable
) -> None:
    lives, scenario = simulated(mechanism="interacting_causes", **SMALL)
    table = blocks(mechanism="interacting_causes", **SMALL).truth["touch_effects"]
    contacts = lives.contacts.set_index(["campaign_id", lives.members.ids[lives.contacts["position"]]])
    treated = table[table["treated"]].sort_values("effect")
    assert treated["effect"].iloc[0] < 0.9 and (table.loc[~table["treated"], "effect"] == 1).all()
    for row in (treated.iloc[0], treated.iloc[len(treated) // 2], treated[~treated["noticed"]].iloc[0]):
        contact = contacts.loc[(row["campaign_id"], row["member_id"])]
        who, first = int(contact["position"]), int(contact["week"])
        weeks = slice(first, first + row["weeks"])
        own = contact_factors(
            scenario,
            lives.members,
            row["action"],
            np.array([who]),
            row["weeks"],
            np.array([contact["recent"]]),
        )[:, :, 0]
        as_it_was = lives.hazards.action_factors[:, weeks, who].astype("float64")
        untouched = as_it_was / own if contact["noticed"] else as_it_was
        for factors, column in ((untouched, "p_churn_untouched"), (untouched * own, "p_churn_touched")):
            parts = (part[:, weeks, who] * factors for part in (lives.hazards.base, lives.hazards.excess))
            total = combine(*parts, scenario.mechanism).sum()
            assert row[column] == pytest.approx(-np.expm1(-total), rel=1e-4)


def test_sub_causes_follow_what_the_meeting_of_causes_made_of_them(simulated: Callable) -> None:
    lives, _ = simulated(mechanism="foreign_event_names", members=1500, months=18)
    gone = lives.leavers
    week, who = gone["decided_day"].to_numpy() // 7, gone["position"].to_numpy()
    hazards = lives.hazards
    factors = hazards.action_factors[:, week, who]
    general = (hazards.base[:, week, who] * factors / hazards.by_cause[:, week, who]).T
    number = gone["cause"].map(list(CAUSES).index).to_numpy()
    expected = general[np.arange(len(gone)), number]
    drawn = (gone["subcause"] == "general").to_numpy()
    assert abs(drawn.sum() - expected.sum()) < 4 * np.sqrt((expected * (1 - expected)).sum())
