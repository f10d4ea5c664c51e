"""What the playbook holds, and how a programme changes it."""

from __future__ import annotations

import pytest

from whychurn.action.playbook.read import BELIEF, OWN, Entry, load_playbook
from whychurn.contract.causes import CAUSES, CONTROL, action_causes
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.labels import LANGUAGES, section_words
from whychurn.report.words.readable_names import action_name
from whychurn.world.setting.programme import load_programme

# what was asked for (personal offers, tiers of plans, community …): an entry that answers it
ASKED = {
    "extra services": "extra_service", "after-sales guarantee": "guarantee", "mend quality": "mend_quality",
    "ask back": "service_callback", "tiers of plans": "plan_tiers", "offer for a limited time": "coupon",
    "price lock": "price_lock", "explain the value": "value_review", "fitting picks": "personal_picks",
    "own account manager": "account_manager", "community": "community_invite", "thanks": "thank_you",
    "birthday": "birthday_gift", "points": "points_bonus", "brand story": "brand_story",
    "bonus on return": "return_bonus", "first month free": "first_month_free", "watch the market": "market_watch",
    "wider range": "wider_range", "sense changed needs": "changed_needs", "hand over": "referral_out",
    "members who bring members": "friend_invite", "win back by feeling": "comeback_letter",
}  # fmt: skip


def playbook(**own: dict[str, object]) -> dict[str, Entry]:
    params = Params.model_validate({"action": {"actions": own}})
    return {entry.action: entry for entry in load_playbook(params)}


def test_each_cause_has_three_entries_or_more_for_members_and_a_remedy_for_all() -> None:
    entries = playbook().values()
    for cause in CAUSES:
        at = [entry for entry in entries if cause in entry.causes]
        assert sum(entry.kind == "member" for entry in at) >= 3, cause
        assert any(entry.kind == "programme" for entry in at), cause


def test_what_was_asked_for_is_in_it() -> None:
    assert set(ASKED.values()) <= set(playbook())
    assert playbook()["account_manager"].eligible == "tier=high"


def test_touches_are_the_codes_of_the_contract_and_nothing_else() -> None:
    touches = {entry.action: entry.causes for entry in playbook().values() if entry.kind == "member"}
    assert touches == {code: causes for code, causes in action_causes().items() if code != CONTROL}


@pytest.mark.parametrize("name", ["shop", "gym", "school", "app"])
def test_actions_of_the_simulated_programmes_are_entries_for_the_same_members(name: str) -> None:
    entries = playbook()
    for action, planted in load_programme(name).actions.items():
        assert entries[action].kind == "member" and entries[action].for_ == planted.for_, action


def test_every_entry_has_words_a_source_and_a_believed_share() -> None:
    for entry in playbook().values():
        assert set(entry.name) == set(entry.what) == set(entry.source) == set(LANGUAGES), entry.action
        assert 0 <= entry.belief < 1 and (entry.causes or entry.belief == 0), entry.action
        assert entry.channels or entry.kind == "programme", entry.action
        for rule in (entry.eligible or "tier").split(","):
            assert rule.split("=")[0] in ("tier", "terms"), entry.action


def test_no_words_of_an_entry_that_is_gone() -> None:
    named = {key.split("_", 1)[1] for key in section_words("playbook")}
    assert named == set(playbook())


def test_an_own_action_overrides_what_it_says_and_keeps_the_rest() -> None:
    before = playbook()["coupon"]
    after = playbook(coupon={"channels": {"sms": 1.5}, "cost": 30.0})["coupon"]
    assert after.channels == {"sms": 1.5} and after.cost == 30.0
    assert (after.causes, after.belief, after.name) == (before.causes, before.belief, before.name)


def test_a_new_action_is_believed_as_the_others_are_or_as_it_says() -> None:
    entries = playbook(
        tea={"causes": ["engagement", "price"]}, news={}, gift={"causes": ["price"], "belief": 0.6}
    )
    assert entries["tea"].causes == ("price", "engagement")
    assert 0.2 < entries["tea"].belief < BELIEF
    assert entries["news"].belief == 0 and entries["news"].causes == ()
    assert entries["gift"].belief == 0.6 and entries["gift"].source == OWN


def test_a_name_that_the_plan_keeps_for_itself_is_refused() -> None:
    with pytest.raises(WhychurnError, match="nobody's contact"):
        playbook(control={"causes": ["price"]})


def test_names_are_readable_and_unknown_ones_stay() -> None:
    assert action_name("coupon", "zh") == "优惠券"
    assert action_name("tea_party", "en") == "tea_party"
