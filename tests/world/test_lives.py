"""Calendar, terms, presence and frailty of simulated members, by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from whychurn.world.lives.exits import Exits, draw_exits
from whychurn.world.lives.membership_terms import last_decision, term_days, term_end
from whychurn.world.lives.simulated_hazards import draw_frailty
from whychurn.world.setting.clock import NEVER, Clock
from whychurn.world.setting.course_calendar import current_season_start, in_season, next_season_start
from whychurn.world.setting.hazard_mechanism import HIDDEN, with_mechanism
from whychurn.world.setting.mechanism import load_mechanism
from whychurn.world.setting.programme import Season, load_programme
from whychurn.world.tables.counts_to_rows import company_contacts, find_presence, member_activity
from whychurn.world.tables.texts import leaver_topics


def test_courses_follow_the_calendar() -> None:
    spring = Season(name="spring", starts=(3, 1), ends=(6, 30))
    school = load_programme("school").model_copy(update={"seasons": [spring]})
    clock = Clock.of(dt.date(2024, 1, 1), 12)
    first, last = 60, 181  # 1 March and 30 June of a leap year
    day = np.array([first - 1, first, last, last + 1])
    assert next_season_start(school, clock, day).tolist() == [first, first, first + 365, first + 365]
    assert current_season_start(school, clock, day).tolist() == [first - 366, first, first, first]
    weeks = np.flatnonzero(in_season(school, clock))
    assert (weeks == np.arange(weeks[0], weeks[-1] + 1)).all(), "one season a year"
    assert 7 * weeks[0] + 3 >= first > 7 * weeks[0] - 4 and 7 * weeks[-1] + 3 <= last
    assert in_season(load_programme("gym"), clock).all(), "without seasons, all weeks"


def test_a_decision_takes_effect_at_the_end_of_its_term(simulated: Callable) -> None:
    lives, scenario = simulated(program="gym")
    members, length = lives.members, term_days(scenario.programme, lives.members)
    assert set(length) <= {plan.days for plan in scenario.programme.plans.values()}
    since = members.joined
    assert (term_end(scenario, members, since, since) == since + length - 1).all()
    assert (term_end(scenario, members, since, since + length) == since + 2 * length - 1).all()
    assert (term_end(scenario, members, since, np.full(members.size, NEVER)) == NEVER).all()
    last = last_decision(scenario, members)
    in_time = last >= since  # the others have no whole term in the window
    assert in_time.mean() > 0.8
    assert (term_end(scenario, members, since, last)[in_time] < scenario.clock.days).all()
    assert (term_end(scenario, members, since, last + 1) >= scenario.clock.days).all()


def test_members_are_quiet_before_and_silent_after_leaving(simulated: Callable) -> None:
    lives, scenario = simulated()
    n, weeks = lives.members.size, scenario.clock.weeks
    never = np.full(n, NEVER)
    exits = Exits(np.full(n, 140), np.full(n, 140), never, never, never)
    presence = find_presence(scenario, lives.members, exits)
    joined = lives.members.entry == 0
    share = presence.active_share[:, joined]
    assert (np.diff(share[:21], axis=0) <= 0).all() and (share[:21] > 0).all() and (share[21:] == 0).all()
    last_contact = 20 + scenario.programme.lapse_contact_weeks
    assert presence.contacted[last_contact, joined].all() and not presence.contacted[last_contact + 1 :].any()
    once = np.ones((weeks, n), dtype="int16")
    rng = np.random.default_rng(0)
    _, who, day = member_activity(once, presence, scenario.clock, rng)
    assert (day <= 140).all() and (day >= lives.members.entry[who]).all()
    _, who, day = member_activity(once, presence, scenario.clock, rng, fades=False)
    assert (np.bincount(who, minlength=n)[joined] >= 20).all(), "nothing fades: once in each whole week"
    _, who, day = company_contacts(once, presence, scenario.clock, rng)
    assert day.max() > 140 and (day >= lives.members.entry[who]).all()


def test_leavers_write_about_the_cause_where_the_base_drove_them_out() -> None:
    leavers = pd.DataFrame({"subcause": ["general", "defect"], "cause": ["price", "product_service"]})
    assert leaver_topics(leavers).tolist() == ["price", "defect"]


def test_mechanisms_keep_the_sum_of_the_bases_or_add_a_seventh() -> None:
    shop = load_programme("shop")
    total = sum(cause.base for cause in shop.causes.values())
    rng = np.random.default_rng(1)
    assert with_mechanism(shop, load_mechanism("additive"), rng) == shop
    uneven = with_mechanism(shop, load_mechanism("uneven_bases"), rng).causes
    assert sum(cause.base for cause in uneven.values()) == pytest.approx(total)
    seventh = with_mechanism(shop, load_mechanism("seventh_cause"), rng)
    assert seventh.causes[HIDDEN].base == pytest.approx(total) and not seventh.causes[HIDDEN].excess
    assert sum(seventh.survey.stated[HIDDEN].values()) == pytest.approx(1)


def test_frailty_has_mean_one_and_is_lower_for_heavy_users(simulated: Callable) -> None:
    lives, scenario = simulated(members=4000, confounding=1.0)
    frailty = draw_frailty(scenario, lives.members, np.random.default_rng(5))
    assert frailty.mean() == pytest.approx(1, abs=0.15)
    heavy = lives.members.usage > 0.5
    assert frailty[heavy].mean() < 0.7 * frailty[~heavy].mean()


def test_nobody_leaves_without_hazard_and_all_at_once_under_a_large_one(simulated: Callable) -> None:
    lives, scenario = simulated()
    members, none = lives.members, np.zeros_like(lives.hazards.by_cause)
    stays = draw_exits(scenario, members, none, np.random.default_rng(2))
    assert all((day == NEVER).all() for day in (stays.decided, stays.left, stays.returned, stays.left_again))
    leaves = draw_exits(scenario, members, none + 100.0, np.random.default_rng(2))
    wait = leaves.decided - members.entry
    assert (wait >= 0).all() and (wait < 7).all(), "in the week of entry"
