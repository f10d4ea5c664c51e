"""What a company would see: contract, references, time order, surveys, campaigns, traces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.tables import CONTACTS, DTYPES, EVENT_TYPES, HISTORY_TABLES, TABLES, schema
from whychurn.world.setting.programme import load_programme
from whychurn.world.simulate import Block
from whychurn.world.tables.surveys import response_rates, state_reasons

PROGRAMMES = ("shop", "gym", "school", "app")
END = pd.Timestamp("2025-07-01")  # 18 months from 2024-01-01


@pytest.mark.parametrize("name", PROGRAMMES)
def test_tables_keep_the_contract(blocks: Callable, name: str) -> None:
    tables = blocks(program=name).tables
    absent = {"shop": {"memberships"}, "app": {"memberships", "orders"}}.get(name, set())
    assert set(tables) == set(HISTORY_TABLES) - absent
    for table, frame in tables.items():
        spec, frame = TABLES[table], frame.copy()
        assert len(frame), table
        for column, field in spec.fields.items():
            if column not in frame:
                assert not field.required, f"{table}.{column}"
                frame[column] = None
            frame[column] = frame[column].astype(DTYPES[field.kind])
        further = [] if table == "members" else list(set(frame) - set(spec.fields))
        assert not further
        schema(table).validate(frame, lazy=True)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_references_hold_and_nothing_happens_out_of_time(blocks: Callable, name: str) -> None:
    tables = blocks(program=name).tables
    joined = tables["members"].set_index("member_id")["joined_on"]
    assert joined.index.is_unique and (joined < END).all()
    for table, frame in tables.items():
        if table == "market":
            continue
        assert frame["member_id"].isin(joined.index).all(), table
        time = frame[TABLES[table].time]
        assert (time < END).all(), table
        assert (time.dt.normalize() >= frame["member_id"].astype(str).map(joined)).all(), table
    for column in ("answered_at", "sent_at"):
        assert not (tables["surveys"][column] >= END + pd.Timedelta(days=1)).any()
    feedback = tables["feedback"].dropna(subset="responded_at")
    assert (feedback["responded_at"] >= feedback["created_at"]).all()
    assert set(tables["events"]["event_type"].astype(str)) <= set(EVENT_TYPES)


def test_no_own_act_after_leaving_until_return(shop: Block, spells: pd.DataFrame) -> None:
    first_left = spells[1]
    gone = first_left.dropna()
    back = set(shop.truth["member_causes"].query("spell == 2")["member_id"])
    acts = [shop.tables["orders"][["member_id", "ordered_at"]].set_axis(["member_id", "at"], axis=1)]
    events = shop.tables["events"]
    own = ~events["event_type"].astype(str).isin([*CONTACTS, "offer_expired"])
    acts.append(events.loc[own, ["member_id", "occurred_at"]].set_axis(["member_id", "at"], axis=1))
    rows = pd.concat(acts).astype({"member_id": str})
    late = rows["at"].dt.normalize() > rows["member_id"].map(gone)
    assert set(rows.loc[late, "member_id"]) <= back
    assert late.any(), "some members return"
    # those who return stay away first
    waits = rows[late].groupby("member_id")["at"].min() - gone.reindex(
        sorted(set(rows.loc[late, "member_id"]))
    )
    assert waits.min() > pd.Timedelta(days=30)
    contact = events[events["event_type"].astype(str) == "push_sent"]
    assert (contact["occurred_at"] > contact["member_id"].astype(str).map(gone)).any()


def test_members_go_quiet_before_they_leave(shop: Block, spells: pd.DataFrame) -> None:
    visits = shop.tables["events"].query("event_type == 'visit'").astype({"member_id": str})
    joined = shop.tables["members"].set_index("member_id")["joined_on"]
    left = spells[1].dropna()
    left = left[(left - joined.reindex(left.index)).dt.days > 200]
    left = left[left > pd.Timestamp("2024-07-15")]
    ahead = (visits["member_id"].map(left) - visits["occurred_at"]).dt.days
    last, before = ahead.between(0, 27).sum(), ahead.between(112, 139).sum()
    assert last < 0.8 * before


@pytest.mark.parametrize("name", ["gym", "school"])
def test_terms_follow_each_other_and_end_with_leaving(blocks: Callable, name: str) -> None:
    block = blocks(program=name)
    terms = block.tables["memberships"].sort_values(["member_id", "starts_on"])
    assert (terms["ends_on"] >= terms["starts_on"]).all()
    before = terms.groupby("member_id")["ends_on"].shift()
    assert (terms["starts_on"] > before)[before.notna()].all()
    gone = block.truth["member_causes"].query("status == 'churned'")
    last = terms.groupby("member_id")["ends_on"].max()
    stays = block.truth["member_causes"].query("status == 'at_risk'")["member_id"]
    once = gone[~gone["member_id"].isin(stays)].groupby("member_id")["left_on"].max()
    assert (last.reindex(once.index) == once).all()
    assert (last.reindex(stays) >= END - pd.Timedelta(days=1 if name == "gym" else 40)).all()
    assert (gone["decided_on"] <= gone["left_on"]).all()
    assert (terms["ends_on"] >= "2024-01-01").all(), "only terms of the window are on record"
    told = terms.dropna(subset="cancelled_on")
    assert (told["cancelled_on"] <= told["ends_on"]).all() and len(told) > 50


def test_exit_surveys_are_answered_and_misstated_as_planted(shop: Block, simulated: Callable) -> None:
    programme = load_programme("shop")
    lives, _ = simulated(members=2500)
    leavers = pd.concat([lives.leavers] * 20, ignore_index=True)
    chance = response_rates(programme, lives.members, leavers, 0.4)
    assert chance.mean() == pytest.approx(0.4, abs=1e-6)
    assert response_rates(programme, lives.members, leavers, 1.0).mean() == pytest.approx(1)
    by_cause = pd.Series(chance).groupby(leavers["cause"]).mean()
    assert by_cause["product_service"] > 1.5 * by_cause["engagement"]
    said = state_reasons(programme, leavers["cause"], np.random.default_rng(5))
    for cause in CAUSES:
        mine = pd.Series(said[leavers["cause"] == cause]).value_counts(normalize=True)
        for code, share in programme.survey.stated[cause].items():
            n = int((leavers["cause"] == cause).sum())
            assert abs(mine.get(code, 0) - share) < 4 * np.sqrt(share / n) + 1e-3
    assert (said == "price").mean() > 1.5 * (leavers["cause"] == "price").mean()
    exits = shop.tables["surveys"].query("kind == 'exit'")
    answered = exits["answered_at"].notna()
    old = exits["sent_at"] < END - pd.Timedelta(days=20)
    assert answered[old].mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / old.sum()))
    assert exits.loc[~answered, "reason"].isna().all() and exits.loc[answered, "reason"].notna().all()


def test_waves_are_drawn_by_lot_and_aimed_campaigns_are_not(simulated: Callable) -> None:
    lives, scenario = simulated(members=4000)
    contacts, members, frailty = lives.contacts, lives.members, lives.hazards.frailty
    by_lot = contacts[contacts["randomized"]]
    shares = by_lot["action"].value_counts(normalize=True)
    chance = by_lot.groupby("action")["propensity"].first()
    assert chance.sum() == pytest.approx(1) and chance["control"] == scenario.programme.tests.control
    error = np.sqrt(chance * (1 - chance) / len(by_lot))
    assert ((shares.reindex(chance.index) - chance).abs() < 4 * error).all()
    for trait in (members.usage, members.price_sensitivity, frailty):
        drawn = pd.Series(trait[by_lot["position"]]).groupby(by_lot["action"].to_numpy())
        gap = drawn.mean() - drawn.get_group("control").mean()
        assert (
            gap.abs() < 4 * trait.std() * np.sqrt(1 / drawn.size() + 1 / (shares["control"] * len(by_lot)))
        ).all()
    here = members.marketing & (members.entry < 7 * contacts["week"].max())
    aimed = contacts[~contacts["randomized"]].groupby("action")["position"].agg(list)
    assert frailty[aimed["coupon"]].mean() > 1.05 * frailty[here].mean(), "silent members leave more anyway"
    assert frailty[aimed["account_manager"]].mean() < 0.95 * frailty[here].mean(), "the best leave less"
    week = scenario.clock.week_at(scenario.programme.aimed[-1].at)
    rivals = lives.history.levels["rival_activity"][week - 4 : week + 1].mean(axis=0)
    assert rivals[aimed["price_match"]].min() > 0.9 > np.median(rivals[here])


def test_held_out_members_stand_in_touches_as_controls(shop: Block) -> None:
    touches, effects = shop.tables["touches"], shop.truth["touch_effects"]
    held = touches["action"] == "control"
    assert (touches.loc[held, "cost"] == 0).all() and touches.loc[held, ["opened", "channel"]].isna().all(
        axis=None
    )
    assert (touches.loc[~held, "cost"] > 0).all() and touches.loc[~held, "channel"].notna().all()
    lots = touches["randomized"].astype(bool)
    assert touches.loc[lots, "propensity"].notna().all() and touches.loc[~lots, "propensity"].isna().all()
    assert not touches.duplicated(["member_id", "campaign_id"]).any()
    keys = ["member_id", "campaign_id", "action"]
    assert len(effects.merge(touches, on=keys)) == len(effects), (
        "who is still there is in the company's table"
    )


def test_each_cause_leaves_its_traces(blocks: Callable) -> None:
    """Leavers by a cause show its trace more than leavers by other causes in the 12 weeks before."""
    block = blocks(members=4000)
    tables = block.tables
    gone = block.truth["member_causes"].query("status == 'churned' and spell == 1").set_index("member_id")

    def near(frame: pd.DataFrame, time: str) -> pd.Series:
        who = frame["member_id"].astype(str)
        ahead = (who.map(gone["left_on"]) - frame[time]).dt.days
        return who[ahead.between(0, 84)].value_counts().reindex(gone.index, fill_value=0)

    events, orders = tables["events"], tables["orders"]
    kind = events["event_type"].astype(str)
    tickets = tables["feedback"].query("source == 'ticket'")
    traces = {
        "product_service": near(tickets, "created_at")
        + near(orders[orders["returned"]], "ordered_at")
        + near(events[kind == "app_fault"], "occurred_at"),
        "personalization": near(events[kind == "push_dismissed"], "occurred_at"),
        "engagement": -near(events[kind.isin(["greeting", "activity_joined", "community"])], "occurred_at"),
        "natural": near(events[kind == "address_changed"], "occurred_at"),
        "competition": _rival_activity(tables, gone),
        "price": _price_rise(tables, gone),
    }
    for cause, trace in traces.items():
        mine = gone["cause"] == cause
        a, b = trace[mine].dropna(), trace[~mine].dropna()
        error = np.sqrt(a.var() / len(a) + b.var() / len(b))
        assert a.mean() - b.mean() > 2 * error, cause


def _market_before(tables: dict[str, pd.DataFrame], gone: pd.DataFrame) -> pd.DataFrame:
    """Market of each leaver's recorded region and most bought category, in the weeks before leaving."""
    orders = tables["orders"].dropna(subset="category").astype({"category": str})
    main = orders.groupby("member_id")["category"].agg(lambda seen: seen.value_counts().index[0])
    place = tables["members"].set_index("member_id")[["region"]].assign(category=main)
    rows = gone[["left_on"]].join(place).dropna().reset_index()
    market = tables["market"].astype({"region": str, "category": str})
    rows = rows.merge(market, on=["region", "category"])
    ahead = (rows["left_on"] - rows["week_start"]).dt.days
    return rows.assign(ahead=ahead)


def _rival_activity(tables: dict[str, pd.DataFrame], gone: pd.DataFrame) -> pd.Series:
    rows = _market_before(tables, gone)
    near = rows[rows["ahead"].between(0, 28)]
    return near.groupby("member_id")["competitor_activity"].mean().reindex(gone.index)


def _price_rise(tables: dict[str, pd.DataFrame], gone: pd.DataFrame) -> pd.Series:
    rows = _market_before(tables, gone)
    now = rows[rows["ahead"].between(0, 6)].set_index("member_id")["own_price_index"]
    before = rows[rows["ahead"].between(182, 188)].set_index("member_id")["own_price_index"]
    rise = now[~now.index.duplicated()] / before[~before.index.duplicated()] - 1
    return rise.reindex(gone.index)
