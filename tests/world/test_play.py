"""Playing plans: what is carried out and what is dropped, policies at one budget, and that no draw depends on a plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import WorldParams
from whychurn.world.lives.calibration import plan_scenario
from whychurn.world.play.best_guess import best_guess
from whychurn.world.play.carry_out import Contacts, Limits, carry_out
from whychurn.world.play.features import decision_day_features
from whychurn.world.play.plan_file import no_plan, read_plan
from whychurn.world.play.play_plan import Game, Outcome, outcome_table, play_plan
from whychurn.world.play.played import Played, play
from whychurn.world.play.policies import POLICIES, best_single, choose, reference_plans
from whychurn.world.play.roster import BlockLives, Blocks, Roster, roster_of
from whychurn.world.play.true_gains import Options, true_options
from whychurn.world.setting.programme import load_programme

World = tuple[Blocks, Roster]
AS_OF = pd.Timestamp("2025-06-30")  # last day of 18 months


@pytest.fixture(scope="module")
def params(world_params: Callable) -> WorldParams:
    return world_params(members=1500, play_weeks=30)


@pytest.fixture(scope="module")
def world(params: WorldParams) -> World:
    blocks = Blocks(plan_scenario(params, load_programme(params.program)))
    return blocks, roster_of(blocks)


@pytest.fixture(scope="module")
def options(world: World) -> Options:
    return true_options(*world)


@pytest.fixture(scope="module")
def outcome(params: WorldParams) -> Outcome:
    return play_plan(params, {}, Game(futures=3), lambda _: None)


def plan_of(*rows: tuple[str, str, str | None, object]) -> pd.DataFrame:
    plan = pd.DataFrame(rows, columns=["member_id", "action", "channel", "send_on"], dtype=object)
    return plan.assign(send_on=pd.to_datetime(plan["send_on"]))


def made(world: World, *rows: tuple[str, str, str | None, object], **limits: float) -> Contacts:
    blocks, roster = world
    return carry_out(blocks.scenario, roster, plan_of(*rows), Limits(**{"budget": 1e9, **limits}))


@pytest.fixture(scope="module")
def reachable(world: World) -> np.ndarray:
    """Ids of members on the books who agree to marketing and have every channel."""
    _, roster = world
    return roster.ids[roster.present & roster.consent & roster.has_channel.all(axis=0)]


def test_a_plan_is_read_from_csv_and_parquet_alike(tmp_path: Path) -> None:
    rows = plan_of(("C1", "coupon", "sms", "2025-07-02"), ("C2", "none", None, None))
    rows["gain"] = 1.0
    rows.to_csv(tmp_path / "plan.csv", index=False)
    rows.to_parquet(tmp_path / "plan.parquet")
    one, other = read_plan(tmp_path / "plan.csv"), read_plan(tmp_path / "plan.parquet")
    pd.testing.assert_frame_equal(one, other)
    assert one["channel"].tolist() == ["sms", None] and one["send_on"].isna().tolist() == [False, True]
    assert list(one.columns) == list(no_plan().columns)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("member_id,channel\nC1,sms\n", "first columns are member_id, channel"),
        ("member_id,action,channel,send_on\nC1,coupon,sms,soon\nC2,coupon,sms,2025-07-01\n", "'soon'"),
        ("", "cannot be read"),
    ],
)
def test_a_plan_in_another_form_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "plan.csv").write_text(text, encoding="utf-8")
    with pytest.raises(WhychurnError, match=message):
        read_plan(tmp_path / "plan.csv")
    with pytest.raises(WhychurnError, match="no such plan"):
        read_plan(tmp_path / "other.csv")


def test_what_the_world_does_not_carry_out_is_counted_by_reason(world: World, reachable: np.ndarray) -> None:
    _, roster = world
    refused = roster.ids[~roster.consent][0]
    one, two = reachable[:2]
    done = made(
        world,
        (one, "none", None, None),
        (one, "hold_out", None, None),
        ("nobody", "coupon", "sms", None),
        (one, "flowers", "sms", None),
        (one, "coupon", "call", None),
        (refused, "coupon", "sms", None),
        (one, "coupon", "sms", AS_OF - pd.Timedelta(days=1)),
        (one, "coupon", "sms", AS_OF + pd.Timedelta(days=85)),
        (two, "coupon", None, AS_OF + pd.Timedelta(days=84)),
    )
    assert done.dropped == {
        "no_contact": 2,
        "unknown_member": 1,
        "unknown_action": 1,
        "unknown_channel": 1,
        "no_consent": 1,
        "outside_dates": 2,
    }
    programme = world[0].scenario.programme
    first = programme.actions["coupon"].channels[0]
    assert done.rows["channel"].tolist() == [first] and done.rows["week"].tolist() == [11]
    price = programme.actions["coupon"].cost + programme.contact_channels[first].cost
    assert done.cost == pytest.approx(price)


def test_rows_are_carried_out_in_file_order_until_caps_and_budget(
    world: World, reachable: np.ndarray
) -> None:
    one = reachable[0]
    days = [AS_OF + pd.Timedelta(days=day) for day in (0, 10, 27, 28, 40)]
    done = made(world, *((one, "member_letter", "email", day) for day in days))
    assert done.dropped == {"member_cap": 1}  # day 27: three in 28 days; day 28 is the 29th after the first
    around = [AS_OF + pd.Timedelta(days=day) for day in (0, 40, 20)]
    assert made(world, *((one, "member_letter", "email", day) for day in around)).dropped == {}
    price = made(world, (one, "coupon", "sms", None)).cost
    rows = [(member, "coupon", "sms", None) for member in reachable[:5]]
    rows.insert(2, (reachable[5], "coupon", "app", None))  # dearer or cheaper, it must fit as well
    poor = made(world, *rows, budget=2.5 * price)
    assert poor.rows["row"].is_unique and len(poor.rows) == 2 and poor.dropped == {"over_budget": 4}
    assert poor.cost <= 2.5 * price
    cap = int(world[0].scenario.programme.contact_channels["call"].a_week * world[1].on_books)
    calls = made(world, *((member, "service_callback", "call", None) for member in reachable[: cap + 3]))
    assert len(calls.rows) == cap and calls.dropped == {"channel_cap": 3}
    later = [(member, "service_callback", "call", AS_OF + pd.Timedelta(days=30)) for member in reachable[:3]]
    assert len(made(world, *later).rows) == 3


def test_a_channel_that_a_member_lacks_costs_and_is_not_noticed(world: World) -> None:
    blocks, roster = world
    number = list(blocks.scenario.programme.contact_channels).index("app")
    lacking = roster.ids[roster.present & roster.consent & ~roster.has_channel[number]][0]
    done = made(world, (lacking, "coupon", "app", None))
    assert done.without_channel == 1 and done.cost > 0
    played = play(blocks, {"plan": done}, 2, lambda _: None)
    assert played.gain["plan"].tolist() == [0, 0]


def test_no_draw_depends_on_the_plan(world: World, reachable: np.ndarray) -> None:
    """Another plan beside it, or nothing at all: the same futures, and the same gain of the same contacts."""
    blocks, _ = world
    few = made(world, *((one, "coupon", "sms", None) for one in reachable[:20]))
    many = made(world, *((one, "personal_picks", "app", None) for one in reachable[:200]))
    alone = play(blocks, {"few": few}, 2, lambda _: None)
    beside = play(blocks, {"many": many, "few": few}, 2, lambda _: None)
    nothing = play(blocks, {}, 2, lambda _: None)
    assert np.array_equal(alone.gain["few"], beside.gain["few"])
    assert np.array_equal(alone.untouched, nothing.untouched)
    both = pd.concat([few.rows, many.rows[~many.rows["row"].isin(few.rows["row"])]], ignore_index=True)
    apart = play(
        blocks, {"both": Contacts(both, {}), "rest": Contacts(both.iloc[20:], {})}, 2, lambda _: None
    )
    assert apart.gain["both"] == pytest.approx(
        apart.gain["rest"] + alone.gain["few"]
    )  # members are independent


def test_none_gains_nothing_and_who_knows_more_gains_more(outcome: Outcome) -> None:
    table = outcome.table.set_index("policy")
    assert set(table.index) == {"none", *POLICIES}
    none = table.loc["none"]
    assert (none["gain"], none["gain_se"], none["kept_per_1000"], none["cost"]) == (0, 0, 0, 0)
    assert table.loc["clairvoyant", "gain"] > table.loc["informed", "gain"] > 0
    assert table.loc["clairvoyant", "gain"] == table["gain"].max()
    assert table.loc["informed", "share_informed"] == 1
    assert (table["cost"] <= outcome.budget + 1e-6).all()
    assert (table["value"] - table["gain"]).std() < 1e-9  # the same members in the same futures


def test_the_same_play_gives_the_same_bytes(params: WorldParams, outcome: Outcome) -> None:
    again = play_plan(params, {}, Game(futures=3), lambda _: None)
    pd.testing.assert_frame_equal(again.table, outcome.table, check_exact=True)


def test_outcome_by_hand() -> None:
    rows = pd.DataFrame({"row": [0], "action": ["a"], "channel": ["sms"], "week": [0], "cost": [4.0]})
    played = Played(
        np.array([100.0, 120.0]), {"plan": np.array([10.0, 20.0])}, {"plan": np.array([1.0, 3.0])}
    )
    line = outcome_table(played, {"plan": Contacts(rows, {})}, 10).iloc[0]
    assert line["gain"] == pytest.approx((15 - 4) / 10)
    assert line["gain_se"] == pytest.approx(np.std([0.6, 1.6], ddof=1) / np.sqrt(2))
    assert line["value"] == pytest.approx(11 + 1.1) and line["kept_per_1000"] == pytest.approx(200)
    assert np.isnan(line["share_informed"])


def test_true_options_are_what_a_play_brings(world: World, options: Options) -> None:
    """Gains of options, summed over members, agree with the gain of a plan made of them, in other futures."""
    blocks, roster = world
    number = options.actions.index("personal_picks")
    rows = np.flatnonzero(roster.present & roster.consent)
    ways = np.array(options.channels)[options.channel[number, rows]]
    contacts = made(
        world, *((one, "personal_picks", way, None) for one, way in zip(roster.ids[rows], ways, strict=True))
    )
    played = play(blocks, {"plan": contacts}, 4, lambda _: None)
    assert played.gain["plan"].mean() == pytest.approx(options.gain[number, rows].sum(), rel=0.25)
    assert contacts.cost == pytest.approx(options.cost[number, rows].sum())
    gone = ~roster.present
    assert np.all(options.gain[: number + 1, gone] == 0) and np.all(options.risk[gone] == 1)
    assert np.all(options.believed >= 0)


def test_an_option_goes_through_the_channel_noticed_most_for_its_cost(
    world: World, options: Options, reachable: np.ndarray
) -> None:
    _, roster = world
    has_all = np.isin(roster.ids, reachable)
    number = options.actions.index("service_callback")  # by WeChat, or by a call that costs 70 times as much
    assert set(np.array(options.channels)[options.channel[number, has_all]]) == {"wechat"}
    without = roster.present & ~roster.has_channel[options.channels.index("wechat")]
    called = without & roster.has_channel[options.channels.index("call")]
    assert set(np.array(options.channels)[options.channel[number, called]]) == {"call"}
    assert options.cost[number, called].min() > options.cost[number, has_all].max()


def test_the_best_guess_has_not_seen_the_member() -> None:
    rng = np.random.default_rng(1)
    features = pd.DataFrame(rng.standard_normal((3000, 3)), columns=list("abc"))
    noise = rng.standard_normal(3000)
    told = np.stack([features["a"].to_numpy() * 2, noise])
    guess = best_guess(features, told, 7)
    assert np.corrcoef(guess[0], told[0])[0, 1] > 0.95
    assert abs(np.corrcoef(guess[1], noise)[0, 1]) < 0.08  # nothing tells of it
    assert np.array_equal(guess, best_guess(features, told, 7))


def test_features_tell_what_tables_tell(world: World) -> None:
    blocks, roster = world
    block = next(iter(blocks))
    assert isinstance(block, BlockLives) and len(blocks) == 1 and block.rows == slice(0, len(roster.ids))
    table = decision_day_features(blocks.scenario, block.lives, np.random.default_rng(1))
    assert len(table) == len(roster.ids) and np.isfinite(table.drop(columns="child_age")).all(axis=None)
    assert (
        table.loc[~roster.present, "weeks_silent"].mean()
        > 3 * table.loc[roster.present, "weeks_silent"].mean()
    )
    assert not {"dog", "response", "usage", "frailty"} & set(table.columns)


def test_within_a_budget_the_options_that_bring_most_are_chosen() -> None:
    gain = np.array([[10.0, 3.0, 6.0, 0.5], [12.0, 2.0, 9.0, 9.0]])
    cost = np.array([[1.0, 1.0, 1.0, 1.0], [5.0, 5.0, 5.0, 5.0]])
    allowed = np.array([True, True, True, False])
    who, option = choose(gain, cost, allowed, 1e9)
    assert dict(zip(who.tolist(), option.tolist(), strict=True)) == {0: 0, 1: 0, 2: 0}
    who, option = choose(gain, cost, allowed, 2.0)
    assert who[:2].tolist() == [0, 2] and option[:2].tolist() == [0, 0]
    assert best_single(gain, cost, allowed) == 0
    worthless, _ = choose(-gain, cost, allowed, 1e9)
    assert len(worthless) == 0


def test_an_unknown_policy_is_refused(world: World, options: Options) -> None:
    with pytest.raises(WhychurnError, match="guess"):
        reference_plans(["guess"], world[1], options, 10.0, 1)
