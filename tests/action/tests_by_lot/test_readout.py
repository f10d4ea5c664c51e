"""Read-out: planted differences are found, intervals hold, arms that do not fit are refused, few are not shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from whychurn.action.pooled_tests import POOLED, pooled_tests
from whychurn.action.tests_by_lot.arms import CONTACTED, MISMATCH, Arms, all_arms, pooled_ratio, sample_ratio
from whychurn.action.tests_by_lot.as_drawn.outcomes import OUTCOMES
from whychurn.action.tests_by_lot.differences import NOTHING, Compared, Difference, difference
from whychurn.action.tests_by_lot.readout import read_tests
from whychurn.contract.params.action import ActionParams
from whychurn.contract.results import columns_of

PARAMS = ActionParams()
MEAN_RISK = 0.2215  # of expit(-1.5 + a standard normal)


def drawn(
    n: int,
    effects: dict[str, float],
    seed: int = 1,
    control: float = 0.5,
    campaign: str = "c1",
    members: int = 0,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of one wave with a shared control; relative effects planted; true chances untouched."""
    rng = np.random.default_rng(seed)
    p = special.expit(-2 + 0.8 * rng.normal(size=n))
    names = ["control", *effects]
    chance = np.array([control, *[(1 - control) / len(effects)] * len(effects)])
    arm = rng.choice(len(names), n, p=chance)
    change = np.array([0.0, *effects.values()])[arm]
    left = rng.random(n) < p * (1 - change)
    who = rng.permutation(members or n)[:n]
    rows = pd.DataFrame(
        {"member_id": [f"m{k}" for k in who], "campaign_id": campaign, "wave": 1, "sent_on": pd.Timestamp("2024-05-01"),
         "action": np.array(names, dtype=object)[arm], "randomized": True, "propensity": chance[arm],
         "propensity_stated": True, "stratum": "all", "complete": True, "followed_days": 300,
         "left": pd.array(left.astype(int), dtype="Int8"), "recent_touch_days": np.nan,
         "left_after": np.where(left, rng.uniform(0, 90, n), np.nan),
         "spend_before": rng.gamma(2, 20, n)}
    ).assign(**dict.fromkeys(OUTCOMES, np.nan))  # fmt: skip
    return rows, p


def main(table: pd.DataFrame, campaign: str = "c1", action: str = "coupon") -> pd.Series:
    kept = (table["campaign_id"] == campaign) & (table["action"] == action) & (table["stratum"] == "all")
    return table[kept & (table["outcome"] == "left")].iloc[0]


def test_a_planted_difference_is_found_and_adjustment_saves_variance() -> None:
    rows, p = drawn(16000, {"coupon": 0.3, "dud": 0.0})
    table = read_tests(rows, p, PARAMS, 10)
    assert list(table.columns) == columns_of("action_tests")
    found, dud = main(table), main(table, action="dud")
    true = -0.3 * p.mean()
    for low, high in (("low", "high"), ("low_adjusted", "high_adjusted")):
        assert found[low] < true < found[high] < 0 and dud[low] < 0 < dud[high]
    assert 0.02 < found["variance_saved"] < 0.3 and found["q_value"] < 0.001 < dud["q_value"]
    assert found["high_adjusted"] - found["low_adjusted"] < found["high"] - found["low"]
    assert found["srm_p"] > MISMATCH and pd.isna(found["note"]) and found["complete"]


def test_intervals_hold_the_truth_over_strata_of_shared_members() -> None:
    """400 pairs of waves with most members in both: 95 % intervals, plain and adjusted, hold the truth in 95 %."""
    hold: dict[bool, list[bool]] = {False: [], True: []}
    for seed in range(400):
        rng = np.random.default_rng(seed)
        risk = special.expit(-1.5 + rng.normal(size=500))
        member = np.concatenate([rng.permutation(500)[:400] for _ in range(2)])
        treated, p = rng.random(800) < 0.4, risk[member]
        y = (rng.random(800) < p * np.where(treated, 0.7, 1)).astype(float)
        rows = Compared(treated, member, np.repeat(["a", "b"], 400), np.ones(800), "precision")
        for adjusted, each in hold.items():
            low, high = difference(y, rows, special.logit(p)[:, None] if adjusted else None).interval()
            each.append(low < -0.3 * MEAN_RISK < high)
    assert {0.925 <= np.mean(each) <= 0.975 for each in hold.values()} == {True}


