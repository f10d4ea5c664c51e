"""All tables on tests from a small programme: planted, bad and absent touches."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.section import tests_section as section_of
from whychurn.contract.causes import CAUSES
from whychurn.contract.results import columns_of


def shop(programme: SimpleNamespace, members: int = 900, saved: float = 0.6) -> ActionInputs:
    """Half get a coupon on day 200; a third of those held out leave soon, fewer of the others."""
    rng = np.random.default_rng(1)
    names = [f"m{k:04d}" for k in range(members)]
    treated = rng.random(members) < 0.5
    leaves = rng.random(members) < np.where(treated, 0.35 * (1 - saved), 0.35)
    acts = {name: programme.regular(240 if gone else 540) for name, gone in zip(names, leaves, strict=True)}
    sent = programme.touches([(name, "save-1", 200, "coupon" if t else "control") for name, t in zip(names, treated, strict=True)])  # fmt: skip
    inputs = programme.inputs(acts, sent)
    inputs.panel["orders_90d"] = 1.0
    shares = pd.DataFrame({"cause": CAUSES, "share": [0.2, 0.3, 0.1, 0.2, 0.1, 0.1]})
    return replace(inputs, cause_shares=shares)


def test_a_planted_test_gives_all_three_tables(programme: SimpleNamespace) -> None:
    found = section_of(shop(programme))
    for name in ("action_tests", "action_peeks", "action_sizes"):
        assert list(found.tables[name].columns) == columns_of(name) and len(found.tables[name])
    tests = found.tables["action_tests"].set_index(["campaign_id", "outcome"])
    row = tests.loc[("save-1", "left")]
    assert row["low"] < -0.21 < row["high"] < 0 and row["q_value"] < 0.01 and row["complete"]
    assert ("save-1", "spend") in tests.index and tests.loc[("all", "left"), "effect"] == pytest.approx(
        row["effect"]
    )
    facts = found.facts
    assert facts["campaigns"]["save-1"] == {
        "actions": ["coupon"], "randomised": True, "stated": True, "sent_on": "2024-07-19", "weeks_left": 0
    }  # fmt: skip
    assert facts["untouched"]["source"] == "control" and facts["untouched"]["leavers"] > 100
    assert len(found.extra["rows"]) == len(found.extra["features"]) == len(found.extra["p"]) == 900
    sizes = found.tables["action_sizes"]
    assert set(sizes["action"]) == {"coupon"} and sizes["relative"].to_numpy() == pytest.approx(0.35 * 0.3)
    assert facts["first_arm"] == sizes.loc[sizes["design"] == "plain", "n_arm"].min()


def test_names_of_people_are_in_no_result(programme: SimpleNamespace) -> None:
    """Members are in no table and no fact of the section: it holds groups only."""
    found = section_of(shop(programme))
    shown = " ".join(table.to_csv() for table in found.tables.values()) + str(found.facts)
    assert "m0001" not in shown and "m0899" not in shown


def test_the_mix_of_causes_plans_tests_that_aim(programme: SimpleNamespace) -> None:
    def mix_at(member_id: pd.Series, _: pd.Series) -> pd.DataFrame:
        mix = pd.DataFrame(np.full((len(member_id), 6), 0.1), columns=[f"p_{cause}" for cause in CAUSES])
        price = np.where(np.arange(len(member_id)) % 4 == 0, 0.9, 0.02)
        return mix.assign(p_price=np.where(np.arange(len(member_id)) == 0, np.nan, price))

    sizes = section_of(replace(shop(programme), mix_at=mix_at)).tables["action_sizes"].set_index("design")
    assert sizes.loc["enriched", "n_arm"] < 0.3 * sizes.loc["plain", "n_arm"]
    assert sizes.loc["cause_informed", "n_arm"] < 0.5 * sizes.loc["plain", "n_arm"]


def test_without_touches_the_sizes_of_a_first_test_remain(programme: SimpleNamespace) -> None:
    inputs = replace(shop(programme), tables=shop(programme).tables | {"touches": programme.empty("touches")})
    inputs.panel["churned_in_horizon"] = pd.array(np.arange(len(inputs.panel)) % 10 == 0, dtype="boolean")
    found = section_of(inputs)
    assert len(found.tables["action_tests"]) == len(found.tables["action_peeks"]) == 0
    sizes = found.tables["action_sizes"]
    assert {"coupon", "newsletter", "service_callback"} <= set(sizes["action"]) and "control" not in set(
        sizes["action"]
    )
    assert found.facts["untouched"]["source"] == "panel" and found.facts["p0"] == pytest.approx(0.1, abs=0.02)
    assert found.facts["first_arm"] > 0 and found.facts["campaigns"] == {}


def test_touches_without_lot_are_no_tests(programme: SimpleNamespace) -> None:
    inputs = shop(programme)
    inputs.tables["touches"]["randomized"] = pd.array([pd.NA] * 900, dtype="boolean")
    found = section_of(inputs)
    assert len(found.tables["action_tests"]) == 0 and not found.facts["campaigns"]["save-1"]["randomised"]
    assert found.facts["randomised"] == 0


def test_own_actions_are_sized_with_their_own_belief(programme: SimpleNamespace) -> None:
    own = {
        "seat_upgrade": {"causes": ["price"], "belief": 0.5},
        "return_gift": {"causes": ["price"], "for": "left"},
    }
    inputs = shop(programme)
    params = inputs.params.model_copy(update={"action": type(inputs.params.action)(actions=own)})
    sizes = section_of(replace(inputs, params=params)).tables["action_sizes"].set_index(["action", "design"])
    assert sizes.loc[("seat_upgrade", "plain"), "relative"] == pytest.approx(0.15)
    assert set(sizes.index.get_level_values("action")) == {"coupon", "seat_upgrade"}


def test_two_runs_give_the_same(programme: SimpleNamespace) -> None:
    first, second = section_of(shop(programme, 300)), section_of(shop(programme, 300))
    assert first.facts == second.facts
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name])


def test_invitations_to_leavers_are_read_by_returns(programme: SimpleNamespace) -> None:
    """Leavers drawn by lot for a bonus: half of them come back, a fifth of those held out."""
    rng = np.random.default_rng(3)
    names, treated = [f"m{k:04d}" for k in range(800)], rng.random(800) < 0.5
    back = rng.random(800) < np.where(treated, 0.5, 0.2)
    acts = {
        one: [*programme.regular(60), *([240] if came else [])] for one, came in zip(names, back, strict=True)
    }
    sent = [
        (one, "back-1", 200, "return_bonus" if t else "control")
        for one, t in zip(names, treated, strict=True)
    ]
    tests = section_of(programme.inputs(acts, programme.touches(sent))).tables["action_tests"]
    row = tests.set_index(["campaign_id", "outcome"]).loc[("back-1", "returned")]
    assert row["low"] < 0.3 < row["high"] and row["q_value"] < 0.001 and row["treated"] == treated.sum()
    assert set(tests["outcome"]) == {"returned"}  # nobody was still there
