from __future__ import annotations

import numpy as np
import pytest

from whychurn.action.effects.estimates.pooled import p_values, pooled_effects, smallest_seen
from whychurn.action.effects.estimates.randomised_rows import randomised_rows


def test_effects_of_planted_actions_lie_within_their_intervals(planted, truth) -> None:
    inside = []
    for seed in range(30):
        rows, p, q, d = planted(seed, members=3_000, waves=4)
        found = pooled_effects(randomised_rows(rows, p, q, d)).set_index("action")
        for action in found.index:
            mine = rows["action"] == action
            true = -(p[mine] * (q[mine] @ truth(action))).mean()
            inside.append(abs(found.loc[action, "effect"] - true) < 1.96 * found.loc[action, "se"])
    assert 0.91 < np.mean(inside) < 0.985  # 180 intervals


def test_doing_nothing_is_called_an_effect_one_time_in_twenty(planted, believed) -> None:
    low = []
    for seed in range(60):
        rows, p, q, d = planted(seed, members=2_000, waves=4, duds_only=True)
        low += list(p_values(randomised_rows(rows, p, q, d), believed)["p_value"] < 0.05)
    assert 0.02 < np.mean(low) < 0.085  # 360 tests


def test_an_action_is_looked_for_where_its_cause_is(planted, believed) -> None:
    rows, p, q, d = planted(1, members=12_000)
    arrays = randomised_rows(rows, p, q, d)
    aimed = p_values(arrays, believed).set_index("action")
    flat = pooled_effects(arrays).set_index("action")
    z_aimed = np.sqrt(-np.log(aimed.loc["service_callback", "p_value"]))
    plain = flat.loc["service_callback"]
    assert z_aimed > abs(plain["effect"] / plain["se"]) / np.sqrt(2)
    assert bool(aimed.loc["service_callback", "helps"])
    assert not bool(aimed.loc["mass_mail", "helps"])


def test_cells_without_anybody_held_out_say_nothing(planted) -> None:
    rows, p, q, d = planted(2, members=1_000, waves=2)
    keep = ~((rows["wave"] == 0) & (rows["action"] == "control")).to_numpy()
    found = pooled_effects(randomised_rows(rows[keep], p[keep], q[keep], d[keep])).set_index("action")
    second = rows[(rows["wave"] == 1) & (rows["action"] == "coupon")]
    assert found.loc["coupon", "treated"] == len(second)
    nobody = (rows["action"] != "control").to_numpy()
    assert pooled_effects(randomised_rows(rows[nobody], p[nobody], q[nobody], d[nobody])).empty


def test_variance_is_clustered_by_member(planted) -> None:
    rows, p, q, d = planted(3, members=400, waves=1)
    once = pooled_effects(randomised_rows(rows, p, q, d)).set_index("action")
    copies = rows.loc[rows.index.repeat(4)]
    again = np.repeat(np.arange(len(rows)), 4)
    found = pooled_effects(randomised_rows(copies, p[again], q[again], d[again])).set_index("action")
    assert found["se"].to_numpy() == pytest.approx(once["se"].to_numpy(), rel=1e-9)


def test_the_smallest_effect_that_a_test_finds() -> None:
    assert smallest_seen(np.array([0.01]))[0] == pytest.approx(0.0280, abs=1e-4)