def test_two_actions_with_one_control_are_both_read_rightly() -> None:
    """60 waves of two actions against one control of 30 %: intervals of both hold the truth, and their errors go together."""
    found = []
    for seed in range(60):
        rows, p = drawn(900, {"coupon": 0.4, "dud": 0.0}, seed, 0.3)
        table = read_tests(rows, p, PARAMS, 1, ["left"])
        both = [main(table, POOLED, action)[["low", "high", "effect"]] for action in ("coupon", "dud")]
        found.append(np.concatenate(both))
    low, high, coupon, dud_low, dud_high, dud = np.array(found, dtype=float).T
    true = -0.4 * 0.1434  # mean of the chance under this law
    assert np.mean((low < true) & (true < high)) >= 0.88 and np.mean((dud_low < 0) & (dud_high > 0)) >= 0.88
    assert np.corrcoef(coupon, dud)[0, 1] > 0.2


def test_members_drawn_twice_count_once_in_the_variance() -> None:
    """A row copied for each member adds rows and no knowledge: the standard error stays."""
    rng = np.random.default_rng(0)
    y, treated = rng.normal(size=2000), rng.random(2000) < 0.5
    member, one = np.arange(2000).astype(str), np.ones(2000)
    once = difference(y, Compared(treated, member, np.full(2000, "s"), one))
    twice = difference(
        np.tile(y, 2),
        Compared(np.tile(treated, 2), np.tile(member, 2), np.repeat(["s", "t"], 2000), np.tile(one, 2)),
    )
    assert twice.effect == pytest.approx(once.effect) and twice.sd == pytest.approx(once.sd, rel=1e-3)


def test_plain_difference_is_that_of_two_means() -> None:
    y = np.array([1.0, 0, 0, 0, 1, 1, 0, np.nan])
    treated = np.array([True, True, True, True, False, False, False, False])
    found: Difference = difference(y, Compared(treated, np.arange(8), np.zeros(8), np.ones(8)))
    assert (found.treated, found.control) == (0.25, pytest.approx(2 / 3))
    by_hand = np.sqrt((0.25 * 0.75 / 4 + 2 / 9 / 3) * 7 / 6)
    assert found.sd == pytest.approx(by_hand) and found.smallest_seen == pytest.approx(
        2.8016 * by_hand, rel=1e-4
    )
    assert found.interval()[0] == pytest.approx(found.effect - 1.96 * by_hand, rel=1e-4)
    assert difference(y, Compared(np.ones(8, bool), np.arange(8), np.zeros(8), np.ones(8))) is NOTHING


def test_strata_with_other_chances_do_not_bias() -> None:
    """Risky members are drawn more often for the dud: the plain difference of means would call it harmful."""
    rng = np.random.default_rng(3)
    n = 20000
    risky = rng.random(n) < 0.5
    chance = np.where(risky, 0.8, 0.3)
    treated = rng.random(n) < chance
    left = rng.random(n) < np.where(risky, 0.3, 0.05)
    rows, _ = drawn(n, {"dud": 0.0})
    rows = rows.assign(
        action=np.where(treated, "dud", "control"), left=pd.array(left.astype(int), dtype="Int8"),
        propensity=np.where(treated, chance, 1 - chance), stratum=np.where(risky, "0.8", "0.3"),
    )  # fmt: skip
    table = read_tests(rows, np.full(n, 0.1), PARAMS, 10)
    found = main(table, action="dud")
    assert left[treated].mean() - left[~treated].mean() > 0.05 and found["low"] < 0 < found["high"]
    assert sorted(table.loc[table["campaign_id"] == "c1", "stratum"]) == ["0.3", "0.8", "all"]


