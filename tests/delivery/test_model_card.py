"""The card says in both languages what the files say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from whychurn.contract.files import write_json
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.registry.model_versions import causes_file
from whychurn.delivery.tracking.model_card import write_model_card

Make = Callable[..., StudyPaths]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_card_states_target_figures_inputs_and_test_period(
    make_study: Make, params: Params, lang: str
) -> None:
    card = write_model_card(make_study(auc=0.8123), params, lang)
    for stated in (
        "inactivity_90d",
        "60",
        "0.812 [0.792, 0.832]",
        "2025-10-01",
        "`opted_out`",
        params.study.name[lang],
    ):
        assert stated in card, stated
    assert card.count("\n## ") == 9
    assert "{" not in card


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_card_says_how_far_served_causes_stay_from_their_method(
    make_study: Make, params: Params, lang: str
) -> None:
    study = make_study()
    fidelity = {
        "held_out": 1234,
        "absolute_error": 0.0812,
        "divergence": 0.27,
        "divergence_of_mean": 0.38,
        "same_cause": 0.54,
    }
    write_json({"name_from": [0.45] * 6, "fidelity": fidelity}, causes_file(study))
    card = write_model_card(study, params, lang)
    for stated in ("1,234", "8.1", "0.27", "0.38", "54%", "45%", "`primary_cause`"):
        assert stated in card, stated
    assert card.count("\n## ") == 10 and "{" not in card


def test_the_chinese_card_is_chinese(make_study: Make, params: Params) -> None:
    card = write_model_card(make_study(), params, "zh")
    assert "模型卡" in card and "距上次下单天数" in card
    assert "gradient" not in card and "logistic" not in card


def test_every_table_row_has_the_cells_of_its_head(make_study: Make, params: Params) -> None:
    blocks = [
        block for block in write_model_card(make_study(), params, "en").split("\n\n") if block.startswith("|")
    ]
    assert len(blocks) == 3
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1
