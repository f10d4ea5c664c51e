"""Which cause an action on members is aimed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from whychurn import contract
from whychurn.contract.causes import CAUSES, CONTROL, load_actions
from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.check.codes.coded_columns import nearest_code
from whychurn.world.setting import programme


def test_every_action_is_aimed_at_one_of_the_six_or_at_none() -> None:
    actions = load_actions()
    assert set(actions.values()) == {*CAUSES, None} and actions[CONTROL] is None


def test_actions_of_the_simulated_programmes_are_aimed_as_planted() -> None:
    """What an action works on most, or is said to, is the cause that its code is aimed at."""
    for file in sorted((Path(programme.__file__).parent / "programmes").glob("*.yaml")):
        for name, action in read_yaml(file)["actions"].items():
            assert name in load_actions(), (file.name, name)
            causes = action.get("causes", {})
            if causes and name != "account_manager":  # which works broadly
                assert load_actions()[name] == max(causes, key=causes.get), (file.name, name)


def test_words_suggest_codes_that_exist() -> None:
    words = read_yaml(Path(contract.__file__).with_name("code_words.yaml"))
    assert set(words["touches.action"]) <= set(load_actions())


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Hold-out", "control"), ("对照组", "control"), ("Call back after complaint", "service_callback"),
        ("客服电话回访", "service_callback"), ("续费优惠", "renewal_discount"), ("20 percent off", "discount"),
        ("同价承诺", "price_match"), ("Picks for you", "personal_picks"), ("会员日活动邀请", "community_invite"),
        ("freeze membership", "pause_offer"), ("xyz", None),
    ],
)  # fmt: skip
def test_plain_names_of_actions_suggest_a_code(word: str, code: str | None) -> None:
    assert nearest_code("touches.action", word) == code
