"""Randomised touches: known effects and shares are found, duds say nothing, odd draws are told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from whychurn.causes.member_weeks.decision_windows import Spells
from whychurn.causes.member_weeks.week_calendar import Calendar
from whychurn.causes.touches.cure_posterior import (
    EFFICACY,
    SharePosterior,
    action_log_likelihood,
    power_at,
    share_posterior,
)
from whychurn.causes.touches.randomised_arms import (
    arm_chances,
    assigned_members,
    campaign_arms,
    randomised_rows,
    sample_ratio,
)
from whychurn.causes.touches.touch_results import touch_results, touch_table
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of

LEVEL = 0.95


def one_test(difference: float, sd: float, **given: object) -> pd.DataFrame:
    row = {"action": "coupon", "rate": 0.2, "force": 1.0, "mix": 0.1, "difference": difference, "sd": sd}
    return pd.DataFrame([row | given])


def test_a_large_effect_lifts_a_share_that_is_too_small() -> None:
    """The action took away 30 % of all leavings: its cause has at least that share."""
    found = share_posterior(one_test(-0.06, 0.004), 0.1, 0.03, 0.28, LEVEL)
    assert found.share > 0.25 and found.low > 0.2 and found.share <= found.high


def test_no_effect_says_nothing_of_the_share() -> None:
    """A perfect cure of a cause with a small share, or a dud: with a large test the dud explains it."""
    exact = share_posterior(one_test(0.0, 1e-5), 0.2, 0.1, 0.36, LEVEL)
    small = share_posterior(one_test(0.0, 0.02), 0.2, 0.1, 0.36, LEVEL)
    found: SharePosterior
    for found in (exact, small):
        assert found.share == pytest.approx(0.2, abs=0.012)
        assert (found.low, found.high) == (pytest.approx(0.1, abs=0.012), pytest.approx(0.36, abs=0.02))


def test_harm_is_no_evidence_for_a_large_share() -> None:
    found = share_posterior(one_test(0.03, 0.005), 0.2, 0.1, 0.36, LEVEL)
    assert found.share <= 0.2 + 1e-6


def test_without_tests_the_share_is_the_models() -> None:
    high = float(special.expit(2 * special.logit(0.2) - special.logit(0.1)))  # symmetric on the log-odds
    found = share_posterior(one_test(0.0, 1.0).iloc[:0], 0.2, 0.1, high, LEVEL)
    assert found.share == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.1, abs=0.002), pytest.approx(high, abs=0.003))


def test_two_actions_at_one_cause_add_up_and_campaigns_of_one_action_share_its_efficacy() -> None:
    shift = np.linspace(-1, 1, 5)
    alone = action_log_likelihood(one_test(-0.01, 0.01), shift)
    both = action_log_likelihood(pd.concat([one_test(-0.01, 0.01)] * 2), shift)
    # one efficacy for both: not the product, whose duds would be drawn twice
    assert not np.allclose(both - both[0], 2 * (alone - alone[0]))
    by_hand = np.log(
        1 / 3 * density(0.0) ** 2 + 2 / 3 * np.mean([density(x) ** 2 for x in removed(shift[1])])
    )
    assert both[1] == pytest.approx(by_hand)


def density(mean: float) -> float:
    return float(np.exp(-0.5 * ((-0.01 + mean) / 0.01) ** 2) / (0.01 * np.sqrt(2 * np.pi)))


def removed(shift: float) -> np.ndarray:
    return 0.2 * special.expit(special.logit(0.1) + shift) * EFFICACY


def test_intervals_hold_over_actions_drawn_from_the_prior() -> None:
    rng = np.random.default_rng(4)
    held, without, widths = [], [], []
    for _ in range(250):
        truth = float(special.expit(special.logit(0.15) + rng.normal(0, 0.45)))
        efficacy = 0.0 if rng.random() < 1 / 3 else rng.random()
        sd = 0.006
        test = one_test(-0.2 * 0.8 * truth * efficacy + rng.normal(0, sd), sd, mix=0.15, force=0.8)
        low, high = special.expit(special.logit(0.15) + np.array([-1.96, 1.96]) * 0.45)
        found = share_posterior(test, 0.15, float(low), float(high), LEVEL)
        held.append(found.low <= truth <= found.high)
        without.append(low <= truth <= high)
        widths.append((found.high - found.low) / (high - low))
    assert 0.91 <= np.mean(held) <= 0.985 and 0.91 <= np.mean(without) <= 0.985
    assert np.mean(widths) < 1.0


def test_power_is_that_of_the_plain_two_sample_test() -> None:
    rng = np.random.default_rng(1)
    n, rate, mix = 4000, 0.1, 0.3
    touched = rng.binomial(n, rate * (1 - 0.5 * mix), 4000) / n
    control = rng.binomial(n, rate, 4000) / n
    sd = np.sqrt(2 * rate * (1 - rate) / n)
    noticed = np.mean(np.abs(touched - control) / sd > 1.96)
    assert power_at(rate, 1.0, mix, float(sd), LEVEL) == pytest.approx(noticed, abs=0.03)


START = pd.Timestamp("2024-01-01")
CALENDAR = Calendar(START, 364)
ROWS = 4000


def drawn_rows(seed: int, members: int = ROWS, chance: float = 0.5, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    action = np.where(rng.random(members) < chance, "coupon", "control")
    own = np.where(action == "coupon", chance, 1 - chance)
    rows = {"member_id": [f"m{n}" for n in range(members)], "campaign_id": "c1", "action": action}
    days = {"sent_at": START + pd.Timedelta(days=70), "randomized": True, "propensity": own}
    return pd.DataFrame(rows | days | columns)


def spells_of(rows: pd.DataFrame, treated: float, control: float, seed: int) -> tuple[Spells, pd.DataFrame]:
    """Members who decide in weeks 10 to 15 with a chance that depends on the arm; the others stay."""
    rng, n = np.random.default_rng([seed, 1]), len(rows)
    left = rng.random(n) < np.where(rows["action"] == "coupon", treated, control)
    week = np.where(left, rng.integers(11, 16, n), -1)
    last = np.where(left, week * 7, 363)
    ids = {"member_id": rows["member_id"].to_numpy(), "spell_no": 1}
    table = pd.DataFrame(ids | {"entered": 0, "last": last, "churned": left, "until": 300})
    spells = Spells(table, np.zeros(n, int), last // 7, week, week, np.ones(n))
    ended = pd.Series(START + pd.to_timedelta(last + 60, unit="D")).where(left)
    return spells, pd.DataFrame(ids | {"ended_on": ended.to_numpy()})


def mix_of(spells: Spells, cause: str, share: float) -> pd.DataFrame:
    left = spells.table[spells.table["churned"]]
    p = {f"p_{one}": share if one == cause else (1 - share) / 5 for one in CAUSES}
    return left[["member_id", "spell_no"]].assign(**p)


def arms_of(rows: pd.DataFrame, treated: float = 0.2, control: float = 0.2, seed: int = 0) -> pd.DataFrame:
    spells, table = spells_of(rows, treated, control, seed)
    drawn = randomised_rows(rows)
    return campaign_arms(
        assigned_members(drawn, spells, table, mix_of(spells, "price", 0.3), CALENDAR), drawn
    )


def test_the_difference_of_the_arms_is_that_of_the_leavings_planted() -> None:
    differences, deviations = [], []
    for seed in range(12):
        arms = arms_of(drawn_rows(seed, chance=0.4), 0.14, 0.2, seed)
        differences.append(arms["difference"].iloc[0])
        deviations.append(arms["sd"].iloc[0])
    assert np.mean(differences) == pytest.approx(-0.06, abs=3 * np.mean(deviations) / np.sqrt(12))
    assert np.std(differences) == pytest.approx(np.mean(deviations), rel=0.6)
    first = arms.iloc[0]
    assert first["mix_price"] == pytest.approx(0.3) and first["srm_p_value"] > 0.001
    assert 0.75 < first["force"] < 1, "decisions of the first six weeks, half-life twelve"


def test_many_small_waves_of_no_effect_add_up_to_none() -> None:
    """An arm with few leavings by chance is not the surer one: waves weighed by their own rates would lean to keeping."""
    rows = drawn_rows(5, 30_000, chance=0.25)
    arms = arms_of(rows.assign(campaign_id=[f"w{n % 200}" for n in range(30_000)]), 0.1, 0.1, 5)
    weight = 1 / arms["sd"] ** 2
    assert len(arms) == 200 and arms["treated_events"].mean() < 5
    error = np.sqrt(1 / weight.sum())
    assert abs(np.average(arms["difference"], weights=weight)) < 3 * error < 0.015


def test_only_members_on_the_day_of_the_draw_count_and_only_decisions_after_it() -> None:
    rows = drawn_rows(1, 4)
    ids = {"member_id": rows["member_id"].to_numpy(), "spell_no": 1}
    last = np.array([20, 63, 100, 363])
    table = pd.DataFrame(ids | {"entered": [0, 0, 0, 80], "last": last, "churned": last < 363, "until": 300})
    week = np.where(last < 363, last // 7, -1)
    spells = Spells(table, np.zeros(4, int), last // 7, week, week, np.ones(4))
    ended = pd.Series(START + pd.to_timedelta(last + 30, unit="D")).where(last < 363)
    found = assigned_members(
        rows, spells, pd.DataFrame(ids | {"ended_on": ended}), mix_of(spells, "price", 0.3), CALENDAR
    )
    assert found["member_id"].tolist() == ["m1", "m2"], "m0 was known to be gone, m3 had not joined"
    assert found["left"].tolist() == [False, True], "m1 had decided a week before the draw"


def test_chances_that_differ_between_members_are_weighed() -> None:
    """Half of the members leave four times as often and are contacted more often: weights undo it."""
    rng = np.random.default_rng(3)
    risky = np.arange(20_000) % 2 == 0
    chance = np.where(risky, 0.8, 0.3)
    action = np.where(rng.random(20_000) < chance, "coupon", "control")
    rows = drawn_rows(3, 20_000, action=action, propensity=np.where(action == "coupon", chance, 1 - chance))
    spells, table = spells_of(rows, 1.0, 1.0, 0)
    left = rng.random(20_000) < np.where(risky, 0.4, 0.1)
    part = spells.table.assign(churned=left)
    spells = Spells(part, spells.first_week, spells.last_week, np.where(left, spells.event_left, -1),
                    np.where(left, spells.event_right, -1), spells.rate)  # fmt: skip
    drawn = randomised_rows(rows)
    arms = campaign_arms(
        assigned_members(drawn, spells, table, mix_of(spells, "price", 0.3), CALENDAR), drawn
    )
    plain = left[action == "coupon"].mean() - left[action == "control"].mean()
    assert plain > 0.1 and abs(arms["difference"].iloc[0]) < 3 * arms["sd"].iloc[0] < 0.03


@pytest.mark.parametrize(
    ("propensity", "turned", "odd"),
    [
        ([0.7, 0.3], False, False),  # chance of the row's own arm
        ([0.7, 0.7], True, False),  # chance of being contacted
        ([0.5, 0.5], False, False),
        ([np.nan, np.nan], False, True),
        ([1.0, 0.5], False, True),
        ([0.9, 0.4], False, True),  # add up to nothing sensible
    ],
)
def test_what_the_stated_chance_is_the_chance_of(propensity: list[float], turned: bool, odd: bool) -> None:
    rows = pd.DataFrame({"action": ["coupon", "control"] * 50, "propensity": propensity * 50})
    found = arm_chances(rows)
    assert found["turned"].any() == turned and found["odd"].any() == odd
    if not odd:
        assert found["chance"].sum() == pytest.approx(1.0)


def test_arms_that_are_not_as_large_as_drawn_are_flagged_and_compared_with_nothing() -> None:
    rows = drawn_rows(0)
    lost = rows[~((rows["action"] == "control") & (np.arange(len(rows)) % 4 == 0))]  # a quarter never arrived
    chances = arm_chances(rows)
    assert sample_ratio(rows, "coupon", chances) > 0.001 > sample_ratio(lost, "coupon", chances)
    table = touch_table(arms_of(lost, 0.1, 0.2), SHARES, Params())
    assert table["note"].tolist() == ["mismatch"] and table[["difference", "share_with"]].isna().all().all()


SHARES = pd.DataFrame(
    {"cause": ["price", "natural"], "share": [0.1, 0.2], "low": [0.05, 0.1], "high": [0.19, 0.36]}
)


def test_the_table_shows_the_share_without_and_with_the_tests() -> None:
    row = touch_table(arms_of(drawn_rows(2), 0.12, 0.2, 2), SHARES, Params()).iloc[0]
    assert row["cause"] == "price" and row["share_without"] == 0.1 and pd.isna(row["note"])
    assert row["high"] < 0 and row["least_difference"] == pytest.approx(
        2.8 / 1.96 * (row["high"] - row["low"]) / 2, rel=0.01
    )
    assert row["shown"] and row["p_adjusted"] == row["p_value"] < 1e-6, "one action: nothing to adjust"
    assert row["share_with"] > 0.13 and row["share_with_low"] > row["share_without_low"]
    dud = touch_table(arms_of(drawn_rows(2), 0.2, 0.2, 2), SHARES, Params()).iloc[0]
    assert dud["share_with"] == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"action": "brand_new"}, "unknown_action"),
        ({"action": "mass_mail"}, "no_cause"),
    ],
)
def test_an_action_without_a_cause_has_an_effect_but_says_nothing_of_shares(
    change: dict[str, str], note: str
) -> None:
    rows = drawn_rows(5)
    rows["action"] = rows["action"].where(rows["action"] == "control", change["action"])
    row = touch_table(arms_of(rows), SHARES, Params()).iloc[0]
    assert row["note"] == note and pd.notna(row["difference"]) and pd.isna(row["share_with"])


def test_without_leavings_or_without_held_out_members_nothing_is_compared() -> None:
    few = touch_table(arms_of(drawn_rows(6, 60), 0.05, 0.05), SHARES, Params()).iloc[0]
    assert few["note"] == "few_leavings" and pd.isna(few["difference"])
    rows = drawn_rows(6)
    alone = touch_table(arms_of(rows[rows["action"] != "control"]), SHARES, Params()).iloc[0]
    assert alone["note"] == "no_control" and pd.isna(alone["difference"])


@pytest.mark.parametrize(
    ("rows", "why_not"),
    [
        (drawn_rows(0).iloc[:0], "no_touches"),
        (drawn_rows(0, randomized=False), "none_randomised"),
        (drawn_rows(0, action="coupon"), "no_control"),
    ],
)
def test_why_touches_say_nothing_is_told(rows: pd.DataFrame, why_not: str) -> None:
    table, facts = touch_results(None, rows, rows, rows, SHARES, Params())  # type: ignore[arg-type]
    assert table.empty and facts["why_not"] == why_not and list(table.columns) == columns_of("cause_touches")
