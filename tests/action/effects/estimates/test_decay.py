from __future__ import annotations

import numpy as np
import pytest

from whychurn.action.effects.efficacy import fitted_effects
from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.decay import Decay, assumed_decay, believed_decay, fit_decay
from whychurn.action.effects.estimates.fit import believed_only
from whychurn.action.effects.estimates.pooled import effects_together, pooled_effects
from whychurn.action.effects.estimates.randomised_rows import randomised_rows
from whychurn.action.playbook.read import load_playbook
from whychurn.contract.params import Params

HAZARD = 0.01  # a week
DAYS = np.array([30, 90, 180])


def _effects(half_life: float, onset: float = 0.0, efficacy: float = 0.4) -> np.ndarray:
    """Exact change of the chance to leave by each day, by summing a hazard day by day."""
    week = np.arange(0, 180 / 7, 0.01)
    strength = np.where(week >= onset, 0.5 ** ((week - onset) / half_life), 0.0)
    touched, alone = (
        np.cumsum(HAZARD * (1 - efficacy * strength) * 0.01),
        np.cumsum(HAZARD * np.full(len(week), 0.01)),
    )
    at = np.searchsorted(week, DAYS / 7) - 1
    return np.exp(-alone[at]) - np.exp(-touched[at])


def test_belief_has_a_course_for_every_action() -> None:
    entries = {one.action: one for one in load_playbook(Params())}
    assert believed_decay(entries, "coupon").half_life_weeks == entries["coupon"].half_life_weeks
    assert (
        believed_decay(entries, "tea_party") == assumed_decay()
        and not believed_decay(entries, "coupon").known
    )


def test_effects_carry_the_courses_in_the_order_of_their_actions() -> None:
    fit = believed_only({"call": Believed(("price",), 0.3), "gift": Believed()}, 4, 7)
    courses = [Decay(1.0, 8.0, True), Decay(0.0, 16.0, False)]
    found = fitted_effects(fit, courses, {"call": "shown"}, 60)
    assert found.actions == ["call", "gift"] and found.effect_days == 60
    assert found.half_life_weeks.tolist() == [8.0, 16.0] and found.half_life_known.tolist() == [True, False]


RATES = 1 - np.exp(-HAZARD * DAYS / 7)


@pytest.mark.parametrize("half_life", [4.0, 12.0, 40.0])
def test_a_well_measured_half_life_is_found(half_life) -> None:
    found = fit_decay(_effects(half_life), np.eye(3) * 1e-9, RATES)
    assert found.known
    assert found.half_life_weeks == pytest.approx(half_life, rel=0.25)
    assert found.onset_weeks < 1


def test_a_late_onset_is_found() -> None:
    found = fit_decay(_effects(12.0, onset=3.0), np.eye(3) * 1e-10, RATES)
    assert found.onset_weeks == pytest.approx(3, abs=0.7)


def test_effects_that_hardly_anything_is_known_of_keep_the_believed_half_life() -> None:
    assert fit_decay(_effects(4.0), np.eye(3) * 1e-2, RATES, believed=20.0) == Decay(0.0, 20.0, False)
    assert assumed_decay().half_life_weeks == 16


def test_effects_on_several_outcomes_are_those_on_each(planted) -> None:
    rows, p, q, d = planted(1, members=2_000, waves=3)
    arrays = randomised_rows(rows, p, q, d)
    both = np.stack([arrays.left, arrays.left], axis=1)
    found = effects_together(arrays, both)
    alone = pooled_effects(arrays).set_index("action")
    effect, covariance, rates = found["coupon"]
    assert effect == pytest.approx(np.full(2, alone.loc["coupon", "effect"]))
    assert covariance == pytest.approx(np.full((2, 2), alone.loc["coupon", "se"] ** 2))
    assert rates == pytest.approx(np.full(2, alone.loc["coupon", "rate_control"]))