def test_chances_that_differ_from_member_to_member_are_weighted() -> None:
    """Three arms, chances by risk: inverse chances take the selection out."""
    rng = np.random.default_rng(6)
    n = 40000
    risk = rng.random(n)
    chances = np.column_stack([0.2 + 0.4 * risk, 0.5 - 0.3 * risk, 0.3 - 0.1 * risk])
    arm = (rng.random(n)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    rows, _ = drawn(n, {"a": 0.0})
    rows = rows.assign(
        action=np.array(["control", "a", "b"], dtype=object)[arm], propensity=chances[np.arange(n), arm],
        left=pd.array((rng.random(n) < 0.3 * risk).astype(int), dtype="Int8"),
    )  # fmt: skip
    table = read_tests(rows, np.full(n, 0.1), PARAMS, 10)
    for action in ("a", "b"):
        assert main(table, action=action)["low"] < 0 < main(table, action=action)["high"]
        assert main(table, action=action)["srm_p"] > MISMATCH


def test_a_tenth_of_an_arm_lost_is_found_and_nothing_is_shown() -> None:
    """5 000 an arm: found in 95 of 100 tests at least, and hardly ever where nothing is lost."""
    found = {0.0: [], 0.1: []}
    for seed in range(60):
        rows, p = drawn(10000, {"coupon": 0.0}, seed)
        rng = np.random.default_rng(seed)
        for lost, each in found.items():
            kept = (rows["action"] != "coupon") | (rng.random(len(rows)) >= lost)
            (arms,) = all_arms(rows[kept.to_numpy()])
            each.append(sample_ratio(arms) < MISMATCH)
    assert np.mean(found[0.1]) >= 0.95 and sum(found[0.0]) <= 1
    kept = (rows["action"] != "coupon") | (rng.random(len(rows)) >= 0.1)
    row = main(read_tests(rows[kept.to_numpy()], p[kept.to_numpy()], PARAMS, 10))
    assert (
        row["note"] == "mismatch" and row[["effect", "effect_adjusted", "low", "rate_treated"]].isna().all()
    )


def test_a_small_loss_in_every_wave_adds_up() -> None:
    several = []
    for seed in range(12):
        rows, _ = drawn(3000, {"coupon": 0.0}, seed, campaign=f"c{seed}")
        kept = (rows["action"] != "coupon") | (np.random.default_rng(seed).random(3000) >= 0.06)
        several += list(all_arms(rows[kept.to_numpy()]))
    alone = [sample_ratio(one) for one in several]
    assert np.mean(np.array(alone) < MISMATCH) < 0.3 and pooled_ratio(several) < MISMATCH


def test_unstated_chances_tell_nothing_of_the_sizes() -> None:
    rows, _ = drawn(1000, {"coupon": 0.0})
    arms: Arms = next(all_arms(rows.assign(propensity_stated=False)))
    assert np.isnan(sample_ratio(arms)) and np.isnan(pooled_ratio([arms]))


def test_constant_chances_on_uneven_arms_are_a_mismatch() -> None:
    rows, p = drawn(4000, {"coupon": 0.0}, control=0.3)
    row = main(read_tests(rows.assign(propensity=0.5), p, PARAMS, 10))
    assert row["note"] == "mismatch"


def test_a_plan_is_read_out_as_contacted_against_held_out() -> None:
    """The plan chose coupon for the risky and letter for the others; the lot only who is held out."""
    rng = np.random.default_rng(9)
    rows, p = drawn(20000, {"coupon": 0.0})
    held_out = rng.random(20000) < 0.1
    rows = rows.assign(
        action=np.where(held_out, "control", np.where(p > 0.15, "coupon", "letter")),
        propensity=np.where(held_out, 0.1, 0.9),
    )  # fmt: skip
    table = read_tests(rows, p, PARAMS, 10)
    assert set(table["action"]) == {CONTACTED} and main(table, action=CONTACTED)["srm_p"] > MISMATCH
    assert main(table, action=CONTACTED)["low"] < 0 < main(table, action=CONTACTED)["high"]


def test_campaigns_of_one_arm_have_no_effect_and_others_go_on() -> None:
    rows, p = drawn(4000, {"coupon": 0.2})
    alone = rows[rows["action"] == "coupon"].assign(campaign_id="alone", propensity=1.0)
    held = rows[rows["action"] == "control"].assign(campaign_id="held", propensity=1.0)
    aimed = rows.assign(campaign_id="aimed", randomized=False)
    both = pd.concat([rows, alone, held, aimed], ignore_index=True)
    table = read_tests(both, np.resize(p, len(both)), PARAMS, 10)
    assert set(table["campaign_id"]) == {"c1", "alone", "held", POOLED}
    assert main(table, "alone")["note"] == "no_control" and np.isnan(main(table, "alone")["effect"])
    assert main(table, "held", "control")["note"] == "only_control"
    assert main(table)["effect"] < 0 and main(table, POOLED)["effect"] == pytest.approx(main(table)["effect"])
    assert pooled_tests(table)["effect"].to_dict() == {"coupon": main(table, POOLED)["effect"]}


def test_follow_up_that_has_not_ended_waits_and_is_not_pooled() -> None:
    rows, p = drawn(4000, {"coupon": 0.2})
    late = rows.assign(
        campaign_id="late", wave=2, complete=False, left=pd.array([pd.NA] * len(rows), dtype="Int8")
    )
    both, twice = pd.concat([rows, late], ignore_index=True), np.tile(p, 2)
    table = read_tests(both, twice, PARAMS, 10)
    assert main(table, "late")["note"] == "waiting" and not main(table, "late")["complete"]
    assert main(table, "late")["treated"] > 1000 and np.isnan(main(table, "late")["effect"])
    assert main(table, POOLED)["complete"] and main(table, POOLED)["treated"] == main(table)["treated"]


def test_harm_and_few_leavings_are_noted() -> None:
    rows, p = drawn(12000, {"mail": -0.5})
    assert main(read_tests(rows, p, PARAMS, 10), action="mail")["note"] == "harm"
    few, p = drawn(220, {"mail": 0.0})
    assert main(read_tests(few, p, PARAMS, 2), action="mail")["note"] == "few_leavings"


def test_small_cells_are_not_shown() -> None:
    rows, p = drawn(4000, {"coupon": 0.0})
    rows["left"] = pd.array([1 if k < 12 else 0 for k in range(len(rows))], dtype="Int8")
    row = main(read_tests(rows, p, PARAMS, 10))
    assert row["suppressed"] and row[["rate_treated", "rate_control", "effect", "low", "high"]].isna().all()
    assert row["treated"] > 1000
    small = main(read_tests(rows.iloc[500:512], p[500:512], PARAMS, 10))
    assert small["suppressed"] and np.isnan(small["treated"])


def test_other_outcomes_are_read_and_corrected_apart_from_the_main_one() -> None:
    rows, p = drawn(8000, {"coupon": 0.0, "gift": 0.0})
    rng = np.random.default_rng(2)
    rows["spend"] = (
        rng.gamma(2, 20, len(rows))
        + np.where(rows["action"] == "gift", 5.0, 0.0)
        + 0.5 * rows["spend_before"]
    )
    rows["orders"] = rng.poisson(2, len(rows)).astype(float)
    table = read_tests(rows, p, PARAMS, 10).set_index(["campaign_id", "action", "outcome"])
    gift = table.loc[("c1", "gift", "spend")]
    assert gift["low"] < 5 < gift["high"] and gift["q_value"] < 0.01 and gift["variance_saved"] > 0.05
    assert table.loc[("c1", "coupon", "orders"), "q_value"] > 0.05
    assert not {"renewed", "returned"} & set(table.reset_index()["outcome"])
